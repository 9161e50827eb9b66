/* SPDX-License-Identifier: Apache-2.0 */
/* Who votes, and how one electorate gives way to the next (SPEC R8).
 *
 * The electorate is configured, never counted from who is present. It has a generation and a
 * digest, which every voter keeps in its durable slot and says in its record; whoever says another
 * digest is not counted. To change it, members are restarted one by one with the next generation
 * and the electorate before in their config (muster_place: at most one voter joins, and one
 * leaves):
 *
 *   old       Those that hold the old generation elect by a majority of the old set, as ever.
 *   joint     A voter that is restarted takes the new generation to its disk, with its promise,
 *             before it says so, and never goes back. A candidate of the new generation needs a
 *             majority of the new set and one of the old, of voters that hold the new generation;
 *             so does a lease, of echoes.
 *   settled   Once somebody was so elected, the old set is not asked any more. Who is elected says
 *             so in its record; whoever reads it believes it, as it stays true; voters keep it in
 *             their slots. Those that have left the electorate vote no more.
 *
 * Why that is safe (joint consensus, Ongaro 2014, section 4.3): any majority of the old set shares
 * a voter with the old half of a joint one, and that voter promised the new pair a full lease_ttl
 * after its restart (R5), when no lease rested any more on what it had echoed before. Since a
 * majority of the old set holds the new generation then, nobody is elected by the old one again;
 * and what is elected later by the new set alone shares a voter with the new half.
 *
 * A next change begins when this one is settled on every voter's disk: a slot of which that is not
 * known is no state for the generation after, nor for a config that leaves the old electorate out.
 */
#ifndef MUSTER_CORE_COORDINATOR_ELECTORATE_H
#define MUSTER_CORE_COORDINATOR_ELECTORATE_H

#include "core/config.h"
#include "core/coordinator/slot.h"

enum muster_electorate {
    MUSTER_ELECTORATE_NOW,    /* of the place's generation */
    MUSTER_ELECTORATE_BEFORE, /* the one before; without a change the same */
};

/* From 1; a place that says nothing is of the first. */
uint64_t muster_electorate_generation(const struct muster_place *p);
static inline bool muster_electorate_changes(const struct muster_place *p)
{
    return (p->joining | p->leaving) != 0;
}

bool muster_electorate_has(const struct muster_place *p, enum muster_electorate which,
                           uint32_t member);
uint32_t muster_electorate_size(const struct muster_place *p, enum muster_electorate which);

/* Of the names, in whatever order they are configured, and from the second generation on of its
 * number. */
uint64_t muster_electorate_digest(const struct muster_place *p, enum muster_electorate which);

/* What a slot of this cluster is to a voter of this place. */
enum muster_electorate_slot {
    MUSTER_SLOT_FOREIGN, /* no state */
    MUSTER_SLOT_HELD,    /* its state */
    MUSTER_SLOT_BEFORE,  /* its state in the electorate before: to be taken over first */
};
enum muster_electorate_slot muster_electorate_judge(const struct muster_place *p,
                                                    const struct muster_slot *s);

#endif
