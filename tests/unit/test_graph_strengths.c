#include "suite.h"

#include "analysed.h"

#include <string.h>

/* What a word is worth, and what may be looked at. */

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

START_TEST(a_pointer_aligned_by_hand_is_known)
{
        struct analysed a;
        uint64_t before, after, far;

        begin(&a);
        before = add(&a, 200, 1);
        heap_word(&a.heap, before + 56, before);
        root_word(&a, ROOT_GLOBAL, before + 64);
        after = add(&a, 2304, 2);
        heap_word(&a.heap, after + 48 + 24, after);
        root_word(&a, ROOT_GLOBAL, after + 48);
        far = add(&a, 200, 3);
        heap_word(&a.heap, far + 16, far);
        root_word(&a, ROOT_GLOBAL, far + 64);
        analyse(&a);
        ck_assert_int_eq(confidence_at(&a, before), STRENGTH_KNOWN);
        ck_assert_int_eq(confidence_at(&a, after), STRENGTH_KNOWN);
        ck_assert_int_eq(confidence_at(&a, far), STRENGTH_INTERIOR);
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
        ck_assert_str_eq(only_group(&a, KIND_POSSIBLE)->weak_why,
                         "held only by bytes that look like text in another block");
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

/* What is told for a whole chunk is what each of its addresses hits. */
static void check_chunk(const struct pointers *p, uint64_t chunk, unsigned *counts)
{
        uint64_t outer = pointers_far(p, chunk);

        counts[outer == FAR_NONE ? 0 : outer == FAR_MIXED ? 1 : 2]++;
        for (uint64_t address = chunk; address <= (chunk | CHUNK_MASK); address += 64) {
                struct pointee hit = pointers_find(p, address);

                if (outer == FAR_MIXED)
                        continue;
                ck_assert_uint_eq(hit.inside, outer == FAR_NONE ? ID_NONE : p->outers[outer].id);
                ck_assert_uint_eq(hit.end, ID_NONE);
        }
}

START_TEST(words_far_inside_a_large_block_lead_to_it)
{
        struct analysed a;
        uint64_t map = 0x7fff00000000ull, chunk = CHUNK_MASK + 1, inner = map + 4 * chunk + 64, other = map + 20 * chunk;
        uint64_t from;
        unsigned counts[3] = { 0 };

        begin(&a);
        heap_block(&a.heap, map, 12 * chunk + 4096)->flags = BLOCK_MAPPING;
        heap_block(&a.heap, inner, 6 * chunk - 64); /* up to the first address of a chunk */
        heap_block(&a.heap, other, 8 * chunk)->flags = BLOCK_MAPPING;
        from = add(&a, 64, 1);
        heap_word(&a.heap, from, inner + 2 * chunk);
        heap_word(&a.heap, from + 8, map + 14 * chunk); /* to none */
        heap_word(&a.heap, from + 16, other + 5 * chunk);
        heap_word(&a.heap, from + 24, other + 6 * chunk);
        root_word(&a, ROOT_GLOBAL, from);
        analyse(&a);
        for (uint64_t at = map; at <= other + 9 * chunk; at += chunk)
                if (!pointers_chunk(&a.graph.pointers, at))
                        check_chunk(&a.graph.pointers, at, counts);
        ck_assert(counts[0] && counts[1] && counts[2]);
        ck_assert_int_eq(confidence_at(&a, inner), STRENGTH_INTERIOR);
        ck_assert_int_eq(confidence_at(&a, other), STRENGTH_INTERIOR);
        ck_assert_int_eq(kind_at(&a, map), KIND_DEFINITE);
        ck_assert_uint_eq(a.graph.scan.edge_count, 2);
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

SUITE_MAIN("graph_strengths", known_offsets_are_known, a_pointer_aligned_by_hand_is_known,
           an_offset_is_learned_from_most_blocks_of_a_site, the_loader_s_vector_of_thread_storage_is_known,
           a_pointer_to_a_second_base_is_known, words_inside_text_are_no_pointers, text_is_long_or_comes_in_series,
           packed_pointers_make_a_leak_possible, a_lost_mapping_owns_what_is_inside,
           words_far_inside_a_large_block_lead_to_it, inherited_blocks_hold_and_are_not_reported, what_cannot_be_read_is_marked)
