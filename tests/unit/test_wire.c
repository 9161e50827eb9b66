/* SPDX-License-Identifier: Apache-2.0 */
/* The wire format: what is written is read back, and nothing else is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/coordinator/answer.h"
#include "core/coordinator/wire.h"
#include "sim/redis/server.h"

#define INCARNATION "00000000000000ab00000000000000cd"
#define DIGEST      "0123456789abcdef"

static int leader(const char *text)
{
    struct muster_leader_record r;
    return muster_leader_record_parse(&r, muster_text_bytes(text));
}

static int member(const char *text)
{
    struct muster_member_record r;
    return muster_member_record_parse(&r, muster_text_bytes(text));
}

static int decision(const char *text)
{
    struct muster_decision_record r;
    return muster_decision_record_parse(&r, muster_text_bytes(text));
}

static void leader_record_comes_back_as_written(void **state)
{
    (void)state;
    struct muster_leader_record r = {.pair = {MUSTER_INTEGER_MAX, UINT64_MAX},
                                     .counter = UINT64_MAX,
                                     .id = "a-name-of-thirty-one-characters",
                                     .incarnation = {UINT64_MAX, UINT64_MAX},
                                     .replaced = {MUSTER_INTEGER_MAX, UINT64_MAX}};
    struct muster_leader_record back;
    char room[MUSTER_RECORD_MAX];
    struct muster_text t;
    for (int released = 0; released < 2; released++) {
        r.released = released;
        if (released)
            r.replaced = (struct muster_pair){0, 0};
        muster_text_init(&t, room, sizeof room);
        muster_leader_record_write(&r, &t);
        assert_false(muster_text_is_cut(&t));
        assert_int_equal(muster_leader_record_parse(&back, muster_text_written(&t)), 0);
        assert_int_equal(back.released, r.released);
        assert_true(muster_pair_equal(back.pair, r.pair));
        assert_true(back.counter == r.counter);
        assert_string_equal(back.id, r.id);
        assert_true(muster_incarnation_equal(back.incarnation, r.incarnation));
        assert_true(muster_pair_equal(back.replaced, r.replaced));
    }
}

static void leader_record_has_this_very_text(void **state)
{
    (void)state;
    struct muster_leader_record r = {.pair = {7, 0xa}, .counter = 3, .id = "n1"};
    r.incarnation = (struct muster_incarnation){0xab, 0xcd};
    r.replaced = (struct muster_pair){6, 0xf};
    char room[MUSTER_RECORD_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_leader_record_write(&r, &t);
    assert_string_equal(room, "H 7 a 3 n1 " INCARNATION " 6 f");
}

static void tombstone_names_a_successor_or_none(void **state)
{
    (void)state;
    struct muster_leader_record r = {.released = true, .pair = {7, 0xa}, .counter = 3, .id = "n1"},
                                back;
    r.incarnation = (struct muster_incarnation){0xab, 0xcd};
    char room[MUSTER_RECORD_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_leader_record_write(&r, &t);
    assert_string_equal(room, "R 7 a 3 n1 " INCARNATION);
    strcpy(r.successor, "a-name-of-thirty-one-characters");
    muster_text_init(&t, room, sizeof room);
    muster_leader_record_write(&r, &t);
    assert_string_equal(room, "R 7 a 3 n1 " INCARNATION " a-name-of-thirty-one-characters");
    assert_int_equal(muster_leader_record_parse(&back, muster_text_bytes(room)), 0);
    assert_string_equal(back.successor, r.successor);
    assert_int_equal(leader("R 7 a 3 n1 " INCARNATION " a-name-of-thirty-two-characters_"),
                     MUSTER_E_INVALID);
    assert_int_equal(leader("R 7 a 3 n1 " INCARNATION " "), MUSTER_E_INVALID);
    assert_int_equal(leader("R 7 a 3 n1 " INCARNATION " n2 "), MUSTER_E_INVALID);
    assert_int_equal(leader("R 7 a 3 n1 " INCARNATION "  n2"), MUSTER_E_INVALID);
}

static void pause_of_a_member_is_left_out_until_there_is_one(void **state)
{
    (void)state;
#define MEMBER "V A " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1"
    struct muster_member_record r;
    char room[MUSTER_RECORD_MAX];
    struct muster_text t;
    assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(MEMBER)), 0);
    assert_int_equal(r.pause.epoch + r.pause.count, 0);
    muster_text_init(&t, room, sizeof room);
    muster_member_record_write(&r, &t);
    assert_string_equal(room, MEMBER);
    r.pause = (struct muster_pause){8, 3};
    muster_text_init(&t, room, sizeof room);
    muster_member_record_write(&r, &t);
    assert_string_equal(room, MEMBER " 8 3");
    r.pause = (struct muster_pause){0, 0};
    assert_int_equal(muster_member_record_parse_next(&r, muster_text_bytes(room)), 0);
    assert_true(r.pause.epoch == 8 && r.pause.count == 3);
    assert_int_equal(muster_member_record_parse_next(&r, muster_text_bytes(MEMBER)), 0);
    assert_int_equal(r.pause.epoch, 0);
    static const char *const bad[] = {MEMBER " 8",
                                      MEMBER " 8 ",
                                      MEMBER " 0 1",
                                      MEMBER " 9 1",
                                      MEMBER " 8 x",
                                      MEMBER " 8 1 2",
                                      MEMBER " 8 9007199254740992"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(member(bad[i]), MUSTER_E_INVALID);
}

static void leader_record_of_another_form_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "X 7 a 3 n1 " INCARNATION " 6 f",
        "H",
        "H  7 a 3 n1 " INCARNATION " 6 f",
        "H 7 a 3 n1 " INCARNATION " 6 f ",
        "H 7 a 3 n1 " INCARNATION " 6",
        "H 7 a 3 n1 " INCARNATION,
        "H 7 a 3 n1 ab 6 f",
        "H 7 a 3 n1 " INCARNATION "0 6 f",
        "H 7 A 3 n1 " INCARNATION " 6 f",
        "H 7 11112222333344445 3 n1 " INCARNATION " 6 f",
        "H 7 a -3 n1 " INCARNATION " 6 f",
        "H 7 a 18446744073709551616 n1 " INCARNATION " 6 f",
        "H 7 a 99999999999999999999 n1 " INCARNATION " 6 f",
        "H 0 a 3 n1 " INCARNATION " 6 f",
        "H 9007199254740992 a 3 n1 " INCARNATION " 6 f",
        "H 7 a 3  " INCARNATION " 6 f",
        "H 7 a 3 a-name-of-thirty-two-characters_ " INCARNATION " 6 f",
        "R 7 a 3 n1 " INCARNATION " 6 f",
        "H 07 a 3 n1 " INCARNATION " 6 f",
        "H 7 0a 3 n1 " INCARNATION " 6 f",
        "H 7 a 00 n1 " INCARNATION " 6 f",
        "H 7 a 3 n1 " INCARNATION " 6 00",
    };
    assert_int_equal(leader("H 7 a 18446744073709551615 n1 " INCARNATION " 6 f"), 0);
    assert_int_equal(leader("R 7 a 3 n1 " INCARNATION), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(leader(bad[i]), MUSTER_E_INVALID);
}

static void leader_id_with_a_zero_byte_is_refused(void **state)
{
    (void)state;
    static const char text[] = "H 7 a 3 n\0001 " INCARNATION " 6 f";
    struct muster_leader_record r;
    struct muster_bytes bytes = {(const uint8_t *)text, sizeof text - 1};
    assert_int_equal(muster_leader_record_parse(&r, bytes), MUSTER_E_INVALID);
}

static void every_cut_of_a_record_is_refused(void **state)
{
    (void)state;
    static const char *const whole[] = {
        "H 7 a 3 n1 " INCARNATION " 6 f",
        "V A " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1",
        "D 1 2 3 1 5",
    };
    struct muster_leader_record l;
    struct muster_member_record m;
    struct muster_decision_record e;
    for (size_t i = 0; i < 3; i++) {
        for (size_t size = 0; size < strlen(whole[i]); size++) {
            struct muster_bytes cut = {(const uint8_t *)whole[i], size};
            assert_int_equal(muster_leader_record_parse(&l, cut), MUSTER_E_INVALID);
            assert_int_equal(muster_member_record_parse(&m, cut), MUSTER_E_INVALID);
            assert_int_equal(muster_decision_record_parse(&e, cut), MUSTER_E_INVALID);
        }
    }
}

static struct muster_member_record full_member(void)
{
    return (struct muster_member_record){
        .state = MUSTER_MEMBER_UNFIT,
        .incarnation = {UINT64_MAX, UINT64_MAX},
        .sequence = UINT64_MAX,
        .electorate = UINT64_MAX,
        .promise = {MUSTER_INTEGER_MAX, UINT64_MAX},
        .echo = UINT64_MAX,
        .known = MUSTER_INTEGER_MAX,
        .circuit = 3,
        .mode = 3,
        .score = MUSTER_PPM,
        .failed = UINT64_MAX,
        .pause = {MUSTER_INTEGER_MAX, MUSTER_INTEGER_MAX},
        .ledger = {MUSTER_INTEGER_MAX, MUSTER_INTEGER_MAX},
    };
}

/* Field by field: the padding of a struct is nobody's. */
static void same_members(const struct muster_member_record *a, const struct muster_member_record *b)
{
    assert_int_equal(a->state, b->state);
    assert_true(muster_incarnation_equal(a->incarnation, b->incarnation));
    assert_true(a->sequence == b->sequence && a->electorate == b->electorate);
    assert_true(muster_pair_equal(a->promise, b->promise));
    assert_true(a->echo == b->echo && a->known == b->known);
    assert_true(a->circuit == b->circuit && a->mode == b->mode);
    assert_true(a->score == b->score && a->failed == b->failed);
    assert_true(a->pause.epoch == b->pause.epoch && a->pause.count == b->pause.count);
    assert_true(a->ledger.epoch == b->ledger.epoch && a->ledger.count == b->ledger.count);
}

