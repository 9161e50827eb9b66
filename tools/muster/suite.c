/* SPDX-License-Identifier: Apache-2.0 */
/* Loading scenarios, telling of what is wrong with them. */
#include "tools/muster/suite.h"
#include "reports/report.h"
#include "tools/muster/options.h"

#include <stdlib.h>
#include <string.h>

static bool is_wanted(const struct muster_scenario *s, const struct muster_suite_request *request)
{
    if (!request->tags[0])
        return true;
    for (const char *const *wanted = request->tags; *wanted; wanted++)
        for (const char *const *tag = s->tags; tag && *tag; tag++)
            if (strcmp(*tag, *wanted) == 0)
                return true;
    return false;
}

/* The complaint that a report shows: the first error, with its place. */
static char *first_problem(const struct muster_diagnostics *d)
{
    for (uint32_t i = 0; i < d->count; i++) {
        const struct muster_diagnostic *one = &d->at[i];
        char *text;
        if (one->severity != MUSTER_SEVERITY_ERROR)
            continue;
        int n;
        if (one->mark.source && one->mark.line > 0)
            n = asprintf(&text, "%s:%u:%u: %s", one->mark.source->path, (unsigned)one->mark.line,
                         (unsigned)one->mark.column, one->text);
        else
            n = asprintf(&text, "%s%s%s", one->place, one->place[0] ? ": " : "", one->text);
        return n < 0 ? NULL : text;
    }
    return strdup("the file is invalid");
}

/* What a trace's file is called: no byte that means something to a shell or a file system. */
static char *make_trace_name(const struct muster_suite *s, const char *name)
{
    char *base = strdup(name);
    for (char *c = base; c && *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *c) ||
            (c == base && (*c == '.' || *c == '-')))
            *c = '_';
    for (uint32_t copy = 2, i = 0; base && i < s->count;) {
        if (!s->at[i].trace_name || strcmp(s->at[i].trace_name, base) != 0) {
            i++;
            continue;
        }
        free(base);
        if (asprintf(&base, "%s.%u", name, (unsigned)copy++) < 0)
            return NULL;
        for (char *c = base; *c; c++)
            *c = *c == '/' ? '_' : *c;
        i = 0;
    }
    return base;
}

static void load_one(struct muster_suite *s, const char *path,
                     const struct muster_suite_request *request)
{
    struct muster_diagnostics *d = calloc(1, sizeof *d);
    struct muster_sources sources = {0};
    if (!d) {
        s->code = muster_report_graver(s->code, MUSTER_EXIT_INTERNAL);
        muster_options_say("out of memory");
        return;
    }
    struct muster_scenario *scenario = muster_scenario_load(path, &sources, request->registry, d);
    if (scenario && request->lint)
        muster_scenario_lint(scenario, d);
    muster_diagnostics_print(d, stderr);
    if (!scenario) {
        s->at[s->count++] = (struct muster_suite_entry){.path = path,
                                                        .problem = first_problem(d),
                                                        .unreadable = d->io};
        s->code = muster_report_graver(s->code, d->io ? MUSTER_EXIT_IO : MUSTER_EXIT_INVALID);
        muster_sources_free(&sources);
    } else if (is_wanted(scenario, request)) {
        char *name = make_trace_name(s, scenario->name);
        s->at[s->count++] =
            (struct muster_suite_entry){.path = path, .scenario = scenario, .trace_name = name};
    } else {
        muster_scenario_free(scenario);
    }
    free(d);
}

void muster_suite_load(struct muster_suite *s, const struct muster_suite_request *request)
{
    s->at = calloc(s->paths.count + 1, sizeof *s->at);
    if (!s->at) {
        muster_options_say("out of memory");
        s->code = MUSTER_EXIT_INTERNAL;
        return;
    }
    for (size_t i = 0; i < s->paths.count; i++)
        load_one(s, s->paths.at[i], request);
}

void muster_suite_free(struct muster_suite *s)
{
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->at[i].scenario)
            muster_scenario_free(s->at[i].scenario);
        free(s->at[i].problem);
        free(s->at[i].trace_name);
    }
    free(s->at);
    muster_paths_free(&s->paths);
    memset(s, 0, sizeof *s);
}
