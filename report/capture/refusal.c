#include "refusal.h"

#include "proc.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void process_name(pid_t pid, char *name, size_t size)
{
        if (proc_read_some(pid, 0, "comm", name, size) <= 0)
                (void)snprintf(name, size, "?");
        name[strcspn(name, "\n")] = 0;
}

/* /proc/PID belongs to root, whoever runs it, when the process is not
 * dumpable. */
static bool not_dumpable(pid_t pid, uid_t effective)
{
        struct stat st;
        char path[64];

        (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
        return effective != 0 && stat(path, &st) == 0 && st.st_uid == 0;
}

static int yama_scope(void)
{
        char text[16] = "";
        int fd = open("/proc/sys/kernel/yama/ptrace_scope", O_RDONLY | O_CLOEXEC);
        ssize_t got;

        if (fd < 0)
                return 0;
        got = read(fd, text, sizeof text - 1);
        (void)close(fd);
        return got > 0 ? atoi(text) : 0;
}

int refusal_explain(struct error *e, pid_t pid, int errnum)
{
        uid_t user = (uid_t)proc_status(pid, 0, "Uid", 1, (int64_t)geteuid());
        pid_t tracer = (pid_t)proc_status(pid, 0, "TracerPid", 0, 0);
        int scope = yama_scope();
        char name[64], other[64];

        process_name(pid, name, sizeof name);
        if (tracer && tracer != getpid()) {
                process_name(tracer, other, sizeof other);
                return error_set(e, ERROR_REFUSED,
                                 "process %d (%s) is being traced by process %d (%s), and a process has one tracer "
                                 "at a time: run it without that debugger",
                                 (int)pid, name, (int)tracer, other);
        }
        if (geteuid() != 0 && user != geteuid())
                return error_set(e, ERROR_REFUSED,
                                 "process %d (%s) runs as user %u and weir as user %u: run weir as that user or as "
                                 "root",
                                 (int)pid, name, (unsigned)user, (unsigned)geteuid());
        if (not_dumpable(pid, user))
                return error_set(e, ERROR_REFUSED,
                                 "process %d (%s) made itself unreadable (PR_SET_DUMPABLE, or it changed its user): "
                                 "run weir as root, with CAP_SYS_PTRACE",
                                 (int)pid, name);
        if (scope >= 3)
                return error_set(e, ERROR_REFUSED,
                                 "ptrace is switched off on this machine, so process %d (%s) cannot be stopped: set "
                                 "/proc/sys/kernel/yama/ptrace_scope to 1 (it takes a reboot to leave 3)",
                                 (int)pid, name);
        if (scope)
                return error_set(e, ERROR_REFUSED,
                                 "process %d (%s) is no descendant of weir or only root may trace (Yama's ptrace_scope "
                                 "is %d): run weir as root or write 0 to /proc/sys/kernel/yama/ptrace_scope",
                                 (int)pid, name, scope);
        return error_set_errno(e, ERROR_REFUSED, errnum,
                               "the system does not let weir stop process %d (%s); in a container allow ptrace "
                               "(docker run --cap-add=SYS_PTRACE)%s",
                               (int)pid, name,
                               proc_status(getpid(), 0, "Seccomp", 0, 0) > 0 ? ", for a system call filter is active"
                                                                             : "");
}
