/*
 * unwind.h: from a caller's registers to a stack id.
 *
 * The entry to the unwinder.  It answers one question for a hook: "who called
 * me?", as the index of a node in the channel's stack table (channel.h,
 * "stacks").  Equal stacks get equal ids, and the frames are those that
 * libunwind's cursor gives, outermost one (`_start`, `clone`) included.
 *
 *     hook:   struct frame_state at = frame_state_of_caller();
 *             uint32_t stack = unwind_stack(thread, at, WEIR_FN_MALLOC);
 *
 * How: see "soundness" in limbs.h; in one line, the words that an earlier
 * walk read are read again and compared, and only frames inside of the first
 * difference are walked, by call-frame rules decoded once for each address.
 *
 * Everything here may be called from a signal handler, also one that
 * interrupted this very code on this very thread.  Nothing here allocates
 * from the program's heap, takes a lock, uses stdio or changes errno.
 */
#ifndef WEIR_UNWIND_H
#define WEIR_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "channel.h"
#include "frame.h"
#include "walk.h"

/* What one process image gives the unwinder; copied by unwind_process_init. */
struct unwind_process {
        struct weir_control *control; /* next_node, next_frame, lost.stacks and counters are moved */
        struct weir_node *nodes;      /* the channel's stack table, zeroed */
        struct weir_frame *frames;    /* its frame table, zeroed */
        uint32_t node_capacity;       /* entries of them; entry 0 stays unused, and beyond 2^24 all do */
        uint32_t frame_capacity;
        bool check; /* WEIR_SESSION_CHECK_STACKS */
};

/* One thread's memory of its last stacks.  Opaque; unwind_thread_bytes() of
 * zeroed, 64-byte aligned memory are a valid one whose stack bounds are
 * unknown: correct, but every stack is then walked in full and with care. */
struct unwind_thread;

/* Bytes of a struct unwind_thread: a constant, below 64 KiB, a multiple of 64.
 * Pages of it that are not used are never touched. */
size_t unwind_thread_bytes(void);

/* Tells the bounds of the thread's own stack, [low, high): `high` is where
 * its first frame begins, and every byte from any stack pointer inside the
 * bounds up to `high` must be readable.  For the main thread `low` is `high`
 * minus a sane RLIMIT_STACK: stacks mapped elsewhere must not lie inside. */
void unwind_thread_init(struct unwind_thread *thread, uintptr_t low, uintptr_t high);

/* Gives back what the thread mapped beyond its own bytes (stacks deeper than
 * some hundred frames).  The memory is a valid zeroed thread afterwards. */
void unwind_thread_release(struct unwind_thread *thread);

/* Loads the reference unwinder.  Once, from the library's constructor, never
 * from a hook: it calls dlopen.  Without libunwind the rest works, and stacks
 * that need it are cut and marked WEIR_FRAME_TRUNCATED. */
void unwind_load(void);

/* Begins a process image, or a fork child with its own fresh channel.  All
 * that was cached about stack ids is forgotten (the private tables are wiped
 * by the kernel at fork).  False when memory could not be mapped: unwind_stack
 * then answers 0.  Other threads may run; none of them may be in here. */
bool unwind_process_init(const struct unwind_process *process);

/* The id of the stack that begins at `at` (frame 0: the caller of the hook,
 * its node's detail is `function`), 0 when the stack table is full or the
 * process is not initialised; a full table is counted in lost.stacks. */
static inline uint32_t unwind_stack(struct unwind_thread *thread, struct frame_state at, enum weir_function function);

/* The same with its arguments in registers. */
uint32_t unwind_stack_at(struct unwind_thread *thread, uintptr_t pc, uintptr_t sp, uintptr_t fp,
                         enum weir_function function);

/* Only walks: the frames of the stack that begins at `at` in an empty trail
 * (walk_all, walk.h), by what is known of the code and of the thread's own stack. */
enum walk_result unwind_frames(const struct unwind_thread *thread, struct trail *trail, struct frame_state at);

/* The pair that must enclose every call of the real dlclose (dlmclose, …).
 * Between them nothing cached is trusted and nothing is cached; after the
 * outermost `end` everything known about addresses is decoded anew.  Any
 * number of threads may be between them at once. */
void unwind_unload_begin(void);
void unwind_unload_end(void);

static inline uint32_t unwind_stack(struct unwind_thread *thread, struct frame_state at, enum weir_function function)
{
        return unwind_stack_at(thread, at.pc, at.sp, at.fp, function);
}

#endif
