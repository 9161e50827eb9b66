/* SPDX-License-Identifier: Apache-2.0 */
/* Cooldowns of actions, on the lease clock: after an action has ended, whatever its result, it does
 * not start again for a while. Wall clocks decide nothing here, and loss of state never shortens a
 * cooldown (SPEC R16). */
#ifndef MUSTER_CORE_ORCHESTRATOR_COOLDOWN_H
#define MUSTER_CORE_ORCHESTRATOR_COOLDOWN_H

#include "core/config.h"

struct muster_cooldowns {
    muster_time until[MUSTER_ACTIONS_MAX]; /* free from this time on; 0: never ran */
};

void muster_cooldown_init(struct muster_cooldowns *c);
/* The action ended now. */
void muster_cooldown_start(struct muster_cooldowns *c, uint32_t action, muster_time now,
                           muster_dur length);
/* Another member, or an earlier incarnation, ended the action `age` ago; an unknown age
 * (MUSTER_NEVER) counts as just now. A cooldown that runs is never shortened. */
void muster_cooldown_inherit(struct muster_cooldowns *c, uint32_t action, muster_time now,
                             muster_dur age, muster_dur length);
/* How long ago the action ended, by a cooldown of this length; MUSTER_NEVER: it never did. */
muster_dur muster_cooldown_age(const struct muster_cooldowns *c, uint32_t action, muster_time now,
                               muster_dur length);
/* When the action is free again; 0 when it is free now. */
muster_time muster_cooldown_until(const struct muster_cooldowns *c, uint32_t action,
                                  muster_time now);

#endif
