/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs of an operator that are about the leadership: see operator.h. */
#include "core/coordinator/operator.h"

#include <assert.h>

#define REASON_MAX 95 /* bytes of an operator's words that are noted */

static void refuse(struct muster_effects *out, enum muster_refusal refusal, const char *successor)
{
    muster_effects_note(out, MUSTER_NOTE_HANDOVER_REFUSED, (const uint64_t[4]){refusal, 0, 0, 0},
                        successor);
}

static void accept(const struct muster_redis_coordinator *c, bool planned, const char *successor,
                   struct muster_effects *out)
{
    const struct muster_pair *pair = &c->lease.pair;
    muster_effects_note(out, MUSTER_NOTE_HANDOVER,
                        (const uint64_t[4]){pair->epoch, pair->attempt, planned, 0}, successor);
}

/* Whether the member can follow at once; false: *ret_refusal says why not. */
static bool can_follow(const struct muster_redis_coordinator *c, muster_time now, uint32_t index,
                       enum muster_refusal *ret_refusal)
{
    const struct muster_member_record *r = &c->members.at[index].record;
    if (!muster_electorate_has(c->place, MUSTER_ELECTORATE_NOW, index))
        *ret_refusal = MUSTER_REFUSAL_NO_VOTER;
    else if (index == c->place->index)
        *ret_refusal = MUSTER_REFUSAL_LEADS_ALREADY;
    else if (!muster_members_fresh(&c->members, now, index) || r->state != MUSTER_MEMBER_ACTIVE)
        *ret_refusal = MUSTER_REFUSAL_NOT_LIVE;
    else if (r->electorate != c->lease.electorate || !muster_pair_equal(r->promise, c->lease.pair))
        *ret_refusal = MUSTER_REFUSAL_NOT_READY;
    else
        return true;
    return false;
}

static void switch_over(struct muster_redis_coordinator *c, muster_time now,
                        struct muster_bytes name, struct muster_effects *out)
{
    enum muster_refusal refusal;
    uint32_t index = 0;
    while (index < c->place->count && !muster_text_equal(name, c->place->names[index]))
        index++;
    if (index == c->place->count) {
        refuse(out, MUSTER_REFUSAL_NO_MEMBER, NULL);
        return;
    }
    if (!can_follow(c, now, index, &refusal)) {
        refuse(out, refusal, c->place->names[index]);
        return;
    }
    c->yielding = true;
    c->successor = index;
    accept(c, true, c->place->names[index], out);
}

static void step_down(struct muster_redis_coordinator *c, muster_time now,
                      struct muster_effects *out)
{
    c->yielding = false;
    accept(c, false, NULL, out);
    muster_lease_hand_over(&c->lease, now, NULL, c->cfg->stop_time, out);
}

static void take_pause(struct muster_redis_coordinator *c, const struct muster_input *in,
                       struct muster_effects *out)
{
    bool on = in->command.verb == MUSTER_VERB_PAUSE;
    char why[REASON_MAX + 1];
    struct muster_text t;
    muster_text_init(&t, why, sizeof why);
    muster_text_add_bytes(&t, in->data);
    bool taken =
        muster_lease_leads(&c->lease, in->now) && muster_lease_pause(&c->lease, on, why, out);
    if (!taken)
        muster_effects_note(out, MUSTER_NOTE_PAUSE_REFUSED,
                            (const uint64_t[4]){on, MUSTER_REFUSAL_NOT_LEADER, 0, 0}, NULL);
}

bool operator_command(void *self, const struct muster_input *in, struct muster_effects *out)
{
    struct muster_redis_coordinator *c = self;
    bool leads = muster_lease_leads(&c->lease, in->now);
    switch (in->command.verb) {
    case MUSTER_VERB_PAUSE:
    case MUSTER_VERB_RESUME:
        take_pause(c, in, out);
        return true;
    case MUSTER_VERB_STEP_DOWN:
    case MUSTER_VERB_SWITCHOVER:
        if (!leads)
            refuse(out, MUSTER_REFUSAL_NOT_LEADER, NULL);
        else if (in->command.verb == MUSTER_VERB_STEP_DOWN)
            step_down(c, in->now, out);
        else
            switch_over(c, in->now, in->data, out);
        return true;
    default:
        return false;
    }
}

void operator_yield(void *self, muster_time now, struct muster_effects *out)
{
    struct muster_redis_coordinator *c = self;
    enum muster_refusal refusal;
    assert(c->yielding);
    operator_advance(c, out);
    if (!c->yielding)
        return;
    c->yielding = false;
    if (can_follow(c, now, c->successor, &refusal))
        muster_lease_hand_over(&c->lease, now, c->place->names[c->successor], 0, out);
    else
        refuse(out, refusal, c->place->names[c->successor]); /* it goes on leading */
}

void operator_advance(struct muster_redis_coordinator *c, struct muster_effects *out)
{
    if (!c->yielding || c->lease.state == MUSTER_LEASE_LEADING)
        return;
    c->yielding = false;
    refuse(out, MUSTER_REFUSAL_ENDED, c->place->names[c->successor]);
}
