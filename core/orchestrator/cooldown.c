/* SPDX-License-Identifier: Apache-2.0 */
/* Cooldowns: see cooldown.h. */
#include "core/orchestrator/cooldown.h"

#include <assert.h>
#include <string.h>

void muster_cooldown_init(struct muster_cooldowns *c)
{
    memset(c, 0, sizeof *c);
}

void muster_cooldown_start(struct muster_cooldowns *c, uint32_t action, muster_time now,
                           muster_dur length)
{
    assert(action < MUSTER_ACTIONS_MAX);
    c->until[action] = muster_time_max(c->until[action], muster_time_add(now, length));
}

void muster_cooldown_inherit(struct muster_cooldowns *c, uint32_t action, muster_time now,
                             muster_dur age, muster_dur length)
{
    muster_dur passed = age == MUSTER_NEVER ? 0 : age;
    muster_cooldown_start(c, action, now, muster_time_since(length, passed));
}

muster_dur muster_cooldown_age(const struct muster_cooldowns *c, uint32_t action, muster_time now,
                               muster_dur length)
{
    assert(action < MUSTER_ACTIONS_MAX);
    muster_time until = c->until[action];
    if (until == 0)
        return MUSTER_NEVER;
    return until > now ? muster_time_since(length, until - now)
                       : muster_time_add(now - until, length);
}

muster_time muster_cooldown_until(const struct muster_cooldowns *c, uint32_t action,
                                  muster_time now)
{
    assert(action < MUSTER_ACTIONS_MAX);
    return c->until[action] > now ? c->until[action] : 0;
}
