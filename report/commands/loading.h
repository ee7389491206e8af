/*
 * loading.h: a stored report, whatever it is stored in: a JSON report as it
 * was written, or a capture, whose heaps are looked at again.
 */
#ifndef WEIR_LOADING_H
#define WEIR_LOADING_H

#include "capture/file.h"
#include "emit/report.h"
#include "error.h"
#include "shared.h"
#include "symbols/symbols.h"

#include <stdbool.h>
#include <stdint.h>

/* True when the file begins as a capture file does; never an error. */
bool loading_is_capture(const char *path);

/* The report in the file ("-" = a JSON report on standard input).  Of a capture
 * it is what a `weir run` without policy options made, or with `raw` one that
 * nothing is suppressed in.  `kinds` (mask of 1 << enum kind) says whether a
 * capture's reachable blocks are to be listed.  NULL with an error. */
struct report *loading_report(const char *path, uint32_t kinds, bool raw, struct error *e);

/* The same, with what else the options ask of it: --retained of a report that
 * has no such table is an error. */
struct report *loading_for(const char *path, const struct shared_output *options, bool raw, struct error *e);

/* What names an open capture: its own names, or the program's files where it
 * has none; `*own` is then the caller's to destroy.  NULL with an error. */
struct symbols *loading_symbols(struct capture_file *file, struct symbols **own, struct error *e);

/* The same from an open capture, which keeps the findings of its processes:
 * drop them with loading_forget before it is closed. */
struct report *loading_capture(struct capture_file *file, struct symbols *symbols, const struct shared_output *options,
                               bool raw, struct error *e);
void loading_forget(struct capture_file *file);

#endif
