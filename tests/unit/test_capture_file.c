#include "capture_help.h"

#include "capture/file.h"
#include "capture/memory.h"
#include "capture/pack.h"
#include "mem.h"
#include "symbols/answers.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a run by hand ------------------------------------------------------- */

#define HEAP  UINT64_C(0x100000)
#define CODE  UINT64_C(0x200000)
#define PAGES 40

static uint8_t heap[PAGES * 4096]; /* page 3 cannot be read, pages from 8 to 30 are zeroes */

static size_t read_by_hand(void *context, uint64_t address, void *buffer, size_t size)
{
        uint64_t end = HEAP + sizeof heap;

        (void)context;
        if (address >= CODE && address < CODE + 8192) {
                size = size < CODE + 8192 - address ? size : (size_t)(CODE + 8192 - address);
                memset(buffer, 0xcc, size);
                return size;
        }
        if (address < HEAP || address >= end || (address >= HEAP + 3 * 4096 && address < HEAP + 4 * 4096))
                return 0;
        if (address < HEAP + 3 * 4096)
                end = HEAP + 3 * 4096;
        size = size < end - address ? size : (size_t)(end - address);
        memcpy(buffer, heap + (address - HEAP), size);
        return size;
}

static struct process *new_process(uint32_t ordinal)
{
        static const char *const words[] = { "prog", "", "with space" };
        struct process *p = mem_alloc(1, sizeof *p);

        (void)pthread_mutex_init(&p->lock, NULL);
        p->ordinal = ordinal;
        p->pid = 4000 + (int)ordinal;
        p->ppid = -1;
        p->inner_pid = 7;
        p->pidfd = -1;
        p->exe = mem_string("/usr/bin/prog");
        p->cwd = mem_string("");
        p->argv = mem_alloc(3, sizeof *p->argv);
        for (p->argv_count = 0; p->argv_count < 3; p->argv_count++)
                p->argv[p->argv_count] = mem_string(words[p->argv_count]);
        p->build_id_length = 20;
        memset(p->build_id, 0xab, 20);
        p->end_how = END_SIGNALED;
        p->end_status = 11;
        p->end_exec = ordinal ? mem_string("/bin/other") : NULL;
        p->state = PROCESS_OVER;
        p->totals.events = UINT64_C(1) << 60;
        p->totals.mapped_bytes = 17;
        p->live.no_memory = true;
        process_tell(p, true, "something is missing");
        return p;
}

static void add_stacks(struct process *p, size_t count)
{
        p->modules = mem_alloc(1, sizeof *p->modules);
        p->modules[0] = (struct process_module){ .id = 9,
                                                 .start = CODE,
                                                 .end = CODE + 8192,
                                                 .bias = CODE - 4096,
                                                 .build_id_length = 3,
                                                 .build_id = { 1, 0, 2 },
                                                 .path = mem_string("/lib/x.so") };
        p->module_count = 1;
        p->nodes = mem_alloc(count, sizeof *p->nodes);
        for (size_t i = 0; i < count; i++)
                p->nodes[i] = (struct process_kept_node){ (uint32_t)(2 * i + 1),
                                                          { (UINT64_C(9) << 48) | (CODE + i),
                                                            (uint32_t)(i ? 2 * i - 1 : 0), WEIR_FN_CALLOC } };
        p->node_count = count;
}

struct by_hand {
        struct collector_result run;
        struct snapshot snapshot;
        uint64_t words[3];
};

