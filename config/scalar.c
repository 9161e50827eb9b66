/* SPDX-License-Identifier: Apache-2.0 */
/* Scalars to values: whole numbers, shares, durations, all exact and without floating point. */
#include "config/document.h"
#include "core/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define DECIMALS_MAX 18

static int refuse(const struct muster_doc *node, struct muster_diagnostics *d, const char *expected)
{
    muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark, "'%.60s' is not %s", node->text,
                    expected);
    return MUSTER_E_INVALID;
}

/* digits[.digits] at the front of a text: whole + fraction / 10^decimals. */
struct decimal {
    uint64_t whole, fraction, scale; /* scale = 10^decimals */
    bool huge;                       /* does not fit into the integers above */
};

static uint64_t take_digits(const char **text, uint64_t *scale, bool *huge)
{
    uint64_t value = 0;
    uint32_t digits = 0;
    for (; **text >= '0' && **text <= '9'; (*text)++) {
        uint64_t digit = (uint64_t)(**text - '0');
        if (value > (UINT64_MAX - digit) / 10 || (scale && ++digits > DECIMALS_MAX)) {
            *huge = true;
            continue;
        }
        value = value * 10 + digit;
        if (scale)
            *scale *= 10;
    }
    return value;
}

/* Returns what follows the number, or null when there is none. */
static const char *take_decimal(const char *text, struct decimal *ret_number)
{
    struct decimal n = {.scale = 1};
    if (*text < '0' || *text > '9')
        return NULL;
    n.whole = take_digits(&text, NULL, &n.huge);
    if (*text == '.') {
        text++;
        if (*text < '0' || *text > '9')
            return NULL;
        n.fraction = take_digits(&text, &n.scale, &n.huge);
    }
    *ret_number = n;
    return text;
}

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
    while (b > 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* number * unit, when that is a whole number. */
enum scaled { SCALED_OK, SCALED_HUGE, SCALED_FINE };
static enum scaled scale(const struct decimal *n, uint64_t unit, uint64_t *ret_value)
{
    if (n->huge || n->whole > UINT64_MAX / unit)
        return SCALED_HUGE;
    uint64_t whole = n->whole * unit, common = greatest_divisor(unit, n->scale);
    if (n->fraction % (n->scale / common) != 0)
        return SCALED_FINE;
    /* below the unit, because the fraction is below its scale */
    uint64_t rest = n->fraction / (n->scale / common) * (unit / common);
    if (rest > UINT64_MAX - whole)
        return SCALED_HUGE;
    *ret_value = whole + rest;
    return SCALED_OK;
}

/* ---- durations ---- */

static uint64_t duration_unit(const char *word)
{
    static const struct {
        const char *word;
        uint64_t unit;
    } units[] = {
        {"ns", 1},
        {"us", MUSTER_MICROSECOND},
        {"ms", MUSTER_MILLISECOND},
        {"s", MUSTER_SECOND},
        {"m", 60 * MUSTER_SECOND},
        {"h", 3600 * MUSTER_SECOND},
        {"d", 86400 * MUSTER_SECOND},
    };
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(units[i].word, word) == 0)
            return units[i].unit;
    }
    return 0;
}

static int read_duration(const struct muster_doc *node, const char *text, bool bare_seconds,
                         muster_dur *value, struct muster_diagnostics *d)
{
    struct decimal n;
    const char *rest = take_decimal(text, &n);
    uint64_t unit = rest && *rest ? duration_unit(rest) : 0;
    bool bare = rest && !*rest;
    if (bare && bare_seconds && !node->quoted)
        unit = MUSTER_SECOND;
    else if (bare) {
        muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark,
                        "'%.60s' needs a unit (ns, us, ms, s, m, h, d), such as %.20ss or %.20sms",
                        node->text, node->text, node->text);
        return MUSTER_E_INVALID;
    }
    if (unit == 0)
        return refuse(node, d,
                      "a duration; write a number and ns, us, ms, s, m, h or d, such as 15s");
    switch (scale(&n, unit, value)) {
    case SCALED_OK:
        return 0;
    case SCALED_FINE:
        return refuse(node, d, "a whole number of nanoseconds");
    case SCALED_HUGE:
        break;
    }
    return refuse(node, d, "a duration that fits; the longest is 584 years");
}

