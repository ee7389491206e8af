/*
 * roster.h: all processes of a run, from the slot they claim to their end.
 * Main thread only.
 */
#ifndef WEIR_ROSTER_H
#define WEIR_ROSTER_H

#include "collector.h"
#include "process.h"
#include "session.h"
#include "worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct roster_slot {
        uint32_t slot;
        uint64_t since_ns; /* when its process was over */
};

struct roster {
        const struct collector_options *options;
        struct session *session;
        struct worker *worker;
        struct collector_result *result;
        int poll; /* epoll descriptor: pidfds are added with their process as data */

        struct process **last;      /* where the next process is linked */
        struct process **slots;     /* WEIR_SLOTS: whose channel it is; NULL */
        uint32_t slots_high;        /* slots from here on were never seen in use */
        bool claims;                /* a slot is claimed and not yet set up */
        struct process **active;    /* processes that are not over */
        size_t active_count, active_capacity;
        struct roster_slot *emptied; /* slots to be freed after a while, oldest first */
        size_t emptied_count, emptied_capacity;
        uint64_t drained;           /* records read in the last round */

        /* How the command ended, once it did; see roster_command_ended. */
        int32_t command_pid;
        bool command_ended;
        int command_status;
};

int roster_init(struct roster *roster, struct error *e);
void roster_deinit(struct roster *roster);

/* Takes in the processes that came since. */
void roster_scan(struct roster *roster);

/* One round: drains every process, sees who asks for a snapshot, whose parent
 * is ready, who is over. */
void roster_round(struct roster *roster);

/* The pidfd of the process became readable. */
void roster_dead(struct roster *roster, struct process *process);

/* The command was waited for; `status` is its wait status. */
void roster_command_ended(struct roster *roster, int status);

/* Takes back the processes the worker is done with. */
void roster_take_back(struct roster *roster);

/* Asks for a snapshot of every process that still runs. */
void roster_request_all(struct roster *roster);

/* Processes that are not over. */
static inline size_t roster_running(const struct roster *roster)
{
        return roster->active_count;
}

/* True while a process may be about to appear: a fork whose child has not
 * come yet, a program a child was about to run, a slot being set up; none is
 * waited for longer than a second. */
bool roster_expects(const struct roster *roster, uint64_t now_ns);

/* Bare session: true when each process that is not over stands still at its
 * end, looked at and not released. */
bool roster_all_stand(const struct roster *roster);

/* Lets them go on. */
void roster_release_standing(struct roster *roster);

/* Everything is looked at: names what was not traced, parts from processes
 * that still run. */
void roster_finish(struct roster *roster);

/* True when the pid, or a process it descends from, is of this run. */
bool roster_knows(const struct roster *roster, int32_t pid);

#endif
