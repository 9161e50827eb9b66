/* SPDX-License-Identifier: Apache-2.0 */
/* Documents, units, variables, the core's config: what loads, the exact text of what does not. */
#include "config/core_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* One file from memory, what was made of it, and what was said about it. */
struct fixture {
    struct muster_sources sources;
    struct muster_document doc;
    struct muster_diagnostics d;
    char *text;
    size_t size;
};

static void parse_bytes(struct fixture *f, const char *text, size_t size)
{
    *f = (struct fixture){0};
    const struct muster_source *source = muster_source_add(&f->sources, "t.yml", text, size);
    muster_document_parse(&f->doc, source, NULL, &f->d);
}

static void parse(struct fixture *f, const char *text)
{
    parse_bytes(f, text, strlen(text));
}

static const char *printed(struct fixture *f)
{
    free(f->text);
    FILE *out = open_memstream(&f->text, &f->size);
    muster_diagnostics_print(&f->d, out);
    assert_int_equal(fclose(out), 0);
    return f->text;
}

static void done(struct fixture *f)
{
    muster_document_free(&f->doc);
    muster_sources_free(&f->sources);
    free(f->text);
}

static void expect_error(const char *text, const char *error)
{
    struct fixture f;
    parse(&f, text);
    assert_null(f.doc.root);
    assert_string_equal(printed(&f), error);
    done(&f);
}

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
    assert_null(f.doc.root);
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
        assert_true((f.doc.root != NULL) == (f.d.errors == 0));
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

static void config_loads_origin_and_own_keys(void **state)
{
    (void)state;
    struct fixture f;
    struct muster_config c;
    parse(&f, "enabled: true\npoll_interval: 30\nlease_ttl: 20s\n"
              "thresholds: {circuit_open_duration: 300, min_anomaly_accuracy: 0.80}\n"
              "cooldowns: {cache_purge: 600}\n"
              "recovery_actions:\n  cache_purge: {timeout: 45}\n"
              "  restart_radio: {timeout: 5s, max_retries: 2}\n");
    assert_int_equal(muster_core_config_load(&c, f.doc.root, NULL, &f.d), 0);
    assert_true(c.lease_ttl == 20 * MUSTER_SECOND);
    assert_true(c.recovery.poll_interval == 30 * MUSTER_SECOND);
    assert_true(c.recovery.action[MUSTER_ACTION_CACHE_PURGE].cooldown == 600 * MUSTER_SECOND);
    assert_true(c.recovery.action[MUSTER_ACTION_CACHE_PURGE].timeout == 45 * MUSTER_SECOND);
    assert_int_equal(c.recovery.action_count, 4);
    assert_int_equal(c.recovery.action[3].scope, MUSTER_SCOPE_CLUSTER);
    assert_int_equal(c.recovery.action[3].max_retries, 2);
    assert_true(c.margin > 0);
    done(&f);
}

static void config_complains_of_everything(void **state)
{
    (void)state;
    struct fixture f;
    struct muster_config c;
    parse(&f,
          "lease_ttll: 20s\npoll_every: 3\ncooldowns: {cache_purg: 5}\nquorum_threshold: 0.4\n");
    assert_int_equal(muster_core_config_load(&c, f.doc.root, NULL, &f.d), MUSTER_E_INVALID);
    assert_string_equal(
        printed(&f),
        "t.yml:1:1: error: unknown key 'lease_ttll', did you mean 'lease_ttl'?\nlease_ttll: "
        "20s\n^\n"
        "t.yml:2:13: error: '3' needs a unit (ns, us, ms, s, m, h, d), such as 3s or 3ms\n"
        "poll_every: 3\n            ^\n"
        "t.yml:3:13: error: unknown action 'cache_purg', did you mean 'cache_purge'?\n"
        "cooldowns: {cache_purg: 5}\n            ^\n"
        "t.yml:4:19: error: '0.4' is out of range; expected 0.5..1\n"
        "quorum_threshold: 0.4\n                  ^\n");
    done(&f);
    parse(&f, "lease_ttl: 15s\nrenew_deadline: 20s\n");
    assert_int_equal(muster_core_config_load(&c, f.doc.root, NULL, &f.d), MUSTER_E_INVALID);
    assert_int_equal(f.d.at[0].mark.line, 2);
    done(&f);
}

