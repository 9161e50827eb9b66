/* SPDX-License-Identifier: Apache-2.0 */
/* musterd's file: what loads, and the exact text of what does not. */
#include "live/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define GOOD                                                                                       \
    "node: n2\nmembers: [n1, n2, n3]\nstate: state\nstore: {host: '::1', port: 7000}\n"            \
    "health: {file: /run/h.json}\n"

struct fixture {
    struct muster_live_config c;
    struct muster_sources sources;
    struct muster_diagnostics d;
    int error;
};

static struct fixture f;

static void load_as(const char *text, bool local)
{
    char path[] = "/tmp/test_live_config.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    memset(&f, 0, sizeof f);
    f.error = muster_live_config_load(&f.c, path, local, &f.sources, &f.d);
    unlink(path);
}

static void load(const char *text)
{
    load_as(text, false);
}

static void drop(void)
{
    muster_live_config_free(&f.c);
    muster_sources_free(&f.sources);
}

/* The file is refused, and these are all the complaints. */
static void refuses(const char *text, const char *const *complaints)
{
    load(text);
    assert_int_equal(f.error, MUSTER_E_INVALID);
    uint32_t n = 0;
    for (; complaints[n]; n++) {
        assert_true(n < f.d.count);
        assert_string_equal(f.d.at[n].text, complaints[n]);
    }
    assert_int_equal(f.d.count, n);
    drop();
}

static void whole_file_loads(void **state)
{
    (void)state;
    setenv("MUSTER_TEST_PASSWORD", "s3cret", 1);
    load("node: n2\nmembers: [n1, n2, n3]\nvoters: 3\nbootstrap: true\nstate: state/n2\n"
         "store: {host: redis, port: 7000, user: muster, password: \"${MUSTER_TEST_PASSWORD}\", "
         "database: 3}\n"
         "health: {file: /run/h.json}\nrecording: n2.jsonl\nlog: {level: debug}\n"
         "actions: {safe_mode: [./valve, close, now], default: [act]}\n"
         "lease_ttl: 20s\nrecovery_actions: {safe_mode: {timeout: 3s}}\n");
    assert_int_equal(f.error, 0);
    assert_int_equal(f.d.count, 0);
    assert_int_equal(f.c.place.index, 1);
    assert_int_equal(f.c.place.count, 3);
    assert_int_equal(f.c.place.voters, 3);
    assert_string_equal(f.c.place.names[2], "n3");
    assert_true(f.c.bootstrap);
    assert_string_equal(f.c.store.host, "redis");
    assert_int_equal(f.c.store.port, 7000);
    assert_string_equal(f.c.store.password, "s3cret");
    assert_int_equal(f.c.store.database, 3);
    assert_string_equal(f.c.health, "/run/h.json");
    assert_int_equal(f.c.log_level, MUSTER_LIVE_DEBUG);
    assert_true(f.c.core.lease_ttl == 20 * MUSTER_SECOND);
    assert_int_equal(f.c.actions.count, 2);
    assert_string_equal(f.c.actions.command[0].argument[1], "close");
    assert_null(f.c.actions.command[0].argument[3]);
    assert_string_equal(f.c.actions.node, "n2");
    drop();
    unsetenv("MUSTER_TEST_PASSWORD");
}

static void relative_paths_count_from_the_files_folder(void **state)
{
    (void)state;
    load(GOOD "recording: r.jsonl\nactions: {safe_mode: [bin/valve], default: [valve]}\n");
    assert_int_equal(f.error, 0);
    assert_string_equal(f.c.state, "/tmp/state");
    assert_string_equal(f.c.recording, "/tmp/r.jsonl");
    assert_string_equal(f.c.actions.command[0].argument[0], "/tmp/bin/valve");
    assert_string_equal(f.c.actions.command[1].argument[0], "valve"); /* PATH knows it */
    drop();
}

static void password_that_is_not_set_is_no_password(void **state)
{
    (void)state;
    unsetenv("MUSTER_TEST_PASSWORD");
    load("node: n1\nmembers: [n1]\nstate: s\nhealth: {file: h}\n"
         "store: {host: r, password: \"${MUSTER_TEST_PASSWORD:}\"}\n");
    assert_int_equal(f.error, 0);
    assert_string_equal(f.c.store.password, "");
    drop();
    refuses("node: n1\nmembers: [n1]\nstate: s\nhealth: {file: h}\n"
            "store: {host: r, password: \"${MUSTER_TEST_PASSWORD}\"}\n",
            (const char *const[]){"variable 'MUSTER_TEST_PASSWORD' has no value; set it or write "
                                  "${MUSTER_TEST_PASSWORD:default}",
                                  NULL});
}

