/* SPDX-License-Identifier: Apache-2.0 */
/* The origin's wire: keys, JSON and times of the package that muster takes the place of.
 *
 *   astra:resilience:leader      the leader's bare id; LOCK_TTL, renewed every RENEW_EVERY
 *   astra:resilience:vote:<id>   {"circuit_breaker_state": "CLOSED", "fallback_mode": "PRIMARY",
 *                                 "health_score": 0.92, "timestamp": "2026-01-01T00:00:00.123"}
 *   astra:health:<id>            what a member says of its health, as JSON
 *   astra:resilience:state       a channel: {"instance_id": …, "is_leader": …, "state": {…}, …}
 *
 * There is one set of these keys in a store, whatever the cluster is called, and they lie in
 * different slots of a Redis Cluster.
 */
#ifndef MUSTER_CORE_COORDINATOR_ASTRA_WIRE_H
#define MUSTER_CORE_COORDINATOR_ASTRA_WIRE_H

#include "core/coordinator/interface.h"

/* Given by the origin; no config moves them. */
#define MUSTER_ASTRA_LOCK_TTL    (30 * MUSTER_SECOND)
#define MUSTER_ASTRA_RENEW_EVERY (15 * MUSTER_SECOND)
#define MUSTER_ASTRA_VOTE_TTL    (30 * MUSTER_SECOND)
#define MUSTER_ASTRA_HEALTH_TTL  (60 * MUSTER_SECOND)

#define MUSTER_ASTRA_LEADER   "astra:resilience:leader"
#define MUSTER_ASTRA_VOTE     "astra:resilience:vote:"
#define MUSTER_ASTRA_HEALTH   "astra:health:"
#define MUSTER_ASTRA_STATE    "astra:resilience:state"
#define MUSTER_ASTRA_KEY_MAX  64  /* bytes of any key, with the final 0 */
#define MUSTER_ASTRA_JSON_MAX 320 /* bytes of what we write, with the final 0 */

struct muster_astra_vote {
    enum muster_circuit_state circuit;
    enum muster_fallback_mode mode;
    uint32_t score; /* ppm; 0 when it is not said */
    uint64_t stamp; /* hash of the timestamp: never read as a time, only seen to change */
};

/* A vote as it stands in the store. What is missing or no word of ours is UNKNOWN, other keys are
 * passed over, of two the later holds. Errors: MUSTER_E_INVALID for what is not JSON, is longer
 * than MUSTER_JSON_MAX, has a known key of another type, or no timestamp: no vote. */
int muster_astra_vote_parse(struct muster_astra_vote *v, struct muster_bytes text);

/* wall: ms since 1970. */
void muster_astra_vote_write(const struct muster_self *self, uint64_t wall, struct muster_text *t);
void muster_astra_health_write(const struct muster_self *self, uint64_t wall,
                               struct muster_text *t);
void muster_astra_state_write(const struct muster_self *self, const char *id, bool leads,
                              uint64_t wall, struct muster_text *t);

/* The store's TIME, an array of seconds and microseconds as texts, in us since 1970; 0 for a clock
 * beyond all epochs. False for every other reply. */
bool muster_astra_time_parse(struct muster_bytes reply, uint64_t *ret_time);

/* Scripts of the lock; KEYS leader.
 *   TAKE     ARGV id, ttl ms -> the store's TIME, or the id of who holds it. A lock that bears the
 *            own id is taken again: it is of an earlier life, or of a command that came late.
 *   RENEW    ARGV id, ttl ms -> 1, or 0 when it does not bear this id
 *   RELEASE  ARGV id -> 1, or 0 likewise */
enum muster_astra_script {
    MUSTER_ASTRA_NOTHING,
    MUSTER_ASTRA_TAKE,
    MUSTER_ASTRA_RENEW,
    MUSTER_ASTRA_RELEASE,
};
const char *muster_astra_script_text(enum muster_astra_script script);

#endif
