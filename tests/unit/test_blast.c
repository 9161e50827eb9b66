/* SPDX-License-Identifier: Apache-2.0 */
/* The blast radius: the storm's table cell by cell, share and zones, and what is handed on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/orchestrator/blast.h"
#include "core/random.h"

#define COUNT  10
#define NEEDED 6
#define CLEAR  ((muster_dur)100)
#define START  ((muster_time)1000)

/* Share and zones out of the way, so that only the storm rule speaks. */
static const struct muster_blast_config storm_config = {.share_ppm = MUSTER_PPM,
                                                        .healthy_min = NEEDED};

static struct muster_blast made(const struct muster_blast_config *cfg, muster_dur clear_after)
{
    struct muster_blast b;
    struct muster_blast_config own = *cfg;
    own.clear_after = clear_after;
    muster_blast_init(&b, &own, COUNT, NULL);
    return b;
}

static enum muster_blast_rule asked(const struct muster_blast *b, uint32_t target)
{
    struct muster_blast_answer answer = muster_blast_ask(b, START, target);
    if (answer.rule != MUSTER_BLAST_BLOCKED)
        assert_int_equal(answer.until, 0);
    return answer.rule;
}

/* ---- the table of the storm ---- */

#define N MUSTER_STORM_NONE
#define O MUSTER_STORM_ON
#define V MUSTER_STORM_OVER
#define A MUSTER_STORM_ACKNOWLEDGED

enum event {
    FEWER,       /* fewer healthy members than acknowledged */
    TOO_FEW,     /* as many as acknowledged */
    JUST_BELOW,  /* more than acknowledged, still too few */
    ENOUGH,      /* exactly */
    ENOUGH_SOON, /* one nanosecond before clear_after is over */
    ENOUGH_LATE, /* at the very moment */
    ACKNOWLEDGE,
    EVENTS,
};

static const enum muster_storm table[4][EVENTS] = {
    [N] = {O, O, O, N, N, N, N},
    [O] = {O, O, O, V, V, V, A},
    [V] = {O, O, O, V, V, N, N},
    [A] = {O, A, A, N, N, N, A},
};

/* A state, reached at START; too few are 3 where anything is acknowledged. */
static struct muster_blast in_storm(enum muster_storm storm)
{
    struct muster_blast b = made(&storm_config, CLEAR);
    muster_blast_see(&b, START, storm == N ? COUNT : 3);
    if (storm == V)
        muster_blast_see(&b, START, NEEDED);
    if (storm == A)
        assert_true(muster_blast_acknowledge(&b));
    assert_int_equal(b.storm, storm);
    return b;
}

static void every_storm_takes_every_event_as_the_table_says(void **state)
{
    (void)state;
    static const uint32_t healthy[] = {2, 3, NEEDED - 1, NEEDED, NEEDED, NEEDED};
    static const muster_time at[] = {START, START, START, START, START + CLEAR - 1, START + CLEAR};
    /* by storm: N, O, V, A */
    static const enum muster_blast_rule rules[] = {MUSTER_BLAST_FREE, MUSTER_BLAST_STORM,
                                                   MUSTER_BLAST_BLOCKED, MUSTER_BLAST_FREE};
    for (int storm = N; storm <= A; storm++) {
        for (int event = 0; event < EVENTS; event++) {
            struct muster_blast b = in_storm((enum muster_storm)storm);
            enum muster_storm next = table[storm][event];
            if (event == ACKNOWLEDGE)
                assert_int_equal(muster_blast_acknowledge(&b), next != (enum muster_storm)storm);
            else
                muster_blast_see(&b, at[event], healthy[event]);
            assert_int_equal(b.storm, next);
            assert_int_equal(asked(&b, 0), rules[next]);
        }
    }
}

static void without_clear_after_only_an_acknowledgement_clears(void **state)
{
    (void)state;
    struct muster_blast b = made(&storm_config, 0);
    muster_blast_see(&b, START, 0);
    muster_blast_see(&b, START, COUNT);
    muster_blast_see(&b, MUSTER_NEVER, COUNT);
    struct muster_blast_answer answer = muster_blast_ask(&b, START, 0);
    assert_int_equal(answer.rule, MUSTER_BLAST_BLOCKED);
    assert_int_equal(answer.until, 0);
    assert_string_equal(muster_blast_remedy(&b, answer.rule), "an operator's acknowledgement");
    assert_true(muster_blast_acknowledge(&b));
    assert_false(muster_blast_acknowledge(&b));
    assert_int_equal(asked(&b, 0), MUSTER_BLAST_FREE);
}

