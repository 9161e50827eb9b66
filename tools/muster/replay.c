/* SPDX-License-Identifier: Apache-2.0 */
/* `muster replay`: traces through the processes once more. */
#include "reports/report.h"
#include "sim/trace/trace.h"
#include "tools/muster/jobs.h"
#include "tools/muster/options.h"
#include "tools/muster/travel.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { OPT_UNTIL, OPT_FROM, OPT_NODE, OPT_AT, OPT_STATE, OPT_STEP };

static const struct muster_option options[] = {
    [OPT_UNTIL] = {"--until", "TIME", "compare records up to this virtual time, such as 52.3s"},
    [OPT_FROM] = {"--from", "TIME", "compare records from this virtual time on"},
    [OPT_NODE] = {"--node", "NAME", "compare this process only"},
    [OPT_AT] = {"--at", "INSTANT", "print states at a time (12.5s) or behind a record (812)"},
    [OPT_STATE] = {"--state", "NAMES", "print the states of these (n1,n2); 'all' is all [all]"},
    [OPT_STEP] = {"--step", NULL, "walk along the records, back and forth; 'h' is help"},
    {NULL, NULL, NULL},
};

struct replay {
    muster_time from, until;
    const char *node;
    const struct muster_registry *registry;
    int name_width;
    struct muster_travel travel;
    bool travels, compares; /* what the options are about */
};

static int find_node(const struct muster_trace *t, const char *name, uint16_t *node)
{
    char problem[256];
    *node = MUSTER_NOBODY;
    if (!name || muster_travel_process(t, name, node, problem, sizeof problem))
        return 0;
    muster_options_say("%s", problem);
    return MUSTER_EXIT_USAGE;
}

static void print_divergence(const struct muster_trace *t, const struct muster_divergence *d)
{
    printf("DIVERGED   %s\n  %s\n", t->path, d->text);
    if (!d->expected[0] && !d->actual[0])
        return;
    printf("  trace:  %s\n", d->expected[0] ? d->expected : "(nothing)");
    printf("  replay: %s\n", d->actual[0] ? d->actual : "(nothing)");
}

static void print_identical(const struct replay *x, const struct muster_trace *t)
{
    const char *word = t->complete ? "identical" : "truncated";
    printf("%s  %-*s  %zu records", word, x->name_width, t->path, t->count);
    if (t->complete)
        printf("  %016" PRIx64 "\n", t->hash);
    else
        printf(", identical as far as it goes: the last line is missing\n");
}

static int replay(const struct replay *x, const struct muster_trace *t,
                  struct muster_diagnostics *d)
{
    struct muster_divergence divergence;
    uint16_t node;
    int code = find_node(t, x->node, &node);
    if (code)
        return code;
    int error = muster_trace_replay(t, x->registry, x->from, x->until, node, &divergence, d);
    if (error && !divergence.found)
        return d->io ? MUSTER_EXIT_IO : MUSTER_EXIT_INVALID;
    if (divergence.found)
        print_divergence(t, &divergence);
    else
        print_identical(x, t);
    return divergence.found ? MUSTER_REPORT_DIVERGED : 0;
}

static int replay_file(const struct replay *x, const char *path)
{
    struct muster_diagnostics *d = calloc(1, sizeof *d);
    if (!d)
        return MUSTER_EXIT_INTERNAL;
    struct muster_trace *t = muster_trace_read(path, d);
    int code = d->io ? MUSTER_EXIT_IO : MUSTER_EXIT_INVALID;
    if (t && x->travels)
        code = muster_travel_run(&x->travel, t, x->registry, d);
    else if (t)
        code = replay(x, t, d);
    muster_diagnostics_print(d, stderr);
    muster_trace_free(t);
    free(d);
    return code;
}

/* In a child: a trace may hand the code under test what it never met, and that may be its end. */
static int replay_apart(const struct replay *x, const char *path)
{
    int status = 0;
    char death[96];
    struct termios terminal;
    bool is_terminal = tcgetattr(STDIN_FILENO, &terminal) == 0;
    fflush(stdout);
    fflush(stderr);
    pid_t pid = fork();
    if (pid == 0) {
        int code = replay_file(x, path);
        exit(fflush(stdout) == 0 && !ferror(stdout) ? code
                                                    : muster_report_graver(code, MUSTER_EXIT_IO));
    }
    if (pid < 0) {
        muster_options_say("cannot start a process: %s", strerror(errno));
        return MUSTER_EXIT_INTERNAL;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    if (is_terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &terminal); /* it may have died while it walked */
    muster_jobs_death(status, death, sizeof death);
    printf("CRASHED    %s\n  the code under test died of %s\n", path, death);
    return MUSTER_REPORT_DIVERGED;
}

/* One option with its value. */
static int take_option(struct muster_options *o, struct replay *x, int i, const char *value)
{
    x->travels = x->travels || i == OPT_AT || i == OPT_STATE || i == OPT_STEP;
    x->compares = x->compares || i == OPT_FROM || i == OPT_UNTIL || i == OPT_NODE;
    if (i == OPT_NODE)
        x->node = value;
    else if (i == OPT_AT)
        x->travel.at = value;
    else if (i == OPT_STATE)
        x->travel.state = value;
    else if (i == OPT_STEP)
        x->travel.step = true;
    else if (!muster_options_time(value, i == OPT_FROM ? &x->from : &x->until))
        return muster_options_usage(o,
                                    "invalid value '%s' for '%s': a time is wanted, such as 52.3s",
                                    value, options[i].name);
    return 0;
}

/* What does not go together. */
static int check_options(const struct muster_options *o, const struct replay *x, int count)
{
    if (count == 0)
        return muster_options_usage(o, "no trace given");
    if (x->travels && x->compares)
        return muster_options_usage(o, "'--at', '--state' and '--step' compare everything: leave "
                                       "'--from', '--until' and '--node' out");
    if (x->travel.step && count > 1)
        return muster_options_usage(o, "'--step' walks along one trace");
    return 0;
}

static int run(struct muster_options *o, const struct muster_registry *registry)
{
    struct replay x = {.until = MUSTER_NEVER, .registry = registry};
    const char *value;
    char **path = calloc((size_t)o->argc, sizeof *path);
    int i, count = 0, code = path ? 0 : MUSTER_EXIT_INTERNAL;
    while (path && code == 0 && (i = muster_options_next(o, &value)) != MUSTER_OPTION_END) {
        if (i == MUSTER_OPTION_WRONG)
            code = MUSTER_EXIT_USAGE;
        else if (i == MUSTER_OPTION_OPERAND)
            path[count++] = (char *)(uintptr_t)value;
        else
            code = take_option(o, &x, i, value);
    }
    if (code == 0)
        code = check_options(o, &x, count);
    for (int k = 0; k < count; k++) {
        int width = (int)strlen(path[k]);
        x.name_width = width > x.name_width && width <= 80 ? width : x.name_width;
    }
    for (int k = 0; code != MUSTER_EXIT_USAGE && k < count; k++)
        code = muster_report_graver(code, replay_apart(&x, path[k]));
    free(path);
    return code;
}

const struct muster_command muster_command_replay = {
    .name = "replay",
    .operands = "TRACE…",
    .summary = "execute traces again and compare every effect",
    .options = options,
    .run = run,
};
