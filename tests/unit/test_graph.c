#include "suite.h"

#include "heap.h"

#include "report/graph/group.h"
#include "report/mem.h"

#include <stdio.h>
#include <string.h>

/*
 * Heaps as scripts: blocks have names, one letter each; what follows says what
 * is expected of them, in every order of addresses.
 */

enum op_code { DONE, ALLOC, LINK, HOLD };

struct op {
        enum op_code code;
        char block;
        uint64_t size;       /* ALLOC */
        uint64_t at;         /* LINK: offset of the word in the block */
        char to;             /* LINK, HOLD: its target, */
        int64_t delta;       /* and where in that */
        enum root_kind root; /* HOLD */
        uint64_t high;       /* LINK, HOLD: high tag */
};

#define A(name, bytes)             \
        {                          \
                ALLOC, name, bytes \
        }
#define L(from, offset, target)                        \
        {                                              \
                LINK, from, .at = offset, .to = target \
        }
#define LI(from, offset, target, into)                                \
        {                                                             \
                LINK, from, .at = offset, .to = target, .delta = into \
        }
#define R(target)                                       \
        {                                               \
                HOLD, .to = target, .root = ROOT_GLOBAL \
        }
#define RI(target, into)                                               \
        {                                                              \
                HOLD, .to = target, .delta = into, .root = ROOT_GLOBAL \
        }
#define RK(kind, target)                         \
        {                                        \
                HOLD, .to = target, .root = kind \
        }

enum { BLOCKS_MAX = 6, OPS_MAX = 24, SLOT = 0x1000 };
#define HEAP_START 0x555500001000ull
#define ROOT_START 0x7ffff0000000ull

struct script {
        const char *name;
        struct op ops[OPS_MAX];
        /* Of each block in the order of ALLOC: D, C, I, P or R. */
        const char *kinds;
        /* For heads: bytes they own, in the order of ALLOC; 0 = do not ask. */
        uint64_t exclusive[BLOCKS_MAX];
        uint64_t shared;
};

