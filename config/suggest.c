/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean": the nearest of a few words. */
#include "config/diagnostics.h"

#include <string.h>

#define WORD_MAX 40 /* longer ones are no typing errors */

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Damerau-Levenshtein distance (adjacent letters may change places), row by row. */
static uint32_t distance(const char *a, size_t size_a, const char *b, size_t size_b)
{
    uint32_t rows[3][WORD_MAX + 1];
    for (uint32_t j = 0; j <= size_b; j++)
        rows[0][j] = j;
    for (uint32_t i = 1; i <= size_a; i++) {
        uint32_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (uint32_t j = 1; j <= size_b; j++) {
            uint32_t change = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(least(above[j], row[j - 1]) + 1, change);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[size_a % 3][size_b];
}

const char *muster_suggest(const char *word, const char *const *candidates)
{
    size_t size = strlen(word);
    if (size == 0 || size > WORD_MAX)
        return NULL;
    const char *nearest = NULL;
    uint32_t best = size < 3 ? 1 : (uint32_t)size / 3;
    for (; *candidates; candidates++) {
        size_t other = strlen(*candidates);
        if (other > WORD_MAX)
            continue;
        uint32_t d = distance(word, size, *candidates, other);
        if (d < best || (d == best && !nearest)) {
            best = d;
            nearest = *candidates;
        }
    }
    return nearest;
}
