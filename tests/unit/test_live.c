#include "suite.h"

#include "collect/live.h"
#include "mem.h"

#include <stdio.h>
#include <string.h>

/* ---- a model: one array, searched from end to end ------------------------ */

enum { MODEL_MAX = 4096, ADDRESSES = 600, THREADS = 4, TICK = 1024 /* what times are kept to, in ns */ };

struct model_block {
        uint64_t address, size, time_ns;
        uint32_t stack, thread, flags;
        bool known;
};

struct model {
        struct model_block blocks[MODEL_MAX];
        size_t count;
        uint64_t allocations, frees, reused, unknown_frees, inherited_frees, live_bytes, peak_bytes, allocated;
};

static struct model_block *model_find(struct model *model, uint64_t address)
{
        for (size_t i = 0; i < model->count; i++)
                if (model->blocks[i].address == address)
                        return &model->blocks[i];
        return NULL;
}

static void model_put(struct model *model, struct model_block block)
{
        struct model_block *old = model_find(model, block.address);

        if (old) {
                model->reused += !(old->flags & BLOCK_INHERITED);
                model->live_bytes -= old->flags & BLOCK_INHERITED ? 0 : old->size;
                *old = block;
        } else {
                ck_assert_uint_lt(model->count, MODEL_MAX);
                model->blocks[model->count++] = block;
        }
        model->live_bytes += block.flags & BLOCK_INHERITED ? 0 : block.size;
        if (model->live_bytes > model->peak_bytes)
                model->peak_bytes = model->live_bytes;
}

static struct model_block model_take(struct model *model, uint64_t address)
{
        struct model_block *found = model_find(model, address), block = { .address = address };

        if (!found) {
                model->unknown_frees++;
                return block;
        }
        block = *found;
        block.known = true;
        if (block.flags & BLOCK_INHERITED) {
                model->inherited_frees++;
        } else {
                model->frees++;
                model->live_bytes -= block.size;
        }
        *found = model->blocks[--model->count];
        return block;
}

static void model_undo(struct model *model, struct model_block block)
{
        if (!block.known)
                model->unknown_frees--;
        else if (block.flags & BLOCK_INHERITED)
                model->inherited_frees--;
        else
                model->frees--;
        if (block.known)
                model_put(model, block);
}

static void same(const struct live *live, struct model *model)
{
        struct block *blocks;
        size_t count;

        ck_assert_int_eq(live_blocks(live, &blocks, &count, NULL), 0);
        ck_assert_uint_eq(count, model->count);
        for (size_t i = 0; i < count; i++) {
                const struct model_block *expected = model_find(model, blocks[i].address);

                ck_assert(i == 0 || blocks[i - 1].address < blocks[i].address);
                ck_assert_ptr_nonnull(expected);
                ck_assert_uint_eq(blocks[i].size,
                                  i + 1 < count && blocks[i + 1].address - blocks[i].address < expected->size
                                          ? blocks[i + 1].address - blocks[i].address
                                          : expected->size);
                ck_assert_uint_eq(blocks[i].stack, expected->stack);
                ck_assert_uint_eq(blocks[i].thread, expected->thread);
                ck_assert_uint_eq(blocks[i].time_ns, expected->time_ns);
                ck_assert_uint_eq(blocks[i].flags, expected->flags);
        }
        mem_free(blocks);
        ck_assert_uint_eq(live->totals.allocations, model->allocations);
        ck_assert_uint_eq(live->totals.frees, model->frees);
        ck_assert_uint_eq(live->totals.reused, model->reused);
        ck_assert_uint_eq(live->totals.unknown_frees, model->unknown_frees);
        ck_assert_uint_eq(live->totals.inherited_frees, model->inherited_frees);
        ck_assert_uint_eq(live->totals.live_bytes, model->live_bytes);
        ck_assert_uint_eq(live->totals.peak_bytes, model->peak_bytes);
        ck_assert_uint_eq(live->totals.allocated_bytes, model->allocated);
        ck_assert_uint_eq(live->totals.allocations - live->totals.frees - live->totals.reused,
                          live->totals.live_blocks);
}

