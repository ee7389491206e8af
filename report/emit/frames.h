/*
 * frames.h: what the names in a stack say: which frame is the program's own,
 * which belong to the C runtime below main or are the allocation function
 * itself, and what a name is without the compiler's additions.
 */
#ifndef WEIR_FRAMES_H
#define WEIR_FRAMES_H

#include "report.h"

#include <stdbool.h>
#include <stddef.h>

/* The part of a path after its last slash. */
const char *path_base(const char *path);

/* The length of a function's name without what compilers add to copies of it:
 * `.part.0`, `.constprop.1`, `.isra.0`, `.cold`, `.lto_priv.3`, `.llvm.123`,
 * ` [clone .part.0]`, a bare `.123`, and the hash of a Rust name (`::h` and 16
 * hex digits). */
size_t function_plain_length(const char *function);

/* True for a module of the C library or the loader. */
bool module_is_libc(const char *module);

/* How many frames are left when the frames of the C runtime at the stack's
 * outer end (what calls main, a thread's or an exit handler's start) are left
 * out; all of them when less than two would remain. */
size_t frames_without_runtime(const struct report_frame *stack, size_t count);

/* The frame a person looks at first: the innermost with a source line that is
 * neither frame 0 nor of the C or C++ runtime, else the innermost such frame
 * without a line, else the one that called frame 0, else frame 0.  NULL for an
 * empty stack. */
const struct report_frame *frames_site(const struct report_frame *stack, size_t count);

#endif
