#include "output.h"

#include "emit/frames.h"
#include "mem.h"
#include "pattern.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The name of the file, and of "-" what it stands for; NULL without memory. */
static char *name_of(const char *path, int32_t pid)
{
        return strcmp(path, "-") ? pattern_name(path, pid) : mem_string("/dev/stdout");
}

static int cannot_write(const char *name, int errnum, struct error *e)
{
        return error_set_errno(e, ERROR_FAILED, errnum, "cannot write the report to %s", name);
}

/* ---- what is open already ------------------------------------------------- */

/* The descriptor that a name stands for, or -1. */
static int descriptor_of(const char *name)
{
        static const char *const places[] = { "/dev/fd/", "/proc/self/fd/" };
        long number;
        char *end;

        if (!strcmp(name, "/dev/stdout"))
                return STDOUT_FILENO;
        if (!strcmp(name, "/dev/stderr"))
                return STDERR_FILENO;
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
                size_t length = strlen(places[i]);

                if (strncmp(name, places[i], length) || name[length] < '0' || name[length] > '9')
                        continue;
                number = strtol(name + length, &end, 10);
                return *end || number > INT_MAX ? -1 : (int)number;
        }
        return -1;
}

/* ---- names ---------------------------------------------------------------- */

static bool same_entry(const char *a, const char *b)
{
        struct stat first, second;

        return !stat(a, &first) && !stat(b, &second) && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* Its directory; NULL without memory. */
static char *directory_of(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? mem_format("%.*s", (int)(slash == path ? 1 : slash - path), path) : mem_string(".");
}

static bool same_directory(const char *a, const char *b)
{
        char *first = directory_of(a), *second = directory_of(b);
        bool same = first && second && same_entry(first, second);

        mem_free(first);
        mem_free(second);
        return same;
}

bool output_is_same(const char *a, const char *b)
{
        if (!strcmp(a, b))
                return true;
        if (descriptor_of(a) >= 0 || descriptor_of(b) >= 0)
                return false;
        return same_entry(a, b) || (!strcmp(path_base(a), path_base(b)) && same_directory(a, b));
}

static int open_stream(struct output *output, int fd, struct error *e)
{
        if (fd < 0)
                return cannot_write(output->name, errno, e);
        output->stream = fdopen(fd, "w");
        if (!output->stream) {
                close(fd);
                return error_no_memory(e, "opening the report");
        }
        output->owned = true;
        return 0;
}

static bool is_regular(const char *name)
{
        struct stat status;

        return descriptor_of(name) < 0 && (stat(name, &status) || S_ISREG(status.st_mode));
}

/* Goes on where the others who write to the descriptor are: to open the name would
 * begin at the start of the file. */
static int open_special(struct output *output, struct error *e)
{
        int fd = descriptor_of(output->name);

        if (fd >= 0)
                return open_stream(output, fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), e);
        return open_stream(output, open(output->name, O_WRONLY | O_CLOEXEC | O_NOCTTY), e);
}

/* ---- files ---------------------------------------------------------------- */

/* A name that depends on the process: its directory at least must be there
 * and writable. */
static int check_directory(const char *path, struct error *e)
{
        const char *slash = strrchr(path, '/');
        char *directory;
        int result = 0;

        if (slash && memchr(path, '%', (size_t)(slash - path)))
                return 0;
        directory = directory_of(path);
        if (!directory)
                return error_no_memory(e, "checking the report's directory");
        if (faccessat(AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS))
                result = cannot_write(path, errno, e);
        mem_free(directory);
        return result;
}

static int check_file(const char *name, struct error *e)
{
        if (!faccessat(AT_FDCWD, name, F_OK, AT_EACCESS))
                return faccessat(AT_FDCWD, name, W_OK, AT_EACCESS) ? cannot_write(name, errno, e) : 0;
        return errno == ENOENT ? check_directory(name, e) : cannot_write(name, errno, e);
}

int output_init(struct output *output, const char *path, FILE *fallback, struct error *e)
{
        *output = (struct output){ .path = path };
        if (!path) {
                output->stream = fallback;
                return 0;
        }
        if (pattern_wants_pid(path))
                return check_directory(path, e);
        output->name = name_of(path, 0);
        if (!output->name)
                return error_no_memory(e, "opening the report");
        return is_regular(output->name) ? check_file(output->name, e) : open_special(output, e);
}

int output_claim(struct output *output, struct error *e)
{
        const int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY;
        int fd;

        if (output->stream || !output->name)
                return 0;
        fd = open(output->name, flags | O_EXCL, 0666);
        output->claimed = fd >= 0;
        if (fd < 0 && errno == EEXIST)
                fd = open(output->name, flags | O_TRUNC, 0666);
        if (fd < 0)
                return cannot_write(output->name, errno, e);
        close(fd);
        return 0;
}

FILE *output_stream(struct output *output, int32_t pid, struct error *e)
{
        if (output->stream)
                return output->stream;
        if (!output->name)
                output->name = name_of(output->path, pid);
        if (!output->name) {
                error_no_memory(e, "opening the report");
                return NULL;
        }
        if (!is_regular(output->name))
                return open_special(output, e) ? NULL : output->stream;
        if (save_begin(&output->save, output->name, e))
                return NULL;
        output->saving = true;
        output->stream = output->save.out;
        return output->stream;
}

int output_finish(struct output *output, struct error *e)
{
        FILE *stream = output->stream;
        bool owned = output->owned, saving = output->saving;
        bool failed;

        if (!stream)
                return 0;
        output->stream = NULL;
        output->owned = output->saving = false;
        if (saving && save_finish(&output->save, e))
                return -1;
        output->claimed = false;
        if (saving)
                return 0;
        errno = 0;
        failed = fflush(stream) || ferror(stream);
        if (owned && fclose(stream))
                failed = true;
        if (!failed)
                return 0;
        return cannot_write(output->name       ? output->name
                            : stream == stdout ? "standard output"
                                               : "standard error",
                            errno ? errno : EIO, e);
}

void output_deinit(struct output *output)
{
        if (output->saving)
                save_cancel(&output->save);
        if (output->owned)
                fclose(output->stream);
        if (output->claimed)
                (void)unlink(output->name);
        mem_free(output->name);
        *output = (struct output){ 0 };
}
