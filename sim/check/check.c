/* SPDX-License-Identifier: Apache-2.0 */
/* What the shipped properties share: see check.h. */
#include "sim/check/check.h"

#include "core/coordinator/astra_wire.h"
#include "core/coordinator/electorate.h"
#include "sim/scenario/scenario.h"
#include "sim/world.h"

#include <string.h>

uint32_t muster_check_places(const struct muster_world *w)
{
    uint32_t twins = MUSTER_PROCESSES_MAX - MUSTER_MEMBERS_MAX;
    return muster_world_members(w) + twins;
}

const struct muster_config *muster_check_config(const struct muster_world *w)
{
    const struct muster_scenario *s = muster_world_scenario(w);
    return strcmp(s->process->name, "muster") == 0 ? muster_world_config(w) : NULL;
}

const struct muster_config *muster_check_config_of(const struct muster_world *w, uint32_t process)
{
    return muster_check_config(w) ? muster_world_config_of(w, process) : NULL;
}

bool muster_claim_see(struct muster_claim *c, const struct muster_record *r)
{
    switch (r->kind) {
    case NOTE_KIND(LEADER_ELECTED):
    case NOTE_KIND(LEASE_EXTENDED):
        *c = (struct muster_claim){true, r->arg[0], r->arg[1], r->arg[2]};
        return true;
    case NOTE_KIND(LEADER_LOST):
    case NOTE_KIND(STOPPED):
    case MUSTER_EVENT_CRASH:
    case MUSTER_EVENT_RESTART:
        c->claims = false;
        return false;
    default:
        return false;
    }
}

bool muster_claim_is_valid(const struct muster_claim *c, const struct muster_world *w,
                           uint32_t process)
{
    return c->claims && muster_world_clock(w, process) < c->until;
}

void muster_elections_add(struct muster_elections *e, const struct muster_record *elected)
{
    struct muster_election *slot = &e->at[elected->arg[0] % MUSTER_ELECTIONS_KEPT];
    if (slot->epoch < elected->arg[0])
        *slot = (struct muster_election){elected->arg[0], elected->arg[1], elected->process};
}

const struct muster_election *muster_elections_find(const struct muster_elections *e,
                                                    uint64_t epoch, bool *ret_forgotten)
{
    const struct muster_election *slot = &e->at[epoch % MUSTER_ELECTIONS_KEPT];
    *ret_forgotten = slot->epoch > epoch;
    return slot->epoch == epoch && epoch != 0 ? slot : NULL;
}

void muster_uptime_see(struct muster_uptime *u, const struct muster_record *r)
{
    switch (r->kind) {
    case MUSTER_EVENT_PAUSE:
        u->paused = true;
        break;
    case MUSTER_EVENT_RESTART:
    case MUSTER_EVENT_RESUME:
        *u = (struct muster_uptime){.since = r->time};
        break;
    default:
        break;
    }
}

bool muster_uptime_is_up(const struct muster_uptime *u, const struct muster_world *w,
                         uint32_t process)
{
    return muster_world_running(w, process) && !u->paused;
}

/* The origin's wire has no place for a ledger, and who migrates from it brings none along. */
static bool speaks_astra(const struct muster_world *w)
{
    const struct muster_scenario *s = muster_world_scenario(w);
    for (uint32_t i = 0; i < s->config_count; i++) {
        const struct muster_config *c = s->configs[i];
        if (c->wire == MUSTER_WIRE_ASTRA)
            return true;
    }
    return false;
}

bool muster_check_hands_on(const struct muster_world *w, uint32_t process)
{
    const struct muster_config *c = muster_check_config(w);
    const uint32_t needed = MUSTER_ASSUME_DRIFT | MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE;
    if (!c || !c->hold_history || (needed & ~muster_world_scenario(w)->assumptions) != 0 ||
        speaks_astra(w))
        return false;
    uint32_t voters = muster_electorate_size(muster_world_place(w, process), MUSTER_ELECTORATE_NOW);
    return c->local || !muster_config_trusts_store(c, voters);
}

uint32_t muster_check_cluster(const struct muster_world *w, uint32_t process)
{
    const struct muster_config *c = muster_check_config(w);
    return c && c->local ? process : 0;
}

muster_dur muster_check_with_drift(const struct muster_config *c, muster_dur length)
{
    return length + length / MUSTER_PPM * c->max_clock_drift_ppm + MUSTER_MILLISECOND;
}

muster_dur muster_check_failover_bound(const struct muster_config *c)
{
    muster_dur bound = c->lease_ttl + 2 * c->renew_every;
    if (c->wire == MUSTER_WIRE_ASTRA) /* two looks at the lock, and a campaign */
        bound = c->lease_ttl + 2 * c->poll_every + c->jitter + c->request_timeout;
    else if (c->wire == MUSTER_WIRE_BRIDGE) /* the lock's time, whatever the lease's is */
        bound += MUSTER_ASTRA_LOCK_TTL;
    return muster_check_with_drift(c, bound);
}
