/*
 * kinds.h: sets of kinds, as a mask of 1 << enum kind.
 */
#ifndef WEIR_KINDS_H
#define WEIR_KINDS_H

#include "report.h"

#include <stdint.h>
#include <string.h>

#define KINDS_ALL  ((UINT32_C(1) << KIND_COUNT) - 1)
#define KINDS_GATE (UINT32_C(1) << KIND_DEFINITE | UINT32_C(1) << KIND_CYCLE) /* what --gate fails on */

/* "definite,cycle" or "all" into a mask.  NULL, or the word (not ended by a
 * NUL; up to a comma or the end) that is no kind; then `mask` is as it was. */
static inline const char *kinds_parse(const char *text, uint32_t *mask)
{
        uint32_t found = 0;

        for (;;) {
                size_t length = strcspn(text, ",");
                enum kind kind;

                if (length == 3 && !strncmp(text, "all", 3))
                        found |= KINDS_ALL;
                else if (kind_parse(text, length, &kind))
                        found |= UINT32_C(1) << kind;
                else
                        return text;
                if (!text[length])
                        break;
                text += length + 1;
        }
        *mask = found;
        return NULL;
}

#endif
