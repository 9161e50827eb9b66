/* SPDX-License-Identifier: Apache-2.0 */
/* An enhanced orchestrator with three policies, driven through its table. For one program file
 * each. */
#ifndef MUSTER_TESTS_LIB_ENHANCED_FIXTURE_H
#define MUSTER_TESTS_LIB_ENHANCED_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <string.h>

#include "core/notes.h"
#include "core/orchestrator/enhanced.h"

#define BASE  UINT64_C(1000)
#define S(n)  ((n)*MUSTER_SECOND)
#define LATER S(1000)
#define FINE  "system=HEALTHY failed=0 circuit=CLOSED failures_1h=0"

enum { CIRCUIT, PURGE, SAFE, POWER, COOLING, ENTER_SAFE, ALERT, LOG, ACTIONS };

static const struct muster_orchestrator_kind *const table = &muster_orchestrator_enhanced;
static const char *const names[] = {"n1", "n2", "n3"};
static const struct muster_place place = {.count = 3, .voters = 3, .names = names};
static struct muster_config config;
static struct muster_enhanced_config enhanced;
static struct muster_enhanced *e;
static struct muster_authority leader, follower;
static struct muster_effects out;
static const char *action_names[ACTIONS];

/* ---- a config in C ---- */

static inline void add_action(const char *name, enum muster_scope scope)
{
    struct muster_action_config *a = &config.recovery.action[config.recovery.action_count++];
    snprintf(a->name, sizeof a->name, "%s", name);
    *a = (struct muster_action_config){.enabled = true, .scope = scope, .timeout = S(10)};
    snprintf(a->name, sizeof a->name, "%s", name);
}

static inline void add_policy(const char *type, uint32_t threshold_ppm)
{
    struct muster_policy *p = &enhanced.policy[enhanced.policy_count++];
    snprintf(p->type, sizeof p->type, "%s", type);
    p->severity_threshold_ppm = threshold_ppm;
    p->first = enhanced.step_count;
}

static inline void add_step(uint32_t action, const char *condition)
{
    struct muster_policy_step *step = &enhanced.step[enhanced.step_count++];
    struct muster_condition_names known = {{action_names, ACTIONS}, &enhanced.types, true};
    struct muster_condition_error error;
    step->action = action;
    assert_int_equal(muster_condition_compile(muster_text_bytes(condition), &known,
                                              &step->condition, &error),
                     0);
    enhanced.policy[enhanced.policy_count - 1].count++;
}

static inline void start(void)
{
    free(e);
    size_t size = table->size(&config, &place);
    e = aligned_alloc(16, (size + 15) & ~(size_t)15);
    assert_non_null(e);
    memset(e, 0, size);
    table->init(e, &config, &place, BASE);
}

static inline int set_up(void **state)
{
    (void)state;
    muster_config_defaults(&config);
    add_action("reduce_power_load", MUSTER_SCOPE_CLUSTER);
    add_action("activate_cooling", MUSTER_SCOPE_CLUSTER);
    add_action("enter_safe_mode", MUSTER_SCOPE_CLUSTER);
    add_action("alert_ground", MUSTER_SCOPE_CLUSTER);
    add_action("log_detailed_state", MUSTER_SCOPE_LOCAL);
    for (uint32_t i = 0; i < ACTIONS; i++)
        action_names[i] = config.recovery.action[i].name;
    muster_enhanced_config_defaults(&enhanced, &config.recovery);
    enhanced.acting.verify_delay = 0;
    enhanced.acting.limits.max_actions_per_hour = 60;
    add_policy("power_fault", 700000);
    add_step(POWER, "severity >= 0.7");
    add_step(ALERT, "severity >= 0.8 or reduce_power_load_failed");
    add_step(ENTER_SAFE, "severity >= 0.9");
    add_policy("thermal_fault", 600000);
    add_step(COOLING, "always");
    add_policy("unknown_anomaly", 850000);
    add_step(LOG, "always");
    config.enhanced = &enhanced;
    leader = (struct muster_authority){.leads = true, .epoch = 4, .not_after = MUSTER_NEVER};
    follower = (struct muster_authority){.refusal = MUSTER_RESULT_SKIPPED_NOT_LEADER};
    start();
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    free(e);
    e = NULL;
    return 0;
}

/* ---- inputs ---- */

static struct muster_turn turn(muster_time now, const struct muster_authority *a)
{
    out.count = out.used = 0;
    return (struct muster_turn){now, a, &out, MUSTER_TURN_NOTES_MAX};
}

static inline void event_as(muster_time now, uint64_t verb, const char *text,
                            const struct muster_authority *a)
{
    struct muster_turn t = turn(now, a);
    table->event(e, &t, verb, muster_text_bytes(text));
    table->advance(e, &t);
}

static inline void report(muster_time now, const char *text)
{
    event_as(now, MUSTER_VERB_ANOMALY, text, &leader);
}

static inline void advance(muster_time now)
{
    struct muster_turn t = turn(now, &leader);
    table->advance(e, &t);
}

static inline void ends(muster_time now, uint64_t intent, enum muster_result result)
{
    struct muster_input in = {.kind = MUSTER_IN_ACTION, .now = now, .tag = intent};
    in.action.attempt = 1;
    in.action.result = result;
    struct muster_turn t = turn(now, &leader);
    table->ended(e, &t, &in);
    table->advance(e, &t);
}

static inline void sample(muster_time now, const char *text)
{
    struct muster_health h;
    muster_health_unknown(&h);
    muster_health_parse(&h, muster_text_bytes(text));
    struct muster_turn t = turn(now, &leader);
    table->poll(e, now);
    table->observe(e, &t, &h);
}

static inline void cycle(muster_time now, const char *text, uint32_t healthy_others)
{
    struct muster_health h;
    struct muster_member_view member[3] = {{false, MUSTER_COUNT_UNKNOWN}};
    for (uint32_t i = 1; i < 3; i++)
        member[i] = (struct muster_member_view){true, i <= healthy_others ? 0 : 9};
    struct muster_sight sight = {&h, member, 3};
    muster_health_unknown(&h);
    muster_health_parse(&h, muster_text_bytes(text));
    struct muster_turn t = turn(now, &leader);
    table->cycle(e, &t, &sight);
}

static inline const struct muster_effect *note(uint16_t which)
{
    for (uint32_t i = out.count; i-- > 0;)
        if (out.at[i].kind == MUSTER_OUT_NOTE && out.at[i].note == which)
            return &out.at[i];
    return NULL;
}

/* The action that was handed out, or ACTIONS. */
static inline uint64_t started(void)
{
    const struct muster_effect *n = note(MUSTER_NOTE_ACTION_STARTED);
    return n ? n->arg[2] : ACTIONS;
}

static inline uint64_t skipped(void)
{
    const struct muster_effect *n = note(MUSTER_NOTE_ACTION_SKIPPED);
    return n ? n->arg[0] : MUSTER_RESULT_SUCCESS;
}

static inline bool says(const char *text)
{
    char room[2048];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    table->describe(e, &t);
    return strstr(room, text) != NULL;
}

#endif