static void by_hand(struct by_hand *h, size_t blocks)
{
        static char *limits[] = { (char *)"one thing", (char *)"another" };
        struct snapshot *s = &h->snapshot;

        *h = (struct by_hand){ .words = { 1, 0, UINT64_MAX } };
        for (size_t i = 0; i < sizeof heap; i++)
                heap[i] = i >= 8 * 4096 && i < 30 * 4096 ? 0 : (uint8_t)(i * 2654435761u >> 13);
        h->run.processes = new_process(0);
        h->run.processes->next = new_process(2);
        h->run.process_count = 2;
        h->run.started_s = -5;
        h->run.duration_ns = 12345678901;
        h->run.untraced = mem_alloc(1, sizeof *h->run.untraced);
        h->run.untraced[0] = (struct collector_untraced){ 5, mem_string("/bin/static"), mem_string("it is static") };
        h->run.untraced_count = 1;
        h->run.left_out = mem_alloc(1, sizeof *h->run.left_out);
        h->run.left_out[0] = (struct collector_left_out){ mem_string("cc1"), 17 };
        h->run.left_out_count = 1;
        add_stacks(h->run.processes, blocks / 4 + 1);

        *s = (struct snapshot){ .at = "exit",
                                .method = "ptrace",
                                .at_ns = 5,
                                .pause_ns = 6,
                                .threads = 7,
                                .roots_bytes = 8,
                                .heap_bytes = 9,
                                .limits = limits,
                                .limit_count = 2,
                                .memory = { .read = read_by_hand } };
        s->blocks = mem_alloc(blocks, sizeof *s->blocks);
        s->block_count = blocks;
        s->blocks[0] = (struct block){ .address = HEAP, .size = sizeof heap, .flags = BLOCK_MAPPING };
        for (size_t i = 1; i < blocks; i++)
                s->blocks[i] = (struct block){ .address = HEAP + i * (sizeof heap / blocks),
                                               .size = i % 7,
                                               .time_ns = 1000000 - i * 3,
                                               .stack = (uint32_t)i,
                                               .thread = i & 1,
                                               .flags = i % 2 ? BLOCK_ARRAY : BLOCK_INHERITED };
        s->roots = mem_alloc(3, sizeof *s->roots);
        s->roots[0] = (struct root){ .kind = ROOT_GLOBAL, .start = CODE + 8, .end = CODE + 24, .name = "/lib/x.so" };
        s->roots[1] = (struct root){
                .kind = ROOT_STACK, .start = HEAP + 100, .end = HEAP + 200, .name = "thread 1", .thread = 4000
        };
        s->roots[2] = (struct root){
                .kind = ROOT_REGISTER, .words = h->words, .word_count = 3, .name = "thread 1", .thread = 4000
        };
        s->root_count = 3;
        s->segments = mem_alloc(2, sizeof *s->segments);
        s->segments[0] = (struct segment){ .start = CODE, .end = CODE + 4096, .executable = true, .path = "/lib/x.so" };
        s->segments[1] = (struct segment){
                .start = CODE + 4096, .end = CODE + 8192, .bias = CODE, .writable = true, .path = "/lib/x.so"
        };
        s->segment_count = 2;
        s->frames = mem_alloc(2, sizeof *s->frames);
        s->frames[0] = (struct stack_frame){ .low = 0x7ffd0000, .high = 0x7ffd0040, .pc = CODE + 16, .exact = true };
        s->frames[1] = (struct stack_frame){ .low = 0x7ffd0040, .high = 0x7ffe0000, .pc = CODE + 99 };
        s->frame_count = 2;
}

static void by_hand_free(struct by_hand *h)
{
        collector_result_deinit(&h->run);
        mem_free(h->snapshot.blocks);
        mem_free(h->snapshot.roots);
        mem_free(h->snapshot.segments);
        mem_free(h->snapshot.frames);
}

static const char *file_path(void)
{
        static char path[64];

        (void)snprintf(path, sizeof path, "/tmp/weir-test-%d.capture", (int)getpid());
        return path;
}

static char *const command[] = { (char *)"prog", (char *)"-x", NULL };

/* As an analysis that is watched does. */
static int look_at_vtable(struct capture_writer *writer, struct by_hand *h, struct error *e)
{
        uint64_t word;

        if (capture_writer_watch(writer, &h->snapshot, e))
                return -1;
        (void)h->snapshot.memory.read(h->snapshot.memory.context, CODE + 4096 + 8, &word, 8);
        return 0;
}

