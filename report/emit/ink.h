/*
 * ink.h: pieces of text for people: safe, in colour or not, numbers that can
 * be read.  Everything goes to one stream; nothing depends on the locale or
 * on the width of the terminal.
 */
#ifndef WEIR_INK_H
#define WEIR_INK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum ink_style { INK_PLAIN, INK_BOLD, INK_DIM, INK_RED, INK_YELLOW, INK_GREEN, INK_CYAN };

struct ink {
        FILE *out;
        bool color;
};

/* Printf in a style.  Only for text of weir's own: nothing is escaped. */
void ink_print(const struct ink *ink, enum ink_style style, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Foreign text (names, paths, arguments): control characters and whatever could
 * command a terminal or turn the direction of text, and bytes that are not
 * UTF-8, are printed as \xHH.  Of a text longer than `most` characters the
 * middle is left out; 0 = no limit. */
void ink_text(const struct ink *ink, enum ink_style style, const char *text, size_t most);

/* How many columns ink_text takes, counting a character as one. */
size_t ink_width(const char *text, size_t most);

/* Spaces. */
void ink_pad(const struct ink *ink, size_t count);

/* "1,234,567", and the same in a buffer. */
enum { INK_GROUPED = 32 };
const char *ink_grouped(uint64_t value, char buffer[INK_GROUPED]);
void ink_number(const struct ink *ink, enum ink_style style, uint64_t value);

/* "1,234,567 bytes (1.2 MiB)", "1 byte", "12 blocks", "1 block": the unit is
 * given in the singular; a size in other units is added to bytes from 10 KiB. */
void ink_bytes(const struct ink *ink, enum ink_style style, uint64_t bytes);
void ink_count(const struct ink *ink, enum ink_style style, uint64_t count, const char *unit);

#endif
