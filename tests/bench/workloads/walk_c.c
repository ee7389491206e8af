/* The steps of the walk in C; see walk.h. */
#include <alloca.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "walk.h"

/* Makes the memory matter, and keeps what is called before it from becoming a jump. */
static void touch(void *memory)
{
        __asm__ volatile("" : : "r"(memory) : "memory");
}

void walk_c_plain(struct walk *walk, unsigned int level, unsigned long node)
{
        walk_visit(walk, level, node);
        touch(walk);
}

void walk_c_alloca(struct walk *walk, unsigned int level, unsigned long node)
{
        char *memory = alloca(16 + node % 5 * 16);

        touch(memory);
        walk_visit(walk, level, node);
        touch(memory);
}

void walk_c_aligned(struct walk *walk, unsigned int level, unsigned long node)
{
        alignas(64) char memory[64];

        touch(memory);
        walk_visit(walk, level, node);
        touch(memory);
}

struct visit {
        struct walk *walk;
        unsigned long node;
        unsigned int level;
};

/* qsort compares its two elements once: the visit is made under it. */
static int compare_and_visit(const void *left, const void *right)
{
        struct visit *visit;

        memcpy(&visit, left, sizeof(visit));
        walk_visit(visit->walk, visit->level, visit->node);
        touch(visit);
        return left < right;
}

void walk_c_qsort(struct walk *walk, unsigned int level, unsigned long node)
{
        struct visit visit = { .walk = walk, .level = level, .node = node };
        struct visit *elements[2] = { &visit, &visit };

        qsort(elements, 2, sizeof(elements[0]), compare_and_visit);
        touch(elements);
}