/* Names as files would have said them. */
static int write_names(struct capture_writer *writer, struct error *e)
{
        const uint8_t build_id[] = { 1, 2, 3, 4 };
        const struct symbol_file file = { .path = "/bin/prog", .build_id = build_id, .build_id_length = 4 };
        const struct symbol_file other = { .path = "lib.so", .directory = "/tmp" };
        const struct symbol_frame frames[] = {
                { .function = "inner", .file = "a.c", .directory = "/src", .line = 7, .inlined = true },
                { .function = "outer", .linkage_name = "_Z5outerv" },
        };
        const struct symbol_answer answers[] = {
                { ANSWER_FRAMES, 0x1000, 0, frames, 2 },
                { ANSWER_CLASS, 0x3010, 0, &(struct symbol_frame){ .function = "Shape" }, 1 },
                { ANSWER_CLASS, 0x3020, 0, &(struct symbol_frame){ 0 }, 1 },
                { ANSWER_VARIABLE, 0x5000, 64, &(struct symbol_frame){ .function = "table" }, 1 },
        };
        struct symbols *symbols = symbols_create(NULL, e);
        int result = symbols ? symbols_teach_module(symbols, &file, NULL) : -1;

        for (size_t i = 0; i < sizeof answers / sizeof answers[0] && !result; i++)
                result = symbols_teach(symbols, &answers[i]);
        if (!result)
                result = symbols_teach_module(symbols, &other, "lib.so is gone");
        if (result)
                (void)error_no_memory(e, "teaching names");
        else
                result = capture_writer_names(writer, symbols, e);
        symbols_destroy(symbols);
        return result;
}

/* Everything about the run by hand, in one file. */
static int write_file(struct by_hand *h, struct error *e)
{
        struct capture_writer *writer = capture_writer_create(file_path(), e);
        int result;

        if (!writer)
                return -1;
        result = look_at_vtable(writer, h, e) || capture_writer_memory(writer, h->run.processes, &h->snapshot, e) ||
                 capture_writer_forget(writer, h->run.processes, e) || look_at_vtable(writer, h, e) ||
                 capture_writer_memory(writer, h->run.processes, &h->snapshot, e) ||
                 capture_writer_snapshot(writer, h->run.processes, &h->snapshot, e) ||
                 capture_writer_blocks(writer, h->run.processes->next, h->snapshot.blocks, 1, e) ||
                 write_names(writer, e) || capture_writer_finish(writer, command, &h->run, e);
        h->snapshot.memory = (struct memory){ .read = read_by_hand };
        capture_writer_destroy(writer);
        return result ? -1 : 0;
}

static uint8_t *file_bytes(size_t *size)
{
        FILE *in = fopen(file_path(), "rb");
        uint8_t *bytes;
        struct stat st;

        ck_assert_ptr_nonnull(in);
        ck_assert_int_eq(fstat(fileno(in), &st), 0);
        *size = (size_t)st.st_size;
        bytes = malloc(*size);
        ck_assert_uint_eq(fread(bytes, 1, *size, in), *size);
        (void)fclose(in);
        return bytes;
}

/* Reads all memory that the heap claims to have. */
static uint64_t read_everything(struct capture_file *file)
{
        uint64_t sum = 0;

        for (struct process *p = capture_file_run(file)->processes; p; p = p->next) {
                struct capture_heap *stored = capture_file_heap(file, p);
                static uint8_t buffer[1 << 16];

                for (size_t i = 0; stored && i < stored->snapshot.block_count; i++) {
                        struct memory *memory = &stored->snapshot.memory;
                        uint64_t at = stored->snapshot.blocks[i].address, end = at + stored->snapshot.blocks[i].size;

                        if (end - at > 1 << 20)
                                end = at + (1 << 20);
                        at = memory->next(memory->context, at, end);
                        sum += at < end ? memory->read(memory->context, at, buffer,
                                                       end - at < sizeof buffer ? end - at : sizeof buffer)
                                        : 0;
                }
        }
        return sum;
}

