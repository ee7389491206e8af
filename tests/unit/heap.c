#include "heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
        if (!memory)
                abort();
        return memory;
}

static struct heap_page *page_slot(const struct heap *heap, uint64_t number)
{
        size_t slot = (size_t)(number * 0x9e3779b97f4a7c15ull >> 20) & (heap->page_slots - 1);

        while (heap->pages[slot].bytes && heap->pages[slot].number != number)
                slot = (slot + 1) & (heap->page_slots - 1);
        return &heap->pages[slot];
}

static void grow_pages(struct heap *heap)
{
        struct heap_page *old = heap->pages;
        size_t slots = heap->page_slots;

        heap->page_slots = slots * 2;
        heap->pages = must(calloc(heap->page_slots, sizeof *heap->pages));
        for (size_t i = 0; i < slots; i++) {
                if (old[i].bytes)
                        *page_slot(heap, old[i].number) = old[i];
        }
        free(old);
}

static uint8_t *page_at(struct heap *heap, uint64_t number)
{
        struct heap_page *page = page_slot(heap, number);

        if (!page->bytes) {
                if (++heap->page_count * 2 > heap->page_slots) {
                        grow_pages(heap);
                        page = page_slot(heap, number);
                }
                page->number = number;
                page->bytes = must(calloc(1, HEAP_PAGE));
        }
        return page->bytes;
}

static size_t heap_read(void *context, uint64_t address, void *buffer, size_t size)
{
        struct heap *heap = context;
        size_t done = 0;

        heap->reads++;
        while (done < size) {
                uint64_t at = address + done;
                const struct heap_page *page = page_slot(heap, at / HEAP_PAGE);
                size_t here = HEAP_PAGE - at % HEAP_PAGE;

                if (!page->bytes)
                        break;
                if (here > size - done)
                        here = size - done;
                memcpy((uint8_t *)buffer + done, page->bytes + at % HEAP_PAGE, here);
                done += here;
        }
        return done;
}

void heap_init(struct heap *heap)
{
        *heap = (struct heap){ .page_slots = 64 };
        heap->pages = must(calloc(heap->page_slots, sizeof *heap->pages));
}

void heap_free(struct heap *heap)
{
        for (size_t i = 0; i < heap->page_slots; i++)
                free(heap->pages[i].bytes);
        free(heap->pages);
        free(heap->blocks);
        free(heap->roots);
        free(heap->segments);
        *heap = (struct heap){ 0 };
}

void heap_map(struct heap *heap, uint64_t address, uint64_t size)
{
        for (uint64_t page = address / HEAP_PAGE; size && page <= (address + size - 1) / HEAP_PAGE; page++)
                (void)page_at(heap, page);
}

void heap_write(struct heap *heap, uint64_t address, const void *bytes, size_t size)
{
        for (size_t i = 0; i < size; i++)
                page_at(heap, (address + i) / HEAP_PAGE)[(address + i) % HEAP_PAGE] = ((const uint8_t *)bytes)[i];
}

void heap_word(struct heap *heap, uint64_t address, uint64_t word)
{
        if (address % HEAP_PAGE <= HEAP_PAGE - 8)
                memcpy(page_at(heap, address / HEAP_PAGE) + address % HEAP_PAGE, &word, 8);
        else
                heap_write(heap, address, &word, sizeof word);
}

static void *grow(void *list, size_t count, size_t *capacity, size_t size)
{
        if (count < *capacity)
                return list;
        *capacity = *capacity ? *capacity * 2 : 16;
        return must(realloc(list, *capacity * size));
}

struct block *heap_block(struct heap *heap, uint64_t address, uint64_t size)
{
        heap_map(heap, address, size);
        heap->blocks = grow(heap->blocks, heap->block_count, &heap->block_capacity, sizeof *heap->blocks);
        heap->blocks[heap->block_count] = (struct block){ .address = address, .size = size };
        return &heap->blocks[heap->block_count++];
}

void heap_root(struct heap *heap, enum root_kind kind, uint64_t start, uint64_t end)
{
        heap_map(heap, start, end - start);
        heap->roots = grow(heap->roots, heap->root_count, &heap->root_capacity, sizeof *heap->roots);
        heap->roots[heap->root_count++] = (struct root){ .kind = kind, .start = start, .end = end, .name = "test" };
}

void heap_registers(struct heap *heap, const uint64_t *words, size_t count)
{
        heap->roots = grow(heap->roots, heap->root_count, &heap->root_capacity, sizeof *heap->roots);
        heap->roots[heap->root_count++] =
                (struct root){ .kind = ROOT_REGISTER, .words = words, .word_count = count, .name = "test" };
}

void heap_segment(struct heap *heap, uint64_t start, uint64_t end, bool writable, bool executable, const char *path)
{
        heap_map(heap, start, end - start);
        heap->segments = grow(heap->segments, heap->segment_count, &heap->segment_capacity, sizeof *heap->segments);
        heap->segments[heap->segment_count++] = (struct segment){
                .start = start, .end = end, .writable = writable, .executable = executable, .path = path
        };
}

/* By address; at one address the larger, which holds the other, first. */
static int compare_blocks(const void *a, const void *b)
{
        const struct block *x = a, *y = b;

        if (x->address != y->address)
                return x->address < y->address ? -1 : 1;
        return x->size > y->size ? -1 : x->size < y->size;
}

const struct snapshot *heap_snapshot(struct heap *heap)
{
        if (heap->block_count)
                qsort(heap->blocks, heap->block_count, sizeof *heap->blocks, compare_blocks);
        heap->snapshot = (struct snapshot){
                .blocks = heap->blocks,
                .block_count = heap->block_count,
                .roots = heap->roots,
                .root_count = heap->root_count,
                .segments = heap->segments,
                .segment_count = heap->segment_count,
                .memory = { .read = heap_read, .context = heap },
                .at = "exit",
                .method = "test",
        };
        return &heap->snapshot;
}

uint64_t heap_id(const struct heap *heap, uint64_t address)
{
        for (size_t i = 0; i < heap->block_count; i++) {
                if (heap->blocks[i].address == address)
                        return i;
        }
        abort();
}
