#include "left_out.h"

#include "../mem.h"

#include <stdlib.h>
#include <string.h>

static int by_count(const void *left, const void *right)
{
        const struct collector_left_out *a = left, *b = right;

        if (a->count != b->count)
                return a->count < b->count ? 1 : -1;
        return strcmp(a->name, b->name);
}

static void count(struct collector_result *result, const struct process *process)
{
        const char *slash = strrchr(process->exe, '/'), *name = slash ? slash + 1 : process->exe;
        struct collector_left_out entry = { .count = 1 };

        for (size_t i = 0; i < result->left_out_count; i++)
                if (!strcmp(result->left_out[i].name, name)) {
                        result->left_out[i].count++;
                        return;
                }
        entry.name = mem_string(name);
        if (!entry.name || mem_grow(&result->left_out, &result->left_out_capacity, result->left_out_count + 1,
                                    sizeof *result->left_out))
                mem_free(entry.name); /* then that much is not told */
        else
                result->left_out[result->left_out_count++] = entry;
}

void left_out_set_aside(struct collector_result *result)
{
        struct process **at = &result->processes, *process;

        while ((process = *at)) {
                if (!process->left_out) {
                        at = &process->next;
                        continue;
                }
                if (!process->forked)
                        count(result, process);
                *at = process->next;
                process->next = result->left_out_processes;
                result->left_out_processes = process;
        }
        if (result->left_out_count)
                qsort(result->left_out, result->left_out_count, sizeof *result->left_out, by_count);
}
