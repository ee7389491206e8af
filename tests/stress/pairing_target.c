/*
 * Several threads allocate, reallocate and release blocks in every way, and
 * pass them to each other so that addresses come back quickly.
 *
 *     pairing-target LOG THREADS ROUNDS
 *
 * In LOG stands at the end what must be live: a line "ADDRESS SIZE THREAD" for
 * each block, in hexadecimal, decimal and decimal (the thread that made it last,
 * by the kernel's number).  It is kept without allocating.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SLOTS = 600, MAX_THREADS = 16 };

/* One block, and whoever holds `taken` may change it. */
struct slot {
        atomic_flag taken;
        void *block;
        size_t size;
        long thread;
};

static struct slot slots[SLOTS];
static unsigned long rounds;

struct worker {
        uint64_t random;
        long tid;
};

static uint32_t draw(struct worker *w, uint32_t below)
{
        w->random ^= w->random << 13;
        w->random ^= w->random >> 7;
        w->random ^= w->random << 17;
        return (uint32_t)(w->random >> 32) % below;
}

/* The value, but the compiler no longer knows where it came from. */
static void *opaque(void *p)
{
        __asm__ volatile("" : "+r"(p) : : "memory");
        return p;
}

/* Mostly small, so that few addresses serve all; one in 1000 is too large for
 * an event of 16 bytes, and mapped. */
static size_t draw_size(struct worker *w)
{
        uint32_t kind = draw(w, 1000);

        if (kind == 0)
                return (1 << 20) - 8 + draw(w, 1 << 20);
        if (kind < 10)
                return draw(w, 300000);
        return kind < 500 ? draw(w, 33) : draw(w, 500);
}

static void *allocate(struct worker *w, size_t size)
{
        void *p = NULL;

        switch (draw(w, 8)) {
        case 0:
                return calloc(1, size);
        case 1:
                return aligned_alloc(64, size);
        case 2:
                return posix_memalign(&p, 4096, size) ? NULL : p;
        case 3:
                return realloc(NULL, size);
        case 4:
                return memalign(32, size);
        default:
                return malloc(size);
        }
}

static void fill(struct worker *w, struct slot *s)
{
        s->size = draw_size(w);
        s->block = opaque(allocate(w, s->size));
        s->thread = w->tid;
        if (!s->block)
                abort();
}

static void resize(struct worker *w, struct slot *s)
{
        size_t size = draw_size(w);
        void *p;

        /* What is not fresh memory may stay where it is. */
        if (draw(w, 2))
                size = s->size ? 1 + draw(w, (uint32_t)s->size + 16) : 1;
        p = opaque(draw(w, 2) ? realloc(s->block, size ? size : 1) : reallocarray(s->block, 1, size ? size : 1));
        if (!p)
                abort();
        s->block = p;
        s->size = size ? size : 1;
        s->thread = w->tid;
}

static void fail_to_resize(struct slot *s)
{
        errno = 0;
        if (opaque(realloc(s->block, (size_t)opaque((void *)(PTRDIFF_MAX - 64)))) || errno != ENOMEM)
                abort();
        if (opaque(reallocarray(s->block, (size_t)opaque((void *)SIZE_MAX), 16)) || errno != ENOMEM)
                abort();
}

/* As glibc has it: the block is released. */
static void resize_to_nothing(struct slot *s)
{
        s->block = opaque(realloc(s->block, (size_t)opaque(NULL)));
        s->size = 0;
}

static void change(struct worker *w, struct slot *s)
{
        uint32_t what = draw(w, 16);

        if (!s->block) {
                fill(w, s);
        } else if (what < 6) {
                free(s->block);
                s->block = NULL;
        } else if (what < 12) {
                resize(w, s);
        } else if (what == 12) {
                fail_to_resize(s);
        } else if (what == 13) {
                resize_to_nothing(s);
        } else {
                free(s->block);
                fill(w, s); /* most likely the same address */
        }
}

static void *work(void *seed)
{
        struct worker w = { .random = (uintptr_t)seed * UINT64_C(0x9e3779b97f4a7c15), .tid = syscall(SYS_gettid) };

        for (unsigned long i = 0; i < rounds; i++) {
                struct slot *s = &slots[draw(&w, SLOTS)];

                if (atomic_flag_test_and_set_explicit(&s->taken, memory_order_acquire))
                        continue;
                change(&w, s);
                atomic_flag_clear_explicit(&s->taken, memory_order_release);
        }
        return NULL;
}

static void write_log(const char *path)
{
        static char text[SLOTS * 64];
        size_t used = 0;
        int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        for (unsigned i = 0; i < SLOTS; i++)
                if (slots[i].block)
                        used += (size_t)snprintf(text + used, sizeof text - used, "%zx %zu %ld\n",
                                                 (size_t)slots[i].block, slots[i].size, slots[i].thread);
        if (file < 0 || write(file, text, used) != (ssize_t)used || close(file))
                abort();
}

int main(int argc, char **argv)
{
        pthread_t threads[MAX_THREADS];
        uintptr_t count;

        if (argc != 4)
                return 2;
        count = strtoul(argv[2], NULL, 10);
        rounds = strtoul(argv[3], NULL, 10);
        if (count > MAX_THREADS)
                return 2;
        /* The first thread alone, so that the step from one to many is there. */
        (void)work((void *)(count + 1));
        for (uintptr_t i = 0; i < count; i++)
                if (pthread_create(&threads[i], NULL, work, (void *)(i + 1)))
                        abort();
        (void)work((void *)(count + 2));
        for (uintptr_t i = 0; i < count; i++)
                pthread_join(threads[i], NULL);
        write_log(argv[1]);
        return 0;
}
