/* SPDX-License-Identifier: Apache-2.0 */
/* The circuit breaker: its table cell by cell, its moments to the nanosecond, and random sequences
 * against a reference that lives through every nanosecond. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/orchestrator/breaker.h"
#include "core/random.h"

#define START    ((muster_time)1000)
#define RECOVERY ((muster_dur)100)
#define PROBE    ((muster_dur)40)

static const struct muster_breaker_config config = {.failure_threshold = 3,
                                                    .success_threshold = 2,
                                                    .recovery_timeout = RECOVERY,
                                                    .probe_timeout = PROBE};

/* ---- the table ---- */

/* Where the table begins, and how a result is written: state, failures or successes, p: probing,
 * and after a blank what was answered. */
enum start { C0, C2, O, H0, H0P, H1, H1P, STARTS };
static const char *const start_text[STARTS] = {"C0", "C2", "O", "H0", "H0p", "H1", "H1p"};

enum event { ASK, OWN_OK, OWN_FAILED, OLD_OK, OLD_FAILED, BEFORE_DUE, DUE, LONG_AFTER, EVENTS };

/* A dash: there is no such call. Rows are events, columns where they begin. */
static const char *const table[EVENTS][STARTS] = {
    [ASK] = {"C0 go", "C2 go", "O no", "H0p probe", "H0p no", "H1p probe", "H1p no"},
    [OWN_OK] = {"C0 yes", "C1 yes", "-", "-", "H1 yes", "-", "C0 yes"},
    [OWN_FAILED] = {"C1 yes", "O yes", "-", "-", "O yes", "-", "O yes"},
    [OLD_OK] = {"C0 no", "C2 no", "O no", "H0 no", "H0p no", "H1 no", "H1p no"},
    [OLD_FAILED] = {"C0 no", "C2 no", "O no", "H0 no", "H0p no", "H1 no", "H1p no"},
    [BEFORE_DUE] = {"C0", "C2", "O", "H0", "H0p", "H1", "H1p"},
    [DUE] = {"C0", "C2", "H0", "H0", "O", "H1", "O"},
    [LONG_AFTER] = {"C0", "C2", "H0", "H0", "H0", "H1", "H0"},
};

/* Bring one about, all at START; *ret_own is the ticket that counts in it. The breaker has been
 * open once before, so that older tickets exist; 1 is that of the first life. */
static struct muster_breaker made(enum start start, uint64_t *ret_own)
{
    struct muster_breaker b;
    muster_breaker_init(&b, &config, 0);
    *ret_own = muster_breaker_ask(&b, 0).ticket;
    assert_int_equal(*ret_own, 1);
    muster_time open_at = start == O ? START : START - RECOVERY;
    uint32_t successes = start == H1 || start == H1P ? 1 : 0;
    if (start == C0 || start == C2) {
        open_at = 0;
        successes = 2;
    }
    for (uint32_t i = 0; i < 3; i++)
        assert_true(muster_breaker_end(&b, open_at, 1, false));
    for (uint32_t i = 0; i < successes; i++)
        assert_true(muster_breaker_end(&b, START, muster_breaker_ask(&b, START).ticket, true));
    muster_breaker_tick(&b, START);
    if (start == C0 || start == C2 || start == H0P || start == H1P)
        *ret_own = muster_breaker_ask(&b, START).ticket;
    for (uint32_t i = 0; start == C2 && i < 2; i++)
        assert_true(muster_breaker_end(&b, START, *ret_own, false));
    return b;
}

static void write_state(const struct muster_breaker *b, struct muster_text *t)
{
    bool closed = b->state == MUSTER_CIRCUIT_CLOSED;
    bool open = b->state == MUSTER_CIRCUIT_OPEN;
    muster_text_add(t, closed ? "C" : open ? "O" : "H");
    if (!open)
        muster_text_add_u64(t, closed ? b->failures : b->successes);
    muster_text_add(t, b->probing ? "p" : "");
}

static void apply(struct muster_breaker *b, enum event event, uint64_t own, struct muster_text *t)
{
    muster_time due = muster_breaker_deadline(b);
    struct muster_breaker_answer answer = {.go = false};
    const char *said = "";
    switch (event) {
    case ASK:
        answer = muster_breaker_ask(b, START);
        said = answer.probe ? " probe" : answer.go ? " go" : " no";
        break;
    case OWN_OK:
    case OWN_FAILED:
        said = muster_breaker_end(b, START, own, event == OWN_OK) ? " yes" : " no";
        break;
    case OLD_OK:
    case OLD_FAILED:
        said = muster_breaker_end(b, START, 1, event == OLD_OK) ? " yes" : " no";
        break;
    case BEFORE_DUE:
        muster_breaker_tick(b, due == MUSTER_NEVER ? START + RECOVERY : due - 1);
        break;
    case DUE:
        muster_breaker_tick(b, due == MUSTER_NEVER ? START + RECOVERY : due);
        break;
    case LONG_AFTER:
        muster_breaker_tick(b, MUSTER_NEVER - 1);
        break;
    case EVENTS:
        fail();
    }
    write_state(b, t);
    muster_text_add(t, said);
}

