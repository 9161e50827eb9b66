/* SPDX-License-Identifier: Apache-2.0 */
/* The origin's lock as one member sees it: how long it holds, what each end of a script does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/coordinator/astra_lock.h"
#include "core/flat.h"

#define S(count) ((muster_time)(count)*MUSTER_SECOND)
#define NOW      S(1000)

static struct muster_config config;
static struct muster_astra_lock l;
static uint8_t room[256];
static struct muster_flat_writer w;

static int set_up(void **state)
{
    (void)state;
    muster_config_defaults(&config);
    muster_config_finish(&config);
    muster_astra_lock_init(&l, &config);
    return 0;
}

static struct muster_bytes integer(int64_t value)
{
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_integer(&w, value);
    return muster_flat_written(&w);
}

static struct muster_bytes text(const char *value)
{
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_text(&w, MUSTER_FLAT_BULK, value);
    return muster_flat_written(&w);
}

static struct muster_bytes two(const char *seconds, const char *rest)
{
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_array(&w, 2);
    muster_flat_text(&w, MUSTER_FLAT_BULK, seconds);
    muster_flat_text(&w, MUSTER_FLAT_BULK, rest);
    return muster_flat_written(&w);
}

static void take(muster_time sent)
{
    muster_astra_lock_take(&l);
    muster_astra_lock_sent(&l, sent);
    assert_int_equal(muster_astra_lock_done(&l, two("1767225600", "42")), MUSTER_ASTRA_TAKEN);
}

static muster_dur usable(void)
{
    return MUSTER_ASTRA_LOCK_TTL - muster_config_margin_min(MUSTER_ASTRA_LOCK_TTL,
                                                            config.max_clock_drift_ppm,
                                                            config.stop_time);
}

static void lock_holds_from_the_sending_and_with_a_margin(void **state)
{
    (void)state;
    assert_true(muster_astra_lock_is_idle(&l));
    assert_true(muster_astra_lock_deadline(&l) == MUSTER_NEVER);
    take(NOW);
    assert_true(l.held && l.until == NOW + usable());
    assert_true(l.taken == UINT64_C(1767225600000042));
    assert_true(muster_astra_lock_deadline(&l) == NOW + MUSTER_ASTRA_RENEW_EVERY);
}

static void lock_of_another_is_not_taken(void **state)
{
    (void)state;
    muster_astra_lock_take(&l);
    muster_astra_lock_sent(&l, NOW);
    assert_int_equal(muster_astra_lock_done(&l, text("n2")), MUSTER_ASTRA_SAME);
    assert_false(l.held);
    assert_true(muster_astra_lock_is_idle(&l));
    for (int i = 0; i < 4; i++) { /* answers of another form are no time */
        muster_astra_lock_take(&l);
        muster_astra_lock_sent(&l, NOW);
        struct muster_bytes answer = i == 0   ? integer(1)
                                     : i == 1 ? two("x", "1")
                                     : i == 2 ? two("1", "-1")
                                              : (struct muster_bytes){NULL, 0};
        assert_int_equal(muster_astra_lock_done(&l, answer), MUSTER_ASTRA_SAME);
        assert_false(l.held);
    }
    muster_astra_lock_take(&l);
    muster_astra_lock_sent(&l, NOW);
    assert_int_equal(muster_astra_lock_done(&l, two("99999999999999999", "1")), MUSTER_ASTRA_TAKEN);
    assert_true(l.taken == 0); /* a clock beyond all epochs tells nothing */
}

static void renewal_extends_from_its_sending(void **state)
{
    (void)state;
    take(NOW);
    muster_astra_lock_tick(&l, NOW + MUSTER_ASTRA_RENEW_EVERY - 1);
    assert_int_equal(l.script, MUSTER_ASTRA_NOTHING);
    muster_astra_lock_tick(&l, NOW + MUSTER_ASTRA_RENEW_EVERY);
    assert_int_equal(l.script, MUSTER_ASTRA_RENEW);
    muster_astra_lock_sent(&l, NOW + S(16));
    assert_true(muster_astra_lock_deadline(&l) == NOW + usable()); /* the old one, meanwhile */
    assert_int_equal(muster_astra_lock_done(&l, integer(1)), MUSTER_ASTRA_EXTENDED);
    assert_true(l.until == NOW + S(16) + usable() && l.renewals == 1);
}

static void renewal_of_what_is_gone_loses_the_lock(void **state)
{
    (void)state;
    take(NOW);
    muster_astra_lock_tick(&l, NOW + S(15));
    muster_astra_lock_sent(&l, NOW + S(15));
    assert_int_equal(muster_astra_lock_done(&l, integer(0)), MUSTER_ASTRA_LOST);
    assert_false(l.held);
    assert_true(l.until == 0 && muster_astra_lock_is_idle(&l)); /* nothing to give back */
}

