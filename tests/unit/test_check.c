/* SPDX-License-Identifier: Apache-2.0 */
/* Every shipped safety property, by records made by hand: it fires, and is silent next to
 * that. */
#include "core/coordinator/slot.h"
#include "core/coordinator/votes.h"
#include "core/flat.h"
#include "core/text.h"
#include "tests/lib/check_world.h"

#define EFFECT_ACTION (MUSTER_EVENT_EFFECT + MUSTER_OUT_ACTION)

static void one_epoch_is_won_once(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_one_leader_per_epoch);
    ELECTED(&w, S(1), 0, 4, 0xa, S(20));
    ELECTED(&w, S(2), 0, 4, 0xa, S(20));
    ELECTED(&w, S(3), 1, 5, 0xb, S(20));
    ELECTED(&w, S(4), 1, 4 + MUSTER_ELECTIONS_KEPT, 0xc, S(20)); /* the place of 4 is taken */
    ELECTED(&w, S(5), 2, 4, 0xd, S(20));
    holds(&w);
    ELECTED(&w, S(6), 2, 5, 0xe, S(20));
    fires(&w, "n3 was elected for epoch 5 (attempt e), which n2 had won with attempt b");
    open_world(&w, &muster_check_one_leader_per_epoch);
    ELECTED(&w, S(1), 0, 0, 0, S(20));
    fires(&w, "n1 was elected for epoch 0, which is nobody's");
}

static void two_valid_leases_are_seen_by_true_clocks(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_one_valid_lease);
    w.clock_offset[1] = -(int64_t)S(3);
    ELECTED(&w, S(10), 0, 1, 0xa, S(20));
    ELECTED(&w, S(20), 1, 2, 0xb, S(30)); /* n1's ended at this very instant */
    SEE(&w, S(21), 0, NOTE_KIND(LEASE_EXTENDED), 1, 0xa, S(21)); /* not valid even for n1 */
    SEE(&w, S(22), 1, NOTE_KIND(LEADER_LOST), 2, 0xb, MUSTER_LOST_DEADLINE);
    ELECTED(&w, S(23), 2, 3, 0xc, S(40));
    SEE(&w, S(24), 2, MUSTER_EVENT_CRASH, 0);
    ELECTED(&w, S(25), 1, 4, 0xd, S(40));
    holds(&w);
    SEE(&w, S(42), 0, NOTE_KIND(LEASE_EXTENDED), 5, 0xe, S(50));
    fires(&w, "n1 leads with epoch 5 while n2 still does with epoch 4: by its own clock for "
              "another 1.000 s");
}

/* A voter's disk acknowledges a promise. */
static void promise(struct muster_world *w, muster_time t, uint16_t voter, uint64_t epoch,
                    uint64_t attempt)
{
    uint8_t file[2 * MUSTER_SLOT_SIZE] = {0};
    struct muster_slot slot = {.sequence = t / MUSTER_SECOND + 1,
                               .epoch = epoch,
                               .attempt = attempt,
                               .known = epoch};
    muster_slot_encode(&slot, file + muster_slot_offset(slot.sequence));
    show_data(w, t, voter, MUSTER_EVENT_DURABLE, MUSTER_SLOT_FILE, sizeof file,
              (struct muster_bytes){file, sizeof file});
}

static void a_majority_has_the_very_pair_on_disk(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_lease_has_majority);
    promise(&w, S(1), 0, 7, 0xa);
    promise(&w, S(2), 1, 7, 0xa);
    promise(&w, S(3), 1, 8, 0xb); /* what came before still counts for 7 */
    ELECTED(&w, S(4), 0, 7, 0xa, S(20));
    holds(&w);
    promise(&w, S(5), 2, 8, 0xc); /* another attempt */
    ELECTED(&w, S(6), 1, 8, 0xb, S(20));
    fires(&w, "n2 was elected with epoch 8 (attempt b), but only 1 of 3 voters have that "
              "promise on disk");
}

/* The same, in an electorate of the second generation. */
static void promise_in_second(struct muster_world *w, muster_time t, uint16_t voter, uint64_t epoch)
{
    uint8_t file[2 * MUSTER_SLOT_SIZE] = {0};
    struct muster_slot slot = {.sequence = t / MUSTER_SECOND + 1,
                               .generation = 2,
                               .epoch = epoch,
                               .attempt = 0xa,
                               .known = epoch};
    muster_slot_encode(&slot, file + muster_slot_offset(slot.sequence));
    show_data(w, t, voter, MUSTER_EVENT_DURABLE, MUSTER_SLOT_FILE, sizeof file,
              (struct muster_bytes){file, sizeof file});
}

