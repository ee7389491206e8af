#include "signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int taken[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 };

static void fill(sigset_t *set)
{
        (void)sigemptyset(set);
        for (unsigned i = 0; i < sizeof taken / sizeof taken[0]; i++)
                (void)sigaddset(set, taken[i]);
}

int signals_open(struct error *e)
{
        sigset_t set;
        int descriptor;

        fill(&set);
        (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
        descriptor = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (descriptor < 0)
                return error_set_errno(e, ERROR_FAILED, errno, "cannot receive signals");
        return descriptor;
}

void signals_close(int signals, const sigset_t *mask)
{
        struct signalfd_siginfo info;

        while (read(signals, &info, sizeof info) == sizeof info)
                ;
        (void)close(signals);
        (void)pthread_sigmask(SIG_SETMASK, mask, NULL);
}

int signals_take(int signals, int32_t pid)
{
        struct signalfd_siginfo info;

        if (read(signals, &info, sizeof info) != sizeof info)
                return 0;
        if (pid > 0 && info.ssi_code <= 0 && (int32_t)info.ssi_pid != pid)
                (void)kill(pid, (int)info.ssi_signo);
        return (int)info.ssi_signo;
}
