#include "collector.h"

#include "../clock.h"
#include "../mem.h"
#include "identity.h"
#include "launch.h"
#include "roster.h"
#include "session.h"
#include "signals.h"
#include "untraced.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
        EVENTS = 64,
        ACTIVE_MS = 2,          /* between rounds while events come */
        IDLE_MAX_MS = 64,       /* and when none came for a while */
        BUSY_RECORDS = 1 << 13, /* as many in one round: the next follows at once */
};

static const uint64_t TELL_AFTER_NS = UINT64_C(700000000);
static const uint64_t BARE_START_NS = UINT64_C(10000000000); /* for the first process to come */

struct collector {
        const struct collector_options *options;
        struct collector_result *result;
        struct launch_inheritance inheritance;
        struct session session;
        struct worker worker;
        struct roster roster;
        int poll, signals, looked, command_pidfd;
        int idle_ms;
        bool command_gone; /* its pidfd said so; waitpid follows as soon as nobody traces it */
        bool stop;         /* a signal asked to wait no longer */
        bool told, requested;
        uint64_t ended_ns; /* when the command ended; bare: never */
};

/* ---- starting ------------------------------------------------------------ */

static int watch(struct collector *collector, int descriptor, void *what, struct error *e)
{
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

        if (descriptor >= 0 && !epoll_ctl(collector->poll, EPOLL_CTL_ADD, descriptor, &event))
                return 0;
        return error_set_errno(e, ERROR_FAILED, errno, "cannot watch a descriptor");
}

static int start_command(struct collector *collector, struct error *e)
{
        const struct collector_options *options = collector->options;
        char library[PATH_MAX];
        pid_t pid;

        if (options->library)
                (void)snprintf(library, sizeof library, "%s", options->library);
        else if (launch_library(library, e))
                return -1;
        pid = launch(options->command, library, collector->session.environment, &collector->inheritance, e);
        if (pid < 0)
                return -1;
        collector->result->command_pid = collector->roster.command_pid = pid;
        collector->command_pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
        if (collector->command_pidfd < 0)
                return error_set_errno(e, ERROR_FAILED, errno, "cannot follow the command (pidfd_open)");
        return watch(collector, collector->command_pidfd, &collector->command_pidfd, e);
}

/* Bare session: sends the value of WEIR_SESSION, and the memory, to the shim
 * that started this collector. */
static int answer_bare(struct collector *collector, struct error *e)
{
        struct session *session = &collector->session;
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = { 0 };
        struct iovec text = { session->environment, strlen(session->environment) + 1 };
        struct msghdr message = {
                .msg_iov = &text, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
        };
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);

        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &session->memory, sizeof(int));
        if (sendmsg(collector->options->bare_socket, &message, MSG_NOSIGNAL) < 0)
                return error_set_errno(e, ERROR_FAILED, errno, "cannot answer the program that preloaded weir");
        (void)close(collector->options->bare_socket);
        return 0;
}

static int open_descriptors(struct collector *collector, struct error *e)
{
        collector->poll = epoll_create1(EPOLL_CLOEXEC);
        collector->looked = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        collector->signals = signals_open(e);
        if (collector->signals < 0)
                return -1;
        if (watch(collector, collector->signals, &collector->signals, e) ||
            watch(collector, collector->looked, &collector->looked, e) ||
            watch(collector, collector->session.listener, &collector->session.listener, e) ||
            watch(collector, collector->session.bell, &collector->session.bell, e))
                return -1;
        collector->roster.poll = collector->poll;
        return 0;
}

static uint32_t session_flags(const struct collector_options *options)
{
        return (options->bare_socket >= 0 ? WEIR_SESSION_BARE : 0) | (options->drop ? WEIR_SESSION_DROP : 0) |
               (options->check_stacks ? WEIR_SESSION_CHECK_STACKS : 0);
}

static int start(struct collector *collector, struct error *e)
{
        const struct collector_options *options = collector->options;

        launch_lift(&collector->inheritance);
        clock_start();
        collector->result->started_s = time(NULL);
        if (session_create(&collector->session, session_flags(options), &options->layout, e) ||
            choice_write(&options->choice, &collector->session.header->choice, e) ||
            roster_init(&collector->roster, e) || open_descriptors(collector, e))
                return -1;
        if (options->command ? start_command(collector, e) : answer_bare(collector, e))
                return -1;
        return session_listen(&collector->session, e) || worker_start(&collector->worker, options, collector->looked, e)
                       ? -1
                       : 0;
}

