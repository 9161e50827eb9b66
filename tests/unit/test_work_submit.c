/* SPDX-License-Identifier: Apache-2.0 */
/* Work assignment, row by row of its tables: the submitter. */
#include "tests/lib/work_fixture.h"

/* ---- submissions ---- */

static void submission_is_accepted_when_it_is_durable(void **state)
{
    (void)state;
    submit(IDEM " all of it");
    assert_int_equal(state_of(0), MUSTER_WORK_ENTRY_ACCEPTING);
    deliver(); /* the write */
    assert_int_equal(notes(NOTE(ACCEPTED)), 0);
    assert_int_equal(b->records, 0);
    deliver(); /* the sync */
    assert_int_equal(state_of(0), MUSTER_WORK_ENTRY_OPEN);
    assert_int_equal(noted(NOTE(ACCEPTED))->arg[1], true);
    assert_string_equal(noted(NOTE(ACCEPTED))->text, "a");
    settle();
    assert_string_equal(shown("a"), text_with_intent("O 0 0 0 - 0 0", noted(NOTE(ACCEPTED))->arg[0],
                                                     "n1 y a cache_purge all of it"));
    assert_string_equal(b->message, "I 0 L");
}

static void submission_is_refused_with_its_reason(void **state)
{
    char text[64];
    (void)state;
    refuse("action=x", MUSTER_WORK_REFUSED_MALFORMED);
    offer(A);
    refuse(A, MUSTER_WORK_REFUSED_DUPLICATE);
    for (uint32_t i = 1; i < b->config.work_items; i++) {
        snprintf(text, sizeof text, "id=b%u action=x", i);
        submit(text);
        settle();
    }
    refuse("id=c action=x", MUSTER_WORK_REFUSED_FULL);
    assert_string_equal(noted(NOTE(REFUSED))->text,
                        "c: as many items are open as work_items allows");
    muster_work_drain(b->work, b->now);
    refuse("id=c action=x", MUSTER_WORK_REFUSED_DRAINING);
    start(LIFE(0));
    refuse("id=c action=x", MUSTER_WORK_REFUSED_NOT_READY);
}

static void failed_sync_refuses_all_that_waits_and_voids_what_was_written(void **state)
{
    (void)state;
    b->disk_status = MUSTER_STATUS_NOSPACE;
    submit(A);               /* being written */
    submit("id=b action=x"); /* waits behind it */
    settle();
    assert_int_equal(notes(NOTE(REFUSED)), 2);
    assert_int_equal(noted(NOTE(REFUSED))->arg[0], MUSTER_WORK_REFUSED_DISK);
    assert_int_equal(state_of(0), MUSTER_WORK_ENTRY_VOID);
    assert_int_equal(state_of(1), MUSTER_WORK_ENTRY_FREE);
    refuse("id=c action=x", MUSTER_WORK_REFUSED_DISK);
    b->disk_status = MUSTER_STATUS_OK;
    wait_for(b->config.poll_every);
    assert_int_equal(state_of(0), MUSTER_WORK_ENTRY_FREE);
    assert_int_equal(b->work->dirty, 0);
    assert_int_equal(notes(NOTE(ACCEPTED)) + notes(NOTE(ENDED)), 0);
    start(LIFE(0) + 50); /* what was refused does not come back */
    settle();
    assert_int_equal(notes(NOTE(ACCEPTED)), 0);
    assert_int_equal(b->records, 0);
}

/* ---- the submitter ---- */

static void assignment_is_granted_when_it_is_durable(void **state)
{
    uint64_t intent;
    (void)state;
    intent = offer(A);
    put("a", text_with_intent("A 1 5 101 n2 0 0", intent, "n1 n a cache_purge"));
    b->disk_status = MUSTER_STATUS_IOERROR;
    push("I 1 -");
    assert_int_equal(notes(NOTE(GRANTED)), 0);
    assert_true(begins(shown("a"), "A 1 "));
    b->disk_status = MUSTER_STATUS_OK;
    wait_for(b->config.poll_every);
    assert_int_equal(noted(NOTE(GRANTED))->arg[1], 1);
    assert_int_equal(noted(NOTE(GRANTED))->arg[3], 1);
    assert_true(begins(shown("a"), "R 1 5 101 n2 "));
    assert_string_equal(b->message, "I 2 -");
}

