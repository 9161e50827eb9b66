/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator asks of the leader of a cluster (SPEC R12, R16).
 *
 *   STEP_DOWN   released at once; what runs is cancelled. This member does not campaign for a
 *               lease_ttl.
 *   SWITCHOVER  no cluster action starts any more; when none runs, it is released in favour of the
 *               named voter. That one must be live and have promised this leadership, which is
 *               looked at when it is asked and again at the release: whoever is named and cannot
 *               follow would cost a confirm_timeout. The newest wish counts.
 *   PAUSE       no cluster action starts any more, at once; noted again when a majority of the
 *               voters has it on disk (pause.h), from when on it holds whoever leads
 *   RESUME      they start again, when a majority of the voters has that on disk
 * Every other member refuses all four. */
#ifndef MUSTER_CORE_COORDINATOR_OPERATOR_H
#define MUSTER_CORE_COORDINATOR_OPERATOR_H

#include "core/coordinator/redis.h"

/* Slots of the table (interface.h). */
bool operator_command(void *self, const struct muster_input *in, struct muster_effects *out);
void operator_yield(void *self, muster_time now, struct muster_effects *out);

/* Time has passed: what was asked of a leadership ends with it. */
void operator_advance(struct muster_redis_coordinator *c, struct muster_effects *out);

#endif
