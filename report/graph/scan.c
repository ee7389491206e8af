#include "scan.h"

#include "sort.h"
#include "window.h"

#include <stdlib.h>

enum {
        RING = 32,      /* candidates on their way; a power of two */
        RING_LOW = 10,  /* a candidate this old has its granule at hand */
        RING_FIND = 20, /* and this old its `low` */
        GAP = 4096,     /* what may lie between blocks that are read together */
        SPARSE = 65536, /* ranges from this size on may be mostly untouched */
        PAGE = 4096,
};

enum candidate_flag {
        CANDIDATE_HIGH = 1, /* the high 16 bits were taken off */
        CANDIDATE_TEXT = 2, /* may be inside text */
};

/* A word that may point at a block. */
struct candidate {
        uint64_t address; /* that it holds, without high tags */
        const struct pointer_chunk *chunk;
        uint64_t source;
        uint64_t word; /* index in the source */
        unsigned flags;
};

struct scanner {
        struct scan *scan;
        const struct snapshot *snapshot;
        const struct pointers *pointers;
        struct window window;
        size_t edge_capacity, root_capacity, inner_capacity;
        struct candidate ring[RING];
        uint64_t pushed, found;  /* candidates so far; those in between are in the ring */
        uint64_t source;         /* block id, or index of the root */
        const struct root *root; /* NULL while scanning blocks */
        uint64_t base, limit;    /* where the source's first aligned word is, and its end */
        uint64_t horizon;        /* how far it makes sense to read */
        uint64_t row;            /* blocks: rows up to this one are open */
        uint64_t *scratch;       /* for sorting long rows */
        size_t scratch_capacity;
        bool failed; /* out of memory */
};

/* Rows */

void edges_by_target(edge_t *edges, uint64_t *scratch, uint64_t count)
{
        sort_u64(edges, scratch, count);
}

/* Puts the word's bits first for the while. */
void edges_by_word(edge_t *edges, uint64_t *scratch, uint64_t count)
{
        for (uint64_t i = 0; i < count; i++)
                edges[i] = edge_word(edges[i]) << 43 | edge_target(edges[i]) << 7 |
                           (edges[i] >> EDGE_WEAKNESS_SHIFT & 7) << 4 | (edges[i] & 15);
        sort_u64(edges, scratch, count);
        for (uint64_t i = 0; i < count; i++)
                edges[i] = (edges[i] >> 7 & ((1ull << 36) - 1)) << EDGE_TARGET_SHIFT |
                           (edges[i] >> 4 & 7) << EDGE_WEAKNESS_SHIFT | edges[i] >> 43 << EDGE_WORD_SHIFT |
                           (edges[i] & 15);
}

static uint64_t merge_short(edge_t *edges, uint64_t count)
{
        uint64_t kept = 0;
        bool moved = false;

        for (uint64_t i = 0; i < count; i++) {
                uint64_t j = 0;

                while (j < kept && edge_target(edges[j]) != edge_target(edges[i]))
                        j++;
                if (j == kept) {
                        edges[kept++] = edges[i];
                        continue;
                }
                uint64_t words = edge_count(edges[j]) + (uint64_t)edge_count(edges[i]);
                edge_t best = edge_strength(edges[i]) > edge_strength(edges[j]) ? edges[i] : edges[j];

                moved |= best == edges[i];
                edges[j] = (best & ~15ull) | ((words < EDGE_COUNT_MANY ? words : EDGE_COUNT_MANY) - 1);
        }
        if (moved)
                edges_by_word(edges, NULL, kept);
        return kept;
}

static uint64_t merge_long(struct scanner *s, edge_t *edges, uint64_t count)
{
        uint64_t kept = 0, *scratch = NULL;

        if (!mem_grow(&s->scratch, &s->scratch_capacity, count, sizeof *s->scratch))
                scratch = s->scratch;
        edges_by_target(edges, scratch, count);
        for (uint64_t i = 0; i < count; i++) {
                uint64_t words;

                if (!kept || edge_target(edges[kept - 1]) != edge_target(edges[i])) {
                        edges[kept++] = edges[i];
                        continue;
                }
                words = edge_count(edges[kept - 1]) + (uint64_t)edge_count(edges[i]);
                edges[kept - 1] =
                        (edges[kept - 1] & ~15ull) | ((words < EDGE_COUNT_MANY ? words : EDGE_COUNT_MANY) - 1);
        }
        edges_by_word(edges, scratch, kept);
        return kept;
}

