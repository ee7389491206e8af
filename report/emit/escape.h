/*
 * escape.h: text made harmless for where it goes.
 *
 * Foreign text (names, paths, arguments) first loses what could end a line,
 * command a terminal or turn the direction of text: such characters, and
 * bytes that are not UTF-8, become \xHH in every form.  What is then left of
 * special meaning in the form is replaced as the form does it.
 */
#ifndef WEIR_ESCAPE_H
#define WEIR_ESCAPE_H

#include <stdio.h>

enum escape_form {
        ESCAPE_PLAIN,    /* one line */
        ESCAPE_JSON,     /* between the quotes of a string */
        ESCAPE_XML,      /* an element's text or a quoted attribute */
        ESCAPE_COMMAND,  /* the message of a GitHub workflow command */
        ESCAPE_PROPERTY, /* the value of one of its properties */
        ESCAPE_MARKDOWN, /* text, also in a table or in HTML */
        ESCAPE_TAP,      /* the description of a test */
        ESCAPE_URI,      /* a path in a URI */
};

struct escape {
        FILE *out;
        enum escape_form form;
};

/* Foreign text.  In a URI every byte is kept, as %HH where it must be. */
void escape_text(const struct escape *to, const char *text);

/* Printf for weir's own words, at most 255 bytes; a new line in them is one where the form
 * can have it. */
void escape_print(const struct escape *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
