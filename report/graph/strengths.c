#include "strengths.h"

#include "edges.h"
#include "nearby.h"
#include "table.h"
#include "tails.h"
#include "vtable.h"

#define OFFSET_MIXED UINT32_MAX /* referenced in several ways, or in one that cannot be learned */

#define SELF_NONE UINT64_MAX

enum {
        SELF_EDGES = 64, /* edges of a block among which one to itself is looked for */
        FACTS = 512,     /* blocks of which facts are remembered */
        NEAR_START = 64, /* the greatest offset that is known by what the block begins with, and by that alone */
};

/* What the rules ask of a block: few blocks are pointed into by many words. */
struct facts {
        uint64_t target;           /* + 1; 0 = nothing */
        uint64_t learned;          /* offset; 0 = none */
        uint64_t self;             /* offset of the word that holds its own address, or SELF_NONE */
        bool vtable_asked, vtable; /* at its start */
        bool plain;                /* no rule is about an offset beyond NEAR_START */
};

struct refiner {
        struct scan *scan;
        const struct snapshot *snapshot;
        struct vtables vtables;
        struct nearby nearby;
        struct table live;    /* stack -> live blocks of the site */
        struct table counts;  /* stack and offset -> blocks referenced only there */
        struct table learned; /* stack -> offset */
        uint32_t *only;       /* of each block the offset at which alone it is referenced; 0 = none so far */
        bool failed;
        uint64_t sorted,
                sorted_self;       /* the block whose edges are by target for the while, and what self_of said before */
        struct facts facts[FACTS]; /* by target */
};

/* Learning */

static uint64_t site_offset(uint32_t stack, uint64_t offset)
{
        return (uint64_t)stack << 32 | offset;
}

static void note_reference(struct refiner *r, uint64_t target, uint64_t into)
{
        uint32_t *only = &r->only[target], offset;

        if (*only == OFFSET_MIXED)
                return;
        offset = into < r->snapshot->blocks[target].size && into < INNER_FAR ? (uint32_t)into : OFFSET_MIXED;
        if (!*only)
                *only = offset;
        else if (*only != offset)
                *only = OFFSET_MIXED;
}

static void note_list(struct refiner *r, const struct inner_list *inner)
{
        for (uint64_t i = 0; i < inner->count; i++) {
                const struct inner_word *word = &inner->words[i];

                if (inner_source(word) != inner_target(word))
                        note_reference(r, inner_target(word), inner_into(word));
        }
}

static void note_inner(struct refiner *r)
{
        for (unsigned list = 0; list < r->scan->inner_lists; list++)
                note_list(r, &r->scan->inner[list]);
        for (uint64_t i = 0; i < r->scan->root_count; i++) {
                const struct root_edge *edge = &r->scan->roots[i];

                if (edge->strength == STRENGTH_INTERIOR || edge->strength == STRENGTH_END ||
                    edge->strength == STRENGTH_KNOWN)
                        note_reference(r, edge->to, edge->into);
        }
}

static bool is_outright(enum strength strength)
{
        return strength == STRENGTH_EXACT || strength == STRENGTH_TAGGED;
}

/* A block that is referenced at its start as well has nothing to teach. */
static void note_outright(struct refiner *r)
{
        for (uint64_t i = 0; i < r->scan->root_count; i++) {
                if (is_outright(r->scan->roots[i].strength) && r->only[r->scan->roots[i].to])
                        r->only[r->scan->roots[i].to] = OFFSET_MIXED;
        }
        for (uint64_t id = 0; id < r->snapshot->block_count; id++) {
                uint64_t count;
                const edge_t *edges = scan_edges(r->scan, id, &count);

                for (uint64_t i = 0; i < count; i++) {
                        uint64_t target = edge_target(edges[i]);

                        if (is_outright(edge_strength(edges[i])) && r->only[target] && target != id)
                                r->only[target] = OFFSET_MIXED;
                }
        }
}

/* Counts, for each site and offset, the blocks that are referenced only
 * there.  Returns whether any could be learned. */
static bool count_offsets(struct refiner *r)
{
        bool any = false;

        table_free(&r->counts);
        for (uint64_t id = 0; id < r->snapshot->block_count && !r->failed; id++) {
                uint32_t stack = r->snapshot->blocks[id].stack;
                uint64_t *count;

                if (!stack || !r->only[id] || r->only[id] == OFFSET_MIXED)
                        continue;
                count = table_put(&r->counts, site_offset(stack, r->only[id]), NULL);
                if (!count)
                        r->failed = true;
                else if (++*count >= LEARN_BLOCKS)
                        any = true;
        }
        return any;
}

