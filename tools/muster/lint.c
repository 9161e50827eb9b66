/* SPDX-License-Identifier: Apache-2.0 */
/* `muster lint`: what is wrong with scenarios, and what looks wrong, without running them. */
#include "reports/report.h"
#include "tools/muster/options.h"
#include "tools/muster/suite.h"

static const struct muster_option options[] = {{NULL, NULL, NULL}};

static int run(struct muster_options *o, const struct muster_registry *registry)
{
    struct muster_suite suite = {.count = 0};
    const struct muster_suite_request request = {.registry = registry, .lint = true};
    const char *value;
    int i, code = 0;
    uint32_t named = 0, invalid = 0, unread = 0;
    while ((i = muster_options_next(o, &value)) == MUSTER_OPTION_OPERAND) {
        named++;
        code = muster_report_graver(code, muster_paths_add(&suite.paths, value));
    }
    if (i == MUSTER_OPTION_WRONG)
        code = MUSTER_EXIT_USAGE;
    else if (named == 0)
        code = muster_options_usage(o, "no scenario given: name a file or a folder");
    if (suite.paths.count > 0 && i != MUSTER_OPTION_WRONG) {
        muster_suite_load(&suite, &request);
        code = muster_report_graver(code, suite.code);
        for (uint32_t k = 0; k < suite.count; k++) {
            unread += suite.at[k].unreadable;
            invalid += !suite.at[k].scenario && !suite.at[k].unreadable;
        }
        printf("%u %s, %u invalid", (unsigned)suite.count,
               suite.count == 1 ? "scenario" : "scenarios", (unsigned)invalid);
        if (unread > 0)
            printf(", %u unreadable", (unsigned)unread);
        putchar('\n');
    }
    muster_suite_free(&suite);
    return code;
}

const struct muster_command muster_command_lint = {
    .name = "lint",
    .operands = "PATH…",
    .summary = "check scenarios without running them",
    .options = options,
    .run = run,
};
