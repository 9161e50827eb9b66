/* SPDX-License-Identifier: Apache-2.0 */
/* Steps on the timeline: fewer entries, less time, times for events. */
#include "sim/shrink/inside.h"

#include <assert.h>
#include <string.h>

#define AHEAD  16   /* tries of one batch of ddmin: more are in vain when an early one is taken */
#define ITEMS  4096 /* of a timeline, at most */
#define SECOND MUSTER_SECOND

/* ---- fewer entries ---- */

static bool binds(const struct muster_doc *item, const char *name)
{
    const struct muster_doc *as = muster_doc_get(item, "as");
    return as && as->kind == MUSTER_NODE_SCALAR && strcmp(as->text, name) == 0;
}

/* Names that only items from `first` to before `last` bind; ends with null. */
static const char **orphans(const struct muster_doc *timeline, uint32_t first, uint32_t last,
                            struct muster_memory *m)
{
    const char **names = muster_memory_take(m, (last - first + 1) * sizeof *names);
    uint32_t n = 0, i = 0;
    for (const struct muster_doc *one = timeline->first; one; one = one->next, i++) {
        const struct muster_doc *as = muster_doc_get(one, "as");
        if (i < first || i >= last || !as || as->kind != MUSTER_NODE_SCALAR)
            continue;
        uint32_t j = 0;
        bool elsewhere = false;
        for (const struct muster_doc *other = timeline->first; other; other = other->next, j++)
            elsewhere = elsewhere || ((j < first || j >= last) && binds(other, as->text));
        if (!elsewhere)
            names[n++] = as->text;
    }
    return names;
}

/* Try it without items `first` to before `last`, and without what spoke of whom they had named. */
static void offer_without(struct search *s, uint32_t first, uint32_t last, uint64_t seed)
{
    struct muster_memory m = {0};
    const struct muster_doc *timeline = shrink_timeline_of(s->best.root);
    const char **names = orphans(timeline, first, last, &m);
    const char **nobody = muster_memory_take(&m, (last - first + 1) * sizeof *nobody);
    const struct renaming gone = {names, nobody};
    struct muster_doc_edit *edits =
        muster_memory_take(&m, (timeline->children + 1) * sizeof *edits);
    size_t count = 0;
    uint32_t i = 0;
    for (const struct muster_doc *one = timeline->first; one; one = one->next, i++) {
        if (i >= first && i < last)
            edits[count++] = (struct muster_doc_edit){one, NULL};
        else if (names[0])
            edits[count++] = (struct muster_doc_edit){one, shrink_rename_in(one, &gone, &m)};
    }
    if (last - first == timeline->children) { /* an empty list is not worth its line */
        edits[0] = (struct muster_doc_edit){timeline, NULL};
        count = 1;
    }
    shrink_offer(s, edits, count, seed);
    muster_memory_free(&m);
}

static uint32_t items_of(const struct search *s)
{
    const struct muster_doc *timeline = shrink_timeline_of(s->best.root);
    return timeline ? timeline->children : 0;
}

/* One pass of ddmin with pieces of `size` items. */
static bool without_pieces(struct search *s, uint32_t size)
{
    bool took = false;
    for (uint32_t at = 0; at < items_of(s) && !s->over;) {
        uint32_t items = items_of(s);
        for (uint32_t i = 0; i < AHEAD && at + i * size < items; i++) {
            uint32_t first = at + i * size;
            offer_without(s, first, first + size < items ? first + size : items, s->best.try.seed);
        }
        int found = shrink_take_first(s);
        took = took || found >= 0;
        at += (found >= 0 ? (uint32_t)found : AHEAD) * size;
    }
    return took;
}

bool shrink_fewer_entries(struct search *s)
{
    bool took = false;
    uint32_t size = items_of(s);
    for (; size > 0 && !s->over; size /= 2)
        took |= without_pieces(s, size);
    return took;
}

/* An entry that decided nothing but the luck of the draw: other seeds do without it. */
bool shrink_fewer_entries_by_other_seeds(struct search *s)
{
    bool took = false;
    for (uint32_t i = 0; i < items_of(s) && !s->over;) {
        for (uint64_t seed = 1; seed <= shrink_other_seeds(s); seed++)
            offer_without(s, i, i + 1, seed);
        if (shrink_take_first(s) >= 0)
            took = true;
        else
            i++;
    }
    return took;
}

/* ---- less time ---- */

/* When an item is due, or armed; 0 when it does not say. */
static muster_time time_of(const struct muster_doc *item)
{
    static const char *const keys[] = {"at", "after", "by"};
    muster_dur t = 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (shrink_read_duration(muster_doc_get(item, keys[i]), &t))
            return t;
    }
    return 0;
}

static void offer_duration(struct search *s, muster_dur duration)
{
    struct muster_memory m = {0};
    struct muster_doc_edit edits[ITEMS];
    size_t count = 0;
    const struct muster_doc *timeline = shrink_timeline_of(s->best.root);
    const struct muster_doc *node = muster_doc_get(s->best.root, "duration");
    edits[count++] =
        (struct muster_doc_edit){node,
                                 muster_doc_scalar(shrink_write_duration(duration, &m), false, &m)};
    for (const struct muster_doc *one = timeline ? timeline->first : NULL; one; one = one->next) {
        if (count < ITEMS && time_of(one) >= duration)
            edits[count++] = (struct muster_doc_edit){one, NULL};
    }
    shrink_offer(s, edits, count, s->best.try.seed);
    muster_memory_free(&m);
}

static muster_dur up_to(muster_dur t, muster_dur unit)
{
    return (t + unit - 1) / unit * unit;
}

