#include "untraced.h"

#include "../commands/target.h"
#include "../mem.h"

#include <string.h>

enum { UNTRACED_MAX = 4096 };

/* posix_spawn is told once it returned, which takes long on a busy machine: the
 * child may have begun before.  No pid is used twice so soon. */
static const uint64_t SLACK_NS = UINT64_C(5000000000);

static const char *const silent = "it ended, or was still running at the end, without loading weir's library: "
                                  "a program that failed to start, or one whose environment was taken away";

void untraced_add(struct collector_result *result, int32_t pid, const char *exe, const char *reason)
{
        struct collector_untraced entry = { .pid = pid, .exe = mem_string(exe), .reason = mem_string(reason) };

        if (!entry.exe || !entry.reason || result->untraced_count == UNTRACED_MAX ||
            mem_grow(&result->untraced, &result->untraced_capacity, result->untraced_count + 1,
                     sizeof *result->untraced)) {
                mem_free(entry.exe);
                mem_free(entry.reason);
                return;
        }
        result->untraced[result->untraced_count++] = entry;
}

static void add_checked(struct collector_result *result, int32_t pid, const char *file, bool ran)
{
        struct error e = { 0 };

        if (!file || !*file)
                untraced_add(result, pid, "", silent);
        else if (!target_check(file, &e))
                untraced_add(result, pid, file, silent);
        else if (e.code == ERROR_UNTRACEABLE || ran)
                untraced_add(result, pid, file, e.text);
}

void untraced_exec(struct collector_result *result, int32_t pid, const char *file)
{
        add_checked(result, pid, file, true);
}

bool untraced_arrived(const struct collector_result *result, const struct process_exec *exec)
{
        for (const struct process *process = result->processes; process; process = process->next)
                if (process->inner_pid == exec->pid && process->start_ns + SLACK_NS >= exec->after_ns)
                        return true;
        return false;
}

/* Without a pid, whether the child came cannot be told; the file still says
 * whether it could have. */
void untraced_execs(struct collector_result *result, struct process *process)
{
        for (size_t i = 0; i < process->exec_count; i++) {
                const struct process_exec *exec = &process->execs[i];
                struct error e = { 0 };

                if (exec->pid && untraced_arrived(result, exec))
                        continue;
                if (exec->pid)
                        add_checked(result, exec->pid, exec->file, false);
                else if (target_check(exec->file, &e) && e.code == ERROR_UNTRACEABLE)
                        untraced_add(result, 0, exec->file, e.text);
        }
}

void untraced_command(struct collector_result *result, int32_t pid, const char *file)
{
        untraced_add(result, pid, file, silent);
}