/* ---- what was written is read -------------------------------------------- */

static void same_blocks(const struct snapshot *a, const struct snapshot *b)
{
        ck_assert_uint_eq(a->block_count, b->block_count);
        ck_assert_mem_eq(a->blocks, b->blocks, a->block_count * sizeof *a->blocks);
}

static void same_roots(const struct snapshot *a, const struct snapshot *b)
{
        ck_assert_uint_eq(a->root_count, b->root_count);
        for (size_t i = 0; i < a->root_count; i++) {
                ck_assert_int_eq(a->roots[i].kind, b->roots[i].kind);
                ck_assert_uint_eq(a->roots[i].start, b->roots[i].start);
                ck_assert_uint_eq(a->roots[i].end, b->roots[i].end);
                ck_assert_uint_eq(a->roots[i].thread, b->roots[i].thread);
                ck_assert_str_eq(a->roots[i].name, b->roots[i].name);
                ck_assert_uint_eq(a->roots[i].word_count, b->roots[i].word_count);
                for (size_t w = 0; w < a->roots[i].word_count; w++)
                        ck_assert_uint_eq(a->roots[i].words[w], b->roots[i].words[w]);
        }
        ck_assert_uint_eq(a->frame_count, b->frame_count);
        for (size_t i = 0; i < a->frame_count; i++) {
                ck_assert_uint_eq(a->frames[i].low, b->frames[i].low);
                ck_assert_uint_eq(a->frames[i].high, b->frames[i].high);
                ck_assert_uint_eq(a->frames[i].pc, b->frames[i].pc);
                ck_assert(a->frames[i].exact == b->frames[i].exact);
        }
        ck_assert_uint_eq(a->segment_count, b->segment_count);
        for (size_t i = 0; i < a->segment_count; i++) {
                ck_assert_uint_eq(a->segments[i].start, b->segments[i].start);
                ck_assert_uint_eq(a->segments[i].end, b->segments[i].end);
                ck_assert_uint_eq(a->segments[i].bias, b->segments[i].bias);
                ck_assert(a->segments[i].writable == b->segments[i].writable);
                ck_assert(a->segments[i].executable == b->segments[i].executable);
                ck_assert_str_eq(a->segments[i].path, b->segments[i].path);
        }
}

/* Range by range: the same bytes, and the same holes. */
static void same_memory(const struct memory *a, const struct memory *b, uint64_t start, uint64_t end)
{
        for (uint64_t at = start & ~UINT64_C(4095); at < end; at += 4096) {
                uint8_t one[4096], other[4096];
                size_t got = a->read(a->context, at, one, 4096);

                ck_assert_uint_eq(got, b->read(b->context, at, other, 4096));
                ck_assert_mem_eq(one, other, got);
        }
}