static void calm_counts_only_without_a_break_and_only_when_looked_at(void **state)
{
    (void)state;
    struct muster_blast b = in_storm(V);
    muster_blast_see(&b, START + 50, NEEDED - 1);
    muster_blast_see(&b, START + 60, NEEDED);
    muster_blast_see(&b, START + 60 + CLEAR - 1, NEEDED);
    struct muster_blast_answer answer = muster_blast_ask(&b, START + 60 + CLEAR - 1, 0);
    assert_int_equal(answer.rule, MUSTER_BLAST_BLOCKED);
    assert_int_equal(answer.until, START + 60 + CLEAR);
    answer = muster_blast_ask(&b, START + 60 + CLEAR, 0);
    assert_int_equal(answer.rule, MUSTER_BLAST_BLOCKED); /* time alone clears nothing */
    assert_int_equal(answer.until, 0);
    muster_blast_see(&b, START + 10 * CLEAR, NEEDED);
    assert_int_equal(asked(&b, 0), MUSTER_BLAST_FREE);
}

static void end_of_time_clears_no_block_early(void **state)
{
    (void)state;
    struct muster_blast b = made(&storm_config, MUSTER_INTEGER_MAX);
    muster_blast_see(&b, MUSTER_NEVER - 10, 0);
    muster_blast_see(&b, MUSTER_NEVER - 9, COUNT);
    muster_blast_see(&b, MUSTER_NEVER - 1, COUNT);
    struct muster_blast_answer answer = muster_blast_ask(&b, MUSTER_NEVER - 1, 0);
    assert_int_equal(answer.rule, MUSTER_BLAST_BLOCKED);
    assert_true(answer.until == MUSTER_NEVER);
    muster_blast_see(&b, 5, COUNT); /* nor does a clock that was set back */
    assert_int_equal(b.storm, V);
}

static void nothing_starts_before_the_first_count(void **state)
{
    (void)state;
    struct muster_blast_config no_gate = {.share_ppm = MUSTER_PPM};
    struct muster_blast b = made(&no_gate, 0);
    assert_int_equal(asked(&b, 3), MUSTER_BLAST_UNSEEN);
    assert_false(muster_blast_acknowledge(&b));
    muster_blast_see(&b, START, 0); /* with no bound, none is enough */
    assert_int_equal(asked(&b, 3), MUSTER_BLAST_FREE);
}

static void acknowledgement_covers_what_was_seen_and_no_worse(void **state)
{
    (void)state;
    struct muster_blast b = in_storm(A);
    assert_int_equal(b.acknowledged, 3);
    muster_blast_see(&b, START, 5);
    muster_blast_see(&b, START, 3);
    assert_int_equal(asked(&b, 0), MUSTER_BLAST_FREE);
    muster_blast_see(&b, START, 2);
    assert_int_equal(asked(&b, 0), MUSTER_BLAST_STORM);
    assert_true(muster_blast_acknowledge(&b));
    assert_int_equal(b.acknowledged, 2);
    muster_blast_see(&b, START, NEEDED); /* ends it: the next storm is a new one */
    muster_blast_see(&b, START, 5);
    assert_int_equal(asked(&b, 0), MUSTER_BLAST_STORM);
}

/* ---- bounds ---- */

static void share_is_rounded_down_but_one_may_always(void **state)
{
    (void)state;
    static const struct {
        uint32_t count, share_ppm, allowed;
    } rows[] = {
        {1, 0, 1},       {1, MUSTER_PPM, 1}, {10, 0, 1},      {10, 99999, 1},
        {10, 100000, 1}, {10, 199999, 1},    {10, 200000, 2}, {10, 999999, 9},
        {3, 333333, 1},  {3, 666667, 2},     {64, 100000, 6}, {64, MUSTER_PPM, 64},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct muster_blast_config cfg = {.share_ppm = rows[i].share_ppm};
        struct muster_blast b;
        muster_blast_init(&b, &cfg, rows[i].count, NULL);
        muster_blast_see(&b, START, rows[i].count);
        assert_int_equal(muster_blast_allowed(&b), rows[i].allowed);
        for (uint32_t target = 0; target < rows[i].count; target++) {
            assert_int_equal(asked(&b, target),
                             target < rows[i].allowed ? MUSTER_BLAST_FREE : MUSTER_BLAST_SHARE);
            if (target < rows[i].allowed)
                muster_blast_begin(&b, target);
        }
    }
}

