/*
 * launch.h: starts the command with the shim in it.
 *
 * The command gets weir's own standard streams, process group, signal mask,
 * signal dispositions and limits as they were before collector_run, and two
 * changes of the environment: LD_PRELOAD begins with libweir.so, WEIR_SESSION
 * names the session.
 */
#ifndef WEIR_LAUNCH_H
#define WEIR_LAUNCH_H

#include "../error.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>

/* What weir itself was started with and changes for itself. */
struct launch_inheritance {
        sigset_t mask;
        struct rlimit files, memory; /* RLIMIT_NOFILE, RLIMIT_AS */
};

/* Notes them, then lifts the limits as far as weir may. */
void launch_lift(struct launch_inheritance *inheritance);

/* The shim's file, in `path` of PATH_MAX bytes: WEIR_LIBRARY of the
 * environment, or where the build or the installation puts it, seen from the
 * running executable. */
int launch_library(char *path, struct error *e);

/* Forks and executes argv (found as execvp does) with `library` preloaded.
 * Returns its pid, or -1: ERROR_NOT_FOUND, ERROR_CANNOT_RUN, or weir's own
 * failures. */
pid_t launch(char *const *argv, const char *library, const char *session,
             const struct launch_inheritance *inheritance, struct error *e);

#endif
