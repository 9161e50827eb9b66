/* SPDX-License-Identifier: Apache-2.0 */
/* A member on the origin's wire, behind its door: the lock, votes, an operator's verbs, a
 * store that fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/door.h"

#define S(count)  ((muster_time)(count)*MUSTER_SECOND)
#define MS(count) ((muster_time)(count)*MUSTER_MILLISECOND)
#define POLL      (MUSTER_ASTRA_TAG + MUSTER_ASTRA_ASK_POLL)
#define LOCK      (MUSTER_ASTRA_TAG + MUSTER_ASTRA_ASK_LOCK)
#define EPOCH     UINT64_C(1767225600000042)

static struct door *d;

static int set_up(void **state)
{
    (void)state;
    d = door_open(&(struct door_options){0});
    d->config.wire = MUSTER_WIRE_ASTRA;
    d->config.margin = d->config.jitter = 0;
    muster_config_finish(&d->config);
    d->store_time = EPOCH;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(d->spins, 0);
    door_close(d);
    return 0;
}

static void lead(void)
{
    door_start(d, false);
    door_wait(d, S(4));
    assert_true(door_says(d, "lease=leading epoch=1767225600000042"));
    door_mark(d);
}

static void answer_all(enum door_answer answer)
{
    for (uint32_t ask = 0; ask < MUSTER_ASTRA_ASKS; ask++)
        d->answer[MUSTER_ASTRA_TAG + ask] = answer;
}

static uint64_t reason(void)
{
    return door_note(d, MUSTER_NOTE_LEADER_LOST)->effect.arg[2];
}

static void leads_with_the_lock_and_says_what_is_void(void **state)
{
    (void)state;
    door_start(d, false);
    assert_int_equal(door_note(d, MUSTER_NOTE_WIRE_ASTRA)->effect.arg[0], 3);
    assert_non_null(door_note(d, MUSTER_NOTE_JOINED));
    assert_true(door_says(d, "life=active lease=idle epoch=0 known=0 store=answers wire=astra"));
    door_wait(d, S(4));
    const struct door_entry *elected = door_note(d, MUSTER_NOTE_LEADER_ELECTED);
    assert_true(elected->effect.arg[0] == EPOCH);
    assert_string_equal(d->lock, "n1");
    const struct door_entry *take = door_request(d, "EVAL");
    assert_true(elected->effect.arg[2] ==
                take->at + MUSTER_ASTRA_LOCK_TTL - d->config.margin); /* from the sending */
    assert_int_equal(d->disk_size, 0);                                /* nothing durable */
    assert_null(door_request(d, "EVALSHA"));
    assert_null(door_request(d, "SUBSCRIBE"));
    assert_null(door_request(d, "SCAN"));
}

static void renews_every_15_seconds(void **state)
{
    (void)state;
    lead();
    door_wait(d, S(45));
    assert_int_equal(door_notes(d, MUSTER_NOTE_LEASE_EXTENDED), 3);
    assert_null(door_note(d, MUSTER_NOTE_LEADER_LOST));
}

static void lock_of_another_is_waited_for(void **state)
{
    (void)state;
    strcpy(d->lock, "n2");
    door_start(d, false);
    door_wait(d, S(40));
    assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    d->lock[0] = 0;
    door_wait(d, 2 * d->config.poll_every + d->config.jitter);
    assert_non_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
}

static void lock_that_was_taken_meanwhile_is_not_had(void **state)
{
    (void)state;
    d->answer[LOCK] = DOOR_HANG;
    door_start(d, false);
    door_wait(d, S(2));
    assert_non_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    strcpy(d->lock, "n2");
    door_release(d, LOCK, DOOR_NORMAL);
    door_wait(d, S(1));
    assert_null(door_note(d, MUSTER_NOTE_ACQUIRED));
    assert_true(door_says(d, "lease=idle"));
}

static void lost_acknowledgement_is_found_by_reading(void **state)
{
    (void)state;
    d->answer[LOCK] = DOOR_LOSE_REPLY;
    door_start(d, false);
    door_wait(d, MS(2900));
    assert_string_equal(d->lock, "n1");
    assert_null(door_note(d, MUSTER_NOTE_ACQUIRED));
    d->answer[LOCK] = DOOR_NORMAL;
    door_wait(d, S(4));
    assert_non_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED)); /* its own name stands in it */
}

