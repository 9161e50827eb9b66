/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a decision has a quorum behind it by ground truth, and is applied only under a
 * real epoch. */
#include "core/coordinator/votes.h"
#include "sim/check/check.h"

struct state {
    struct muster_elections elections;
    muster_time
        executed[]; /* by voter: 1 + when the store last executed a command of it; 0: never */
};

static size_t size(const struct muster_world *w)
{
    return sizeof(struct state) + muster_world_voters(w) * sizeof(muster_time);
}

/* Three heartbeats, and half of one for the way and the drift. */
static muster_dur window_of(const struct muster_config *c)
{
    return c->heartbeat_every / 2 * 7;
}

static void judge_decision(const struct state *s, struct muster_world *w,
                           const struct muster_record *r, const struct muster_config *c)
{
    uint32_t voters = muster_world_voters(w), heard = 0;
    uint32_t needed = muster_config_votes_needed(voters, c->quorum_threshold_ppm);
    for (uint32_t i = 0; i < voters; i++)
        heard += i == r->process || /* its own vote needs no store */
                 (s->executed[i] != 0 && r->time - (s->executed[i] - 1) <= window_of(c));
    muster_judged(w);
    if (heard < needed)
        muster_violated(w,
                        "%s decided (sequence %" PRIu64 ", %" PRIu64
                        " votes by its own count), but the store "
                        "has heard %u of %u voters (itself included) within " SECONDS
                        "; needed are %u",
                        muster_world_name(w, r->process), r->arg[1], r->arg[3], heard, voters,
                        SECONDS_OF(window_of(c)), needed);
}

static void judge_application(const struct state *s, struct muster_world *w,
                              const struct muster_record *r)
{
    bool forgotten;
    const struct muster_election *won = muster_elections_find(&s->elections, r->arg[0], &forgotten);
    if (forgotten)
        return;
    muster_judged(w);
    if (!won)
        muster_violated(w,
                        "%s applied decision %" PRIu64 " of epoch %" PRIu64
                        ", which nobody has won",
                        muster_world_name(w, r->process), r->arg[1], r->arg[0]);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct state *s = self;
    const struct muster_config *c;
    switch (r->kind) {
    case MUSTER_EVENT_EXECUTED:
        if (r->process < muster_world_voters(w))
            s->executed[r->process] = r->time + 1;
        break;
    case NOTE_KIND(LEADER_ELECTED):
        muster_elections_add(&s->elections, r);
        break;
    case NOTE_KIND(CONSENSUS):
        c = muster_check_config(w);
        if (c && r->arg[2] == MUSTER_OUTCOME_DECIDED)
            judge_decision(s, w, r, c);
        break;
    case NOTE_KIND(CONSENSUS_APPLIED):
        judge_application(s, w, r);
        break;
    default:
        break;
    }
}

static const uint16_t kinds[] = {MUSTER_EVENT_EXECUTED, NOTE_KIND(LEADER_ELECTED),
                                 NOTE_KIND(CONSENSUS), NOTE_KIND(CONSENSUS_APPLIED), 0};

const struct muster_property muster_check_decided_with_quorum = {
    .name = "decided_with_quorum",
    .rule =
        "a decision is made with a quorum of the configured voters alive, and applied only with an "
        "epoch that was won",
    .explain =
        "A quorum counted from the votes that happen to be present is always met: one member "
        "alone agrees with itself. So the electorate is what is configured (rule R8), and a "
        "vote counts only while its sequence advances. Judged by ground truth: as many voters "
        "as are needed, the decider among them, must have had a command executed at the store "
        "within three and a half heartbeats. A decision is applied only with an epoch that a "
        "leader was really "
        "elected for. When it is violated, old votes were counted as fresh, the share was "
        "taken of the wrong number, or a decision came from nobody.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DRIFT | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
