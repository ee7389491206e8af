#include "capture_help.h"

#include "capture/memory.h"
#include "capture/registers.h"
#include "mem.h"

#include <string.h>

/* ---- where a pointer can be -------------------------------------------- */

/* With or without what the shim may know of libc. */
static void find_every_place(bool told)
{
        static const struct {
                enum root_kind kind;
                enum plant plant;
        } expected[] = {
                { ROOT_GLOBAL, PLANT_DATA },
                { ROOT_GLOBAL, PLANT_BSS },
                { ROOT_TLS, PLANT_MAIN_TLS },
                { ROOT_TLS, PLANT_THREAD_TLS },
                { ROOT_TLS, PLANT_LOW_KEY },
                { ROOT_STACK, PLANT_STACK },
                { ROOT_REGISTER, PLANT_REGISTER },
                { ROOT_REGISTER, PLANT_VECTOR },
                { ROOT_STACK, PLANT_MALLOC_COROUTINE },
                { ROOT_STACK, PLANT_MMAP_COROUTINE },
                { ROOT_STACK, PLANT_BELOW_COROUTINE },
                { ROOT_STACK, PLANT_SIGNAL_STACK },
                { ROOT_STACK, PLANT_UNDER_SIGNAL },
                { ROOT_UNKNOWN, PLANT_UNKNOWN_MAPPING },
                { ROOT_UNKNOWN, PLANT_SHARED_MAPPING },
                { ROOT_UNKNOWN, PLANT_SPARSE },
                { ROOT_UNKNOWN, PLANT_SUSPENDED_COROUTINE },
        };
        struct target target = target_everything();
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;

        if (told) {
                request.tls_static_size = (uint32_t)target_fact(&target, "tls_static_size");
                request.pthread_size = (uint32_t)target_fact(&target, "pthread_size");
        }
        take(&snapshot, &request);
        for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
                ck_assert_msg(in_roots(&snapshot, expected[i].kind, expected[i].plant), "plant %d is not in kind %d",
                              (int)expected[i].plant, (int)expected[i].kind);
        ck_assert_uint_eq(snapshot.threads, 9);
        ck_assert_uint_eq(snapshot.limit_count, 0);
        snapshot_release(&snapshot);
        target_end(&target);
}

START_TEST(every_place_that_is_a_root_is_found)
{
        find_every_place(true);
}
END_TEST

START_TEST(libc_need_not_be_known)
{
        find_every_place(false);
}
END_TEST

START_TEST(what_thread_storage_keeps_elsewhere_is_led_to)
{
        static const enum plant led[] = { PLANT_MAIN_DYNAMIC_TLS, PLANT_THREAD_DYNAMIC_TLS, PLANT_HIGH_KEY };
        struct target target = target_everything();
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;

        take(&snapshot, &request);
        for (size_t i = 0; i < 3; i++)
                ck_assert_msg(any_word(&snapshot, ROOT_TLS, word_leads, value_of(led[i])), "nothing leads to plant %d",
                              (int)led[i]);
        snapshot_release(&snapshot);
        target_end(&target);
}
END_TEST

START_TEST(what_is_dead_or_a_block_is_no_root)
{
        static const enum plant absent[] = {
                PLANT_DEAD_FRAME,  PLANT_DEAD_THREAD,        PLANT_FREED, PLANT_HEAP, PLANT_BLOCK_MAPPING,
                PLANT_OWN_MAPPING, PLANT_SUSPENDED_COROUTINE
        };
        struct target target = target_everything();
        struct capture_request request = request_for(&target);
        struct block *blocks = mem_alloc(2, sizeof *blocks);
        uint64_t stack = target_fact(&target, "suspended_stack"), mapping = target_fact(&target, "block_mapping");
        uint64_t own_start = target_fact(&target, "own_mapping");
        struct range own = { own_start, own_start + 4096 };
        struct snapshot snapshot;

        blocks[0] = (struct block){ .address = stack, .size = COROUTINE_STACK, .flags = BLOCK_MAPPING };
        blocks[1] = (struct block){ .address = mapping, .size = 4096, .flags = BLOCK_MAPPING };
        ck_assert_uint_lt(stack, mapping);
        request.blocks = blocks;
        request.block_count = 2;
        request.own = &own;
        request.own_count = 1;
        request.tls_static_size = (uint32_t)target_fact(&target, "tls_static_size");
        request.pthread_size = (uint32_t)target_fact(&target, "pthread_size");
        take(&snapshot, &request);
        for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
                ck_assert_msg(!in_any_root(&snapshot, absent[i]), "plant %d is in a root", (int)absent[i]);
        ck_assert(!any_word(&snapshot, ROOT_GLOBAL, word_equals, target_fact(&target, "last_block") + 48));
        ck_assert(in_roots(&snapshot, ROOT_TLS, PLANT_MAIN_TLS));
        ck_assert(in_roots(&snapshot, ROOT_TLS, PLANT_THREAD_TLS));
        ck_assert_uint_lt(snapshot.roots_bytes, 32 << 20); /* not the 64 GiB that are mapped and never touched */
        snapshot_release(&snapshot);
        target_end(&target);
}
END_TEST

