/* SPDX-License-Identifier: Apache-2.0 */
/* The basic recovery orchestrator of n1 among three, and what it put out last. For one program file
 * each. */
#ifndef MUSTER_TESTS_LIB_RECOVERY_FIXTURE_H
#define MUSTER_TESTS_LIB_RECOVERY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "core/flat.h"
#include "core/notes.h"
#include "core/orchestrator/recovery.h"

#define EFFECTS_MAX 32 /* of one call, and bytes of room */
#define ROOM_MAX    8192
#define BASE        UINT64_C(1000)
#define MEMBERS     3
#define HEALTHY     "failed=0 circuit=CLOSED failures_1h=0"
#define LATER       (1000 * MUSTER_SECOND)

static const char *const names[] = {"n1", "n2", "n3"};
static const struct muster_place place = {.index = 0,
                                          .count = MEMBERS,
                                          .voters = 3,
                                          .names = names};
static struct muster_config config;
static struct muster_recovery r;
static struct muster_member_view subjects[MEMBERS];
static struct muster_authority leader, follower;
static struct muster_effects out;

static inline void init(const struct muster_place *where, uint64_t intent_base)
{
    struct muster_acting_options options;
    muster_acting_options_basic(&options);
    muster_recovery_init(&r, &config.recovery, where, &options, intent_base);
}

static inline struct muster_turn turn(muster_time now, const struct muster_authority *a)
{
    return (struct muster_turn){now, a, &out, MUSTER_TURN_NOTES_MAX};
}

static inline void lost(const struct muster_authority *a)
{
    struct muster_turn t = turn(0, a);
    muster_acting_lost(&r.acting, &t);
}

static inline int set_up(void **state)
{
    (void)state;
    muster_config_defaults(&config);
    init(&place, BASE);
    memset(subjects, 0, sizeof subjects);
    leader = (struct muster_authority){.leads = true, .epoch = 4, .not_after = MUSTER_NEVER};
    follower = (struct muster_authority){.refusal = MUSTER_RESULT_SKIPPED_NOT_LEADER, .epoch = 4};
    memset(&out, 0, sizeof out);
    return 0;
}

static inline void clear_out(void)
{
    out.count = 0;
    out.used = 0;
}

static inline void cycle(muster_time now, const char *health, const struct muster_authority *a)
{
    struct muster_health own;
    muster_health_parse(&own, muster_text_bytes(health));
    clear_out();
    struct muster_sight sight = {&own, subjects, MEMBERS};
    struct muster_turn t = turn(now, a);
    muster_recovery_cycle(&r, &t, &sight);
}

static inline void ended(muster_time now, uint64_t intent, uint64_t attempt, uint64_t result,
                         const struct muster_authority *a)
{
    struct muster_input in = {.kind = MUSTER_IN_ACTION, .now = now, .tag = intent};
    in.action.attempt = attempt;
    in.action.result = result;
    clear_out();
    struct muster_turn t = turn(now, a);
    muster_recovery_ended(&r, &t, &in);
}

static inline void trigger(muster_time now, const char *action, const char *reason,
                           const struct muster_authority *a)
{
    char text[256];
    snprintf(text, sizeof text, "%s %s", action, reason);
    struct muster_turn t = turn(now, a);
    clear_out();
    muster_recovery_trigger(&r, &t, muster_text_bytes(text));
}

static inline uint32_t count_notes(uint16_t note)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < out.count; i++)
        count += out.at[i].kind == MUSTER_OUT_NOTE && out.at[i].note == note;
    return count;
}

static inline const struct muster_effect *find(uint16_t kind, uint16_t note)
{
    for (uint32_t i = 0; i < out.count; i++) {
        if (out.at[i].kind == kind && out.at[i].note == note)
            return &out.at[i];
    }
    return NULL;
}

/* Exactly one action was handed out, with its note when it is the first attempt. */
static inline const struct muster_effect *assert_started(uint64_t intent, uint64_t action,
                                                         uint64_t subject)
{
    const struct muster_effect *e = find(MUSTER_OUT_ACTION, 0);
    const struct muster_effect *note = find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_STARTED);
    assert_non_null(e);
    assert_non_null(note);
    assert_int_equal(e->tag, intent);
    assert_int_equal(e->action.attempt, 1);
    assert_int_equal(note->arg[0], intent);
    assert_int_equal(note->arg[1], e->action.epoch);
    assert_int_equal(note->arg[2], action);
    assert_int_equal(note->arg[3], subject);
    return e;
}

static inline void assert_ended(uint64_t intent, uint64_t epoch, uint64_t result, uint64_t action)
{
    const struct muster_effect *note = find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_ENDED);
    assert_non_null(note);
    assert_int_equal(count_notes(MUSTER_NOTE_ACTION_ENDED), 1);
    assert_int_equal(note->arg[0], intent);
    assert_int_equal(note->arg[1], epoch);
    assert_int_equal(note->arg[2], result);
    assert_int_equal(note->arg[3], action);
    assert_null(find(MUSTER_OUT_ACTION, 0));
    assert_true(muster_acting_drained(&r.acting));
}

/* Exactly one why-not, and nothing handed out. */
static inline void assert_skipped(uint64_t result, uint64_t action, uint64_t until,
                                  const char *text)
{
    const struct muster_effect *note = find(MUSTER_OUT_NOTE, MUSTER_NOTE_ACTION_SKIPPED);
    assert_non_null(note);
    assert_int_equal(count_notes(MUSTER_NOTE_ACTION_SKIPPED), 1);
    assert_int_equal(note->arg[0], result);
    assert_int_equal(note->arg[1], action);
    assert_int_equal(note->arg[2], until);
    assert_null(find(MUSTER_OUT_ACTION, 0));
    if (text) {
        assert_int_equal(note->data.size, strlen(text));
        assert_memory_equal(note->data.at, text, note->data.size);
    }
}

static inline void assert_data(const struct muster_effect *e, const char *action,
                               const char *subject, const char *reason)
{
    struct muster_flat_reader reader;
    struct muster_flat_value v;
    muster_flat_reader_init(&reader, e->data);
    assert_int_equal(muster_flat_next(&reader, &v), 0);
    assert_int_equal(v.count, 3);
    assert_int_equal(muster_flat_next(&reader, &v), 0);
    assert_true(muster_text_equal(v.bytes, action));
    assert_int_equal(muster_flat_next(&reader, &v), 0);
    assert_true(muster_text_equal(v.bytes, subject));
    assert_int_equal(muster_flat_next(&reader, &v), 0);
    assert_true(muster_text_equal(v.bytes, reason));
    assert_int_equal(muster_flat_next(&reader, &v), MUSTER_E_NOTFOUND);
}

static inline void assert_quiet(void)
{
    assert_null(find(MUSTER_OUT_ACTION, 0));
    assert_int_equal(count_notes(MUSTER_NOTE_ACTION_SKIPPED), 0);
    assert_int_equal(count_notes(MUSTER_NOTE_ACTION_STARTED), 0);
}

#endif