START_TEST(a_heap_is_read_as_it_was_written)
{
        struct capture_file *file;
        struct capture_heap *stored;
        struct by_hand h;
        struct error e;
        uint8_t byte;

        by_hand(&h, 1000);
        ck_assert_int_eq(write_file(&h, &e), 0);
        file = capture_file_open(file_path(), &e);
        ck_assert_msg(file != NULL, "%s", e.text);
        stored = capture_file_heap(file, capture_file_run(file)->processes);
        ck_assert_ptr_nonnull(stored);
        ck_assert(stored->taken);
        same_blocks(&h.snapshot, &stored->snapshot);
        same_roots(&h.snapshot, &stored->snapshot);
        same_memory(&h.snapshot.memory, &stored->snapshot.memory, HEAP, HEAP + sizeof heap);
        same_memory(&h.snapshot.memory, &stored->snapshot.memory, CODE, CODE + 8192);
        ck_assert_uint_eq(stored->snapshot.memory.read(stored->snapshot.memory.context, CODE + 8192, &byte, 1), 0);
        ck_assert_uint_eq(stored->snapshot.memory.next(stored->snapshot.memory.context, HEAP + 8 * 4096, CODE),
                          HEAP + 30 * 4096);
        ck_assert_str_eq(stored->snapshot.at, "exit");
        ck_assert_str_eq(stored->snapshot.method, "ptrace");
        ck_assert_uint_eq(stored->snapshot.pause_ns, 6);
        ck_assert_uint_eq(stored->snapshot.heap_bytes, 9);
        ck_assert_uint_eq(stored->snapshot.limit_count, 2);
        ck_assert_str_eq(stored->snapshot.limits[1], "another");
        ck_assert(!capture_file_damaged(file, &e));
        capture_file_close(file);
        by_hand_free(&h);
        (void)unlink(file_path());
}
END_TEST

START_TEST(a_run_is_read_as_it_was_written)
{
        struct process_stack stack;
        struct capture_file *file;
        struct by_hand h;
        struct process *p;
        struct error e;

        by_hand(&h, 1000);
        ck_assert_int_eq(write_file(&h, &e), 0);
        file = capture_file_open(file_path(), &e);
        ck_assert_ptr_nonnull(file);
        ck_assert_str_eq(capture_file_command(file)[1], "-x");
        ck_assert_ptr_null(capture_file_command(file)[2]);
        ck_assert_int_eq(capture_file_run(file)->started_s, -5);
        ck_assert_uint_eq(capture_file_run(file)->duration_ns, 12345678901);
        ck_assert_uint_eq(capture_file_run(file)->untraced_count, 1);
        ck_assert_str_eq(capture_file_run(file)->untraced[0].reason, "it is static");
        ck_assert_uint_eq(capture_file_run(file)->left_out_count, 1);
        ck_assert_str_eq(capture_file_run(file)->left_out[0].name, "cc1");
        ck_assert_uint_eq(capture_file_run(file)->left_out[0].count, 17);
        ck_assert_uint_eq(capture_file_run(file)->process_count, 2);

        p = capture_file_run(file)->processes;
        ck_assert_int_eq(p->pid, 4000);
        ck_assert_int_eq(p->ppid, -1);
        ck_assert_str_eq(p->exe, "/usr/bin/prog");
        ck_assert_uint_eq(p->argv_count, 3);
        ck_assert_str_eq(p->argv[2], "with space");
        ck_assert_uint_eq(p->build_id_length, 20);
        ck_assert_int_eq(p->end_how, END_SIGNALED);
        ck_assert_int_eq(p->end_status, 11);
        ck_assert_ptr_null(p->end_exec);
        ck_assert_uint_eq(p->totals.events, UINT64_C(1) << 60);
        ck_assert(p->live.no_memory);
        ck_assert_uint_eq(p->message_count, 1);
        ck_assert(p->messages[0].incomplete);
        ck_assert_str_eq(process_module(p, 9)->path, "/lib/x.so");
        ck_assert_int_eq(process_stack(p, 5, &stack, &e), 0);
        ck_assert_uint_eq(stack.count, 3);
        ck_assert_int_eq(stack.function, WEIR_FN_CALLOC);
        ck_assert_uint_eq(stack.frames[2].pc, CODE);
        ck_assert_uint_eq(stack.frames[2].module, 9);
        mem_free(stack.frames);

        p = p->next;
        ck_assert_uint_eq(p->ordinal, 2);
        ck_assert_str_eq(p->end_exec, "/bin/other");
        ck_assert(!capture_file_heap(file, p)->taken);
        ck_assert_uint_eq(capture_file_heap(file, p)->snapshot.block_count, 1);
        capture_file_close(file);
        by_hand_free(&h);
        (void)unlink(file_path());
}
END_TEST

