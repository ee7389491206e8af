#include "domtree.h"

int domtree_init(struct domtree *tree, const struct dominators *d)
{
        uint64_t sum = 0;

        *tree = (struct domtree){ .dominators = d };
        if (ids_init(&tree->rows, d->count + 2) || ids_init(&tree->kids, d->reached)) {
                domtree_free(tree);
                return -1;
        }
        /* Counted two places ahead, so that filling in moves each count to its place. */
        for (uint64_t i = 1; i < d->reached; i++) {
                uint64_t at = ids_get(&d->idom, ids_get(&d->order, i)) + 2;

                ids_set(&tree->rows, at, ids_get(&tree->rows, at) + 1);
        }
        for (uint64_t i = 0; i < d->count; i++) {
                sum += ids_get(&tree->rows, i + 1);
                ids_set(&tree->rows, i + 1, sum);
        }
        for (uint64_t i = 1; i < d->reached; i++) {
                uint64_t vertex = ids_get(&d->order, i), parent = ids_get(&d->idom, vertex);
                uint64_t at = ids_get(&tree->rows, parent + 1);

                ids_set(&tree->kids, at, vertex);
                ids_set(&tree->rows, parent + 1, at + 1);
        }
        return 0;
}

void domtree_free(struct domtree *tree)
{
        ids_free(&tree->rows);
        ids_free(&tree->kids);
}

struct level {
        uint64_t vertex, next;
};

int domtree_walk(const struct domtree *tree, uint64_t top, const struct domtree_visitor *visitor)
{
        struct level *levels = NULL;
        size_t capacity = 0, depth = 0;
        int status = mem_grow(&levels, &capacity, 1, sizeof *levels);

        if (!status)
                levels[depth++] = (struct level){ .vertex = top };
        while (!status && depth) {
                struct level *level = &levels[depth - 1];
                uint64_t child;

                if (level->next == domtree_count(tree, level->vertex)) {
                        if (--depth)
                                visitor->leave(visitor->context, level->vertex);
                        continue;
                }
                child = domtree_child(tree, level->vertex, level->next++);
                visitor->enter(visitor->context, child);
                status = mem_grow(&levels, &capacity, depth + 1, sizeof *levels);
                if (!status)
                        levels[depth++] = (struct level){ .vertex = child };
        }
        mem_free(levels);
        return status;
}
