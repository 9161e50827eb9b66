/* SPDX-License-Identifier: Apache-2.0 */
/* What the answer to a poll means: who lives, who leads, what was decided; a twin, the first
 * state. */
#ifndef MUSTER_CORE_COORDINATOR_READING_H
#define MUSTER_CORE_COORDINATOR_READING_H

#include "core/coordinator/redis.h"

/* reply: a flat array of leader record, epoch counter, decision and every member's record, as the
 * MGET of ask_poll brings it; one of another form is passed over. Ends a life as REFUSED when a
 * twin lives. */
void reading_done(struct muster_redis_coordinator *c, muster_time now, struct muster_bytes reply,
                  struct muster_effects *out);

#endif
