/* SPDX-License-Identifier: Apache-2.0 */
/* Documents as YAML: what is written is read as the same tree, and every scenario that is written
 * anew is the same scenario. */
#include "config/document_edit.h"
#include "config/document_write.h"
#include "sim/world.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define ARENA ((size_t)64 << 20)

struct parsed {
    struct muster_sources sources;
    struct muster_document doc;
    struct muster_diagnostics d;
};

static void parse(struct parsed *p, const char *text, size_t size, bool raw)
{
    *p = (struct parsed){0};
    const struct muster_source *source = muster_source_add(&p->sources, "t.yaml", text, size);
    if (raw)
        muster_document_parse_raw(&p->doc, source, &p->d);
    else
        muster_document_parse(&p->doc, source, NULL, &p->d);
    if (!p->doc.root)
        muster_diagnostics_print(&p->d, stderr);
}

static void done(struct parsed *p)
{
    muster_document_free(&p->doc);
    muster_sources_free(&p->sources);
}

/* The same but for marks, for how nothing is written, and for quotes around what needs them. */
static void assert_same(const struct muster_doc *a, const struct muster_doc *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->children, b->children);
    if (a->key || b->key)
        assert_string_equal(a->key, b->key);
    if (a->kind == MUSTER_NODE_SCALAR && !(muster_doc_is_null(a) && muster_doc_is_null(b))) {
        assert_string_equal(a->text, b->text);
        if (!strpbrk(a->text, " :,[]{}#\"'") && a->text[0])
            assert_int_equal(a->quoted, b->quoted);
    }
    const struct muster_doc *y = b->first;
    for (const struct muster_doc *x = a->first; x; x = x->next, y = y->next)
        assert_same(x, y);
    assert_null(y);
}

static const char *written(const struct muster_doc *root, bool raw, struct muster_memory *m)
{
    const struct muster_document_style style = {.raw = raw};
    size_t size;
    const char *text = muster_document_write(root, &style, m, &size);
    assert_int_equal(strlen(text), size);
    return text;
}

static void assert_written(const char *text, const char *expected)
{
    struct muster_memory m = {0};
    struct parsed before, after;
    parse(&before, text, strlen(text), true);
    assert_non_null(before.doc.root);
    const char *again = written(before.doc.root, true, &m);
    if (expected)
        assert_string_equal(again, expected);
    parse(&after, again, strlen(again), true);
    assert_non_null(after.doc.root);
    assert_same(before.doc.root, after.doc.root);
    assert_string_equal(written(after.doc.root, true, &m), again);
    done(&before);
    done(&after);
    muster_memory_free(&m);
}

/* ---- style ---- */

static void what_fits_is_in_flow_style(void **state)
{
    (void)state;
    assert_written("cluster:\n  nodes: 3\n  config:\n    lease_ttl: 15s\n",
                   "cluster: {nodes: 3, config: {lease_ttl: 15s}}\n");
    assert_written("always:\n- a\n- b\n", "always: [a, b]\n");
}

static void entries_have_a_line_each(void **state)
{
    (void)state;
    assert_written("timeline: [{at: 1s, crash: leader}, {at: 2s, heal: true}]\n",
                   "timeline:\n  - {at: 1s, crash: leader}\n  - {at: 2s, heal: true}\n");
}

