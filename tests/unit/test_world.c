/* SPDX-License-Identifier: Apache-2.0 */
/* The world as a whole: one block, snapshots, order, determinism. */
#include "sim/world.h"

#include "sim/trace/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARENA ((size_t)64 << 20)

static const char crash_and_partition[] =
    "version: 1\n"
    "name: t\n"
    "defends: R5, a test\n"
    "duration: 90s\n"
    "cluster: {nodes: 3, config: {poll_interval: 5s}}\n"
    "store: {replicas: 1}\n"
    "health: {n2: [{at: 5s, failed_components: 2}, {at: 50s, healthy: true}]}\n"
    "timeline:\n"
    "  - {at: 25s, crash: leader, as: old, disk: torn}\n"
    "  - {after: 25s, when: leader_elected, restart: old}\n"
    "  - {at: 55s, for: 10s, partition: [[leader], [followers, store]]}\n"
    "  - {at: 57s, store: failover, replica: 1, stay: [n1], for: 5s}\n"
    "  - {at: 70s, pause: any, for: 3s}\n";

static struct muster_scenario *load_with(const char *text, const struct muster_registry *registry)
{
    struct muster_sources sources = {0};
    struct muster_diagnostics d = {0};
    sources.sealed = true;
    assert_non_null(muster_source_add(&sources, "t.yaml", text, strlen(text)));
    struct muster_scenario *s = muster_scenario_load("t.yaml", &sources, registry, &d);
    if (!s)
        muster_diagnostics_print(&d, stderr);
    assert_non_null(s);
    return s;
}

static struct muster_scenario *load(const char *text)
{
    return load_with(text, &muster_registry_builtin);
}

static uint64_t run(struct muster_arena *a, const struct muster_scenario *s, uint64_t seed)
{
    struct muster_verdict v;
    struct muster_world *w = muster_world_create(a, s, seed);
    assert_non_null(w);
    muster_world_run(w, MUSTER_NEVER);
    muster_world_finish(w, &v);
    assert_int_equal(v.code, MUSTER_RUN_PASSED);
    return v.hash;
}

static void snapshot_finish_restore_finish_gives_the_same_hash(void **state)
{
    (void)state;
    struct muster_scenario *s = load(crash_and_partition);
    struct muster_arena a;
    assert_int_equal(muster_arena_map(&a, ARENA, NULL), 0);
    uint64_t whole = run(&a, s, 7);
    static const uint64_t seconds[] = {0, 1, 16, 26, 43, 58, 60, 71, 89};
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        muster_arena_reset(&a, 0xa5);
        struct muster_world *w = muster_world_create(&a, s, 7);
        struct muster_verdict first, second;
        muster_world_run(w, seconds[i] * MUSTER_SECOND + 3 * MUSTER_MILLISECOND);
        size_t size = muster_world_snapshot_size(w);
        void *copy = malloc(size);
        assert_non_null(copy);
        muster_world_snapshot(w, copy);
        muster_world_run(w, MUSTER_NEVER);
        muster_world_finish(w, &first);
        muster_world_restore(w, copy);
        assert_int_equal(muster_world_snapshot_size(w), size);
        muster_world_run(w, MUSTER_NEVER);
        muster_world_finish(w, &second);
        assert_int_equal(first.hash, second.hash);
        assert_int_equal(first.hash, whole);
        assert_int_equal(first.events, second.events);
        free(copy);
    }
    muster_arena_unmap(&a);
    muster_scenario_free(s);
}

static void address_and_poison_of_the_arena_do_not_matter(void **state)
{
    (void)state;
    struct muster_scenario *s = load(crash_and_partition);
    struct muster_arena a, b;
    assert_int_equal(muster_arena_map(&a, ARENA, NULL), 0);
    assert_int_equal(muster_arena_map(&b, ARENA, (void *)(uintptr_t)UINT64_C(0x310000000000)), 0);
    assert_true(a.base != b.base);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        uint64_t hash = run(&a, s, seed);
        muster_arena_reset(&a, (uint8_t)seed);
        assert_int_equal(run(&b, s, seed), hash);
        muster_arena_reset(&b, 0xff);
    }
    muster_arena_unmap(&a);
    muster_arena_unmap(&b);
    muster_scenario_free(s);
}

static void ignore(void *cookie, const struct muster_world *w, const struct muster_record *r)
{
    uint64_t *last = cookie;
    (void)w;
    assert_int_equal(r->number, *last + 1); /* without gaps */
    *last = r->number;
}