/* Ends the open row and opens the rows up to that of `source`. */
static void open_row(struct scanner *s, uint64_t source)
{
        struct scan *scan = s->scan;
        uint64_t row = ids_get(&scan->rows, s->row), count = scan->edge_count - row;

        if (count > 16)
                scan->edge_count = row + merge_long(s, scan->edges + row, count);
        else if (count > 1)
                scan->edge_count = row + merge_short(scan->edges + row, count);
        while (s->row < source)
                ids_set(&scan->rows, ++s->row, scan->edge_count);
}

/* Edges */

static void add_root_edge(struct scanner *s, const struct candidate *c, uint64_t target, uint64_t into,
                          enum strength strength)
{
        struct scan *scan = s->scan;

        if (mem_grow(&scan->roots, &s->root_capacity, scan->root_count + 1, sizeof *scan->roots)) {
                s->failed = true;
                return;
        }
        scan->roots[scan->root_count++] = (struct root_edge){ .to = target,
                                                              .into = into,
                                                              .offset = s->base - s->root->start + c->word * 8,
                                                              .root = (uint32_t)c->source,
                                                              .count = 1,
                                                              .strength = strength };
}

static void add_inner(struct scanner *s, const struct candidate *c, uint64_t target, uint64_t into)
{
        struct scan *scan = s->scan;

        if (mem_grow(&scan->inner, &s->inner_capacity, scan->inner_count + 1, sizeof *scan->inner)) {
                s->failed = true;
                return;
        }
        scan->inner[scan->inner_count++] = (struct inner_word){
                .source_word = c->source << 28 | (c->word < EDGE_WORD_FAR ? c->word : EDGE_WORD_FAR),
                .target_into = target << 28 | (into < INNER_FAR ? into : INNER_FAR),
        };
}

static void add_edge(struct scanner *s, const struct candidate *c, uint64_t target, uint64_t into,
                     enum strength strength)
{
        struct scan *scan = s->scan;

        if (s->root) {
                add_root_edge(s, c, target, into, strength);
                return;
        }
        if (strength == STRENGTH_INTERIOR || strength == STRENGTH_END)
                add_inner(s, c, target, into);
        if (c->source != s->row)
                open_row(s, c->source);
        if (scan->edge_count == s->edge_capacity &&
            mem_grow(&scan->edges, &s->edge_capacity, scan->edge_count + 1, sizeof *scan->edges)) {
                s->failed = true;
                return;
        }
        scan->edges[scan->edge_count++] = edge_make(target, strength, c->word);
}

/* Reads what is around the word and decides whether it is inside text. */
static bool is_text(const struct scanner *s, const struct candidate *c)
{
        uint8_t context[2 * TEXT_CONTEXT];
        uint64_t start, end, limit, base, at;
        const struct memory *memory = &s->snapshot->memory;
        size_t got;

        if (s->root) {
                base = s->root->start;
                limit = s->root->end;
        } else {
                base = s->snapshot->blocks[c->source].address;
                limit = base + s->snapshot->blocks[c->source].size;
        }
        at = ((base + 7) & ~7ull) + c->word * 8;
        start = at - base > TEXT_CONTEXT ? at - TEXT_CONTEXT : base;
        end = limit - at > TEXT_CONTEXT ? at + TEXT_CONTEXT : limit;
        got = memory->read(memory->context, start, context, (size_t)(end - start));
        return scan_is_text(context, got, (size_t)(at - start));
}

static enum strength inside_strength(const struct scanner *s, const struct pointee *hit)
{
        if (!hit->offset)
                return STRENGTH_EXACT;
        /* The thread's vector of modules' TLS blocks: its first entries are a header. */
        if (s->root && s->root->kind == ROOT_TLS && hit->offset == 16)
                return STRENGTH_KNOWN;
        return STRENGTH_INTERIOR;
}

