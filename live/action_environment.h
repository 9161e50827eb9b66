/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a command: the daemon's, and variables of our own that outweigh it. */
#ifndef MUSTER_LIVE_ACTION_ENVIRONMENT_H
#define MUSTER_LIVE_ACTION_ENVIRONMENT_H

#include "config/memory.h"

#define MUSTER_LIVE_VARIABLES_MAX 16 /* of our own */

struct muster_live_environment {
    struct muster_memory *memory;
    char **at; /* "NAME=value", ends with null */
    uint32_t count;
    uint32_t own;
};

/* Begin with the daemon's environment, whose strings are not copied. What is added lives in *m. */
void muster_live_environment_init(struct muster_live_environment *e, struct muster_memory *m);
/* Set a variable; at most MUSTER_LIVE_VARIABLES_MAX times. */
void muster_live_environment_set(struct muster_live_environment *e, const char *name,
                                 const char *value);
void muster_live_environment_set_u64(struct muster_live_environment *e, const char *name,
                                     uint64_t value);

#endif
