/*
 * exact.h: whether a process was followed without any loss.
 */
#ifndef WEIR_TEST_EXACT_H
#define WEIR_TEST_EXACT_H

#include "collect/process.h"

/* No lost events, notes or stacks, no message that says otherwise, and memory was
 * enough. */
static inline bool process_exact(const struct process *process)
{
        for (size_t i = 0; i < process->message_count; i++)
                if (process->messages[i].incomplete)
                        return false;
        return !process->live.no_memory && !process->lost_allocations && !process->lost_releases &&
               !process->lost_mappings && !process->lost_notes && !process->lost_stacks && !process->garbage;
}

#endif
