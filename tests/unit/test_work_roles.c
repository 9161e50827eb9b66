/* SPDX-License-Identifier: Apache-2.0 */
/* Work assignment, row by row of its tables: assignee and leader. */
#include "tests/lib/work_fixture.h"

/* ---- the assignee ---- */

static void granted_run_is_handed_out_once(void **state)
{
    (void)state;
    give("R 1 5 100 n1 3 0");
    assert_int_equal(b->actions, 1);
    assert_string_equal(b->action_text, "cache_purge|f|work of n2|words and more");
    assert_int_equal(b->action.tag, MUSTER_WORK_INTENTS | 7);
    assert_int_equal(b->action.action.epoch, 5);
    assert_int_equal(b->action.action.attempt, 1);
    assert_int_equal(b->action.action.timeout, b->config.work_timeout);
    assert_int_equal(b->action.action.not_after, b->now + b->config.request_timeout);
    wait_for(b->config.poll_every);
    assert_int_equal(b->actions, 1);
    end_action(MUSTER_RESULT_SUCCESS);
    settle();
    assert_true(begins(shown("f"), "D 1 5 100 n1 3 0;"));
    assert_string_equal(b->message, "I 2 -");
    give("R 1 5 100 n1 3 0"); /* an older board: it is not run again, it is reported again */
    assert_int_equal(b->actions, 1);
    assert_true(begins(shown("f"), "D 1 5 100 n1 3 0;"));
}

static void nothing_runs_that_is_not_granted_to_this_incarnation(void **state)
{
    (void)state;
    give("O 1 0 0 - 0 0");
    give("A 1 5 100 n1 0 0");
    give("R 1 5 99 n1 3 0");
    give("R 1 5 100 n2 3 0");
    give("D 1 5 100 n1 3 0");
    assert_int_equal(b->actions, 0);
}

static void end_of_a_run_is_told_as_what_it_proves(void **state)
{
    static const struct {
        uint64_t ended;
        const char *shown;
    } ends[] = {
        {MUSTER_RESULT_FAILED, "D 1 5 100 n1 3 1;"},
        {MUSTER_RESULT_FENCED, "D 1 5 100 n1 3 4;"},
        {MUSTER_RESULT_CANCELLED, "D 1 5 100 n1 3 6;"}, /* it was begun */
        {MUSTER_RESULT_SKIPPED_PAUSED, "D 1 5 100 n1 3 6;"},
    };
    (void)state;
    for (uint32_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        give("R 1 5 100 n1 3 0");
        end_action(ends[i].ended);
        settle();
        assert_true(begins(shown("f"), ends[i].shown));
        close_bench(NULL);
        open_bench(NULL);
    }
}

static void run_that_was_given_to_another_is_cancelled_and_not_reported(void **state)
{
    (void)state;
    give("R 1 5 100 n1 3 0");
    give("O 0 0 0 - 0 0"); /* an older board is no reason */
    assert_int_equal(b->cancels, 0);
    give("A 2 6 102 n3 0 0");
    give("A 2 6 102 n3 0 0");
    assert_int_equal(b->cancels, 1);
    end_action(MUSTER_RESULT_SUCCESS);
    settle();
    assert_true(begins(shown("f"), "A 2 6 102 n3"));
    assert_true(muster_work_saved(b->work));
}

static void run_that_the_leader_took_for_lost_is_cancelled(void **state)
{
    (void)state;
    give("R 1 5 100 n1 3 0");
    give("D 1 5 100 n1 3 6");
    assert_int_equal(b->cancels, 1);
    end_action(MUSTER_RESULT_SUCCESS);
    settle();
    assert_true(begins(shown("f"), "D 1 5 100 n1 3 6;"));
}

static void end_of_another_attempt_is_passed_over(void **state)
{
    (void)state;
    give("R 1 5 100 n1 3 0");
    b->action.action.attempt = 2;
    end_action(MUSTER_RESULT_SUCCESS);
    settle();
    assert_int_equal(notes(NOTE(RAN)), 0);
    assert_false(muster_work_drained(b->work));
}

static void only_so_many_run_at_once(void **state)
{
    char id[16], rest[32];
    (void)state;
    for (uint32_t i = 0; i < MUSTER_WORK_RUNS_MAX + 2; i++) {
        snprintf(id, sizeof id, "f%u", i);
        snprintf(rest, sizeof rest, "n2 n %s x", id);
        put(id, text_with_intent("R 1 5 100 n1 3 0", MUSTER_WORK_INTENTS | (7 + i), rest));
    }
    push("I 1 -");
    assert_int_equal(b->actions, 4); /* of one input */
    wait_for(b->config.poll_every);
    wait_for(b->config.poll_every);
    assert_int_equal(b->actions, MUSTER_WORK_RUNS_MAX);
    end_action(MUSTER_RESULT_SUCCESS);
    settle();
    assert_int_equal(b->actions, MUSTER_WORK_RUNS_MAX + 1);
}

