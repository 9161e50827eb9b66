/* SPDX-License-Identifier: Apache-2.0 */
/* A new leader's first deed: its targets are told of the new epoch, and refuse everything older
 * from then on (SPEC R14).
 *
 * Without it a target that the new leader has not used yet would take what a former one still has
 * on its way. A seal is an ACTION with the attempt 0, one for each enabled action of the cluster:
 * the target raises its highest epoch and does nothing. Until all have ended, or renew_every is
 * over, no other cluster action starts. Who could not be sealed is noted and not waited for: such a
 * target is protected from the first action on only.
 *
 * At most MUSTER_SEALS_MAX are under way, and as many notes come from one call. */
#ifndef MUSTER_CORE_SEAL_H
#define MUSTER_CORE_SEAL_H

#include "core/config.h"
#include "core/port.h"

#define MUSTER_SEALS_MAX 8

/* Tags of seals: [2^52, 3 * 2^51), above the intents of orchestrators (history.h) and below those
 * of work (work_record.h). */
#define MUSTER_SEAL_TAG      (UINT64_C(1) << 52)
#define MUSTER_SEAL_TAG_MASK ((UINT64_C(1) << 51) - 1)

struct muster_seal {
    const struct muster_config *cfg;
    const struct muster_place *place;
    uint64_t epoch;    /* sealed or being sealed; 0: none */
    uint64_t serial;   /* of tags */
    uint32_t next;     /* action, by index, to be looked at next */
    muster_time until; /* what has not ended then counts as unsealed */
    bool late;         /* that time has come, and some are still to be told of */
    uint32_t sealed, unsealed;
    struct {
        uint64_t tag; /* 0: free */
        uint32_t action;
    } at[MUSTER_SEALS_MAX];
};

/* cfg and place outlive it. */
void muster_seal_init(struct muster_seal *s, const struct muster_config *cfg,
                      const struct muster_place *place);

/* This member leads under an epoch, until not_after: begin if that is new, and go on. */
void muster_seal_advance(struct muster_seal *s, muster_time now, uint64_t epoch,
                         muster_time not_after, struct muster_effects *out);
/* It leads no more: what is under way is given up. */
void muster_seal_stop(struct muster_seal *s, struct muster_effects *out);
/* The input ACTION of a tag of seals. */
void muster_seal_ended(struct muster_seal *s, const struct muster_input *in,
                       struct muster_effects *out);

/* Cluster actions may start under this epoch. */
bool muster_seal_is_over(const struct muster_seal *s, uint64_t epoch);
/* When to advance at the latest; MUSTER_NEVER while nothing is sealed. */
muster_time muster_seal_deadline(const struct muster_seal *s);

static inline bool muster_seal_owns(uint64_t tag)
{
    return tag >= MUSTER_SEAL_TAG && tag <= (MUSTER_SEAL_TAG | MUSTER_SEAL_TAG_MASK);
}

#endif
