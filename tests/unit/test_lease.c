/* SPDX-License-Identifier: Apache-2.0 */
/* The lease alone: one step at a time, where the whole node would hide the step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/coordinator/lease.h"

#define VOTERS 3
#define START  (100 * MUSTER_SECOND)

static const char *const names[] = {"n1", "n2", "n3"};
static const struct muster_place place = {.count = VOTERS, .voters = VOTERS, .names = names};
static struct muster_config config;
static struct muster_lease l;
static struct muster_effects out;
static struct muster_member_record voter[VOTERS];
static bool present[VOTERS];
static char stored[MUSTER_RECORD_MAX]; /* the leader record */
static muster_time now;

static struct muster_bytes span(void)
{
    return muster_text_bytes(stored);
}

static void see(void)
{
    struct muster_lease_view v = {.voter = voter, .present = present, .leader_text = span()};
    v.has_leader = muster_leader_record_parse(&v.leader, span()) == 0;
    out.count = out.used = 0;
    muster_lease_see(&l, now, &v, &out);
}

static uint32_t notes(uint16_t note)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < out.count; i++)
        n += out.at[i].note == note;
    return n;
}

/* The script that is wanted is sent and executed; `answered`: its reply comes. */
static void run_script(bool answered)
{
    enum muster_lease_script script = l.script;
    assert_true(script != MUSTER_LEASE_NOTHING);
    out.count = out.used = 0;
    muster_lease_script_sent(&l, now, &out);
    if (script == MUSTER_LEASE_ACQUIRE)
        snprintf(stored, sizeof stored, "H %u %llx 0 n1 %032x 0 0", (unsigned)l.known + 1,
                 (unsigned long long)l.pair.attempt, 1);
    else if (strcmp(stored, l.expected) == 0)
        memcpy(stored, l.written, sizeof stored);
    if (answered)
        muster_lease_script_done(&l, now, span(), &out);
}

static void write_slot(enum muster_status status)
{
    assert_true(l.writing.sequence > 0);
    out.count = out.used = 0;
    muster_lease_written(&l, now, status, &out);
}

static void others_promise(uint64_t echo)
{
    for (uint32_t i = 1; i < VOTERS; i++) {
        present[i] = true;
        voter[i].state = MUSTER_MEMBER_ACTIVE;
        voter[i].electorate = l.electorate;
        voter[i].promise = l.pair;
        voter[i].echo = echo;
        voter[i].known = l.pair.epoch;
    }
}

static int set_up(void **state)
{
    (void)state;
    muster_config_defaults(&config);
    muster_config_finish(&config);
    memset(voter, 0, sizeof voter);
    memset(present, 0, sizeof present);
    memset(stored, 0, sizeof stored);
    memset(&out, 0, sizeof out);
    now = START;
    muster_lease_init(&l, &config, &place, (struct muster_incarnation){0, 1}, 9, now);
    struct muster_slot first = {.sequence = 1, .electorate = l.electorate};
    muster_lease_restore(&l, &first);
    l.active = true;
    return 0;
}

static int confirming(void **state)
{
    set_up(state);
    now += config.lease_ttl;
    see();
    now = l.campaign_at;
    muster_lease_tick(&l, now, &out);
    run_script(true);
    assert_int_equal(l.state, MUSTER_LEASE_CONFIRMING);
    return 0;
}

static int leading(void **state)
{
    confirming(state);
    write_slot(MUSTER_STATUS_OK);
    others_promise(0);
    see();
    assert_int_equal(l.state, MUSTER_LEASE_LEADING);
    return 0;
}

static void renew(bool answered)
{
    now = l.renew_at;
    out.count = out.used = 0;
    muster_lease_tick(&l, now, &out);
    assert_int_equal(l.script, MUSTER_LEASE_RENEW);
    run_script(answered);
}

/* Where the store is the authority; nobody has anything on a disk. */
static int trusting(void **state)
{
    set_up(state);
    config.authority = MUSTER_AUTHORITY_STORE;
    muster_lease_init(&l, &config, &place, (struct muster_incarnation){0, 1}, 9, now);
    l.active = l.fit = true;
    return 0;
}

/* It has campaigned, and the acquire was executed. */
static void acquire(bool answered)
{
    see();
    assert_true(l.campaign_at != MUSTER_NEVER);
    now = l.campaign_at;
    muster_lease_tick(&l, now, &out);
    assert_int_equal(l.script, MUSTER_LEASE_ACQUIRE);
    run_script(answered);
}

