#include "suite.h"

#include "channel_writer.h"
#include "collect/process.h"
#include "collect/young.h"
#include "mem.h"

/* What a drained ring leaves in the table, beside a table that was told every event by itself. */

enum { NEAR = 40, FAR = 3, STEPS = 100000 };

static uint64_t seed = 1;

static uint64_t chance(uint64_t below)
{
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (seed >> 33) % below;
}

/* FAR addresses that want each place in the front. */
static uint64_t any_address(void)
{
        return 0x100000 + chance(NEAR) * 16 + chance(FAR) * 16 * YOUNG_SLOTS * YOUNG_SLOTS;
}

static void same_totals(const struct live_totals *a, const struct live_totals *b)
{
        ck_assert_uint_eq(a->events, b->events);
        ck_assert_uint_eq(a->allocations, b->allocations);
        ck_assert_uint_eq(a->frees, b->frees);
        ck_assert_uint_eq(a->allocated_bytes, b->allocated_bytes);
        ck_assert_uint_eq(a->live_blocks, b->live_blocks);
        ck_assert_uint_eq(a->live_bytes, b->live_bytes);
        ck_assert_uint_eq(a->peak_bytes, b->peak_bytes);
        ck_assert_uint_eq(a->inherited_blocks, b->inherited_blocks);
        ck_assert_uint_eq(a->inherited_bytes, b->inherited_bytes);
        ck_assert_uint_eq(a->inherited_frees, b->inherited_frees);
        ck_assert_uint_eq(a->unknown_frees, b->unknown_frees);
        ck_assert_uint_eq(a->reused, b->reused);
        ck_assert_uint_eq(a->restores_lost, b->restores_lost);
}

static void same(const struct live *a, const struct live *b)
{
        struct block *left, *right;
        size_t left_count, right_count;

        same_totals(&a->totals, &b->totals);
        ck_assert_int_eq(live_blocks(a, &left, &left_count, NULL), 0);
        ck_assert_int_eq(live_blocks(b, &right, &right_count, NULL), 0);
        ck_assert_uint_eq(left_count, right_count);
        for (size_t i = 0; i < left_count; i++) {
                ck_assert_uint_eq(left[i].address, right[i].address);
                ck_assert_uint_eq(left[i].size, right[i].size);
                ck_assert_uint_eq(left[i].time_ns, right[i].time_ns);
                ck_assert_uint_eq(left[i].stack, right[i].stack);
                ck_assert_uint_eq(left[i].thread, right[i].thread);
                ck_assert_uint_eq(left[i].flags, right[i].flags);
        }
        mem_free(left);
        mem_free(right);
}

struct both {
        struct writer writer;
        struct process *process;
        struct live live;
        uint64_t now_ns;
};

static struct both both_begin(void)
{
        struct both both = { .writer = writer_create(&writer_small), .now_ns = 1 };
        struct error e = { 0 };

        both.process = process_create(both.writer.control, weir_channel_size(&both.writer.layout), 0, &e);
        ck_assert_msg(both.process != NULL, "%s", e.text);
        return both;
}

static void both_end(struct both *both)
{
        process_destroy(both->process);
        free(both->writer.control);
        live_deinit(&both->live);
}

static void tell(struct both *both, struct writer_record record)
{
        struct live *live = &both->live;

        writer_put(&both->writer, record);
        if (record.kind == WEIR_EVENT_ALLOC)
                live_alloc(live, record.address, record.size, record.stack, record.thread, 0, both->now_ns);
        else if (record.kind == WEIR_EVENT_FREE)
                live_free(live, record.address);
        else if (record.kind == WEIR_EVENT_MOVE)
                live_move(live, record.address, record.thread, both->now_ns);
        else if (record.kind == WEIR_EVENT_RESTORE)
                live_restore(live, record.address, record.thread);
        else
                live_ignore(live, record.address);
}

static void drain(struct both *both)
{
        (void)drain_run(both->process, both->now_ns, false);
        same(&both->process->live, &both->live);
        both->now_ns++;
}

static unsigned any_kind(void)
{
        static const unsigned rare[] = { WEIR_EVENT_MOVE, WEIR_EVENT_RESTORE, WEIR_EVENT_IGNORE };

        return chance(12) == 0 ? rare[chance(3)] : chance(2) ? WEIR_EVENT_ALLOC : WEIR_EVENT_FREE;
}

/* Every event, also at addresses that are live or not, which no true trace has. */
START_TEST(the_table_ends_up_as_if_it_were_told_everything)
{
        struct both both = both_begin();

        for (unsigned step = 0; step < STEPS; step++) {
                struct writer_record record = { any_kind(), any_address(), 0, 0, (uint32_t)chance(3) };

                if (record.kind == WEIR_EVENT_ALLOC) {
                        record.size = chance(20) ? chance(1000) : chance(3) << 20;
                        record.stack = (uint32_t)chance(256);
                }
                if (record.kind == WEIR_EVENT_IGNORE)
                        record.address += chance(200);
                tell(&both, record);
                if (step % 120 == 0 || chance(100) == 0)
                        drain(&both);
        }
        drain(&both);
        both_end(&both);
}
END_TEST

START_TEST(what_dies_young_is_only_counted)
{
        struct both both = both_begin();
        const struct writer_record born = { WEIR_EVENT_ALLOC, 0x1000, 100, 3, 0 };

        for (unsigned i = 0; i < 100; i++) {
                tell(&both, born);
                tell(&both, (struct writer_record){ WEIR_EVENT_FREE, 0x1000, 0, 0, 0 });
        }
        drain(&both);
        ck_assert_uint_eq(both.live.totals.peak_bytes, 100);
        ck_assert_uint_eq(both.live.totals.frees, 100);
        both_end(&both);
}
END_TEST

START_TEST(what_was_inherited_is_not_the_childs_own)
{
        struct both both = both_begin();

        for (unsigned i = 0; i < 2; i++)
                live_alloc(i ? &both.live : &both.process->live, 0x1000, 64, 0, 0, BLOCK_INHERITED, 0);
        tell(&both, (struct writer_record){ WEIR_EVENT_FREE, 0x1000, 0, 0, 0 });
        tell(&both, (struct writer_record){ WEIR_EVENT_ALLOC, 0x1000, 32, 1, 0 });
        drain(&both);
        ck_assert_uint_eq(both.live.totals.inherited_frees, 1);
        ck_assert_uint_eq(both.live.totals.live_bytes, 32);
        both_end(&both);
}
END_TEST

START_TEST(without_memory_the_sums_stay_true)
{
        for (size_t nth = 1; nth < 12; nth++) {
                struct both both = both_begin();
                const struct live_totals *totals = &both.process->live.totals;

                mem_fail_after(nth);
                for (uint64_t i = 1; i < 20000; i++) {
                        uint64_t address = 0x1000 + i * 16;

                        writer_alloc(&both.writer, address, 8, 1);
                        writer_free(&both.writer, address);
                        writer_alloc(&both.writer, address, 8, 1);
                        if (i % 50 == 0)
                                (void)drain_run(both.process, 1, false);
                }
                mem_fail_after(0);
                (void)drain_run(both.process, 1, false);
                ck_assert(both.process->live.no_memory);
                ck_assert_uint_eq(totals->allocations - totals->frees - totals->reused, totals->live_blocks);
                both_end(&both);
        }
}
END_TEST

SUITE_MAIN("young", the_table_ends_up_as_if_it_were_told_everything, what_dies_young_is_only_counted,
           what_was_inherited_is_not_the_childs_own, without_memory_the_sums_stay_true)
