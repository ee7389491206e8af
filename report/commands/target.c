#include "target.h"

#include "elf_facts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
        SCRIPT_LINE = 256, /* what the kernel reads of a script's first line */
        SCRIPT_DEPTH = 5,  /* scripts interpreted by scripts, as deep as the kernel goes */
};

/* ---- finding ------------------------------------------------------------ */

static bool is_directory(const char *file)
{
        struct stat st;

        return !stat(file, &st) && S_ISDIR(st.st_mode);
}

static int cannot_run(const char *file, struct error *e)
{
        if (is_directory(file))
                return error_set(e, ERROR_CANNOT_RUN, "%s is a directory, not a program", file);
        return error_set(e, ERROR_CANNOT_RUN, "%s is not executable; make it so with: chmod +x %s", file, file);
}

static bool runnable(const char *file)
{
        return !faccessat(AT_FDCWD, file, X_OK, AT_EACCESS) && !is_directory(file);
}

static int find_direct(const char *command, char *file, struct error *e)
{
        struct stat st;

        if (strlen(command) >= PATH_MAX)
                return error_set(e, ERROR_NOT_FOUND, "the command's name is longer than %d bytes", PATH_MAX - 1);
        strcpy(file, command);
        if (stat(command, &st)) {
                enum error_code code = errno == ENOENT || errno == ENOTDIR ? ERROR_NOT_FOUND : ERROR_CANNOT_RUN;

                return error_set_errno(e, code, errno, "cannot run %s", command);
        }
        return runnable(command) ? 0 : cannot_run(command, e);
}

int target_find(const char *command, const char *path, char *file, struct error *e)
{
        char barred[PATH_MAX] = "";

        if (!*command)
                return error_set(e, ERROR_NOT_FOUND, "the command is an empty word");
        if (strchr(command, '/'))
                return find_direct(command, file, e);
        if (!path)
                path = "/bin:/usr/bin";
        for (const char *at = path; at;) {
                const char *end = strchrnul(at, ':');
                const char *slash = end == at ? "" : "/";
                int n = snprintf(file, PATH_MAX, "%.*s%s%s", (int)(end - at), at, slash, command);

                if (n > 0 && n < PATH_MAX && !access(file, F_OK)) {
                        if (runnable(file))
                                return 0;
                        if (!*barred)
                                strcpy(barred, file);
                }
                at = *end ? end + 1 : NULL;
        }
        if (*barred)
                return cannot_run(barred, e);
        return error_set(e, ERROR_NOT_FOUND, "%s: command not found in PATH", command);
}

/* ---- privileges --------------------------------------------------------- */

/* The loader ignores LD_PRELOAD in a process that gains rights by its exec.
 * Nothing is gained with no_new_privs, on a nosuid mount, or by root. */
static bool rights_count(int fd)
{
        struct statvfs fs;

        return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) <= 0 && !(!fstatvfs(fd, &fs) && (fs.f_flag & ST_NOSUID));
}

static bool has_capabilities(int fd)
{
        struct vfs_ns_cap_data data;

        return getuid() && fgetxattr(fd, "security.capability", &data, sizeof data) > 0;
}

static int check_privileges(const char *file, int fd, const struct stat *st, struct error *e)
{
        const char *what;

        if (!rights_count(fd))
                return 0;
        if ((st->st_mode & S_ISUID) && st->st_uid != getuid())
                what = "is setuid";
        else if ((st->st_mode & S_ISGID) && (st->st_mode & S_IXGRP) && st->st_gid != getgid())
                what = "is setgid";
        else if (has_capabilities(fd))
                what = "has file capabilities";
        else
                return 0;
        return error_set(e, ERROR_UNTRACEABLE,
                         "%s %s, and the loader preloads nothing into such a program; trace a copy without that right, "
                         "or run weir as the user it runs as",
                         file, what);
}

/* ---- ELF files ----------------------------------------------------------- */

static int check_machine(const char *file, const struct elf_facts *facts, struct error *e)
{
        char own[32], its[32];

        if (facts->bits == 64 && !facts->big_endian && facts->machine == elf_own_machine())
                return 0;
        if (facts->bits == 32)
                return error_set(e, ERROR_UNTRACEABLE,
                                 "%s is a 32-bit program; this weir traces 64-bit ones: build it for %s", file,
                                 elf_machine_name(elf_own_machine(), own, sizeof own));
        return error_set(e, ERROR_UNTRACEABLE, "%s is built for %s; this weir traces programs for %s: build it for that",
                         file, facts->big_endian ? "a big-endian machine" : elf_machine_name(facts->machine, its, sizeof its),
                         elf_machine_name(elf_own_machine(), own, sizeof own));
}

static int check_interpreter(const char *file, const struct elf_facts *facts, struct error *e)
{
        const char *base = strrchr(facts->interpreter, '/');

        if (!facts->has_interpreter)
                return error_set(e, ERROR_UNTRACEABLE,
                                 "%s is statically linked, so nothing can be preloaded into it; link it dynamically "
                                 "(without -static or -static-pie)",
                                 file);
        if (base && !strncmp(base, "/ld-musl", 8))
                return error_set(e, ERROR_UNTRACEABLE,
                                 "%s is linked with musl (%s) and weir's shim with glibc; build it against glibc", file,
                                 facts->interpreter);
        if (*facts->interpreter && access(facts->interpreter, F_OK))
                return error_set(e, ERROR_CANNOT_RUN, "%s needs the loader %s, which does not exist; install its package",
                                 file, facts->interpreter);
        return 0;
}

