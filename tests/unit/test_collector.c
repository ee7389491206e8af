#include "suite.h"

#include "exact.h"

#include "fake_target.h"

#include "collect/collector.h"
#include "mem.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

/* ---- what the traced programs do ------------------------------------------ */

static void target_simple(struct fake *fake)
{
        writer_alloc(&fake->writer, 0x1000, 8, 0);
        writer_alloc(&fake->writer, 0x2000, 16, 0);
        writer_free(&fake->writer, 0x1000);
        fake_exit(fake, 3);
}

static void target_killed(struct fake *fake)
{
        writer_alloc(&fake->writer, 0x1000, 8, 0);
        (void)kill(getpid(), SIGKILL);
}

static void target_many_events(struct fake *fake)
{
        for (unsigned i = 0; i < 3000000; i++) {
                fake_wait_for_room(fake);
                writer_alloc(&fake->writer, 0x1000, 8, 0);
                fake_wait_for_room(fake);
                writer_free(&fake->writer, 0x1000);
        }
        fake_exit(fake, 0);
}

static void target_forks(struct fake *fake)
{
        writer_alloc(&fake->writer, 0x1000, 8, 0);
        for (unsigned i = 0; i < 3; i++)
                if (fake_fork(fake) == 0) {
                        writer_free(&fake->writer, 0x1000);
                        writer_alloc(&fake->writer, 0x3000, 32, 0);
                        fake_exit(fake, 10 + (int)i);
                }
        while (wait(NULL) > 0)
                ;
        fake_exit(fake, 0);
}

static void target_execs(struct fake *fake)
{
        writer_alloc(&fake->writer, 0x1000, 8, 0);
        fake_ask(fake, WEIR_END_EXEC, 0, "/proc/self/exe");
        (void)setenv("WEIR_FAKE", "simple", 1);
        (void)execl("/proc/self/exe", "again", (char *)NULL);
        _exit(99);
}

static void target_exec_fails(struct fake *fake)
{
        writer_alloc(&fake->writer, 0x1000, 8, 0);
        fake_ask(fake, WEIR_END_EXEC, 0, "/nonexistent");
        atomic_fetch_add(&fake->writer.control->exec_failed, 1);
        atomic_store(&fake->writer.control->state, WEIR_STATE_RUNNING);
        writer_free(&fake->writer, 0x1000);
        fake_exit(fake, 5);
}

static void target_execs_untraced(struct fake *fake)
{
        writer_alloc(&fake->writer, 0x1000, 8, 0);
        fake_ask(fake, WEIR_END_EXEC, 0, "/bin/true");
        (void)execl("/bin/true", "true", (char *)NULL);
        _exit(99);
}

static void target_daemon(struct fake *fake)
{
        writer_alloc(&fake->writer, 0x1000, 8, 0);
        if (fake_fork(fake) > 0)
                fake_exit(fake, 0);
        writer_alloc(&fake->writer, 0x5000, 8, 0);
        (void)usleep(300000);
        fake_exit(fake, 4);
}

static void target_lingers(struct fake *fake)
{
        if (fake_fork(fake) > 0)
                fake_exit(fake, 0);
        writer_alloc(&fake->writer, 0x5000, 8, 0);
        for (unsigned i = 0; i < 50 && !(atomic_load(&fake->session->alive) & FUTEX_OWNER_DIED); i++)
                (void)usleep(100000);
        _exit(0);
}

static void target_garbage(struct fake *fake)
{
        memset(fake->writer.control, 0xa5, sizeof *fake->writer.control);
        fake_bell(fake);
        (void)usleep(20000);
        _exit(6);
}

static void target_many_processes(struct fake *fake)
{
        for (unsigned i = 0; i < 300; i++) {
                if (fake_fork(fake) == 0) {
                        writer_alloc(&fake->writer, 0x1000, 8, 0);
                        fake_exit(fake, 0);
                }
                if (i >= 30)
                        (void)wait(NULL);
        }
        while (wait(NULL) > 0)
                ;
        fake_exit(fake, 0);
}

/* The descriptor as the abstract socket gives it; the byte is late. */
static int ask_socket(unsigned late_us)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = { 0 };
        char byte = 1;
        struct iovec data = { &byte, 1 };
        struct msghdr message = {
                .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
        };
        int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "weir-%s",
                              strrchr(getenv("WEIR_SESSION"), ':') + 1);
        int connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), descriptor = -1;

        if (connect(connection, (const struct sockaddr *)&address,
                    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)))
                _exit(20);
        (void)usleep(late_us);
        if (send(connection, &byte, 1, MSG_NOSIGNAL) != 1 || recvmsg(connection, &message, 0) != 1)
                _exit(21);
        memcpy(&descriptor, CMSG_DATA(&control.header), sizeof descriptor);
        (void)close(connection);
        return descriptor;
}

