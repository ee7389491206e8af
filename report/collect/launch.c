#include "launch.h"

#include "../../preload/channel.h"
#include "../mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef WEIR_LIBDIR
#define WEIR_LIBDIR             "" /* where libweir.so is installed, as configured */
#define WEIR_LIBDIR_FROM_BINDIR "../lib/weir"
#endif

static void lift(__rlimit_resource_t resource, struct rlimit *before)
{
        struct rlimit limit;

        (void)getrlimit(resource, before);
        limit = (struct rlimit){ .rlim_cur = before->rlim_max, .rlim_max = before->rlim_max };
        (void)setrlimit(resource, &limit);
}

void launch_lift(struct launch_inheritance *inheritance)
{
        (void)sigprocmask(SIG_SETMASK, NULL, &inheritance->mask);
        lift(RLIMIT_NOFILE, &inheritance->files);
        lift(RLIMIT_AS, &inheritance->memory);
}

/* ---- the library --------------------------------------------------------- */

static bool try_library(char *path, const char *directory, const char *rest)
{
        char name[2 * PATH_MAX], real[PATH_MAX];

        (void)snprintf(name, sizeof name, "%s%s", directory, rest);
        if (!realpath(name, real) || access(real, R_OK))
                return false;
        (void)snprintf(path, PATH_MAX, "%s", real);
        return true;
}

/* The directory of the running executable, with no slash at its end. */
static bool own_directory(char *directory)
{
        ssize_t length = readlink("/proc/self/exe", directory, PATH_MAX - 1);
        char *slash;

        if (length <= 0)
                return false;
        directory[length] = '\0';
        slash = strrchr(directory, '/');
        if (slash)
                *slash = '\0';
        return slash;
}

int launch_library(char *path, struct error *e)
{
        const char *given = getenv("WEIR_LIBRARY");
        char directory[PATH_MAX] = "";

        if (given && *given) {
                if (!try_library(path, given, ""))
                        return error_set_errno(e, ERROR_FAILED, errno, "%s, named by WEIR_LIBRARY", given);
        } else if (!own_directory(directory) ||
                   (!try_library(path, directory, "/../preload/libweir.so") &&
                    !try_library(path, directory, "/" WEIR_LIBDIR_FROM_BINDIR "/libweir.so") &&
                    !try_library(path, WEIR_LIBDIR, "/libweir.so") && !try_library(path, directory, "/libweir.so"))) {
                return error_set(e, ERROR_FAILED,
                                 "libweir.so was not found near %s; name it with the environment variable WEIR_LIBRARY",
                                 directory);
        }
        if (strpbrk(path, " :"))
                return error_set(
                        e, ERROR_FAILED,
                        "%s: a preloaded library's path must hold no space and no colon; install weir elsewhere", path);
        return 0;
}

/* ---- the command --------------------------------------------------------- */

static int set_environment(const char *library, const char *session, struct error *e)
{
        const char *before = getenv("LD_PRELOAD");
        char *preload = before && *before ? mem_format("%s:%s", library, before) : mem_string(library);
        int failed = !preload || setenv("LD_PRELOAD", preload, 1) || setenv(WEIR_SESSION_ENV, session, 1);

        mem_free(preload);
        return failed ? error_no_memory(e, "setting the command's environment") : 0;
}

static _Noreturn void become(char *const *argv, const struct launch_inheritance *inheritance, int failure)
{
        int reason;

        (void)setrlimit(RLIMIT_NOFILE, &inheritance->files);
        (void)setrlimit(RLIMIT_AS, &inheritance->memory);
        (void)sigprocmask(SIG_SETMASK, &inheritance->mask, NULL);
        (void)execvp(argv[0], argv);
        reason = errno;
        (void)!write(failure, &reason, sizeof reason);
        _exit(127);
}

static int not_run(const char *name, int reason, struct error *e)
{
        if (reason == ENOENT)
                return error_set(e, ERROR_NOT_FOUND, "%s: command not found", name);
        return error_set_errno(e, ERROR_CANNOT_RUN, reason, "cannot run %s", name);
}

/* Waits until the child has become the command or told why not. */
static int await(pid_t pid, int failure, const char *name, struct error *e)
{
        ssize_t got;
        int reason;

        do
                got = read(failure, &reason, sizeof reason);
        while (got < 0 && errno == EINTR);
        if (got != sizeof reason)
                return 0;
        (void)waitpid(pid, NULL, 0);
        return not_run(name, reason, e);
}

pid_t launch(char *const *argv, const char *library, const char *session, const struct launch_inheritance *inheritance,
             struct error *e)
{
        int failure[2], failed;
        pid_t pid;

        if (set_environment(library, session, e))
                return -1;
        if (pipe2(failure, O_CLOEXEC))
                return error_set_errno(e, ERROR_FAILED, errno, "cannot create a pipe");
        pid = vfork(); /* copies no memory: the child only calls what it may after that */
        if (pid == 0)
                become(argv, inheritance, failure[1]);
        failed = pid < 0 ? errno : 0;
        (void)close(failure[1]);
        if (pid > 0 && await(pid, failure[0], argv[0], e))
                pid = -1;
        (void)close(failure[0]);
        (void)unsetenv("LD_PRELOAD");
        (void)unsetenv(WEIR_SESSION_ENV);
        if (failed)
                return error_set_errno(e, ERROR_FAILED, failed, "cannot start a process");
        return pid;
}