static int check_elf(const char *file, const struct elf_facts *facts, struct error *e)
{
        if (check_machine(file, facts, e) || check_interpreter(file, facts, e))
                return -1;
        if (facts->sanitizer)
                return error_set(e, ERROR_UNTRACEABLE,
                                 "%s is built with %s, which brings an allocator of its own; build it without -fsanitize",
                                 file, facts->sanitizer);
        if (facts->own_malloc)
                return error_set(e, ERROR_UNTRACEABLE,
                                 "%s defines malloc itself, so its calls never reach a preloaded library; link its "
                                 "allocator as a shared library",
                                 file);
        return 0;
}

/* ---- scripts ------------------------------------------------------------ */

/* The interpreter of a script's first line, "" without one. */
static void script_interpreter(const char *data, size_t size, char interpreter[SCRIPT_LINE])
{
        size_t at = 2, end;

        interpreter[0] = 0;
        if (size < 3 || data[0] != '#' || data[1] != '!')
                return;
        if (size > SCRIPT_LINE)
                size = SCRIPT_LINE;
        while (at < size && (data[at] == ' ' || data[at] == '\t'))
                at++;
        for (end = at; end < size && data[end] && !strchr(" \t\n", data[end]); end++)
                ;
        if (end - at >= SCRIPT_LINE)
                return;
        memcpy(interpreter, data + at, end - at);
        interpreter[end - at] = 0;
}

static int check_script(const char *file, const char *interpreter, struct error *e)
{
        struct stat st;

        if (!*interpreter)
                return error_set(e, ERROR_CANNOT_RUN,
                                 "%s is neither an ELF program nor a script that names its interpreter ('#!'); name it: "
                                 "weir run -- sh %s",
                                 file, file);
        if (stat(interpreter, &st))
                return error_set(e, ERROR_CANNOT_RUN,
                                 "%s is a script for %s, which does not exist; install it or correct the first line",
                                 file, interpreter);
        if (!runnable(interpreter))
                return error_set(e, ERROR_CANNOT_RUN,
                                 "%s is a script for %s, which is not an executable program; correct the first line",
                                 file, interpreter);
        return 0;
}

/* ---- one file ------------------------------------------------------------ */

/* The file's bytes, mapped; an empty file gives a valid pointer and size 0. */
static const void *map_file(const char *file, int fd, size_t size, struct error *e)
{
        void *data;

        if (!size)
                return "";
        data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED) {
                error_set_errno(e, ERROR_CANNOT_RUN, errno, "cannot read %s", file);
                return NULL;
        }
        return data;
}

static int check_bytes(const char *file, const void *data, size_t size, char interpreter[SCRIPT_LINE],
                       struct error *e)
{
        struct elf_facts facts;

        *interpreter = 0;
        if (elf_facts_read(data, size, &facts, e)) {
                e->code = ERROR_CANNOT_RUN;
                return error_prefix(e, "%s cannot be run", file);
        }
        if (facts.elf)
                return check_elf(file, &facts, e);
        script_interpreter(data, size, interpreter);
        return check_script(file, interpreter, e);
}

static int check_open(const char *file, int fd, char interpreter[SCRIPT_LINE], struct error *e)
{
        struct stat st;
        const void *data;
        int result;

        if (fstat(fd, &st))
                return error_set_errno(e, ERROR_CANNOT_RUN, errno, "cannot look at %s", file);
        if (!S_ISREG(st.st_mode))
                return error_set(e, ERROR_CANNOT_RUN, "%s is no regular file", file);
        data = map_file(file, fd, (size_t)st.st_size, e);
        if (!data)
                return -1;
        result = check_bytes(file, data, (size_t)st.st_size, interpreter, e);
        if (!result && !*interpreter)
                result = check_privileges(file, fd, &st, e);
        if (st.st_size)
                munmap((void *)data, (size_t)st.st_size);
        return result;
}

/* One file; a script leaves its interpreter's name for the next. */
static int check_file(const char *file, char interpreter[SCRIPT_LINE], struct error *e)
{
        int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        int result;

        *interpreter = 0;
        if (fd < 0) {
                /* Executable and unreadable is allowed; but such a process is
                 * not dumpable and cannot be looked into. */
                return error_set_errno(e, ERROR_UNTRACEABLE, errno,
                                       "%s can be run but not read, and weir must read a program to trace it", file);
        }
        result = check_open(file, fd, interpreter, e);
        close(fd);
        return result;
}

int target_check(const char *file, struct error *e)
{
        char names[2][SCRIPT_LINE];
        const char *at = file;

        for (int depth = 0; depth <= SCRIPT_DEPTH; depth++) {
                char *next = names[depth & 1];

                if (check_file(at, next, e))
                        return at == file ? -1 : error_prefix(e, "%s is a script", file);
                if (!*next)
                        return 0;
                at = next;
        }
        return error_set(e, ERROR_CANNOT_RUN, "%s is a script for a script for a script: the kernel follows %d at most",
                         file, SCRIPT_DEPTH - 1);
}
