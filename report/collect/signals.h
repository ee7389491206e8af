/*
 * signals.h: what weir does with signals sent to it while the command runs.
 *
 * Signals of the terminal reach the command by themselves, as it is in weir's
 * process group; weir must only survive them.  Signals that a process sends
 * to weir are meant for the command and passed on.
 */
#ifndef WEIR_SIGNALS_H
#define WEIR_SIGNALS_H

#include "../error.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* Blocks the signals for this thread and those it starts, and returns a
 * descriptor to read them from; -1 with an error. */
int signals_open(struct error *e);

/* Restores the mask, dropping what is pending. */
void signals_close(int signals, const sigset_t *mask);

/* Reads one signal.  0 when there is none; its number otherwise.  Passes it on
 * to `pid` (0 = to nobody) where that is right. */
int signals_take(int signals, int32_t pid);

#endif
