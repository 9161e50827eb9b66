/* SPDX-License-Identifier: Apache-2.0 */
/* What a person at a terminal, or a reader of a CI log, gets to see. */
#include "reports/report.h"

#include <inttypes.h>
#include <string.h>

#define RED   "\033[31m"
#define GREEN "\033[32m"
#define AMBER "\033[33m"
#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

#define SHOWN_MAX  3  /* failures of one scenario that are told in full */
#define LISTED_MAX 20 /* seeds that are listed */
#define SPANS_MAX  4  /* pieces of a range of seeds that are listed */

static const char *style(bool color, const char *code)
{
    return color ? code : "";
}

static void make_span(char *text, size_t size, uint64_t first, uint64_t last)
{
    if (first == last)
        snprintf(text, size, "%" PRIu64, first);
    else
        snprintf(text, size, "%" PRIu64 "..%" PRIu64, first, last);
}

/* The seeds that ran, where not all of them did: "1..64, 97..103 of ". */
static void make_spans(char *text, size_t size, const struct muster_report_scenario *s)
{
    uint64_t count = s->seed_last - s->seed_first + 1;
    uint32_t spans = 0;
    size_t n = 0;
    for (uint64_t i = 0; i < count && spans <= SPANS_MAX; i++) {
        if (!s->runs[i].done)
            continue;
        char span[48];
        uint64_t first = i;
        while (i + 1 < count && s->runs[i + 1].done)
            i++;
        make_span(span, sizeof span, s->runs[first].seed, s->runs[i].seed);
        n += (size_t)snprintf(text + n, size - n, "%s%s", spans > 0 ? ", " : "",
                              spans < SPANS_MAX ? span : "…");
        spans++;
    }
    snprintf(text + n, size - n, " of ");
}

static void print_seeds(FILE *out, const struct muster_report_scenario *s,
                        const struct muster_report_total *total)
{
    char text[320], ran[256] = "", whole[48];
    if (total->not_run > 0)
        make_spans(ran, sizeof ran, s);
    make_span(whole, sizeof whole, s->seed_first, s->seed_last);
    snprintf(text, sizeof text, "%s %s%s", s->seed_first == s->seed_last ? "seed" : "seeds", ran,
             whole);
    fprintf(out, "  %-13s", text);
}

/* How many times faster than real time; a run too short to be timed counts as a microsecond. */
static uint64_t speed(const struct muster_report_total *total)
{
    muster_dur wall = total->wall > MUSTER_MICROSECOND ? total->wall : MUSTER_MICROSECOND;
    return total->simulated / wall;
}

void muster_report_line(FILE *out, const struct muster_report_scenario *s, int name_width,
                        bool color)
{
    struct muster_report_total total;
    char simulated[32], wall[32];
    muster_report_sum(s, &total);
    bool passed = total.code == MUSTER_REPORT_PASSED;
    const char *word = passed ? "passed" : "FAILED", *tone = passed ? GREEN : RED;
    if (passed && total.not_run > 0) {
        word = "partly";
        tone = AMBER;
    }
    fprintf(out, "%s%s%s  %-*s", style(color, tone), word, style(color, PLAIN), name_width,
            s->name);
    if (!s->runs) {
        fprintf(out, "  the file %s\n",
                s->broken == MUSTER_REPORT_IO ? "cannot be read" : "is invalid");
        return;
    }
    print_seeds(out, s, &total);
    muster_report_duration(total.simulated, simulated, sizeof simulated);
    muster_report_duration(total.wall, wall, sizeof wall);
    fprintf(out, "  %2" PRIu32 " %s  %8s in %7s  %7" PRIu64 "x  %016" PRIx64 "\n", s->nodes,
            s->nodes == 1 ? "node " : "nodes", simulated, wall, speed(&total), total.hash);
}

/* Every line of a text, indented. */
static void print_indented(FILE *out, const char *text, const char *indent)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        fprintf(out, "%s%.*s\n", indent, (int)length, text);
        text += length + (text[length] == '\n');
    }
}

static void print_failure(FILE *out, const struct muster_report_run *r, bool color)
{
    const struct muster_report_failure *f = r->failure;
    char instant[48];
    fprintf(out, "  %sseed %" PRIu64 ": %s%s", style(color, BOLD), r->seed, f->property,
            style(color, PLAIN));
    if (f->file[0])
        fprintf(out, " %s:%" PRIu32 ":%" PRIu32, f->file, f->line, f->column);
    fputs(r->code == MUSTER_REPORT_VIOLATED ? " violated"
          : r->code == MUSTER_REPORT_UNMET  ? " not met"
                                            : "",
          out);
    if (f->timed) {
        muster_report_instant(f->at, instant, sizeof instant);
        fprintf(out, " at %s (record %" PRIu64 ")", instant, f->record);
    }
    fputc('\n', out);
    print_indented(out, f->text, "    ");
    if (f->events[0]) {
        fputs(r->code == MUSTER_REPORT_DIVERGED ? "    the two runs differ here:\n"
                                                : "    last events that matter:\n",
              out);
        print_indented(out, f->events, "    ");
    }
    if (f->command[0])
        fprintf(out, "    reproduce: %s\n", f->command);
    if (f->trace[0])
        fprintf(out, "    trace: %s\n", f->trace);
}

