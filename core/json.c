/* SPDX-License-Identifier: Apache-2.0 */
/* Reading one JSON object in place: see json.h. */
#include "core/json.h"

#include "core/text.h"

#include <assert.h>

#define EXPONENT_MAX 20 /* of a share: what is smaller is nothing */

static void skip_blanks(struct muster_json *j)
{
    while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\n' || *j->at == '\r'))
        j->at++;
}

static bool take(struct muster_json *j, uint8_t byte)
{
    if (j->at == j->end || *j->at != byte)
        return false;
    j->at++;
    return true;
}

static bool is_digit(const struct muster_json *j)
{
    return j->at < j->end && *j->at >= '0' && *j->at <= '9';
}

static bool is_hex(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') ||
           (byte >= 'A' && byte <= 'F');
}

/* Behind a backslash. */
static bool skip_escape(struct muster_json *j)
{
    if (j->at == j->end)
        return false;
    uint8_t letter = *j->at++;
    if (letter != 'u')
        return memchr("\"\\/bfnrt", letter, 8) != NULL;
    for (uint32_t i = 0; i < 4; i++, j->at++)
        if (j->at == j->end || !is_hex(*j->at))
            return false;
    return true;
}

static bool read_string(struct muster_json *j, struct muster_bytes *ret_string)
{
    if (!take(j, '"'))
        return false;
    const uint8_t *first = j->at;
    while (j->at < j->end && *j->at != '"') {
        uint8_t byte = *j->at++;
        if (byte < 0x20 || (byte == '\\' && !skip_escape(j)))
            return false;
    }
    *ret_string = (struct muster_bytes){first, (size_t)(j->at - first)};
    return take(j, '"');
}

static bool skip_digits(struct muster_json *j)
{
    if (!is_digit(j))
        return false;
    while (is_digit(j))
        j->at++;
    return true;
}

static bool skip_number(struct muster_json *j)
{
    (void)take(j, '-');
    if (!take(j, '0') && !skip_digits(j))
        return false;
    if (take(j, '.') && !skip_digits(j))
        return false;
    if (take(j, 'e') || take(j, 'E')) {
        if (!take(j, '+'))
            (void)take(j, '-');
        return skip_digits(j);
    }
    return true;
}

static bool skip_word(struct muster_json *j)
{
    static const char *const words[] = {"true", "false", "null"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t size = strlen(words[i]);
        if ((size_t)(j->end - j->at) >= size && memcmp(j->at, words[i], size) == 0) {
            j->at += size;
            return true;
        }
    }
    return false;
}

/* A string, a number or a word: all that has nothing inside. */
static bool read_plain(struct muster_json *j, struct muster_json_member *m)
{
    const uint8_t *first = j->at;
    if (j->at == j->end)
        return false;
    if (*first == '"') {
        m->kind = MUSTER_JSON_STRING;
        return read_string(j, &m->value);
    }
    bool number = *first == '-' || is_digit(j);
    m->kind = number ? MUSTER_JSON_NUMBER : MUSTER_JSON_WORD;
    if (!(number ? skip_number(j) : skip_word(j)))
        return false;
    m->value = (struct muster_bytes){first, (size_t)(j->at - first)};
    return true;
}

/* The head of a value inside of a nest: the key, if it is an object's. */
static bool skip_head(struct muster_json *j, uint8_t close)
{
    struct muster_bytes key;
    skip_blanks(j);
    if (close == ']')
        return true;
    if (!read_string(j, &key))
        return false;
    skip_blanks(j);
    if (!take(j, ':'))
        return false;
    skip_blanks(j);
    return true;
}