static void target_asks_socket(struct fake *fake)
{
        struct stat mine, given;

        for (unsigned i = 0; i < 100; i++) {
                int descriptor = ask_socket(i % 10 ? 0 : 2000);

                if (fstat(descriptor, &given) || fstat(fake->memory, &mine) || given.st_ino != mine.st_ino)
                        _exit(22);
                (void)close(descriptor);
        }
        fake_exit(fake, 3);
}

static const struct {
        const char *name;
        void (*act)(struct fake *fake);
} targets[] = {
        { "simple", target_simple },         { "asks-socket", target_asks_socket },
        { "killed", target_killed },         { "many-events", target_many_events },
        { "forks", target_forks },           { "execs", target_execs },
        { "exec-fails", target_exec_fails }, { "execs-untraced", target_execs_untraced },
        { "daemon", target_daemon },         { "lingers", target_lingers },
        { "garbage", target_garbage },       { "many-processes", target_many_processes },
};

__attribute__((constructor)) static void act(void)
{
        const char *name = getenv("WEIR_FAKE");

        for (unsigned i = 0; name && i < sizeof targets / sizeof targets[0]; i++)
                if (!strcmp(name, targets[i].name)) {
                        struct fake fake = fake_attach();

                        targets[i].act(&fake);
                        _exit(98);
                }
}

/* ---- the collector's side -------------------------------------------------- */

struct looks {
        unsigned ending, request, dead, forgotten;
        uint64_t blocks;
};

static int look(void *context, struct process *process, struct error *e)
{
        struct looks *looks = context;
        struct block *blocks;
        size_t count;

        looks->ending += process->look == PROCESS_LOOK_ENDING;
        looks->request += process->look == PROCESS_LOOK_REQUEST;
        looks->dead += process->look == PROCESS_LOOK_DEAD;
        if (process_settle(process, process->look == PROCESS_LOOK_DEAD, e) ||
            process_blocks(process, &blocks, &count, e))
                return -1;
        looks->blocks += count;
        mem_free(blocks);
        process->findings = process;
        return 0;
}

static void forget(void *context, struct process *process)
{
        ((struct looks *)context)->forgotten++;
        process->findings = NULL;
}

static struct collector_result collect(const char *target, uint64_t wait_ns, struct looks *looks)
{
        char *command[] = { "/proc/self/exe", NULL };
        struct collector_options options = {
                .command = command,
                .library = "libm.so.6",
                .wait_ns = wait_ns,
                .bare_socket = -1,
                .snapshot = look,
                .forget = forget,
                .context = looks,
        };
        struct collector_result result;
        struct error e = { 0 };

        *looks = (struct looks){ 0 };
        (void)setenv("WEIR_FAKE", target, 1);
        ck_assert_msg(collector_run(&options, &result, &e) == 0, "%s", e.text);
        (void)unsetenv("WEIR_FAKE");
        ck_assert_uint_eq(result.refused, 0);
        return result;
}

static const struct process *nth(const struct collector_result *result, size_t n)
{
        const struct process *process = result->processes;

        ck_assert_uint_lt(n, result->process_count);
        while (n--)
                process = process->next;
        return process;
}

START_TEST(an_exit_is_looked_at)
{
        struct looks looks;
        struct collector_result result = collect("simple", 0, &looks);
        const struct process *process = nth(&result, 0);

        ck_assert_uint_eq(result.process_count, 1);
        ck_assert(WIFEXITED(result.command_status) && WEXITSTATUS(result.command_status) == 3);
        ck_assert_int_eq(process->pid, result.command_pid);
        ck_assert_int_eq(process->end_how, END_EXITED);
        ck_assert_int_eq(process->end_status, 3);
        ck_assert_uint_eq(process->totals.allocations, 2);
        ck_assert_uint_eq(process->totals.frees, 1);
        ck_assert_uint_eq(process->totals.live_bytes, 16);
        ck_assert_uint_eq(looks.ending, 1);
        ck_assert_uint_eq(looks.dead, 0);
        ck_assert_uint_eq(looks.blocks, 1);
        ck_assert(strlen(process->exe) > 1);
        ck_assert_uint_eq(process->argv_count, 1);
        ck_assert(process_exact(process));
        ck_assert_ptr_eq(process->findings, process);
        ck_assert_uint_eq(result.untraced_count, 0);
        collector_result_deinit(&result);
}
END_TEST

