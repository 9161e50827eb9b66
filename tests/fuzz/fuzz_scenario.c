/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios, with their includes, of any bytes: a scenario or complaints, never both; and what is
 * loaded runs. */
#include "sim/world.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sources.h"

#include <assert.h>

#define ARENA_SIZE ((size_t)128 << 20)
#define EVENTS_MAX 1000

/* Its first events, twice, on memory that was filled differently: the same hash. */
static void run(struct muster_scenario *s)
{
    static struct muster_arena a;
    uint64_t hash[2] = {0, 0};
    int error = a.base ? 0 : muster_arena_map(&a, ARENA_SIZE, NULL);
    assert(!error);
    if (s->events_max > EVENTS_MAX)
        s->events_max = EVENTS_MAX;
    for (uint32_t i = 0; i < 2; i++) {
        struct muster_verdict verdict;
        muster_arena_reset(&a, i == 0 ? 0xa5 : 0x5a);
        struct muster_world *w = muster_world_create(&a, s, s->seed_first);
        if (!w)
            return; /* it does not fit */
        while (muster_world_run(w, MUSTER_NEVER))
            continue;
        muster_world_finish(w, &verdict);
        hash[i] = verdict.hash;
    }
    assert(hash[0] == hash[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct muster_diagnostics d;
    struct muster_sources sources = sources_of(data, size);
    memset(&d, 0, sizeof d);
    struct muster_scenario *s =
        muster_scenario_load(SOURCE_MAIN, &sources, &muster_registry_builtin, &d);
    assert((s == NULL) == (d.errors > 0));
    if (s) {
        assert(!sources.first && s->process && s->members >= 1 && s->voters <= s->members);
        assert(s->seed_first <= s->seed_last && s->duration > 0);
        muster_scenario_lint(s, &d);
        assert(d.errors == 0);
        run(s);
    }
    muster_scenario_free(s);
    muster_sources_free(&sources);
    return 0;
}
