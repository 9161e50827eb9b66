/* SPDX-License-Identifier: Apache-2.0 */
/* Consensus as a pure function: the configured voters are what is divided by. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/coordinator/votes.h"

#define HALF (MUSTER_PPM / 2)

static const struct muster_vote none = {.fresh = false};
static const struct muster_vote good = {true, MUSTER_CIRCUIT_CLOSED, MUSTER_MODE_PRIMARY};
static const struct muster_vote open = {true, MUSTER_CIRCUIT_OPEN, MUSTER_MODE_HEURISTIC};
static const struct muster_vote safe = {true, MUSTER_CIRCUIT_OPEN, MUSTER_MODE_SAFE};
static const struct muster_vote blank = {true, MUSTER_CIRCUIT_UNKNOWN, MUSTER_MODE_UNKNOWN};

static void majority_of_the_configured_voters_decides(void **state)
{
    (void)state;
    struct muster_decision d =
        muster_votes_decide((struct muster_vote[]){good, good, open, none, good}, 5, HALF);
    assert_int_equal(d.outcome, MUSTER_OUTCOME_DECIDED);
    assert_int_equal(d.circuit, MUSTER_CIRCUIT_CLOSED);
    assert_int_equal(d.mode, MUSTER_MODE_PRIMARY);
    assert_int_equal(d.voting, 4);
    assert_int_equal(d.needed, 3);
    assert_int_equal(d.strength_ppm, 600000);
}

static void quorum_is_not_counted_from_the_votes_present(void **state)
{
    (void)state;
    struct muster_decision d =
        muster_votes_decide((struct muster_vote[]){good, good, none, none, none}, 5, HALF);
    assert_int_equal(d.outcome, MUSTER_OUTCOME_NO_QUORUM);
    assert_int_equal(d.circuit, MUSTER_CIRCUIT_UNKNOWN);
    assert_int_equal(d.mode, MUSTER_MODE_UNKNOWN);
    assert_int_equal(d.strength_ppm, 0);
}

static void votes_that_differ_are_a_split_brain_not_a_mode(void **state)
{
    (void)state;
    struct muster_decision d =
        muster_votes_decide((struct muster_vote[]){good, open, safe}, 3, HALF);
    assert_int_equal(d.outcome, MUSTER_OUTCOME_SPLIT_BRAIN); /* circuit agreed, mode did not */
    assert_int_equal(d.circuit, MUSTER_CIRCUIT_UNKNOWN);
    d = muster_votes_decide((struct muster_vote[]){good, good, open, safe}, 4, HALF);
    assert_int_equal(d.outcome, MUSTER_OUTCOME_SPLIT_BRAIN);
}

static void unknown_agrees_with_nothing(void **state)
{
    (void)state;
    struct muster_decision d =
        muster_votes_decide((struct muster_vote[]){blank, blank, blank}, 3, HALF);
    assert_int_equal(d.outcome, MUSTER_OUTCOME_SPLIT_BRAIN);
    assert_int_equal(d.voting, 3);
}

static void two_halves_decide_nothing(void **state)
{
    (void)state;
    struct muster_decision d =
        muster_votes_decide((struct muster_vote[]){good, good, open, open}, 4, HALF);
    assert_int_equal(d.outcome, MUSTER_OUTCOME_SPLIT_BRAIN);
}

static void threshold_of_one_needs_every_voter_and_no_more(void **state)
{
    (void)state;
    struct muster_decision d =
        muster_votes_decide((struct muster_vote[]){good, good, good}, 3, MUSTER_PPM);
    assert_int_equal(d.needed, 3);
    assert_int_equal(d.outcome, MUSTER_OUTCOME_DECIDED);
    d = muster_votes_decide((struct muster_vote[]){good, good, open}, 3, MUSTER_PPM);
    assert_int_equal(d.outcome, MUSTER_OUTCOME_SPLIT_BRAIN);
}

static void single_voter_decides_alone(void **state)
{
    (void)state;
    struct muster_decision d = muster_votes_decide(&open, 1, HALF);
    assert_int_equal(d.outcome, MUSTER_OUTCOME_DECIDED);
    assert_int_equal(d.strength_ppm, MUSTER_PPM);
}

static void strength_is_that_of_the_weaker_majority(void **state)
{
    (void)state;
    struct muster_decision d =
        muster_votes_decide((struct muster_vote[]){open, open, safe}, 3, HALF);
    assert_int_equal(d.outcome, MUSTER_OUTCOME_DECIDED);
    assert_int_equal(d.strength_ppm, 666666);
    struct muster_vote half_open = open;
    half_open.circuit = MUSTER_CIRCUIT_HALF_OPEN;
    d = muster_votes_decide((struct muster_vote[]){open, open, half_open}, 3, HALF);
    assert_int_equal(d.strength_ppm, 666666);
    assert_int_equal(d.circuit, MUSTER_CIRCUIT_OPEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(majority_of_the_configured_voters_decides),
        cmocka_unit_test(quorum_is_not_counted_from_the_votes_present),
        cmocka_unit_test(votes_that_differ_are_a_split_brain_not_a_mode),
        cmocka_unit_test(unknown_agrees_with_nothing),
        cmocka_unit_test(two_halves_decide_nothing),
        cmocka_unit_test(threshold_of_one_needs_every_voter_and_no_more),
        cmocka_unit_test(single_voter_decides_alone),
        cmocka_unit_test(strength_is_that_of_the_weaker_majority),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
