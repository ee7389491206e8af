#include "brute.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 4096 };

/* One word of a block or root that points at a block. */
struct pointing {
        int from; /* block, or -1 for a root */
        enum root_kind root;
        int to;
        uint64_t into;
        enum strength strength;
        uint64_t at; /* offset in the block */
};

struct state {
        struct brute *b;
        const struct snapshot *s;
        struct pointing words[WORDS_MAX];
        size_t count;
        uint64_t at; /* of the word that is being looked at */
};

static uint64_t extent(const struct block *block)
{
        return block->size ? block->size : 1;
}

static uint64_t word_at(const struct snapshot *s, uint64_t address)
{
        uint64_t word = 0;

        (void)s->memory.read(s->memory.context, address, &word, sizeof word);
        return word;
}

/* The last block that starts at the address, or -1. */
static int starting_at(const struct snapshot *s, uint64_t address)
{
        int found = -1;

        for (size_t i = 0; i < s->block_count; i++) {
                if (s->blocks[i].address == address)
                        found = (int)i;
        }
        return found;
}

static void point(struct state *st, int from, enum root_kind root, int to, uint64_t into, enum strength strength)
{
        if (from < 0 && root == ROOT_TLS && strength == STRENGTH_INTERIOR && into == 16)
                strength = STRENGTH_KNOWN;
        if (from < 0 && root == ROOT_UNKNOWN)
                strength = STRENGTH_AMBIGUOUS;
        if (st->count == WORDS_MAX)
                abort();
        st->words[st->count++] = (struct pointing){ from, root, to, into, strength, st->at };
}

static void resolve(struct state *st, int from, enum root_kind root, uint64_t word)
{
        const struct snapshot *s = st->s;
        int exact = starting_at(s, word), tagged = starting_at(s, word & ~7ull), inside = -1, end = -1;

        if (word >> 48) {
                uint64_t low = (uint64_t)((int64_t)(word << 16) >> 16);

                if (starting_at(s, low) >= 0)
                        point(st, from, root, starting_at(s, low), 0, STRENGTH_TAGGED);
                return;
        }
        if (exact >= 0) {
                point(st, from, root, exact, 0, STRENGTH_EXACT);
                return;
        }
        if (tagged >= 0) {
                point(st, from, root, tagged, word & 7, STRENGTH_TAGGED);
                return;
        }
        for (size_t i = 0; i < s->block_count; i++) {
                if (word > s->blocks[i].address && word - s->blocks[i].address < extent(&s->blocks[i]))
                        inside = (int)i;
                if (word == s->blocks[i].address + s->blocks[i].size)
                        end = (int)i;
        }
        if (inside >= 0)
                point(st, from, root, inside, word - s->blocks[inside].address, STRENGTH_INTERIOR);
        if (end >= 0)
                point(st, from, root, end, s->blocks[end].size, STRENGTH_END);
}

/* Does any byte of the word belong to a block inside block `of`? */
static bool is_covered(const struct snapshot *s, int of, uint64_t address)
{
        const struct block *outer = &s->blocks[of];

        for (size_t i = (size_t)of + 1; i < s->block_count; i++) {
                const struct block *inner = &s->blocks[i];

                if (inner->address < outer->address + outer->size && address + 8 > inner->address &&
                    address < inner->address + extent(inner))
                        return true;
        }
        return false;
}

static void read_words(struct state *st)
{
        const struct snapshot *s = st->s;

        for (size_t i = 0; i < s->block_count; i++) {
                const struct block *block = &s->blocks[i];

                for (uint64_t at = (block->address + 7) & ~7ull; at + 8 <= block->address + block->size; at += 8) {
                        st->at = at - block->address;
                        if (!is_covered(s, (int)i, at))
                                resolve(st, (int)i, 0, word_at(s, at));
                }
        }
        for (size_t i = 0; i < s->root_count; i++) {
                const struct root *root = &s->roots[i];

                for (size_t w = 0; w < root->word_count; w++)
                        resolve(st, -1, root->kind, root->words[w]);
                for (uint64_t at = root->start; at + 8 <= root->end; at += 8)
                        resolve(st, -1, root->kind, word_at(s, at));
        }
}

/* Known offsets */

/* The block's own first word, 0 where it has none. */
static uint64_t first_word(const struct snapshot *s, const struct block *block)
{
        if (block->size < 8 || (block->address & 7) || is_covered(s, (int)(block - s->blocks), block->address))
                return 0;
        return word_at(s, block->address);
}

static bool is_cookie(const struct snapshot *s, const struct block *block, uint64_t into)
{
        uint64_t n;

        if (into == 8 && block->size == 8)
                return (block->flags & BLOCK_ARRAY) && !first_word(s, block);
        if (into >= block->size)
                return false;
        if (into == 8) {
                n = first_word(s, block);
                return (n && n <= block->size - 8 && (block->size - 8) % n == 0) || n == block->size - 8;
        }
        if (!(block->flags & BLOCK_ARRAY) || (into != 16 && into != 32 && into != 64))
                return false;
        n = word_at(s, block->address + into - 8);
        return n && n <= block->size - into && (block->size - into) % n == 0 && (block->size - into) / n % into == 0;
}

