#include "unaligned.h"

enum { PAGE = 4096, SPARSE = 65536, LANES = 16 };
#define PARALLEL_LEAST (1u << 16) /* blocks */

typedef uint8_t lanes __attribute__((vector_size(LANES)));

static bool bit_get(const uint8_t *bits, uint64_t index)
{
        return bits[index / 8] >> index % 8 & 1;
}

static void bit_set(uint8_t *bits, uint64_t index)
{
        bits[index / 8] |= (uint8_t)(1 << index % 8);
}

static void find_candidates(struct unaligned *u)
{
        uint64_t greatest = 0;

        u->least = UINT64_MAX;
        for (uint64_t id = 0; id < u->snapshot->block_count; id++) {
                uint64_t address = u->snapshot->blocks[id].address;

                if (u->confidence->of[id])
                        continue;
                bit_set(u->candidate, id);
                if (address < u->least)
                        u->least = address;
                greatest = address;
        }
        u->span = u->least == UINT64_MAX ? 0 : greatest - u->least;
        u->one_bank = u->least >> 48 == greatest >> 48;
        u->low = (uint8_t)(u->least >> 40);
        u->range = (uint8_t)((greatest >> 40) - (u->least >> 40));
}

static int init_parts(struct unaligned *u)
{
        const struct memory *memory = &u->snapshot->memory;
        unsigned count = memory->parallel ? share_parts(u->snapshot->block_count, PARALLEL_LEAST) : 1;

        u->parts = mem_alloc(count, sizeof *u->parts);
        for (; u->parts && u->part_count < count; u->part_count++) {
                u->parts[u->part_count].search = u;
                if (window_init(&u->parts[u->part_count].window, memory))
                        return -1;
        }
        return u->parts ? 0 : -1;
}

int unaligned_init(struct unaligned *u, const struct snapshot *snapshot, const struct pointers *pointers,
                   struct confidence *confidence)
{
        size_t bytes = snapshot->block_count / 8 + 1;

        *u = (struct unaligned){
                .snapshot = snapshot, .pointers = pointers, .confidence = confidence, .next = PTHREAD_MUTEX_INITIALIZER
        };
        u->candidate = mem_alloc(bytes, 1);
        u->searched = mem_alloc(bytes, 1);
        if (!u->candidate || !u->searched || init_parts(u)) {
                unaligned_free(u);
                return -1;
        }
        find_candidates(u);
        return 0;
}

void unaligned_free(struct unaligned *u)
{
        mem_free(u->candidate);
        mem_free(u->searched);
        for (unsigned i = 0; i < u->part_count; i++) {
                window_free(&u->parts[i].window);
                mem_free(u->parts[i].found);
        }
        mem_free(u->parts);
        *u = (struct unaligned){ 0 };
}

static void found_at(struct unaligned_part *p, uint64_t address, uint64_t word)
{
        uint64_t to = pointers_exact(p->search->pointers, word);

        if (to == ID_NONE || !bit_get(p->search->candidate, to))
                return;
        if (mem_grow(&p->found, &p->capacity, p->count + 1, sizeof *p->found)) {
                p->failed = true;
                return;
        }
        p->found[p->count++] =
                (struct unaligned_edge){ .root = p->root, .from = p->source, .offset = address - p->start, .to = to };
}

/* The words that begin at one of these places. */
static void search_places(struct unaligned_part *p, const uint8_t *bytes, size_t count, uint64_t address)
{
        const struct unaligned *u = p->search;

        for (size_t at = 0; at < count; at++) {
                uint64_t word;

                memcpy(&word, bytes + at, sizeof word);
                if (word - u->least <= u->span && ((address + at) & 7))
                        found_at(p, address + at, word);
        }
}

static lanes lanes_at(const uint8_t *bytes)
{
        lanes found;

        memcpy(&found, bytes, sizeof found);
        return found;
}

/* Can a word that begins at one of LANES places, in one that `wanted` names,
 * be a candidate's address?  Judged by its upper three bytes. */
static bool may_hold(const struct unaligned *u, const uint8_t *bytes, lanes wanted)
{
        uint8_t six = (uint8_t)(u->least >> 48), seven = (uint8_t)(u->least >> 56);
        lanes hit = wanted & (lanes)(lanes_at(bytes + 5) - u->low <= u->range) & (lanes)(lanes_at(bytes + 6) == six) &
                    (lanes)(lanes_at(bytes + 7) == seven);
        uint64_t half[2];

        memcpy(half, &hit, sizeof half);
        return half[0] | half[1];
}

/* Names of LANES places from `address` on the unaligned ones, without the
 * first `skip` (below LANES). */