static void leadership_ends_before_the_lock_can(void **state)
{
    (void)state;
    lead();
    muster_time latest = d->now + MUSTER_ASTRA_LOCK_TTL;
    answer_all(DOOR_LOSE);
    door_run(d, latest);
    assert_int_equal(reason(), MUSTER_LOST_EXPIRED);
    door_run(d, latest + S(10));
    assert_non_null(door_note(d, MUSTER_NOTE_STORE_LOST));
    assert_true(door_says(d, "store=lost"));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    assert_int_equal(door_note(d, MUSTER_NOTE_ACTION_SKIPPED)->effect.arg[0],
                     MUSTER_RESULT_SKIPPED_STORE_LOST);
    answer_all(DOOR_NORMAL);
    door_wait(d, S(8));
    assert_non_null(door_note(d, MUSTER_NOTE_STORE_BACK));
    assert_true(door_says(d, "lease=leading"));
}

static void refused_renewal_is_noted_and_repeated(void **state)
{
    (void)state;
    lead();
    d->answer[LOCK] = DOOR_ERROR;
    d->error = "READONLY You can't write against a read only replica.";
    door_wait(d, S(20));
    assert_true(door_notes(d, MUSTER_NOTE_STORE_ERROR) > 1);
    d->answer[LOCK] = DOOR_NORMAL;
    door_wait(d, S(10));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_LOST));
    assert_true(door_says(d, "lease=leading"));
}

static void refused_take_is_not_repeated_at_once(void **state)
{
    (void)state;
    d->answer[LOCK] = DOOR_ERROR;
    d->error = "MISCONF no";
    door_start(d, false);
    door_wait(d, S(30));
    uint32_t campaigns = door_notes(d, MUSTER_NOTE_CAMPAIGN);
    assert_true(campaigns > 5 && campaigns <= 20);
}

static void lock_that_is_gone_is_never_recreated(void **state)
{
    (void)state;
    for (int read = 0; read < 2; read++) { /* found by a reading, or by the renewal */
        d->expires = false;
        d->lock[0] = 0;
        lead();
        if (read) {
            strcpy(d->lock, "n2");
        } else {
            d->answer[POLL] = DOOR_HANG;
            d->expires = true;
        }
        door_wait(d, S(16));
        assert_int_equal(reason(), MUSTER_LOST_RECORD_GONE);
        assert_true(door_says(d, "lease=idle"));
        d->answer[POLL] = DOOR_NORMAL;
    }
}

static void restart_takes_its_own_old_key(void **state)
{
    (void)state;
    strcpy(d->lock, "n1");
    lead();
}

static void shutdown_gives_the_lock_back(void **state)
{
    (void)state;
    lead();
    door_command(d, MUSTER_VERB_SHUTDOWN, "");
    door_wait(d, S(1));
    assert_string_equal(d->lock, "");
    assert_non_null(door_note(d, MUSTER_NOTE_RELEASED));
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
    assert_int_equal(reason(), MUSTER_LOST_SHUTDOWN);
}

static void shutdown_leaves_the_lock_of_another(void **state)
{
    (void)state;
    lead();
    d->answer[POLL] = DOOR_HANG;
    strcpy(d->lock, "n2");
    door_command(d, MUSTER_VERB_SHUTDOWN, "");
    door_wait(d, S(1));
    assert_string_equal(d->lock, "n2");
    assert_null(door_note(d, MUSTER_NOTE_RELEASED));
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
}

static void lock_that_comes_after_the_shutdown_is_given_back(void **state)
{
    (void)state;
    d->answer[LOCK] = DOOR_HANG;
    door_start(d, false);
    door_wait(d, S(2));
    door_command(d, MUSTER_VERB_SHUTDOWN, "");
    assert_null(door_note(d, MUSTER_NOTE_STOPPED));
    d->answer[LOCK] = DOOR_NORMAL;
    door_release(d, LOCK, DOOR_NORMAL);
    door_wait(d, S(1));
    assert_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
    assert_non_null(door_note(d, MUSTER_NOTE_ATTEMPT_RELEASED));
    assert_string_equal(d->lock, "");
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
}

static void key_that_comes_late_is_given_back(void **state)
{
    (void)state;
    lead();
    door_command(d, MUSTER_VERB_STEP_DOWN, "");
    door_wait(d, S(1));
    assert_string_equal(d->lock, "");
    strcpy(d->lock, "n1"); /* a command that was held up on its way */
    door_wait(d, S(2));
    assert_string_equal(d->lock, "");
}