static const struct script scripts[] = {
        { "nothing points at it", { A('a', 16) }, "D", { 16 } },
        { "held by a global", { A('a', 16), R('a') }, "R" },
        { "held by a stack", { A('a', 16), RK(ROOT_STACK, 'a') }, "R" },
        { "held by thread-local storage", { A('a', 16), RK(ROOT_TLS, 'a') }, "R" },
        { "held by a mapping nobody knows", { A('a', 16), RK(ROOT_UNKNOWN, 'a') }, "P" },
        { "self-reference", { A('a', 16), L('a', 8, 'a') }, "D", { 16 } },
        { "two that point at each other",
          { A('a', 16), A('b', 32), L('a', 0, 'b'), L('b', 0, 'a') },
          "CC",
          { 48, 48 } },
        { "shared_ptr cycle of three",
          { A('a', 16), A('b', 32), A('c', 48), L('a', 8, 'b'), L('b', 8, 'c'), L('c', 8, 'a') },
          "CCC",
          { 96, 96, 96 } },
        { "S to a cycle M, K",
          { A('s', 64), A('m', 64), A('k', 64), L('s', 0, 'm'), L('m', 0, 'k'), L('k', 0, 'm') },
          "DII",
          { 192 } },
        { "a cycle that holds a tail",
          { A('a', 8), A('b', 8), A('c', 100), L('a', 0, 'b'), L('b', 0, 'a'), L('a', 0, 'b'), L('b', 0, 'a') },
          "CCD",
          { 16, 16, 100 } },
        { "two cycles that share a tail",
          { A('a', 16), A('b', 16), A('c', 16), A('d', 16), A('t', 100), L('a', 0, 'b'), L('b', 0, 'a'), L('c', 0, 'd'),
            L('d', 0, 'c'), L('a', 8, 't'), L('c', 8, 't') },
          "CCCCI",
          { 32, 32, 32, 32 },
          100 },
        { "two heads that share a tail",
          { A('a', 16), A('b', 24), A('t', 100), A('u', 50), L('a', 0, 't'), L('b', 0, 't'), L('t', 0, 'u'),
            L('b', 8, 'u') },
          "DDII",
          { 16, 24 },
          150 },
        { "diamond under one head",
          { A('h', 16), A('l', 16), A('r', 16), A('t', 16), L('h', 0, 'l'), L('h', 8, 'r'), L('l', 0, 't'),
            L('r', 0, 't') },
          "DIII",
          { 64 } },
        { "held through a lost-looking chain",
          { A('a', 16), A('b', 16), A('c', 16), L('a', 0, 'b'), L('b', 0, 'c'), R('a') },
          "RRR" },
        { "inside pointer", { A('a', 64), RI('a', 24) }, "P" },
        { "inside pointer on the way",
          { A('a', 64), A('b', 64), A('c', 16), R('a'), LI('a', 0, 'b', 24), L('b', 0, 'c') },
          "RPP" },
        { "end pointer only", { A('a', 64), RI('a', 64) }, "P" },
        { "end pointer from a lost block", { A('a', 64), A('b', 64), LI('a', 0, 'b', 64) }, "DD", { 64, 64 } },
        { "inside pointer from a lost block", { A('a', 64), A('b', 64), LI('a', 0, 'b', 16) }, "DI", { 128 } },
        { "low tags", { A('a', 64), A('b', 0), A('c', 4), RI('a', 7), RI('b', 3), RI('c', 5) }, "RRR" },
        { "an offset of eight is no tag", { A('a', 64), RI('a', 8) }, "P" },
        { "high tags", { A('a', 64), { HOLD, .to = 'a', .high = 0xbeefull << 48 } }, "R" },
        { "high tags with an offset", { A('a', 64), { HOLD, .to = 'a', .delta = 8, .high = 0xbeefull << 48 } }, "D" },
        { "empty block", { A('a', 0), R('a') }, "R" },
        { "empty lost block", { A('a', 0) }, "D" },
        { "block too small to hold anything", { A('a', 7), A('b', 7), R('a') }, "RD" },
        { "owned cycle under a cycle",
          { A('a', 16), A('b', 16), A('c', 16), A('d', 16), L('a', 0, 'b'), L('b', 0, 'a'), L('b', 8, 'c'),
            L('c', 0, 'd'), L('d', 0, 'c') },
          "CCII",
          { 64, 64 } },
        { "what is found through both a strong and a weak path is strong",
          { A('a', 64), A('b', 64), R('a'), RI('b', 24), L('a', 56, 'b') },
          "RR" },
        { "a strong edge does not mend a weak path",
          { A('a', 64), A('b', 64), A('c', 64), RI('a', 24), L('a', 0, 'b'), L('b', 0, 'c'), L('c', 0, 'b') },
          "PPP" },
};

struct built {
        struct heap heap;
        uint64_t address[128]; /* by name */
        char order[BLOCKS_MAX];
        size_t count;
};

static void place_blocks(struct built *b, const struct script *script, const unsigned *slots)
{
        for (const struct op *op = script->ops; op->code; op++) {
                struct block *block;

                if (op->code != ALLOC)
                        continue;
                ck_assert_uint_lt(b->count, BLOCKS_MAX);
                b->address[(int)op->block] = HEAP_START + slots[b->count] * SLOT;
                b->order[b->count] = op->block;
                block = heap_block(&b->heap, b->address[(int)op->block], op->size);
                block->stack = (uint32_t)b->count + 1;
                block->time_ns = ++b->count;
        }
}

static void build(struct built *b, const struct script *script, const unsigned *slots)
{
        uint64_t roots = 0;

        *b = (struct built){ 0 };
        heap_init(&b->heap);
        place_blocks(b, script, slots);
        for (const struct op *op = script->ops; op->code; op++) {
                uint64_t word = (b->address[(int)op->to] + (uint64_t)op->delta) | op->high;

                if (op->code == LINK) {
                        heap_word(&b->heap, b->address[(int)op->block] + op->at, word);
                } else if (op->code == HOLD) {
                        uint64_t at = ROOT_START + roots++ * 64;

                        heap_root(&b->heap, op->root, at, at + 64);
                        heap_word(&b->heap, at + 16, word);
                }
        }
}

static const char kind_letters[] = {
        [KIND_DEFINITE] = 'D', [KIND_CYCLE] = 'C', [KIND_INDIRECT] = 'I', [KIND_POSSIBLE] = 'P', [KIND_REACHABLE] = 'R'
};

