#include "identity.h"

#include "../mem.h"
#include "drain.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* linux/pidfd.h of Linux 6.15; older kernels refuse the request. */
struct exit_info {
        uint64_t mask, cgroup;
        uint32_t ids[11];
        int32_t exit_code;
};
enum { EXIT_INFO_MASK = 1 << 3 };
#define EXIT_INFO_REQUEST _IOWR(0xFF, 11, struct exit_info)

static FILE *proc_open(int32_t pid, const char *name)
{
        char path[64];

        (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
        return fopen(path, "re");
}

enum found { FOUND_NO, FOUND_YES, FOUND_UNKNOWN };

/* Whether the process maps the session's memory. */
static enum found maps_session(int32_t pid, uint64_t inode)
{
        FILE *maps = proc_open(pid, "maps");
        enum found found = FOUND_NO;
        size_t capacity = 0;
        char *line = NULL;

        if (!maps)
                return errno == ENOENT ? FOUND_NO : FOUND_UNKNOWN;
        while (found == FOUND_NO && getline(&line, &capacity, maps) > 0) {
                const char *name = strstr(line, "/memfd:weir");
                uint64_t here = 0;

                if (name && sscanf(line, "%*s %*s %*s %*s %" SCNu64, &here) == 1 && here == inode)
                        found = FOUND_YES;
        }
        if (ferror(maps))
                found = FOUND_UNKNOWN;
        free(line);
        (void)fclose(maps);
        return found;
}

/* The pid of the process in its own, innermost namespace. */
static int32_t innermost_pid(int32_t pid)
{
        FILE *status = proc_open(pid, "status");
        char line[256];
        int inner = 0;

        if (!status)
                return 0;
        while (fgets(line, sizeof line, status))
                if (!strncmp(line, "NSpid:", 6)) {
                        const char *last = strrchr(line, '\t');

                        inner = last ? atoi(last + 1) : 0;
                        break;
                }
        (void)fclose(status);
        return inner;
}

/* Looks through all processes; 0 when none fits. */
static int32_t search(int32_t inner, uint64_t inode)
{
        DIR *proc = opendir("/proc");
        const struct dirent *entry;
        int32_t found = 0;

        while (proc && !found && (entry = readdir(proc))) {
                int32_t pid = isdigit((unsigned char)*entry->d_name) ? atoi(entry->d_name) : 0;

                if (pid && innermost_pid(pid) == inner && maps_session(pid, inode) == FOUND_YES)
                        found = pid;
        }
        if (proc)
                (void)closedir(proc);
        return found;
}

/* The fields of /proc/PID/stat after the name: state, parent, exit code. */
static bool read_stat(int32_t pid, char *state, int32_t *parent, int *exit_code)
{
        FILE *file = proc_open(pid, "stat");
        char text[2048];
        const char *at;
        size_t length;

        if (!file)
                return false;
        length = fread(text, 1, sizeof text - 1, file);
        text[length] = '\0';
        (void)fclose(file);
        at = strrchr(text, ')');
        if (!at || sscanf(at + 1, " %c %d", state, parent) != 2)
                return false;
        for (unsigned field = 2; at && field < 52; field++)
                at = strchr(at + 1, ' ');
        *exit_code = at ? atoi(at) : 0;
        return true;
}

int32_t identity_parent(int32_t pid)
{
        int32_t parent = 0;
        int exit_code;
        char state;

        return read_stat(pid, &state, &parent, &exit_code) ? parent : 0;
}

bool identity_alive(int32_t pid)
{
        int32_t parent;
        int exit_code;
        char state;

        return read_stat(pid, &state, &parent, &exit_code) && state != 'Z' && state != 'X';
}

/* What /proc/PID/exe names; mem_free it; NULL = unknown. */
static char *exe_of(int32_t pid)
{
        char path[64], exe[PATH_MAX];
        ssize_t length;

        (void)snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
        length = readlink(path, exe, sizeof exe - 1);
        if (length <= 0)
                return NULL;
        exe[length] = '\0';
        return mem_string(exe);
}

static void read_arguments(struct process *process)
{
        FILE *file = proc_open(process->pid, "cmdline");
        char text[4096];
        size_t length;

        if (!file)
                return;
        length = fread(text, 1, sizeof text, file);
        (void)fclose(file);
        if (length)
                drain_note(process, WEIR_NOTE_ARGV, 0, text, length, 0);
}

/* A forked child's program is its parent's, and /proc may already speak of
 * the one it executed. */
static void describe(struct process *process)
{
        int32_t parent = identity_parent(process->pid);
        char *exe;

        if (parent)
                process->ppid = parent;
        if (process->forked)
                return;
        exe = exe_of(process->pid);
        if (exe) {
                mem_free(process->exe);
                process->exe = exe;
        }
        read_arguments(process);
}

bool identity_find(struct process *process, uint64_t inode)
{
        int32_t other;

        process->pid = process->inner_pid;
        if (maps_session(process->pid, inode) != FOUND_YES) {
                other = search(process->inner_pid, inode);
                if (other)
                        process->pid = other;
        }
        process->pidfd = (int)syscall(SYS_pidfd_open, process->pid, 0);
        if (process->pidfd < 0 && !identity_alive(process->pid))
                return false;
        describe(process);
        return true;
}

bool identity_status(int32_t pid, int pidfd, int *status)
{
        /* Dead and not waited for yet: /proc knows; waited for: the pidfd does. */
        for (unsigned i = 0; i < 2; i++) {
                struct exit_info info = { .mask = EXIT_INFO_MASK };
                int32_t parent;
                char state;

                if (pidfd >= 0 && !ioctl(pidfd, EXIT_INFO_REQUEST, &info) && info.mask & EXIT_INFO_MASK) {
                        *status = info.exit_code;
                        return true;
                }
                if (read_stat(pid, &state, &parent, status) && state == 'Z')
                        return true;
        }
        return false;
}
