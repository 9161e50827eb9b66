/* SPDX-License-Identifier: Apache-2.0 */
/* The suite as JSON: an array of scenarios, each with its runs. */
#include "config/utf8.h"
#include "reports/coverage.h"
#include "reports/report.h"

#include <inttypes.h>

/* Where the next piece goes. */
struct place {
    FILE *out;
    int depth;  /* of open objects and arrays */
    bool empty; /* nothing stands in the innermost one yet */
};

/* ---- texts ---- */

static bool is_utf8(const char *text)
{
    uint32_t character, length;
    while (*text && (length = muster_utf8_decode(text, &character)) > 0)
        text += length;
    return *text == 0;
}

static void print_character(FILE *out, uint32_t c)
{
    static const char escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (const char *escape = escapes; *escape; escape += 2) {
        if (c == (unsigned char)escape[0]) {
            fprintf(out, "\\%c", escape[1]);
            return;
        }
    }
    if (c >= 0x10000) /* in two halves */
        fprintf(out, "\\u%04" PRIX32 "\\u%04" PRIX32, 0xd800 + ((c - 0x10000) >> 10),
                0xdc00 + ((c - 0x10000) & 0x3ff));
    else if (c < 0x20 || c >= 0x80)
        fprintf(out, "\\u%04" PRIX32, c);
    else
        fputc((int)c, out);
}

/* Any bytes as a string: what is no UTF-8 is taken for Latin-1. */
static void print_text(FILE *out, const char *text)
{
    bool utf8 = is_utf8(text);
    fputc('"', out);
    while (*text) {
        uint32_t c = (unsigned char)*text;
        text += utf8 ? muster_utf8_decode(text, &c) : 1;
        print_character(out, c);
    }
    fputc('"', out);
}

/* ---- pieces ---- */

/* A new line for the next piece; key: null in an array. */
static void begin_piece(struct place *p, const char *key)
{
    fprintf(p->out, "%s\n%*s", p->empty ? "" : ",", p->depth, "");
    p->empty = false;
    if (key)
        fprintf(p->out, "\"%s\": ", key);
}

static void open_piece(struct place *p, char bracket)
{
    fputc(bracket, p->out);
    p->depth++;
    p->empty = true;
}

static void close_piece(struct place *p, char bracket)
{
    p->depth--;
    if (!p->empty)
        fprintf(p->out, "\n%*s", p->depth, "");
    fputc(bracket, p->out);
    p->empty = false;
}

static void put_text(struct place *p, const char *key, const char *text)
{
    begin_piece(p, key);
    print_text(p->out, text);
}

static void put_hash(struct place *p, const char *key, uint64_t hash)
{
    begin_piece(p, key);
    fprintf(p->out, "\"%016" PRIx64 "\"", hash);
}

/* As large as a reader's 64 bits with a sign hold. */
static void put_integer(struct place *p, const char *key, uint64_t value)
{
    begin_piece(p, key);
    fprintf(p->out, "%" PRIu64, value <= INT64_MAX ? value : INT64_MAX);
}

/* ---- the report ---- */

static void put_failure(struct place *p, const struct muster_report_failure *f)
{
    put_text(p, "property", f->property);
    put_text(p, "text", f->text);
    if (f->file[0]) {
        put_text(p, "file", f->file);
        put_integer(p, "line", f->line);
    }
    if (f->timed) {
        put_integer(p, "failed_at_ns", f->at);
        put_integer(p, "record", f->record);
    }
    put_text(p, "reproduce", f->command);
    if (f->trace[0])
        put_text(p, "trace", f->trace);
}

static void put_run(struct place *p, const struct muster_report_run *r)
{
    begin_piece(p, NULL);
    open_piece(p, '{');
    put_integer(p, "seed", r->seed);
    put_text(p, "verdict", muster_report_verdict(r->code));
    put_hash(p, "hash", r->hash);
    put_integer(p, "events", r->events);
    put_integer(p, "simulated_ns", r->simulated);
    if (r->expected_failure) {
        begin_piece(p, "expected_failure");
        fputs("true", p->out);
    }
    if (r->failure)
        put_failure(p, r->failure);
    close_piece(p, '}');
}

static void put_scenario(struct place *p, const struct muster_report_scenario *s)
{
    struct muster_report_total total;
    muster_report_sum(s, &total);
    open_piece(p, '{');
    put_text(p, "name", s->name);
    put_text(p, "path", s->path);
    put_text(p, "verdict", muster_report_total_verdict(&total));
    if (s->problem)
        put_text(p, "error", s->problem);
    if (s->defends)
        put_text(p, "defends", s->defends);
    put_integer(p, "nodes", s->nodes);
    put_hash(p, "hash", total.hash);
    put_integer(p, "simulated_ns", total.simulated);
    put_integer(p, "wall_ns", total.wall);
    put_integer(p, "not_run", total.not_run);
    begin_piece(p, "runs");
    open_piece(p, '[');
    for (uint64_t i = 0; s->runs && i <= s->seed_last - s->seed_first; i++)
        if (s->runs[i].done)
            put_run(p, &s->runs[i]);
    close_piece(p, ']');
    close_piece(p, '}');
}

void muster_report_json(FILE *out, const struct muster_report_suite *suite)
{
    fputs("[", out);
    for (uint32_t i = 0; i < suite->count; i++) {
        struct place p = {.out = out};
        fputs(i > 0 ? ",\n" : "\n", out);
        put_scenario(&p, &suite->scenarios[i]);
    }
    if (suite->coverage) {
        fputs(suite->count > 0 ? ",\n" : "\n", out);
        muster_coverage_json(out, suite->coverage, 0);
    }
    fputs("\n]\n", out);
}
