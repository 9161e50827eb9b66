/* SPDX-License-Identifier: Apache-2.0 */
/* The board of work items: who looks at it when, scripts, errors; and doing without one. */
#include "tests/lib/work_fixture.h"

/* ---- the board ---- */

static void push_wakes_only_whom_it_names(void **state)
{
    (void)state;
    uint32_t reads = b->reads;
    push("I 2 -");
    push("I 0 L");
    push("W n2");
    push("I");
    push("I xyz -");
    assert_int_equal(b->reads, reads);
    push("I 1 -");
    assert_int_equal(b->reads, reads + 1);
    b->standing.leads = true;
    tick();
    push("I 0 L");
    assert_int_equal(b->reads, reads + 2);
    struct muster_bytes garbage = {(const uint8_t *)"*", 1};
    muster_work_push(b->work, b->now, garbage);
    tick();
    assert_int_equal(b->reads, reads + 2);
}

static void push_during_a_reading_leads_to_another_one(void **state)
{
    (void)state;
    b->now += b->config.poll_every;
    struct muster_work_turn t = begin_turn();
    end_turn(&t);
    uint32_t reads = b->reads;
    push("I 1 -");
    assert_int_equal(b->reads, reads + 1);
}

static void unknown_script_is_sent_whole_and_then_by_name_again(void **state)
{
    (void)state;
    b->store = STORE_NOSCRIPT;
    offer(A);
    assert_true(begins(shown("a"), "O 0 "));
    assert_int_equal(b->evals, 1);
    b->store = STORE_WELL;
    uint64_t intent = b->work->entry[0].record.intent;
    assign(intent, "1", "101", "n2", "n");
    assert_int_equal(b->evals, 1);
}

static void error_is_answered_at_the_own_pace(void **state)
{
    (void)state;
    b->store = STORE_READONLY;
    offer(A);
    uint32_t calls = b->calls;
    for (uint32_t i = 0; i < 10; i++)
        push("I 1 -"); /* whatever the others say */
    assert_int_equal(b->calls, calls);
    wait_for(b->config.poll_every);
    assert_int_equal(b->calls, calls + 1);
    b->store = STORE_LOST;
    wait_for(b->config.poll_every);
    wait_for(b->config.poll_every);
    assert_int_equal(b->calls, calls + 1); /* nothing is changed before it was read */
    b->store = STORE_WELL;
    wait_for(b->config.poll_every);
    assert_true(begins(shown("a"), "O 0 "));
}

static void what_is_no_board_is_passed_over(void **state)
{
    (void)state;
    put("f", "R 1 5 100 n1 3 0");                            /* no record */
    put("g", foreign("R 1 5 100 n1 3 0", "n2 n other x"));   /* under another id */
    put("h", foreign("R 1 5 100 n1 3 0", "stranger n h x")); /* of no member */
    push("I 1 -");
    assert_int_equal(b->actions, 0);
    assert_int_equal(b->records, 3);
}

static void malformed_push_is_passed_over(void **state)
{
    uint8_t room[64];
    struct muster_flat_writer f;
    uint32_t reads = b->reads;
    (void)state;
    muster_flat_writer_init(&f, room, sizeof room);
    muster_flat_array(&f, 3);
    muster_flat_text(&f, MUSTER_FLAT_BULK, "message");
    muster_flat_text(&f, MUSTER_FLAT_BULK, "state");
    muster_flat_integer(&f, 1);
    for (size_t size = 0; size <= f.used; size++)
        muster_work_push(b->work, b->now, (struct muster_bytes){room, size});
    room[1] = 4; /* an array of four */
    muster_work_push(b->work, b->now, (struct muster_bytes){room, f.used});
    tick();
    assert_int_equal(b->reads, reads);
}

static void error_of_a_reading_is_noted_and_answered_at_the_own_pace(void **state)
{
    (void)state;
    uint32_t reads = b->reads;
    b->store = STORE_LOADING;
    wait_for(b->config.poll_every);
    assert_int_equal(notes(MUSTER_NOTE_STORE_ERROR), 1);
    assert_int_equal(b->reads, reads + 1);
    assert_int_equal(muster_work_deadline(b->work, b->standing), b->now + b->config.poll_every);
}

/* A reading is on its way: answered by these bytes. */
static void answer_with(const char *bytes, size_t size)
{
    b->now += b->config.poll_every;
    struct muster_work_turn t = begin_turn();
    end_turn(&t);
    assert_int_equal(b->waiting, 1);
    struct pending *p = &b->pending[b->first];
    memcpy(p->data, bytes, size);
    p->size = size;
    settle();
}

