/* SPDX-License-Identifier: Apache-2.0 */
/* `muster list`: scenarios, and the tables that they can name. */
#include "reports/report.h"
#include "tools/muster/guards.h"
#include "tools/muster/options.h"
#include "tools/muster/suite.h"

#include <string.h>

enum { OPT_PROPERTIES, OPT_EVENTS, OPT_PROCESSES };

static const struct muster_option options[] = {
    [OPT_PROPERTIES] = {"--properties", NULL,
                        "the properties that can be checked, with their rules"},
    [OPT_EVENTS] = {"--events", NULL, "the events of traces and triggers, with their arguments"},
    [OPT_PROCESSES] = {"--processes", NULL, "the processes that a cluster can be made of"},
    {NULL, NULL, NULL},
};

static void list_property(const struct muster_property *p, int width, const char *when)
{
    printf("%-*s  %-8s  %s%s\n", width, p->name, p->class == MUSTER_SAFETY ? "safety" : "liveness",
           p->rule, when);
}

static void list_properties(const struct muster_registry *registry)
{
    int width = 0;
    for (const struct muster_property *const *p = registry->properties; *p; p++)
        width = (int)strlen((*p)->name) > width ? (int)strlen((*p)->name) : width;
    for (size_t i = 0; i < MUSTER_GUARDS; i++) {
        int length = (int)strlen(muster_guards[i].name);
        width = length > width ? length : width;
    }
    for (const struct muster_property *const *p = registry->properties; *p; p++)
        list_property(*p, width, (*p)->by_default ? "" : " [where it is named]");
    for (size_t i = 0; i < MUSTER_GUARDS; i++)
        list_property(&muster_guards[i], width, " [always judged]");
}

static void list_processes(const struct muster_registry *registry)
{
    for (const struct muster_process *const *p = registry->processes; *p; p++)
        printf("%-16s  %s\n", (*p)->name, (*p)->summary);
}

static void list_events(void)
{
    for (const char *const *name = muster_event_names(); *name; name++) {
        const struct muster_event_type *type = muster_event_type(muster_event_by_name(*name));
        char arguments[128] = "";
        size_t n = 0;
        for (uint32_t i = 0; i < 4; i++) {
            int length = (int)strcspn(type->arg[i], ":");
            if (length > 0)
                n += (size_t)snprintf(arguments + n, sizeof arguments - n, "%s%.*s",
                                      n > 0 ? " " : "", length, type->arg[i]);
        }
        printf("%-18s  %-40s  %s\n", *name, arguments, type->what);
    }
}

static void list_scenarios(const struct muster_suite *suite)
{
    int path = 0, name = 0;
    for (uint32_t i = 0; i < suite->count; i++) {
        const struct muster_suite_entry *e = &suite->at[i];
        int p = (int)strlen(e->path), n = e->scenario ? (int)strlen(e->scenario->name) : 0;
        path = p > path ? p : path;
        name = n > name ? n : name;
    }
    for (uint32_t i = 0; i < suite->count; i++) {
        const struct muster_suite_entry *e = &suite->at[i];
        if (!e->scenario) {
            printf("%-*s  %s\n", path, e->path, e->unreadable ? "unreadable" : "invalid");
            continue;
        }
        printf("%-*s  %-*s ", path, e->path, name, e->scenario->name);
        for (const char *const *tag = e->scenario->tags; tag && *tag; tag++)
            printf(" #%s", *tag);
        printf("  %s\n", e->scenario->defends ? e->scenario->defends : "");
    }
}

static int run(struct muster_options *o, const struct muster_registry *registry)
{
    struct muster_suite suite = {.count = 0};
    const struct muster_suite_request request = {.registry = registry};
    const char *value;
    bool table[3] = {false, false, false};
    int i, code = 0, named = 0;
    while ((i = muster_options_next(o, &value)) != MUSTER_OPTION_END) {
        if (i == MUSTER_OPTION_WRONG)
            return MUSTER_EXIT_USAGE;
        if (i != MUSTER_OPTION_OPERAND) {
            table[i] = true;
            continue;
        }
        named++;
        code = muster_report_graver(code, muster_paths_add(&suite.paths, value));
    }
    if (table[OPT_PROPERTIES])
        list_properties(registry);
    if (table[OPT_EVENTS])
        list_events();
    if (table[OPT_PROCESSES])
        list_processes(registry);
    if (named == 0 && !table[0] && !table[1] && !table[2])
        code = muster_paths_add(&suite.paths, "scenarios");
    if (suite.paths.count > 0) {
        muster_suite_load(&suite, &request);
        list_scenarios(&suite);
        code = muster_report_graver(code, suite.code);
    }
    muster_suite_free(&suite);
    return code;
}

const struct muster_command muster_command_list = {
    .name = "list",
    .operands = "[PATH…]",
    .summary = "show scenarios (those of 'scenarios' when none are named) or tables",
    .options = options,
    .run = run,
};
