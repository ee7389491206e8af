#include "suite.h"

#include "analysed.h"

#include "report/graph/tails.h"

/* A vector's buffer of eight words with a block in its second, its sixth and its
 * last; the vector is in a block that a root holds. */
struct vector {
        struct analysed a;
        uint64_t holder, buffer, second, sixth, last;
};

static void begin_vector(struct vector *v, uint64_t holder_size)
{
        begin(&v->a);
        v->holder = add(&v->a, holder_size, 1);
        v->buffer = add(&v->a, 64, 2);
        v->a.heap.blocks[1].flags = BLOCK_NEW;
        v->second = add(&v->a, 16, 3);
        v->sixth = add(&v->a, 16, 4);
        v->last = add(&v->a, 16, 5);
        heap_word(&v->a.heap, v->buffer + 8, v->second);
        heap_word(&v->a.heap, v->buffer + 40, v->sixth);
        heap_word(&v->a.heap, v->buffer + 56, v->last);
        root_word(&v->a, ROOT_GLOBAL, v->holder);
}

static void hold(struct vector *v, uint64_t offset, uint64_t elements)
{
        heap_word(&v->a.heap, v->holder + offset, v->buffer);
        heap_word(&v->a.heap, v->holder + offset + 8, v->buffer + 8 * elements);
        heap_word(&v->a.heap, v->holder + offset + 16, v->buffer + 64);
}

static void check(struct vector *v, enum strength second, enum strength sixth, enum strength last)
{
        analyse(&v->a);
        ck_assert_int_eq(confidence_at(&v->a, v->buffer), STRENGTH_EXACT);
        ck_assert_int_eq(confidence_at(&v->a, v->second), second);
        ck_assert_int_eq(confidence_at(&v->a, v->sixth), sixth);
        ck_assert_int_eq(confidence_at(&v->a, v->last), last);
        end(&v->a);
}

START_TEST(words_behind_a_vector_s_end_are_dead)
{
        for (uint64_t elements = 0; elements <= 8; elements++) {
                struct vector v;

                begin_vector(&v, 64);
                hold(&v, 16, elements);
                check(&v, elements > 1 ? STRENGTH_EXACT : STRENGTH_AMBIGUOUS,
                      elements > 5 ? STRENGTH_EXACT : STRENGTH_AMBIGUOUS,
                      elements > 7 ? STRENGTH_EXACT : STRENGTH_AMBIGUOUS);
        }
}
END_TEST

START_TEST(the_report_says_so)
{
        struct vector v;

        begin_vector(&v, 24);
        hold(&v, 0, 6);
        analyse(&v.a);
        ck_assert_str_eq(only_group(&v.a, KIND_POSSIBLE)->weak_why,
                         "held only by a word behind the end of a vector in another block");
        ck_assert(tails_holds(&v.a.graph.scan, 1, 7));
        ck_assert(!tails_holds(&v.a.graph.scan, 1, 5));
        ck_assert(!tails_holds(&v.a.graph.scan, 0, 7));
        end(&v.a);
}
END_TEST

START_TEST(a_root_may_be_the_vector)
{
        struct vector v;

        begin_vector(&v, 24);
        heap_map(&v.a.heap, ROOT_START + 0x10000, 64);
        heap_word(&v.a.heap, ROOT_START + 0x10000, v.buffer);
        heap_word(&v.a.heap, ROOT_START + 0x10008, v.buffer + 48);
        heap_word(&v.a.heap, ROOT_START + 0x10010, v.buffer + 64);
        heap_root(&v.a.heap, ROOT_STACK, ROOT_START + 0x10000, ROOT_START + 0x10018);
        check(&v, STRENGTH_EXACT, STRENGTH_EXACT, STRENGTH_AMBIGUOUS);
}
END_TEST

START_TEST(of_two_vectors_the_longer_counts)
{
        struct vector v;

        begin_vector(&v, 64);
        hold(&v, 0, 1);
        hold(&v, 24, 6);
        check(&v, STRENGTH_EXACT, STRENGTH_EXACT, STRENGTH_AMBIGUOUS);
}
END_TEST

START_TEST(who_points_behind_the_end_keeps_it_alive)
{
        struct vector v;

        begin_vector(&v, 64);
        hold(&v, 0, 1);
        heap_word(&v.a.heap, v.holder + 40, v.buffer + 64);
        check(&v, STRENGTH_EXACT, STRENGTH_EXACT, STRENGTH_EXACT);

        begin_vector(&v, 64);
        hold(&v, 0, 1);
        heap_word(&v.a.heap, v.holder + 40, v.buffer + 48);
        check(&v, STRENGTH_EXACT, STRENGTH_EXACT, STRENGTH_AMBIGUOUS);

        begin_vector(&v, 64);
        hold(&v, 0, 1);
        root_word(&v.a, ROOT_GLOBAL, v.buffer + 56);
        check(&v, STRENGTH_EXACT, STRENGTH_EXACT, STRENGTH_EXACT);
}
END_TEST

START_TEST(what_is_no_vector_has_no_tail)
{
        struct vector v;

        /* From malloc: the middle word may be a place that is read from. */
        begin_vector(&v, 64);
        v.a.heap.blocks[1].flags = 0;
        hold(&v, 0, 1);
        check(&v, STRENGTH_EXACT, STRENGTH_EXACT, STRENGTH_EXACT);

        /* The words are not in a row. */
        begin_vector(&v, 64);
        heap_word(&v.a.heap, v.holder, v.buffer);
        heap_word(&v.a.heap, v.holder + 8, v.buffer + 8);
        heap_word(&v.a.heap, v.holder + 24, v.buffer + 64);
        check(&v, STRENGTH_EXACT, STRENGTH_EXACT, STRENGTH_EXACT);

        /* An iterator of a deque, whose fourth word leads to the chunk's place in the map. */
        begin_vector(&v, 64);
        hold(&v, 0, 0);
        heap_word(&v.a.heap, v.holder + 24, v.holder + 40);
        heap_word(&v.a.heap, v.holder + 40, v.buffer);
        check(&v, STRENGTH_EXACT, STRENGTH_EXACT, STRENGTH_EXACT);

        /* Ends in the middle of a word. */
        begin_vector(&v, 64);
        hold(&v, 0, 1);
        heap_word(&v.a.heap, v.holder + 8, v.buffer + 12);
        check(&v, STRENGTH_EXACT, STRENGTH_EXACT, STRENGTH_EXACT);
}
END_TEST

START_TEST(a_word_before_the_end_counts)
{
        struct vector v;

        begin_vector(&v, 24);
        hold(&v, 0, 2);
        heap_word(&v.a.heap, v.buffer, v.last + 8);
        check(&v, STRENGTH_EXACT, STRENGTH_AMBIGUOUS, STRENGTH_INTERIOR);
}
END_TEST

SUITE_MAIN("graph_tails", words_behind_a_vector_s_end_are_dead, the_report_says_so, a_root_may_be_the_vector,
           of_two_vectors_the_longer_counts, who_points_behind_the_end_keeps_it_alive, what_is_no_vector_has_no_tail,
           a_word_before_the_end_counts)