static void what_does_not_fit_is_in_block_style(void **state)
{
    char long_word[90], text[400], expected[400];
    (void)state;
    memset(long_word, 'x', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = 0;
    snprintf(text, sizeof text, "a: [{b: %s, c: [1, 2]}, 3]\n", long_word);
    snprintf(expected, sizeof expected, "a:\n  - b: %s\n    c: [1, 2]\n  - 3\n", long_word);
    assert_written(text, expected);
    snprintf(text, sizeof text, "a: {b: {c: %s}, d: [[%s], []]}\n", long_word, long_word);
    assert_written(text, NULL);
}

static const char *comment_on_b(void *cookie, const struct muster_doc *node)
{
    return node->key && strcmp(node->key, "b") == 0 ? cookie : NULL;
}

static void comments_stand_beside_and_above(void **state)
{
    struct muster_memory m = {0};
    struct parsed p;
    size_t size;
    char long_remark[98];
    (void)state;
    memset(long_remark, 'y', sizeof long_remark - 1);
    long_remark[sizeof long_remark - 1] = 0;
    parse(&p, "a: 1\nb: 2\nc: 3\n", 15, true);
    struct muster_document_style style = {.head = "one\n\ntwo",
                                          .comment = comment_on_b,
                                          .cookie = "short"};
    assert_string_equal(muster_document_write(p.doc.root, &style, &m, &size),
                        "# one\n#\n# two\na: 1\nb: 2  # short\nc: 3\n");
    style.head = NULL;
    style.cookie = long_remark;
    const char *text = muster_document_write(p.doc.root, &style, &m, &size);
    assert_memory_equal(text, "a: 1\n# yyy", 10);
    assert_string_equal(strstr(text, "\nb"), "\nb: 2\nc: 3\n");
    done(&p);
    muster_memory_free(&m);
}

/* ---- scalars ---- */

static void bare_words_stay_bare(void **state)
{
    (void)state;
    assert_written("a: 'R5, a follower'\n", "a: 'R5, a follower'\n");
    assert_written("a: R5, a [follower] leads\n", "a: R5, a [follower] leads\n");
    assert_written("a: {b: +1h, c: -2s, d: 1ms..5ms, e: 80%, f: a-b}\n",
                   "a: {b: +1h, c: -2s, d: 1ms..5ms, e: 80%, f: a-b}\n");
}

static void what_yaml_would_misread_is_quoted(void **state)
{
    static const char *const texts[] = {
        "'5'",
        "'true'",
        "'~'",
        "''",
        "\"a: b\"",
        "'a #b'",
        "' a'",
        "'a '",
        "'a:'",
        "'- a'",
        "'-'",
        "'? a'",
        "'it''s'",
        "'\"'",
        "\"\\n\\t\\\\\\\"\"",
        "'{a}'",
        "'a, b'",
        "'---'",
        "'...'",
        "'&a'",
        "'*a'",
        "'!a'",
        "'%a'",
        "'@a'",
        "'`a'",
        "'|'",
        "'>'",
        "\"\\u0085\"",
        "\"\\u2028\"",
        "\"\\ufeff\"",
        "\"\\u00e9\"",
        "\"\\U0001f600\"",
        "\"\\x01\"",
        "'a:b'",
        "'${A}'",
        "'[x'",
        "'#'",
        "a#b",
        "~",
        "",
    };
    char text[200];
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        snprintf(text, sizeof text, "a: %s\n", texts[i]);
        assert_written(text, NULL);
        if (texts[i][0]) {
            snprintf(text, sizeof text, "a: {b: [%s], %s: 1}\n", texts[i],
                     texts[i][0] == '~' ? "k" : texts[i]);
            assert_written(text, NULL);
        }
    }
}

static void a_long_key_is_told_to_be_one(void **state)
{
    enum { SIZE = 1500 };
    char *text = malloc(2 * SIZE + 100);
    (void)state;
    char key[SIZE + 1];
    memset(key, 'k', SIZE);
    key[SIZE] = 0;
    snprintf(text, 2 * SIZE + 100, "a:\n  ? %s\n  : 1\n? %s\n: {? b : 2}\n", key, key);
    assert_written(text, NULL);
    free(text);
}

static void variables_stay_or_are_read_as_text(void **state)
{
    struct muster_memory m = {0};
    struct parsed p, again;
    (void)state;
    parse(&p, "a: x$${HOME}y\n", 14, false);
    assert_string_equal(p.doc.root->first->text, "x${HOME}y");
    const char *text = written(p.doc.root, false, &m);
    parse(&again, text, strlen(text), false);
    assert_string_equal(again.doc.root->first->text, "x${HOME}y");
    assert_written("a: '${X:5}'\n", "a: '${X:5}'\n");
    done(&p);
    done(&again);
    muster_memory_free(&m);
}

/* ---- edits ---- */

