/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that mean harm, or are none: refused in a moment. */
#include "tests/lib/document_fixture.h"

/* A file of `unit` repeated until it has `size` bytes. */
static char *repeat(const char *unit, size_t size)
{
    char *text = malloc(size + 1);
    size_t length = strlen(unit);
    assert_non_null(text);
    for (size_t i = 0; i < size; i++)
        text[i] = unit[i % length];
    text[size] = 0;
    return text;
}

static void ends_at_once(const char *text, size_t size, const char *error)
{
    struct fixture f;
    clock_t begin = clock();
    parse_bytes(&f, text, size);
    assert_true(clock() - begin < CLOCKS_PER_SEC);
    assert_true(f.d.errors > 0);
    if (error)
        assert_string_equal(f.d.at[0].text, error);
    printed(&f);
    done(&f);
}

static void hostile_files_end_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *unit, *error;
    } files[] = {
        {"[", "nested deeper than 32 levels"},
        {"{", NULL},
        {"{a: ", "nested deeper than 32 levels"},
        {"- ", "nested deeper than 32 levels"},
        {"? ", NULL},
        {"[a,", "nested deeper than 32 levels"},
        {"- a\n", "more than 100000 values in one file"},
        {"- &a b\n", "more than 1000 anchors in one file"},
        {"x", "a text of more than 64 KiB"},
        {"\"", NULL},
        {"\t", NULL},
        {"\xff", NULL},
        {"a: &a\n", NULL},
        {"*a ", NULL},
        {"!!!", NULL},
        {"|\n", NULL},
        {"# comment\n", "the file is empty"},
        {"\n", "the file is empty"},
    };
    const size_t size = (size_t)10 << 20;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *text = repeat(files[i].unit, size);
        ends_at_once(text, size, files[i].error);
        free(text);
    }
    ends_at_once("a: b\0c", 6, "a NUL byte; this is no text file");
}

static void alias_bombs_end_at_once(void **state)
{
    (void)state;
    char text[4096] = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used,
                 "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1,
                 i - 1, i - 1, i - 1);
    }
    ends_at_once(text, strlen(text), "aliases expand to more than 10000 values");
}

static void same_key_many_times_ends_at_once(void **state)
{
    (void)state;
    char *text = repeat("a: 1\n", 400000);
    ends_at_once(text, 400000, NULL);
    free(text);
}

static void variable_bombs_end_at_once(void **state)
{
    (void)state;
    struct fixture f;
    char *big = repeat("x", 60000), *uses = repeat("- ${A}\n", 7 * 90000);
    char *env = malloc(60010);
    assert_non_null(env);
    snprintf(env, 60010, "A: %s\n", big);
    parse(&f, env);
    struct muster_document doc;
    const struct muster_source *source = muster_source_add(&f.sources, "u.yml", uses, strlen(uses));
    assert_int_equal(muster_document_parse(&doc, source, f.doc.root, &f.d), MUSTER_E_INVALID);
    assert_string_equal(f.d.at[0].text, "variables make the text too long");
    muster_document_free(&doc);
    done(&f);
    free(big);
    free(uses);
    free(env);
}

static void random_bytes_never_crash(void **state)
{
    (void)state;
    static const char letters[] = "abc:-[]{},&*!|>'\"%@`#?\n\n  \t0.$<~\x01\xc3\xa4";
    uint64_t seed = 1;
    for (int round = 0; round < 20000; round++) {
        char text[96];
        size_t size = (size_t)(seed % sizeof text);
        for (size_t i = 0; i < size; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            text[i] = letters[(seed >> 33) % (sizeof letters - 1)];
        }
        struct fixture f;
        parse_bytes(&f, text, size);
        assert_true(f.doc.root != NULL || f.d.errors > 0);
        printed(&f);
        done(&f);
        seed += UINT64_C(0x9e3779b97f4a7c15);
    }
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    struct fixture f = {0};
    char folder[] = "/tmp/muster-document-XXXXXX", path[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_null(muster_source_open(&f.sources, path, &f.d, (struct muster_mark){0}));
    assert_string_equal(f.d.at[0].text, "cannot be read: it is not a regular file");
    assert_string_equal(f.d.at[0].place, path);
    assert_true(f.d.io);
    unlink(path);
    snprintf(path, sizeof path, "%s/link", folder);
    assert_int_equal(symlink("nowhere", path), 0);
    assert_null(muster_source_open(&f.sources, path, &f.d, (struct muster_mark){0}));
    assert_string_equal(f.d.at[1].text, "cannot be read: No such file or directory");
    assert_string_equal(f.d.at[1].place, path);
    unlink(path);
    assert_null(muster_source_open(&f.sources, folder, &f.d, (struct muster_mark){0}));
    assert_string_equal(f.d.at[2].text, "cannot be read: it is a directory");
    assert_string_equal(f.d.at[2].place, folder);
    rmdir(folder);
    f.sources.sealed = true;
    assert_null(muster_source_open(&f.sources, "other.yml", &f.d, (struct muster_mark){0}));
    assert_string_equal(f.d.at[3].text, "cannot be read: it is not among the files given");
    assert_string_equal(f.d.at[3].place, "other.yml");
    done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_files_end_at_once),
        cmocka_unit_test(alias_bombs_end_at_once),
        cmocka_unit_test(same_key_many_times_ends_at_once),
        cmocka_unit_test(variable_bombs_end_at_once),
        cmocka_unit_test(random_bytes_never_crash),
        cmocka_unit_test(what_is_no_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
