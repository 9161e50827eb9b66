/* SPDX-License-Identifier: Apache-2.0 */
/* Flat values read back from the JSON that trace/flat.c makes of them. */
#define MUSTER_BANNED_ALLOW_HEAP
#include "core/banned.h"

#include "sim/trace/unline.h"

#define NESTING_MAX 8 /* as muster_flat_skip */

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
