/* SPDX-License-Identifier: Apache-2.0 */
/* `muster schema`: the JSON Schema of a kind of file, for editors. */
#include "tools/muster/options.h"

#include <stdio.h>
#include <string.h>

/* Made of the files in schema/ when this is built. */
extern const char muster_schema_scenario[], muster_schema_config[];

static const struct muster_option options[] = {{NULL, NULL, NULL}};

static int run(struct muster_options *o, const struct muster_registry *registry)
{
    static const char *const kinds[] = {"scenario", "config", NULL};
    static const char *const schemas[] = {muster_schema_scenario, muster_schema_config};
    char *kind;
    int count;
    (void)registry;
    if (!muster_options_operands(o, 1, 1, &kind, &count))
        return MUSTER_EXIT_USAGE;
    for (size_t i = 0; kinds[i]; i++) {
        if (strcmp(kind, kinds[i]) == 0) {
            fputs(schemas[i], stdout);
            return 0;
        }
    }
    const char *near = muster_suggest(kind, kinds);
    return muster_options_usage(o, "there is no schema of a '%s'%s%s%s", kind,
                                near ? ", did you mean '" : "; it is 'scenario' or 'config'",
                                near ? near : "", near ? "'?" : "");
}

const struct muster_command muster_command_schema = {
    .name = "schema",
    .operands = "scenario|config",
    .summary = "print the JSON Schema (draft-07) of scenarios or configs, for editors",
    .options = options,
    .run = run,
};
