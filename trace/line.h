/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of a trace line; sim/trace reads them back.
 *
 * Writers are unchecked: the caller makes room first, by muster_line_bound() or the
 * constants below. They return the position behind what they wrote. */
#ifndef MUSTER_TRACE_LINE_H
#define MUSTER_TRACE_LINE_H

#include "trace/record.h"

#include <string.h>

#define MUSTER_LINE_ESCAPED 6  /* bytes that one byte of a text takes at most: \u00XX */
#define MUSTER_LINE_NUMBER  20 /* bytes that a number takes at most: "0x" + 16 digits, quoted */

/* Room that a record's line takes at most, with its newline. */
size_t muster_line_bound(const struct muster_record *r, const char *name, const char *note);
/* The whole line, without newline. name: of the process, null for none; note: the name of a custom
 * note, null when it has none. */
char *muster_line_record(char *at, const struct muster_record *r, const char *name,
                         const char *note);
/* A number as it stands, whatever its size: at most 20 digits. */
char *muster_line_decimal(char *at, uint64_t value);
/* A number within 2^53-1, else a string "0x…". */
char *muster_line_number(char *at, uint64_t value);
/* Sixteen hexadecimal digits in quotes, for hashes. */
char *muster_line_hash(char *at, uint64_t value);
/* A quoted JSON string; bytes outside printable ASCII as \u00XX. */
char *muster_line_text(char *at, struct muster_bytes text);
/* A literal, as it stands. */
static inline char *muster_line_put(char *at, const char *text)
{
    size_t n = strlen(text);
    memcpy(at, text, n);
    return at + n;
}

/* Flat data as JSON; null, with nothing kept, when the bytes are not exactly one flat value. */
char *muster_line_flat(char *at, struct muster_bytes data);

/* The name of an argument: as the table has it, else "arg1" to "arg4". size: more than its length.
 */
void muster_line_argument(const struct muster_event_type *type, uint32_t i, char *name,
                          size_t size);

/* A custom note's own name in a list that ends with null (which may be null); null when it has none
 * or the name is taken. */
const char *muster_line_note(const char *const *notes, uint16_t kind);

/* One record as its line, without the newline; snprintf's convention. name: of the process; notes:
 * as above. */
size_t muster_trace_line(char *line, size_t size, const struct muster_record *r, const char *name,
                         const char *const *notes);

/* Names of statuses, by enum muster_status. */
#define MUSTER_LINE_STATUSES 5
extern const char *const muster_line_statuses[MUSTER_LINE_STATUSES];

#endif
