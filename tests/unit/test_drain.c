#include "suite.h"

#include "exact.h"

#include "channel_writer.h"
#include "collect/process.h"
#include "mem.h"

#include <stdio.h>

static struct process *follow(const struct writer *writer)
{
        struct error e = { 0 };
        struct process *process = process_create(writer->control, weir_channel_size(&writer->layout), 0, &e);

        ck_assert_msg(process != NULL, "%s", e.text);
        return process;
}

static size_t drain(struct process *process, bool stopped)
{
        return drain_run(process, 4096, stopped);
}

static void finish(struct process *process, struct writer *writer)
{
        process_destroy(process);
        free(writer->control);
}

/* ---- events --------------------------------------------------------------- */

START_TEST(short_and_extended_records_say_the_same)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);
        const struct writer_record records[] = {
                { WEIR_EVENT_ALLOC, 0x7ffffffffff8, (1 << 20) - 1, 200, 255 },
                { WEIR_EVENT_ALLOC, 0x7ffffffffff0, 1 << 20, 201, WEIR_THREAD_NONE },
                { WEIR_EVENT_ALLOC, 0x1001, 0, 202, 0x12345 },
                { WEIR_EVENT_ALLOC, UINT64_C(0xffff800000000000), 5, 203, 1 },
        };

        for (unsigned i = 0; i < 4; i++)
                writer_put(&writer, records[i]);
        ck_assert_uint_eq(drain(process, false), 6);
        for (unsigned i = 0; i < 4; i++) {
                struct live_entry entry;

                ck_assert(live_find(&process->live, records[i].address, &entry));
                ck_assert_uint_eq(entry.size, records[i].size);
                ck_assert_uint_eq(entry.stack, records[i].stack);
                ck_assert_uint_eq(live_entry_thread(&entry), records[i].thread);
                ck_assert_uint_eq(entry.time_ns, 4096);
        }
        for (unsigned i = 0; i < 4; i++)
                writer_free(&writer, records[i].address);
        ck_assert_uint_eq(drain(process, false), 5);
        ck_assert_uint_eq(process->live.totals.live_blocks, 0);
        ck_assert_uint_eq(process->live.totals.unknown_frees, 0);
        ck_assert_uint_eq(process->garbage, 0);
        finish(process, &writer);
}
END_TEST

START_TEST(realloc_and_mappings_are_followed)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);

        writer_alloc(&writer, 0x1000, 8, 1);
        writer_put(&writer, (struct writer_record){ WEIR_EVENT_MOVE, 0x1000, WEIR_FN_REALLOC, 0, 0 });
        writer_put(&writer, (struct writer_record){ WEIR_EVENT_RESTORE, 0x1000, 0, 0, 0 });
        writer_put(&writer, (struct writer_record){ WEIR_EVENT_MOVE, 0x1000, WEIR_FN_REALLOC, 0, 0 });
        writer_alloc(&writer, 0x2000, 16, 2);
        writer_put(&writer, (struct writer_record){ WEIR_EVENT_MAP, 0x100000, 0x4000, 3, 0 });
        writer_put(&writer, (struct writer_record){ WEIR_EVENT_MAP_OWN, 0x200000, 0x4000, 0, 0 });
        writer_put(&writer, (struct writer_record){ WEIR_EVENT_UNMAP, 0x101000, 0x1000, 0, 0 });
        writer_put(&writer, (struct writer_record){ WEIR_EVENT_SKIP, 0, 0, 0, 0 });
        (void)drain(process, false);
        ck_assert_uint_eq(process->live.totals.allocations, 2);
        ck_assert_uint_eq(process->live.totals.frees, 1);
        ck_assert_uint_eq(process->live.totals.live_bytes, 16);
        ck_assert_uint_eq(process->live.totals.mapped_blocks, 2);
        ck_assert_uint_eq(process->live.totals.mapped_bytes, 0x3000);
        ck_assert_uint_eq(process->live.mappings.count, 3);
        finish(process, &writer);
}
END_TEST

