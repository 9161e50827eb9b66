/* SPDX-License-Identifier: Apache-2.0 */
/* The blast radius: see blast.h. */
#include "core/orchestrator/blast.h"

#include <assert.h>
#include <string.h>

#define SHARE_PPM       100000
#define HEALTHY_MIN_PPM 510000
#define ZONES           1

/* Zones are counted as bits of a word. */
_Static_assert(MUSTER_MEMBERS_MAX <= 64, "a bit a zone");

void muster_blast_defaults(struct muster_blast_config *cfg)
{
    *cfg = (struct muster_blast_config){.share_ppm = SHARE_PPM,
                                        .healthy_min_ppm = HEALTHY_MIN_PPM,
                                        .zones_max = ZONES};
}

const char *muster_blast_check(const struct muster_blast_config *cfg, uint32_t count)
{
    if (cfg->share_ppm > MUSTER_PPM)
        return "share_ppm";
    if (cfg->healthy_min > count)
        return "healthy_min";
    if (cfg->healthy_min_ppm > MUSTER_PPM)
        return "healthy_min_ppm";
    return cfg->clear_after > MUSTER_INTEGER_MAX ? "clear_after" : NULL;
}

void muster_blast_init(struct muster_blast *b, const struct muster_blast_config *cfg,
                       uint32_t count, const uint8_t *zone)
{
    assert(count > 0 && count <= MUSTER_MEMBERS_MAX);
    assert(!muster_blast_check(cfg, count));
    memset(b, 0, sizeof *b);
    b->cfg = *cfg;
    b->count = count;
    for (uint32_t i = 0; zone && i < count; i++) {
        assert(zone[i] < MUSTER_MEMBERS_MAX);
        b->zone[i] = zone[i];
    }
}

uint32_t muster_blast_allowed(const struct muster_blast *b)
{
    uint64_t targets = (uint64_t)b->count * b->cfg.share_ppm / MUSTER_PPM;
    return targets > 0 ? (uint32_t)targets : 1;
}

uint32_t muster_blast_needed(const struct muster_blast *b)
{
    uint64_t share = ((uint64_t)b->count * b->cfg.healthy_min_ppm + MUSTER_PPM - 1) / MUSTER_PPM;
    return share > b->cfg.healthy_min ? (uint32_t)share : b->cfg.healthy_min;
}

static bool is_enough(const struct muster_blast *b)
{
    return b->healthy >= muster_blast_needed(b);
}

/* The storm rule's part of a count. */
static void judge(struct muster_blast *b, muster_time now)
{
    bool enough = is_enough(b);
    assert(b->seen);
    switch (b->storm) {
    case MUSTER_STORM_NONE:
        if (!enough)
            b->storm = MUSTER_STORM_ON;
        break;
    case MUSTER_STORM_ON:
        if (enough) {
            b->storm = MUSTER_STORM_OVER;
            b->calm_since = now;
        }
        break;
    case MUSTER_STORM_OVER:
        if (!enough)
            b->storm = MUSTER_STORM_ON;
        else if (b->cfg.clear_after > 0 &&
                 muster_time_since(now, b->calm_since) >= b->cfg.clear_after)
            b->storm = MUSTER_STORM_NONE;
        break;
    case MUSTER_STORM_ACKNOWLEDGED:
        if (enough)
            b->storm = MUSTER_STORM_NONE;
        else if (b->healthy < b->acknowledged)
            b->storm = MUSTER_STORM_ON;
        break;
    }
}

void muster_blast_see(struct muster_blast *b, muster_time now, uint32_t healthy)
{
    assert(healthy <= b->count);
    b->seen = true;
    b->healthy = healthy;
    judge(b, now);
}

bool muster_blast_acknowledge(struct muster_blast *b)
{
    if (!b->seen)
        return false;
    switch (b->storm) {
    case MUSTER_STORM_ON:
        b->storm = MUSTER_STORM_ACKNOWLEDGED;
        b->acknowledged = b->healthy;
        return true;
    case MUSTER_STORM_OVER:
        b->storm = MUSTER_STORM_NONE;
        return true;
    case MUSTER_STORM_NONE:
    case MUSTER_STORM_ACKNOWLEDGED:
        break;
    }
    return false;
}

void muster_blast_inherit(struct muster_blast *b, muster_time now, uint64_t storm,
                          uint64_t acknowledged)
{
    bool blocked = b->storm == MUSTER_STORM_ON || b->storm == MUSTER_STORM_OVER;
    if (storm == MUSTER_STORM_NONE || blocked)
        return;
    if (storm != MUSTER_STORM_ACKNOWLEDGED || acknowledged > b->count) {
        b->storm = MUSTER_STORM_ON;
    } else if (b->storm == MUSTER_STORM_NONE) {
        b->storm = MUSTER_STORM_ACKNOWLEDGED;
        b->acknowledged = (uint32_t)acknowledged;
    } else if (acknowledged > b->acknowledged) {
        b->acknowledged = (uint32_t)acknowledged;
    }
    if (b->seen)
        judge(b, now);
}

