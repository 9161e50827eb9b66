/* SPDX-License-Identifier: Apache-2.0 */
/* What properties say of history that is handed on from leader to leader: each is made to fire. */
#include "tests/lib/check_world.h"

#include "core/coordinator/ledger.h"
#include "core/coordinator/slot.h"
#include "core/orchestrator/enhanced.h"

#define WRITES  (MUSTER_EVENT_EFFECT + MUSTER_OUT_DISK)
#define WRITTEN (MUSTER_EVENT_INPUT + MUSTER_IN_DISK)
#define ACTION  (MUSTER_EVENT_EFFECT + MUSTER_OUT_ACTION)

static void open_holding(struct muster_world *w, const struct muster_property *property)
{
    open_world(w, property);
    w->config.hold_history = true;
    w->scenario.assumptions = UINT32_MAX;
}

static void start(struct muster_world *w, muster_time t, uint16_t p, uint64_t intent,
                  uint64_t epoch)
{
    SEE(w, t, p, NOTE_KIND(ACTION_STARTED), intent, epoch, 2, 0);
}

static void end(struct muster_world *w, muster_time t, uint16_t p, uint64_t intent, uint64_t epoch)
{
    SEE(w, t, p, NOTE_KIND(ACTION_ENDED), intent, epoch, MUSTER_RESULT_SUCCESS, 2);
}

/* ---- cooldowns ---- */

static void cooldown_of_the_cluster_outlives_its_leader(void **state)
{
    struct muster_world w;
    (void)state;
    open_holding(&w, &muster_check_cooldown_kept);
    ELECTED(&w, S(1), 0, 3, 7, S(9));
    start(&w, S(10), 0, 1, 3);
    end(&w, S(20), 0, 1, 3);
    SEE(&w, S(21), 0, MUSTER_EVENT_CRASH, 0);
    ELECTED(&w, S(40), 1, 4, 8, S(55));
    start(&w, S(320), 1, 2, 4);
    holds(&w);
    start(&w, S(619), 2, 3, 5);
    fires(&w, "n3 started safe_mode (intent 3) 299.000 s after the cluster last began or ended "
              "it; its cooldown is 300.000 s");
}

static void end_that_a_successor_cannot_know_binds_it_no_longer(void **state)
{
    struct muster_world w;
    (void)state;
    open_holding(&w, &muster_check_cooldown_kept);
    ELECTED(&w, S(1), 0, 3, 7, S(9));
    start(&w, S(10), 0, 1, 3);
    ELECTED(&w, S(40), 1, 4, 8, S(55));
    end(&w, S(60), 0, 1, 3); /* of the former leader, which was slow */
    start(&w, S(340), 1, 2, 4);
    holds(&w);
    open_holding(&w, &muster_check_cooldown_kept);
    ELECTED(&w, S(1), 0, 3, 7, S(9));
    start(&w, S(10), 0, 1, 3);
    SEE(&w, S(309), 0, NOTE_KIND(ACTION_ENDED), 2, 3, MUSTER_RESULT_CANCELLED, 2); /* prepared */
    start(&w, S(311), 1, 3, 4);
    holds(&w);
}

static void cooldown_of_the_cluster_is_not_judged_where_nothing_is_held(void **state)
{
    struct muster_world w;
    (void)state;
    for (int given_up = 0; given_up < 4; given_up++) {
        open_holding(&w, &muster_check_cooldown_kept);
        w.config.hold_history = given_up != 0;
        if (given_up == 1)
            w.scenario.assumptions &= ~(uint32_t)MUSTER_ASSUME_DURABLE;
        if (given_up == 2)
            w.config.authority = MUSTER_AUTHORITY_STORE;
        w.config.local = given_up == 3; /* each its own cluster */
        start(&w, S(10), 0, 1, 3);
        start(&w, S(20), 1, 2, 4);
        says_nothing(&w);
    }
    start(&w, S(30), 1, 3, 5); /* the same one, alone */
    fires(&w, "n2 started safe_mode (intent 3) 10.000 s after the cluster last began or ended it; "
              "its cooldown is 300.000 s");
}

