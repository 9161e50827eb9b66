/* SPDX-License-Identifier: Apache-2.0 */
/* One process on a real machine: its door, its clocks, its ports, on one loop and one thread.
 *
 * The twin of sim/process.c. Any table of config/process.h can be hosted; musterd hosts our node.
 * What it does is data: every input, effect and note is shown as a record, in the order and form of
 * a simulated run's, so a recording is the trace of one process and replays as such.
 *
 * Members are no endpoints here: a datagram (SEND) is lost, which its contract allows; our node
 * meets the others in the store.
 */
#ifndef MUSTER_LIVE_HOST_H
#define MUSTER_LIVE_HOST_H

#include "config/process.h"
#include "live/action.h"
#include "live/clock.h"
#include "live/disk.h"
#include "live/store.h"
#include "trace/record.h"

struct muster_live_host;

struct muster_live_host_options {
    const struct muster_process *process;
    const void *config; /* of the process; outlives the host */
    struct muster_place place;
    bool bootstrap;
    /* Ports; a null one REFUSES every request (disk: IOERROR, executor: FAILED). Copied. */
    const struct muster_live_store_config *store;
    const char *state; /* folder of the disk */
    const char *health;
    const struct muster_live_executor_config *actions;
    /* Shown each record as it happens, before the effects are carried out; may be null. */
    void (*record)(void *cookie, const struct muster_record *r);
    /* What the ports have to say to a person; may be null. */
    void (*say)(void *cookie, enum muster_live_level level, const char *event, const char *text);
    /* The process has said STOPPED: nothing more comes from it. */
    void (*stopped)(void *cookie);
    void *cookie;
};

/* Make the process and its ports; nothing runs yet. Null, with one line for a person in text, when
 * the disk's folder cannot be used. The loop outlives the host. */
struct muster_live_host *muster_live_host_new(uv_loop_t *loop,
                                              const struct muster_live_host_options *options,
                                              char *text, size_t size);
/* Hand in START, with a fresh incarnation and seed from the system. Once. */
void muster_live_host_start(struct muster_live_host *h);
/* An operator's verb (enum muster_verb), now. */
void muster_live_host_command(struct muster_live_host *h, uint64_t verb, const char *text);

/* The process's own line of state; snprintf's convention. */
int muster_live_host_describe(const struct muster_live_host *h, char *text, size_t size);
/* The disk, for what is noted beside the process; null when it has none. */
struct muster_live_disk *muster_live_host_disk(struct muster_live_host *h);
/* The run hash over the records so far, and how many there were. */
uint64_t muster_live_host_hash(const struct muster_live_host *h, uint64_t *ret_records);

/* Close every port, kill what runs, free. `closed` comes from the loop. */
void muster_live_host_close(struct muster_live_host *h, void (*closed)(void *cookie), void *cookie);

#endif
