#include "proc.h"

#include "../mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int open_file(pid_t pid, pid_t tid, const char *file)
{
        char path[128];

        if (tid)
                (void)snprintf(path, sizeof path, "/proc/%d/task/%d/%s", (int)pid, (int)tid, file);
        else
                (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
        return open(path, O_RDONLY | O_CLOEXEC);
}

static int set_error(struct error *e, int errnum, pid_t pid, const char *file)
{
        enum error_code code = ERROR_FAILED;

        if (errnum == ENOENT || errnum == ESRCH)
                code = ERROR_GONE;
        else if (errnum == EACCES || errnum == EPERM)
                code = ERROR_REFUSED;
        return error_set_errno(e, code, errnum, "cannot read /proc/%d/%s", (int)pid, file);
}

char *proc_read(pid_t pid, pid_t tid, const char *file, size_t *size, struct error *e)
{
        size_t capacity = 0, length = 0;
        char *text = NULL;
        ssize_t got;
        int fd = open_file(pid, tid, file);

        if (fd < 0) {
                (void)set_error(e, errno, pid, file);
                return NULL;
        }
        do {
                if (mem_grow(&text, &capacity, length + 65536, 1)) {
                        (void)error_no_memory(e, "reading /proc");
                        goto fail;
                }
                got = read(fd, text + length, capacity - length - 1);
                if (got < 0 && errno != EINTR) {
                        (void)set_error(e, errno, pid, file);
                        goto fail;
                }
                length += got > 0 ? (size_t)got : 0;
        } while (got);
        (void)close(fd);
        text[length] = 0;
        *size = length;
        return text;
fail:
        (void)close(fd);
        mem_free(text);
        return NULL;
}

ssize_t proc_read_some(pid_t pid, pid_t tid, const char *file, char *buffer, size_t size)
{
        size_t length = 0;
        ssize_t got;
        int fd = open_file(pid, tid, file), saved;

        if (fd < 0)
                return -1;
        do {
                got = read(fd, buffer + length, size - 1 - length);
                length += got > 0 ? (size_t)got : 0;
        } while ((got > 0 && length < size - 1) || (got < 0 && errno == EINTR));
        saved = errno;
        (void)close(fd);
        errno = saved;
        buffer[length] = 0;
        return got < 0 ? -1 : (ssize_t)length;
}

char proc_state(pid_t pid, pid_t tid)
{
        char text[512];
        const char *after;

        if (proc_read_some(pid, tid, "stat", text, sizeof text) <= 0)
                return 0;
        after = strrchr(text, ')'); /* a name may hold anything */
        return after && after[1] == ' ' ? after[2] : 0;
}

int64_t proc_status(pid_t pid, pid_t tid, const char *key, int nth, int64_t missing)
{
        char text[8192], *line, *save = NULL;
        size_t length = strlen(key);

        if (proc_read_some(pid, tid, "status", text, sizeof text) <= 0)
                return missing;
        for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                int64_t value = missing;
                char *at, *end;

                if (strncmp(line, key, length) || line[length] != ':')
                        continue;
                at = line + length + 1;
                for (int column = 0; nth < 0 || column <= nth; column++, at = end) {
                        int64_t next = strtoll(at, &end, 10);

                        if (end == at)
                                return nth < 0 ? value : missing;
                        value = next;
                }
                return value;
        }
        return missing;
}

bool proc_syscall(pid_t pid, pid_t tid, uint64_t *sp, uint64_t *pc)
{
        char text[256], *last, *before;

        if (proc_read_some(pid, tid, "syscall", text, sizeof text) <= 0 || text[0] == 'r')
                return false;
        last = strrchr(text, ' ');
        if (!last)
                return false;
        *last = 0;
        before = strrchr(text, ' ');
        if (!before)
                return false;
        *sp = strtoull(before + 1, NULL, 16);
        *pc = strtoull(last + 1, NULL, 16);
        return true;
}
