#include "thread.h"

#include "apart.h"
#include "end.h"
#include "guard.h"
#include "process.h"
#include "raw.h"

#include <sys/mman.h>

__thread struct thread_local_state thread_local_state = { .guard = GUARD_UNKNOWN };

enum { LIMIT_AT_LEAST = 16 };

/* All struct threads ever mapped, how many, and how many of them are known to
 * be free.  At `limit` the kernel is asked about every owner before another
 * one is mapped.  The limit is twice the living then found, and some: so at
 * least half of those asked about are dead or new, and the cost of asking is
 * spread over as many registrations. */
static struct thread *_Atomic threads;
static _Atomic uint32_t total, spare, limit = LIMIT_AT_LEAST;

/* Takes over `thread` from `owner`, whom the caller knows to be gone. */
static bool take(struct thread *thread, uint64_t owner, uint32_t tid)
{
        return atomic_compare_exchange_strong(&thread->owner, &owner, ((owner >> 32) + 1) << 32 | tid);
}

static bool is_dead(uint64_t owner)
{
        return raw_syscall(SYS_tgkill, process_self->pid, (int32_t)owner, 0, 0) == -ESRCH;
}

/* Frees the states of all dead threads. */
static void bury(void)
{
        uint32_t alive = 0;

        for (struct thread *t = threads; t; t = t->next) {
                uint64_t owner = t->owner;

                if ((uint32_t)owner && is_dead(owner) && take(t, owner, 0))
                        atomic_fetch_add(&spare, 1);
                else if ((uint32_t)owner)
                        alive++;
        }
        atomic_store(&limit, 2 * alive + LIMIT_AT_LEAST);
}

static struct thread *reuse(uint32_t tid)
{
        if (!atomic_load(&spare))
                return NULL;
        for (struct thread *t = threads; t; t = t->next) {
                uint64_t owner = t->owner;

                if (!(uint32_t)owner && take(t, owner, tid)) {
                        atomic_fetch_sub(&spare, 1);
                        unwind_thread_release(t->unwind);
                        return t;
                }
        }
        return NULL;
}

static struct thread *create(uint32_t tid)
{
        size_t header = (sizeof(struct thread) + 63) & ~(size_t)63;
        struct thread *t = apart_map(header + unwind_thread_bytes());

        if (!t)
                return NULL;
        atomic_fetch_add(&total, 1);
        t->owner = tid;
        t->unwind = (struct unwind_thread *)((char *)t + header);
        t->next = threads;
        while (!atomic_compare_exchange_weak(&threads, &t->next, t))
                ;
        return t;
}

static struct thread *find(uint32_t tid)
{
        struct thread *t = reuse(tid);

        if (!t && atomic_load(&total) >= atomic_load(&limit)) {
                bury();
                t = reuse(tid);
        }
        return t ? t : create(tid);
}

static uintptr_t thread_pointer(void)
{
        return (uintptr_t)__builtin_thread_pointer();
}

/* The main thread's stack begins where the kernel put the arguments.  The C
 * library lays the descriptor of any other thread at the top of its stack, so
 * that the thread pointer bounds it; `low` stays unknown. */
static void stack_bounds(struct weir_thread *entry, bool first, uintptr_t here)
{
        uintptr_t top = first ? end_of_main_stack() : thread_pointer();

        if (here >= top || top - here > (uintptr_t)1 << 34)
                return;
        entry->stack_high = top;
        entry->stack_low = first ? end_main_stack_low(top) : 0;
}

/* Fills the entry of the thread table; its number. */
static uint32_t announce(struct thread *t, uint32_t tid)
{
        struct weir_control *control = process_self->control;
        uint32_t number = atomic_fetch_add(&control->next_thread, 1);
        struct weir_thread *entry = &process_self->threads[number];
        uintptr_t here = (uintptr_t)__builtin_frame_address(0);
        struct weir_thread bounds = { 0 };

        stack_bounds(&bounds, tid == (uint32_t)process_self->pid, here);
        if (bounds.stack_high)
                unwind_thread_init(t->unwind, bounds.stack_low ? bounds.stack_low : here & ~(uintptr_t)0xfff,
                                   bounds.stack_high);
        t->moving = &t->nowhere;
        if (number >= control->layout.threads) {
                atomic_fetch_add(&control->lost.threads, 1);
                return WEIR_THREAD_NONE;
        }
        entry->stack_low = bounds.stack_low;
        entry->stack_high = bounds.stack_high;
        entry->thread_pointer = thread_pointer();
        t->moving = &entry->moving;
        atomic_store_explicit(&entry->tid, (int32_t)tid, memory_order_release);
        return number;
}

/* The number its next events carry. */
static void wear(uint32_t number)
{
        thread_local_state.body_bits = (uint64_t)number << WEIR_BODY_THREAD_SHIFT;
}

static uint32_t announce_quiet(struct thread *t)
{
        struct weir_control *control = process_self->control;
        uint32_t number = atomic_fetch_add(&control->next_thread, 1);
        struct weir_thread *entry = &process_self->threads[number];

        if (number >= control->layout.threads) {
                atomic_fetch_add(&control->lost.threads, 1);
                return 0;
        }
        entry->flags = WEIR_THREAD_QUIET | t->number << 8;
        atomic_store_explicit(&entry->tid, raw_gettid(), memory_order_release);
        return number;
}

void thread_set_quiet(bool quiet)
{
        struct thread *t = thread_local_state.self;

        if (quiet && !t->quiet)
                t->quiet = announce_quiet(t);
        wear(quiet && t->quiet ? t->quiet : t->number);
}

bool thread_register(void)
{
        uint32_t tid = (uint32_t)raw_gettid();
        struct thread *t = find(tid);

        if (!t)
                return false;
        if (tid != (uint32_t)process_self->pid)
                process_parallel();
        t->number = announce(t, tid);
        t->quiet = 0;
        wear(t->number);
        thread_local_state.self = t;
        if (thread_local_state.quiet)
                thread_set_quiet(true);
        return true;
}

void thread_forget_all(void)
{
        uint32_t count = 0;

        for (struct thread *t = threads; t; t = t->next) {
                t->owner = (t->owner >> 32) << 32;
                count++;
        }
        atomic_store(&spare, count);
        thread_local_state.self = NULL;
}
