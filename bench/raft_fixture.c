/* SPDX-License-Identifier: Apache-2.0 */
/* The nearest peer in C: the in-memory cluster of libraft, five idle members exchanging heartbeats.
 *   raft_fixture SECONDS */
#include "bench/work.h"

#include <assert.h>
#include <raft.h>
#include <raft/fixture.h>
#include <stdlib.h>

enum { SERVERS = 5, BURST = 1000 };

static int apply(struct raft_fsm *fsm, const struct raft_buffer *command, void **result)
{
    (void)fsm;
    (void)command;
    *result = NULL;
    return 0;
}

/* An idle cluster has no log that would need one. */
static int snapshot(struct raft_fsm *fsm, struct raft_buffer *buffers[], unsigned *count)
{
    (void)fsm;
    (void)buffers;
    (void)count;
    return RAFT_NOMEM;
}

static int restore(struct raft_fsm *fsm, struct raft_buffer *buffer)
{
    (void)fsm;
    raft_free(buffer->base);
    return 0;
}

static void must(int status)
{
    assert(status == 0);
}

static void cluster_open(struct raft_fixture *f, struct raft_fsm fsm[SERVERS])
{
    struct raft_configuration configuration;
    must(raft_fixture_initialize(f));
    for (int i = 0; i < SERVERS; i++) {
        fsm[i] = (struct raft_fsm){
            .version = 1, .apply = apply, .snapshot = snapshot, .restore = restore};
        must(raft_fixture_grow(f, &fsm[i]));
    }
    must(raft_fixture_configuration(f, SERVERS, &configuration));
    must(raft_fixture_bootstrap(f, &configuration));
    raft_configuration_close(&configuration);
    must(raft_fixture_start(f));
    raft_fixture_elect(f, 0);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: raft_fixture SECONDS\n", stderr);
        return 64;
    }
    double seconds = strtod(argv[1], NULL);
    struct raft_fixture *f = calloc(1, sizeof *f);
    struct raft_fsm fsm[SERVERS];
    assert(f);
    cluster_open(f, fsm);
    raft_time start = raft_fixture_time(f); /* ms */
    uint64_t steps = 0;
    double began = work_seconds();
    double took = 0;
    while (took < seconds) {
        for (int i = 0; i < BURST; i++)
            raft_fixture_step(f);
        steps += BURST;
        took = work_seconds() - began;
    }
    struct work none = {.hash = 0}; /* the fixture draws nothing and keeps no hash */
    work_report(&none, "b3", "raft-fixture", SERVERS, steps, took,
                (uint64_t)(raft_fixture_time(f) - start) * 1000000);
    raft_fixture_close(f);
    free(f);
    return 0;
}