/* The targets under recovery and their zones. */
struct usage {
    uint32_t targets;
    uint32_t zones;
    uint64_t zone_bits;
};

static struct usage count_usage(const struct muster_blast *b)
{
    struct usage u = {0};
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->running[i] == 0)
            continue;
        uint64_t bit = UINT64_C(1) << b->zone[i];
        u.targets++;
        u.zones += (u.zone_bits & bit) == 0;
        u.zone_bits |= bit;
    }
    assert(u.zones <= u.targets);
    return u;
}

static enum muster_blast_rule ask_storm(const struct muster_blast *b)
{
    if (!b->seen)
        return MUSTER_BLAST_UNSEEN;
    switch (b->storm) {
    case MUSTER_STORM_ON:
        return MUSTER_BLAST_STORM;
    case MUSTER_STORM_OVER:
        return MUSTER_BLAST_BLOCKED;
    case MUSTER_STORM_NONE:
    case MUSTER_STORM_ACKNOWLEDGED:
        break;
    }
    return MUSTER_BLAST_FREE;
}

static enum muster_blast_rule ask_room(const struct muster_blast *b, uint32_t target)
{
    struct usage u = count_usage(b);
    if (b->running[target] > 0)
        return MUSTER_BLAST_FREE;
    if (u.targets >= muster_blast_allowed(b))
        return MUSTER_BLAST_SHARE;
    bool new_zone = (u.zone_bits >> b->zone[target] & 1) == 0;
    if (b->cfg.zones_max > 0 && new_zone && u.zones >= b->cfg.zones_max)
        return MUSTER_BLAST_ZONE;
    return MUSTER_BLAST_FREE;
}

struct muster_blast_answer muster_blast_ask(const struct muster_blast *b, muster_time now,
                                            uint32_t target)
{
    assert(target < b->count);
    struct muster_blast_answer answer = {.rule = ask_storm(b)};
    if (answer.rule == MUSTER_BLAST_FREE) {
        answer.rule = ask_room(b, target);
    } else if (answer.rule == MUSTER_BLAST_BLOCKED && b->cfg.clear_after > 0) {
        muster_time until = muster_time_add(b->calm_since, b->cfg.clear_after);
        answer.until = until > now ? until : 0;
    }
    return answer;
}

void muster_blast_begin(struct muster_blast *b, uint32_t target)
{
    assert(target < b->count);
    assert(b->running[target] < UINT32_MAX);
    b->running[target]++;
}

void muster_blast_end(struct muster_blast *b, uint32_t target)
{
    assert(target < b->count);
    assert(b->running[target] > 0);
    b->running[target]--;
}

const char *muster_blast_remedy(const struct muster_blast *b, enum muster_blast_rule rule)
{
    switch (rule) {
    case MUSTER_BLAST_FREE:
        break;
    case MUSTER_BLAST_UNSEEN:
        return "a first count of the healthy members";
    case MUSTER_BLAST_STORM:
    case MUSTER_BLAST_BLOCKED:
        return b->cfg.clear_after > 0
                   ? "an operator's acknowledgement, or members that stay healthy"
                   : "an operator's acknowledgement";
    case MUSTER_BLAST_SHARE:
        return "the end of a recovery that runs";
    case MUSTER_BLAST_ZONE:
        return "the end of the recoveries in another zone";
    }
    return "nothing";
}

static const char *storm_text(enum muster_storm storm)
{
    switch (storm) {
    case MUSTER_STORM_NONE:
        return "no storm";
    case MUSTER_STORM_ON:
        return "storm";
    case MUSTER_STORM_OVER:
        return "storm over, not acknowledged";
    case MUSTER_STORM_ACKNOWLEDGED:
        break;
    }
    return "storm, acknowledged";
}

void muster_blast_describe(const struct muster_blast *b, struct muster_text *t)
{
    struct usage u = count_usage(b);
    muster_text_add(t, storm_text(b->storm));
    muster_text_add(t, ", ");
    if (b->seen)
        muster_text_add_u64(t, b->healthy);
    else
        muster_text_add(t, "?");
    muster_text_add(t, " of ");
    muster_text_add_u64(t, b->count);
    muster_text_add(t, " healthy, ");
    muster_text_add_u64(t, muster_blast_needed(b));
    muster_text_add(t, " needed; ");
    muster_text_add_u64(t, u.targets);
    muster_text_add(t, " of at most ");
    muster_text_add_u64(t, muster_blast_allowed(b));
    muster_text_add(t, " targets in recovery, zones: ");
    muster_text_add_u64(t, u.zones);
}
