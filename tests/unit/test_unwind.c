#include "suite.h"

#include <alloca.h>
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "../../preload/unwind.h"
#include "unwind_help.h"

#define NOINLINE __attribute__((noinline, noclone))

#include "../frames.h"

/* frames.h asks from the inside of each frame. */
static uint32_t frame_event(int depth)
{
        (void)depth;
        return scene_stack();
}

static void all_equal(uint64_t least)
{
        ck_assert_uint_ge(scene_checked(), least);
        ck_assert_uint_eq(scene_differed(), 0);
}

/* ---- plain frames ------------------------------------------------------ */

START_TEST(equal_stacks_have_equal_ids)
{
        uint32_t first[40];

        scene_begin();
        for (int round = 0; round < 3; round++) {
                for (int depth = 0; depth < 40; depth++) {
                        uint32_t id = frame_recurse(depth);

                        ck_assert_uint_ne(id, 0);
                        if (round == 0)
                                first[depth] = id;
                        ck_assert_uint_eq(id, first[depth]);
                        ck_assert(depth == 0 || id != first[depth - 1]);
                }
        }
        all_equal(120);
        ck_assert_uint_eq(scene_fallbacks(), 0);
        ck_assert_uint_ge(scene_modules(), 2);
}
END_TEST

START_TEST(a_changed_frame_is_noticed)
{
        scene_begin();
        for (int i = 0; i < 10; i++)
                frame_recurse(i);
        all_equal(10);
        scene_bend(1);
        for (int i = 0; i < 10; i++)
                frame_recurse(i);
        ck_assert_uint_eq(scene_differed(), 10);
}
END_TEST

static NOINLINE uint32_t by_one_way(int depth)
{
        uint32_t id = frame_recurse(depth);

        after += 1;
        return id;
}

static NOINLINE uint32_t by_another_way(int depth)
{
        uint32_t id = frame_recurse(depth);

        after += 2;
        return id;
}

/* Frames of one size: the innermost ones are the same both ways.  Each way is
 * gone as often as makes it the expected one, less often, and more. */
START_TEST(what_was_expected_is_not_believed)
{
        uint32_t one = 0, another = 0;

        scene_begin();
        for (int times = 1; times < 12; times++) {
                for (int i = 0; i < times; i++) {
                        uint32_t id = by_one_way(6);

                        ck_assert(one == 0 || id == one);
                        one = id;
                }
                for (int i = 0; i < times; i++) {
                        uint32_t id = by_another_way(6);

                        ck_assert(another == 0 || id == another);
                        another = id;
                }
        }
        ck_assert_uint_ne(one, another);
        all_equal(132);
}
END_TEST

START_TEST(functions_make_different_leaves)
{
        uint32_t a, b;

        scene_begin();
        struct frame_state at = { .pc = (uintptr_t)&frame_recurse, .sp = 0, .fp = 8 };

        a = unwind_stack(scene_nobody(), at, WEIR_FN_MALLOC);
        b = unwind_stack(scene_nobody(), at, WEIR_FN_CALLOC);
        ck_assert_uint_ne(a, 0);
        ck_assert_uint_ne(a, b);
        ck_assert_uint_eq(unwind_stack(scene_nobody(), at, WEIR_FN_MALLOC), a);
        ck_assert_uint_ge(scene_truncated(), 3);
}
END_TEST

/* ---- frames of every shape --------------------------------------------- */

START_TEST(frames_of_every_shape)
{
        scene_begin();
        for (int i = 0; i < 30; i++) {
                frame_alloca(i);
                frame_realigned(i);
                frame_realigned_alloca(i);
                frame_large(i);
        }
        all_equal(4 * 30 * 15);
        ck_assert_uint_eq(scene_fallbacks(), 0);
}
END_TEST

/* A walk over many stacks, mixed: what the memory of the last ones meets. */
static NOINLINE void walk_a(unsigned seed, int depth);
static NOINLINE void walk_b(unsigned seed, int depth);

static void walk_on(unsigned seed, int depth)
{
        seed = seed * 1103515245u + 12345u;
        if (seed >> 16 & 1)
                scene_stack();
        if (depth == 0)
                return;
        switch (seed >> 17 & 7) {
        case 0:
                frame_sort(3);
                break;
        case 1:
                frame_alloca(depth & 3);
                break;
        case 2:
                frame_realigned_alloca(depth & 3);
                break;
        }
        for (int i = 0; i < 2; i++) {
                seed = seed * 1103515245u + 12345u;
                if (seed >> 16 & 1)
                        walk_a(seed, depth - 1);
                else
                        walk_b(seed, depth - 1 - (seed >> 20 & 1 && depth > 1));
        }
}

