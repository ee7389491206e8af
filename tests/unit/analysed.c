#include "analysed.h"

#include <check.h>

void begin(struct analysed *a)
{
        *a = (struct analysed){ .at = HEAP_START };
        heap_init(&a->heap);
}

uint64_t add(struct analysed *a, uint64_t size, uint32_t stack)
{
        uint64_t address = a->at;
        struct block *block = heap_block(&a->heap, address, size);

        block->stack = stack;
        block->time_ns = ++a->time;
        a->at = (address + size + 32) & ~15ull;
        return address;
}

void root_word(struct analysed *a, enum root_kind kind, uint64_t word)
{
        uint64_t start = ROOT_START + a->heap.root_count * 4096;

        heap_root(&a->heap, kind, start, start + 64);
        heap_word(&a->heap, start + 8, word);
}

void analyse(struct analysed *a)
{
        struct group_options options = { .reachable = true };
        struct error e = { 0 };

        ck_assert_int_eq(graph_analyse(&a->graph, heap_snapshot(&a->heap), &e), 0);
        ck_assert_int_eq(groups_build(&a->groups, &a->graph, &options, &e), 0);
}

void end(struct analysed *a)
{
        groups_release(&a->groups);
        graph_release(&a->graph);
        heap_free(&a->heap);
}

enum kind kind_at(const struct analysed *a, uint64_t address)
{
        return graph_kind(&a->graph, heap_id(&a->heap, address));
}

enum strength confidence_at(const struct analysed *a, uint64_t address)
{
        return graph_confidence(&a->graph, heap_id(&a->heap, address));
}

const struct group *only_group(const struct analysed *a, enum kind kind)
{
        const struct group *found = NULL;

        for (size_t i = 0; i < a->groups.count; i++) {
                if (a->groups.list[i].kind != kind)
                        continue;
                ck_assert_msg(!found, "more than one group of the kind");
                found = &a->groups.list[i];
        }
        ck_assert_ptr_nonnull(found);
        return found;
}

uint64_t add_vtable(struct analysed *a, uint64_t at, int64_t top)
{
        if (!a->heap.segment_count) {
                heap_segment(&a->heap, CODE_START, CODE_START + 4096, false, true, "/lib/libtest.so");
                heap_segment(&a->heap, CONST_START, CONST_START + 4096, false, false, "/lib/libtest.so");
        }
        heap_word(&a->heap, CONST_START + at, (uint64_t)top);
        heap_word(&a->heap, CONST_START + at + 8, CONST_START + 0x800);
        heap_word(&a->heap, CONST_START + at + 16, CODE_START + 0x10);
        return CONST_START + at + 16;
}
