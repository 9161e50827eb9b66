/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever allocation fails while a config is loaded: a node's with what it includes, electorates,
 * a node made of it. */
#include "config/electorate.h"
#include "config/include.h"
#include "config/node_config.h"
#include "core/node.h"
#include "tests/lib/memory_sweep.h"

#define MAIN                                                                                       \
    "orchestrator: enhanced\ninclude: [more/base.yaml, more/phases.yaml]\n"                        \
    "work_items: 3\nadvanced: {max_actions_per_hour: 7}\n"                                         \
    "responses: {ISOLATE: cut_off}\n"                                                              \
    "recovery_actions: {cut_off: {timeout: 3, phase_restrictions: {ONE: false}}}\n"                \
    "recovery_policies:\n  power_fault:\n    escalation_chain:\n"                                  \
    "      - {action: enter_safe_mode, condition: \"severity >= 0.9\", params: {a: [1, b]}}\n"
#define BASE                                                                                       \
    "advanced: {max_actions_per_hour: 3, verification_delay_seconds: 5}\n"                         \
    "recovery_policies:\n  power_fault: {severity_threshold: 0.5}\n"                               \
    "  unknown_anomaly: {escalation_chain: [{action: alert_ground}]}\n"
#define PHASES                                                                                     \
    "phases:\n  ONE: {allowed_actions: [alert_ground], severity_thresholds: {HIGH: LOG_ONLY},\n"   \
    "        escalation_rules: [{condition: 'severity >= CRITICAL', action: ISOLATE}]}\n"          \
    "  SAFE_MODE: {forbidden_actions: [RESTART_SERVICE]}\n"                                        \
    "transitions: {ONE: [SAFE_MODE]}\ninitial_phase: ONE\n"

static void add(struct muster_sources *sources, const char *path, const char *text)
{
    muster_source_add(sources, path, text, strlen(text));
}

static bool is_whole(const struct muster_node_config *c)
{
    const struct muster_enhanced_config *e = &c->enhanced;
    return c->core.enhanced == e && c->core.work_items == 3 && e->policy_count == 2 &&
           e->policy[0].count == 1 && e->step_count == 2 && e->phases.phase_count == 2 &&
           e->phases.rule_count == 1 && e->acting.limits.max_actions_per_hour == 7;
}

static enum ending load_node_config(void)
{
    static struct muster_node_config c;
    struct muster_sources sources = {.sealed = true};
    struct muster_memory memory = {0};
    struct muster_document doc;
    const struct muster_reading reading = {&sources, NULL, &memory, &d};
    memset(&d, 0, sizeof d);
    add(&sources, "etc/main.yaml", MAIN);
    add(&sources, "etc/more/base.yaml", BASE);
    add(&sources, "etc/more/phases.yaml", PHASES);
    int error = muster_document_parse(&doc, sources.first, NULL, &d);
    if (error == 0)
        error = muster_node_config_load(&c, muster_config_include(doc.root, &reading), NULL, &d);
    bool whole = error == 0 && d.errors == 0 && is_whole(&c);
    muster_document_free(&doc);
    muster_memory_free(&memory);
    muster_sources_free(&sources);
    return whole ? WHOLE : refused();
}

static enum ending load_electorates(void)
{
    const char *names[MUSTER_MEMBERS_MAX] = {"n1", "n2", "n4", "n3"};
    struct muster_place p = {.index = 3, .count = 4, .voters = 3, .names = names}, next;
    struct muster_sources sources = {.sealed = true};
    struct muster_document doc;
    memset(&d, 0, sizeof d);
    add(&sources, "e.yaml", "{now: {generation: 2, previous: [n1, n2, n3]}, next: [n1, n2, n3]}");
    bool loaded = muster_document_parse(&doc, sources.first, NULL, &d) == 0 &&
                  muster_electorate_load(muster_doc_get(doc.root, "now"), names, &p, &d) == 0 &&
                  muster_electorate_next(muster_doc_get(doc.root, "next"), &p, &next, &d) == 0;
    bool whole = loaded && d.errors == 0 && p.generation == 2 && p.voters == 4 && p.joining == 4 &&
                 p.leaving == 8 && next.generation == 3;
    muster_document_free(&doc);
    muster_sources_free(&sources);
    return whole ? WHOLE : refused();
}

static void a_node_config_with_its_includes_is_loaded_or_refused(void **state)
{
    (void)state;
    sweep_both(load_node_config, 100);
}

static void electorates_are_loaded_or_refused(void **state)
{
    (void)state;
    sweep_both(load_electorates, 15);
}

/* What a running core needs it has been given. */
static void a_node_takes_no_memory(void **state)
{
    static struct muster_effects out;
    static const char *const names[] = {"n1", "n2", "n3"};
    static const struct muster_place place = {.count = 3, .voters = 3, .names = names};
    static struct muster_config config;
    (void)state;
    muster_config_defaults(&config);
    config.work_items = 3;
    muster_config_finish(&config);
    size_t size = (muster_node_size(&config, &place, NULL) + 15) / 16 * 16;
    struct muster_node *node = aligned_alloc(16, size);
    assert_non_null(node);
    memset(node, 0, size);
    int64_t before = short_memory_blocks();
    short_memory_arm(1, true);
    muster_node_init(node, &config, &place, NULL);
    struct muster_input in = {.kind = MUSTER_IN_START, .now = MUSTER_SECOND};
    for (uint32_t i = 0; i < 100; i++) {
        out.count = out.used = 0;
        muster_node_handle(node, &in, &out);
        in.now = muster_time_add(in.now, MUSTER_SECOND);
        in.kind = MUSTER_IN_TIMER;
    }
    assert_false(short_memory_disarm());
    assert_int_equal(short_memory_blocks(), before);
    free(node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_config_with_its_includes_is_loaded_or_refused),
        cmocka_unit_test(electorates_are_loaded_or_refused),
        cmocka_unit_test(a_node_takes_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
