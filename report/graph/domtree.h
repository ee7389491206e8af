/*
 * domtree.h: the dominator tree from the top down: the children of each
 * vertex, and a walk over all of it.
 */
#ifndef WEIR_GRAPH_DOMTREE_H
#define WEIR_GRAPH_DOMTREE_H

#include "dominators.h"

struct domtree {
        const struct dominators *dominators;
        struct ids rows; /* of each vertex its first child; and the end */
        struct ids kids;
};

/* `dominators` must outlive the tree.  0, or -1 without memory. */
int domtree_init(struct domtree *tree, const struct dominators *dominators);
void domtree_free(struct domtree *tree);

static inline uint64_t domtree_count(const struct domtree *tree, uint64_t vertex)
{
        return ids_get(&tree->rows, vertex + 1) - ids_get(&tree->rows, vertex);
}

/* index < domtree_count */
static inline uint64_t domtree_child(const struct domtree *tree, uint64_t vertex, uint64_t index)
{
        return ids_get(&tree->kids, ids_get(&tree->rows, vertex) + index);
}

/* Visits what is below `top`, itself left out: `enter` before a vertex's
 * children, `leave` after them.  No recursion.  0, or -1 without memory. */
struct domtree_visitor {
        void (*enter)(void *context, uint64_t vertex);
        void (*leave)(void *context, uint64_t vertex);
        void *context;
};
int domtree_walk(const struct domtree *tree, uint64_t top, const struct domtree_visitor *visitor);

#endif
