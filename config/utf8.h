/* SPDX-License-Identifier: Apache-2.0 */
/* Characters of a text in UTF-8, as far as positions and safe printing need them. */
#ifndef MUSTER_CONFIG_UTF8_H
#define MUSTER_CONFIG_UTF8_H

#include "core/types.h"

/* Bytes of the character at the front of a text of `size` > 0 bytes; 1 where the bytes are no
 * UTF-8. */
static inline size_t muster_utf8_length(const char *text, size_t size)
{
    uint8_t first = (uint8_t)text[0];
    size_t length = first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
    if (first < 0xc2 || first >= 0xf8 || length > size)
        return 1;
    for (size_t i = 1; i < length; i++) {
        if (((uint8_t)text[i] & 0xc0) != 0x80)
            return 1;
    }
    return length;
}

/* Bytes of the character at the front of a text that ends in a 0, and what it is; 0 where the bytes
 * are no UTF-8, strictly: nothing longer than need be, no surrogates, nothing above U+10FFFF. */
static inline uint32_t muster_utf8_decode(const char *text, uint32_t *ret_character)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = (uint8_t)text[0];
    uint32_t n = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (n > 1 && (first < 0xc2 || first > 0xf4))
        return 0;
    uint32_t c = n == 1 ? first : first & (0x7fU >> n);
    for (uint32_t i = 1; i < n; i++) {
        if (((uint8_t)text[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | ((uint8_t)text[i] & 0x3f);
    }
    *ret_character = c;
    return c < least[n] || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff ? 0 : n;
}

/* Whether a character of that length may go to a terminal as it is: no control character, no broken
 * byte. */
static inline bool muster_utf8_is_plain(const char *text, size_t length)
{
    uint8_t first = (uint8_t)text[0];
    if (length == 1)
        return first >= 0x20 && first < 0x7f;
    return first != 0xc2 || (uint8_t)text[1] >= 0xa0; /* C1 controls */
}

#endif
