/*
 * hooks_exec.c: the ways a process runs another program.
 *
 * The environment is kept right (environment.h).  An exec ends this image, so
 * the collector gets its last look first; if the exec comes back, the image
 * lives on.  In a vfork child nothing of the parent may be ended: its exec is
 * only told.  All memory is the caller's stack.
 */
#include "end.h"
#include "environment.h"
#include "frame.h"
#include "guard.h"
#include "next.h"
#include "note.h"
#include "raw.h"

#include <spawn.h>
#include <stdarg.h>

extern char **environ;

/* Sets `environment` to what the new program shall get instead of `given`. */
#define KEEP_ENVIRONMENT(environment, given)                                                                           \
        char *const *environment = (given);                                                                            \
        size_t environment##_room = environment_room(environment);                                                     \
                                                                                                                       \
        if (environment##_room)                                                                                        \
        environment = environment_build(__builtin_alloca(environment##_room), environment)

static bool recording(void)
{
        uint32_t mode = process_self->mode;

        return mode == PROCESS_LIVE || mode == PROCESS_DROP || mode == PROCESS_LEFT_OUT;
}

/* `pid` is the child's, 0 = unknown. */
static void tell_exec(const char *file, int32_t pid)
{
        struct note_piece piece = { file, file ? raw_length(file) + 1 : 0 };

        if (piece.length > WEIR_PATH_MAX)
                piece.length = WEIR_PATH_MAX;
        if (file && recording())
                note_send(WEIR_NOTE_EXEC, (uint64_t)pid, &piece, 1);
}

/* ---- which file --------------------------------------------------------- */

/* `path` joined to a directory and cut; absolute when the directory is. */
static void join(char *to, const char *directory, size_t length, const char *path)
{
        size_t rest = raw_length(path);

        if (length > WEIR_PATH_MAX - 2)
                length = WEIR_PATH_MAX - 2;
        if (rest > WEIR_PATH_MAX - 2 - length)
                rest = WEIR_PATH_MAX - 2 - length;
        raw_copy(to, directory, length);
        if (length)
                to[length++] = '/';
        raw_copy(to + length, path, rest);
        to[length + rest] = 0;
}

static bool is_executable(const char *path)
{
        enum { EXECUTE = 1 };

        return raw_syscall(SYS_faccessat, AT_FDCWD, path, EXECUTE, 0) == 0;
}

static void make_absolute(char *to, const char *path)
{
        char directory[WEIR_PATH_MAX];
        long length = *path == '/' ? 0 : raw_syscall(SYS_getcwd, directory, sizeof directory, 0, 0);

        join(to, directory, length > 0 ? (size_t)length - 1 : 0, path);
}

/* What execvp will find for a name without a slash. */
static bool search(char *to, const char *name)
{
        const char *path = NULL;
        size_t length;

        for (char **p = environ; p && *p && !path; p++)
                if (raw_begins(*p, "PATH="))
                        path = *p + 5;
        if (!path)
                path = "/bin:/usr/bin";
        for (;; path += length + 1) {
                char candidate[WEIR_PATH_MAX];

                for (length = 0; path[length] && path[length] != ':';)
                        length++;
                join(candidate, path, length, name);
                if (is_executable(candidate)) {
                        make_absolute(to, candidate);
                        return true;
                }
                if (!path[length])
                        return false;
        }
}

static bool has_slash(const char *name)
{
        while (*name && *name != '/')
                name++;
        return *name == '/';
}

/* ---- before and after --------------------------------------------------- */

/* What the program hands to exec, and what it holds in registers that calls
 * keep, is in use until the end: the stack counts as live from here up. */
struct handed {
        const void *volatile argv, *volatile environment;
        uintptr_t registers[ARCH_REGISTERS];
};

#define HAND_OVER(handed, arguments, given)             \
        struct handed handed = {(arguments), (given), {0}}; \
                                                        \
        arch_capture((handed).registers)

/* The image ends if this exec succeeds.  False: nothing was asked for, as the
 * file is not there (shells try one directory after the other), or this is a
 * child that shares its parent's memory. */
static bool begin_exec(const char *path, const struct handed *handed)
{
        char absolute[WEIR_PATH_MAX];

        if (!path || !recording() || !is_executable(path))
                return false;
        make_absolute(absolute, path);
        if (!process_is_mine()) {
                tell_exec(absolute, raw_getpid());
                return false;
        }
        return end_request(WEIR_END_EXEC, 0, (uintptr_t)handed, absolute);
}

static int finish_exec(bool asked, int result)
{
        if (asked)
                end_was_none();
        return result;
}

static int exec_path(const char *path, char *const *argv, char *const *given)
{
        HAND_OVER(handed, argv, given);
        KEEP_ENVIRONMENT(kept, given);
        bool asked = begin_exec(path, &handed);

        return finish_exec(asked, next.execve(path, argv, kept));
}

static int exec_search(const char *file, char *const *argv, char *const *given)
{
        HAND_OVER(handed, argv, given);
        char found[WEIR_PATH_MAX];
        KEEP_ENVIRONMENT(kept, given);
        bool asked = false;

        if (file && has_slash(file))
                asked = begin_exec(file, &handed);
        else if (file && recording() && search(found, file))
                asked = begin_exec(found, &handed);
        return finish_exec(asked, next.execvpe(file, argv, kept));
}

static void descriptor_path(char *to, int descriptor)
{
        char link[64];
        long length;

        raw_decimal(raw_append(link, "/proc/self/fd/"), (uint32_t)descriptor);
        length = raw_syscall(SYS_readlinkat, AT_FDCWD, link, to, WEIR_PATH_MAX - 1);
        if (length <= 0)
                raw_append(to, link);
        else
                to[length] = 0;
}

/* ---- hooks --------------------------------------------------------------- */

WEIR_EXPORT int execve(const char *path, char *const argv[], char *const given[])
{
        return exec_path(path, argv, given);
}

WEIR_EXPORT int execv(const char *path, char *const argv[])
{
        return exec_path(path, argv, environ);
}

WEIR_EXPORT int execvp(const char *file, char *const argv[])
{
        return exec_search(file, argv, environ);
}

WEIR_EXPORT int execvpe(const char *file, char *const argv[], char *const given[])
{
        return exec_search(file, argv, given);
}

WEIR_EXPORT int fexecve(int descriptor, char *const argv[], char *const given[])
{
        HAND_OVER(handed, argv, given);
        char path[WEIR_PATH_MAX];
        KEEP_ENVIRONMENT(kept, given);
        bool asked = false;

        if (descriptor >= 0) {
                descriptor_path(path, descriptor);
                asked = begin_exec(path, &handed);
        }
        return finish_exec(asked, next.fexecve(descriptor, argv, kept));
}

/* The file that execveat means, and the request for it.  Its own function, as
 * the compiler believes that the hook's path is never NULL. */
static bool begin_exec_at(int directory, const char *path, const struct handed *handed)
{
        char base[WEIR_PATH_MAX], whole[WEIR_PATH_MAX];

        if (!path)
                return false;
        if (*path == '/' || directory == AT_FDCWD)
                return begin_exec(path, handed);
        if (directory < 0)
                return false;
        descriptor_path(base, directory);
        join(whole, base, raw_length(base), path);
        return begin_exec(*path ? whole : base, handed);
}

WEIR_EXPORT int execveat(int directory, const char *path, char *const argv[], char *const given[], int flags)
{
        HAND_OVER(handed, argv, given);
        KEEP_ENVIRONMENT(kept, given);
        bool asked = begin_exec_at(directory, path, &handed);

        return finish_exec(asked, next.execveat(directory, path, argv, kept, flags));
}

/* Makes an array on the caller's stack of the arguments from `first` on, the
 * NULL at their end included, and leaves `rest` behind it. */
#define COLLECT_ARGUMENTS(argv, rest, first)                                                                           \
        va_list rest;                                                                                                  \
        size_t argv##_count = 1;                                                                                       \
        char **argv;                                                                                                   \
                                                                                                                       \
        va_start(rest, first);                                                                                         \
        for (const char *a = (first); a; a = va_arg(rest, const char *))                                               \
                argv##_count++;                                                                                        \
        va_end(rest);                                                                                                  \
        argv = __builtin_alloca(argv##_count * sizeof *argv);                                                          \
        argv[0] = (char *)(uintptr_t)(first);                                                                          \
        va_start(rest, first);                                                                                         \
        for (size_t i = 1; i < argv##_count; i++)                                                                      \
                argv[i] = va_arg(rest, char *);

WEIR_EXPORT int execl(const char *path, const char *first, ...)
{
        COLLECT_ARGUMENTS(argv, rest, first)
        va_end(rest);
        return exec_path(path, argv, environ);
}

WEIR_EXPORT int execlp(const char *file, const char *first, ...)
{
        COLLECT_ARGUMENTS(argv, rest, first)
        va_end(rest);
        return exec_search(file, argv, environ);
}

WEIR_EXPORT int execle(const char *path, const char *first, ...)
{
        char *const *given;
        COLLECT_ARGUMENTS(argv, rest, first)

        given = va_arg(rest, char *const *);
        va_end(rest);
        return exec_path(path, argv, given);
}

WEIR_EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                            const posix_spawnattr_t *attributes, char *const argv[], char *const given[])
{
        KEEP_ENVIRONMENT(kept, given);
        pid_t child = 0;
        int result = next.posix_spawn(&child, path, actions, attributes, argv, kept);

        if (pid && result == 0)
                *pid = child;
        if (result == 0)
                tell_exec(path, child);
        return result;
}

WEIR_EXPORT int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                             const posix_spawnattr_t *attributes, char *const argv[], char *const given[])
{
        KEEP_ENVIRONMENT(kept, given);
        pid_t child = 0;
        int result = next.posix_spawnp(&child, file, actions, attributes, argv, kept);

        if (pid && result == 0)
                *pid = child;
        if (result == 0)
                tell_exec(file, child);
        return result;
}
