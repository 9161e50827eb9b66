/* SPDX-License-Identifier: Apache-2.0 */
/* A config in several files, and which kind of file one is. */
#include "config/include.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct muster_sources sources;
    struct muster_document doc;
    struct muster_diagnostics d;
    struct muster_memory memory;
    const struct muster_doc *merged;
};

static struct fixture f;

static void add(const char *path, const char *text)
{
    muster_source_add(&f.sources, path, text, strlen(text));
}

/* The file etc/m.yaml, whose includes are those that were added, and no others. */
static void include(const char *text)
{
    const struct muster_doc name = {.kind = MUSTER_NODE_SCALAR, .key = "FILE", .text = "b.yaml"};
    const struct muster_doc env = {.kind = MUSTER_NODE_MAPPING, .children = 1, .first = &name};
    const struct muster_reading reading = {&f.sources, &env, &f.memory, &f.d};
    const struct muster_source *source =
        muster_source_add(&f.sources, "etc/m.yaml", text, strlen(text));
    f.sources.sealed = true;
    assert_int_equal(muster_document_parse(&f.doc, source, &env, &f.d), 0);
    f.merged = muster_config_include(f.doc.root, &reading);
}

static const char *value(const char *outer, const char *inner)
{
    const struct muster_doc *node = muster_doc_get(f.merged, outer);
    if (inner)
        node = muster_doc_get(node, inner);
    return node ? node->text : NULL;
}

static void drop(void)
{
    muster_document_free(&f.doc);
    muster_memory_free(&f.memory);
    muster_sources_free(&f.sources);
    f = (struct fixture){0};
}

static void later_files_and_the_including_one_hold(void **state)
{
    (void)state;
    add("etc/a.yaml", "{x: 1, y: 1, z: 1, m: {p: 1, q: 1, r: 1}, only: '${FILE}'}");
    add("etc/b.yaml", "{y: 2, z: 2, m: {q: 2, r: 2}}");
    include("{include: [a.yaml, '${FILE}'], z: 3, m: {r: 3}}");
    assert_string_equal(value("x", NULL), "1");
    assert_string_equal(value("y", NULL), "2");
    assert_string_equal(value("z", NULL), "3");
    assert_string_equal(value("m", "p"), "1");
    assert_string_equal(value("m", "q"), "2");
    assert_string_equal(value("m", "r"), "3");
    assert_string_equal(value("only", NULL), "b.yaml");
    assert_null(muster_doc_get(f.merged, "include"));
    assert_int_equal(f.d.count, 0);
    drop();
}

static void one_file_may_stand_without_a_list(void **state)
{
    (void)state;
    add("/abs/a.yaml", "{x: 1}");
    include("{include: /abs/a.yaml}");
    assert_string_equal(value("x", NULL), "1");
    assert_int_equal(f.d.count, 0);
    drop();
}

static void without_include_nothing_changes(void **state)
{
    (void)state;
    include("{x: 1}");
    assert_ptr_equal(f.merged, f.doc.root);
    drop();
    const struct muster_reading reading = {&f.sources, NULL, &f.memory, &f.d};
    assert_null(muster_config_include(NULL, &reading));
}

static void included_file_includes_nothing(void **state)
{
    (void)state;
    add("etc/a.yaml", "{include: m.yaml}");
    include("{include: a.yaml}");
    assert_null(value("include", NULL));
    assert_int_equal(f.d.count, 1);
    assert_string_equal(f.d.at[0].text, "an included file includes nothing itself; name its files "
                                        "in the 'include' of 'etc/m.yaml'");
    assert_string_equal(f.d.at[0].mark.source->path, "etc/a.yaml");
    drop();
}

