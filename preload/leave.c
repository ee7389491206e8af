#include "leave.h"

#include "environment.h"
#include "glob.h"
#include "raw.h"

#include <elf.h>

/* What a program goes by: its file, and what was asked to run, which differs
 * for a script and through a symbolic link. */
struct names {
        char file[WEIR_PATH_MAX];
        const char *asked;
};

static void find_names(struct names *names)
{
        long length = raw_syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", names->file, sizeof names->file - 1);

        names->file[length > 0 ? length : 0] = 0;
        names->asked = (const char *)environment_auxiliary(AT_EXECFN);
        if (!names->asked)
                names->asked = "";
}

static const char *last_part(const char *path)
{
        const char *last = path;

        for (; *path; path++)
                if (*path == '/')
                        last = path + 1;
        return last;
}

static bool names_path(const char *pattern)
{
        while (*pattern && *pattern != '/')
                pattern++;
        return *pattern == '/';
}

/* True when a pattern of the list, which an empty one ends, is about us. */
static bool any(const char *list, const struct names *names)
{
        for (const char *pattern = list; *pattern; pattern += raw_length(pattern) + 1) {
                bool path = names_path(pattern);

                if (glob_is(pattern, path ? names->file : last_part(names->file)) ||
                    glob_is(pattern, path ? names->asked : last_part(names->asked)))
                        return true;
        }
        return false;
}

bool leave_out(struct weir_session *session)
{
        const struct weir_choice *choice = &session->choice;
        bool first = atomic_exchange(&session->command_came, 1) == 0;
        struct names names;

        if (!*choice->only && !*choice->skip && (first || !*choice->tools))
                return false;
        find_names(&names);
        if (*choice->only && !any(choice->only, &names))
                return true;
        return any(choice->skip, &names) || (!first && any(choice->tools, &names));
}
