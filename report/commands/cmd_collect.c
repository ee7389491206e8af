/*
 * cmd_collect.c: the collector of a bare LD_PRELOAD session; libweir.so starts
 * it, nobody else.
 *
 * The program must not notice it: it is no child of the program's, leads a
 * session of its own, and keeps none of the program's descriptors but
 * standard error, where the report goes unless WEIR_OPTIONS says otherwise.
 */
#include "command.h"

#include "tracing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct collect_options {
        struct option_size socket;
};

static const struct option_spec specs[] = {
        { "socket-fd", 0, OPTION_NUMBER, "N", "where libweir.so waits for the answer", 0 },
};

static const struct option_group groups[] = {
        { "Session", specs, 1, 0 },
};

enum { SOCKET = 3 };

static int check_socket(int socket, struct error *e)
{
        int type;
        socklen_t length = sizeof type;

        if (getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &length))
                return error_set_errno(e, ERROR_USAGE, errno, "--socket-fd %d", socket);
        return 0;
}

/* Leaves the program's family, session and descriptors. */
static int detach(int socket, struct error *e)
{
        int null = open("/dev/null", O_RDWR);
        pid_t pid;

        if (null < 0)
                return error_set_errno(e, ERROR_FAILED, errno, "cannot open /dev/null");
        (void)dup2(null, STDIN_FILENO);
        (void)dup2(null, STDOUT_FILENO);
        if (fcntl(STDERR_FILENO, F_GETFD) < 0)
                (void)dup2(null, STDERR_FILENO);
        if (socket != SOCKET && dup2(socket, SOCKET) < 0)
                return error_set_errno(e, ERROR_FAILED, errno, "cannot move the socket");
        (void)close_range(SOCKET + 1, ~0u, 0);
        (void)fcntl(SOCKET, F_SETFD, FD_CLOEXEC);
        pid = fork();
        if (pid < 0)
                return error_set_errno(e, ERROR_FAILED, errno, "cannot start a process");
        if (pid > 0)
                _exit(0);
        (void)setsid();
        return 0;
}

static int serve(const struct run_options *options, struct error *e)
{
        struct tracing_files files;
        int status = -1;

        if (!tracing_open(&files, options, stderr, e))
                status = tracing_serve(options, SOCKET, &files, e);
        tracing_close(&files);
        return status;
}

static int run(void *options, int argc, char **argv, struct error *e)
{
        const struct collect_options *collect = options;
        struct run_options run_options = { 0 };

        (void)argv;
        if (argc || !collect->socket.given || collect->socket.value < SOCKET || collect->socket.value > 1 << 20)
                return error_set(e, ERROR_USAGE, "weir collect is for libweir.so; use weir run, or LD_PRELOAD");
        if (check_socket((int)collect->socket.value, e) || run_options_from_environment(&run_options, e) ||
            detach((int)collect->socket.value, e))
                return -1;
        return serve(&run_options, e);
}

const struct command command_collect = {
        .name = "collect",
        .arguments = "",
        .summary = "serve programs that preloaded libweir.so themselves",
        .description = "Started by libweir.so.\n",
        .groups = groups,
        .group_count = 1,
        .options_size = sizeof(struct collect_options),
        .flags = OPTIONS_ONLY,
        .hidden = true,
        .run = run,
};
