/* SPDX-License-Identifier: Apache-2.0 */
/* The node as reader: decisions, members, a store that fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/door.h"

#define S(seconds) ((seconds)*MUSTER_SECOND)

static struct door *d;

static int tear_down(void **state)
{
    (void)state;
    door_close(d);
    return 0;
}

static int fresh(void **state)
{
    (void)state;
    d = door_open(&(struct door_options){.peers_vote = true});
    door_start(d, true);
    return 0;
}

/* n2 leads with (1, beef), which this voter has promised. */
static int following(void **state)
{
    fresh(state);
    door_wait(d, S(13));
    door_foreign_leader(d, 1, 0xbeef, 0);
    door_wait(d, S(4));
    assert_true(door_says(d, "promise=1"));
    return 0;
}

static int leading(void **state)
{
    fresh(state);
    door_wait(d, S(17));
    assert_true(door_says(d, "lease=leading epoch=1"));
    return 0;
}

static struct muster_member_record own(void)
{
    struct muster_member_record r;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    return r;
}

/* ---- consensus ---- */

static void put_decision(uint64_t epoch, uint64_t sequence, uint64_t mode)
{
    snprintf(d->decision, sizeof d->decision, "D %u %u 3 %u 3", (unsigned)epoch, (unsigned)sequence,
             (unsigned)mode);
}

static void decision_of_the_current_leader_is_applied_once(void **state)
{
    (void)state;
    put_decision(1, 1, MUSTER_MODE_SAFE);
    door_wait(d, S(6));
    assert_int_equal(door_notes(d, MUSTER_NOTE_CONSENSUS_APPLIED), 1);
    assert_true(door_says(d, "mode=SAFE"));
    put_decision(1, 2, MUSTER_MODE_HEURISTIC);
    door_wait(d, S(2));
    assert_true(door_says(d, "mode=HEURISTIC"));
    put_decision(1, 1, MUSTER_MODE_SAFE);
    door_wait(d, S(2));
    assert_true(door_says(d, "mode=HEURISTIC"));
}

static void decision_of_an_old_epoch_is_not_applied(void **state)
{
    (void)state;
    door_foreign_leader(d, 4, 0xcafe, 0);
    put_decision(1, 9, MUSTER_MODE_SAFE);
    door_wait(d, S(4));
    assert_null(door_note(d, MUSTER_NOTE_CONSENSUS_APPLIED));
    put_decision(4, 1, MUSTER_MODE_SAFE);
    door_wait(d, S(2));
    assert_non_null(door_note(d, MUSTER_NOTE_CONSENSUS_APPLIED));
    door_foreign_leader(d, 1, 0xbeef, 9); /* an older dump of the store */
    put_decision(1, 10, MUSTER_MODE_HEURISTIC);
    door_wait(d, S(2));
    assert_int_equal(door_notes(d, MUSTER_NOTE_CONSENSUS_APPLIED), 1);
}

static void decision_without_a_leader_is_not_applied(void **state)
{
    (void)state;
    put_decision(1, 1, MUSTER_MODE_SAFE);
    snprintf(d->leader, sizeof d->leader, "R 1 beef 0 n2 %032x", 1);
    door_wait(d, S(1));
    assert_null(door_note(d, MUSTER_NOTE_CONSENSUS_APPLIED));
}

static void decision_with_an_unknown_mode_is_not_applied(void **state)
{
    (void)state;
    put_decision(1, 1, 99);
    door_wait(d, S(2));
    snprintf(d->decision, sizeof d->decision, "D 1 x");
    door_wait(d, S(2));
    assert_null(door_note(d, MUSTER_NOTE_CONSENSUS_APPLIED));
}

static void leader_publishes_what_a_majority_votes_for(void **state)
{
    (void)state;
    d->peer[1].mode = d->peer[2].mode = MUSTER_MODE_HEURISTIC;
    door_mark(d);
    door_wait(d, S(12));
    struct muster_decision_record r;
    assert_int_equal(muster_decision_record_parse(&r, muster_text_bytes(d->decision)), 0);
    assert_int_equal(r.epoch, 1);
    assert_int_equal(r.mode, MUSTER_MODE_HEURISTIC);
    assert_true(door_says(d, "mode=HEURISTIC"));
    assert_non_null(door_note(d, MUSTER_NOTE_CONSENSUS_APPLIED));
}

