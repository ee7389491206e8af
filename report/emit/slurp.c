#include "slurp.h"

#include "../mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEVICE_MOST = 1 << 20 }; /* bytes: /dev/null and terminals have fewer, /dev/zero would never end */

static bool is_input(const char *path)
{
        return !strcmp(path, "-");
}

const char *slurp_name(const char *path)
{
        return is_input(path) ? "standard input" : path;
}

/* Reads to the end; what was read stays in `*text` on failure as well. */
static int read_all(int fd, const char *name, size_t most, const char *what, char **text, size_t *length,
                    struct error *e)
{
        struct stat status;
        bool is_device = !fstat(fd, &status) && S_ISCHR(status.st_mode);
        size_t capacity = 0;
        ssize_t got;

        if (is_device && most > DEVICE_MOST)
                most = DEVICE_MOST;

        *length = 0;
        do {
                if (*length > most)
                        return is_device ? error_set(e, ERROR_BAD_INPUT, "%s is a device without an end: it is no %s",
                                                     name, what)
                                         : error_set(e, ERROR_BAD_INPUT, "%s is larger than %zu bytes: it is no %s",
                                                     name, most, what);
                if (mem_grow(text, &capacity, *length + 4096, 1))
                        return error_no_memory(e, "reading a file");
                got = read(fd, *text + *length, capacity - *length);
                if (got < 0 && errno != EINTR)
                        return error_set_errno(e, ERROR_BAD_INPUT, errno, "cannot read %s", name);
                *length += got > 0 ? (size_t)got : 0;
        } while (got);
        return 0;
}

char *slurp(const char *path, size_t most, const char *what, size_t *length, struct error *e)
{
        int fd = is_input(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY), status;
        char *text = NULL;

        if (fd < 0) {
                (void)error_set_errno(e, ERROR_BAD_INPUT, errno, "cannot read %s", path);
                return NULL;
        }
        status = read_all(fd, slurp_name(path), most, what, &text, length, e);
        if (!is_input(path))
                close(fd);
        if (!status)
                return text;
        mem_free(text);
        return NULL;
}