static void grant_says_its_version_and_later_ones_are_higher(void **state)
{
    uint64_t intent, grant;
    struct muster_work_record r;
    (void)state;
    intent = offer(IDEM);
    assign(intent, "1", "101", "n2", "y");
    assert_int_equal(muster_work_record_parse(&r, muster_text_bytes(shown("a"))), 0);
    grant = r.grant;
    assert_true(grant > 0);
    assign(intent, "2", "102", "n3", "y");
    assert_int_equal(muster_work_record_parse(&r, muster_text_bytes(shown("a"))), 0);
    assert_true(r.grant > grant);
    assert_int_equal(r.number, 2);
}

static void result_ends_the_item_and_clears_the_board(void **state)
{
    uint64_t intent;
    (void)state;
    intent = offer(A);
    assign(intent, "1", "101", "n2", "n");
    put("a", text_with_intent("D 1 5 101 n2 2 1", intent, "n1 n a cache_purge"));
    push("I 1 -");
    assert_int_equal(notes(NOTE(ENDED)), 1);
    assert_int_equal(noted(NOTE(ENDED))->arg[2], MUSTER_RESULT_FAILED);
    assert_int_equal(notes(NOTE(ALERT)), 0);
    assert_int_equal(b->records, 0);
    assert_int_equal(state_of(0), MUSTER_WORK_ENTRY_FREE);
    wait_for(S(60));
    assert_int_equal(notes(NOTE(ENDED)), 1);
}

static void result_is_said_only_when_it_is_durable(void **state)
{
    uint64_t intent;
    (void)state;
    intent = offer(A);
    assign(intent, "1", "101", "n2", "n");
    b->disk_status = MUSTER_STATUS_IOERROR;
    put("a", text_with_intent("D 1 5 101 n2 2 0", intent, "n1 n a cache_purge"));
    push("I 1 -");
    assert_int_equal(state_of(0), MUSTER_WORK_ENTRY_ENDING);
    assert_int_equal(notes(NOTE(ENDED)), 0);
    assert_true(begins(shown("a"), "D 1 "));
    b->disk_status = MUSTER_STATUS_OK;
    wait_for(b->config.poll_every);
    assert_int_equal(notes(NOTE(ENDED)), 1);
}

/* What becomes of the end of a run: offered again, or the item's end. */
static void expect_after(const char *text, uint64_t result, bool again)
{
    char head[64];
    uint64_t intent = offer(text);
    bool idempotent = strstr(text, "yes") != NULL;
    assign(intent, "1", "101", "n2", idempotent ? "y" : "n");
    b->store = STORE_LOST; /* the board is ours */
    settle();
    b->store = STORE_WELL;
    snprintf(head, sizeof head, "D 1 5 101 n2 2 %llu", (unsigned long long)result);
    put("a",
        text_with_intent(head, intent, idempotent ? "n1 y a cache_purge" : "n1 n a cache_purge"));
    push("I 1 -");
    wait_for(b->config.poll_every);
    if (again) {
        assert_int_equal(notes(NOTE(ENDED)), 0);
        assert_true(begins(shown("a"), "O 2 0 0 - 0 0;"));
    } else {
        assert_int_equal(noted(NOTE(ENDED))->arg[2], result);
        assert_int_equal(notes(NOTE(ALERT)), result == MUSTER_RESULT_UNKNOWN);
    }
    close_bench(NULL);
    open_bench(NULL);
}

static void only_what_may_run_again_is_offered_again(void **state)
{
    (void)state;
    expect_after(A, MUSTER_RESULT_SUCCESS, false);
    expect_after(A, MUSTER_RESULT_FAILED, false);
    expect_after(A, MUSTER_RESULT_TIMED_OUT, false);
    expect_after(A, MUSTER_RESULT_UNKNOWN, false);
    expect_after(A, MUSTER_RESULT_FENCED, true);
    expect_after(A, MUSTER_RESULT_CANCELLED, true);
    expect_after(IDEM, MUSTER_RESULT_FAILED, false);
    expect_after(IDEM, MUSTER_RESULT_UNKNOWN, true);
}

