/* SPDX-License-Identifier: Apache-2.0 */
/* The bridge: a member of the native coordinator (redis.h) that also lives on the origin's wire, so
 * that a cluster can go from one to the other member by member, and never has two leaders (SPEC 8).
 *
 * A campaign begins only when this member holds the origin's lock, and it asks for the lock only
 * when it would begin a campaign and a majority of the voters can be seen to speak the native wire:
 * else it would keep the others from leading for nothing. The lease never lasts longer than the
 * lock, and ends with it; the lock is given back when the lease, and what ran under it, has ended.
 *
 *   BOTH     leads with both; votes are published on both wires
 *   SETTLED  every configured voter's native record is fresh: whoever leads now needs the native
 *            lease, so the lock guards against nobody. It is let go, and the native lease alone
 *            counts. For the rest of this life: there is no way back but to stop all members.
 *
 * Whoever holds the lock is told the store's clock with it, and whoever lets it be asks for it when
 * the wire is settled. That is above every epoch that a leader by the lock alone has had (astra.c),
 * and so the epochs of the lease begin above it.
 */
#ifndef MUSTER_CORE_COORDINATOR_BRIDGE_H
#define MUSTER_CORE_COORDINATOR_BRIDGE_H

#include "core/coordinator/astra_side.h"
#include "core/coordinator/redis.h"

struct muster_bridge {
    struct muster_astra_side side;
    bool settled;
    _Alignas(16) unsigned char native[]; /* struct muster_redis_coordinator */
};

#endif
