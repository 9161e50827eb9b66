/* SPDX-License-Identifier: Apache-2.0 */
/* Small texts: see text.h. */
#include "core/text.h"

#include <assert.h>
#include <string.h>

#define U64_DECIMAL_DIGITS 20
#define U64_HEX_DIGITS     16

void muster_text_init(struct muster_text *t, char *room, size_t size)
{
    assert(room || size == 0);
    t->at = room;
    t->size = size;
    t->length = 0;
    if (size > 0)
        room[0] = 0;
}

void muster_text_add_bytes(struct muster_text *t, struct muster_bytes bytes)
{
    if (!muster_text_is_cut(t)) {
        size_t space = t->size - 1 - t->length;
        size_t fits = bytes.size < space ? bytes.size : space;
        if (fits > 0)
            memcpy(t->at + t->length, bytes.at, fits);
        t->at[t->length + fits] = 0;
    }
    t->length += bytes.size;
}

void muster_text_add(struct muster_text *t, const char *text)
{
    muster_text_add_bytes(t, muster_text_bytes(text));
}

void muster_text_add_u64(struct muster_text *t, uint64_t value)
{
    uint8_t digits[U64_DECIMAL_DIGITS];
    size_t first = U64_DECIMAL_DIGITS;
    do {
        assert(first > 0);
        digits[--first] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    muster_text_add_bytes(t, (struct muster_bytes){digits + first, U64_DECIMAL_DIGITS - first});
}

void muster_text_add_hex(struct muster_text *t, uint64_t value, uint32_t digits)
{
    static const char alphabet[] = "0123456789abcdef";
    uint8_t text[U64_HEX_DIGITS];
    size_t first = U64_HEX_DIGITS;
    assert(digits <= U64_HEX_DIGITS);
    do {
        text[--first] = (uint8_t)alphabet[value & 15];
        value >>= 4;
    } while (value > 0 || U64_HEX_DIGITS - first < digits);
    muster_text_add_bytes(t, (struct muster_bytes){text + first, U64_HEX_DIGITS - first});
}

/* "." and the decimals of rest / whole, a power of ten, down to the last that is not 0. */
static void add_fraction(struct muster_text *t, uint64_t rest, uint64_t whole)
{
    assert(rest < whole);
    if (rest > 0)
        muster_text_add(t, ".");
    while (rest > 0) {
        whole /= 10;
        muster_text_add_u64(t, rest / whole);
        rest %= whole;
    }
}

void muster_text_add_duration(struct muster_text *t, muster_dur duration)
{
    static const struct {
        muster_dur length;
        const char *name;
    } units[] = {{MUSTER_SECOND, "s"},
                 {MUSTER_MILLISECOND, "ms"},
                 {MUSTER_MICROSECOND, "us"},
                 {1, "ns"}};
    if (duration == MUSTER_NEVER) {
        muster_text_add(t, "never");
        return;
    }
    size_t i = 0;
    while (duration < units[i].length && duration > 0)
        i++;
    muster_text_add_u64(t, duration / units[i].length);
    add_fraction(t, duration % units[i].length, units[i].length);
    muster_text_add(t, units[i].name);
}

struct muster_bytes muster_text_written(const struct muster_text *t)
{
    size_t size = muster_text_is_cut(t) ? t->size - (t->size > 0) : t->length;
    return (struct muster_bytes){(const uint8_t *)t->at, size};
}

/* The value of a digit of either base; 16 when it is none. */
static uint32_t digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (uint32_t)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (uint32_t)(c - 'A') + 10;
    return 16;
}

static int parse(struct muster_bytes text, uint64_t base, uint64_t *value)
{
    uint64_t sum = 0;
    if (text.size == 0)
        return MUSTER_E_INVALID;
    for (size_t i = 0; i < text.size; i++) {
        uint64_t digit = digit_value(text.at[i]);
        if (digit >= base || sum > (UINT64_MAX - digit) / base)
            return MUSTER_E_INVALID;
        sum = sum * base + digit;
    }
    *value = sum;
    return 0;
}

int muster_text_parse_u64(struct muster_bytes text, uint64_t *value)
{
    return parse(text, 10, value);
}

int muster_text_parse_hex(struct muster_bytes text, uint64_t *value)
{
    return text.size > U64_HEX_DIGITS ? MUSTER_E_INVALID : parse(text, 16, value);
}

bool muster_text_equal(struct muster_bytes bytes, const char *text)
{
    size_t size = strlen(text);
    return bytes.size == size && (size == 0 || memcmp(bytes.at, text, size) == 0);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct muster_bytes muster_text_token(struct muster_bytes *rest)
{
    size_t start = 0;
    while (start < rest->size && is_blank(rest->at[start]))
        start++;
    size_t end = start;
    while (end < rest->size && !is_blank(rest->at[end]))
        end++;
    struct muster_bytes token = {rest->at, 0};
    if (end > start)
        token = (struct muster_bytes){rest->at + start, end - start};
    if (end > 0)
        *rest = (struct muster_bytes){rest->at + end, rest->size - end};
    return token;
}

bool muster_text_split(struct muster_bytes *rest, char separator, struct muster_bytes *ret_head)
{
    for (size_t i = 0; i < rest->size; i++) {
        if (rest->at[i] != (uint8_t)separator)
            continue;
        *ret_head = (struct muster_bytes){rest->at, i};
        *rest = (struct muster_bytes){rest->at + i + 1, rest->size - i - 1};
        return true;
    }
    *ret_head = *rest;
    *rest = (struct muster_bytes){rest->at, 0};
    if (ret_head->size > 0)
        rest->at += ret_head->size;
    return false;
}
