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

/* majority.c */
/* Whether a majority has promised the own pair: of the electorate, and of the one before while that
 * counts. counter: the newest renewal that all of it has echoed. */
bool lease_majority(const struct muster_lease *l, const struct muster_lease_view *v,
                    uint64_t *ret_counter);
/* Whether the newest pause is on the disks of a majority of those who stand behind our pair,
 * in both electorates likewise; where the store is the authority, of all voters. */
bool lease_majority_paused(const struct muster_lease *l, const struct muster_lease_view *v);
/* Of the versions of the ledger that this leader wrote, the newest that is on the disks of a
 * majority of those who stand behind our pair, in both electorates likewise; 0: none. own: what the
 * own disk holds. */
uint64_t lease_majority_held(const struct muster_lease *l, const struct muster_lease_view *v,
                             struct muster_ledger_version own);
/* Whether a majority of those who stand behind our pair holds nothing newer than `own`, likewise;
 * where the store is the authority, whether nobody who is there does. */
bool lease_majority_informed(const struct muster_lease *l, const struct muster_lease_view *v,
                             struct muster_ledger_version own);
/* What the others' records say of the electorate: that it is settled, and who is of another. */
void lease_see_electorate(struct muster_lease *l, const struct muster_lease_view *v,
                          struct muster_effects *out);
/* The electorate before counts no more: from a record that says so, or by an election. */
void lease_settle(struct muster_lease *l, struct muster_effects *out);

/* voter.c */
/* When what the disk does not say yet of the electorate and the pause is to be written;
 * MUSTER_NEVER: nothing is, or a write is under way. */
muster_time lease_keep_at(const struct muster_lease *l);
void lease_keep(struct muster_lease *l);
bool lease_is_voter(const struct muster_lease *l);
bool lease_may_campaign(const struct muster_lease *l, muster_time now);
bool lease_may_promise(const struct muster_lease *l, muster_time now);
void lease_promise(struct muster_lease *l, muster_time now, struct muster_pair pair,
                   uint64_t counter, struct muster_effects *out);
void lease_echo(struct muster_lease *l, muster_time seen, uint64_t counter);
void lease_write_slot(struct muster_lease *l, struct muster_pair pair);
void lease_vote(struct muster_lease *l, muster_time now, const struct muster_lease_view *v,
                struct muster_effects *out);

/* lease_pause.c */
void lease_see_pauses(struct muster_lease *l, const struct muster_lease_view *v);
/* Whether a majority of those who stand behind this leadership has it on disk. */
void lease_count_pause(struct muster_lease *l, muster_time now, const struct muster_lease_view *v,
                       struct muster_effects *out);
/* Leadership ends: the operator has no answer to wait for. */
void lease_give_pause_up(struct muster_lease *l, struct muster_effects *out);

#endif