static void open_changing_world(struct muster_world *w)
{
    open_world(w, &muster_check_lease_has_majority);
    w->scenario.place[0].voters = 2; /* n3 joins n1 and n2 */
    w->scenario.place[1] =
        (struct muster_place){.count = MEMBERS, .voters = MEMBERS, .generation = 2, .joining = 4};
    w->electorate[0] = MUSTER_ELECTORATE_NEXT;
}

static void while_the_electorate_changes_both_have_a_majority(void **state)
{
    struct muster_world w;
    (void)state;
    open_changing_world(&w);
    promise_in_second(&w, S(1), 0, 7);
    promise_in_second(&w, S(2), 1, 7);
    ELECTED(&w, S(3), 0, 7, 0xa, S(20));
    promise_in_second(&w, S(4), 0, 8);
    promise_in_second(&w, S(5), 2, 8);
    ELECTED(&w, S(6), 0, 8, 0xa, S(20)); /* it is settled: n1 and n2 of before count no more */
    holds(&w);
    open_changing_world(&w);
    promise_in_second(&w, S(1), 0, 7);
    promise_in_second(&w, S(2), 2, 7);
    ELECTED(&w, S(3), 0, 7, 0xa, S(20));
    fires(&w, "n1 was elected with epoch 7 (attempt a), but only 1 of 2 voters of the electorate "
              "before have that promise on disk");
    open_changing_world(&w);
    promise_in_second(&w, S(1), 0, 7);
    promise(&w, S(2), 1, 7, 0xa); /* in the electorate before */
    ELECTED(&w, S(3), 0, 7, 0xa, S(20));
    fires(&w, "n1 was elected with epoch 7 (attempt a), but only 1 of 3 voters have that promise "
              "on disk");
}

static void where_the_store_is_trusted_no_majority_is_judged(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_lease_has_majority);
    w.config.authority = MUSTER_AUTHORITY_STORE;
    ELECTED(&w, S(4), 0, 7, 0xa, S(20));
    says_nothing(&w);
}

static void promises_rise(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_promise_only_rises);
    promise(&w, S(1), 0, 7, 0xa);
    promise(&w, S(2), 0, 7, 0xa);
    promise(&w, S(3), 0, 9, 0xb);
    promise(&w, S(4), 1, 3, 0xc);
    holds(&w);
    promise(&w, S(4), 0, 9, 0); /* a new state that promises its floor to nobody */
    holds(&w);
    promise(&w, S(5), 0, 8, 0xd);
    fires(&w, "the disk of n1 holds a promise of epoch 8 after one of 9");
    open_world(&w, &muster_check_promise_only_rises);
    promise(&w, S(1), 0, 9, 0xb);
    promise(&w, S(2), 0, 9, 0);
    promise(&w, S(3), 0, 9, 0xc);
    fires(&w, "n1 promised epoch 9 twice: to attempt b and then to c");
    open_world(&w, &muster_check_promise_only_rises);
    promise(&w, S(1), 0, 7, 0xa);
    promise(&w, S(2), 0, 7, 0xb);
    fires(&w, "n1 promised epoch 7 twice: to attempt a and then to b");
    open_world(&w, &muster_check_promise_only_rises);
    promise(&w, S(1), 0, 7, 0xa);
    show_data(&w, S(2), 0, MUSTER_EVENT_DURABLE, MUSTER_SLOT_FILE, 0, (struct muster_bytes){0});
    fires(&w, "the disk of n1 holds a promise of epoch 0 after one of 7");
}

