#include "capture_help.h"

#include "capture/proc.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

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

START_TEST(a_process_whose_first_thread_ended_is_read)
{
        struct target target = target_start("--leaderless", NULL);
        struct capture_request request = request_for(&target);
        struct snapshot snapshot;

        take(&snapshot, &request);
        ck_assert_uint_eq(snapshot.threads, 1);
        ck_assert(in_roots(&snapshot, ROOT_GLOBAL, PLANT_DATA));
        snapshot_release(&snapshot);
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

SUITE_MAIN("stop", all_threads_run_again_afterwards, a_thousand_threads_are_held_in_a_moment,
           threads_that_come_and_go_are_all_held, memory_stands_still_until_resumed, a_stopped_process_stays_stopped,
           a_process_whose_first_thread_ended_is_read, signals_of_the_stop_are_delivered,
           a_process_killed_while_held_ends_for_its_parent, a_thread_that_cannot_be_stopped_is_a_root_and_a_limit,
           a_process_that_is_gone_is_told_so, a_traced_process_names_its_tracer,
           a_hidden_process_is_refused_with_the_cure, a_process_of_another_user_is_refused_with_the_cure)