START_TEST(many_blocks_take_many_sections)
{
        struct capture_file *file;
        struct by_hand h;
        struct error e;
        size_t many = 700 * 1000;

        by_hand(&h, 10);
        mem_free(h.snapshot.blocks);
        h.snapshot.blocks = mem_alloc(many, sizeof *h.snapshot.blocks);
        for (size_t i = 0; i < many; i++)
                h.snapshot.blocks[i] =
                        (struct block){ .address = HEAP + 0x10000000 + i * 64, .size = 40, .time_ns = i };
        h.snapshot.block_count = many;
        ck_assert_int_eq(write_file(&h, &e), 0);
        file = capture_file_open(file_path(), &e);
        ck_assert_msg(file != NULL, "%s", e.text);
        same_blocks(&h.snapshot, &capture_file_heap(file, capture_file_run(file)->processes)->snapshot);
        capture_file_close(file);
        by_hand_free(&h);
        (void)unlink(file_path());
}
END_TEST

/* ---- what was damaged is told --------------------------------------------- */

START_TEST(a_file_cut_anywhere_is_refused)
{
        struct by_hand h;
        struct error e;
        uint8_t *bytes;
        size_t size;

        by_hand(&h, 30);
        ck_assert_int_eq(write_file(&h, &e), 0);
        bytes = file_bytes(&size);
        for (size_t cut = 0; cut < size; cut += cut < 2000 || cut > size - 2000 ? 1 : 97) {
                e = (struct error){ 0 };
                ck_assert_ptr_null(capture_file_open_bytes("f", bytes, cut, &e));
                ck_assert_int_eq(e.code, ERROR_BAD_INPUT);
        }
        ck_assert_ptr_nonnull(strstr(e.text, "f: section"));
        free(bytes);
        by_hand_free(&h);
        (void)unlink(file_path());
}
END_TEST

START_TEST(a_flipped_bit_is_found_or_harmless)
{
        struct by_hand h;
        struct error e;
        uint8_t *bytes;
        size_t size, harmless = 0, tried = 0;

        by_hand(&h, 30);
        ck_assert_int_eq(write_file(&h, &e), 0);
        bytes = file_bytes(&size);
        for (size_t at = 0; at < size; at += at < 3000 || at > size - 3000 ? 1 : 53) {
                struct capture_file *file;

                bytes[at] ^= (uint8_t)(1 << at % 8);
                file = capture_file_open_bytes("f", bytes, size, &e);
                if (file) {
                        struct capture_heap *stored = capture_file_heap(file, capture_file_run(file)->processes);

                        same_blocks(&h.snapshot, &stored->snapshot);
                        same_roots(&h.snapshot, &stored->snapshot);
                        (void)read_everything(file);
                        if (!capture_file_damaged(file, &e)) {
                                same_memory(&h.snapshot.memory, &stored->snapshot.memory, HEAP, HEAP + sizeof heap);
                                harmless++;
                        }
                }
                tried++;
                capture_file_close(file);
                bytes[at] ^= (uint8_t)(1 << at % 8);
        }
        ck_assert_uint_lt(harmless, tried); /* what is left hit the fill */
        free(bytes);
        by_hand_free(&h);
        (void)unlink(file_path());
}
END_TEST

START_TEST(other_files_are_refused_with_their_names)
{
        uint8_t newer[32] = CAPTURE_FILE_MAGIC;
        struct error e = { 0 };

        newer[8] = 2;
        ck_assert_ptr_null(capture_file_open_bytes("new.capture", newer, sizeof newer, &e));
        ck_assert_ptr_nonnull(strstr(e.text, "new.capture is a capture file of version 2"));
        ck_assert_ptr_null(capture_file_open_bytes("x", "{\"schema\": \"weir-report/1\"}     ", 32, &e));
        ck_assert_str_eq(e.text, "x is not a capture file of weir's");
        ck_assert_ptr_null(capture_file_open("/nonexistent/x", &e));
        ck_assert_int_eq(e.code, ERROR_FAILED);
        ck_assert_ptr_null(capture_file_open("/dev", &e));
        ck_assert_int_eq(e.code, ERROR_BAD_INPUT);
}
END_TEST

