/*
 * weir/weir.h: what a program may tell weir about its heap.
 *
 * Header only: nothing is linked.  Where the program does not run under weir
 * each call is one load and one branch, and does nothing; a program that was
 * built with this header runs anywhere.  All may be called by any thread, at
 * any time.  `pkg-config --cflags weir` finds the header.
 *
 * The functions of <sanitizer/lsan_interface.h> are honoured as well, in
 * programs that declare them weak or look them up; see weir(1).
 */
#ifndef WEIR_ANNOTATIONS_H
#define WEIR_ANNOTATIONS_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What weir_check found lost: heads of leaks and cycles (each group of equal
 * ones counts once) that no suppression covers, and all that is lost with them. */
struct weir_leaks {
        unsigned long long leaks, blocks, bytes;
};

/* Defined by libweir.so; not to be called but through the functions below. */
extern void weir_shim_disable(void) __attribute__((weak));
extern void weir_shim_enable(void) __attribute__((weak));
extern void weir_shim_ignore(const void *) __attribute__((weak));
extern void weir_shim_add_root(const void *, size_t) __attribute__((weak));
extern void weir_shim_remove_root(const void *, size_t) __attribute__((weak));
extern int weir_shim_check(struct weir_leaks *) __attribute__((weak));

/* True when the program runs under weir. */
static inline int weir_is_here(void)
{
        return weir_shim_check != NULL;
}

/* What this thread allocates until weir_enable is no leak, nor what only such
 * blocks hold.  Calls nest; a new thread begins enabled. */
static inline void weir_disable(void)
{
        if (weir_shim_disable)
                weir_shim_disable();
}

static inline void weir_enable(void)
{
        if (weir_shim_enable)
                weir_shim_enable();
}

/* The block that `address` points at or into is no leak until it is released,
 * nor is what it holds. */
static inline void weir_ignore(const void *address)
{
        if (weir_shim_ignore)
                weir_shim_ignore(address);
}

/* [start, start + size) holds blocks, as global data do: for memory that weir
 * does not know, as what another process shares.  To be removed with the same
 * two values. */
static inline void weir_add_root(const void *start, size_t size)
{
        if (weir_shim_add_root)
                weir_shim_add_root(start, size);
}

static inline void weir_remove_root(const void *start, size_t size)
{
        if (weir_shim_remove_root)
                weir_shim_remove_root(start, size);
}

/* Looks now, while the program stands still, for what is lost, and goes on.
 * Returns 1 when something is, 0 when nothing is, -1 when nobody could look (the
 * program does not run under weir, or its memory cannot be read).  `leaks` may be
 * NULL; it is filled unless -1 is returned.  The report at the end is as it
 * would be without. */
static inline int weir_check(struct weir_leaks *leaks)
{
        return weir_shim_check ? weir_shim_check(leaks) : -1;
}

#ifdef __cplusplus
}

/* weir_disable for a scope. */
struct weir_scoped_disabler {
        weir_scoped_disabler()
        {
                weir_disable();
        }
        ~weir_scoped_disabler()
        {
                weir_enable();
        }
        weir_scoped_disabler(const weir_scoped_disabler &) = delete;
        weir_scoped_disabler &operator=(const weir_scoped_disabler &) = delete;
};
#endif

#endif
