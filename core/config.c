/* SPDX-License-Identifier: Apache-2.0 */
/* Defaults, derived values and load checks of a node's config (SPEC 1, 2 and R6). */
#include "core/config.h"

#include "core/coordinator/astra_wire.h"
#include "core/text.h"

#include <assert.h>
#include <string.h>

#define ACTION_COOLDOWN (300 * MUSTER_SECOND)
#define RETRIES_MAX     10
/* What R6's margin holds beside the drift: the granularity of timers and clocks. */
#define MARGIN_SLACK (2 * MUSTER_MILLISECOND)

static void default_action(struct muster_recovery_config *r, const char *name,
                           enum muster_scope scope, muster_dur timeout)
{
    struct muster_action_config *a = &r->action[r->action_count++];
    size_t size = strlen(name);
    assert(size <= MUSTER_NAME_MAX);
    memcpy(a->name, name, size);
    a->enabled = true;
    a->scope = scope;
    a->cooldown = ACTION_COOLDOWN;
    a->timeout = timeout;
}

static void default_recovery(struct muster_recovery_config *r)
{
    r->enabled = true;
    r->poll_interval = 30 * MUSTER_SECOND;
    r->circuit_open_duration = 300 * MUSTER_SECOND;
    r->retry_failures_1h = 50;
    r->failed_components = 2;
    r->min_anomaly_accuracy_ppm = 800000;
    default_action(r, "circuit_restart", MUSTER_SCOPE_LOCAL, 30 * MUSTER_SECOND);
    default_action(r, "cache_purge", MUSTER_SCOPE_LOCAL, 60 * MUSTER_SECOND);
    default_action(r, "safe_mode", MUSTER_SCOPE_CLUSTER, 10 * MUSTER_SECOND);
    assert(r->action_count == MUSTER_ACTION_SAFE_MODE + 1);
}

void muster_config_defaults(struct muster_config *c)
{
    memset(c, 0, sizeof *c);
    memcpy(c->cluster, "muster", sizeof "muster");
    c->lease_ttl = 15 * MUSTER_SECOND;
    c->renew_every = 3 * MUSTER_SECOND;
    c->renew_deadline = 10 * MUSTER_SECOND;
    c->request_timeout = MUSTER_SECOND;
    c->poll_every = 1500 * MUSTER_MILLISECOND;
    c->stop_time = 100 * MUSTER_MILLISECOND;
    c->heartbeat_every = 5 * MUSTER_SECOND;
    c->vote_ttl = 30 * MUSTER_SECOND;
    c->health_ttl = 60 * MUSTER_SECOND;
    c->seal_targets = true;
    c->hold_history = true;
    c->max_clock_drift_ppm = 500;
    c->quorum_threshold_ppm = MUSTER_PPM / 2;
    c->work_timeout = 30 * MUSTER_SECOND;
    default_recovery(&c->recovery);
}

void muster_config_finish(struct muster_config *c)
{
    bool astra = c->wire == MUSTER_WIRE_ASTRA && !c->local;
    if (astra) {
        c->lease_ttl = MUSTER_ASTRA_LOCK_TTL;
        c->renew_every = MUSTER_ASTRA_RENEW_EVERY;
        c->vote_ttl = MUSTER_ASTRA_VOTE_TTL;
        c->health_ttl = MUSTER_ASTRA_HEALTH_TTL;
    }
    if (c->jitter == 0)
        c->jitter = astra ? c->poll_every : c->renew_every / 4;
    if (c->confirm_timeout == 0)
        c->confirm_timeout = muster_time_add(c->renew_every, c->renew_every);
    if (c->margin == 0)
        c->margin = muster_config_margin_min(c->lease_ttl, c->max_clock_drift_ppm, c->stop_time);
    if (astra)
        c->renew_deadline = muster_time_since(c->lease_ttl, c->margin);
}

bool muster_config_trusts_store(const struct muster_config *c, uint32_t voters)
{
    return c->authority == MUSTER_AUTHORITY_STORE || c->wire == MUSTER_WIRE_ASTRA ||
           (c->authority == MUSTER_AUTHORITY_DEFAULT && voters < 3);
}

/* With rho = d ppm, 2 rho / (1 + rho) = 2d / (10^6 + d). The division comes first, so that no
 * product overflows: its quotient and its remainder are multiplied apart. */