/* ---- events -------------------------------------------------------------- */

static void empty(int event)
{
        eventfd_t value;

        (void)eventfd_read(event, &value);
}

static bool trusted(void *context, int32_t pid)
{
        const struct roster *roster = context;

        return roster_knows(roster, pid) || pid == roster->command_pid;
}

/* The listener, and the connections it gave, are one source of events. */
static void take_guests(struct collector *collector)
{
        int connection;

        while ((connection = session_accept(&collector->session, trusted, &collector->roster)) >= 0)
                (void)watch(collector, connection, &collector->session.listener, NULL);
        session_answer(&collector->session);
}

static void take_signals(struct collector *collector)
{
        int32_t pid = collector->result->command_ended ? 0 : collector->result->command_pid;
        int number;

        while ((number = signals_take(collector->signals, pid)))
                if (!pid && number != SIGUSR1 && number != SIGUSR2)
                        collector->stop = true;
}

/* The command's status can be taken once no thread of weir traces it. */
static void reap_command(struct collector *collector)
{
        struct collector_result *result = collector->result;
        int status;

        if (!collector->command_gone || result->command_ended)
                return;
        if (waitpid(result->command_pid, &status, WNOHANG | __WNOTHREAD) != result->command_pid)
                return;
        result->command_ended = true;
        result->command_status = status;
        collector->ended_ns = clock_session_ns();
        roster_command_ended(&collector->roster, status);
}

static void command_gone(struct collector *collector)
{
        collector->command_gone = true;
        (void)epoll_ctl(collector->poll, EPOLL_CTL_DEL, collector->command_pidfd, NULL);
}

static void handle(struct collector *collector, const struct epoll_event *event)
{
        void *what = event->data.ptr;

        if (what == &collector->signals) {
                take_signals(collector);
        } else if (what == &collector->looked) {
                empty(collector->looked);
        } else if (what == &collector->session.bell) {
                empty(collector->session.bell);
                collector->idle_ms = ACTIVE_MS;
        } else if (what == &collector->session.listener) {
                take_guests(collector);
        } else if (what == &collector->command_pidfd) {
                command_gone(collector);
        } else {
                roster_dead(&collector->roster, what);
        }
}

/* How long to sleep: not at all while much comes, longer and longer while
 * nothing does. */
static int pause_ms(struct collector *collector)
{
        uint64_t drained = collector->roster.drained;

        if (drained >= BUSY_RECORDS)
                return 0;
        if (drained || (collector->command_gone && !collector->result->command_ended))
                collector->idle_ms = ACTIVE_MS;
        else if (collector->idle_ms < IDLE_MAX_MS)
                collector->idle_ms *= 2;
        return collector->idle_ms;
}

static void await_events(struct collector *collector)
{
        struct weir_session *header = collector->session.header;
        struct epoll_event events[EVENTS];
        int count, milliseconds = pause_ms(collector);

        if (milliseconds)
                atomic_store(&header->asleep, 1);
        count = epoll_wait(collector->poll, events, EVENTS, milliseconds);
        atomic_store_explicit(&header->asleep, 0, memory_order_relaxed);
        for (int i = 0; i < count; i++)
                handle(collector, &events[i]);
}

/* ---- when to stop -------------------------------------------------------- */

static void describe_waiting(struct collector *collector)
{
        const struct roster *roster = &collector->roster;
        char line[512], limit[64] = "";
        size_t used;

        if (collector->options->wait_ns != COLLECTOR_WAIT_FOREVER)
                (void)snprintf(limit, sizeof limit, " for up to %.0f s", (double)collector->options->wait_ns / 1e9);
        used = (size_t)snprintf(line, sizeof line, "the command has ended; waiting%s for %zu process%s:", limit,
                                roster->active_count, roster->active_count == 1 ? "" : "es");
        for (size_t i = 0; i < roster->active_count && i < 5 && used < sizeof line; i++) {
                const char *name = strrchr(roster->active[i]->exe, '/');

                used += (size_t)snprintf(line + used, sizeof line - used, "%s %d (%s)", i ? "," : "",
                                         (int)roster->active[i]->pid, name ? name + 1 : roster->active[i]->exe);
        }
        if (roster->active_count > 5 && used < sizeof line)
                (void)snprintf(line + used, sizeof line - used, ", ...");
        if (collector->options->tell)
                collector->options->tell(collector->options->context, line);
        collector->told = true;
}

