/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger between disk, store and record: see redis_ledger.h. */
#include "core/coordinator/redis_ledger.h"

#include "core/coordinator/ask.h"

bool redis_ledger_loaded(struct muster_redis_coordinator *c, const struct muster_input *in,
                         struct muster_effects *out)
{
    uint64_t cluster =
        muster_slot_hash(MUSTER_SLOT_HASH_START, c->cfg->cluster, strlen(c->cfg->cluster));
    muster_hold_load(&c->hold, in->now, cluster, (enum muster_status)in->status, in->data);
    if (!muster_hold_is_loaded(&c->hold)) {
        ask_ledger_read(c, out);
        return false;
    }
    muster_lease_heard(&c->lease, in->now, c->hold.disk.epoch, out);
    return true;
}

/* Durable when WRITE and SYNC have ended well: the record says so, and others count on it. */
void redis_ledger_written(struct muster_redis_coordinator *c, const struct muster_input *in)
{
    if (c->hold_status == MUSTER_STATUS_OK)
        c->hold_status = (enum muster_status)in->status;
    if (ask_busy(c, MUSTER_ASK_LEDGER_WRITE) || ask_busy(c, MUSTER_ASK_LEDGER_SYNC))
        return;
    muster_time later = muster_time_add(in->now, c->cfg->renew_every);
    if (muster_hold_written(&c->hold, later, c->hold_status))
        c->lease.publish = c->lease.wake = true;
}

void redis_ledger_answered(struct muster_redis_coordinator *c, const struct muster_input *in,
                           enum muster_request_kind kind, bool well)
{
    if (kind == MUSTER_ASK_LEDGER_SET)
        muster_hold_published(&c->hold, well);
    else if (well)
        muster_hold_fetched(&c->hold, in->now, c->hold_all, in->data);
}

/* The text is in the store before the own record says its version. */
void redis_ledger_advance(struct muster_redis_coordinator *c, muster_time now,
                          struct muster_effects *out)
{
    struct muster_hold *h = &c->hold;
    if (!c->holds || (c->life != MUSTER_LIFE_ACTIVE && c->life != MUSTER_LIFE_LEAVING))
        return;
    bool writes = ask_busy(c, MUSTER_ASK_LEDGER_WRITE) || ask_busy(c, MUSTER_ASK_LEDGER_SYNC);
    if (!writes && now >= muster_hold_write_at(h))
        ask_ledger_write(c, out);
    if (h->publish && h->known.version.epoch > 0 && !ask_busy(c, MUSTER_ASK_LEDGER_SET))
        ask_ledger_set(c, out);
    if (h->fetch != 0 && !ask_busy(c, MUSTER_ASK_LEDGER_GET))
        ask_ledger_get(c, out);
}
