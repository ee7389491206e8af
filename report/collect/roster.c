#include "roster.h"

#include "../clock.h"
#include "../mem.h"
#include "heritage.h"
#include "identity.h"
#include "left_out.h"
#include "untraced.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SLOTS_AHEAD = 256 }; /* looked at beyond the highest slot in use */

static const uint64_t CLONE_KEEP_NS = UINT64_C(10000000000); /* for a child to come and fetch it */
static const uint64_t SLOT_KEEP_NS = UINT64_C(2000000000);   /* a control page, for late children of a fork */
static const uint64_t EXPECT_NS = UINT64_C(1000000000);

int roster_init(struct roster *roster, struct error *e)
{
        roster->last = &roster->result->processes;
        roster->slots = mem_alloc(WEIR_SLOTS, sizeof *roster->slots);
        return roster->slots ? 0 : error_no_memory(e, "starting the collector");
}

void roster_deinit(struct roster *roster)
{
        mem_free(roster->slots);
        mem_free(roster->active);
        mem_free(roster->emptied);
}

/* ---- coming -------------------------------------------------------------- */

static void watch(struct roster *roster, struct process *process)
{
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = process };

        if (process->pidfd >= 0 && epoll_ctl(roster->poll, EPOLL_CTL_ADD, process->pidfd, &event)) {
                (void)close(process->pidfd);
                process->pidfd = -1; /* asked after now and then instead */
        }
}

/* The image of the same process that this one replaces. */
static struct process *image_before(const struct roster *roster, const struct process *process)
{
        for (size_t i = 0; i < roster->active_count; i++)
                if (roster->active[i]->pid == process->pid && !roster->active[i]->replaced)
                        return roster->active[i];
        return NULL;
}

static void see_exec(struct roster *roster, struct process *process)
{
        struct process *before = image_before(roster, process);

        if (!before)
                return;
        before->replaced = true;
        before->dead = true;
        if (before->state == PROCESS_TRACED && before->asked_how != WEIR_END_EXEC)
                process_tell(before, false, "it was replaced by %s without the library being asked", process->exe);
}

static struct process *make_process(struct roster *roster, uint32_t slot)
{
        struct error e = { 0 };
        struct process *process;
        size_t size;
        void *channel = session_map(roster->session, slot, &size, &e);

        if (!channel)
                goto failed;
        process = process_create(channel, size, clock_session_ns(), &e);
        if (process)
                return process;
        session_unmap(channel, size);
failed:
        untraced_add(roster->result, 0, "", e.text);
        session_empty(roster->session, slot);
        return NULL;
}

static void admit(struct roster *roster, uint32_t slot)
{
        struct process *process;

        if (mem_grow(&roster->active, &roster->active_capacity, roster->active_count + 1, sizeof *roster->active) ||
            !(process = make_process(roster, slot)))
                return;
        process->slot = slot;
        if (!process->left_out)
                process->ordinal = (uint32_t)roster->result->process_count++;
        process->state = process->forked && !process->left_out ? PROCESS_WAITING_FOR_PARENT : PROCESS_TRACED;
        process->dead = !identity_find(process, roster->session->inode);
        see_exec(roster, process);
        roster->active[roster->active_count++] = process;
        roster->slots[slot] = process;
        *roster->last = process;
        roster->last = &process->next;
        watch(roster, process);
}

void roster_scan(struct roster *roster)
{
        struct weir_session *header = roster->session->header;
        uint32_t hint = atomic_load(&header->slot_hint) % WEIR_SLOTS;
        uint32_t end = (hint > roster->slots_high ? hint : roster->slots_high) + SLOTS_AHEAD;

        if (end > WEIR_SLOTS)
                end = WEIR_SLOTS;
        roster->claims = false;
        for (uint32_t slot = 0; slot < end; slot++) {
                uint32_t state = atomic_load_explicit(&header->slot_state[slot], memory_order_acquire);

                if (state == WEIR_SLOT_FREE)
                        continue;
                if (slot >= roster->slots_high)
                        roster->slots_high = slot + 1;
                if (state == WEIR_SLOT_CLAIMED)
                        roster->claims = true;
                else if (state == WEIR_SLOT_LIVE && !roster->slots[slot])
                        admit(roster, slot);
        }
        if (end < WEIR_SLOTS && roster->slots_high + SLOTS_AHEAD > end)
                roster_scan(roster); /* the last one found is near the end: there may be more */
}