/* ---- random scripts ------------------------------------------------------- */

static uint64_t seed;

static uint64_t chance(uint64_t below)
{
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (seed >> 33) % below;
}

/* Few addresses, some near, some odd, some in other rings' shares. */
static uint64_t any_address(void)
{
        uint64_t n = 1 + chance(ADDRESSES);

        return n % 3 ? n * 16 + (n % 5 ? 0 : n % 16) : UINT64_C(0x7f0000000000) + n * UINT64_C(0x123450);
}

struct script {
        struct live *live;
        struct model *model;
        struct model_block moved[THREADS];
        bool moving[THREADS];
        uint64_t now;
};

static void do_alloc(struct script *script, uint64_t address, uint32_t thread)
{
        struct model_block block = { .address = address,
                                     .size = chance(10) ? chance(1000) : chance(4) << 20,
                                     .time_ns = script->now,
                                     .stack = (uint32_t)chance(100),
                                     .thread = thread };

        live_alloc(script->live, address, block.size, block.stack, thread, 0, script->now);
        script->model->allocations++;
        script->model->allocated += block.size;
        model_put(script->model, block);
}

static void do_step(struct script *script)
{
        uint32_t thread = (uint32_t)chance(THREADS);
        uint64_t address = any_address();

        script->now += TICK;
        if (script->moving[thread]) { /* ends its realloc, well or not */
                script->moving[thread] = false;
                if (chance(2) && !model_find(script->model, script->moved[thread].address)) {
                        live_restore(script->live, script->moved[thread].address, thread);
                        model_undo(script->model, script->moved[thread]);
                } else {
                        do_alloc(script, address, thread);
                }
        } else if (chance(3) == 0) {
                live_free(script->live, address);
                (void)model_take(script->model, address);
        } else if (chance(3) == 0) {
                live_move(script->live, address, thread, script->now);
                script->moved[thread] = model_take(script->model, address);
                script->moving[thread] = true;
        } else {
                do_alloc(script, address, thread);
        }
}

START_TEST(random_scripts_agree_with_the_model)
{
        for (seed = 1; seed < 60;) {
                struct live live = { 0 };
                struct model *model = mem_alloc(1, sizeof *model);
                struct script script = { .live = &live, .model = model };
                uint64_t mine = seed;

                for (unsigned i = 0; i < 3000; i++)
                        do_step(&script);
                same(&live, model);
                live_deinit(&live);
                mem_free(model);
                seed = mine + 1;
        }
}
END_TEST

START_TEST(a_child_inherits_everything_and_owns_nothing)
{
        struct live parent = { 0 }, child = { 0 };
        struct model *model = mem_alloc(1, sizeof *model);
        struct script script = { .live = &parent, .model = model };
        struct live_cursor cursor = { .table = &parent.table };
        struct live_entry entry;

        seed = 99;
        for (unsigned i = 0; i < 2000; i++)
                do_step(&script);
        live_map(&parent, 0x10000000, 0x4000, 1, 0, false, 5);
        for (unsigned ring = 0; ring < WEIR_RINGS; ring++)
                ck_assert_int_eq(live_inherit(&child, &parent, ring), 0);
        ck_assert_uint_eq(child.totals.live_blocks, 0);
        ck_assert_uint_eq(child.totals.mapped_blocks, 0);
        ck_assert_uint_eq(child.mappings.count, 1);
        ck_assert_uint_eq(child.totals.inherited_blocks, parent.totals.live_blocks);
        ck_assert_uint_eq(child.totals.inherited_bytes, parent.totals.live_bytes);

        /* The child goes on by itself. */
        *model = (struct model){ .count = model->count, .blocks = { { 0 } } };
        model->count = 0;
        while (live_table_next(&cursor, &entry))
                model_put(model, (struct model_block){ .address = entry.address,
                                                       .size = entry.size,
                                                       .time_ns = entry.time_ns,
                                                       .thread = live_entry_thread(&entry),
                                                       .flags = BLOCK_INHERITED });
        live_unmap(&child, 0x10000000, 0x4000);
        script = (struct script){ .live = &child, .model = model, .now = 5000 * TICK };
        for (unsigned i = 0; i < 2000; i++)
                do_step(&script);
        same(&child, model);
        live_deinit(&parent);
        live_deinit(&child);
        mem_free(model);
}
END_TEST

