/* SPDX-License-Identifier: Apache-2.0 */
/* What the redis coordinator reads and writes of the ledger, and when: see hold.h. */
#ifndef MUSTER_CORE_COORDINATOR_REDIS_LEDGER_H
#define MUSTER_CORE_COORDINATOR_REDIS_LEDGER_H

#include "core/coordinator/redis.h"

/* A slot of its file was read, at the start. True when that was the last one. */
bool redis_ledger_loaded(struct muster_redis_coordinator *c, const struct muster_input *in,
                         struct muster_effects *out);
/* A write or its sync ended. */
void redis_ledger_written(struct muster_redis_coordinator *c, const struct muster_input *in);
/* A SET or MGET of ledgers was answered; well: and not with an error. */
void redis_ledger_answered(struct muster_redis_coordinator *c, const struct muster_input *in,
                           enum muster_request_kind kind, bool well);
/* Send what is wanted. */
void redis_ledger_advance(struct muster_redis_coordinator *c, muster_time now,
                          struct muster_effects *out);

#endif