static void operators_verbs_have_an_answer(void **state)
{
    (void)state;
    lead();
    door_command(d, MUSTER_VERB_PAUSE, "");
    assert_int_equal(door_note(d, MUSTER_NOTE_PAUSE_REFUSED)->effect.arg[1],
                     MUSTER_REFUSAL_NO_WIRE);
    door_command(d, MUSTER_VERB_RESUME, "");
    assert_int_equal(door_note(d, MUSTER_NOTE_PAUSE_REFUSED)->effect.arg[0], 0);
    door_command(d, MUSTER_VERB_SWITCHOVER, "n2");
    assert_int_equal(door_note(d, MUSTER_NOTE_HANDOVER_REFUSED)->effect.arg[0],
                     MUSTER_REFUSAL_NO_WIRE);
    door_command(d, MUSTER_VERB_VOTER_INIT, "floor=1");
    assert_int_equal(door_note(d, MUSTER_NOTE_VOTER_INIT_REFUSED)->effect.arg[0],
                     MUSTER_INIT_NEEDLESS);
    door_command(d, MUSTER_VERB_STEP_DOWN, "");
    assert_int_equal(reason(), MUSTER_LOST_STEP_DOWN);
    assert_string_equal(d->lock, "n1"); /* until what ran has ended */
    door_wait(d, S(29));
    assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    door_wait(d, S(6));
    assert_non_null(door_note(d, MUSTER_NOTE_LEADER_ELECTED));
    door_mark(d);
    strcpy(d->lock, "n3");
    door_wait(d, S(3));
    door_command(d, MUSTER_VERB_STEP_DOWN, "");
    assert_int_equal(door_note(d, MUSTER_NOTE_HANDOVER_REFUSED)->effect.arg[0],
                     MUSTER_REFUSAL_NOT_LEADER);
}

static void higher_epoch_of_a_target_ends_the_leadership(void **state)
{
    (void)state;
    lead();
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    const struct door_entry *a = door_effect(d, MUSTER_OUT_ACTION);
    assert_true(a->effect.action.epoch == EPOCH);
    door_end_action(d, a->effect.tag, 1, MUSTER_RESULT_FENCED, EPOCH + 7);
    assert_int_equal(reason(), MUSTER_LOST_FENCED);
    door_wait(d, S(5));
    assert_true(door_note(d, MUSTER_NOTE_LEADER_ELECTED)->effect.arg[0] == EPOCH + 8);
}

static void after_a_stall_nothing_starts_before_a_renewal(void **state)
{
    (void)state;
    lead();
    d->answer[LOCK] = DOOR_HANG;
    door_stall(d, S(8));
    door_timer(d);
    assert_non_null(door_note(d, MUSTER_NOTE_STALLED));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
    door_release(d, LOCK, DOOR_NORMAL);
    door_wait(d, MS(1));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    assert_non_null(door_effect(d, MUSTER_OUT_ACTION));
}

static uint64_t outcome(void)
{
    const struct door_entry *e = door_note(d, MUSTER_NOTE_CONSENSUS);
    return e ? e->effect.arg[2] : MUSTER_OUTCOME_NONE;
}

static void votes_are_counted_of_the_configured_voters(void **state)
{
    (void)state;
    d->peer[1].circuit = d->peer[2].circuit = MUSTER_CIRCUIT_OPEN;
    d->peer[1].mode = d->peer[2].mode = MUSTER_MODE_SAFE;
    door_start(d, false);
    door_wait(d, S(20));
    assert_int_equal(outcome(), MUSTER_OUTCOME_DECIDED);
    assert_int_equal(door_note(d, MUSTER_NOTE_CONSENSUS_APPLIED)->effect.arg[3], MUSTER_MODE_SAFE);
    d->peer[2].mode = MUSTER_MODE_HEURISTIC;
    door_wait(d, S(3));
    assert_true(outcome() == MUSTER_OUTCOME_DECIDED || outcome() == MUSTER_OUTCOME_SPLIT_BRAIN);
    d->peer[1].still = d->peer[2].still = true;
    door_wait(d, S(30));
    assert_int_equal(outcome(), MUSTER_OUTCOME_NO_QUORUM);
}

static void vote_that_never_changes_does_not_count(void **state)
{
    (void)state;
    d->peer[1].still = d->peer[2].still = true;
    door_start(d, false);
    door_wait(d, S(20));
    assert_int_equal(outcome(), MUSTER_OUTCOME_NO_QUORUM);
}

static void malformed_votes_do_not_count(void **state)
{
    (void)state;
    static const char *const all[] = {"", "{", "[1]", "{\"timestamp\": 1}",
                                      "{\"timestamp\": \"x\"}x"};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        d->vote = all[i];
        d->now += S(1);
        door_mark(d);
        door_start(d, false);
        door_wait(d, S(20));
        assert_int_equal(outcome(), MUSTER_OUTCOME_NO_QUORUM);
    }
}

