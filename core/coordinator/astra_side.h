/* SPDX-License-Identifier: Apache-2.0 */
/* A member's life on the origin's wire: what it asks of the store there, and what the answers mean.
 * Both coordinators that speak it (astra.c, bridge.c) have one; who leads by it is theirs to say.
 *
 * Requests are told apart by kinds of their own, above those of the native wire. At most one of
 * each is under way.
 */
#ifndef MUSTER_CORE_COORDINATOR_ASTRA_SIDE_H
#define MUSTER_CORE_COORDINATOR_ASTRA_SIDE_H

#include "core/coordinator/astra_lock.h"
#include "core/coordinator/bulk.h"
#include "core/coordinator/members.h"

#define MUSTER_ASTRA_TAG 0x20 /* low bytes of tags from here on */

enum muster_astra_ask {
    MUSTER_ASTRA_ASK_POLL, /* MGET of the lock, and of the members' votes */
    MUSTER_ASTRA_ASK_LOCK, /* its script */
    MUSTER_ASTRA_ASK_TIME, /* the store's clock, when it is wanted */
    MUSTER_ASTRA_ASK_VOTE,
    MUSTER_ASTRA_ASK_HEALTH,
    MUSTER_ASTRA_ASK_STATE,
    MUSTER_ASTRA_ASKS
};

struct muster_astra_side {
    const struct muster_config *cfg;
    const struct muster_place *place;
    struct muster_members *members; /* to be told of the votes; null: they are not read */
    struct muster_astra_lock lock;
    struct muster_self self;
    struct muster_bulk bulk;         /* health and state keep away from a store in trouble */
    enum muster_astra_holder holder; /* as last read */
    bool read;                       /* and what it shows was not acted upon yet (bridge.c) */
    bool silent;                     /* publishes no more */
    bool wants_time;                 /* asked at the pace of the readings */
    uint64_t time;                   /* as last told; 0: not yet */
    bool shown_as_leader;            /* what the channel is told */
    uint64_t next_tag, tag[MUSTER_ASTRA_ASKS];
    muster_time poll_at, poll_sent, heartbeat_at;
    muster_time seen_at;                /* when the store was last read */
    muster_time answered;               /* last answer of the store */
    uint64_t wall;                      /* ms since 1970, … */
    muster_time wall_at;                /* … as it was then */
    uint64_t stamp[MUSTER_MEMBERS_MAX]; /* of each member's last vote; 0: none was seen */
};

void muster_astra_side_init(struct muster_astra_side *s, const struct muster_config *cfg,
                            const struct muster_place *place, struct muster_members *members);
/* The member begins, and says so at once. */
void muster_astra_side_start(struct muster_astra_side *s, const struct muster_input *in);
bool muster_astra_side_owns(const struct muster_astra_side *s, uint64_t tag);
/* The end of a request of its own. ret_read: the store was read. */
enum muster_astra_news muster_astra_side_reply(struct muster_astra_side *s,
                                               const struct muster_input *in, bool *ret_read,
                                               struct muster_effects *out);
/* Ask for what is due and wanted. */
void muster_astra_side_advance(struct muster_astra_side *s, muster_time now,
                               struct muster_effects *out);
muster_time muster_astra_side_deadline(const struct muster_astra_side *s);

#endif
