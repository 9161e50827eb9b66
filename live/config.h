/* SPDX-License-Identifier: Apache-2.0 */
/* musterd's file: who this member is, where its store, disk, health and actions are, and the core's
 * config in the same mapping (config/core_config.h).
 *
 *   node: n1                       # this member; must be among the members
 *   members: [n1, n2, n3]
 *   voters: 3                      # the first N members; default all, at most 15
 *   electorate: {generation: 2, previous: [n1, n2, n4]}   # while the voters change
 *                                  # (core/coordinator/electorate.h), a voter at a time
 *   authority: voters              # or store; default voters from three voters on
 *   bootstrap: true                # may write this voter's first state (SPEC R7); default false
 *   state: /var/lib/muster/n1      # folder of the slots and the history; one daemon each
 *   store: {host: 127.0.0.1, port: 6379, user: muster, password: "${REDIS_PASSWORD}", database: 0}
 *          # or {path: /run/redis.sock}
 *   health: {file: /run/muster/health.json}
 *   actions: {safe_mode: [/usr/local/bin/valve, close], default: [/usr/local/bin/act]}
 *   recording: /var/lib/muster/n1.jsonl   # the trace of this process; default none
 *   log: {level: info}             # debug, info, warning, error
 *   lease_ttl: 15s                 # and every other key of a scenario's cluster.config
 *   include: [policies.yaml]       # more of them, merged beneath this file (config/include.h)
 *
 * ${NAME} and ${NAME:default} read the environment. Relative paths count from the file's folder,
 * commands without a slash are looked up in PATH. `coordinator: {type: local}` wants one member and
 * no store.
 */
#ifndef MUSTER_LIVE_CONFIG_H
#define MUSTER_LIVE_CONFIG_H

#include "config/node_config.h"
#include "live/action.h"
#include "live/store.h"

#define MUSTER_LIVE_PATH_MAX 1023

/* Not to be moved or copied once it is loaded. */
struct muster_live_config {
    union {
        struct muster_config core; /* the beginning of node */
        struct muster_node_config node;
    };
    struct muster_place place;
    bool bootstrap;
    struct muster_live_store_config store;
    struct muster_live_executor_config actions;
    enum muster_live_level log_level;
    char state[MUSTER_LIVE_PATH_MAX + 1];
    char health[MUSTER_LIVE_PATH_MAX + 1];
    char recording[MUSTER_LIVE_PATH_MAX + 1]; /* empty: none */
    const char *names[MUSTER_MEMBERS_MAX];
    struct muster_memory *memory; /* of the strings above */
};

/* Read a file. local: take `coordinator: {type: local}` for granted. Complains of everything in one
 * run; returns 0 or MUSTER_E_INVALID (d->io tells whether the file could not be read). Free *c
 * either way. */
int muster_live_config_load(struct muster_live_config *c, const char *path, bool local,
                            struct muster_sources *sources, struct muster_diagnostics *d);
void muster_live_config_free(struct muster_live_config *c);

#endif
