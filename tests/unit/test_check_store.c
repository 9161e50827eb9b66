/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped safety properties about the store, by records made by hand. */
#include "core/flat.h"
#include "tests/lib/check_world.h"

#define EFFECT_REQUEST (MUSTER_EVENT_EFFECT + MUSTER_OUT_REQUEST)

static void ask(struct muster_world *w, muster_time t, uint16_t p, uint64_t tag,
                const char *command)
{
    uint8_t room[64];
    struct muster_flat_writer flat;
    muster_flat_writer_init(&flat, room, sizeof room);
    muster_flat_array(&flat, 1);
    muster_flat_text(&flat, MUSTER_FLAT_BULK, command);
    show(w, (struct muster_record){.time = t,
                                   .process = p,
                                   .kind = EFFECT_REQUEST,
                                   .tag = tag,
                                   .data = muster_flat_written(&flat)});
}

enum answer { NOTHING, ARRAY, ERROR };

static void answer(struct muster_world *w, muster_time t, uint16_t p, uint64_t tag, enum answer a)
{
    uint8_t room[64];
    struct muster_flat_writer flat;
    muster_flat_writer_init(&flat, room, sizeof room);
    if (a == ARRAY)
        muster_flat_array(&flat, 0);
    else if (a == ERROR)
        muster_flat_text(&flat, MUSTER_FLAT_ERROR, "LOADING");
    show(w,
         (struct muster_record){.time = t,
                                .process = p,
                                .kind = MUSTER_IN_REPLY,
                                .status = a == NOTHING ? MUSTER_STATUS_UNKNOWN : MUSTER_STATUS_OK,
                                .tag = tag,
                                .data = muster_flat_written(&flat)});
}

static void an_unknown_outcome_is_read_first(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_unknown_read_first);
    ask(&w, S(1), 0, 1, "EVALSHA");
    answer(&w, S(1), 0, 1, ERROR); /* surely not executed */
    ask(&w, S(2), 0, 2, "EVAL");
    ask(&w, S(2), 0, 3, "SET");
    answer(&w, S(3), 0, 3, NOTHING);
    answer(&w, S(3), 0, 2, ARRAY);
    ask(&w, S(4), 0, 4, "EVALSHA");
    says_nothing(&w);
    answer(&w, S(5), 0, 4, NOTHING);
    ask(&w, S(5), 0, 5, "MGET");
    ask(&w, S(5), 1, 5, "EVALSHA"); /* another process */
    answer(&w, S(6), 0, 5, ARRAY);
    ask(&w, S(7), 0, 6, "EVALSHA");
    holds(&w);
    answer(&w, S(8), 0, 6, NOTHING);
    ask(&w, S(8), 0, 7, "MGET");
    answer(&w, S(8), 0, 7, NOTHING);
    ask(&w, S(8), 0, 8, "MGET");
    answer(&w, S(8), 0, 8, ERROR);
    SEE(&w, S(9), 0, MUSTER_EVENT_RESTART, 2); /* a new life knows of no script */
    ask(&w, S(9), 0, 9, "EVALSHA");
    holds(&w);
    answer(&w, S(10), 0, 9, NOTHING);
    ask(&w, S(10), 0, 10, "MGET");
    answer(&w, S(10), 0, 10, ERROR);
    ask(&w, S(11), 0, 11, "EVALSHA");
    fires(&w, "n1 runs a script, but has read nothing since its last one ended with an unknown "
              "outcome");
}

static void the_store_is_asked_at_a_pace(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_store_spared);
    for (uint64_t i = 1; i <= 40; i++) /* 2 x (12 + 2 x 3) + 4 */
        ask(&w, S(1) + i, 0, i, "MGET");
    ask(&w, S(2), 1, 1, "MGET"); /* another process */
    show(&w, (struct muster_record){.time = S(2),
                                    .kind = EFFECT_REQUEST,
                                    .arg = {MUSTER_ENDPOINT_HEALTH}});
    for (uint64_t i = 1; i <= 40; i++) /* the next renew_every */
        ask(&w, S(4) + i, 0, 40 + i, "SET");
    SEE(&w, S(5), 0, MUSTER_EVENT_RESTART, 2);
    for (uint64_t i = 1; i <= 40; i++)
        ask(&w, S(6), 0, i, "SET");
    holds(&w);
    ask(&w, S(9) - 1, 0, 41, "SET");
    fires(&w, "n1 has sent the store 41 commands within 2.999 s; in a renew_every (3.000 s) they "
              "are at most 40");
    open_world(&w, &muster_check_store_spared);
    w.process.name = "ring";
    for (uint64_t i = 1; i <= 99; i++)
        ask(&w, S(1), 0, i, "MGET");
    says_nothing(&w);
}

