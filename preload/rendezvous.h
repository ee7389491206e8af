/*
 * rendezvous.h: getting the session's descriptor from another process.  Raw
 * system calls only; every descriptor is close-on-exec and the caller's.
 */
#ifndef WEIR_RENDEZVOUS_H
#define WEIR_RENDEZVOUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RENDEZVOUS_SECONDS = 5 }; /* no wait here is longer */

/* Opens the memfd that is descriptor `descriptor` of process `pid`, and
 * nothing that is not a memfd, should the pid be another namespace's.  -errno
 * on failure. */
long rendezvous_open(int32_t pid, int32_t descriptor);

/* Asks whoever listens at the abstract socket for it.  -errno on failure. */
long rendezvous_ask(const char *abstract_name);

/* Receives one message: its text, NUL-terminated, and the descriptor that came
 * with it.  -errno on failure, -EPROTO when there was none. */
long rendezvous_receive(long socket, char *text, size_t capacity);

/* Runs act(context) in a child that shares this process's memory but has a
 * descriptor table of its own with room in it, and waits for it: for a process
 * whose table is full.  The child is invisible to the program's waits.  False
 * when no child could be made. */
bool rendezvous_with_own_table(void (*act)(void *context), void *context);

#endif
