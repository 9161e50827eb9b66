/* SPDX-License-Identifier: Apache-2.0 */
/* Names of members, the words of a process's state, and those of numbers. */
#include "config/names.h"
#include "config/process.h"
#include "core/orchestrator/condition_inside.h"
#include "core/port.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct muster_sources sources;
    struct muster_document doc;
    struct muster_diagnostics d;
    const char *names[MUSTER_MEMBERS_MAX];
    uint32_t count;
    int error;
};

static void load(struct fixture *f, const char *list)
{
    memset(f, 0, sizeof *f);
    const struct muster_source *s = muster_source_add(&f->sources, "s.yml", list, strlen(list));
    assert_int_equal(muster_document_parse(&f->doc, s, NULL, &f->d), 0);
    f->error = muster_names_load(f->doc.root, f->names, &f->count, &f->d);
}

static void drop(struct fixture *f)
{
    muster_document_free(&f->doc);
    muster_sources_free(&f->sources);
}

static void good_names_keep_their_order(void **state)
{
    (void)state;
    struct fixture f;
    load(&f, "[beta, alpha.1, eu-west_2, 7]");
    assert_int_equal(f.error, 0);
    assert_int_equal(f.count, 4);
    assert_string_equal(f.names[0], "beta");
    assert_string_equal(f.names[3], "7");
    drop(&f);
}

static void bad_names_are_all_told_at_once(void **state)
{
    (void)state;
    static const char *const told[] = {
        "'leader' means something else already; take another name",
        "'store.1' means something else already; take another name",
        "'a' is there twice",
        "'-a' is no name of a member: 1 to 31 letters, digits, '_', '-' and '.'",
        "'a b' is no name of a member: 1 to 31 letters, digits, '_', '-' and '.'",
    };
    struct fixture f;
    load(&f, "[a, leader, store.1, a, -a, 'a b', b]");
    assert_int_equal(f.error, MUSTER_E_INVALID);
    assert_int_equal(f.count, 2);
    assert_int_equal(f.d.count, sizeof told / sizeof told[0]);
    for (uint32_t i = 0; i < f.d.count; i++)
        assert_string_equal(f.d.at[i].text, told[i]);
    drop(&f);
}

static void a_cluster_has_one_to_sixty_four_members(void **state)
{
    (void)state;
    struct fixture f;
    load(&f, "[]");
    assert_int_equal(f.error, MUSTER_E_INVALID);
    assert_string_equal(f.d.at[0].text, "a cluster has at least one member");
    drop(&f);
    char text[1024] = "[", one[8];
    for (int i = 0; i <= MUSTER_MEMBERS_MAX; i++) {
        snprintf(one, sizeof one, "%sm%d", i > 0 ? ", " : "", i);
        strcat(text, one);
    }
    load(&f, strcat(text, "]"));
    assert_int_equal(f.error, MUSTER_E_INVALID);
    assert_int_equal(f.count, MUSTER_MEMBERS_MAX);
    assert_string_equal(f.d.at[0].text, "more than 64 members");
    drop(&f);
}

static void a_mapping_is_no_list_of_names(void **state)
{
    (void)state;
    struct fixture f;
    load(&f, "{a: b}");
    assert_int_equal(f.error, MUSTER_E_INVALID);
    assert_int_equal(f.count, 0);
    drop(&f);
}

static uint64_t digest_of(muster_time now, muster_time t, const char *text)
{
    struct muster_digest d = {0, now};
    muster_digest_time(&d, t);
    muster_digest_bytes(&d, text, strlen(text));
    return d.hash;
}

static void digest_takes_times_relative_to_now(void **state)
{
    (void)state;
    assert_true(digest_of(10, 15, "a") == digest_of(110, 115, "a"));
    assert_true(digest_of(10, 15, "a") != digest_of(10, 16, "a"));
    assert_true(digest_of(10, MUSTER_NEVER, "a") == digest_of(99, MUSTER_NEVER, "a"));
}

static void digest_tells_bytes_and_their_number_apart(void **state)
{
    (void)state;
    assert_true(digest_of(0, 0, "") != digest_of(0, 0, "a"));
    assert_true(digest_of(0, 0, "12345678") != digest_of(0, 0, "123456789"));
    struct muster_digest a = {0, 0}, b = {0, 0};
    muster_digest_bytes(&a, "x\0\0", 3);
    muster_digest_bytes(&b, "x", 1);
    assert_true(a.hash != b.hash);
}

static void number_without_a_name_shows_as_a_question_mark(void **state)
{
    (void)state;
    assert_string_equal(muster_result_text(MUSTER_RESULT_UNKNOWN), "unknown");
    assert_string_equal(muster_result_text(MUSTER_RESULT_COUNT), "?");
    assert_string_equal(muster_result_text(UINT64_MAX), "?");
    assert_string_equal(muster_condition_variable_text(MUSTER_VARIABLE_SEVERITY), "severity");
    assert_string_equal(muster_condition_variable_text(MUSTER_VARIABLE_COUNT), "?");
    assert_string_equal(muster_level_text(MUSTER_LEVEL_COUNT), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_names_keep_their_order),
        cmocka_unit_test(bad_names_are_all_told_at_once),
        cmocka_unit_test(a_cluster_has_one_to_sixty_four_members),
        cmocka_unit_test(a_mapping_is_no_list_of_names),
        cmocka_unit_test(digest_takes_times_relative_to_now),
        cmocka_unit_test(digest_tells_bytes_and_their_number_apart),
        cmocka_unit_test(number_without_a_name_shows_as_a_question_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
