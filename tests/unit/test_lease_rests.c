/* SPDX-License-Identifier: Apache-2.0 */
/* What a lease rests on: two electorates while one gives way to the next, or the store. */
#include "tests/lib/lease_fixture.h"

/* ---- one electorate gives way to the next ---- */

/* Four members: n1 to n3 were the voters, n1, n2 and n4 are to be. Who promises the own pair,
 * beside this one, and what it echoes. */
#define ALL 4
static struct muster_member_record joint_voter[ALL];
static bool joint_present[ALL];

static void joint_see(void)
{
    struct muster_lease_view v = {.voter = joint_voter, .present = joint_present};
    v.leader_text = span();
    v.has_leader = muster_leader_record_parse(&v.leader, span()) == 0;
    out.count = out.used = 0;
    muster_lease_see(&l, now, &v, &out);
}

static void joint_promise(uint32_t i, uint64_t echo)
{
    joint_present[i] = true;
    joint_voter[i] = (struct muster_member_record){.state = MUSTER_MEMBER_ACTIVE,
                                                   .electorate = l.electorate,
                                                   .generation = 2,
                                                   .promise = l.pair,
                                                   .echo = echo,
                                                   .known = l.pair.epoch};
}

static int joint(void **state)
{
    static const char *const all[] = {"n1", "n2", "n3", "n4"};
    static struct muster_place changing = {
        .count = ALL, .voters = ALL, .names = all, .generation = 2, .joining = 8, .leaving = 4};
    set_up(state);
    memset(joint_voter, 0, sizeof joint_voter);
    memset(joint_present, 0, sizeof joint_present);
    muster_lease_init(&l, &config, &changing, (struct muster_incarnation){0, 1}, 9, now);
    struct muster_slot first = {.sequence = 1, .electorate = l.electorate, .generation = 2};
    muster_lease_restore(&l, &first);
    l.active = true;
    now += config.lease_ttl;
    joint_see();
    now = l.campaign_at;
    muster_lease_tick(&l, now, &out);
    run_script(true);
    write_slot(MUSTER_STATUS_OK);
    return 0;
}

static void majority_of_the_new_electorate_alone_elects_nobody(void **state)
{
    (void)state;
    joint_promise(3, 0); /* n1 and n4: two of three of the new, one of the old */
    joint_see();
    assert_int_equal(l.state, MUSTER_LEASE_CONFIRMING);
    assert_false(l.settled);
    joint_promise(2, 0);
    joint_see();
    assert_int_equal(l.state, MUSTER_LEASE_LEADING);
    assert_true(l.settled);
    assert_int_equal(notes(MUSTER_NOTE_ELECTORATE_SETTLED), 1);
}

static void majority_of_the_old_electorate_alone_elects_nobody(void **state)
{
    (void)state;
    joint_promise(2, 0); /* n1 and n3 */
    joint_see();
    assert_int_equal(l.state, MUSTER_LEASE_CONFIRMING);
    joint_promise(1, 0);
    joint_see();
    assert_int_equal(l.state, MUSTER_LEASE_LEADING);
}

static void voter_that_holds_another_generation_is_not_counted(void **state)
{
    (void)state;
    joint_promise(3, 0);
    joint_promise(2, 0);
    joint_voter[2].electorate++;
    joint_see();
    assert_int_equal(l.state, MUSTER_LEASE_CONFIRMING);
}

static void once_settled_the_new_electorate_extends_the_lease_alone(void **state)
{
    (void)state;
    joint_promise(3, 0);
    joint_promise(2, 0);
    joint_see();
    muster_time until = l.until;
    assert_int_equal(l.writing.settled, 2); /* and keeps it */
    write_slot(MUSTER_STATUS_OK);
    renew(true);
    joint_present[2] = false;
    joint_promise(3, 1);
    joint_see();
    assert_true(l.until > until);
}

