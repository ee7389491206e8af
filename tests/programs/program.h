/*
 * program.h: what the test programs share.  Nothing here may be folded away
 * by the compiler: a block that is lost must be lost at -O2 too, and be in no
 * register or stack slot of a function that has not returned.
 */
#ifndef WEIR_TEST_PROGRAM_H
#define WEIR_TEST_PROGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline, noclone))

/* A variable that is only ever written and must be kept all the same. */
#define KEPT static __attribute__((used))

/* The value, but the compiler no longer knows where it came from. */
static inline void *opaque(void *p)
{
        __asm__ volatile("" : "+r"(p) : : "memory");
        return p;
}

/* A zeroed block. */
static inline void *block(size_t size)
{
        void *p = opaque(calloc(1, size));

        if (!p)
                abort();
        return p;
}

/* Stores a pointer (any word) into a block. */
static inline void put(void *p, size_t offset, const void *value)
{
        memcpy((char *)p + offset, &value, sizeof value);
        __asm__ volatile("" : : "r"(p) : "memory");
}

/* Loses a block. */
static inline void lose(void *p)
{
        (void)opaque(p);
}

static NOINLINE void take_six(long a, long b, long c, long d, long e, long f)
{
        __asm__ volatile("" : : "r"(a), "r"(b), "r"(c), "r"(d), "r"(e), "r"(f));
}

/* Overwrites what finished calls left below the stack pointer, and in the
 * registers of arguments, which the loader saves when it looks a function up. */
static NOINLINE void scrub(void)
{
        volatile char dead[16384];

        for (size_t i = 0; i < sizeof dead; i++)
                dead[i] = 0;
        take_six(0, 0, 0, 0, 0, 0);
}

#endif