START_TEST(rings_wrap_through_all_laps)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);
        uint64_t total = 0;

        for (unsigned i = 0; i < 256 * 600; i += 2) {
                writer_alloc(&writer, 0x1000 + (i & 0xff) * 16, 8, 1);
                writer_free(&writer, 0x1000 + (i & 0xff) * 16);
                if (i % 100 == 0)
                        total += drain(process, false);
        }
        total += drain(process, false);
        ck_assert_uint_eq(total, 256 * 600);
        ck_assert_uint_eq(process->live.totals.frees, 128 * 600);
        ck_assert_uint_eq(process->live.totals.unknown_frees, 0);
        ck_assert_uint_eq(atomic_load(&writer.control->rings[0].tail), 256 * 600);
        finish(process, &writer);
}
END_TEST

START_TEST(an_extended_record_may_lie_across_the_end)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);
        struct live_entry entry;

        for (unsigned i = 0; i < 255; i++)
                writer_alloc(&writer, 0x1000, 8, 1);
        (void)drain(process, false);
        writer_alloc(&writer, 0x2001, 77 << 24, 1);
        ck_assert_uint_eq(drain(process, false), 2);
        ck_assert(live_find(&process->live, 0x2001, &entry));
        ck_assert_uint_eq(entry.size, 77 << 24);
        finish(process, &writer);
}
END_TEST

START_TEST(an_incomplete_record_stops_the_ring_until_it_is_done)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);
        const struct writer_record late = { WEIR_EVENT_ALLOC, 0x2000, 8, 1, 0 };
        uint64_t position;

        writer_alloc(&writer, 0x1000, 8, 1);
        position = writer_reserve(&writer, 0, 1);
        writer_alloc(&writer, 0x3000, 8, 1);
        ck_assert_uint_eq(drain(process, false), 1);
        ck_assert_uint_eq(drain(process, false), 0);
        writer_fill(&writer, 0, position, &late);
        ck_assert_uint_eq(drain(process, false), 2);
        ck_assert_uint_eq(process->live.totals.live_blocks, 3);
        ck_assert_uint_eq(process->uncommitted, 0);
        finish(process, &writer);
}
END_TEST

START_TEST(a_dead_process_loses_only_what_it_did_not_finish)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);
        const struct writer_record half = { WEIR_EVENT_ALLOC, 0x5000, 8, 1, 0 };
        uint64_t position;

        writer_alloc(&writer, 0x1000, 8, 1);
        (void)writer_reserve(&writer, 0, 1);
        writer_alloc(&writer, 0x3000, 8, 1);
        position = writer_reserve(&writer, 0, 2); /* extended, its second half missing */
        writer_commit(&writer, 0, position, WEIR_EVENT_EXTENDED | half.kind << 17, half.size);
        writer_alloc(&writer, 0x4000, 8, 1);
        (void)drain(process, true);
        ck_assert_uint_eq(process->live.totals.live_blocks, 3);
        ck_assert_uint_eq(process->uncommitted, 3);
        finish(process, &writer);
}
END_TEST

START_TEST(half_a_record_that_was_given_up_is_none)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);
        uint64_t position = writer_reserve(&writer, 0, 2);

        writer_commit(&writer, 0, position, WEIR_EVENT_EXTENDED | (uint64_t)WEIR_EVENT_ALLOC << 17, 8);
        writer_commit(&writer, 0, position + 1, WEIR_EVENT_SKIP, 0);
        writer_alloc(&writer, 0x4000, 8, 1);
        (void)drain(process, false);
        ck_assert_uint_eq(process->live.totals.live_blocks, 1);
        ck_assert_uint_eq(process->garbage, 0);
        finish(process, &writer);
}
END_TEST

START_TEST(more_reserved_than_there_is_room_for)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);

        for (unsigned i = 0; i < 256; i++)
                writer_alloc(&writer, 0x1000 + i * 16, 8, 1);
        (void)writer_reserve(&writer, 0, 3); /* three threads wait for room */
        ck_assert_uint_eq(drain(process, false), 256);
        ck_assert_uint_eq(drain(process, false), 0);
        ck_assert_uint_eq(drain(process, true), 0); /* what was not begun leaves nothing behind */
        ck_assert_uint_eq(process->live.totals.live_blocks, 256);
        ck_assert_uint_eq(process->uncommitted, 0);
        finish(process, &writer);
}
END_TEST