static void malformed_answer_changes_nothing(void **state)
{
    (void)state;
    offer(A);
    uint32_t calls = b->calls;
    answer_with("", 0);
    answer_with("*", 1);
    answer_with(":\x08\0\0\0\1\0\0\0\0\0\0\0", 13);
    assert_int_equal(b->calls, calls);
    answer_with("*\2\0\0\0$\1\0\0\0a", 11); /* a field without a value */
    assert_int_equal(b->calls, calls);
    b->store = STORE_NOSCRIPT;
    b->records = 0;
    b->now += b->config.poll_every;
    struct muster_work_turn t = begin_turn();
    end_turn(&t);
    deliver(); /* a change is on its way; its answer is none */
    assert_int_equal(b->waiting, 2);
    b->pending[b->first].size = 0;
    settle();
    assert_int_equal(b->evals, 0);
}

static void answer_for_one_that_leaves_or_is_refused_is_passed_over(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        offer(i ? "id=b action=x" : A);
        b->records = 0;
        const uint32_t calls = b->calls;
        b->now += b->config.poll_every;
        struct muster_work_turn t = begin_turn();
        end_turn(&t);
        b->standing = (struct muster_standing){.joined = true, .leaving = !i, .refused = i};
        settle();
        assert_int_equal(b->calls, calls);
        b->standing = (struct muster_standing){.joined = true};
    }
}

static void one_that_has_not_joined_or_is_refused_leaves_the_board_alone(void **state)
{
    (void)state;
    uint32_t reads = b->reads;
    b->standing.joined = false;
    wait_for(S(60));
    assert_int_equal(muster_work_deadline(b->work, b->standing), MUSTER_NEVER);
    b->standing = (struct muster_standing){.joined = true, .refused = true};
    wait_for(S(60));
    refuse(A, MUSTER_WORK_REFUSED_DRAINING);
    b->standing = (struct muster_standing){.joined = true, .leaving = true};
    wait_for(S(60));
    assert_int_equal(b->reads, reads);
}

static void idle_member_reads_once_in_a_poll_every(void **state)
{
    (void)state;
    uint32_t reads = b->reads, calls = b->calls;
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(muster_work_deadline(b->work, b->standing), b->now + b->config.poll_every);
        wait_for(b->config.poll_every);
    }
    assert_int_equal(b->reads, reads + 10);
    assert_int_equal(b->calls, calls);
}

/* ---- without a store ---- */

static void alone_the_journal_is_the_board(void **state)
{
    (void)state;
    b->config.local = true;
    b->standing.leads = true;
    for (uint32_t i = 1; i < MEMBERS; i++)
        b->member[i] = (struct muster_member_view){0};
    uint32_t reads = b->reads;
    submit(A);
    settle();
    assert_int_equal(b->actions, 1);
    assert_int_equal(b->action.action.attempt, 1);
    end_action(MUSTER_RESULT_FENCED);
    settle();
    assert_int_equal(b->actions, 1);
    assert_int_equal(muster_work_deadline(b->work, b->standing), b->now + b->config.poll_every);
    wait_for(b->config.poll_every);
    assert_int_equal(b->actions, 2);
    assert_int_equal(b->action.action.attempt, 3);
    end_action(MUSTER_RESULT_SUCCESS);
    assert_false(muster_work_saved(b->work));
    settle();
    assert_true(muster_work_saved(b->work));
    assert_int_equal(noted(NOTE(ENDED))->arg[2], MUSTER_RESULT_SUCCESS);
    assert_int_equal(state_of(0), MUSTER_WORK_ENTRY_FREE);
    assert_int_equal(b->reads, reads);
}

static void description_counts_items_and_runs(void **state)
{
    char room[64];
    struct muster_text t;
    (void)state;
    offer(A);
    give("R 1 5 100 n1 3 0");
    muster_text_init(&t, room, sizeof room);
    muster_work_describe(b->work, &t);
    assert_string_equal(room, " work=1 at_work=1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(push_wakes_only_whom_it_names),
        TEST(push_during_a_reading_leads_to_another_one),
        TEST(unknown_script_is_sent_whole_and_then_by_name_again),
        TEST(error_is_answered_at_the_own_pace),
        TEST(what_is_no_board_is_passed_over),
        TEST(malformed_push_is_passed_over),
        TEST(error_of_a_reading_is_noted_and_answered_at_the_own_pace),
        TEST(malformed_answer_changes_nothing),
        TEST(answer_for_one_that_leaves_or_is_refused_is_passed_over),
        TEST(one_that_has_not_joined_or_is_refused_leaves_the_board_alone),
        TEST(idle_member_reads_once_in_a_poll_every),
        TEST(alone_the_journal_is_the_board),
        TEST(description_counts_items_and_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