START_TEST(the_socket_hands_out_the_memory)
{
        struct looks looks;
        struct collector_result result = collect("asks-socket", 0, &looks);

        ck_assert_int_eq(nth(&result, 0)->end_status, 3);
        collector_result_deinit(&result);
}
END_TEST

START_TEST(a_killed_process_is_told)
{
        struct looks looks;
        struct collector_result result = collect("killed", 0, &looks);
        const struct process *process = nth(&result, 0);

        ck_assert_int_eq(process->end_how, END_SIGNALED);
        ck_assert_int_eq(process->end_status, SIGKILL);
        ck_assert_uint_eq(looks.dead, 1);
        ck_assert_uint_eq(looks.blocks, 1);
        collector_result_deinit(&result);
}
END_TEST

START_TEST(no_event_is_lost)
{
        struct looks looks;
        struct collector_result result = collect("many-events", 0, &looks);
        const struct process *process = nth(&result, 0);

        ck_assert_uint_eq(process->totals.allocations, 3000000);
        ck_assert_uint_eq(process->totals.frees, 3000000);
        ck_assert_uint_eq(process->totals.unknown_frees, 0);
        ck_assert_uint_eq(process->totals.reused, 0);
        collector_result_deinit(&result);
}
END_TEST

START_TEST(children_inherit)
{
        struct looks looks;
        struct collector_result result = collect("forks", 0, &looks);

        ck_assert_uint_eq(result.process_count, 4);
        ck_assert_uint_eq(looks.ending, 4);
        for (size_t i = 1; i < 4; i++) {
                const struct process *child = nth(&result, i);

                ck_assert(child->forked);
                ck_assert_int_eq(child->ppid, result.command_pid);
                ck_assert_int_eq(child->end_how, END_EXITED);
                ck_assert_int_ge(child->end_status, 10);
                ck_assert_uint_eq(child->totals.inherited_frees, 1);
                ck_assert_uint_eq(child->totals.unknown_frees, 0);
                ck_assert_uint_eq(child->totals.live_bytes, 32);
        }
        ck_assert_uint_eq(nth(&result, 0)->totals.live_bytes, 8);
        collector_result_deinit(&result);
}
END_TEST

START_TEST(an_exec_ends_one_image_and_begins_another)
{
        struct looks looks;
        struct collector_result result = collect("execs", 0, &looks);
        const struct process *before = nth(&result, 0), *after = nth(&result, 1);

        ck_assert_uint_eq(result.process_count, 2);
        ck_assert_int_eq(before->pid, after->pid);
        ck_assert_int_eq(before->end_how, END_EXEC);
        ck_assert_str_eq(before->end_exec, "/proc/self/exe");
        ck_assert_int_eq(after->end_how, END_EXITED);
        ck_assert_int_eq(after->end_status, 3);
        ck_assert_uint_eq(looks.ending, 2);
        ck_assert_uint_eq(result.untraced_count, 0);
        collector_result_deinit(&result);
}
END_TEST

START_TEST(an_exec_that_fails_is_forgotten)
{
        struct looks looks;
        struct collector_result result = collect("exec-fails", 0, &looks);
        const struct process *process = nth(&result, 0);

        ck_assert_uint_eq(result.process_count, 1);
        ck_assert_uint_eq(looks.ending, 2);
        ck_assert_uint_eq(looks.forgotten, 1);
        ck_assert_int_eq(process->end_how, END_EXITED);
        ck_assert_int_eq(process->end_status, 5);
        ck_assert_ptr_null(process->end_exec);
        ck_assert_uint_eq(process->totals.live_blocks, 0);
        collector_result_deinit(&result);
}
END_TEST

START_TEST(a_program_that_never_reports_is_named)
{
        struct looks looks;
        struct collector_result result = collect("execs-untraced", 0, &looks);

        ck_assert_int_eq(nth(&result, 0)->end_how, END_EXEC);
        ck_assert_uint_eq(result.untraced_count, 1);
        ck_assert_str_eq(result.untraced[0].exe, "/bin/true");
        ck_assert_int_eq(WEXITSTATUS(result.command_status), 0);
        collector_result_deinit(&result);
}
END_TEST

