#include "weak.h"

#include "tails.h"

#include <stdio.h>
#include <string.h>

static const char *place_name(const struct graph *graph, const struct confidence_step *step)
{
        static const char *const names[ROOT_KINDS] = {
                [ROOT_GLOBAL] = "global data",
                [ROOT_TLS] = "thread-local storage",
                [ROOT_STACK] = "a stack",
                [ROOT_REGISTER] = "a register",
                [ROOT_UNKNOWN] = "a mapping that nothing accounts for",
        };

        return step->root ? names[graph->snapshot->roots[step->from].kind] : "another block";
}

/* A word of a block that is dead, or text. */
static const char *dead_name(const struct graph *graph, const struct confidence_step *step)
{
        uint64_t lead = block_lead(&graph->snapshot->blocks[step->from]);

        switch (tails_holds(&graph->scan, step->from, (step->offset - lead) / 8)) {
        case TAIL_VECTOR:
                return "a word behind the end of a vector";
        case TAIL_DEQUE:
                return "a word outside the elements of a deque";
        case TAIL_STRING:
                return "a word behind the characters of a string";
        default:
                return "bytes that look like text";
        }
}

static const char *link_name(const struct graph *graph, const struct confidence_step *step)
{
        switch (step->strength) {
        case STRENGTH_INTERIOR:
                return "a pointer to its inside";
        case STRENGTH_END:
                return "a pointer to its end";
        case STRENGTH_UNALIGNED:
                return "a pointer at an unaligned address";
        default:
                if (step->root && graph->snapshot->roots[step->from].kind == ROOT_UNKNOWN)
                        return "a word";
                return step->root ? "bytes that look like text" : dead_name(graph, step);
        }
}

int weak_tell(const struct paths *paths, uint64_t id, struct group *group, struct group_arena **arena)
{
        struct confidence_step step;
        char text[256];
        char *why;

        if (!paths_weakest(paths, id, &step))
                return 0;
        group->weak_link = (struct group_reference){
                .root = step.root, .from = step.from, .offset = step.offset, .to = step.to, .strength = step.strength
        };
        snprintf(text, sizeof text, "%s %s in %s", step.to == id ? "held only by" : "held only through a block with",
                 link_name(paths->graph, &step), place_name(paths->graph, &step));
        why = arena_alloc(arena, strlen(text) + 1, 1);
        if (!why)
                return -1;
        group->weak_why = memcpy(why, text, strlen(text) + 1);
        return 0;
}
