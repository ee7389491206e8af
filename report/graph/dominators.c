#include "dominators.h"

/* In here vertices have their numbers in preorder, but where `vertex` is
 * said. */
struct finder {
        struct dominators *d;
        dominators_next *next;
        void *context;
        uint64_t count;    /* numbered vertices */
        struct ids number; /* of each vertex; ID_NONE = not reached */
        struct ids parent; /* in the tree of the depth-first search */
        struct ids link;   /* the same, shortened by path compression */
        struct ids label;  /* the least semidominator on the shortened way */
        struct ids semi;   /* semidominators */
        struct ids row;    /* of each its first predecessor; and the end */
        struct ids before; /* predecessors */
        uint64_t *cursors; /* of the search; and a stack for the compression */
        size_t cursor_capacity;
};

static int init(struct finder *f, uint64_t vertices)
{
        struct dominators *d = f->d;

        if (ids_init(&d->idom, vertices) || ids_init(&d->order, vertices) || ids_init(&f->number, vertices) ||
            ids_init(&f->parent, vertices))
                return -1;
        memset(d->idom.bytes, 0xff, vertices * 5);
        memset(f->number.bytes, 0xff, vertices * 5);
        return 0;
}

static void number_vertex(struct finder *f, uint64_t vertex, uint64_t parent)
{
        ids_set(&f->number, vertex, f->count);
        ids_set(&f->parent, f->count, parent);
        ids_set(&f->d->order, f->count++, vertex);
}

/* Numbers what the root reaches in preorder. */
static int search(struct finder *f, uint64_t root)
{
        uint64_t depth = 0, at = 0; /* `at`: number of the vertex on top */

        number_vertex(f, root, 0);
        if (mem_grow(&f->cursors, &f->cursor_capacity, 1, sizeof *f->cursors))
                return -1;
        f->cursors[0] = 0;
        for (;;) {
                uint64_t next = f->next(f->context, ids_get(&f->d->order, at), &f->cursors[depth]);

                if (next == ID_NONE) {
                        if (!depth--)
                                return 0;
                        at = ids_get(&f->parent, at);
                } else if (ids_get(&f->number, next) == ID_NONE) {
                        if (mem_grow(&f->cursors, &f->cursor_capacity, ++depth + 1, sizeof *f->cursors))
                                return -1;
                        f->cursors[depth] = 0;
                        number_vertex(f, next, at);
                        at = f->count - 1;
                }
        }
}

/* Calls for every edge; counts each vertex's predecessors, or files them. */
static void walk_edges(struct finder *f, bool file)
{
        for (uint64_t from = 0; from < f->count; from++) {
                uint64_t vertex = ids_get(&f->d->order, from), cursor = 0, next;

                while ((next = f->next(f->context, vertex, &cursor)) != ID_NONE) {
                        uint64_t to = ids_get(&f->number, next), place = ids_get(&f->row, to);

                        if (file)
                                ids_set(&f->before, --place, from);
                        else
                                place++;
                        ids_set(&f->row, to, place);
                }
        }
}

static int find_predecessors(struct finder *f)
{
        uint64_t edges = 0;

        if (ids_init(&f->row, f->count + 1))
                return -1;
        walk_edges(f, false);
        for (uint64_t i = 0; i <= f->count; i++) {
                edges += ids_get(&f->row, i);
                ids_set(&f->row, i, edges);
        }
        if (ids_init(&f->before, edges))
                return -1;
        walk_edges(f, true);
        return 0;
}

/* The least semidominator among `vertex` and those above it that are linked,
 * which are those with greater numbers than `bound`. */
static int evaluate(struct finder *f, uint64_t vertex, uint64_t bound, uint64_t *least)
{
        uint64_t depth = 0, at = vertex;

        if (vertex <= bound) {
                *least = vertex;
                return 0;
        }
        while (ids_get(&f->link, at) > bound) {
                if (mem_grow(&f->cursors, &f->cursor_capacity, depth + 1, sizeof *f->cursors))
                        return -1;
                f->cursors[depth++] = at;
                at = ids_get(&f->link, at);
        }
        while (depth--) {
                uint64_t below = f->cursors[depth], above = ids_get(&f->link, below);

                if (ids_get(&f->label, above) < ids_get(&f->label, below))
                        ids_set(&f->label, below, ids_get(&f->label, above));
                ids_set(&f->link, below, ids_get(&f->link, above));
        }
        *least = ids_get(&f->label, vertex);
        return 0;
}

static int find_semidominators(struct finder *f)
{
        if (ids_init(&f->link, f->count) || ids_init(&f->label, f->count) || ids_init(&f->semi, f->count))
                return -1;
        memcpy(f->link.bytes, f->parent.bytes, f->count * 5);
        for (uint64_t i = f->count; i-- > 1;) {
                uint64_t semi = ids_get(&f->parent, i), end = ids_get(&f->row, i + 1);

                for (uint64_t j = ids_get(&f->row, i); j < end; j++) {
                        uint64_t least;

                        if (evaluate(f, ids_get(&f->before, j), i, &least))
                                return -1;
                        if (least < semi)
                                semi = least;
                }
                ids_set(&f->semi, i, semi);
                ids_set(&f->label, i, semi);
        }
        return 0;
}

/* A vertex's dominator is the nearest common ancestor of its parent and its
 * semidominator in the tree so far.  Leaves them in `parent`. */
static void find_dominators(struct finder *f)
{
        struct dominators *d = f->d;

        for (uint64_t i = 1; i < f->count; i++) {
                uint64_t idom = ids_get(&f->parent, i), semi = ids_get(&f->semi, i);

                while (idom > semi)
                        idom = ids_get(&f->parent, idom);
                ids_set(&f->parent, i, idom);
                ids_set(&d->idom, ids_get(&d->order, i), ids_get(&d->order, idom));
        }
        d->reached = f->count;
}

static void finder_free(struct finder *f)
{
        ids_free(&f->number);
        ids_free(&f->parent);
        ids_free(&f->link);
        ids_free(&f->label);
        ids_free(&f->semi);
        ids_free(&f->row);
        ids_free(&f->before);
        mem_free(f->cursors);
}

int dominators_run(struct dominators *d, uint64_t count, uint64_t root, dominators_next *next, void *context,
                   struct error *e)
{
        struct finder f = { .d = d, .next = next, .context = context };
        int status = -1;

        *d = (struct dominators){ .count = count };
        if (!init(&f, count) && !search(&f, root) && !find_predecessors(&f) && !find_semidominators(&f)) {
                find_dominators(&f);
                status = 0;
        }
        finder_free(&f);
        if (status) {
                dominators_free(d);
                return error_no_memory(e, "finding what keeps what");
        }
        return 0;
}

void dominators_free(struct dominators *d)
{
        ids_free(&d->idom);
        ids_free(&d->order);
        *d = (struct dominators){ 0 };
}

void dominators_sum(const struct dominators *d, uint64_t *values)
{
        for (uint64_t i = d->reached; i-- > 1;) {
                uint64_t vertex = ids_get(&d->order, i);

                values[ids_get(&d->idom, vertex)] += values[vertex];
        }
}
