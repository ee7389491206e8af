/*
 * The tree: the heaviest lines first, whatever their depth, until the limit;
 * a line is never told without the one above it, which is at least as heavy.
 */
#include "keepers_parts.h"

#include <stdlib.h>

enum { NO_LINE = -1 };

/* A line that may be told: a holder, or blocks of one sort below one line. */
struct candidate {
        struct keepers_line line;
        ptrdiff_t above; /* index of the line above; NO_LINE: the roots */
        uint64_t *tops;  /* blocks that hang from it; mem_free releases them */
        size_t count, capacity;
};

struct told {
        struct keepers_line line;
        ptrdiff_t above;
        size_t first, last, next; /* in the list of told lines: children in their order, + 1; 0 = none */
};

struct growing {
        struct keeping *k;
        struct candidate *heap; /* the heaviest first */
        size_t count, capacity;
        struct told *told;
        size_t told_count, told_capacity;
        struct table kids;      /* sort -> index in `fresh` + 1, while a line is opened */
        struct candidate *fresh;
        size_t fresh_count, fresh_capacity;
        uint64_t *members;      /* of the line that is opened */
        size_t member_count, member_capacity;
};

/* ---- a heap of candidates ----------------------------------------------------- */

static bool heavier(const struct growing *g, const struct candidate *a, const struct candidate *b)
{
        const struct keepers_line *x = &a->line, *y = &b->line;

        if (x->retained_bytes != y->retained_bytes)
                return x->retained_bytes > y->retained_bytes;
        if (x->retained_blocks != y->retained_blocks)
                return x->retained_blocks > y->retained_blocks;
        if (x->holder != ID_NONE || y->holder != ID_NONE)
                return x->holder < y->holder;
        return sorts_before(g->k->graph, x->first, y->first);
}

static int push(struct growing *g, const struct candidate *candidate)
{
        size_t at = g->count;

        if (mem_grow(&g->heap, &g->capacity, g->count + 1, sizeof *g->heap))
                return -1;
        for (g->count++; at && heavier(g, candidate, &g->heap[(at - 1) / 2]); at = (at - 1) / 2)
                g->heap[at] = g->heap[(at - 1) / 2];
        g->heap[at] = *candidate;
        return 0;
}

static struct candidate pop(struct growing *g)
{
        struct candidate top = g->heap[0], last = g->heap[--g->count];
        size_t at = 0;

        for (;;) {
                size_t child = 2 * at + 1;

                if (child >= g->count)
                        break;
                if (child + 1 < g->count && heavier(g, &g->heap[child + 1], &g->heap[child]))
                        child++;
                if (!heavier(g, &g->heap[child], &last))
                        break;
                g->heap[at] = g->heap[child];
                at = child;
        }
        if (g->count)
                g->heap[at] = last;
        return top;
}

/* ---- opening a line ----------------------------------------------------------- */

static int add_top(const struct growing *g, struct candidate *to, uint64_t id)
{
        const struct retained *r = &g->k->keepers->retained;

        if (mem_grow(&to->tops, &to->capacity, to->count + 1, sizeof *to->tops))
                return -1;
        to->tops[to->count++] = id;
        to->line.tops++;
        to->line.retained_bytes += r->bytes[id];
        to->line.retained_blocks += r->blocks[id];
        if (to->line.first == ID_NONE || sorts_before(g->k->graph, id, to->line.first))
                to->line.first = id;
        return 0;
}

/* A candidate below line `above`, which has `depth`. */
static struct candidate *add_fresh(struct growing *g, ptrdiff_t above, uint64_t holder)
{
        struct candidate *fresh;

        if (mem_grow(&g->fresh, &g->fresh_capacity, g->fresh_count + 1, sizeof *g->fresh))
                return NULL;
        fresh = &g->fresh[g->fresh_count++];
        *fresh = (struct candidate){ .above = above };
        fresh->line = (struct keepers_line){
                .depth = above == NO_LINE ? 0 : g->told[above].line.depth + 1,
                .holder = holder,
                .first = ID_NONE,
                .from = ID_NONE,
        };
        return fresh;
}

static int add_holder(struct growing *g, uint64_t vertex)
{
        const struct retained *r = &g->k->keepers->retained;
        struct candidate *fresh;

        if (!r->blocks[vertex])
                return 0;
        fresh = add_fresh(g, NO_LINE, vertex - r->first_holder);
        if (!fresh)
                return -1;
        fresh->line.retained_bytes = r->bytes[vertex];
        fresh->line.retained_blocks = r->blocks[vertex];
        return 0;
}

/* One block below the line: with those of its sort, of which there is one
 * candidate. */
static int add_child(struct growing *g, ptrdiff_t above, uint64_t vertex)
{
        struct candidate *fresh;
        uint64_t *slot;
        bool is_new;

        if (vertex >= g->k->blocks)
                return add_holder(g, vertex);
        slot = table_put(&g->kids, keeping_sort(g->k, vertex), &is_new);
        if (!slot)
                return -1;
        if (is_new) {
                if (!add_fresh(g, above, ID_NONE))
                        return -1;
                *slot = g->fresh_count - 1;
        }
        fresh = &g->fresh[*slot];
        return add_top(g, fresh, vertex);
}

/* All children of a vertex: those of the line's own sort are members too. */
static int open_vertex(struct growing *g, ptrdiff_t above, uint64_t vertex)
{
        uint32_t sort = keeping_sort(g->k, vertex);
        uint64_t count = domtree_count(&g->k->tree, vertex);

        for (uint64_t i = 0; i < count; i++) {
                uint64_t child = domtree_child(&g->k->tree, vertex, i);

                if (sort == SORT_NONE || keeping_sort(g->k, child) != sort) {
                        if (add_child(g, above, child))
                                return -1;
                        continue;
                }
                if (mem_grow(&g->members, &g->member_capacity, g->member_count + 1, sizeof *g->members))
                        return -1;
                g->members[g->member_count++] = child;
        }
        return 0;
}