static void every_state_takes_every_event_as_the_table_says(void **state)
{
    (void)state;
    for (int start = 0; start < STARTS; start++) {
        for (int event = 0; event < EVENTS; event++) {
            char room[32];
            struct muster_text t;
            uint64_t own;
            if (table[event][start][0] == '-')
                continue;
            struct muster_breaker b = made((enum start)start, &own);
            muster_text_init(&t, room, sizeof room);
            write_state(&b, &t);
            assert_string_equal(room, start_text[start]);
            muster_text_init(&t, room, sizeof room);
            apply(&b, (enum event)event, own, &t);
            assert_string_equal(room, table[event][start]);
        }
    }
}

/* ---- moments ---- */

static struct muster_breaker opened_at(muster_time now, const struct muster_breaker_config *cfg)
{
    struct muster_breaker b;
    muster_breaker_init(&b, cfg, now);
    for (uint32_t i = 0; i < cfg->failure_threshold; i++) {
        assert_int_equal(muster_breaker_state(&b, now), MUSTER_CIRCUIT_CLOSED);
        muster_breaker_end(&b, now, muster_breaker_ask(&b, now).ticket, false);
    }
    assert_int_equal(muster_breaker_state(&b, now), MUSTER_CIRCUIT_OPEN);
    return b;
}

static void defaults_are_those_of_the_spec(void **state)
{
    (void)state;
    struct muster_breaker_config cfg;
    muster_breaker_defaults(&cfg);
    assert_null(muster_breaker_check(&cfg));
    struct muster_breaker b = opened_at(START, &cfg);
    const muster_time half = START + 30 * MUSTER_SECOND;
    assert_int_equal(muster_breaker_deadline(&b), half);
    assert_false(muster_breaker_ask(&b, half - 1).go);
    assert_int_equal(muster_breaker_ask(&b, half - 1).until, half);
    struct muster_breaker_answer probe = muster_breaker_ask(&b, half);
    assert_true(probe.go && probe.probe);
    assert_int_equal(probe.until, 0);
    assert_int_equal(muster_breaker_deadline(&b), half + 30 * MUSTER_SECOND);
    assert_true(muster_breaker_end(&b, half + 1, probe.ticket, true));
    assert_false(muster_breaker_end(&b, half + 1, probe.ticket, true)); /* once is enough */
    assert_int_equal(muster_breaker_state(&b, half + 1), MUSTER_CIRCUIT_HALF_OPEN);
    uint64_t first = probe.ticket;
    probe = muster_breaker_ask(&b, half + 1);
    assert_false(muster_breaker_end(&b, half + 2, first, true)); /* nor is it the second probe */
    assert_true(muster_breaker_end(&b, half + 2, probe.ticket, true));
    assert_int_equal(muster_breaker_state(&b, half + 2), MUSTER_CIRCUIT_CLOSED);
    assert_int_equal(b.opened, 1);
}

static void probe_is_in_time_until_just_before_its_timeout(void **state)
{
    (void)state;
    for (muster_dur late = 0; late < 2; late++) {
        struct muster_breaker b = opened_at(START, &config);
        muster_time half = START + RECOVERY;
        struct muster_breaker_answer probe = muster_breaker_ask(&b, half);
        assert_true(probe.probe);
        muster_time end = half + PROBE - 1 + late;
        assert_int_equal(muster_breaker_end(&b, end, probe.ticket, true), late == 0);
        assert_int_equal(muster_breaker_state(&b, end),
                         late ? MUSTER_CIRCUIT_OPEN : MUSTER_CIRCUIT_HALF_OPEN);
    }
}