START_TEST(other_rings_are_read_only_after_the_mark)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);
        uint64_t address = 0x7f0000000000;
        uint64_t position;

        while (!weir_ring_of(address))
                address += 1 << 20;
        writer_alloc(&writer, address, 8, 1);
        position = writer_reserve(&writer, 0, 1); /* PARALLEL, not complete yet */
        atomic_store(&writer.control->parallel, 1);
        writer_free(&writer, address);
        ck_assert_uint_eq(drain(process, false), 1);
        ck_assert_uint_eq(process->live.totals.live_blocks, 1);
        writer_commit(&writer, 0, position, WEIR_EVENT_PARALLEL, 0);
        ck_assert_uint_eq(drain(process, false), 2);
        ck_assert_uint_eq(process->live.totals.live_blocks, 0);
        ck_assert_uint_eq(process->live.totals.unknown_frees, 0);
        finish(process, &writer);
}
END_TEST

/* ---- fork ----------------------------------------------------------------- */

START_TEST(a_child_gets_what_was_before_its_mark_in_every_ring)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);
        struct live first = { 0 }, second = { 0 };

        for (unsigned i = 0; i < 64; i++)
                writer_alloc(&writer, UINT64_C(0x10000000) + ((uint64_t)i << 20), 8, 1);
        writer_go_parallel(&writer);
        /* Two forks at once: their marks lie in different orders. */
        for (unsigned ring = 0; ring < WEIR_RINGS; ring++) {
                writer_mark(&writer, ring, WEIR_EVENT_FORK, ring % 2 ? 1 : 2);
                writer_mark(&writer, ring, WEIR_EVENT_FORK, ring % 2 ? 2 : 1);
        }
        for (unsigned i = 0; i < 64; i++) {
                writer_free(&writer, UINT64_C(0x10000000) + ((uint64_t)i << 20));
                writer_alloc(&writer, UINT64_C(0x90000000) + ((uint64_t)i << 20), 8, 1);
        }
        (void)drain(process, false);
        ck_assert(!drain_claim(process, 3, false, &first));
        ck_assert(drain_claim(process, 1, false, &first));
        ck_assert(drain_claim(process, 2, false, &second));
        ck_assert(!drain_claim(process, 2, false, &second));
        ck_assert_uint_eq(first.totals.inherited_blocks, 64);
        ck_assert_uint_eq(second.totals.inherited_blocks, 64);
        ck_assert(live_find(&first, 0x10000000, NULL));
        ck_assert(!live_find(&first, 0x90000000, NULL));
        live_deinit(&first);
        live_deinit(&second);
        finish(process, &writer);
}
END_TEST

START_TEST(a_mark_not_met_everywhere_is_waited_for)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);
        struct live child = { 0 };

        writer_go_parallel(&writer);
        for (unsigned ring = 0; ring < WEIR_RINGS - 1; ring++)
                writer_mark(&writer, ring, WEIR_EVENT_FORK, 1);
        (void)drain(process, false);
        ck_assert(!drain_claim(process, 1, false, &child));
        writer_mark(&writer, WEIR_RINGS - 1, WEIR_EVENT_FORK, 1);
        (void)drain(process, false);
        ck_assert(drain_claim(process, 1, false, &child));
        live_deinit(&child);
        finish(process, &writer);
}
END_TEST

START_TEST(children_that_never_come_are_forgotten)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);

        writer_alloc(&writer, 0x1000, 8, 1);
        for (uint32_t i = 1; i < 2000; i++) {
                writer_fork_mark(&writer, i);
                (void)drain(process, false);
        }
        ck_assert_uint_le(process->clone_count, 256);
        drain_drop_clones(process, 4097);
        ck_assert_uint_eq(process->clone_count, 0);
        finish(process, &writer);
}
END_TEST

/* ---- notes and stacks ------------------------------------------------------ */

