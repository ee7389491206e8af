#include "bare.h"

#include "channel.h"
#include "environment.h"
#include "raw.h"
#include "rendezvous.h"

#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* ---- where weir is ------------------------------------------------------- */

static bool is_program(const char *path)
{
        enum { EXECUTE = 1 };

        return raw_syscall(SYS_faccessat, AT_FDCWD, path, EXECUTE, 0) == 0;
}

/* Appends to a path that begins with `length` bytes of `directory`. */
static bool try_path(char *path, const char *directory, size_t length, const char *rest)
{
        if (length + raw_length(rest) >= WEIR_PATH_MAX)
                return false;
        raw_copy(path, directory, length);
        raw_append(path + length, rest);
        return is_program(path);
}

/* The word "weir=PATH" of WEIR_OPTIONS, and its length; NULL when there is
 * none.  It is ours; the other words are the collector's. */
static char *option_word(size_t *length)
{
        const char *word = environment_get("WEIR_OPTIONS");

        while (word && *word) {
                for (*length = 0; word[*length] && word[*length] != ' ';)
                        ++*length;
                if (raw_begins(word, "weir="))
                        return (char *)(uintptr_t)word;
                word += *length + (word[*length] != 0);
        }
        return NULL;
}

static bool from_options(char *path)
{
        size_t length;
        const char *word = option_word(&length);

        return word && try_path(path, word + 5, length - 5, "");
}

static bool beside_library(char *path)
{
        static const char *const places[] = { "../../../bin/weir", "../../bin/weir", "../bin/weir", "../report/weir",
                                              "weir" };
        const char *library = environment_library();
        size_t length = raw_length(library);

        while (length && library[length - 1] != '/')
                length--;
        for (unsigned i = 0; length && i < sizeof places / sizeof places[0]; i++)
                if (try_path(path, library, length, places[i]))
                        return true;
        return false;
}

static bool in_path(char *path)
{
        const char *directory = environment_get("PATH");

        while (directory && *directory) {
                size_t length = 0;

                while (directory[length] && directory[length] != ':')
                        length++;
                if (length && try_path(path, directory, length, "/weir"))
                        return true;
                directory += length + (directory[length] != 0);
        }
        return false;
}

/* ---- its process --------------------------------------------------------- */

/* The collector must not be traced itself, and is told what is for it alone. */
static void strip(char **environment)
{
        char **to = environment, *word;
        size_t length;

        word = option_word(&length);
        while (word && length)
                word[--length] = ' ';

        for (char **from = environment; *from; from++)
                if (!raw_begins(*from, "LD_PRELOAD=") && !raw_begins(*from, WEIR_SESSION_ENV "="))
                        *to++ = *from;
        *to = NULL;
}

/* A plain copy of the process, with no signal for its end. */
static long copy_process(void)
{
        return raw_syscall6(SYS_clone, 0, 0, 0, 0, 0, 0);
}

/* In the copy: our memory is our own, and nothing here returns. */
static void become_collector(char *path, long socket)
{
        char number[16];
        char *arguments[] = { path, "collect", "--socket-fd", number, NULL };
        char **environment = environment_of_kernel();

        raw_decimal(number, (uint32_t)socket);
        (void)raw_syscall(SYS_fcntl, socket, F_SETFD, 0, 0);
        (void)raw_syscall(SYS_setsid, 0, 0, 0, 0);
        if (copy_process() == 0) {
                strip(environment);
                (void)raw_syscall(SYS_execve, path, arguments, environment, 0);
        }
        for (;;)
                (void)raw_syscall(SYS_exit_group, 0, 0, 0, 0);
}

bool bare_start(char *session, size_t capacity)
{
        char path[WEIR_PATH_MAX];
        int ends[2];
        long child, memory;

        if (!from_options(path) && !beside_library(path) && !in_path(path))
                return false;
        if (raw_syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
                return false;
        child = copy_process();
        if (child == 0)
                become_collector(path, ends[1]);
        raw_close(ends[1]);
        memory = child > 0 ? rendezvous_receive(ends[0], session, capacity) : -EAGAIN;
        raw_close(ends[0]);
        if (child > 0)
                (void)raw_syscall(SYS_wait4, child, 0, __WCLONE, 0);
        if (memory < 0)
                return false;
        raw_close(memory);
        return true;
}
