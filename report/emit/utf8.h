/*
 * utf8.h: where valid UTF-8 ends.
 */
#ifndef WEIR_UTF8_H
#define WEIR_UTF8_H

#include <stddef.h>

/* The length (1 to 4) of the valid UTF-8 character at `text`, which ends with
 * a NUL; 0 when its first byte begins none, also at the end.  Overlong forms,
 * surrogates and what is above U+10FFFF are not valid. */
size_t utf8_length(const char *text);

#endif
