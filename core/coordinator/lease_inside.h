/* SPDX-License-Identifier: Apache-2.0 */
/* What the two halves of the lease give one another. */
#ifndef MUSTER_CORE_COORDINATOR_LEASE_INSIDE_H
#define MUSTER_CORE_COORDINATOR_LEASE_INSIDE_H

#include "core/coordinator/lease.h"

static inline void lease_note(struct muster_effects *out, enum muster_note note,
                              const uint64_t arg[4])
{
    muster_effects_note(out, (uint16_t)note, arg, NULL);
}

/* voter.c */
bool lease_is_voter(const struct muster_lease *l);
bool lease_may_promise(const struct muster_lease *l, muster_time now);
void lease_promise(struct muster_lease *l, muster_time now, struct muster_pair pair,
                   uint64_t counter, struct muster_effects *out);
void lease_echo(struct muster_lease *l, muster_time seen, uint64_t counter);
void lease_write_slot(struct muster_lease *l, struct muster_pair pair);
void lease_vote(struct muster_lease *l, muster_time now, const struct muster_lease_view *v,
                struct muster_effects *out);

/* lease.c: another voter that has promised our pair, as its record says. */
bool lease_stands_behind(const struct muster_lease *l, const struct muster_lease_view *v,
                         uint32_t voter);

/* lease_pause.c */
void lease_see_pauses(struct muster_lease *l, const struct muster_lease_view *v);
/* Whether a majority of those who stand behind this leadership has it on disk. */
void lease_count_pause(struct muster_lease *l, muster_time now, const struct muster_lease_view *v,
                       struct muster_effects *out);
/* Leadership ends: the operator has no answer to wait for. */
void lease_give_pause_up(struct muster_lease *l, struct muster_effects *out);
/* When a pause that is not on the disk yet is to be written; MUSTER_NEVER: there is none. */
muster_time lease_pause_at(const struct muster_lease *l);
void lease_write_pause(struct muster_lease *l);
void lease_pause_written(struct muster_lease *l, muster_time now, enum muster_status status);

#endif
