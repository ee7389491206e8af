/*
 * apart.h: memory that no other mapping touches.
 *
 * What a thread remembers of its stacks holds the program's own pointers.  The
 * kernel makes one mapping of two that are alike and side by side, and the
 * reporter, which reads the first thread's storage with what may lie in its
 * surplus, would take these for the program's.  So there is a page on either
 * side that nobody can read.
 *
 * Callable from wherever raw.h is.
 */
#ifndef WEIR_APART_H
#define WEIR_APART_H

#include <sys/mman.h>

#include "channel.h"
#include "raw.h"

/* At least `bytes` of zeroed memory at the beginning of a page, or NULL. */
static inline void *apart_map(size_t bytes)
{
        size_t inside = weir_pages(bytes);
        char *all = raw_mmap(NULL, inside + 2 * (size_t)WEIR_PAGE, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (!all)
                return NULL;
        if (raw_syscall(SYS_mprotect, all + WEIR_PAGE, inside, PROT_READ | PROT_WRITE, 0) < 0) {
                raw_munmap(all, inside + 2 * (size_t)WEIR_PAGE);
                return NULL;
        }
        return all + WEIR_PAGE;
}

/* Gives back what apart_map gave for as many bytes. */
static inline void apart_unmap(void *memory, size_t bytes)
{
        raw_munmap((char *)memory - WEIR_PAGE, weir_pages(bytes) + 2 * (size_t)WEIR_PAGE);
}

#endif
