/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions at run time, and the words they are made of: see condition.h. */
#include "core/orchestrator/condition_inside.h"

#include <assert.h>

#define MEDIUM_PPM   UINT32_C(400000)
#define HIGH_PPM     UINT32_C(700000)
#define CRITICAL_PPM UINT32_C(900000)

/* Every value pushed is one bit of a word. */
_Static_assert(MUSTER_CONDITION_TOKENS_MAX <= 64, "the stack is a 64-bit word");
_Static_assert(MUSTER_ANOMALY_TYPES_MAX <= 64, "the facts have 64 bits for types");

static const char *const level_texts[] = {
#define X(name) #name,
    MUSTER_LEVELS(X)
#undef X
};

static const char *const variable_texts[] = {
#define X(name, text) text,
    MUSTER_VARIABLES(X)
#undef X
};

enum muster_level muster_level_of(uint32_t severity_ppm)
{
    if (severity_ppm >= CRITICAL_PPM)
        return MUSTER_LEVEL_CRITICAL;
    if (severity_ppm >= HIGH_PPM)
        return MUSTER_LEVEL_HIGH;
    return severity_ppm >= MEDIUM_PPM ? MUSTER_LEVEL_MEDIUM : MUSTER_LEVEL_LOW;
}

const char *muster_level_text(uint64_t level)
{
    return level < MUSTER_LEVEL_COUNT ? level_texts[level] : "?";
}

int muster_level_parse(struct muster_bytes word, enum muster_level *ret_level)
{
    for (uint32_t i = 0; i < MUSTER_LEVEL_COUNT; i++) {
        if (muster_word_equal(word, level_texts[i])) {
            *ret_level = (enum muster_level)i;
            return 0;
        }
    }
    return MUSTER_E_NOTFOUND;
}

uint32_t muster_anomaly_type_find(const struct muster_anomaly_types *types,
                                  struct muster_bytes name)
{
    assert(types->count <= MUSTER_ANOMALY_TYPES_MAX);
    for (uint32_t i = 0; i < types->count; i++) {
        if (muster_text_equal(name, types->name[i]))
            return i;
    }
    return MUSTER_NAME_NONE;
}

/* ---- what a word may be ---- */

enum muster_variable muster_condition_variable(struct muster_bytes word)
{
    if (muster_text_equal(word, "recurrence"))
        return MUSTER_VARIABLE_RECURRENCE;
    uint32_t i = 0;
    while (i < MUSTER_VARIABLE_COUNT && !muster_text_equal(word, variable_texts[i]))
        i++;
    return (enum muster_variable)i;
}

const char *muster_condition_variable_text(uint64_t variable)
{
    return variable < MUSTER_VARIABLE_COUNT ? variable_texts[variable] : "?";
}

/* Short names of two actions' failures, from the origin. */
static const struct {
    const char *stem;
    const char *action;
} aliases[] = {
    {"restart", "restart_radio"},
    {"stabilization", "stabilize_attitude"},
};

uint32_t muster_condition_action(const struct muster_condition_names *names,
                                 struct muster_bytes stem)
{
    uint32_t index = muster_names_find(&names->actions, stem);
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0] && index == MUSTER_NAME_NONE; i++) {
        if (muster_text_equal(stem, aliases[i].stem))
            index = muster_names_find(&names->actions, muster_text_bytes(aliases[i].action));
    }
    return index;
}

/* The next candidate: the one that is asked for when none are left to pass over. */
static bool offered(uint32_t *left, struct muster_text *t, const char *stem, const char *ending)
{
    if (*left > 0) {
        (*left)--;
        return false;
    }
    muster_text_add(t, stem);
    muster_text_add(t, ending);
    assert(!muster_text_is_cut(t));
    return true;
}

static bool offer_names(const struct muster_condition_names *names, uint32_t left,
                        struct muster_text *t)
{
    static const char *const words[] = {"recurrence", "always", "and", "or", "not"};
    for (uint32_t i = 0; i < MUSTER_VARIABLE_COUNT; i++) {
        if (offered(&left, t, variable_texts[i], ""))
            return true;
    }
    for (uint32_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (offered(&left, t, words[i], ""))
            return true;
    }
    for (uint32_t i = 0; i < names->actions.count; i++) {
        if (offered(&left, t, names->actions.at[i], "_failed"))
            return true;
    }
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        struct muster_bytes stem = muster_text_bytes(aliases[i].stem);
        bool known = muster_condition_action(names, stem) != MUSTER_NAME_NONE;
        if (known && offered(&left, t, aliases[i].stem, "_failed"))
            return true;
    }
    for (uint32_t i = 0; i < names->types->count; i++) {
        struct muster_bytes stem = muster_text_bytes(names->types->name[i]);
        if (muster_word_strip(&stem, "_fault") && offered(&left, t, names->types->name[i], ""))
            return true;
    }
    return false;
}

bool muster_condition_candidate(const struct muster_condition_names *names,
                                enum muster_condition_offer offer, uint32_t i,
                                char room[MUSTER_CONDITION_WORD_MAX])
{
    struct muster_text t;
    muster_text_init(&t, room, MUSTER_CONDITION_WORD_MAX);
    switch (offer) {
    case MUSTER_CONDITION_OFFER_NOTHING:
        break;
    case MUSTER_CONDITION_OFFER_NAMES:
        return offer_names(names, i, &t);
    case MUSTER_CONDITION_OFFER_LEVELS:
        muster_text_add(&t, i < MUSTER_LEVEL_COUNT ? level_texts[i] : "");
        return i < MUSTER_LEVEL_COUNT;
    }
    return false;
}