START_TEST(a_failed_realloc_leaves_no_trace)
{
        struct live live = { 0 };
        struct live_entry entry;

        live_alloc(&live, 0x1000, 10, 7, 3, 0, TICK);
        live_move(&live, 0x1000, 3, 2 * TICK);
        ck_assert(!live_find(&live, 0x1000, NULL));
        live_restore(&live, 0x1000, 3);
        ck_assert(live_find(&live, 0x1000, &entry));
        ck_assert_uint_eq(entry.stack, 7);
        ck_assert_uint_eq(entry.time_ns, TICK);
        ck_assert_uint_eq(live.totals.events, 1);
        ck_assert_uint_eq(live.totals.frees, 0);
        ck_assert_uint_eq(live.totals.live_bytes, 10);
        live_deinit(&live);
}
END_TEST

START_TEST(a_realloc_inside_a_realloc_keeps_both)
{
        struct live live = { 0 };
        struct live_entry entry;

        live_alloc(&live, 0x1000, 10, 1, 0, 0, 1);
        live_alloc(&live, 0x2000, 20, 2, 0, 0, 1);
        live_move(&live, 0x1000, 0, 2);
        live_move(&live, 0x2000, 0, 2); /* a signal handler's */
        live_restore(&live, 0x2000, 0);
        live_restore(&live, 0x1000, 0);
        ck_assert_uint_eq(live.totals.live_blocks, 2);
        ck_assert_uint_eq(live.totals.restores_lost, 0);
        ck_assert(live_find(&live, 0x1000, &entry));
        ck_assert_uint_eq(entry.stack, 1);
        live_deinit(&live);
}
END_TEST

START_TEST(a_restore_of_nothing_is_counted)
{
        struct live live = { 0 };

        live_restore(&live, 0x1000, 0);
        ck_assert_uint_eq(live.totals.restores_lost, 1);
        live_alloc(&live, 0x1000, 10, 1, 0, 0, 1);
        live_restore(&live, 0x1000, 0); /* its MOVE was dropped */
        ck_assert_uint_eq(live.totals.restores_lost, 1);
        ck_assert_uint_eq(live.totals.live_blocks, 1);
        live_deinit(&live);
}
END_TEST

START_TEST(many_threads_reallocate_without_growth)
{
        struct live live = { 0 };
        uint64_t now = 0;

        for (uint32_t thread = 0; thread < 200000; thread++) {
                now += 100000000; /* ten a second */
                live_alloc(&live, 0x1000, 10, 1, thread, 0, now);
                live_move(&live, 0x1000, thread, now);
        }
        for (unsigned ring = 0; ring < WEIR_RINGS; ring++)
                ck_assert_uint_le(live.limbos[ring].mask + 1, 4096);
        live_deinit(&live);
}
END_TEST

/* Bytes that the table occupies. */
static size_t bytes_of(const struct live_table *table)
{
        size_t slots = table->slots ? (size_t)1 << table->bits : 0;
        size_t bytes = slots * sizeof *table->slots + table->great.capacity * sizeof *table->great.sizes;

        for (size_t i = 0; i < slots; i++) {
                const struct live_chunk *chunk = table->slots[i].chunk;

                bytes += chunk ? sizeof *chunk : 0;
                for (unsigned region = 0; chunk && region < LIVE_REGIONS; region++)
                        if (chunk->regions[region].cells)
                                bytes += sizeof(struct live_cell) << chunk->regions[region].bits;
        }
        return bytes;
}