static void item_that_is_fenced_again_and_again_ends(void **state)
{
    char head[64];
    uint64_t intent;
    (void)state;
    intent = offer(A);
    for (uint32_t number = 1; notes(NOTE(ENDED)) == 0; number += 2) {
        assert_true(number <= MUSTER_WORK_NUMBERS_MAX + 1);
        snprintf(head, sizeof head, "D %u 5 101 n2 0 4", number);
        put("a", text_with_intent(head, intent, "n1 n a cache_purge"));
        push("I 1 -");
        wait_for(b->config.poll_every);
    }
    assert_int_equal(noted(NOTE(ENDED))->arg[2], MUSTER_RESULT_FENCED);
}

static void lost_board_is_put_back_as_the_journal_has_it(void **state)
{
    uint64_t intent;
    char running[MUSTER_WORK_RECORD_MAX];
    (void)state;
    intent = offer(A);
    b->records = 0;
    wait_for(b->config.poll_every);
    assert_true(begins(shown("a"), "O 0 "));
    assign(intent, "1", "101", "n2", "n");
    snprintf(running, sizeof running, "%s", shown("a"));
    b->records = 0;
    wait_for(b->config.poll_every);
    assert_string_equal(shown("a"), running);
    assert_int_equal(notes(NOTE(GRANTED)), 1);
}

static void older_board_is_put_right_and_grants_nothing(void **state)
{
    uint64_t intent;
    (void)state;
    intent = offer(A);
    assign(intent, "3", "101", "n2", "n");
    put("a", text_with_intent("A 2 4 102 n3 0 0", intent, "n1 n a cache_purge"));
    push("I 1 -");
    assert_true(begins(shown("a"), "R 3 5 101 n2 "));
    put("a", text_with_intent("A 3 4 102 n3 0 0", intent, "n1 n a cache_purge"));
    push("I 1 -");
    assert_true(begins(shown("a"), "R 3 5 101 n2 "));
    assert_int_equal(notes(NOTE(GRANTED)), 1);
}

static void item_of_an_older_board_is_cleared_away_when_it_does_not_run(void **state)
{
    uint64_t old = MUSTER_WORK_INTENTS | 99;
    (void)state;
    put("z", text_with_intent("R 1 5 101 n2 3 0", old, "n1 n z x"));
    wait_for(b->config.poll_every);
    assert_int_equal(b->records, 1);
    put("z", text_with_intent("D 1 5 101 n2 3 0", old, "n1 n z x"));
    wait_for(b->config.poll_every);
    assert_int_equal(b->records, 0);
}

static void item_whose_id_is_taken_ends_as_cancelled(void **state)
{
    (void)state;
    put("a", foreign("R 1 5 102 n3 3 0", "n2 n a x"));
    submit(A);
    settle();
    assert_int_equal(noted(NOTE(ENDED))->arg[2], MUSTER_RESULT_CANCELLED);
    assert_true(begins(shown("a"), "R 1 5 102 n3"));
}

static void item_that_has_run_and_lost_its_place_ends_as_unknown(void **state)
{
    uint64_t intent;
    (void)state;
    intent = offer(A);
    assign(intent, "1", "101", "n2", "n");
    put("a", foreign("O 0 0 0 - 0 0", "n2 n a x"));
    wait_for(b->config.poll_every);
    assert_int_equal(noted(NOTE(ENDED))->arg[2], MUSTER_RESULT_UNKNOWN);
    assert_int_equal(notes(NOTE(ALERT)), 1);
}

static void what_the_item_is_does_not_come_from_the_board(void **state)
{
    uint64_t intent;
    (void)state;
    intent = offer(A);
    put("a", text_with_intent("A 1 5 101 n2 0 0", intent, "n1 y a other_action words"));
    push("I 1 -");
    assert_string_equal(b->work->entry[0].record.action, "cache_purge");
    assert_false(b->work->entry[0].record.idempotent);
}