static void what_is_missing_is_told_at_once(void **state)
{
    (void)state;
    refuses("lease_ttl: 15s\n",
            (const char *const[]){
                "'node' is missing: the name of this member, such as node: n1",
                "'members' is missing: the names of all members, such as members: [n1, n2, n3]",
                "'store' is missing: where Redis is, such as store: {host: 127.0.0.1}",
                "'health' is missing: where the health state is, such as health: {file: h.json}",
                "'state' is missing: the folder for this member's durable state, such as state: "
                "/var/lib/muster/n1",
                NULL});
}

static void the_largest_cluster_keeps_every_name(void **state)
{
    char text[2048];
    size_t n = (size_t)snprintf(text, sizeof text, "%s", "node: m63\nmembers: [m0");
    (void)state;
    for (int i = 1; i < MUSTER_MEMBERS_MAX; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, ", m%d", i);
    snprintf(text + n, sizeof text - n,
             "]\nstate: state\nstore: {host: '::1'}\nhealth: {file: /run/h.json}\n");
    load(text);
    assert_int_equal(f.error, 0);
    assert_int_equal(f.c.place.count, MUSTER_MEMBERS_MAX);
    assert_int_equal(f.c.place.index, MUSTER_MEMBERS_MAX - 1);
    assert_string_equal(f.c.place.names[MUSTER_MEMBERS_MAX - 1], "m63");
    drop();
}

static void misspelt_keys_get_a_suggestion(void **state)
{
    (void)state;
    refuses(GOOD "lease_tll: 15s\nactions: {safe_mod: [x]}\nlog: {levle: info}\n",
            (const char *const[]){"unknown key 'lease_tll', did you mean 'lease_ttl'?",
                                  "unknown action 'safe_mod', did you mean 'safe_mode'?",
                                  "unknown key 'levle', did you mean 'level'?", NULL});
}

static void member_that_is_none_is_refused(void **state)
{
    (void)state;
    refuses("node: n4\nmembers: [n1, n2, n3]\nstate: s\nstore: {host: r}\nhealth: {file: h}\n",
            (const char *const[]){"'n4' is not among the members", NULL});
}

static void store_is_a_host_or_a_socket(void **state)
{
    (void)state;
    static const char either[] = "the store has either a 'host' or a 'path' of a Unix socket";
    refuses("node: n1\nmembers: [n1]\nstate: s\nhealth: {file: h}\n"
            "store: {host: r, path: /run/r.sock}\n",
            (const char *const[]){either, NULL});
    refuses("node: n1\nmembers: [n1]\nstate: s\nhealth: {file: h}\nstore: {port: 70000}\n",
            (const char *const[]){"'70000' is out of range; expected 1..65535", either, NULL});
}

static void unsafe_timing_is_refused_here_too(void **state)
{
    (void)state;
    load(GOOD "renew_deadline: 16s\n");
    assert_int_equal(f.error, MUSTER_E_INVALID);
    assert_int_equal(f.d.errors, 1);
    drop();
}

static void local_member_needs_neither_list_nor_store(void **state)
{
    (void)state;
    load_as("node: alone\nstate: s\nhealth: {file: h}\n", true);
    assert_int_equal(f.error, 0);
    assert_true(f.c.core.local);
    assert_int_equal(f.c.place.count, 1);
    assert_int_equal(f.c.place.voters, 1);
    assert_string_equal(f.c.place.names[0], "alone");
    drop();
    load_as(GOOD, true);
    assert_int_equal(f.error, MUSTER_E_INVALID);
    assert_string_equal(f.d.at[0].text,
                        "the local coordinator is a cluster of one member, not of 3");
    drop();
}

static void two_voters_are_warned_of(void **state)
{
    (void)state;
    load("node: n1\nmembers: [n1, n2]\nstate: s\nstore: {host: r}\nhealth: {file: h}\n"
         "authority: voters\n");
    assert_int_equal(f.error, 0);
    assert_int_equal(f.d.warnings, 1);
    assert_string_equal(f.d.at[0].text,
                        "two voters tolerate no loss: either of them down, and nobody leads");
    drop();
    load("node: n1\nmembers: [n1, n2]\nstate: s\nstore: {host: r}\nhealth: {file: h}\n");
    assert_int_equal(f.d.warnings, 0); /* by default the store says who leads */
    assert_int_equal(f.c.core.authority, MUSTER_AUTHORITY_DEFAULT);
    drop();
}

