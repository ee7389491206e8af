#include "strengths.h"

#include "edges.h"
#include "nearby.h"
#include "table.h"
#include "tails.h"
#include "vtable.h"

#define OFFSET_MIXED UINT32_MAX /* referenced in several ways, or in one that cannot be learned */

enum { SELF_EDGES = 64 }; /* edges of a block among which one to itself is looked for */

struct refiner {
        struct scan *scan;
        const struct snapshot *snapshot;
        struct vtables vtables;
        struct nearby nearby;
        struct table live;    /* stack -> live blocks of the site */
        struct table learned; /* stack and offset -> blocks referenced only there */
        uint32_t *only;       /* of each block the offset at which alone it is referenced; 0 = none so far */
        bool failed;
};

/* Learning */

static uint64_t site_offset(uint32_t stack, uint64_t offset)
{
        return (uint64_t)stack << 32 | offset;
}

static void note_reference(struct refiner *r, uint64_t target, uint64_t into)
{
        uint32_t *only = &r->only[target];
        uint32_t offset = into < r->snapshot->blocks[target].size && into < INNER_FAR ? (uint32_t)into : OFFSET_MIXED;

        if (!*only)
                *only = offset;
        else if (*only != offset)
                *only = OFFSET_MIXED;
}

static void note_inner(struct refiner *r)
{
        for (uint64_t i = 0; i < r->scan->inner_count; i++) {
                const struct inner_word *word = &r->scan->inner[i];

                if (inner_source(word) != inner_target(word))
                        note_reference(r, inner_target(word), inner_into(word));
        }
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

        table_free(&r->learned);
        for (uint64_t id = 0; id < r->snapshot->block_count && !r->failed; id++) {
                uint32_t stack = r->snapshot->blocks[id].stack;
                uint64_t *count;

                if (!stack || !r->only[id] || r->only[id] == OFFSET_MIXED)
                        continue;
                count = table_put(&r->learned, site_offset(stack, r->only[id]), NULL);
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
                if (count_offsets(r))
                        count_live(r);
        }
        mem_free(r->only);
        r->only = NULL;
}

/* Rules */

static bool is_learned(const struct refiner *r, const struct block *block, uint64_t into)
{
        const uint64_t *count, *live;

        if (!block->stack || into >= INNER_FAR)
                return false;
        count = table_get(&r->learned, site_offset(block->stack, into));
        live = table_get(&r->live, block->stack);
        return count && live && *count >= LEARN_BLOCKS && *count * 2 > *live;
}

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
static bool is_aligned_by_hand(const struct refiner *r, uint64_t target, uint64_t into)
{
        uint64_t count, lead = block_lead(&r->snapshot->blocks[target]);
        const edge_t *edges = scan_edges(r->scan, target, &count);

        for (uint64_t i = 0; i < count && i < SELF_EDGES; i++) {
                uint64_t at = lead + 8 * edge_word(edges[i]);

                if (edge_target(edges[i]) == target)
                        return edge_strength(edges[i]) == STRENGTH_EXACT && at + 8 >= into && at <= into + 64;
        }
        return false;
}

static bool is_second_base(struct refiner *r, const struct block *block, uint64_t first, uint64_t into)
{
        uint64_t word;
        int64_t top;

        return into < block->size && !((block->address + into) & 7) && vtable_of(&r->vtables, first) &&
               read_word(r, block->address + into, &word) && vtable_top(&r->vtables, word, &top) &&
               top == -(int64_t)into;
}

static bool is_known(struct refiner *r, uint64_t target, uint64_t into)
{
        const struct block *block = &r->snapshot->blocks[target];
        uint64_t first = r->scan->first[target];

        if (into < block->size && is_learned(r, block, into))
                return true;
        if (is_cookie(r, block, first, into))
                return true;
        if (into == 8 && block->size > 8 && first == block->size - 8)
                return true;
        if (into < block->size && is_aligned_by_hand(r, target, into))
                return true;
        return is_string(r, block, first, into) || is_second_base(r, block, first, into);
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
 * many such words are ordered by target for the while. */
static void raise_row(struct refiner *r, const struct inner_word *inner, uint64_t words)
{
        struct scan *scan = r->scan;
        uint64_t source = inner_source(inner), row = rows_start(&scan->rows, source);
        uint64_t count = rows_end(&scan->rows, source) - row;
        edge_t *edges = scan->edges + row;
        bool sorted = words > 16 && count > 16, changed = sorted;

        if (sorted)
                edges_by_target(edges, NULL, count);
        for (uint64_t i = 0; i < words; i++) {
                edge_t *edge;

                if (!is_known(r, inner_target(&inner[i]), inner_into(&inner[i])))
                        continue;
                edge = find_edge(edges, count, inner_target(&inner[i]), sorted);
                if (!edge || edge_strength(*edge) >= STRENGTH_KNOWN)
                        continue;
                *edge = edge_make(inner_target(&inner[i]), STRENGTH_KNOWN, inner_source_word(&inner[i])) | (*edge & 15);
                changed = true;
        }
        if (changed)
                edges_by_word(edges, NULL, count);
}

static void apply(struct refiner *r)
{
        struct scan *scan = r->scan;

        for (uint64_t i = 0, end; i < scan->inner_count; i = end) {
                for (end = i + 1; end < scan->inner_count;) {
                        if (inner_source(&scan->inner[end]) != inner_source(&scan->inner[i]))
                                break;
                        end++;
                }
                raise_row(r, scan->inner + i, end - i);
        }
        for (uint64_t i = 0; i < scan->root_count; i++) {
                struct root_edge *edge = &scan->roots[i];

                if ((edge->strength == STRENGTH_INTERIOR || edge->strength == STRENGTH_END) &&
                    is_known(r, edge->to, edge->into))
                        edge->strength = STRENGTH_KNOWN;
        }
}

static bool has_inner(const struct scan *scan)
{
        if (scan->inner_count)
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
        struct refiner r = { .scan = scan, .snapshot = snapshot, .vtables = { .snapshot = snapshot },
                             .nearby = { .memory = &snapshot->memory } };

        if (has_inner(scan)) {
                learn(&r);
                if (!r.failed) {
                        apply(&r);
                        r.failed = tails_find(scan, snapshot, pointers) != 0;
                }
                table_free(&r.live);
                table_free(&r.learned);
                vtables_free(&r.vtables);
        }
        mem_free(scan->inner);
        scan->inner = NULL;
        scan->inner_count = 0;
        scan_merge_roots(scan);
        return r.failed ? error_no_memory(e, "judging the references between blocks") : 0;
}
