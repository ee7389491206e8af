/*
 * utf8.h: where valid UTF-8 ends, and what of it is harmless.
 */
#ifndef WEIR_UTF8_H
#define WEIR_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* The length (1 to 4) of the valid UTF-8 character at `text`, which ends with
 * a NUL; 0 when its first byte begins none, also at the end.  Overlong forms,
 * surrogates and what is above U+10FFFF are not valid. */
size_t utf8_length(const char *text);

/* Whether the character of that length at `text` is one to print as it is: no
 * control (C0, DEL, C1), no separator of lines or paragraphs, nothing that changes
 * the direction of text, and a character at all. */
bool utf8_is_plain(const char *text, size_t length);

#endif