static void member_record_comes_back_as_written(void **state)
{
    (void)state;
    struct muster_member_record r = full_member(), back;
    char room[MUSTER_RECORD_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_member_record_write(&r, &t);
    assert_false(muster_text_is_cut(&t));
    assert_int_equal(muster_member_record_parse(&back, muster_text_written(&t)), 0);
    same_members(&back, &r);
}

static void next_record_is_read_as_a_whole_one_would_be(void **state)
{
    (void)state;
    struct muster_member_record r = full_member(), whole, next;
    char room[MUSTER_RECORD_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_member_record_write(&r, &t);
    assert_int_equal(muster_member_record_parse(&next, muster_text_written(&t)), 0);
    r.sequence = 9;
    r.echo = 2;
    r.failed = 1;
    muster_text_init(&t, room, sizeof room);
    muster_member_record_write(&r, &t);
    assert_int_equal(muster_member_record_parse(&whole, muster_text_written(&t)), 0);
    assert_int_equal(muster_member_record_parse_next(&next, muster_text_written(&t)), 0);
    same_members(&whole, &next);
    same_members(&next, &r);
}

static void member_record_of_another_form_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "W A " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1",
        "V X " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1",
        "V AA " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1",
        "V A " INCARNATION " 1" DIGEST " 5 6 a 7 8 1 2 3 4 2 1",
        "V A " INCARNATION " 1234 5 6 a 7 8 1 2 3 4",
        "V A " INCARNATION " " DIGEST " 5 9 a 7 8 1 2 3 4 2 1",
        "V A " INCARNATION " " DIGEST " 5 6 a 7 9007199254740992 1 2 3 4 2 1",
        "V A " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1 5",
        "V A " INCARNATION " " DIGEST " 5 6 g 7 8 1 2 3 4 2 1",
        "V A " INCARNATION " " DIGEST " 5 6 0a 7 8 1 2 3 4 2 1",
        "V A " INCARNATION " " DIGEST " 05 6 a 7 8 1 2 3 4 2 1",
        "V A " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 3", /* settled beyond its own */
        "V A " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4",
        "V A " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1 0 0",     /* left out then */
        "V A " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1 0 0 0 0", /* likewise */
        "V A " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1 0 1 3 1",
        "V A " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1 3 1 9 1", /* beyond what it knows */
        "V A " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1 9 1 3 1",
        "V A " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1 3 1 3",
        "V A " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1 3 1 3 1 1",
        "V A " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1 3 1 3 9007199254740992",
    };
    assert_int_equal(member("V J " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1"), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(member(bad[i]), MUSTER_E_INVALID);
}

static void ledger_of_a_member_is_left_out_until_there_is_one(void **state)
{
    (void)state;
    struct muster_member_record r;
    const char *head = "V A " INCARNATION " " DIGEST " 5 6 a 7 8 1 2 3 4 2 1";
    const char *const tails[] = {"", " 3 1", " 0 0 4 2", " 3 1 4 2"};
    for (size_t i = 0; i < 4; i++) {
        char text[MUSTER_RECORD_MAX], room[MUSTER_RECORD_MAX];
        struct muster_text t;
        snprintf(text, sizeof text, "%s%s", head, tails[i]);
        assert_int_equal(muster_member_record_parse(&r, muster_text_bytes(text)), 0);
        assert_int_equal(r.pause.epoch, i & 1 ? 3 : 0);
        assert_int_equal(r.ledger.epoch, i > 1 ? 4 : 0);
        assert_int_equal(r.ledger.count, i > 1 ? 2 : 0);
        muster_text_init(&t, room, sizeof room);
        muster_member_record_write(&r, &t);
        assert_string_equal(room, text);
    }
}

static void decision_comes_back_as_written(void **state)
{
    (void)state;
    struct muster_decision_record r = {5, 4, 3, 2, 1}, back;
    char room[MUSTER_RECORD_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_decision_record_write(&r, &t);
    assert_string_equal(room, "D 5 4 3 2 1");
    assert_int_equal(muster_decision_record_parse(&back, muster_text_written(&t)), 0);
    assert_true(back.epoch == 5 && back.sequence == 4 && back.circuit == 3);
    assert_true(back.mode == 2 && back.votes == 1);
    assert_int_equal(decision("D 5 4 3 2"), MUSTER_E_INVALID);
    assert_int_equal(decision("E 5 4 3 2 1"), MUSTER_E_INVALID);
    assert_int_equal(decision("D 5 04 3 2 1"), MUSTER_E_INVALID);
}

static void keys_share_one_hash_tag(void **state)
{
    (void)state;
    char room[MUSTER_KEY_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_key(&t, "prod", "leader");
    assert_string_equal(room, "{muster:prod}:leader");
    muster_text_init(&t, room, sizeof room);
    muster_key_of_member(&t, "prod", "node", "n1");
    assert_string_equal(room, "{muster:prod}:node:n1");
}

static void names_of_the_scripts_are_their_sha1(void **state)
{
    (void)state;
    for (enum muster_script s = MUSTER_SCRIPT_ACQUIRE; s < MUSTER_SCRIPT_COUNT; s++) {
        char hex[41] = "";
        muster_sha1_hex(muster_text_bytes(muster_script_text(s)), hex);
        assert_string_equal(muster_script_sha1(s), hex);
    }
}

/* ---- answers ---- */

static enum muster_reaction reaction(const char *text)
{
    return muster_answer_reaction(muster_text_bytes(text));
}

static void every_error_of_the_store_has_its_reaction(void **state)
{
    (void)state;
    assert_int_equal(reaction("NOSCRIPT No matching script. Please use EVAL."),
                     MUSTER_REACTION_LOAD_SCRIPT);
    static const char *const retried[] = {
        "READONLY You can't write against a read only replica.",
        "LOADING Redis is loading the dataset in memory",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "BUSY Redis is busy running a script.",
        "UNKILLABLE Sorry the script already executed write commands against the dataset.",
        "NOREPLICAS Not enough good replicas to write.",
        "ERR unknown command",
        "",
        " ",
        "NOSCRIPTX",
        "noscript",
    };
    for (size_t i = 0; i < sizeof retried / sizeof retried[0]; i++)
        assert_int_equal(reaction(retried[i]), MUSTER_REACTION_RETRY);
    static const char *const mended[] = {
        "MISCONF Redis is configured to save RDB snapshots",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "NOAUTH Authentication required.",
        "WRONGPASS invalid username-password pair or user is disabled.",
        "NOPERM this user has no permissions to run the 'set' command",
        "WRONGTYPE Operation against a key holding the wrong kind of value",
        "MOVED 866 127.0.0.1:7002",
        "ASK 866 127.0.0.1:7002",
        "CROSSSLOT Keys in request don't hash to the same slot",
    };
    for (size_t i = 0; i < sizeof mended / sizeof mended[0]; i++)
        assert_int_equal(reaction(mended[i]), MUSTER_REACTION_OPERATOR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_of_the_store_has_its_reaction),
        cmocka_unit_test(leader_record_comes_back_as_written),
        cmocka_unit_test(leader_record_has_this_very_text),
        cmocka_unit_test(pause_of_a_member_is_left_out_until_there_is_one),
        cmocka_unit_test(ledger_of_a_member_is_left_out_until_there_is_one),
        cmocka_unit_test(tombstone_names_a_successor_or_none),
        cmocka_unit_test(leader_record_of_another_form_is_refused),
        cmocka_unit_test(leader_id_with_a_zero_byte_is_refused),
        cmocka_unit_test(every_cut_of_a_record_is_refused),
        cmocka_unit_test(member_record_comes_back_as_written),
        cmocka_unit_test(next_record_is_read_as_a_whole_one_would_be),
        cmocka_unit_test(member_record_of_another_form_is_refused),
        cmocka_unit_test(decision_comes_back_as_written),
        cmocka_unit_test(keys_share_one_hash_tag),
        cmocka_unit_test(names_of_the_scripts_are_their_sha1),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
