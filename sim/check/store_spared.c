/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a process sends the store no more than its pace allows, whatever the store answers. */
#include "core/coordinator/work.h"
#include "sim/check/check.h"

#define READINGS 12 /* in a renew_every, while an attempt waits for its majority */
#define READINGS_BY_MEMBER                                                                         \
    2                   /* more: a member says "look now" when it acquires, leads, promises … */
#define BY_READING   2  /* the reading, and one command that comes of it */
#define BY_HEARTBEAT 4  /* record, health, state, decision */
#define BY_ORDER     16 /* more: what an operator asks is published, answered, looked at, led by */
#define BY_LEDGER    4  /* ledger read and written, record, wake: once for each version */

/* Commands that a process has sent since `from`, by its own clock. */
struct process {
    muster_time from;
    uint64_t count;
    uint64_t orders; /* of operators, to anybody, since then */
    uint64_t more;   /* that new versions of the ledger allow besides */
};

static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(struct process);
}

static uint64_t bound_of(const struct muster_world *w, const struct muster_config *c)
{
    uint64_t readings = c->renew_every / c->poll_every + 1;
    if (readings < READINGS)
        readings = READINGS;
    readings += READINGS_BY_MEMBER * (uint64_t)muster_world_members(w);
    uint64_t bound =
        BY_READING * readings + BY_HEARTBEAT * (c->renew_every / c->heartbeat_every + 1);
    if (c->wire == MUSTER_WIRE_BRIDGE) /* the same on another wire, at the pace of its readings */
        bound += BY_READING * (c->renew_every / c->poll_every + 1) +
                 BY_HEARTBEAT * (c->renew_every / c->heartbeat_every + 1);
    return bound;
}

static void count(struct process *p, struct muster_world *w, const struct muster_config *c,
                  const struct muster_record *r)
{
    muster_time now = muster_world_clock(w, r->process);
    if (p->count == 0 || now - p->from >= c->renew_every)
        *p = (struct process){.from = now};
    muster_judged(w);
    uint64_t most = bound_of(w, c) + BY_ORDER * p->orders + p->more;
    if (++p->count > most)
        muster_violated(w,
                        "%s has sent the store %" PRIu64 " commands within " SECONDS
                        "; in a renew_every (" SECONDS ") they are at most %" PRIu64,
                        muster_world_name(w, r->process), p->count, SECONDS_OF(now - p->from),
                        SECONDS_OF(c->renew_every), most);
}

/* Operators have no pace but their own. An order to one member is news to all. */
static void hear_order(struct process *at, const struct muster_world *w)
{
    for (uint32_t p = 0; p < muster_world_members(w); p++)
        at[p].orders++;
}

/* An action of the cluster begins or ends: a new version of the ledger, which each voter takes over
 * and says so, and all look. */
static void allow_ledger(struct process *all, const struct muster_world *w)
{
    uint32_t members = muster_world_members(w);
    for (uint32_t i = 0; i < members; i++)
        all[i].more += BY_LEDGER + BY_READING * (uint64_t)members;
}

/* Work has no pace but that of its items: what it asks follows what was submitted. */
static bool is_of_work(uint64_t tag)
{
    return (tag & 0xff) > MUSTER_TAG_NODE;
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    const struct muster_config *c = muster_check_config_of(w, r->process);
    struct process *p = (struct process *)self + r->process;
    if (r->kind == NOTE_KIND(ACTION_PREPARED) ||
        (r->kind == NOTE_KIND(ACTION_ENDED) && r->arg[1] > 0))
        allow_ledger(self, w);
    else if (r->kind == MUSTER_EVENT_RESTART)
        *p = (struct process){0};
    else if (r->kind == MUSTER_EVENT_INPUT + MUSTER_IN_COMMAND)
        hear_order(self, w);
    else if (c && r->arg[0] == MUSTER_ENDPOINT_STORE && !is_of_work(r->tag))
        count(p, w, c, r);
}

static const uint16_t kinds[] = {MUSTER_EVENT_EFFECT + MUSTER_OUT_REQUEST,
                                 MUSTER_EVENT_INPUT + MUSTER_IN_COMMAND,
                                 MUSTER_EVENT_RESTART,
                                 NOTE_KIND(ACTION_PREPARED),
                                 NOTE_KIND(ACTION_ENDED),
                                 0};

const struct muster_property muster_check_store_spared = {
    .name = "store_spared",
    .rule = "in a renew_every a process sends the store a bounded number of commands, whatever it "
            "answers",
    .explain =
        "A store that is in trouble is not helped by members that ask again at once: retries "
        "without a pace are how a short fault becomes a long one (metastable failures, Bronson "
        "and others 2021). So errors are retried at the lease's own pace (rule R11). The bound "
        "follows from the config: 12 readings in a renew_every (or renew_every / poll_every + 1, "
        "if that is more) and 2 for each member that may say \"look now\"; twice that, as a "
        "reading leads to one command more; and 4 for each heartbeat. With the defaults and three "
        "members that is 40 in 3 s, and a few more where two wires are spoken; a retry without a "
        "pace makes hundreds. Counted in spans laid end to end, each a renew_every on the "
        "process's own clock. Each begin and end of a cluster action allows 4 more, for a version "
        "of the ledger, and 2 for each member. Work items are not counted: what they ask follows "
        "what was submitted; an operator's order allows 16 more. When it is violated, a failed "
        "command is sent again as soon as its answer is there.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