static void what_has_perhaps_run_and_is_forgotten_is_unknown(void **state)
{
    char id[16], head[64], rest[32];
    (void)state;
    for (uint32_t i = 0; i <= MUSTER_WORK_RAN_MAX; i++) {
        snprintf(id, sizeof id, "f%u", i);
        snprintf(head, sizeof head, "R 1 5 100 n1 %u 0", 10 + i);
        snprintf(rest, sizeof rest, "n2 n %s x", id);
        put(id, text_with_intent(head, MUSTER_WORK_INTENTS | (7 + i), rest));
        push("I 1 -");
        end_action(MUSTER_RESULT_SUCCESS);
        settle();
        take_away(id);
    }
    uint32_t actions = b->actions;
    put("f0", text_with_intent("R 1 5 100 n1 10 0", MUSTER_WORK_INTENTS | 7, "n2 n f0 x"));
    put("f1", text_with_intent("R 1 5 100 n1 11 0", MUSTER_WORK_INTENTS | 8, "n2 n f1 x"));
    push("I 1 -");
    assert_int_equal(b->actions, actions);
    assert_true(begins(shown("f0"), "D 1 5 100 n1 10 6;"));
    assert_true(begins(shown("f1"), "D 1 5 100 n1 11 0;"));
    /* grants of another submitter have nothing to do with it */
    put("g", text_with_intent("R 1 5 100 n1 2 0", MUSTER_WORK_INTENTS | 5000, "n3 n g x"));
    push("I 1 -");
    assert_int_equal(b->actions, actions + 1);
}

static void draining_hands_back_what_it_has_not_begun(void **state)
{
    (void)state;
    give("R 1 5 100 n1 3 0");
    muster_work_drain(b->work, b->now);
    put("g", text_with_intent("R 1 5 100 n1 4 0", MUSTER_WORK_INTENTS | 9, "n2 n g x"));
    wait_for(0);
    assert_int_equal(b->actions, 1);
    assert_true(begins(shown("g"), "D 1 5 100 n1 4 5;"));
    assert_false(muster_work_drained(b->work));
    b->store = STORE_LOST;
    end_action(MUSTER_RESULT_SUCCESS);
    settle();
    assert_true(muster_work_drained(b->work));
    assert_false(muster_work_saved(b->work)); /* nobody knows of it yet */
    b->store = STORE_WELL;
    wait_for(b->config.poll_every);
    assert_true(begins(shown("f"), "D 1 5 100 n1 3 0;"));
    assert_true(muster_work_saved(b->work));
}

static void reading_of_one_that_stood_still_begins_nothing(void **state)
{
    (void)state;
    put("f", foreign("R 1 5 100 n1 3 0", "n2 n f x"));
    b->now += b->config.poll_every;
    struct muster_work_turn t = begin_turn();
    end_turn(&t); /* the reading is on its way */
    assert_int_equal(b->waiting, 1);
    b->now += b->config.request_timeout + 1;
    deliver();
    assert_int_equal(b->actions, 0);
    settle();
    wait_for(b->config.poll_every);
    assert_int_equal(b->actions, 1);
}

/* ---- the leader ---- */

static void lead(const char *head, const char *idempotent)
{
    char rest[64];
    snprintf(rest, sizeof rest, "n2 %s f cache_purge", idempotent);
    b->standing.leads = true;
    put("f", foreign(head, rest));
    wait_for(b->config.poll_every);
}

static void only_chosen(uint32_t member)
{
    for (uint32_t i = 0; i < MEMBERS; i++)
        b->member[i].live = i == member;
}

static void offer_is_assigned_under_the_leaders_epoch(void **state)
{
    (void)state;
    only_chosen(2);
    lead("O 4 0 0 - 0 0", "n");
    assert_true(begins(shown("f"), "A 5 5 102 n3 0 0;"));
    assert_string_equal(b->message, "I 2 -");
    assert_int_equal(noted(NOTE(ASSIGNED))->arg[1], 5);
    assert_int_equal(noted(NOTE(ASSIGNED))->arg[3], 2);
}

static void follower_assigns_nothing(void **state)
{
    (void)state;
    put("f", foreign("O 0 0 0 - 0 0", "n2 n f x"));
    wait_for(b->config.poll_every);
    assert_true(begins(shown("f"), "O 0 "));
    assert_int_equal(notes(NOTE(ASSIGNED)), 0);
}

static void nobody_gets_what_he_could_not_do(void **state)
{
    (void)state;
    b->member[0].score = 499999; /* failed */
    b->member[1].live = false;   /* suspect, gone, or not yet live */
    b->member[2].draining = true;
    lead("O 0 0 0 - 0 0", "y");
    assert_true(begins(shown("f"), "O 0 "));
    b->member[0].score = 500000;
    wait_for(b->config.poll_every);
    assert_true(begins(shown("f"), "A 1 5 100 n1 "));
    muster_work_drain(b->work, b->now);
    put("g", text_with_intent("O 0 0 0 - 0 0", MUSTER_WORK_INTENTS | 9, "n2 n g x"));
    wait_for(b->config.poll_every);
    assert_true(begins(shown("g"), "O 0 "));
}