START_TEST(a_block_that_a_thread_runs_on_is_held)
{
        struct target target = target_everything();
        struct capture_request request = request_for(&target);
        struct block *blocks = mem_alloc(1, sizeof *blocks);
        struct snapshot snapshot;

        blocks[0] = (struct block){ .address = target_fact(&target, "malloc_stack"), .size = COROUTINE_STACK };
        request.blocks = blocks;
        request.block_count = 1;
        take(&snapshot, &request);
        ck_assert(any_word(&snapshot, ROOT_REGISTER, word_equals, target_fact(&target, "malloc_stack")));
        ck_assert(in_roots(&snapshot, ROOT_STACK, PLANT_MALLOC_COROUTINE));
        snapshot_release(&snapshot);
        target_end(&target);
}
END_TEST

START_TEST(memory_that_the_shim_mapped_is_no_root)
{
        struct target target = target_everything();
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;
        uint64_t start = 0, end = 0;

        take(&snapshot, &request);
        ck_assert(in_roots(&snapshot, ROOT_UNKNOWN, PLANT_LIBRARYS_OWN));
        for (size_t i = 0; i < snapshot.segment_count; i++)
                if (strstr(snapshot.segments[i].path, "capture-tls.so")) {
                        start = start ? start : snapshot.segments[i].start;
                        end = snapshot.segments[i].end;
                }
        snapshot_release(&snapshot);
        request.shim_start = start;
        request.shim_end = end;
        take(&snapshot, &request);
        ck_assert(!in_any_root(&snapshot, PLANT_LIBRARYS_OWN));
        ck_assert(in_roots(&snapshot, ROOT_UNKNOWN, PLANT_UNKNOWN_MAPPING));
        snapshot_release(&snapshot);
        target_end(&target);
}
END_TEST

/* The word of a thread's descriptor that points 16 bytes into its DTV. */
static uint64_t find_dtv(const struct snapshot *snapshot)
{
        for (size_t i = 0; i < snapshot->root_count; i++) {
                const struct root *root = &snapshot->roots[i];

                if (root->kind != ROOT_TLS || strcmp(root->name, "thread 1") == 0)
                        continue;
                for (uint64_t at = (root->start + 63) & ~UINT64_C(63); at < root->end; at += 64)
                        if (memory_word(&snapshot->memory, at) == at && memory_word(&snapshot->memory, at + 16) == at)
                                return memory_word(&snapshot->memory, at + 8) - 16;
        }
        return 0;
}

START_TEST(a_dtv_that_is_a_block_is_held_by_its_start)
{
        struct target target = target_everything();
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;
        uint64_t dtv;

        take(&snapshot, &request);
        dtv = find_dtv(&snapshot);
        ck_assert_uint_ne(dtv, 0);
        snapshot_release(&snapshot);
        request.blocks = mem_alloc(1, sizeof *request.blocks);
        request.blocks[0] = (struct block){ .address = dtv, .size = 64 };
        request.block_count = 1;
        take(&snapshot, &request);
        ck_assert(any_word(&snapshot, ROOT_REGISTER, word_equals, dtv));
        snapshot_release(&snapshot);
        target_end(&target);
}
END_TEST

/* The stack pointer of the first thread, from outside. */
START_TEST(the_frames_of_an_ending_thread_are_cut_at_its_stack_pointer)
{
        struct target target = target_everything();
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;
        uint64_t cut = 0, high = 0;

        take(&snapshot, &request);
        for (size_t i = 0; i < snapshot.root_count; i++)
                if (snapshot.roots[i].kind == ROOT_STACK && snapshot.roots[i].thread == (uint32_t)target.pid) {
                        cut = snapshot.roots[i].start + 256;
                        high = snapshot.roots[i].end;
                }
        snapshot_release(&snapshot);
        ck_assert_uint_ne(cut, 0);
        request.end_tid = target.pid;
        request.end_sp = cut;
        take(&snapshot, &request);
        for (size_t i = 0; i < snapshot.root_count; i++)
                if (snapshot.roots[i].thread == (uint32_t)target.pid) {
                        if (snapshot.roots[i].kind == ROOT_STACK)
                                ck_assert(snapshot.roots[i].start == cut && snapshot.roots[i].end == high);
                        if (snapshot.roots[i].kind == ROOT_REGISTER && snapshot.roots[i].word_count > 1)
                                ck_assert_uint_eq(snapshot.roots[i].word_count, REGISTER_GENERAL);
                }
        snapshot_release(&snapshot);
        target_end(&target);
}
END_TEST

