/* SPDX-License-Identifier: Apache-2.0 */
/* JUnit's XML: a suite for each scenario, a case for each run. */
#include "config/utf8.h"
#include "reports/report.h"

#include <inttypes.h>

/* Length of the character at `at` when XML 1.0 permits it; else 0. */
static uint32_t char_length(const char *at)
{
    uint32_t c = 0, n = muster_utf8_decode(at, &c);
    bool control = c < 0x20 && c != '\t' && c != '\n';
    return control || c == 0xfffe || c == 0xffff ? 0 : n;
}

/* Any bytes as character data: what XML cannot hold becomes '?'. */
static void print_text(FILE *out, const char *text, bool attribute)
{
    for (const char *at = text; *at;) {
        uint32_t n = char_length(at);
        if (*at == '&')
            fputs("&amp;", out);
        else if (*at == '<')
            fputs("&lt;", out);
        else if (*at == '>')
            fputs("&gt;", out);
        else if (attribute && *at == '"')
            fputs("&quot;", out);
        else if (attribute && (*at == '\n' || *at == '\t'))
            fprintf(out, "&#%d;", *at);
        else if (n == 0)
            fputc('?', out);
        else
            fwrite(at, 1, n, out);
        at += n > 0 ? n : 1;
    }
}

static void print_attribute(FILE *out, const char *name, const char *value)
{
    fprintf(out, " %s=\"", name);
    print_text(out, value, true);
    fputc('"', out);
}

static void print_seconds(FILE *out, const char *name, muster_dur d)
{
    fprintf(out, " %s=\"%" PRIu64 ".%06" PRIu64 "\"", name, d / MUSTER_SECOND,
            d % MUSTER_SECOND / MUSTER_MICROSECOND);
}

static bool is_error(const struct muster_report_run *r)
{
    return r->code != MUSTER_REPORT_VIOLATED && r->code != MUSTER_REPORT_UNMET;
}

static void print_failure(FILE *out, const struct muster_report_run *r)
{
    const struct muster_report_failure *f = r->failure;
    const char *tag = is_error(r) ? "error" : "failure";
    char instant[48];
    fprintf(out, "      <%s", tag);
    print_attribute(out, "type", f->property);
    print_attribute(out, "message", f->text);
    fputc('>', out);
    if (f->file[0]) {
        print_text(out, f->file, false);
        fprintf(out, ":%" PRIu32 ":%" PRIu32 "\n", f->line, f->column);
    }
    if (f->timed) {
        muster_report_instant(f->at, instant, sizeof instant);
        fprintf(out, "at %s (record %" PRIu64 ")\n", instant, f->record);
    }
    print_text(out, f->text, false);
    fputc('\n', out);
    print_text(out, f->events, false);
    fputs("reproduce: ", out);
    print_text(out, f->command, false);
    if (f->trace[0]) {
        fputs("\ntrace: ", out);
        print_text(out, f->trace, false);
    }
    fprintf(out, "</%s>\n", tag);
}

static void print_run(FILE *out, const struct muster_report_scenario *s,
                      const struct muster_report_run *r)
{
    char name[48];
    snprintf(name, sizeof name, "seed %" PRIu64, r->seed);
    fputs("    <testcase", out);
    print_attribute(out, "classname", s->name);
    print_attribute(out, "name", name);
    print_attribute(out, "file", s->path);
    print_seconds(out, "time", r->wall);
    if (r->done && !r->failure) {
        fputs("/>\n", out);
        return;
    }
    fputs(">\n", out);
    if (r->failure)
        print_failure(out, r);
    else
        fputs("      <skipped/>\n", out);
    fputs("    </testcase>\n", out);
}

static void print_broken(FILE *out, const struct muster_report_scenario *s)
{
    fputs("  <testsuite", out);
    print_attribute(out, "name", s->name);
    fputs(
        " tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\" time=\"0.000000\">\n    <testcase",
        out);
    print_attribute(out, "classname", s->name);
    print_attribute(out, "name", "load");
    print_attribute(out, "file", s->path);
    fputs(">\n      <error", out);
    print_attribute(out, "type", muster_report_verdict(s->broken));
    print_attribute(out, "message", s->problem ? s->problem : "");
    fputs("/>\n    </testcase>\n  </testsuite>\n", out);
}

struct tally {
    uint64_t tests, failures, errors, skipped;
    muster_dur time;
};

static struct tally count(const struct muster_report_scenario *s)
{
    struct tally t = {0};
    if (!s->runs)
        return (struct tally){.tests = 1, .errors = 1};
    t.tests = s->seed_last - s->seed_first + 1;
    for (uint64_t i = 0; i < t.tests; i++) {
        const struct muster_report_run *r = &s->runs[i];
        t.skipped += !r->done;
        t.failures += r->failure && !is_error(r);
        t.errors += r->failure && is_error(r);
        t.time += r->wall;
    }
    return t;
}

static void print_tally(FILE *out, const struct tally *t)
{
    fprintf(out,
            " tests=\"%" PRIu64 "\" failures=\"%" PRIu64 "\" errors=\"%" PRIu64
            "\" skipped=\"%" PRIu64 "\"",
            t->tests, t->failures, t->errors, t->skipped);
    print_seconds(out, "time", t->time);
}

static void print_suite(FILE *out, const struct muster_report_scenario *s)
{
    struct tally t = count(s);
    if (!s->runs) {
        print_broken(out, s);
        return;
    }
    fputs("  <testsuite", out);
    print_attribute(out, "name", s->name);
    print_tally(out, &t);
    fputs(">\n", out);
    for (uint64_t i = 0; i < t.tests; i++)
        print_run(out, s, &s->runs[i]);
    fputs("  </testsuite>\n", out);
}

void muster_report_junit(FILE *out, const struct muster_report_suite *suite)
{
    struct tally all = {0};
    for (uint32_t i = 0; i < suite->count; i++) {
        struct tally t = count(&suite->scenarios[i]);
        all.tests += t.tests;
        all.failures += t.failures;
        all.errors += t.errors;
        all.skipped += t.skipped;
        all.time += t.time;
    }
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"muster\"", out);
    print_tally(out, &all);
    fputs(">\n", out);
    for (uint32_t i = 0; i < suite->count; i++)
        print_suite(out, &suite->scenarios[i]);
    fputs("</testsuites>\n", out);
}