static void no_quorum_applies_nothing(void **state)
{
    (void)state;
    d->decision[0] = 0;
    d->peer[1].still = d->peer[2].still = true; /* they echo, but their votes are old */
    d->health = "failed=4 circuit=CLOSED failures_1h=0";
    door_wait(d, S(30));
    door_mark(d);
    d->decision[0] = 0;
    d->health = "failed=0 circuit=OPEN failures_1h=0";
    door_wait(d, S(20));
    assert_string_equal(d->decision, "");
    assert_null(door_note(d, MUSTER_NOTE_CONSENSUS_APPLIED));
    assert_true(door_says(d, "lease=leading"));
}

static void split_votes_apply_nothing(void **state)
{
    (void)state;
    d->peer[1].mode = MUSTER_MODE_HEURISTIC;
    d->peer[2].mode = MUSTER_MODE_SAFE;
    door_wait(d, S(6));
    d->decision[0] = 0;
    door_mark(d);
    door_wait(d, S(20));
    assert_string_equal(d->decision, "");
}

static void vote_out_of_range_does_not_count(void **state)
{
    (void)state;
    d->peer[1].mode = 77;
    d->peer[2].circuit = 4;
    door_wait(d, S(6));
    const struct door_entry *e = door_note(d, MUSTER_NOTE_CONSENSUS);
    assert_non_null(e);
    assert_int_equal(e->effect.arg[2], MUSTER_OUTCOME_NO_QUORUM);
    assert_int_equal(e->effect.arg[3], 1);
}

static void vote_of_another_electorate_does_not_count(void **state)
{
    (void)state;
    d->peer[1].electorate_off = 1;
    d->peer[2].still = true; /* it echoes, but its vote is old */
    door_wait(d, S(22));
    const struct door_entry *e = door_note(d, MUSTER_NOTE_CONSENSUS);
    assert_true(door_says(d, "lease=leading"));
    assert_int_equal(e->effect.arg[2], MUSTER_OUTCOME_NO_QUORUM);
    assert_int_equal(e->effect.arg[3], 1);
}

/* ---- the store ---- */

static void store_lost_and_back(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_POLL] = d->answer[MUSTER_ASK_SCRIPT] = DOOR_LOSE;
    d->answer[MUSTER_ASK_RECORD] = d->answer[MUSTER_ASK_HEALTH] = DOOR_LOSE;
    d->answer[MUSTER_ASK_STATE] = d->answer[MUSTER_ASK_WAKE] = DOOR_LOSE;
    d->answer[MUSTER_ASK_DECISION] = DOOR_LOSE;
    door_mark(d);
    door_wait(d, d->config.renew_deadline + S(2));
    assert_int_equal(door_notes(d, MUSTER_NOTE_STORE_LOST), 1);
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_LOST)->effect.arg[2], MUSTER_LOST_DEADLINE);
    assert_true(door_says(d, "store=lost"));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    assert_int_equal(door_note(d, MUSTER_NOTE_ACTION_SKIPPED)->effect.arg[0],
                     MUSTER_RESULT_SKIPPED_STORE_LOST);
    door_command(d, MUSTER_VERB_TRIGGER, "circuit_restart");
    assert_non_null(door_effect(d, MUSTER_OUT_ACTION)); /* local actions go on */
    memset(d->answer, 0, sizeof d->answer);
    door_wait(d, S(3));
    assert_int_equal(door_notes(d, MUSTER_NOTE_STORE_BACK), 1);
    assert_true(door_says(d, "store=answers"));
}

static void refused_publication_waits_before_it_is_repeated(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_RECORD] = DOOR_REFUSE;
    door_mark(d);
    door_wait(d, S(10));
    assert_in_range(door_requests(d, "SET {muster:muster}:node:n1"), 1, 20);
}

static void readonly_store_is_not_hammered(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_RECORD] = DOOR_ERROR;
    d->error = "READONLY You can't write against a read only replica.";
    door_mark(d);
    door_wait(d, S(10));
    assert_in_range(door_requests(d, "SET {muster:muster}:node:n1"), 1, 20);
}

static void error_of_a_reading_is_noted_and_retried(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_POLL] = DOOR_ERROR;
    d->error = "LOADING";
    door_mark(d);
    door_wait(d, S(4));
    assert_string_equal(door_note(d, MUSTER_NOTE_STORE_ERROR)->text, "LOADING");
    assert_in_range(door_requests(d, "MGET"), 2, 8);
}

