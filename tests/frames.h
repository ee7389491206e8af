/*
 * frames.h: frames of every shape that C gives them, for tests of stacks.
 *
 * Who includes it defines NOINLINE and frame_event(), which each frame calls
 * from its inside: `depth` is how many more of its kind would follow.
 */
#ifndef WEIR_TEST_FRAMES_H
#define WEIR_TEST_FRAMES_H

#include <alloca.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

static uint32_t frame_event(int depth);

/* Keeps the compiler from turning a call into a jump, or a frame into none. */
static volatile int after;

/* What the innermost event answers. */
static NOINLINE uint32_t frame_recurse(int depth)
{
        uint32_t answer = depth ? frame_recurse(depth - 1) : frame_event(0);

        after++;
        return answer;
}

static NOINLINE void frame_alloca(int depth)
{
        volatile char *room = alloca((size_t)(depth * 24 % 700) + 1);

        room[0] = 1;
        if (depth)
                frame_alloca(depth - 1);
        frame_event(depth);
        after += room[0];
}

static NOINLINE void frame_realigned(int depth)
{
        _Alignas(64) volatile char room[64];

        room[0] = (char)depth;
        if (depth)
                frame_realigned(depth - 1);
        frame_event(depth);
        after += room[0];
}

/* Realigned, and of a size that is not known: the CFA is in memory. */
static NOINLINE void frame_realigned_alloca(int depth)
{
        _Alignas(64) volatile char room[64];
        volatile char *more = alloca((size_t)depth * 8 + 1);

        room[0] = more[0] = (char)depth;
        if (depth)
                frame_realigned_alloca(depth - 1);
        frame_event(depth);
        after += room[0] + more[0];
}

static NOINLINE void frame_large(int depth)
{
        volatile char room[20000];

        room[depth] = 1;
        if (depth)
                frame_large(depth - 1);
        frame_event(depth);
        after += room[depth];
}

static NOINLINE int frame_compare(const void *a, const void *b)
{
        frame_event(0);
        return *(const int *)a - *(const int *)b;
}

/* Callbacks of qsort for so many numbers, at most 9. */
static NOINLINE void frame_sort(size_t count)
{
        int some[9] = { 3, 1, 2, 9, 8, 7, 4, 6, 5 };

        qsort(some, count, sizeof some[0], frame_compare);
        after += some[0];
}

/* Leaves its frames by longjmp from the innermost one. */
static NOINLINE void frame_jump(jmp_buf *to, int depth)
{
        frame_event(depth);
        if (depth == 0)
                longjmp(*to, 1);
        if (depth > 0)
                frame_jump(to, depth - 1);
        after++;
}

static NOINLINE void frame_raise(int depth)
{
        if (depth)
                frame_raise(depth - 1);
        else
                raise(SIGUSR1);
        after++;
}

/* ---- a stack of its own -------------------------------------------------- */

static ucontext_t frame_back, frame_coroutine;

static void frame_begin(void (*run)(void), void *room, size_t bytes)
{
        getcontext(&frame_coroutine);
        frame_coroutine.uc_stack.ss_sp = room;
        frame_coroutine.uc_stack.ss_size = bytes;
        frame_coroutine.uc_link = &frame_back;
        makecontext(&frame_coroutine, run, 0);
}

static void frame_run_in_turn(void)
{
        for (int i = 0; i < 20; i++) {
                frame_recurse(i);
                frame_alloca(3);
                swapcontext(&frame_coroutine, &frame_back);
        }
}

/* Twenty rounds, here and on the stack in `room` by turns. */
static void frame_take_turns(void *room, size_t bytes)
{
        frame_begin(frame_run_in_turn, room, bytes);
        for (int i = 0; i < 20; i++) {
                swapcontext(&frame_back, &frame_coroutine);
                frame_recurse(i);
        }
}

#endif
