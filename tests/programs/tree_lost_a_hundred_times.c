/* A hundred lost trees from one place are one group of a hundred.
 *
 * expect: definite 1 group 100 blocks 3200 bytes
 * expect: indirect 600 blocks 19200 bytes
 */
#include "program.h"

static NOINLINE void *tree(int depth)
{
        void *node = block(32);

        if (depth) {
                put(node, 0, tree(depth - 1));
                put(node, 8, tree(depth - 1));
        }
        return node;
}

static NOINLINE void make(void)
{
        for (int i = 0; i < 100; i++)
                lose(tree(2));
}

int main(void)
{
        make();
        scrub();
        return 0;
}
