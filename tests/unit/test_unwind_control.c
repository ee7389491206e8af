/*
 * The unwinder built with a fault: it does not read the words of limbs
 * again.  Stacks that differ in their outer frames alone come out as equal; both
 * checks, the one of the tests and that of --check-stacks, must see it.
 */
#include "suite.h"

#include "unwind_help.h"

#define NOINLINE __attribute__((noinline, noclone))

static volatile int after;

static NOINLINE void inner(int depth)
{
        if (depth)
                inner(depth - 1);
        else
                scene_stack();
        after++;
}

/* The two ways to `inner` have frames of one size. */
static NOINLINE void first_way(int depth)
{
        inner(depth);
        after += 1;
}

static NOINLINE void second_way(int depth)
{
        inner(depth);
        after += 2;
}

static void both_ways(void)
{
        for (int i = 0; i < 20; i++) {
                first_way(6);
                first_way(6);
                second_way(6);
                second_way(6);
        }
}

START_TEST(the_tests_see_it)
{
        scene_begin();
        both_ways();
        ck_assert_uint_eq(scene_checked(), 80);
        ck_assert_uint_gt(scene_differed(), 20);
        ck_assert_uint_lt(scene_differed(), 80);
}
END_TEST

START_TEST(the_checking_mode_sees_it)
{
        scene_begin_checking();
        both_ways();
        ck_assert_uint_eq(scene_mode_checked(), 80);
        ck_assert_uint_eq(scene_mode_differed(), scene_differed());
        ck_assert_uint_gt(scene_mode_differed(), 20);
}
END_TEST

SUITE_MAIN("unwind_control", the_tests_see_it, the_checking_mode_sees_it)