static void files_that_are_not_there_or_no_mappings_are_told_where(void **state)
{
    (void)state;
    add("etc/list.yaml", "[1]");
    add("etc/broken.yaml", "{");
    include("{include: [none.yaml, list.yaml, broken.yaml, [x]], y: 1}");
    assert_string_equal(value("y", NULL), "1");
    assert_int_equal(f.d.errors, 4);
    assert_string_equal(f.d.at[0].text,
                        "cannot read 'etc/none.yaml': it is not among the files given");
    assert_int_equal(f.d.at[0].mark.column, 12);
    assert_true(f.d.io);
    assert_string_equal(f.d.at[1].text, "expected a mapping such as poll_interval: 30, not a list");
    assert_string_equal(f.d.at[1].mark.source->path, "etc/list.yaml");
    assert_string_equal(f.d.at[2].mark.source->path, "etc/broken.yaml");
    assert_string_equal(f.d.at[3].text, "expected the name of a file, not a list");
    drop();
    include("{include: {a: b}}");
    assert_string_equal(f.d.at[0].text, "expected a list of files, not a mapping");
    drop();
    include("{include: [a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a]}");
    assert_string_equal(f.d.at[0].text, "more than 16 files");
    assert_int_equal(f.d.count, 1);
    drop();
}

static void kind_is_told_by_the_keys_at_the_top(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum muster_file_kind kind;
    } rows[] = {
        {"{version: 1, cluster: {nodes: 3}}", MUSTER_FILE_SCENARIO},
        {"{duration: 5s, poll_interval: 3}", MUSTER_FILE_SCENARIO},
        {"{cluster: {nodes: 3}}", MUSTER_FILE_SCENARIO},
        {"{cluster: eu}", MUSTER_FILE_CONFIG},
        {"{thresholds: {}}", MUSTER_FILE_CONFIG},
        {"{recovery_policies: {}}", MUSTER_FILE_CONFIG},
        {"{phases: {}, global: {}}", MUSTER_FILE_CONFIG},
        {"{policies: {}}", MUSTER_FILE_CONFIG},
        {"{node: n1, lease_ttl: 15s}", MUSTER_FILE_DAEMON},
        {"{lease_ttl: 15s, members: [a]}", MUSTER_FILE_DAEMON},
        {"{}", MUSTER_FILE_SCENARIO},
        {"{recovery_polices: {}}", MUSTER_FILE_CONFIG},
        {"{name: x, lease_ttl: 15s}", MUSTER_FILE_CONFIG},
        {"{timelin: []}", MUSTER_FILE_SCENARIO},
        {"{what: 1}", MUSTER_FILE_SCENARIO},
        {"[lease_ttl]", MUSTER_FILE_SCENARIO},
        {"lease_ttl", MUSTER_FILE_SCENARIO},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        include(rows[i].text);
        if (muster_file_kind(f.doc.root) != rows[i].kind)
            fail_msg("%s is of another kind", rows[i].text);
        drop();
    }
    assert_int_equal(muster_file_kind(NULL), MUSTER_FILE_SCENARIO);
}

static void environment_is_a_mapping(void **state)
{
    (void)state;
    setenv("MUSTER_TEST_VALUE", "a=b", 1);
    const struct muster_doc *env = muster_environment(&f.memory);
    assert_string_equal(muster_doc_get(env, "MUSTER_TEST_VALUE")->text, "a=b");
    unsetenv("MUSTER_TEST_VALUE");
    env = muster_environment(&f.memory);
    assert_null(muster_doc_get(env, "MUSTER_TEST_VALUE"));
    drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_files_and_the_including_one_hold),
        cmocka_unit_test(one_file_may_stand_without_a_list),
        cmocka_unit_test(without_include_nothing_changes),
        cmocka_unit_test(included_file_includes_nothing),
        cmocka_unit_test(files_that_are_not_there_or_no_mappings_are_told_where),
        cmocka_unit_test(kind_is_told_by_the_keys_at_the_top),
        cmocka_unit_test(environment_is_a_mapping),
    };
    return cmocka_run_group_tests_name("config_include", tests, NULL, NULL);
}
