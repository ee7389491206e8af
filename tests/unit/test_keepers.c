#include "suite.h"

#include "analysed.h"

#include "report/graph/keepers.h"
#include "report/graph/live_cycles.h"

#include <string.h>

/* What keeps the memory of a live heap: sums, tree, accumulation points. */

static const struct keepers_options everything = { .references = 4 };

static void run(struct analysed *a, struct keepers *k, const struct keepers_options *options)
{
        struct vtables vtables = { 0 };
        struct recounts recounts;
        struct error e = { 0 };

        analyse(a);
        vtables.snapshot = a->graph.snapshot;
        vtables_ask(&vtables, a->graph.scan.first, a->graph.snapshot->block_count);
        ck_assert_int_eq(recounts_take(&recounts, &a->graph, NULL), 0);
        ck_assert_int_eq(keepers_run(k, &a->graph, &vtables, &recounts, options, &e), 0);
        recounts_free(&recounts);
        vtables_free(&vtables);
}

static void finish(struct analysed *a, struct keepers *k)
{
        keepers_release(k);
        end(a);
}

/* A table of `count` items, each of which alone has a name. */
static uint64_t add_table(struct analysed *a, unsigned count)
{
        uint64_t table = add(a, 8 * count, 1);

        for (unsigned i = 0; i < count; i++) {
                uint64_t item = add(a, 32, 2), name = add(a, 16, 3);

                heap_word(&a->heap, table + 8 * i, item);
                heap_word(&a->heap, item + 8, name);
        }
        return table;
}

/* A list with `count` nodes, each of which points back at the one before. */
static uint64_t add_list(struct analysed *a, unsigned count)
{
        uint64_t first = add(a, 24, 4), last = first;

        for (unsigned i = 1; i < count; i++) {
                uint64_t node = add(a, 24, 4);

                heap_word(&a->heap, last, node);
                heap_word(&a->heap, node + 8, last);
                last = node;
        }
        return first;
}

START_TEST(a_table_is_where_its_items_pile_up)
{
        struct analysed a;
        struct keepers k;
        const struct keepers_point *p;

        begin(&a);
        root_word(&a, ROOT_GLOBAL, add_table(&a, 500));
        run(&a, &k, &everything);
        ck_assert_uint_eq(k.point_count, 1);
        p = k.points;
        ck_assert_uint_eq(p->parent, heap_id(&a.heap, HEAP_START));
        ck_assert_uint_eq(p->tops, 500);
        ck_assert_uint_eq(p->blocks, 500);
        ck_assert_uint_eq(p->bytes, 500 * 32);
        ck_assert_uint_eq(p->retained_blocks, 1000);
        ck_assert_uint_eq(p->retained_bytes, 500 * 48);
        ck_assert_uint_eq(a.graph.snapshot->blocks[p->first].stack, 2);
        finish(&a, &k);
}
END_TEST

START_TEST(a_list_is_one_entry_with_its_head)
{
        struct analysed a;
        struct keepers k;
        uint64_t holder, first;

        begin(&a);
        holder = add(&a, 16, 7);
        root_word(&a, ROOT_GLOBAL, holder);
        first = add_list(&a, 1000);
        heap_word(&a.heap, holder, first);
        run(&a, &k, &everything);
        ck_assert_uint_eq(k.point_count, 1);
        ck_assert_uint_eq(k.points[0].parent, heap_id(&a.heap, holder));
        ck_assert_uint_eq(k.points[0].first, heap_id(&a.heap, first));
        ck_assert_uint_eq(k.points[0].tops, 1);
        ck_assert_uint_eq(k.points[0].blocks, 1000);
        ck_assert_uint_eq(k.points[0].bytes, 24000);
        /* Two lines: what holds it, and all nodes. */
        ck_assert_uint_eq(k.line_count, 2);
        ck_assert_uint_eq(k.lines[1].blocks, 1000);
        ck_assert_uint_eq(k.lines[1].tops, 1);
        ck_assert_uint_eq(k.lines[1].from, heap_id(&a.heap, holder));
        ck_assert_uint_eq(k.lines[1].offset, 0);
        ck_assert_int_eq(k.lines[1].strength, STRENGTH_EXACT);
        ck_assert_uint_eq(k.blocks_total, 2); /* the holder and the head; no other node */
        ck_assert_uint_eq(k.blocks[1].block, heap_id(&a.heap, first));
        ck_assert_uint_eq(k.blocks[1].reference_count, 2);
        finish(&a, &k);
}
END_TEST

START_TEST(a_list_that_two_hold_is_told_without_its_holders)
{
        struct analysed a;
        struct keepers k;
        uint64_t first;

        begin(&a);
        first = add_list(&a, KEEPERS_POINT);
        root_word(&a, ROOT_GLOBAL, first);
        root_word(&a, ROOT_GLOBAL, first);
        run(&a, &k, &everything);
        ck_assert_uint_eq(k.point_count, 1);
        ck_assert_uint_eq(k.points[0].parent, k.retained.root);
        ck_assert_uint_eq(k.points[0].blocks, KEEPERS_POINT);
        finish(&a, &k);
}
END_TEST

