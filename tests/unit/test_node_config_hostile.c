/* SPDX-License-Identifier: Apache-2.0 */
/* A node's config from files that mean harm: refused in a moment, or loaded as what the core can
 * work with; what loads can be written and loads again. */
#include "tests/lib/config_fixture.h"

#include "core/random.h"

static struct config_fixture f;

/* Tables that are too full, after the one that still fits. */
static void too_many(const char *begin, const char *one, const char *end, uint32_t most,
                     const char *complaint)
{
    for (uint32_t n = most; n <= most + 1; n++) {
        char *text;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        fputs(begin, out);
        for (uint32_t i = 0; i < n; i++) {
            char number[12];
            snprintf(number, sizeof number, "%u", (unsigned)i);
            for (const char *at = one; *at; at++)
                *at == '#' ? fputs(number, out) : fputc(*at, out);
        }
        fputs(end, out);
        fclose(out);
        config_load(&f, text);
        assert_int_equal(f.d.errors, n > most);
        for (uint32_t i = 0; i < f.d.count && n > most; i++) {
            if (f.d.at[i].severity == MUSTER_SEVERITY_ERROR)
                assert_string_equal(f.d.at[i].text, complaint);
        }
        config_drop(&f);
        free(text);
    }
}

static void full_tables_refuse_one_more(void **state)
{
    (void)state;
    too_many("recovery_policies: {", "a#: {escalation_chain: [{action: safe_mode}]},", "}",
             MUSTER_POLICIES_MAX, "more than 24 policies");
    too_many("recovery_policies: {a: {escalation_chain: [", "{action: safe_mode},", "]}}",
             MUSTER_POLICY_STEPS_MAX, "more than 64 steps in all policies");
    too_many("phases: {", "P#: {},", "}", MUSTER_PHASES_MAX, "more than 16 phases");
    too_many("phases: {A: {escalation_rules: [", "{condition: always, action: safe_mode},", "]}}",
             MUSTER_PHASE_RULES_MAX, "more than 48 rules in all phases");
    too_many("recovery_policies: {a: {escalation_chain: [",
             "{action: safe_mode, condition: t#_fault},", "]}}", MUSTER_ANOMALY_TYPES_MAX,
             "'t32_fault' is one anomaly type too many");
    /* Eleven words are in the table of SPEC 1. */
    too_many("orchestrator: enhanced\nresponses: {", "W#: safe_mode,", "}",
             MUSTER_RESPONSES_MAX - 11, "more than 32 responses");
    too_many("recovery_policies: {a: {escalation_chain: [{action: alert_ground}]}}\n"
             "recovery_actions: {",
             "a#: {},", "}", MUSTER_ACTIONS_MAX - 4, "more than 32 actions");
}

static void anything_in_place_of_a_part_is_refused(void **state)
{
    (void)state;
    static const char *const keys[] = {"recovery_policies", "phases",       "transitions",
                                       "responses",         "global",       "advanced",
                                       "blast_radius",      "orchestrator", "dry_run_mode",
                                       "initial_phase"};
    static const char *const values[] = {"[]", "[[]]", "{a: {b: {c: d}}}", "'x'", "-1", "{a: [1]}"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
            char text[128];
            snprintf(text, sizeof text, "{%s%s: %s}",
                     strcmp(keys[i], "orchestrator") == 0 ? "" : "orchestrator: enhanced, ",
                     keys[i], values[k]);
            config_load(&f, text);
            if (f.error == 0)
                fail_msg("%s is taken", text);
            assert_true(f.d.errors > 0);
            config_drop(&f);
        }
    }
}

/* Whatever loads is written, and what is written loads. */
static void assert_sane(void)
{
    static char text[MUSTER_CORE_CONFIG_TEXT_MAX];
    static struct config_fixture again;
    struct muster_text t;
    if (f.error != 0) {
        assert_true(f.d.errors > 0);
        return;
    }
    assert_int_equal(f.d.errors, 0);
    muster_text_init(&t, text, sizeof text);
    muster_core_config_write(&f.c.core, &t);
    assert_false(muster_text_is_cut(&t));
    config_load(&again, text);
    if (again.error != 0)
        fail_msg("%s: %s", text, again.d.at[0].text);
    config_drop(&again);
}

static void spoiled_examples_load_or_are_refused(void **state)
{
    (void)state;
    static const char *const paths[] = {"examples/config/policies.yaml",
                                        "examples/config/phases.yaml"};
    static const char *const pieces[] = {"{",     "}", "[",  "]", ":",    "\"", "-",  "0",
                                         "99999", "'", "\n", " ", "null", "#",  "&a", "*a"};
    struct muster_random r = {11};
    for (int i = 0; i < 3000; i++) {
        struct muster_sources sources = {0};
        struct muster_diagnostics d = {0};
        const struct muster_source *source =
            muster_source_open(&sources, paths[i % 2], &d, (struct muster_mark){0});
        assert_non_null(source);
        char *text = calloc(1, source->size + 64);
        assert_non_null(text);
        size_t at = muster_random_below(&r, source->size);
        size_t cut = at + muster_random_below(&r, 12);
        cut = cut < source->size ? cut : source->size;
        const char *piece = pieces[muster_random_below(&r, sizeof pieces / sizeof *pieces)];
        memcpy(text, source->text, at);
        strcat(text, piece);
        strcat(text, source->text + cut);
        config_load(&f, text);
        assert_sane();
        config_drop(&f);
        free(text);
        muster_sources_free(&sources);
    }
}

static void broken_utf8_out_of_a_variable_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"\xff",
                                      "\xc3",
                                      "\xc0\x80",
                                      "\xed\xa0\x80",
                                      "\xe0\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xf0\x80\x80\x80",
                                      "a\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const struct muster_doc value = {.kind = MUSTER_NODE_SCALAR, .key = "X", .text = bad[i]};
        const struct muster_doc env = {.kind = MUSTER_NODE_MAPPING, .children = 1, .first = &value};
        static const char text[] =
            "{recovery_policies: {a: {escalation_chain: [{action: safe_mode, params: {p: \"${X}\"}}"
            "]}}, phases: {A: {escalation_rules: [{condition: always, action: safe_mode,"
            " justification: \"${X}\"}]}}}";
        memset(&f, 0, sizeof f);
        const struct muster_source *source =
            muster_source_add(&f.sources, "t.yml", text, strlen(text));
        assert_int_equal(muster_document_parse(&f.doc, source, &env, &f.d), 0);
        assert_int_equal(muster_node_config_load(&f.c, f.doc.root, NULL, &f.d), MUSTER_E_INVALID);
        assert_int_equal(f.d.errors, 2);
        assert_non_null(strstr(f.d.at[0].text, "is no UTF-8"));
        assert_non_null(strstr(f.d.at[1].text, "is no UTF-8"));
        config_drop(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(full_tables_refuse_one_more),
        cmocka_unit_test(anything_in_place_of_a_part_is_refused),
        cmocka_unit_test(spoiled_examples_load_or_are_refused),
        cmocka_unit_test(broken_utf8_out_of_a_variable_is_refused),
    };
    return cmocka_run_group_tests_name("node_config_hostile", tests, NULL, NULL);
}