static void count_live(struct refiner *r)
{
        for (uint64_t id = 0; id < r->snapshot->block_count && !r->failed; id++) {
                uint64_t *count = table_put(&r->live, r->snapshot->blocks[id].stack, NULL);

                if (count)
                        ++*count;
                else
                        r->failed = true;
        }
}

/* Of a site at most one offset has more than half of the blocks. */
static void keep_learned(struct refiner *r)
{
        for (uint64_t i = 0; i < r->counts.size && !r->failed; i++) {
                const struct table_entry *entry = &r->counts.entries[i];
                const uint64_t *live = entry->used ? table_get(&r->live, entry->key >> 32) : NULL;
                uint64_t *offset;

                if (!live || entry->value < LEARN_BLOCKS || entry->value * 2 <= *live)
                        continue;
                offset = table_put(&r->learned, entry->key >> 32, NULL);
                if (offset)
                        *offset = (uint32_t)entry->key;
                else
                        r->failed = true;
        }
}

static void learn(struct refiner *r)
{
        r->only = mem_alloc(r->snapshot->block_count, sizeof *r->only);
        if (!r->only) {
                r->failed = true;
                return;
        }
        note_inner(r);
        if (count_offsets(r)) {
                note_outright(r);
                if (count_offsets(r)) {
                        count_live(r);
                        keep_learned(r);
                }
        }
        mem_free(r->only);
        r->only = NULL;
}

/* Facts */

/* Where the block holds its own address. */
static uint64_t self_of(const struct refiner *r, uint64_t target)
{
        uint64_t count, lead = block_lead(&r->snapshot->blocks[target]);
        const edge_t *edges = scan_edges(r->scan, target, &count);

        if (target == r->sorted)
                return r->sorted_self;
        for (uint64_t i = 0; i < count && i < SELF_EDGES; i++)
                if (edge_target(edges[i]) == target)
                        return edge_strength(edges[i]) == STRENGTH_EXACT ? lead + 8 * edge_word(edges[i]) : SELF_NONE;
        return SELF_NONE;
}

static struct facts *facts_of(struct refiner *r, uint64_t target)
{
        struct facts *facts = &r->facts[target % FACTS];
        const uint64_t *learned;

        if (facts->target == target + 1)
                return facts;
        learned = table_get(&r->learned, r->snapshot->blocks[target].stack);
        *facts = (struct facts){ .target = target + 1, .learned = learned ? *learned : 0, .self = self_of(r, target) };
        return facts;
}

static bool has_vtable(struct refiner *r, struct facts *facts, uint64_t first)
{
        if (!facts->vtable_asked)
                facts->vtable = vtable_of(&r->vtables, first) != 0;
        facts->vtable_asked = true;
        facts->plain = !facts->vtable && !facts->learned && facts->self == SELF_NONE;
        return facts->vtable;
}

/* Rules */

static bool read_word(struct refiner *r, uint64_t address, uint64_t *word)
{
        return nearby_words(&r->nearby, address, word, 1);
}

/* `n` elements fill the block but for a header of `lead` bytes. */
static bool fits_array(uint64_t size, uint64_t lead, uint64_t n)
{
        return n && n <= size - lead && (size - lead) % n == 0;
}

static bool is_cookie(struct refiner *r, const struct block *block, uint64_t first, uint64_t into)
{
        uint64_t n;

        if (into == 8 && block->size == 8) /* new T[0]: the end */
                return (block->flags & BLOCK_ARRAY) && !first;
        if (into == 8 && block->size > 8)
                return fits_array(block->size, 8, first);
        if (!(block->flags & BLOCK_ARRAY) || (into != 16 && into != 32 && into != 64) || block->size <= into)
                return false;
        return read_word(r, block->address + into - 8, &n) && fits_array(block->size, into, n) &&
               (block->size - into) / n % into == 0;
}

static bool is_string(struct refiner *r, const struct block *block, uint64_t first, uint64_t into)
{
        uint64_t capacity;

        return into == 24 && block->size >= 25 && first <= block->size - 25 &&
               read_word(r, block->address + 8, &capacity) && capacity == block->size - 25;
}

/* Does the block hold its own address beside the pointee? */
static bool is_aligned_by_hand(const struct facts *facts, uint64_t into)
{
        return facts->self != SELF_NONE && facts->self + 8 >= into && facts->self <= into + 64;
}

static bool is_second_base(struct refiner *r, const struct block *block, struct facts *facts, uint64_t first,
                           uint64_t into)
{
        uint64_t word;
        int64_t top;

        return into < block->size && !((block->address + into) & 7) && has_vtable(r, facts, first) &&
               read_word(r, block->address + into, &word) && vtable_top(&r->vtables, word, &top) &&
               top == -(int64_t)into;
}

