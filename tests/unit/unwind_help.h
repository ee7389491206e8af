/*
 * unwind_help.h: a process for the unwinder, and the comparison of every
 * stack with libunwind's local cursor, which shares nothing with the shim's
 * own use of libunwind.
 */
#ifndef WEIR_TEST_UNWIND_HELP_H
#define WEIR_TEST_UNWIND_HELP_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Maps a control page and a stack table, and begins a process on them. */
void scene_begin(void);

/* The same in the checking mode, which counts for itself. */
void scene_begin_checking(void);
uint64_t scene_mode_checked(void);
uint64_t scene_mode_differed(void);

/* Gives the calling thread its memory; every thread of a test calls it. */
void scene_thread(void);
void scene_thread_end(void);

/* Memory of a thread whose stack is unknown: nothing is remembered. */
struct unwind_thread *scene_nobody(void);

/* Takes the caller's stack through the unwinder and compares it with
 * libunwind's.  Its id. */
uint32_t scene_stack(void);

/* Only takes it through the unwinder. */
uint32_t scene_ask(void);

/* Makes libunwind forget its own rules: it keeps those of closed modules. */
void scene_forget(void);

/* Turns `bend` on: scene_stack then compares with one frame changed. */
void scene_bend(int on);

/* What scene_stack counted so far, over all threads. */
uint64_t scene_checked(void);
uint64_t scene_differed(void);

/* Counters of the control page. */
uint64_t scene_fallbacks(void);
uint64_t scene_truncated(void);
uint32_t scene_nodes(void);
uint32_t scene_modules(void);

/* Frames of a stack. */
uint32_t scene_depth(uint32_t id);

/* Scenes written in C++; `rounds` times each. */
void scene_exceptions(int rounds);

#ifdef __cplusplus
}
#endif

#endif