static void who_leads_does_so_with_its_last_attempt(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_own_attempt);
    SEE(&w, S(1), 0, NOTE_KIND(CAMPAIGN), 0, 0xa);
    SEE(&w, S(2), 0, NOTE_KIND(CAMPAIGN), 0, 0xb);
    SEE(&w, S(2), 1, NOTE_KIND(CAMPAIGN), 0, 0xa);
    says_nothing(&w);
    SEE(&w, S(3), 0, NOTE_KIND(ACQUIRED), 7, 0xb);
    ELECTED(&w, S(4), 0, 7, 0xb, S(20));
    holds(&w);
    SEE(&w, S(5), 0, NOTE_KIND(ACQUIRED), 6, 0xa);
    fires(&w, "n1 stands for epoch 6 with attempt a, but has campaigned with attempt b");
    w.violated = 0;
    SEE(&w, S(6), 1, MUSTER_EVENT_RESTART, 2);
    ELECTED(&w, S(7), 1, 8, 0xa, S(20));
    fires(&w, "n2 stands for epoch 8 with attempt a, but has campaigned with attempt 0");
    open_world(&w, &muster_check_own_attempt);
    w.config.local = true;
    ELECTED(&w, S(1), 0, 1, 0xa, S(20));
    says_nothing(&w);
}

static void the_right_twin_refuses(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_twin_refuses);
    SEE(&w, S(1), 0, MUSTER_IN_START, 7, 7);
    SEE(&w, S(1), 1, MUSTER_IN_START, 7, 8);
    SEE(&w, S(2), 2, NOTE_KIND(DUPLICATE_ID), 6, 6); /* of a life that is over */
    says_nothing(&w);
    SEE(&w, S(2), 1, NOTE_KIND(DUPLICATE_ID), 7, 7); /* neither has joined: the higher one */
    SEE(&w, S(3), 1, NOTE_KIND(JOINED), 0);
    SEE(&w, S(4), 0, NOTE_KIND(DUPLICATE_ID), 7, 8); /* the newcomer, though it is the lower */
    SEE(&w, S(5), 0, NOTE_KIND(JOINED), 0);
    SEE(&w, S(6), 1, NOTE_KIND(DUPLICATE_ID), 7, 7); /* both have: again the higher */
    holds(&w);
    SEE(&w, S(7), 0, NOTE_KIND(DUPLICATE_ID), 7, 8);
    fires(&w, "n1 refuses for n2, though its incarnation 0000000000000007… is below "
              "0000000000000007… and both of them joined");
    SEE(&w, S(8), 0, MUSTER_IN_START, 6, 9);
    w.violated = 0;
    SEE(&w, S(9), 1, NOTE_KIND(DUPLICATE_ID), 6, 9);
    fires(&w, "n2 has joined and refuses for n1, which has not");
}

static void a_write_outside_of_the_memory_is_seen(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_memory_bounded);
    w.overrun[2] = true; /* not its doing: it has not been handed anything */
    show(&w, (struct muster_record){.time = S(1), .kind = MUSTER_IN_START, .number = 4});
    show(&w, (struct muster_record){.time = S(2), .kind = MUSTER_IN_TIMER, .number = 9});
    finish(&w, S(3));
    holds(&w);
    w.overrun[0] = true;
    show(&w, (struct muster_record){.time = S(4), .kind = MUSTER_IN_DISK, .number = 12});
    fires(&w, "n1 has written outside of its memory, at the latest in record 9 (in.timer)");
    w.violated = 0;
    finish(&w, S(5));
    fires(&w, "n1 has written outside of its memory, at the latest in record 12 (in.disk)");
}

static void hand_out(struct muster_world *w, muster_time t, const char *action, uint64_t epoch,
                     muster_time not_after)
{
    uint8_t room[64];
    struct muster_flat_writer flat;
    muster_flat_writer_init(&flat, room, sizeof room);
    muster_flat_array(&flat, 1);
    muster_flat_text(&flat, MUSTER_FLAT_BULK, action);
    show(w, (struct muster_record){.time = t,
                                   .kind = EFFECT_ACTION,
                                   .tag = 77,
                                   .arg = {epoch, 1, not_after},
                                   .data = muster_flat_written(&flat)});
}

