/* SPDX-License-Identifier: Apache-2.0 */
/* A work item as text: records, submissions, and the lines of the journal, torn ones too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/coordinator/slot.h"
#include "core/coordinator/work_journal.h"

#define INTENT (MUSTER_WORK_INTENTS | 0xabc)
#define LONG31 "abcdefghijklmnopqrstuvwxyz01234"

static const struct muster_work_record running = {
    .state = MUSTER_WORK_RUNNING,
    .number = 3,
    .epoch = 7,
    .life = 0xbeef,
    .grant = 12,
    .intent = INTENT,
    .idempotent = true,
    .assignee = "n2",
    .submitter = "n1",
    .id = "a.1",
    .action = "cache_purge",
    .params = "all of it; and more",
};
static const char line[] =
    "R 3 7 beef n2 12 0;18000000000abc n1 y a.1 cache_purge all of it; and more";

static const char *written(const struct muster_work_record *r)
{
    static char room[MUSTER_WORK_RECORD_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_work_record_write(r, &t);
    assert_false(muster_text_is_cut(&t));
    return room;
}

static int parse(struct muster_work_record *r, const char *text)
{
    return muster_work_record_parse(r, muster_text_bytes(text));
}

/* ---- records ---- */

static void record_is_read_as_it_was_written(void **state)
{
    struct muster_work_record r;
    (void)state;
    assert_string_equal(written(&running), line);
    assert_int_equal(parse(&r, line), 0);
    assert_string_equal(written(&r), line);
    assert_string_equal(r.params, "all of it; and more");
    assert_int_equal(parse(&r, "O 0 0 0 - 0 0;18000000000abc n1 n a x"), 0);
    assert_string_equal(r.assignee, "");
    assert_string_equal(r.params, "");
    assert_string_equal(written(&r), "O 0 0 0 - 0 0;18000000000abc n1 n a x");
}

static void longest_record_fits(void **state)
{
    struct muster_work_record r = running;
    (void)state;
    r.number = r.epoch = r.grant = MUSTER_INTEGER_MAX;
    r.life = UINT64_MAX;
    r.intent = MUSTER_INTEGER_MAX;
    r.result = MUSTER_RESULT_UNKNOWN;
    memset(r.params, 'p', MUSTER_WORK_PARAMS_MAX);
    r.params[MUSTER_WORK_PARAMS_MAX] = 0;
    char *const names[] = {r.id, r.action, r.submitter, r.assignee};
    for (uint32_t i = 0; i < 4; i++)
        strcpy(names[i], LONG31);
    struct muster_work_record back;
    assert_int_equal(parse(&back, written(&r)), 0);
    char head[MUSTER_WORK_HEAD_MAX], half[MUSTER_WORK_HALF];
    struct muster_text t;
    muster_text_init(&t, head, sizeof head);
    muster_work_record_head(&r, &t);
    assert_false(muster_text_is_cut(&t));
    muster_text_init(&t, half, sizeof half);
    muster_work_line_write(&t, MUSTER_INTEGER_MAX, &r);
    assert_false(muster_text_is_cut(&t));
}

static void head_ends_behind_the_intent(void **state)
{
    char room[MUSTER_WORK_HEAD_MAX];
    struct muster_text t;
    (void)state;
    muster_text_init(&t, room, sizeof room);
    muster_work_record_head(&running, &t);
    assert_string_equal(room, "R 3 7 beef n2 12 0;18000000000abc ");
    assert_memory_equal(room, line, strlen(room));
}