static void lease_ends_at_its_exact_deadline(void **state)
{
    (void)state;
    muster_time end = l.echoed + config.renew_deadline;
    assert_true(end < l.until);
    assert_true(muster_lease_leads(&l, end - 1));
    assert_false(muster_lease_leads(&l, end));
    assert_int_equal(l.until, l.echoed + config.lease_ttl - config.margin);
    l.echoed = l.until; /* were it not for renew_deadline */
    assert_true(muster_lease_leads(&l, l.until - 1));
    assert_false(muster_lease_leads(&l, l.until));
}

static void fitness_and_activity_are_needed_for_a_promise(void **state)
{
    (void)state;
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    now += config.lease_ttl;
    l.active = false;
    see();
    l.active = true;
    l.fit = false;
    see();
    assert_int_equal(l.writing.sequence, 0);
    l.fit = true;
    see();
    assert_int_equal(l.writing.epoch, 5);
}

static void slot_of_a_promise_goes_to_the_other_place_also_after_a_failure(void **state)
{
    (void)state;
    write_slot(MUSTER_STATUS_IOERROR);
    assert_int_equal(notes(MUSTER_NOTE_PROMISE_FAILED), 1);
    now += config.renew_every;
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    see();
    uint64_t second = l.writing.sequence;
    assert_true(second > 2);
    assert_true(muster_slot_offset(second) != muster_slot_offset(l.slot.sequence));
    write_slot(MUSTER_STATUS_NOSPACE);
    now += config.renew_every;
    see();
    assert_true(l.writing.sequence > second);
    assert_true(muster_slot_offset(l.writing.sequence) != muster_slot_offset(l.slot.sequence));
}

static void candidate_whose_own_promise_fails_gives_the_attempt_up_and_lets_others_try(void **state)
{
    (void)state;
    write_slot(MUSTER_STATUS_IOERROR);
    assert_int_equal(l.state, MUSTER_LEASE_IDLE);
    assert_int_equal(notes(MUSTER_NOTE_ATTEMPT_RELEASED), 1);
    snprintf(stored, sizeof stored, "R 1 aa 0 n2 %032x", 9);
    now += config.lease_ttl - 1;
    see();
    assert_true(l.campaign_at == MUSTER_NEVER);
}

static void failed_promise_is_tried_again_once_in_renew_every(void **state)
{
    (void)state;
    write_slot(MUSTER_STATUS_IOERROR);
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    now += config.renew_every - 1;
    see();
    assert_int_equal(l.writing.sequence, 0);
    now += 1;
    see();
    assert_int_equal(l.writing.epoch, 5);
}

static void promising_higher_gives_the_own_attempt_up(void **state)
{
    (void)state;
    write_slot(MUSTER_STATUS_OK);
    l.released = true; /* were it not for the wait */
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    see();
    assert_int_equal(l.state, MUSTER_LEASE_IDLE);
    assert_int_equal(notes(MUSTER_NOTE_ATTEMPT_RELEASED), 1);
    assert_int_equal(l.writing.epoch, 5);
}

static void own_promise_is_needed_beside_those_of_the_others(void **state)
{
    (void)state;
    others_promise(0);
    see();
    assert_int_equal(l.state, MUSTER_LEASE_CONFIRMING);
    write_slot(MUSTER_STATUS_OK);
    see();
    assert_int_equal(l.state, MUSTER_LEASE_LEADING);
}

static void echo_that_comes_too_late_does_not_begin_a_lease(void **state)
{
    (void)state;
    write_slot(MUSTER_STATUS_OK);
    others_promise(0);
    l.confirm_by = MUSTER_NEVER;
    now = l.script_sent + config.renew_deadline;
    see();
    assert_int_equal(l.state, MUSTER_LEASE_CONFIRMING);
}

static void counter_whose_sending_is_forgotten_extends_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < MUSTER_LEASE_SENDS; i++) {
        renew(true);
        l.echoed = now; /* a majority follows, as far as it goes */
        l.until = now + config.lease_ttl;
    }
    muster_time until = l.until;
    others_promise(0); /* the slot of counter 0 has been taken by counter 8 */
    l.echoed -= config.renew_every;
    see();
    assert_int_equal(notes(MUSTER_NOTE_LEASE_EXTENDED), 0);
    assert_int_equal(l.until, until);
}

static void renewal_answered_with_anothers_record_is_lost(void **state)
{
    (void)state;
    renew(false);
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    out.count = out.used = 0;
    muster_lease_script_done(&l, now, span(), &out);
    assert_int_equal(notes(MUSTER_NOTE_LEADER_LOST), 1);
    assert_int_equal(out.at[0].arg[2], MUSTER_LOST_RECORD_GONE);
    assert_false(l.record_known);
}

static void renewal_answered_with_another_attempt_of_ours_is_lost(void **state)
{
    (void)state;
    renew(false);
    snprintf(stored, sizeof stored, "H 5 %llx 0 n1 %032x 0 0", (unsigned long long)l.pair.attempt,
             1); /* the attempt, but another epoch */
    muster_lease_script_done(&l, now, span(), &out);
    assert_int_equal(l.state, MUSTER_LEASE_IDLE);
}

