/* SPDX-License-Identifier: Apache-2.0 */
/* From the text of a condition to its program, by recursive descent: see condition.h.
 *
 * The first error ends it: what is left of the text then reads as its end, so that every function
 * of the grammar runs out by itself.
 */
#include "core/orchestrator/condition_inside.h"

#include <assert.h>

#define QUOTE_MAX 40 /* bytes of the text that an error repeats */

struct compiler {
    const struct muster_condition_names *names;
    struct muster_condition *out;
    struct muster_condition_error *error;
    struct muster_bytes text;
    size_t offset; /* the next token is looked for from here */
    struct muster_token token;
    uint32_t tokens;
    bool failed;
};

/* One side of a comparison, or a boolean that stands by itself. */
enum operand_kind {
    OPERAND_NONE,
    OPERAND_BOOLEAN,
    OPERAND_VARIABLE,
    OPERAND_NUMBER,
    OPERAND_LEVEL
};
struct operand {
    enum operand_kind kind;
    struct muster_condition_step step; /* of a boolean; `operand` of a variable or level */
    uint64_t number_ppm;
    struct muster_bytes text;
};

/* ---- errors ---- */

/* Begin the error about a token; the caller adds its words to the text that comes back. After the
 * first one they go nowhere. */
static struct muster_text fail(struct compiler *c, struct muster_bytes at)
{
    struct muster_text t;
    bool first = !c->failed;
    muster_text_init(&t, c->error->text, first ? sizeof c->error->text : 0);
    if (first) {
        c->error->offset = (uint32_t)(at.size > 0 ? (size_t)(at.at - c->text.at) : c->text.size);
        c->error->length = (uint32_t)at.size;
    }
    c->failed = true;
    c->offset = c->text.size;
    c->token = (struct muster_token){.kind = MUSTER_TOKEN_END};
    return t;
}

/* 'the text', cut where it is long; what is not printable becomes '?'. */
static void add_quoted(struct muster_text *t, struct muster_bytes text)
{
    muster_text_add(t, "'");
    for (size_t i = 0; i < text.size && i < QUOTE_MAX; i++) {
        bool plain = text.at[i] >= ' ' && text.at[i] <= '~';
        muster_text_add_bytes(t,
                              (struct muster_bytes){plain ? text.at + i : (const uint8_t *)"?", 1});
    }
    muster_text_add(t, text.size > QUOTE_MAX ? "...'" : "'");
}

/* 'the token' and what is to be said of it. */
static void fail_with(struct compiler *c, struct muster_bytes at, const char *words)
{
    struct muster_text t = fail(c, at);
    add_quoted(&t, at);
    muster_text_add(&t, words);
}

/* The token is not what the grammar has here. */
static void fail_unexpected(struct compiler *c, const char *expected)
{
    struct muster_bytes at = c->token.text;
    struct muster_text t = fail(c, at);
    muster_text_add(&t, "expected ");
    muster_text_add(&t, expected);
    muster_text_add(&t, at.size > 0 ? ", found " : " at the end");
    if (at.size > 0)
        add_quoted(&t, at);
}

static void fail_stray(struct compiler *c)
{
    struct muster_token stray = c->token;
    uint8_t first = stray.text.at[0];
    struct muster_text t = fail(c, stray.text);
    if (stray.instead) {
        add_quoted(&t, stray.text);
        muster_text_add(&t, " is no operator, write '");
        muster_text_add(&t, stray.instead);
        muster_text_add(&t, "'");
    } else if (first == '"' || first == '\'') {
        muster_text_add(&t, "the quote is not closed");
    } else if (first >= ' ' && first <= '~') {
        muster_text_add(&t, "unexpected ");
        add_quoted(&t, stray.text);
    } else {
        muster_text_add(&t, "unexpected byte 0x");
        muster_text_add_hex(&t, first, 2);
    }
}

/* ---- tokens and steps ---- */

