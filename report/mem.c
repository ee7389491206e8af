#include "mem.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20, HUGE_FROM = 4 * HUGE_PAGE };

static _Atomic size_t fail_at; /* 0 = never; 1 = now and for good */

static bool must_fail(void)
{
        size_t left = atomic_load(&fail_at);

        if (!left)
                return false;
        if (left == 1)
                return true;
        atomic_store(&fail_at, left - 1);
        return false;
}

void mem_fail_after(size_t nth)
{
        atomic_store(&fail_at, nth);
}

/* Large memory is used at random: huge pages spare most of its misses in the
 * translation of addresses.  Advice only. */
static void *prefer_huge(void *memory, size_t bytes)
{
        uintptr_t start = ((uintptr_t)memory + HUGE_PAGE - 1) & ~(uintptr_t)(HUGE_PAGE - 1);
        uintptr_t end = ((uintptr_t)memory + bytes) & ~(uintptr_t)(HUGE_PAGE - 1);

        if (memory && bytes >= HUGE_FROM)
                (void)madvise((void *)start, end - start, MADV_HUGEPAGE);
        return memory;
}

void *mem_alloc(size_t count, size_t size)
{
        if (must_fail())
                return NULL;
        return prefer_huge(calloc(count ? count : 1, size), count * size);
}

int mem_grow(void *array, size_t *capacity, size_t need, size_t size)
{
        size_t want = *capacity ? *capacity : 8, bytes;
        void **slot = array;
        void *moved;

        if (need <= *capacity)
                return 0;
        while (want < need) {
                if (__builtin_mul_overflow(want, 2, &want))
                        return -1;
        }
        if (__builtin_mul_overflow(want, size, &bytes) || bytes > PTRDIFF_MAX || must_fail())
                return -1;
        moved = realloc(*slot, bytes);
        if (!moved)
                return -1;
        *slot = prefer_huge(moved, bytes);
        *capacity = want;
        return 0;
}

void *mem_reserve_sparse(size_t bytes)
{
        void *memory = MAP_FAILED;

        if (!must_fail())
                memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        return memory == MAP_FAILED ? NULL : memory;
}

void *mem_reserve(size_t bytes)
{
        return prefer_huge(mem_reserve_sparse(bytes), bytes);
}

void mem_unreserve(void *memory, size_t bytes)
{
        (void)munmap(memory, bytes);
}

char *mem_string(const char *text)
{
        size_t length = strlen(text) + 1;
        char *copy = mem_alloc(length, 1);

        return copy ? memcpy(copy, text, length) : NULL;
}

char *mem_format(const char *format, ...)
{
        va_list args;
        char *text = NULL;
        int length;

        if (must_fail())
                return NULL;
        va_start(args, format);
        length = vasprintf(&text, format, args);
        va_end(args);
        return length < 0 ? NULL : text;
}

void mem_free(void *memory)
{
        free(memory);
}
