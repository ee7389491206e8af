#include "suite.h"

#include "heap.h"

#include "report/graph/group.h"
#include "report/graph/retained.h"
#include "report/graph/types.h"

#include <stdio.h>
#include <string.h>

/* What a person is told: groups, cycles, weak links, types. */

#define HEAP_START  0x555500001000ull
#define ROOT_START  0x7ffff0000000ull
#define CODE_START  0x7fff10000000ull
#define CONST_START 0x7fff10100000ull

struct analysed {
        struct heap heap;
        struct graph graph;
        struct groups groups;
        uint64_t at; /* where the next block goes */
        uint64_t time;
};

static void begin(struct analysed *a)
{
        *a = (struct analysed){ .at = HEAP_START };
        heap_init(&a->heap);
}

/* Adds a block and returns its address. */
static uint64_t add(struct analysed *a, uint64_t size, uint32_t stack)
{
        uint64_t address = a->at;
        struct block *block = heap_block(&a->heap, address, size);

        block->stack = stack;
        block->time_ns = ++a->time;
        a->at = (address + size + 32) & ~15ull;
        return address;
}

static void root_word(struct analysed *a, enum root_kind kind, uint64_t word)
{
        uint64_t start = ROOT_START + a->heap.root_count * 4096;

        heap_root(&a->heap, kind, start, start + 64);
        heap_word(&a->heap, start + 8, word);
}

static void analyse(struct analysed *a)
{
        struct group_options options = { .reachable = true };
        struct error e = { 0 };

        ck_assert_int_eq(graph_analyse(&a->graph, heap_snapshot(&a->heap), &e), 0);
        ck_assert_int_eq(groups_build(&a->groups, &a->graph, &options, &e), 0);
}

static void end(struct analysed *a)
{
        groups_release(&a->groups);
        graph_release(&a->graph);
        heap_free(&a->heap);
}

static enum kind kind_at(const struct analysed *a, uint64_t address)
{
        return graph_kind(&a->graph, heap_id(&a->heap, address));
}

static enum strength confidence_at(const struct analysed *a, uint64_t address)
{
        return graph_confidence(&a->graph, heap_id(&a->heap, address));
}

static const struct group *only_group(const struct analysed *a, enum kind kind)
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

/* Grouping */

/* A tree of three levels: a node of 32 bytes with two children each, and a
 * name of any length. */
static uint64_t add_tree(struct analysed *a, unsigned levels, uint64_t name_size)
{
        uint64_t nodes[15], count = (1ull << levels) - 1;

        for (uint64_t i = 0; i < count; i++) {
                uint64_t name;

                nodes[i] = add(a, 32, i ? 2 : 1);
                name = add(a, name_size + i, 3);
                heap_word(&a->heap, nodes[i] + 16, name);
        }
        for (uint64_t i = 1; i < count; i++)
                heap_word(&a->heap, nodes[(i - 1) / 2] + (i & 1 ? 0 : 8), nodes[i]);
        return nodes[0];
}

START_TEST(a_hundred_equal_trees_are_one_leak)
{
        struct analysed a;
        const struct group *group;

        begin(&a);
        for (unsigned i = 0; i < 100; i++)
                (void)add_tree(&a, 4, 10 + i);
        analyse(&a);
        group = only_group(&a, KIND_DEFINITE);
        ck_assert_uint_eq(group->instances, 100);
        ck_assert_uint_eq(group->blocks, 100);
        ck_assert_uint_eq(group->stack, 1);
        ck_assert_uint_eq(group->exclusive_blocks, 3000);
        ck_assert_uint_eq(group->exclusive_bytes, a.graph.lost_bytes);
        ck_assert_uint_eq(a.groups.shared_bytes, 0);
        ck_assert_uint_eq(group->example_count, 3);
        ck_assert_uint_eq(group->examples[0].block, heap_id(&a.heap, HEAP_START));
        ck_assert_uint_eq(group->examples[0].references_count, 3);
        end(&a);
}
END_TEST