static void a_copy_has_other_values_and_shares_nothing(void **state)
{
    struct muster_memory m = {0};
    struct parsed p;
    (void)state;
    parse(&p, "a: 1\nb: {c: 2, d: [3, 4]}\n", 26, true);
    const struct muster_doc *b = muster_doc_get(p.doc.root, "b"), *d = muster_doc_get(b, "d");
    const struct muster_doc_edit edits[] = {{muster_doc_get(b, "c"), NULL},
                                            {d->first, muster_doc_scalar("x", true, &m)},
                                            {NULL, NULL}};
    const struct muster_doc *copy = muster_doc_copy(p.doc.root, edits, 3, &m);
    done(&p);
    assert_string_equal(written(copy, true, &m), "a: 1\nb: {d: ['x', 4]}\n");
    const struct muster_doc_edit all = {copy, NULL};
    assert_null(muster_doc_copy(copy, &all, 1, &m));
    muster_memory_free(&m);
}

/* ---- every scenario ---- */

static uint64_t hash_of(const char *path, struct muster_sources *sources, uint64_t seed,
                        struct muster_arena *a)
{
    static struct muster_diagnostics d;
    struct muster_verdict v;
    memset(&d, 0, sizeof d);
    struct muster_scenario *s = muster_scenario_load(path, sources, &muster_registry_builtin, &d);
    if (!s) {
        muster_diagnostics_print(&d, stderr);
        fail_msg("%s does not load", path);
    }
    muster_arena_reset(a, 0xa5);
    struct muster_world *w = muster_world_create(a, s, seed);
    while (muster_world_run(w, MUSTER_NEVER))
        continue;
    muster_world_finish(w, &v);
    *sources = s->sources;
    s->sources = (struct muster_sources){0};
    muster_scenario_free(s);
    return v.hash;
}

static void assert_same_runs(const char *path, struct muster_arena *a)
{
    static struct muster_diagnostics d;
    struct muster_memory m = {0};
    struct muster_sources before = {0}, after = {.sealed = true};
    const struct muster_doc *root = muster_scenario_resolve(path, &before, &m, &d);
    assert_non_null(root);
    assert_null(muster_doc_get(root, "include"));
    const char *text = written(root, false, &m);
    muster_source_add(&after, path, text, strlen(text));
    for (uint64_t seed = 1; seed <= 2; seed++)
        assert_int_equal(hash_of(path, &before, seed, a), hash_of(path, &after, seed, a));
    muster_sources_free(&before);
    muster_sources_free(&after);
    muster_memory_free(&m);
}

static uint32_t visit(const char *folder, struct muster_arena *a)
{
    uint32_t files = 0;
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        char path[512];
        struct stat st;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        assert_int_equal(stat(path, &st), 0);
        if (S_ISDIR(st.st_mode)) {
            files += visit(path, a);
            continue;
        }
        struct muster_sources sources = {0};
        struct muster_diagnostics d = {0};
        const struct muster_source *s =
            muster_source_open(&sources, path, &d, (struct muster_mark){0});
        assert_written(s->text, NULL);
        muster_sources_free(&sources);
        if (!strstr(path, ".inc.yaml"))
            assert_same_runs(path, a);
        files++;
    }
    closedir(dir);
    return files;
}

static void every_scenario_comes_back_the_same_and_runs_the_same(void **state)
{
    struct muster_arena a;
    (void)state;
    assert_int_equal(muster_arena_map(&a, ARENA, NULL), 0);
    assert_true(visit("scenarios", &a) > 100);
    muster_arena_unmap(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_in_flow_style),
        cmocka_unit_test(entries_have_a_line_each),
        cmocka_unit_test(what_does_not_fit_is_in_block_style),
        cmocka_unit_test(comments_stand_beside_and_above),
        cmocka_unit_test(bare_words_stay_bare),
        cmocka_unit_test(what_yaml_would_misread_is_quoted),
        cmocka_unit_test(a_long_key_is_told_to_be_one),
        cmocka_unit_test(variables_stay_or_are_read_as_text),
        cmocka_unit_test(a_copy_has_other_values_and_shares_nothing),
        cmocka_unit_test(every_scenario_comes_back_the_same_and_runs_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