static void garbage_reading_changes_nothing(void **state)
{
    (void)state;
    static const char *const raws[] = {"", "$", "*\4\0\0\0", "+\2\0\0\0OK", "zzzzzzzzz"};
    static const size_t sizes[] = {0, 1, 5, 7, 9};
    for (size_t i = 0; i < 5; i++) {
        d->answer[MUSTER_ASK_POLL] = DOOR_RAW;
        d->raw = (struct muster_bytes){(const uint8_t *)raws[i], sizes[i]};
        door_wait(d, S(1));
    }
    assert_true(door_says(d, "lease=leading"));
}

static void wake_up_brings_the_next_reading_forward(void **state)
{
    (void)state;
    door_wait(d, 10 * MUSTER_MILLISECOND);
    door_mark(d);
    door_push(d, "S n2 circuit=CLOSED");
    assert_null(door_request(d, "MGET"));
    door_push(d, "W n2");
    assert_non_null(door_request(d, "MGET"));
    door_push(d, "W n3"); /* one is under way: another follows it */
    assert_int_equal(door_requests(d, "MGET"), 1);
    door_wait(d, 10 * MUSTER_MILLISECOND);
    assert_int_equal(door_requests(d, "MGET"), 2);
}

static void broken_push_is_passed_over(void **state)
{
    (void)state;
    static const char *const raws[] = {"",
                                       "*\3\0\0\0",
                                       "*\2\0\0\0",
                                       "*\3\0\0\0$\1\0\0\0a",
                                       "*\3\0\0\0$\1\0\0\0a$\1\0\0\0b",
                                       "*\3\0\0\0$\1\0\0\0a$\1\0\0\0b$\1\0\0\0W"};
    static const size_t sizes[] = {0, 5, 5, 11, 17, 23};
    door_wait(d, 10 * MUSTER_MILLISECOND);
    door_mark(d);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct muster_input in = {.kind = MUSTER_IN_PUSH};
        in.data = (struct muster_bytes){(const uint8_t *)raws[i], sizes[i]};
        door_input(d, &in);
    }
    assert_null(door_request(d, "MGET"));
}

static void ended_subscription_is_renewed(void **state)
{
    (void)state;
    door_mark(d);
    door_release(d, MUSTER_ASK_SUBSCRIBE, DOOR_LOSE);
    door_wait(d, S(3));
    assert_int_equal(door_requests(d, "SUBSCRIBE"), 1);
}

static void members_come_and_go_with_their_sequence(void **state)
{
    (void)state;
    assert_int_equal(door_notes(d, MUSTER_NOTE_MEMBER_LIVE), 3);
    d->peer[2].up = false;
    door_mark(d);
    door_wait(d, S(20));
    assert_int_equal(door_note(d, MUSTER_NOTE_MEMBER_SUSPECT)->effect.arg[0], 2);
    door_wait(d, S(20));
    assert_int_equal(door_note(d, MUSTER_NOTE_MEMBER_GONE)->effect.arg[0], 2);
    d->peer[2].up = true;
    door_wait(d, S(12));
    assert_int_equal(door_note(d, MUSTER_NOTE_MEMBER_LIVE)->effect.arg[0], 2);
}

static void reply_to_an_unknown_tag_is_passed_over(void **state)
{
    (void)state;
    static const uint16_t kinds[] = {MUSTER_IN_REPLY, MUSTER_IN_DISK, MUSTER_IN_ACTION};
    static const uint64_t tags[] = {0, 1, 0xff, 257, UINT64_MAX, UINT64_C(1) << 51};
    for (size_t k = 0; k < 3; k++) {
        for (size_t i = 0; i < 6; i++) {
            struct muster_input in = {.kind = kinds[k], .tag = tags[i]};
            door_input(d, &in);
        }
    }
    struct muster_input in = {.kind = MUSTER_IN_MESSAGE};
    door_input(d, &in);
    door_command(d, MUSTER_VERB_CUSTOM, "");
    assert_true(door_says(d, "lease=leading"));
}

static void late_answer_of_a_health_source_does_not_stop_the_sampling(void **state)
{
    (void)state;
    d->answer[MUSTER_TAG_SAMPLE] = DOOR_HANG;
    door_wait(d, S(12));
    d->answer[MUSTER_TAG_SAMPLE] = DOOR_NORMAL;
    d->health = "failed=1 circuit=OPEN failures_1h=0";
    door_release(d, MUSTER_TAG_SAMPLE, DOOR_LOSE);
    assert_non_null(door_note(d, MUSTER_NOTE_HEALTH)); /* unknown now */
    door_wait(d, S(6));
    assert_int_equal(door_note(d, MUSTER_NOTE_HEALTH)->effect.arg[3], MUSTER_CIRCUIT_OPEN);
}