START_TEST(what_heads_of_one_group_share_is_theirs)
{
        struct analysed a;
        uint64_t x, y, other, shared;
        const struct group *group;

        begin(&a);
        x = add(&a, 16, 1);
        y = add(&a, 16, 1);
        shared = add(&a, 100, 2);
        heap_word(&a.heap, x, shared);
        heap_word(&a.heap, y, shared);
        analyse(&a);
        group = only_group(&a, KIND_DEFINITE);
        ck_assert_uint_eq(group->exclusive_bytes, 132);
        ck_assert_uint_eq(a.groups.shared_bytes, 0);
        ck_assert_uint_eq(a.graph.owners.shared_bytes, 100);
        ck_assert_uint_eq(only_group(&a, KIND_INDIRECT)->owner_count, 1);
        end(&a);

        begin(&a);
        x = add(&a, 16, 1);
        other = add(&a, 24, 3);
        shared = add(&a, 100, 2);
        heap_word(&a.heap, x, shared);
        heap_word(&a.heap, other, shared);
        analyse(&a);
        ck_assert_uint_eq(a.groups.shared_bytes, 100);
        group = only_group(&a, KIND_INDIRECT);
        ck_assert_uint_eq(group->owner_count, 2);
        ck_assert_uint_eq(a.groups.list[group->owners[0]].bytes, 24);
        ck_assert_uint_eq(a.groups.list[group->owners[1]].bytes, 16);
        end(&a);
}
END_TEST

START_TEST(owners_of_what_many_share_are_the_first_few)
{
        struct analysed a;
        uint64_t shared;
        const struct group *group;

        begin(&a);
        shared = add(&a, 100, 100);
        for (uint32_t i = 1; i <= 20; i++)
                heap_word(&a.heap, add(&a, 16, i), shared);
        analyse(&a);
        group = only_group(&a, KIND_INDIRECT);
        ck_assert_uint_eq(group->owner_count, 8);
        ck_assert_uint_eq(group->owner_total, 9);
        for (size_t i = 0; i < 8; i++)
                ck_assert_uint_eq(a.groups.list[group->owners[i]].stack, i + 1);
        ck_assert_uint_eq(group->examples[0].reference_count, 20);
        ck_assert_uint_eq(group->examples[0].referenced_by_count, 8);
        end(&a);
}
END_TEST

/* A ring of `count` blocks of 16 bytes, linked at offset 8. */
static uint64_t add_ring(struct analysed *a, unsigned count)
{
        uint64_t first = add(a, 16, 1), last = first;

        for (unsigned i = 1; i < count; i++) {
                uint64_t next = add(a, 16, 1);

                heap_word(&a->heap, last + 8, next);
                last = next;
        }
        heap_word(&a->heap, last + 8, first);
        return first;
}

START_TEST(a_thousand_equal_rings_are_one_entry)
{
        struct analysed a;
        const struct group *group;

        begin(&a);
        for (unsigned i = 0; i < 1000; i++)
                (void)add_ring(&a, 5);
        analyse(&a);
        group = only_group(&a, KIND_CYCLE);
        ck_assert_uint_eq(group->instances, 1000);
        ck_assert_uint_eq(group->blocks, 5000);
        ck_assert_uint_eq(a.groups.cycles, 1000);
        ck_assert_uint_eq(group->cycle->blocks, 5);
        ck_assert_uint_eq(group->cycle->edges, 5);
        ck_assert_uint_eq(group->cycle->length, 5);
        ck_assert_uint_eq(group->cycle->path[0].block, heap_id(&a.heap, HEAP_START));
        ck_assert_uint_eq(group->cycle->path[4].offset, 8);
        ck_assert_uint_eq(group->cycle->break_at_count, 5);
        ck_assert_int_eq(group->cycle->break_at[0].how, BREAK_ALL);
        end(&a);
}
END_TEST

START_TEST(a_ring_of_a_million_is_one_cycle)
{
        struct analysed a;
        const struct group *group;

        begin(&a);
        (void)add_ring(&a, 1000000);
        analyse(&a);
        group = only_group(&a, KIND_CYCLE);
        ck_assert_uint_eq(group->blocks, 1000000);
        ck_assert_uint_eq(group->cycle->length, 1000000);
        ck_assert_uint_eq(group->cycle->path_count, 64);
        end(&a);
}
END_TEST

START_TEST(a_list_of_a_million_is_one_leak)
{
        struct analysed a;
        uint64_t last;

        begin(&a);
        last = add_ring(&a, 1000000);
        heap_word(&a.heap, a.at - 48 + 8, 0); /* the last block's link */
        ck_assert_uint_eq(last, HEAP_START);
        analyse(&a);
        ck_assert_uint_eq(only_group(&a, KIND_DEFINITE)->exclusive_blocks, 1000000);
        end(&a);
}
END_TEST

