/*
 * present.h: which pages of a process hold anything, from /proc/PID/pagemap.
 * A page that was never touched, or only read, reads as zeroes (or as the
 * file it maps) and need not be read.
 */
#ifndef WEIR_PRESENT_H
#define WEIR_PRESENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { PRESENT_RUNS = 512 };

struct present_run {
        uint64_t start, end;
};

/* Answers from a window of the address space that was asked for last. */
struct present {
        int fd;             /* -1 = nothing is known of any page */
        bool scan;          /* the kernel has PAGEMAP_SCAN (Linux 6.7) */
        uint64_t from, to;  /* the window */
        struct present_run runs[PRESENT_RUNS]; /* what holds something in it; ascending */
        size_t count;
};

void present_init(struct present *present, pid_t pid);
void present_deinit(struct present *present);

/* The first address in [address, end) on a page that holds something, `end`
 * when there is none.  `address` itself when nothing is known. */
uint64_t present_next(struct present *present, uint64_t address, uint64_t end);

/* The end of the run of such pages that holds `address`, at most `end`. */
uint64_t present_end(struct present *present, uint64_t address, uint64_t end);

#endif
