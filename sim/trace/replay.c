/* SPDX-License-Identifier: Apache-2.0 */
/* Executing a trace again, from its first record to its last. */
#include "core/banned.h"

#include "sim/trace/player.h"

#include <stdio.h>
#include <string.h>

/* The records themselves may have been changed where no process sees it. */
static void check_hash(const struct muster_trace *t, uint64_t hash,
                       struct muster_divergence *divergence)
{
    if (hash == t->hash)
        return;
    divergence->found = true;
    snprintf(divergence->text, sizeof divergence->text,
             "every effect is the same, but the records give run hash %016llx and the last "
             "line says %016llx: something that no process sees was changed",
             (unsigned long long)hash, (unsigned long long)t->hash);
}

static int play(struct muster_player *p, const struct muster_trace *t,
                struct muster_divergence *divergence)
{
    uint64_t hash = MUSTER_HASH_START;
    int error = 0;
    for (size_t i = 0; i < t->count && !error; i++) {
        hash = muster_record_hash(hash, &t->records[i]);
        error = muster_player_step(p, divergence);
    }
    /* Only a cut-off trace may end between an input and its effects. */
    if (!error && t->complete)
        error = muster_player_finish(p, divergence);
    if (!error && t->complete)
        check_hash(t, hash, divergence);
    return divergence->found ? MUSTER_E_INVALID : error;
}

int muster_trace_replay(const struct muster_trace *t, const struct muster_registry *registry,
                        muster_time from, muster_time until, uint16_t node,
                        struct muster_divergence *divergence, struct muster_diagnostics *d)
{
    memset(divergence, 0, sizeof *divergence);
    struct muster_player *p = muster_player_open(t, registry, d);
    if (!p)
        return MUSTER_E_INVALID;
    muster_player_compare(p, from, until, node);
    int error = play(p, t, divergence);
    if (error && !divergence->found)
        muster_complain_of(d, MUSTER_SEVERITY_ERROR, t->path, 0, "out of memory");
    muster_player_close(p);
    return error;
}
