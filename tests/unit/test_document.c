/* SPDX-License-Identifier: Apache-2.0 */
/* Documents, units, variables: what loads, and the exact text of what does not. */
#include "tests/lib/document_fixture.h"

static void nodes_know_where_they_stand(void **state)
{
    (void)state;
    struct fixture f;
    parse(&f, "a: 1\nb:\n  - x\n  - 'y'\n");
    const struct muster_doc *b = muster_doc_get(f.doc.root, "b");
    assert_int_equal(f.doc.root->children, 2);
    assert_int_equal(b->kind, MUSTER_NODE_SEQUENCE);
    assert_int_equal(b->key_mark.line, 2);
    assert_string_equal(b->first->next->text, "y");
    assert_true(b->first->next->quoted);
    assert_int_equal(b->first->next->mark.line, 4);
    assert_int_equal(b->first->next->mark.column, 5);
    assert_null(muster_doc_get(f.doc.root, "c"));
    done(&f);
}

static void json_is_yaml(void **state)
{
    (void)state;
    struct fixture f;
    parse(&f, "{\"a\": [1, true], \"b\": null}");
    assert_int_equal(muster_doc_get(f.doc.root, "a")->children, 2);
    assert_true(muster_doc_is_null(muster_doc_get(f.doc.root, "b")));
    done(&f);
}

static void aliases_are_copied(void **state)
{
    (void)state;
    struct fixture f;
    parse(&f, "a: &x {k: 1}\nb: *x\n");
    assert_string_equal(muster_doc_get(muster_doc_get(f.doc.root, "b"), "k")->text, "1");
    done(&f);
}

static void broken_files_are_told_where(void **state)
{
    (void)state;
    expect_error("", "t.yml: error: the file is empty\n");
    expect_error("a: 1\n\tb: 2\n", "t.yml:2:1: error: a tab; indent with blanks\n b: 2\n^\n");
    expect_error("a: 1\na: 2\n",
                 "t.yml:2:1: error: key 'a' stands here a second time; first in line 1\na: 2\n^\n");
    expect_error("a: *b\n",
                 "t.yml:1:4: error: no anchor '&b' stands above this alias\na: *b\n   ^\n");
    expect_error("a: &b [*b]\n", "t.yml:1:8: error: an alias inside of the very value it stands "
                                 "for\na: &b [*b]\n       ^\n");
    expect_error("a\n---\nb\n",
                 "t.yml:2:1: error: a second document; one file holds one\n---\n^\n");
    expect_error(
        "[a]: 1\n",
        "t.yml:1:1: error: a key must be a plain word, not a list or a mapping\n[a]: 1\n^\n");
    expect_error("a: !!binary x\n",
                 "t.yml:1:4: error: the tag 'tag:yaml.org,2002:binary' has no meaning here\n"
                 "a: !!binary x\n   ^\n");
    expect_error("a: [1\n",
                 "t.yml:2:1: error: did not find expected ',' or ']' while parsing a flow "
                 "sequence, which begins in line 1\n\n^\n");
}

static void only_a_whole_document_has_a_root_and_it_says_what_else_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool whole;
    } rows[] = {{"a: 1\na: 2\n", true}, {"a: ${X}\n", true}, {"a: [1\n", false},
                {"a: *b\n", false},     {"", false},         {"a\n---\nb\n", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        parse(&f, rows[i].text);
        assert_int_equal(f.d.errors, 1);
        assert_int_equal(f.doc.root != NULL, rows[i].whole);
        done(&f);
    }
    struct fixture f;
    muster_dur length = 7;
    parse(&f, "a: ${X}\nb: 3\n");
    const struct muster_doc *a = muster_doc_get(f.doc.root, "a");
    const struct muster_doc *b = muster_doc_get(f.doc.root, "b");
    assert_int_equal(muster_doc_duration(a, 0, MUSTER_NEVER, false, &length, &f.d),
                     MUSTER_E_INVALID);
    assert_int_equal(f.d.errors, 1); /* of `a` enough was said */
    assert_int_equal(muster_doc_duration(b, 0, MUSTER_NEVER, false, &length, &f.d),
                     MUSTER_E_INVALID);
    assert_int_equal(f.d.errors, 2);
    assert_true(length == 7);
    done(&f);
}

