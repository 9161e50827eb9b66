/* SPDX-License-Identifier: Apache-2.0 */
/* What the store held at an instant. A trace does not say it: so the run is repeated from its seed,
 * and believed only if it comes to the same record by the same hash. */
#include "tools/muster/runner.h"
#include "tools/muster/travel.h"

#include <ctype.h>
#include <inttypes.h>

#define KEYS_MAX  40  /* printed; the rest is counted */
#define VALUE_MAX 100 /* bytes of a value */

struct rerun {
    size_t position; /* where to look */
    uint64_t hash, wanted;
    uint32_t keys;
    bool arrived;
};

static void print_bytes(struct muster_bytes data, size_t max)
{
    for (size_t i = 0; i < data.size && i < max; i++)
        putchar(isprint(data.at[i]) ? data.at[i] : '?');
    if (data.size > max)
        printf("…");
}

static void print_key(void *cookie, const struct muster_world_key *key)
{
    struct rerun *x = cookie;
    if (x->keys++ >= KEYS_MAX)
        return;
    printf("    %s%" PRIu32 "%s  ", key->master ? "master " : "replica ", key->instance,
           key->up ? "" : " (down)");
    print_bytes(key->key, VALUE_MAX);
    printf(" = ");
    if (key->parts > 0)
        printf("(%" PRIu32 " parts)", key->parts);
    print_bytes(key->value, VALUE_MAX);
    if (key->expires_ms > 0)
        printf("  (%" PRIu64 " ms)", key->expires_ms);
    printf("\n");
}

static void watch(void *cookie, const struct muster_world *w, const struct muster_record *r)
{
    struct rerun *x = cookie;
    if (r->number > x->position)
        return;
    x->hash = muster_record_hash(x->hash, r);
    if (r->number < x->position || x->hash != x->wanted)
        return;
    x->arrived = true;
    printf("store\n");
    muster_world_keys(w, print_key, x);
    if (x->keys > KEYS_MAX)
        printf("    %" PRIu32 " more keys\n", x->keys - KEYS_MAX);
    if (x->keys == 0)
        printf("    no key\n");
}

/* Nobody has asked the store up to here: then there is nothing to tell. */
static bool is_used(const struct muster_trace *t, size_t position)
{
    for (size_t i = 0; i < position; i++)
        if (t->records[i].kind == MUSTER_EVENT_EXECUTED)
            return true;
    return false;
}

void muster_instant_store(const struct muster_traveller *x)
{
    const struct muster_trace *t = x->trace;
    struct muster_arena arena;
    struct rerun r = {.position = muster_player_position(x->player),
                      .hash = MUSTER_HASH_START,
                      .wanted = MUSTER_HASH_START};
    if (!is_used(t, r.position))
        return;
    for (size_t i = 0; i < r.position; i++)
        r.wanted = muster_record_hash(r.wanted, &t->records[i]);
    fflush(stdout); /* the code under test may die of what it never met */
    if (muster_arena_map(&arena, MUSTER_RUNNER_ARENA, NULL) != 0)
        return;
    struct muster_world *w =
        muster_world_create(&arena, muster_player_scenario(x->player), t->seed);
    if (w) {
        muster_world_sink(w, watch, &r);
        muster_world_run(w, t->records[r.position - 1].time);
    }
    if (!r.arrived)
        printf("store\n    not known: this version does not repeat the run from its seed\n");
    muster_arena_unmap(&arena);
}