START_TEST(the_back_pointers_of_a_family_are_where_to_break_it)
{
        struct analysed a;
        uint64_t parent, child;
        const struct group_cycle *cycle;

        begin(&a);
        parent = add(&a, 128, 1);
        for (unsigned i = 0; i < 10; i++) {
                child = add(&a, 32, 2);
                heap_word(&a.heap, parent + 8 * i, child);
                heap_word(&a.heap, child + 24, parent);
        }
        analyse(&a);
        cycle = only_group(&a, KIND_CYCLE)->cycle;
        ck_assert_uint_eq(cycle->blocks, 11);
        ck_assert_uint_eq(cycle->edges, 20);
        ck_assert_uint_eq(cycle->length, 2);
        ck_assert_int_eq(cycle->break_at[0].how, BREAK_ALIKE);
        ck_assert_uint_eq(cycle->break_at[0].offset, 24);
        ck_assert_uint_eq(cycle->break_at[0].alike, 10);
        ck_assert_uint_eq(cycle->break_at[0].to, heap_id(&a.heap, parent));
        ck_assert_int_eq(cycle->break_at[1].how, BREAK_SPLIT);
        end(&a);
}
END_TEST

START_TEST(references_are_counted_word_by_word)
{
        struct analysed a;
        uint64_t table, block;
        const struct group *group;

        begin(&a);
        table = add(&a, 800, 1);
        block = add(&a, 64, 2);
        for (unsigned i = 20; i < 70; i++)
                heap_word(&a.heap, table + 8 * i, block + (i == 40 ? 0 : 16));
        root_word(&a, ROOT_GLOBAL, table);
        root_word(&a, ROOT_STACK, block);
        analyse(&a);
        for (size_t i = 0; i < a.groups.count; i++) {
                group = &a.groups.list[i];
                if (group->stack != 2)
                        continue;
                ck_assert_uint_eq(group->examples[0].reference_count, 51);
                ck_assert(group->examples[0].referenced_by[0].root);
                ck_assert_uint_eq(group->examples[0].referenced_by[0].offset, 8);
                ck_assert_uint_eq(group->examples[0].referenced_by[1].offset, 320);
                ck_assert_int_eq(group->examples[0].referenced_by[1].strength, STRENGTH_EXACT);
        }
        end(&a);
}
END_TEST

/* Strengths */

START_TEST(known_offsets_are_known)
{
        struct analysed a;
        uint64_t cookie, empty, length, text, aligned, plain;

        begin(&a);
        cookie = add(&a, 8 + 5 * 24, 1);
        heap_word(&a.heap, cookie, 5);
        root_word(&a, ROOT_GLOBAL, cookie + 8);
        empty = add(&a, 8, 2);
        a.heap.blocks[1].flags = BLOCK_ARRAY;
        root_word(&a, ROOT_GLOBAL, empty + 8);
        length = add(&a, 58, 3);
        heap_word(&a.heap, length, 50);
        root_word(&a, ROOT_GLOBAL, length + 8);
        text = add(&a, 25 + 31, 4);
        heap_word(&a.heap, text, 12);
        heap_word(&a.heap, text + 8, 31);
        root_word(&a, ROOT_GLOBAL, text + 24);
        aligned = add(&a, 32 + 3 * 64, 5);
        a.heap.blocks[4].flags = BLOCK_ARRAY;
        heap_word(&a.heap, aligned + 24, 3);
        root_word(&a, ROOT_GLOBAL, aligned + 32);
        plain = add(&a, 64, 6);
        heap_word(&a.heap, plain, 1000);
        root_word(&a, ROOT_GLOBAL, plain + 8);
        analyse(&a);
        ck_assert_int_eq(confidence_at(&a, cookie), STRENGTH_KNOWN);
        ck_assert_int_eq(confidence_at(&a, empty), STRENGTH_KNOWN);
        ck_assert_int_eq(confidence_at(&a, length), STRENGTH_KNOWN);
        ck_assert_int_eq(confidence_at(&a, text), STRENGTH_KNOWN);
        ck_assert_int_eq(confidence_at(&a, aligned), STRENGTH_KNOWN);
        ck_assert_int_eq(confidence_at(&a, plain), STRENGTH_INTERIOR);
        end(&a);
}
END_TEST

