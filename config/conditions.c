/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions of steps and rules: compiled, with complaints at the very word where that is to be
 * seen in the file. */
#include "config/edge.h"
#include "config/utf8.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MAX      160
#define CANDIDATES_MAX (NAMES_MAX + MUSTER_LEVEL_COUNT)

_Static_assert(NAMES_MAX > MUSTER_ACTIONS_MAX + MUSTER_ANOMALY_TYPES_MAX + 32,
               "every word that may be offered has room");

/* The source's text from a mark to the end; null when it has no position. */
static const char *source_at(struct muster_mark mark, size_t *ret_left)
{
    if (!mark.source || mark.line == 0)
        return NULL;
    const char *at = mark.source->text, *end = at + mark.source->size;
    for (uint32_t line = 1; line < mark.line; line++) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (!newline)
            return NULL;
        at = newline + 1;
    }
    for (uint32_t i = 1; i < mark.column && at < end; i++)
        at += muster_utf8_length(at, (size_t)(end - at));
    *ret_left = (size_t)(end - at);
    return at;
}

/* Where a byte of a scalar's text stands, if the scalar stands in the file as it reads; else where
 * the scalar begins: it is folded, escaped, or came out of a variable. */
static struct muster_mark mark_of(const struct muster_doc *node, size_t offset)
{
    size_t left = 0, size = strlen(node->text);
    struct muster_mark mark = node->mark;
    const char *at = source_at(mark, &left);
    size_t quote = at && left > 0 && (*at == '"' || *at == '\'');
    if (!at || left < quote + size || memcmp(at + quote, node->text, size) != 0)
        return mark;
    mark.column += (uint32_t)quote;
    for (size_t i = 0; i < offset; mark.column++)
        i += muster_utf8_length(node->text + i, size - i);
    return mark;
}

/* The word that was probably meant, in room; null when none is near. */
static const char *near_word(const struct muster_condition_names *names, const char *text,
                             const struct muster_condition_error *error,
                             char room[CANDIDATES_MAX][MUSTER_CONDITION_WORD_MAX])
{
    const char *at[CANDIDATES_MAX + 1];
    char word[MUSTER_CONDITION_WORD_MAX];
    uint32_t n = 0;
    size_t size = error->length;
    text += error->offset;
    if (size > 1 && (*text == '"' || *text == '\'')) {
        text++;
        size -= 2;
    }
    if (size >= sizeof word)
        return NULL;
    memcpy(word, text, size);
    word[size] = 0;
    while (n < NAMES_MAX && muster_condition_candidate(names, error->offer, n, room[n]))
        n++;
    for (uint32_t i = 0; n > 0 && i < MUSTER_LEVEL_COUNT; i++) /* it may have been one of them */
        snprintf(room[n++], sizeof room[0], "%s", muster_level_text(i));
    for (uint32_t i = 0; i < n; i++)
        at[i] = room[i];
    at[n] = NULL;
    for (uint32_t i = 0; i < n; i++) { /* an action by its mere name */
        if (strncmp(at[i], word, size) == 0 && strcmp(at[i] + size, "_failed") == 0)
            return at[i];
    }
    return muster_suggest(word, at);
}

/* Whether a word is "ACTION_failed" of an action that exists, and is no part of this config. */
static bool is_idle_action(const char *text, const struct muster_condition_error *error)
{
    static const char failed[] = "_failed";
    const size_t ending = sizeof failed - 1;
    char stem[MUSTER_CONDITION_WORD_MAX];
    if (error->length <= ending || error->length >= sizeof stem ||
        error->offer != MUSTER_CONDITION_OFFER_NAMES ||
        memcmp(text + error->offset + error->length - ending, failed, ending) != 0)
        return false;
    snprintf(stem, sizeof stem, "%.*s", (int)(error->length - ending), text + error->offset);
    return edge_action_is_known(stem);
}

/* A type of anomaly that has no policy, and looks like one that has, is probably misspelt. */
static void warn_of_type(struct edge *e, const struct muster_doc *node, const char *type)
{
    const char *with_policy[MUSTER_POLICIES_MAX + 1];
    const struct muster_enhanced_config *c = &e->c->enhanced;
    for (uint32_t i = 0; i < c->policy_count; i++)
        with_policy[i] = c->policy[i].type;
    with_policy[c->policy_count] = NULL;
    const char *near = muster_suggest(type, with_policy), *at = strstr(node->text, type);
    if (near)
        EDGE_WARNING(e, mark_of(node, at ? (size_t)(at - node->text) : 0),
                     "no policy is for '%s', did you mean '%s'?", type, near);
}

static void compile(struct edge *e, const struct muster_doc *node,
                    struct muster_condition *condition)
{
    char room[CANDIDATES_MAX][MUSTER_CONDITION_WORD_MAX];
    struct muster_anomaly_types *types = &e->c->enhanced.types;
    const struct muster_condition_names names = {edge_actions(e), types, true};
    struct muster_condition_error error;
    uint32_t before = types->count;
    if (!node) {
        muster_condition_always(condition);
        return;
    }
    if (muster_doc_expect(node, MUSTER_NODE_SCALAR, "a condition such as \"severity >= 0.7\"",
                          e->d) != 0)
        return;
    if (muster_condition_compile(muster_text_bytes(node->text), &names, condition, &error) == 0) {
        for (uint32_t i = before; i < types->count; i++)
            warn_of_type(e, node, types->name[i]);
        return;
    }
    if (is_idle_action(node->text, &error)) {
        EDGE_ERROR(e, mark_of(node, error.offset), "%s: no step of this config runs it",
                   error.text);
        return;
    }
    const char *near = near_word(&names, node->text, &error, room);
    EDGE_ERROR(e, mark_of(node, error.offset), "%s%s%s%s", error.text,
               near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

void edge_conditions(struct edge *e)
{
    struct muster_enhanced_config *c = &e->c->enhanced;
    for (uint32_t i = 0; i < c->step_count; i++)
        compile(e, e->step_condition[i], &c->step[i].condition);
    for (uint32_t i = 0; i < c->phases.rule_count; i++)
        compile(e, e->rule_condition[i], &c->phases.rule[i].condition);
}
