/* SPDX-License-Identifier: Apache-2.0 */
/* The start of a member: durable state, bootstrap (R5, R7, R8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/lib/door.h"

#define S(seconds) ((seconds)*MUSTER_SECOND)

static struct door *d;

static int set_up(void **state)
{
    (void)state;
    d = door_open(&(struct door_options){.peers_vote = true});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    door_close(d);
    return 0;
}

static struct muster_slot valid_slot(void)
{
    struct muster_slot s = {.sequence = 4, .electorate = d->electorate};
    s.cluster = muster_slot_hash(MUSTER_SLOT_HASH_START, "muster", 6);
    s.epoch = s.known = 6;
    s.attempt = 0xaa;
    return s;
}

static void put_slot(const struct muster_slot *s)
{
    muster_slot_encode(s, d->disk + muster_slot_offset(s->sequence));
    d->disk_size = 2 * MUSTER_SLOT_SIZE;
}

/* Whether a story ends without a failed assert. */
static bool survives(void (*story)(void))
{
    pid_t child = fork();
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        story();
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- durable state ---- */

static void promise_on_disk_is_kept_over_a_restart(void **state)
{
    (void)state;
    struct muster_slot s = valid_slot();
    put_slot(&s);
    door_start(d, false);
    door_wait(d, S(14));
    assert_true(door_says(d, "life=active"));
    assert_true(door_says(d, "promise=6 known=6 fit=yes"));
    assert_null(door_note(d, MUSTER_NOTE_VOTER_UNFIT));
}

static void voter_waits_a_full_lease_after_its_start(void **state)
{
    (void)state;
    struct muster_slot s = valid_slot();
    put_slot(&s);
    door_foreign_leader(d, 7, 0xbeef, 0);
    door_start(d, false);
    door_wait(d, d->config.lease_ttl - 1);
    assert_null(door_note(d, MUSTER_NOTE_PROMISED));
    door_foreign_leader(d, 7, 0xbeef, 4); /* it lives: its counter moves */
    door_wait(d, S(1));
    const struct door_entry *p = door_note(d, MUSTER_NOTE_PROMISED);
    assert_non_null(p);
    assert_int_equal(p->effect.arg[0], 7);
    assert_int_equal(p->effect.arg[1], 0xbeef);
}

static void echo_needs_no_wait_after_a_restart(void **state)
{
    (void)state;
    struct muster_slot s = valid_slot();
    put_slot(&s);
    door_foreign_leader(d, 6, 0xaa, 3);
    door_start(d, false);
    door_wait(d, S(14));
    struct muster_member_record r;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    assert_int_equal(r.promise.epoch, 6);
    assert_int_equal(r.echo, 3);
}

static void lower_epoch_is_never_promised(void **state)
{
    (void)state;
    struct muster_slot s = valid_slot();
    put_slot(&s);
    door_start(d, false);
    for (uint64_t renewal = 0; renewal < 10; renewal++) {
        door_foreign_leader(d, 5, 0xbeef, renewal);
        door_wait(d, S(4));
    }
    assert_null(door_note(d, MUSTER_NOTE_PROMISED));
    assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    assert_true(door_says(d, "promise=6"));
}

static void unfit(void)
{
    door_foreign_leader(d, 7, 0xbeef, 0);
    door_start(d, false);
    door_wait(d, S(40));
    assert_non_null(door_note(d, MUSTER_NOTE_VOTER_UNFIT));
    assert_null(door_note(d, MUSTER_NOTE_PROMISED));
    assert_true(door_says(d, "fit=no"));
    struct muster_member_record r;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    assert_int_equal(r.state, MUSTER_MEMBER_UNFIT);
    assert_int_equal(r.promise.epoch, 0);
}

static void damaged_slot_makes_the_voter_unfit(void **state)
{
    (void)state;
    struct muster_slot s = valid_slot();
    put_slot(&s);
    d->disk[50] ^= 1;
    unfit();
}

static void empty_disk_without_bootstrap_makes_the_voter_unfit(void **state)
{
    (void)state;
    unfit();
}

static void slot_of_another_cluster_makes_the_voter_unfit(void **state)
{
    (void)state;
    struct muster_slot s = valid_slot();
    s.cluster++;
    put_slot(&s);
    unfit();
}

static void slot_of_another_electorate_makes_the_voter_unfit(void **state)
{
    (void)state;
    struct muster_slot s = valid_slot();
    s.electorate++;
    put_slot(&s);
    unfit();
}

static void unreadable_disk_makes_the_voter_unfit(void **state)
{
    (void)state;
    struct muster_slot s = valid_slot();
    put_slot(&s);
    d->answer[MUSTER_ASK_SLOT_READ] = DOOR_LOSE;
    unfit();
}

/* ---- bootstrap ---- */

static void bootstrap_writes_the_first_state_once(void **state)
{
    (void)state;
    door_start(d, true);
    door_wait(d, S(2));
    assert_int_equal(door_notes(d, MUSTER_NOTE_BOOTSTRAPPED), 1);
    struct muster_slot s;
    struct muster_bytes file = {d->disk, d->disk_size};
    assert_int_equal(muster_slot_decode(&s, file), 0);
    assert_int_equal(s.sequence, 1);
    assert_int_equal(s.electorate, d->electorate);
    assert_int_equal(s.epoch, 0);
    assert_int_equal(s.disk_high, DOOR_HIGH);
}

static void bootstrap_is_refused_when_an_epoch_is_known(void **state)
{
    (void)state;
    d->peer[2].known = 3; /* only a voter knows it: the store has lost everything */
    door_start(d, true);
    door_wait(d, S(20));
    const struct door_entry *e = door_note(d, MUSTER_NOTE_BOOTSTRAP_REFUSED);
    assert_non_null(e);
    assert_int_equal(e->effect.arg[0], 3);
    assert_int_equal(door_notes(d, MUSTER_NOTE_BOOTSTRAP_REFUSED), 1);
    assert_null(door_note(d, MUSTER_NOTE_BOOTSTRAPPED));
    assert_true(door_says(d, "fit=no"));
}

static void bootstrap_is_refused_when_the_store_knows_an_epoch(void **state)
{
    (void)state;
    snprintf(d->epoch, sizeof d->epoch, "12");
    door_start(d, true);
    door_wait(d, S(2));
    assert_int_equal(door_note(d, MUSTER_NOTE_BOOTSTRAP_REFUSED)->effect.arg[0], 12);
}

static void bootstrap_over_damaged_state_is_refused(void **state)
{
    (void)state;
    struct muster_slot s = valid_slot();
    put_slot(&s);
    d->disk[50] ^= 1;
    door_start(d, true);
    door_wait(d, S(20));
    assert_non_null(door_note(d, MUSTER_NOTE_VOTER_UNFIT));
    assert_null(door_note(d, MUSTER_NOTE_BOOTSTRAPPED));
}

static void bootstrap_over_an_unreadable_disk_is_refused(void **state)
{
    (void)state;
    struct muster_slot s = valid_slot();
    put_slot(&s);
    d->answer[MUSTER_ASK_SLOT_READ] = DOOR_LOSE;
    door_start(d, true);
    door_wait(d, S(20));
    assert_null(door_note(d, MUSTER_NOTE_BOOTSTRAPPED));
}

static void failed_bootstrap_is_tried_again(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_SLOT_SYNC] = DOOR_LOSE;
    door_start(d, true);
    door_wait(d, S(4));
    assert_null(door_note(d, MUSTER_NOTE_BOOTSTRAPPED));
    assert_true(door_says(d, "fit=no"));
    d->answer[MUSTER_ASK_SLOT_SYNC] = DOOR_NORMAL;
    door_wait(d, S(4));
    assert_int_equal(door_notes(d, MUSTER_NOTE_BOOTSTRAPPED), 1);
}

