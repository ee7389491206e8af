/*
 * memory.h: the memory of a process, by process_vm_readv and, for what that
 * refuses (memory the program made unreadable, a filtered system call),
 * /proc/PID/mem.
 */
#ifndef WEIR_MEMORY_H
#define WEIR_MEMORY_H

#include "../error.h"
#include "present.h"
#include "snapshot.h"

#include <stdatomic.h>
#include <sys/types.h>

struct process_memory {
        pid_t pid;
        int fd;      /* /proc/PID/mem, -1 = not to be had */
        _Atomic bool direct; /* process_vm_readv is allowed */
        struct present present;
};

/* 0, or -1 with ERROR_REFUSED or ERROR_GONE when neither way is open. */
int process_memory_init(struct process_memory *memory, pid_t pid, struct error *e);
void process_memory_deinit(struct process_memory *memory);

/* The reader for a snapshot; `memory` must outlive it. */
struct memory process_memory_reader(struct process_memory *memory);

/* True when all of [address, address + size) was read. */
bool memory_read_all(const struct memory *memory, uint64_t address, void *buffer, size_t size);

/* The word at `address`, 0 when it cannot be read. */
uint64_t memory_word(const struct memory *memory, uint64_t address);

#endif