void muster_report_failures(FILE *out, const struct muster_report_scenario *s, bool color)
{
    uint64_t shown = 0, listed = 0, failed = 0;
    uint64_t count = s->runs ? s->seed_last - s->seed_first + 1 : 0;
    for (uint64_t i = 0; i < count; i++)
        failed += s->runs[i].failure != NULL;
    for (uint64_t i = 0; i < count; i++) {
        if (!s->runs[i].failure)
            continue;
        if (shown < SHOWN_MAX) {
            shown++;
            print_failure(out, &s->runs[i], color);
            if (shown == SHOWN_MAX && failed > shown)
                fprintf(out, "  %" PRIu64 " more runs failed: seeds", failed - shown);
        } else if (listed++ < LISTED_MAX) {
            fprintf(out, "%s%" PRIu64, listed == 1 ? " " : ", ", s->runs[i].seed);
        }
    }
    if (failed > SHOWN_MAX)
        fprintf(out, "%s\n", listed > LISTED_MAX ? ", …" : "");
}

void muster_report_summary(FILE *out, const struct muster_report_suite *suite, bool color)
{
    uint64_t runs = 0, passed = 0, failed = 0, partly = 0, skipped = 0, invalid = 0, unread = 0;
    char wall[32];
    for (uint32_t i = 0; i < suite->count; i++) {
        struct muster_report_total total;
        muster_report_sum(&suite->scenarios[i], &total);
        runs += total.runs;
        if (!suite->scenarios[i].runs) {
            invalid += total.code == MUSTER_REPORT_INVALID;
            unread += total.code == MUSTER_REPORT_IO;
            continue;
        }
        bool good = total.code == MUSTER_REPORT_PASSED;
        failed += total.runs > 0 && !good;
        passed += good && total.not_run == 0;
        partly += good && total.runs > 0 && total.not_run > 0;
        skipped += good && total.runs == 0;
    }
    muster_report_duration(suite->wall, wall, sizeof wall);
    const char *tone = failed + invalid + unread > 0 ? RED : partly + skipped > 0 ? AMBER : GREEN;
    fprintf(out, "%s%" PRIu32 " %s, %" PRIu64 " %s: %" PRIu64 " passed, %" PRIu64 " failed",
            style(color, tone), suite->count, suite->count == 1 ? "scenario" : "scenarios", runs,
            runs == 1 ? "run" : "runs", passed, failed);
    if (invalid > 0)
        fprintf(out, ", %" PRIu64 " invalid", invalid);
    if (unread > 0)
        fprintf(out, ", %" PRIu64 " unreadable", unread);
    if (partly > 0)
        fprintf(out, ", %" PRIu64 " partly run", partly);
    if (skipped > 0)
        fprintf(out, ", %" PRIu64 " not run", skipped);
    fprintf(out, "%s (%s)\n", style(color, PLAIN), wall);
}

/* The escapes of GitHub's workflow commands. */
static void print_escaped(FILE *out, const char *text, bool property)
{
    for (; *text; text++) {
        bool escape = *text == '%' || *text == '\r' || *text == '\n' ||
                      (property && (*text == ':' || *text == ','));
        if (escape)
            fprintf(out, "%%%02X", (unsigned char)*text);
        else
            fputc(*text, out);
    }
}

static void print_annotation(FILE *out, const char *file, uint32_t line, const char *title,
                             const char *text)
{
    fputs("::error file=", out);
    print_escaped(out, file, true);
    fprintf(out, ",line=%" PRIu32 ",title=", line > 0 ? line : 1);
    print_escaped(out, title, true);
    fputs("::", out);
    print_escaped(out, text, false);
    fputc('\n', out);
}

void muster_report_github(FILE *out, const struct muster_report_scenario *s)
{
    if (!s->runs) {
        print_annotation(out, s->path, 1,
                         s->broken == MUSTER_REPORT_IO ? "unreadable scenario" : "invalid scenario",
                         s->problem ? s->problem : "");
        return;
    }
    for (uint64_t i = 0; i <= s->seed_last - s->seed_first; i++) {
        const struct muster_report_failure *f = s->runs[i].failure;
        char text[768];
        if (!f)
            continue;
        snprintf(text, sizeof text, "%s, seed %" PRIu64 ": %s\n%s", s->name, s->runs[i].seed,
                 f->text, f->command);
        print_annotation(out, f->file[0] ? f->file : s->path, f->line, f->property, text);
        return;
    }
}
