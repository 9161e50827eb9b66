/* SPDX-License-Identifier: Apache-2.0 */
/* Property: an effect carries the epoch of the lease under which it is handed out. */
#include "core/coordinator/work_record.h"
#include "core/flat.h"
#include "core/text.h"
#include "sim/check/check.h"
#include "sim/scenario/scenario.h"

#include <string.h>

struct process {
    struct muster_claim claim;
    muster_time paused_at;  /* own clock */
    muster_time fresh_from; /* own clock at the end of the last stall; 0: none so far */
};

struct state {
    bool heard; /* somebody has claimed: this process speaks our language */
    struct process at[];
};

static size_t size(const struct muster_world *w)
{
    return sizeof(struct state) + muster_check_places(w) * sizeof(struct process);
}

/* A process that works has a deadline within every heartbeat: what stood still for longer has
 * missed one, and can know it. */
static void see_gap(struct process *p, const struct muster_world *w, uint32_t process,
                    muster_dur gap)
{
    const struct muster_config *c = muster_check_config(w);
    if (c && gap > c->heartbeat_every + c->stop_time + MUSTER_MILLISECOND)
        p->fresh_from = muster_world_clock(w, process);
}

static void see_stall(struct process *p, const struct muster_world *w,
                      const struct muster_record *r)
{
    muster_time clock = muster_world_clock(w, r->process);
    switch (r->kind) {
    case MUSTER_EVENT_PAUSE:
        p->paused_at = clock;
        break;
    case MUSTER_EVENT_RESUME:
        see_gap(p, w, r->process, muster_time_since(clock, p->paused_at));
        break;
    case MUSTER_EVENT_CLOCK:
        if (r->arg[0] == MUSTER_CLOCK_LEASE && (int64_t)r->arg[1] > 0)
            see_gap(p, w, r->process, r->arg[1]);
        break;
    case MUSTER_EVENT_CRASH:
    case MUSTER_EVENT_RESTART:
        p->fresh_from = 0;
        break;
    default:
        break;
    }
}

/* The action's name: the first text of the effect's flat array. Empty when there is none. */
static struct muster_bytes action_name(struct muster_bytes data)
{
    struct muster_flat_reader reader;
    struct muster_flat_value v;
    muster_flat_reader_init(&reader, data);
    bool found = muster_flat_next(&reader, &v) == 0 && v.type == MUSTER_FLAT_ARRAY &&
                 muster_flat_next(&reader, &v) == 0 && muster_flat_is_text(&v);
    return found ? v.bytes : (struct muster_bytes){0};
}

static bool is_local(const struct muster_config *c, struct muster_bytes name)
{
    for (uint32_t i = 0; i < c->recovery.action_count; i++) {
        const struct muster_action_config *a = &c->recovery.action[i];
        if (muster_text_equal(name, a->name))
            return a->scope == MUSTER_SCOPE_LOCAL;
    }
    return false;
}

static void judge_local(struct muster_world *w, const struct muster_record *r)
{
    const struct muster_config *c = muster_check_config(w);
    struct muster_bytes name = action_name(r->data);
    if (!c)
        return;
    muster_judged(w);
    if (!is_local(c, name))
        muster_violated(w, "%s handed out %.*s without an epoch, though it is no local action",
                        muster_world_name(w, r->process), (int)name.size,
                        name.size > 0 ? (const char *)name.at : "");
}

/* Whether the renewal on which the claim rests was sent before the process stood still (R13). */
static bool is_from_before(const struct process *p, const struct muster_world *w)
{
    const struct muster_config *c = muster_check_config(w);
    return c && p->fresh_from > 0 &&
           p->claim.until < muster_time_add(p->fresh_from, c->lease_ttl - c->margin);
}

static void judge_cluster(struct muster_world *w, const struct muster_record *r,
                          const struct process *p)
{
    const char *name = muster_world_name(w, r->process);
    const struct muster_claim *claim = &p->claim;
    uint64_t epoch = r->arg[0], not_after = r->arg[2];
    muster_judged(w);
    if (!claim->claims)
        muster_violated(w,
                        "%s handed out intent %" PRIu64 " with epoch %" PRIu64 " without leading",
                        name, r->tag, epoch);
    else if (claim->epoch != epoch)
        muster_violated(w,
                        "%s handed out intent %" PRIu64 " with epoch %" PRIu64
                        " while it leads with epoch %" PRIu64,
                        name, r->tag, epoch, claim->epoch);
    else if (!muster_claim_is_valid(claim, w, r->process))
        muster_violated(w,
                        "%s handed out intent %" PRIu64 " with epoch %" PRIu64 " " SECONDS
                        " after its lease had ended",
                        name, r->tag, epoch,
                        SECONDS_OF(muster_world_clock(w, r->process) - claim->until));
    else if (not_after > claim->until)
        muster_violated(w,
                        "%s allows intent %" PRIu64 " to start until " SECONDS
                        ", later than its lease's end at " SECONDS " of its clock",
                        name, r->tag, SECONDS_OF(not_after), SECONDS_OF(claim->until));
    else if (is_from_before(p, w))
        muster_violated(w,
                        "%s handed out intent %" PRIu64 " with epoch %" PRIu64
                        " after it had stood still until " SECONDS
                        " of its clock, and no renewal sent since then has been echoed",
                        name, r->tag, epoch, SECONDS_OF(p->fresh_from));
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct state *s = self;
    if (r->process == MUSTER_NOBODY)
        return; /* the store's clock */
    struct process *p = &s->at[r->process];
    if (r->kind != MUSTER_EVENT_EFFECT + MUSTER_OUT_ACTION) {
        s->heard |= muster_claim_see(&p->claim, r);
        see_stall(p, w, r);
    } else if (muster_check_config(w) && muster_work_is_intent(r->tag)) {
        return; /* under no lease: the submitter has granted it (work_once) */
    } else if (r->arg[0] == 0) {
        judge_local(w, r);
    } else if (s->heard || muster_check_config(w)) {
        judge_cluster(w, r, p);
    }
}

static const uint16_t kinds[] = {MUSTER_EVENT_EFFECT + MUSTER_OUT_ACTION,
                                 CLAIM_KINDS,
                                 MUSTER_EVENT_PAUSE,
                                 MUSTER_EVENT_RESUME,
                                 MUSTER_EVENT_CLOCK,
                                 0};

const struct muster_property muster_check_effect_epoch = {
    .name = "effect_epoch",
    .rule =
        "a cluster effect is handed out under a valid lease, with its epoch and within its time, "
        "and after a stall only once a renewal sent afterwards was echoed",
    .explain =
        "Whoever decides an effect must lead at that moment, say with which epoch, and allow "
        "it to start no later than its lease ends (rule R14; Kleppmann 2016 on fencing). This "
        "is an oracle of its own: it compares with the lease that the process has claimed and "
        "with its true clock, not with what the target knows. Only actions of scope `local` "
        "go without an epoch. After a pause or a clock jump that a process must have noticed, the "
        "lease has to rest on a renewal sent afterwards (rule R13). When it is violated, "
        "authority was read before a change and used after it: a stall, a step-down, a retry "
        "under a newer lease.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
