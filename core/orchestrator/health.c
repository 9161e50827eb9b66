/* SPDX-License-Identifier: Apache-2.0 */
/* A health sample: parsing, score, texts (SPEC 1). */
#include "core/orchestrator/health.h"
#include "core/text.h"

#include <assert.h>
#include <string.h>

/* Below these many failures in the last hour. */
#define RETRY_STABLE_BELOW   5
#define RETRY_ELEVATED_BELOW 20

#define SCORE_HEALTHY  UINT32_C(800000)
#define SCORE_DEGRADED UINT32_C(500000)

/* Texts of the enums, by value; UNKNOWN is 0 everywhere, so that what is not found is unknown. */
static const char *const system_texts[] = {"UNKNOWN", "HEALTHY", "DEGRADED", "FAILED"};
static const char *const circuit_texts[] = {"UNKNOWN", "CLOSED", "HALF_OPEN", "OPEN"};
static const char *const retry_texts[] = {"UNKNOWN", "STABLE", "ELEVATED", "CRITICAL"};
static const char *const mode_texts[] = {"UNKNOWN", "PRIMARY", "HEURISTIC", "SAFE"};
#define TEXTS 4

enum key {
    KEY_SYSTEM,
    KEY_FAILED,
    KEY_DEGRADED,
    KEY_TOTAL,
    KEY_CIRCUIT,
    KEY_OPEN_S,
    KEY_RETRY,
    KEY_FAILURES_1H,
    KEY_FALLBACK,
    KEY_ACCURACY_PPM,
    KEY_COUNT,
};

static const char *const key_texts[KEY_COUNT] = {
    "system", "failed", "degraded",    "total",    "circuit",
    "open_s", "retry",  "failures_1h", "fallback", "accuracy_ppm",
};

/* What the `component.` tokens amount to. */
struct component_counts {
    uint64_t failed, degraded, unknown, total;
};

void muster_health_unknown(struct muster_health *h)
{
    memset(h, 0, sizeof *h);
    h->failed_components = MUSTER_COUNT_UNKNOWN;
    h->degraded_components = MUSTER_COUNT_UNKNOWN;
    h->total_components = MUSTER_COUNT_UNKNOWN;
    h->open_duration = MUSTER_NEVER;
    h->failures_1h = MUSTER_COUNT_UNKNOWN;
    h->accuracy_ppm = MUSTER_COUNT_UNKNOWN;
}

static uint32_t enum_of(const char *const texts[TEXTS], struct muster_bytes value)
{
    for (uint32_t i = 1; i < TEXTS; i++) {
        if (muster_text_equal(value, texts[i]))
            return i;
    }
    return 0;
}

/* A number up to max; all else is unknown. */
static uint64_t count_of(struct muster_bytes value, uint64_t max)
{
    uint64_t number;
    if (muster_text_parse_u64(value, &number) || number > max)
        return MUSTER_COUNT_UNKNOWN;
    return number;
}

static muster_dur seconds_of(struct muster_bytes value)
{
    uint64_t seconds = count_of(value, MUSTER_INTEGER_MAX / MUSTER_SECOND);
    return seconds == MUSTER_COUNT_UNKNOWN ? MUSTER_NEVER : seconds * MUSTER_SECOND;
}

static void assign(struct muster_health *h, enum key key, struct muster_bytes value)
{
    switch (key) {
    case KEY_SYSTEM:
        h->system = (enum muster_system_status)enum_of(system_texts, value);
        break;
    case KEY_FAILED:
        h->failed_components = count_of(value, MUSTER_INTEGER_MAX);
        break;
    case KEY_DEGRADED:
        h->degraded_components = count_of(value, MUSTER_INTEGER_MAX);
        break;
    case KEY_TOTAL:
        h->total_components = count_of(value, MUSTER_INTEGER_MAX);
        break;
    case KEY_CIRCUIT:
        h->circuit = (enum muster_circuit_state)enum_of(circuit_texts, value);
        break;
    case KEY_OPEN_S:
        h->open_duration = seconds_of(value);
        break;
    case KEY_RETRY:
        h->retry = (enum muster_retry_state)enum_of(retry_texts, value);
        break;
    case KEY_FAILURES_1H:
        h->failures_1h = count_of(value, MUSTER_INTEGER_MAX);
        break;
    case KEY_FALLBACK:
        h->fallback = (enum muster_fallback_mode)enum_of(mode_texts, value);
        break;
    case KEY_ACCURACY_PPM:
        h->accuracy_ppm = count_of(value, MUSTER_PPM);
        break;
    case KEY_COUNT:
        break; /* none of ours */
    }
}

