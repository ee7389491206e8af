/* A block that comes from a function which says nothing of its type is told by the
 * variable that holds it, if that is declared to point at a class of its size.
 *
 * options: --kinds=all
 * expect: reachable 6.. blocks
 * expect: likely struct engine
 * expect: likely wheel
 * expect: likely struct door
 * expect: no likely struct left
 * expect: no likely struct right
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

struct door {
        long parts[11];
};

struct left {
        long parts[13];
};

struct right {
        long parts[13];
};

struct choice {
        long parts[19];
};

struct engine *engine;
static wheel *wheels[2];
static struct {
        long number;
        struct door *door;
} car;
static struct left *left;
static struct right *right;
static union {
        struct choice *choice;
        long number;
} either;
static void *raw;

/* For any size, and of no type: all that is made here looks the same. */
static NOINLINE void supply(void **to, size_t size)
{
        *to = opaque(calloc(1, size));
}

int main(void)
{
        supply((void **)&engine, sizeof *engine);
        supply((void **)&wheels[1], sizeof *wheels[1]);
        supply((void **)&car.door, sizeof *car.door);
        supply((void **)&left, sizeof *left);
        *(void **)&right = left;
        supply((void **)&either.choice, sizeof *either.choice);
        supply(&raw, 23 * sizeof(long));
        opaque(&engine);
        opaque(&wheels);
        opaque(&car);
        opaque(&left);
        opaque(&right);
        opaque(&either);
        opaque(&raw);
        scrub();
        return 0;
}