static enum strength weaken(const struct scanner *s, const struct candidate *c, enum strength strength)
{
        if (s->root && s->root->kind == ROOT_UNKNOWN)
                return STRENGTH_AMBIGUOUS;
        if ((c->flags & CANDIDATE_TEXT) && is_text(s, c))
                return STRENGTH_AMBIGUOUS;
        return strength;
}

/* A tagged pointer: the block that starts where the tags are off. */
static bool resolve_tagged(struct scanner *s, const struct candidate *c, uint64_t address)
{
        uint64_t target = pointers_exact(s->pointers, address);

        if (target == ID_NONE)
                return false;
        add_edge(s, c, target, c->address - address, weaken(s, c, STRENGTH_TAGGED));
        return true;
}

static void resolve(struct scanner *s, const struct candidate *c)
{
        struct pointee hit;

        if (c->flags & CANDIDATE_HIGH) {
                (void)resolve_tagged(s, c, c->address);
                return;
        }
        hit = c->chunk ? pointers_find_in(s->pointers, c->chunk, c->address) : pointers_find(s->pointers, c->address);
        if ((c->address & 7) && (hit.inside == ID_NONE || hit.offset) && resolve_tagged(s, c, c->address & ~7ull))
                return;
        if (hit.inside != ID_NONE)
                add_edge(s, c, hit.inside, hit.offset, weaken(s, c, inside_strength(s, &hit)));
        if (hit.end != ID_NONE)
                add_edge(s, c, hit.end, s->snapshot->blocks[hit.end].size, weaken(s, c, STRENGTH_END));
}

/* The ring: a candidate waits while what it needs is fetched */

static void flush(struct scanner *s)
{
        while (s->found < s->pushed)
                resolve(s, &s->ring[s->found++ % RING]);
}

static void push(struct scanner *s, const struct candidate *candidate)
{
        s->ring[s->pushed++ % RING] = *candidate;
        if (s->pushed >= RING_LOW) {
                const struct candidate *next = &s->ring[(s->pushed - RING_LOW) % RING];

                if (next->chunk)
                        __builtin_prefetch(s->pointers->low + next->chunk->first +
                                           *pointers_granule(s->pointers, next->chunk, next->address));
        }
        while (s->pushed - s->found >= RING_FIND)
                resolve(s, &s->ring[s->found++ % RING]);
}

/* Eight bytes that could be the end of a string (its NULs with it), or all
 * characters. */
static bool text_like(uint64_t word)
{
        unsigned characters = 0;

        for (; word; word >>= 8, characters++) {
                uint8_t byte = word & 0xff;

                if ((byte < ' ' || byte > '~') && byte != '\t' && byte != '\n' && byte != '\r')
                        return false;
        }
        return characters > 0;
}

/* May the word be text, judged by itself and the word before?  A pointer has
 * two zero bytes at its top, so as text it ends a string, which must reach
 * back into the word before.  `bytes` are the word's; `before` bytes precede
 * them here. */
static bool maybe_text(uint64_t word, uint64_t index, const uint8_t *bytes, size_t before)
{
        uint32_t tail;

        if (!bytes || !text_like(word))
                return false;
        if (word >> 56)
                return true;
        if (!index)
                return false;
        if (!before) /* begins a window: look closer */
                return true;
        memcpy(&tail, bytes - 4, sizeof tail);
        return tail >> 24 && text_like(tail);
}

/* `bytes` and `before` as for maybe_text; NULL for a register. */
static inline void consider(struct scanner *s, uint64_t word, uint64_t index, const uint8_t *bytes, size_t before)
{
        struct candidate c = { .address = word, .source = s->source, .word = index };

        if (!pointers_near(s->pointers, word)) {
                if (!(word >> 48))
                        return;
                c.address = (uint64_t)((int64_t)(word << 16) >> 16);
                if (!pointers_near(s->pointers, c.address))
                        return;
                c.flags = CANDIDATE_HIGH;
        }
        c.chunk = pointers_chunk(s->pointers, c.address);
        if (c.chunk)
                __builtin_prefetch(pointers_granule(s->pointers, c.chunk, c.address));
        else if (!s->pointers->outer_count || c.flags)
                return;
        if (maybe_text(word, index, bytes, before))
                c.flags |= CANDIDATE_TEXT;
        push(s, &c);
}