static void check_sums(const struct graph *graph, const struct groups *groups)
{
        uint64_t bytes = graph->owners.shared_bytes, blocks = graph->owners.shared_blocks;
        uint64_t group_bytes = groups->shared_bytes, group_blocks = groups->shared_blocks, lost = 0;

        for (uint64_t i = 0; i < graph->owners.source_count; i++) {
                bytes += graph->owners.sources[i].exclusive_bytes;
                blocks += graph->owners.sources[i].exclusive_blocks;
        }
        for (size_t i = 0; i < groups->count; i++) {
                const struct group *group = &groups->list[i];
                uint64_t sized = 0, size_blocks = 0;

                group_bytes += group->exclusive_bytes;
                group_blocks += group->exclusive_blocks;
                if (group->kind <= KIND_INDIRECT)
                        lost += group->bytes;
                for (size_t j = 0; j < group->size_count; j++) {
                        sized += group->sizes[j].size * group->sizes[j].blocks;
                        size_blocks += group->sizes[j].blocks;
                }
                ck_assert_uint_eq(sized, group->bytes);
                ck_assert_uint_eq(size_blocks, group->blocks);
        }
        ck_assert_uint_eq(bytes, graph->lost_bytes);
        ck_assert_uint_eq(blocks, graph->lost_blocks);
        ck_assert_uint_eq(group_bytes, graph->lost_bytes);
        ck_assert_uint_eq(group_blocks, graph->lost_blocks);
        ck_assert_uint_eq(lost, graph->lost_bytes);
}

static void check_script(const struct script *script, const unsigned *slots)
{
        struct built b;
        struct graph graph;
        struct groups groups;
        struct error e = { 0 };

        build(&b, script, slots);
        ck_assert_int_eq(graph_analyse(&graph, heap_snapshot(&b.heap), &e), 0);
        ck_assert_int_eq(groups_build(&groups, &graph, NULL, &e), 0);
        for (size_t i = 0; i < b.count; i++) {
                uint64_t id = heap_id(&b.heap, b.address[(int)b.order[i]]), component, source;

                ck_assert_msg(kind_letters[graph_kind(&graph, id)] == script->kinds[i], "%s: %c is %c", script->name,
                              b.order[i], kind_letters[graph_kind(&graph, id)]);
                if (!script->exclusive[i])
                        continue;
                component = components_of(&graph.components, id);
                source = ids_get(&graph.owners.of, component);
                ck_assert_uint_ne(source, OWNER_SHARED);
                ck_assert_msg(graph.owners.sources[source].exclusive_bytes == script->exclusive[i], "%s: %c owns %lu",
                              script->name, b.order[i], (unsigned long)graph.owners.sources[source].exclusive_bytes);
        }
        ck_assert_msg(graph.owners.shared_bytes == script->shared, "%s: %lu shared", script->name,
                      (unsigned long)graph.owners.shared_bytes);
        check_sums(&graph, &groups);
        groups_release(&groups);
        graph_release(&graph);
        heap_free(&b.heap);
}

/* The next permutation in lexical order; false after the last. */
static bool permute(unsigned *slots, size_t count)
{
        size_t i = count - 1, j = count - 1;

        while (i > 0 && slots[i - 1] > slots[i])
                i--;
        if (i == 0)
                return false;
        while (slots[j] < slots[i - 1])
                j--;
        unsigned swap = slots[i - 1];
        slots[i - 1] = slots[j];
        slots[j] = swap;
        for (j = count - 1; i < j; i++, j--) {
                swap = slots[i];
                slots[i] = slots[j];
                slots[j] = swap;
        }
        return true;
}

START_TEST(kinds_are_as_the_scripts_say_in_every_order_of_addresses)
{
        for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
                unsigned slots[BLOCKS_MAX] = { 0, 1, 2, 3, 4, 5 };

                do {
                        check_script(&scripts[i], slots);
                } while (permute(slots, strlen(scripts[i].kinds)));
        }
}
END_TEST

SUITE_MAIN("graph", kinds_are_as_the_scripts_say_in_every_order_of_addresses)
