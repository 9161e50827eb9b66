/* SPDX-License-Identifier: Apache-2.0 */
/* Text and numbers as Redis reads and writes them. */
#include "sim/redis/server.h"

#include <string.h>

#define GLOB_STEPS 100000 /* a pattern of many stars ends as "no match", not as a stall */

struct muster_bytes muster_text(const char *text)
{
    return (struct muster_bytes){(const uint8_t *)text, strlen(text)};
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}

bool muster_text_is(struct muster_bytes b, const char *text)
{
    for (size_t i = 0; i < b.size; i++)
        if (text[i] == '\0' || lower(b.at[i]) != (uint8_t)text[i])
            return false;
    return text[b.size] == '\0';
}

bool muster_text_integer(struct muster_bytes b, int64_t *v)
{
    size_t i = 0;
    bool negative = b.size > 1 && b.at[0] == '-';
    if (negative)
        i = 1;
    if (b.size == i || b.size > i + 19)
        return false;
    if (b.at[i] == '0') {
        *v = 0;
        return b.size == 1;
    }
    uint64_t n = 0;
    for (; i < b.size; i++) {
        if (b.at[i] < '0' || b.at[i] > '9')
            return false;
        n = n * 10 + (uint64_t)(b.at[i] - '0'); /* 19 digits fit */
    }
    if (n > (uint64_t)INT64_MAX + negative)
        return false;
    *v = negative ? (int64_t)(0 - n) : (int64_t)n;
    return true;
}

struct muster_bytes muster_integer_text(int64_t v, char room[24])
{
    char *at = room + 24;
    uint64_t n = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        *--at = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    if (v < 0)
        *--at = '-';
    return (struct muster_bytes){(const uint8_t *)at, (size_t)(room + 24 - at)};
}

/* --- glob-style patterns: * ? [set] [^set] [a-b] \x --- */

/* Match one character against the set that begins after '['; *end is set behind its ']'. */
static bool match_set(struct muster_bytes p, size_t i, uint8_t c, size_t *end)
{
    bool invert = i < p.size && p.at[i] == '^';
    bool match = false;
    if (invert)
        i++;
    for (; i < p.size && p.at[i] != ']'; i++) {
        if (p.at[i] == '\\' && i + 1 < p.size) {
            i++;
            match = match || p.at[i] == c;
        } else if (i + 2 < p.size && p.at[i + 1] == '-') {
            uint8_t low = p.at[i] < p.at[i + 2] ? p.at[i] : p.at[i + 2];
            uint8_t high = p.at[i] < p.at[i + 2] ? p.at[i + 2] : p.at[i];
            match = match || (c >= low && c <= high);
            i += 2;
        } else {
            match = match || p.at[i] == c;
        }
    }
    *end = i < p.size ? i + 1 : i;
    return match != invert;
}

/* Match one character of text against one element of the pattern at i. */
static bool match_one(struct muster_bytes p, size_t i, uint8_t c, size_t *next)
{
    *next = i + 1;
    switch (p.at[i]) {
    case '?':
        return true;
    case '[':
        return match_set(p, i + 1, c, next);
    case '\\':
        if (i + 1 < p.size) {
            *next = i + 2;
            return p.at[i + 1] == c;
        }
        return c == '\\';
    default:
        return p.at[i] == c;
    }
}

/* Only the last star needs to be retried, so this is a loop and not a recursion. */
bool muster_glob(struct muster_bytes p, struct muster_bytes t)
{
    size_t i = 0;
    size_t j = 0;
    size_t star = SIZE_MAX;
    size_t retry = 0;
    for (uint32_t steps = 0; steps < GLOB_STEPS; steps++) {
        size_t next = 0;
        if (i < p.size && p.at[i] == '*') {
            star = ++i;
            retry = j;
        } else if (j == t.size) {
            return i == p.size;
        } else if (i < p.size && match_one(p, i, t.at[j], &next)) {
            i = next;
            j++;
        } else if (star == SIZE_MAX) {
            return false;
        } else {
            i = star;
            j = ++retry;
        }
    }
    return false;
}
