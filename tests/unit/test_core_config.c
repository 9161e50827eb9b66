/* SPDX-License-Identifier: Apache-2.0 */
/* The core's config from a file: what loads, how it is written, the text of what does not. */
#include "tests/lib/document_fixture.h"

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

static void config_as_written_loads_the_same(void **state)
{
    (void)state;
    static struct fixture f;
    struct muster_config c, again;
    char text[MUSTER_CORE_CONFIG_TEXT_MAX];
    struct muster_text t;
    parse(&f, "cluster: eu.1\nauthority: voters\ncoordinator: {type: local}\n"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_loads_origin_and_own_keys),
        cmocka_unit_test(config_as_written_loads_the_same),
        cmocka_unit_test(keys_of_others_in_the_same_mapping_are_no_errors),
        cmocka_unit_test(config_complains_of_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