static NOINLINE void walk_a(unsigned seed, int depth)
{
        walk_on(seed, depth);
        after++;
}

static NOINLINE void walk_b(unsigned seed, int depth)
{
        volatile char *room = alloca(seed >> 24);

        room[0] = 1;
        walk_on(seed, depth);
        after += room[0];
}

START_TEST(a_random_walk)
{
        scene_begin();
        for (unsigned seed = 1; seed < 12; seed++)
                walk_a(seed, 11);
        all_equal(10000);
        ck_assert_uint_eq(scene_fallbacks(), 0);
}
END_TEST

START_TEST(deep_recursion)
{
        scene_begin();
        ck_assert_uint_ge(scene_depth(frame_recurse(60000)), 60000);
        for (int i = 0; i < 20; i++)
                frame_recurse(2000 + i * 10);
        all_equal(21);
        ck_assert_uint_eq(scene_truncated(), 0);
}
END_TEST

/* ---- leaving frames in other ways -------------------------------------- */

START_TEST(longjmp_leaves_frames)
{
        jmp_buf here;

        scene_begin();
        for (volatile int i = 0; i < 200; i++) {
                if (setjmp(here) == 0)
                        frame_jump(&here, i % 13);
                scene_stack();
                frame_recurse(i % 5);
        }
        all_equal(600);
}
END_TEST

START_TEST(exceptions_leave_frames)
{
        scene_begin();
        scene_exceptions(100);
        all_equal(500);
}
END_TEST

/* ---- signals ----------------------------------------------------------- */

/* Strikes once, and again so long after its handler is done that what it came
 * upon gets on, however slow a sanitizer makes the handler. */
static void strike(long microseconds)
{
        const struct itimerval once = { { 0, 0 }, { 0, microseconds } };

        setitimer(ITIMER_REAL, &once, NULL);
}

enum { OFTEN = 300, NEVER = 0 };

static void on_signal(int number)
{
        scene_stack();
        frame_recurse(2);
        if (number == SIGALRM)
                strike(OFTEN);
}

static void handle(int number, int flags)
{
        struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags | SA_RESTART };

        ck_assert_int_eq(sigaction(number, &action, NULL), 0);
}

START_TEST(handlers_on_both_stacks)
{
        static char room[65536];
        stack_t other = { .ss_sp = room, .ss_size = sizeof room };

        scene_begin();
        handle(SIGUSR1, 0);
        for (int i = 0; i < 50; i++)
                frame_raise(i % 9);
        ck_assert_int_eq(sigaltstack(&other, NULL), 0);
        handle(SIGUSR1, SA_ONSTACK);
        for (int i = 0; i < 50; i++)
                frame_raise(i % 9);
        all_equal(200);
}
END_TEST

/* A timer that strikes anywhere, the unwinder included. */
START_TEST(signals_in_the_midst_of_it)
{
        static char room[65536];
        stack_t other = { .ss_sp = room, .ss_size = sizeof room };

        scene_begin();
        ck_assert_int_eq(sigaltstack(&other, NULL), 0);
        for (int flags = 0; flags <= SA_ONSTACK; flags += SA_ONSTACK) {
                handle(SIGALRM, flags);
                strike(OFTEN);
                for (unsigned seed = 1; seed < 5; seed++)
                        walk_a(seed, 10);
                strike(NEVER);
        }
        all_equal(2000);
}
END_TEST

static sigjmp_buf out;

static void jump_out(int number)
{
        (void)number;
        siglongjmp(out, 1);
}

static NOINLINE void recurse_unchecked(int depth)
{
        if (depth)
                recurse_unchecked(depth - 1);
        else
                scene_ask();
        after++;
}

/* Out of a handler that may have interrupted the unwinder itself. */
START_TEST(handlers_that_do_not_return)
{
        struct sigaction action = { .sa_handler = jump_out };
        struct itimerval soon = { { 0, 0 }, { 0, 0 } }, never = { { 0, 0 }, { 0, 0 } };

        scene_begin();
        ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
        for (volatile int i = 0; i < 300; i++) {
                soon.it_value.tv_usec = 50 + i;
                if (sigsetjmp(out, 1) == 0) {
                        setitimer(ITIMER_REAL, &soon, NULL);
                        for (;;)
                                recurse_unchecked(after & 15);
                }
                setitimer(ITIMER_REAL, &never, NULL);
                frame_recurse(i % 20);
        }
        all_equal(300);
}
END_TEST

