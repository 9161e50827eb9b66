/* SPDX-License-Identifier: Apache-2.0 */
/* Several files in one input: each begins with a line `=== NAME`; the first begins the input, or is
 * called main.yaml. */
#ifndef MUSTER_TESTS_FUZZ_SOURCES_H
#define MUSTER_TESTS_FUZZ_SOURCES_H

#include "config/diagnostics.h"

#include <string.h>

#define SOURCE_MAIN  "main.yaml"
#define SOURCE_BEGIN "=== "

/* The next line that begins a file, or the end. */
static inline const char *source_end(const char *at, const char *end)
{
    const size_t head = strlen(SOURCE_BEGIN);
    while (at < end) {
        if ((size_t)(end - at) > head && memcmp(at, SOURCE_BEGIN, head) == 0)
            return at;
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        at = newline ? newline + 1 : end;
    }
    return end;
}

/* What the input holds, sealed: nothing is read from the disk. */
static inline struct muster_sources sources_of(const uint8_t *data, size_t size)
{
    struct muster_sources sources = {.sealed = true};
    const char *at = (const char *)data, *const end = at + size;
    const char *stop = source_end(at, end);
    muster_source_add(&sources, SOURCE_MAIN, at, (size_t)(stop - at));
    for (at = stop; at < end; at = stop) {
        char name[64] = "";
        const char *text = memchr(at, '\n', (size_t)(end - at));
        text = text ? text + 1 : end;
        size_t length = (size_t)(text - at) - strlen(SOURCE_BEGIN);
        for (size_t i = 0; i < length && i + 1 < sizeof name; i++)
            name[i] =
                (char)(at[strlen(SOURCE_BEGIN) + i] == '\n' ? 0 : at[strlen(SOURCE_BEGIN) + i]);
        stop = source_end(text, end);
        muster_source_add(&sources, name, text, (size_t)(stop - text));
    }
    return sources;
}

#endif