static void malformed_record_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "R",
        "X 3 7 beef n2 12 0;18000000000abc n1 y a x",
        "RR 3 7 beef n2 12 0;18000000000abc n1 y a x",
        "R  3 7 beef n2 12 0;18000000000abc n1 y a x",
        "R -3 7 beef n2 12 0;18000000000abc n1 y a x",
        "R 9007199254740992 7 beef n2 12 0;18000000000abc n1 y a x",
        "R 3 9007199254740992 beef n2 12 0;18000000000abc n1 y a x",
        "R 3 7 xyz n2 12 0;18000000000abc n1 y a x",
        "R 3 7 beef - 12 0;18000000000abc n1 y a x",  /* RUNNING, and by nobody */
        "A 3 7 beef - 0 0;18000000000abc n1 y a x",   /* the same */
        "R 3 7 beef n2 12 7;18000000000abc n1 y a x", /* no end of an action */
        "R 3 7 beef n2 12;18000000000abc n1 y a x",   /* the result is missing */
        "R 3 7 beef n2 12 0 0;18000000000abc n1 y a x",
        "R 3 7 beef n2 12 0;abc n1 y a x",            /* an orchestrator's intent */
        "R 3 7 beef n2 12 0;20000000000000 n1 y a x", /* beyond every intent */
        "R 3 7 beef n2 12 0 18000000000abc n1 y a x",
        "R 3 7 beef n2 12 0;18000000000abc n1 j a x",
        "R 3 7 beef n2 12 0;18000000000abc n1 y a",
        "R 3 7 beef n2 12 0;18000000000abc n1 y  x",
        "R 3 7 xx n2 12 0;18000000000abc n1 y a x",
        "R 3 7 beef n2 x 0;18000000000abc n1 y a x",
        "R 3 7 beef  12 0;18000000000abc n1 y a x",
        "R 3 7 beef n2 12 0;18000000000abc n1 y a x p\177",
        "R 3 7 beef n2 12 0;18000000000abc n1 y a " LONG31 "5",
        "R 3 7 beef n2 12 0;18000000000abc n1 y a x p\nq",
    };
    struct muster_work_record r;
    (void)state;
    for (uint32_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (parse(&r, bad[i]) != MUSTER_E_INVALID)
            fail_msg("taken: '%s'", bad[i]);
    for (size_t cut = 0; cut < strlen("R 3 7 beef n2 12 0;18000000000abc n1 y a.1 "); cut++)
        assert_int_equal(muster_work_record_parse(&r, (struct muster_bytes){(const uint8_t *)line,
                                                                            cut}),
                         MUSTER_E_INVALID);
}

static void older_is_by_number_then_by_state(void **state)
{
    struct muster_work_record a = running, b = running;
    (void)state;
    assert_false(muster_work_record_older(&a, &b));
    b.state = MUSTER_WORK_DONE;
    assert_true(muster_work_record_older(&a, &b));
    assert_false(muster_work_record_older(&b, &a));
    b.number = 4;
    b.state = MUSTER_WORK_OFFERED;
    assert_true(muster_work_record_older(&a, &b));
}

/* ---- submissions ---- */

static int submit(struct muster_work_record *r, const char *text)
{
    memset(r, 0, sizeof *r);
    return muster_work_record_submit(r, muster_text_bytes(text));
}

static void submission_is_taken_in_any_order(void **state)
{
    struct muster_work_record r;
    (void)state;
    assert_int_equal(submit(&r, "id=a-1 action=cache_purge"), 0);
    assert_string_equal(r.id, "a-1");
    assert_string_equal(r.action, "cache_purge");
    assert_false(r.idempotent);
    assert_int_equal(submit(&r, "idempotent=yes action=x id=b  more id=c  words "), 0);
    assert_true(r.idempotent);
    assert_string_equal(r.id, "b");
    assert_string_equal(r.params, "more id=c  words ");
    assert_int_equal(submit(&r, "idempotent=no action=x id=b"), 0);
    assert_false(r.idempotent);
}