START_TEST(an_offset_is_learned_from_most_blocks_of_a_site)
{
        struct analysed a;
        uint64_t table, blocks[12];

        begin(&a);
        table = add(&a, 200, 1);
        root_word(&a, ROOT_GLOBAL, table);
        for (unsigned i = 0; i < 12; i++) {
                blocks[i] = add(&a, 64, i < 10 ? 2 : 3);
                heap_word(&a.heap, table + 8 * i, blocks[i] + 16);
        }
        analyse(&a);
        ck_assert_int_eq(confidence_at(&a, blocks[0]), STRENGTH_KNOWN);
        ck_assert_int_eq(confidence_at(&a, blocks[9]), STRENGTH_KNOWN);
        ck_assert_int_eq(confidence_at(&a, blocks[10]), STRENGTH_INTERIOR);
        end(&a);
}
END_TEST

START_TEST(the_loader_s_vector_of_thread_storage_is_known)
{
        struct analysed a;
        uint64_t dtv;

        begin(&a);
        dtv = add(&a, 288, 1);
        root_word(&a, ROOT_TLS, dtv + 16);
        analyse(&a);
        ck_assert_int_eq(kind_at(&a, dtv), KIND_REACHABLE);
        end(&a);
}
END_TEST

/* Writes a vtable at CONST_START + at; returns what objects hold. */
static uint64_t add_vtable(struct analysed *a, uint64_t at, int64_t top)
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

START_TEST(a_pointer_to_a_second_base_is_known)
{
        struct analysed a;
        uint64_t both, single;

        begin(&a);
        both = add(&a, 64, 1);
        heap_word(&a.heap, both, add_vtable(&a, 0, 0));
        heap_word(&a.heap, both + 24, add_vtable(&a, 64, -24));
        root_word(&a, ROOT_GLOBAL, both + 24);
        single = add(&a, 64, 2);
        heap_word(&a.heap, single, add_vtable(&a, 0, 0));
        heap_word(&a.heap, single + 24, add_vtable(&a, 128, -16));
        root_word(&a, ROOT_GLOBAL, single + 24);
        analyse(&a);
        ck_assert_int_eq(confidence_at(&a, both), STRENGTH_KNOWN);
        ck_assert_int_eq(confidence_at(&a, single), STRENGTH_INTERIOR);
        ck_assert_uint_eq(only_group(&a, KIND_REACHABLE)->vtable, CONST_START + 16);
        end(&a);
}
END_TEST

START_TEST(words_inside_text_are_no_pointers)
{
        /* A block at an address all of whose bytes are characters. */
        const uint64_t target = 0x554433222160ull;
        struct analysed a;
        uint64_t text;

        begin(&a);
        heap_block(&a.heap, target, 64)->time_ns = 1;
        text = add(&a, 400, 1);
        for (unsigned i = 0; i < 200; i++)
                heap_write(&a.heap, text + i, "x", 1);
        heap_word(&a.heap, text + 200, target);
        root_word(&a, ROOT_GLOBAL, text);
        analyse(&a);
        ck_assert_int_eq(confidence_at(&a, target), STRENGTH_AMBIGUOUS);
        ck_assert_str_eq(only_group(&a, KIND_POSSIBLE)->weak_why, "held only by bytes that look like text in another block");
        end(&a);

        /* The same word with nothing before it is a pointer. */
        begin(&a);
        heap_block(&a.heap, target, 64)->time_ns = 1;
        text = add(&a, 400, 1);
        heap_word(&a.heap, text + 200, target);
        root_word(&a, ROOT_GLOBAL, text);
        analyse(&a);
        ck_assert_int_eq(confidence_at(&a, target), STRENGTH_EXACT);
        end(&a);
}
END_TEST

START_TEST(text_is_long_or_comes_in_series)
{
        const char series[] = "first string\0second string\0third string\0\0\0";
        const char pair[] = "first string\0second string\0short\0\0\0\0\0\0";
        uint8_t run[160];

        memset(run, 'a', sizeof run);
        ck_assert(scan_is_text(run, sizeof run, 80));
        ck_assert(!scan_is_text(run, 120, 80));
        ck_assert(scan_is_text((const uint8_t *)series, sizeof series, 2));
        ck_assert(scan_is_text((const uint8_t *)series, sizeof series, 30));
        ck_assert(!scan_is_text((const uint8_t *)pair, sizeof pair, 2));
        ck_assert(!scan_is_text((const uint8_t *)series, sizeof series, 12));
        ck_assert(!scan_is_text((const uint8_t *)series, sizeof series, 1000));
}
END_TEST