static void a_leader_gives_up_at_its_deadline(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_steps_down_in_time);
    ELECTED(&w, S(1), 0, 1, 0xa, S(16)); /* sent at 1 s: renew_deadline is at 11 s */
    SEE(&w, S(8), 0, NOTE_KIND(LEASE_EXTENDED), 1, 0xa, S(22));
    SEE(&w, S(17), 0, NOTE_KIND(LEADER_LOST), 1, 0xa, MUSTER_LOST_DEADLINE);
    holds(&w);
    ELECTED(&w, S(20), 0, 2, 0xb, S(35));
    SEE(&w, S(21), 0, MUSTER_EVENT_PAUSE, 0);
    SEE(&w, S(50), 0, NOTE_KIND(LEADER_LOST), 2, 0xb, MUSTER_LOST_EXPIRED);
    SEE(&w, S(51), 0, MUSTER_EVENT_SLOW, S(1));
    ELECTED(&w, S(52), 0, 3, 0xc, S(67));
    SEE(&w, S(63), 0, NOTE_KIND(LEADER_LOST), 3, 0xc, MUSTER_LOST_DEADLINE);
    SEE(&w, S(64), 0, MUSTER_EVENT_SLOW, 0);
    holds(&w);
    ELECTED(&w, S(70), 0, 4, 0xd, S(85));
    SEE(&w, S(81) + 500 * MUSTER_MILLISECOND, 0, NOTE_KIND(LEADER_LOST), 4, 0xd,
        MUSTER_LOST_DEADLINE);
    fires(&w, "n1 gave up epoch 4 1.500 s after its renew_deadline, though nothing held it up");
}

static void executed(struct muster_world *w, muster_time t, uint16_t p, uint64_t instance,
                     uint64_t message)
{
    show(w, (struct muster_record){.time = t,
                                   .process = p,
                                   .kind = MUSTER_EVENT_EXECUTED,
                                   .message = message,
                                   .arg = {instance}});
}

/* A decision is read by a command that the store executed at a time, and applied at another. */
static void apply(struct muster_world *w, muster_time t, uint16_t p, uint64_t message,
                  uint64_t epoch)
{
    show(w, (struct muster_record){
                .time = t, .process = p, .kind = MUSTER_IN_REPLY, .message = message});
    SEE(w, t, p, NOTE_KIND(CONSENSUS_APPLIED), epoch, 5, 0, 0);
}

static void a_decision_is_of_the_newest_epoch_when_it_is_read(void **state)
{
    struct muster_world w;
    (void)state;
    open_world(&w, &muster_check_decided_with_quorum);
    ELECTED(&w, S(1), 0, 1, 0xa, S(20));
    executed(&w, S(2), 2, 0, 11);
    executed(&w, S(2), 1, 0, 12);
    ELECTED(&w, S(3), 1, 2, 0xb, S(20));
    apply(&w, S(4), 2, 11, 1); /* read before: it could not know */
    executed(&w, S(5), 2, 0, 13);
    apply(&w, S(6), 2, 13, 2);
    executed(&w, S(7), 2, 1, 14); /* another instance, where nobody was elected */
    apply(&w, S(8), 2, 14, 1);
    SEE(&w, S(9), MUSTER_NOBODY, MUSTER_EVENT_STORE, MUSTER_STORE_FLUSHALL, 0);
    executed(&w, S(9), 2, 0, 15);
    holds(&w);
    apply(&w, S(10), 2, 15, 1);
    fires(&w, "n3 applied decision 5 of epoch 1, though it read it when epoch 2 had been won");
    w.violated = 0;
    SEE(&w, S(11), MUSTER_NOBODY, MUSTER_EVENT_STORE, MUSTER_STORE_RESTORE, 0);
    executed(&w, S(11), 2, 0, 16);
    apply(&w, S(12), 2, 16, 1); /* an older state is shown in good faith */
    holds(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_outcome_is_read_first),
        cmocka_unit_test(the_store_is_asked_at_a_pace),
        cmocka_unit_test(a_leader_gives_up_at_its_deadline),
        cmocka_unit_test(a_decision_is_of_the_newest_epoch_when_it_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
