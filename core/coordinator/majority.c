/* SPDX-License-Identifier: Apache-2.0 */
/* The majorities that a lease rests on, of one electorate or of two (R3, R4, R8). */
#include "core/coordinator/lease_inside.h"

static uint32_t needed(const struct muster_lease *l, enum muster_electorate which)
{
    return muster_electorate_size(l->place, which) / 2 + 1;
}

/* Of the counters that voters have echoed of our pair, the newest that a majority of an electorate
 * has reached. Counted is who holds the generation of our own. */
static bool majority_counter(const struct muster_lease *l, enum muster_electorate which,
                             const struct muster_lease_view *v, uint64_t *counter)
{
    uint64_t echo[MUSTER_VOTERS_MAX];
    uint32_t n = 0, need = needed(l, which);
    for (uint32_t i = 0; i < l->place->voters; i++) {
        const struct muster_member_record *m = &v->voter[i];
        bool own = i == l->place->index;
        if (!muster_electorate_has(l->place, which, i))
            continue;
        if (!own && (!v->present[i] || m->electorate != l->electorate ||
                     m->state != MUSTER_MEMBER_ACTIVE || !muster_pair_equal(m->promise, l->pair)))
            continue;
        uint64_t e = own ? l->echo : m->echo;
        uint32_t at = n++;
        for (; at > 0 && echo[at - 1] < e; at--) /* descending */
            echo[at] = echo[at - 1];
        echo[at] = e;
    }
    if (n < need)
        return false;
    *counter = echo[need - 1];
    return true;
}

bool lease_majority(const struct muster_lease *l, const struct muster_lease_view *v,
                    uint64_t *ret_counter)
{
    uint64_t now, before = UINT64_MAX;
    if (!majority_counter(l, MUSTER_ELECTORATE_NOW, v, &now) ||
        (!l->settled && !majority_counter(l, MUSTER_ELECTORATE_BEFORE, v, &before)))
        return false;
    *ret_counter = now < before ? now : before;
    return true;
}

void lease_settle(struct muster_lease *l, struct muster_effects *out)
{
    if (l->settled)
        return;
    l->settled = l->publish = true;
    lease_note(out, MUSTER_NOTE_ELECTORATE_SETTLED,
               (const uint64_t[4]){l->generation, l->electorate, 0, 0});
}

/* Whether a majority can be had, as far as it is known: who is seen to be of another electorate
 * does not promise for this one. To campaign all the same would only be in the way of others. */
static bool can_win(const struct muster_lease *l, enum muster_electorate which,
                    const struct muster_lease_view *v)
{
    uint32_t may = 0;
    for (uint32_t i = 0; i < l->place->voters; i++) {
        bool other =
            i != l->place->index && v->present[i] && v->voter[i].electorate != l->electorate;
        may += muster_electorate_has(l->place, which, i) && !other;
    }
    return may >= needed(l, which);
}

void lease_see_electorate(struct muster_lease *l, const struct muster_lease_view *v,
                          struct muster_effects *out)
{
    for (uint32_t i = 0; i < l->place->voters; i++)
        if (i != l->place->index && v->present[i] && v->voter[i].electorate == l->electorate &&
            v->voter[i].settled == l->generation)
            lease_settle(l, out);
    l->hopeless = !l->trusts_store && (!can_win(l, MUSTER_ELECTORATE_NOW, v) ||
                                       (!l->settled && !can_win(l, MUSTER_ELECTORATE_BEFORE, v)));
}