START_TEST(memory_follows_the_live_blocks)
{
        struct live live = { 0 };

        for (uint64_t i = 1; i <= 500000; i++)
                live_alloc(&live, i * 32, 8, 1, 0, 0, 1);
        ck_assert_uint_le(bytes_of(&live.table), UINT64_C(500000) * 34);
        for (uint64_t i = 1; i <= 500000; i++)
                live_free(&live, i * 32);
        ck_assert_uint_le(bytes_of(&live.table), 1024);
        ck_assert_uint_eq(live.totals.live_blocks, 0);
        ck_assert_uint_eq(live.totals.peak_bytes, 4000000);
        live_deinit(&live);
}
END_TEST

/* A region of the table holds as many blocks as it has addresses. */
START_TEST(blocks_may_begin_at_every_address)
{
        struct live live = { 0 };
        struct live_entry entry;

        for (uint64_t i = 0; i < 5000; i++)
                live_alloc(&live, 0x1000 + i * 7 % 5000, i, 1, 0, 0, 1);
        ck_assert_uint_eq(live.totals.live_blocks, 5000);
        ck_assert_uint_eq(live.totals.reused, 0);
        for (uint64_t i = 0; i < 5000; i++) {
                ck_assert(live_find(&live, 0x1000 + i * 7 % 5000, &entry));
                ck_assert_uint_eq(entry.size, i);
        }
        for (uint64_t i = 0; i < 5000; i++)
                live_free(&live, 0x1000 + i * 11 % 5000);
        ck_assert_uint_eq(live.totals.live_blocks, 0);
        ck_assert_uint_eq(live.totals.unknown_frees, 0);
        live_deinit(&live);
}
END_TEST

START_TEST(great_sizes_leave_nothing_behind)
{
        struct live live = { 0 };
        struct live_entry entry;

        for (uint64_t i = 1; i <= 10000; i++) {
                live_alloc(&live, (1 + i % 10) << 30, i << 20, 1, 0, 0, 1);
                live_alloc(&live, UINT64_MAX - 15, UINT64_MAX, 1, 0, 0, 1);
                ck_assert(live_find(&live, (1 + i % 10) << 30, &entry));
                ck_assert_uint_eq(entry.size, i << 20);
                live_free(&live, (1 + (i + i % 3) % 10) << 30);
        }
        ck_assert(live_find(&live, UINT64_MAX - 15, &entry));
        ck_assert_uint_eq(entry.size, UINT64_MAX);
        ck_assert_uint_le(live.table.great.used, 12);
        live_deinit(&live);
}
END_TEST

/* ---- annotations ---------------------------------------------------------- */

static uint32_t flags_at(const struct live *live, uint64_t address)
{
        struct live_entry entry;

        ck_assert(live_find(live, address, &entry));
        return live_entry_flags(&entry);
}

START_TEST(a_block_is_ignored_by_any_address_in_it)
{
        struct live live = { 0 };

        live_alloc(&live, 0x1000, 0x100, 1, 0, 0, 1);
        live_alloc(&live, 0x1100, 0, 1, 0, 0, 1);
        live_alloc(&live, 0x10000000, 0x4000000, 1, 0, 0, 1);
        live_map(&live, 0x800000, 0x1000, 1, 0, false, 1);
        live_ignore(&live, 0x1100); /* one past the end of the first: it is the second's */
        live_ignore(&live, 0x900);
        live_ignore(&live, 0x14000000);
        live_ignore(&live, 0x800fff);
        ck_assert_uint_eq(flags_at(&live, 0x1000), 0);
        ck_assert_uint_eq(flags_at(&live, 0x1100), BLOCK_IGNORED);
        ck_assert_uint_eq(flags_at(&live, 0x10000000), 0);
        ck_assert(live_mappings_at(&live.mappings, (struct live_place){ 0 })->ignored);
        live_ignore(&live, 0x10ff);
        live_ignore(&live, 0x13ffffff);
        ck_assert_uint_eq(flags_at(&live, 0x1000), BLOCK_IGNORED);
        ck_assert_uint_eq(flags_at(&live, 0x10000000), BLOCK_IGNORED);
        live_free(&live, 0x1000);
        live_alloc(&live, 0x1000, 0x100, 1, 0, 0, 1);
        ck_assert_uint_eq(flags_at(&live, 0x1000), 0);
        live_deinit(&live);
}
END_TEST