static void a_sink_does_not_change_the_hash(void **state)
{
    (void)state;
    struct muster_scenario *s = load(crash_and_partition);
    struct muster_arena a;
    assert_int_equal(muster_arena_map(&a, ARENA, NULL), 0);
    uint64_t bare = run(&a, s, 3), last = 0;
    muster_arena_reset(&a, 0);
    struct muster_world *w = muster_world_create(&a, s, 3);
    struct muster_verdict v;
    muster_world_sink(w, ignore, &last);
    muster_world_run(w, MUSTER_NEVER);
    muster_world_finish(w, &v);
    assert_int_equal(v.hash, bare);
    assert_int_equal(v.records, last);
    muster_arena_unmap(&a);
    muster_scenario_free(s);
}

static void two_thousand_seeds_have_hashes_of_their_own(void **state)
{
    (void)state;
    enum { SEEDS = 2000, TABLE = 8192 };
    static uint64_t seen[TABLE];
    struct muster_scenario *s = load("version: 1\nname: t\ndefends: a test\nduration: 20s\n"
                                     "cluster: {nodes: 3}\n");
    struct muster_arena a;
    uint32_t own = 0;
    assert_int_equal(muster_arena_map(&a, ARENA, NULL), 0);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t hash = run(&a, s, seed);
        uint32_t i = (uint32_t)(hash % TABLE);
        while (seen[i] != 0 && seen[i] != hash)
            i = (i + 1) % TABLE;
        own += seen[i] != hash;
        seen[i] = hash;
        muster_arena_reset(&a, 0);
    }
    assert_true(own >= SEEDS * 95 / 100);
    muster_arena_unmap(&a);
    muster_scenario_free(s);
}

static void an_arena_too_small_gives_no_world(void **state)
{
    (void)state;
    struct muster_scenario *s = load(crash_and_partition);
    struct muster_arena a;
    bool fits = false;
    for (size_t size = 4096; !fits; size += size < (size_t)30 << 20 ? size : 12288) {
        assert_true(size < (size_t)64 << 20);
        assert_int_equal(muster_arena_map(&a, size, NULL), 0);
        fits = muster_world_create(&a, s, 1) != NULL;
        muster_arena_unmap(&a);
    }
    muster_scenario_free(s);
}

/* A process of 24 bytes that writes one byte: where its own command says, from its memory's start.
 * */
#define OWN_SIZE 24

static size_t own_size(const void *config, const struct muster_place *place)
{
    (void)config;
    (void)place;
    return OWN_SIZE;
}

static void own_init(void *self, const void *config, const struct muster_place *place)
{
    (void)config;
    (void)place;
    memset(self, 1, OWN_SIZE);
}

static void own_handle(void *self, const struct muster_input *in, struct muster_effects *out)
{
    (void)out;
    if (in->kind == MUSTER_IN_COMMAND)
        ((uint8_t *)self)[in->data.at[0] == '<' ? -1 : OWN_SIZE - (in->data.at[0] == '=')] = 0;
}

static muster_time own_deadline(const void *self)
{
    (void)self;
    return MUSTER_NEVER;
}

static void a_write_past_either_end_of_a_process_is_found(void **state)
{
    (void)state;
    static const struct muster_process own = {.name = "own",
                                              .summary = "writes a byte",
                                              .size = own_size,
                                              .init = own_init,
                                              .handle = own_handle,
                                              .deadline = own_deadline};
    static const struct muster_process *const processes[] = {&own, NULL};
    const struct muster_registry registry = {processes, muster_registry_builtin.properties};
    static const char where[] = "=<>";
    struct muster_arena a;
    assert_int_equal(muster_arena_map(&a, ARENA, NULL), 0);
    for (size_t i = 0; where[i]; i++) {
        char text[256];
        struct muster_verdict v;
        snprintf(text, sizeof text,
                 "version: 1\nduration: 9s\ncluster: {process: own, nodes: 2}\n"
                 "timeline: [{at: 2s, command: '%c', to: n2}]\n",
                 where[i]);
        struct muster_scenario *s = load_with(text, &registry);
        struct muster_world *w = muster_world_create(&a, s, 1);
        assert_non_null(w);
        muster_world_run(w, MUSTER_NEVER);
        muster_world_finish(w, &v);
        assert_int_equal(v.code, where[i] == '=' ? MUSTER_RUN_PASSED : MUSTER_RUN_SAFETY);
        if (where[i] != '=')
            assert_string_equal(v.property, "memory_bounded");
        muster_arena_reset(&a, 0);
        muster_scenario_free(s);
    }
    muster_arena_unmap(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(snapshot_finish_restore_finish_gives_the_same_hash),
        cmocka_unit_test(address_and_poison_of_the_arena_do_not_matter),
        cmocka_unit_test(a_sink_does_not_change_the_hash),
        cmocka_unit_test(two_thousand_seeds_have_hashes_of_their_own),
        cmocka_unit_test(a_write_past_either_end_of_a_process_is_found),
        cmocka_unit_test(an_arena_too_small_gives_no_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
