/* A tree whose nodes point back at their parents, built by recursion, so that
 * every level has a stack of its own; and a ring linked both ways, which no one
 * field breaks.
 *
 * expect: cycle 2 groups 131 blocks 4192 bytes
 * expect: cut alike
 * expect: cut together
 * expect: field parent
 * expect: field previous
 */
#include "program.h"

struct base {
        virtual ~base() = default;
};

struct tree : base {
        tree *left = nullptr, *right = nullptr, *parent = nullptr;
};

struct station : base {
        station *next = nullptr, *previous = nullptr;
        char room[8] = {};
};

static NOINLINE tree *grow(unsigned depth, tree *parent)
{
        auto *t = static_cast<tree *>(opaque(new tree));

        t->parent = parent;
        if (depth) {
                t->left = grow(depth - 1, t);
                t->right = grow(depth - 1, t);
        }
        return t;
}

static NOINLINE void close_ring()
{
        station *stations[100];

        for (station *&l : stations)
                l = static_cast<station *>(opaque(new station));
        for (int i = 0; i < 100; i++) {
                stations[i]->next = stations[(i + 1) % 100];
                stations[i]->previous = stations[(i + 99) % 100];
        }
        opaque(stations);
}

int main()
{
        opaque(grow(4, nullptr));
        close_ring();
        scrub();
        return 0;
}
