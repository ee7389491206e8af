/*
 * environment.h: the two variables that lead a new program to its session,
 * and how they stay in the environment of every program that this one runs,
 * also when it hands over an environment of its own making.
 *
 * No memory is allocated and nothing shared is written: it works in a vfork
 * child.  A new environment is built in memory that the caller gives, usually
 * with alloca.
 */
#ifndef WEIR_ENVIRONMENT_H
#define WEIR_ENVIRONMENT_H

#include <stddef.h>
#include <stdint.h>

/* The environment that the kernel gave to this program. */
char **environment_of_kernel(void);

/* An entry of the auxiliary vector behind it (AT_...); 0 when it has none. */
uintptr_t environment_auxiliary(uint64_t type);

/* A variable of it; NULL when not set, or when the program runs with more
 * privileges than its caller (AT_SECURE). */
const char *environment_get(const char *name);

/* At the process's start: remembers where libweir.so is. */
void environment_init(void);

/* Path of libweir.so as LD_PRELOAD names it, made absolute; "" = not there. */
const char *environment_library(void);

/* Remembers the value of WEIR_SESSION for children. */
void environment_set_session(const char *session);

/* Puts both variables into the program's own environment, for what libc runs by
 * itself (system, popen).  Once libc has its environment. */
void environment_publish(void);

/* Value of WEIR_SESSION for children; "" before
 * environment_set_session. */
const char *environment_session(void);

/* Bytes that environment_build needs; 0 when `given` may stay as it is: it has
 * both variables, or this process is in no session. */
size_t environment_room(char *const *given);

/* `given` with both variables right, at `room`, aligned for pointers; LD_PRELOAD
 * is added to, never replaced.  Shares all strings that stay. */
char **environment_build(void *room, char *const *given);

#endif