static void advance(struct compiler *c)
{
    c->token = muster_token_next(c->text, c->offset);
    if (c->token.kind == MUSTER_TOKEN_END)
        return;
    c->offset = (size_t)(c->token.text.at - c->text.at) + c->token.text.size;
    c->tokens++;
    if (c->tokens > MUSTER_CONDITION_TOKENS_MAX) {
        struct muster_text t = fail(c, c->token.text);
        muster_text_add(&t, "more than ");
        muster_text_add_u64(&t, MUSTER_CONDITION_TOKENS_MAX);
        muster_text_add(&t, " tokens");
    } else if (c->token.kind == MUSTER_TOKEN_STRAY) {
        fail_stray(c);
    }
}

static void emit(struct compiler *c, struct muster_condition_step step)
{
    if (c->failed)
        return;
    assert(c->out->step_count < MUSTER_CONDITION_TOKENS_MAX); /* at most one of each token */
    c->out->step[c->out->step_count++] = step;
}

/* ---- words ---- */

/* The index of an anomaly type; MUSTER_NAME_NONE after an error. */
static uint32_t find_type(struct compiler *c, struct muster_bytes word)
{
    struct muster_anomaly_types *types = c->names->types;
    uint32_t index = muster_anomaly_type_find(types, word);
    if (index != MUSTER_NAME_NONE)
        return index;
    if (!c->names->types_open) {
        struct muster_text t = fail(c, word);
        c->error->offer = MUSTER_CONDITION_OFFER_NAMES;
        muster_text_add(&t, "unknown anomaly type ");
        add_quoted(&t, word);
    } else if (word.size > MUSTER_NAME_MAX) {
        fail_with(c, word, " is too long for a name");
    } else if (types->count == MUSTER_ANOMALY_TYPES_MAX) {
        fail_with(c, word, " is one anomaly type too many");
    } else {
        index = types->count++;
        memcpy(types->name[index], word.at, word.size);
    }
    return index;
}

static void read_number(struct compiler *c, struct muster_bytes text, struct operand *ret_operand)
{
    ret_operand->kind = OPERAND_NUMBER;
    int ret = muster_token_number(text, &ret_operand->number_ppm);
    if (ret == MUSTER_E_NOSPACE)
        fail_with(c, text, " is too large");
    else if (ret != 0)
        fail_with(c, text, " has more than six decimals");
}

static void read_boolean(struct operand *ret_operand, enum muster_condition_kind kind,
                         uint32_t index)
{
    ret_operand->kind = OPERAND_BOOLEAN;
    ret_operand->step.kind = (uint8_t)kind;
    ret_operand->step.operand = (uint8_t)index;
}

static void fail_unknown(struct compiler *c, struct muster_bytes word, struct muster_bytes action)
{
    bool number = word.at[0] == '.' || (word.at[0] >= '0' && word.at[0] <= '9');
    if (number && action.size == word.size) {
        fail_with(c, word, " is no number");
        return;
    }
    struct muster_text t = fail(c, word);
    c->error->offer = MUSTER_CONDITION_OFFER_NAMES;
    muster_text_add(&t, action.size < word.size ? "unknown action " : "unknown name ");
    add_quoted(&t, action);
}

static void read_word(struct compiler *c, struct muster_bytes word, struct operand *ret_operand)
{
    struct muster_bytes stem = word;
    enum muster_level level;
    enum muster_variable variable = muster_condition_variable(word);
    if (muster_word_equal(word, "always")) {
        read_boolean(ret_operand, MUSTER_CONDITION_ALWAYS, 0);
    } else if (variable != MUSTER_VARIABLE_COUNT) {
        ret_operand->kind = OPERAND_VARIABLE;
        ret_operand->step.operand = (uint8_t)variable;
    } else if (muster_level_parse(word, &level) == 0) {
        ret_operand->kind = OPERAND_LEVEL;
        ret_operand->step.operand = (uint8_t)level;
    } else if (muster_word_strip(&stem, "_fault")) {
        read_boolean(ret_operand, MUSTER_CONDITION_ACTIVE, find_type(c, word));
    } else {
        (void)muster_word_strip(&stem, "_failed");
        uint32_t action = MUSTER_NAME_NONE;
        if (stem.size < word.size)
            action = muster_condition_action(c->names, stem);
        if (action == MUSTER_NAME_NONE)
            fail_unknown(c, word, stem);
        read_boolean(ret_operand, MUSTER_CONDITION_FAILED, action);
    }
}