START_TEST(what_a_function_has_in_hand_is_held_by_the_variable)
{
        uint32_t of[3] = { 0, 1, 1 }; /* of each root edge its holder */
        const struct retained_holders holders = { of, 2 };
        const struct keepers_options options = { .holders = &holders, .references = 4 };
        struct analysed a;
        struct keepers k;
        uint64_t global, local;

        begin(&a);
        global = add(&a, 64, 1);
        local = add(&a, 16, 2);
        root_word(&a, ROOT_GLOBAL, global);
        heap_root(&a.heap, ROOT_STACK, ROOT_START + 0x100000, ROOT_START + 0x100040);
        heap_word(&a.heap, ROOT_START + 0x100000, global);
        heap_word(&a.heap, ROOT_START + 0x100008, local);
        run(&a, &k, &options);
        ck_assert_uint_eq(a.graph.scan.root_count, 3);
        ck_assert_uint_eq(k.retained.bytes[k.retained.first_holder], 64);
        ck_assert_uint_eq(k.retained.bytes[k.retained.first_holder + 1], 16);
        ck_assert_uint_eq(k.retained.bytes[k.retained.root], 80);
        ck_assert_uint_eq(k.line_count, 4);
        ck_assert_uint_eq(k.lines[0].holder, 0);
        ck_assert_uint_eq(k.lines[1].first, heap_id(&a.heap, global));
        ck_assert_uint_eq(k.lines[2].holder, 1);
        ck_assert_uint_eq(k.lines[3].first, heap_id(&a.heap, local));
        finish(&a, &k);
}
END_TEST

START_TEST(sites_and_types_retain_what_their_topmost_blocks_do)
{
        struct analysed a;
        struct keepers k;
        uint64_t outer, middle, inner, vtable;

        begin(&a);
        vtable = add_vtable(&a, 0x100, 0);
        outer = add(&a, 100, 1);
        middle = add(&a, 10, 2);
        inner = add(&a, 1000, 1);
        heap_word(&a.heap, outer + 8, middle);
        heap_word(&a.heap, outer, vtable);
        heap_word(&a.heap, middle, inner);
        heap_word(&a.heap, inner, vtable);
        root_word(&a, ROOT_GLOBAL, outer);
        run(&a, &k, &everything);
        ck_assert_uint_eq(k.site_count, 2);
        ck_assert_uint_eq(k.sites[0].first, heap_id(&a.heap, outer));
        ck_assert_uint_eq(k.sites[0].blocks, 2);
        ck_assert_uint_eq(k.sites[0].bytes, 1100);
        ck_assert_uint_eq(k.sites[0].retained_bytes, 1110); /* inner is not counted twice */
        ck_assert_uint_eq(k.sites[1].retained_bytes, 1010);
        ck_assert_uint_eq(k.type_count, 1);
        ck_assert_uint_eq(k.types[0].first, heap_id(&a.heap, outer));
        ck_assert_uint_eq(k.types[0].retained_blocks, 3);
        ck_assert_uint_eq(k.typed_blocks, 2);
        ck_assert_uint_eq(k.typed_bytes, 1100);
        finish(&a, &k);
}
END_TEST

/* Whatever the limit, lines and what they leave out are the whole. */
static void check_lines(const struct keepers *k)
{
        uint64_t bytes[64] = { 0 }, blocks[64] = { 0 }; /* of the open line of each depth, what is not told yet */
        uint64_t depth = 0, top = k->more_bytes;

        for (size_t i = 0; i <= k->line_count; i++) {
                const struct keepers_line *line = i < k->line_count ? &k->lines[i] : NULL;
                uint64_t next = line ? line->depth : 0;

                for (; depth > next || (!line && depth > 0); depth--) {
                        ck_assert_uint_eq(bytes[depth], 0);
                        ck_assert_uint_eq(blocks[depth], 0);
                }
                if (!line)
                        break;
                if (next) {
                        bytes[next] -= line->retained_bytes;
                        blocks[next] -= line->retained_blocks;
                } else {
                        top += line->retained_bytes;
                }
                depth = next + 1;
                bytes[depth] = line->retained_bytes - line->bytes - line->more_bytes;
                blocks[depth] = line->retained_blocks - line->blocks - line->more_blocks;
        }
        ck_assert_uint_eq(top, k->retained.bytes[k->retained.root]);
}