/* ---- endings ------------------------------------------------------------- */

static void read_request(struct process *process)
{
        const struct weir_control *control = process->control;

        process->asked_how = control->end_how <= WEIR_END_LAST_CHECK ? (enum weir_end)control->end_how : WEIR_END_EXIT;
        process->asked_status = control->end_status;
        process->end_tid = control->end_tid;
        process->end_sp = control->end_sp;
        mem_free(process->end_exec);
        process->end_exec =
                process->asked_how == WEIR_END_EXEC ? mem_format("%.*s", WEIR_PATH_MAX - 1, control->end_path) : NULL;
}

static bool may_come_back(const struct process *process)
{
        return process->asked_how >= WEIR_END_EXEC;
}

/* An exec came back, or a check is over: what was found for it is void, but
 * after the last check. */
static void unask(struct roster *roster, struct process *process)
{
        process->checked |= process->asked_how == WEIR_END_LAST_CHECK;
        if (!process->checked && process->findings && roster->options->forget)
                roster->options->forget(roster->options->context, process);
        process->asked_how = WEIR_END_NONE;
        mem_free(process->end_exec);
        process->end_exec = NULL;
        process->settled = false;
        process->state = PROCESS_TRACED;
}

static void release(struct process *process)
{
        process->state = PROCESS_RELEASED;
        process->control->check_failed = process->check.failed;
        process->control->check_leaks = process->check.leaks;
        process->control->check_blocks = process->check.blocks;
        process->control->check_bytes = process->check.bytes;
        atomic_store(&process->control->state, WEIR_STATE_RELEASED);
        session_wake(&process->control->state);
}

/* Nothing of it is to be looked at. */
static void pass_over(struct roster *roster, struct process *process, enum process_look look)
{
        if (look != PROCESS_LOOK_ENDING)
                process->state = PROCESS_RELEASED;
        else if (roster->options->bare_socket >= 0 && process->asked_how != WEIR_END_EXEC)
                process->state = PROCESS_STANDING;
        else
                release(process);
}

static void ask(struct roster *roster, struct process *process, enum process_look look)
{
        if (process->left_out) {
                pass_over(roster, process, look);
                return;
        }
        process->state = PROCESS_QUEUED;
        worker_push(roster->worker, process, look);
}

static void decide_end(struct roster *roster, struct process *process)
{
        int status;
        bool known = true;

        if (process->replaced || (process->asked_how == WEIR_END_EXEC && process->state == PROCESS_RELEASED)) {
                process->end_how = END_EXEC;
                process->end_known = true;
                return;
        }
        if (process->pid == roster->command_pid)
                status = roster->command_status;
        else
                known = identity_status(process->pid, process->pidfd, &status);
        if (!known && process->asked_how != WEIR_END_NONE && process->asked_how < WEIR_END_CHECK)
                status = process->asked_how == WEIR_END_SIGNAL ? process->asked_status & 0x7f
                                                               : (process->asked_status & 0xff) << 8;
        else if (!known)
                status = SIGKILL;
        process->end_known = known || (process->asked_how != WEIR_END_NONE && process->asked_how < WEIR_END_CHECK);
        process->end_how = WIFSIGNALED(status) ? END_SIGNALED : END_EXITED;
        process->end_status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
        if (!process->end_known)
                process_tell(process, false, "nobody could say how it ended; signal 9 is assumed");
}

static void part(struct roster *roster, struct process *process)
{
        void *channel = process->control;

        process_detach(process);
        session_unmap(channel, process->channel_size);
        session_empty(roster->session, process->slot);
        roster->slots[process->slot] = NULL;
        if (!mem_grow(&roster->emptied, &roster->emptied_capacity, roster->emptied_count + 1, sizeof *roster->emptied))
                roster->emptied[roster->emptied_count++] = (struct roster_slot){ process->slot, clock_session_ns() };
}

