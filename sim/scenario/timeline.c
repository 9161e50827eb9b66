/* SPDX-License-Identifier: Apache-2.0 */
/* The timeline: when an entry fires, how long it lasts, what it binds. The verbs are in verbs.c. */
#include "sim/scenario/inside.h"

#include "config/names.h"
#include "core/text.h"

#include <string.h>

const char *const entry_keys[] = {"at",  "after", "when",     "whenever", "of", "then",
                                  "for", "as",    "optional", "until",    NULL};

/* ---- bindings ---- */

static bool is_bindable(struct loader *l, const struct muster_doc *as)
{
    bool taken = muster_names_reserved(as->text) || find_member(l->s, as->text) != MUSTER_ANY ||
                 find_target(l, as->text) != MUSTER_ANY;
    size_t good =
        strspn(as->text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (taken)
        COMPLAIN(l, as->mark, "'%.40s' means something else already; bind another name", as->text);
    else if (good == 0 || good > MUSTER_NAME_MAX || as->text[good])
        COMPLAIN(l, as->mark, "'%.40s' is no name to bind: 1 to 31 letters, digits and '_'",
                 as->text);
    else
        return true;
    return false;
}

static uint32_t find_binding(const struct loader *l, const char *name)
{
    for (uint32_t i = 0; i < l->bindings; i++) {
        if (strcmp(l->binding[i], name) == 0)
            return i;
    }
    return MUSTER_ANY;
}

/* Before anything else of the timeline, as a name may be used above the entry that binds it. */
void load_bindings(struct loader *l, const struct muster_doc *root)
{
    const struct muster_doc *timeline = field(root, "timeline");
    for (const struct muster_doc *one = timeline ? timeline->first : NULL; one; one = one->next) {
        const struct muster_doc *as = field(one, "as");
        if (!as || muster_doc_expect(as, MUSTER_NODE_SCALAR, "a name", l->d) != 0 ||
            !is_bindable(l, as) || find_binding(l, as->text) != MUSTER_ANY)
            continue;
        if (l->bindings == BINDINGS_MAX) {
            COMPLAIN(l, as->mark, "more than %d names are bound", BINDINGS_MAX);
            return;
        }
        l->binding[l->bindings++] = as->text;
    }
}

/* ---- when ---- */

static void check_end(struct loader *l, const struct muster_doc *node, muster_time at)
{
    char end[32];
    struct muster_text t;
    muster_text_init(&t, end, sizeof end);
    muster_text_add_duration(&t, l->s->duration);
    if (at > l->s->duration)
        COMPLAIN(l, node->mark, "'%.40s' is after the end; the scenario lasts %s", node->text, end);
}

static void load_event_trigger(struct loader *l, const struct muster_doc *node,
                               const struct muster_doc *event, struct muster_entry *e)
{
    const struct muster_doc *after = field(node, "after"), *at = field(node, "at");
    e->when = load_event(l, event);
    if (at)
        COMPLAIN(l, at->key_mark,
                 "'at' is a time of its own; an event is waited for from 'after: T' on");
    if (after && muster_doc_duration(after, 0, TIME_MAX, false, &e->at, l->d) == 0)
        check_end(l, after, e->at);
    take_duration(l, node, "then", 0, TIME_MAX, &e->delay);
    const struct muster_doc *until = field(node, "until");
    if (until && muster_doc_duration(until, 1, TIME_MAX, false, &e->until, l->d) == 0) {
        check_end(l, until, e->until);
        if (e->until < e->at)
            COMPLAIN(l, until->mark, "'until' is before 'after'");
    }
}

static void load_timing(struct loader *l, const struct muster_doc *node, struct muster_entry *e)
{
    const struct muster_doc *at = field(node, "at"), *when = field(node, "when");
    const struct muster_doc *whenever = field(node, "whenever");
    static const char *const only_events[] = {"after", "then", "until"};
    if (when && whenever)
        COMPLAIN(l, whenever->key_mark, "'when' and 'whenever' exclude each other");
    if (when || whenever) {
        e->whenever = whenever != NULL;
        load_event_trigger(l, node, whenever ? whenever : when, e);
        return;
    }
    for (size_t i = 0; i < sizeof only_events / sizeof only_events[0]; i++) {
        const struct muster_doc *stray = field(node, only_events[i]);
        if (stray)
            COMPLAIN(l, stray->key_mark, "'%s' needs 'when: EVENT' or 'whenever: EVENT'",
                     stray->key);
    }
    if (at && muster_doc_duration(at, 0, TIME_MAX, false, &e->at, l->d) == 0)
        check_end(l, at, e->at);
    else if (!at)
        COMPLAIN(l, node->mark,
                 "an entry needs 'at: T', or 'when: EVENT' with or without 'after: T'");
}

static uint32_t load_entry(struct loader *l, const struct muster_doc *node, struct muster_entry *e)
{
    if (muster_doc_expect(node, MUSTER_NODE_MAPPING, "an entry such as {at: 30s, crash: leader}",
                          l->d) != 0)
        return 0;
    e->mark = node->mark;
    e->text = render(l, node);
    e->binding = MUSTER_ANY;
    load_timing(l, node, e);
    take_duration(l, node, "for", 1, TIME_MAX, &e->lasts);
    e->optional = l->s->lenient;
    take_boolean(l, node, "optional", &e->optional);
    const struct muster_doc *as = field(node, "as");
    if (as && as->kind == MUSTER_NODE_SCALAR)
        e->binding = find_binding(l, as->text);
    return load_verb(l, node, e);
}

void load_timeline(struct loader *l, const struct muster_doc *root)
{
    uint64_t most = 0;
    const struct muster_doc *timeline = field_list(l, root, "timeline");
    for (const struct muster_doc *one = timeline ? timeline->first : NULL; one; one = one->next)
        most += count_entries(one);
    if (!timeline)
        return;
    if (most > ENTRIES_MAX) {
        COMPLAIN(l, timeline->mark, "more than %d entries", ENTRIES_MAX);
        return;
    }
    struct muster_entry *entries = muster_memory_take(&l->memory, (size_t)most * sizeof *entries);
    for (const struct muster_doc *one = timeline->first; one; one = one->next)
        l->s->entry_count += load_entry(l, one, &entries[l->s->entry_count]);
    l->s->timeline = entries;
}
