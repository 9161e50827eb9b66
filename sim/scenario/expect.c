/* SPDX-License-Identifier: Apache-2.0 */
/* Expectations: what is expected, of whom, when. */
#include "sim/scenario/inside.h"

#include "core/orchestrator/health.h"
#include "core/text.h"

#include <assert.h>
#include <string.h>

#define EXPECTATIONS_MAX 4096
#define KEYS_MAX         16

static const char *const timing_keys[] = {"by", "at", "during", "after", NULL};
static const char *const bound_keys[] = {"count", "at_least", "at_most", NULL};

/* ---- when ---- */

static bool take_time(struct loader *l, const struct muster_doc *node, muster_time *value)
{
    char end[32];
    struct muster_text t;
    if (muster_doc_duration(node, 0, TIME_MAX, false, value, l->d) != 0)
        return false;
    if (*value <= l->s->duration)
        return true;
    muster_text_init(&t, end, sizeof end);
    muster_text_add_duration(&t, l->s->duration);
    COMPLAIN(l, node->mark, "'%.40s' is after the end; the scenario lasts %s", node->text, end);
    return false;
}

static void load_during(struct loader *l, const struct muster_doc *during,
                        struct muster_expectation *x)
{
    x->timing = MUSTER_EXPECT_DURING;
    if (muster_doc_expect(during, MUSTER_NODE_SEQUENCE, "two times such as [10s, 20s]", l->d) != 0)
        return;
    if (during->children != 2) {
        COMPLAIN(l, during->mark, "expected two times such as [10s, 20s]");
        return;
    }
    if (take_time(l, during->first, &x->from) && take_time(l, during->first->next, &x->at) &&
        x->from > x->at)
        COMPLAIN(l, during->mark, "'during' ends before it begins");
}

static void load_timing(struct loader *l, const struct muster_doc *node,
                        struct muster_expectation *x)
{
    const struct muster_doc *by = field(node, "by"), *at = field(node, "at");
    const struct muster_doc *during = field(node, "during"), *after = field(node, "after");
    x->at = l->s->duration;
    x->timing = MUSTER_EXPECT_BY;
    if ((by != NULL) + (at != NULL) + (during != NULL) > 1)
        COMPLAIN(l, node->mark, "'by', 'at' and 'during' exclude each other");
    if (during) {
        load_during(l, during, x);
    } else if (at) {
        x->timing = MUSTER_EXPECT_AT;
        take_time(l, at, &x->at);
    } else if (by) {
        take_time(l, by, &x->at);
    } else if (field(node, "at_most")) {
        x->timing = MUSTER_EXPECT_DURING;
    }
    if (!after)
        return;
    if (at || during)
        COMPLAIN(l, after->key_mark, "'after' goes with 'by'");
    else if (take_time(l, after, &x->from) && x->from > x->at)
        COMPLAIN(l, after->mark, "'after' lies behind 'by'");
}

/* How often: at least once when nothing is said. */
static void load_bounds(struct loader *l, const struct muster_doc *node,
                        struct muster_expectation *x)
{
    const uint32_t most = MUSTER_ANY - 1;
    const struct muster_doc *count = field(node, "count"), *least = field(node, "at_least");
    const struct muster_doc *limit = field(node, "at_most");
    x->min = limit && !least ? 0 : 1;
    x->max = MUSTER_ANY;
    take_count(l, node, "at_least", 0, most, &x->min);
    take_count(l, node, "at_most", 0, most, &x->max);
    if (count && (least || limit))
        COMPLAIN(l, count->key_mark,
                 "'count' is exact; leave it out beside 'at_least' and 'at_most'");
    else if (count) {
        take_count(l, node, "count", 0, most, &x->min);
        x->max = x->min;
    } else if (x->min > x->max) {
        COMPLAIN(l, node->mark, "'at_least' is more than 'at_most'");
    }
}

static void load_of(struct loader *l, const struct muster_doc *node, struct muster_expectation *x)
{
    const struct muster_doc *of = field(node, "of");
    x->has_who = of && load_selector(l, of, &x->who);
}

