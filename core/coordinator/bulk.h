/* SPDX-License-Identifier: Apache-2.0 */
/* Traffic to the store on which nothing rests: it keeps away from a store that is in trouble.
 *
 * Each kind has a circuit breaker of its own (core/orchestrator/breaker.h, with its defaults), as a
 * store that takes no writes may pass messages on. The lease, the own record and the readings are
 * never behind one: they have their own pace (SPEC R11), and a breaker would give a leadership up
 * that a single answer could have kept. */
#ifndef MUSTER_CORE_COORDINATOR_BULK_H
#define MUSTER_CORE_COORDINATOR_BULK_H

#include "core/config.h"
#include "core/orchestrator/breaker.h"
#include "core/port.h"

enum muster_bulk_kind {
    MUSTER_BULK_HEALTH, /* SET of the own health */
    MUSTER_BULK_STATE,  /* PUBLISH of the own state */
    MUSTER_BULK_COUNT
};

struct muster_bulk {
    struct {
        struct muster_breaker breaker;
        enum muster_circuit_state said;
        uint64_t ticket; /* of the request under way, at most one of a kind */
    } at[MUSTER_BULK_COUNT];
};

void muster_bulk_init(struct muster_bulk *b, const struct muster_config *cfg);
/* May one of this kind go? If so it is taken to go, and muster_bulk_ended is due. The note
 * BULK_CIRCUIT says when the circuit changes. */
bool muster_bulk_may(struct muster_bulk *b, muster_time now, enum muster_bulk_kind kind,
                     struct muster_effects *out);
/* well: the store has answered, and not with an error. */
void muster_bulk_ended(struct muster_bulk *b, muster_time now, enum muster_bulk_kind kind,
                       bool well, struct muster_effects *out);

/* "bulk_health=CLOSED bulk_state=OPEN" for people, as the last call left them. */
void muster_bulk_describe(const struct muster_bulk *b, struct muster_text *t);

#endif
