#include "copy.h"

#include "../mem.h"
#include "../share.h"

#include <pthread.h>
#include <string.h>

enum {
        PAGE = 4096,
        PIECE = 1 << 16, /* what a thread copies at a time */
        ALONE = 1 << 20, /* so little is copied by one thread */
};
#define PAGE_MASK (~(uint64_t)(PAGE - 1))

/* ---- what is copied -------------------------------------------------------- */

/* Adds the pages of [start, end); cheap when they come in order. */
static int add_pages(struct ranges *pages, uint64_t start, uint64_t end)
{
        struct range *last = pages->count ? &pages->list[pages->count - 1] : NULL;

        if (start >= end)
                return 0;
        start &= PAGE_MASK;
        end = (end + PAGE - 1) & PAGE_MASK;
        if (last && start >= last->start && start <= last->end) {
                last->end = end > last->end ? end : last->end;
                return 0;
        }
        return ranges_add(pages, start, end);
}

int copy_pages(struct ranges *pages, const struct snapshot *snapshot)
{
        for (size_t i = 0; i < snapshot->block_count; i++) {
                const struct block *block = &snapshot->blocks[i];

                if (add_pages(pages, block->address, block->address + block->size))
                        return -1;
        }
        for (size_t i = 0; i < snapshot->root_count; i++)
                if (add_pages(pages, snapshot->roots[i].start, snapshot->roots[i].end))
                        return -1;
        ranges_sort(pages);
        return 0;
}

/* A module that needs no relocation may have tables of functions on pages that
 * nobody has read yet.  Reads them, so that they count as what is there. */
static void touch(const struct memory *memory, const struct segment *segment)
{
        uint8_t byte;

        for (uint64_t at = segment->start; at < segment->end; at += PAGE)
                (void)memory->read(memory->context, at, &byte, 1);
}

/* Tables of functions tell what an object is. */
static int add_tables(struct ranges *pages, const struct snapshot *snapshot)
{
        for (size_t i = 0; i < snapshot->segment_count; i++) {
                const struct segment *segment = &snapshot->segments[i];

                if (segment->writable || segment->executable)
                        continue;
                if (!segment->bias)
                        touch(&snapshot->memory, segment);
                if (add_pages(pages, segment->start, segment->end))
                        return -1;
        }
        ranges_sort(pages);
        return 0;
}

/* Room for all of it, of which only what is copied will be used. */
static int reserve(struct copy *copy)
{
        copy->offsets = mem_alloc(copy->pages.count, sizeof *copy->offsets);
        if (!copy->offsets)
                return -1;
        for (size_t i = 0; i < copy->pages.count; i++) {
                copy->offsets[i] = copy->size;
                copy->size += copy->pages.list[i].end - copy->pages.list[i].start;
        }
        copy->bytes = copy->size ? mem_reserve(copy->size) : NULL;
        return copy->size && !copy->bytes ? -1 : 0;
}

/* ---- copying --------------------------------------------------------------- */

struct copying {
        struct copy *copy;
        const struct memory *memory;
        pthread_mutex_t lock; /* of all that follows, and of the copy's ranges */
        size_t range;         /* where the next piece is looked for: in this one, */
        uint64_t at;          /* from here on */
        uint64_t bytes, most;
        bool failed;
};

static int add_range(struct ranges *ranges, uint64_t start, uint64_t end)
{
        struct range *last = ranges->count ? &ranges->list[ranges->count - 1] : NULL;

        if (!last || last->end != start)
                return ranges_add(ranges, start, end);
        last->end = end;
        return 0;
}

/* Memory that was never touched reads as zeroes, where it can be read at all. */
static int pass_over(struct copying *c, uint64_t start, uint64_t end)
{
        uint8_t byte;

        if (start >= end || (c->memory->read(c->memory->context, start, &byte, 1) == 1 &&
                             c->memory->read(c->memory->context, end - 1, &byte, 1) == 1))
                return 0;
        return ranges_add(&c->copy->holes, start, end);
}

/* The next piece, with its place in the copy; false at the end. */
static bool find_piece(struct copying *c, struct range *piece, uint8_t **to)
{
        const struct memory *memory = c->memory;

        for (; c->range < c->copy->pages.count && !c->failed; c->range++) {
                const struct range *range = &c->copy->pages.list[c->range];
                uint64_t from = c->at > range->start ? c->at : range->start, at = from;

                if (from < range->end && memory->next)
                        at = memory->next(memory->context, from, range->end) & PAGE_MASK;
                if (at < from)
                        at = from;
                if (pass_over(c, from, at))
                        c->failed = true;
                if (at >= range->end)
                        continue;
                piece->start = at;
                piece->end = range->end - at < PIECE ? range->end : at + PIECE;
                *to = c->copy->bytes + c->copy->offsets[c->range] + (at - range->start);
                c->at = piece->end;
                c->bytes += piece->end - at;
                return true;
        }
        return false;
}

