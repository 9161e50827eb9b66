/* SPDX-License-Identifier: Apache-2.0 */
/* Holding the ledger: see hold.h. */
#include "core/coordinator/hold.h"

#include "core/coordinator/lease_inside.h"
#include "core/flat.h"

#include <assert.h>

/* ---- the disk ---- */

void muster_hold_load(struct muster_hold *h, muster_time now, uint64_t cluster,
                      enum muster_status status, struct muster_bytes slot)
{
    struct muster_ledger one = {.version = {0, 0}};
    uint64_t sequence = 0;
    assert(!muster_hold_is_loaded(h));
    int error = status == MUSTER_STATUS_OK
                    ? muster_ledger_decode(&one, &sequence, cluster, h->slots_read, slot)
                    : MUSTER_E_CORRUPT;
    if (!error && sequence > h->sequence) {
        one.read_at = now;
        one.damaged = h->known.damaged;
        h->known = one;
        h->disk = one.version;
        h->sequence = h->held_sequence = sequence;
        h->publish = true;
    }
    h->known.damaged |= error == MUSTER_E_CORRUPT;
    h->slots_read++;
    /* A write that was torn costs only itself: the other slot holds the state before. */
    if (muster_hold_is_loaded(h) && h->disk.epoch > 0)
        h->known.damaged = false;
}

muster_time muster_hold_write_at(const struct muster_hold *h)
{
    bool due = h->writing.epoch == 0 && muster_ledger_is_newer(h->known.version, h->disk);
    return due ? h->write_from : MUSTER_NEVER;
}

size_t muster_hold_begin(struct muster_hold *h, uint64_t cluster, uint64_t *ret_offset,
                         uint8_t bytes[MUSTER_LEDGER_HEAD + MUSTER_LEDGER_MAX])
{
    assert(h->writing.epoch == 0);
    h->writing = h->known.version;
    h->sequence++;
    if (h->held_sequence > 0 && (h->sequence & 1) == (h->held_sequence & 1))
        h->sequence++; /* never over what was acknowledged */
    *ret_offset = muster_ledger_offset(h->sequence);
    return muster_ledger_encode(&h->known, h->sequence, cluster, bytes);
}

bool muster_hold_written(struct muster_hold *h, muster_time later, enum muster_status status)
{
    bool ok = status == MUSTER_STATUS_OK;
    assert(h->writing.epoch > 0);
    if (ok) {
        h->disk = h->writing;
        h->held_sequence = h->sequence;
    } else {
        h->write_from = later;
    }
    h->writing.epoch = 0;
    return ok;
}

/* ---- the store ---- */

static void take_over(struct muster_hold *h, struct muster_bytes value, muster_time now)
{
    struct muster_ledger one = {.version = {0, 0}};
    if (muster_ledger_parse(&one, value) != 0 ||
        !muster_ledger_is_newer(one.version, h->known.version))
        return;
    one.read_at = now;
    h->known = one;
    h->publish = true;
}

void muster_hold_fetched(struct muster_hold *h, muster_time now, uint64_t all,
                         struct muster_bytes reply)
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    muster_flat_reader_init(&r, reply);
    if (muster_flat_next(&r, &v) != 0 || v.type != MUSTER_FLAT_ARRAY)
        return;
    while (muster_flat_next(&r, &v) == 0)
        if (v.type == MUSTER_FLAT_BULK)
            take_over(h, v.bytes, now);
    if (all > 0)
        h->asked = all;
}

void muster_hold_published(struct muster_hold *h, bool well)
{
    if (well)
        h->published = h->publishing;
    h->again |= !well;
}

/* The voter who says the newest version, when that is newer than ours. */
static void look_for_newer(struct muster_hold *h, const struct muster_lease *l,
                           const struct muster_lease_view *v)
{
    struct muster_ledger_version newest = h->known.version;
    h->fetch = 0;
    h->all = false;
    for (uint32_t i = 0; i < l->place->voters; i++) {
        const struct muster_member_record *m = &v->voter[i];
        if (i == l->place->index || !v->present[i] || m->electorate != l->electorate ||
            !muster_ledger_is_newer(m->ledger, newest))
            continue;
        newest = m->ledger;
        h->fetch = UINT64_C(1) << i;
    }
}

/* ---- the leader ---- */

uint64_t muster_hold_take(struct muster_hold *h, muster_time now, uint64_t epoch,
                          struct muster_bytes text)
{
    struct muster_ledger *k = &h->known;
    assert(text.size <= MUSTER_LEDGER_MAX);
    if (epoch < k->version.epoch)
        return UINT64_MAX;
    uint64_t count = k->version.epoch == epoch ? k->version.count + 1 : 1;
    k->version = (struct muster_ledger_version){epoch, count};
    k->read_at = now;
    k->damaged = false;
    k->size = (uint32_t)text.size;
    memcpy(k->text, text.at, text.size);
    h->publish = true;
    return count;
}

/* The newest of the own versions that is held. */
static uint64_t held(const struct muster_hold *h, const struct muster_lease *l,
                     const struct muster_lease_view *v)
{
    uint64_t epoch = l->pair.epoch;
    if (!l->trusts_store)
        return lease_majority_held(l, v, h->disk);
    uint64_t disk = h->disk.epoch == epoch ? h->disk.count : 0;
    uint64_t store = h->published.epoch == epoch ? h->published.count : 0;
    return disk < store ? disk : store;
}

static void see_as_leader(struct muster_hold *h, const struct muster_lease *l,
                          const struct muster_lease_view *v, struct muster_effects *out)
{
    uint64_t epoch = l->pair.epoch;
    if (h->informed != epoch) {
        h->all = l->trusts_store && h->asked != epoch;
        if (h->all)
            h->fetch = (UINT64_C(1) << l->place->voters) - 1;
        else if (lease_majority_informed(l, v, h->known.version))
            h->informed = epoch;
    }
    uint64_t count = held(h, l, v), before = h->durable.epoch == epoch ? h->durable.count : 0;
    if (count <= before)
        return;
    h->durable = (struct muster_ledger_version){epoch, count};
    lease_note(out, MUSTER_NOTE_LEDGER_DURABLE, (const uint64_t[4]){epoch, count, 0, 0});
}

void muster_hold_see(struct muster_hold *h, muster_time now, const struct muster_lease *l,
                     const struct muster_lease_view *v, struct muster_effects *out)
{
    h->publish |= h->again;
    h->again = false;
    look_for_newer(h, l, v);
    if (muster_lease_leads(l, now))
        see_as_leader(h, l, v, out);
}