static void leaderless_cluster_is_never_polled_less_often_than_a_led_one(void **state)
{
    (void)state;
    d->config.poll_every = d->config.renew_every / 20;
    door_start(d, true);
    d->own[0] = 0;
    door_wait(d, S(3));
    door_mark(d);
    door_wait(d, S(3));
    assert_in_range(door_requests(d, "MGET"), 18, 22);
}

static void refused_acquire_is_not_repeated_within_poll_every(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_SCRIPT] = DOOR_ERROR;
    d->error = "READONLY You can't write against a read only replica.";
    for (int i = 0; i < 400 && !door_note(d, MUSTER_NOTE_CAMPAIGN); i++)
        door_wait(d, 100 * MUSTER_MILLISECOND);
    door_mark(d);
    door_wait(d, 10 * d->config.poll_every);
    assert_in_range(door_notes(d, MUSTER_NOTE_CAMPAIGN), 4, 10);
}

static void reading_that_is_cut_off_or_absurd_changes_nothing(void **state)
{
    (void)state;
    static uint8_t room[8192];
    static char absurd[2 * MUSTER_RECORD_MAX];
    struct muster_flat_writer w;
    memset(absurd, 'H', sizeof absurd - 1);
    d->answer[MUSTER_ASK_POLL] = DOOR_RAW;
    for (uint32_t i = 0; i < 4; i++) {
        muster_flat_writer_init(&w, room, sizeof room);
        if (i > 0)
            muster_flat_array(&w, 3 + d->place.count);
        if (i == 2)
            muster_flat_text(&w, MUSTER_FLAT_BULK, absurd);
        if (i == 3)
            muster_flat_text(&w, MUSTER_FLAT_STATUS, "OK");
        d->raw = muster_flat_written(&w);
        door_mark(d);
        door_wait(d, S(2));
        assert_true(door_says(d, "promise=1 known=1 "));
        assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    }
    d->answer[MUSTER_ASK_POLL] = DOOR_NORMAL;
    door_foreign_leader(d, 1, 0xbeef, 7);
    door_wait(d, S(2));
    assert_int_equal(own().echo, 7);
}

static void health_that_is_no_text_is_no_health(void **state)
{
    (void)state;
    static uint8_t room[64];
    struct muster_flat_writer w;
    door_wait(d, S(6));
    d->answer[MUSTER_TAG_SAMPLE] = DOOR_RAW;
    for (uint32_t i = 0; i < 2; i++) {
        muster_flat_writer_init(&w, room, sizeof room);
        if (i == 1)
            muster_flat_integer(&w, 7);
        d->raw = muster_flat_written(&w);
        door_mark(d);
        door_wait(d, S(6));
        assert_int_equal(own().circuit, MUSTER_CIRCUIT_UNKNOWN);
    }
}

int main(void)
{
#define IN(setting, name) cmocka_unit_test_setup_teardown(name, setting, tear_down)
    const struct CMUnitTest tests[] = {
        IN(fresh, refused_acquire_is_not_repeated_within_poll_every),
        IN(following, decision_of_the_current_leader_is_applied_once),
        IN(following, decision_of_an_old_epoch_is_not_applied),
        IN(following, decision_without_a_leader_is_not_applied),
        IN(following, decision_with_an_unknown_mode_is_not_applied),
        IN(leading, leader_publishes_what_a_majority_votes_for),
        IN(leading, no_quorum_applies_nothing),
        IN(leading, split_votes_apply_nothing),
        IN(leading, vote_out_of_range_does_not_count),
        IN(leading, vote_of_another_electorate_does_not_count),
        IN(leading, store_lost_and_back),
        IN(following, refused_publication_waits_before_it_is_repeated),
        IN(following, readonly_store_is_not_hammered),
        IN(following, error_of_a_reading_is_noted_and_retried),
        IN(leading, garbage_reading_changes_nothing),
        IN(following, wake_up_brings_the_next_reading_forward),
        IN(following, broken_push_is_passed_over),
        IN(following, ended_subscription_is_renewed),
        IN(following, members_come_and_go_with_their_sequence),
        IN(leading, reply_to_an_unknown_tag_is_passed_over),
        IN(fresh, leaderless_cluster_is_never_polled_less_often_than_a_led_one),
        IN(following, late_answer_of_a_health_source_does_not_stop_the_sampling),
        IN(following, reading_that_is_cut_off_or_absurd_changes_nothing),
        IN(fresh, health_that_is_no_text_is_no_health),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
