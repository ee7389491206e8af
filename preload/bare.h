/*
 * bare.h: `LD_PRELOAD=libweir.so COMMAND`: a program that carries the shim and
 * no session starts a collector of its own.
 *
 * The collector is `weir collect --socket-fd N`, found as WEIR_OPTIONS says
 * ("weir=PATH"), beside the library, or in PATH.  It is no child that the
 * program could wait for, leads a session of its own, and keeps nothing of the
 * program's but standard output and error.
 */
#ifndef WEIR_BARE_H
#define WEIR_BARE_H

#include <stdbool.h>
#include <stddef.h>

/* Starts it and receives the value of WEIR_SESSION.  False when no weir was
 * found, the descriptor table is full, or it did not answer in time. */
bool bare_start(char *session, size_t capacity);

#endif
