/* SPDX-License-Identifier: Apache-2.0 */
/* Pausing the cluster's recovery: asked of the leader, held by the voters (R16; pause.h). */
#include "core/coordinator/lease_inside.h"

#include <assert.h>

/* ---- the leader ---- */

bool muster_lease_is_paused(const struct muster_lease *l)
{
    return muster_pause_is_on(l->pause) || l->pause_asked;
}

bool muster_lease_pause(struct muster_lease *l, bool on, const char *why,
                        struct muster_effects *out)
{
    assert(l->state == MUSTER_LEASE_LEADING);
    struct muster_pause next = muster_pause_next(l->pause, l->pair.epoch, on);
    if (!muster_pause_is_newer(next, l->pause))
        return false;
    l->pause = next;
    l->pause_asked = true;
    muster_effects_note(out, MUSTER_NOTE_PAUSE_ASKED,
                        (const uint64_t[4]){on, next.epoch, next.count, 0}, why);
    return true;
}

/* Does a majority of those who stand behind this leadership have it on disk? */
void lease_count_pause(struct muster_lease *l, muster_time now, const struct muster_lease_view *v,
                       struct muster_effects *out)
{
    uint32_t n = 0;
    if (!l->pause_asked || !muster_lease_leads(l, now))
        return;
    for (uint32_t i = 0; i < l->place->voters; i++) {
        bool own = i == l->place->index;
        struct muster_pause held = own ? l->slot.pause : v->voter[i].pause;
        n += (own || lease_stands_behind(l, v, i)) && !muster_pause_is_newer(l->pause, held);
    }
    if (n < l->place->voters / 2 + 1)
        return;
    l->pause_asked = false;
    lease_note(out, MUSTER_NOTE_PAUSE_DURABLE,
               (const uint64_t[4]){muster_pause_is_on(l->pause), l->pause.epoch, l->pause.count,
                                   0});
}

void lease_give_pause_up(struct muster_lease *l, struct muster_effects *out)
{
    if (!l->pause_asked)
        return;
    l->pause_asked = false;
    lease_note(out, MUSTER_NOTE_PAUSE_REFUSED,
               (const uint64_t[4]){muster_pause_is_on(l->pause), MUSTER_REFUSAL_ENDED, 0, 0});
}

/* ---- the voter ---- */

void lease_see_pauses(struct muster_lease *l, const struct muster_lease_view *v)
{
    for (uint32_t i = 0; i < l->place->voters; i++)
        if (i != l->place->index && v->present[i] && v->voter[i].electorate == l->electorate &&
            muster_pause_is_newer(v->voter[i].pause, l->pause))
            l->pause = v->voter[i].pause;
}

muster_time lease_pause_at(const struct muster_lease *l)
{
    bool due = lease_is_voter(l) && l->writing.sequence == 0 &&
               muster_pause_is_newer(l->pause, l->slot.pause);
    return due ? l->pause_from : MUSTER_NEVER;
}

void lease_write_pause(struct muster_lease *l)
{
    assert(l->writing.sequence == 0);
    lease_write_slot(l, muster_lease_promise(l));
}

void lease_pause_written(struct muster_lease *l, muster_time now, enum muster_status status)
{
    assert(l->writing.sequence > 0);
    if (status == MUSTER_STATUS_OK) {
        l->slot = l->writing;
        l->publish = l->wake = true;
    } else {
        l->pause_from = muster_time_add(now, l->cfg->renew_every);
    }
    l->writing.sequence = 0;
}
