/* SPDX-License-Identifier: Apache-2.0 */
/* The properties of work items, by records made by hand: each fires, and is silent next to that. */
#include "core/coordinator/work_record.h"
#include "tests/lib/check_world.h"

#define ITEM                       (MUSTER_WORK_INTENTS | 0xa)
#define TEXT                       "item 1800000000000a"
#define ACCEPTED(w, t, idempotent) SEE(w, t, 0, NOTE_KIND(WORK_ACCEPTED), ITEM, idempotent, 0)
#define GRANTED(w, t, number)      SEE(w, t, 0, NOTE_KIND(WORK_GRANTED), ITEM, number, 1, 1)
#define TAKEN(w, t, number)        SEE(w, t, 1, MUSTER_EVENT_TARGET_STARTED, ITEM, 1, number, 0)
#define OVER(w, t, result, again)  SEE(w, t, 0, NOTE_KIND(WORK_ENDED), ITEM, 1, result, again)

static const struct muster_entry timeline[] = {
    {.verb = MUSTER_DO_TRIGGER},
    {.verb = MUSTER_DO_WORK, .work = {.count = 4}},
};

/* As open_world, with a timeline in it: the table has room for its items. */
static void open_with_items(struct muster_world *w, const struct muster_property *property)
{
    open_world(w, property);
    w->config.work_timeout = S(10);
    w->config.vote_ttl = S(30);
    w->scenario.timeline = timeline;
    w->scenario.entry_count = 2;
    memset(w->memory, 0, sizeof w->memory);
    assert_true(property->size(w) <= sizeof w->memory);
    property->init(w->memory, w);
}

static void run_needs_a_grant(void **state)
{
    struct muster_world w;
    (void)state;
    open_with_items(&w, &muster_check_work_once);
    ACCEPTED(&w, S(1), false);
    GRANTED(&w, S(2), 1);
    TAKEN(&w, S(3), 1);
    OVER(&w, S(4), MUSTER_RESULT_SUCCESS, 0);
    OVER(&w, S(5), MUSTER_RESULT_SUCCESS, 1); /* restated */
    holds(&w);
    open_with_items(&w, &muster_check_work_once);
    ACCEPTED(&w, S(1), true);
    GRANTED(&w, S(2), 1);
    TAKEN(&w, S(3), 2);
    fires(&w, TEXT " runs at n2 with number 2, which its submitter has not journaled");
}

static void numbers_are_accepted_once_and_in_order(void **state)
{
    struct muster_world w;
    (void)state;
    open_with_items(&w, &muster_check_work_once);
    ACCEPTED(&w, S(1), true);
    GRANTED(&w, S(2), 3);
    TAKEN(&w, S(3), 1);
    TAKEN(&w, S(4), 3);
    holds(&w);
    TAKEN(&w, S(5), 3);
    fires(&w, TEXT " was accepted with number 3 after number 3");
    open_with_items(&w, &muster_check_work_once);
    ACCEPTED(&w, S(1), true);
    GRANTED(&w, S(2), 3);
    TAKEN(&w, S(3), 3);
    TAKEN(&w, S(4), 1);
    fires(&w, TEXT " was accepted with number 1 after number 3");
}

static void what_is_not_idempotent_is_accepted_once(void **state)
{
    struct muster_world w;
    (void)state;
    open_with_items(&w, &muster_check_work_once);
    ACCEPTED(&w, S(1), false);
    GRANTED(&w, S(2), 3);
    TAKEN(&w, S(3), 1);
    holds(&w);
    TAKEN(&w, S(4), 3);
    fires(&w, TEXT " is not idempotent, and was accepted twice: with number 3 after number 1");
}