START_TEST(the_tree_and_what_it_leaves_out_are_the_whole)
{
        for (size_t limit = 0; limit < 9; limit++) {
                const struct keepers_options options = { .limit = limit, .references = 4 };
                struct analysed a;
                struct keepers k;
                uint64_t top;

                begin(&a);
                top = add(&a, 64, 9);
                root_word(&a, ROOT_GLOBAL, top);
                heap_word(&a.heap, top, add_table(&a, 20));
                heap_word(&a.heap, top + 8, add_list(&a, 30));
                root_word(&a, ROOT_GLOBAL, add_table(&a, 10));
                run(&a, &k, &options);
                ck_assert_uint_eq(k.line_count, limit && limit < 8 ? limit : 8);
                check_lines(&k);
                ck_assert_uint_eq(k.sites_total, 5);
                ck_assert_uint_eq(k.site_count, limit && limit < 5 ? limit : 5);
                finish(&a, &k);
        }
}
END_TEST

START_TEST(many_references_of_one_block_are_counted_exactly)
{
        struct analysed a;
        struct keepers k;
        uint64_t table, item;

        begin(&a);
        table = add(&a, 8 * 100, 1);
        item = add(&a, 5000, 2);
        for (unsigned i = 0; i < 100; i++)
                heap_word(&a.heap, table + 8 * i, item);
        root_word(&a, ROOT_GLOBAL, table);
        run(&a, &k, &everything);
        ck_assert_uint_eq(k.block_count, 2);
        ck_assert_uint_eq(k.blocks[1].block, heap_id(&a.heap, item));
        ck_assert_uint_eq(k.blocks[1].reference_count, 100);
        finish(&a, &k);
}
END_TEST

START_TEST(cycles_in_use_are_told_by_their_sorts)
{
        struct analysed a;
        struct vtables vtables = { 0 };
        struct live_cycles cycles;
        struct error e;
        uint64_t table, lost;

        begin(&a);
        table = add(&a, 8 * 30, 9);
        root_word(&a, ROOT_GLOBAL, table);
        for (unsigned i = 0; i < 20; i++) {
                uint64_t x = add(&a, 16, 1), y = add(&a, 32, 2);

                heap_word(&a.heap, x, y);
                heap_word(&a.heap, y + 8, x);
                heap_word(&a.heap, table + 8 * i, x);
        }
        heap_word(&a.heap, table + 8 * 20, add_list(&a, 5));
        lost = add(&a, 16, 1);
        heap_word(&a.heap, lost, add(&a, 16, 1));
        heap_word(&a.heap, lost + 32, lost);
        analyse(&a);
        vtables.snapshot = a.graph.snapshot;
        ck_assert_int_eq(live_cycles_find(&cycles, &a.graph, &vtables, 0, &e), 0);
        ck_assert_uint_eq(cycles.total, 2);
        ck_assert_uint_eq(cycles.count, 2);
        ck_assert_uint_eq(cycles.list[0].count, 20);
        ck_assert_uint_eq(cycles.list[0].blocks, 40);
        ck_assert_uint_eq(cycles.list[0].bytes, 20 * 48);
        ck_assert_uint_eq(cycles.list[0].cycle->length, 2);
        ck_assert_uint_eq(cycles.list[1].blocks, 5);
        ck_assert_uint_eq(cycles.list[1].cycle->length, 2);
        live_cycles_release(&cycles);
        ck_assert_int_eq(live_cycles_find(&cycles, &a.graph, &vtables, 1, &e), 0);
        ck_assert_uint_eq(cycles.total, 2);
        ck_assert_uint_eq(cycles.count, 1);
        live_cycles_release(&cycles);
        vtables_free(&vtables);
        end(&a);
}
END_TEST

START_TEST(memory_that_runs_out_is_an_error)
{
        struct analysed a;
        struct keepers k;
        struct error e = { 0 };
        struct vtables vtables = { 0 };
        struct recounts recounts = { 0 };
        int status = -1;

        begin(&a);
        root_word(&a, ROOT_GLOBAL, add_table(&a, 120));
        root_word(&a, ROOT_STACK, add_list(&a, 130));
        analyse(&a);
        vtables.snapshot = a.graph.snapshot;
        for (unsigned nth = 1; status && nth < 10000; nth++) {
                mem_fail_after(nth);
                status = keepers_run(&k, &a.graph, &vtables, &recounts, &everything, &e);
                mem_fail_after(0);
                ck_assert(!status || e.code == ERROR_NO_MEMORY);
        }
        ck_assert_int_eq(status, 0);
        vtables_free(&vtables);
        finish(&a, &k);
}
END_TEST

SUITE_MAIN("keepers", a_table_is_where_its_items_pile_up, a_list_is_one_entry_with_its_head,
           a_list_that_two_hold_is_told_without_its_holders, what_a_function_has_in_hand_is_held_by_the_variable,
           sites_and_types_retain_what_their_topmost_blocks_do, the_tree_and_what_it_leaves_out_are_the_whole,
           many_references_of_one_block_are_counted_exactly, cycles_in_use_are_told_by_their_sorts, memory_that_runs_out_is_an_error)
