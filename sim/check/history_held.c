/* SPDX-License-Identifier: Apache-2.0 */
/* Property: a cluster action starts only when a majority of the voters holds that it does. */
#include "core/coordinator/electorate.h"
#include "core/coordinator/ledger.h"
#include "sim/check/orders.h"

/* The intents that are open in a ledger. */
struct open {
    uint64_t intent[MUSTER_RUNS_MAX];
};

/* Of a voter's disk: on its way there, and acknowledged by a sync. */
struct voter {
    struct open asked, durable;
};

static size_t size(const struct muster_world *w)
{
    return muster_world_voters(w) * sizeof(struct voter);
}

/* The words behind "open <n>": an action and an intent each. */
static struct open read_open(struct muster_bytes text)
{
    struct open o = {{0}};
    uint64_t count = 0;
    while (text.size > 0 && !muster_text_equal(muster_text_token(&text), "open"))
        continue;
    (void)muster_text_parse_u64(muster_text_token(&text), &count);
    for (uint64_t i = 0; i < count && i < MUSTER_RUNS_MAX; i++) {
        (void)muster_text_token(&text);
        (void)muster_text_parse_u64(muster_text_token(&text), &o.intent[i]);
    }
    return o;
}

/* A slot is written as a whole, and none is begun before the sync of the last one has ended. */
static struct open read_slot(const struct muster_config *c, const struct muster_record *r)
{
    struct muster_ledger l = {.version = {0, 0}};
    uint64_t cluster = muster_slot_hash(MUSTER_SLOT_HASH_START, c->cluster, strlen(c->cluster));
    uint64_t sequence;
    (void)muster_ledger_decode(&l, &sequence, cluster, (uint32_t)(r->arg[2] / MUSTER_LEDGER_SLOT),
                               r->data);
    return read_open(muster_ledger_text(&l));
}

/* What the voter has heard of its disk does not count: a slow one hears later than it is so. */
static void see_disk(struct voter *v, const struct muster_config *c, const struct muster_record *r)
{
    bool written = r->arg[0] == MUSTER_DISK_WRITE && r->arg[1] == MUSTER_LEDGER_FILE;
    if (r->kind == MUSTER_EVENT_DURABLE && r->arg[0] == MUSTER_LEDGER_FILE)
        v->durable = v->asked;
    else if (r->kind == MUSTER_EVENT_EFFECT + MUSTER_OUT_DISK && written)
        v->asked = read_slot(c, r);
    else if (r->kind == MUSTER_EVENT_INPUT + MUSTER_IN_DISK && written &&
             r->status != MUSTER_STATUS_OK)
        v->asked = v->durable; /* it was refused */
}

static bool holds(const struct voter *v, uint64_t intent)
{
    for (uint32_t i = 0; i < MUSTER_RUNS_MAX; i++)
        if (v->durable.intent[i] == intent)
            return true;
    return false;
}

/* Of the electorate that counts in any case; while another gives way to it, that one besides, which
 * is left to the core's own tests. */
static void judge(const struct voter *voter, struct muster_world *w, const struct muster_record *r)
{
    const struct muster_place *place = muster_world_place(w, r->process);
    const struct muster_config *c = muster_check_config(w);
    uint32_t voters = muster_electorate_size(place, MUSTER_ELECTORATE_NOW), with = 0;
    bool alone = c->local || muster_config_trusts_store(c, voters);
    for (uint32_t i = 0; i < place->voters; i++)
        with += muster_electorate_has(place, MUSTER_ELECTORATE_NOW, i) && holds(&voter[i], r->tag);
    if (alone ? r->process < muster_world_voters(w) && holds(&voter[r->process], r->tag)
              : with > voters / 2)
        return;
    muster_violated(w,
                    "%s handed out intent %" PRIu64 " with epoch %" PRIu64
                    ", which only %u of %u voters have in the ledger on their disks",
                    muster_world_name(w, r->process), r->tag, r->arg[0], with, voters);
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct voter *voter = self;
    const struct muster_config *c = muster_check_config_of(w, r->process);
    if (!c || !c->hold_history || c->wire == MUSTER_WIRE_ASTRA)
        return; /* the origin's wire has no place for a ledger */
    if (r->kind != HANDED_OUT) {
        if (r->process < muster_world_voters(w))
            see_disk(&voter[r->process], c, r);
    } else if (r->arg[0] != 0 && r->arg[1] == 1 && muster_check_is_action(r)) {
        muster_judged(w);
        judge(voter, w, r);
    }
}

static const uint16_t kinds[] = {MUSTER_EVENT_DURABLE, MUSTER_EVENT_EFFECT + MUSTER_OUT_DISK,
                                 MUSTER_EVENT_INPUT + MUSTER_IN_DISK, HANDED_OUT, 0};

const struct muster_property muster_check_history_held = {
    .name = "history_held",
    .rule = "no cluster action is handed out before a majority of the voters has the ledger that "
            "tells of it on disk",
    .explain =
        "What a leader has begun its successor must know, or a failover ends every cooldown and "
        "every limit at the very moment when recovery is most dangerous (rule R16). So an intent "
        "of the cluster is put into the ledger first, and starts when a majority of the voters "
        "holds it: the next leader is elected by a majority that shares a voter with that one. "
        "Judged by the bytes that the disks acknowledged, not by what was said; where the store "
        "is the authority, and in a process that is its own cluster, by the own disk. When it is "
        "violated, an action was handed out while it was only prepared, a voter said that it "
        "held what was not synced, or voters were counted that do not stand behind the leader.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
