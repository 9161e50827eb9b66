/* SPDX-License-Identifier: Apache-2.0 */
/* The search: tries in batches, and the order of the steps. */
#include "sim/shrink/inside.h"

#include "config/document_write.h"
#include "core/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ROUNDS_MAX   12
#define EVENTS_LEAST 200000

/* ---- tries ---- */

static bool is_wanted(const void *cookie, const struct muster_shrink_outcome *o)
{
    const struct goal *goal = cookie;
    if (!muster_shrink_fails(o) || o->code != goal->code ||
        strcmp(o->property, goal->property) != 0 || o->warnings > goal->warnings)
        return false;
    if (goal->code == MUSTER_RUN_UNMET && o->changes < goal->changes)
        return false;
    if (goal->expectation && (o->down > goal->down || o->cut > goal->cut))
        return false;
    return !goal->crash[0] || strcmp(o->signature, goal->crash) == 0;
}

/* What takes many times as long as the first run is no smaller, whatever it comes to. */
static void set_try(const struct search *s, struct candidate *c, uint64_t seed)
{
    const struct muster_document_style style = {0};
    c->try.events_max = s->goal.events_max;
    c->try.limits = s->goal.limits;
    c->try.seed = seed;
    c->try.text = muster_document_write(c->root, &style, &c->memory, &c->try.size);
}

bool shrink_is_full(const struct search *s)
{
    return s->count == MUSTER_SHRINK_BATCH_MAX;
}

void shrink_offer_root(struct search *s, const struct muster_doc *root, uint64_t seed)
{
    assert(!shrink_is_full(s));
    struct candidate *c = &s->batch[s->count++];
    *c = (struct candidate){0};
    c->root = muster_doc_copy(root, NULL, 0, &c->memory);
    set_try(s, c, seed);
}

void shrink_offer(struct search *s, const struct muster_doc_edit *edits, size_t count,
                  uint64_t seed)
{
    assert(!shrink_is_full(s));
    struct candidate *c = &s->batch[s->count++];
    *c = (struct candidate){0};
    c->root = muster_doc_copy(s->best.root, edits, count, &c->memory);
    assert(c->root);
    set_try(s, c, seed);
}

static void forget_batch(struct search *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        muster_memory_free(&s->batch[i].memory);
    s->count = 0;
}

static uint32_t entries_of(const struct muster_doc *root)
{
    const struct muster_doc *timeline = shrink_timeline_of(root);
    return timeline ? timeline->children : 0;
}

/* Run the batch; its index that is wanted, or `count`. The batch stays. */
static uint32_t run_batch(struct search *s, struct muster_shrink_outcome *o)
{
    struct muster_shrink_try tries[MUSTER_SHRINK_BATCH_MAX];
    const struct muster_shrink_ops *ops = s->request->ops;
    s->over = s->over || ops->over(ops->cookie);
    if (s->count == 0 || (s->over && s->count > 1))
        return s->count;
    for (uint32_t i = 0; i < s->count; i++)
        tries[i] = s->batch[i].try;
    return ops->run(ops->cookie, tries, s->count, is_wanted, &s->goal, o, &s->stats.runs);
}

int shrink_take_first(struct search *s)
{
    struct muster_shrink_outcome o;
    const struct muster_shrink_ops *ops = s->request->ops;
    uint32_t found = run_batch(s, &o);
    if (found == s->count) {
        forget_batch(s);
        return -1;
    }
    struct candidate taken = s->batch[found];
    s->batch[found].memory = s->best.memory; /* goes with the rest of the batch */
    s->best = taken;
    s->outcome = o;
    s->goal.warnings = o.warnings;
    forget_batch(s);
    s->stats.accepted++;
    s->stats.entries = entries_of(s->best.root);
    s->stats.nodes = o.members;
    if (ops->progress)
        ops->progress(ops->cookie, &s->stats);
    return (int)found;
}

uint64_t shrink_other_seeds(const struct search *s)
{
    uint64_t affordable = SEEDS_COST / (s->outcome.events + 1);
    return affordable < 3 ? 3 : affordable < SEEDS ? affordable : SEEDS;
}

bool shrink_smaller_seed(struct search *s)
{
    for (uint64_t seed = 1; seed <= SEEDS && seed < s->best.try.seed; seed++)
        shrink_offer(s, NULL, 0, seed);
    return shrink_take_first(s) >= 0;
}

/* ---- helpers of the steps ---- */