static void greater_bound_on_healthy_members_holds_rounded_up(void **state)
{
    (void)state;
    static const struct {
        uint32_t count, min, min_ppm, needed;
    } rows[] = {
        {10, 0, 0, 0},      {10, 3, 0, 3},
        {10, 0, 510000, 6}, {10, 0, 500000, 5},
        {10, 0, 500001, 6}, {10, 7, 510000, 7},
        {10, 5, 510000, 6}, {3, 0, 510000, 2},
        {1, 0, 1, 1},       {64, 64, MUSTER_PPM, 64},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct muster_blast_config cfg = {.healthy_min = rows[i].min,
                                          .healthy_min_ppm = rows[i].min_ppm};
        struct muster_blast b;
        muster_blast_init(&b, &cfg, rows[i].count, NULL);
        assert_int_equal(muster_blast_needed(&b), rows[i].needed);
        muster_blast_see(&b, START, rows[i].needed);
        assert_int_equal(asked(&b, 0), MUSTER_BLAST_FREE);
        if (rows[i].needed > 0) {
            muster_blast_see(&b, START, rows[i].needed - 1);
            assert_int_equal(asked(&b, 0), MUSTER_BLAST_STORM);
        }
    }
}

static void target_is_counted_once_however_many_recoveries_it_has(void **state)
{
    (void)state;
    struct muster_blast_config cfg = {.share_ppm = 200000};
    struct muster_blast b = made(&cfg, 0);
    muster_blast_see(&b, START, COUNT);
    muster_blast_begin(&b, 4);
    muster_blast_begin(&b, 4);
    assert_int_equal(asked(&b, 5), MUSTER_BLAST_FREE);
    muster_blast_begin(&b, 5);
    assert_int_equal(asked(&b, 4), MUSTER_BLAST_FREE); /* takes no more than it has */
    assert_int_equal(asked(&b, 6), MUSTER_BLAST_SHARE);
    muster_blast_end(&b, 4);
    assert_int_equal(asked(&b, 6), MUSTER_BLAST_SHARE);
    muster_blast_end(&b, 4);
    assert_int_equal(asked(&b, 6), MUSTER_BLAST_FREE);
}

static struct muster_blast zoned(uint32_t zones_max)
{
    static const uint8_t zone[COUNT] = {0, 0, 0, 7, 7, 7, 63, 63, 63, 63};
    struct muster_blast_config cfg = {.share_ppm = 400000, .zones_max = zones_max};
    struct muster_blast b;
    muster_blast_init(&b, &cfg, COUNT, zone);
    muster_blast_see(&b, START, COUNT);
    return b;
}

static void one_zone_at_a_time_is_touched(void **state)
{
    (void)state;
    struct muster_blast b = zoned(1);
    muster_blast_begin(&b, 3);
    assert_int_equal(asked(&b, 4), MUSTER_BLAST_FREE);
    assert_int_equal(asked(&b, 0), MUSTER_BLAST_ZONE);
    assert_int_equal(asked(&b, 9), MUSTER_BLAST_ZONE);
    muster_blast_begin(&b, 4);
    muster_blast_end(&b, 3);
    assert_int_equal(asked(&b, 9), MUSTER_BLAST_ZONE);
    muster_blast_end(&b, 4);
    assert_int_equal(asked(&b, 9), MUSTER_BLAST_FREE);
}

static void zones_are_bounded_as_configured(void **state)
{
    (void)state;
    struct muster_blast b = zoned(2);
    muster_blast_begin(&b, 0);
    muster_blast_begin(&b, 3);
    assert_int_equal(asked(&b, 6), MUSTER_BLAST_ZONE);
    assert_int_equal(asked(&b, 1), MUSTER_BLAST_FREE);
    muster_blast_begin(&b, 1);
    muster_blast_begin(&b, 2);
    assert_int_equal(asked(&b, 6), MUSTER_BLAST_SHARE); /* the share is asked first */
    b = zoned(0);
    muster_blast_begin(&b, 0);
    muster_blast_begin(&b, 3);
    assert_int_equal(asked(&b, 6), MUSTER_BLAST_FREE);
    b = zoned(1);
    muster_blast_begin(&b, 0); /* found running in two zones: no further one, both go on */
    muster_blast_begin(&b, 3);
    assert_int_equal(asked(&b, 1), MUSTER_BLAST_FREE);
    assert_int_equal(asked(&b, 4), MUSTER_BLAST_FREE);
    assert_int_equal(asked(&b, 6), MUSTER_BLAST_ZONE);
}

static void storm_leaves_alone_what_runs(void **state)
{
    (void)state;
    struct muster_blast b = in_storm(N);
    muster_blast_begin(&b, 0);
    muster_blast_see(&b, START, 0);
    assert_int_equal(asked(&b, 0), MUSTER_BLAST_STORM); /* also for a target under recovery */
    assert_int_equal(b.running[0], 1);
}