static void close_pidfd(struct process *process)
{
        if (process->pidfd >= 0)
                (void)close(process->pidfd);
        process->pidfd = -1;
}

/* The image is gone and was looked at. */
static void retire(struct roster *roster, struct process *process)
{
        decide_end(roster, process);
        process->end_ns = clock_session_ns();
        process->state = PROCESS_OVER;
        part(roster, process);
        process_forget_blocks(process);
        close_pidfd(process);
        if (process->end_how == END_EXEC && !process->replaced)
                untraced_exec(roster->result, process->pid, process->end_exec);
        for (size_t i = 0; i < roster->active_count; i++)
                if (roster->active[i] == process) {
                        roster->active[i] = roster->active[--roster->active_count];
                        break;
                }
}

void roster_dead(struct roster *roster, struct process *process)
{
        process->dead = true;
        if (process->pidfd >= 0)
                (void)epoll_ctl(roster->poll, EPOLL_CTL_DEL, process->pidfd, NULL);
}

void roster_command_ended(struct roster *roster, int status)
{
        roster->command_ended = true;
        roster->command_status = status;
}

void roster_take_back(struct roster *roster)
{
        struct process *process;

        while ((process = worker_done(roster->worker))) {
                if (process->dead || process->asked_how == WEIR_END_NONE)
                        process->state = PROCESS_RELEASED; /* nobody waits; roster_round retires the dead */
                else if (roster->options->bare_socket < 0 || may_come_back(process))
                        release(process);
                else
                        process->state = PROCESS_STANDING;
        }
}

/* ---- the round ----------------------------------------------------------- */

static void drain(struct roster *roster, struct process *process, uint64_t now_ns)
{
        if (process->state == PROCESS_WAITING_FOR_PARENT)
                return;
        (void)pthread_mutex_lock(&process->lock);
        if (!process->held)
                roster->drained += drain_run(process, now_ns, process->dead && process->state != PROCESS_QUEUED);
        (void)pthread_mutex_unlock(&process->lock);
}

/* A process waits for its status until the command was waited for. */
static bool can_retire(const struct roster *roster, const struct process *process)
{
        return process->replaced || process->pid != roster->command_pid || roster->command_ended;
}

/* Does the worker still read its channel? */
static bool is_held(struct process *process)
{
        bool held;

        (void)pthread_mutex_lock(&process->lock);
        held = process->held;
        (void)pthread_mutex_unlock(&process->lock);
        return held;
}

static void step(struct roster *roster, struct process *process, uint64_t now_ns)
{
        const struct weir_control *control = process->control;
        uint32_t failed = atomic_load(&control->exec_failed);

        if (process->state == PROCESS_WAITING_FOR_PARENT && heritage_take(roster->result->processes, process, now_ns))
                process->state = PROCESS_TRACED;
        drain(roster, process, now_ns);
        if (process->state == PROCESS_RELEASED && failed != process->execs_failed && may_come_back(process))
                unask(roster, process);
        if (process->state != PROCESS_QUEUED)
                process->execs_failed = failed;
        if (process->state == PROCESS_TRACED && !process->dead && atomic_load(&control->state) == WEIR_STATE_ENDING) {
                read_request(process);
                ask(roster, process, PROCESS_LOOK_ENDING);
        } else if (process->state == PROCESS_TRACED && process->dead) {
                ask(roster, process, PROCESS_LOOK_DEAD);
        } else if ((process->state == PROCESS_RELEASED || process->state == PROCESS_STANDING) && process->dead &&
                   can_retire(roster, process) && !is_held(process)) {
                retire(roster, process);
        }
}

static void free_slots(struct roster *roster, uint64_t now_ns)
{
        size_t old = 0;

        while (old < roster->emptied_count && now_ns - roster->emptied[old].since_ns > SLOT_KEEP_NS)
                session_free(roster->session, roster->emptied[old++].slot);
        if (!old)
                return;
        roster->emptied_count -= old;
        memmove(roster->emptied, roster->emptied + old, roster->emptied_count * sizeof *roster->emptied);
}

