#include "nearest.h"

#include <string.h>

enum { LONGEST = 40 };

static size_t least(size_t a, size_t b, size_t c)
{
        size_t m = a < b ? a : b;

        return m < c ? m : c;
}

/* Edits between two words of at most LONGEST letters, a swap of neighbours
 * being one. */
static size_t distance(const char *a, size_t na, const char *b, size_t nb)
{
        size_t d[LONGEST + 1][LONGEST + 1];

        for (size_t i = 0; i <= na; i++)
                d[i][0] = i;
        for (size_t j = 0; j <= nb; j++)
                d[0][j] = j;
        for (size_t i = 1; i <= na; i++) {
                for (size_t j = 1; j <= nb; j++) {
                        d[i][j] = least(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                            d[i - 2][j - 2] + 1 < d[i][j])
                                d[i][j] = d[i - 2][j - 2] + 1;
                }
        }
        return d[na][nb];
}

void nearest_offer(struct nearest *n, const char *known)
{
        size_t length = strlen(known);
        size_t limit = length / 3 > 3 ? 3 : length < 6 ? 2 : length / 3;
        size_t edits;

        if (length > LONGEST || n->length > LONGEST)
                return;
        edits = distance(n->word, n->length, known, length);
        if (edits >= length || edits > limit || (n->best && edits >= n->best_distance))
                return;
        n->best = known;
        n->best_distance = edits;
}
