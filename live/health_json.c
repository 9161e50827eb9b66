/* SPDX-License-Identifier: Apache-2.0 */
/* SPEC 1's health state as JSON becomes the core's health text. */
#include "live/health.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define UNKNOWN   "UNKNOWN"
#define WORD_ROOM 16

enum value_kind {
    WORD,  /* one of some words, in either case */
    COUNT, /* a number from 0 */
    SHARE, /* a number of [0, 1] */
};

#define SYSTEM_WORDS "HEALTHY DEGRADED FAILED UNKNOWN"

static const struct field {
    const char *part, *name; /* in the JSON; part null: at the top */
    const char *key;         /* in the text */
    enum value_kind kind;
    const char *words;
} fields[] = {
    {"system", "status", "system", WORD, SYSTEM_WORDS},
    {"system", "failed_components", "failed", COUNT, NULL},
    {"system", "degraded_components", "degraded", COUNT, NULL},
    {"system", "total_components", "total", COUNT, NULL},
    {"circuit_breaker", "state", "circuit", WORD, "CLOSED OPEN HALF_OPEN UNKNOWN"},
    {"circuit_breaker", "open_duration_seconds", "open_s", COUNT, NULL},
    {"retry", "state", "retry", WORD, "STABLE ELEVATED CRITICAL UNKNOWN"},
    {"retry", "failures_1h", "failures_1h", COUNT, NULL},
    {"fallback", "mode", "fallback", WORD, "PRIMARY HEURISTIC SAFE UNKNOWN"},
    {NULL, "accuracy", "accuracy_ppm", SHARE, NULL},
};

struct translation {
    struct muster_text *out;
    char *why; /* the first that is malformed; empty: none so far */
    size_t size;
};

static void complain(struct translation *t, const char *part, const char *name, const char *what)
{
    if (t->size > 0 && !t->why[0])
        (void)snprintf(t->why, t->size, "%s%s%s %s", part ? part : "", part && name ? "." : "",
                       name ? name : "", what);
}

/* ---- values; false: malformed, and nothing is written ---- */

static bool add_word(struct muster_text *out, const json_t *value, const char *words)
{
    const char *given = json_string_value(value);
    char word[WORD_ROOM];
    size_t length = given ? strlen(given) : 0;
    if (length == 0 || length >= sizeof word)
        return false;
    for (size_t i = 0; i <= length; i++)
        word[i] = (char)(given[i] >= 'a' && given[i] <= 'z' ? given[i] - 'a' + 'A' : given[i]);
    struct muster_bytes rest = muster_text_bytes(words);
    for (struct muster_bytes known = muster_text_token(&rest); known.size > 0;
         known = muster_text_token(&rest)) {
        if (muster_text_equal(known, word)) {
            muster_text_add(out, word);
            return true;
        }
    }
    return false;
}

static bool add_number(struct muster_text *out, const json_t *value, bool is_share)
{
    double number = json_number_value(value);
    double max = is_share ? 1.0 : (double)MUSTER_INTEGER_MAX;
    if (!json_is_number(value) || !(number >= 0 && number <= max))
        return false;
    if (is_share) /* a millionth of a millionth more: decimals are not exact in binary */
        number = number * MUSTER_PPM + 1e-6;
    muster_text_add_u64(out, (uint64_t)number);
    return true;
}

static bool add_value(struct muster_text *out, const struct field *f, const json_t *value)
{
    return f->kind == WORD ? add_word(out, value, f->words)
                           : add_number(out, value, f->kind == SHARE);
}

/* ---- parts ---- */

static void begin_token(struct muster_text *out, const char *start)
{
    if (out->length > 0)
        muster_text_add(out, " ");
    muster_text_add(out, start);
}

/* What is not there is left out; what is there and malformed is written as unknown. */
static void add_field(struct translation *t, const struct field *f, const json_t *root)
{
    const json_t *part = f->part ? json_object_get(root, f->part) : root;
    const json_t *value = json_object_get(part, f->name);
    bool sound_part = json_is_object(part);
    if (!part || (sound_part && !value))
        return;
    begin_token(t->out, f->key);
    muster_text_add(t->out, "=");
    if (!sound_part || !add_value(t->out, f, value)) {
        complain(t, f->part, sound_part ? f->name : NULL, "is malformed");
        muster_text_add(t->out, UNKNOWN);
    }
}

static bool is_plain_name(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    return name[0] && name[strspn(name, plain)] == 0;
}

static void add_component(struct translation *t, const char *name, const json_t *component)
{
    bool plain = is_plain_name(name);
    begin_token(t->out, "component.");
    muster_text_add(t->out, plain ? name : "?");
    muster_text_add(t->out, "=");
    if (!plain || !add_word(t->out, json_object_get(component, "status"), SYSTEM_WORDS)) {
        complain(t, "components", plain ? name : NULL, plain ? "is malformed" : "has a bad name");
        muster_text_add(t->out, UNKNOWN);
    }
}

static void add_components(struct translation *t, json_t *components)
{
    const char *name;
    json_t *component;
    if (components && !json_is_object(components))
        complain(t, "components", NULL, "is malformed");
    json_object_foreach(components, name, component) add_component(t, name, component);
}

static void cut_back(struct muster_text *out, size_t length)
{
    out->length = length;
    if (length < out->size)
        out->at[length] = 0;
}

static int translate(struct translation *t, const json_t *root)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        add_field(t, &fields[i], root);
    if (muster_text_is_cut(t->out))
        return MUSTER_E_INVALID;
    size_t length = t->out->length;
    add_components(t, json_object_get(root, "components"));
    if (muster_text_is_cut(t->out)) { /* a part of them would look better than all */
        cut_back(t->out, length);
        complain(t, "components", NULL, "are too many");
    }
    return 0;
}

int muster_health_text(struct muster_bytes json, struct muster_text *out, char *why, size_t size)
{
    struct translation t = {out, why, size};
    json_error_t reason;
    size_t length = out->length;
    int error = MUSTER_E_INVALID;
    if (size > 0)
        why[0] = 0;
    json_t *root = json_loadb((const char *)json.at, json.size,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &reason);
    if (!root) {
        char *near = strstr(reason.text, " near "); /* what follows is out of the file */
        if (near)
            *near = 0;
        (void)snprintf(why, size, "no valid JSON in line %d, column %d: %s", reason.line,
                       reason.column, reason.text);
    } else if (!json_is_object(root)) {
        (void)snprintf(why, size, "no JSON object");
    } else {
        error = translate(&t, root);
        if (error)
            (void)snprintf(why, size, "more than fits into %zu bytes", out->size);
    }
    if (error)
        cut_back(out, length);
    json_decref(root);
    return error;
}