/* Words */

static void scan_words(struct scanner *s, const uint8_t *bytes, uint64_t address, size_t size)
{
        uint64_t index = (address - s->base) / 8;

        for (size_t at = 0; at + 8 <= size; at += 8, index++) {
                uint64_t word;

                memcpy(&word, bytes + at, sizeof word);
                if (word)
                        consider(s, word, index, bytes + at, at);
        }
}

uint64_t scan_horizon(const struct snapshot *snapshot, uint64_t id)
{
        const struct block *blocks = snapshot->blocks;
        uint64_t start = blocks[id].address, end = start + blocks[id].size;

        while (++id < snapshot->block_count) {
                uint64_t next = blocks[id].address + blocks[id].size;

                if (blocks[id].address > end + GAP || next - start > WINDOW_SIZE)
                        break;
                if (next > end)
                        end = next;
        }
        return end;
}

/* One range of the source.  `context` is the scanner. */
static int scan_range(void *context, uint64_t start, uint64_t end)
{
        struct scanner *s = context;
        const struct memory *memory = &s->snapshot->memory;
        uint64_t address = (start + 7) & ~7ull;

        while (address < end && end - address >= 8 && !s->failed) {
                const uint8_t *bytes;
                size_t size;

                if (!window_holds(&s->window, address, end)) {
                        if (end - address >= SPARSE && memory->next) {
                                address = memory->next(memory->context, address, end) & ~7ull;
                                if (address >= end || end - address < 8)
                                        break;
                        }
                        s->horizon = s->root ? s->limit : scan_horizon(s->snapshot, s->source);
                        if (s->horizon < end)
                                s->horizon = end;
                }
                bytes = window_at(&s->window, address, end, s->horizon, &size);
                if (size < 8) { /* unreadable: on with the next page */
                        if (!s->root)
                                s->snapshot->blocks[s->source].flags |= BLOCK_UNREADABLE;
                        address = (address + size) / PAGE * PAGE + PAGE;
                        continue;
                }
                if (!s->root && address == s->snapshot->blocks[s->source].address)
                        memcpy(&s->scan->first[s->source], bytes, 8);
                scan_words(s, bytes, address, size);
                address += size & ~(size_t)7;
        }
        return s->failed ? -1 : 0;
}

/* Blocks */