/* ---- what ---- */

/* One kind: fills x[0], or more of them; returns how many. */
typedef uint32_t (*kind_reader)(struct loader *l, const struct muster_doc *node,
                                const struct muster_doc *value, struct muster_expectation *x);

static uint32_t read_leader(struct loader *l, const struct muster_doc *node,
                            const struct muster_doc *value, struct muster_expectation *x)
{
    static const char *const keys[] = {"not", NULL};
    const struct muster_doc *who = value;
    (void)node;
    x->kind = MUSTER_EXPECT_LEADER;
    if (value->kind == MUSTER_NODE_MAPPING) {
        muster_doc_keys(value, keys, l->d);
        x->negate = true;
        who = field(value, "not");
        if (!who) {
            COMPLAIN(l, value->mark, "expected a node, any, none or {not: NODE}");
            return 1;
        }
    } else if (value->kind == MUSTER_NODE_SCALAR) {
        x->any = strcmp(value->text, "any") == 0;
        x->none = strcmp(value->text, "none") == 0;
    }
    x->has_who = !x->any && !x->none && load_selector(l, who, &x->who);
    return 1;
}

static uint32_t read_event(struct loader *l, const struct muster_doc *node,
                           const struct muster_doc *value, struct muster_expectation *x)
{
    x->kind = MUSTER_EXPECT_EVENT;
    x->event = load_event(l, value);
    load_of(l, node, x);
    load_bounds(l, node, x);
    return 1;
}

static uint32_t read_mode(struct loader *l, const struct muster_doc *node,
                          const struct muster_doc *value, struct muster_expectation *x)
{
    static const char *const modes[] = {"PRIMARY", "HEURISTIC", "SAFE", NULL};
    uint32_t mode = 0;
    x->kind = MUSTER_EXPECT_MODE;
    if (muster_doc_word(value, modes, &mode, l->d) == 0)
        x->value = MUSTER_MODE_PRIMARY + mode;
    load_of(l, node, x);
    return 1;
}

static uint32_t read_result(struct loader *l, const struct muster_doc *node,
                            const struct muster_doc *value, struct muster_expectation *x)
{
#define X(id, text) text,
    static const char *const results[] = {MUSTER_RESULTS(X) NULL};
#undef X
    const struct muster_doc *action = field(node, "action");
    x->kind = MUSTER_EXPECT_RESULT;
    muster_doc_word(value, results, &x->value, l->d);
    if (!action)
        COMPLAIN(l, node->mark, "'result' needs 'action', such as action: safe_mode");
    else if (muster_doc_expect(action, MUSTER_NODE_SCALAR, "the name of an action", l->d) == 0) {
        x->word = action->text;
        check_action(l, action, NULL);
    }
    load_of(l, node, x);
    load_bounds(l, node, x);
    return 1;
}

static uint32_t read_target(struct loader *l, const struct muster_doc *node,
                            const struct muster_doc *value, struct muster_expectation *x)
{
    x->kind = MUSTER_EXPECT_TARGET;
    if (muster_doc_expect(value, MUSTER_NODE_SCALAR, "the name of a target", l->d) != 0)
        return 1;
    x->value = find_target(l, value->text);
    if (x->value == MUSTER_ANY)
        complain_unknown(l, value, "target", l->target_names);
    load_bounds(l, node, x);
    if (field(node, "accepted")) {
        take_count(l, node, "accepted", 0, MUSTER_ANY - 1, &x->min);
        x->max = x->min;
    }
    return 1;
}

static const char *pair(struct loader *l, const struct muster_doc *value)
{
    size_t key = strlen(value->key), size = strlen(value->text);
    char *text = muster_memory_take(&l->memory, key + size + 2);
    memcpy(text, value->key, key);
    text[key] = '=';
    memcpy(text + key + 1, value->text, size);
    return text;
}