static void without_a_leader_nothing_is_decided(void **state)
{
    (void)state;
    d->answer[LOCK] = DOOR_ERROR;
    d->error = "READONLY";
    door_start(d, false);
    door_wait(d, S(20));
    assert_int_equal(outcome(), MUSTER_OUTCOME_NONE);
}

static void reading_of_another_form_is_passed_over(void **state)
{
    (void)state;
    static const uint8_t one[] = "*\1\0\0\0_\0\0\0\0";
    d->answer[POLL] = DOOR_RAW;
    d->raw = (struct muster_bytes){one, sizeof one - 1};
    door_start(d, false);
    door_wait(d, S(10));
    assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    assert_null(door_note(d, MUSTER_NOTE_STORE_LOST)); /* it answers, after all */
}

static void member_without_a_vote_does_not_campaign(void **state)
{
    (void)state;
    door_close(d);
    d = door_open(&(struct door_options){.index = 3, .members = 4, .voters = 3});
    d->config.wire = MUSTER_WIRE_ASTRA;
    d->config.margin = d->config.jitter = 0;
    muster_config_finish(&d->config);
    door_start(d, false);
    door_wait(d, S(40));
    assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    strcpy(d->lock, "n4"); /* of a life in which it had one */
    door_wait(d, S(3));
    assert_string_equal(d->lock, "");
}

static void inputs_of_nobody_are_passed_over(void **state)
{
    (void)state;
    lead();
    door_push(d, "W n2");
    struct muster_input in = {.kind = MUSTER_IN_REPLY, .tag = 99 << 8 | POLL};
    door_input(d, &in);
    assert_true(door_says(d, "lease=leading"));
}

static void who_leaves_the_electorate_has_no_vote_in_the_next(void **state)
{
    (void)state;
    d->place.leaving = 4; /* n3 */
    d->place.generation = 2;
    door_start(d, false);
    door_wait(d, S(20));
    assert_int_equal(door_note(d, MUSTER_NOTE_CONSENSUS)->effect.arg[3], 2); /* votes counted */
}

/* The tables by themselves: a node asks nothing of who has left. */
static void who_has_left_asks_for_nothing_any_more(void **state)
{
    static const struct muster_coordinator_kind *const kinds[] = {&muster_coordinator_astra,
                                                                  &muster_coordinator_bridge};
    static struct muster_effects out;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct muster_coordinator_kind *k = kinds[i];
        size_t size = (k->size(&d->place) + 15) / 16 * 16;
        void *self = aligned_alloc(16, size);
        assert_non_null(self);
        memset(self, 0, size);
        k->init(self, &d->config, &d->place);
        struct muster_input in = {.kind = MUSTER_IN_START, .now = S(1)};
        out.count = out.used = 0;
        k->handle(self, &in, &out);
        k->leave(self, S(2), &out);
        k->advance(self, S(2), &out);
        assert_true(k->standing(self, S(2)).left);
        out.count = out.used = 0;
        k->advance(self, S(100), &out);
        assert_int_equal(out.count, 0);
        assert_true(k->deadline(self) == MUSTER_NEVER);
        free(self);
    }
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(leads_with_the_lock_and_says_what_is_void),
        HERE(renews_every_15_seconds),
        HERE(who_leaves_the_electorate_has_no_vote_in_the_next),
        HERE(who_has_left_asks_for_nothing_any_more),
        HERE(lock_of_another_is_waited_for),
        HERE(lock_that_was_taken_meanwhile_is_not_had),
        HERE(lost_acknowledgement_is_found_by_reading),
        HERE(leadership_ends_before_the_lock_can),
        HERE(refused_renewal_is_noted_and_repeated),
        HERE(refused_take_is_not_repeated_at_once),
        HERE(lock_that_is_gone_is_never_recreated),
        HERE(restart_takes_its_own_old_key),
        HERE(shutdown_gives_the_lock_back),
        HERE(shutdown_leaves_the_lock_of_another),
        HERE(lock_that_comes_after_the_shutdown_is_given_back),
        HERE(key_that_comes_late_is_given_back),
        HERE(operators_verbs_have_an_answer),
        HERE(higher_epoch_of_a_target_ends_the_leadership),
        HERE(after_a_stall_nothing_starts_before_a_renewal),
        HERE(votes_are_counted_of_the_configured_voters),
        HERE(vote_that_never_changes_does_not_count),
        HERE(malformed_votes_do_not_count),
        HERE(without_a_leader_nothing_is_decided),
        HERE(reading_of_another_form_is_passed_over),
        HERE(member_without_a_vote_does_not_campaign),
        HERE(inputs_of_nobody_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