static void assignment_is_moved_when_its_node_is_not_well_any_more(void **state)
{
    (void)state;
    only_chosen(2);
    b->member[1].live = true;
    lead("A 1 5 101 n2 0 0", "n");
    assert_true(begins(shown("f"), "A 1 5 101 n2 "));
    b->member[1].draining = true;
    wait_for(b->config.poll_every);
    assert_true(begins(shown("f"), "A 2 5 102 n3 "));
    b->member[2].life++; /* it has restarted */
    wait_for(b->config.poll_every);
    assert_true(begins(shown("f"), "A 3 5 103 n3 "));
    put("f", foreign("A 4 5 1 who 0 0", "n2 n f x"));
    wait_for(b->config.poll_every);
    assert_true(begins(shown("f"), "A 5 5 103 n3 "));
}

static void run_of_a_live_or_suspect_node_is_left_alone(void **state)
{
    (void)state;
    lead("R 1 5 102 n3 3 0", "y");
    assert_true(begins(shown("f"), "R 1 5 102 n3 "));
    b->member[2].live = false;
    b->member[2].draining = true;
    b->member[2].score = 0;
    wait_for(b->config.poll_every);
    assert_true(begins(shown("f"), "R 1 5 102 n3 "));
}

static void interrupted_run_is_given_to_another_if_it_is_idempotent(void **state)
{
    (void)state;
    only_chosen(1);
    b->member[2].gone = true;
    lead("R 1 5 102 n3 3 0", "y");
    assert_true(begins(shown("f"), "A 2 5 101 n2 "));
}

static void interrupted_run_ends_as_unknown_otherwise(void **state)
{
    (void)state;
    b->member[2].gone = true;
    b->member[2].live = false;
    lead("R 1 5 102 n3 3 0", "n");
    assert_true(begins(shown("f"), "D 1 5 102 n3 3 6;"));
    put("g", text_with_intent("R 64 5 102 n3 3 0", MUSTER_WORK_INTENTS | 9, "n2 y g x"));
    wait_for(b->config.poll_every); /* and so does one that was tried too often */
    assert_true(begins(shown("g"), "D 64 5 102 n3 3 6;"));
}

static void node_that_restarted_has_interrupted_its_runs(void **state)
{
    (void)state;
    b->member[2].life++;
    lead("R 1 5 102 n3 3 0", "n");
    assert_true(begins(shown("f"), "D 1 5 102 n3 3 6;"));
    put("g", text_with_intent("R 1 5 99 n1 3 0", MUSTER_WORK_INTENTS | 9, "n2 n g x"));
    wait_for(b->config.poll_every); /* the leader itself has */
    assert_true(begins(shown("g"), "D 1 5 99 n1 3 6;"));
}

static void node_that_was_never_seen_is_gone_after_the_lifetime_of_a_vote(void **state)
{
    (void)state;
    b->member[2] = (struct muster_member_view){0};
    lead("R 1 5 102 n3 3 0", "n");
    assert_true(begins(shown("f"), "R 1 "));
    wait_for(b->config.vote_ttl);
    assert_true(begins(shown("f"), "D 1 5 102 n3 3 6;"));
}

static void what_a_gone_submitter_left_is_cleared_away_unless_it_runs(void **state)
{
    (void)state;
    b->member[1].gone = true;
    b->member[1].live = false;
    put("g", text_with_intent("R 1 5 102 n3 3 0", MUSTER_WORK_INTENTS | 9, "n2 n g x"));
    put("h", text_with_intent("D 1 5 102 n3 3 0", MUSTER_WORK_INTENTS | 10, "n2 n h x"));
    put("i", text_with_intent("O 0 0 0 - 0 0", MUSTER_WORK_INTENTS | 11, "nobody n i x"));
    lead("O 0 0 0 - 0 0", "n");
    assert_int_equal(b->records, 2);
    assert_true(shown("g")[0] && shown("h")[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(granted_run_is_handed_out_once),
        TEST(nothing_runs_that_is_not_granted_to_this_incarnation),
        TEST(end_of_a_run_is_told_as_what_it_proves),
        TEST(run_that_was_given_to_another_is_cancelled_and_not_reported),
        TEST(run_that_the_leader_took_for_lost_is_cancelled),
        TEST(end_of_another_attempt_is_passed_over),
        TEST(only_so_many_run_at_once),
        TEST(what_has_perhaps_run_and_is_forgotten_is_unknown),
        TEST(draining_hands_back_what_it_has_not_begun),
        TEST(reading_of_one_that_stood_still_begins_nothing),
        TEST(offer_is_assigned_under_the_leaders_epoch),
        TEST(follower_assigns_nothing),
        TEST(nobody_gets_what_he_could_not_do),
        TEST(assignment_is_moved_when_its_node_is_not_well_any_more),
        TEST(run_of_a_live_or_suspect_node_is_left_alone),
        TEST(interrupted_run_is_given_to_another_if_it_is_idempotent),
        TEST(interrupted_run_ends_as_unknown_otherwise),
        TEST(node_that_restarted_has_interrupted_its_runs),
        TEST(node_that_was_never_seen_is_gone_after_the_lifetime_of_a_vote),
        TEST(what_a_gone_submitter_left_is_cleared_away_unless_it_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
