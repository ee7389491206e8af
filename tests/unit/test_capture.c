#include "suite.h"

#include "capture/capture.h"
#include "capture/memory.h"
#include "capture/proc.h"
#include "capture/registers.h"
#include "capture_plants.h"
#include "mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- the target -------------------------------------------------------- */

struct fact {
        char name[32];
        unsigned long long value;
};

struct target {
        pid_t pid;
        struct fact facts[32];
        size_t count;
};

static void path_of(char *path, size_t size, const char *file)
{
        const char *folder = getenv("WEIR_TEST_PROGRAMS");

        (void)snprintf(path, size, "%s/%s", folder ? folder : ".", file);
}

static struct target target_start_as(uid_t user, const char *first, const char *second)
{
        struct target target = { 0 };
        char program[4096], line[128];
        int pipes[2];
        FILE *in;

        path_of(program, sizeof program, "capture-target");
        ck_assert_int_eq(pipe(pipes), 0);
        target.pid = fork();
        if (!target.pid) {
                (void)dup2(pipes[1], 1);
                if (user && (setgid(user) || setuid(user)))
                        _exit(4);
                (void)execl(program, program, first, second, (char *)NULL);
                _exit(5);
        }
        (void)close(pipes[1]);
        in = fdopen(pipes[0], "r");
        while (target.count < 32 && fgets(line, sizeof line, in)) {
                struct fact *fact = &target.facts[target.count++];

                ck_assert_int_eq(sscanf(line, "%31s %llx", fact->name, &fact->value), 2);
                if (strcmp(fact->name, "ready") == 0)
                        break;
        }
        (void)fclose(in);
        ck_assert_msg(target.count && strcmp(target.facts[target.count - 1].name, "ready") == 0,
                      "the target %s did not start", program);
        (void)usleep(20 * 1000); /* until everybody sleeps */
        return target;
}

static struct target target_start(const char *first, const char *second)
{
        return target_start_as(0, first, second);
}

static struct target target_everything(void)
{
        char library[4096];

        path_of(library, sizeof library, "capture-tls.so");
        return target_start(library, NULL);
}

static uint64_t target_fact(const struct target *target, const char *name)
{
        for (size_t i = 0; i < target->count; i++)
                if (strcmp(target->facts[i].name, name) == 0)
                        return target->facts[i].value;
        ck_abort_msg("the target does not say %s", name);
        return 0;
}

static void target_end(struct target *target)
{
        int status;

        (void)kill(target->pid, SIGKILL);
        ck_assert_int_eq(waitpid(target->pid, &status, 0), target->pid);
        ck_assert(WIFSIGNALED(status));
        ck_assert_int_eq(WTERMSIG(status), SIGKILL);
}

static struct capture_request request_for(const struct target *target)
{
        return (struct capture_request){ .pid = target->pid, .at = "request" };
}

/* ---- roots ------------------------------------------------------------- */

static uint64_t value_of(enum plant plant)
{
        return PLANT_BASE + PLANT_STEP * plant;
}

/* Calls `see` for each word of the roots of one kind. */
static bool any_word(const struct snapshot *snapshot, enum root_kind kind,
                     bool (*see)(const struct snapshot *, uint64_t, uint64_t), uint64_t wanted)
{
        static uint64_t words[1 << 16];

        for (size_t i = 0; i < snapshot->root_count; i++) {
                const struct root *root = &snapshot->roots[i];

                if (root->kind != kind)
                        continue;
                for (size_t w = 0; w < root->word_count; w++)
                        if (see(snapshot, root->words[w], wanted))
                                return true;
                for (uint64_t at = (root->start + 7) & ~UINT64_C(7); at + 8 <= root->end;) {
                        size_t want = root->end - at < sizeof words ? root->end - at : sizeof words;
                        size_t got = snapshot->memory.read(snapshot->memory.context, at, words, want) / 8;

                        for (size_t w = 0; w < got; w++)
                                if (see(snapshot, words[w], wanted))
                                        return true;
                        at += got ? got * 8 : 4096;
                }
        }
        return false;
}

static bool equals(const struct snapshot *snapshot, uint64_t word, uint64_t wanted)
{
        (void)snapshot;
        return word == wanted;
}

/* The word points at memory that begins with what is wanted, or has it soon. */
static bool leads(const struct snapshot *snapshot, uint64_t word, uint64_t wanted)
{
        uint64_t words[80];
        size_t got;

        if (word < 4096 || word % 8 || word >> 47)
                return false;
        got = snapshot->memory.read(snapshot->memory.context, word, words, sizeof words) / 8;
        for (size_t i = 0; i < got; i++)
                if (words[i] == wanted)
                        return true;
        return false;
}

