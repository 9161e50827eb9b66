/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of a line read back from JSON. */
#define MUSTER_BANNED_ALLOW_HEAP
#include "core/banned.h"

#include "sim/trace/unline.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool muster_line_read_number(const json_t *json, uint64_t *value)
{
    if (json_is_integer(json)) {
        json_int_t v = json_integer_value(json);
        *value = v < 0 ? 0 : (uint64_t)v;
        return v >= 0;
    }
    const char *text = json_is_string(json) ? json_string_value(json) : "";
    size_t length = strlen(text);
    if (strncmp(text, "0x", 2) != 0 || length < 3 || length > 18)
        return false;
    uint64_t sum = 0;
    for (text += 2; *text; text++) {
        int digit = hex_value(*text);
        if (digit < 0)
            return false;
        sum = sum << 4 | (uint64_t)digit;
    }
    *value = sum;
    return true;
}

bool muster_line_read_text(const json_t *json, uint8_t *room, size_t *size)
{
    if (!json_is_string(json))
        return false;
    /* The reader of JSON made UTF-8 of it; one byte stands for one character up to U+00FF. */
    const uint8_t *text = (const uint8_t *)json_string_value(json);
    size_t length = json_string_length(json);
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < 0x80) {
            room[n++] = text[i];
        } else if ((text[i] == 0xc2 || text[i] == 0xc3) && i + 1 < length) {
            room[n++] = (uint8_t)(text[i] << 6 | (text[i + 1] & 0x3f));
            i++;
        } else {
            return false;
        }
    }
    *size = n;
    return true;
}

bool muster_line_read_hex(const json_t *json, uint8_t *room, size_t *size)
{
    if (!json_is_string(json) || json_string_length(json) % 2 != 0)
        return false;
    const char *text = json_string_value(json);
    *size = json_string_length(json) / 2;
    for (size_t i = 0; i < *size; i++) {
        int high = hex_value(text[2 * i]);
        int low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        room[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}