/* ---- other stacks ------------------------------------------------------ */

START_TEST(coroutines_on_stacks_of_their_own)
{
        size_t bytes = 1 << 16;
        char *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        scene_begin();
        frame_take_turns(room, bytes);
        munmap(room, bytes);
        frame_recurse(3);
        all_equal(100);
}
END_TEST

/* Where the last frame of a run is, which keeps no frame pointer; and whether
 * the coroutine runs once more while it is there. */
static uintptr_t last_frame;
static bool go_on;

static NOINLINE void ask_often(void)
{
        volatile char here = 0;

        last_frame = (uintptr_t)&here;
        for (int i = 0; i < 10; i++) {
                scene_stack();
                after++;
        }
        if (go_on) {
                go_on = false;
                swapcontext(&frame_back, &frame_coroutine);
        }
        after++;
}

/* So deep that its stack has several limbs. */
static NOINLINE void ask_below(int depth)
{
        if (depth)
                ask_below(depth - 1);
        else
                ask_often();
        after++;
}

static NOINLINE void run_once(void)
{
        ask_below(80);
        after++;
}

/* Of run_once, on this stack or as a coroutine that is begun from its end. */
static uintptr_t frame_of_run(bool as_coroutine)
{
        go_on = as_coroutine;
        run_once();
        return last_frame;
}

/* A frame of the same code on another stack, with the low half of the stack
 * pointer of a frame that is known and whose callers are still there. */
