/* SPDX-License-Identifier: Apache-2.0 */
/* Before the search: what is not the run's goes. After it: what a reader wants to know. */
#include "sim/shrink/inside.h"

#include "config/document_write.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WIDTH       96
#define DEFENDS_MAX 88
#define HEAD_SIZE   4096

/* ---- before ---- */

static const struct muster_property *find_property(const struct search *s)
{
    const struct muster_property *const *all = s->request->registry->properties;
    for (; all && *all; all++) {
        if (strcmp((*all)->name, s->goal.property) == 0)
            return *all;
    }
    return NULL;
}

static const struct muster_doc *list_of_one(const struct muster_doc *item, struct muster_memory *m)
{
    struct muster_doc *list = muster_doc_collection(MUSTER_NODE_SEQUENCE, m);
    muster_doc_append(list, NULL, item, m);
    return list;
}

/* "always: [P]" or "eventually: [P]". */
static void append_property(const struct search *s, struct muster_doc *root,
                            struct muster_memory *m)
{
    const struct muster_property *p = find_property(s);
    const struct muster_doc *name = muster_doc_scalar(s->goal.property, false, m);
    if (p)
        muster_doc_append(root, p->class == MUSTER_SAFETY ? "always" : "eventually",
                          list_of_one(name, m), m);
}

const struct muster_doc *shrink_strip(struct search *s, struct muster_memory *m)
{
    static const char *const not_run[] = {"name",   "defends", "tags",       "seeds", "fuzz",
                                          "always", "expect",  "eventually", NULL};
    const struct muster_property *p = find_property(s);
    const struct muster_doc *expect = muster_doc_get(s->best.root, "expect");
    struct muster_doc *root = muster_doc_collection(MUSTER_NODE_MAPPING, m);
    for (const struct muster_doc *one = s->best.root->first; one; one = one->next) {
        bool gone = false;
        for (const char *const *key = not_run; *key; key++)
            gone = gone || strcmp(one->key, *key) == 0;
        if (!gone)
            muster_doc_append(root, one->key, one, m);
    }
    if (p && !p->by_default)
        append_property(s, root, m);
    if (strcmp(s->goal.property, "expect") == 0 && expect) {
        const struct muster_doc *item = expect->first;
        for (uint32_t i = 0; item && i < s->outcome.expectation; i++)
            item = item->next;
        if (item)
            muster_doc_append(root, "expect", list_of_one(item, m), m);
    }
    return root;
}

/* ---- the heading ---- */

struct head {
    char text[HEAD_SIZE];
    size_t used, line;
};

/* Words, broken into lines. */
static void put_words(struct head *h, const char *text)
{
    while (*text) {
        size_t word = strcspn(text, " \n"), room = sizeof h->text - 2;
        if (h->used > h->line && h->used - h->line + 1 + word > WIDTH && h->used < room) {
            h->text[h->used++] = '\n';
            h->line = h->used;
        } else if (h->used > h->line && h->used < room) {
            h->text[h->used++] = ' ';
        }
        word = word < room - h->used ? word : room - h->used;
        for (size_t i = 0; i < word; i++)
            h->text[h->used++] = text[i];
        text += strcspn(text, " \n");
        text += strspn(text, " \n");
    }
    h->text[h->used] = 0;
}