void roster_round(struct roster *roster)
{
        uint64_t now_ns = clock_session_ns();

        roster->drained = 0;
        for (size_t i = roster->active_count; i-- > 0;) {
                struct process *process = roster->active[i];

                if (process->pidfd < 0 && !process->dead && !identity_alive(process->pid))
                        process->dead = true;
                if (process->clone_count && now_ns > CLONE_KEEP_NS && !process->held)
                        drain_drop_clones(process, now_ns - CLONE_KEEP_NS);
                step(roster, process, now_ns);
        }
        free_slots(roster, now_ns);
}

/* ---- the end of the run -------------------------------------------------- */

void roster_request_all(struct roster *roster)
{
        for (size_t i = 0; i < roster->active_count; i++)
                if (roster->active[i]->state == PROCESS_TRACED)
                        ask(roster, roster->active[i], PROCESS_LOOK_REQUEST);
}

static bool recent(uint64_t since_ns, uint64_t now_ns)
{
        return now_ns - since_ns < EXPECT_NS;
}

bool roster_expects(const struct roster *roster, uint64_t now_ns)
{
        if (roster->claims)
                return true;
        for (const struct process *process = roster->result->processes; process; process = process->next) {
                for (size_t i = 0; i < process->clone_count; i++)
                        if (recent(process->clones[i].since_ns, now_ns))
                                return true;
                for (size_t i = 0; i < process->exec_count; i++)
                        if (process->execs[i].pid && recent(process->execs[i].since_ns, now_ns) &&
                            !untraced_arrived(roster->result, &process->execs[i]) &&
                            identity_alive(process->execs[i].pid))
                                return true;
        }
        return false;
}

bool roster_all_stand(const struct roster *roster)
{
        for (size_t i = 0; i < roster->active_count; i++)
                if (roster->active[i]->state != PROCESS_STANDING)
                        return false;
        return true;
}

/* What a process that was let go meant to do, which is all that is known. */
static void end_as_asked(struct roster *roster, struct process *process)
{
        if (process->asked_how == WEIR_END_NONE || process->asked_how >= WEIR_END_CHECK)
                return;
        process->end_known = true;
        process->end_status = process->asked_status;
        process->end_how = process->asked_how == WEIR_END_EXEC     ? END_EXEC
                           : process->asked_how == WEIR_END_SIGNAL ? END_SIGNALED
                                                                   : END_EXITED;
        if (process->end_how == END_EXEC)
                untraced_exec(roster->result, process->pid, process->end_exec);
}

/* Lets go of a process that is not over. */
static void leave(struct process *process)
{
        void *channel = process->control;

        close_pidfd(process);
        process_detach(process);
        session_unmap(channel, process->channel_size);
        process_forget_blocks(process);
}

void roster_release_standing(struct roster *roster)
{
        for (size_t i = 0; i < roster->active_count; i++)
                if (roster->active[i]->state == PROCESS_STANDING)
                        release(roster->active[i]);
}

void roster_finish(struct roster *roster)
{
        struct collector_result *result = roster->result;

        for (size_t i = 0; i < roster->active_count; i++) {
                end_as_asked(roster, roster->active[i]);
                if (roster->active[i]->state != PROCESS_STANDING) /* that one waits for collector_result_release */
                        leave(roster->active[i]);
        }
        for (struct process *process = result->processes; process; process = process->next)
                untraced_execs(result, process);
        result->refused = atomic_load(&roster->session->header->refused);
        if (roster->command_pid && !roster_knows(roster, roster->command_pid))
                untraced_command(result, roster->command_pid, roster->options->command[0]);
        left_out_set_aside(result);
}

bool roster_knows(const struct roster *roster, int32_t pid)
{
        for (unsigned depth = 0; pid > 1 && depth < 64; depth++) {
                for (const struct process *process = roster->result->processes; process; process = process->next)
                        if (process->pid == pid)
                                return true;
                pid = identity_parent(pid);
        }
        return false;
}