static void member_that_is_no_voter_needs_no_state(void **state)
{
    door_close(d);
    d = door_open(&(struct door_options){.index = 3, .members = 4, .voters = 3});
    (void)state;
    door_foreign_leader(d, 7, 0xbeef, 0);
    door_start(d, true);
    door_wait(d, S(40));
    assert_null(door_note(d, MUSTER_NOTE_VOTER_UNFIT));
    assert_null(door_note(d, MUSTER_NOTE_PROMISED));
    assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    assert_null(door_note(d, MUSTER_NOTE_BOOTSTRAPPED));
    assert_true(door_says(d, "life=active"));
    struct muster_member_record r;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(d->own)), 0);
    assert_int_equal(r.state, MUSTER_MEMBER_ACTIVE);
}

static void two_voters_are_announced_at_every_start(void **state)
{
    (void)state;
    for (uint32_t voters = 1; voters <= 3; voters++) {
        door_close(d);
        d = door_open(&(struct door_options){.members = 3, .voters = voters});
        door_start(d, true);
        assert_int_equal(door_notes(d, MUSTER_NOTE_TWO_VOTERS), voters == 2);
        door_start(d, false);
        assert_int_equal(door_notes(d, MUSTER_NOTE_TWO_VOTERS), voters == 2 ? 2 : 0);
    }
}

