/* SPDX-License-Identifier: Apache-2.0 */
/* Targets of actions and how they behave. */
#include "sim/scenario/inside.h"

#include <string.h>

static const char *const results[] = {"success", "fail", "hang", NULL};

static bool is_word(const char *text)
{
    size_t good = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return good > 0 && good <= MUSTER_NAME_MAX && !text[good];
}

void load_target(struct loader *l, const struct muster_doc *mapping, struct muster_target_config *t)
{
    const struct muster_doc *runs = field(mapping, "runs"), *heals = field(mapping, "heals");
    if (runs && muster_doc_text(runs, t->runs, sizeof t->runs, l->d) == 0) {
        if (is_word(t->runs))
            check_action(l, runs, "default");
        else
            COMPLAIN(l, runs->mark, "'%s' is no name of an action", t->runs);
    }
    uint32_t result = t->result;
    take_word(l, mapping, "result", results, &result);
    t->result = (enum muster_target_result)result;
    bool hangs = t->result == MUSTER_TARGET_HANG;
    if (hangs && muster_doc_get(mapping, "result"))
        t->takes = MUSTER_NEVER;
    take_duration(l, mapping, "takes", 0, TIME_MAX, &t->takes);
    if (!hangs && t->takes == MUSTER_NEVER)
        t->takes = 100 * MUSTER_MILLISECOND;
    if (heals && heals->kind == MUSTER_NODE_SCALAR && strcmp(heals->text, "none") == 0)
        t->heals = MUSTER_ANY;
    else if (heals && muster_doc_expect(heals, MUSTER_NODE_SCALAR, "a node such as n1", l->d) == 0)
        load_member(l, heals, heals->text, &t->heals);
    take_boolean(l, mapping, "fences", &t->fences);
    take_boolean(l, mapping, "deduplicates", &t->deduplicates);
}

/* `for` says how long a hanging effect hangs. */
static void load_hang(struct loader *l, const struct muster_doc *mapping,
                      struct muster_target_config *t)
{
    const struct muster_doc *lasts = field(mapping, "for");
    if (!lasts)
        return;
    if (t->result != MUSTER_TARGET_HANG)
        COMPLAIN(l, lasts->key_mark,
                 "'for' belongs to 'result: hang'; how long an effect runs is 'takes'");
    else
        take_duration(l, mapping, "for", 1, TIME_MAX, &t->takes);
}

static bool is_name_free(struct loader *l, const struct muster_doc *one)
{
    struct muster_endpoint_ref endpoint;
    static const char *const taken[] = {"leader",   "followers", "all",
                                        "minority", "majority",  "any"};
    if (!is_word(one->key)) {
        COMPLAIN(l, one->key_mark,
                 "'%.40s' is no name of a target: 1 to 31 letters, digits and '_'", one->key);
        return false;
    }
    bool is_taken = find_endpoint(l, one->key, &endpoint);
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
        is_taken = is_taken || strcmp(taken[i], one->key) == 0;
    if (is_taken)
        COMPLAIN(l, one->key_mark, "'%s' means something else already; name the target otherwise",
                 one->key);
    return !is_taken;
}

void load_targets(struct loader *l, const struct muster_doc *root)
{
    static const char *const keys[] = {"runs",  "result", "takes",        "for",
                                       "heals", "fences", "deduplicates", NULL};
    const struct muster_doc *targets = field_mapping(l, root, "targets");
    for (const struct muster_doc *one = targets ? targets->first : NULL; one; one = one->next) {
        if (l->s->target_count == MUSTER_TARGETS_MAX) {
            COMPLAIN(l, one->key_mark, "more than %d targets", MUSTER_TARGETS_MAX);
            return;
        }
        if (!is_name_free(l, one) ||
            muster_doc_expect(one, MUSTER_NODE_MAPPING, "a mapping such as {runs: safe_mode}",
                              l->d) != 0)
            continue;
        muster_doc_keys(one, keys, l->d);
        struct muster_target_config *t = &l->s->target[l->s->target_count];
        *t = (struct muster_target_config){.takes = 100 * MUSTER_MILLISECOND,
                                           .heals = MUSTER_ANY,
                                           .fences = true,
                                           .deduplicates = true};
        memcpy(t->name, one->key, strlen(one->key) + 1);
        if (!field(one, "runs"))
            COMPLAIN(l, one->mark, "target '%s' needs 'runs', the action that it carries out",
                     t->name);
        load_target(l, one, t);
        load_hang(l, one, t);
        for (uint32_t i = 0; i < l->s->target_count; i++) {
            if (strcmp(l->s->target[i].runs, t->runs) == 0 && t->runs[0])
                COMPLAIN(l, one->mark, "action '%s' is run by target '%s' already", t->runs,
                         l->s->target[i].name);
        }
        l->target_names[l->s->target_count++] = t->name;
    }
}