static void full_board_is_waited_for(void **state)
{
    char id[16];
    (void)state;
    for (uint32_t i = 0; i < MUSTER_WORK_BOARD_MAX; i++) {
        snprintf(id, sizeof id, "x%u", i);
        put(id, "garbage");
    }
    uint32_t calls = b->calls;
    offer(A);
    assert_int_equal(b->calls, calls);
    take_away("x3");
    wait_for(b->config.poll_every);
    assert_true(begins(shown("a"), "O 0 "));
}

/* ---- restarts ---- */

static void restart_goes_on_with_what_the_journal_holds(void **state)
{
    char id[32], text[64];
    uint64_t intent;
    (void)state;
    intent = offer(A);
    for (uint32_t i = 1; i < 7; i++) { /* more than one READ brings */
        snprintf(text, sizeof text, "id=b%u action=x", i);
        submit(text);
        settle();
    }
    assign(intent, "1", "101", "n2", "n");
    b->records = 0;
    uint64_t version = b->work->version;
    start(LIFE(0) + 50);
    settle();
    assert_int_equal(notes(NOTE(ACCEPTED)), 7);
    assert_int_equal(noted(NOTE(ACCEPTED))->arg[2], 1);
    assert_int_equal(notes(NOTE(GRANTED)), 1);
    assert_int_equal(b->work->version, version);
    assert_true(begins(shown("a"), "R 1 5 101 n2 "));
    for (uint32_t i = 1; i < 7; i++) {
        snprintf(id, sizeof id, "b%u", i);
        assert_true(begins(shown(id), "O 0 "));
    }
}

static void restart_says_again_how_an_item_ended_and_clears_the_board(void **state)
{
    uint64_t intent;
    (void)state;
    intent = offer(A);
    assign(intent, "1", "101", "n2", "n");
    put("a", text_with_intent("D 1 5 101 n2 2 0", intent, "n1 n a cache_purge"));
    push("I 1 -");
    put("a", text_with_intent("D 1 5 101 n2 2 0", intent, "n1 n a cache_purge"));
    start(LIFE(0) + 50);
    settle();
    assert_int_equal(notes(NOTE(ENDED)), 1);
    assert_int_equal(noted(NOTE(ENDED))->arg[3], 1);
    assert_int_equal(notes(NOTE(ACCEPTED)), 0);
    assert_int_equal(b->records, 0);
    assert_int_equal(state_of(0), MUSTER_WORK_ENTRY_FREE);
}

static void journal_that_cannot_be_read_is_read_again(void **state)
{
    (void)state;
    offer(A);
    b->disk_status = MUSTER_STATUS_IOERROR;
    start(LIFE(0) + 50);
    settle();
    assert_int_equal(muster_work_deadline(b->work, b->standing), b->now + b->config.poll_every);
    refuse("id=b action=x", MUSTER_WORK_REFUSED_NOT_READY);
    b->disk_status = MUSTER_STATUS_OK;
    wait_for(b->config.poll_every);
    assert_int_equal(state_of(0), MUSTER_WORK_ENTRY_OPEN);
}

static void open_item_beyond_the_table_is_an_alert(void **state)
{
    char text[64];
    (void)state;
    for (uint32_t i = 0; i < b->config.work_items; i++) {
        snprintf(text, sizeof text, "id=b%u action=x", i);
        submit(text);
        settle();
    }
    b->config.work_items = 6;
    start(LIFE(0) + 50);
    settle();
    assert_int_equal(notes(NOTE(ACCEPTED)), 6);
    assert_int_equal(notes(NOTE(ALERT)), 2);
}

static void journal_of_another_member_is_none_of_ours(void **state)
{
    static const char *const names[] = {"other", "n2", "n3"};
    (void)state;
    offer(A);
    b->place.names = names;
    start(LIFE(0) + 50);
    settle();
    assert_int_equal(notes(NOTE(ACCEPTED)), 0);
    assert_int_equal(state_of(0), MUSTER_WORK_ENTRY_FREE);
}

