#include "scanner.h"

enum {
        GAP = 4096,     /* what may lie between blocks that are read together */
        SPARSE = 65536, /* ranges from this size on may be mostly untouched */
        PAGE = 4096,
        LONG_ROW = 32, /* edges, from which on what comes again is looked for */
};

enum candidate_flag {
        CANDIDATE_HIGH = 1, /* the high 16 bits were taken off */
        CANDIDATE_TEXT = 2, /* may be inside text */
};

/* Edges */

/* Ends the open row and opens the rows up to that of `source`. */
static void open_row(struct scanner *s, uint64_t source)
{
        struct scan *scan = s->scan;
        uint64_t count = s->edge_count - s->row_start;

        if (count > 1)
                s->edge_count = s->row_start + edges_merge(scan->edges + s->row_start, count, &s->scratch);
        while (s->row < source) {
                if (s->row < s->head_end ? !rows_set_head(&scan->rows, s->row, s->edge_start, s->edge_count)
                                         : !rows_set(&scan->rows, s->row, s->row_start, s->edge_count))
                        s->crowded = true;
                s->row++;
                s->row_start = s->edge_count;
        }
}

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

static bool in_long_row(const struct scanner *s, const struct candidate *c)
{
        return c->source == s->row && s->edge_count - s->row_start >= LONG_ROW;
}

static inline struct recent_inner *recent_inner_of(struct scanner *s, uint64_t address)
{
        return &s->recent_inner[address * 0x9e3779b97f4a7c15ull >> (64 - RECENT_INNER_BITS)];
}

/* Is there such a word of the source, or an edge that is as strong?  Remembers
 * it if not. */
static bool inner_again(struct scanner *s, uint64_t source, uint64_t address)
{
        struct recent_inner *recent = recent_inner_of(s, address);

        if ((recent->source & ~RECENT_DONE) == source + 1 && recent->address == address)
                return true;
        *recent = (struct recent_inner){ .source = source + 1, .address = address };
        return false;
}

/* Is the word one that need not be looked at again? */
static inline bool is_done(struct scanner *s, uint64_t word)
{
        const struct recent_inner *recent;

        if (s->row != s->source || s->edge_count - s->row_start < LONG_ROW)
                return false;
        recent = recent_inner_of(s, word);
        return recent->address == word && recent->source == ((s->source + 1) | RECENT_DONE);
}

/* The edge that a word more was added to; NULL when a new one is needed. */
static const edge_t *edge_again(struct scanner *s, uint64_t source, uint64_t target, enum strength strength)
{
        struct recent_edge *recent = &s->recent_edges[target % RECENT_EDGES];
        edge_t *edge = s->scan->edges + recent->edge;

        if (recent->source != source + 1 || edge_target(*edge) != target || edge_strength(*edge) < strength) {
                *recent = (struct recent_edge){ .source = source + 1, .edge = s->edge_count };
                return NULL;
        }
        if (edge_count(*edge) < EDGE_COUNT_MANY)
                ++*edge;
        return edge;
}

/* True when the source had such a word before, so that it was not added. */
static bool add_inner(struct scanner *s, const struct candidate *c, uint64_t target, uint64_t into, bool at_end)
{
        const struct inner_word word = {
                .source_word = c->source << 28 | (c->word < EDGE_WORD_FAR ? c->word : EDGE_WORD_FAR),
                .target_into = target << 28 | (into < INNER_FAR ? into : INNER_FAR),
        };
        struct inner_list *inner = &s->inner;

        if (in_long_row(s, c) && !(s->snapshot->blocks[target].flags & BLOCK_NEW) &&
            inner_again(s, c->source, at_end ? c->address | RECENT_END : c->address))
                return true;
        if (inner->count == s->inner_capacity &&
            mem_grow(&inner->words, &s->inner_capacity, inner->count + 1, sizeof *inner->words)) {
                s->failed = true;
                return false;
        }
        inner->words[inner->count++] = word;
        return false;
}

