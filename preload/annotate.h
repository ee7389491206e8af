/*
 * annotate.h: what the program says of its own heap: the functions of
 * LeakSanitizer's interface, and of weir.h.
 *
 * None of them costs anything where it is not called: a disabled thread
 * records under a second number of its own (WEIR_THREAD_QUIET), so that the
 * recording path does not ask.
 */
#ifndef WEIR_ANNOTATE_H
#define WEIR_ANNOTATE_H

#include <stdbool.h>
#include <stddef.h>

/* Asks the program for __lsan_default_options, __lsan_default_suppressions and
 * __lsan_is_turned_off, which it may define.  From the library's constructor,
 * the guard not raised: they are the program's own code. */
void annotate_ask_program(void);

/* Says the same again to the channel of a fork child.  The guard is raised. */
void annotate_repeat(void);

/* LeakSanitizer's, as its own header has them. */
void __lsan_disable(void);
void __lsan_enable(void);
void __lsan_ignore_object(const void *address);
void __lsan_register_root_region(const void *start, size_t size);
void __lsan_unregister_root_region(const void *start, size_t size);
void __lsan_do_leak_check(void);
int __lsan_do_recoverable_leak_check(void);

#endif
