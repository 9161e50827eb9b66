/* SPDX-License-Identifier: Apache-2.0 */
/* One member of the cluster: orchestrator and coordinator behind one door.
 *
 * The caller hands over muster_node_size() bytes of zeroed memory, aligned to 16, once; nothing is
 * allocated afterwards and nothing points out of it but to code, constants and the place's names.
 */
#ifndef MUSTER_CORE_NODE_H
#define MUSTER_CORE_NODE_H

#include "core/coordinator/interface.h"
#include "core/coordinator/work_choose.h"
#include "core/orchestrator/interface.h"
#include "core/port.h"

struct muster_node;

/* What a node is made of; null members: what the config says. Tables outlive the node. */
struct muster_parts {
    const struct muster_coordinator_kind *coordinator;
    const struct muster_orchestrator_kind *orchestrator;
    const struct muster_work_strategy *work_strategy; /* who gets a work item */
};

/* Bytes of a node: follows from its parts and the number of members. parts may be null. */
size_t muster_node_size(const struct muster_config *cfg, const struct muster_place *place,
                        const struct muster_parts *parts);

/* A new incarnation. cfg must have passed muster_config_check and is copied; of place the struct is
 * copied, the names outlive the node. parts may be null and is not kept. */
void muster_node_init(struct muster_node *n, const struct muster_config *cfg,
                      const struct muster_place *place, const struct muster_parts *parts);

/* The door. in->now must not go backwards (asserted); the caller keeps *in and what it points to.
 * out comes in empty and is to be carried out in order. The first input is START. Not to be entered
 * again from within. */
void muster_node_handle(struct muster_node *n, const struct muster_input *in,
                        struct muster_effects *out);

/* When to call with TIMER at the latest, on the clock of in->now; MUSTER_NEVER if nothing is
 * due. */
muster_time muster_node_deadline(const struct muster_node *n);

/* "life=active lease=leading epoch=3 …" for people and expectations; snprintf's convention. */
int muster_node_describe(const struct muster_node *n, char *text, size_t size);

#endif
