#include "heritage.h"

#include "../mem.h"
#include "process.h"

static const uint64_t PARENT_WAIT_NS = UINT64_C(2000000000); /* for a fork's mark in every ring of the parent */

static struct process *find_parent(struct process *first, const struct process *child)
{
        struct process *parent = NULL;

        for (struct process *process = first; process != child; process = process->next)
                if (process->slot + 1 == child->parent_slot)
                        parent = process; /* the latest to have the slot */
        return parent;
}

/* A fork that left no mark (raw clone): the nearest to the truth is what the
 * parent holds now. */
static bool inherit_now(struct process *parent, struct live *live)
{
        for (unsigned ring = 0; ring < WEIR_RINGS; ring++)
                if (live_inherit(live, &parent->live, ring))
                        return true; /* the child's table says that it is inexact */
        return true;
}

static bool inherit_from(struct process *parent, struct process *child, uint64_t now_ns)
{
        bool late = parent->state == PROCESS_OVER || now_ns - child->start_ns > PARENT_WAIT_NS;
        bool claimed;

        (void)pthread_mutex_lock(&parent->lock);
        if (!parent->held)
                (void)drain_run(parent, now_ns, parent->dead);
        claimed = child->fork_sequence ? drain_claim(parent, child->fork_sequence, late, &child->live)
                                       : inherit_now(parent, &child->live);
        (void)pthread_mutex_unlock(&parent->lock);
        if (!claimed && late)
                process_tell(child, false, "what it inherited at its fork is not known");
        return claimed || late;
}

/* The child's own notes say the same a little later, if they come at all. */
static void take_names(const struct process *parent, struct process *child)
{
        char *exe = *child->exe ? NULL : mem_string(parent->exe);

        if (exe) {
                mem_free(child->exe);
                child->exe = exe;
        }
        if (annotations_inherit(&child->annotations, &parent->annotations))
                child->lost_notes++;
        if (child->argv || !parent->argv_count)
                return;
        child->argv = mem_alloc(parent->argv_count, sizeof *child->argv);
        while (child->argv && child->argv_count < parent->argv_count) {
                char *argument = mem_string(parent->argv[child->argv_count]);

                if (!argument)
                        break;
                child->argv[child->argv_count++] = argument;
        }
}

bool heritage_take(struct process *first, struct process *child, uint64_t now_ns)
{
        struct process *parent = find_parent(first, child);

        if (parent && parent->state == PROCESS_WAITING_FOR_PARENT)
                return false;
        if (parent && !inherit_from(parent, child, now_ns))
                return false;
        if (parent)
                take_names(parent, child);
        else
                process_tell(child, false, "what it inherited at its fork is not known");
        return true;
}