START_TEST(packed_pointers_make_a_leak_possible)
{
        struct analysed a;
        uint64_t packed, held, deeper;

        begin(&a);
        packed = add(&a, 64, 1);
        held = add(&a, 64, 2);
        deeper = add(&a, 64, 3);
        heap_word(&a.heap, packed + 3, held);
        heap_word(&a.heap, held + 13, deeper);
        root_word(&a, ROOT_GLOBAL, packed);
        analyse(&a);
        ck_assert_int_eq(confidence_at(&a, held), STRENGTH_UNALIGNED);
        ck_assert_int_eq(confidence_at(&a, deeper), STRENGTH_UNALIGNED);
        ck_assert_uint_eq(a.graph.confidence.unaligned_count, 2);
        ck_assert_uint_eq(a.graph.confidence.unaligned[0].offset, 3);
        end(&a);
}
END_TEST

/* Mappings, inheritance, unreadable memory */

START_TEST(a_lost_mapping_owns_what_is_inside)
{
        struct analysed a;
        uint64_t map = 0x7fff00000000ull, inner = map + 64;

        begin(&a);
        heap_block(&a.heap, map, 64 << 10)->flags = BLOCK_MAPPING;
        heap_block(&a.heap, inner, 32)->time_ns = 5;
        heap_word(&a.heap, map + 8, inner);
        analyse(&a);
        ck_assert_int_eq(kind_at(&a, map), KIND_DEFINITE);
        ck_assert_int_eq(kind_at(&a, inner), KIND_INDIRECT);
        end(&a);

        /* A word of the inner block is not the mapping's. */
        begin(&a);
        heap_block(&a.heap, map, 64 << 10)->flags = BLOCK_MAPPING;
        heap_block(&a.heap, inner, 32);
        heap_word(&a.heap, inner + 8, add(&a, 16, 1));
        root_word(&a, ROOT_GLOBAL, map);
        analyse(&a);
        ck_assert_int_eq(kind_at(&a, map), KIND_REACHABLE);
        ck_assert_int_eq(kind_at(&a, inner), KIND_DEFINITE);
        ck_assert_int_eq(kind_at(&a, HEAP_START), KIND_INDIRECT);
        end(&a);
}
END_TEST

START_TEST(inherited_blocks_hold_and_are_not_reported)
{
        struct analysed a;
        uint64_t old, own;

        begin(&a);
        old = add(&a, 64, 1);
        a.heap.blocks[0].flags = BLOCK_INHERITED;
        own = add(&a, 64, 2);
        heap_word(&a.heap, old + 8, own);
        analyse(&a);
        ck_assert_int_eq(kind_at(&a, own), KIND_REACHABLE);
        ck_assert_uint_eq(a.groups.kinds[KIND_REACHABLE].blocks, 1);
        ck_assert_uint_eq(a.groups.count, 1);
        end(&a);
}
END_TEST

START_TEST(what_cannot_be_read_is_marked)
{
        struct analysed a;
        uint64_t start = 0x7fff00000000ull, held;
        struct heap_page *page;

        begin(&a);
        heap_block(&a.heap, start, 5 * 4096)->flags = BLOCK_MAPPING;
        held = add(&a, 16, 1);
        heap_word(&a.heap, start + 4 * 4096 + 8, held);
        root_word(&a, ROOT_GLOBAL, start);
        for (page = a.heap.pages; page->number != start / 4096 + 2 || !page->bytes;)
                page++;
        page->number = 1; /* the third page goes away */
        analyse(&a);
        ck_assert_int_eq(kind_at(&a, held), KIND_REACHABLE);
        ck_assert(a.heap.blocks[heap_id(&a.heap, start)].flags & BLOCK_UNREADABLE);
        ck_assert(!(a.heap.blocks[heap_id(&a.heap, held)].flags & BLOCK_UNREADABLE));
        end(&a);
}
END_TEST

/* Why */

START_TEST(a_possible_leak_says_which_link_is_weak)
{
        struct analysed a;
        uint64_t first, second, third;
        const struct group *group;

        begin(&a);
        first = add(&a, 64, 1);
        second = add(&a, 64, 1);
        third = add(&a, 64, 1);
        root_word(&a, ROOT_STACK, first + 24);
        heap_word(&a.heap, first, second);
        heap_word(&a.heap, second, third + 8);
        analyse(&a);
        group = only_group(&a, KIND_POSSIBLE);
        ck_assert_int_eq(group->weak_strength, STRENGTH_INTERIOR);
        ck_assert_str_eq(group->weak_why, "held only by a pointer to its inside in a stack");
        ck_assert(group->weak_link.root);
        ck_assert_uint_eq(group->weak_link.offset, 8);
        ck_assert_uint_eq(group->weak_link.to, heap_id(&a.heap, first));
        end(&a);
}
END_TEST