static void electorate_that_changes_is_loaded(void **state)
{
    (void)state;
    load("node: n3\nmembers: [n1, n2, n4, n3]\nvoters: 3\nstate: s\nstore: {host: r}\n"
         "health: {file: h}\nelectorate: {generation: 2, previous: [n1, n2, n3]}\n");
    assert_int_equal(f.error, 0);
    assert_int_equal(f.c.place.generation, 2);
    assert_int_equal(f.c.place.voters, 4);
    assert_int_equal(f.c.place.index, 3);
    assert_int_equal(f.c.place.joining, 4);
    assert_int_equal(f.c.place.leaving, 8);
    drop();
    refuses(GOOD "electorate: {generation: 2, previous: [n1, n9]}\n",
            (const char *const[]){"'n9' is not among the members", NULL});
}

static void action_without_a_program_is_refused(void **state)
{
    (void)state;
    refuses(GOOD "actions: {safe_mode: [], cache_purge: purge}\n",
            (const char *const[]){"an action needs a program",
                                  "expected a program and its arguments, such as [/bin/valve, "
                                  "close], not 'purge'",
                                  NULL});
}

static void enhanced_orchestrator_stands_beside_the_core(void **state)
{
    (void)state;
    load(GOOD "recovery_policies: {x: {escalation_chain: [{action: restart_radio}]}}\n"
              "actions: {restart_radio: [radio]}\n");
    assert_int_equal(f.error, 0);
    assert_ptr_equal(f.c.core.enhanced, &f.c.node.enhanced);
    assert_int_equal(f.c.core.enhanced->policy_count, 1);
    drop();
    refuses(GOOD "orchestrator: enhanced\nblast_radius: {min_healthy: 4}\n",
            (const char *const[]){"'min_healthy' asks for 4 healthy members, the cluster has 3",
                                  NULL});
}

static void included_files_come_beneath_the_daemons(void **state)
{
    (void)state;
    char path[] = "/tmp/test_live_config.XXXXXX", text[512];
    int fd = mkstemp(path);
    static const char policies[] = "{phases: {SAFE_MODE: {}}, poll_interval: 3, lease_ttl: 9s}";
    assert_true(fd >= 0);
    assert_int_equal(write(fd, policies, strlen(policies)), (ssize_t)strlen(policies));
    close(fd);
    snprintf(text, sizeof text, GOOD "include: %s\nlease_ttl: 20s\n", path);
    load(text);
    unlink(path);
    assert_int_equal(f.error, 0);
    assert_non_null(f.c.core.enhanced);
    assert_true(f.c.core.recovery.poll_interval == 3 * MUSTER_SECOND);
    assert_true(f.c.core.lease_ttl == 20 * MUSTER_SECOND);
    drop();
    refuses(GOOD "include: [/nonexistent/a.yaml]\n",
            (const char *const[]){"cannot read '/nonexistent/a.yaml': No such file or directory",
                                  NULL});
}

static void missing_file_is_an_io_error(void **state)
{
    (void)state;
    memset(&f, 0, sizeof f);
    f.error = muster_live_config_load(&f.c, "/nonexistent/m.yaml", false, &f.sources, &f.d);
    assert_int_equal(f.error, MUSTER_E_INVALID);
    assert_true(f.d.io);
    drop();
}

static void list_or_empty_file_is_no_config(void **state)
{
    (void)state;
    load("- a\n");
    assert_int_equal(f.error, MUSTER_E_INVALID);
    drop();
    load("");
    assert_int_equal(f.error, MUSTER_E_INVALID);
    drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_file_loads),
        cmocka_unit_test(relative_paths_count_from_the_files_folder),
        cmocka_unit_test(password_that_is_not_set_is_no_password),
        cmocka_unit_test(what_is_missing_is_told_at_once),
        cmocka_unit_test(the_largest_cluster_keeps_every_name),
        cmocka_unit_test(misspelt_keys_get_a_suggestion),
        cmocka_unit_test(member_that_is_none_is_refused),
        cmocka_unit_test(store_is_a_host_or_a_socket),
        cmocka_unit_test(unsafe_timing_is_refused_here_too),
        cmocka_unit_test(local_member_needs_neither_list_nor_store),
        cmocka_unit_test(two_voters_are_warned_of),
        cmocka_unit_test(electorate_that_changes_is_loaded),
        cmocka_unit_test(action_without_a_program_is_refused),
        cmocka_unit_test(enhanced_orchestrator_stands_beside_the_core),
        cmocka_unit_test(included_files_come_beneath_the_daemons),
        cmocka_unit_test(missing_file_is_an_io_error),
        cmocka_unit_test(list_or_empty_file_is_no_config),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
