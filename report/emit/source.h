/*
 * source.h: where a frame's source is, for those who look for it in a source
 * tree: CI systems and editors.
 */
#ifndef WEIR_SOURCE_H
#define WEIR_SOURCE_H

#include "format.h"

#include <stdbool.h>

enum { SOURCE_MOST = 8192 };

struct source {
        const struct report_frame *frame;
        char path[SOURCE_MOST]; /* below the root: relative to it; else absolute, or as the debug information has it */
        bool below;
};

/* Finds the source of a frame: false when it has none.  Names are joined and
 * `.` and `..` resolved as text; no file is looked at.  A relative name whose directory is not
 * known is taken for one below the root when the module is not the system's. */
bool source_of(struct source *source, const struct report_frame *frame, const struct format_options *options);

/* The place to show for a leak: its innermost frame below the root, else
 * its site (frames_site), where that has a source.  False when there is none;
 * `source->frame` is then the site, or NULL for an empty stack. */
bool source_of_leak(struct source *source, const struct report_leak *leak, const struct format_options *options);

#endif