/* What failed on the way has no need of the rest; what failed at the end may do so earlier. */
bool shrink_less_time(struct search *s)
{
    muster_dur now = 0;
    if (!shrink_read_duration(muster_doc_get(s->best.root, "duration"), &now))
        return false;
    muster_dur last = 0, failed = s->outcome.failed_at;
    muster_dur tries[] = {up_to(now / 8, 10 * SECOND), up_to(now / 4, 10 * SECOND),
                          up_to(now / 2, 10 * SECOND), up_to(now * 3 / 4, 10 * SECOND),
                          up_to(now * 7 / 8, SECOND),  up_to(now, 10 * SECOND) - 10 * SECOND};
    if (failed < now) {
        if (up_to(failed + 1, 10 * SECOND) < now)
            offer_duration(s, up_to(failed + 1, 10 * SECOND));
        else if (up_to(failed + 1, SECOND) < now && now - failed > 10 * SECOND)
            offer_duration(s, up_to(failed + 1, SECOND));
        return shrink_take_first(s) >= 0;
    }
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        if (tries[i] > last && tries[i] < now)
            offer_duration(s, tries[i]);
        last = tries[i] > last ? tries[i] : last;
    }
    return shrink_take_first(s) >= 0;
}

/* ---- everything earlier ---- */

static const struct muster_doc *sooner(const struct muster_doc *item, muster_dur by,
                                       struct muster_memory *m)
{
    static const char *const keys[] = {"at", "after"};
    struct muster_doc_edit edits[2];
    size_t count = 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct muster_doc *node = muster_doc_get(item, keys[i]);
        muster_dur t = 0;
        if (shrink_read_duration(node, &t))
            edits[count++] = (struct muster_doc_edit){
                node, muster_doc_scalar(shrink_write_duration(t > by ? t - by : 0, m), false, m)};
    }
    return muster_doc_copy(item, edits, count, m);
}

static void offer_sooner(struct search *s, muster_dur by, muster_dur duration)
{
    struct muster_memory m = {0};
    struct muster_doc_edit edits[2];
    const struct muster_doc *timeline = shrink_timeline_of(s->best.root);
    struct muster_doc *list = muster_doc_collection(MUSTER_NODE_SEQUENCE, &m);
    for (const struct muster_doc *one = timeline->first; one; one = one->next)
        muster_doc_append(list, NULL, sooner(one, by, &m), &m);
    edits[0] = (struct muster_doc_edit){timeline, list};
    edits[1] = (struct muster_doc_edit){muster_doc_get(s->best.root, "duration"),
                                        muster_doc_scalar(shrink_write_duration(duration - by, &m),
                                                          false, &m)};
    shrink_offer(s, edits, 2, s->best.try.seed);
    muster_memory_free(&m);
}

/* A minute in which nothing happens tells nothing. */
bool shrink_earlier(struct search *s)
{
    const struct muster_doc *timeline = shrink_timeline_of(s->best.root);
    muster_dur first = MUSTER_NEVER, duration = 0;
    if (!timeline || !timeline->first || s->goal.expectation ||
        !shrink_read_duration(muster_doc_get(s->best.root, "duration"), &duration))
        return false;
    for (const struct muster_doc *one = timeline->first; one; one = one->next)
        first = time_of(one) < first ? time_of(one) : first;
    for (muster_dur start = 20 * SECOND; start + 10 * SECOND <= first && start < duration;
         start += start / 2) {
        muster_dur by = (first - start) / (10 * SECOND) * (10 * SECOND);
        if (by > 0 && by < duration)
            offer_sooner(s, by, duration);
    }
    return shrink_take_first(s) >= 0;
}

/* ---- a time in place of an event ---- */

static bool is_of_event(const char *key)
{
    static const char *const keys[] = {"when", "whenever", "after", "of", "then", "at", NULL};
    for (const char *const *one = keys; *one; one++) {
        if (strcmp(key, *one) == 0)
            return true;
    }
    return false;
}

static void offer_at(struct search *s, const struct muster_doc *item, muster_time at)
{
    struct muster_memory m = {0};
    struct muster_doc *one = muster_doc_collection(MUSTER_NODE_MAPPING, &m);
    const struct muster_doc *when = muster_doc_scalar(shrink_write_duration(at, &m), false, &m);
    muster_doc_append(one, "at", when, &m);
    for (const struct muster_doc *child = item->first; child; child = child->next) {
        if (!is_of_event(child->key))
            muster_doc_append(one, child->key, child, &m);
    }
    const struct muster_doc_edit edit = {item, one};
    shrink_offer(s, &edit, 1, s->best.try.seed);
    muster_memory_free(&m);
}

static bool waits(const struct muster_doc *item)
{
    return muster_doc_get(item, "when") || muster_doc_get(item, "whenever");
}

bool shrink_at_for_when(struct search *s)
{
    static const muster_dur units[] = {10 * SECOND, SECOND, SECOND / 10, SECOND / 100,
                                       MUSTER_MILLISECOND};
    bool took = false;
    for (uint32_t i = 0; i < items_of(s) && i < MUSTER_SHRINK_ITEMS_MAX; i++) {
        const struct muster_doc *item = shrink_timeline_of(s->best.root)->first;
        for (uint32_t k = 0; k < i; k++)
            item = item->next;
        muster_time fired = s->outcome.item[i].at;
        if (!waits(item) || fired == MUSTER_NEVER)
            continue;
        for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
            offer_at(s, item, up_to(fired, units[u]));
            offer_at(s, item, fired / units[u] * units[u]);
        }
        offer_at(s, item, fired);
        took |= shrink_take_first(s) >= 0;
    }
    return took;
}