static void joint_lease_counts_what_both_electorates_have_echoed(void **state)
{
    (void)state;
    muster_time acquired = l.sent[0].at;
    renew(true);
    joint_promise(3, 1);
    joint_promise(2, 0);
    joint_see();
    assert_int_equal(l.until, acquired + config.lease_ttl - config.margin);
    joint_promise(2, 1);
    joint_see();
    assert_int_equal(l.until, now + config.lease_ttl - config.margin);
}

static void settled_is_learnt_and_kept_without_a_promise_being_touched(void **state)
{
    (void)state;
    struct muster_pair promise = muster_lease_promise(&l);
    muster_time wait = l.wait_from;
    joint_promise(3, 0);
    joint_voter[3].settled = 1; /* of the one before */
    joint_see();
    assert_false(l.settled);
    joint_voter[3].settled = 2;
    joint_see();
    assert_true(l.settled);
    assert_int_equal(l.state, MUSTER_LEASE_LEADING); /* two of three of the new are enough */
    assert_int_equal(l.writing.epoch, promise.epoch);
    write_slot(MUSTER_STATUS_IOERROR);
    assert_int_equal(l.state, MUSTER_LEASE_LEADING);
    assert_int_equal(l.slot.settled, 0);
    assert_int_equal(notes(MUSTER_NOTE_PROMISE_FAILED), 0);
    joint_see();
    assert_int_equal(l.writing.sequence, 0); /* not at once again */
    now += config.renew_every;
    joint_see();
    now += MUSTER_SECOND;
    write_slot(MUSTER_STATUS_OK);
    assert_int_equal(l.slot.settled, 2);
    assert_true(muster_pair_equal(muster_lease_promise(&l), promise));
    assert_int_equal(l.wait_from, wait);
    joint_see();
    assert_int_equal(l.writing.sequence, 0);
}

static void candidate_without_a_majority_to_be_had_does_not_campaign(void **state)
{
    (void)state;
    muster_lease_step_down(&l, now, MUSTER_LOST_DEADLINE, 0, &out);
    muster_lease_tick(&l, now, &out);
    run_script(true);
    l.released = true;
    joint_promise(1, 0);
    joint_promise(2, 0);
    joint_voter[1].electorate++;
    joint_see();
    assert_true(l.campaign_at != MUSTER_NEVER); /* n3 and n4 might do */
    joint_voter[2].electorate++;
    joint_see();
    assert_true(l.campaign_at == MUSTER_NEVER); /* the old electorate would not */
    joint_promise(3, 0);
    joint_voter[3].settled = 2;
    joint_see();
    assert_true(l.campaign_at != MUSTER_NEVER); /* and is not asked any more */
}

static void who_leaves_votes_until_it_is_settled_and_never_campaigns(void **state)
{
    (void)state;
    static struct muster_place leaver;
    leaver = *l.place;
    leaver.index = 2;
    muster_lease_init(&l, &config, &leaver, (struct muster_incarnation){0, 3}, 9, now);
    struct muster_slot first = {.sequence = 1, .electorate = l.electorate, .generation = 2};
    muster_lease_restore(&l, &first);
    l.active = true;
    now += config.lease_ttl;
    joint_present[2] = false;
    stored[0] = 0;
    joint_see();
    assert_true(l.campaign_at == MUSTER_NEVER);
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    joint_see();
    assert_int_equal(l.writing.epoch, 5);
    write_slot(MUSTER_STATUS_OK);
    joint_promise(3, 0);
    joint_voter[3].settled = 2;
    now += config.lease_ttl;
    snprintf(stored, sizeof stored, "H 6 bb 0 n2 %032x 0 0", 9);
    joint_see();
    assert_int_equal(l.writing.sequence, 0);
}

/* ---- the store as the authority ---- */

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

