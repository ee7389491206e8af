/*
 * suppress.h: rules for leaks that nobody wants to hear of.
 *
 * A file may mix three forms of rules; blank lines and lines that begin with `#`
 * are passed over.
 *
 * LeakSanitizer's, one line each; the pattern (see template_matches) is held
 * against the module's path, the function and the source file of every frame:
 *
 *     leak:PATTERN
 *
 * Valgrind's; the locations must match the stack from its innermost frame on, outer
 * frames are free.  `fun:` is compared with the linkage name, `...` stands for
 * any number of frames.  Entries for other tools and errors are passed over:
 *
 *     {
 *        name
 *        Memcheck:Leak
 *        match-leak-kinds: definite,possible
 *        fun:malloc
 *        ...
 *        obj:*libfoo.so*
 *        src:list.c:42
 *     }
 *
 * weir's own are Valgrind's with the tool `weir` and more lines before the
 * locations; `fun:` also matches the name as the report shows it:
 *
 *     {
 *        name
 *        weir:Leak
 *        match-leak-kinds: cycle,unknown
 *        type: Node*               glob on the type that the report shows
 *        max-bytes: 4096           a leak that is larger is not suppressed
 *        max-blocks: 10
 *        reason: ticket 123
 *        expires: 2027-01-31       from the day after, the rule matches nothing
 *        fun:list_push
 *     }
 *
 * In kinds, `definite` of Valgrind's files means weir's cycles as well, which
 * Valgrind counts as definite.
 */
#ifndef WEIR_SUPPRESS_H
#define WEIR_SUPPRESS_H

#include "../emit/report.h"
#include "../error.h"
#include "scope.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SUPPRESS_LOCATIONS_MOST = 500 }; /* of one rule */

enum location_type { LOCATION_FUNCTION, LOCATION_OBJECT, LOCATION_SOURCE, LOCATION_ANY };

struct location {
        enum location_type type;
        const char *pattern;
        uint32_t line; /* of a source; 0 = any */
};

enum rule_form { RULE_LSAN, RULE_VALGRIND, RULE_WEIR };

struct rule {
        enum rule_form form;
        const char *name;     /* as the report tells it: "leak:PATTERN", or the entry's name */
        const char *pattern;  /* RULE_LSAN */
        const char *file;     /* NULL = built in */
        uint32_t line;        /* its first */
        uint32_t kinds;       /* mask of 1 << enum kind */
        size_t first, count;  /* its locations in suppressions.locations */
        const char *type;     /* glob on the leak's type; NULL = any */
        uint64_t max_bytes, max_blocks; /* UINT64_MAX = no limit */
        int32_t expires;      /* as YYYYMMDD; 0 = never */
        const char *reason;   /* NULL = none is given */
        uint64_t leaks, blocks, bytes; /* what it hit */
};

struct suppressions {
        struct rule *rules;
        size_t count, capacity;
        struct location *locations;
        size_t location_count, location_capacity;
        char **texts;         /* what the rules point into */
        size_t text_count, text_capacity;
        int32_t today;        /* as YYYYMMDD; 0 = the present day; for tests */
        const struct scope *scope; /* leaks outside of it are set aside; NULL = none is */
        struct rule outside;  /* that did so */
};

/* Begin with a zeroed struct; release it with suppressions_deinit. */
void suppressions_deinit(struct suppressions *s);

/* Adds the rules of a file.  0, or -1 with ERROR_BAD_INPUT and "FILE:LINE:
 * what was expected"; then no rule of it was added. */
int suppressions_read(struct suppressions *s, const char *path, struct error *e);

/* The same from memory; `name` is what errors call it and rules name as their
 * file (copied), NULL = built in. */
int suppressions_parse(struct suppressions *s, const char *text, size_t length, const char *name, struct error *e);

/* Adds the rules that weir brings along: what the C library, the loader and
 * the C++ runtime keep for themselves. */
int suppressions_add_built_in(struct suppressions *s, struct error *e);

/* Their text (suppress_built_in.c). */
const char *suppressions_built_in(void);

/* The first rule that matches the leak, or NULL. */
struct rule *suppressions_find(struct suppressions *s, const struct report_leak *leak);

/* Suppresses what the rules match, and with each leak what it alone owns; what
 * no rule matches and the scope does not hold is set aside likewise.  Fills
 * status and suppressed_by of the leaks and report->suppressions (of the
 * built-in rules only those that hit; none for reachable leaks where none is listed), warns of rules that have expired,
 * and sums again.  What is suppressed already stays so, and its rules stay listed before the new ones.  0, or -1
 * without memory. */
int suppressions_apply(struct suppressions *s, struct report *report, struct error *e);

#endif
