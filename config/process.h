/* SPDX-License-Identifier: Apache-2.0 */
/* The small table by which a state machine is put into a world, or run on a real machine. */
#ifndef MUSTER_CONFIG_PROCESS_H
#define MUSTER_CONFIG_PROCESS_H

#include "config/document.h"
#include "core/config.h"
#include "core/port.h"

/* Words of a process's state in a canonical form: relative times, no pointers, no padding, no
 * counters that only ever grow. Two processes with the same words behave alike from here on. */
struct muster_digest {
    uint64_t hash;
    muster_time now;
};
void muster_digest_word(struct muster_digest *d, uint64_t word);
void muster_digest_time(struct muster_digest *d, muster_time t); /* taken relative to d->now */
void muster_digest_bytes(struct muster_digest *d, const void *data, size_t size);

/* A kind of process. `self` is memory of size() bytes, zeroed, aligned to 16, that never moves;
 * nothing else may hold state. Slots that may be null say so. */
struct muster_process {
    const char *name;    /* as in `cluster: {process: NAME}` */
    const char *summary; /* one line for `muster list` */
    size_t config_size;  /* bytes of the config that config_load fills; 0 for none */
    /* Fill the config from the scenario's `cluster.config` (null when it has none). May be null.
     * Complains and returns negative on error. */
    int (*config_load)(void *config, const struct muster_doc *mapping,
                       struct muster_diagnostics *d);
    size_t (*size)(const void *config, const struct muster_place *place);
    /* A new incarnation, before its START. Config and place outlive it. */
    void (*init)(void *self, const void *config, const struct muster_place *place);
    /* The one door. out comes in empty. Must not be entered again from within. */
    void (*handle)(void *self, const struct muster_input *in, struct muster_effects *out);
    /* Absolute, own lease clock; MUSTER_NEVER for none. Asked after every handle; a deadline in the
     * past means at once. */
    muster_time (*deadline)(const void *self);
    void (*digest)(const void *self, struct muster_digest *d); /* may be null */
    /* One line "key=value …" of the state a person asks for; snprintf's convention. May be null. */
    int (*describe)(const void *self, char *text, size_t size);
    const char *const *message_names; /* by message type, ends with null; may be null */
    const char *const *note_names; /* by note - MUSTER_NOTE_CUSTOM, ends with null; may be null */
};

/* A member of a muster cluster (core/node.h); its config is struct muster_node_config,
 * which begins with a struct muster_config. */
extern const struct muster_process muster_process_node;

#endif
