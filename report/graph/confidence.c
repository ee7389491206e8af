#include "confidence.h"

#include "mark.h"
#include "unaligned.h"

static void start_at_roots(struct marks *m)
{
        for (uint64_t i = 0; i < m->scan->root_count; i++)
                marks_raise(m, m->scan->roots[i].to, m->scan->roots[i].strength);
}

/* Inherited blocks that nothing holds: something the parent had may. */
static int start_at_inherited(struct marks *m, struct confidence *c, const struct snapshot *snapshot)
{
        size_t capacity = 0;

        for (uint64_t id = 0; id < snapshot->block_count; id++) {
                if (!(snapshot->blocks[id].flags & BLOCK_INHERITED) || c->of[id])
                        continue;
                if (mem_grow(&c->inherited, &capacity, c->inherited_count + 1, sizeof *c->inherited))
                        return -1;
                c->inherited[c->inherited_count++] = id;
        }
        for (size_t i = 0; i < c->inherited_count; i++)
                marks_raise(m, c->inherited[i], STRENGTH_EXACT);
        return 0;
}

/* Takes the unaligned edges into account. */
static void mark_unaligned(struct marks *m, const struct confidence *c)
{
        bool more;

        do {
                more = false;
                for (size_t i = 0; i < c->unaligned_count; i++) {
                        const struct unaligned_edge *edge = &c->unaligned[i];
                        enum strength source = edge->root ? STRENGTH_EXACT : marks_get(m, edge->from);
                        enum strength strength = source < STRENGTH_UNALIGNED ? source : STRENGTH_UNALIGNED;

                        if (marks_get(m, edge->to) >= strength)
                                continue;
                        marks_raise(m, edge->to, strength);
                        more = true;
                }
                if (more)
                        marks_follow(m);
        } while (more);
}

/* Looks for pointers at odd addresses, only to what nothing else holds; what
 * these hold is searched in turn. */
static int second_pass(struct marks *m, const struct snapshot *snapshot, const struct pointers *pointers,
                       struct confidence *c)
{
        struct unaligned search;
        int found;

        if (unaligned_init(&search, snapshot, pointers, c))
                return -1;
        while ((found = unaligned_next(&search)) > 0)
                mark_unaligned(m, c);
        unaligned_free(&search);
        return found;
}

static uint64_t count_lost(const struct confidence *c, uint64_t blocks)
{
        uint64_t lost = 0;

        for (uint64_t id = 0; id < blocks; id++)
                lost += !c->of[id];
        return lost;
}

int confidence_run(struct confidence *c, const struct snapshot *snapshot, const struct pointers *pointers,
                   const struct scan *scan, struct error *e)
{
        struct marks m = { 0 };
        int status = -1;

        *c = (struct confidence){ 0 };
        c->of = mem_alloc(snapshot->block_count + 8, 1);
        if (c->of && !marks_init(&m, scan, c->of, snapshot->block_count)) {
                start_at_roots(&m);
                marks_follow(&m);
                status = start_at_inherited(&m, c, snapshot);
                if (c->inherited_count)
                        marks_follow(&m);
                if (!status && memchr(c->of, STRENGTH_NONE, snapshot->block_count))
                        status = second_pass(&m, snapshot, pointers, c);
                marks_finish(&m);
                c->lost = count_lost(c, snapshot->block_count);
        }
        marks_free(&m);
        if (status) {
                confidence_free(c);
                return error_no_memory(e, "following the references from the roots");
        }
        return 0;
}

void confidence_free(struct confidence *c)
{
        mem_free(c->of);
        mem_free(c->inherited);
        mem_free(c->unaligned);
        *c = (struct confidence){ 0 };
}
