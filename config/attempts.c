/* SPDX-License-Identifier: Apache-2.0 */
/* How actions are tried again, and when no longer: action_backoff, action_breaker. */
#include "config/edge.h"

#include <string.h>

static const char *const jitters[] = {"full", "equal", "decorrelated", NULL};

/* `key: false` or `key: true`, else a mapping of these keys. True: there is a mapping to read. */
static bool load_switch(struct edge *e, const struct muster_doc *node, const char *const *keys,
                        bool *on)
{
    if (!node)
        return false;
    if (node->kind == MUSTER_NODE_SCALAR) {
        (void)muster_doc_boolean(node, on, e->d);
        return false;
    }
    *on = true;
    if (muster_doc_expect(node, MUSTER_NODE_MAPPING, "a mapping, true or false", e->d) != 0)
        return false;
    muster_doc_keys(node, keys, e->d);
    return true;
}

static void load_backoff(struct edge *e, const struct muster_doc *node,
                         struct muster_acting_options *a)
{
    static const char *const keys[] = {"base", "cap", "jitter", NULL};
    uint32_t jitter = a->retry.jitter;
    if (!load_switch(e, node, keys, &a->backs_off))
        return;
    edge_seconds(e, node, "base", 1, &a->retry.base);
    edge_seconds(e, node, "cap", 1, &a->retry.cap);
    if (edge_get(node, "jitter"))
        (void)muster_doc_word(edge_get(node, "jitter"), jitters, &jitter, e->d);
    a->retry.jitter = (enum muster_jitter)jitter;
    if (a->retry.base <= a->retry.cap)
        return;
    EDGE_ERROR(e, node->mark, "'base', the first wait, is longer than 'cap', the longest");
    a->retry.base = a->retry.cap;
}

static void load_breaker(struct edge *e, const struct muster_doc *node,
                         struct muster_acting_options *a)
{
    static const char *const keys[] = {"failure_threshold", "success_threshold", "recovery_timeout",
                                       "probe_timeout", NULL};
    if (!load_switch(e, node, keys, &a->breaks))
        return;
    edge_count(e, node, "failure_threshold", 1, MUSTER_BREAKER_THRESHOLD_MAX,
               &a->breaker.failure_threshold);
    edge_count(e, node, "success_threshold", 1, MUSTER_BREAKER_THRESHOLD_MAX,
               &a->breaker.success_threshold);
    edge_seconds(e, node, "recovery_timeout", 1, &a->breaker.recovery_timeout);
    edge_seconds(e, node, "probe_timeout", 0, &a->breaker.probe_timeout);
}

void edge_attempts(struct edge *e, const struct muster_doc *root, struct muster_acting_options *a)
{
    load_backoff(e, edge_get(root, "action_backoff"), a);
    load_breaker(e, edge_get(root, "action_breaker"), a);
}

void edge_put_attempts(struct muster_text *t, const struct muster_acting_options *a)
{
    muster_text_add(t, ", action_backoff: ");
    if (a->backs_off) {
        muster_text_add(t, "{jitter: ");
        muster_text_add(t, jitters[a->retry.jitter]);
        edge_put(t, "base", a->retry.base, "ns");
        edge_put(t, "cap", a->retry.cap, "ns");
    }
    muster_text_add(t, a->backs_off ? "}" : "false");
    muster_text_add(t, ", action_breaker: ");
    if (a->breaks) {
        muster_text_add(t, "{failure_threshold: ");
        muster_text_add_u64(t, a->breaker.failure_threshold);
        edge_put(t, "success_threshold", a->breaker.success_threshold, "");
        edge_put(t, "recovery_timeout", a->breaker.recovery_timeout, "ns");
        edge_put(t, "probe_timeout", a->breaker.probe_timeout, "ns");
    }
    muster_text_add(t, a->breaks ? "}" : "false");
}