static void terminal_record_is_one_and_true(void **state)
{
    struct muster_world w;
    (void)state;
    open_with_items(&w, &muster_check_work_once);
    ACCEPTED(&w, S(1), false);
    OVER(&w, S(2), MUSTER_RESULT_FENCED, 0);
    holds(&w);
    OVER(&w, S(3), MUSTER_RESULT_FENCED, 0);
    fires(&w, "n1 ended " TEXT " a second time: as fenced, and now as fenced");
    open_with_items(&w, &muster_check_work_once);
    ACCEPTED(&w, S(1), false);
    OVER(&w, S(2), MUSTER_RESULT_UNKNOWN, 0);
    OVER(&w, S(3), MUSTER_RESULT_FAILED, 1);
    fires(&w, "n1 ended " TEXT " a second time: as unknown, and now as failed");
    open_with_items(&w, &muster_check_work_once);
    ACCEPTED(&w, S(1), false);
    OVER(&w, S(2), MUSTER_RESULT_SUCCESS, 0);
    fires(&w, "n1 ended " TEXT " as success, and no target has accepted it");
    open_with_items(&w, &muster_check_work_once);
    ACCEPTED(&w, S(1), false);
    GRANTED(&w, S(2), 1);
    TAKEN(&w, S(3), 1);
    OVER(&w, S(4), MUSTER_RESULT_CANCELLED, 0);
    fires(&w, "n1 ended " TEXT " as cancelled, which says that nothing was done, and a target has "
              "accepted it");
}

static void effects_of_others_are_not_judged(void **state)
{
    struct muster_world w;
    (void)state;
    open_with_items(&w, &muster_check_work_once);
    SEE(&w, S(1), 1, MUSTER_EVENT_TARGET_STARTED, 17, 1, 1, 0); /* an orchestrator's intent */
    w.process.name = "another";
    TAKEN(&w, S(2), 1);
    says_nothing(&w);
}

static void accepted_item_needs_its_end(void **state)
{
    struct muster_world w;
    (void)state;
    /* failover 21 s, noticed 30 + 15 s, two runs of 10 + 1 + 4 s: 96 s, and drift */
    open_with_items(&w, &muster_check_work_ends);
    ACCEPTED(&w, S(10), false);
    finish(&w, S(10 + 96));
    says_nothing(&w);
    finish(&w, S(10 + 97));
    fires(&w, "n1 accepted item 1800000000000a at 10.000 s and has no end of it 97.000 s after "
              "everything was well");
    open_with_items(&w, &muster_check_work_ends);
    ACCEPTED(&w, S(10), false);
    OVER(&w, S(20), MUSTER_RESULT_FAILED, 0);
    finish(&w, S(500));
    holds(&w);
}

static void time_for_the_end_counts_from_when_all_was_well(void **state)
{
    struct muster_world w;
    (void)state;
    open_with_items(&w, &muster_check_work_ends);
    ACCEPTED(&w, S(10), false);
    w.calm = S(50);
    finish(&w, S(50 + 96));
    SEE(&w, S(200), 0, MUSTER_EVENT_RESTART, 2);
    SEE(&w, S(201), 0, NOTE_KIND(WORK_ACCEPTED), ITEM, 0, 1); /* restated: accepted long ago */
    finish(&w, S(200 + 96));
    w.down[0] = true;
    finish(&w, S(900));
    w.down[0] = false;
    SEE(&w, S(900), 0, MUSTER_EVENT_PAUSE, 0);
    finish(&w, S(1900));
    says_nothing(&w);
    SEE(&w, S(2000), 0, MUSTER_EVENT_RESUME, 0);
    finish(&w, S(2000 + 97));
    assert_int_equal(w.violated, 1);
}

static void items_beyond_the_table_are_passed_over(void **state)
{
    struct muster_world w;
    (void)state;
    open_with_items(&w, &muster_check_work_ends);
    for (uint64_t i = 0; i < 1000; i++)
        SEE(&w, S(10), 0, NOTE_KIND(WORK_ACCEPTED), MUSTER_WORK_INTENTS | i, 0, 0);
    finish(&w, S(20));
    says_nothing(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_needs_a_grant),
        cmocka_unit_test(numbers_are_accepted_once_and_in_order),
        cmocka_unit_test(what_is_not_idempotent_is_accepted_once),
        cmocka_unit_test(terminal_record_is_one_and_true),
        cmocka_unit_test(effects_of_others_are_not_judged),
        cmocka_unit_test(accepted_item_needs_its_end),
        cmocka_unit_test(time_for_the_end_counts_from_when_all_was_well),
        cmocka_unit_test(items_beyond_the_table_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