START_TEST(a_daemon_is_waited_for)
{
        struct looks looks;
        struct collector_result result = collect("daemon", COLLECTOR_WAIT_FOREVER, &looks);

        ck_assert_uint_eq(result.process_count, 2);
        ck_assert_uint_eq(looks.ending, 2);
        ck_assert_int_eq(nth(&result, 1)->end_how, END_EXITED);
        ck_assert_int_eq(nth(&result, 1)->end_status, 4);
        collector_result_deinit(&result);
}
END_TEST

START_TEST(what_still_runs_is_asked_for)
{
        struct looks looks;
        struct collector_result result = collect("lingers", UINT64_C(200000000), &looks);

        ck_assert_uint_eq(result.process_count, 2);
        ck_assert_uint_eq(looks.request, 1);
        ck_assert_int_eq(nth(&result, 1)->end_how, END_RUNNING);
        ck_assert_uint_eq(nth(&result, 1)->totals.live_blocks, 1);
        collector_result_deinit(&result);
}
END_TEST

START_TEST(a_scribbled_control_page_is_survived)
{
        struct looks looks;
        struct collector_result result = collect("garbage", 0, &looks);

        ck_assert_int_eq(WEXITSTATUS(result.command_status), 6);
        collector_result_deinit(&result);
}
END_TEST

START_TEST(hundreds_of_processes)
{
        struct looks looks;
        struct collector_result result = collect("many-processes", 0, &looks);

        ck_assert_uint_eq(result.process_count, 301);
        ck_assert_uint_eq(looks.ending, 301);
        for (size_t i = 1; i < 301; i++)
                ck_assert_uint_eq(nth(&result, i)->totals.allocations, 1);
        collector_result_deinit(&result);
}
END_TEST

/* What a preloaded library does: takes the answer from the socket, then goes
 * on as under weir run. */
static void bare_target(int socket)
{
        char text[128];
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control;
        struct iovec data = { text, sizeof text };
        struct msghdr message = {
                .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
        };
        struct fake fake;

        if (recvmsg(socket, &message, 0) <= 0 || !CMSG_FIRSTHDR(&message) || memchr(text, 0, sizeof text) == NULL)
                _exit(1);
        (void)setenv("WEIR_SESSION", text, 1);
        fake = fake_attach();
        if (!(fake.session->flags & WEIR_SESSION_BARE))
                _exit(2);
        if (fake_fork(&fake) == 0)
                fake_exit(&fake, 8);
        (void)wait(NULL);
        writer_alloc(&fake.writer, 0x1000, 8, 0);
        fake_exit(&fake, 7);
}

START_TEST(a_bare_session_holds_its_last_process)
{
        struct looks looks = { 0 };
        struct collector_options options = { .snapshot = look, .forget = forget, .context = &looks };
        struct collector_result result;
        struct error e = { 0 };
        int pair[2], status;
        pid_t pid;

        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        pid = fork();
        if (pid == 0)
                bare_target(pair[1]);
        options.bare_socket = pair[0];
        ck_assert_msg(collector_run(&options, &result, &e) == 0, "%s", e.text);
        ck_assert_uint_eq(result.process_count, 2);
        ck_assert_uint_eq(looks.ending, 2);
        ck_assert_int_eq(nth(&result, 0)->end_status, 7);
        ck_assert_int_eq(nth(&result, 1)->end_status, 8);
        ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
        collector_result_release(&result);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(WEXITSTATUS(status), 7);
        collector_result_deinit(&result);
}
END_TEST

START_TEST(commands_that_cannot_run_say_so)
{
        char *missing[] = { "weir-no-such-command", NULL }, *directory[] = { "/tmp", NULL };
        struct collector_options options = { .command = missing, .library = "libm.so.6", .bare_socket = -1 };
        struct collector_result result;
        struct error e = { 0 };

        ck_assert_int_eq(collector_run(&options, &result, &e), -1);
        ck_assert_int_eq(e.code, ERROR_NOT_FOUND);
        options.command = directory;
        ck_assert_int_eq(collector_run(&options, &result, &e), -1);
        ck_assert_int_eq(e.code, ERROR_CANNOT_RUN);
}
END_TEST

SUITE_MAIN("collector", an_exit_is_looked_at, the_socket_hands_out_the_memory, a_killed_process_is_told,
           no_event_is_lost, children_inherit, an_exec_ends_one_image_and_begins_another,
           an_exec_that_fails_is_forgotten, a_program_that_never_reports_is_named, a_daemon_is_waited_for,
           what_still_runs_is_asked_for, a_scribbled_control_page_is_survived, hundreds_of_processes,
           a_bare_session_holds_its_last_process, commands_that_cannot_run_say_so)