static void stuck_probe_opens_at_its_timeout_however_late_anybody_asks(void **state)
{
    (void)state;
    struct muster_breaker b = opened_at(START, &config);
    struct muster_breaker_answer stuck = muster_breaker_ask(&b, START + RECOVERY);
    muster_time again = START + RECOVERY + PROBE + RECOVERY;
    assert_int_equal(muster_breaker_state(&b, again - 1), MUSTER_CIRCUIT_OPEN);
    assert_int_equal(muster_breaker_state(&b, again), MUSTER_CIRCUIT_HALF_OPEN);
    assert_int_equal(b.state, MUSTER_CIRCUIT_HALF_OPEN); /* asking has changed nothing */
    assert_true(b.probing);
    muster_breaker_tick(&b, again + 7);
    assert_int_equal(b.since, again);
    assert_int_equal(b.opened, 2);
    struct muster_breaker_answer next = muster_breaker_ask(&b, again + 7);
    assert_true(next.probe);
    assert_false(muster_breaker_end(&b, again + 8, stuck.ticket, true));
    assert_false(muster_breaker_end(&b, again + 8, stuck.ticket, false));
    assert_true(b.probing);
    assert_true(muster_breaker_end(&b, again + 8, next.ticket, true));
}

static void call_from_before_the_opening_is_no_probe(void **state)
{
    (void)state;
    struct muster_breaker b;
    muster_breaker_init(&b, &config, START);
    struct muster_breaker_answer slow = muster_breaker_ask(&b, START);
    for (int i = 0; i < 3; i++)
        muster_breaker_end(&b, START, muster_breaker_ask(&b, START).ticket, false);
    muster_time half = START + RECOVERY;
    struct muster_breaker_answer probe = muster_breaker_ask(&b, half);
    assert_false(muster_breaker_end(&b, half, slow.ticket, false));
    assert_false(muster_breaker_end(&b, half, slow.ticket, true));
    assert_int_equal(b.state, MUSTER_CIRCUIT_HALF_OPEN);
    assert_int_equal(b.successes, 0);
    assert_true(muster_breaker_end(&b, half, probe.ticket, true));
    assert_true(muster_breaker_end(&b, half, muster_breaker_ask(&b, half).ticket, true));
    assert_int_equal(b.state, MUSTER_CIRCUIT_CLOSED);
    assert_false(muster_breaker_end(&b, half, slow.ticket, false)); /* nor a failure afterwards */
    assert_int_equal(b.failures, 0);
}

static void ticket_nobody_holds_counts_nowhere(void **state)
{
    (void)state;
    struct muster_breaker b = opened_at(START, &config);
    for (int i = 0; i < 2; i++) {
        struct muster_breaker before = b;
        assert_false(muster_breaker_end(&b, b.since, b.ticket, true));
        assert_false(muster_breaker_end(&b, b.since, b.ticket, false));
        assert_false(muster_breaker_end(&b, b.since, 0, false));
        assert_false(muster_breaker_end(&b, b.since, UINT64_MAX, true));
        assert_memory_equal(&b, &before, sizeof b);
        muster_breaker_tick(&b, START + RECOVERY);
    }
}

static void success_takes_off_one_failure_and_never_a_second_life(void **state)
{
    (void)state;
    struct muster_breaker b;
    muster_breaker_init(&b, &config, START);
    static const bool results[] = {true, false, false, true, false, true, true, true, false, false};
    static const uint32_t failures[] = {0, 1, 2, 1, 2, 1, 0, 0, 1, 2};
    for (size_t i = 0; i < sizeof results / sizeof results[0]; i++) {
        muster_breaker_end(&b, START, muster_breaker_ask(&b, START).ticket, results[i]);
        assert_int_equal(b.failures, failures[i]);
        assert_int_equal(b.state, MUSTER_CIRCUIT_CLOSED);
    }
    muster_breaker_end(&b, START, b.ticket, false);
    assert_int_equal(b.state, MUSTER_CIRCUIT_OPEN);
}

static void time_that_is_cut_off_never_comes(void **state)
{
    (void)state;
    struct muster_breaker b = opened_at(MUSTER_NEVER - RECOVERY - 1, &config);
    assert_true(muster_breaker_deadline(&b) == MUSTER_NEVER - 1);
    assert_true(muster_breaker_ask(&b, MUSTER_NEVER - 1).probe);
    assert_true(muster_breaker_deadline(&b) == MUSTER_NEVER);
    assert_true(b.probing);
    assert_int_equal(muster_breaker_state(&b, MUSTER_NEVER), MUSTER_CIRCUIT_HALF_OPEN);
    b = opened_at(MUSTER_NEVER - RECOVERY, &config);
    assert_true(muster_breaker_deadline(&b) == MUSTER_NEVER);
    assert_int_equal(muster_breaker_state(&b, MUSTER_NEVER), MUSTER_CIRCUIT_OPEN);
    assert_false(muster_breaker_ask(&b, MUSTER_NEVER).go);
}

