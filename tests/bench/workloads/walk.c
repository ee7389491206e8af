/*
 * A random walk over 5120 stacks of about thirty frames.
 *
 *     bench-walk PAIRS
 *
 * A tenth as many pairs are made before the clock starts.
 */
#include <stdlib.h>

#include "clocks.h"
#include "walk.h"

static walk_step step_here;

static walk_step *const steps[] = {
        walk_c_plain, walk_c_alloca,  walk_cxx_destructor, walk_c_plain, step_here,    walk_cxx_handler,
        walk_c_plain, walk_c_aligned, walk_cxx_virtual,    step_here,    walk_c_qsort, walk_cxx_destructor,
};

static void step_here(struct walk *walk, unsigned int level, unsigned long node)
{
        walk_visit(walk, level, node);
        __asm__ volatile("" : : : "memory");
}

/* The upper bits of a linear congruential generator. */
static unsigned long random_below(struct walk *walk, unsigned long limit)
{
        walk->random = walk->random * 6364136223846793005UL + 1442695040888963407UL;
        return (walk->random >> 33) % limit;
}

static unsigned long child_of(struct walk *walk, unsigned int level, unsigned long node)
{
        if (level % 2 || level > WALK_BRANCHES)
                return node;
        return node * 4 + random_below(walk, 4);
}

static walk_step *step_to(unsigned int level, unsigned long node)
{
        unsigned long mixed = (node + 1) * 0x9e3779b97f4a7c15UL + level * 0xbf58476d1ce4e5b9UL;

        return steps[(mixed >> 32) % (sizeof(steps) / sizeof(steps[0]))];
}

static void make_pair(struct walk *walk, unsigned long node)
{
        void *block = malloc(16 + node % 16);

        __asm__ volatile("" : : "r"(block) : "memory");
        free(block);
        walk->left--;
}

void walk_visit(struct walk *walk, unsigned int level, unsigned long node)
{
        unsigned long turns = 1 + random_below(walk, 3);

        if (walk->left && (level == WALK_UPPER || level == WALK_LEVELS))
                make_pair(walk, node);
        if (level == WALK_LEVELS)
                return;
        for (unsigned long turn = 0; turn < turns && walk->left; turn++) {
                unsigned long child = child_of(walk, level + 1, node);

                step_to(level + 1, child)(walk, level + 1, child);
        }
}

static void make_pairs(struct walk *walk, unsigned long pairs)
{
        walk->left = pairs;
        while (walk->left)
                walk_visit(walk, 0, 0);
}

int main(int argc, char **argv)
{
        struct walk walk = { .random = 1 };
        struct clocks start;
        unsigned long pairs;

        if (argc != 2)
                return 2;
        pairs = strtoul(argv[1], NULL, 10);
        make_pairs(&walk, pairs / 10);
        start = clocks_now();
        make_pairs(&walk, pairs);
        clocks_print(start, pairs);
        return 0;
}
