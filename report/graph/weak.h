/*
 * weak.h: why a block is only `possible`: the weakest link on its path.
 */
#ifndef WEIR_GRAPH_WEAK_H
#define WEIR_GRAPH_WEAK_H

#include "arena.h"
#include "group.h"
#include "paths.h"

/* Fills the group's weak_link and weak_why from block `id`; -1 without
 * memory. */
int weak_tell(const struct paths *paths, uint64_t id, struct group *group, struct group_arena **arena);

#endif
