/* SPDX-License-Identifier: Apache-2.0 */
/* The configs of the processes: the one that all begin with, and others that a member may be
 * restarted with. */
#include "sim/scenario/inside.h"

#include "config/include.h"
#include "config/node_config.h"

#include <string.h>

static void load_one(struct loader *l, const struct muster_doc *cluster,
                     const struct muster_doc *config, const char *name)
{
    struct muster_scenario *s = l->s;
    const struct muster_process *process = s->process;
    uint32_t errors = l->d->errors, index = s->config_count++;
    s->config_names[index] = name;
    if (process->config_size > 0)
        s->configs[index] = muster_memory_take(&l->memory, process->config_size);
    if (process->config_load && process->config_load(s->configs[index], config, l->d) != 0 &&
        l->d->errors == errors)
        COMPLAIN(l, config ? config->mark : cluster->mark, "process '%s' refuses its config",
                 process->name);
}

/* What stands in `configs` is merged over the first one. */
static void load_others(struct loader *l, const struct muster_doc *cluster,
                        const struct muster_doc *first, const struct muster_reading *reading)
{
    const struct muster_doc none = {.kind = MUSTER_NODE_MAPPING, .mark = cluster->mark};
    const struct muster_doc *others = field_mapping(l, cluster, "configs");
    for (const struct muster_doc *one = others ? others->first : NULL; one; one = one->next) {
        if (l->s->config_count > MUSTER_CONFIGS_MAX) {
            COMPLAIN(l, one->key_mark, "more than %d configs beside the first", MUSTER_CONFIGS_MAX);
        } else if (muster_doc_expect(one, MUSTER_NODE_MAPPING, "a mapping such as {lease_ttl: 20s}",
                                     l->d) == 0) {
            const struct muster_doc *over = reading ? muster_config_include(one, reading) : one;
            load_one(l, cluster,
                     muster_doc_merge(first ? first : &none, over, NULL, &l->memory, l->d),
                     one->key);
        }
    }
}

void load_configs(struct loader *l, const struct muster_doc *cluster)
{
    const struct muster_process *process = l->s->process;
    if (!process)
        return;
    const struct muster_doc *config = field(cluster, "config");
    const struct muster_reading reading = {l->sources, l->env, &l->memory, l->d};
    bool own = strcmp(process->name, "muster") == 0;
    if (own) /* another's `include` means what that process says */
        config = muster_config_include(config, &reading);
    uint32_t errors = l->d->errors;
    load_one(l, cluster, config, NULL);
    l->s->config = l->s->configs[0];
    if (own)
        muster_node_config_fits(own_config(l->s), l->s->members, config, l->d);
    if (!process->config_load && config)
        COMPLAIN(l, config->mark, "process '%s' has no config", process->name);
    if (l->d->errors == errors) /* else each of the others would say the same again */
        load_others(l, cluster, config, own ? &reading : NULL);
}
