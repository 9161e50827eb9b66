/* SPDX-License-Identifier: Apache-2.0 */
/* What may start while the store is lost: nothing of the cluster, or nothing at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/lib/door.h"

#define S(seconds) ((seconds)*MUSTER_SECOND)

static struct door *d;

static int set_up(void **state)
{
    (void)state;
    d = door_open(&(struct door_options){.peers_vote = true});
    d->config.recovery.action[MUSTER_ACTION_CIRCUIT_RESTART].max_retries = 3;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    door_close(d);
    return 0;
}

static void lose_the_store(void)
{
    d->answer[MUSTER_ASK_POLL] = d->answer[MUSTER_ASK_SCRIPT] = DOOR_LOSE;
    d->answer[MUSTER_ASK_RECORD] = d->answer[MUSTER_ASK_HEALTH] = DOOR_LOSE;
    d->answer[MUSTER_ASK_STATE] = d->answer[MUSTER_ASK_DECISION] = DOOR_LOSE;
    d->answer[MUSTER_ASK_WAKE] = d->answer[MUSTER_ASK_SUBSCRIBE] = DOOR_LOSE;
}

static bool starts(const char *action)
{
    door_mark(d);
    door_command(d, MUSTER_VERB_TRIGGER, action);
    const struct door_entry *skipped = door_note(d, MUSTER_NOTE_ACTION_SKIPPED);
    if (skipped)
        assert_int_equal(skipped->effect.arg[0], MUSTER_RESULT_SKIPPED_STORE_LOST);
    return door_effect(d, MUSTER_OUT_ACTION) != NULL;
}

static void frozen_member_starts_nothing_until_the_store_answers(void **state)
{
    (void)state;
    d->config.store_lost_freezes = true;
    door_start(d, true);
    door_wait(d, S(20));
    lose_the_store();
    door_wait(d, S(8));
    assert_true(starts("cache_purge")); /* the store is not lost yet */
    door_end_action(d, door_effect(d, MUSTER_OUT_ACTION)->effect.tag, 1, MUSTER_RESULT_SUCCESS, 0);
    door_wait(d, S(4));
    assert_true(door_says(d, "store=lost"));
    assert_false(starts("circuit_restart"));
    assert_false(starts("safe_mode"));
    for (size_t i = 0; i < sizeof d->answer / sizeof d->answer[0]; i++)
        d->answer[i] = DOOR_NORMAL;
    door_wait(d, S(5));
    assert_true(starts("circuit_restart"));
}

static void frozen_member_does_not_try_again_what_failed(void **state)
{
    (void)state;
    d->config.store_lost_freezes = true;
    door_start(d, true);
    door_wait(d, S(20));
    assert_true(starts("circuit_restart"));
    uint64_t intent = door_effect(d, MUSTER_OUT_ACTION)->effect.tag;
    lose_the_store();
    door_wait(d, S(12));
    assert_null(door_effect(d, MUSTER_OUT_CANCEL)); /* what runs is let end */
    door_mark(d);
    door_end_action(d, intent, 1, MUSTER_RESULT_FAILED, 0);
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
    assert_int_equal(door_note(d, MUSTER_NOTE_ACTION_ENDED)->effect.arg[2], MUSTER_RESULT_FAILED);
}

static void other_members_go_on_alone(void **state)
{
    (void)state;
    door_start(d, true);
    door_wait(d, S(20));
    lose_the_store();
    door_wait(d, S(12));
    assert_true(door_says(d, "store=lost"));
    assert_false(starts("safe_mode"));
    assert_true(starts("circuit_restart"));
    uint64_t intent = door_effect(d, MUSTER_OUT_ACTION)->effect.tag;
    door_mark(d);
    door_end_action(d, intent, 1, MUSTER_RESULT_FAILED, 0);
    assert_int_equal(door_effect(d, MUSTER_OUT_ACTION)->effect.action.attempt, 2);
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(frozen_member_starts_nothing_until_the_store_answers),
        HERE(frozen_member_does_not_try_again_what_failed),
        HERE(other_members_go_on_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