START_TEST(a_stack_4_gib_away)
{
        enum { BYTES = 1 << 16 };
        char *near = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *far = MAP_FAILED;
        uintptr_t own, place;

        scene_begin();
        own = frame_of_run(false);
        frame_begin(run_once, near, BYTES);
        place = own + (uintptr_t)near - frame_of_run(true);
        for (int i = 0; i < 1000 && far == MAP_FAILED; i++) {
                place -= UINT64_C(1) << 32;
                far = mmap((void *)(place & ~UINT64_C(0xfff)), 2 * BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        }
        ck_assert(far != MAP_FAILED);
        frame_begin(run_once, (char *)place, BYTES);
        ck_assert_uint_ne(frame_of_run(true), own);
        ck_assert_uint_eq((uint32_t)last_frame, (uint32_t)own);
        munmap(far, 2 * BYTES);
        munmap(near, BYTES);
        all_equal(50);
}
END_TEST

static void *thread_main(void *context)
{
        scene_thread();
        for (unsigned seed = 1; seed < 4; seed++)
                walk_a(seed + *(const unsigned *)context % 2, 9);
        scene_thread_end();
        return NULL;
}

START_TEST(threads_at_once)
{
        pthread_t threads[4];
        unsigned seeds[4] = { 0, 1, 2, 3 };
        uint32_t nodes;

        scene_begin();
        for (int round = 0; round < 4; round++) {
                for (int i = 0; i < 4; i++)
                        ck_assert_int_eq(pthread_create(&threads[i], NULL, thread_main, &seeds[i]), 0);
                for (int i = 0; i < 4; i++)
                        pthread_join(threads[i], NULL);
                /* The same walks again: every stack is known. */
                if (round == 0)
                        nodes = scene_nodes();
                else
                        ck_assert_uint_eq(scene_nodes(), nodes);
        }
        all_equal(1000);
}
END_TEST

/* ---- modules that come and go ------------------------------------------ */

static void *use_plugin(const char *name, uint32_t *id)
{
        char path[4096];
        uint32_t (*enter)(uint32_t(*)(void), int);
        void *handle, *start;

        snprintf(path, sizeof path, "%s/%s", getenv("WEIR_TEST_PROGRAMS"), name);
        handle = dlopen(path, RTLD_NOW);
        ck_assert_msg(handle != NULL, "%s", dlerror());
        start = dlsym(handle, "plugin_enter");
        memcpy(&enter, &start, sizeof enter);
        for (int i = 0; i < 6; i++)
                *id = enter(scene_stack, i);
        unwind_unload_begin();
        dlclose(handle);
        unwind_unload_end();
        scene_forget();
        return start;
}

START_TEST(another_module_at_the_same_address)
{
        unsigned reused = 0;
        uint32_t one, two, first = 0, modules = 0;

        scene_begin();
        for (int i = 0; i < 10; i++) {
                void *a = use_plugin("unwind-plugin-a.so", &one);
                void *b = use_plugin("unwind-plugin-b.so", &two);

                reused += a == b;
                ck_assert_uint_ne(one, two);
                if (i == 0) {
                        first = one;
                        modules = scene_modules();
                } else if (a == b) {
                        ck_assert_uint_eq(one, first);
                }
        }
#ifndef __SANITIZE_ADDRESS__ /* it keeps what was mapped at that address */
        ck_assert_uint_gt(reused, 0);
#endif
        ck_assert_uint_eq(scene_modules(), modules);
        all_equal(120);
}
END_TEST

START_TEST(during_an_unload_nothing_cached_counts)
{
        uint32_t ids[5];

        scene_begin();
        for (int i = 0; i < 5; i++) {
                if (i == 1 || i == 2)
                        unwind_unload_begin();
                ids[i] = frame_recurse(5);
                if (i == 2 || i == 3)
                        unwind_unload_end();
                ck_assert_uint_eq(ids[i], ids[0]);
        }
        all_equal(5);
}
END_TEST

/* ---- code without tables ----------------------------------------------- */

typedef void callback(int);
typedef void relay(callback *, int);

/* f(callback, n) { callback(n); }, with a frame pointer, without one, and
 * with a frame so large that its frame pointer is not believed. */
static const uint8_t relays[][32] = {
        { 0x55, 0x48, 0x89, 0xe5, 0x48, 0x89, 0xf8, 0x89, 0xf7, 0xff, 0xd0, 0x5d, 0xc3 },
        { 0x48, 0x83, 0xec, 0x08, 0x48, 0x89, 0xf8, 0x89, 0xf7, 0xff, 0xd0, 0x48, 0x83, 0xc4, 0x08, 0xc3 },
        { 0x55, 0x48, 0x89, 0xe5, 0x48, 0x81, 0xec, 0x00, 0x50, 0x00,
          0x00, 0x48, 0x89, 0xf8, 0x89, 0xf7, 0xff, 0xd0, 0xc9, 0xc3 },
};

enum { RELAYS = sizeof relays / sizeof *relays };

static uint8_t (*made)[32];

static relay *made_relay(int which)
{
        relay *function;
        void *code = made[which];

        memcpy(&function, &code, sizeof function);
        return function;
}

static NOINLINE void bounce(int n)
{
        scene_stack();
        frame_recurse(n % 4);
        if (n > 0)
                made_relay(n % 3 ? 0 : n / 3 % RELAYS)(n % 2 ? bounce : frame_alloca, n - 1);
        after++;
}

START_TEST(code_without_tables)
{
        size_t bytes = 4096;

        scene_begin();
        made = mmap(NULL, bytes, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert(made != MAP_FAILED);
        memcpy(made, relays, sizeof relays);
        for (int round = 0; round < 3; round++)
                for (int n = 0; n < 40; n++)
                        bounce(n);
        for (int which = 0; which < RELAYS; which++)
                made_relay(which)(bounce, which);
        all_equal(300);
#ifndef __SANITIZE_ADDRESS__ /* its frames hold words that are guessed to be code, and are none */
        ck_assert_uint_eq(scene_fallbacks(), 0);
#endif
        munmap(made, bytes);
        bounce(0);
        all_equal(300);
}
END_TEST

/* ---- fork -------------------------------------------------------------- */

START_TEST(a_fork_child_begins_anew)
{
        int status;
        pid_t child;

        scene_begin();
        frame_recurse(10);
        child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0) {
                struct frame_state at = { .pc = (uintptr_t)&frame_recurse };
                bool wiped = unwind_stack(scene_nobody(), at, WEIR_FN_MALLOC) == 0;

                scene_begin();
                if (!wiped || frame_recurse(10) == 0 || frame_recurse(3) == 0 || scene_differed() != 0)
                        _exit(1);
                _exit(scene_nodes() > 10 ? 0 : 2);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
        frame_recurse(10);
        all_equal(2);
}
END_TEST

SUITE_MAIN("unwind", equal_stacks_have_equal_ids, a_changed_frame_is_noticed, what_was_expected_is_not_believed,
           functions_make_different_leaves, frames_of_every_shape, a_random_walk, deep_recursion, longjmp_leaves_frames,
           exceptions_leave_frames, handlers_on_both_stacks, signals_in_the_midst_of_it, handlers_that_do_not_return,
           coroutines_on_stacks_of_their_own, a_stack_4_gib_away, threads_at_once, another_module_at_the_same_address,
           during_an_unload_nothing_cached_counts, code_without_tables, a_fork_child_begins_anew)