static void variables_come_from_the_mapping_given(void **state)
{
    (void)state;
    struct fixture f;
    parse(&f, "A: 5s\n");
    struct muster_document doc;
    static const char text[] = "x: \"${A}\"\ny: ${B:7s}-${A}\nz: $${A}\nw: ${C}\n";
    const struct muster_source *source =
        muster_source_add(&f.sources, "v.yml", text, sizeof text - 1);
    assert_int_equal(muster_document_parse(&doc, source, f.doc.root, &f.d), MUSTER_E_INVALID);
    assert_string_equal(printed(&f), "v.yml:4:4: error: variable 'C' has no value; set it or "
                                     "write ${C:default}\nw: ${C}\n   ^\n");
    muster_document_free(&doc);
    f.d = (struct muster_diagnostics){0};
    source = muster_source_add(&f.sources, "w.yml", text, sizeof text - 1 - strlen("w: ${C}\n"));
    assert_int_equal(muster_document_parse(&doc, source, f.doc.root, &f.d), 0);
    assert_string_equal(muster_doc_get(doc.root, "x")->text, "5s");
    assert_false(muster_doc_get(doc.root, "x")->quoted);
    assert_string_equal(muster_doc_get(doc.root, "y")->text, "7s-5s");
    assert_string_equal(muster_doc_get(doc.root, "z")->text, "${A}");
    muster_document_free(&doc);
    done(&f);
}

static void durations_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        muster_dur value;
    } good[] = {
        {"15s", 15000000000},
        {"1.5s", 1500000000},
        {"250ms", 250000000},
        {"100us", 100000},
        {"5ns", 5},
        {"2m", 120000000000},
        {"1h", 3600000000000},
        {"3d", 259200000000000},
        {"0.29s", 290000000},
        {"0.000000001s", 1},
        {"0.1us", 100},
        {"0.0000000005m", 30},
        {"18446744073.709551615s", UINT64_MAX},
    };
    struct fixture f;
    parse(&f, "x: 1\n");
    struct muster_doc node = {.mark = f.doc.root->mark};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        muster_dur value = 0;
        node.text = good[i].text;
        assert_int_equal(muster_doc_duration(&node, 0, UINT64_MAX, false, &value, &f.d), 0);
        assert_true(value == good[i].value);
    }
    static const char *const bad[] = {
        "15",  "s",   "15 s",  "-1s",   "1.s", ".5s", "1e3s",
        "15S", "0x1", "1.5ns", "1..2s", "",    "inf", "18446744073.709551616s"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        muster_dur value = 77;
        node.text = bad[i];
        assert_int_not_equal(muster_doc_duration(&node, 0, UINT64_MAX, false, &value, &f.d), 0);
        assert_true(value == 77);
    }
    done(&f);
}

static void complaint_of(int (*read)(const struct muster_doc *, struct muster_diagnostics *),
                         const char *text, const char *error)
{
    struct muster_diagnostics d = {0};
    struct muster_doc node = {.text = text};
    assert_int_equal(read(&node, &d), MUSTER_E_INVALID);
    assert_int_equal(d.errors, 1);
    assert_string_equal(d.at[0].text, error);
}

static int as_duration(const struct muster_doc *node, struct muster_diagnostics *d)
{
    muster_dur value;
    return muster_doc_duration(node, MUSTER_MILLISECOND, MUSTER_SECOND, false, &value, d);
}

static int as_ppm(const struct muster_doc *node, struct muster_diagnostics *d)
{
    uint32_t value;
    return muster_doc_ppm(node, 0, MUSTER_PPM / 2, &value, d);
}

static int as_integer(const struct muster_doc *node, struct muster_diagnostics *d)
{
    uint64_t value;
    return muster_doc_integer(node, 1, 64, &value, d);
}

static int as_word(const struct muster_doc *node, struct muster_diagnostics *d)
{
    static const char *const words[] = {"kept", "torn", "lost", NULL};
    uint32_t value;
    return muster_doc_word(node, words, &value, d);
}

static int as_boolean(const struct muster_doc *node, struct muster_diagnostics *d)
{
    bool value;
    return muster_doc_boolean(node, &value, d);
}

