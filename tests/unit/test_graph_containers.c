#include "suite.h"

#include "analysed.h"

#include "report/graph/tails.h"

/* ---- deques ------------------------------------------------------------------ */

enum { CHUNKS = 3, CHUNK = 64, MAP = 40, CUR = 0, FIRST = 8, LAST = 16, NODE = 24 };

/* A deque of pointers in a block that a root holds: three chunks of eight
 * elements, each with a block, in places 1 to 3 of a map of five; a stale word in
 * place 4 has a block as well. */
struct deque {
        struct analysed a;
        uint64_t head, map, chunks[CHUNKS], elements[CHUNKS * 8], stale;
};

static uint64_t add_new(struct analysed *a, uint64_t size)
{
        uint64_t address = add(a, size, 1);

        a->heap.blocks[a->heap.block_count - 1].flags = BLOCK_NEW;
        return address;
}

/* An iterator at element `at` of all that have room. */
static void put_iterator(struct deque *d, uint64_t address, unsigned at)
{
        uint64_t chunk = d->chunks[at / 8];

        heap_word(&d->a.heap, address + CUR, chunk + at % 8 * 8);
        heap_word(&d->a.heap, address + FIRST, chunk);
        heap_word(&d->a.heap, address + LAST, chunk + CHUNK);
        heap_word(&d->a.heap, address + NODE, d->map + 8 + at / 8 * 8);
}

static void begin_deque(struct deque *d, unsigned start, unsigned finish)
{
        begin(&d->a);
        d->head = add(&d->a, 160, 1);
        d->map = add_new(&d->a, MAP);
        for (unsigned i = 0; i < CHUNKS; i++) {
                d->chunks[i] = add_new(&d->a, CHUNK);
                heap_word(&d->a.heap, d->map + 8 + 8 * i, d->chunks[i]);
        }
        for (unsigned i = 0; i < CHUNKS * 8; i++) {
                d->elements[i] = add(&d->a, 16, 1);
                heap_word(&d->a.heap, d->chunks[i / 8] + i % 8 * 8, d->elements[i]);
        }
        d->stale = add(&d->a, 16, 1);
        heap_word(&d->a.heap, d->map + 32, d->stale);
        heap_word(&d->a.heap, d->head, d->map);
        heap_word(&d->a.heap, d->head + 8, MAP / 8);
        put_iterator(d, d->head + 16, start);
        put_iterator(d, d->head + 48, finish);
        root_word(&d->a, ROOT_GLOBAL, d->head);
}

/* Analyses, and expects the elements [start, finish) to be held as such. */
static void check_deque(struct deque *d, unsigned start, unsigned finish, bool stale)
{
        analyse(&d->a);
        for (unsigned i = 0; i < CHUNKS; i++)
                ck_assert_int_eq(confidence_at(&d->a, d->chunks[i]), STRENGTH_EXACT);
        for (unsigned i = 0; i < CHUNKS * 8; i++)
                ck_assert_msg((confidence_at(&d->a, d->elements[i]) == STRENGTH_EXACT) == (i >= start && i < finish),
                              "element %u of [%u, %u)", i, start, finish);
        ck_assert_int_eq(confidence_at(&d->a, d->stale), stale ? STRENGTH_EXACT : STRENGTH_AMBIGUOUS);
        end(&d->a);
}

START_TEST(words_outside_a_deque_s_elements_are_dead)
{
        for (unsigned start = 0; start < 8; start++) {
                struct deque d;

                for (unsigned finish = 16; finish < 24; finish++) {
                        begin_deque(&d, start, finish);
                        check_deque(&d, start, finish, false);
                }
        }
}
END_TEST

START_TEST(the_report_says_so)
{
        struct deque d;

        begin_deque(&d, 0, 23);
        heap_word(&d.a.heap, d.map + 32, 0);
        heap_word(&d.a.heap, d.head + 80, d.stale);
        analyse(&d.a);
        ck_assert_str_eq(only_group(&d.a, KIND_POSSIBLE)->weak_why,
                         "held only by a word outside the elements of a deque in another block");
        end(&d.a);
}
END_TEST

/* All in one chunk, down to none at all. */
START_TEST(a_deque_may_have_one_chunk)
{
        for (unsigned finish = 3; finish < 8; finish++) {
                struct deque d;

                begin_deque(&d, 3, finish);
                heap_word(&d.a.heap, d.head + 80, d.chunks[1]);
                heap_word(&d.a.heap, d.head + 88, d.chunks[2]);
                analyse(&d.a);
                for (unsigned i = 0; i < 8; i++)
                        ck_assert((confidence_at(&d.a, d.elements[i]) == STRENGTH_EXACT) == (i >= 3 && i < finish));
                end(&d.a);
        }
}
END_TEST