/* ---- as one list --------------------------------------------------------- */

START_TEST(blocks_come_sorted_with_their_mapping_first)
{
        struct live live = { 0 };
        struct block *blocks;
        size_t count;

        for (uint64_t i = 20000; i > 0; i--)
                live_alloc(&live, i * 0x100, 8, 1, 0, 0, 1);
        live_map(&live, 0x1000, 0x1000, 1, 0, false, 1);
        live_map(&live, 0x8000000, 0x1000, 1, 0, false, 1);
        live_map(&live, 0x9000000, 0x1000, 1, 0, true, 1);
        ck_assert_int_eq(live_blocks(&live, &blocks, &count, NULL), 0);
        ck_assert_uint_eq(count, 20002);
        for (size_t i = 1; i < count; i++)
                ck_assert(blocks[i - 1].address < blocks[i].address ||
                          (blocks[i - 1].flags & BLOCK_MAPPING && blocks[i - 1].address == blocks[i].address));
        ck_assert_uint_eq(blocks[15].address, 0x1000);
        ck_assert(blocks[15].flags & BLOCK_MAPPING);
        ck_assert_uint_eq(blocks[count - 1].address, 0x8000000);
        mem_free(blocks);
        live_deinit(&live);
}
END_TEST

START_TEST(blocks_never_overlap)
{
        struct live live = { 0 };
        struct block *blocks;
        size_t count;

        live_alloc(&live, 0x1000, 0x100, 1, 0, 0, 1);
        live_alloc(&live, 0x1010, UINT64_MAX, 1, 0, 0, 1);
        live_alloc(&live, UINT64_MAX - 7, 0x100, 1, 0, 0, 1);
        ck_assert_int_eq(live_blocks(&live, &blocks, &count, NULL), 0);
        ck_assert_uint_eq(blocks[0].size, 0x10);
        ck_assert_uint_eq(blocks[1].size, UINT64_MAX - 7 - 0x1010);
        ck_assert_uint_eq(blocks[2].size, 7);
        mem_free(blocks);
        live_deinit(&live);
}
END_TEST

/* ---- no memory ------------------------------------------------------------ */

START_TEST(without_memory_the_table_says_so)
{
        for (size_t nth = 1; nth < 200; nth += nth < 12 ? 1 : 37) {
                struct live live = { 0 }, child = { 0 };

                mem_fail_after(nth);
                for (uint64_t i = 1; i < (nth < 12 ? 2000 : 100000); i++) {
                        live_alloc(&live, i * 32, 8, 1, 0, 0, 1);
                        if (i % 3 == 0)
                                live_move(&live, i * 32, (uint32_t)i, 1);
                        if (i % 5 == 0)
                                live_map(&live, i * 4096 + 0x40000000, 4096, 1, 0, false, 1);
                }
                for (unsigned ring = 0; ring < WEIR_RINGS; ring++)
                        (void)live_inherit(&child, &live, ring);
                mem_fail_after(0);
                ck_assert(live.no_memory || child.no_memory);
                ck_assert_uint_eq(live.totals.allocations - live.totals.frees - live.totals.reused,
                                  live.totals.live_blocks);
                live_deinit(&live);
                live_deinit(&child);
        }
}
END_TEST

SUITE_MAIN("live", random_scripts_agree_with_the_model, a_child_inherits_everything_and_owns_nothing,
           a_failed_realloc_leaves_no_trace, a_realloc_inside_a_realloc_keeps_both, a_restore_of_nothing_is_counted,
           many_threads_reallocate_without_growth, memory_follows_the_live_blocks, blocks_may_begin_at_every_address,
           great_sizes_leave_nothing_behind, a_block_is_ignored_by_any_address_in_it,
           blocks_come_sorted_with_their_mapping_first, blocks_never_overlap, without_memory_the_table_says_so)