/* ---- evaluation ---- */

void muster_condition_facts_init(struct muster_condition_facts *f)
{
    memset(f, 0, sizeof *f);
    f->duration = MUSTER_NEVER;
    f->severity_ppm = MUSTER_FACT_UNKNOWN;
    f->confidence_ppm = MUSTER_FACT_UNKNOWN;
    f->recurrence_count = MUSTER_FACT_UNKNOWN;
    f->step = MUSTER_FACT_UNKNOWN;
    f->simultaneous_faults = MUSTER_FACT_UNKNOWN;
}

/* A fact in ppm; false when it is not known. */
static bool fact_ppm(const struct muster_condition_facts *f, uint8_t variable, uint64_t *ret_ppm)
{
    uint32_t value = MUSTER_FACT_UNKNOWN;
    uint64_t unit = MUSTER_PPM;
    assert(variable < MUSTER_VARIABLE_COUNT);
    switch ((enum muster_variable)variable) {
    case MUSTER_VARIABLE_SEVERITY:
        value = f->severity_ppm;
        unit = 1;
        break;
    case MUSTER_VARIABLE_CONFIDENCE:
        value = f->confidence_ppm;
        unit = 1;
        break;
    case MUSTER_VARIABLE_RECURRENCE:
        value = f->recurrence_count;
        break;
    case MUSTER_VARIABLE_DURATION:
        *ret_ppm = f->duration / MUSTER_MICROSECOND;
        return f->duration != MUSTER_NEVER;
    case MUSTER_VARIABLE_STEP:
        value = f->step;
        break;
    case MUSTER_VARIABLE_COUNT: /* none: see above */
    case MUSTER_VARIABLE_SIMULTANEOUS:
        value = f->simultaneous_faults;
        break;
    }
    *ret_ppm = value * unit;
    return value != MUSTER_FACT_UNKNOWN;
}

static bool relate(uint64_t left, uint8_t relation, uint64_t right)
{
    switch ((enum muster_relation)relation) {
    case MUSTER_RELATION_AT_LEAST:
        return left >= right;
    case MUSTER_RELATION_AT_MOST:
        return left <= right;
    case MUSTER_RELATION_ABOVE:
        return left > right;
    case MUSTER_RELATION_BELOW:
        return left < right;
    case MUSTER_RELATION_EQUAL:
        return left == right;
    case MUSTER_RELATION_UNEQUAL:
        break;
    }
    return left != right;
}

/* What a comparison or a boolean pushes. */
static bool value_of(const struct muster_condition *c, const struct muster_condition_step *s,
                     const struct muster_condition_facts *f)
{
    uint64_t left, right;
    if (s->kind == MUSTER_CONDITION_ALWAYS)
        return true;
    if (s->kind == MUSTER_CONDITION_FAILED)
        return (f->failed >> s->operand & 1) != 0;
    if (s->kind == MUSTER_CONDITION_ACTIVE)
        return (f->active >> s->operand & 1) != 0;
    if (!fact_ppm(f, s->variable, &left))
        return false;
    if (s->kind == MUSTER_CONDITION_LEVEL)
        return relate(muster_level_of(f->severity_ppm), s->relation, s->operand);
    if (s->kind == MUSTER_CONDITION_NUMBER)
        return relate(left, s->relation, c->number_ppm[s->operand]);
    assert(s->kind == MUSTER_CONDITION_VARIABLE);
    return fact_ppm(f, s->operand, &right) && relate(left, s->relation, right);
}

bool muster_condition_holds(const struct muster_condition *c,
                            const struct muster_condition_facts *f)
{
    uint64_t stack = 0; /* the top is the lowest bit */
    uint32_t depth = 0;
    assert(c->step_count <= MUSTER_CONDITION_TOKENS_MAX);
    for (uint32_t i = 0; i < c->step_count; i++) {
        const struct muster_condition_step *s = &c->step[i];
        uint64_t top = stack & 1;
        switch ((enum muster_condition_kind)s->kind) {
        case MUSTER_CONDITION_ALWAYS:
        case MUSTER_CONDITION_NUMBER:
        case MUSTER_CONDITION_LEVEL:
        case MUSTER_CONDITION_VARIABLE:
        case MUSTER_CONDITION_FAILED:
        case MUSTER_CONDITION_ACTIVE:
            stack = stack << 1 | value_of(c, s, f);
            depth++;
            break;
        case MUSTER_CONDITION_NOT:
            stack ^= 1;
            break;
        case MUSTER_CONDITION_AND:
            stack = stack >> 1 & (top | ~UINT64_C(1));
            depth--;
            break;
        case MUSTER_CONDITION_OR:
            stack = stack >> 1 | top;
            depth--;
            break;
        }
        assert(depth > 0);
    }
    assert(depth == (c->step_count > 0));
    return (stack & 1) != 0;
}

void muster_condition_always(struct muster_condition *ret_condition)
{
    memset(ret_condition, 0, sizeof *ret_condition);
    ret_condition->step[0].kind = MUSTER_CONDITION_ALWAYS;
    ret_condition->step_count = 1;
}