static bool in_roots(const struct snapshot *snapshot, enum root_kind kind, enum plant plant)
{
        return any_word(snapshot, kind, equals, value_of(plant));
}

static bool in_any_root(const struct snapshot *snapshot, enum plant plant)
{
        for (int kind = 0; kind < ROOT_KINDS; kind++)
                if (in_roots(snapshot, (enum root_kind)kind, plant))
                        return true;
        return false;
}

static void take(struct snapshot *snapshot, struct capture_request *request)
{
        struct error e = { 0 };
        int result = snapshot_take(snapshot, request, &e);

        ck_assert_msg(!result, "%s", e.text);
}

/* ---- where a pointer can be -------------------------------------------- */

START_TEST(every_place_that_is_a_root_is_found)
{
        static const struct {
                enum root_kind kind;
                enum plant plant;
        } expected[] = {
                { ROOT_GLOBAL, PLANT_DATA },           { ROOT_GLOBAL, PLANT_BSS },
                { ROOT_TLS, PLANT_MAIN_TLS },          { ROOT_TLS, PLANT_THREAD_TLS },
                { ROOT_TLS, PLANT_LOW_KEY },           { ROOT_STACK, PLANT_STACK },
                { ROOT_REGISTER, PLANT_REGISTER },     { ROOT_REGISTER, PLANT_VECTOR },
                { ROOT_STACK, PLANT_MALLOC_COROUTINE },{ ROOT_STACK, PLANT_MMAP_COROUTINE },
                { ROOT_STACK, PLANT_BELOW_COROUTINE }, { ROOT_STACK, PLANT_SIGNAL_STACK },
                { ROOT_STACK, PLANT_UNDER_SIGNAL },    { ROOT_UNKNOWN, PLANT_UNKNOWN_MAPPING },
                { ROOT_UNKNOWN, PLANT_SHARED_MAPPING },{ ROOT_UNKNOWN, PLANT_SPARSE },
                { ROOT_UNKNOWN, PLANT_SUSPENDED_COROUTINE },
        };
        struct target target = target_everything();
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;

        request.tls_static_size = (uint32_t)target_fact(&target, "tls_static_size");
        request.pthread_size = (uint32_t)target_fact(&target, "pthread_size");
        take(&snapshot, &request);
        for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
                ck_assert_msg(in_roots(&snapshot, expected[i].kind, expected[i].plant), "plant %d is not in kind %d",
                              (int)expected[i].plant, (int)expected[i].kind);
        ck_assert_uint_eq(snapshot.threads, 9);
        ck_assert_uint_eq(snapshot.limit_count, 0);
        snapshot_release(&snapshot);
        target_end(&target);
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
                ck_assert_msg(any_word(&snapshot, ROOT_TLS, leads, value_of(led[i])), "nothing leads to plant %d",
                              (int)led[i]);
        snapshot_release(&snapshot);
        target_end(&target);
}
END_TEST

