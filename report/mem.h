/*
 * mem.h: the reporter's one seam to the allocator.  Nothing in report/ calls
 * malloc itself, so that a test can make any allocation fail.
 */
#ifndef WEIR_MEM_H
#define WEIR_MEM_H

#include <stddef.h>

/* `count` objects of `size` bytes, zeroed; NULL when there is no memory or the
 * product overflows.  count == 0 gives a valid pointer. */
void *mem_alloc(size_t count, size_t size) __attribute__((malloc));

/* Makes room for `need` objects of `size` bytes in a growing array: `*array`
 * holds `*capacity` objects and is moved and doubled when that is too few; new
 * space is not zeroed.  0, or -1 with everything as it was.
 *
 *     if (mem_grow(&list, &capacity, count + 1, sizeof *list))
 *             return error_no_memory(e, "reading maps");
 *     list[count++] = item;
 */
int mem_grow(void *array, size_t *capacity, size_t need, size_t size);

/* Address space for `bytes` of zeroes, of which only what is written takes
 * memory; NULL when there is none.  mem_unreserve releases it. */
void *mem_reserve(size_t bytes);
/* The same for what is written here and there only: no large pages. */
void *mem_reserve_sparse(size_t bytes);
void mem_unreserve(void *memory, size_t bytes);

/* A copy of the string, or NULL. */
char *mem_string(const char *text) __attribute__((malloc));

/* A formatted string, or NULL. */
char *mem_format(const char *format, ...) __attribute__((malloc, format(printf, 1, 2)));

/* Releases what the functions above gave; NULL is allowed. */
void mem_free(void *memory);

/* For tests: the `nth` allocation from now on (1 = the next) and every one
 * after it fails; 0 ends it. */
void mem_fail_after(size_t nth);

#endif