/* An object or array with all that is in it, without recursion. */
static bool skip_nest(struct muster_json *j)
{
    uint8_t close[MUSTER_JSON_DEPTH];
    uint32_t depth = 0;
    struct muster_json_member inside;
    for (;;) {
        bool opens = j->at < j->end && (*j->at == '{' || *j->at == '[');
        if (opens) {
            if (depth == MUSTER_JSON_DEPTH)
                return false;
            close[depth++] = *j->at++ == '{' ? '}' : ']';
            skip_blanks(j);
            if (j->at < j->end && *j->at != close[depth - 1]) {
                if (!skip_head(j, close[depth - 1]))
                    return false;
                continue;
            }
        } else if (!read_plain(j, &inside)) {
            return false;
        }
        while (depth > 0) { /* behind a value */
            skip_blanks(j);
            if (!take(j, close[depth - 1]))
                break;
            depth--;
        }
        if (depth == 0)
            return true;
        if (!take(j, ',') || !skip_head(j, close[depth - 1]))
            return false;
    }
}

static bool read_value(struct muster_json *j, struct muster_json_member *m)
{
    const uint8_t *first = j->at;
    if (j->at == j->end || (*first != '{' && *first != '['))
        return read_plain(j, m);
    m->kind = MUSTER_JSON_NEST;
    if (!skip_nest(j))
        return false;
    m->value = (struct muster_bytes){first, (size_t)(j->at - first)};
    return true;
}

int muster_json_open(struct muster_json *j, struct muster_bytes text)
{
    static const uint8_t nothing = 0;
    const uint8_t *at = text.size > 0 ? text.at : &nothing;
    *j = (struct muster_json){at, at + text.size, true};
    skip_blanks(j);
    return text.size <= MUSTER_JSON_MAX && take(j, '{') ? 0 : MUSTER_E_INVALID;
}

int muster_json_next(struct muster_json *j, struct muster_json_member *ret_member)
{
    bool first = j->first;
    j->first = false;
    skip_blanks(j);
    if (take(j, '}')) {
        skip_blanks(j);
        return j->at == j->end ? MUSTER_E_NOTFOUND : MUSTER_E_INVALID;
    }
    if (!first && !take(j, ','))
        return MUSTER_E_INVALID;
    skip_blanks(j);
    if (!read_string(j, &ret_member->key))
        return MUSTER_E_INVALID;
    skip_blanks(j);
    if (!take(j, ':'))
        return MUSTER_E_INVALID;
    skip_blanks(j);
    return read_value(j, ret_member) ? 0 : MUSTER_E_INVALID;
}

/* The exponent behind its letter; false when it is out of all proportion, and negative. */
static bool read_exponent(struct muster_json *j, int *ret_exponent)
{
    bool negative = take(j, '-');
    (void)take(j, '+');
    int value = 0;
    for (; is_digit(j); j->at++)
        value = value > EXPONENT_MAX ? value : value * 10 + (*j->at - '0');
    *ret_exponent = negative ? -value : value;
    return value <= EXPONENT_MAX;
}

int muster_json_ppm(struct muster_bytes number, uint32_t *ret_ppm)
{
    struct muster_json j = {number.at, number.at + number.size, false};
    if (number.size == 0 || number.at[0] == '-' || !skip_number(&j) || j.at != j.end)
        return MUSTER_E_INVALID;
    uint64_t digits = 0;
    int scale = 6, exponent = 0; /* digits times ten to the scale are the ppm */
    bool behind = false;
    j.at = number.at;
    for (; j.at < j.end && *j.at != 'e' && *j.at != 'E'; j.at++) {
        if (*j.at == '.') {
            behind = true;
        } else if (digits < UINT64_MAX / 100) {
            digits = digits * 10 + (uint64_t)(*j.at - '0');
            scale -= behind;
        } else {
            scale += !behind;
        }
    }
    if (j.at < j.end) {
        j.at++;
        if (!read_exponent(&j, &exponent) && exponent > 0 && digits > 0)
            return MUSTER_E_INVALID;
    }
    for (scale += exponent; scale > 0 && digits <= MUSTER_PPM && digits > 0; scale--)
        digits *= 10;
    for (; scale < 0 && digits > 0; scale++)
        digits /= 10;
    if (digits > MUSTER_PPM)
        return MUSTER_E_INVALID;
    *ret_ppm = (uint32_t)digits;
    return 0;
}
