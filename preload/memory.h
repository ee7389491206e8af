/*
 * memory.h: reading words that may not be there.
 *
 * A window is a range known to be readable.  The thread's own stack, from a
 * frame's stack pointer up, is one for free; anywhere else a page is asked of
 * the kernel first and then joins or replaces the window.  The answer holds
 * for the walk it was asked in and is not kept.
 */
#ifndef WEIR_MEMORY_H
#define WEIR_MEMORY_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "channel.h"
#include "frame.h"
#include "raw.h"

struct window {
        uintptr_t low, high; /* [low, high), may be empty */
};

/* Whether the page of `address` can be read: the kernel copies the 8 bytes
 * before it looks at the impossible first argument, so nothing changes.
 * Nothing is ever mapped at 0, which is asked for most. */
static inline bool memory_page_readable(uintptr_t address)
{
        return address >= WEIR_PAGE && raw_syscall(SYS_rt_sigprocmask, ~0, address & ~(uintptr_t)7, 0, 8) != -EFAULT;
}

static inline bool window_extend(struct window *w, uintptr_t address)
{
        uintptr_t page = address & ~(uintptr_t)(WEIR_PAGE - 1);

        if (!memory_page_readable(page))
                return false;
        if (page <= w->high && page + WEIR_PAGE > w->high && w->high > w->low)
                w->high = page + WEIR_PAGE;
        else if (page < w->low && page + WEIR_PAGE >= w->low && w->high > w->low)
                w->low = page;
        else
                *w = (struct window){ page, page + WEIR_PAGE };
        return true;
}

static inline bool window_holds(const struct window *w, uintptr_t address, size_t bytes)
{
        return address >= w->low && address <= w->high && w->high - address >= bytes;
}

/* Reads the word at `address` in the window, which never grows. */
static inline bool window_word(struct window *w, uintptr_t address, uintptr_t *value)
{
        if (!window_holds(w, address, sizeof *value))
                return false;
        *value = arch_read((const arch_word *)address);
        return true;
}

/* Reads any word: false when it is not readable. */
static inline bool memory_word(struct window *w, uintptr_t address, uintptr_t *value)
{
        if (address > UINTPTR_MAX - sizeof *value)
                return false;
        if (window_word(w, address, value))
                return true;
        if (!memory_page_readable(address) || !memory_page_readable(address + sizeof *value - 1))
                return false;
        window_extend(w, address);
        memcpy(value, (const void *)address, sizeof *value);
        return true;
}

#endif