/* True when there is such an edge already, with as many words as it can tell. */
static inline bool add_block_edge(struct scanner *s, const struct candidate *c, uint64_t target, enum strength strength)
{
        if (c->source != s->row)
                open_row(s, c->source);
        if (in_long_row(s, c)) {
                const edge_t *edge = edge_again(s, c->source, target, strength);

                if (edge)
                        return edge_count(*edge) == EDGE_COUNT_MANY;
        }
        if (s->edge_count == s->edge_capacity &&
            mem_grow(&s->scan->edges, &s->edge_capacity, s->edge_count + 1, sizeof *s->scan->edges)) {
                s->failed = true;
                return false;
        }
        s->scan->edges[s->edge_count++] = edge_make(target, strength, c->word);
        return false;
}

static void add_edge(struct scanner *s, const struct candidate *c, uint64_t target, uint64_t into,
                     enum strength strength)
{
        if (s->root) {
                add_root_edge(s, c, target, into, strength);
                return;
        }
        if (strength == STRENGTH_INTERIOR || strength == STRENGTH_END)
                (void)add_inner(s, c, target, into, strength == STRENGTH_END);
        (void)add_block_edge(s, c, target, strength);
}

/* A block's word that points into the target and nowhere else. */
static inline void add_interior(struct scanner *s, const struct candidate *c, uint64_t target, uint64_t into)
{
        bool again = add_inner(s, c, target, into, false);
        bool full = add_block_edge(s, c, target, STRENGTH_INTERIOR);

        if (again && full)
                recent_inner_of(s, c->address)->source |= RECENT_DONE;
}

/* What a word is */

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