static void renewal_that_the_store_lost_is_sent_again_at_once(void **state)
{
    (void)state;
    char before[MUSTER_RECORD_MAX];
    memcpy(before, stored, sizeof before);
    renew(true);
    memcpy(stored, before, sizeof stored); /* an older dump */
    renew(false);
    muster_lease_script_done(&l, now, span(), &out);
    assert_int_equal(l.script, MUSTER_LEASE_RENEW);
    run_script(true);
    struct muster_leader_record r;
    assert_int_equal(muster_leader_record_parse(&r, span()), 0);
    assert_int_equal(r.counter, l.counter);
    assert_int_equal(l.state, MUSTER_LEASE_LEADING);
}

static void acquire_of_a_held_record_changes_nothing(void **state)
{
    (void)state;
    now += config.lease_ttl;
    see();
    now = l.campaign_at;
    muster_lease_tick(&l, now, &out);
    muster_lease_script_sent(&l, now, &out);
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    muster_lease_script_done(&l, now, span(), &out);
    assert_int_equal(l.state, MUSTER_LEASE_IDLE);
    assert_int_equal(l.release_at, MUSTER_NEVER);
}

static void record_that_is_read_before_the_acknowledgement_is_recognised(void **state)
{
    (void)state;
    now += config.lease_ttl;
    see();
    now = l.campaign_at;
    muster_lease_tick(&l, now, &out);
    run_script(false);
    see();
    assert_int_equal(l.state, MUSTER_LEASE_CONFIRMING);
    muster_lease_script_done(&l, now, span(), &out); /* the acknowledgement adds nothing */
    assert_int_equal(l.state, MUSTER_LEASE_CONFIRMING);
}

static void campaign_is_not_started_when_a_leader_has_come_meanwhile(void **state)
{
    (void)state;
    now += config.lease_ttl;
    see();
    assert_true(l.campaign_at != MUSTER_NEVER);
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    see();
    assert_int_equal(l.campaign_at, MUSTER_NEVER);
}

static void attempts_are_never_zero_and_differ(void **state)
{
    (void)state;
    uint64_t first = l.pair.attempt;
    assert_true(first != 0);
    muster_lease_step_down(&l, now, MUSTER_LOST_DEADLINE, 0, &out);
    muster_lease_tick(&l, now, &out);
    if (l.script == MUSTER_LEASE_RELEASE)
        run_script(true);
    write_slot(MUSTER_STATUS_OK);
    see();
    now = l.campaign_at;
    muster_lease_tick(&l, now, &out);
    run_script(true);
    assert_true(l.pair.attempt != first);
    assert_int_equal(l.pair.epoch, 2);
}

/* ---- the store as the authority ---- */

static void acknowledged_acquire_leads_at_once_from_its_sending(void **state)
{
    (void)state;
    acquire(false);
    muster_time sent = now;
    now += MUSTER_SECOND;
    assert_int_equal(l.state, MUSTER_LEASE_ACQUIRING);
    muster_lease_script_done(&l, now, span(), &out);
    assert_int_equal(l.state, MUSTER_LEASE_LEADING);
    assert_int_equal(notes(MUSTER_NOTE_LEADER_ELECTED), 1);
    assert_int_equal(l.until, sent + config.lease_ttl - config.margin);
    assert_true(sent <= START + config.jitter); /* R5's wait is void */
    assert_int_equal(l.writing.sequence, 0);
}

static void acquire_whose_acknowledgement_was_lost_leads_when_it_is_read(void **state)
{
    (void)state;
    acquire(false);
    muster_time sent = now;
    now += MUSTER_SECOND;
    muster_lease_script_failed(&l, now, true, &out);
    assert_int_equal(l.state, MUSTER_LEASE_ACQUIRING);
    see();
    assert_int_equal(l.state, MUSTER_LEASE_LEADING);
    assert_int_equal(l.until, sent + config.lease_ttl - config.margin);
}

static void acknowledgement_that_comes_too_late_leads_nobody(void **state)
{
    (void)state;
    acquire(false);
    now += config.renew_deadline;
    muster_lease_script_done(&l, now, span(), &out);
    assert_int_equal(notes(MUSTER_NOTE_LEADER_ELECTED), 0);
    assert_false(muster_lease_leads(&l, now));
    assert_int_equal(l.script, MUSTER_LEASE_RELEASE);
}