/* Types */

START_TEST(a_cycle_through_shared_pointers_says_so)
{
        struct analysed a;
        uint64_t x, y, vtable;
        const struct group_cycle *cycle;

        begin(&a);
        vtable = add_vtable(&a, 0, 0);
        x = add(&a, 48, 1); /* control block with the object at 16, whose member at 8 is the pointer */
        y = add(&a, 48, 1);
        heap_word(&a.heap, x, vtable);
        heap_word(&a.heap, y, vtable);
        heap_word(&a.heap, x + 24, y + 16);
        heap_word(&a.heap, x + 32, y);
        heap_word(&a.heap, y + 24, x + 16);
        heap_word(&a.heap, y + 32, x);
        analyse(&a);
        cycle = only_group(&a, KIND_CYCLE)->cycle;
        ck_assert_uint_eq(cycle->length, 2);
        ck_assert_uint_eq(cycle->path[0].offset, 32);
        ck_assert_uint_eq(cycle->path[0].counted, vtable);
        ck_assert_uint_eq(cycle->path[0].member, 24);
        end(&a);
}
END_TEST

START_TEST(control_blocks_name_what_they_count)
{
        struct type_control c;

        ck_assert(type_control_of("std::_Sp_counted_ptr_inplace<app::Node<int, char>, std::allocator<void>, "
                                  "(__gnu_cxx::_Lock_policy)2>", &c));
        ck_assert_str_eq(c.pointer, "std::shared_ptr");
        ck_assert_int_eq(strncmp(c.object, "app::Node<int, char>", c.object_length), 0);
        ck_assert_uint_eq(c.object_length, 20);
        ck_assert(c.inplace);
        ck_assert_uint_eq(c.object_offset, 16);
        ck_assert(type_control_of("std::_Sp_counted_ptr<Node*, (__gnu_cxx::_Lock_policy)2>", &c));
        ck_assert_uint_eq(c.object_length, 4);
        ck_assert(!c.inplace);
        ck_assert(!type_control_of("std::vector<int>", &c));
        ck_assert(!type_control_of("std::_Sp_counted_ptr<", &c));
}
END_TEST

START_TEST(what_only_one_block_keeps_is_its_own)
{
        struct analysed a;
        struct retained r;
        struct error e;
        uint64_t x, y, z, both;

        begin(&a);
        x = add(&a, 16, 1);
        y = add(&a, 32, 1);
        z = add(&a, 64, 1);
        both = add(&a, 128, 1);
        heap_word(&a.heap, x, z);
        heap_word(&a.heap, z, both);
        heap_word(&a.heap, y, both);
        root_word(&a, ROOT_GLOBAL, x);
        root_word(&a, ROOT_GLOBAL, y);
        analyse(&a);
        ck_assert_int_eq(retained_run(&r, &a.graph, &e), 0);
        ck_assert_uint_eq(r.bytes[heap_id(&a.heap, x)], 80);
        ck_assert_uint_eq(r.bytes[heap_id(&a.heap, y)], 32);
        ck_assert_uint_eq(r.bytes[heap_id(&a.heap, both)], 128);
        ck_assert_uint_eq(r.blocks[heap_id(&a.heap, x)], 2);
        ck_assert_uint_eq(r.bytes[a.heap.block_count], 240);
        retained_free(&r);
        end(&a);
}
END_TEST

SUITE_MAIN("graph_groups", a_hundred_equal_trees_are_one_leak, what_heads_of_one_group_share_is_theirs,
           owners_of_what_many_share_are_the_first_few, a_thousand_equal_rings_are_one_entry,
           a_ring_of_a_million_is_one_cycle, a_list_of_a_million_is_one_leak,
           the_back_pointers_of_a_family_are_where_to_break_it, references_are_counted_word_by_word,
           known_offsets_are_known, an_offset_is_learned_from_most_blocks_of_a_site,
           the_loader_s_vector_of_thread_storage_is_known, a_pointer_to_a_second_base_is_known,
           words_inside_text_are_no_pointers, text_is_long_or_comes_in_series, packed_pointers_make_a_leak_possible,
           a_lost_mapping_owns_what_is_inside, inherited_blocks_hold_and_are_not_reported,
           what_cannot_be_read_is_marked, a_possible_leak_says_which_link_is_weak,
           a_cycle_through_shared_pointers_says_so, control_blocks_name_what_they_count,
           what_only_one_block_keeps_is_its_own)
