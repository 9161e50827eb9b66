/* SPDX-License-Identifier: Apache-2.0 */
/* Steps on everything that stands in the file: keys that can be left out, values that can be
 * simpler. */
#include "sim/shrink/inside.h"

#include <stdio.h>
#include <string.h>

#define AHEAD  16   /* tries of one batch: more are in vain when an early one is taken */
#define NODES  4096 /* of a document that are looked at */
#define SECOND MUSTER_SECOND

/* The nodes of a document, each before what is in it. */
struct walk {
    const struct muster_doc *node[NODES];
    uint32_t count;
};

/* Who votes after a change is all or nothing: another set would be another change. */
static bool is_electorate(const struct muster_doc *node)
{
    return node->key && (strcmp(node->key, "next") == 0 || strcmp(node->key, "electorate") == 0) &&
           node->kind != MUSTER_NODE_SCALAR;
}

static void collect(struct walk *w, const struct muster_doc *node)
{
    for (const struct muster_doc *child = node->first; child && !is_electorate(node);
         child = child->next) {
        if (w->count == NODES)
            return;
        w->node[w->count++] = child;
        collect(w, child);
    }
}

static bool is_one_of(const char *key, const char *const *keys)
{
    for (; *keys; keys++) {
        if (strcmp(key, *keys) == 0)
            return true;
    }
    return false;
}

/* What can be left out or be simpler. Not what makes the failure: the property that is named, the
 * expectation; nor the entries as such, which have a step of their own. */
static void walk_free(struct walk *w, const struct muster_doc *root)
{
    static const char *const kept[] = {"version", "always",     "eventually",
                                       "expect",  "events_max", NULL};
    w->count = 0;
    for (const struct muster_doc *child = root->first; child; child = child->next) {
        bool whole = strcmp(child->key, "timeline") != 0 && strcmp(child->key, "cluster") != 0 &&
                     strcmp(child->key, "duration") != 0;
        if (is_one_of(child->key, kept))
            continue;
        if (whole && w->count < NODES)
            w->node[w->count++] = child;
        if (strcmp(child->key, "timeline") == 0) {
            for (const struct muster_doc *one = child->first; one; one = one->next)
                collect(w, one);
        } else {
            collect(w, child);
        }
    }
}

bool shrink_fewer_keys(struct search *s)
{
    struct muster_memory m = {0};
    struct walk *w = muster_memory_take(&m, sizeof *w);
    bool took = false;
    for (uint32_t at = 0; !s->over;) {
        const struct muster_doc *cluster = muster_doc_get(s->best.root, "cluster");
        const struct muster_doc *nodes = muster_doc_get(cluster, "nodes");
        walk_free(w, s->best.root);
        if (at >= w->count)
            break;
        uint32_t index[AHEAD], offered = 0, next = at;
        for (; next < w->count && offered < AHEAD; next++) {
            const struct muster_doc_edit gone = {w->node[next], NULL};
            if (w->node[next] == nodes)
                continue;
            index[offered++] = next;
            shrink_offer(s, &gone, 1, s->best.try.seed);
        }
        int found = shrink_take_first(s);
        took = took || found >= 0;
        at = found >= 0 ? index[found] : next;
    }
    muster_memory_free(&m);
    return took;
}

static bool without_by_other_seeds(struct search *s, const struct muster_doc *node)
{
    const struct muster_doc_edit gone = {node, NULL};
    for (uint64_t seed = 1; seed <= shrink_other_seeds(s); seed++)
        shrink_offer(s, &gone, 1, seed);
    return shrink_take_first(s) >= 0;
}

/* Sections of the file, and what stands right in them; of the cluster, keys of its config. */
bool shrink_fewer_keys_by_other_seeds(struct search *s)
{
    static const char *const sections[] = {"network", "clocks",  "store",  "disk",
                                           "health",  "targets", "config", NULL};
    bool took = false;
    for (const char *const *key = sections; *key; key++) {
        for (uint32_t at = 0; !s->over;) {
            const struct muster_doc *root = s->best.root;
            bool whole = strcmp(*key, "config") != 0;
            const struct muster_doc *section =
                muster_doc_get(whole ? root : muster_doc_get(root, "cluster"), *key);
            const struct muster_doc *node = at == 0 || !section ? section : section->first;
            for (uint32_t i = 1; node && at > 0 && i < at; i++)
                node = node->next;
            if (!node)
                break;
            bool gone = without_by_other_seeds(s, node);
            took = took || gone;
            at += !gone;
        }
    }
    return took;
}

