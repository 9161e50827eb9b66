/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens of the condition language: see condition_inside.h. */
#include "core/orchestrator/condition_inside.h"

#include <assert.h>

#define DECIMALS 6 /* a millionth */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool is_word(uint8_t c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_' || c == '.';
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool muster_word_equal(struct muster_bytes word, const char *text)
{
    size_t size = strlen(text);
    if (word.size != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (lower(word.at[i]) != lower((uint8_t)text[i]))
            return false;
    }
    return true;
}

bool muster_word_strip(struct muster_bytes *word, const char *ending)
{
    size_t size = strlen(ending);
    if (word->size <= size || memcmp(word->at + word->size - size, ending, size) != 0)
        return false;
    word->size -= size;
    return true;
}

static bool is_number(struct muster_bytes word)
{
    size_t digits = 0, points = 0;
    for (size_t i = 0; i < word.size; i++) {
        digits += is_digit(word.at[i]);
        points += word.at[i] == '.';
    }
    return digits > 0 && points <= 1 && digits + points == word.size;
}

static bool append_digit(uint64_t *value, uint64_t digit)
{
    if (*value > (UINT64_MAX - digit) / 10)
        return false;
    *value = *value * 10 + digit;
    return true;
}

int muster_token_number(struct muster_bytes text, uint64_t *value_ppm)
{
    struct muster_bytes whole, fraction = text;
    uint64_t value = 0;
    assert(is_number(text));
    (void)muster_text_split(&fraction, '.', &whole);
    for (size_t i = 0; i < whole.size; i++) {
        if (!append_digit(&value, (uint64_t)(whole.at[i] - '0')))
            return MUSTER_E_NOSPACE;
    }
    for (size_t i = 0; i < DECIMALS; i++) {
        if (!append_digit(&value, i < fraction.size ? (uint64_t)(fraction.at[i] - '0') : 0))
            return MUSTER_E_NOSPACE;
    }
    for (size_t i = DECIMALS; i < fraction.size; i++) {
        if (fraction.at[i] != '0')
            return MUSTER_E_INVALID;
    }
    *value_ppm = value;
    return 0;
}

static struct muster_token word_token(struct muster_bytes word)
{
    struct muster_token t = {.kind = MUSTER_TOKEN_WORD, .text = word};
    if (is_number(word))
        t.kind = MUSTER_TOKEN_NUMBER;
    else if (muster_word_equal(word, "or"))
        t.kind = MUSTER_TOKEN_OR;
    else if (muster_word_equal(word, "and"))
        t.kind = MUSTER_TOKEN_AND;
    else if (muster_word_equal(word, "not"))
        t.kind = MUSTER_TOKEN_NOT;
    return t;
}

/* A sign at the front of what is left, or what other languages would write for one. */
static struct muster_token sign_token(struct muster_bytes rest)
{
    static const struct {
        const char *text;
        enum muster_token_kind kind;
        enum muster_relation relation;
        const char *instead;
    } signs[] = {
        /* Longer ones before those they begin with. */
        {">=", MUSTER_TOKEN_RELATION, MUSTER_RELATION_AT_LEAST, NULL},
        {"<=", MUSTER_TOKEN_RELATION, MUSTER_RELATION_AT_MOST, NULL},
        {"==", MUSTER_TOKEN_RELATION, MUSTER_RELATION_EQUAL, NULL},
        {"!=", MUSTER_TOKEN_RELATION, MUSTER_RELATION_UNEQUAL, NULL},
        {"<>", MUSTER_TOKEN_STRAY, 0, "!="},
        {"=>", MUSTER_TOKEN_STRAY, 0, ">="},
        {"=<", MUSTER_TOKEN_STRAY, 0, "<="},
        {"&&", MUSTER_TOKEN_STRAY, 0, "and"},
        {"||", MUSTER_TOKEN_STRAY, 0, "or"},
        {">", MUSTER_TOKEN_RELATION, MUSTER_RELATION_ABOVE, NULL},
        {"<", MUSTER_TOKEN_RELATION, MUSTER_RELATION_BELOW, NULL},
        {"=", MUSTER_TOKEN_STRAY, 0, "=="},
        {"!", MUSTER_TOKEN_STRAY, 0, "not"},
        {"(", MUSTER_TOKEN_OPEN, 0, NULL},
        {")", MUSTER_TOKEN_CLOSE, 0, NULL},
    };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t size = strlen(signs[i].text);
        if (size <= rest.size && memcmp(rest.at, signs[i].text, size) == 0)
            return (struct muster_token){signs[i].kind, signs[i].relation, signs[i].instead,
                                         (struct muster_bytes){rest.at, size}};
    }
    size_t size = 1;
    while (rest.at[0] >= 0x80 && size < rest.size && rest.at[size] >= 0x80)
        size++; /* a character of several bytes stays whole */
    return (struct muster_token){.kind = MUSTER_TOKEN_STRAY, .text = {rest.at, size}};
}

static struct muster_token quoted_token(struct muster_bytes rest)
{
    size_t size = 1;
    while (size < rest.size && rest.at[size] != rest.at[0])
        size++;
    if (size == rest.size) /* not closed: the quote itself is astray */
        return (struct muster_token){.kind = MUSTER_TOKEN_STRAY, .text = {rest.at, 1}};
    return (struct muster_token){.kind = MUSTER_TOKEN_QUOTED, .text = {rest.at, size + 1}};
}

struct muster_token muster_token_next(struct muster_bytes text, size_t offset)
{
    assert(offset <= text.size);
    while (offset < text.size && is_blank(text.at[offset]))
        offset++;
    if (offset == text.size)
        return (struct muster_token){.kind = MUSTER_TOKEN_END};
    struct muster_bytes rest = {text.at + offset, text.size - offset};
    if (rest.at[0] == '"' || rest.at[0] == '\'')
        return quoted_token(rest);
    size_t size = 0;
    while (size < rest.size && is_word(rest.at[size]))
        size++;
    if (size > 0)
        return word_token((struct muster_bytes){rest.at, size});
    return sign_token(rest);
}
