/* SPDX-License-Identifier: Apache-2.0 */
/* A world that knows only what a test tells it, with one property in it. For one program
 * file each. */
#ifndef MUSTER_TESTS_LIB_CHECK_WORLD_H
#define MUSTER_TESTS_LIB_CHECK_WORLD_H

#include "sim/check/check.h"
#include "sim/scenario/scenario.h"
#include "sim/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define S(seconds) ((muster_time)(seconds)*MUSTER_SECOND)
#define MEMBERS    3

struct muster_world {
    struct muster_process process;
    struct muster_config config;
    struct muster_scenario scenario;
    muster_time now, calm;
    int64_t clock_offset[MEMBERS];
    bool down[MEMBERS], overrun[MEMBERS];
    enum muster_scenario_electorate electorate[MEMBERS];
    const struct muster_property *property;
    uint64_t memory[8192];
    uint64_t judged, violated;
    char text[256];
};

uint32_t muster_world_members(const struct muster_world *w)
{
    return w->scenario.members;
}

uint32_t muster_world_voters(const struct muster_world *w)
{
    return w->scenario.voters;
}

const struct muster_place *muster_world_place(const struct muster_world *w, uint32_t process)
{
    assert_true(process < w->scenario.members);
    return &w->scenario.place[w->electorate[process]];
}

const char *muster_world_name(const struct muster_world *w, uint32_t process)
{
    static const char *const names[] = {"n1", "n2", "n3"};
    assert_true(process < w->scenario.members);
    return names[process];
}

muster_time muster_world_now(const struct muster_world *w)
{
    return w->now;
}

muster_time muster_world_clock(const struct muster_world *w, uint32_t process)
{
    return w->now + (uint64_t)w->clock_offset[process];
}

bool muster_world_running(const struct muster_world *w, uint32_t process)
{
    return !w->down[process];
}

bool muster_world_bounded(const struct muster_world *w, uint32_t process)
{
    return !w->overrun[process];
}

const void *muster_world_config(const struct muster_world *w)
{
    return &w->config;
}

const void *muster_world_config_of(const struct muster_world *w, uint32_t process)
{
    (void)process;
    return &w->config;
}

muster_time muster_world_calm_since(const struct muster_world *w)
{
    return w->calm;
}

const struct muster_scenario *muster_world_scenario(const struct muster_world *w)
{
    return &w->scenario;
}

void muster_judged(struct muster_world *w)
{
    w->judged++;
}

void muster_violated(struct muster_world *w, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int length = vsnprintf(w->text, sizeof w->text, format, ap);
    va_end(ap);
    assert_true(length > 0 && (size_t)length < sizeof w->text);
    w->violated++;
}

static inline void open_world(struct muster_world *w, const struct muster_property *property)
{
    memset(w, 0, sizeof *w);
    w->process.name = "muster";
    w->scenario.process = &w->process;
    w->scenario.members = w->scenario.voters = MEMBERS;
    w->scenario.place[0] = (struct muster_place){.count = MEMBERS, .voters = MEMBERS};
    w->property = property;
    w->config = (struct muster_config){.lease_ttl = S(15),
                                       .renew_every = S(3),
                                       .renew_deadline = S(10),
                                       .request_timeout = S(1),
                                       .poll_every = S(1),
                                       .heartbeat_every = S(5),
                                       .max_clock_drift_ppm = 500,
                                       .quorum_threshold_ppm = 500000};
    struct muster_recovery_config *r = &w->config.recovery;
    *r = (struct muster_recovery_config){.enabled = true,
                                         .poll_interval = S(30),
                                         .circuit_open_duration = S(300),
                                         .retry_failures_1h = 50,
                                         .failed_components = 2,
                                         .min_anomaly_accuracy_ppm = 800000,
                                         .action_count = 3};
    static const char *const names[] = {"circuit_restart", "cache_purge", "safe_mode"};
    for (uint32_t i = 0; i < r->action_count; i++) {
        r->action[i] = (struct muster_action_config){.enabled = true,
                                                     .cooldown = S(300),
                                                     .timeout = S(60),
                                                     .max_retries = 1};
        snprintf(r->action[i].name, sizeof r->action[i].name, "%s", names[i]);
    }
    r->action[MUSTER_ACTION_SAFE_MODE].scope = MUSTER_SCOPE_CLUSTER;
    assert_true((property->size ? property->size(w) : 0) <= sizeof w->memory);
    if (property->init)
        property->init(w->memory, w);
}

/* Show a record, if the property has asked for its kind. */
static inline void show(struct muster_world *w, struct muster_record r)
{
    assert_true(r.time >= w->now);
    w->now = r.time;
    for (const uint16_t *kind = w->property->kinds; *kind; kind++)
        if (*kind == r.kind)
            w->property->see(w->memory, w, &r);
}

#define SEE(w, t, p, k, ...)                                                                       \
    show(w, (struct muster_record){.time = (t), .process = (p), .kind = (k), .arg = {__VA_ARGS__}})
#define ELECTED(w, t, p, epoch, attempt, until)                                                    \
    SEE(w, t, p, NOTE_KIND(LEADER_ELECTED), epoch, attempt, until)
#define STARTED(w, t, p, intent, action, subject)                                                  \
    SEE(w, t, p, NOTE_KIND(ACTION_STARTED), intent, 0, action, subject)
#define ENDED(w, t, p, intent, result, action)                                                     \
    SEE(w, t, p, NOTE_KIND(ACTION_ENDED), intent, 0, result, action)

static inline void show_data(struct muster_world *w, muster_time t, uint16_t p, uint16_t kind,
                             uint64_t file, uint64_t size, struct muster_bytes data)
{
    show(w, (struct muster_record){
                .time = t, .process = p, .kind = kind, .arg = {file, size}, .data = data});
}

static inline void finish(struct muster_world *w, muster_time t)
{
    w->now = t;
    if (w->property->end)
        w->property->end(w->memory, w);
}

/* It was put to the test and has held so far. */
static inline void holds(const struct muster_world *w)
{
    if (w->violated)
        fail_msg("%s: %s", w->property->name, w->text);
    assert_true(w->judged > 0);
}

static inline void says_nothing(const struct muster_world *w)
{
    assert_int_equal(w->violated, 0);
    assert_int_equal(w->judged, 0);
}

static inline void fires(const struct muster_world *w, const char *text)
{
    assert_int_equal(w->violated, 1);
    assert_true(w->judged > 0);
    assert_string_equal(w->text, text);
}

#endif
