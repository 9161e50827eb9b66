/* SPDX-License-Identifier: Apache-2.0 */
/* Fewer nodes: those that nothing is said of go first, the others are renamed to close the gap. */
#include "sim/shrink/inside.h"

#include "core/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define MEMBERS MUSTER_MEMBERS_MAX

/* Who there is, and who stays. */
struct crew {
    uint32_t count;
    char name[MEMBERS][MUSTER_NAME_MAX + 1];
    bool named; /* by a list of names: then they are not renamed */
    uint32_t spoken_of[MEMBERS];
    bool stays[MEMBERS];
};

static void count_words(const struct muster_doc *node, struct crew *c)
{
    const char *words[] = {node->text, node->key};
    for (size_t w = 0; w < 2; w++) {
        for (uint32_t i = 0; words[w] && i < c->count; i++)
            c->spoken_of[i] += strcmp(words[w], c->name[i]) == 0;
    }
    for (const struct muster_doc *child = node->first; child; child = child->next)
        count_words(child, c);
}

static void read_crew(const struct search *s, struct crew *c)
{
    const struct muster_doc *root = s->best.root;
    const struct muster_doc *nodes = muster_doc_get(muster_doc_get(root, "cluster"), "nodes");
    const struct muster_doc *one = nodes ? nodes->first : NULL;
    *c = (struct crew){.count = s->stats.nodes, .named = one != NULL};
    for (uint32_t i = 0; i < c->count; i++, one = one ? one->next : NULL) {
        if (one && one->text)
            snprintf(c->name[i], sizeof c->name[i], "%s", one->text);
        else
            snprintf(c->name[i], sizeof c->name[i], "n%u", (unsigned)i + 1);
    }
    const struct muster_doc *timeline = shrink_timeline_of(root),
                            *expect = muster_doc_get(root, "expect");
    if (timeline)
        count_words(timeline, c);
    if (expect)
        count_words(expect, c);
}

/* The best with those who stay. */
static const struct muster_doc *with_crew(const struct search *s, const struct crew *c,
                                          struct muster_memory *m)
{
    const char *from[MEMBERS + 1] = {NULL}, *to[MEMBERS + 1] = {NULL};
    char count[16], renamed[MEMBERS][16];
    uint32_t left = 0;
    struct muster_doc *names = muster_doc_collection(MUSTER_NODE_SEQUENCE, m);
    for (uint32_t i = 0; i < c->count; i++) {
        from[i] = c->name[i];
        if (!c->stays[i])
            continue;
        snprintf(renamed[i], sizeof renamed[i], "n%u", (unsigned)++left);
        to[i] = c->named ? c->name[i] : renamed[i];
        muster_doc_append(names, NULL, muster_doc_scalar(c->name[i], false, m), m);
    }
    snprintf(count, sizeof count, "%u", (unsigned)left);
    const struct renaming r = {from, to};
    const struct muster_doc *root = shrink_rename_nodes(s->best.root, &r, m);
    const struct muster_doc *cluster = muster_doc_get(root, "cluster");
    struct muster_doc *more = muster_doc_collection(MUSTER_NODE_MAPPING, m);
    const struct muster_doc *nodes = c->named ? names : muster_doc_scalar(count, false, m);
    muster_doc_append(more, "nodes", nodes, m);
    for (const struct muster_doc *one = cluster ? cluster->first : NULL; one; one = one->next) {
        bool all =
            strcmp(one->key, "voters") == 0 && one->text && strtoul(one->text, NULL, 10) >= left;
        if (strcmp(one->key, "nodes") != 0 && !all)
            muster_doc_append(more, one->key, one, m);
    }
    const struct muster_doc_edit edit = {cluster, more};
    if (cluster)
        return muster_doc_copy(root, &edit, 1, m);
    struct muster_doc *all = muster_doc_collection(MUSTER_NODE_MAPPING, m);
    for (const struct muster_doc *one = root->first; one; one = one->next)
        muster_doc_append(all, one->key, one, m);
    muster_doc_append(all, "cluster", more, m);
    return all;
}

/* Under the seed that it has, then under others: another number of nodes is another run. */
static bool take_crew(struct search *s, const struct crew *c)
{
    struct muster_memory m = {0};
    const struct muster_doc *root = with_crew(s, c, &m);
    shrink_offer_root(s, root, s->best.try.seed);
    for (uint64_t seed = 1; seed <= shrink_other_seeds(s); seed++)
        shrink_offer_root(s, root, seed);
    bool took = shrink_take_first(s) >= 0;
    muster_memory_free(&m);
    return took;
}

/* Those of whom most is said stay; of equal ones the first. */
static void keep_foremost(struct crew *c, uint32_t size)
{
    memset(c->stays, 0, sizeof c->stays);
    for (uint32_t kept = 0; kept < size; kept++) {
        uint32_t best = MEMBERS;
        for (uint32_t i = 0; i < c->count; i++) {
            if (!c->stays[i] && (best == MEMBERS || c->spoken_of[i] > c->spoken_of[best]))
                best = i;
        }
        assert(best < MEMBERS);
        c->stays[best] = true;
    }
}

bool shrink_fewer_nodes(struct search *s)
{
    struct crew c;
    bool took = false;
    read_crew(s, &c);
    for (uint32_t size = 1; size < c.count && size <= 5 && !took && !s->over; size++) {
        keep_foremost(&c, size);
        took = take_crew(s, &c);
    }
    read_crew(s, &c);
    for (uint32_t i = c.count; i-- > 0 && c.count > 1 && !s->over;) {
        memset(c.stays, 1, sizeof c.stays);
        c.stays[i] = false;
        if (!take_crew(s, &c))
            continue;
        took = true;
        read_crew(s, &c);
        i = i < c.count ? i : c.count;
    }
    return took;
}