muster_dur muster_config_margin_min(muster_dur lease_ttl, uint32_t drift_ppm, muster_dur stop_time)
{
    /* A clock cannot be off by more than itself; the check refuses such a config, after this was
     * called. */
    uint64_t drift = drift_ppm < MUSTER_PPM ? drift_ppm : MUSTER_PPM;
    uint64_t divisor = MUSTER_PPM + drift;
    uint64_t whole = lease_ttl / divisor * (2 * drift);
    uint64_t rest = (lease_ttl % divisor * (2 * drift) + divisor - 1) / divisor;
    return muster_time_add(muster_time_add(whole + rest, MARGIN_SLACK), stop_time);
}

uint32_t muster_config_votes_needed(uint32_t voters, uint32_t threshold_ppm)
{
    uint64_t needed = (uint64_t)voters * threshold_ppm / MUSTER_PPM + 1;
    return needed < voters ? (uint32_t)needed : voters;
}

/* A complaint being written: the `skip`-th rule that does not hold gets the text and the key. */
struct check {
    uint32_t skip;
    const char *key;
    struct muster_text text;
};

/* Whether this broken rule is the one to tell; the caller then writes the text. */
static bool complains(struct check *k, bool broken, const char *key)
{
    if (!broken || k->key)
        return false;
    if (k->skip > 0) {
        k->skip--;
        return false;
    }
    k->key = key;
    return true;
}

/* "'key' must be <relation> <bound> (<why>), not <value>". */
static void tell_duration(struct check *k, const char *relation, muster_dur bound, const char *why,
                          muster_dur value)
{
    struct muster_text *t = &k->text;
    muster_text_add(t, "'");
    muster_text_add(t, k->key);
    muster_text_add(t, "' must be ");
    muster_text_add(t, relation);
    muster_text_add(t, " ");
    muster_text_add_duration(t, bound);
    if (why) {
        muster_text_add(t, " (");
        muster_text_add(t, why);
        muster_text_add(t, ")");
    }
    muster_text_add(t, ", not ");
    muster_text_add_duration(t, value);
}

/* As tell_duration, of a bare number that lies outside low..high. */
static void tell_range(struct check *k, const char *name, uint64_t low, uint64_t high,
                       uint64_t value)
{
    struct muster_text *t = &k->text;
    muster_text_add(t, "'");
    muster_text_add(t, name);
    muster_text_add(t, "' must be between ");
    muster_text_add_u64(t, low);
    muster_text_add(t, " and ");
    muster_text_add_u64(t, high);
    muster_text_add(t, ", not ");
    muster_text_add_u64(t, value);
}

/* No duration is nothing or beyond what a trace can hold; with the bound, none of the sums below
 * wraps. */
static void check_durations(struct check *k, const struct muster_config *c)
{
    const struct {
        const char *key;
        muster_dur value;
        bool may_be_zero;
    } all[] = {
        {"lease_ttl", c->lease_ttl, false},
        {"renew_every", c->renew_every, false},
        {"renew_deadline", c->renew_deadline, false},
        {"request_timeout", c->request_timeout, false},
        {"poll_every", c->poll_every, false},
        {"jitter", c->jitter, true},
        {"confirm_timeout", c->confirm_timeout, false},
        {"stop_time", c->stop_time, true},
        {"margin", c->margin, false},
        {"heartbeat_every", c->heartbeat_every, false},
        {"vote_ttl", c->vote_ttl, false},
        {"health_ttl", c->health_ttl, false},
        {"work_timeout", c->work_timeout, false},
        {"poll_interval", c->recovery.poll_interval, false},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (complains(k, all[i].value == 0 && !all[i].may_be_zero, all[i].key))
            tell_duration(k, "above", 0, NULL, all[i].value);
        if (complains(k, all[i].value > MUSTER_INTEGER_MAX, all[i].key))
            tell_duration(k, "at most", MUSTER_INTEGER_MAX, "104 days", all[i].value);
    }
}

/* SPEC R6, the order of the lease's times. */
static void check_lease(struct check *k, const struct muster_config *c)
{
    muster_dur margin_min =
        muster_config_margin_min(c->lease_ttl, c->max_clock_drift_ppm, c->stop_time);
    muster_dur tries =
        muster_time_add(muster_time_add(c->renew_every, c->renew_every), c->request_timeout);
    muster_dur usable = muster_time_since(c->lease_ttl, c->margin);
    if (complains(k, c->margin < margin_min, "margin"))
        tell_duration(k, "at least", margin_min,
                      "2 x drift x lease_ttl / (1 + drift) + 2ms + stop_time", c->margin);
    if (complains(k, c->poll_every > c->renew_every / 2, "poll_every"))
        tell_duration(k, "at most", c->renew_every / 2, "renew_every / 2", c->poll_every);
    if (complains(k, c->jitter > c->renew_every / 4, "jitter"))
        tell_duration(k, "at most", c->renew_every / 4, "renew_every / 4", c->jitter);
    if (c->wire == MUSTER_WIRE_ASTRA && !c->local)
        return; /* its times are the origin's, in which a renewal that fails is tried once more */
    if (complains(k, c->renew_deadline <= tries, "renew_deadline"))
        tell_duration(k, "above", tries, "2 x renew_every + request_timeout", c->renew_deadline);
    if (complains(k, c->renew_deadline >= usable, "renew_deadline"))
        tell_duration(k, "below", usable, "lease_ttl - margin", c->renew_deadline);
}