static void member_that_is_in_neither_electorate_does_not_promise(void **state)
{
    (void)state;
    static const char *const all[] = {"n1", "n2", "n3", "n4", "n5"};
    static struct muster_place beside = {.index = 4,
                                         .count = 5,
                                         .voters = ALL,
                                         .names = all,
                                         .generation = 2,
                                         .joining = 8,
                                         .leaving = 4};
    memset(joint_voter, 0, sizeof joint_voter);
    memset(joint_present, 0, sizeof joint_present);
    muster_lease_init(&l, &config, &beside, (struct muster_incarnation){0, 5}, 9, now);
    struct muster_slot first = {.sequence = 1, .electorate = l.electorate, .generation = 2};
    muster_lease_restore(&l, &first);
    l.active = true;
    now += config.lease_ttl;
    snprintf(stored, sizeof stored, "H 5 aa 0 n2 %032x 0 0", 9);
    joint_see();
    assert_false(l.settled);
    assert_int_equal(l.writing.sequence, 0);
}

static void where_the_store_rules_a_pause_waits_for_the_electorate_before_as_well(void **state)
{
    (void)state;
    static const char *const all[] = {"n1", "n2", "n3", "n4"};
    static struct muster_place changing = {
        .count = ALL, .voters = ALL, .names = all, .generation = 2, .joining = 8, .leaving = 4};
    set_up(state);
    memset(joint_voter, 0, sizeof joint_voter);
    memset(joint_present, 0, sizeof joint_present);
    config.authority = MUSTER_AUTHORITY_STORE;
    muster_lease_init(&l, &config, &changing, (struct muster_incarnation){0, 1}, 9, now);
    l.active = l.fit = true;
    joint_see();
    now = l.campaign_at;
    muster_lease_tick(&l, now, &out);
    run_script(true);
    assert_int_equal(l.state, MUSTER_LEASE_LEADING);
    out.count = out.used = 0;
    assert_true(muster_lease_pause(&l, true, "", &out));
    now += MUSTER_MILLISECOND;
    muster_lease_tick(&l, now, &out);
    write_slot(MUSTER_STATUS_OK);
    joint_promise(1, 0);
    joint_promise(3, 0); /* all of the new electorate hold it */
    joint_voter[1].pause = joint_voter[3].pause = l.pause;
    joint_see();
    assert_false(l.settled);
    assert_int_equal(notes(MUSTER_NOTE_PAUSE_DURABLE), 0);
    joint_promise(2, 0); /* who leaves is there, and does not */
    joint_see();
    assert_int_equal(notes(MUSTER_NOTE_PAUSE_DURABLE), 0);
    joint_voter[2].pause = l.pause;
    joint_see();
    assert_int_equal(notes(MUSTER_NOTE_PAUSE_DURABLE), 1);
}

int main(void)
{
#define IN(setting, name) cmocka_unit_test_setup(name, setting)
    const struct CMUnitTest tests[] = {
        IN(joint, majority_of_the_new_electorate_alone_elects_nobody),
        IN(joint, majority_of_the_old_electorate_alone_elects_nobody),
        IN(joint, voter_that_holds_another_generation_is_not_counted),
        IN(joint, once_settled_the_new_electorate_extends_the_lease_alone),
        IN(joint, joint_lease_counts_what_both_electorates_have_echoed),
        IN(joint, settled_is_learnt_and_kept_without_a_promise_being_touched),
        IN(joint, candidate_without_a_majority_to_be_had_does_not_campaign),
        IN(joint, who_leaves_votes_until_it_is_settled_and_never_campaigns),
        IN(trusting, acknowledged_acquire_leads_at_once_from_its_sending),
        IN(trusting, acquire_whose_acknowledgement_was_lost_leads_when_it_is_read),
        IN(trusting, acknowledgement_that_comes_too_late_leads_nobody),
        IN(trusting, renewal_extends_the_lease_only_once_acknowledged_or_read),
        IN(trusting, renewal_that_was_refused_extends_nothing_though_the_record_stands),
        IN(trusting, after_a_stall_a_new_acknowledgement_is_needed),
        IN(trusting, record_of_another_is_neither_promised_nor_taken),
        IN(trusting, member_without_a_vote_does_not_campaign),
        IN(set_up, member_that_is_in_neither_electorate_does_not_promise),
        IN(set_up, where_the_store_rules_a_pause_waits_for_the_electorate_before_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