/* ---- handing on ---- */

static void block_is_inherited_until_it_is_cleared_here(void **state)
{
    (void)state;
    static const uint64_t left[] = {O, V, 4, UINT64_MAX};
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) {
        struct muster_blast b = made(&storm_config, CLEAR);
        muster_blast_inherit(&b, START, left[i], 0);
        assert_int_equal(asked(&b, 0), MUSTER_BLAST_UNSEEN);
        assert_false(muster_blast_acknowledge(&b)); /* nobody has seen what it would be for */
        muster_blast_see(&b, START, COUNT);
        assert_int_equal(b.storm, V);
        muster_blast_see(&b, START + CLEAR - 1, COUNT);
        assert_int_equal(b.storm, V);
        muster_blast_see(&b, START + CLEAR, COUNT);
        assert_int_equal(b.storm, N);
        muster_blast_inherit(&b, START + CLEAR, left[i], 0); /* after the first count */
        assert_int_equal(b.storm, V);
        assert_true(muster_blast_acknowledge(&b));
    }
}

static void acknowledgement_is_inherited_with_what_it_covers(void **state)
{
    (void)state;
    static const struct {
        uint32_t healthy;
        enum muster_storm next;
    } rows[] = {{2, O}, {3, A}, {5, A}, {NEEDED, N}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct muster_blast b = made(&storm_config, 0);
        muster_blast_inherit(&b, START, A, 3);
        assert_int_equal(asked(&b, 0), MUSTER_BLAST_UNSEEN);
        muster_blast_see(&b, START, rows[i].healthy);
        assert_int_equal(b.storm, rows[i].next);
    }
    struct muster_blast b = made(&storm_config, 0);
    muster_blast_inherit(&b, START, A, COUNT);
    assert_int_equal(b.storm, A);
    b = made(&storm_config, 0);
    muster_blast_inherit(&b, START, A, COUNT + 1); /* covers more than there are */
    assert_int_equal(b.storm, O);
}

/* Whatever is there and whatever comes, the block wins, then the acknowledgement of more healthy
 * members; and it does not matter which came first. */
static void stricter_of_two_accounts_holds(void **state)
{
    (void)state;
    static const struct {
        uint64_t storm, acknowledged;
    } left[] = {{N, 0}, {A, 2}, {A, 3}, {O, 0}};
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < 4; k++) {
            size_t most = i > k ? i : k;
            struct muster_blast b = made(&storm_config, 0);
            muster_blast_inherit(&b, START, left[i].storm, left[i].acknowledged);
            muster_blast_inherit(&b, START, left[k].storm, left[k].acknowledged);
            assert_int_equal(b.storm, left[most].storm);
            if (b.storm == A)
                assert_int_equal(b.acknowledged, left[most].acknowledged);
        }
    }
    struct muster_blast b = in_storm(O);
    muster_blast_inherit(&b, START, A, 0);
    assert_int_equal(b.storm, O);
    b = in_storm(V);
    muster_blast_inherit(&b, START + 1, N, 0);
    muster_blast_inherit(&b, START + 1, O, 0); /* nothing new */
    assert_int_equal(b.storm, V);
    muster_blast_see(&b, START + CLEAR, NEEDED);
    assert_int_equal(b.storm, N);
}

static void random_hand_outs_keep_share_and_zones(void **state)
{
    (void)state;
    struct muster_random random = {11};
    for (uint32_t round = 0; round < 2000; round++) {
        uint8_t zone[MUSTER_MEMBERS_MAX];
        struct muster_blast_config cfg = {.share_ppm =
                                              (uint32_t)muster_random_below(&random, MUSTER_PPM)};
        cfg.zones_max = (uint32_t)muster_random_between(&random, 1, 3);
        uint32_t count = (uint32_t)muster_random_between(&random, 1, MUSTER_MEMBERS_MAX);
        for (uint32_t i = 0; i < count; i++)
            zone[i] = (uint8_t)muster_random_below(&random, 5);
        struct muster_blast b;
        muster_blast_init(&b, &cfg, count, zone);
        muster_blast_see(&b, START, count);
        for (uint32_t step = 0; step < 100; step++) {
            uint32_t target = (uint32_t)muster_random_below(&random, count);
            if (b.running[target] > 0 && muster_random_chance(&random, 700000))
                muster_blast_end(&b, target);
            else if (asked(&b, target) == MUSTER_BLAST_FREE)
                muster_blast_begin(&b, target);
            uint32_t targets = 0, zones = 0;
            bool touched[5] = {false};
            for (uint32_t i = 0; i < count; i++) {
                targets += b.running[i] > 0;
                zones += b.running[i] > 0 && !touched[zone[i]];
                touched[zone[i]] = touched[zone[i]] || b.running[i] > 0;
            }
            assert_true(targets <= 1 ||
                        (uint64_t)targets * MUSTER_PPM <= (uint64_t)count * cfg.share_ppm);
            assert_true(zones <= cfg.zones_max);
        }
    }
}

