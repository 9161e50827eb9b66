/* SPDX-License-Identifier: Apache-2.0 */
/* Small texts without libc's formatting: bounded appenders, exact parsers, tokens.
 *
 * No locale, no allocation, the same bytes everywhere. A text that does not fit is cut, never an
 * error: `length` goes on counting, as snprintf does, so that a caller who must not cut can tell.
 */
#ifndef MUSTER_CORE_TEXT_H
#define MUSTER_CORE_TEXT_H

#include "core/types.h"

#include <string.h>

struct muster_text {
    char *at;      /* the caller's room, always terminated by a 0 unless size is 0 */
    size_t size;   /* of the room, with the final 0 */
    size_t length; /* of the whole text, without the final 0; what is above size - 1 was cut off */
};

/* Begin an empty text in the caller's room; room may be null when size is 0. */
void muster_text_init(struct muster_text *t, char *room, size_t size);
void muster_text_add(struct muster_text *t, const char *text);
void muster_text_add_bytes(struct muster_text *t, struct muster_bytes bytes);
/* Decimal, without leading zeros. */
void muster_text_add_u64(struct muster_text *t, uint64_t value);
/* Lower-case hexadecimal, zero-padded to `digits` (0..16; more come when the value needs them). */
void muster_text_add_hex(struct muster_text *t, uint64_t value, uint32_t digits);
/* A length of time, exact, in the largest of s, ms, us, ns that it reaches: "15s", "687.473684ms";
 * "never". */
void muster_text_add_duration(struct muster_text *t, muster_dur duration);

/* Whether some of the text did not fit. */
static inline bool muster_text_is_cut(const struct muster_text *t)
{
    return t->length >= t->size;
}

/* What has been written. */
struct muster_bytes muster_text_written(const struct muster_text *t);

/* The whole span is one unsigned number in decimal, or in hexadecimal of at most 16 digits of
 * either case: no sign, no blanks, no prefix. Errors: MUSTER_E_INVALID, also when it exceeds 64
 * bits; *value is then untouched. */
int muster_text_parse_u64(struct muster_bytes text, uint64_t *value);
int muster_text_parse_hex(struct muster_bytes text, uint64_t *value);

/* A span of a C string. */
static inline struct muster_bytes muster_text_bytes(const char *text)
{
    return (struct muster_bytes){(const uint8_t *)text, strlen(text)};
}

bool muster_text_equal(struct muster_bytes bytes, const char *text);
/* Take the next run of non-blank bytes off *rest (blank: space, tab, CR, LF); empty at the end. */
struct muster_bytes muster_text_token(struct muster_bytes *rest);
/* Take everything up to the separator off *rest, and the separator with it; when there is none,
 * take all of it and return false. */
bool muster_text_split(struct muster_bytes *rest, char separator, struct muster_bytes *ret_head);

#endif
