/* SPDX-License-Identifier: Apache-2.0 */
/* What muster brings along: its own node as a process, and the shipped properties. */
#include "sim/check/registry.h"
#include "sim/process.h"

static const struct muster_process *const processes[] = {&muster_process_node, NULL};

const struct muster_registry muster_registry_builtin = {
    .processes = processes,
    .properties = muster_builtin_properties,
};