static void effects_carry_the_epoch_of_their_lease(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_effect_epoch);
    hand_out(&w, S(1), "cache_purge", 0, S(2));
    ELECTED(&w, S(2), 0, 4, 0xa, S(20));
    hand_out(&w, S(3), "safe_mode", 4, S(20));
    holds(&w);
    hand_out(&w, S(20), "safe_mode", 4, S(20));
    fires(&w, "n1 handed out intent 77 with epoch 4 0.000 s after its lease had ended");
    open_world(&w, &muster_check_effect_epoch);
    hand_out(&w, S(1), "safe_mode", 0, S(2));
    fires(&w, "n1 handed out safe_mode without an epoch, though it is no local action");
    open_world(&w, &muster_check_effect_epoch);
    ELECTED(&w, S(2), 0, 4, 0xa, S(20));
    hand_out(&w, S(3), "safe_mode", 3, S(20));
    fires(&w, "n1 handed out intent 77 with epoch 3 while it leads with epoch 4");
    open_world(&w, &muster_check_effect_epoch);
    ELECTED(&w, S(2), 0, 4, 0xa, S(20));
    hand_out(&w, S(3), "safe_mode", 4, S(21));
    fires(&w, "n1 allows intent 77 to start until 21.000 s, later than its lease's end at "
              "20.000 s of its clock");
    open_world(&w, &muster_check_effect_epoch);
    ELECTED(&w, S(2), 0, 4, 0xa, S(20));
    SEE(&w, S(3), 0, NOTE_KIND(LEADER_LOST), 4, 0xa, MUSTER_LOST_FENCED);
    hand_out(&w, S(4), "safe_mode", 4, S(20));
    fires(&w, "n1 handed out intent 77 with epoch 4 without leading");
}

static void a_process_that_is_not_ours_may_use_epochs_its_own_way(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_effect_epoch);
    w.process.name = "ring";
    hand_out(&w, S(1), "turn", 0, S(2));
    hand_out(&w, S(1), "turn", 9, S(2));
    says_nothing(&w);
    open_world(&w, &muster_check_history_kept);
    w.process.name = "ring";
    show_data(&w, S(1), 0, MUSTER_EVENT_DURABLE, 1, 5, muster_text_bytes("intent=1\n"));
    show_data(&w, S(2), 0, MUSTER_EVENT_DURABLE, 1, 0, muster_text_bytes(""));
    says_nothing(&w);
}

static void no_cluster_effect_starts_late(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_no_late_effect);
    SEE(&w, S(1), 0, MUSTER_EVENT_EXECUTOR_STARTED, 5, 0, S(3), S(9));
    says_nothing(&w);
    SEE(&w, S(2), 0, MUSTER_EVENT_EXECUTOR_STARTED, 5, 1, S(3), S(3));
    holds(&w);
    SEE(&w, S(3), 0, MUSTER_EVENT_EXECUTOR_STARTED, 5, 1, S(3), S(5) + 250 * MUSTER_MILLISECOND);
    fires(&w, "the executor of n1 started intent 5 of epoch 1 2.250 s too late, by the clock "
              "it had just read");
}

static void targets_start_nothing_stale(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_no_stale_effect);
    SEE(&w, S(1), 0, MUSTER_EVENT_TARGET_STARTED, 5, 3, 1, 0);
    SEE(&w, S(2), 1, MUSTER_EVENT_TARGET_STARTED, 6, 0, 1, 0);
    SEE(&w, S(3), 1, MUSTER_EVENT_TARGET_STARTED, 7, 3, 1, 0);
    SEE(&w, S(4), 1, MUSTER_EVENT_TARGET_STARTED, 8, 2, 1, 1); /* another target */
    SEE(&w, S(4), 1, MUSTER_EVENT_TARGET_SEALED, 8, 2, 3, 0);  /* not higher */
    holds(&w);
    SEE(&w, S(5), 1, MUSTER_EVENT_TARGET_STARTED, 9, 2, 1, 0);
    fires(&w, "target 0 started intent 9 of n2 with epoch 2 after it had started or been sealed "
              "with epoch 3");
}

static void targets_are_sealed_first(void **state)
{
    struct muster_world w;
    const uint16_t action = MUSTER_EVENT_EFFECT + MUSTER_OUT_ACTION;
    (void)state;
    open_world(&w, &muster_check_sealed_first);
    w.config.seal_targets = true;
    SEE(&w, S(1), 0, action, 3, 0, S(9), 0); /* the seal */
    SEE(&w, S(1), 0, action, 0, 1, S(9), 0); /* local */
    says_nothing(&w);
    SEE(&w, S(2), 0, NOTE_KIND(SEALED), 3, 1, 0, 0);
    SEE(&w, S(3), 0, action, 3, 1, S(9), 0);
    SEE(&w, S(4), 0, action, 3, 2, S(9), 0);
    holds(&w);
    SEE(&w, S(5), 0, action, 4, 1, S(9), 0);
    fires(&w, "n1 handed out intent 0 with epoch 4 before it had sealed its targets");
}

