#include "choice.h"

#include <stdio.h>
#include <string.h>

static const char *const directories[] = { "/usr/bin/", "/bin/", "/usr/local/bin/" };

/* They run what is tested, and are not it. */
static const char *const drivers[] = {
        "bmake", "cargo", "cmake", "ctest", "gmake", "make", "meson", "ninja", "ninja-build", "prove", "samu",
};

static const char *const tools[] = {
        /* shells */
        "ash",
        "bash",
        "busybox",
        "dash",
        "fish",
        "ksh*",
        "mksh",
        "sh",
        "zsh*",
        /* compilers, assemblers, linkers, what makes and reads object files */
        "addr2line",
        "ar",
        "as",
        "c++*",
        "c89*",
        "c99*",
        "cc",
        "clang*",
        "cpp*",
        "distcc",
        "ccache",
        "sccache",
        "g++*",
        "gcc*",
        "gcov*",
        "gfortran*",
        "gold",
        "ld",
        "ld.*",
        "lld*",
        "llvm-*",
        "mold",
        "nm",
        "objcopy",
        "objdump",
        "ranlib",
        "readelf",
        "rustc",
        "size",
        "strings",
        "strip",
        "*-linux-gnu*-*",
        /* what configures */
        "aclocal*",
        "autoconf",
        "autoheader",
        "autom4te",
        "automake*",
        "autoreconf",
        "bison",
        "dpkg-*",
        "config.guess",
        "config.sub",
        "flex",
        "libtool*",
        "libtoolize",
        "m4",
        "makeinfo",
        "pkg-config",
        "pkgconf",
        "*-pkg-config",
        /* what scripts are made of */
        "[",
        "awk",
        "gawk",
        "mawk",
        "nawk",
        "basename",
        "cat",
        "chgrp",
        "chmod",
        "chown",
        "cmp",
        "comm",
        "cp",
        "cut",
        "date",
        "dd",
        "diff",
        "diff3",
        "dirname",
        "du",
        "echo",
        "egrep",
        "env",
        "expr",
        "false",
        "fgrep",
        "find",
        "getopt",
        "git",
        "grep",
        "gzip",
        "head",
        "hostname",
        "id",
        "install",
        "kill",
        "ln",
        "logname",
        "ls",
        "md5sum",
        "mkdir",
        "mkfifo",
        "mktemp",
        "mv",
        "nice",
        "nohup",
        "nproc",
        "od",
        "patch",
        "paste",
        "printenv",
        "printf",
        "ps",
        "pwd",
        "readlink",
        "realpath",
        "rm",
        "rmdir",
        "sed",
        "seq",
        "setsid",
        "sha*sum",
        "sleep",
        "sort",
        "split",
        "stat",
        "stdbuf",
        "stty",
        "tac",
        "tail",
        "tar",
        "tee",
        "test",
        "time",
        "timeout",
        "touch",
        "tr",
        "true",
        "tty",
        "uname",
        "uniq",
        "wc",
        "which*",
        "whoami",
        "xargs",
        "xz",
        "yes",
};

/* What compilers run themselves. */
static const char *const inner[] = { "/usr/lib*/gcc/*", "/usr/libexec/gcc/*", "/usr/lib/llvm*",
                                     "/usr/lib/bfd-plugins/*" };

/* One list, as channel.h wants it. */
struct list {
        char *to;
        size_t used, room;
        bool full;
};

static void add(struct list *list, const char *directory, const char *pattern)
{
        int length = snprintf(list->to + list->used, list->room - list->used, "%s%s", directory, pattern);

        /* The NUL that ends the pattern, and that which ends the list. */
        if (length < 0 || (size_t)length + 2 > list->room - list->used) {
                list->to[list->used] = '\0';
                list->full = true;
                return;
        }
        list->used += (size_t)length + 1;
        list->to[list->used] = '\0';
}

static void add_all(struct list *list, const char *const *patterns, size_t count)
{
        for (size_t i = 0; i < count; i++)
                add(list, "", patterns[i]);
}

static void add_names(struct list *list, const char *const *names, size_t count)
{
        for (size_t d = 0; d < sizeof directories / sizeof directories[0]; d++)
                for (size_t i = 0; i < count; i++)
                        add(list, directories[d], names[i]);
}

#define LIST(array)  ((struct list){ .to = (array), .room = sizeof(array) })
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

int choice_write(const struct choice *choice, struct weir_choice *to, struct error *e)
{
        struct list only = LIST(to->only), skip = LIST(to->skip), tool = LIST(to->tools);

        memset(to, 0, sizeof *to);
        add_all(&only, choice->only, choice->only_count);
        add_all(&skip, choice->skip, choice->skip_count);
        if (!choice->all && !choice->only_count) {
                add_names(&skip, drivers, COUNT(drivers));
                add_names(&tool, tools, COUNT(tools));
                add_all(&tool, inner, COUNT(inner));
        }
        if (only.full || skip.full || tool.full)
                return error_set(e, ERROR_USAGE, "the patterns of --only-exe and --skip-exe are longer than %zu bytes",
                                 sizeof to->only - 2);
        return 0;
}