static void put_line(struct head *h, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put_line(struct head *h, const char *format, ...)
{
    char text[1400];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (h->used > 0 && h->used < sizeof h->text - 2) {
        h->text[h->used++] = '\n';
        h->line = h->used;
    }
    put_words(h, text);
}

/* What must hold, without a full stop at its end. */
static const char *rule_of(const struct search *s, struct muster_memory *m)
{
    static const char *const own[][2] = {
        {"expect", "what the scenario expects is seen"},
        {"no_crash", "no process fails an assert or takes a signal"},
        {"no_livelock", "virtual time goes on"},
        {"events_max", "a run takes no more events than events_max"},
    };
    const struct muster_property *p = find_property(s);
    for (size_t i = 0; !p && i < sizeof own / sizeof *own; i++) {
        if (strcmp(own[i][0], s->goal.property) == 0)
            return own[i][1];
    }
    size_t size = p ? strlen(p->rule) : 0;
    return muster_memory_copy(m, p ? p->rule : "", size - (size > 0 && p->rule[size - 1] == '.'));
}

static void put_heading(const struct search *s, struct head *h, struct muster_memory *m)
{
    const struct muster_shrink_outcome *o = &s->outcome;
    const struct muster_shrink_stats *n = &s->stats;
    const char *output = s->request->output ? s->request->output : "this file";
    muster_time t = o->failed_at;
    put_line(h, "Fails: %s. Rule: %s.", s->goal.property, rule_of(s, m));
    put_line(h, "Why: %s (at %" PRIu64 ".%03" PRIu64 " s)", o->text, t / MUSTER_SECOND,
             t / MUSTER_MILLISECOND % 1000);
    put_line(h, "From %s, seed %" PRIu64 ": nodes %u -> %u, entries %u -> %u.", s->request->path,
             s->request->seed, (unsigned)n->nodes_before, (unsigned)n->nodes,
             (unsigned)n->entries_before, (unsigned)n->entries);
    put_line(h, "Again: muster run %s --seed %" PRIu64, output, s->best.try.seed);
}

/* ---- beside the entries ---- */

struct remarks {
    const struct search *search;
    const struct muster_doc *timeline;
    char text[96];
};

/* Whether an entry says whom it hits only in a roundabout way. */
static bool is_by_role(const struct muster_doc *item)
{
    static const char *const roles[] = {"leader", "followers", "any", "minority", "majority"};
    for (const struct muster_doc *child = item->first; child; child = child->next) {
        for (size_t i = 0; child->text && i < sizeof roles / sizeof *roles; i++) {
            if (strcmp(child->text, roles[i]) == 0)
                return true;
        }
    }
    return false;
}

static const char *remark(void *cookie, const struct muster_doc *node)
{
    struct remarks *x = cookie;
    const struct muster_shrink_outcome *o = &x->search->outcome;
    uint32_t i = 0;
    const struct muster_doc *item = x->timeline ? x->timeline->first : NULL;
    while (item && item != node) {
        item = item->next;
        i++;
    }
    if (!item || i >= MUSTER_SHRINK_ITEMS_MAX || o->item[i].at == MUSTER_NEVER)
        return NULL;
    bool waits = muster_doc_get(item, "when") || muster_doc_get(item, "whenever");
    bool hits = is_by_role(item) && o->item[i].hit[0];
    muster_time t = o->item[i].at;
    char when[48] = "";
    if (waits)
        snprintf(when, sizeof when, "at %" PRIu64 ".%03" PRIu64 " s", t / MUSTER_SECOND,
                 t / MUSTER_MILLISECOND % 1000);
    snprintf(x->text, sizeof x->text, "%s%s%s%s", when, waits && hits ? ", " : "",
             hits ? "hits " : "", hits ? o->item[i].hit : "");
    return x->text[0] ? x->text : NULL;
}

/* ---- after ---- */

static const char *make_name(const struct search *s, struct muster_memory *m)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    char name[100];
    const struct muster_doc *own = muster_doc_get(s->request->root, "name");
    const char *slash = strrchr(s->request->path, '/');
    const char *from = own && own->text ? own->text : slash ? slash + 1 : s->request->path;
    snprintf(name, sizeof name - 8, "%s", from);
    if (!own && strstr(name, ".yaml"))
        *strstr(name, ".yaml") = 0;
    for (char *c = name; *c; c++)
        *c = strchr(good, *c) ? *c : '_';
    strncat(name, "-shrunk", sizeof name - strlen(name) - 1);
    return muster_memory_copy(m, name, strlen(name));
}

