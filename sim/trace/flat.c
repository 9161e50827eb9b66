/* SPDX-License-Identifier: Apache-2.0 */
/* Flat values as JSON and back, without loss.
 *
 * bulk "…", integer 5 (beyond 2^53-1 {":":"-9007199254740993"}), nil null, array […],
 * status {"+":"OK"}, error {"-":"ERR …"}. */
#define MUSTER_BANNED_ALLOW_HEAP
#include "core/banned.h"

#include "sim/trace/line.h"

#include <stdio.h>

#define NESTING_MAX 8 /* as muster_flat_skip */

static char *put_integer(char *at, int64_t value)
{
    bool small = value <= (int64_t)MUSTER_INTEGER_MAX && value >= -(int64_t)MUSTER_INTEGER_MAX;
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char digit[24];
    snprintf(digit, sizeof digit, "%s%llu", value < 0 ? "-" : "", (unsigned long long)size);
    if (small)
        return muster_line_put(at, digit);
    at = muster_line_put(at, "{\":\":\"");
    at = muster_line_put(at, digit);
    return muster_line_put(at, "\"}");
}

/* Everything but an array. */
static char *put_scalar(char *at, const struct muster_flat_value *v)
{
    switch (v->type) {
    case MUSTER_FLAT_INTEGER:
        return put_integer(at, v->integer);
    case MUSTER_FLAT_NIL:
        return muster_line_put(at, "null");
    case MUSTER_FLAT_STATUS:
        at = muster_line_text(muster_line_put(at, "{\"+\":"), v->bytes);
        break;
    case MUSTER_FLAT_ERROR:
        at = muster_line_text(muster_line_put(at, "{\"-\":"), v->bytes);
        break;
    case MUSTER_FLAT_BULK:
    case MUSTER_FLAT_ARRAY:
        return muster_line_text(at, v->bytes);
    }
    *at++ = '}';
    return at;
}

char *muster_line_flat(char *at, struct muster_bytes data)
{
    struct muster_flat_reader reader;
    muster_flat_reader_init(&reader, data);
    uint64_t left[NESTING_MAX] = {1};
    uint32_t depth = 0;
    bool first = true;
    for (;;) {
        struct muster_flat_value v;
        if (muster_flat_next(&reader, &v))
            return NULL;
        if (!first)
            *at++ = ',';
        first = false;
        left[depth]--;
        if (v.type == MUSTER_FLAT_ARRAY) {
            *at++ = '[';
            if (++depth == NESTING_MAX)
                return NULL;
            left[depth] = v.count;
            first = true;
        } else {
            at = put_scalar(at, &v);
        }
        for (; left[depth] == 0; depth--) {
            if (depth == 0)
                return reader.left.size == 0 ? at : NULL;
            *at++ = ']';
            first = false;
        }
    }
}

/* ---- reading back ---- */

static bool read_decimal(const char *text, int64_t *value)
{
    bool negative = *text == '-';
    const char *at = text + (negative ? 1 : 0);
    uint64_t limit = negative ? UINT64_C(1) << 63 : (UINT64_C(1) << 63) - 1;
    uint64_t sum = 0;
    if (*at == 0)
        return false;
    for (; *at; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (*at < '0' || *at > '9' || sum > (limit - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

/* A string straight into the writer's room. */
static bool read_bytes(const json_t *json, enum muster_flat_type type, struct muster_flat_writer *w)
{
    if (w->full || w->size - w->used < MUSTER_FLAT_HEAD + json_string_length(json))
        return false;
    size_t size;
    uint8_t *content = w->at + w->used + MUSTER_FLAT_HEAD;
    if (!muster_line_read_text(json, content, &size))
        return false;
    /* The content stands where the writer will want it: it only adds the head. */
    muster_flat_bytes(w, type, NULL, 0);
    for (uint32_t i = 0; i < 4; i++)
        content[(int)i - 4] = (uint8_t)(size >> 8 * i);
    w->used += size;
    return true;
}

static bool read_tagged(const json_t *json, struct muster_flat_writer *w)
{
    int64_t value;
    json_t *inner;
    if (json_object_size(json) != 1)
        return false;
    if ((inner = json_object_get(json, "+")))
        return json_is_string(inner) && read_bytes(inner, MUSTER_FLAT_STATUS, w);
    if ((inner = json_object_get(json, "-")))
        return json_is_string(inner) && read_bytes(inner, MUSTER_FLAT_ERROR, w);
    inner = json_object_get(json, ":");
    if (!json_is_string(inner) || !read_decimal(json_string_value(inner), &value))
        return false;
    muster_flat_integer(w, value);
    return true;
}

static bool read_value(const json_t *json, uint32_t depth, struct muster_flat_writer *w)
{
    switch (json_typeof(json)) {
    case JSON_STRING:
        return read_bytes(json, MUSTER_FLAT_BULK, w);
    case JSON_INTEGER:
        muster_flat_integer(w, json_integer_value(json));
        return true;
    case JSON_NULL:
        muster_flat_nil(w);
        return true;
    case JSON_OBJECT:
        return read_tagged(json, w);
    case JSON_ARRAY:
        break;
    case JSON_REAL:
    case JSON_TRUE:
    case JSON_FALSE:
        return false;
    }
    size_t n = json_array_size(json);
    if (depth + 1 == NESTING_MAX)
        return false;
    muster_flat_array(w, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        if (!read_value(json_array_get(json, i), depth + 1, w))
            return false;
    return true;
}

bool muster_line_read_flat(const json_t *json, struct muster_flat_writer *w)
{
    return read_value(json, 0, w) && !w->full;
}