static void renewal_extends_the_lease_only_once_acknowledged_or_read(void **state)
{
    (void)state;
    acquire(true);
    muster_time until = l.until;
    renew(false);
    muster_time first = now;
    assert_int_equal(l.until, until);
    muster_lease_script_done(&l, now + MUSTER_SECOND, span(), &out);
    assert_int_equal(l.until, first + config.lease_ttl - config.margin);
    renew(false);
    muster_time second = now;
    muster_lease_script_failed(&l, now, true, &out);
    assert_int_equal(l.until, first + config.lease_ttl - config.margin);
    now += MUSTER_MILLISECOND;
    see();
    assert_int_equal(l.until, second + config.lease_ttl - config.margin);
    assert_int_equal(l.writing.sequence, 0);
    assert_false(l.has_echo);
}

static void renewal_that_was_refused_extends_nothing_though_the_record_stands(void **state)
{
    (void)state;
    acquire(true);
    muster_time until = l.until;
    char before[MUSTER_RECORD_MAX];
    memcpy(before, stored, sizeof before);
    renew(false);
    memcpy(stored, before, sizeof stored);
    muster_lease_script_failed(&l, now, false, &out);
    see();
    assert_int_equal(l.until, until);
}

static void after_a_stall_a_new_acknowledgement_is_needed(void **state)
{
    (void)state;
    acquire(true);
    now += 2 * MUSTER_SECOND;
    muster_lease_stalled(&l, now);
    see();
    assert_false(muster_lease_leads(&l, now));
    assert_int_equal(l.script, MUSTER_LEASE_RENEW);
    run_script(true);
    assert_true(muster_lease_leads(&l, now));
}

static void record_of_another_is_neither_promised_nor_taken(void **state)
{
    (void)state;
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    now += config.lease_ttl;
    see();
    assert_int_equal(l.writing.sequence, 0);
    assert_int_equal(l.campaign_at, MUSTER_NEVER);
    assert_int_equal(l.known, 5);
    stored[0] = 0; /* its TTL has ended */
    acquire(true);
    assert_int_equal(l.pair.epoch, 6);
    assert_int_equal(l.state, MUSTER_LEASE_LEADING);
}

static void member_without_a_vote_does_not_campaign(void **state)
{
    (void)state;
    static const struct muster_place fourth = {.index = 3, .count = 4, .voters = 3, .names = names};
    l.place = &fourth;
    see();
    assert_int_equal(l.campaign_at, MUSTER_NEVER);
}

static void epoch_beyond_the_integers_is_not_heard(void **state)
{
    (void)state;
    muster_lease_heard(&l, now, MUSTER_INTEGER_MAX + 1, &out);
    assert_int_equal(l.known, 1);
    muster_lease_heard(&l, now, 0, &out);
    assert_int_equal(l.known, 1);
}

int main(void)
{
#define IN(setting, name) cmocka_unit_test_setup(name, setting)
    const struct CMUnitTest tests[] = {
        IN(leading, lease_ends_at_its_exact_deadline),
        IN(set_up, fitness_and_activity_are_needed_for_a_promise),
        IN(confirming, slot_of_a_promise_goes_to_the_other_place_also_after_a_failure),
        IN(confirming, candidate_whose_own_promise_fails_gives_the_attempt_up_and_lets_others_try),
        IN(confirming, failed_promise_is_tried_again_once_in_renew_every),
        IN(confirming, promising_higher_gives_the_own_attempt_up),
        IN(confirming, own_promise_is_needed_beside_those_of_the_others),
        IN(confirming, echo_that_comes_too_late_does_not_begin_a_lease),
        IN(leading, counter_whose_sending_is_forgotten_extends_nothing),
        IN(leading, renewal_answered_with_anothers_record_is_lost),
        IN(leading, renewal_answered_with_another_attempt_of_ours_is_lost),
        IN(leading, renewal_that_the_store_lost_is_sent_again_at_once),
        IN(set_up, acquire_of_a_held_record_changes_nothing),
        IN(set_up, record_that_is_read_before_the_acknowledgement_is_recognised),
        IN(set_up, campaign_is_not_started_when_a_leader_has_come_meanwhile),
        IN(confirming, attempts_are_never_zero_and_differ),
        IN(confirming, epoch_beyond_the_integers_is_not_heard),
        IN(trusting, acknowledged_acquire_leads_at_once_from_its_sending),
        IN(trusting, acquire_whose_acknowledgement_was_lost_leads_when_it_is_read),
        IN(trusting, acknowledgement_that_comes_too_late_leads_nobody),
        IN(trusting, renewal_extends_the_lease_only_once_acknowledged_or_read),
        IN(trusting, renewal_that_was_refused_extends_nothing_though_the_record_stands),
        IN(trusting, after_a_stall_a_new_acknowledgement_is_needed),
        IN(trusting, record_of_another_is_neither_promised_nor_taken),
        IN(trusting, member_without_a_vote_does_not_campaign),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
