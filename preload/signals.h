/*
 * signals.h: the last look at a process that a signal kills.
 *
 * Where a signal's disposition is the default and the default is to die, the
 * shim puts a handler of its own, and hides it: the program sees SIG_DFL there,
 * and where it sets SIG_DFL it gets the handler.  There is no state: whether
 * a handler is ours is asked of its address.  A program's own handlers are
 * never touched, no signal is used for anything else, and exec resets it all.
 *
 * The handler asks for the snapshot, restores the default and sends the very
 * signal again to this thread, with its siginfo; so the process dies of it,
 * with the core dump it would have had.
 */
#ifndef WEIR_SIGNALS_H
#define WEIR_SIGNALS_H

/* Once, in the first image's constructor. */
void signals_init(void);

#endif