START_TEST(segments_say_which_module_and_where_it_was_linked)
{
        struct target target = target_everything();
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;
        bool code = false, data = false, library = false;

        take(&snapshot, &request);
        for (size_t i = 0; i < snapshot.segment_count; i++) {
                const struct segment *segment = &snapshot.segments[i];
                bool own = strstr(segment->path, "capture-target") != NULL;

                ck_assert(!i || snapshot.segments[i - 1].end <= segment->start);
                ck_assert_uint_le(segment->bias, segment->start);
                code |= own && segment->executable && !segment->writable;
                data |= own && segment->writable;
                library |= strstr(segment->path, "capture-tls.so") != NULL;
        }
        ck_assert(code && data && library);
        snapshot_release(&snapshot);
        target_end(&target);
}
END_TEST

/* ---- the request ------------------------------------------------------- */

static int count_call(void *context, struct capture_request *request, struct error *e)
{
        int *calls = context;

        (void)e;
        ++*calls;
        ck_assert_uint_eq(count_states(request->pid, "t"), 1);
        request->blocks = mem_alloc(1, sizeof *request->blocks);
        request->blocks[0] = (struct block){ .address = 4096, .size = 77 };
        request->block_count = 1;
        return 0;
}

START_TEST(the_heap_is_asked_for_once_when_all_stands_still)
{
        struct target target = target_start("--sleep", NULL);
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;
        int calls = 0;

        request.after_stop = count_call;
        request.context = &calls;
        take(&snapshot, &request);
        ck_assert_int_eq(calls, 1);
        ck_assert_uint_eq(snapshot.block_count, 1);
        ck_assert_uint_eq(snapshot.heap_bytes, 77);
        snapshot_release(&snapshot);
        target_end(&target);
}
END_TEST

static int refuse(void *context, struct capture_request *request, struct error *e)
{
        (void)context;
        (void)request;
        return error_set(e, ERROR_FAILED, "not today");
}

START_TEST(a_failing_caller_lets_the_process_go)
{
        struct target target = target_start("--sleep", NULL);
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;
        struct error e = { 0 };

        request.after_stop = refuse;
        ck_assert_int_eq(snapshot_take(&snapshot, &request, &e), -1);
        ck_assert_str_eq(e.text, "not today");
        ck_assert_uint_eq(count_states(target.pid, "t"), 0);
        target_end(&target);
}
END_TEST

/* What the roots held is there when the process is not. */
START_TEST(a_copy_outlives_the_process)
{
        struct target target = target_everything();
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;

        take(&snapshot, &request);
        ck_assert(snapshot_copy(&snapshot));
        ck_assert_uint_gt(snapshot.pause_ns, 0);
        ck_assert_uint_eq(count_states(target.pid, "t"), 0);
        target_end(&target);
        ck_assert(in_roots(&snapshot, ROOT_GLOBAL, PLANT_DATA));
        ck_assert(in_roots(&snapshot, ROOT_STACK, PLANT_STACK));
        ck_assert(in_roots(&snapshot, ROOT_UNKNOWN, PLANT_SPARSE));
        snapshot_resume(&snapshot); /* it was let go already */
        ck_assert(in_roots(&snapshot, ROOT_GLOBAL, PLANT_BSS));
        snapshot_release(&snapshot);
}
END_TEST

START_TEST(failing_allocations_fail_the_snapshot_and_nothing_else)
{
        struct target target = target_everything();
        struct capture_request request = request_for(&target);
        bool done = false;

        for (size_t nth = 1; !done; nth++) {
                struct snapshot snapshot;
                struct error e = { 0 };

                mem_fail_after(nth);
                done = snapshot_take(&snapshot, &request, &e) == 0;
                mem_fail_after(0);
                if (done)
                        snapshot_release(&snapshot);
                else
                        ck_assert_int_eq(e.code, ERROR_NO_MEMORY);
                ck_assert_uint_eq(count_states(target.pid, "t"), 0);
        }
        target_end(&target);
}
END_TEST

SUITE_MAIN("capture", every_place_that_is_a_root_is_found, libc_need_not_be_known,
           what_thread_storage_keeps_elsewhere_is_led_to, what_is_dead_or_a_block_is_no_root,
           a_block_that_a_thread_runs_on_is_held, memory_that_the_shim_mapped_is_no_root,
           a_dtv_that_is_a_block_is_held_by_its_start, the_frames_of_an_ending_thread_are_cut_at_its_stack_pointer,
           segments_say_which_module_and_where_it_was_linked, the_heap_is_asked_for_once_when_all_stands_still,
           a_failing_caller_lets_the_process_go, a_copy_outlives_the_process,
           failing_allocations_fail_the_snapshot_and_nothing_else)
