/*
 * annotations.h: what a process said of its own heap (preload/weir.h and
 * LeakSanitizer's interface): memory that it calls a root, its suppressions,
 * its options.  Part of struct process, under its lock.
 */
#ifndef WEIR_ANNOTATIONS_H
#define WEIR_ANNOTATIONS_H

#include "../capture/ranges.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ANNOTATIONS_TEXT_MAX = 1 << 20 }; /* bytes of suppressions, or of options, of one process */

struct annotations_text {
        char *text; /* NUL-terminated; NULL = nothing was said */
        size_t length, capacity;
};

struct annotations {
        struct range *roots; /* in the order in which they were added, [start, end) */
        size_t root_count, root_capacity;
        struct annotations_text suppressions; /* in LeakSanitizer's syntax */
        struct annotations_text options;      /* of __lsan_default_options */
};

/* All-zero memory is a valid, empty one. */
void annotations_deinit(struct annotations *annotations);

/* A range becomes a root, or one added before with the same bounds is none any
 * more.  Each 0, or -1 without memory or when there is more than can be kept. */
int annotations_root(struct annotations *annotations, uint64_t start, uint64_t size, bool is_root);
int annotations_text(struct annotations_text *text, const void *more, size_t length);

/* Copies what a fork child has of its parent. */
int annotations_inherit(struct annotations *child, const struct annotations *parent);

/* True when the options switch detection off, or only that at the end, and the program
 * has not `checked` by itself. */
bool annotations_detect_nothing(const struct annotations *annotations, bool checked);

#endif