static void read_quoted(struct compiler *c, struct muster_bytes text, struct operand *ret_operand)
{
    struct muster_bytes word = {text.at + 1, text.size - 2};
    enum muster_level level = MUSTER_LEVEL_LOW;
    if (muster_level_parse(word, &level) != 0) {
        struct muster_text t = fail(c, text);
        c->error->offer = MUSTER_CONDITION_OFFER_LEVELS;
        muster_text_add(&t, "unknown level ");
        add_quoted(&t, word);
    }
    ret_operand->kind = OPERAND_LEVEL;
    ret_operand->step.operand = (uint8_t)level;
}

/* Take one operand; OPERAND_NONE when the token is none, or something was wrong with it. */
static struct operand take_operand(struct compiler *c)
{
    struct muster_token token = c->token;
    struct operand operand = {.text = token.text};
    if (token.kind == MUSTER_TOKEN_NUMBER)
        read_number(c, token.text, &operand);
    else if (token.kind == MUSTER_TOKEN_QUOTED)
        read_quoted(c, token.text, &operand);
    else if (token.kind == MUSTER_TOKEN_WORD)
        read_word(c, token.text, &operand);
    if (c->failed)
        operand.kind = OPERAND_NONE;
    else if (operand.kind != OPERAND_NONE)
        advance(c);
    return operand;
}

/* ---- grammar ---- */

static void fail_boolean(struct compiler *c, const struct operand *operand)
{
    fail_with(c, operand->text, " is true or false, it cannot be compared");
}

/* variable relation right; errors end up nowhere when there was one before. */
static void emit_comparison(struct compiler *c, const struct operand *variable,
                            enum muster_relation relation, const struct operand *right)
{
    struct muster_condition_step step = {
        .variable = variable->step.operand,
        .relation = (uint8_t)relation,
        .operand = right->step.operand,
    };
    assert(variable->kind == OPERAND_VARIABLE);
    if (right->kind == OPERAND_VARIABLE) {
        step.kind = MUSTER_CONDITION_VARIABLE;
    } else if (right->kind == OPERAND_LEVEL) {
        step.kind = MUSTER_CONDITION_LEVEL;
        if (step.variable != MUSTER_VARIABLE_SEVERITY)
            fail_with(c, right->text, " compares with severity only");
    } else if (!c->failed) {
        assert(c->out->number_count < MUSTER_CONDITION_NUMBERS_MAX); /* three tokens and one more */
        step.kind = MUSTER_CONDITION_NUMBER;
        step.operand = (uint8_t)c->out->number_count;
        c->out->number_ppm[c->out->number_count++] = right->number_ppm;
    }
    emit(c, step);
}

/* The token is a relation; left comes before it. */
static void compile_comparison(struct compiler *c, const struct operand *left)
{
    static const enum muster_relation mirrored[] = {
        [MUSTER_RELATION_AT_LEAST] = MUSTER_RELATION_AT_MOST,
        [MUSTER_RELATION_AT_MOST] = MUSTER_RELATION_AT_LEAST,
        [MUSTER_RELATION_ABOVE] = MUSTER_RELATION_BELOW,
        [MUSTER_RELATION_BELOW] = MUSTER_RELATION_ABOVE,
        [MUSTER_RELATION_EQUAL] = MUSTER_RELATION_EQUAL,
        [MUSTER_RELATION_UNEQUAL] = MUSTER_RELATION_UNEQUAL,
    };
    enum muster_relation relation = c->token.relation;
    if (left->kind == OPERAND_BOOLEAN)
        fail_boolean(c, left);
    advance(c);
    struct operand right = take_operand(c);
    if (right.kind == OPERAND_NONE)
        fail_unexpected(c, "a value");
    else if (right.kind == OPERAND_BOOLEAN)
        fail_boolean(c, &right);
    else if (left->kind == OPERAND_VARIABLE)
        emit_comparison(c, left, relation, &right);
    else if (right.kind == OPERAND_VARIABLE)
        emit_comparison(c, &right, mirrored[relation], left);
    else
        fail_with(c, left->text, " is compared with a constant");
}