static int open_members(struct growing *g, ptrdiff_t above, struct candidate *candidate)
{
        struct keepers_line *line = &g->told[above].line;

        g->member_count = 0;
        if (mem_grow(&g->members, &g->member_capacity, candidate->count, sizeof *g->members))
                return -1;
        for (size_t i = 0; i < candidate->count; i++)
                g->members[g->member_count++] = candidate->tops[i];
        while (g->member_count) {
                uint64_t id = g->members[--g->member_count];

                line->blocks++;
                line->bytes += g->k->graph->snapshot->blocks[id].size;
                if (open_vertex(g, above, id))
                        return -1;
        }
        return 0;
}

static int push_fresh(struct growing *g)
{
        int status = 0;

        for (size_t i = 0; i < g->fresh_count; i++) {
                if (status || push(g, &g->fresh[i])) {
                        mem_free(g->fresh[i].tops);
                        status = -1;
                }
        }
        g->fresh_count = 0;
        table_free(&g->kids);
        return status;
}

/* The edge from the only block of the line above to the first of this one. */
static void find_link(const struct growing *g, struct keepers_line *line, ptrdiff_t above)
{
        const struct keepers_line *from = above == NO_LINE ? NULL : &g->told[above].line;
        const edge_t *edges;
        uint64_t count;

        if (!from || from->first == ID_NONE || from->blocks != 1 || line->tops != 1)
                return;
        edges = scan_edges(&g->k->graph->scan, from->first, &count);
        for (uint64_t i = 0; i < count; i++) {
                uint64_t index = (uint64_t)(edges + i - g->k->graph->scan.edges), words, offset;

                if (edge_target(edges[i]) != line->first || edge_strength(edges[i]) < STRENGTH_TAGGED)
                        continue;
                line->from = from->first;
                line->strength = edge_strength(edges[i]);
                line->offset = block_lead(&g->k->graph->snapshot->blocks[from->first]) + 8 * edge_word(edges[i]);
                if (edge_word(edges[i]) == EDGE_WORD_FAR && recounts_get(g->k->recounts, index, &words, &offset))
                        line->offset = offset;
        }
}

/* Tells the line and makes candidates of what is below it. */
static int tell(struct growing *g, struct candidate *candidate)
{
        ptrdiff_t index = (ptrdiff_t)g->told_count;
        struct told *told;
        int status;

        if (mem_grow(&g->told, &g->told_capacity, g->told_count + 1, sizeof *g->told))
                return -1;
        told = &g->told[g->told_count++];
        *told = (struct told){ .line = candidate->line, .above = candidate->above };
        find_link(g, &told->line, candidate->above);
        if (candidate->line.holder == ID_NONE)
                status = open_members(g, index, candidate);
        else
                status = open_vertex(g, index, g->k->keepers->retained.first_holder + candidate->line.holder);
        return push_fresh(g) || status ? -1 : 0;
}

static int grow_lines(struct growing *g)
{
        size_t limit = g->k->options->limit;
        int status = open_vertex(g, NO_LINE, g->k->keepers->retained.root);

        status = push_fresh(g) || status ? -1 : 0;
        while (!status && g->count && (!limit || g->told_count < limit)) {
                struct candidate candidate = pop(g);

                status = tell(g, &candidate);
                mem_free(candidate.tops);
        }
        return status;
}

/* ---- in order ------------------------------------------------------------------- */

/* What was not told is said by the line above it. */
static void leave_out(struct growing *g)
{
        struct keepers *keepers = g->k->keepers;

        for (size_t i = 0; i < g->count; i++) {
                const struct keepers_line *line = &g->heap[i].line;
                struct keepers_line *above = g->heap[i].above == NO_LINE ? NULL : &g->told[g->heap[i].above].line;

                *(above ? &above->more : &keepers->more) += 1;
                *(above ? &above->more_blocks : &keepers->more_blocks) += line->retained_blocks;
                *(above ? &above->more_bytes : &keepers->more_bytes) += line->retained_bytes;
        }
}

/* Depth first; siblings were told the heaviest first. */
static int order(struct growing *g)
{
        struct keepers *keepers = g->k->keepers;
        size_t first = 0, last = 0, at;

        keepers->lines = arena_alloc(&keepers->arena, g->told_count, sizeof *keepers->lines);
        if (!keepers->lines)
                return -1;
        for (size_t i = 0; i < g->told_count; i++) {
                struct told *above = g->told[i].above == NO_LINE ? NULL : &g->told[g->told[i].above];
                size_t *head = above ? &above->first : &first, *tail = above ? &above->last : &last;

                if (*tail)
                        g->told[*tail - 1].next = i + 1;
                else
                        *head = i + 1;
                *tail = i + 1;
        }
        for (at = first; at;) {
                const struct told *told = &g->told[at - 1];

                keepers->lines[keepers->line_count++] = told->line;
                at = told->first;
                while (!at && told) {
                        at = told->next;
                        told = told->above == NO_LINE ? NULL : &g->told[told->above];
                }
        }
        return 0;
}

int keepers_lines(struct keeping *k)
{
        struct growing g = { .k = k };
        int status = grow_lines(&g);

        if (!status) {
                leave_out(&g);
                status = order(&g);
        }
        for (size_t i = 0; i < g.count; i++)
                mem_free(g.heap[i].tops);
        mem_free(g.heap);
        mem_free(g.told);
        mem_free(g.fresh);
        mem_free(g.members);
        table_free(&g.kids);
        return status;
}