static void config_as_written_loads_the_same(void **state)
{
    (void)state;
    static struct fixture f;
    struct muster_config c, again;
    char text[MUSTER_CORE_CONFIG_TEXT_MAX];
    struct muster_text t;
    parse(
        &f,
        "cluster: eu.1\nauthority: voters\ncoordinator: {type: local}\n"
        "lease_ttl: 7.000000001s\n"
        "renew_every: 1s\npoll_every: 0.5s\nrenew_deadline: 5s\nquorum_threshold: 0.500001\n"
        "poll_interval: 7\nenabled: false\nseal_targets: false\n"
        "hold_history: false\nstore_lost: freeze\n"
        "recovery_actions: {own_action: {timeout: 1ns, max_retries: 3, scope: local}}\n"
        "cooldowns: {safe_mode: 0s}\n");
    assert_int_equal(muster_core_config_load(&c, f.doc.root, NULL, &f.d), 0);
    assert_false(c.seal_targets);
    assert_false(c.hold_history);
    assert_true(c.store_lost_freezes);
    done(&f);
    muster_text_init(&t, text, sizeof text);
    muster_core_config_write(&c, &t);
    assert_false(muster_text_is_cut(&t));
    parse(&f, text);
    assert_int_equal(muster_core_config_load(&again, f.doc.root, NULL, &f.d), 0);
    assert_int_equal(f.d.count, 0);
    assert_memory_equal(&c, &again, sizeof c);
    done(&f);
    c.authority = MUSTER_AUTHORITY_STORE;
    muster_text_init(&t, text, sizeof text);
    muster_core_config_write(&c, &t);
    parse(&f, text);
    assert_int_equal(muster_core_config_load(&again, f.doc.root, NULL, &f.d), 0);
    assert_int_equal(again.authority, MUSTER_AUTHORITY_STORE);
    done(&f);
    parse(&f, "authority: stores\n");
    assert_int_equal(muster_core_config_load(&c, f.doc.root, NULL, &f.d), MUSTER_E_INVALID);
    done(&f);
}

static void keys_of_others_in_the_same_mapping_are_no_errors(void **state)
{
    (void)state;
    static struct fixture f;
    struct muster_config c;
    static const char *const others[] = {"members", NULL};
    parse(&f, "{members: 3, membres: 4}");
    assert_int_equal(muster_core_config_load(&c, f.doc.root, others, &f.d), MUSTER_E_INVALID);
    assert_int_equal(f.d.errors, 1);
    assert_string_equal(f.d.at[0].text, "unknown key 'membres', did you mean 'members'?");
    done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_know_where_they_stand),
        cmocka_unit_test(json_is_yaml),
        cmocka_unit_test(aliases_are_copied),
        cmocka_unit_test(broken_files_are_told_where),
        cmocka_unit_test(variables_come_from_the_mapping_given),
        cmocka_unit_test(durations_are_exact),
        cmocka_unit_test(readers_say_what_they_expect),
        cmocka_unit_test(shares_are_exact),
        cmocka_unit_test(words_are_suggested),
        cmocka_unit_test(complaints_are_printed_in_order_and_plain),
        cmocka_unit_test(hostile_files_end_at_once),
        cmocka_unit_test(alias_bombs_end_at_once),
        cmocka_unit_test(same_key_many_times_ends_at_once),
        cmocka_unit_test(variable_bombs_end_at_once),
        cmocka_unit_test(random_bytes_never_crash),
        cmocka_unit_test(what_is_no_file_is_refused),
        cmocka_unit_test(config_loads_origin_and_own_keys),
        cmocka_unit_test(config_as_written_loads_the_same),
        cmocka_unit_test(keys_of_others_in_the_same_mapping_are_no_errors),
        cmocka_unit_test(config_complains_of_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