static bool nothing_left(struct collector *collector, uint64_t now_ns)
{
        return !roster_running(&collector->roster) && !roster_expects(&collector->roster, now_ns);
}

/* True while a process is with the worker. */
static bool at_work(const struct collector *collector)
{
        for (size_t i = 0; i < collector->roster.active_count; i++)
                if (collector->roster.active[i]->state == PROCESS_QUEUED)
                        return true;
        return false;
}

static bool finished_bare(struct collector *collector, uint64_t now_ns)
{
        if (!collector->result->processes)
                return now_ns > BARE_START_NS;
        if (roster_all_stand(&collector->roster))
                return !roster_expects(&collector->roster, now_ns);
        roster_release_standing(&collector->roster); /* another is still to come to its end */
        return false;
}

static bool finished(struct collector *collector)
{
        uint64_t now_ns = clock_session_ns(), wait_ns = collector->options->wait_ns, waited_ns;

        if (!collector->options->command)
                return finished_bare(collector, now_ns);
        if (!collector->result->command_ended)
                return false;
        if (nothing_left(collector, now_ns))
                return true;
        waited_ns = now_ns - collector->ended_ns;
        if (!collector->told && waited_ns > TELL_AFTER_NS && roster_running(&collector->roster))
                describe_waiting(collector);
        if (waited_ns < wait_ns && !collector->stop)
                return false;
        if (!collector->requested)
                roster_request_all(&collector->roster);
        collector->requested = true;
        return !at_work(collector);
}

static void stop(struct collector *collector)
{
        worker_stop(&collector->worker);
        if (collector->signals >= 0)
                signals_close(collector->signals, &collector->inheritance.mask);
        if (collector->poll >= 0)
                (void)close(collector->poll);
        if (collector->looked >= 0)
                (void)close(collector->looked);
        if (collector->command_pidfd >= 0)
                (void)close(collector->command_pidfd);
        collector->signals = collector->poll = collector->looked = collector->command_pidfd = -1;
}

static void loop(struct collector *collector)
{
        collector->idle_ms = ACTIVE_MS;
        do {
                await_events(collector);
                roster_take_back(&collector->roster);
                reap_command(collector);
                roster_scan(&collector->roster);
                roster_round(&collector->roster);
        } while (!finished(collector));
}

int collector_run(const struct collector_options *options, struct collector_result *result, struct error *e)
{
        struct collector *collector = mem_alloc(1, sizeof *collector);

        *result = (struct collector_result){ 0 };
        if (!collector)
                return error_no_memory(e, "starting the collector");
        *collector = (struct collector){
                .options = options,
                .result = result,
                .poll = -1,
                .signals = -1,
                .looked = -1,
                .command_pidfd = -1,
                .session = { .memory = -1, .listener = -1, .bell = -1 },
        };
        collector->roster = (struct roster){
                .options = options,
                .session = &collector->session,
                .worker = &collector->worker,
                .result = result,
                .poll = -1,
        };
        result->collector = collector;
        if (start(collector, e)) {
                stop(collector);
                collector_result_deinit(result);
                return -1;
        }
        loop(collector);
        stop(collector);
        roster_finish(&collector->roster);
        result->duration_ns = clock_session_ns();
        if (options->command)
                session_disown(&collector->session);
        return 0;
}

void collector_result_release(struct collector_result *result)
{
        if (result->collector)
                roster_release_standing(&result->collector->roster);
}

static void destroy_processes(struct process *first)
{
        struct process *next;

        for (struct process *process = first; process; process = next) {
                next = process->next;
                if (process->control)
                        session_unmap(process->control, process->channel_size);
                process_destroy(process);
        }
}

void collector_result_deinit(struct collector_result *result)
{
        collector_result_release(result);
        destroy_processes(result->processes);
        destroy_processes(result->left_out_processes);
        for (size_t i = 0; i < result->left_out_count; i++)
                mem_free(result->left_out[i].name);
        mem_free(result->left_out);
        for (size_t i = 0; i < result->untraced_count; i++) {
                mem_free(result->untraced[i].exe);
                mem_free(result->untraced[i].reason);
        }
        mem_free(result->untraced);
        if (result->collector) {
                roster_deinit(&result->collector->roster);
                session_destroy(&result->collector->session);
                mem_free(result->collector);
        }
        *result = (struct collector_result){ 0 };
}
