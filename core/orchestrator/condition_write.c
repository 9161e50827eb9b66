/* SPDX-License-Identifier: Apache-2.0 */
/* From a condition's program back to a text that compiles to it: see condition.h. */
#include "core/orchestrator/condition_inside.h"

#include <assert.h>

/* How tightly an operator binds; an operand that binds less is put into parentheses. */
enum binding { BINDS_OR, BINDS_AND, BINDS_NOT, BINDS_VALUE };

static enum binding binding_of(uint8_t kind)
{
    switch ((enum muster_condition_kind)kind) {
    case MUSTER_CONDITION_OR:
        return BINDS_OR;
    case MUSTER_CONDITION_AND:
        return BINDS_AND;
    case MUSTER_CONDITION_NOT:
        return BINDS_NOT;
    case MUSTER_CONDITION_ALWAYS:
    case MUSTER_CONDITION_NUMBER:
    case MUSTER_CONDITION_LEVEL:
    case MUSTER_CONDITION_VARIABLE:
    case MUSTER_CONDITION_FAILED:
    case MUSTER_CONDITION_ACTIVE:
        break;
    }
    return BINDS_VALUE;
}

/* The first step of the value that step `last` ends: every operator before it wants one more. */
static uint32_t first_of(const struct muster_condition *c, uint32_t last)
{
    uint32_t wanted = 1, i = last + 1;
    while (wanted > 0) {
        assert(i > 0);
        enum binding binds = binding_of(c->step[--i].kind);
        if (binds == BINDS_VALUE)
            wanted--;
        else if (binds != BINDS_NOT)
            wanted++;
    }
    return i;
}

/* Millionths as a decimal without zeros at its end. */
static void write_number(struct muster_text *t, uint64_t ppm)
{
    uint64_t fraction = ppm % MUSTER_PPM;
    muster_text_add_u64(t, ppm / MUSTER_PPM);
    if (fraction == 0)
        return;
    muster_text_add(t, ".");
    while (fraction > 0) {
        muster_text_add_u64(t, fraction * 10 / MUSTER_PPM);
        fraction = fraction * 10 % MUSTER_PPM;
    }
}

static const char *relation_text(uint8_t relation)
{
    switch ((enum muster_relation)relation) {
    case MUSTER_RELATION_AT_LEAST:
        return " >= ";
    case MUSTER_RELATION_AT_MOST:
        return " <= ";
    case MUSTER_RELATION_ABOVE:
        return " > ";
    case MUSTER_RELATION_BELOW:
        return " < ";
    case MUSTER_RELATION_EQUAL:
        return " == ";
    case MUSTER_RELATION_UNEQUAL:
        break;
    }
    return " != ";
}

static void write_value(const struct muster_condition *c, const struct muster_condition_step *s,
                        const struct muster_condition_names *names, struct muster_text *t)
{
    if (s->kind == MUSTER_CONDITION_ALWAYS) {
        muster_text_add(t, "always");
    } else if (s->kind == MUSTER_CONDITION_FAILED) {
        assert(s->operand < names->actions.count);
        muster_text_add(t, names->actions.at[s->operand]);
        muster_text_add(t, "_failed");
    } else if (s->kind == MUSTER_CONDITION_ACTIVE) {
        assert(s->operand < names->types->count);
        muster_text_add(t, names->types->name[s->operand]);
    } else {
        muster_text_add(t, muster_condition_variable_text(s->variable));
        muster_text_add(t, relation_text(s->relation));
        if (s->kind == MUSTER_CONDITION_LEVEL)
            muster_text_add(t, muster_level_text(s->operand));
        else if (s->kind == MUSTER_CONDITION_NUMBER)
            write_number(t, c->number_ppm[s->operand]);
        else
            muster_text_add(t, muster_condition_variable_text(s->operand));
    }
}

/* The value that step `last` ends, where an operand has to bind at least so tightly. Operators of
 * one kind group to the left. */
static void write_step(const struct muster_condition *c, uint32_t last, enum binding least,
                       const struct muster_condition_names *names, struct muster_text *t)
{
    enum binding binds = binding_of(c->step[last].kind);
    if (binds == BINDS_VALUE) {
        write_value(c, &c->step[last], names, t);
        return;
    }
    muster_text_add(t, binds < least ? "(" : "");
    if (binds == BINDS_NOT) {
        muster_text_add(t, "not ");
        write_step(c, last - 1, BINDS_NOT, names, t);
    } else {
        write_step(c, first_of(c, last - 1) - 1, binds, names, t);
        muster_text_add(t, binds == BINDS_AND ? " and " : " or ");
        write_step(c, last - 1, binds == BINDS_AND ? BINDS_NOT : BINDS_AND, names, t);
    }
    muster_text_add(t, binds < least ? ")" : "");
}

void muster_condition_write(const struct muster_condition *c,
                            const struct muster_condition_names *names, struct muster_text *t)
{
    assert(c->step_count <= MUSTER_CONDITION_TOKENS_MAX);
    if (c->step_count > 0)
        write_step(c, c->step_count - 1, BINDS_OR, names, t);
}