static void one_leadership_goes_by_its_own_account(void **state)
{
    struct muster_world w;
    (void)state;
    open_holding(&w, &muster_check_cooldown_kept);
    start(&w, S(10), 0, 1, 3);
    start(&w, S(20), 0, 2, 3); /* while the first is verified, for another member */
    says_nothing(&w);
    start(&w, S(30), 1, 3, 4);
    fires(&w, "n2 started safe_mode (intent 3) 10.000 s after the cluster last began or ended it; "
              "its cooldown is 300.000 s");
}

/* ---- limits ---- */

static void limits_of_the_cluster_count_all_its_leaders(void **state)
{
    static struct muster_enhanced_config enhanced;
    struct muster_world w;
    (void)state;
    open_holding(&w, &muster_check_limits_kept);
    enhanced.acting.limited = true;
    enhanced.acting.limits.max_actions_per_hour = 2;
    enhanced.acting.limits.max_safe_mode_entries_per_day = 64;
    w.config.enhanced = &enhanced;
    start(&w, S(10), 0, 1, 3);
    start(&w, S(20), 1, 2, 4);
    SEE(&w, S(30), 1, NOTE_KIND(ACTION_STARTED), 3, 0, 0, 0); /* local */
    start(&w, S(3610), 2, 4, 5);
    holds(&w);
    start(&w, S(3611), 0, 5, 6);
    fires(&w, "n1 started intent 5 beyond 'max_actions_per_hour: 2' of the cluster");
}

/* ---- the held history ---- */

/* A voter writes a ledger that says that this intent is open. */
static void write_ledger(struct muster_world *w, muster_time t, uint16_t p, uint64_t intent,
                         uint16_t status)
{
    static uint8_t bytes[MUSTER_LEDGER_HEAD + MUSTER_LEDGER_MAX];
    struct muster_ledger l = {.version = {3, intent}};
    l.size = (uint32_t)snprintf((char *)l.text, sizeof l.text,
                                "ended 1 open 5 open 2 safe_mode 77 safe_mode %u storm 0 0",
                                (unsigned)intent);
    uint64_t cluster = muster_slot_hash(MUSTER_SLOT_HASH_START, "", 0);
    size_t size = muster_ledger_encode(&l, intent, cluster, bytes);
    show(w, (struct muster_record){.time = t,
                                   .process = p,
                                   .kind = WRITES,
                                   .arg = {MUSTER_DISK_WRITE, MUSTER_LEDGER_FILE,
                                           muster_ledger_offset(intent)},
                                   .data = {bytes, size}});
    show(w, (struct muster_record){.time = t,
                                   .process = p,
                                   .kind = WRITTEN,
                                   .status = status,
                                   .arg = {MUSTER_DISK_WRITE, MUSTER_LEDGER_FILE}});
}

static void hand_out(struct muster_world *w, muster_time t, uint64_t intent, uint64_t epoch,
                     uint64_t attempt)
{
    show(w, (struct muster_record){
                .time = t, .kind = ACTION, .tag = intent, .arg = {epoch, attempt, S(9), 0}});
}

static void actions_start_when_a_majority_of_the_disks_has_them(void **state)
{
    struct muster_world w;
    (void)state;
    open_holding(&w, &muster_check_history_held);
    hand_out(&w, S(1), 9, 0, 1); /* local */
    hand_out(&w, S(1), 9, 3, 0); /* a seal */
    hand_out(&w, S(1), 9, 3, 2); /* a later attempt */
    says_nothing(&w);
    write_ledger(&w, S(2), 0, 9, 0);
    SEE(&w, S(2), 0, MUSTER_EVENT_DURABLE, MUSTER_LEDGER_FILE, 100);
    write_ledger(&w, S(2), 2, 9, 0);
    SEE(&w, S(2), 2, MUSTER_EVENT_DURABLE, MUSTER_LEDGER_FILE, 100);
    hand_out(&w, S(3), 9, 3, 1);
    hand_out(&w, S(3), 77, 3, 1);
    holds(&w);
    hand_out(&w, S(4), 10, 3, 1);
    fires(&w, "n1 handed out intent 10 with epoch 3, which only 0 of 3 voters have in the ledger "
              "on their disks");
}