static void compile_or(struct compiler *c);

static void compile_primary(struct compiler *c)
{
    struct muster_bytes open = c->token.text;
    if (c->token.kind == MUSTER_TOKEN_OPEN) {
        advance(c);
        compile_or(c);
        if (c->token.kind == MUSTER_TOKEN_CLOSE)
            advance(c);
        else if (c->token.kind == MUSTER_TOKEN_END)
            fail_with(c, open, " is not closed");
        else
            fail_unexpected(c, "'and', 'or' or ')'");
        return;
    }
    struct operand operand = take_operand(c);
    if (operand.kind == OPERAND_NONE)
        fail_unexpected(c, "a condition");
    else if (c->token.kind == MUSTER_TOKEN_RELATION)
        compile_comparison(c, &operand);
    else if (operand.kind == OPERAND_BOOLEAN)
        emit(c, operand.step);
    else
        fail_with(c, operand.text, " is no condition by itself, compare it");
}

static void compile_not(struct compiler *c)
{
    if (c->token.kind != MUSTER_TOKEN_NOT) {
        compile_primary(c);
        return;
    }
    advance(c);
    compile_not(c);
    emit(c, (struct muster_condition_step){.kind = MUSTER_CONDITION_NOT});
}

static void compile_and(struct compiler *c)
{
    compile_not(c);
    while (c->token.kind == MUSTER_TOKEN_AND) {
        advance(c);
        compile_not(c);
        emit(c, (struct muster_condition_step){.kind = MUSTER_CONDITION_AND});
    }
}

static void compile_or(struct compiler *c)
{
    compile_and(c);
    while (c->token.kind == MUSTER_TOKEN_OR) {
        advance(c);
        compile_and(c);
        emit(c, (struct muster_condition_step){.kind = MUSTER_CONDITION_OR});
    }
}

static void compile_text(struct compiler *c)
{
    if (c->text.size > MUSTER_CONDITION_TEXT_MAX) {
        struct muster_text t = fail(c, (struct muster_bytes){c->text.at, 1});
        muster_text_add(&t, "longer than ");
        muster_text_add_u64(&t, MUSTER_CONDITION_TEXT_MAX);
        muster_text_add(&t, " bytes");
        return;
    }
    advance(c);
    if (c->tokens == 0) {
        struct muster_text t = fail(c, c->token.text);
        muster_text_add(&t, "the condition is empty");
        return;
    }
    compile_or(c);
    if (c->token.kind != MUSTER_TOKEN_END)
        fail_unexpected(c, "'and' or 'or'");
}

int muster_condition_compile(struct muster_bytes text, const struct muster_condition_names *names,
                             struct muster_condition *ret_condition,
                             struct muster_condition_error *error)
{
    struct compiler c = {.names = names, .out = ret_condition, .error = error, .text = text};
    uint32_t types_before = names->types->count;
    assert(names->actions.count <= MUSTER_CONDITION_ACTIONS_MAX);
    assert(types_before <= MUSTER_ANOMALY_TYPES_MAX);
    memset(ret_condition, 0, sizeof *ret_condition);
    memset(error, 0, sizeof *error);
    compile_text(&c);
    if (!c.failed)
        return 0;
    memset(ret_condition, 0, sizeof *ret_condition);
    for (; names->types->count > types_before; names->types->count--)
        memset(names->types->name[names->types->count - 1], 0, sizeof names->types->name[0]);
    return MUSTER_E_INVALID;
}
