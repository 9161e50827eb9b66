/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever allocation fails while musterd's file is loaded, with what it includes. */
#include "live/config.h"
#include "tests/lib/memory_sweep.h"

#define MAIN                                                                                       \
    "node: n2\nmembers: [n1, n2, n3]\nstate: state/n2\ninclude: more.yaml\n"                       \
    "electorate: {generation: 2, previous: [n1, n2]}\n"                                            \
    "store: {host: '::1', port: 7000, user: muster, password: secret, database: 3}\n"              \
    "health: {file: /run/h.json}\nlog: {level: debug}\n"
#define MORE                                                                                       \
    "actions: {safe_mode: [/usr/local/bin/valve, close], default: [act]}\n"                        \
    "lease_ttl: 15s\nrecovery_policies: {unknown_anomaly: {escalation_chain: "                     \
    "[{action: alert_ground}]}}\n"

static enum ending load_live_config(void)
{
    static struct muster_live_config c;
    struct muster_sources sources = {.sealed = true};
    memset(&d, 0, sizeof d);
    muster_source_add(&sources, "etc/musterd.yaml", MAIN, strlen(MAIN));
    muster_source_add(&sources, "etc/more.yaml", MORE, strlen(MORE));
    int error = muster_live_config_load(&c, "etc/musterd.yaml", false, &sources, &d);
    bool whole = error == 0 && d.errors == 0 && c.place.index == 1 && c.place.count == 3 &&
                 c.place.generation == 2 && c.place.joining == 4;
    muster_live_config_free(&c);
    muster_sources_free(&sources);
    return whole ? WHOLE : refused();
}

static void a_live_config_with_its_includes_is_loaded_or_refused(void **state)
{
    (void)state;
    sweep_both(load_live_config, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_live_config_with_its_includes_is_loaded_or_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