static void what_no_sync_has_acknowledged_is_not_held(void **state)
{
    struct muster_world w;
    (void)state;
    for (int lack = 0; lack < 3; lack++) {
        open_holding(&w, &muster_check_history_held);
        write_ledger(&w, S(2), 0, 9, 0);
        SEE(&w, S(2), 0, MUSTER_EVENT_DURABLE, MUSTER_LEDGER_FILE, 100);
        write_ledger(&w, S(2), 2, 9, lack == 0 ? MUSTER_STATUS_NOSPACE : 0);
        if (lack != 1)
            SEE(&w, S(2), 2, MUSTER_EVENT_DURABLE, lack == 2 ? 1 : MUSTER_LEDGER_FILE, 100);
        hand_out(&w, S(3), 9, 3, 1);
        fires(&w, "n1 handed out intent 9 with epoch 3, which only 1 of 3 voters have in the "
                  "ledger on their disks");
    }
}

static void own_disk_counts_where_it_is_the_authority(void **state)
{
    struct muster_world w;
    (void)state;
    open_holding(&w, &muster_check_history_held);
    w.config.authority = MUSTER_AUTHORITY_STORE;
    write_ledger(&w, S(2), 0, 9, 0);
    SEE(&w, S(2), 0, MUSTER_EVENT_DURABLE, MUSTER_LEDGER_FILE, 100);
    hand_out(&w, S(3), 9, 3, 1);
    holds(&w);
    w.config.hold_history = false;
    hand_out(&w, S(4), 10, 3, 1);
    holds(&w);
}

/* ---- intents that are only prepared ---- */

static void prepared_intents_start_once_and_end_once(void **state)
{
    struct muster_world w;
    (void)state;
    open_holding(&w, &muster_check_one_terminal_record);
    SEE(&w, S(1), 0, NOTE_KIND(ACTION_PREPARED), 5, 3, 2, 0);
    start(&w, S(2), 0, 5, 3);
    end(&w, S(3), 0, 5, 3);
    SEE(&w, S(4), 0, NOTE_KIND(ACTION_PREPARED), 6, 3, 2, 0);
    end(&w, S(5), 0, 6, 3); /* given up */
    holds(&w);
    start(&w, S(6), 0, 6, 3);
    fires(&w, "n1 started intent 6, a number already used");
    open_holding(&w, &muster_check_one_terminal_record);
    SEE(&w, S(1), 0, NOTE_KIND(ACTION_PREPARED), 5, 3, 2, 0);
    end(&w, S(1), 0, 5, 3);
    SEE(&w, S(2), 1, NOTE_KIND(ACTION_PREPARED), 5, 3, 2, 0);
    fires(&w, "n2 started intent 5, a number already used");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cooldown_of_the_cluster_outlives_its_leader),
        cmocka_unit_test(end_that_a_successor_cannot_know_binds_it_no_longer),
        cmocka_unit_test(cooldown_of_the_cluster_is_not_judged_where_nothing_is_held),
        cmocka_unit_test(one_leadership_goes_by_its_own_account),
        cmocka_unit_test(limits_of_the_cluster_count_all_its_leaders),
        cmocka_unit_test(actions_start_when_a_majority_of_the_disks_has_them),
        cmocka_unit_test(what_no_sync_has_acknowledged_is_not_held),
        cmocka_unit_test(own_disk_counts_where_it_is_the_authority),
        cmocka_unit_test(prepared_intents_start_once_and_end_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
