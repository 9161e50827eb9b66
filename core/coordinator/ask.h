/* SPDX-License-Identifier: Apache-2.0 */
/* The requests of the coordinator: which command each kind sends. */
#ifndef MUSTER_CORE_COORDINATOR_ASK_H
#define MUSTER_CORE_COORDINATOR_ASK_H

#include "core/coordinator/redis.h"

/* The MGET of a poll is always the same: made once. */
void ask_prepare(struct muster_redis_coordinator *c);

void ask_poll(struct muster_redis_coordinator *c, muster_time now, struct muster_effects *out);
void ask_script(struct muster_redis_coordinator *c, muster_time now, struct muster_effects *out);
void ask_record(struct muster_redis_coordinator *c, muster_time now, struct muster_effects *out);
void ask_health(struct muster_redis_coordinator *c, struct muster_effects *out);
void ask_decision(struct muster_redis_coordinator *c, const struct muster_decision_record *d,
                  struct muster_effects *out);
void ask_wake(struct muster_redis_coordinator *c, struct muster_effects *out);
void ask_state(struct muster_redis_coordinator *c, struct muster_effects *out);
void ask_subscribe(struct muster_redis_coordinator *c, struct muster_effects *out);
void ask_slot_read(struct muster_redis_coordinator *c, struct muster_effects *out);
void ask_slot_write(struct muster_redis_coordinator *c, struct muster_effects *out);
void ask_ledger_read(struct muster_redis_coordinator *c, struct muster_effects *out);
void ask_ledger_write(struct muster_redis_coordinator *c, struct muster_effects *out);
void ask_ledger_set(struct muster_redis_coordinator *c, struct muster_effects *out);
void ask_ledger_get(struct muster_redis_coordinator *c, struct muster_effects *out);

static inline bool ask_busy(const struct muster_redis_coordinator *c, enum muster_request_kind kind)
{
    return c->tag[kind] != 0;
}

#endif
