#include "unaligned.h"

enum { PAGE = 4096, SPARSE = 65536 };

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
}

int unaligned_init(struct unaligned *u, const struct snapshot *snapshot, const struct pointers *pointers,
                   struct confidence *confidence)
{
        size_t bytes = snapshot->block_count / 8 + 1;

        *u = (struct unaligned){ .snapshot = snapshot, .pointers = pointers, .confidence = confidence };
        u->candidate = mem_alloc(bytes, 1);
        u->searched = mem_alloc(bytes, 1);
        if (!u->candidate || !u->searched || window_init(&u->window, &snapshot->memory)) {
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
        window_free(&u->window);
        *u = (struct unaligned){ 0 };
}

static void found_at(struct unaligned *u, uint64_t address, uint64_t word)
{
        struct confidence *c = u->confidence;
        uint64_t to = pointers_exact(u->pointers, word);

        if (to == ID_NONE || !bit_get(u->candidate, to))
                return;
        if (mem_grow(&c->unaligned, &u->capacity, c->unaligned_count + 1, sizeof *c->unaligned)) {
                u->failed = true;
                return;
        }
        c->unaligned[c->unaligned_count++] =
                (struct unaligned_edge){ .root = u->root, .from = u->source, .offset = address - u->start, .to = to };
}

/* Every word in the bytes but for the aligned ones. */
static void search_bytes(struct unaligned *u, const uint8_t *bytes, size_t size, uint64_t address)
{
        for (size_t at = 0; at + 8 <= size; at++) {
                uint64_t word;

                memcpy(&word, bytes + at, sizeof word);
                if (word - u->least <= u->span && ((address + at) & 7))
                        found_at(u, address + at, word);
        }
}

/* One range of the source; `context` is the search. */
static int search_range(void *context, uint64_t address, uint64_t end)
{
        struct unaligned *u = context;
        const struct memory *memory = &u->snapshot->memory;

        while (address < end && end - address >= 8 && !u->failed) {
                const uint8_t *bytes;
                uint64_t horizon = end;
                size_t size;

                if (!window_holds(&u->window, address, end) && !u->root)
                        horizon = scan_horizon(u->snapshot, u->source);
                if (!window_holds(&u->window, address, end) && memory->next && end - address >= SPARSE) {
                        uint64_t next = memory->next(memory->context, address, end);

                        /* What is not zero may belong to a word that began just before. */
                        if (next > address + 7)
                                address = next - 7;
                        if (end - address < 8)
                                break;
                }
                bytes = window_at(&u->window, address, end, horizon < end ? end : horizon, &size);
                if (size < 8) {
                        address = (address + size) / PAGE * PAGE + PAGE;
                        continue;
                }
                search_bytes(u, bytes, size, address);
                address += size - 7;
        }
        return u->failed ? -1 : 0;
}

static void search_roots(struct unaligned *u)
{
        u->root = true;
        for (size_t i = 0; i < u->snapshot->root_count && !u->failed; i++) {
                const struct root *root = &u->snapshot->roots[i];

                u->source = i;
                u->start = root->start;
                if (root->kind != ROOT_REGISTER && root->kind != ROOT_UNKNOWN)
                        (void)search_range(u, root->start, root->end);
        }
        u->root = false;
        u->roots_done = true;
}

int unaligned_next(struct unaligned *u)
{
        size_t before = u->confidence->unaligned_count;

        if (!u->roots_done)
                search_roots(u);
        for (uint64_t id = 0; id < u->snapshot->block_count && !u->failed; id++) {
                if (!u->confidence->of[id] || bit_get(u->searched, id))
                        continue;
                bit_set(u->searched, id);
                u->source = id;
                u->start = u->snapshot->blocks[id].address;
                (void)scan_ranges(u->snapshot, u->pointers, id, search_range, u);
        }
        if (u->failed)
                return -1;
        return u->confidence->unaligned_count > before;
}
