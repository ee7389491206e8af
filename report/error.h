/*
 * error.h: how weir's reporter fails.
 *
 * A function that can fail takes a `struct error *` as its last argument and
 * returns 0 or -1 (or a pointer or NULL).  On failure it has filled the error
 * and changed nothing else the caller can see; on success it leaves the error
 * alone.  The text is one sentence for the user: it names the file or process,
 * says what is wrong and, where there is one, the cure.  Libraries never
 * print; main and the commands do.  An error needs no memory and no freeing.
 */
#ifndef WEIR_ERROR_H
#define WEIR_ERROR_H

/* Why it failed, as far as a caller or the exit status may care. */
enum error_code {
        ERROR_NONE = 0,
        ERROR_FAILED,       /* weir failed: exit 125 */
        ERROR_USAGE,        /* misused: exit 125 */
        ERROR_UNTRACEABLE,  /* static, setuid, another architecture, sanitizer-built: exit 125 */
        ERROR_CANNOT_RUN,   /* the command exists and cannot be run: exit 126 */
        ERROR_NOT_FOUND,    /* no such command: exit 127 */
        ERROR_BAD_INPUT,    /* a file that is truncated, damaged or not ours: exit 125 */
        ERROR_REFUSED,      /* the system refused (ptrace, permissions); the caller may go on without */
        ERROR_GONE,         /* the process ended meanwhile */
        ERROR_NO_MEMORY,
};

struct error {
        enum error_code code;
        char text[1000];
};

/* Fills `e` (printf style) and returns -1.  A NULL `e` is allowed. */
int error_set(struct error *e, enum error_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same, with ": " and the text of `errnum` at the end. */
int error_set_errno(struct error *e, enum error_code code, int errnum, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* Puts "prefix: " before the text; returns -1. */
int error_prefix(struct error *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "out of memory while ..."; returns -1. */
int error_no_memory(struct error *e, const char *doing);

/* The exit status that DESIGN.md's table gives to the code: 125, 126 or 127. */
int error_exit_status(const struct error *e);

#endif
