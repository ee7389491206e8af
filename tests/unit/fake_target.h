/*
 * fake_target.h: a traced program for tests of the collector, with a shim of a
 * few lines in it.  The test program starts itself: a constructor sees
 * WEIR_FAKE in the environment, acts as that says and exits.
 */
#ifndef WEIR_TEST_FAKE_TARGET_H
#define WEIR_TEST_FAKE_TARGET_H

#include "channel_writer.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

struct fake {
        struct weir_session *session;
        struct writer writer;
        uint32_t slot;
        int memory;
};

static inline uint64_t fake_now(void)
{
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static inline void fake_bell(struct fake *fake)
{
        atomic_fetch_add(&fake->session->bell, 1);
        (void)syscall(SYS_futex, &fake->session->bell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Claims a slot; `parent` is the slot + 1 of the process it was forked from. */
static inline void fake_claim(struct fake *fake, uint32_t parent, uint32_t sequence)
{
        struct weir_layout layout = fake->session->layout;
        uint32_t expected = WEIR_SLOT_FREE;
        void *channel;

        fake->slot = atomic_fetch_add(&fake->session->slot_hint, 1) % WEIR_SLOTS;
        while (!atomic_compare_exchange_strong(&fake->session->slot_state[fake->slot], &expected, WEIR_SLOT_CLAIMED)) {
                fake->slot = (fake->slot + 1) % WEIR_SLOTS;
                expected = WEIR_SLOT_FREE;
        }
        channel = mmap(NULL, weir_channel_size(&layout), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                       fake->memory, (off_t)weir_channel_offset(fake->slot));
        if (channel == MAP_FAILED)
                abort();
        fake->writer = writer_on(channel, &layout);
        fake->writer.control->slot = fake->slot;
        fake->writer.control->parent_slot = parent;
        fake->writer.control->fork_sequence = sequence;
        fake->writer.control->start_ns = fake_now();
        atomic_store(&fake->session->slot_state[fake->slot], WEIR_SLOT_LIVE);
        fake_bell(fake);
}

static inline struct fake fake_attach(void)
{
        struct fake fake = { .memory = -1 };
        char path[64];
        int pid, descriptor;

        if (!getenv("WEIR_SESSION") || sscanf(getenv("WEIR_SESSION"), "%d:%d:", &pid, &descriptor) != 2)
                abort();
        (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, descriptor);
        fake.memory = open(path, O_RDWR | O_CLOEXEC);
        fake.session = mmap(NULL, WEIR_SESSION_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fake.memory, 0);
        if (fake.session == MAP_FAILED)
                abort();
        fake_claim(&fake, 0, 0);
        return fake;
}

/* Asks for a snapshot and stands still until it is taken. */
static inline void fake_ask(struct fake *fake, enum weir_end how, int status, const char *path)
{
        struct weir_control *control = fake->writer.control;

        control->end_how = how;
        control->end_status = status;
        control->end_tid = getpid();
        (void)snprintf(control->end_path, sizeof control->end_path, "%s", path);
        atomic_store(&control->state, WEIR_STATE_ENDING);
        fake_bell(fake);
        while (atomic_load(&control->state) == WEIR_STATE_ENDING)
                (void)syscall(SYS_futex, &control->state, FUTEX_WAIT, WEIR_STATE_ENDING, NULL, NULL, 0);
}

static inline void fake_exit(struct fake *fake, int status)
{
        fake_ask(fake, WEIR_END_EXIT, status, "");
        _exit(status);
}

/* fork as the shim sees it; returns in both. */
static inline pid_t fake_fork(struct fake *fake)
{
        uint32_t sequence = atomic_fetch_add(&fake->writer.control->fork_sequence_last, 1) + 1;
        uint32_t parent = fake->slot + 1;
        pid_t pid;

        writer_fork_mark(&fake->writer, sequence);
        pid = fork();
        if (pid == 0)
                fake_claim(fake, parent, sequence);
        return pid;
}

/* Waits while there is no room for one more record in ring 0. */
static inline void fake_wait_for_room(struct fake *fake)
{
        struct weir_ring *ring = &fake->writer.control->rings[0];

        while (fake->writer.positions[0] - atomic_load(&ring->tail) >= fake->writer.layout.ring0_records) {
                uint32_t drained;

                atomic_fetch_add(&ring->waiters, 1);
                drained = atomic_load(&ring->drained);
                if (fake->writer.positions[0] - atomic_load(&ring->tail) >= fake->writer.layout.ring0_records) {
                        fake_bell(fake);
                        (void)syscall(SYS_futex, &ring->drained, FUTEX_WAIT, drained, NULL, NULL, 0);
                }
                atomic_fetch_sub(&ring->waiters, 1);
        }
}

#endif