static void malformed_submission_is_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "id=a",
        "action=x",
        "id= action=x",
        "id=a action=",
        "id=a id=b action=x",
        "id=a action=x action=y",
        "id=a action=x idempotent=maybe",
        "id=a action=x idempotent=yes idempotent=no",
        "id=a;b action=x",
        "id=a/b action=x",
        "id=" LONG31 "5 action=x",
        "id=a action=x p\001q",
        "words id=a action=x",
    };
    struct muster_work_record r;
    (void)state;
    for (uint32_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (submit(&r, bad[i]) != MUSTER_E_INVALID)
            fail_msg("taken: '%s'", bad[i]);
    char text[400];
    memset(text, 'p', sizeof text);
    memcpy(text, "id=a action=x ", 14);
    text[14 + MUSTER_WORK_PARAMS_MAX] = 0;
    assert_int_equal(submit(&r, text), 0);
    text[14 + MUSTER_WORK_PARAMS_MAX] = 'p';
    text[15 + MUSTER_WORK_PARAMS_MAX] = 0;
    assert_int_equal(submit(&r, text), MUSTER_E_INVALID);
}

/* ---- the journal ---- */

static uint8_t slot[MUSTER_WORK_SLOT];

static size_t put(uint64_t version, const struct muster_work_record *r)
{
    char room[MUSTER_WORK_HALF];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_work_line_write(&t, version, r);
    memcpy(slot + muster_work_offset(0, version), room, t.length);
    return t.length;
}

static uint64_t version_read(struct muster_work_record *r, size_t size)
{
    uint64_t version;
    int error = muster_work_slot_read((struct muster_bytes){slot, size}, &version, r);
    assert_int_equal(error, version > 0 ? 0 : MUSTER_E_NOTFOUND);
    return version;
}

static void newer_half_counts(void **state)
{
    struct muster_work_record r, done = running;
    (void)state;
    memset(slot, 0, sizeof slot);
    assert_int_equal(version_read(&r, sizeof slot), 0);
    assert_int_equal(version_read(&r, 0), 0);
    done.state = MUSTER_WORK_DONE;
    put(6, &running);
    assert_int_equal(version_read(&r, sizeof slot), 6);
    put(7, &done);
    assert_int_equal(version_read(&r, sizeof slot), 7);
    assert_int_equal(r.state, MUSTER_WORK_DONE);
    assert_int_equal(version_read(&r, MUSTER_WORK_HALF), 6); /* the file ends there */
    put(8, &running);
    assert_int_equal(version_read(&r, sizeof slot), 8);
}

static void torn_line_costs_only_itself(void **state)
{
    struct muster_work_record r, done = running;
    uint8_t before[MUSTER_WORK_SLOT];
    (void)state;
    memset(slot, 0, sizeof slot);
    done.state = MUSTER_WORK_DONE;
    strcpy(done.params, "shorter");
    put(6, &running);
    put(7, &running);
    memcpy(before, slot, sizeof slot);
    size_t size = put(8, &done);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t whole[MUSTER_WORK_HALF];
        memcpy(whole, slot, sizeof whole);
        memcpy(slot + cut, before + cut, MUSTER_WORK_HALF - cut);
        assert_int_equal(version_read(&r, sizeof slot), 7);
        memcpy(slot, whole, sizeof whole);
    }
    assert_int_equal(version_read(&r, sizeof slot), 8);
}

static void flipped_bit_is_found(void **state)
{
    struct muster_work_record r;
    (void)state;
    memset(slot, 0, sizeof slot);
    size_t size = put(6, &running);
    for (size_t i = 0; i < size; i++) {
        slot[i] ^= 4;
        assert_int_equal(version_read(&r, sizeof slot), 0);
        slot[i] ^= 4;
    }
    assert_int_equal(version_read(&r, sizeof slot), 6);
}

/* A half whose check is right, and whose text is no line of ours. */
static void put_text(const char *text)
{
    memset(slot, 0, sizeof slot);
    int n =
        snprintf((char *)slot, sizeof slot, "%016llx %s\n",
                 (unsigned long long)muster_slot_hash(MUSTER_SLOT_HASH_START, text, strlen(text)),
                 text);
    assert_true(n > 0 && n < MUSTER_WORK_HALF);
}

