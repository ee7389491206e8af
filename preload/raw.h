/*
 * raw.h: system calls and memory helpers that do not pass through libc, so
 * that they can be neither interposed nor re-entered, and never touch errno.
 *
 * Every call answers like the kernel: a negative number is -errno.
 * Async-signal-safe, callable from anywhere in the shim, also in a child that
 * shares its parent's memory.
 */
#ifndef WEIR_RAW_H
#define WEIR_RAW_H

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>

#if defined(__x86_64__)

static inline long raw_syscall6(long n, long a, long b, long c, long d, long e, long f)
{
        register long r10 __asm__("r10") = d;
        register long r8 __asm__("r8") = e;
        register long r9 __asm__("r9") = f;
        long result;

        __asm__ volatile("syscall"
                         : "=a"(result)
                         : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                         : "rcx", "r11", "memory");
        return result;
}

#elif defined(__aarch64__)

static inline long raw_syscall6(long n, long a, long b, long c, long d, long e, long f)
{
        register long x8 __asm__("x8") = n;
        register long x0 __asm__("x0") = a;
        register long x1 __asm__("x1") = b;
        register long x2 __asm__("x2") = c;
        register long x3 __asm__("x3") = d;
        register long x4 __asm__("x4") = e;
        register long x5 __asm__("x5") = f;

        __asm__ volatile("svc 0"
                         : "+r"(x0)
                         : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                         : "memory");
        return x0;
}

#else
#error "raw.h knows no system call instruction for this architecture"
#endif

#define raw_syscall(n, a, b, c, d)                                                                                     \
        raw_syscall6((n), (long)(a), (long)(b), (long)(c), (long)(d), 0L, 0L)

static inline long raw_openat(const char *path, int flags)
{
        return raw_syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0);
}

static inline void raw_close(long descriptor)
{
        (void)raw_syscall(SYS_close, descriptor, 0, 0, 0);
}

/* NULL where the kernel refused. */
static inline void *raw_mmap(void *at, size_t bytes, int protection, int flags, long descriptor, uint64_t offset)
{
        long p = raw_syscall6(SYS_mmap, (long)at, (long)bytes, protection, flags, descriptor, (long)offset);

        return p < 0 && p > -4096 ? NULL : (void *)p;
}

static inline void raw_munmap(void *at, size_t bytes)
{
        (void)raw_syscall(SYS_munmap, at, bytes, 0, 0);
}

static inline long raw_madvise(void *at, size_t bytes, int advice)
{
        return raw_syscall(SYS_madvise, at, bytes, advice, 0);
}

static inline int32_t raw_getpid(void)
{
        return (int32_t)raw_syscall(SYS_getpid, 0, 0, 0, 0);
}

static inline int32_t raw_getppid(void)
{
        return (int32_t)raw_syscall(SYS_getppid, 0, 0, 0, 0);
}

static inline int32_t raw_gettid(void)
{
        return (int32_t)raw_syscall(SYS_gettid, 0, 0, 0, 0);
}

/* CLOCK_MONOTONIC in nanoseconds. */
static inline uint64_t raw_now(void)
{
        struct timespec now = {0};

        (void)raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now, 0, 0);
        return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* Sleeps while *word == expected, at most `milliseconds`; may return early. */
static inline void raw_futex_wait(const _Atomic uint32_t *word, uint32_t expected, unsigned milliseconds)
{
        struct timespec timeout = {milliseconds / 1000, (long)(milliseconds % 1000) * 1000000L};

        (void)raw_syscall(SYS_futex, word, FUTEX_WAIT, expected, &timeout);
}

static inline void raw_futex_wake(_Atomic uint32_t *word, unsigned count)
{
        (void)raw_syscall(SYS_futex, word, FUTEX_WAKE, count, 0);
}

/* The compiler may turn loops into calls of memset and the like; those of
 * libc are pure and safe, so that is harmless. */
static inline void raw_copy(void *to, const void *from, size_t bytes)
{
        unsigned char *t = to;
        const unsigned char *f = from;

        while (bytes--)
                *t++ = *f++;
}

static inline void raw_zero(void *at, size_t bytes)
{
        unsigned char *p = at;

        while (bytes--)
                *p++ = 0;
}

static inline size_t raw_length(const char *text)
{
        size_t n = 0;

        while (text[n])
                n++;
        return n;
}

static inline bool raw_equal(const void *a, const void *b, size_t bytes)
{
        const unsigned char *x = a, *y = b;

        for (size_t i = 0; i < bytes; i++)
                if (x[i] != y[i])
                        return false;
        return true;
}

/* True when `text` begins with `prefix`. */
static inline bool raw_begins(const char *text, const char *prefix)
{
        while (*prefix)
                if (*text++ != *prefix++)
                        return false;
        return true;
}

/* Reads a decimal number at *text and moves *text past it; false when there
 * is none or it exceeds INT32_MAX. */
static inline bool raw_number(const char **text, int32_t *number)
{
        const char *p = *text;
        int64_t n = 0;

        if (*p < '0' || *p > '9')
                return false;
        for (; *p >= '0' && *p <= '9'; p++) {
                n = n * 10 + (*p - '0');
                if (n > INT32_MAX)
                        return false;
        }
        *number = (int32_t)n;
        *text = p;
        return true;
}

/* Appends `number` in decimal at `to`; the new end, where a NUL is put. */
static inline char *raw_decimal(char *to, uint32_t number)
{
        char digits[10];
        unsigned n = 0;

        do
                digits[n++] = (char)('0' + number % 10);
        while ((number /= 10) != 0);
        while (n)
                *to++ = digits[--n];
        *to = 0;
        return to;
}

/* Appends `text` at `to`; the new end, where a NUL is put. */
static inline char *raw_append(char *to, const char *text)
{
        while ((*to = *text++) != 0)
                to++;
        return to;
}

#endif