static void store_as_the_authority_is_announced_at_every_start(void **state)
{
    (void)state;
    for (uint32_t voters = 1; voters <= 4; voters++) {
        door_close(d);
        d = door_open(&(struct door_options){.members = 4, .voters = voters});
        d->config.authority = MUSTER_AUTHORITY_DEFAULT;
        door_start(d, true);
        assert_int_equal(door_notes(d, MUSTER_NOTE_AUTHORITY_STORE), voters < 3);
    }
    d->config.authority = MUSTER_AUTHORITY_STORE;
    door_start(d, true);
    assert_int_equal(door_notes(d, MUSTER_NOTE_AUTHORITY_STORE), 1);
    assert_int_equal(door_note(d, MUSTER_NOTE_AUTHORITY_STORE)->effect.arg[0], 4);
}

static void store_as_the_authority_needs_no_durable_state(void **state)
{
    (void)state;
    struct muster_slot s = valid_slot();
    put_slot(&s);
    d->config.authority = MUSTER_AUTHORITY_STORE;
    door_start(d, true);
    door_wait(d, S(14));
    assert_true(door_says(d, "lease=leading epoch=7 promise=6")); /* above what it once knew */
    assert_true(door_says(d, "fit=yes"));
    d->disk_size = 0;
    door_start(d, true);
    door_wait(d, S(30));
    assert_null(door_note(d, MUSTER_NOTE_VOTER_UNFIT));
    assert_null(door_note(d, MUSTER_NOTE_BOOTSTRAPPED));
    assert_null(door_note(d, MUSTER_NOTE_PROMISED));
    assert_int_equal(d->disk_size, 0);
}

static void bootstrap_beside_an_absurd_counter(void)
{
    snprintf(d->epoch, sizeof d->epoch, "18446744073709551615");
    door_foreign_leader(d, 5, 0xbeef, 0);
    door_start(d, true);
    door_wait(d, S(2));
}

static void absurd_epoch_counter_does_not_stop_the_process(void **state)
{
    (void)state;
    assert_true(survives(bootstrap_beside_an_absurd_counter));
}

static void absurd_epoch_counter_hides_no_epoch_of_a_voter(void **state)
{
    (void)state;
    struct muster_slot s = valid_slot();
    put_slot(&s);
    snprintf(d->epoch, sizeof d->epoch, "18446744073709551615");
    d->peer[1].known = 9;
    door_start(d, false);
    door_wait(d, S(2));
    assert_true(door_says(d, "known=9"));
}