static void show_duration(muster_dur value, char *text, size_t size)
{
    struct muster_text t;
    muster_text_init(&t, text, size);
    muster_text_add_duration(&t, value);
}

int muster_doc_duration(const struct muster_doc *node, muster_dur min, muster_dur max,
                        bool bare_seconds, muster_dur *value, struct muster_diagnostics *d)
{
    muster_dur read = 0;
    if (muster_doc_expect(node, MUSTER_NODE_SCALAR, "a duration such as 15s or 250ms", d) != 0 ||
        read_duration(node, node->text, bare_seconds, &read, d) != 0)
        return MUSTER_E_INVALID;
    if (read < min || read > max) {
        char low[32], high[32];
        show_duration(min, low, sizeof low);
        show_duration(max, high, sizeof high);
        muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark,
                        "'%.60s' is out of range; expected %s..%s", node->text, low, high);
        return MUSTER_E_INVALID;
    }
    *value = read;
    return 0;
}

static const char *take_sign(const char *text, bool *ret_minus)
{
    *ret_minus = *text == '-';
    return *text == '-' || *text == '+' ? text + 1 : text;
}

int muster_doc_signed_duration(const struct muster_doc *node, int64_t *value,
                               struct muster_diagnostics *d)
{
    bool minus;
    muster_dur read = 0;
    if (muster_doc_expect(node, MUSTER_NODE_SCALAR, "a duration such as +1h or -250ms", d) != 0 ||
        read_duration(node, take_sign(node->text, &minus), false, &read, d) != 0)
        return MUSTER_E_INVALID;
    if (read > MUSTER_INTEGER_MAX) {
        muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark,
                        "'%.60s' is out of range; expected -104d..+104d", node->text);
        return MUSTER_E_INVALID;
    }
    *value = minus ? -(int64_t)read : (int64_t)read;
    return 0;
}

/* ---- numbers ---- */

int muster_doc_integer(const struct muster_doc *node, uint64_t min, uint64_t max, uint64_t *value,
                       struct muster_diagnostics *d)
{
    uint64_t read = 0;
    bool huge = false;
    if (muster_doc_expect(node, MUSTER_NODE_SCALAR, "a whole number", d) != 0)
        return MUSTER_E_INVALID;
    const char *text = node->text;
    if (*text >= '0' && *text <= '9')
        read = take_digits(&text, NULL, &huge);
    if (node->quoted || text == node->text || *text)
        return refuse(node, d,
                      node->quoted ? "a whole number (it is in quotes)" : "a whole number");
    if (huge || read < min || read > max) {
        muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark,
                        "'%.60s' is out of range; expected %" PRIu64 "..%" PRIu64, node->text, min,
                        max);
        return MUSTER_E_INVALID;
    }
    *value = read;
    return 0;
}

static int read_ppm(const struct muster_doc *node, const char *text, uint64_t *value,
                    struct muster_diagnostics *d)
{
    struct decimal n;
    const char *rest = take_decimal(text, &n);
    uint64_t unit = 0;
    if (rest && !*rest && !node->quoted)
        unit = MUSTER_PPM;
    else if (rest && strcmp(rest, "%") == 0)
        unit = MUSTER_PPM / 100;
    else if (rest && strcmp(rest, "ppm") == 0)
        unit = 1;
    if (unit == 0)
        return refuse(node, d, "a share; write it as 0.05, 5% or 50000ppm");
    switch (scale(&n, unit, value)) {
    case SCALED_OK:
        return 0;
    case SCALED_FINE:
        return refuse(node, d, "a whole number of parts per million (0.000001)");
    case SCALED_HUGE:
        break;
    }
    return refuse(node, d, "a share that fits");
}