static bool is_known(struct refiner *r, uint64_t target, uint64_t into)
{
        const struct block *block = &r->snapshot->blocks[target];
        struct facts *facts = facts_of(r, target);
        uint64_t first;

        if (facts->plain && into > NEAR_START)
                return false;
        first = r->scan->first[target];
        if (into < block->size && into == facts->learned)
                return true;
        if (is_cookie(r, block, first, into))
                return true;
        if (into == 8 && block->size > 8 && first == block->size - 8)
                return true;
        if (into < block->size && is_aligned_by_hand(facts, into))
                return true;
        return is_string(r, block, first, into) || is_second_base(r, block, facts, first, into);
}

/* The edge to the target in a row; `sorted` says by target. */
static edge_t *find_edge(edge_t *edges, uint64_t count, uint64_t target, bool sorted)
{
        uint64_t low = 0, high = sorted ? count : 0;

        while (low < high) {
                uint64_t middle = low + (high - low) / 2;

                if (edge_target(edges[middle]) < target)
                        low = middle + 1;
                else
                        high = middle;
        }
        while (low < count && edge_target(edges[low]) != target)
                low++;
        return low < count ? &edges[low] : NULL;
}

/* Raises the edges of one block, whose words are inner[0, words).  Rows with
 * many such words are ordered by target for the while, once one is known. */
static void raise_row(struct refiner *r, const struct inner_word *inner, uint64_t words)
{
        struct scan *scan = r->scan;
        uint64_t source = inner_source(inner), row = rows_start(&scan->rows, source);
        uint64_t count = rows_end(&scan->rows, source) - row;
        edge_t *edges = scan->edges + row;
        bool sort = words > 16 && count > 16, sorted = false, changed = false;

        for (uint64_t i = 0; i < words; i++) {
                edge_t *edge;

                if (!is_known(r, inner_target(&inner[i]), inner_into(&inner[i])))
                        continue;
                if (sort && !sorted) {
                        r->sorted_self = self_of(r, source);
                        r->sorted = source;
                        edges_by_target(edges, NULL, count);
                        sorted = true;
                }
                edge = find_edge(edges, count, inner_target(&inner[i]), sorted);
                if (!edge || edge_strength(*edge) >= STRENGTH_KNOWN)
                        continue;
                *edge = edge_make(inner_target(&inner[i]), STRENGTH_KNOWN, inner_source_word(&inner[i])) | (*edge & 15);
                changed = true;
        }
        r->sorted = ID_NONE;
        if (changed || sorted)
                edges_by_word(edges, NULL, count);
}

static void apply_list(struct refiner *r, const struct inner_list *inner)
{
        for (uint64_t i = 0, end; i < inner->count; i = end) {
                uint64_t source = inner_source(&inner->words[i]);

                for (end = i + 1; end < inner->count && inner_source(&inner->words[end]) == source;)
                        end++;
                raise_row(r, inner->words + i, end - i);
        }
}

static void apply(struct refiner *r)
{
        struct scan *scan = r->scan;

        for (unsigned list = 0; list < scan->inner_lists; list++)
                apply_list(r, &scan->inner[list]);
        for (uint64_t i = 0; i < scan->root_count; i++) {
                struct root_edge *edge = &scan->roots[i];

                if ((edge->strength == STRENGTH_INTERIOR || edge->strength == STRENGTH_END) &&
                    is_known(r, edge->to, edge->into))
                        edge->strength = STRENGTH_KNOWN;
        }
}

static bool has_inner(const struct scan *scan)
{
        if (scan->inner_lists)
                return true;
        for (uint64_t i = 0; i < scan->root_count; i++) {
                if (scan->roots[i].strength == STRENGTH_INTERIOR || scan->roots[i].strength == STRENGTH_END)
                        return true;
        }
        return false;
}

int strengths_refine(struct scan *scan, const struct snapshot *snapshot, const struct pointers *pointers,
                     struct error *e)
{
        struct refiner r = { .scan = scan,
                             .snapshot = snapshot,
                             .sorted = ID_NONE,
                             .vtables = { .snapshot = snapshot },
                             .nearby = { .memory = &snapshot->memory } };

        if (has_inner(scan)) {
                learn(&r);
                if (!r.failed)
                        apply(&r);
                table_free(&r.live);
                table_free(&r.counts);
                table_free(&r.learned);
                vtables_free(&r.vtables);
        }
        if (!r.failed)
                r.failed = tails_find(scan, snapshot, pointers) != 0;
        scan_free_inner(scan);
        scan_merge_roots(scan);
        return r.failed ? error_no_memory(e, "judging the references between blocks") : 0;
}
