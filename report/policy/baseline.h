/*
 * baseline.h: the leaks that are known, so that only new ones, and known ones that
 * have grown, fail a gate.
 *
 * A baseline is any stored report, or a file made for keeping beside the
 * sources: no addresses, lines or times in it, one leak on each line, sorted.
 *
 *     { "schema": "weir-baseline/1", "leaks": [ { id, kind, blocks, bytes, site }, ... ] }
 */
#ifndef WEIR_BASELINE_H
#define WEIR_BASELINE_H

#include "../emit/report.h"
#include "../error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BASELINE_SCHEMA "weir-baseline/1"

struct baseline_entry {
        const char *id;
        enum kind kind;
        uint64_t blocks, bytes; /* of all leaks with this id */
        const char *site;       /* for people; may be NULL */
};

struct baseline {
        struct baseline_entry *list; /* ascending by id, each once */
        size_t count;
        bool is_report;              /* it was read from a report, or a capture */
        struct report *memory;       /* that owns it all */
};

/* How much larger than in the baseline a leak may be and still be known. */
struct baseline_tolerance {
        uint32_t percent; /* of its bytes and of its blocks */
        uint64_t bytes;   /* not 0: so many bytes, in any number of blocks; percent does not count */
};

/* Reads a baseline or a JSON report; of a capture, see baseline_of.  0, or -1 with ERROR_BAD_INPUT. */
int baseline_read(struct baseline *baseline, const char *path, struct error *e);

/* The same from memory; errors call it `name`. */
int baseline_parse(struct baseline *baseline, const char *text, size_t length, const char *name, struct error *e);

/* The leaks of a report that are not suppressed.  0, or -1 without memory. */
int baseline_of(struct baseline *baseline, const struct report *report, struct error *e);

void baseline_deinit(struct baseline *baseline);

/* The entry with that id, or NULL. */
const struct baseline_entry *baseline_find(const struct baseline *baseline, const char *id);

/* Marks the report's leaks that the baseline knows and that are not larger
 * than the tolerance allows; says of each what the baseline had, fills the
 * numbers of report->gate, in which indirect and reachable ones do not count,
 * and sums again.  0, or -1 without memory. */
int baseline_apply(const struct baseline *baseline, struct report *report, const struct baseline_tolerance *tolerance,
                   struct error *e);

/* Prints it as a baseline file; write errors stay with the stream. */
void baseline_write(const struct baseline *baseline, FILE *out);

/* Puts it in place of the file, as a whole.  0, or -1 with the file as it was. */
int baseline_save(const struct baseline *baseline, const char *path, struct error *e);

#endif