static void readers_say_what_they_expect(void **state)
{
    (void)state;
    complaint_of(as_duration, "15",
                 "'15' needs a unit (ns, us, ms, s, m, h, d), such as 15s or 15ms");
    complaint_of(as_duration, "15x",
                 "'15x' is not a duration; write a number and ns, us, ms, s, m, h "
                 "or d, such as 15s");
    complaint_of(as_duration, "2s", "'2s' is out of range; expected 1ms..1s");
    complaint_of(as_duration, "0.5ns", "'0.5ns' is not a whole number of nanoseconds");
    complaint_of(as_ppm, "0.6", "'0.6' is out of range; expected 0..0.5");
    complaint_of(as_ppm, "a lot", "'a lot' is not a share; write it as 0.05, 5% or 50000ppm");
    complaint_of(as_ppm, "0.0000001",
                 "'0.0000001' is not a whole number of parts per million (0.000001)");
    complaint_of(as_integer, "65", "'65' is out of range; expected 1..64");
    complaint_of(as_integer, "-1", "'-1' is not a whole number");
    complaint_of(as_word, "trn", "unknown word 'trn', did you mean 'torn'?");
    complaint_of(as_word, "gone!", "unknown word 'gone!'; expected one of kept, torn, lost");
    complaint_of(as_boolean, "yes", "'yes' is not true or false");
}

static void shares_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t value;
    } good[] = {{"0.8", 800000},  {"80%", 800000}, {"500ppm", 500},      {"1", 1000000},
                {"0.29", 290000}, {"0.0001%", 1},  {"0.1234560", 123456}};
    struct muster_diagnostics d = {0};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct muster_doc node = {.text = good[i].text};
        uint32_t value = 0;
        assert_int_equal(muster_doc_ppm(&node, 0, MUSTER_PPM, &value, &d), 0);
        assert_int_equal(value, good[i].value);
    }
    struct muster_doc back = {.text = "-300ppm"}, behind = {.text = "-2s"};
    int32_t drift = 0;
    int64_t step = 0;
    assert_int_equal(muster_doc_signed_ppm(&back, &drift, &d), 0);
    assert_int_equal(drift, -300);
    assert_int_equal(muster_doc_signed_duration(&behind, &step, &d), 0);
    assert_true(step == -2000000000);
    assert_int_equal(d.errors, 0);
}

static void words_are_suggested(void **state)
{
    (void)state;
    static const char *const words[] = {"delay_ms", "duration", "n1", NULL};
    assert_string_equal(muster_suggest("delya_ms", words), "delay_ms");
    assert_string_equal(muster_suggest("n7", words), "n1");
    assert_string_equal(muster_suggest("durtion", words), "duration");
    assert_null(muster_suggest("weather", words));
    assert_null(muster_suggest("", words));
}

static void complaints_are_printed_in_order_and_plain(void **state)
{
    (void)state;
    struct fixture f = {0};
    static const char text[] = "k\xc3\xa4se: x\nb\n";
    const struct muster_source *source =
        muster_source_add(&f.sources, "t.yml", text, sizeof text - 1);
    muster_complain(&f.d, MUSTER_SEVERITY_WARNING, (struct muster_mark){source, 2, 1}, "later");
    muster_complain(&f.d, MUSTER_SEVERITY_ERROR, (struct muster_mark){source, 1, 7},
                    "bell '\a\x1b[1m'");
    muster_complain(&f.d, MUSTER_SEVERITY_NOTE, (struct muster_mark){source, 9, 1}, "far");
    assert_string_equal(printed(&f), "t.yml:1:7: error: bell '??[1m'\nk?se: x\n      ^\n"
                                     "t.yml:2:1: warning: later\nb\n^\n"
                                     "t.yml:9:1: note: far\n\n^\n");
    done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_know_where_they_stand),
        cmocka_unit_test(json_is_yaml),
        cmocka_unit_test(aliases_are_copied),
        cmocka_unit_test(broken_files_are_told_where),
        cmocka_unit_test(only_a_whole_document_has_a_root_and_it_says_what_else_is_wrong),
        cmocka_unit_test(variables_come_from_the_mapping_given),
        cmocka_unit_test(durations_are_exact),
        cmocka_unit_test(readers_say_what_they_expect),
        cmocka_unit_test(shares_are_exact),
        cmocka_unit_test(words_are_suggested),
        cmocka_unit_test(complaints_are_printed_in_order_and_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