static void state_that_is_read_with_an_error_is_not_believed(void **state)
{
    (void)state;
    uint8_t bytes[MUSTER_SLOT_SIZE * 2] = {0};
    door_start(d, true);
    door_wait(d, S(2));
    assert_true(d->disk_size > 0);
    memcpy(bytes, d->disk, d->disk_size < sizeof bytes ? d->disk_size : sizeof bytes);
    d->answer[MUSTER_ASK_SLOT_READ] = DOOR_HANG;
    door_start(d, true);
    struct muster_input in = {.kind = MUSTER_IN_DISK, .status = MUSTER_STATUS_IOERROR};
    in.tag = door_effect(d, MUSTER_OUT_DISK)->effect.tag;
    in.data = (struct muster_bytes){bytes, sizeof bytes};
    door_mark(d);
    door_input(d, &in);
    door_wait(d, S(20));
    assert_non_null(door_note(d, MUSTER_NOTE_VOTER_UNFIT));
    assert_null(door_note(d, MUSTER_NOTE_CAMPAIGN));
    assert_true(door_says(d, "promise=0 known=0 fit=no"));
}

static void where_the_store_rules_a_state_of_another_electorate_leaves_its_epoch(void **state)
{
    (void)state;
    struct muster_slot s = {.sequence = 2, .electorate = 77, .epoch = 6, .attempt = 9, .known = 8};
    s.cluster =
        muster_slot_hash(MUSTER_SLOT_HASH_START, d->config.cluster, strlen(d->config.cluster));
    put_slot(&s);
    d->config.authority = MUSTER_AUTHORITY_STORE;
    door_start(d, false);
    door_wait(d, S(20));
    assert_null(door_note(d, MUSTER_NOTE_VOTER_UNFIT));
    assert_true(door_says(d, "lease=leading epoch=9")); /* above what is known */
}

static void slot_counts_when_write_and_sync_have_ended_in_whatever_order(void **state)
{
    (void)state;
    d->answer[MUSTER_ASK_SLOT_WRITE] = DOOR_HANG;
    door_start(d, true);
    door_wait(d, S(2));
    assert_null(door_note(d, MUSTER_NOTE_BOOTSTRAPPED));
    d->answer[MUSTER_ASK_SLOT_WRITE] = DOOR_NORMAL;
    door_release(d, MUSTER_ASK_SLOT_WRITE, DOOR_NORMAL);
    assert_non_null(door_note(d, MUSTER_NOTE_BOOTSTRAPPED));
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(promise_on_disk_is_kept_over_a_restart),
        HERE(voter_waits_a_full_lease_after_its_start),
        HERE(echo_needs_no_wait_after_a_restart),
        HERE(lower_epoch_is_never_promised),
        HERE(damaged_slot_makes_the_voter_unfit),
        HERE(empty_disk_without_bootstrap_makes_the_voter_unfit),
        HERE(slot_of_another_cluster_makes_the_voter_unfit),
        HERE(slot_of_another_electorate_makes_the_voter_unfit),
        HERE(unreadable_disk_makes_the_voter_unfit),
        HERE(bootstrap_writes_the_first_state_once),
        HERE(bootstrap_is_refused_when_an_epoch_is_known),
        HERE(bootstrap_is_refused_when_the_store_knows_an_epoch),
        HERE(bootstrap_over_damaged_state_is_refused),
        HERE(bootstrap_over_an_unreadable_disk_is_refused),
        HERE(failed_bootstrap_is_tried_again),
        HERE(member_that_is_no_voter_needs_no_state),
        HERE(two_voters_are_announced_at_every_start),
        HERE(store_as_the_authority_is_announced_at_every_start),
        HERE(store_as_the_authority_needs_no_durable_state),
        HERE(absurd_epoch_counter_does_not_stop_the_process),
        HERE(absurd_epoch_counter_hides_no_epoch_of_a_voter),
        HERE(state_that_is_read_with_an_error_is_not_believed),
        HERE(where_the_store_rules_a_state_of_another_electorate_leaves_its_epoch),
        HERE(slot_counts_when_write_and_sync_have_ended_in_whatever_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
