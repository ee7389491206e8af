/*
 * root_list.h: how roots.c and its parts add to a list of roots.  Each returns
 * 0, or -1 without memory.
 */
#ifndef WEIR_ROOT_LIST_H
#define WEIR_ROOT_LIST_H

#include "roots.h"

/* What the parts share while a list is built. */
struct root_builder {
        const struct root_source *from;
        struct root_list *roots;
        struct extents *extents;
        struct ranges taken; /* accounted for: no part of it is unknown */
};

/* A copy of `text` that lives as long as the list; NULL without memory. */
const char *root_list_name(struct root_list *roots, const char *text);

/* The parts of [start, end) that hold anything, as roots. */
int root_list_memory(struct root_builder *builder, enum root_kind kind, uint64_t start, uint64_t end,
                     const char *name, pid_t tid);

/* Register words that live elsewhere. */
int root_list_words(struct root_list *roots, const uint64_t *words, size_t count, const char *name, pid_t tid);

/* A word of the list's own. */
int root_list_word(struct root_list *roots, uint64_t word, const char *name, pid_t tid);

/* The parts (thread_roots.c, unknown_roots.c, shim_memory.c). */
int thread_roots(struct root_builder *builder);
int unknown_roots(struct root_builder *builder);

/* Counts what the shim mapped for itself as taken.  `taken` is sorted, and the
 * stacks of threads that ended are in it. */
int shim_memory(struct root_builder *builder);

/* True when the allocator lives in the mapping: it holds blocks that are not
 * inside something known. */
bool unknown_is_allocators(const struct root_builder *builder, const struct map *map);

/* The DTV of the descriptor at `thread_pointer`, as a root or, when it is a
 * block, as a word. */
int dtv_root(struct root_builder *builder, uint64_t thread_pointer, const char *name, pid_t tid);

#endif