static uint32_t read_state(struct loader *l, const struct muster_doc *node,
                           const struct muster_doc *value, struct muster_expectation *x)
{
    uint32_t used = 0;
    x->kind = MUSTER_EXPECT_STATE;
    load_of(l, node, x);
    if (muster_doc_expect(value, MUSTER_NODE_MAPPING, "a mapping such as {role: leader}", l->d) !=
        0)
        return 1;
    if (value->children == 0)
        COMPLAIN(l, value->mark, "'state' names nothing that should hold");
    if (l->s->process && !l->s->process->describe)
        COMPLAIN(l, value->mark, "process '%s' describes no state", l->s->process->name);
    const struct muster_expectation first = *x;
    for (const struct muster_doc *one = value->first; one; one = one->next) {
        if (muster_doc_expect(one, MUSTER_NODE_SCALAR, "a word or a number", l->d) != 0)
            continue;
        x[used] = first;
        x[used++].word = pair(l, one);
    }
    return used > 0 ? used : 1;
}

struct kind {
    const char *name;
    kind_reader read;
    bool counted;
    const char *keys[3];
};

static const struct kind kinds[] = {
    {"leader", read_leader, false, {0}},         {"event", read_event, true, {"of"}},
    {"mode", read_mode, false, {"of"}},          {"result", read_result, true, {"action", "of"}},
    {"target", read_target, true, {"accepted"}}, {"state", read_state, false, {"of"}},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

static uint32_t add_keys(const char **all, uint32_t n, const char *const *more)
{
    for (; *more; more++)
        all[n++] = *more;
    all[n] = NULL;
    assert(n < KEYS_MAX);
    return n;
}

static void complain_of_kind(struct loader *l, const struct muster_doc *node)
{
    const char *all[KEYS_MAX];
    uint32_t n = add_keys(all, 0, timing_keys), errors = l->d->errors;
    for (size_t i = 0; i < KINDS; i++)
        all[n++] = kinds[i].name;
    all[n] = NULL;
    muster_doc_keys(node, all, l->d);
    if (l->d->errors == errors)
        COMPLAIN(l, node->mark,
                 "an expectation needs one of leader, event, mode, result, target, state");
}

static uint32_t load_expectation(struct loader *l, const struct muster_doc *node,
                                 struct muster_expectation *x)
{
    if (muster_doc_expect(node, MUSTER_NODE_MAPPING,
                          "an expectation such as {by: 30s, leader: any}", l->d) != 0)
        return 0;
    const struct kind *kind = NULL;
    for (size_t i = 0; i < KINDS; i++) {
        if (!muster_doc_get(node, kinds[i].name))
            continue;
        if (kind)
            COMPLAIN(l, node->mark, "'%s' and '%s' in one expectation; make two of it", kind->name,
                     kinds[i].name);
        kind = kind ? kind : &kinds[i];
    }
    if (!kind) {
        complain_of_kind(l, node);
        return 0;
    }
    const char *all[KEYS_MAX];
    uint32_t n = add_keys(all, 0, timing_keys);
    all[n++] = kind->name;
    n = add_keys(all, n, kind->keys);
    if (kind->counted)
        add_keys(all, n, bound_keys);
    muster_doc_keys(node, all, l->d);
    x->mark = node->mark;
    x->text = render(l, node);
    load_timing(l, node, x);
    return kind->read(l, node, muster_doc_get(node, kind->name), x);
}

void load_expectations(struct loader *l, const struct muster_doc *root)
{
    uint64_t most = 0;
    const struct muster_doc *list = field_list(l, root, "expect");
    for (const struct muster_doc *one = list ? list->first : NULL; one; one = one->next) {
        const struct muster_doc *state = field(one, "state");
        most += state && state->children > 1 ? state->children : 1;
    }
    if (!list)
        return;
    if (most > EXPECTATIONS_MAX) {
        COMPLAIN(l, list->mark, "more than %d expectations", EXPECTATIONS_MAX);
        return;
    }
    struct muster_expectation *all = muster_memory_take(&l->memory, (size_t)most * sizeof *all);
    for (const struct muster_doc *one = list->first; one; one = one->next)
        l->s->expect_count += load_expectation(l, one, &all[l->s->expect_count]);
    l->s->expect = all;
}
