/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a decision has a quorum behind it by ground truth, and is applied only with the epoch
 * of the leader that there was when it was read. */
#include "core/coordinator/electorate.h"
#include "core/coordinator/votes.h"
#include "sim/check/check.h"
#include "sim/scenario/scenario.h"

#define EXECUTIONS_KEPT 32 /* of each process: as many as a process has under way */
#define INSTANCES       (1 + MUSTER_REPLICAS_MAX)

/* The highest epoch that the store's instance had seen won when it executed a command: what the
 * answer shows is no older. */
struct execution {
    uint64_t message, newest;
};

struct process {
    muster_time executed; /* 1 + when the store last executed a command of it; 0: never */
    struct execution at[EXECUTIONS_KEPT];
    uint64_t executions;
    uint64_t newest;   /* of the command whose answer came last; 0 when that is forgotten */
    uint64_t instance; /* of the store, where it was last heard */
};

struct state {
    struct muster_elections elections;
    uint64_t newest[INSTANCES]; /* the highest epoch that was won there, since it was put back */
    struct process process[];
};

static size_t size(const struct muster_world *w)
{
    return sizeof(struct state) + muster_check_places(w) * sizeof(struct process);
}

static void see_executed(struct state *s, const struct muster_record *r)
{
    struct process *p = &s->process[r->process];
    p->executed = r->time + 1;
    p->instance = r->arg[0];
    p->at[p->executions++ % EXECUTIONS_KEPT] =
        (struct execution){r->message, s->newest[p->instance]};
}

static void see_elected(struct state *s, const struct muster_record *r)
{
    uint64_t *newest = &s->newest[s->process[r->process].instance];
    muster_elections_add(&s->elections, r);
    *newest = r->arg[0] > *newest ? r->arg[0] : *newest;
}

/* A store that was restarted or restored shows its own past, in good faith. */
static void see_store(struct state *s, const struct muster_record *r)
{
    if (r->arg[0] == MUSTER_STORE_CRASH || r->arg[0] == MUSTER_STORE_RESTART ||
        r->arg[0] == MUSTER_STORE_RESTORE)
        s->newest[r->arg[1]] = 0;
}

static void see_reply(struct process *p, const struct muster_record *r)
{
    p->newest = 0;
    for (uint64_t i = p->executions; i > 0 && i + EXECUTIONS_KEPT > p->executions; i--) {
        const struct execution *x = &p->at[(i - 1) % EXECUTIONS_KEPT];
        if (x->message != r->message)
            continue;
        p->newest = x->newest;
        break;
    }
}

/* Three heartbeats, and half of one for the way and the drift. */
static muster_dur window_of(const struct muster_config *c)
{
    return c->heartbeat_every / 2 * 7;
}

static void judge_decision(const struct state *s, struct muster_world *w,
                           const struct muster_record *r, const struct muster_config *c)
{
    const struct muster_place *place = muster_world_place(w, r->process);
    uint32_t voters = muster_electorate_size(place, MUSTER_ELECTORATE_NOW), heard = 0;
    uint32_t needed = muster_config_votes_needed(voters, c->quorum_threshold_ppm);
    for (uint32_t i = 0; i < place->voters; i++) {
        bool recent =
            s->process[i].executed != 0 && r->time - (s->process[i].executed - 1) <= window_of(c);
        heard += muster_electorate_has(place, MUSTER_ELECTORATE_NOW, i) &&
                 (recent || i == r->process); /* its own vote needs no store */
    }
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
    else if (r->arg[0] < s->process[r->process].newest)
        muster_violated(w,
                        "%s applied decision %" PRIu64 " of epoch %" PRIu64
                        ", though it read it when epoch %" PRIu64 " had been won",
                        muster_world_name(w, r->process), r->arg[1], r->arg[0],
                        s->process[r->process].newest);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct state *s = self;
    const struct muster_config *c;
    switch (r->kind) {
    case MUSTER_EVENT_EXECUTED:
        see_executed(s, r);
        break;
    case MUSTER_EVENT_INPUT + MUSTER_IN_REPLY:
        see_reply(&s->process[r->process], r);
        break;
    case NOTE_KIND(LEADER_ELECTED):
        see_elected(s, r);
        break;
    case MUSTER_EVENT_STORE:
        see_store(s, r);
        break;
    case NOTE_KIND(CONSENSUS):
        c = muster_check_config(w);
        if (c && r->arg[2] == MUSTER_OUTCOME_DECIDED)
            judge_decision(s, w, r, c);
        break;
    case NOTE_KIND(CONSENSUS_APPLIED):
        c = muster_check_config_of(w, r->process);
        if (!c || c->wire != MUSTER_WIRE_ASTRA) /* there everybody decides for itself */
            judge_application(s, w, r);
        break;
    default:
        break;
    }
}

static const uint16_t kinds[] = {MUSTER_EVENT_EXECUTED,
                                 MUSTER_EVENT_INPUT + MUSTER_IN_REPLY,
                                 MUSTER_EVENT_STORE,
                                 NOTE_KIND(LEADER_ELECTED),
                                 NOTE_KIND(CONSENSUS),
                                 NOTE_KIND(CONSENSUS_APPLIED),
                                 0};

const struct muster_property muster_check_decided_with_quorum = {
    .name = "decided_with_quorum",
    .rule =
        "a decision is made with a quorum of the configured voters alive, and applied only with "
        "the epoch of the newest leader",
    .explain =
        "A quorum counted from the votes that happen to be present is always met: one member "
        "alone agrees with itself. So the electorate is what is configured (rule R8), and a "
        "vote counts only while its sequence advances. Judged by ground truth: as many voters "
        "as are needed, the decider among them, must have had a command executed at the store "
        "within three and a half heartbeats. A decision is applied only with an epoch that a "
        "leader was really elected for, and not once a higher one had been won when the store "
        "answered the reading that showed it: what a former leader has sent may arrive at any "
        "time (rule R14). Of a store that was split or put back to an older state, only what "
        "was won there since then counts. When it is violated, old votes were counted as fresh, "
        "the share was taken of the wrong number, or a decision came from nobody or from the "
        "past. On the origin's wire no decision is read: there only the quorum is judged.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DRIFT | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
