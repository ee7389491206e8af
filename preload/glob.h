/*
 * glob.h: the patterns that both the shim and the reporter know.
 */
#ifndef WEIR_SHIM_GLOB_H
#define WEIR_SHIM_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/* The whole text, with `*` for any run of characters and `?` for any one.
 * Calls nothing; time in proportion to the product of the lengths at most. */
static inline bool glob_is(const char *pattern, const char *text)
{
        const char *star = NULL, *retry = NULL;

        while (*text) {
                if (*pattern == '*') {
                        star = ++pattern;
                        retry = text;
                } else if (*pattern == '?' || *pattern == *text) {
                        pattern++;
                        text++;
                } else if (star) {
                        pattern = star;
                        text = ++retry;
                } else {
                        return false;
                }
        }
        while (*pattern == '*')
                pattern++;
        return !*pattern;
}

#endif