static void each_bound_of_the_config_is_named(void **state)
{
    (void)state;
    struct muster_blast_config cfg;
    muster_blast_defaults(&cfg);
    assert_null(muster_blast_check(&cfg, 1));
    assert_int_equal(cfg.share_ppm, 100000);
    cfg =
        (struct muster_blast_config){MUSTER_PPM, COUNT, MUSTER_PPM, UINT32_MAX, MUSTER_INTEGER_MAX};
    assert_null(muster_blast_check(&cfg, COUNT));
    static const struct {
        struct muster_blast_config cfg;
        const char *field;
    } rows[] = {
        {{MUSTER_PPM + 1, 0, 0, 0, 0}, "share_ppm"},
        {{0, COUNT + 1, 0, 0, 0}, "healthy_min"},
        {{0, 0, MUSTER_PPM + 1, 0, 0}, "healthy_min_ppm"},
        {{0, 0, 0, 0, MUSTER_NEVER}, "clear_after"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_string_equal(muster_blast_check(&rows[i].cfg, COUNT), rows[i].field);
}

static void assert_described(const struct muster_blast *b, const char *text)
{
    char room[160];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_blast_describe(b, &t);
    assert_string_equal(room, text);
}

static void description_tells_counts_and_bounds(void **state)
{
    (void)state;
    struct muster_blast b = made(&storm_config, CLEAR);
    assert_described(&b,
                     "no storm, ? of 10 healthy, 6 needed; 0 of at most 10 targets in recovery, "
                     "zones: 0");
    b = in_storm(V);
    muster_blast_begin(&b, 2);
    assert_described(&b, "storm over, not acknowledged, 6 of 10 healthy, 6 needed; 1 of at most 10 "
                         "targets in recovery, zones: 1");
    b = in_storm(O);
    assert_described(&b, "storm, 3 of 10 healthy, 6 needed; 0 of at most 10 targets in recovery, "
                         "zones: 0");
    b = in_storm(A);
    assert_described(&b, "storm, acknowledged, 3 of 10 healthy, 6 needed; 0 of at most 10 targets "
                         "in recovery, zones: 0");
    static const char *const remedies[] = {
        "nothing",
        "a first count of the healthy members",
        "an operator's acknowledgement, or members that stay healthy",
        "an operator's acknowledgement, or members that stay healthy",
        "the end of a recovery that runs",
        "the end of the recoveries in another zone",
    };
    for (int rule = MUSTER_BLAST_FREE; rule <= MUSTER_BLAST_ZONE; rule++)
        assert_string_equal(muster_blast_remedy(&b, (enum muster_blast_rule)rule), remedies[rule]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_storm_takes_every_event_as_the_table_says),
        cmocka_unit_test(without_clear_after_only_an_acknowledgement_clears),
        cmocka_unit_test(calm_counts_only_without_a_break_and_only_when_looked_at),
        cmocka_unit_test(end_of_time_clears_no_block_early),
        cmocka_unit_test(nothing_starts_before_the_first_count),
        cmocka_unit_test(acknowledgement_covers_what_was_seen_and_no_worse),
        cmocka_unit_test(share_is_rounded_down_but_one_may_always),
        cmocka_unit_test(greater_bound_on_healthy_members_holds_rounded_up),
        cmocka_unit_test(target_is_counted_once_however_many_recoveries_it_has),
        cmocka_unit_test(one_zone_at_a_time_is_touched),
        cmocka_unit_test(zones_are_bounded_as_configured),
        cmocka_unit_test(storm_leaves_alone_what_runs),
        cmocka_unit_test(block_is_inherited_until_it_is_cleared_here),
        cmocka_unit_test(acknowledgement_is_inherited_with_what_it_covers),
        cmocka_unit_test(stricter_of_two_accounts_holds),
        cmocka_unit_test(random_hand_outs_keep_share_and_zones),
        cmocka_unit_test(each_bound_of_the_config_is_named),
        cmocka_unit_test(description_tells_counts_and_bounds),
    };
    return cmocka_run_group_tests_name("blast", tests, NULL, NULL);
}