static void nothing_starts_after_an_acknowledged_pause(void **state)
{
    struct muster_world w;
    const uint16_t action = MUSTER_EVENT_EFFECT + MUSTER_OUT_ACTION;
    (void)state;
    open_world(&w, &muster_check_pause_kept);
    SEE(&w, S(1), 0, NOTE_KIND(PAUSE_ASKED), 1, 3, 1, 0);
    SEE(&w, S(1), 0, action, 3, 1, S(9), 0); /* not acknowledged yet */
    says_nothing(&w);
    SEE(&w, S(2), 0, NOTE_KIND(PAUSE_DURABLE), 1, 3, 1, 0);
    SEE(&w, S(3), 1, action, 0, 1, S(9), 0); /* local */
    SEE(&w, S(4), 1, NOTE_KIND(PAUSE_ASKED), 0, 3, 2, 0);
    SEE(&w, S(4), 0, action, 3, 1, S(9), 0);
    holds(&w);
    SEE(&w, S(5), 0, NOTE_KIND(PAUSE_DURABLE), 0, 3, 2, 0);
    SEE(&w, S(6), 1, NOTE_KIND(PAUSE_DURABLE), 1, 4, 1, 0);
    SEE(&w, S(7), 2, action, 5, 1, S(9), 0);
    fires(&w, "n3 handed out intent 0 with epoch 5, while the cluster's recovery is paused since "
              "word 1 of epoch 4");
}

static void targets_start_nothing_below_a_seal(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_no_stale_effect);
    SEE(&w, S(1), 0, MUSTER_EVENT_TARGET_SEALED, 5, 3, 0, 0);
    SEE(&w, S(2), 0, MUSTER_EVENT_TARGET_STARTED, 6, 3, 1, 0);
    holds(&w);
    SEE(&w, S(3), 1, MUSTER_EVENT_TARGET_STARTED, 7, 2, 1, 0);
    fires(&w, "target 0 started intent 7 of n2 with epoch 2 after it had started or been sealed "
              "with epoch 3");
}

static void an_attempt_starts_once(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_effect_once);
    SEE(&w, S(1), 0, MUSTER_EVENT_TARGET_STARTED, 5, 3, 1, 0);
    SEE(&w, S(2), 0, MUSTER_EVENT_TARGET_STARTED, 5, 3, 2, 0);
    SEE(&w, S(3), 0, MUSTER_EVENT_TARGET_STARTED, 5, 3, 1, 1);
    holds(&w);
    SEE(&w, S(4), 0, MUSTER_EVENT_TARGET_STARTED, 5, 3, 2, 0);
    fires(&w, "target 0 started attempt 2 of intent 5 of n1 a second time");
}

static void decisions_need_a_quorum_that_is_there(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_decided_with_quorum);
    SEE(&w, S(0), 0, MUSTER_EVENT_EXECUTED, 0, 0);
    SEE(&w, S(0), 1, MUSTER_EVENT_EXECUTED, 0, 1);
    SEE(&w, S(17), 0, NOTE_KIND(CONSENSUS), 1, 1, MUSTER_OUTCOME_DECIDED, 2);
    ELECTED(&w, S(17), 0, 1, 0xa, S(30));
    SEE(&w, S(17), 1, NOTE_KIND(CONSENSUS_APPLIED), 1, 1, 0, 0);
    SEE(&w, S(17), 0, MUSTER_EVENT_EXECUTED, 0, 0);
    SEE(&w, S(18), 0, NOTE_KIND(CONSENSUS), 1, 2, MUSTER_OUTCOME_NO_QUORUM, 1);
    holds(&w);
    SEE(&w, S(18), 0, NOTE_KIND(CONSENSUS), 1, 3, MUSTER_OUTCOME_DECIDED, 2);
    fires(&w, "n1 decided (sequence 3, 2 votes by its own count), but the store has heard 1 "
              "of 3 voters (itself included) within 17.500 s; needed are 2");
    open_world(&w, &muster_check_decided_with_quorum);
    SEE(&w, S(1), 1, NOTE_KIND(CONSENSUS_APPLIED), 6, 9, 0, 0);
    fires(&w, "n2 applied decision 9 of epoch 6, which nobody has won");
}

