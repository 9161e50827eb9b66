/* SPDX-License-Identifier: Apache-2.0 */
/* Flat values: argument vectors, replies and pushes as one bounded run of bytes, without
 * allocation.
 *
 * A value is a type byte, a 32-bit little-endian length, then the bytes. Of an array the length is
 * the number of values that follow. Integers are 8 bytes, little-endian, two's complement. An
 * argument vector is an array of BULK. The types are RESP2's, so sim and live translate one to one.
 */
#ifndef MUSTER_CORE_FLAT_H
#define MUSTER_CORE_FLAT_H

#include "core/types.h"

enum muster_flat_type {
    MUSTER_FLAT_BULK = '$',
    MUSTER_FLAT_STATUS = '+',
    MUSTER_FLAT_ERROR = '-',
    MUSTER_FLAT_INTEGER = ':',
    MUSTER_FLAT_ARRAY = '*',
    MUSTER_FLAT_NIL = '_',
};

#define MUSTER_FLAT_HEAD 5 /* bytes before the content of a value */

/* Writes into a caller's buffer. `full` is sticky: after it nothing more is written, and the
 * content must not be used. */
struct muster_flat_writer {
    uint8_t *at;
    size_t size;
    size_t used;
    bool full;
};

void muster_flat_writer_init(struct muster_flat_writer *w, void *room, size_t size);
void muster_flat_array(struct muster_flat_writer *w, uint32_t count);
void muster_flat_bytes(struct muster_flat_writer *w, enum muster_flat_type type, const void *data,
                       size_t size);
void muster_flat_text(struct muster_flat_writer *w, enum muster_flat_type type, const char *text);
void muster_flat_integer(struct muster_flat_writer *w, int64_t value);
void muster_flat_nil(struct muster_flat_writer *w);
/* What has been written; empty when it did not fit. */
struct muster_bytes muster_flat_written(const struct muster_flat_writer *w);

/* One value as read. Of an array `count` values follow; of everything else bytes are set (INTEGER:
 * also integer). */
struct muster_flat_value {
    enum muster_flat_type type;
    uint32_t count;
    int64_t integer;
    struct muster_bytes bytes;
};

struct muster_flat_reader {
    struct muster_bytes left;
};

void muster_flat_reader_init(struct muster_flat_reader *r, struct muster_bytes data);
/* Read the next value. Errors: MUSTER_E_NOTFOUND at the end, MUSTER_E_CORRUPT when it is cut off or
 * of no known type; the reader then stays where it is. */
int muster_flat_next(struct muster_flat_reader *r, struct muster_flat_value *value);
/* Skip one value with everything in it; nesting is bounded at 8. Errors as muster_flat_next. */
int muster_flat_skip(struct muster_flat_reader *r);

static inline bool muster_flat_is_text(const struct muster_flat_value *v)
{
    return v->type == MUSTER_FLAT_BULK || v->type == MUSTER_FLAT_STATUS;
}

#endif
