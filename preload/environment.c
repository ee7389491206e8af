#include "environment.h"

#include "channel.h"
#include "end.h"
#include "raw.h"

#include <elf.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#define PRELOAD "LD_PRELOAD="

static char session[sizeof WEIR_SESSION_ENV + 128]; /* "WEIR_SESSION=..."; "" = none */
static char library[WEIR_PATH_MAX];                 /* as LD_PRELOAD names it; "" = it does not */

/* By the number of arguments: the program may have put NULLs between them. */
char **environment_of_kernel(void)
{
        const uintptr_t *stack = (const uintptr_t *)end_of_main_stack();

        return (char **)(stack + 1 + stack[0] + 1);
}

/* Found before the program can take variables out, which leaves NULLs. */
uintptr_t environment_auxiliary(uint64_t type)
{
        static const Elf64_auxv_t *_Atomic vector;
        const Elf64_auxv_t *at = atomic_load_explicit(&vector, memory_order_relaxed);

        if (!at) {
                char **p = environment_of_kernel();

                while (*p)
                        p++;
                at = (const Elf64_auxv_t *)(p + 1);
                atomic_store_explicit(&vector, at, memory_order_relaxed);
        }
        while (at->a_type != AT_NULL && at->a_type != type)
                at++;
        return at->a_type == type ? at->a_un.a_val : 0;
}

/* The value of "NAME=" in an environment, or NULL. */
static const char *find(char *const *given, const char *name_and_sign)
{
        for (; given && *given; given++)
                if (raw_begins(*given, name_and_sign))
                        return *given + raw_length(name_and_sign);
        return NULL;
}

const char *environment_get(const char *name)
{
        char name_and_sign[64];

        if (environment_auxiliary(AT_SECURE))
                return NULL;
        raw_append(raw_append(name_and_sign, name), "=");
        return find(environment_of_kernel(), name_and_sign);
}

/* ---- entries of LD_PRELOAD ---------------------------------------------- */

static bool ends_entry(char c)
{
        return c == 0 || c == ':' || c == ' ';
}

static size_t entry_length(const char *entry)
{
        size_t n = 0;

        while (!ends_entry(entry[n]))
                n++;
        return n;
}

/* The entry after this one; NULL when it is the last. */
static const char *entry_next(const char *entry)
{
        entry += entry_length(entry);
        return *entry ? entry + 1 : NULL;
}

static bool is_library(const char *entry, size_t length)
{
        static const char name[] = "libweir.so";
        size_t n = sizeof name - 1;

        return length >= n && raw_equal(entry + length - n, name, n) && (length == n || entry[length - n - 1] == '/');
}

/* Makes the path absolute, as the program may change its directory. */
static void remember_library(const char *entry, size_t length)
{
        char *end = library;
        long cwd = 0;

        if (entry[0] != '/' && length > sizeof "libweir.so" - 1) {
                cwd = raw_syscall(SYS_getcwd, library, sizeof library, 0, 0);
                if (cwd <= 0)
                        cwd = 1;
                end = raw_append(library + cwd - 1, "/");
        }
        if ((size_t)(end - library) + length >= sizeof library) {
                library[0] = 0;
                return;
        }
        raw_copy(end, entry, length);
        end[length] = 0;
}

void environment_init(void)
{
        const char *entry = environment_get("LD_PRELOAD");

        for (; entry; entry = entry_next(entry))
                if (is_library(entry, entry_length(entry))) {
                        remember_library(entry, entry_length(entry));
                        return;
                }
}

const char *environment_library(void)
{
        return library;
}

void environment_set_session(const char *value)
{
        if (raw_length(value) < 128)
                raw_append(raw_append(session, WEIR_SESSION_ENV "="), value);
}

const char *environment_session(void)
{
        return session[0] ? session + sizeof WEIR_SESSION_ENV : "";
}

/* ---- a new environment -------------------------------------------------- */

static bool has_library(const char *preload)
{
        for (; preload; preload = entry_next(preload))
                if (is_library(preload, entry_length(preload)))
                        return true;
        return !library[0];
}

static bool has_session(char *const *given)
{
        const char *value = find(given, WEIR_SESSION_ENV "=");
        const char *ours = environment_session();

        return value && raw_begins(value, ours) && value[raw_length(ours)] == 0;
}

size_t environment_room(char *const *given)
{
        const char *preload = find(given, PRELOAD);
        size_t entries = 0;

        if (!session[0] || (has_session(given) && has_library(preload)))
                return 0;
        while (given && given[entries])
                entries++;
        return (entries + 3) * sizeof(char *) + sizeof PRELOAD + raw_length(library) + 1 +
               (preload ? raw_length(preload) : 0);
}

char **environment_build(void *room, char *const *given)
{
        const char *preload = find(given, PRELOAD);
        char **entries = room, *text;
        size_t n = 0, have = 0;

        while (given && given[have])
                have++;
        text = (char *)(entries + have + 3);
        for (; given && *given; given++)
                if (!raw_begins(*given, PRELOAD) && !raw_begins(*given, WEIR_SESSION_ENV "="))
                        entries[n++] = *given;
        entries[n++] = session;
        if (library[0] || preload) {
                char *end = raw_append(text, PRELOAD);

                entries[n++] = text;
                if (!has_library(preload)) {
                        end = raw_append(end, library);
                        if (preload && *preload)
                                end = raw_append(end, ":");
                }
                if (preload)
                        raw_append(end, preload);
        }
        entries[n] = NULL;
        return entries;
}

void environment_publish(void)
{
        size_t room = environment_room(environ);
        void *memory = room ? raw_mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : NULL;

        if (memory)
                environ = environment_build(memory, environ);
}