static void cooldowns_run_from_the_end(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_cooldown_kept);
    ENDED(&w, S(10), 0, 1, MUSTER_RESULT_FAILED, 2);
    STARTED(&w, S(11), 0, 2, 1, 0); /* another action */
    STARTED(&w, S(12), 1, 3, 2, 0); /* another process */
    says_nothing(&w);
    STARTED(&w, S(310), 0, 4, 2, 0);
    holds(&w);
    ENDED(&w, S(320), 0, 4, MUSTER_RESULT_SUCCESS, 2);
    SEE(&w, S(330), 0, MUSTER_EVENT_CLOCK, 1, (uint64_t)-5); /* the wall clock is of no matter */
    STARTED(&w, S(619), 0, 5, 2, 0);
    fires(&w, "n1 started safe_mode (intent 5) 299.000 s after its last end; its cooldown is "
              "300.000 s");
    open_world(&w, &muster_check_cooldown_kept);
    ENDED(&w, S(10), 0, 1, MUSTER_RESULT_FAILED, 2);
    SEE(&w, S(11), 0, MUSTER_EVENT_CLOCK, 0, (uint64_t)-5);
    STARTED(&w, S(12), 0, 2, 2, 0);
    ENDED(&w, S(13), 0, 2, MUSTER_RESULT_FAILED, 2);
    SEE(&w, S(14), 0, MUSTER_EVENT_RESTART, 2);
    STARTED(&w, S(15), 0, 3, 2, 0);
    says_nothing(&w);
}

static void an_intent_ends_once(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_one_terminal_record);
    STARTED(&w, S(1), 0, 8, 2, 0);
    STARTED(&w, S(1), 1, 9, 2, 0);
    ENDED(&w, S(2), 0, 8, MUSTER_RESULT_SUCCESS, 2);
    ENDED(&w, S(2), 1, 9, MUSTER_RESULT_FAILED, 2);
    holds(&w);
    ENDED(&w, S(3), 0, 8, MUSTER_RESULT_CANCELLED, 2);
    fires(&w, "n1 ended intent 8 a second time, now as cancelled");
    open_world(&w, &muster_check_one_terminal_record);
    ENDED(&w, S(3), 0, 8, MUSTER_RESULT_SUCCESS, 2);
    fires(&w, "n1 ended intent 8 (success), which was never started");
    open_world(&w, &muster_check_one_terminal_record);
    STARTED(&w, S(1), 0, 8, 2, 0);
    ENDED(&w, S(2), 0, 8, MUSTER_RESULT_SUCCESS, 2);
    STARTED(&w, S(3), 1, 8, 2, 0);
    fires(&w, "n2 started intent 8, a number already used");
}

static void one_action_runs_at_a_time(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_concurrency_kept);
    STARTED(&w, S(1), 0, 8, 2, 0);
    STARTED(&w, S(1), 1, 9, 2, 0);
    ENDED(&w, S(2), 0, 8, MUSTER_RESULT_SUCCESS, 2);
    STARTED(&w, S(3), 0, 10, 2, 0);
    SEE(&w, S(4), 0, MUSTER_EVENT_CRASH, 0);
    STARTED(&w, S(5), 0, 11, 2, 0);
    holds(&w);
    STARTED(&w, S(6), 0, 12, 0, 0);
    fires(&w, "n1 started intent 12 while its intent 11 still runs");
}

/* Append a line as core/orchestrator/history.c writes it, as far as readers care; returns
 * the new size. */
static size_t add_line(char *file, size_t used, size_t size, uint64_t intent, const char *result)
{
    size_t line = used + (size_t)snprintf(file + used, size - used,
                                          "intent=%d action=a result=%s reason=\"%0*d\"",
                                          (int)intent, result, 150, 0);
    uint32_t sum = UINT32_C(2166136261);
    for (size_t i = used; i < line; i++)
        sum = (sum ^ (uint8_t)file[i]) * UINT32_C(16777619);
    return line + (size_t)snprintf(file + line, size - line, " check=%08x\n", sum);
}

/* The disk of n1 acknowledges the file as it is: its record shows the last 512 bytes. */
static void acknowledge(struct muster_world *w, muster_time t, const char *file, size_t size)
{
    size_t shown = size < 512 ? size : 512;
    show_data(w, t, 0, MUSTER_EVENT_DURABLE, 1, size,
              (struct muster_bytes){(const uint8_t *)file + size - shown, shown});
}

