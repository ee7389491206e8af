#include "made_up.h"

#include <string.h>

enum { PAGE = 4096 };

#define HEAP_START 0x555500000000ull
#define ROOT_START 0x7fff00000000ull

static uint64_t mix(uint64_t x)
{
        x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
        x = (x ^ x >> 27) * 0x94d049bb133111ebull;
        return x ^ x >> 31;
}

static uint64_t address_of(uint64_t block)
{
        return HEAP_START + block * MADE_UP_STRIDE;
}

/* The block that is pointed at in place of `block`: it, or the one before. */
static uint64_t pointee(const struct made_up *heap, uint64_t block)
{
        return heap->shape == MOST && block % 1000 == 999 ? block - 1 : block;
}

/* What the block holds in that word. */
static uint64_t word_of(const struct made_up *heap, uint64_t block, unsigned word)
{
        uint64_t next = block + heap->step;

        if (word >= heap->degree || block >= heap->count)
                return 0;
        if (heap->shape == LIST || heap->shape == RING) {
                next -= next >= heap->count ? heap->count : 0;
                return word || (!next && heap->shape == LIST) ? 0 : address_of(next);
        }
        if (heap->shape == MOST && !word)
                next = block % 1000 == 998 ? block + 2 : block + 1;
        else if (heap->shape == HELD && !word)
                next = block + 1;
        else
                next = pointee(heap, (unsigned __int128)mix(block * 8 + word + 1) * heap->count >> 64);
        return next < heap->count ? address_of(next) : 0;
}

static void read_block(const struct made_up *heap, uint64_t block, uint64_t *words)
{
        for (unsigned word = 0; word < MADE_UP_STRIDE / 8; word++)
                words[word] = word_of(heap, block, word);
}

static size_t heap_read(void *context, uint64_t address, void *buffer, size_t size)
{
        const struct made_up *heap = context;
        uint64_t end = (heap->count * MADE_UP_STRIDE + PAGE - 1) / PAGE * PAGE, at = address - HEAP_START;
        uint64_t words[MADE_UP_STRIDE / 8];

        if (address - ROOT_START < PAGE) {
                at = address - ROOT_START;
                size = size < PAGE - at ? size : PAGE - at;
                memset(buffer, 0, size);
                if (at < sizeof heap->global)
                        memcpy(buffer, (const uint8_t *)&heap->global + at,
                               size < sizeof heap->global - at ? size : sizeof heap->global - at);
                return size;
        }
        if (at >= end)
                return 0;
        size = size < end - at ? size : end - at;
        for (size_t done = 0; done < size;) {
                size_t skip = (at + done) % MADE_UP_STRIDE, piece = MADE_UP_STRIDE - skip;

                read_block(heap, (at + done) / MADE_UP_STRIDE, words);
                piece = piece < size - done ? piece : size - done;
                memcpy((uint8_t *)buffer + done, (const uint8_t *)words + skip, piece);
                done += piece;
        }
        return size;
}

/* Far from the last block, and without a common divisor, so that all blocks
 * come in turn. */
static uint64_t find_step(uint64_t count)
{
        for (uint64_t step = count * 618 / 1000 + 1;; step++) {
                uint64_t a = count, b = step;

                while (b) {
                        uint64_t rest = a % b;

                        a = b;
                        b = rest;
                }
                if (a == 1)
                        return step % count;
        }
}

struct made_up made_up_heap(uint64_t count, unsigned degree, const char *shape)
{
        struct made_up heap = { .count = count, .degree = degree, .step = find_step(count), .global = HEAP_START };

        heap.shape = !strcmp(shape, "held")   ? HELD
                     : !strcmp(shape, "most") ? MOST
                     : !strcmp(shape, "list") ? LIST
                     : !strcmp(shape, "ring") ? RING
                                              : LOST;
        heap.root = (struct root){ .kind = ROOT_GLOBAL, .start = ROOT_START, .end = ROOT_START + sizeof heap.global };
        return heap;
}

struct snapshot made_up_snapshot(struct made_up *heap)
{
        return (struct snapshot){ .at = "exit",
                                  .method = "ptrace",
                                  .threads = 1,
                                  .roots = &heap->root,
                                  .root_count = heap->shape == HELD || heap->shape == MOST,
                                  .memory = { .read = heap_read, .context = heap, .parallel = true } };
}

void made_up_blocks(struct block *blocks, uint64_t first, uint64_t count)
{
        for (uint64_t i = 0; i < count; i++)
                blocks[i] = (struct block){ .address = address_of(first + i),
                                            .size = MADE_UP_SIZE,
                                            .time_ns = first + i,
                                            .stack = 1 + (uint32_t)((first + i) % MADE_UP_SITES) };
}
