/* SPDX-License-Identifier: Apache-2.0 */
/* What muster brings along: its own node as a process, and the shipped properties. */
#include "config/core_config.h"
#include "core/node.h"
#include "sim/check/registry.h"
#include "sim/process.h"

static int load(void *config, const struct muster_doc *mapping, struct muster_diagnostics *d)
{
    return muster_core_config_load(config, mapping, d);
}

static size_t size(const void *config, const struct muster_place *place)
{
    (void)config;
    return muster_node_size(place);
}

static void init(void *self, const void *config, const struct muster_place *place)
{
    muster_node_init(self, config, place);
}

static void handle(void *self, const struct muster_input *in, struct muster_effects *out)
{
    muster_node_handle(self, in, out);
}

static muster_time deadline(const void *self)
{
    return muster_node_deadline(self);
}

static int describe(const void *self, char *text, size_t room)
{
    return muster_node_describe(self, text, room);
}

static const struct muster_process node = {
    .name = "muster",
    .summary = "a member of a muster cluster: recovery orchestrator and redis coordinator",
    .config_size = sizeof(struct muster_config),
    .config_load = load,
    .size = size,
    .init = init,
    .handle = handle,
    .deadline = deadline,
    .describe = describe,
};

static const struct muster_process *const processes[] = {&node, NULL};

const struct muster_registry muster_registry_builtin = {
    .processes = processes,
    .properties = muster_builtin_properties,
};
