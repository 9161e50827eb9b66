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

void lease_count_pause(struct muster_lease *l, muster_time now, const struct muster_lease_view *v,
                       struct muster_effects *out)
{
    if (!l->pause_asked || !muster_lease_leads(l, now) || !lease_majority_paused(l, v))
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