/* ---- simpler values ---- */

/* Digits that say something: 1 of "30s", 2 of "1.5s". */
static uint32_t digits_of(muster_dur t)
{
    uint32_t n = 0;
    while (t > 0 && t % 10 == 0)
        t /= 10;
    for (; t > 0; t /= 10)
        n++;
    return n;
}

static void offer_value(struct search *s, const struct muster_doc *node, const char *text)
{
    struct muster_memory m = {0};
    const struct muster_doc_edit edit = {node, muster_doc_scalar(text, false, &m)};
    if (!shrink_is_full(s))
        shrink_offer(s, &edit, 1, s->best.try.seed);
    muster_memory_free(&m);
}

static void offer_length(struct search *s, const struct muster_doc *node, muster_dur value)
{
    struct muster_memory m = {0};
    offer_value(s, node, shrink_write_duration(value, &m));
    muster_memory_free(&m);
}

static void offer_rounded(struct search *s, const struct muster_doc *node, muster_dur value)
{
    static const muster_dur units[] = {10 * SECOND, SECOND, SECOND / 10, SECOND / 100,
                                       MUSTER_MILLISECOND};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        muster_dur below = value / units[i] * units[i], above = below + units[i];
        bool nearer_above = above - value < value - below;
        muster_dur first = nearer_above ? above : below, second = nearer_above ? below : above;
        if (first > 0 && digits_of(first) < digits_of(value))
            offer_length(s, node, first);
        if (second > 0 && digits_of(second) < digits_of(value))
            offer_length(s, node, second);
    }
}

static void offer_shorter(struct search *s, const struct muster_doc *node, muster_dur value)
{
    static const muster_dur steps[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i] * SECOND < value)
            offer_length(s, node, steps[i] * SECOND);
    }
}

/* One end of a range is enough of it. */
static void offer_ends(struct search *s, const struct muster_doc *node, const char *dots)
{
    struct muster_memory m = {0};
    offer_value(s, node, muster_memory_copy(&m, node->text, (size_t)(dots - node->text)));
    offer_value(s, node, dots + 2);
    muster_memory_free(&m);
}

static void offer_less(struct search *s, const struct muster_doc *node)
{
    struct muster_diagnostics unheard = {0};
    char text[24];
    uint64_t value = 0;
    if (muster_doc_integer(node, 2, MUSTER_INTEGER_MAX, &value, &unheard) != 0)
        return;
    for (uint64_t less = 1; less < value && !shrink_is_full(s); less *= 2) {
        snprintf(text, sizeof text, "%llu", (unsigned long long)less);
        offer_value(s, node, text);
    }
}

static void offer_simpler(struct search *s, const struct muster_doc *node)
{
    muster_dur value = 0;
    const char *key = node->key ? node->key : "";
    const char *dots = node->text ? strstr(node->text, "..") : NULL;
    if (node->kind != MUSTER_NODE_SCALAR)
        return;
    if (dots) {
        offer_ends(s, node, dots);
    } else if (strcmp(key, "store") == 0 && strcmp(node->text, "restore") == 0) {
        offer_value(s, node, "flushall"); /* which needs no dump before it */
    } else if (shrink_read_duration(node, &value)) {
        if (strcmp(key, "for") == 0)
            offer_shorter(s, node, value);
        offer_rounded(s, node, value);
    }
}

bool shrink_less_work(struct search *s)
{
    struct muster_memory m = {0};
    struct walk *w = muster_memory_take(&m, sizeof *w);
    bool took = false;
    walk_free(w, s->best.root);
    for (uint32_t i = 0; i < w->count && !s->over; i++) {
        if (!w->node[i]->key || strcmp(w->node[i]->key, "count") != 0)
            continue;
        offer_less(s, w->node[i]);
        if (shrink_take_first(s) < 0)
            continue;
        took = true;
        walk_free(w, s->best.root); /* of the same shape */
    }
    muster_memory_free(&m);
    return took;
}

bool shrink_simpler_values(struct search *s)
{
    struct muster_memory m = {0};
    struct walk *w = muster_memory_take(&m, sizeof *w);
    bool took = false;
    walk_free(w, s->best.root);
    for (uint32_t i = 0; i < w->count && !s->over; i++) {
        offer_simpler(s, w->node[i]);
        if (shrink_take_first(s) < 0)
            continue;
        took = true;
        walk_free(w, s->best.root); /* of the same shape: only a value is another one */
    }
    muster_memory_free(&m);
    return took;
}