static bool is_string(const struct snapshot *s, const struct block *block, uint64_t into)
{
        return into == 24 && block->size >= 25 && first_word(s, block) <= block->size - 25 &&
               word_at(s, block->address + 8) == block->size - 25;
}

/* Is the first of the block's words that hold its own address beside `into`? */
static bool is_aligned(const struct state *st, int block, uint64_t into)
{
        for (size_t i = 0; i < st->count && into < st->s->blocks[block].size; i++) {
                const struct pointing *p = &st->words[i];

                if (p->from == block && p->to == block && p->strength == STRENGTH_EXACT)
                        return p->at + 8 >= into && p->at <= into + 64;
        }
        return false;
}

/* The one offset at which others refer to the block, or 0. */
static uint64_t only_offset(const struct state *st, int block)
{
        uint64_t only = 0;

        for (size_t i = 0; i < st->count; i++) {
                const struct pointing *p = &st->words[i];

                if (p->to != block || p->from == block || p->strength == STRENGTH_AMBIGUOUS)
                        continue;
                if (p->strength == STRENGTH_EXACT || p->strength == STRENGTH_TAGGED ||
                    p->into == st->s->blocks[block].size || (only && only != p->into))
                        return 0;
                only = p->into;
        }
        return only;
}

static bool is_learned(const struct state *st, const uint64_t *only, int block, uint64_t into)
{
        uint32_t stack = st->s->blocks[block].stack;
        size_t live = 0, there = 0;

        for (size_t i = 0; i < st->s->block_count; i++) {
                live += st->s->blocks[i].stack == stack;
                there += st->s->blocks[i].stack == stack && only[i] == into;
        }
        return stack && into < st->s->blocks[block].size && there >= 8 && there * 2 > live;
}

static void raise_known(struct state *st)
{
        uint64_t only[BRUTE_BLOCKS];

        for (size_t i = 0; i < st->s->block_count; i++)
                only[i] = only_offset(st, (int)i);
        for (size_t i = 0; i < st->count; i++) {
                struct pointing *p = &st->words[i];
                const struct block *block = &st->s->blocks[p->to];

                if ((p->strength == STRENGTH_INTERIOR || p->strength == STRENGTH_END) &&
                    (is_cookie(st->s, block, p->into) || is_string(st->s, block, p->into) ||
                     is_learned(st, only, p->to, p->into) || is_aligned(st, p->to, p->into)))
                        p->strength = STRENGTH_KNOWN;
        }
}

/* Confidence */

static enum strength least(enum strength a, enum strength b)
{
        return a < b ? a : b;
}

static void settle(struct brute *b)
{
        for (bool more = true; more;) {
                more = false;
                for (size_t from = 0; from < b->count; from++) {
                        for (size_t to = 0; to < b->count; to++) {
                                enum strength c = least(b->confidence[from], b->edges[from][to]);

                                if (c > b->confidence[to]) {
                                        b->confidence[to] = c;
                                        more = true;
                                }
                        }
                }
        }
}

/* Does a word at an unaligned address of [start, end) hold the address of a
 * candidate?  Raises it. */
static bool look_unaligned(struct state *st, int of, uint64_t start, uint64_t end, enum strength source,
                           const bool *candidate, bool count)
{
        bool raised = false;

        for (uint64_t at = start; at + 8 <= end; at++) {
                int to;

                if (!(at & 7) || (of >= 0 && is_covered(st->s, of, at)))
                        continue;
                to = starting_at(st->s, word_at(st->s, at));
                if (to < 0 || !candidate[to])
                        continue;
                st->b->references[to] += count;
                if (st->b->confidence[to] < least(source, STRENGTH_UNALIGNED)) {
                        st->b->confidence[to] = least(source, STRENGTH_UNALIGNED);
                        raised = true;
                }
        }
        return raised;
}

static bool look_everywhere(struct state *st, const bool *candidate, bool count)
{
        const struct snapshot *s = st->s;
        bool raised = false;

        for (size_t i = 0; i < s->root_count; i++) {
                if (s->roots[i].kind != ROOT_REGISTER && s->roots[i].kind != ROOT_UNKNOWN)
                        raised |= look_unaligned(st, -1, s->roots[i].start, s->roots[i].end, STRENGTH_EXACT, candidate,
                                                 count);
        }
        for (size_t i = 0; i < s->block_count; i++) {
                if (st->b->confidence[i])
                        raised |= look_unaligned(st, (int)i, s->blocks[i].address,
                                                 s->blocks[i].address + s->blocks[i].size, st->b->confidence[i],
                                                 candidate, count);
        }
        return raised;
}

