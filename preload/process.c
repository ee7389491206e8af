#include "process.h"

#include "annotate.h"
#include "bare.h"
#include "early.h"
#include "end.h"
#include "environment.h"
#include "guard.h"
#include "leave.h"
#include "next.h"
#include "note.h"
#include "raw.h"
#include "ring.h"
#include "session.h"
#include "signals.h"
#include "unwind.h"

#include <elf.h>
#include <sys/mman.h>

union process_page process_page __attribute__((aligned(4096)));

/* What a fork child needs of its parent's page: not wiped, and not changed but
 * by process_start. */
static struct session_channel channel;
static bool tried;    /* the first image of this memory had its chance */
static bool left_out; /* it is left out, and so are its fork children */

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));
extern char __libc_single_threaded __attribute__((weak));
static const char never_single;
const char *process_single = &never_single;

/* ---- start -------------------------------------------------------------- */

static bool attach_first(void)
{
        const char *text = environment_get(WEIR_SESSION_ENV);
        char own[128];

        environment_init();
        if (!text && environment_library()[0] && bare_start(own, sizeof own))
                text = own;
        if (!text || !session_attach(text, &channel))
                return false;
        left_out = leave_out(channel.session);
        environment_set_session(text);
        return true;
}

static bool attach(void)
{
        bool attached;

        if (!tried)
                attached = attach_first();
        else
                attached = channel.base && session_fork(&channel, environment_session());
        tried = true;
        if (!attached)
                channel.base = NULL;
        return attached;
}

static void find_parts(struct process *p)
{
        const struct weir_layout *l = &channel.layout;

        p->address_end = UINT64_C(1) << WEIR_ADDRESS_BITS;
        p->session = channel.session;
        p->control = (struct weir_control *)channel.base;
        p->threads = (struct weir_thread *)(channel.base + weir_threads_offset(l));
        p->notes = channel.base + weir_notes_offset(l);
        p->nodes = (struct weir_node *)(channel.base + weir_nodes_offset(l));
        p->frames = (struct weir_frame *)(channel.base + weir_frames_offset(l));
        for (unsigned ring = 0; ring < WEIR_RINGS; ring++) {
                p->rings[ring].events = (struct weir_event *)(channel.base + weir_ring_offset(l, ring));
                p->rings[ring].mask = weir_ring_records(l, ring) - 1;
        }
}

static void fill_control(struct weir_control *c, int32_t pid, uint32_t parent_slot)
{
        c->magic = WEIR_CHANNEL_MAGIC;
        c->version = WEIR_CHANNEL_VERSION;
        c->slot = channel.slot;
        c->pid = pid;
        c->ppid = raw_getppid();
        c->parent_slot = parent_slot;
        c->fork_sequence = parent_slot ? thread_local_state.fork_sequence : 0;
        c->start_ns = raw_now();
        c->layout = channel.layout;
        c->shim_start = (uintptr_t)__ehdr_start;
        c->shim_end = (uintptr_t)_end;
        c->next_node = 1;
        c->next_frame = 1;
        c->left_out = left_out;
        (void)raw_syscall(SYS_getcwd, c->cwd, sizeof c->cwd, 0, 0);
}

/* The kernel lays the arguments out one after the other, and the program's name
 * behind them.  What the program has put in their place since may be anywhere, and
 * gone: it is not looked at. */
static struct note_piece arguments(void)
{
        enum { MOST = 4096 };
        const uintptr_t *stack = (const uintptr_t *)end_of_main_stack();
        const char *const *argv = (const char *const *)(stack + 1);
        const char *first = argv[0], *at = first, *end = (const char *)environment_auxiliary(AT_EXECFN);

        if (!stack[0] || first < (const char *)stack || first >= end)
                return (struct note_piece){ 0 };
        if (end - first > MOST)
                end = first + MOST;
        for (size_t i = 0; i < stack[0] && argv[i] == at && at < end; i++) {
                while (at < end && *at)
                        at++;
                at += at < end;
        }
        return (struct note_piece){ first, (size_t)(at - first) };
}

static void say_who(void)
{
        struct note_piece piece;
        char path[WEIR_PATH_MAX];
        long n = raw_syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", path, sizeof path);

        if (n > 0) {
                piece = (struct note_piece){ path, (size_t)n };
                note_send(WEIR_NOTE_EXE, 0, &piece, 1);
        }
        piece = arguments();
        if (piece.length)
                note_send(WEIR_NOTE_ARGV, 0, &piece, 1);
}

