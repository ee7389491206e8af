/*
 * glob.h: the two kinds of patterns in suppressions.  Both take time in
 * proportion to the product of the lengths at most.
 */
#ifndef WEIR_GLOB_H
#define WEIR_GLOB_H

#include <stdbool.h>

/* Valgrind's: the whole text, with `*` for any run of characters and `?` for
 * any one. */
bool glob_matches(const char *pattern, const char *text);

/* LeakSanitizer's: a part of the text, with `*` for any run of characters; `^`
 * in front anchors at the beginning, `$` at the end (what follows it does not count).
 * Each piece takes its leftmost place and keeps it, so `foo$` does not match
 * "foo_foo".  Nothing matches an empty text. */
bool template_matches(const char *pattern, const char *text);

#endif