static void check_numbers(struct check *k, const struct muster_config *c)
{
    const struct muster_recovery_config *r = &c->recovery;
    if (complains(k, c->wire == MUSTER_WIRE_ASTRA && !c->local && c->work_items > 0, "work_items"))
        muster_text_add(&k->text,
                        "'work_items' must be 0 with 'wire: astra': the origin's wire has "
                        "no work items");
    if (complains(k, c->max_clock_drift_ppm >= MUSTER_PPM, "max_clock_drift_ppm"))
        tell_range(k, "max_clock_drift_ppm", 0, MUSTER_PPM - 1, c->max_clock_drift_ppm);
    if (complains(k,
                  c->quorum_threshold_ppm < MUSTER_PPM / 2 || c->quorum_threshold_ppm > MUSTER_PPM,
                  "quorum_threshold")) {
        muster_text_add(&k->text, "'quorum_threshold' must be between 0.5 and 1, not ");
        muster_text_add_u64(&k->text, c->quorum_threshold_ppm);
        muster_text_add(&k->text, " ppm");
    }
    if (complains(k, r->failed_components == 0, "thresholds"))
        tell_range(k, "thresholds.failed_components", 1, MUSTER_INTEGER_MAX, r->failed_components);
    if (complains(k, r->min_anomaly_accuracy_ppm > MUSTER_PPM, "thresholds")) {
        muster_text_add(&k->text,
                        "'thresholds.min_anomaly_accuracy' must be between 0 and 1, not ");
        muster_text_add_u64(&k->text, r->min_anomaly_accuracy_ppm);
        muster_text_add(&k->text, " ppm");
    }
}

static bool name_is_taken(const struct muster_recovery_config *r, uint32_t action)
{
    for (uint32_t i = 0; i < action; i++) {
        if (muster_text_equal(muster_text_bytes(r->action[i].name), r->action[action].name))
            return true;
    }
    return false;
}

static void check_actions(struct check *k, const struct muster_recovery_config *r)
{
    assert(r->action_count > MUSTER_ACTION_SAFE_MODE);
    assert(r->action_count <= MUSTER_ACTIONS_MAX);
    for (uint32_t i = 0; i < r->action_count; i++) {
        const struct muster_action_config *a = &r->action[i];
        struct muster_text *t = &k->text;
        if (complains(k, a->name[0] == 0 || name_is_taken(r, i), "recovery_actions")) {
            muster_text_add(t, "'recovery_actions' must have names, each once, not '");
            muster_text_add(t, a->name);
            muster_text_add(t, "'");
        }
        if (complains(k, a->timeout == 0 || a->timeout > MUSTER_INTEGER_MAX, "recovery_actions")) {
            muster_text_add(t, "'timeout' of action '");
            muster_text_add(t, a->name);
            muster_text_add(t, "' must be above 0s and at most 104 days, not ");
            muster_text_add_duration(t, a->timeout);
        }
        if (complains(k, a->cooldown > MUSTER_INTEGER_MAX, "cooldowns")) {
            muster_text_add(t, "'cooldown' of action '");
            muster_text_add(t, a->name);
            muster_text_add(t, "' must be at most 104 days, not ");
            muster_text_add_duration(t, a->cooldown);
        }
        if (complains(k, a->max_retries > RETRIES_MAX, "recovery_actions")) {
            muster_text_add(t, "action '");
            muster_text_add(t, a->name);
            muster_text_add(t, "': ");
            tell_range(k, "max_retries", 0, RETRIES_MAX, a->max_retries);
        }
    }
}

const char *muster_config_check(const struct muster_config *c, uint32_t skip, char *text,
                                size_t size)
{
    struct check k = {.skip = skip};
    muster_text_init(&k.text, text, size);
    check_durations(&k, c);
    check_lease(&k, c);
    check_numbers(&k, c);
    check_actions(&k, &c->recovery);
    return k.key;
}