static enum key key_of(struct muster_bytes name)
{
    uint32_t key = 0;
    while (key < KEY_COUNT && !muster_text_equal(name, key_texts[key]))
        key++;
    return (enum key)key;
}

static bool is_component(struct muster_bytes name)
{
    static const char prefix[] = "component.";
    return name.size >= sizeof prefix && memcmp(name.at, prefix, sizeof prefix - 1) == 0;
}

static void count_component(struct component_counts *n, struct muster_bytes status)
{
    uint32_t known = enum_of(system_texts, status);
    n->total++;
    n->failed += known == MUSTER_SYSTEM_FAILED;
    n->degraded += known == MUSTER_SYSTEM_DEGRADED;
    n->unknown += known == MUSTER_SYSTEM_UNKNOWN;
}

static enum muster_retry_state retry_of(uint64_t failures_1h)
{
    if (failures_1h == MUSTER_COUNT_UNKNOWN)
        return MUSTER_RETRY_UNKNOWN;
    if (failures_1h < RETRY_STABLE_BELOW)
        return MUSTER_RETRY_STABLE;
    return failures_1h < RETRY_ELEVATED_BELOW ? MUSTER_RETRY_ELEVATED : MUSTER_RETRY_CRITICAL;
}

/* Fill what was not given from what was; what was given but malformed stays unknown. */
static void complete(struct muster_health *h, const bool *given, const struct component_counts *n)
{
    if (!given[KEY_RETRY])
        h->retry = retry_of(h->failures_1h);
    if (n->total == 0)
        return;
    if (!given[KEY_FAILED]) {
        h->failed_components = n->failed;
        h->unknown_components = n->unknown;
    }
    if (!given[KEY_DEGRADED])
        h->degraded_components = n->degraded;
    if (!given[KEY_TOTAL])
        h->total_components = n->total;
}

void muster_health_parse(struct muster_health *h, struct muster_bytes text)
{
    bool given[KEY_COUNT + 1] = {false};
    struct component_counts components = {0};
    muster_health_unknown(h);
    for (;;) {
        struct muster_bytes value = muster_text_token(&text);
        struct muster_bytes name;
        if (value.size == 0)
            break;
        if (!muster_text_split(&value, '=', &name))
            continue;
        if (is_component(name)) {
            count_component(&components, value);
            continue;
        }
        enum key key = key_of(name);
        if (given[key])
            value.size = 0; /* two values contradict each other: neither is believed */
        given[key] = true;
        assign(h, key, value);
    }
    complete(h, given, &components);
}

/* 0.40 x (1, 0.6, 0, 0.5) + 0.35 x (1, 0.5, 0, 0.5) + 0.25 x (1, 0.5, 0, 0.5), multiplied out. */
uint32_t muster_health_score(const struct muster_health *h)
{
    static const uint32_t system_share[TEXTS] = {200000, 400000, 240000, 0};
    static const uint32_t circuit_share[TEXTS] = {175000, 350000, 175000, 0};
    static const uint32_t retry_share[TEXTS] = {125000, 250000, 125000, 0};
    assert((uint32_t)h->system < TEXTS);
    assert((uint32_t)h->circuit < TEXTS);
    assert((uint32_t)h->retry < TEXTS);
    return system_share[h->system] + circuit_share[h->circuit] + retry_share[h->retry];
}

enum muster_health_class muster_health_classify(uint32_t score_ppm)
{
    if (score_ppm >= SCORE_HEALTHY)
        return MUSTER_HEALTH_HEALTHY;
    return score_ppm >= SCORE_DEGRADED ? MUSTER_HEALTH_DEGRADED : MUSTER_HEALTH_FAILED;
}

const char *muster_circuit_text(uint64_t state)
{
    return state < TEXTS ? circuit_texts[state] : "?";
}

const char *muster_mode_text(uint64_t mode)
{
    return mode < TEXTS ? mode_texts[mode] : "?";
}
