#include "signals.h"

#include "end.h"
#include "frame.h"
#include "next.h"
#include "process.h"
#include "raw.h"

#include <signal.h>
#include <ucontext.h>

/* sigset_t as the kernel has it. */
struct kernel_set {
        uint64_t bits;
};

/* Default: terminate, perhaps with a core.  KILL and STOP cannot be caught; 32
 * and 33 are the C library's own. */
static bool is_fatal(int signal)
{
        switch (signal) {
        case SIGKILL:
        case SIGSTOP:
        case SIGTSTP:
        case SIGTTIN:
        case SIGTTOU:
        case SIGCHLD:
        case SIGCONT:
        case SIGURG:
        case SIGWINCH:
        case 32:
        case 33:
                return false;
        default:
                return signal > 0 && signal <= 64;
        }
}

static uint64_t interrupted_sp(const void *context)
{
        const ucontext_t *c = context;

#ifdef __x86_64__
        enum { RED_ZONE = 128 };

        return (uint64_t)c->uc_mcontext.gregs[REG_RSP] - RED_ZONE;
#else
        return c->uc_mcontext.sp;
#endif
}

static void restore_default(int signal)
{
        const struct sigaction dies = { .sa_handler = SIG_DFL };

        (void)next.sigaction(signal, &dies, NULL);
}

/* All signals are blocked in here, so what is sent again arrives when the
 * handler returns. */
static void die(int signal, siginfo_t *info, void *context)
{
        (void)end_request(WEIR_END_SIGNAL, signal, interrupted_sp(context), NULL);
        restore_default(signal);
        (void)raw_syscall(SYS_rt_tgsigqueueinfo, raw_getpid(), raw_gettid(), signal, info);
}

static bool is_ours(const struct sigaction *action)
{
        return action->sa_flags & SA_SIGINFO && action->sa_sigaction == die;
}

static void install(int signal)
{
        struct sigaction ours = { .sa_sigaction = die, .sa_flags = SA_SIGINFO | SA_ONSTACK };

        (void)sigfillset(&ours.sa_mask);
        (void)next.sigaction(signal, &ours, NULL);
}

void signals_init(void)
{
        for (int signal = 1; signal <= 64; signal++) {
                struct sigaction now;

                if (is_fatal(signal) && next.sigaction(signal, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) &&
                    now.sa_handler == SIG_DFL)
                        install(signal);
        }
}

/* ---- hooks --------------------------------------------------------------- */

static bool tracing(void)
{
        uint32_t mode = process_self->mode;

        return mode == PROCESS_LIVE || mode == PROCESS_DROP;
}

static int change(__typeof__(&sigaction) real, int signal, const struct sigaction *new, struct sigaction *old)
{
        bool to_default = new && !(new->sa_flags & SA_SIGINFO) && new->sa_handler == SIG_DFL;
        int result = real(signal, new, old);

        if (result)
                return result;
        if (old && is_ours(old))
                *old = (struct sigaction){ .sa_handler = SIG_DFL };
        if (to_default && is_fatal(signal) && tracing())
                install(signal);
        return 0;
}

WEIR_EXPORT int sigaction(int signal, const struct sigaction *new, struct sigaction *old)
{
        return change(next.sigaction, signal, new, old);
}

WEIR_EXPORT int __sigaction(int signal, const struct sigaction *new, struct sigaction *old)
{
        return change(next.sigaction, signal, new, old);
}

/* What signal and its kin answered: the handler before. */
static sighandler_t changed(int signal, sighandler_t to, sighandler_t before)
{
        if (before != SIG_ERR && to == SIG_DFL && is_fatal(signal) && tracing())
                install(signal);
        return (uintptr_t)before == (uintptr_t)die ? SIG_DFL : before;
}

#define SIGNAL_HOOK(name)                                                                                              \
        WEIR_EXPORT sighandler_t name(int signal, sighandler_t to)                                                     \
        {                                                                                                              \
                return changed(signal, to, next.name(signal, to));                                                     \
        }

SIGNAL_HOOK(signal)
SIGNAL_HOOK(bsd_signal)
SIGNAL_HOOK(ssignal)
SIGNAL_HOOK(sysv_signal)
SIGNAL_HOOK(__sysv_signal)
SIGNAL_HOOK(sigset)
