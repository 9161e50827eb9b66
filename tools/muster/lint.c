/* SPDX-License-Identifier: Apache-2.0 */
/* `muster lint`: what is wrong with scenarios and configs, and what looks wrong, without running
 * them. */
#include "tools/muster/lint.h"
#include "reports/report.h"
#include "tools/muster/options.h"
#include "tools/muster/suite.h"

static const struct muster_option options[] = {{NULL, NULL, NULL}};

static void say_counts(uint32_t scenarios, uint32_t configs, uint32_t invalid, uint32_t unread)
{
    if (scenarios > 0 || configs == 0)
        printf("%u %s, ", (unsigned)scenarios, scenarios == 1 ? "scenario" : "scenarios");
    if (configs > 0)
        printf("%u %s, ", (unsigned)configs, configs == 1 ? "config" : "configs");
    printf("%u invalid", (unsigned)invalid);
    if (unread > 0)
        printf(", %u unreadable", (unsigned)unread);
    putchar('\n');
}

static int run(struct muster_options *o, const struct muster_registry *registry)
{
    struct muster_suite suite = {.count = 0};
    const struct muster_suite_request request = {.registry = registry, .lint = true};
    const char *value;
    int i, code = 0;
    uint32_t named = 0;
    while ((i = muster_options_next(o, &value)) == MUSTER_OPTION_OPERAND) {
        named++;
        code = muster_report_graver(code, muster_paths_add(&suite.paths, value));
    }
    if (i == MUSTER_OPTION_WRONG)
        code = MUSTER_EXIT_USAGE;
    else if (named == 0)
        code = muster_options_usage(o, "no file given: name a scenario, a config or a folder");
    if (suite.paths.count > 0 && i != MUSTER_OPTION_WRONG) {
        const struct muster_lint_count configs = muster_lint_configs(&suite.paths);
        muster_suite_load(&suite, &request);
        code = muster_report_graver(code, muster_report_graver(configs.code, suite.code));
        uint32_t unread = configs.unreadable, invalid = configs.invalid;
        for (uint32_t k = 0; k < suite.count; k++) {
            unread += suite.at[k].unreadable;
            invalid += !suite.at[k].scenario && !suite.at[k].unreadable;
        }
        say_counts(suite.count, configs.files, invalid, unread);
    }
    muster_suite_free(&suite);
    return code;
}

const struct muster_command muster_command_lint = {
    .name = "lint",
    .operands = "PATH…",
    .summary = "check scenarios and configs without running anything",
    .options = options,
    .run = run,
};
