/* SPDX-License-Identifier: Apache-2.0 */
/* What a command says: the end of its output, and the lines on its result pipe.
 *
 * A command says what it likes, at any length, cut anywhere; both parts are bounded and keep what
 * counts. Nothing here is an error: what is not understood is kept for a person to read.
 */
#ifndef MUSTER_LIVE_ACTION_OUTPUT_H
#define MUSTER_LIVE_ACTION_OUTPUT_H

#include "core/port.h"
#include "core/text.h"

#define MUSTER_LIVE_TAIL_MAX 2048 /* bytes kept of standard output and error */
#define MUSTER_LIVE_LINE_MAX 256  /* bytes of a line on the result pipe, without its end */

/* The last bytes of an output. Empty when zeroed. */
struct muster_live_tail {
    char at[MUSTER_LIVE_TAIL_MAX];
    size_t used;
};

void muster_live_tail_add(struct muster_live_tail *t, struct muster_bytes data);

/* What came over the result pipe. Empty when zeroed. */
struct muster_live_report {
    uint64_t epoch;            /* the highest that was told; 0: none */
    bool has_result;           /* `result` was told */
    enum muster_result result; /* the last one that was told */
    bool wrong;                /* some line was not understood: the first of them is kept */
    char wrong_line[MUSTER_LIVE_LINE_MAX];
    size_t wrong_size;
    char line[MUSTER_LIVE_LINE_MAX + 1]; /* what has come of the line under way; one byte more */
    size_t used;                         /* than is allowed tells that it is too long */
};

void muster_live_report_add(struct muster_live_report *r, struct muster_bytes data);
/* Nothing more comes: a last line without its end counts as well. */
void muster_live_report_end(struct muster_live_report *r);

/* Append bytes of others to a text as printable ASCII on one line: a control character becomes a
 * blank, everything else '?'; blanks at the end are left out. */
void muster_live_add_printable(struct muster_text *t, const char *at, size_t size);

#endif