/* The first block at or after `id` that starts at `address` or later. */
static uint64_t first_from(const struct snapshot *snapshot, uint64_t id, uint64_t address)
{
        uint64_t low = id, high = snapshot->block_count;

        while (low < high) {
                uint64_t middle = low + (high - low) / 2;

                if (snapshot->blocks[middle].address < address)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

int scan_ranges(const struct snapshot *snapshot, const struct pointers *pointers, uint64_t id,
                int (*visit)(void *context, uint64_t start, uint64_t end), void *context)
{
        const struct block *block = &snapshot->blocks[id];
        uint64_t start = block->address, end = start + block->size;
        uint64_t inner = id + 1;
        int status = 0;

        while (!status && inner < snapshot->block_count && snapshot->blocks[inner].address < end) {
                const struct block *b = &snapshot->blocks[inner];
                uint64_t inner_end = b->address + (b->size ? b->size : 1);

                if (b->address > start)
                        status = visit(context, start, b->address);
                if (inner_end > start)
                        start = inner_end;
                inner = pointers_outer(pointers, inner) == ID_NONE ? inner + 1
                                                                   : first_from(snapshot, inner + 1, inner_end);
        }
        if (!status && start < end)
                status = visit(context, start, end);
        return status;
}

/* Room for as many edges as are likely: moving them would cost their huge
 * pages, and room that is not used costs nothing. */
static void reserve_edges(struct scanner *s)
{
        uint64_t words = 0, likely = s->snapshot->block_count * 8;

        for (uint64_t id = 0; id < s->snapshot->block_count && words < likely; id++)
                words += s->snapshot->blocks[id].size / 8;
        (void)mem_grow(&s->scan->edges, &s->edge_capacity, words < likely ? words : likely, sizeof *s->scan->edges);
}

static int scan_blocks(struct scanner *s)
{
        uint64_t count = s->snapshot->block_count, outer = 0;

        reserve_edges(s);
        for (uint64_t id = 0; id < count && !s->failed; id++) {
                const struct block *block = &s->snapshot->blocks[id];

                s->source = id;
                s->base = (block->address + 7) & ~7ull;
                s->limit = block->address + block->size;
                if (outer < s->pointers->outer_count && s->pointers->outers[outer].id == id) {
                        outer++;
                        (void)scan_ranges(s->snapshot, s->pointers, id, scan_range, s);
                } else {
                        (void)scan_range(s, block->address, s->limit);
                }
        }
        flush(s);
        open_row(s, count);
        return s->failed ? -1 : 0;
}

/* Roots */

static int by_target(const void *a, const void *b)
{
        const struct root_edge *x = a, *y = b;

        if (x->to != y->to)
                return x->to < y->to ? -1 : 1;
        if (x->strength != y->strength)
                return x->strength > y->strength ? -1 : 1;
        return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int by_offset(const void *a, const void *b)
{
        const struct root_edge *x = a, *y = b;

        if (x->offset != y->offset)
                return x->offset < y->offset ? -1 : 1;
        return x->to < y->to ? -1 : x->to > y->to;
}

/* Keeps one edge for each target of one root's; returns how many. */
static uint64_t merge_root(struct root_edge *edges, uint64_t count)
{
        uint64_t kept = 0;

        if (count < 2)
                return count;
        qsort(edges, count, sizeof *edges, by_target);
        for (uint64_t i = 0; i < count; i++) {
                if (kept && edges[kept - 1].to == edges[i].to)
                        edges[kept - 1].count++;
                else
                        edges[kept++] = edges[i];
        }
        qsort(edges, kept, sizeof *edges, by_offset);
        return kept;
}

void scan_merge_roots(struct scan *scan)
{
        uint64_t kept = 0;

        for (uint64_t start = 0, end; start < scan->root_count; start = end) {
                uint64_t count;

                for (end = start + 1; end < scan->root_count && scan->roots[end].root == scan->roots[start].root;)
                        end++;
                count = merge_root(scan->roots + start, end - start);
                memmove(scan->roots + kept, scan->roots + start, count * sizeof *scan->roots);
                kept += count;
        }
        scan->root_count = kept;
}

static int scan_roots(struct scanner *s)
{
        for (size_t i = 0; i < s->snapshot->root_count && !s->failed; i++) {
                const struct root *root = &s->snapshot->roots[i];

                s->source = i;
                s->root = root;
                s->base = root->kind == ROOT_REGISTER ? root->start : (root->start + 7) & ~7ull;
                s->limit = root->end;
                if (root->kind == ROOT_REGISTER) {
                        for (size_t word = 0; word < root->word_count; word++)
                                consider(s, root->words[word], word, NULL, 0);
                } else {
                        (void)scan_range(s, root->start, root->end);
                }
                flush(s);
        }
        s->root = NULL;
        return s->failed ? -1 : 0;
}

int scan_run(struct scan *scan, const struct snapshot *snapshot, const struct pointers *pointers, struct error *e)
{
        struct scanner *s = mem_alloc(1, sizeof *s);
        int status = -1;

        *scan = (struct scan){ 0 };
        if (s && !window_init(&s->window, &snapshot->memory)) {
                s->scan = scan;
                s->snapshot = snapshot;
                s->pointers = pointers;
                scan->first = mem_alloc(snapshot->block_count, sizeof *scan->first);
                if (scan->first && !ids_init(&scan->rows, snapshot->block_count + 1) && !scan_blocks(s))
                        status = scan_roots(s);
                scan->bytes = s->window.bytes;
                mem_free(s->scratch);
                window_free(&s->window);
        }
        mem_free(s);
        if (status) {
                scan_free(scan);
                return error_no_memory(e, "reading the references between blocks");
        }
        return 0;
}

void scan_free(struct scan *scan)
{
        ids_free(&scan->rows);
        mem_free(scan->edges);
        mem_free(scan->roots);
        mem_free(scan->first);
        mem_free(scan->inner);
        *scan = (struct scan){ 0 };
}
