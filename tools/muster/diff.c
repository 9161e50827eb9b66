/* SPDX-License-Identifier: Apache-2.0 */
/* `muster diff`: the first record in which two traces differ. */
#include "reports/report.h"
#include "sim/trace/trace.h"
#include "tools/muster/options.h"

#include <stdlib.h>

static const struct muster_option options[] = {{NULL, NULL, NULL}};

static struct muster_trace *read_trace(const char *path, int *code)
{
    struct muster_diagnostics *d = calloc(1, sizeof *d);
    if (!d) {
        *code = MUSTER_EXIT_INTERNAL;
        return NULL;
    }
    struct muster_trace *t = muster_trace_read(path, d);
    if (!t)
        *code = muster_report_graver(*code, d->io ? MUSTER_EXIT_IO : MUSTER_EXIT_INVALID);
    muster_diagnostics_print(d, stderr);
    free(d);
    return t;
}

static int compare(const struct muster_trace *a, const struct muster_trace *b)
{
    struct muster_divergence d;
    muster_trace_diff(a, b, &d);
    if (!d.found) {
        printf("same: %zu records\n", a->count);
        return 0;
    }
    printf("%s\n", d.text);
    if (d.number) {
        printf("  %s: %s\n", a->path, d.expected[0] ? d.expected : "(nothing)");
        printf("  %s: %s\n", b->path, d.actual[0] ? d.actual : "(nothing)");
    }
    return MUSTER_REPORT_DIVERGED;
}

static int run(struct muster_options *o, const struct muster_registry *registry)
{
    char *path[2];
    int count, code = 0;
    (void)registry;
    if (!muster_options_operands(o, 2, 2, path, &count))
        return MUSTER_EXIT_USAGE;
    struct muster_trace *a = read_trace(path[0], &code);
    struct muster_trace *b = read_trace(path[1], &code);
    if (a && b)
        code = compare(a, b);
    muster_trace_free(a);
    muster_trace_free(b);
    return code;
}

const struct muster_command muster_command_diff = {
    .name = "diff",
    .operands = "TRACE TRACE",
    .summary = "show the first record in which two traces differ",
    .options = options,
    .run = run,
};
