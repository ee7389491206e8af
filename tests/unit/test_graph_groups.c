#include "suite.h"

#include "analysed.h"

#include "report/graph/retained.h"
#include "report/graph/types.h"

#include <string.h>

/* What a person is told: groups, cycles, weak links, types. */

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

/* A tree of random form: `depth` levels at most, four branches at most. */
static uint64_t add_random_tree(struct analysed *a, unsigned depth, uint32_t *state)
{
        uint64_t node = add(a, 48, 2), text = add(a, 16, 3);

        heap_word(&a->heap, node, text);
        for (unsigned i = 0; depth && i < 4; i++) {
                *state = *state * 1103515245 + 12345;
                if (*state >> 16 & 1)
                        heap_word(&a->heap, node + 8 + 8 * i, add_random_tree(a, depth - 1, state));
        }
        return node;
}

START_TEST(however_much_there_is_it_is_one_leak)
{
        struct analysed a;
        uint32_t state = 1;
        uint64_t trees = 0, ring = 0;

        begin(&a);
        for (unsigned i = 0; i < 100; i++) {
                uint64_t head = add(&a, 32, 1); /* some hold nothing at all */

                if (i % 10)
                        heap_word(&a.heap, head, add_random_tree(&a, i % 6, &state));
        }
        for (unsigned length = 2; length < 30; length++) {
                uint64_t first = add(&a, 16, 5), last = first;

                for (unsigned i = 1; i < length; i++) {
                        uint64_t next = add(&a, 16, 5);

                        heap_word(&a.heap, last, next);
                        last = next;
                }
                heap_word(&a.heap, last, first);
        }
        analyse(&a);
        for (size_t i = 0; i < a.groups.count; i++) {
                trees += a.groups.list[i].kind == KIND_DEFINITE;
                ring += a.groups.list[i].kind == KIND_CYCLE;
        }
        ck_assert_uint_eq(trees, 1);
        ck_assert_uint_eq(ring, 1);
        ck_assert_uint_eq(only_group(&a, KIND_DEFINITE)->instances, 100);
        ck_assert_uint_eq(only_group(&a, KIND_CYCLE)->instances, 28);
        end(&a);
}
END_TEST

START_TEST(other_parts_make_another_leak)
{
        struct analysed a;
        size_t definite = 0;

        begin(&a);
        for (unsigned i = 0; i < 60; i++) {
                uint64_t head = add(&a, 32, 1);

                heap_word(&a.heap, head, add(&a, 16, i % 3 ? 2 : 3));
                if (i % 3)
                        heap_word(&a.heap, head + 8, add(&a, 16, i % 2 ? 4 : 2));
        }
        analyse(&a);
        for (size_t i = 0; i < a.groups.count; i++) {
                const struct group *group = &a.groups.list[i];

                if (group->kind != KIND_DEFINITE)
                        continue;
                definite++;
                ck_assert(group->instances == 40 || group->instances == 20);
        }
        ck_assert_uint_eq(definite, 2);
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
        ck_assert_uint_eq(group->cycle->break_at_total, 5);
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
        ck_assert_uint_eq(group->cycle->break_at_total, 1000000);
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
        ck_assert_uint_eq(cycle->break_at[0].alike_total, 10);
        ck_assert_uint_eq(cycle->break_at_total, 1);
        end(&a);
}
END_TEST

/* By recursion: each level of the tree has a site of its own. */
START_TEST(a_field_is_one_whatever_the_sites)
{
        struct analysed a;
        uint64_t nodes[31];
        const struct group_cycle *cycle;

        begin(&a);
        for (unsigned i = 0; i < 31; i++) {
                nodes[i] = add(&a, 40, i < 15 ? 1 : i);
                if (!i)
                        continue;
                heap_word(&a.heap, nodes[(i - 1) / 2] + (i % 2 ? 8 : 16), nodes[i]);
                heap_word(&a.heap, nodes[i] + 24, nodes[(i - 1) / 2]);
        }
        analyse(&a);
        cycle = only_group(&a, KIND_CYCLE)->cycle;
        ck_assert_uint_eq(cycle->break_at_total, 1);
        ck_assert_int_eq(cycle->break_at[0].how, BREAK_ALIKE);
        ck_assert_uint_eq(cycle->break_at[0].offset, 24);
        ck_assert_uint_eq(cycle->break_at[0].alike, 30);
        end(&a);
}
END_TEST

START_TEST(a_ring_linked_both_ways_is_broken_by_two_fields_together)
{
        struct analysed a;
        uint64_t nodes[100];
        const struct group_cycle *cycle;

        begin(&a);
        for (unsigned i = 0; i < 100; i++)
                nodes[i] = add(&a, 32, 1);
        for (unsigned i = 0; i < 100; i++) {
                heap_word(&a.heap, nodes[i] + 8, nodes[(i + 1) % 100]);
                heap_word(&a.heap, nodes[i] + 16, nodes[(i + 99) % 100]);
        }
        analyse(&a);
        cycle = only_group(&a, KIND_CYCLE)->cycle;
        ck_assert_uint_eq(cycle->edges, 200);
        ck_assert_uint_eq(cycle->break_at_total, 2);
        ck_assert_uint_eq(cycle->break_at_count, 2);
        ck_assert_int_eq(cycle->break_at[0].how, BREAK_TOGETHER);
        ck_assert_uint_eq(cycle->break_at[0].offset, 16);
        ck_assert_uint_eq(cycle->break_at[0].alike, 100);
        ck_assert_uint_eq(cycle->break_at[0].alike_total, 100);
        ck_assert_int_eq(cycle->break_at[1].how, BREAK_TOGETHER);
        ck_assert_uint_eq(cycle->break_at[1].offset, 8);
        ck_assert_uint_eq(cycle->break_at[1].alike, 1);
        end(&a);
}
END_TEST