const struct muster_doc *shrink_timeline_of(const struct muster_doc *root)
{
    const struct muster_doc *timeline = muster_doc_get(root, "timeline");
    return timeline && timeline->kind == MUSTER_NODE_SEQUENCE ? timeline : NULL;
}

bool shrink_read_duration(const struct muster_doc *node, muster_dur *ret_value)
{
    struct muster_diagnostics unheard = {0};
    return node && node->kind == MUSTER_NODE_SCALAR && !strstr(node->text, "..") &&
           muster_doc_duration(node, 0, MUSTER_NEVER - 1, false, ret_value, &unheard) == 0;
}

const char *shrink_write_duration(muster_dur value, struct muster_memory *m)
{
    char text[48];
    struct muster_text t;
    muster_text_init(&t, text, sizeof text);
    muster_text_add_duration(&t, value);
    return muster_memory_copy(m, text, strlen(text));
}

/* ---- the search ---- */

static bool round_of_steps(struct search *s)
{
    bool took = shrink_less_time(s); /* first: a try that passes goes on to the end */
    took |= shrink_less_work(s);
    took |= shrink_fewer_entries(s);
    took |= shrink_fewer_nodes(s);
    took |= shrink_fewer_keys(s);
    took |= shrink_fewer_entries_by_other_seeds(s);
    took |= shrink_fewer_keys_by_other_seeds(s);
    took |= shrink_at_for_when(s);
    took |= shrink_earlier(s);
    took |= shrink_simpler_values(s);
    took |= shrink_smaller_seed(s);
    return took;
}

/* The first run, as it was given: what fails. */
static bool set_goal(struct search *s)
{
    struct muster_shrink_outcome *o = &s->outcome;
    struct goal *goal = &s->goal;
    if (!muster_shrink_fails(o))
        return false;
    if (s->request->property && strcmp(s->request->property, o->property) != 0)
        return false;
    memcpy(goal->property, o->property, sizeof goal->property);
    goal->code = o->code;
    goal->limits = o->limits;
    goal->warnings = o->warnings;
    goal->expectation = strcmp(o->property, "expect") == 0;
    goal->down = o->down;
    goal->cut = o->cut;
    goal->changes = o->changes;
    if (strcmp(o->property, "events_max") != 0)
        goal->events_max = 4 * o->events + EVENTS_LEAST;
    if (strcmp(o->property, "no_crash") == 0 && strstr(o->text, "Assertion"))
        memcpy(goal->crash, o->signature, sizeof goal->crash);
    return true;
}

static bool is_any(const void *goal, const struct muster_shrink_outcome *o)
{
    (void)goal;
    (void)o;
    return true;
}

static bool begin(struct search *s)
{
    const struct muster_shrink_ops *ops = s->request->ops;
    const struct muster_doc *root = s->request->root;
    const struct muster_doc_edit without = {muster_doc_get(root, "expect_failure"), NULL};
    s->best.root = muster_doc_copy(root, &without, 1, &s->best.memory);
    set_try(s, &s->best, s->request->seed);
    if (ops->run(ops->cookie, &s->best.try, 1, is_any, NULL, &s->outcome, &s->stats.runs) != 0 ||
        !set_goal(s))
        return false;
    s->stats.entries_before = s->stats.entries = entries_of(root);
    s->stats.nodes_before = s->stats.nodes = s->outcome.members;
    return true;
}

int muster_shrink(const struct muster_shrink_request *request, struct muster_memory *memory,
                  struct muster_shrink_result *ret)
{
    struct muster_memory own = {0};
    struct search *s = muster_memory_take(&own, sizeof *s);
    s->request = request;
    s->goal.limits = MUSTER_SHRINK_ANY; /* until the first run says what is needed */
    bool fails = begin(s);
    *ret = (struct muster_shrink_result){.seed = request->seed};
    if (fails) {
        shrink_offer_root(s, shrink_strip(s, &own), request->seed);
        /* Of several expectations, only the one that failed is known to be the one. */
        bool more = shrink_take_first(s) >= 0 || !s->goal.expectation;
        for (uint32_t round = 0; more && round < ROUNDS_MAX && !s->over; round++)
            more = round_of_steps(s);
        s->stats.complete = !s->over;
        shrink_finish(s, memory, ret);
    }
    ret->outcome = s->outcome;
    ret->stats = s->stats;
    muster_memory_free(&s->best.memory);
    muster_memory_free(&own);
    return fails ? 0 : MUSTER_E_INVALID;
}