static void acknowledged_history_is_on_disk(void **state)
{
    struct muster_world w;
    char file[4096];
    (void)state;
    open_world(&w, &muster_check_history_kept);
    size_t size = 0;
    for (uint64_t intent = 1; intent <= 20; intent++) {
        ENDED(&w, S(intent), 0, intent, MUSTER_RESULT_FAILED, 2);
        size = add_line(file, size, sizeof file, intent, "failed");
        acknowledge(&w, S(intent), file, size);
        SEE(&w, S(intent), 0, NOTE_KIND(HISTORY_DURABLE), intent, intent);
        if (size > 3000)
            break;
    }
    SEE(&w, S(21), 0, MUSTER_EVENT_CRASH, 0);
    holds(&w);
    SEE(&w, S(22), 0, NOTE_KIND(HISTORY_DURABLE), 99, 21);
    fires(&w, "n1 says that the record of intent 99 is durable, but its disk does not hold it");
    w.violated = 0;
    acknowledge(&w, S(23), file, size - 100);
    assert_int_equal(w.violated, 1);
    assert_non_null(strstr(w.text, "bytes acknowledged and has only"));
}

static void a_large_sync_is_not_judged_by_what_it_does_not_show(void **state)
{
    struct muster_world w;
    char file[4096];
    (void)state;
    open_world(&w, &muster_check_history_kept);
    size_t size = 0;
    for (uint64_t intent = 1; intent <= 5; intent++) {
        ENDED(&w, S(1), 0, intent, MUSTER_RESULT_FAILED, 2);
        size = add_line(file, size, sizeof file, intent, "failed");
    }
    acknowledge(&w, S(2), file, size);
    SEE(&w, S(2), 0, NOTE_KIND(HISTORY_DURABLE), 1, 1);
    says_nothing(&w);
}

static void invented_history_is_found(void **state)
{
    struct muster_world w;
    char file[4096] = "intent=7 torn half of a line\n";
    (void)state;
    open_world(&w, &muster_check_history_kept);
    ENDED(&w, S(1), 0, 1, MUSTER_RESULT_FAILED, 2);
    size_t size = add_line(file, strlen(file), sizeof file, 1, "failed");
    acknowledge(&w, S(1), file, size);
    SEE(&w, S(1), 0, NOTE_KIND(HISTORY_DURABLE), 1, 1);
    holds(&w);
    size = add_line(file, size, sizeof file, 1, "success");
    acknowledge(&w, S(2), file, size);
    fires(&w, "the history on the disk of n1 says that intent 1 ended as success, which it "
              "never did");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_epoch_is_won_once),
        cmocka_unit_test(two_valid_leases_are_seen_by_true_clocks),
        cmocka_unit_test(a_majority_has_the_very_pair_on_disk),
        cmocka_unit_test(while_the_electorate_changes_both_have_a_majority),
        cmocka_unit_test(where_the_store_is_trusted_no_majority_is_judged),
        cmocka_unit_test(promises_rise),
        cmocka_unit_test(who_leads_does_so_with_its_last_attempt),
        cmocka_unit_test(the_right_twin_refuses),
        cmocka_unit_test(a_write_outside_of_the_memory_is_seen),
        cmocka_unit_test(effects_carry_the_epoch_of_their_lease),
        cmocka_unit_test(a_process_that_is_not_ours_may_use_epochs_its_own_way),
        cmocka_unit_test(no_cluster_effect_starts_late),
        cmocka_unit_test(targets_start_nothing_stale),
        cmocka_unit_test(targets_are_sealed_first),
        cmocka_unit_test(nothing_starts_after_an_acknowledged_pause),
        cmocka_unit_test(targets_start_nothing_below_a_seal),
        cmocka_unit_test(an_attempt_starts_once),
        cmocka_unit_test(decisions_need_a_quorum_that_is_there),
        cmocka_unit_test(cooldowns_run_from_the_end),
        cmocka_unit_test(an_intent_ends_once),
        cmocka_unit_test(one_action_runs_at_a_time),
        cmocka_unit_test(acknowledged_history_is_on_disk),
        cmocka_unit_test(a_large_sync_is_not_judged_by_what_it_does_not_show),
        cmocka_unit_test(invented_history_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