START_TEST(a_root_may_be_the_deque)
{
        struct deque d;
        uint64_t at = ROOT_START + 0x10000;

        begin_deque(&d, 3, 20);
        for (unsigned i = 0; i < 10; i++)
                heap_word(&d.a.heap, d.head + 8 * i, 0);
        heap_map(&d.a.heap, at, 80);
        heap_word(&d.a.heap, at, d.map);
        heap_word(&d.a.heap, at + 8, MAP / 8);
        put_iterator(&d, at + 16, 3);
        put_iterator(&d, at + 48, 20);
        heap_root(&d.a.heap, ROOT_STACK, at, at + 80);
        check_deque(&d, 3, 20, false);
}
END_TEST

START_TEST(iterators_keep_what_they_are_at)
{
        struct deque d;

        /* Of the deque as it is: begin and end. */
        begin_deque(&d, 3, 20);
        put_iterator(&d, d.head + 96, 3);
        put_iterator(&d, d.head + 128, 20);
        check_deque(&d, 3, 20, false);

        /* Of one that was longer. */
        begin_deque(&d, 3, 20);
        put_iterator(&d, d.head + 96, 1);
        put_iterator(&d, d.head + 128, 21);
        check_deque(&d, 1, 22, false);
}
END_TEST

START_TEST(who_points_outside_keeps_it_alive)
{
        struct deque d;

        begin_deque(&d, 3, 20);
        heap_word(&d.a.heap, d.head + 96, d.chunks[0] + 8);
        heap_word(&d.a.heap, d.head + 104, d.chunks[2] + 40);
        heap_word(&d.a.heap, d.head + 112, d.map + 32);
        check_deque(&d, 1, 22, true);

        /* To the end of a chunk, which may be that of anything. */
        begin_deque(&d, 3, 20);
        heap_word(&d.a.heap, d.head + 96, d.chunks[2] + CHUNK);
        check_deque(&d, 3, 24, false);
}
END_TEST

static void ends_nothing(struct deque *d)
{
        check_deque(d, 0, 24, true);
}

START_TEST(what_is_no_deque_has_no_dead_words)
{
        struct deque d;

        begin_deque(&d, 3, 20); /* the length is another */
        heap_word(&d.a.heap, d.head + 8, 4);
        ends_nothing(&d);

        begin_deque(&d, 3, 20); /* the map has another chunk there */
        heap_word(&d.a.heap, d.map + 8, d.chunks[1]);
        heap_word(&d.a.heap, d.map + 16, d.chunks[0]);
        ends_nothing(&d);

        begin_deque(&d, 20, 3); /* the wrong way round */
        ends_nothing(&d);

        begin_deque(&d, 3, 20); /* outside its chunk */
        heap_word(&d.a.heap, d.head + 16, d.chunks[1] + 8);
        ends_nothing(&d);

        begin_deque(&d, 3, 20); /* from malloc */
        d.a.heap.blocks[2].flags = 0;
        ends_nothing(&d);
        begin_deque(&d, 3, 20);
        d.a.heap.blocks[1].flags = 0;
        ends_nothing(&d);

        begin_deque(&d, 3, 20); /* claimed twice */
        heap_word(&d.a.heap, d.head + 80, d.map);
        heap_word(&d.a.heap, d.head + 88, MAP / 8);
        put_iterator(&d, d.head + 96, 3);
        put_iterator(&d, d.head + 128, 4);
        ends_nothing(&d);
}
END_TEST

/* ---- strings ------------------------------------------------------------------ */

/* A string with room for 60 characters in a block, with a block's address in
 * words 2 and 6 of it; a short one behind it. */
struct string {
        struct analysed a;
        uint64_t head, room, second, sixth, rest;
};

static void begin_string(struct string *s, uint64_t size, uint64_t length, uint64_t capacity)
{
        begin(&s->a);
        s->head = add_new(&s->a, 64);
        s->room = add_new(&s->a, size);
        s->second = add(&s->a, 16, 1);
        s->sixth = add(&s->a, 16, 1);
        s->rest = add(&s->a, 16, 1);
        heap_word(&s->a.heap, s->head, s->room);
        heap_word(&s->a.heap, s->head + 8, length);
        heap_word(&s->a.heap, s->head + 16, capacity);
        heap_word(&s->a.heap, s->room + 16, s->second);
        heap_word(&s->a.heap, s->room + 48, s->sixth);
        heap_word(&s->a.heap, s->head + 32, s->head + 48);
        heap_word(&s->a.heap, s->head + 40, 5);
        heap_write(&s->a.heap, s->head + 48, "hello", 6);
        heap_word(&s->a.heap, s->head + 56, s->rest);
        root_word(&s->a, ROOT_GLOBAL, s->head);
}