START_TEST(an_unfinished_file_does_not_stay)
{
        struct capture_writer *writer;
        struct stat st;
        struct error e;

        ck_assert_ptr_null(capture_writer_create("/nonexistent/x", &e));
        ck_assert_ptr_nonnull(strstr(e.text, "/nonexistent/x"));
        writer = capture_writer_create(file_path(), &e);
        ck_assert_ptr_nonnull(writer);
        ck_assert_int_eq(stat(file_path(), &st), 0);
        capture_writer_destroy(writer);
        ck_assert_int_eq(stat(file_path(), &st), -1);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
        struct capture_writer *writer;
        struct by_hand h;
        struct error e = { 0 };

        if (access("/dev/full", W_OK))
                return;
        by_hand(&h, 30);
        writer = capture_writer_create("/dev/full", &e);
        ck_assert_ptr_null(writer);
        ck_assert_ptr_nonnull(strstr(e.text, "No space left"));
        by_hand_free(&h);
}
END_TEST

START_TEST(failing_allocations_fail_and_nothing_else)
{
        struct by_hand h;
        struct error e;
        uint8_t *bytes;
        size_t size;
        bool done = false;

        by_hand(&h, 30);
        for (size_t nth = 1; !done; nth++) {
                e = (struct error){ 0 };
                mem_fail_after(nth);
                done = write_file(&h, &e) == 0;
                mem_fail_after(0);
                ck_assert_int_eq(e.code, done ? ERROR_NONE : ERROR_NO_MEMORY);
        }
        bytes = file_bytes(&size);
        done = false;
        for (size_t nth = 1; !done; nth++) {
                struct capture_file *file;

                e = (struct error){ 0 };
                mem_fail_after(nth);
                file = capture_file_open_bytes("f", bytes, size, &e);
                mem_fail_after(0);
                done = file != NULL;
                ck_assert_int_eq(e.code, done ? ERROR_NONE : ERROR_NO_MEMORY);
                capture_file_close(file);
        }
        free(bytes);
        by_hand_free(&h);
        (void)unlink(file_path());
}
END_TEST

/* ---- names ------------------------------------------------------------------- */

static void count_message(void *context, const char *message)
{
        unsigned *count = context;

        ck_assert_str_eq(message, "lib.so is gone");
        (*count)++;
}

START_TEST(names_are_those_of_the_machine_it_was_written_on)
{
        const uint8_t build_id[] = { 1, 2, 3, 4 };
        const struct symbol_file prog = { .path = "/bin/prog", .build_id = build_id, .build_id_length = 4 };
        const struct symbol_file here = { .path = "/proc/self/exe" };
        const struct symbol_frame *frames;
        struct symbol_variable variable;
        struct symbol_module *module;
        struct capture_file *file;
        struct symbols *symbols;
        unsigned messages = 0;
        struct by_hand h;
        struct error e;
        size_t count;

        by_hand(&h, 10);
        ck_assert_int_eq(write_file(&h, &e), 0);
        file = capture_file_open(file_path(), &e);
        ck_assert_msg(file != NULL, "%s", e.text);
        symbols = capture_file_symbols(file);
        ck_assert_ptr_nonnull(symbols);
        module = symbols_module(symbols, &prog);
        ck_assert_int_eq(symbols_frames(symbols, module, 0x1001, false, &frames, &count, &e), 0);
        ck_assert_uint_eq(count, 2);
        ck_assert_str_eq(frames[0].function, "inner");
        ck_assert_str_eq(frames[0].file, "a.c");
        ck_assert_str_eq(frames[0].directory, "/src");
        ck_assert_uint_eq(frames[0].line, 7);
        ck_assert(frames[0].inlined && !frames[1].inlined);
        ck_assert_str_eq(frames[1].linkage_name, "_Z5outerv");
        ck_assert_str_eq(symbols_class(symbols, module, 0x3010), "Shape");
        ck_assert_ptr_null(symbols_class(symbols, module, 0x3020));
        ck_assert_ptr_null(symbols_class(symbols, module, 0x3030));
        ck_assert(symbols_variable(symbols, module, 0x503f, &variable));
        ck_assert_str_eq(variable.name, "table");
        ck_assert_uint_eq(variable.offset, 0x3f);
        ck_assert(!symbols_variable(symbols, module, 0x5040, &variable));
        ck_assert(!symbols_variable(symbols, module, 0x4fff, &variable));
        /* No file of this machine is asked. */
        module = symbols_module(symbols, &here);
        ck_assert_int_eq(symbols_frames(symbols, module, 0x1001, false, &frames, &count, &e), 0);
        ck_assert_ptr_null(frames[0].function);
        symbols_each_message(symbols, count_message, &messages);
        ck_assert_uint_eq(messages, 1);
        capture_file_close(file);
        by_hand_free(&h);
        (void)unlink(file_path());
}
END_TEST

