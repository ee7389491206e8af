/* What a function most likely made of its memory is told, as such; what has the
 * size of a structure that the function does not deal with, or of several, is not.
 *
 * options: --kinds=all
 * expect: definite 4 blocks
 * expect: cycle 1 group 2 blocks
 * expect: indirect 2 blocks
 * expect: likely struct node
 * expect: likely table
 * expect: likely struct entry
 * expect: likely struct result
 * expect: field next
 * expect: field entries
 * expect: no likely struct twin_a
 * expect: no likely struct twin_b
 * expect: no likely struct bystander
 * expect: no type struct node
 */
#include "program.h"

struct node {
        struct node *next;
        long value[8];
};

struct entry {
        void *key, *value;
        long hash;
};

typedef struct {
        char *name;
        struct entry *entries;
        double load[4];
} table;

struct result {
        void *rows[11];
};

struct bystander {
        long words[13];
};

struct twin_a {
        void *a[7];
};

struct twin_b {
        void *b[7];
};

static NOINLINE void *checked(size_t size)
{
        void *memory = opaque(malloc(size));

        if (!memory)
                abort();
        return memory;
}

static NOINLINE struct node *new_node(struct node *next)
{
        struct node *node = opaque(calloc(1, sizeof *node));

        node->next = next;
        return node;
}

/* Not called in passing: a member of what a parameter points at. */
static NOINLINE void fill(table *t)
{
        t->entries = opaque(calloc(1, sizeof *t->entries));
        t->entries->hash = 1;
        t->entries->key = opaque(malloc(40));
        t->entries->value = NULL;
}

static NOINLINE void find(struct result **result)
{
        *result = checked(sizeof **result);
        memset(*result, 0, sizeof **result);
}

/* Of one size with what a parameter points at, but declared as something else. */
static NOINLINE void note(struct bystander *bystander)
{
        char *text = opaque(malloc(sizeof *bystander));

        memset(text, 'x', sizeof *bystander);
        lose(text);
}

static NOINLINE void either(int which)
{
        struct twin_a *a = NULL;
        struct twin_b *b = NULL;
        void *memory = opaque(calloc(1, sizeof *a));

        if (which)
                a = memory;
        else
                b = memory;
        lose(a);
        lose(b);
}

static NOINLINE void make(void)
{
        table *lost = checked(sizeof *lost);
        struct node *first = new_node(NULL);
        struct bystander bystander;
        struct result *result;

        memset(lost, 0, sizeof *lost);
        fill(lost);
        first->next = new_node(first);
        find(&result);
        note(&bystander);
        either(1);
        lose(lost);
}

int main(void)
{
        make();
        scrub();
        return 0;
}