static void line_that_is_none_does_not_count(void **state)
{
    char text[128];
    struct muster_work_record r;
    (void)state;
    snprintf(text, sizeof text, "2 %s", line);
    put_text(text);
    assert_int_equal(version_read(&r, sizeof slot), 2);
    static const char *const versions[] = {"0", "x", "9007199254740992", ""};
    for (uint32_t i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "%s %s", versions[i], line);
        put_text(text);
        assert_int_equal(version_read(&r, sizeof slot), 0);
    }
    put_text("2 garbage");
    assert_int_equal(version_read(&r, sizeof slot), 0);
    memcpy(slot, "nothing\n", 8);
    assert_int_equal(version_read(&r, sizeof slot), 0);
    memcpy(slot, "xyz 2 \n", 8);
    assert_int_equal(version_read(&r, sizeof slot), 0);
}

static void version_in_the_wrong_half_does_not_count(void **state)
{
    struct muster_work_record r;
    (void)state;
    memset(slot, 0, sizeof slot);
    put(6, &running);
    memcpy(slot + MUSTER_WORK_HALF, slot, MUSTER_WORK_HALF);
    memset(slot, 0, MUSTER_WORK_HALF);
    assert_int_equal(version_read(&r, sizeof slot), 0);
}

static void next_version_never_goes_over_the_held_one(void **state)
{
    (void)state;
    for (uint64_t held = 0; held < 6; held++)
        for (uint64_t newest = held; newest < 12; newest++) {
            uint64_t next = muster_work_next_version(held, newest);
            assert_true(next > newest && next <= newest + 2);
            assert_true(held == 0 || muster_work_offset(5, next) != muster_work_offset(5, held));
        }
}

static void parameters_beyond_their_bound_are_refused(void **state)
{
    (void)state;
    char text[MUSTER_WORK_RECORD_MAX];
    struct muster_work_record r;
    const char head[] = "O 0 0 0 - 0 0;18000000000abc n1 n a x ";
    const size_t most = sizeof head - 1 + MUSTER_WORK_PARAMS_MAX;
    memset(text, 'p', sizeof text);
    memcpy(text, head, sizeof head - 1);
    text[most] = 0;
    assert_int_equal(parse(&r, text), 0);
    text[most] = 'p';
    text[most + 1] = 0;
    assert_int_equal(parse(&r, text), MUSTER_E_INVALID);
}

static void names_are_of_letters_digits_and_four_signs(void **state)
{
    (void)state;
    struct muster_work_record r;
    char text[] = "id=a? action=x";
    for (int byte = 1; byte < 256; byte++) {
        bool good = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                    (byte >= '0' && byte <= '9') || strchr("_-.:", byte);
        if (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r')
            continue; /* it ends there */
        text[4] = (char)byte;
        assert_int_equal(submit(&r, text), good ? 0 : MUSTER_E_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_is_read_as_it_was_written),
        cmocka_unit_test(longest_record_fits),
        cmocka_unit_test(head_ends_behind_the_intent),
        cmocka_unit_test(malformed_record_is_refused),
        cmocka_unit_test(older_is_by_number_then_by_state),
        cmocka_unit_test(submission_is_taken_in_any_order),
        cmocka_unit_test(malformed_submission_is_refused),
        cmocka_unit_test(newer_half_counts),
        cmocka_unit_test(torn_line_costs_only_itself),
        cmocka_unit_test(flipped_bit_is_found),
        cmocka_unit_test(line_that_is_none_does_not_count),
        cmocka_unit_test(version_in_the_wrong_half_does_not_count),
        cmocka_unit_test(next_version_never_goes_over_the_held_one),
        cmocka_unit_test(parameters_beyond_their_bound_are_refused),
        cmocka_unit_test(names_are_of_letters_digits_and_four_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