/* ---- a real process -------------------------------------------------------- */

START_TEST(a_real_heap_comes_back)
{
        struct target target = target_everything();
        struct capture_request request = request_for(&target);
        struct capture_writer *writer;
        struct capture_heap *stored;
        struct capture_file *file;
        struct by_hand h;
        struct snapshot s;
        struct error e;

        by_hand(&h, 10);
        request.blocks = mem_alloc(1, sizeof *request.blocks);
        request.blocks[0] = (struct block){ .address = target_fact(&target, "block_mapping"),
                                            .size = 4096,
                                            .flags = BLOCK_MAPPING };
        request.block_count = 1;
        take(&s, &request);
        writer = capture_writer_create(file_path(), &e);
        ck_assert_ptr_nonnull(writer);
        ck_assert_int_eq(capture_writer_memory(writer, h.run.processes, &s, &e), 0);
        ck_assert_int_eq(capture_writer_snapshot(writer, h.run.processes, &s, &e), 0);
        ck_assert_int_eq(capture_writer_finish(writer, NULL, &h.run, &e), 0);
        capture_writer_destroy(writer);

        file = capture_file_open(file_path(), &e);
        ck_assert_msg(file != NULL, "%s", e.text);
        ck_assert_ptr_null(capture_file_command(file));
        stored = capture_file_heap(file, capture_file_run(file)->processes);
        same_blocks(&s, &stored->snapshot);
        same_roots(&s, &stored->snapshot);
        for (size_t i = 0; i < s.root_count; i++)
                same_memory(&s.memory, &stored->snapshot.memory, s.roots[i].start, s.roots[i].end);
        ck_assert(in_roots(&stored->snapshot, ROOT_GLOBAL, PLANT_DATA));
        ck_assert(in_roots(&stored->snapshot, ROOT_STACK, PLANT_STACK));
        ck_assert(in_roots(&stored->snapshot, ROOT_UNKNOWN, PLANT_SPARSE));
        capture_file_close(file);
        snapshot_release(&s);
        target_end(&target);
        by_hand_free(&h);
        (void)unlink(file_path());
}
END_TEST

SUITE_MAIN("capture_file", a_heap_is_read_as_it_was_written, a_run_is_read_as_it_was_written,
           many_blocks_take_many_sections, a_file_cut_anywhere_is_refused, a_flipped_bit_is_found_or_harmless,
           other_files_are_refused_with_their_names, an_unfinished_file_does_not_stay, a_full_disk_is_told,
           failing_allocations_fail_and_nothing_else, names_are_those_of_the_machine_it_was_written_on,
           a_real_heap_comes_back)
