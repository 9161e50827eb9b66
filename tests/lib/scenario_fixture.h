/* SPDX-License-Identifier: Apache-2.0 */
/* A scenario from texts in memory, for a registry of our own, and what was said about it. For one
 * program file each. */
#ifndef MUSTER_TESTS_LIB_SCENARIO_FIXTURE_H
#define MUSTER_TESTS_LIB_SCENARIO_FIXTURE_H

#include "config/core_config.h"
#include "sim/scenario/scenario.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* ---- a registry of our own, so that no shipped table is needed ---- */

static inline int config_load(void *config, const struct muster_doc *mapping,
                              struct muster_diagnostics *d)
{
    return muster_core_config_load(config, mapping, NULL, d);
}

static inline int describe(const void *self, char *text, size_t size)
{
    (void)self;
    if (size > 0)
        text[0] = 0;
    return 0;
}

static const char *const note_names[] = {"ponged", NULL};
static const struct muster_process ours = {.name = "muster",
                                           .config_size = sizeof(struct muster_config),
                                           .config_load = config_load,
                                           .describe = describe};
static const struct muster_process ping = {.name = "ping", .note_names = note_names};
static const struct muster_process *const processes[] = {&ours, &ping, NULL};
static const struct muster_property one_leader = {.name = "one_leader_per_epoch",
                                                  .class = MUSTER_SAFETY,
                                                  .by_default = true};
static const struct muster_property no_repeat = {.name = "no_repeat", .class = MUSTER_SAFETY};
static const struct muster_property leader_back = {.name = "leader_back", .class = MUSTER_LIVENESS};
static const struct muster_property *const properties[] = {&one_leader, &no_repeat, &leader_back,
                                                           NULL};
static const struct muster_registry registry = {processes, properties};

struct fixture {
    struct muster_sources sources;
    struct muster_diagnostics d;
    struct muster_scenario *s;
    char *text;
    size_t size;
};

static inline void add(struct fixture *f, const char *path, const char *text)
{
    muster_source_add(&f->sources, path, text, strlen(text));
}

static inline void load_file(struct fixture *f, const char *path)
{
    f->s = muster_scenario_load(path, &f->sources, &registry, &f->d);
}

/* A scenario whose first two lines are fixed; `more` begins in line 3. */
static inline void load(struct fixture *f, const char *more)
{
    char text[8192];
    *f = (struct fixture){.sources = {.sealed = true}};
    snprintf(text, sizeof text, "version: 1\nduration: 60s\n%s", more);
    add(f, "s.yml", text);
    load_file(f, "s.yml");
}

static inline const char *printed(struct fixture *f)
{
    free(f->text);
    FILE *out = open_memstream(&f->text, &f->size);
    muster_diagnostics_print(&f->d, out);
    fclose(out);
    return f->text;
}

static inline void done(struct fixture *f)
{
    muster_scenario_free(f->s);
    muster_sources_free(&f->sources);
    free(f->text);
}

static inline void load_good(struct fixture *f, const char *more)
{
    load(f, more);
    if (!f->s)
        print_error("%s", printed(f));
    assert_non_null(f->s);
}

static inline void expect_error(const char *more, const char *error)
{
    struct fixture f;
    load(&f, more);
    assert_null(f.s);
    assert_string_equal(printed(&f), error);
    done(&f);
}

/* The example of SPEC 4. */
static const char normative[] =
    "version: 1\n"
    "name: leader-crash\n"
    "defends: R5, a follower leads only after the lease ran out\n"
    "seeds: 1..20\n"
    "duration: 90s\n"
    "cluster: {process: muster, nodes: 3, config: {lease_ttl: 15s}}\n"
    "network: {latency: 1ms..5ms, links: {n1-store: {latency: 80ms}}}\n"
    "health: {n2: [{at: 20s, circuit_breaker: OPEN}]}\n"
    "targets: {radio: {runs: restart_radio, result: hang, for: 40s, heals: n2}}\n"
    "timeline:\n"
    "  - {at: 30s, crash: leader, as: old}\n"
    "  - {after: 30s, when: leader_elected, restart: old}\n"
    "  - {at: 60s, for: 5s, partition: [[n1], [n2, n3, store]]}\n"
    "expect: [{by: 52s, leader: {not: old}}]\n"
    "always: [one_leader_per_epoch]\n";

#endif
