#include "scan.h"

#include "scanner.h"

#include <stdlib.h>
#include <sys/mman.h>

enum {
        GAP = 4096,              /* what may lie between blocks that are read together */
        WEIGHT_BLOCK = 64,       /* bytes that take as long as what every block takes */
        WEIGHT_MOST = 16 << 20,  /* of one block */
        PARALLEL_LEAST = 4 << 20 /* of all blocks */
};

/* Blocks */

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

/* Parts */

struct parts {
        struct scan *scan;
        struct scanner *list[SHARE_MAX];
        uint64_t first[SHARE_MAX + 1]; /* block of each part */
        unsigned count;
        pthread_mutex_t next;
};

static uint64_t weight(const struct block *block)
{
        return WEIGHT_BLOCK + (block->size < WEIGHT_MOST ? block->size : WEIGHT_MOST);
}

/* Inside a mapping a word may hit two blocks. */
static uint64_t most_edges(const struct pointers *pointers, uint64_t words)
{
        return pointers->outer_count ? 2 * words : words;
}

/* How many parts, and where they begin, so that each has as much to do;
 * returns how many edges there can be at most. */
static uint64_t cut_parts(struct parts *parts, const struct snapshot *snapshot, const struct pointers *pointers)
{
        uint64_t count = snapshot->block_count, total = 0, words = 0, sum = 0, id = 0;

        for (uint64_t i = 0; i < count; i++) {
                total += weight(&snapshot->blocks[i]);
                words += snapshot->blocks[i].size / 8;
                parts->scan->odd |= (snapshot->blocks[i].size & 7) && (snapshot->blocks[i].flags & BLOCK_NEW);
        }
        parts->count = snapshot->memory.parallel ? share_parts(total, PARALLEL_LEAST) : 1;
        for (unsigned part = 1; part < parts->count; part++) {
                for (; id < count && sum < total / parts->count * part; id++)
                        sum += weight(&snapshot->blocks[id]);
                parts->first[part] = id;
        }
        parts->first[parts->count] = count;
        return most_edges(pointers, words);
}

/* Address space for all edges that there can be, of which only what is written
 * takes memory; false when it cannot be had. */
static bool reserve_edges(struct scan *scan, uint64_t most)
{
        size_t bytes;
        void *memory;

        if (!most || __builtin_mul_overflow(most, sizeof *scan->edges, &bytes))
                return false;
        memory = mem_reserve(bytes);
        if (!memory)
                return false;
        scan->edges = memory;
        scan->reserved = bytes;
        return true;
}

static void scan_part(void *context, unsigned part)
{
        struct parts *parts = context;

        (void)scanner_blocks(parts->list[part], parts->first[part], parts->first[part + 1]);
}

/* Address space for all inner words of a part; without it they grow. */
static void reserve_inner(struct scanner *s, uint64_t most)
{
        size_t bytes;

        if (!most || __builtin_mul_overflow(most, sizeof *s->inner.words, &bytes))
                return;
        s->inner.words = mem_reserve(bytes);
        if (!s->inner.words)
                return;
        s->inner.reserved = bytes;
        s->inner_capacity = SIZE_MAX;
}

/* Where the edges of each part go: as far apart as they could reach. */
static void place_parts(struct parts *parts, const struct snapshot *snapshot, const struct pointers *pointers)
{
        uint64_t words = 0, id = 0;

        for (unsigned part = 0; part < parts->count; part++) {
                uint64_t before = words;

                for (; id < parts->first[part + 1]; id++)
                        words += snapshot->blocks[id].size / 8;
                parts->list[part]->edge_start = most_edges(pointers, before);
                parts->list[part]->edge_capacity = parts->scan->reserved ? SIZE_MAX : 0;
                reserve_inner(parts->list[part], most_edges(pointers, words - before));
        }
}

static void join_inner(struct parts *parts)
{
        struct scan *scan = parts->scan;

        for (unsigned part = 0; part < parts->count; part++) {
                struct inner_list *inner = &parts->list[part]->inner;

                if (!inner->count)
                        continue;
                scan->inner[scan->inner_lists++] = *inner;
                *inner = (struct inner_list){ 0 };
        }
}

static int join(struct parts *parts, bool *crowded)
{
        join_inner(parts);
        for (unsigned part = 0; part < parts->count; part++) {
                struct scanner *s = parts->list[part];

                if (s->failed)
                        return -1;
                scanner_join(s, parts->first[part]);
                *crowded |= s->crowded;
                parts->scan->edge_count += s->edge_count - s->edge_start;
                parts->scan->bytes += s->window.bytes;
        }
        return 0;
}

static int scan_everything(struct parts *parts, const struct snapshot *snapshot, const struct pointers *pointers,
                           bool *crowded)
{
        uint64_t most = cut_parts(parts, snapshot, pointers);

        if (!reserve_edges(parts->scan, most)) {
                parts->count = 1;
                parts->first[1] = snapshot->block_count;
        }
        for (unsigned part = 0; part < parts->count; part++) {
                parts->list[part] = mem_alloc(1, sizeof *parts->list[part]);
                if (!parts->list[part] || scanner_init(parts->list[part], parts->scan, snapshot, pointers))
                        return -1;
                parts->list[part]->next = parts->count > 1 ? &parts->next : NULL;
        }
        if (scanner_roots(parts->list[0]))
                return -1;
        place_parts(parts, snapshot, pointers);
        share_run(parts->count, scan_part, parts);
        return join(parts, crowded);
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

int scan_run(struct scan *scan, const struct snapshot *snapshot, const struct pointers *pointers, struct error *e)
{
        struct parts parts = { .scan = scan, .next = PTHREAD_MUTEX_INITIALIZER };
        bool crowded = false;
        int status = -1;

        *scan = (struct scan){ 0 };
        scan->first = mem_alloc(snapshot->block_count, sizeof *scan->first);
        if (scan->first && !rows_init(&scan->rows, snapshot->block_count))
                status = scan_everything(&parts, snapshot, pointers, &crowded);
        for (unsigned part = 0; part < parts.count; part++) {
                if (parts.list[part])
                        scanner_deinit(parts.list[part]);
                mem_free(parts.list[part]);
        }
        if (!status && !crowded)
                return 0;
        scan_free(scan);
        if (status)
                return error_no_memory(e, "reading the references between blocks");
        return error_set(e, ERROR_FAILED, "64 neighbouring blocks have more than 4294967295 references");
}

void inner_list_free(struct inner_list *inner)
{
        if (inner->reserved)
                mem_unreserve(inner->words, inner->reserved);
        else
                mem_free(inner->words);
        *inner = (struct inner_list){ 0 };
}

void scan_free_inner(struct scan *scan)
{
        while (scan->inner_lists)
                inner_list_free(&scan->inner[--scan->inner_lists]);
}

void scan_free(struct scan *scan)
{
        rows_free(&scan->rows);
        if (scan->reserved)
                mem_unreserve(scan->edges, scan->reserved);
        else
                mem_free(scan->edges);
        mem_free(scan->roots);
        mem_free(scan->first);
        scan_free_inner(scan);
        table_free(&scan->tails);
        mem_free(scan->rests);
        *scan = (struct scan){ 0 };
}