static lanes lanes_wanted(uint64_t address, size_t skip)
{
        uint64_t unaligned = ~(0xffull << 8 * (-address & 7)), half[2] = { unaligned, unaligned };
        lanes wanted;

        half[skip / 8] &= ~0ull << 8 * (skip % 8);
        if (skip >= 8)
                half[0] = 0;
        memcpy(&wanted, half, sizeof wanted);
        return wanted;
}

/* Every word in the bytes but for the aligned ones. */
static void search_bytes(struct unaligned_part *p, const uint8_t *bytes, size_t size, uint64_t address)
{
        const struct unaligned *u = p->search;
        lanes wanted = lanes_wanted(address, 0);
        size_t at = 0, last = size - 7 - LANES; /* where the last LANES places begin */

        if (!u->one_bank || size < LANES + 7) {
                search_places(p, bytes, size - 7, address);
                return;
        }
        for (; at <= last; at += LANES) {
                if (may_hold(u, bytes + at, wanted))
                        search_places(p, bytes + at, LANES, address + at);
        }
        if (at < size - 7 && may_hold(u, bytes + last, lanes_wanted(address + last, at - last)))
                search_places(p, bytes + at, size - 7 - at, address + at);
}

/* The first address from which on the process may have written. */
static uint64_t next_written(struct unaligned *u, uint64_t address, uint64_t end)
{
        const struct memory *memory = &u->snapshot->memory;
        uint64_t next;

        (void)pthread_mutex_lock(&u->next);
        next = memory->next(memory->context, address, end);
        (void)pthread_mutex_unlock(&u->next);
        return next;
}

/* One range of the source; `context` is the part. */
static int search_range(void *context, uint64_t address, uint64_t end)
{
        struct unaligned_part *p = context;
        struct unaligned *u = p->search;

        while (address < end && end - address >= 8 && !p->failed) {
                const uint8_t *bytes;
                uint64_t horizon = end;
                size_t size;

                if (!window_holds(&p->window, address, end) && !p->root)
                        horizon = scan_horizon(u->snapshot, p->source);
                if (!window_holds(&p->window, address, end) && u->snapshot->memory.next && end - address >= SPARSE) {
                        uint64_t next = next_written(u, address, end);

                        /* What is not zero may belong to a word that began just before. */
                        if (next > address + 7)
                                address = next - 7;
                        if (end - address < 8)
                                break;
                }
                bytes = window_at(&p->window, address, end, horizon < end ? end : horizon, &size);
                if (size < 8) {
                        address = (address + size) / PAGE * PAGE + PAGE;
                        continue;
                }
                search_bytes(p, bytes, size, address);
                address += size - 7;
        }
        return p->failed ? -1 : 0;
}

static void search_roots(struct unaligned_part *p)
{
        const struct snapshot *snapshot = p->search->snapshot;

        p->root = true;
        for (size_t i = 0; i < snapshot->root_count && !p->failed; i++) {
                const struct root *root = &snapshot->roots[i];

                p->source = i;
                p->start = root->start;
                if (root->kind != ROOT_REGISTER && root->kind != ROOT_UNKNOWN)
                        (void)search_range(p, root->start, root->end);
        }
        p->root = false;
}

/* Where the part begins: no two write the same byte of `searched`. */
static uint64_t part_start(const struct unaligned *u, unsigned part)
{
        uint64_t count = u->snapshot->block_count;

        return part < u->part_count ? count / u->part_count * part & ~7ull : count;
}

static void search_part(void *context, unsigned part)
{
        struct unaligned *u = context;
        struct unaligned_part *p = &u->parts[part];
        uint64_t end = part_start(u, part + 1);

        for (uint64_t id = part_start(u, part); id < end && !p->failed; id++) {
                if (!u->confidence->of[id] || bit_get(u->searched, id))
                        continue;
                bit_set(u->searched, id);
                p->source = id;
                p->start = u->snapshot->blocks[id].address;
                (void)scan_ranges(u->snapshot, u->pointers, id, search_range, p);
        }
}

/* Takes over what the part found. */
static int join(struct unaligned *u, struct unaligned_part *p)
{
        struct confidence *c = u->confidence;

        if (p->failed || mem_grow(&c->unaligned, &u->capacity, c->unaligned_count + p->count, sizeof *c->unaligned))
                return -1;
        if (p->count)
                memcpy(c->unaligned + c->unaligned_count, p->found, p->count * sizeof *p->found);
        c->unaligned_count += p->count;
        p->count = 0;
        return 0;
}

int unaligned_next(struct unaligned *u)
{
        size_t before = u->confidence->unaligned_count;

        if (!u->roots_done)
                search_roots(&u->parts[0]);
        u->roots_done = true;
        share_run(u->part_count, search_part, u);
        for (unsigned i = 0; i < u->part_count; i++) {
                if (join(u, &u->parts[i]))
                        return -1;
        }
        return u->confidence->unaligned_count > before;
}
