/* SPDX-License-Identifier: Apache-2.0 */
/* Complaints about input files: where, what, how to mend it; all of them in one run.
 *
 *   scenarios/split.yml:12:7: error: unknown key 'delya_ms', did you mean 'delay_ms'?
 *         delya_ms: 40
 *         ^
 */
#ifndef MUSTER_CONFIG_DIAGNOSTICS_H
#define MUSTER_CONFIG_DIAGNOSTICS_H

#include "core/types.h"

#include <stdio.h>

/* A position in a source file; line and column count from 1, 0 means unknown. */
struct muster_mark {
    const struct muster_source *source; /* may be null: then there is no position */
    uint32_t line;
    uint32_t column;
};

/* A file as it was read; lives as long as the sources it belongs to. */
struct muster_source {
    char *path;
    char *text; /* ends in a 0 that is not counted */
    size_t size;
    struct muster_source *next;
};

/* Every file of one load: a scenario and its includes. Sources can be given from memory first (a
 * trace brings its own), then the disk is not asked for them. */
struct muster_sources {
    struct muster_source *first, *last;
    bool sealed; /* only what is in here exists; the disk is never asked */
};

enum muster_severity { MUSTER_SEVERITY_NOTE, MUSTER_SEVERITY_WARNING, MUSTER_SEVERITY_ERROR };

#define MUSTER_DIAGNOSTICS_MAX 64 /* further ones are counted, not kept */

struct muster_diagnostic {
    enum muster_severity severity;
    struct muster_mark mark;
    char place[256]; /* "file" or "file:line", where there is no source to mark; else empty */
    char text[256];
};

struct muster_diagnostics {
    struct muster_diagnostic at[MUSTER_DIAGNOSTICS_MAX];
    uint32_t count;
    uint32_t errors, warnings; /* all, also those not kept */
    bool io;                   /* a file could not be read: exit 74 rather than 65 */
};

/* Add one. text: printf format, no capital at the start, no full stop, subject in 'quotes'. */
void muster_complain(struct muster_diagnostics *d, enum muster_severity severity,
                     struct muster_mark mark, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same of a file that is no source: it could not be read, or is no document. line: from 1, 0
 * for the whole file. The path is copied. */
void muster_complain_of(struct muster_diagnostics *d, enum muster_severity severity,
                        const char *path, uint64_t line, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Print all, each with its source line and a caret; lines longer than 200 bytes are cut around the
 * caret, bytes that are not printable become '?'. */
void muster_diagnostics_print(const struct muster_diagnostics *d, FILE *out);

/* Add a source from memory (copied), or read it from the disk (at most 16 MiB, regular files only).
 * Returns null and complains when it cannot be read. */
struct muster_source *muster_source_add(struct muster_sources *s, const char *path,
                                        const char *text, size_t size);
struct muster_source *muster_source_open(struct muster_sources *s, const char *path,
                                         struct muster_diagnostics *d, struct muster_mark from);
void muster_sources_free(struct muster_sources *s);

/* The candidate nearest to a misspelt word, or null when none is near (Damerau-Levenshtein distance
 * at most a third of the length, at least 1). `candidates` ends with null. */
const char *muster_suggest(const char *word, const char *const *candidates);

#endif