static void each_bound_of_the_config_is_named(void **state)
{
    (void)state;
    struct muster_breaker_config good = {1, 1, 1, 0};
    assert_null(muster_breaker_check(&good));
    good =
        (struct muster_breaker_config){MUSTER_BREAKER_THRESHOLD_MAX, MUSTER_BREAKER_THRESHOLD_MAX,
                                       MUSTER_INTEGER_MAX, MUSTER_INTEGER_MAX};
    assert_null(muster_breaker_check(&good));
    static const struct {
        struct muster_breaker_config cfg;
        const char *field;
    } bad[] = {
        {{0, 1, 1, 1}, "failure_threshold"},
        {{MUSTER_BREAKER_THRESHOLD_MAX + 1, 1, 1, 1}, "failure_threshold"},
        {{1, 0, 1, 1}, "success_threshold"},
        {{1, UINT32_MAX, 1, 1}, "success_threshold"},
        {{1, 1, 0, 1}, "recovery_timeout"},
        {{1, 1, MUSTER_INTEGER_MAX + 1, 1}, "recovery_timeout"},
        {{1, 1, 1, MUSTER_NEVER}, "probe_timeout"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_string_equal(muster_breaker_check(&bad[i].cfg), bad[i].field);
}

static void description_is_of_now(void **state)
{
    (void)state;
    char room[96];
    struct muster_text t;
    struct muster_breaker b;
    muster_breaker_init(&b, &config, START);
    muster_breaker_end(&b, START, b.ticket, false);
    muster_text_init(&t, room, sizeof room);
    muster_breaker_describe(&b, START, &t);
    assert_string_equal(room, "CLOSED, 1 of 3 failures");
    b = opened_at(START, &config);
    muster_text_init(&t, room, sizeof room);
    muster_breaker_describe(&b, START + 1, &t);
    assert_string_equal(room, "OPEN, a probe may go in 99ns");
    muster_text_init(&t, room, sizeof room);
    muster_breaker_describe(&b, START + RECOVERY, &t);
    assert_string_equal(room, "HALF_OPEN, 0 of 2 successes");
    assert_int_equal(b.state, MUSTER_CIRCUIT_OPEN);
    muster_breaker_ask(&b, START + RECOVERY);
    muster_text_init(&t, room, sizeof room);
    muster_breaker_describe(&b, START + RECOVERY, &t);
    assert_string_equal(room, "HALF_OPEN, 0 of 2 successes, probing");
}

/* ---- the reference ---- */

/* It counts time in single nanoseconds, and keeps a list of calls instead of tickets: those under
 * way when the state changes, or when a probe is given up, will not count. */
#define CALLS 64

struct call {
    uint64_t ticket; /* what the breaker under test has given it */
    bool counts;
};

struct reference {
    const struct muster_breaker_config *cfg;
    enum muster_circuit_state state;
    uint32_t failures, successes;
    bool probing;
    muster_dur age, probe_age; /* of the state, of the probe */
    struct call call[CALLS];
    uint32_t count;
};

static void change(struct reference *r, enum muster_circuit_state state)
{
    r->state = state;
    r->failures = r->successes = 0;
    r->probing = false;
    r->age = 0;
    for (uint32_t i = 0; i < r->count; i++)
        r->call[i].counts = false;
}

static void live_a_nanosecond(struct reference *r)
{
    r->age++;
    r->probe_age++;
    if (r->state == MUSTER_CIRCUIT_OPEN && r->age == r->cfg->recovery_timeout)
        change(r, MUSTER_CIRCUIT_HALF_OPEN);
    else if (r->probing && r->probe_age == r->cfg->probe_timeout)
        change(r, MUSTER_CIRCUIT_OPEN);
}

static void expect_ask(struct reference *r, struct muster_breaker *b, muster_time now)
{
    struct muster_breaker_answer a = muster_breaker_ask(b, now);
    bool half = r->state == MUSTER_CIRCUIT_HALF_OPEN;
    bool go = r->state == MUSTER_CIRCUIT_CLOSED || (half && !r->probing);
    assert_int_equal(a.go, go);
    assert_int_equal(a.probe, go && half);
    if (!go) {
        muster_dur left =
            half ? r->cfg->probe_timeout - r->probe_age : r->cfg->recovery_timeout - r->age;
        assert_int_equal(a.until, now + left);
        return;
    }
    if (half) {
        r->probing = true;
        r->probe_age = 0;
    }
    if (r->count == CALLS) /* the oldest is never heard of again */
        memmove(r->call, r->call + 1, --r->count * sizeof r->call[0]);
    r->call[r->count++] = (struct call){a.ticket, true};
}

static void expect_end(struct reference *r, struct muster_breaker *b, muster_time now,
                       uint32_t which, bool ok)
{
    struct call call = r->call[which];
    r->call[which] = r->call[--r->count];
    assert_int_equal(muster_breaker_end(b, now, call.ticket, ok), call.counts);
    if (!call.counts)
        return;
    if (r->probing) {
        r->probing = false;
        if (!ok)
            change(r, MUSTER_CIRCUIT_OPEN);
        else if (++r->successes == r->cfg->success_threshold)
            change(r, MUSTER_CIRCUIT_CLOSED);
    } else if (!ok && ++r->failures == r->cfg->failure_threshold) {
        change(r, MUSTER_CIRCUIT_OPEN);
    } else if (ok && r->failures > 0) {
        r->failures--;
    }
}

static void assert_same(const struct reference *r, struct muster_breaker *b, muster_time now,
                        bool tick)
{
    assert_int_equal(muster_breaker_state(b, now), r->state);
    if (!tick)
        return; /* the breaker learns of the time only with the next call */
    muster_breaker_tick(b, now);
    assert_int_equal(b->failures, r->failures);
    assert_int_equal(b->successes, r->successes);
    assert_int_equal(b->probing, r->probing);
    muster_time due = MUSTER_NEVER;
    if (r->state == MUSTER_CIRCUIT_OPEN)
        due = now + r->cfg->recovery_timeout - r->age;
    else if (r->probing)
        due = now + r->cfg->probe_timeout - r->probe_age;
    assert_true(muster_breaker_deadline(b) == due);
}

static void run_sequence(uint64_t seed, uint32_t seen[3])
{
    struct muster_random random = {seed};
    struct muster_breaker_config cfg = {.failure_threshold =
                                            (uint32_t)muster_random_between(&random, 1, 4)};
    cfg.success_threshold = (uint32_t)muster_random_between(&random, 1, 3);
    cfg.recovery_timeout = muster_random_between(&random, 1, 6);
    cfg.probe_timeout = muster_random_between(&random, 1, 6);
    uint32_t bad_ppm = (uint32_t)muster_random_between(&random, 0, MUSTER_PPM);
    struct reference r = {.cfg = &cfg, .state = MUSTER_CIRCUIT_CLOSED};
    struct muster_breaker b;
    muster_time now = muster_random_below(&random, 10);
    muster_breaker_init(&b, &cfg, now);
    for (uint32_t step = 0; step < 200; step++) {
        uint64_t what = muster_random_below(&random, 10);
        if (what < 3) {
            for (uint64_t n = muster_random_between(&random, 1, 14); n > 0; n--, now++)
                live_a_nanosecond(&r);
        } else if (what < 7) {
            expect_ask(&r, &b, now);
        } else if (r.count > 0) {
            uint32_t which = (uint32_t)muster_random_below(&random, r.count);
            expect_end(&r, &b, now, which, !muster_random_chance(&random, bad_ppm));
        }
        assert_same(&r, &b, now, muster_random_chance(&random, MUSTER_PPM / 2));
        seen[r.state - MUSTER_CIRCUIT_CLOSED]++;
    }
}

static void random_sequences_are_those_of_the_reference(void **state)
{
    (void)state;
    uint32_t seen[3] = {0};
    for (uint64_t seed = 0; seed < 20000; seed++)
        run_sequence(seed, seen);
    for (int i = 0; i < 3; i++)
        assert_true(seen[i] > 100000); /* each state was lived in */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_takes_every_event_as_the_table_says),
        cmocka_unit_test(defaults_are_those_of_the_spec),
        cmocka_unit_test(probe_is_in_time_until_just_before_its_timeout),
        cmocka_unit_test(stuck_probe_opens_at_its_timeout_however_late_anybody_asks),
        cmocka_unit_test(call_from_before_the_opening_is_no_probe),
        cmocka_unit_test(ticket_nobody_holds_counts_nowhere),
        cmocka_unit_test(success_takes_off_one_failure_and_never_a_second_life),
        cmocka_unit_test(time_that_is_cut_off_never_comes),
        cmocka_unit_test(each_bound_of_the_config_is_named),
        cmocka_unit_test(description_is_of_now),
        cmocka_unit_test(random_sequences_are_those_of_the_reference),
    };
    return cmocka_run_group_tests_name("breaker", tests, NULL, NULL);
}
