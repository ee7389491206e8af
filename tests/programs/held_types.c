/* A block that comes from a function which says nothing of its type is told by the
 * members that hold it: if they are declared to point at one class of its size.
 *
 * options: --kinds=all
 * expect: definite 2 blocks
 * expect: indirect 8 blocks
 * expect: likely struct engine
 * expect: likely struct holder
 * expect: likely wheel
 * expect: no likely struct left
 * expect: no likely struct right
 * expect: no likely struct bigger
 * expect: no likely struct choice
 * expect: no type struct engine
 */
#include "program.h"

struct engine {
        long parts[5];
};

typedef struct {
        long parts[9];
} wheel;

struct left {
        long parts[13];
};

struct right {
        long parts[13];
};

struct bigger {
        long parts[17];
};

struct choice {
        long parts[19];
};

struct holder {
        struct engine *engine;
        wheel *wheels[2];
        struct left *left;
        struct bigger *bigger;
        union {
                struct choice *choice;
                long number;
        } either;
        void *raw;
        char *text;
        long rest[16];
};

struct other {
        struct right *right;
        long rest[28];
};

/* For any size, and of no type: all that is made here looks the same. */
static NOINLINE void supply(void **to, size_t size)
{
        *to = opaque(calloc(1, size));
}

static NOINLINE void fill(struct holder *holder)
{
        supply((void **)&holder->engine, sizeof *holder->engine);
        supply((void **)&holder->wheels[0], sizeof *holder->wheels[0]);
        supply((void **)&holder->wheels[1], sizeof *holder->wheels[1]);
        supply((void **)&holder->left, sizeof *holder->left);
        supply((void **)&holder->bigger, sizeof *holder->bigger - 8);
        supply((void **)&holder->either.choice, sizeof *holder->either.choice);
        supply(&holder->raw, 23 * sizeof(long));
        supply((void **)&holder->text, 31);
}

static NOINLINE struct holder *new_holder(void)
{
        struct holder *holder = opaque(calloc(1, sizeof *holder));

        return holder;
}

static NOINLINE struct other *new_other(void)
{
        struct other *other = opaque(calloc(1, sizeof *other));

        return other;
}

static NOINLINE void make(void)
{
        struct holder *holder = new_holder();
        struct other *other = new_other();

        fill(holder);
        *(void **)&other->right = holder->left;
        lose(holder);
        lose(other);
}

int main(void)
{
        make();
        scrub();
        return 0;
}
