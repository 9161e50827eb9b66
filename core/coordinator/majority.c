/* SPDX-License-Identifier: Apache-2.0 */
/* The majorities that a lease rests on, of one electorate or of two (R3, R4, R8). */
#include "core/coordinator/lease_inside.h"

#include <assert.h>

static uint32_t needed(const struct muster_lease *l, enum muster_electorate which)
{
    return muster_electorate_size(l->place, which) / 2 + 1;
}

/* A voter that counts: it holds the generation of our own, and has promised our pair. */
static bool stands_behind(const struct muster_lease *l, const struct muster_lease_view *v,
                          uint32_t voter)
{
    const struct muster_member_record *m = &v->voter[voter];
    return voter == l->place->index ||
           (v->present[voter] && m->electorate == l->electorate && muster_member_is_voting(m) &&
            muster_pair_equal(m->promise, l->pair));
}

/* What n voters have reached, as a majority of `need` has it: the need-th of the highest. */
static void insert(uint64_t reached[MUSTER_VOTERS_MAX], uint32_t n, uint64_t value)
{
    for (; n > 0 && reached[n - 1] < value; n--) /* descending */
        reached[n] = reached[n - 1];
    reached[n] = value;
}

/* Of the counters that voters have echoed of our pair, the newest that a majority of an electorate
 * has reached. */
static bool majority_counter(const struct muster_lease *l, enum muster_electorate which,
                             const struct muster_lease_view *v, uint64_t *counter)
{
    uint64_t echo[MUSTER_VOTERS_MAX];
    uint32_t n = 0, need = needed(l, which);
    for (uint32_t i = 0; i < l->place->voters; i++) {
        if (!muster_electorate_has(l->place, which, i) || !stands_behind(l, v, i))
            continue;
        insert(echo, n++, i == l->place->index ? l->echo : v->voter[i].echo);
    }
    assert(need > 0);
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

/* Where the store is the authority any voter may lead next, whoever is with it: so all have to hold
 * it. */
static bool hold_pause(const struct muster_lease *l, enum muster_electorate which,
                       const struct muster_lease_view *v)
{
    uint32_t n = 0, size = muster_electorate_size(l->place, which);
    for (uint32_t i = 0; i < l->place->voters; i++) {
        bool own = i == l->place->index;
        struct muster_pause held = own ? l->slot.pause : v->voter[i].pause;
        bool counts = own || (l->trusts_store ? v->present[i] : stands_behind(l, v, i));
        n += muster_electorate_has(l->place, which, i) && counts &&
             !muster_pause_is_newer(l->pause, held);
    }
    return n >= (l->trusts_store ? size : needed(l, which));
}

bool lease_majority_paused(const struct muster_lease *l, const struct muster_lease_view *v)
{
    return hold_pause(l, MUSTER_ELECTORATE_NOW, v) &&
           (l->settled || hold_pause(l, MUSTER_ELECTORATE_BEFORE, v));
}

static uint64_t hold_ledger(const struct muster_lease *l, enum muster_electorate which,
                            const struct muster_lease_view *v, struct muster_ledger_version own)
{
    uint64_t count[MUSTER_VOTERS_MAX];
    uint32_t n = 0, need = needed(l, which);
    for (uint32_t i = 0; i < l->place->voters; i++) {
        if (!muster_electorate_has(l->place, which, i) || !stands_behind(l, v, i))
            continue;
        struct muster_ledger_version held = i == l->place->index ? own : v->voter[i].ledger;
        insert(count, n++, held.epoch == l->pair.epoch ? held.count : 0);
    }
    return n < need ? 0 : count[need - 1];
}

uint64_t lease_majority_held(const struct muster_lease *l, const struct muster_lease_view *v,
                             struct muster_ledger_version own)
{
    uint64_t now = hold_ledger(l, MUSTER_ELECTORATE_NOW, v, own);
    uint64_t before = l->settled ? now : hold_ledger(l, MUSTER_ELECTORATE_BEFORE, v, own);
    return now < before ? now : before;
}

/* Nobody promises where the store is the authority, so that nobody there may know more. */
static bool informed(const struct muster_lease *l, enum muster_electorate which,
                     const struct muster_lease_view *v, struct muster_ledger_version own)
{
    uint32_t n = 0, newer = 0;
    for (uint32_t i = 0; i < l->place->voters; i++) {
        bool self = i == l->place->index;
        bool counts = self || (l->trusts_store ? v->present[i] : stands_behind(l, v, i));
        if (!counts || !muster_electorate_has(l->place, which, i))
            continue;
        bool knows = !self && muster_ledger_is_newer(v->voter[i].ledger, own);
        n += !knows;
        newer += knows;
    }
    return l->trusts_store ? newer == 0 : n >= needed(l, which);
}

bool lease_majority_informed(const struct muster_lease *l, const struct muster_lease_view *v,
                             struct muster_ledger_version own)
{
    return informed(l, MUSTER_ELECTORATE_NOW, v, own) &&
           (l->settled || informed(l, MUSTER_ELECTORATE_BEFORE, v, own));
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
