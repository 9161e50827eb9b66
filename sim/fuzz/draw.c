/* SPDX-License-Identifier: Apache-2.0 */
/* Drawing a plan: a cluster and its conditions where there are none, then faults by swarm: each
 * plan has a few kinds of them only, so that rare ones are not drowned by the others. */
#include "sim/fuzz/inside.h"

#include "core/config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct line {
    char *at;
    size_t size, used;
};

static void add(struct line *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What does not fit is left out whole: a head's lines have their room, see MUSTER_PLAN_HEAD_MAX. */
static void add(struct line *o, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(o->at + o->used, o->size - o->used, format, ap);
    va_end(ap);
    if (n > 0 && (size_t)n < o->size - o->used)
        o->used += (size_t)n;
    else
        o->at[o->used] = 0;
}

static unsigned below(struct muster_random *r, uint32_t n)
{
    return (unsigned)muster_random_below(r, n);
}

/* ---- conditions ---- */

/* A round trip and a sync stay below renew_every / 12: beyond that, no bound is promised. */
void draw_network(struct muster_plan *p, struct muster_random *r)
{
    unsigned most = (unsigned)draw_wide(r, 500, p->pace / 60 / MUSTER_MICROSECOND);
    unsigned least = most / (1 + below(r, 8));
    struct line o = {p->network, sizeof p->network, 0};
    add(&o, "network: {latency: %uus..%uus", least, most);
    if (below(r, 2) == 0) {
        unsigned loss = below(r, 3) ? below(r, 5) : 0, twice = below(r, 10), late = below(r, 20);
        add(&o, ", datagram: {loss: %u%%, duplicate: %u%%, reorder: %u%%}", loss, twice, late);
    }
    add(&o, "}");
}

void draw_clocks(struct muster_plan *p, const struct muster_plan_frame *f, struct muster_random *r)
{
    struct line o = {p->clocks, sizeof p->clocks, 0};
    p->clocks[0] = 0;
    if (below(r, 3) == 0 || p->drift_ppm == 0)
        return;
    const char *before = "";
    add(&o, "clocks: {");
    for (uint32_t i = 0; i < f->members && i < 8; i++) {
        unsigned drift = (unsigned)muster_random_between(r, 0, p->drift_ppm);
        const char *sign = below(r, 2) ? "-" : "";
        unsigned offset = (unsigned)draw_wide(r, 1, 86400);
        add(&o, "%s%s: {drift: %s%uppm, offset: %us}", before, f->names[i], drift ? sign : "",
            drift, offset);
        before = ", ";
    }
    add(&o, "}");
}

void draw_disk(struct muster_plan *p, struct muster_random *r)
{
    unsigned most = (unsigned)draw_wide(r, 100, p->pace / 60 / MUSTER_MICROSECOND);
    struct line o = {p->disk, sizeof p->disk, 0};
    add(&o, "disk: {sync: %uus..%uus}", most / (1 + below(r, 4)), most);
}

/* ---- a cluster ---- */

/* The lease's times in proportion: lease_ttl is five renewals. */
static void draw_cluster(struct muster_plan *p, const struct muster_plan_frame *f, struct line *o,
                         struct muster_random *r)
{
    static const uint16_t renewals[] = {800, 1200, 1600, 2000}; /* ms */
    unsigned renew = renewals[below(r, 4)], ttl = 5 * renew;
    unsigned poll = below(r, 4) ? renew / 2 : renew / 4, beat = renew * (1 + below(r, 2));
    p->pace = renew * MUSTER_MILLISECOND;
    p->drift_ppm = 500;
    add(o, "cluster: {process: muster, nodes: %u, voters: %u, config: {", (unsigned)f->members,
        (unsigned)p->voters);
    add(o, "lease_ttl: %ums, renew_every: %ums, renew_deadline: %ums, request_timeout: %ums, ", ttl,
        renew, ttl * 2 / 3, renew / 3);
    add(o, "poll_every: %ums, heartbeat_every: %ums, vote_ttl: %ums, health_ttl: %ums, ", poll,
        beat, 6 * beat, 12 * beat);
    add(o, "poll_interval: %ums, ", renew * (1 + below(r, 4)) / 2);
    for (uint32_t i = 0; i < 3; i++) {
        static const char *const actions[] = {"circuit_restart", "cache_purge", "safe_mode"};
        add(o, "%s%s: %us%s", i ? "" : "cooldowns: {", actions[i], 1 + below(r, 8),
            i < 2 ? ", " : "}, ");
    }
    add(o, "thresholds: {circuit_open_duration: %us}", below(r, 5));
    if (below(r, 4) == 0)
        add(o, ", store_lost: freeze");
    if (below(r, 4) == 0)
        add(o, ", seal_targets: true");
    if (p->allowed & MUSTER_FAULT_BIT(WORK))
        add(o, ", work_items: 16, work_timeout: %ums", 2 * renew);
    if (p->allowed & MUSTER_FAULT_BIT(ANOMALY)) {
        add(o, ", orchestrator: enhanced, recovery_policies: {power_fault: "
               "{severity_threshold: 0.7, escalation_chain: [{action: reduce_power_load}, "
               "{action: alert_ground, condition: \"severity >= 0.8\"}]}}");
        snprintf(p->anomaly, sizeof p->anomaly, "power_fault");
    }
    add(o, "}}\n");
}

static void draw_store(struct muster_plan *p, struct line *o, struct muster_random *r)
{
    static const char *const persistence[] = {"always", "always", "everysec", "none"};
    bool trusted = p->voters < 3; /* then the lease is as good as the store's memory */
    const char *word = trusted ? "always" : persistence[below(r, 4)];
    unsigned lag = (unsigned)draw_wide(r, 1, 500), drift = below(r, 500);
    p->replicas = trusted ? 0 : below(r, 3);
    add(o, "store: {persistence: %s, replicas: %u, lag: %ums, drift: %uppm}\n", word,
        (unsigned)p->replicas, lag, trusted ? 0 : drift);
}

/* One plan in four gives one of them up. */
static void draw_assumptions(struct muster_plan *p, struct muster_random *r)
{
    p->assumptions = PLAN_ASSUMPTIONS;
    if (below(r, 4) == 0)
        p->assumptions &= ~(UINT32_C(1) << draw_bit(r, PLAN_ASSUMPTIONS));
}

/* What liveness needs after the last fault (sim/check): a restarted voter's own lease_ttl, then the
 * failover bound; heartbeats until everybody is listed; and a little for what is on its way. */
static muster_dur quiet(muster_dur lease_ttl, muster_dur renew, muster_dur beat, muster_dur poll)
{
    muster_dur lead = 2 * lease_ttl + 2 * renew, listed = 3 * beat + 2 * poll;
    muster_dur longer = lead > listed ? lead : listed;
    return longer + longer / 100 + 2 * renew + MUSTER_SECOND;
}

/* Kinds that make no sense here, or would break an assumption that still holds. */
static uint64_t forbidden(uint32_t assumptions, uint32_t replicas, bool trusted)
{
    uint64_t set = MUSTER_FAULT_BIT(NONE) | MUSTER_FAULT_BIT(RESTART) | MUSTER_FAULT_BIT(HEAL) |
                   MUSTER_FAULT_BIT(STORE_RESTART) | MUSTER_FAULT_BIT(STORE_REJOIN) |
                   MUSTER_FAULT_BIT(DISK_GOOD) | MUSTER_FAULT_BIT(COMMAND) |
                   MUSTER_FAULT_BIT(STORE_SET);
    if (assumptions & MUSTER_ASSUME_DRIFT)
        set |= MUSTER_FAULT_BIT(CLOCK_STEP);
    if (assumptions & MUSTER_ASSUME_DURABLE)
        set |= MUSTER_FAULT_BIT(CRASH_LOST) | MUSTER_FAULT_BIT(DISK_LOST) |
               MUSTER_FAULT_BIT(DISK_ROT) | MUSTER_FAULT_BIT(VOTER_INIT);
    if (assumptions & MUSTER_ASSUME_UNIQUE)
        set |= MUSTER_FAULT_BIT(TWIN);
    if (assumptions & MUSTER_ASSUME_FENCING)
        set |= MUSTER_FAULT_BIT(TARGET_UNFENCED);
    if (replicas == 0)
        set |= MUSTER_FAULT_BIT(STORE_FAILOVER);
    if (trusted)
        set |= MUSTER_FAULT_BIT(STORE_FLUSHALL) | MUSTER_FAULT_BIT(STORE_EVICT) |
               MUSTER_FAULT_BIT(STORE_DUMP) | MUSTER_FAULT_BIT(STORE_RESTORE) |
               MUSTER_FAULT_BIT(STORE_FAILOVER) | MUSTER_FAULT_BIT(CLOCK_STORE);
    return set;
}

#define ENHANCED                                                                                   \
    (MUSTER_FAULT_BIT(ANOMALY) | MUSTER_FAULT_BIT(PHASE) | MUSTER_FAULT_BIT(DRY_RUN) |             \
     MUSTER_FAULT_BIT(ACKNOWLEDGE))
#define ORDERS                                                                                     \
    (ENHANCED | MUSTER_FAULT_BIT(TRIGGER) | MUSTER_FAULT_BIT(STEP_DOWN) |                          \
     MUSTER_FAULT_BIT(SWITCHOVER) | MUSTER_FAULT_BIT(PAUSE_RECOVERY) |                             \
     MUSTER_FAULT_BIT(VOTER_INIT) | MUSTER_FAULT_BIT(WORK))

static void draw_conditions(struct muster_plan *p, const struct muster_plan_frame *f,
                            struct muster_random *r)
{
    struct line o = {p->head, sizeof p->head, 0};
    p->voters = f->members < MUSTER_VOTERS_MAX ? f->members : MUSTER_VOTERS_MAX;
    draw_assumptions(p, r);
    draw_store(p, &o, r);
    p->allowed = f->bounds.faults & ~forbidden(p->assumptions, p->replicas, p->voters < 3);
    p->allowed &= ~(MUSTER_FAULT_BIT(ACKNOWLEDGE) | MUSTER_FAULT_BIT(PHASE));
    if (below(r, 3) != 0)
        p->allowed &= ~MUSTER_FAULT_BIT(WORK);
    if (below(r, 4) != 0)
        p->allowed &= ~ENHANCED;
    draw_cluster(p, f, &o, r);
    add(&o, "targets: {things: {runs: default, takes: %ums}}\n", (unsigned)draw_wide(r, 1, 1000));
    add(&o, "eventually: [leader_returns, members_listed, leadership_stable, intents_end, "
            "faults_answered");
    add(&o, p->allowed & MUSTER_FAULT_BIT(WORK) ? ", work_ends]\n" : "]\n");
    snprintf(p->target, sizeof p->target, "things");
    p->targets = 1;
    muster_dur still = quiet(5 * p->pace, p->pace, 2 * p->pace, p->pace / 2);
    p->duration = 60 * MUSTER_SECOND;
    p->calm = p->duration - still;
    p->calm -= muster_random_below(r, p->calm / 3) / MUSTER_MILLISECOND * MUSTER_MILLISECOND;
    p->calm = p->calm / MUSTER_MILLISECOND * MUSTER_MILLISECOND;
    draw_network(p, r);
    draw_clocks(p, f, r);
    draw_disk(p, r);
}

/* ---- of a scenario ---- */

uint64_t plan_allowed(const struct muster_scenario *s, const struct muster_plan_frame *f)
{
    const bool own = strcmp(s->process->name, "muster") == 0;
    const struct muster_config *config = own ? s->config : NULL;
    bool trusted = config && muster_config_trusts_store(config, s->voters);
    uint64_t set = f->bounds.faults & ~forbidden(s->assumptions, s->store.replicas, trusted);
    if (s->target_count == 0)
        set &= ~(MUSTER_FAULT_BIT(TARGET) | MUSTER_FAULT_BIT(TARGET_UNFENCED));
    if (!config)
        set &= ~ORDERS;
    if (!config || !config->enhanced)
        set &= ~ENHANCED;
    if (config && config->work_items == 0)
        set &= ~MUSTER_FAULT_BIT(WORK);
    return set & ~(MUSTER_FAULT_BIT(ACKNOWLEDGE) | MUSTER_FAULT_BIT(PHASE));
}

muster_dur plan_quiet(const struct muster_scenario *s)
{
    const bool own = strcmp(s->process->name, "muster") == 0;
    const struct muster_config *c = own ? s->config : NULL;
    if (!c)
        return s->duration / 3;
    return quiet(c->lease_ttl, c->renew_every, c->heartbeat_every, c->poll_every);
}

/* ---- the plan ---- */

static uint32_t draw_count(const struct muster_plan_frame *f, struct muster_random *r)
{
    return (uint32_t)draw_wide(r, f->bounds.low, f->bounds.high);
}

void muster_plan_draw(struct muster_plan *p, const struct muster_plan_frame *f, uint64_t seed)
{
    struct muster_random random = {seed * UINT64_C(0x9e3779b97f4a7c15) + 1}, *r = &random;
    uint64_t enabled = 0;
    if (f->base)
        *p = *f->base;
    else
        memset(p, 0, sizeof *p);
    p->seed = seed;
    if (!f->base)
        draw_conditions(p, f, r);
    for (uint32_t kinds = 1 + below(r, 8); kinds > 0; kinds--)
        enabled |= UINT64_C(1) << draw_bit(r, p->allowed);
    for (uint32_t left = draw_count(f, r); left > 0 && p->count < MUSTER_PLAN_ENTRIES_MAX; left--) {
        uint32_t fault = draw_bit(r, enabled & p->allowed);
        if (fault != MUSTER_FAULT_NONE && entry_draw(&p->entry[p->count], p, f, fault, r))
            p->count++;
    }
    plan_repair(p);
}
