/*
 * recall.h: the stack of an event whose frame does what it did last time,
 * which most do: inline in the hooks that most events come from.  Everywhere
 * else unwind_stack does the same out of line.
 */
#ifndef WEIR_RECALL_H
#define WEIR_RECALL_H

#include <stdatomic.h>

#include "memo.h"
#include "nodes.h"
#include "unwind.h"

/* All that a fork child must not have of its parent; in pages that the kernel
 * wipes at fork, so that a child is uninitialised, not confused. */
struct unwind_state {
        /* The time of everything cached; 0 = not initialised.  Also the key of
         * a thread's memo, when bits 0..15 are 0.
         *
         * bits  0..15  unloads under way: nothing cached counts while not 0
         * bits 16..47  unloads finished
         * bits 48..63  process images and fork children that lived in this
         *              memory, from 1, so that a child's epoch is not its
         *              parent's */
        _Atomic uint64_t epoch;
        struct unwind_process process;
        struct nodes nodes;
};

union unwind_page {
        struct unwind_state state;
        char page[WEIR_PAGE];
};

extern union unwind_page unwind_page __attribute__((visibility("hidden")));

struct unwind_thread {
        struct memo memo;
        uintptr_t low, high; /* its own stack */
};

/* What unwind_stack answers where the leaves of the memo do not, or may not be
 * asked.  `key` is the frame's (leaves.h). */
uint32_t unwind_unready(struct unwind_thread *thread, uint64_t key, uintptr_t sp, const uintptr_t *fp);

/* What it answers where the guess does not.  The memo was begun at `epoch`, and
 * is ended here. */
uint32_t unwind_unguessed(struct unwind_thread *thread, uint64_t key, uintptr_t sp, const uintptr_t *fp,
                          uint64_t epoch);

/* The epoch now, by one compare with memory. */
static inline bool recall_epoch_is(uint64_t epoch)
{
        uint64_t now;

        __builtin_memcpy(&now, (const void *)&unwind_page.state.epoch, sizeof now);
        return likely(now == epoch);
}

/* unwind_stack, with the place of the frame's fp.  A memo that nothing was
 * learned in has no guess, whatever its holder and the epoch. */
static inline __attribute__((always_inline)) uint32_t
recall_stack(struct unwind_thread *thread, uintptr_t pc, uintptr_t sp, const uintptr_t *fp, enum weir_function function)
{
        struct memo *memo = &thread->memo;
        uint64_t epoch = atomic_load_explicit(&unwind_page.state.epoch, memory_order_acquire);
        uint64_t key = leaf_key(pc, function);
        uint32_t id;

        if (unlikely(!memo_ready(memo, epoch)))
                return unwind_unready(thread, key, sp, fp);
        memo_begin(memo, sp);
        id = memo_recall(memo, key, sp, fp);
        if (unlikely(!id))
                return unwind_unguessed(thread, key, sp, fp, epoch);
        memo_end(memo, epoch);
        if (unlikely(!recall_epoch_is(epoch)))
                return unwind_unready(thread, key, sp, fp);
        return id;
}

#endif