/* A rule that is too long for the line stands in the heading. */
static const char *make_defends(const struct search *s, struct muster_memory *m)
{
    char text[400];
    const struct muster_doc *own = muster_doc_get(s->request->root, "defends");
    if (s->goal.expectation && own && own->text)
        return own->text;
    int size = snprintf(text, sizeof text, "%s, %s", s->goal.property, rule_of(s, m));
    if (size > DEFENDS_MAX)
        snprintf(text, sizeof text, "%s", s->goal.property);
    return muster_memory_copy(m, text, strlen(text));
}

static void append_text(struct muster_doc *root, const char *key, const char *text,
                        struct muster_memory *m)
{
    muster_doc_append(root, key, muster_doc_scalar(text, false, m), m);
}

/* Keys in a given order; those that it does not name come last. */
static const struct muster_doc *in_order(const struct muster_doc *mapping, const char *const *order,
                                         struct muster_memory *m)
{
    struct muster_doc *all = muster_doc_collection(MUSTER_NODE_MAPPING, m);
    for (const char *const *key = order; *key; key++) {
        const struct muster_doc *one = muster_doc_get(mapping, *key);
        if (one)
            muster_doc_append(all, *key, one, m);
    }
    for (const struct muster_doc *one = mapping->first; one; one = one->next) {
        if (!muster_doc_get(all, one->key))
            muster_doc_append(all, one->key, one, m);
    }
    return all;
}

/* The best in the order in which people write scenarios. A property that is judged anyway is not
 * named: a core without the bug may never put it to the test in what is left, and then fail. */
static const struct muster_doc *arrange(const struct search *s, struct muster_memory *m)
{
    static const char *const order[] = {"cluster",    "network",  "clocks",  "store",
                                        "disk",       "health",   "targets", "assumptions",
                                        "events_max", "timeline", "expect",  NULL};
    static const char *const of_cluster[] = {"process",    "nodes", "voters",
                                             "electorate", "next",  NULL};
    const struct muster_doc *best = s->best.root;
    struct muster_doc *root = muster_doc_collection(MUSTER_NODE_MAPPING, m);
    char seed[24];
    snprintf(seed, sizeof seed, "%" PRIu64, s->best.try.seed);
    append_text(root, "version", "1", m);
    append_text(root, "name", make_name(s, m), m);
    append_text(root, "defends", make_defends(s, m), m);
    append_text(root, "seeds", seed, m);
    muster_doc_append(root, "duration", muster_doc_get(best, "duration"), m);
    for (const char *const *key = order; *key; key++) {
        const struct muster_doc *one = muster_doc_get(best, *key);
        if (one && strcmp(*key, "cluster") == 0)
            one = in_order(one, of_cluster, m);
        if (one)
            muster_doc_append(root, *key, one, m);
    }
    const struct muster_property *p = find_property(s);
    if (p && !p->by_default)
        append_property(s, root, m);
    return root;
}

static void write_result(struct search *s, struct muster_memory *m,
                         struct muster_shrink_result *ret)
{
    struct head head = {.used = 0};
    struct remarks x = {.search = s, .timeline = shrink_timeline_of(s->best.root)};
    const struct muster_document_style style = {.head = head.text, .comment = remark, .cookie = &x};
    put_heading(s, &head, m);
    ret->text = muster_document_write(s->best.root, &style, m, &ret->size);
    ret->seed = s->best.try.seed;
}

void shrink_finish(struct search *s, struct muster_memory *m, struct muster_shrink_result *ret)
{
    struct muster_memory own = {0};
    const uint64_t accepted = s->stats.accepted;
    shrink_offer_root(s, arrange(s, &own), s->best.try.seed);
    (void)shrink_take_first(s); /* should it fail otherwise, the best stays as it is */
    s->stats.accepted = accepted;
    write_result(s, m, ret);
    muster_memory_free(&own);
}
