/*
 * proc.h: small reads from /proc/PID.
 */
#ifndef WEIR_PROC_H
#define WEIR_PROC_H

#include "../error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The whole of /proc/PID/FILE, or /proc/PID/task/TID/FILE when `tid` is not
 * 0, with a NUL after its `*size` bytes; mem_free releases it.  NULL with
 * ERROR_REFUSED, ERROR_GONE (no such process or thread), ERROR_NO_MEMORY. */
char *proc_read(pid_t pid, pid_t tid, const char *file, size_t *size, struct error *e);

/* The same into the caller's buffer, which gets a NUL; cut at `size - 1`.
 * Bytes read, or -1 with errno set. */
ssize_t proc_read_some(pid_t pid, pid_t tid, const char *file, char *buffer, size_t size);

/* The state letter ('R', 'S', 'D', 'T', 't', 'Z', 'X', ...) of a thread; 0
 * when it is gone or cannot be asked. */
char proc_state(pid_t pid, pid_t tid);

/* The number after "KEY:" in the `nth` column (0 = the first) of
 * /proc/PID/status, or of a thread's when `tid` is not 0; `missing` when it is
 * not there.  nth = -1 asks for the last column. */
int64_t proc_status(pid_t pid, pid_t tid, const char *key, int nth, int64_t missing);

/* Where a thread that sleeps in the kernel left the program: its stack
 * pointer and program counter.  False while it runs. */
bool proc_syscall(pid_t pid, pid_t tid, uint64_t *sp, uint64_t *pc);

#endif