START_TEST(what_is_dead_or_a_block_is_no_root)
{
        static const enum plant absent[] = { PLANT_DEAD_FRAME,    PLANT_DEAD_THREAD, PLANT_FREED, PLANT_HEAP,
                                             PLANT_BLOCK_MAPPING, PLANT_OWN_MAPPING, PLANT_SUSPENDED_COROUTINE };
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
        ck_assert(any_word(&snapshot, ROOT_REGISTER, equals, target_fact(&target, "malloc_stack")));
        ck_assert(in_roots(&snapshot, ROOT_STACK, PLANT_MALLOC_COROUTINE));
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
                for (uint64_t at = root->start; at < root->end; at += 64)
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
        ck_assert(any_word(&snapshot, ROOT_REGISTER, equals, dtv));
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

/* ---- stopping ---------------------------------------------------------- */

static size_t count_states(pid_t pid, const char *states)
{
        char path[64];
        struct dirent *entry;
        size_t count = 0;
        DIR *tasks;

        (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
        tasks = opendir(path);
        while (tasks && (entry = readdir(tasks))) {
                char state = entry->d_name[0] == '.' ? 0 : proc_state(pid, atoi(entry->d_name));

                count += state && strchr(states, state);
        }
        if (tasks)
                (void)closedir(tasks);
        return count;
}

START_TEST(all_threads_run_again_afterwards)
{
        struct target target = target_start("--threads", "200");
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;

        take(&snapshot, &request);
        ck_assert_uint_eq(snapshot.threads, 201);
        ck_assert_uint_eq(count_states(target.pid, "t"), 201);
        snapshot_resume(&snapshot);
        ck_assert_uint_eq(count_states(target.pid, "tT"), 0);
        ck_assert_int_eq(proc_status(target.pid, 0, "TracerPid", 0, -1), 0);
        ck_assert_uint_gt(snapshot.pause_ns, 0);
        snapshot_release(&snapshot);
        target_end(&target);
}
END_TEST

START_TEST(a_thousand_threads_are_held_in_a_moment)
{
        struct target target = target_start("--threads", "1000");
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;

        take(&snapshot, &request);
        ck_assert_uint_eq(snapshot.threads, 1001);
        ck_assert_uint_lt(snapshot.pause_ns, 2000000000u); /* it takes some ten milliseconds on an idle machine */
        snapshot_release(&snapshot);
        target_end(&target);
}
END_TEST

START_TEST(threads_that_come_and_go_are_all_held)
{
        struct target target = target_start("--churn", NULL);
        struct capture_request request = request_for(&target);

        for (int round = 0; round < 30; round++) {
                struct snapshot snapshot;
                size_t held;

                take(&snapshot, &request);
                held = count_states(target.pid, "t");
                ck_assert_uint_eq(count_states(target.pid, "RSD"), 0);
                ck_assert_uint_eq(held, snapshot.threads);
                ck_assert_uint_ge(held, 5);
                snapshot_release(&snapshot);
                (void)usleep(2000);
        }
        ck_assert_uint_eq(count_states(target.pid, "tT"), 0);
        target_end(&target);
}
END_TEST

START_TEST(memory_stands_still_until_resumed)
{
        struct target target = target_start("--count", NULL);
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;
        char before[512], after[512];
        ssize_t size;

        take(&snapshot, &request);
        size = proc_read_some(target.pid, 0, "stat", before, sizeof before);
        ck_assert_int_gt(size, 0);
        (void)usleep(50 * 1000);
        ck_assert_int_eq(proc_read_some(target.pid, 0, "stat", after, sizeof after), size);
        ck_assert_str_eq(before, after);
        snapshot_resume(&snapshot);
        ck_assert_uint_eq(snapshot.memory.read(snapshot.memory.context, snapshot.roots[0].start, before, 8), 0);
        snapshot_release(&snapshot);
        ck_assert_uint_ge(count_states(target.pid, "R"), 1);
        target_end(&target);
}
END_TEST

START_TEST(a_stopped_process_stays_stopped)
{
        struct target target = target_start("--threads", "3");
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;
        int status;

        (void)kill(target.pid, SIGSTOP);
        ck_assert_int_eq(waitpid(target.pid, &status, WUNTRACED), target.pid);
        take(&snapshot, &request);
        ck_assert_uint_eq(snapshot.threads, 4);
        snapshot_release(&snapshot);
        (void)usleep(20 * 1000);
        ck_assert_uint_eq(count_states(target.pid, "T"), 4);
        (void)kill(target.pid, SIGCONT);
        (void)usleep(20 * 1000);
        ck_assert_uint_eq(count_states(target.pid, "S"), 4);
        target_end(&target);
}
END_TEST

START_TEST(signals_of_the_stop_are_delivered)
{
        struct target target = target_start("--threads", "3");
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;
        int status;

        for (int round = 0; round < 20; round++) {
                (void)kill(target.pid, round % 2 ? SIGCONT : SIGSTOP);
                take(&snapshot, &request);
                (void)kill(target.pid, SIGCONT);
                snapshot_release(&snapshot);
        }
        take(&snapshot, &request);
        (void)kill(target.pid, SIGTERM);
        (void)usleep(10 * 1000);
        snapshot_release(&snapshot);
        /* No WUNTRACED: the stops above are not asked for. */
        ck_assert_int_eq(waitpid(target.pid, &status, 0), target.pid);
        ck_assert(WIFSIGNALED(status));
        ck_assert_int_eq(WTERMSIG(status), SIGTERM);
}
END_TEST

START_TEST(a_process_killed_while_held_ends_for_its_parent)
{
        struct target target = target_start("--threads", "50");
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;

        take(&snapshot, &request);
        (void)kill(target.pid, SIGKILL);
        (void)usleep(10 * 1000);
        snapshot_release(&snapshot);
        target_end(&target);
}
END_TEST

START_TEST(a_thread_that_cannot_be_stopped_is_a_root_and_a_limit)
{
        struct target target = target_start("--vfork", NULL);
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;
        char path[64], child[32] = "";
        FILE *in;

        take(&snapshot, &request);
        ck_assert_uint_eq(snapshot.threads, 1);
        ck_assert_uint_eq(snapshot.limit_count, 1);
        ck_assert_ptr_nonnull(strstr(snapshot.limits[0], "could not be stopped"));
        ck_assert(in_roots(&snapshot, ROOT_STACK, PLANT_STACK));
        snapshot_release(&snapshot);

        /* Once its child ends, the thread runs on and ends. */
        (void)snprintf(path, sizeof path, "pgrep -P %d", (int)target.pid);
        in = popen(path, "r");
        ck_assert_ptr_nonnull(fgets(child, sizeof child, in));
        (void)pclose(in);
        (void)kill(atoi(child), SIGKILL);
        (void)usleep(100 * 1000);
        ck_assert_uint_eq(count_states(target.pid, "SRDtT"), 1);
        target_end(&target);
}
END_TEST

/* ---- refusals ---------------------------------------------------------- */

START_TEST(a_process_that_is_gone_is_told_so)
{
        struct target target = target_start("--sleep", NULL);
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;
        struct error e = { 0 };

        (void)kill(target.pid, SIGKILL);
        (void)usleep(20 * 1000);
        ck_assert_int_eq(snapshot_take(&snapshot, &request, &e), -1); /* a zombie */
        ck_assert_int_eq(e.code, ERROR_GONE);
        target_end(&target);
        ck_assert_int_eq(snapshot_take(&snapshot, &request, &e), -1); /* nothing */
        ck_assert_int_eq(e.code, ERROR_GONE);
}
END_TEST

START_TEST(a_traced_process_names_its_tracer)
{
        struct target target = target_start("--sleep", NULL);
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;
        struct error e = { 0 };
        int pipes[2];
        pid_t tracer;
        char byte;

        ck_assert_int_eq(pipe(pipes), 0);
        tracer = fork();
        if (!tracer) {
                long result = ptrace(PTRACE_SEIZE, target.pid, NULL, NULL);

                (void)!write(pipes[1], result ? "n" : "y", 1);
                for (;;)
                        (void)pause();
        }
        ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
        ck_assert_int_eq(byte, 'y');
        ck_assert_int_eq(snapshot_take(&snapshot, &request, &e), -1);
        ck_assert_int_eq(e.code, ERROR_REFUSED);
        ck_assert_ptr_nonnull(strstr(e.text, "is being traced by process"));
        (void)kill(tracer, SIGKILL);
        (void)waitpid(tracer, NULL, 0);
        target_end(&target);
}
END_TEST

/* In a child that is nobody: the code and the text of the refusal. */
static void refused_to_nobody(const struct target *target, const char *text)
{
        struct capture_request request = request_for(target);
        pid_t child = fork();
        int status;

        if (!child) {
                struct snapshot snapshot;
                struct error e = { 0 };

                if (setgid(65534) || setuid(65534))
                        _exit(2);
                if (!snapshot_take(&snapshot, &request, &e) || e.code != ERROR_REFUSED || !strstr(e.text, text)) {
                        (void)fprintf(stderr, "%s\n", e.text);
                        _exit(1);
                }
                _exit(0);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_int_eq(status, 0);
}

START_TEST(a_hidden_process_is_refused_with_the_cure)
{
        struct target target;

        if (geteuid())
                return; /* takes root to become somebody else */
        target = target_start_as(65534, "--hidden", NULL);
        refused_to_nobody(&target, "made itself unreadable");
        target_end(&target);
}
END_TEST

START_TEST(a_process_of_another_user_is_refused_with_the_cure)
{
        struct target target;

        if (geteuid())
                return;
        target = target_start("--sleep", NULL);
        refused_to_nobody(&target, "runs as user 0");
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

SUITE_MAIN("capture", every_place_that_is_a_root_is_found, what_thread_storage_keeps_elsewhere_is_led_to,
           what_is_dead_or_a_block_is_no_root, a_block_that_a_thread_runs_on_is_held,
           a_dtv_that_is_a_block_is_held_by_its_start, the_frames_of_an_ending_thread_are_cut_at_its_stack_pointer,
           segments_say_which_module_and_where_it_was_linked, all_threads_run_again_afterwards,
           a_thousand_threads_are_held_in_a_moment, threads_that_come_and_go_are_all_held,
           memory_stands_still_until_resumed, a_stopped_process_stays_stopped, signals_of_the_stop_are_delivered,
           a_process_killed_while_held_ends_for_its_parent, a_thread_that_cannot_be_stopped_is_a_root_and_a_limit,
           a_process_that_is_gone_is_told_so, a_traced_process_names_its_tracer,
           a_hidden_process_is_refused_with_the_cure, a_process_of_another_user_is_refused_with_the_cure,
           the_heap_is_asked_for_once_when_all_stands_still, a_failing_caller_lets_the_process_go,
           failing_allocations_fail_the_snapshot_and_nothing_else)
