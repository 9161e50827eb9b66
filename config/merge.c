/* SPDX-License-Identifier: Apache-2.0 */
/* Merging documents: see include.h. */
#include "config/include.h"

#include <string.h>

#define KEYS_MAX 1000

static void append(struct muster_doc *parent, struct muster_doc **last, struct muster_memory *m,
                   const struct muster_doc *child)
{
    struct muster_doc *copy = muster_memory_take(m, sizeof *copy);
    *copy = *child;
    copy->next = NULL;
    if (*last)
        (*last)->next = copy;
    else
        parent->first = copy;
    *last = copy;
    parent->children++;
}

static struct muster_doc *empty_like(const struct muster_doc *node, struct muster_memory *m)
{
    struct muster_doc *copy = muster_memory_take(m, sizeof *copy);
    *copy = *node;
    copy->first = copy->next = NULL;
    copy->children = 0;
    return copy;
}

static const struct muster_doc *join_lists(const struct muster_doc *base,
                                           const struct muster_doc *over, struct muster_memory *m)
{
    struct muster_doc *both = empty_like(over, m), *last = NULL;
    for (const struct muster_doc *item = base->first; item; item = item->next)
        append(both, &last, m, item);
    for (const struct muster_doc *item = over->first; item; item = item->next)
        append(both, &last, m, item);
    return both;
}

static bool is_among(const char *key, const char *const *list)
{
    for (; list && *list; list++) {
        if (strcmp(key, *list) == 0)
            return true;
    }
    return false;
}

/* Depth is bounded by the documents' own. */
const struct muster_doc *muster_doc_merge(const struct muster_doc *base,
                                          const struct muster_doc *over,
                                          const char *const *appended, struct muster_memory *m,
                                          struct muster_diagnostics *d)
{
    struct muster_doc *both = empty_like(over, m), *last = NULL;
    if (base->children > KEYS_MAX || over->children > KEYS_MAX) {
        muster_complain(d, MUSTER_SEVERITY_ERROR, over->mark, "more than 1000 keys to merge");
        return over;
    }
    for (const struct muster_doc *child = over->first; child; child = child->next) {
        const struct muster_doc *old = muster_doc_get(base, child->key);
        bool same = old && old->kind == child->kind;
        const struct muster_doc *value = child;
        if (same && child->kind == MUSTER_NODE_MAPPING)
            value = muster_doc_merge(old, child, NULL, m, d);
        else if (same && child->kind == MUSTER_NODE_SEQUENCE && is_among(child->key, appended))
            value = join_lists(old, child, m);
        append(both, &last, m, value);
    }
    for (const struct muster_doc *child = base->first; child; child = child->next) {
        if (!muster_doc_get(over, child->key))
            append(both, &last, m, child);
    }
    return both;
}
