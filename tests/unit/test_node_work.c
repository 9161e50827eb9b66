/* SPDX-License-Identifier: Apache-2.0 */
/* Work behind a node's door: which input reaches it, and what the node makes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/coordinator/work.h"
#include "tests/lib/door.h"

#define S(seconds) ((seconds)*MUSTER_SECOND)

static struct door *d;
static uint32_t asked; /* how often the strategy from outside was */

static int tear_down(void **state)
{
    (void)state;
    door_close(d);
    return 0;
}

static int alone(void **state)
{
    (void)state;
    asked = 0;
    d = door_open(&(struct door_options){.members = 1});
    d->config.local = true;
    d->config.work_items = 4;
    return 0;
}

static int one_of_three(void **state)
{
    (void)state;
    d = door_open(&(struct door_options){.peers_vote = true});
    return 0;
}

static uint32_t first(const char *id, const struct muster_work_candidate *candidate, uint32_t count)
{
    assert_string_equal(id, "a");
    assert_string_equal(candidate[0].name, "n1");
    assert_int_equal(count, 1);
    asked++;
    return 0;
}

static void node_without_work_refuses_it(void **state)
{
    (void)state;
    door_start(d, true);
    door_command(d, MUSTER_VERB_WORK, "id=a action=x");
    assert_int_equal(door_note(d, MUSTER_NOTE_WORK_REFUSED)->effect.arg[0],
                     MUSTER_WORK_REFUSED_OFF);
    door_end_action(d, MUSTER_WORK_INTENTS | 5, 1, MUSTER_RESULT_SUCCESS, 0); /* nobody's */
    door_wait(d, S(60));
    assert_int_equal(door_requests(d, "HGETALL"), 0);
    assert_false(door_says(d, "work="));
}

static void item_runs_by_the_strategy_that_was_plugged_in(void **state)
{
    static const struct muster_work_strategy strategy = {.name = "first", .choose = first};
    (void)state;
    d->parts.work_strategy = &strategy;
    door_start(d, false);
    door_wait(d, S(1));
    door_command(d, MUSTER_VERB_WORK, "id=a action=x idempotent=yes words");
    door_wait(d, S(1));
    assert_int_equal(asked, 1);
    const struct door_entry *action = door_effect(d, MUSTER_OUT_ACTION);
    assert_string_equal(action->text, "x a work of n1 words");
    assert_int_equal(action->effect.action.epoch, 1);
    assert_true(door_says(d, "work=1 at_work=1"));
    door_end_action(d, action->effect.tag, 1, MUSTER_RESULT_SUCCESS, 0);
    door_wait(d, S(1));
    assert_int_equal(door_notes(d, MUSTER_NOTE_WORK_ENDED), 1);
    assert_true(door_says(d, "work=0 at_work=0"));
}

static void shutdown_waits_for_a_run_and_its_record(void **state)
{
    (void)state;
    door_start(d, false);
    door_wait(d, S(1));
    door_command(d, MUSTER_VERB_WORK, "id=a action=x");
    door_wait(d, S(1));
    const struct door_entry *action = door_effect(d, MUSTER_OUT_ACTION);
    door_command(d, MUSTER_VERB_SHUTDOWN, "");
    door_wait(d, S(20));
    assert_null(door_note(d, MUSTER_NOTE_STOPPED));
    door_end_action(d, action->effect.tag, 1, MUSTER_RESULT_SUCCESS, 0);
    assert_null(door_note(d, MUSTER_NOTE_STOPPED)); /* the record is on its way to the disk */
    door_wait(d, S(1));
    assert_non_null(door_note(d, MUSTER_NOTE_WORK_ENDED));
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
}

static void target_that_refuses_a_run_is_heard_of(void **state)
{
    (void)state;
    door_start(d, false);
    door_wait(d, S(1));
    door_command(d, MUSTER_VERB_WORK, "id=a action=x");
    door_wait(d, S(1));
    const struct door_entry *action = door_effect(d, MUSTER_OUT_ACTION);
    door_end_action(d, action->effect.tag, 1, MUSTER_RESULT_FENCED, 9);
    door_wait(d, S(3));
    assert_true(door_says(d, "known=10")); /* it has campaigned above, and gives the item anew */
    assert_int_equal(door_effect(d, MUSTER_OUT_ACTION)->effect.action.epoch, 10);
}

static void draining_is_published_where_there_is_work(void **state)
{
    (void)state;
    for (uint32_t items = 0; items < 2; items++) {
        d->config.work_items = items;
        door_start(d, true);
        door_wait(d, S(30));
        door_command(d, MUSTER_VERB_TRIGGER, "circuit_restart");
        assert_memory_equal(d->own, "V A", 3);
        door_command(d, MUSTER_VERB_SHUTDOWN, "");
        door_wait(d, S(10));
        assert_memory_equal(d->own, items > 0 ? "V D" : "V A", 3);
        door_close(d);
        one_of_three(NULL);
    }
}

static void member_with_work_reads_the_board_in_its_turn(void **state)
{
    (void)state;
    d->config.work_items = 4;
    door_start(d, true);
    door_wait(d, S(30));
    door_mark(d);
    door_wait(d, S(15));
    assert_in_range(door_requests(d, "HGETALL {muster:muster}:work"), 9, 11);
    assert_int_equal(door_requests(d, "EVAL"), door_requests(d, "EVALSHA")); /* the lease's own */
    uint32_t reads = door_requests(d, "HGETALL");
    door_push(d, "I 1 -");
    assert_int_equal(door_requests(d, "HGETALL"), reads + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(node_without_work_refuses_it, one_of_three, tear_down),
        cmocka_unit_test_setup_teardown(item_runs_by_the_strategy_that_was_plugged_in, alone,
                                        tear_down),
        cmocka_unit_test_setup_teardown(shutdown_waits_for_a_run_and_its_record, alone, tear_down),
        cmocka_unit_test_setup_teardown(target_that_refuses_a_run_is_heard_of, alone, tear_down),
        cmocka_unit_test_setup_teardown(draining_is_published_where_there_is_work, one_of_three,
                                        tear_down),
        cmocka_unit_test_setup_teardown(member_with_work_reads_the_board_in_its_turn, one_of_three,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