/* Far from the start of the path, where a bypass leaves few steps. */
START_TEST(the_one_pointer_that_breaks_a_long_cycle_is_found)
{
        struct analysed a;
        uint64_t first = HEAP_START, size = 48;
        const struct group_cycle *cycle;

        begin(&a);
        (void)add_ring(&a, 10000);
        for (unsigned i = 0; i < 10000; i++) /* the next but one, but over 5000 -> 5001 */
                if (i != 4999 && i != 5000)
                        heap_word(&a.heap, first + i * size, first + (i + 2) % 10000 * size);
        analyse(&a);
        cycle = only_group(&a, KIND_CYCLE)->cycle;
        ck_assert_uint_eq(cycle->break_at_total, 1);
        ck_assert_int_eq(cycle->break_at[0].how, BREAK_ALL);
        ck_assert_uint_eq(cycle->break_at[0].block, heap_id(&a.heap, first + 5000 * size));
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
        for (unsigned i = 70; i < 80; i++) /* tagged, low and high; and no such block */
                heap_word(&a.heap, table + 8 * i, i < 75 ? block | 3 : i < 79 ? block | 5ull << 48 : block | 8ull << 32);
        root_word(&a, ROOT_GLOBAL, table);
        root_word(&a, ROOT_STACK, block);
        analyse(&a);
        for (size_t i = 0; i < a.groups.count; i++) {
                group = &a.groups.list[i];
                if (group->stack != 2)
                        continue;
                ck_assert_uint_eq(group->examples[0].reference_count, 51 + 9);
                ck_assert(group->examples[0].referenced_by[0].root);
                ck_assert_uint_eq(group->examples[0].referenced_by[0].offset, 8);
                ck_assert_uint_eq(group->examples[0].referenced_by[1].offset, 320);
                ck_assert_int_eq(group->examples[0].referenced_by[1].strength, STRENGTH_EXACT);
        }
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

START_TEST(a_shared_pointer_is_cut_with_both_its_words)
{
        struct analysed a;
        uint64_t objects[2], controls[2], vtable, counter;
        const struct group_cycle *cycle;

        begin(&a);
        vtable = add_vtable(&a, 0, 0);
        counter = add_vtable(&a, 64, 0);
        for (unsigned i = 0; i < 2; i++) {
                objects[i] = add(&a, 56, 1);
                controls[i] = add(&a, 24, 2);
                heap_word(&a.heap, objects[i], vtable);
                heap_word(&a.heap, controls[i], counter);
                heap_word(&a.heap, controls[i] + 16, objects[i]);
        }
        for (unsigned i = 0; i < 2; i++) {
                heap_word(&a.heap, objects[i] + 40, objects[!i]);
                heap_word(&a.heap, objects[i] + 48, controls[!i]);
        }
        analyse(&a);
        cycle = only_group(&a, KIND_CYCLE)->cycle;
        ck_assert_uint_eq(cycle->blocks, 4);
        ck_assert_uint_eq(cycle->path[0].vtable, vtable);
        ck_assert_uint_eq(cycle->path[0].counted, counter);
        ck_assert_uint_eq(cycle->path[0].member, 40);
        ck_assert_uint_eq(cycle->break_at_count, 2);
        ck_assert_int_eq(cycle->break_at[0].how, BREAK_ALL);
        ck_assert_uint_eq(cycle->break_at[0].alike, 2);
        end(&a);
}
END_TEST

START_TEST(control_blocks_name_what_they_count)
{
        struct type_control c;

        ck_assert(type_control_of("std::_Sp_counted_ptr_inplace<app::Node<int, char>, std::allocator<void>, "
                                  "(__gnu_cxx::_Lock_policy)2>",
                                  &c));
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
        ck_assert_int_eq(retained_run(&r, &a.graph, NULL, &e), 0);
        ck_assert_uint_eq(r.bytes[heap_id(&a.heap, x)], 80);
        ck_assert_uint_eq(r.bytes[heap_id(&a.heap, y)], 32);
        ck_assert_uint_eq(r.bytes[heap_id(&a.heap, both)], 128);
        ck_assert_uint_eq(r.blocks[heap_id(&a.heap, x)], 2);
        ck_assert_uint_eq(r.bytes[a.heap.block_count], 240);
        retained_free(&r);
        end(&a);
}
END_TEST

SUITE_MAIN("graph_groups", a_hundred_equal_trees_are_one_leak, however_much_there_is_it_is_one_leak,
           other_parts_make_another_leak, what_heads_of_one_group_share_is_theirs,
           owners_of_what_many_share_are_the_first_few, a_thousand_equal_rings_are_one_entry,
           a_ring_of_a_million_is_one_cycle, a_list_of_a_million_is_one_leak,
           the_back_pointers_of_a_family_are_where_to_break_it, a_field_is_one_whatever_the_sites,
           a_ring_linked_both_ways_is_broken_by_two_fields_together, the_one_pointer_that_breaks_a_long_cycle_is_found,
           references_are_counted_word_by_word, a_possible_leak_says_which_link_is_weak,
           a_cycle_through_shared_pointers_says_so, a_shared_pointer_is_cut_with_both_its_words,
           control_blocks_name_what_they_count, what_only_one_block_keeps_is_its_own)