static void check_string(struct string *s, bool second, bool sixth, bool rest)
{
        analyse(&s->a);
        ck_assert_int_eq(confidence_at(&s->a, s->room), STRENGTH_EXACT);
        ck_assert_int_eq(confidence_at(&s->a, s->second), second ? STRENGTH_EXACT : STRENGTH_AMBIGUOUS);
        ck_assert_int_eq(confidence_at(&s->a, s->sixth), sixth ? STRENGTH_EXACT : STRENGTH_AMBIGUOUS);
        ck_assert_int_eq(confidence_at(&s->a, s->rest), rest ? STRENGTH_EXACT : STRENGTH_AMBIGUOUS);
        end(&s->a);
}

START_TEST(words_behind_a_string_are_dead)
{
        for (uint64_t length = 0; length <= 60; length++) {
                struct string s;

                begin_string(&s, 61, length, 60);
                check_string(&s, length >= 16, length >= 48, false);
        }
}
END_TEST

START_TEST(what_is_no_string_has_no_dead_words)
{
        struct string s;

        begin_string(&s, 64, 5, 63); /* might be anything */
        check_string(&s, true, true, false);
        begin_string(&s, 61, 5, 59); /* another capacity */
        check_string(&s, true, true, false);
        begin_string(&s, 61, 61, 60); /* longer than there is room */
        check_string(&s, true, true, false);
        begin_string(&s, 61, 5, 60); /* from malloc */
        s.a.heap.blocks[1].flags = 0;
        check_string(&s, true, true, false);
        begin_string(&s, 61, 5, 60); /* somebody reads there */
        heap_word(&s.a.heap, s.head + 24, s.room + 48);
        check_string(&s, true, true, false);
}
END_TEST

START_TEST(what_is_no_short_string_has_no_dead_word)
{
        struct string s;

        begin_string(&s, 61, 60, 60); /* not its own place */
        heap_word(&s.a.heap, s.head + 32, s.head + 40);
        check_string(&s, true, true, true);
        begin_string(&s, 61, 60, 60); /* so long that the word is part of it */
        heap_word(&s.a.heap, s.head + 40, 8);
        check_string(&s, true, true, true);
        begin_string(&s, 61, 60, 60); /* the NUL is elsewhere */
        heap_word(&s.a.heap, s.head + 40, 4);
        check_string(&s, true, true, true);
        begin_string(&s, 61, 60, 60); /* an array of pointers */
        heap_word(&s.a.heap, s.head + 40, 0);
        heap_word(&s.a.heap, s.head + 48, s.room);
        check_string(&s, true, true, true);
        begin_string(&s, 61, 60, 60); /* from malloc */
        s.a.heap.blocks[0].flags = 0;
        check_string(&s, true, true, true);
}
END_TEST

START_TEST(a_live_word_counts)
{
        struct string s;

        begin_string(&s, 61, 60, 60);
        heap_word(&s.a.heap, s.head + 24, s.rest);
        check_string(&s, true, true, true);
}
END_TEST

START_TEST(a_later_live_word_counts)
{
        struct analysed a;
        uint64_t head, lost;

        begin(&a);
        head = add_new(&a, 48);
        lost = add(&a, 16, 1);
        heap_word(&a.heap, head, head + 16);
        heap_word(&a.heap, head + 24, lost);
        heap_word(&a.heap, head + 40, lost);
        root_word(&a, ROOT_GLOBAL, head);
        analyse(&a);
        ck_assert_int_eq(confidence_at(&a, lost), STRENGTH_EXACT);
        ck_assert_int_eq(tails_holds(&a.graph.scan, 0, 3), TAIL_STRING);
        ck_assert_int_eq(tails_holds(&a.graph.scan, 0, 5), TAIL_NONE);
        end(&a);
}
END_TEST

SUITE_MAIN("graph_containers", words_outside_a_deque_s_elements_are_dead, the_report_says_so,
           a_deque_may_have_one_chunk, a_root_may_be_the_deque, iterators_keep_what_they_are_at,
           who_points_outside_keeps_it_alive, what_is_no_deque_has_no_dead_words, words_behind_a_string_are_dead,
           what_is_no_string_has_no_dead_words, what_is_no_short_string_has_no_dead_word, a_live_word_counts,
           a_later_live_word_counts)