static void item_beyond_the_table_that_has_ended_is_no_alert(void **state)
{
    (void)state;
    char text[64];
    for (uint32_t i = 0; i < b->config.work_items; i++) {
        snprintf(text, sizeof text, "id=b%u action=x", i);
        submit(text);
        settle();
    }
    put("b7", text_with_intent("D 0 0 0 - 0 0", b->work->entry[7].record.intent, "n1 n b7 x"));
    snprintf(text, sizeof text, "D 1 5 100 n1 0 0");
    put("b7", text_with_intent(text, b->work->entry[7].record.intent, "n1 n b7 x"));
    push("I 1 -");
    assert_int_equal(noted(NOTE(ENDED))->arg[2], MUSTER_RESULT_SUCCESS);
    b->config.work_items = 7;
    start(LIFE(0) + 50);
    settle();
    assert_int_equal(notes(NOTE(ACCEPTED)), 7);
    assert_int_equal(notes(NOTE(ALERT)), 0);
}

static void lost_board_of_large_items_is_put_back_a_few_at_a_time(void **state)
{
    static const char *const names[] = {"a-name-of-thirty-one-characters", "n2", "n3"};
    char text[512], rest[400], head[128], params[MUSTER_WORK_PARAMS_MAX + 1];
    (void)state;
    memset(params, 'p', sizeof params - 1);
    params[sizeof params - 1] = 0;
    b->place.names = names;
    start(LIFE(0));
    settle();
    snprintf(head, sizeof head, "A 1 9007199254740991 ffffffffffffffff %s 0 0", names[0]);
    for (uint32_t i = 0; i < b->config.work_items; i++) {
        snprintf(rest, sizeof rest, "%u%.30s action=%.31s %s", i, params, params, params);
        snprintf(text, sizeof text, "id=%s", rest);
        submit(text);
        settle();
        const struct muster_work_record *r = &b->work->entry[i].record;
        snprintf(text, sizeof text, "%s;%llx %s n %s %s %s", head, (unsigned long long)r->intent,
                 names[0], r->id, r->action, params);
        put(r->id, text);
        push("I 1 -");
    }
    assert_int_equal(notes(NOTE(GRANTED)), b->config.work_items);
    b->records = 0;
    b->store = STORE_NOSCRIPT; /* the script itself takes room, too */
    for (uint32_t i = 0; i < 4; i++)
        wait_for(b->config.poll_every);
    assert_int_equal(b->records, b->config.work_items);
    assert_int_equal(b->evals, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(submission_is_accepted_when_it_is_durable),
        TEST(submission_is_refused_with_its_reason),
        TEST(failed_sync_refuses_all_that_waits_and_voids_what_was_written),
        TEST(assignment_is_granted_when_it_is_durable),
        TEST(grant_says_its_version_and_later_ones_are_higher),
        TEST(result_ends_the_item_and_clears_the_board),
        TEST(result_is_said_only_when_it_is_durable),
        TEST(only_what_may_run_again_is_offered_again),
        TEST(item_that_is_fenced_again_and_again_ends),
        TEST(lost_board_is_put_back_as_the_journal_has_it),
        TEST(older_board_is_put_right_and_grants_nothing),
        TEST(item_of_an_older_board_is_cleared_away_when_it_does_not_run),
        TEST(item_whose_id_is_taken_ends_as_cancelled),
        TEST(item_that_has_run_and_lost_its_place_ends_as_unknown),
        TEST(what_the_item_is_does_not_come_from_the_board),
        TEST(full_board_is_waited_for),
        TEST(restart_goes_on_with_what_the_journal_holds),
        TEST(restart_says_again_how_an_item_ended_and_clears_the_board),
        TEST(journal_that_cannot_be_read_is_read_again),
        TEST(open_item_beyond_the_table_is_an_alert),
        TEST(journal_of_another_member_is_none_of_ours),
        TEST(item_beyond_the_table_that_has_ended_is_no_alert),
        TEST(lost_board_of_large_items_is_put_back_a_few_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