START_TEST(notes_describe_the_process)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);

        writer_note(&writer, WEIR_NOTE_ARGV, 0, "one\0two\0\0three", 15, true);
        writer_note(&writer, WEIR_NOTE_EXE, 0, "/bin/one", 9, true);
        writer_module(&writer, 7, 0x7000, 0x8000, "/lib/seven.so");
        writer_module(&writer, 2, 0x2000, 0x3000, "/lib/two.so");
        writer_module(&writer, 7, 0x9000, 0xa000, "/lib/other.so");
        writer_note(&writer, WEIR_NOTE_EXEC, 42, "/bin/ls", 8, true);
        writer_note(&writer, WEIR_NOTE_MESSAGE, 1, "odd", 4, true);
        writer_note(&writer, 99, 1, "odd", 4, true);
        ck_assert_uint_eq(drain(process, false), 8);
        ck_assert_uint_eq(process->argv_count, 4);
        ck_assert_str_eq(process->argv[0], "one");
        ck_assert_str_eq(process->argv[2], "");
        ck_assert_str_eq(process->argv[3], "three");
        ck_assert_str_eq(process->exe, "/bin/one");
        ck_assert_uint_eq(process->module_count, 2);
        ck_assert_str_eq(process_module(process, 7)->path, "/lib/seven.so");
        ck_assert_uint_eq(process_module(process, 2)->build_id_length, 4);
        ck_assert_ptr_null(process_module(process, 3));
        ck_assert_int_eq(process->execs[0].pid, 42);
        ck_assert_str_eq(process->messages[0].text, "odd");
        ck_assert(process->messages[0].incomplete);
        ck_assert(!process_exact(process));
        ck_assert_uint_eq(process->garbage, 1);
        finish(process, &writer);
}
END_TEST

START_TEST(notes_wrap_and_are_zeroed)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);
        const uint8_t *notes = writer_at(&writer, weir_notes_offset(&writer_small));
        char text[1000];

        memset(text, 'x', sizeof text);
        text[999] = '\0';
        for (unsigned i = 0; i < 200; i++) {
                (void)snprintf(text, sizeof text, "%u", i);
                writer_note(&writer, WEIR_NOTE_MESSAGE, 0, text, 700 + i, true);
                ck_assert_uint_eq(drain(process, false), 1);
                ck_assert_str_eq(process->messages[i].text, text);
        }
        for (unsigned i = 0; i < writer_small.notes_bytes; i++)
                ck_assert_uint_eq(notes[i], 0);
        ck_assert_uint_eq(atomic_load(&writer.control->notes_tail), atomic_load(&writer.control->notes_head));
        finish(process, &writer);
}
END_TEST

START_TEST(an_unfinished_note_is_lost_only_with_the_process)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);

        writer_note(&writer, WEIR_NOTE_EXE, 0, "/bin/one", 9, false);
        writer_note(&writer, WEIR_NOTE_EXE, 0, "/bin/two", 9, true);
        ck_assert_uint_eq(drain(process, false), 0);
        ck_assert_uint_eq(process->lost_notes, 0);
        (void)drain(process, true);
        ck_assert_uint_eq(process->lost_notes, 1);
        finish(process, &writer);
}
END_TEST

static void check_stack(struct process *process, uint32_t stack)
{
        struct process_stack frames;

        ck_assert_int_eq(process_stack(process, stack, &frames, NULL), 0);
        ck_assert_uint_eq(frames.count, 3);
        ck_assert_int_eq(frames.function, WEIR_FN_CALLOC);
        ck_assert_uint_eq(frames.frames[0].pc, 0x3000);
        ck_assert_uint_eq(frames.frames[1].module, 9);
        ck_assert(frames.frames[1].exact);
        ck_assert_uint_eq(frames.frames[2].pc, 0x1000);
        ck_assert(frames.truncated);
        mem_free(frames.frames);
}

START_TEST(stacks_of_live_blocks_outlive_the_channel)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);
        uint32_t outer = writer_node(&writer, 0x1000, 1, 0, WEIR_FRAME_TRUNCATED << 8);
        uint32_t middle = writer_node(&writer, 0x2000, 9, outer, WEIR_FRAME_EXACT << 8);
        uint32_t inner = writer_node(&writer, 0x3000, 1, middle, WEIR_FN_CALLOC);
        uint32_t other = writer_node(&writer, 0x4000, 1, middle, WEIR_FN_NEW_ARRAY);
        struct process_stack none;
        struct block *blocks;
        size_t count;

        writer_alloc(&writer, 0x1000, 8, inner);
        writer_alloc(&writer, 0x2000, 8, other);
        (void)drain(process, false);
        check_stack(process, inner);
        ck_assert_int_eq(process_blocks(process, &blocks, &count, NULL), 0);
        ck_assert_uint_eq(blocks[0].flags, 0);
        ck_assert_uint_eq(blocks[1].flags, BLOCK_ARRAY);
        mem_free(blocks);
        live_free(&process->live, 0x2000);
        process_keep_stacks(process);
        process_detach(process);
        memset(writer.control, 0xff, weir_channel_size(&writer_small));
        check_stack(process, inner);
        ck_assert_int_eq(process_stack(process, other, &none, NULL), 0);
        ck_assert_uint_eq(none.count, 0);
        finish(process, &writer);
}
END_TEST