static void find_confidence(struct state *st)
{
        struct brute *b = st->b;
        bool candidate[BRUTE_BLOCKS], any = false;

        memcpy(b->confidence, b->roots, sizeof b->confidence);
        settle(b);
        for (size_t i = 0; i < b->count; i++) {
                if (!b->confidence[i] && (st->s->blocks[i].flags & BLOCK_INHERITED))
                        b->confidence[i] = STRENGTH_EXACT;
        }
        settle(b);
        for (size_t i = 0; i < b->count; i++) {
                candidate[i] = !b->confidence[i];
                any |= candidate[i];
        }
        while (any && look_everywhere(st, candidate, false))
                settle(b);
        if (any)
                (void)look_everywhere(st, candidate, true);
}

/* Kinds and owners */

static void find_reach(struct brute *b)
{
        for (size_t i = 0; i < b->count; i++) {
                for (size_t j = 0; j < b->count; j++)
                        b->reaches[i][j] = !b->confidence[i] && !b->confidence[j] &&
                                           (i == j || b->edges[i][j] >= STRENGTH_INTERIOR);
        }
        for (size_t k = 0; k < b->count; k++) {
                for (size_t i = 0; i < b->count; i++) {
                        for (size_t j = 0; j < b->count; j++)
                                b->reaches[i][j] |= b->reaches[i][k] && b->reaches[k][j];
                }
        }
}

static bool together(const struct brute *b, size_t i, size_t j)
{
        return b->reaches[i][j] && b->reaches[j][i];
}

static void find_heads(struct brute *b)
{
        for (size_t i = 0; i < b->count; i++) {
                b->head[i] = -1;
                for (size_t j = b->count; j-- > 0;) {
                        if (together(b, i, j))
                                b->head[i] = (int)j;
                }
        }
        for (size_t i = 0; i < b->count; i++)
                b->source[i] = b->head[i] == (int)i;
        for (size_t i = 0; i < b->count; i++) {
                for (size_t j = 0; j < b->count; j++) {
                        if (b->reaches[i][j] && !together(b, i, j))
                                b->source[b->head[j]] = false;
                }
        }
}

/* Breadth first from each member. */
static void find_girth(struct brute *b, size_t head)
{
        for (size_t start = 0; start < b->count; start++) {
                uint64_t distance[BRUTE_BLOCKS] = { 0 };
                bool more = true;

                if (b->head[start] != (int)head)
                        continue;
                for (uint64_t d = 1; more; d++) {
                        more = false;
                        for (size_t i = 0; i < b->count; i++) {
                                if (!(d == 1 ? i == start : distance[i] == d - 1))
                                        continue;
                                for (size_t j = 0; j < b->count; j++) {
                                        if (j == i || b->head[j] != (int)head || distance[j] ||
                                            b->edges[i][j] < STRENGTH_INTERIOR)
                                                continue;
                                        distance[j] = d;
                                        more = true;
                                }
                        }
                }
                if (distance[start] && (!b->girth[head] || distance[start] < b->girth[head]))
                        b->girth[head] = distance[start];
        }
}

static void find_owners(struct state *st)
{
        struct brute *b = st->b;

        for (size_t i = 0; i < b->count; i++) {
                size_t owners = 0;

                b->owner[i] = -1;
                if (b->confidence[i])
                        continue;
                for (size_t h = 0; h < b->count; h++) {
                        if (b->source[h] && b->reaches[h][i]) {
                                owners++;
                                b->owner[i] = (int)h;
                        }
                }
                if (owners > 1) {
                        b->owner[i] = -1;
                        b->shared_blocks++;
                        b->shared_bytes += st->s->blocks[i].size;
                } else {
                        b->exclusive_blocks[b->owner[i]]++;
                        b->exclusive_bytes[b->owner[i]] += st->s->blocks[i].size;
                }
        }
}

static void find_kinds(struct brute *b)
{
        for (size_t i = 0; i < b->count; i++) {
                size_t members = 0;

                for (size_t j = 0; j < b->count; j++)
                        members += together(b, i, j);
                if (b->confidence[i])
                        b->kinds[i] = b->confidence[i] >= STRENGTH_TAGGED ? KIND_REACHABLE : KIND_POSSIBLE;
                else if (!b->source[b->head[i]])
                        b->kinds[i] = KIND_INDIRECT;
                else
                        b->kinds[i] = members > 1 ? KIND_CYCLE : KIND_DEFINITE;
                if (!b->confidence[i] && b->head[i] == (int)i)
                        find_girth(b, i);
        }
}

void brute_run(struct brute *b, const struct snapshot *snapshot)
{
        struct state *st = calloc(1, sizeof *st);

        if (!st || snapshot->block_count > BRUTE_BLOCKS)
                abort();
        *b = (struct brute){ .count = snapshot->block_count };
        st->b = b;
        st->s = snapshot;
        read_words(st);
        raise_known(st);
        for (size_t i = 0; i < st->count; i++) {
                const struct pointing *p = &st->words[i];
                enum strength *best = p->from < 0 ? &b->roots[p->to] : &b->edges[p->from][p->to];

                b->references[p->to]++;
                if (p->strength > *best)
                        *best = p->strength;
        }
        find_confidence(st);
        find_reach(b);
        find_heads(b);
        find_owners(st);
        find_kinds(b);
        free(st);
}