static void failed_renewal_is_repeated_at_its_pace(void **state)
{
    (void)state;
    take(NOW);
    muster_astra_lock_tick(&l, NOW + S(15));
    muster_astra_lock_sent(&l, NOW + S(15));
    muster_astra_lock_failed(&l, false);
    muster_astra_lock_tick(&l, NOW + S(15) + config.poll_every - 1);
    assert_int_equal(l.script, MUSTER_ASTRA_NOTHING);
    muster_astra_lock_tick(&l, NOW + S(15) + config.poll_every);
    assert_int_equal(l.script, MUSTER_ASTRA_RENEW);
    muster_astra_lock_sent(&l, NOW + S(17));
    muster_astra_lock_failed(&l, true); /* of unknown outcome: read first */
    muster_astra_lock_tick(&l, NOW + S(25));
    assert_int_equal(l.script, MUSTER_ASTRA_NOTHING);
    assert_true(muster_astra_lock_deadline(&l) == l.until);
    assert_int_equal(muster_astra_lock_seen(&l, NOW + S(16), MUSTER_ASTRA_OWN), MUSTER_ASTRA_SAME);
    assert_true(l.must_read); /* that reading was sent before */
    assert_int_equal(muster_astra_lock_seen(&l, NOW + S(25), MUSTER_ASTRA_OWN), MUSTER_ASTRA_SAME);
    muster_astra_lock_tick(&l, NOW + S(25));
    assert_int_equal(l.script, MUSTER_ASTRA_RENEW);
}

static void refused_take_waits(void **state)
{
    (void)state;
    muster_astra_lock_take(&l);
    muster_astra_lock_sent(&l, NOW);
    muster_astra_lock_failed(&l, false);
    assert_true(l.take_from == NOW + config.poll_every && muster_astra_lock_is_idle(&l));
    assert_false(l.must_read);
}

static void reading_that_shows_another_loses_the_lock(void **state)
{
    (void)state;
    take(NOW);
    assert_int_equal(muster_astra_lock_seen(&l, NOW - 1, MUSTER_ASTRA_NOBODY), MUSTER_ASTRA_SAME);
    assert_true(l.held); /* it was sent before the lock was taken */
    assert_int_equal(muster_astra_lock_seen(&l, NOW + S(1), MUSTER_ASTRA_OTHER), MUSTER_ASTRA_LOST);
    assert_int_equal(muster_astra_lock_seen(&l, NOW + S(2), MUSTER_ASTRA_OTHER), MUSTER_ASTRA_SAME);
}

static void what_is_dropped_is_given_back_in_its_time(void **state)
{
    (void)state;
    take(NOW);
    muster_astra_lock_drop(&l, NOW + S(2));
    assert_false(l.held || muster_astra_lock_is_idle(&l));
    assert_true(muster_astra_lock_deadline(&l) == NOW + S(2));
    muster_astra_lock_tick(&l, NOW + S(2));
    assert_int_equal(l.script, MUSTER_ASTRA_RELEASE);
    muster_astra_lock_sent(&l, NOW + S(2));
    assert_int_equal(muster_astra_lock_done(&l, integer(1)), MUSTER_ASTRA_RELEASED);
    assert_true(muster_astra_lock_is_idle(&l));
    muster_astra_lock_clear(&l); /* what was found in the store */
    muster_astra_lock_sent(&l, NOW + S(3));
    assert_int_equal(muster_astra_lock_done(&l, integer(0)), MUSTER_ASTRA_SAME);
}

/* A renewal is under way when the lock is dropped: its end changes nothing, then it is released. */
static void lock_that_is_dropped_stays_dropped(void **state)
{
    (void)state;
    take(NOW);
    muster_astra_lock_tick(&l, NOW + S(15));
    muster_astra_lock_sent(&l, NOW + S(15));
    muster_astra_lock_drop(&l, NOW + S(15));
    assert_int_equal(muster_astra_lock_done(&l, integer(1)), MUSTER_ASTRA_SAME);
    assert_true(!l.held && l.until == 0);
    muster_astra_lock_tick(&l, NOW + S(15));
    assert_int_equal(l.script, MUSTER_ASTRA_RELEASE);
}

static void release_after_an_unknown_outcome_is_left_to_the_next_reading(void **state)
{
    (void)state;
    take(NOW);
    muster_astra_lock_tick(&l, NOW + S(15));
    muster_astra_lock_sent(&l, NOW + S(15));
    muster_astra_lock_failed(&l, true);
    muster_astra_lock_drop(&l, NOW + S(16));
    muster_astra_lock_tick(&l, NOW + S(16));
    assert_true(muster_astra_lock_is_idle(&l) && l.must_read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(lock_holds_from_the_sending_and_with_a_margin, set_up),
        cmocka_unit_test_setup(lock_of_another_is_not_taken, set_up),
        cmocka_unit_test_setup(renewal_extends_from_its_sending, set_up),
        cmocka_unit_test_setup(renewal_of_what_is_gone_loses_the_lock, set_up),
        cmocka_unit_test_setup(failed_renewal_is_repeated_at_its_pace, set_up),
        cmocka_unit_test_setup(refused_take_waits, set_up),
        cmocka_unit_test_setup(reading_that_shows_another_loses_the_lock, set_up),
        cmocka_unit_test_setup(what_is_dropped_is_given_back_in_its_time, set_up),
        cmocka_unit_test_setup(lock_that_is_dropped_stays_dropped, set_up),
        cmocka_unit_test_setup(release_after_an_unknown_outcome_is_left_to_the_next_reading,
                               set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