static void start_recording(struct process *p)
{
        thread_forget_all();
        (void)unwind_process_init(&(struct unwind_process){
                .control = p->control,
                .nodes = p->nodes,
                .frames = p->frames,
                .node_capacity = channel.layout.nodes,
                .frame_capacity = weir_frame_count(&channel.layout),
                .check = p->session->flags & WEIR_SESSION_CHECK_STACKS,
        });
}

static uint32_t mode_of(const struct weir_session *session)
{
        if (left_out)
                return PROCESS_LEFT_OUT;
        return session->flags & WEIR_SESSION_DROP ? PROCESS_DROP : PROCESS_LIVE;
}

static void start(struct process *p, int32_t pid)
{
        uint32_t parent_slot = tried && channel.base ? channel.slot + 1 : 0;

        if (&__libc_single_threaded)
                process_single = &__libc_single_threaded;
        if (!attach()) {
                atomic_store(&p->mode, PROCESS_OFF);
                return;
        }
        p->pid = pid;
        find_parts(p);
        fill_control(p->control, pid, parent_slot);
        if (!left_out)
                start_recording(p);
        atomic_store_explicit(&p->session->slot_state[channel.slot], WEIR_SLOT_LIVE, memory_order_release);
        session_ring_bell(p->session);
        atomic_store(&p->mode, mode_of(p->session));
        if (!early_any())
                process_becomes_plain();
        say_who();
        if (!left_out)
                annotate_repeat();
}

__attribute__((noinline, cold)) bool process_enter(void)
{
        struct process *p = process_self;
        uint32_t expected = PROCESS_NEW;

        if (p->mode == PROCESS_NEW) {
                next_resolve();
                /* Fails where this memory is a file's; the atfork handler then
                 * does it for all forks but raw ones. */
                (void)raw_madvise(&process_page, sizeof process_page, MADV_WIPEONFORK);
                if (atomic_compare_exchange_strong(&p->mode, &expected, PROCESS_STARTING))
                        start(p, raw_getpid());
        }
        if (p->mode != PROCESS_LIVE && p->mode != PROCESS_DROP && p->mode != PROCESS_LOST)
                return false;
        if (!thread_local_state.self) {
                if (!thread_register())
                        return false;
                early_flush();
        }
        return true;
}

void process_becomes_plain(void)
{
        atomic_store(&process_self->plain, process_self->mode == PROCESS_LIVE ? GUARD_OPEN : 0);
}

bool process_is_mine(void)
{
        return process_self->pid == raw_getpid();
}

void process_parallel(void)
{
        struct process *p = process_self;

        if (p->parallel || !p->control)
                return;
        /* Two threads may both mark; the collector heeds the first mark. */
        ring_mark_parallel();
        atomic_store(&p->control->parallel, 1);
        atomic_store(&p->parallel, 1);
        process_single = &never_single;
}

/* ---- fork --------------------------------------------------------------- */

void process_fork_prepare(void)
{
        uintptr_t recording = guard_enter();

        thread_local_state.fork_sequence = 0;
        if (recording && process_is_mine())
                thread_local_state.fork_sequence = ring_mark_fork();
        if (recording)
                guard_leave(recording);
}

void process_fork_parent(void)
{
        thread_local_state.fork_sequence = 0;
}

void process_fork_child(void)
{
        uintptr_t recording;

        raw_zero(&process_page, sizeof process_page);
        recording = guard_enter();
        if (recording)
                guard_leave(recording);
        thread_local_state.fork_sequence = 0;
}

/* ---- library ------------------------------------------------------------ */

/* Registered before anything else of the process, so called after everything
 * else: all atexit functions and all destructors have run. */
static void at_exit(int status, void *unused)
{
        (void)unused;
        end_exit(status, frame_state_of_caller());
}

static void at_quick(void)
{
        end_exit(process_self->exit_status, frame_state_of_caller());
}

/* The loader runs it before any other constructor (-z initfirst), even libc's
 * own; so nothing here may cause other constructors to run, as dlopen would:
 * libc would come up without arguments and environment. */
__attribute__((constructor)) static void library_start(void)
{
        uintptr_t recording = guard_enter();

        if (!recording && process_self->mode != PROCESS_LEFT_OUT)
                return;
        (void)pthread_atfork(process_fork_prepare, process_fork_parent, process_fork_child);
        (void)on_exit(at_exit, NULL);
        (void)at_quick_exit(at_quick);
        if (!recording)
                return;
        signals_init();
        guard_leave(recording);
        annotate_ask_program();
}