/* ---- hostile channels ------------------------------------------------------ */

START_TEST(impossible_control_pages_are_refused)
{
        struct writer writer = writer_create(&writer_small);
        struct error e;

        writer.control->layout.nodes = 1u << 27;
        ck_assert_ptr_null(process_create(writer.control, weir_channel_size(&writer_small), 0, &e));
        writer.control->layout.nodes = 100;
        ck_assert_ptr_null(process_create(writer.control, weir_channel_size(&writer_small), 0, &e));
        writer.control->layout = writer_small;
        writer.control->version++;
        ck_assert_ptr_null(process_create(writer.control, weir_channel_size(&writer_small), 0, &e));
        free(writer.control);
}
END_TEST

static uint64_t state = 1;

static uint64_t random64(void)
{
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state;
}

/* Anything at all in the channel ends in bounded time and memory. */
START_TEST(noise_is_survived)
{
        for (unsigned round = 0; round < 300; round++) {
                struct writer writer = writer_create(&writer_small);
                struct process *process = follow(&writer);
                size_t size = weir_channel_size(&writer_small);
                uint64_t *words = (uint64_t *)(void *)writer.control;
                struct process_stack stack;
                struct block *blocks;
                size_t count;

                for (size_t i = 0; i < size / 8; i += 1 + random64() % (round % 7 + 1))
                        words[i] = random64() >> random64() % 64;
                for (unsigned i = 0; i < 3; i++)
                        (void)drain(process, i == 2);
                (void)process_settle(process, true, NULL);
                ck_assert_int_eq(process_blocks(process, &blocks, &count, NULL), 0);
                mem_free(blocks);
                for (uint32_t i = 0; i < 300; i++) {
                        ck_assert_int_eq(process_stack(process, i, &stack, NULL), 0);
                        mem_free(stack.frames);
                }
                process_keep_stacks(process);
                process_detach(process);
                finish(process, &writer);
        }
}
END_TEST

/* Well-formed tags with random contents go deeper. */
START_TEST(random_records_are_survived)
{
        struct writer writer = writer_create(&writer_small);
        struct process *process = follow(&writer);

        for (unsigned i = 0; i < 200000; i++) {
                unsigned ring = (unsigned)(random64() % (atomic_load(&writer.control->parallel) ? WEIR_RINGS : 1));

                writer_commit(&writer, ring, writer_reserve(&writer, ring, 1), random64() & ~(uint64_t)WEIR_TAG_MASK,
                              random64() >> random64() % 64);
                if (i % 64 == 0)
                        (void)drain(process, false);
        }
        (void)drain(process, true);
        ck_assert_uint_eq(process->live.totals.allocations - process->live.totals.frees - process->live.totals.reused,
                          process->live.totals.live_blocks);
        finish(process, &writer);
}
END_TEST

SUITE_MAIN("drain", short_and_extended_records_say_the_same, realloc_and_mappings_are_followed,
           rings_wrap_through_all_laps, an_extended_record_may_lie_across_the_end,
           an_incomplete_record_stops_the_ring_until_it_is_done, a_dead_process_loses_only_what_it_did_not_finish,
           half_a_record_that_was_given_up_is_none, more_reserved_than_there_is_room_for, other_rings_are_read_only_after_the_mark,
           a_child_gets_what_was_before_its_mark_in_every_ring, a_mark_not_met_everywhere_is_waited_for,
           children_that_never_come_are_forgotten, notes_describe_the_process, notes_wrap_and_are_zeroed,
           an_unfinished_note_is_lost_only_with_the_process, stacks_of_live_blocks_outlive_the_channel,
           impossible_control_pages_are_refused, noise_is_survived, random_records_are_survived)
