#include "memory.h"

#include "refusal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

/* The kernel stops at 2 GiB less a page anyway. */
#define READ_MAX    (UINT64_C(1) << 30)
#define ADDRESS_END (UINT64_C(1) << 63)

int process_memory_init(struct process_memory *memory, pid_t pid, struct error *e)
{
        char path[64];

        (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
        memory->pid = pid;
        atomic_init(&memory->direct, true);
        memory->fd = open(path, O_RDONLY | O_CLOEXEC);
        if (memory->fd < 0 && (errno == EACCES || errno == EPERM))
                return refusal_explain(e, pid, errno);
        if (memory->fd < 0 && errno == ENOENT)
                return error_set(e, ERROR_GONE, "process %d has ended", (int)pid);
        present_init(&memory->present, pid);
        return 0;
}

void process_memory_deinit(struct process_memory *memory)
{
        if (memory->fd >= 0)
                (void)close(memory->fd);
        memory->fd = -1;
        present_deinit(&memory->present);
}

static ssize_t read_direct(struct process_memory *memory, uint64_t address, void *buffer, size_t size)
{
        struct iovec local = { buffer, size };
        struct iovec remote = { (void *)(uintptr_t)address, size };
        ssize_t got;

        if (!atomic_load_explicit(&memory->direct, memory_order_relaxed))
                return -1;
        got = process_vm_readv(memory->pid, &local, 1, &remote, 1, 0);
        if (got < 0 && (errno == EPERM || errno == ENOSYS))
                atomic_store_explicit(&memory->direct, false, memory_order_relaxed);
        return got;
}

static ssize_t read_file(struct process_memory *memory, uint64_t address, void *buffer, size_t size)
{
        return memory->fd < 0 ? -1 : pread(memory->fd, buffer, size, (off_t)address);
}

static size_t read_process(void *context, uint64_t address, void *buffer, size_t size)
{
        struct process_memory *memory = context;
        size_t done = 0;

        if (address >= ADDRESS_END)
                return 0;
        if (size > ADDRESS_END - address)
                size = (size_t)(ADDRESS_END - address);
        while (done < size) {
                size_t want = size - done < READ_MAX ? size - done : READ_MAX;
                char *to = (char *)buffer + done;
                ssize_t got = read_direct(memory, address + done, to, want);

                if (got <= 0)
                        got = read_file(memory, address + done, to, want);
                if (got <= 0)
                        break;
                done += (size_t)got;
        }
        return done;
}

static uint64_t next_process(void *context, uint64_t address, uint64_t end)
{
        struct process_memory *memory = context;

        return present_next(&memory->present, address, end);
}

struct memory process_memory_reader(struct process_memory *memory)
{
        return (struct memory){ read_process, next_process, memory, true };
}

bool memory_read_all(const struct memory *memory, uint64_t address, void *buffer, size_t size)
{
        return memory->read(memory->context, address, buffer, size) == size;
}

uint64_t memory_word(const struct memory *memory, uint64_t address)
{
        uint64_t word = 0;

        return memory_read_all(memory, address, &word, sizeof word) ? word : 0;
}