/* A share as a person writes it: 1, 0.5, 0.000001. */
static void show_ppm(uint32_t value, char *text, size_t size)
{
    snprintf(text, size, "%" PRIu32 ".%06" PRIu32, value / MUSTER_PPM, value % MUSTER_PPM);
    size_t end = strlen(text);
    while (text[end - 1] == '0')
        text[--end] = 0;
    if (text[end - 1] == '.')
        text[end - 1] = 0;
}

int muster_doc_ppm(const struct muster_doc *node, uint32_t min, uint32_t max, uint32_t *value,
                   struct muster_diagnostics *d)
{
    uint64_t read = 0;
    if (muster_doc_expect(node, MUSTER_NODE_SCALAR, "a share such as 0.05 or 5%", d) != 0 ||
        read_ppm(node, node->text, &read, d) != 0)
        return MUSTER_E_INVALID;
    if (read < min || read > max) {
        char low[32], high[32];
        show_ppm(min, low, sizeof low);
        show_ppm(max, high, sizeof high);
        muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark,
                        "'%.60s' is out of range; expected %s..%s", node->text, low, high);
        return MUSTER_E_INVALID;
    }
    *value = (uint32_t)read;
    return 0;
}

int muster_doc_signed_ppm(const struct muster_doc *node, int32_t *value,
                          struct muster_diagnostics *d)
{
    bool minus;
    uint64_t read = 0;
    if (muster_doc_expect(node, MUSTER_NODE_SCALAR, "a drift such as 300ppm or -300ppm", d) != 0 ||
        read_ppm(node, take_sign(node->text, &minus), &read, d) != 0)
        return MUSTER_E_INVALID;
    if (read > MUSTER_PPM / 2) {
        muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark,
                        "'%.60s' is out of range; expected -500000ppm..500000ppm", node->text);
        return MUSTER_E_INVALID;
    }
    *value = minus ? -(int32_t)read : (int32_t)read;
    return 0;
}

/* ---- words ---- */

int muster_doc_boolean(const struct muster_doc *node, bool *value, struct muster_diagnostics *d)
{
    if (muster_doc_expect(node, MUSTER_NODE_SCALAR, "true or false", d) != 0)
        return MUSTER_E_INVALID;
    bool is_true = strcmp(node->text, "true") == 0, is_false = strcmp(node->text, "false") == 0;
    if (node->quoted || (!is_true && !is_false))
        return refuse(node, d, node->quoted ? "true or false (it is in quotes)" : "true or false");
    *value = is_true;
    return 0;
}

int muster_doc_word(const struct muster_doc *node, const char *const *words, uint32_t *index,
                    struct muster_diagnostics *d)
{
    if (muster_doc_expect(node, MUSTER_NODE_SCALAR, "a word", d) != 0)
        return MUSTER_E_INVALID;
    char all[150] = "";
    size_t used = 0;
    for (uint32_t i = 0; words[i]; i++) {
        if (strcmp(words[i], node->text) == 0) {
            *index = i;
            return 0;
        }
        if (used < sizeof all)
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "",
                                     words[i]);
    }
    const char *near = muster_suggest(node->text, words);
    if (near)
        muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark,
                        "unknown word '%.60s', did you mean '%s'?", node->text, near);
    else if (used < sizeof all)
        muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark,
                        "unknown word '%.60s'; expected one of %s", node->text, all);
    else
        muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark, "unknown word '%.60s'", node->text);
    return MUSTER_E_INVALID;
}

int muster_doc_text(const struct muster_doc *node, char *text, size_t size,
                    struct muster_diagnostics *d)
{
    if (muster_doc_expect(node, MUSTER_NODE_SCALAR, "a text", d) != 0)
        return MUSTER_E_INVALID;
    size_t length = strlen(node->text);
    if (length == 0 || length >= size) {
        muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark,
                        "expected a text of 1 to %zu bytes, not %zu", size - 1, length);
        return MUSTER_E_INVALID;
    }
    memcpy(text, node->text, length + 1);
    return 0;
}
