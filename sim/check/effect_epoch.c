/* SPDX-License-Identifier: Apache-2.0 */
/* Property: an effect carries the epoch of the lease under which it is handed out. */
#include "core/flat.h"
#include "sim/check/check.h"

#include <string.h>

struct state {
    bool heard; /* somebody has claimed: this process speaks our language */
    struct muster_claim claim[];
};

static size_t size(const struct muster_world *w)
{
    return sizeof(struct state) + muster_check_places(w) * sizeof(struct muster_claim);
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
        if (strlen(a->name) == name.size && memcmp(a->name, name.at, name.size) == 0)
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

static void judge_cluster(struct muster_world *w, const struct muster_record *r,
                          const struct muster_claim *claim)
{
    const char *name = muster_world_name(w, r->process);
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
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct state *s = self;
    struct muster_claim *claim = &s->claim[r->process];
    if (r->kind != MUSTER_EVENT_EFFECT + MUSTER_OUT_ACTION)
        s->heard |= muster_claim_see(claim, r);
    else if (r->arg[0] == 0)
        judge_local(w, r);
    else if (s->heard || muster_check_config(w))
        judge_cluster(w, r, claim);
}

static const uint16_t kinds[] = {MUSTER_EVENT_EFFECT + MUSTER_OUT_ACTION, CLAIM_KINDS, 0};

const struct muster_property muster_check_effect_epoch = {
    .name = "effect_epoch",
    .rule =
        "a cluster effect is handed out under a valid lease, with its epoch and within its time",
    .explain =
        "Whoever decides an effect must lead at that moment, say with which epoch, and allow "
        "it to start no later than its lease ends (rule R14; Kleppmann 2016 on fencing). This "
        "is an oracle of its own: it compares with the lease that the process has claimed and "
        "with its true clock, not with what the target knows. Only actions of scope `local` "
        "go without an epoch. When it is violated, authority was read before a change and "
        "used after it: a stall, a step-down, a retry under a newer lease.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