static enum strength inside_strength(const struct scanner *s, uint64_t offset)
{
        if (!offset)
                return STRENGTH_EXACT;
        /* The thread's vector of modules' TLS blocks: its first entries are a header. */
        if (s->root && s->root->kind == ROOT_TLS && offset == 16)
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

static void add_inside(struct scanner *s, const struct candidate *c, uint64_t target, uint64_t offset)
{
        add_edge(s, c, target, offset, weaken(s, c, inside_strength(s, offset)));
}

static void resolve(struct scanner *s, const struct candidate *c)
{
        struct pointee hit;

        if (c->flags & CANDIDATE_HIGH) {
                (void)resolve_tagged(s, c, c->address);
                return;
        }
        if (!c->chunk && c->outer) {
                add_inside(s, c, c->outer->id, c->address - c->outer->start);
                return;
        }
        hit = c->chunk ? pointers_find_in(s->pointers, c->chunk, c->address) : pointers_find(s->pointers, c->address);
        if ((c->address & 7) && (hit.inside == ID_NONE || hit.offset) && resolve_tagged(s, c, c->address & ~7ull))
                return;
        if (hit.inside != ID_NONE)
                add_inside(s, c, hit.inside, hit.offset);
        if (hit.end != ID_NONE)
                add_edge(s, c, hit.end, s->snapshot->blocks[hit.end].size, weaken(s, c, STRENGTH_END));
}

/* A block's word that is no text: false where it takes a closer look. */
static inline bool resolve_plain(struct scanner *s, const struct candidate *c, struct pointer_place place)
{
        const struct pointers *p = s->pointers;
        uint32_t before;
        uint64_t id, offset;

        if (!c->chunk) {
                if (c->outer)
                        add_interior(s, c, c->outer->id, c->address - c->outer->start);
                return c->outer;
        }
        before = pointers_before(p, place);
        id = place.from + before - 1;
        if (before && p->low[id] >= place.key) {
                (void)add_block_edge(s, c, id, STRENGTH_EXACT);
                return true;
        }
        if ((c->address & 7) || id + 1 == c->chunk->first)
                return false;
        offset = pointers_inside_at(p, id, place);
        if (offset)
                add_interior(s, c, id, offset);
        return offset;
}

/* Looks up all candidates.  The granules were asked for when they came; now
 * their blocks are, all at once. */
static void flush(struct scanner *s)
{
        const struct pointers *p = s->pointers;
        struct pointer_place places[BATCH];

        for (size_t i = 0; i < s->batched; i++) {
                places[i] = (struct pointer_place){ 0 };
                if (s->batch[i].chunk)
                        places[i] = pointers_place(p, s->batch[i].chunk, s->batch[i].address);
                __builtin_prefetch(p->low + places[i].from);
        }
        for (size_t i = 0; i < s->batched; i++) {
                const struct candidate *c = &s->batch[i];

                if (s->root || c->flags || !resolve_plain(s, c, places[i]))
                        resolve(s, c);
        }
        s->batched = 0;
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

        if ((word & 0x8080808080808080ull) || !bytes || !text_like(word))
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

/* Is the address, in whose chunk no block starts, in an outer, as far as that is
 * known?  Notes which. */
static bool around(struct scanner *s, struct candidate *c, uint64_t address)
{
        uint64_t outer = far_outer(&s->far, s->pointers, address);

        c->outer = outer < FAR_MIXED ? &s->pointers->outers[outer] : NULL;
        return outer != FAR_NONE;
}

/* `bytes` and `before` as for maybe_text; NULL for a register. */
static inline __attribute__((always_inline)) void consider(struct scanner *s, uint64_t word, uint64_t index,
                                                           const uint8_t *bytes, size_t before)
{
        struct candidate *c = &s->batch[s->batched];
        uint64_t address = word;
        unsigned flags = 0;

        if (!pointers_near(s->pointers, word)) {
                if (!(word >> 48))
                        return;
                address = (uint64_t)((int64_t)(word << 16) >> 16);
                if (!pointers_near(s->pointers, address))
                        return;
                flags = CANDIDATE_HIGH;
        } else if (is_done(s, word)) {
                return;
        }
        c->chunk = pointers_chunk(s->pointers, address);
        if (c->chunk)
                __builtin_prefetch(pointers_granule(s->pointers, c->chunk, address));
        else if (!s->pointers->outer_count || flags || !around(s, c, address))
                return;
        if (maybe_text(word, index, bytes, before))
                flags |= CANDIDATE_TEXT;
        c->address = address;
        c->source = s->source;
        c->word = index;
        c->flags = flags;
        if (++s->batched == BATCH)
                flush(s);
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

/* The first address in [address, end) that may hold something. */
static uint64_t next_written(struct scanner *s, uint64_t address, uint64_t end)
{
        const struct memory *memory = &s->snapshot->memory;
        uint64_t next;

        if (s->next)
                (void)pthread_mutex_lock(s->next);
        next = memory->next(memory->context, address, end);
        if (s->next)
                (void)pthread_mutex_unlock(s->next);
        return next;
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
                                address = next_written(s, address, end) & ~7ull;
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

int scanner_blocks(struct scanner *s, uint64_t first, uint64_t end)
{
        const struct pointers *p = s->pointers;
        size_t outer = pointers_outer_from(p, first);

        s->row = first;
        s->head_end = rows_head_end(first, end);
        s->row_start = s->edge_count = s->edge_start;
        for (uint64_t id = first; id < end && !s->failed; id++) {
                const struct block *block = &s->snapshot->blocks[id];

                s->source = id;
                s->base = (block->address + 7) & ~7ull;
                s->limit = block->address + block->size;
                if (outer < p->outer_count && p->outers[outer].id == id) {
                        outer++;
                        (void)scan_ranges(s->snapshot, p, id, scan_range, s);
                } else {
                        (void)scan_range(s, block->address, s->limit);
                }
        }
        flush(s);
        open_row(s, end);
        return s->failed ? -1 : 0;
}

void scanner_join(struct scanner *s, uint64_t first)
{
        uint64_t to, count;

        if (first >= s->head_end)
                return;
        if (!rows_join(&s->scan->rows, first, s->head_end, &to, &count))
                s->crowded = true;
        else
                memmove(s->scan->edges + to, s->scan->edges + s->edge_start, count * sizeof *s->scan->edges);
}

int scanner_roots(struct scanner *s)
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

int scanner_init(struct scanner *s, struct scan *scan, const struct snapshot *snapshot, const struct pointers *pointers)
{
        *s = (struct scanner){ .scan = scan, .snapshot = snapshot, .pointers = pointers };
        return window_init(&s->window, &snapshot->memory);
}

void scanner_deinit(struct scanner *s)
{
        window_free(&s->window);
        mem_free(s->scratch.edges);
        inner_list_free(&s->inner);
}