static bool take_piece(struct copying *c, struct range *piece, uint8_t **to)
{
        bool found;

        (void)pthread_mutex_lock(&c->lock);
        found = !c->failed && find_piece(c, piece, to);
        if (found && (c->bytes > c->most || add_range(&c->copy->copied, piece->start, piece->end))) {
                c->failed = true;
                found = false;
        }
        (void)pthread_mutex_unlock(&c->lock);
        return found;
}

static void add_hole(struct copying *c, uint64_t page)
{
        (void)pthread_mutex_lock(&c->lock);
        if (ranges_add(&c->copy->holes, page, page + PAGE))
                c->failed = true;
        (void)pthread_mutex_unlock(&c->lock);
}

static void copy_part(void *context, unsigned part)
{
        struct copying *c = context;
        struct range piece;
        uint8_t *to;

        (void)part;
        while (take_piece(c, &piece, &to)) {
                uint64_t at = piece.start;

                while (at < piece.end) {
                        size_t want = (size_t)(piece.end - at), got;

                        got = c->memory->read(c->memory->context, at, to + (at - piece.start), want) & PAGE_MASK;
                        at += got;
                        if (got < want) {
                                add_hole(c, at);
                                at += PAGE;
                        }
                }
        }
}

/* Would all that is there fit?  Asked first where it might not, so that the
 * process does not wait for a copy that is given up. */
static bool fits(struct copy *copy, const struct memory *memory, uint64_t most)
{
        struct copying c = { .copy = copy, .memory = memory, .most = most };
        struct range piece;
        uint8_t *to;

        if (copy->size <= most)
                return true;
        while (c.bytes <= most && find_piece(&c, &piece, &to))
                ;
        copy->holes.count = 0;
        return c.bytes <= most;
}

int copy_take(struct copy *copy, const struct snapshot *snapshot, uint64_t most)
{
        struct copying c = { .copy = copy, .memory = &snapshot->memory, .most = most };

        *copy = (struct copy){ 0 };
        if (copy_pages(&copy->pages, snapshot) || add_tables(&copy->pages, snapshot) || reserve(copy) ||
            !fits(copy, &snapshot->memory, most))
                return -1;
        (void)pthread_mutex_init(&c.lock, NULL);
        share_run(snapshot->memory.parallel ? share_parts(copy->size, ALONE) : 1, copy_part, &c);
        (void)pthread_mutex_destroy(&c.lock);
        ranges_sort(&copy->copied);
        ranges_sort(&copy->holes);
        return c.failed ? -1 : 0;
}

void copy_deinit(struct copy *copy)
{
        if (copy->bytes)
                mem_unreserve(copy->bytes, copy->size);
        mem_free(copy->offsets);
        ranges_deinit(&copy->pages);
        ranges_deinit(&copy->copied);
        ranges_deinit(&copy->holes);
        *copy = (struct copy){ 0 };
}

/* ---- reading --------------------------------------------------------------- */

static size_t read_copy(void *context, uint64_t address, void *buffer, size_t size)
{
        const struct copy *copy = context;
        size_t i = ranges_from(&copy->pages, address), hole = ranges_from(&copy->holes, address);
        uint64_t end;

        if (i == copy->pages.count || copy->pages.list[i].start > address)
                return 0;
        end = copy->pages.list[i].end;
        if (hole < copy->holes.count && copy->holes.list[hole].start < end)
                end = copy->holes.list[hole].start;
        if (end <= address)
                return 0;
        if (size > end - address)
                size = (size_t)(end - address);
        memcpy(buffer, copy->bytes + copy->offsets[i] + (address - copy->pages.list[i].start), size);
        return size;
}

static uint64_t next_copied(void *context, uint64_t address, uint64_t end)
{
        const struct copy *copy = context;
        size_t i = ranges_from(&copy->copied, address);

        if (i == copy->copied.count || copy->copied.list[i].start >= end)
                return end;
        return copy->copied.list[i].start > address ? copy->copied.list[i].start : address;
}

struct memory copy_reader(struct copy *copy)
{
        return (struct memory){ read_copy, next_copied, copy, true };
}
