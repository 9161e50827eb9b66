/* SPDX-License-Identifier: Apache-2.0 */
/* The suite as JSON: an array of scenarios, each with its runs. */
#include "reports/report.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

/* Any bytes as a JSON string: what is no UTF-8 is taken for Latin-1. */
static json_t *text(const char *bytes)
{
    json_t *whole = json_string(bytes);
    if (whole)
        return whole;
    char room[2048];
    size_t n = 0;
    for (; *bytes && n + 2 < sizeof room; bytes++) {
        uint8_t c = (uint8_t)*bytes;
        if (c < 0x80) {
            room[n++] = (char)c;
        } else {
            room[n++] = (char)(0xc0 | c >> 6);
            room[n++] = (char)(0x80 | (c & 0x3f));
        }
    }
    return json_stringn(room, n);
}

static json_t *hex(uint64_t hash)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%016" PRIx64, hash);
    return json_string(digits);
}

static json_t *integer(uint64_t value)
{
    return json_integer(value <= INT64_MAX ? (json_int_t)value : INT64_MAX);
}

static void set_failure(json_t *run, const struct muster_report_failure *f)
{
    json_object_set_new(run, "property", text(f->property));
    json_object_set_new(run, "text", text(f->text));
    if (f->file[0]) {
        json_object_set_new(run, "file", text(f->file));
        json_object_set_new(run, "line", integer(f->line));
    }
    if (f->timed) {
        json_object_set_new(run, "failed_at_ns", integer(f->at));
        json_object_set_new(run, "record", integer(f->record));
    }
    json_object_set_new(run, "reproduce", text(f->command));
    if (f->trace[0])
        json_object_set_new(run, "trace", text(f->trace));
}

static json_t *run_of(const struct muster_report_run *r)
{
    json_t *run = json_object();
    json_object_set_new(run, "seed", integer(r->seed));
    json_object_set_new(run, "verdict", json_string(muster_report_verdict(r->code)));
    json_object_set_new(run, "hash", hex(r->hash));
    json_object_set_new(run, "events", integer(r->events));
    json_object_set_new(run, "simulated_ns", integer(r->simulated));
    if (r->expected_failure)
        json_object_set_new(run, "expected_failure", json_true());
    if (r->failure)
        set_failure(run, r->failure);
    return run;
}

static json_t *scenario_of(const struct muster_report_scenario *s)
{
    struct muster_report_total total;
    muster_report_sum(s, &total);
    json_t *scenario = json_object();
    json_t *runs = json_array();
    json_object_set_new(scenario, "name", text(s->name));
    json_object_set_new(scenario, "path", text(s->path));
    json_object_set_new(scenario, "verdict", json_string(muster_report_total_verdict(&total)));
    if (s->problem)
        json_object_set_new(scenario, "error", text(s->problem));
    if (s->defends)
        json_object_set_new(scenario, "defends", text(s->defends));
    json_object_set_new(scenario, "nodes", integer(s->nodes));
    json_object_set_new(scenario, "hash", hex(total.hash));
    json_object_set_new(scenario, "simulated_ns", integer(total.simulated));
    json_object_set_new(scenario, "wall_ns", integer(total.wall));
    for (uint64_t i = 0; s->runs && i <= s->seed_last - s->seed_first; i++)
        if (s->runs[i].done)
            json_array_append_new(runs, run_of(&s->runs[i]));
    json_object_set_new(scenario, "not_run", integer(total.not_run));
    json_object_set_new(scenario, "runs", runs);
    return scenario;
}

int muster_report_json(FILE *out, const struct muster_report_suite *suite)
{
    fputs("[", out);
    for (uint32_t i = 0; i < suite->count; i++) {
        json_t *scenario = scenario_of(&suite->scenarios[i]);
        fputs(i > 0 ? ",\n" : "\n", out);
        int error = scenario ? json_dumpf(scenario, out, JSON_INDENT(1) | JSON_ENSURE_ASCII) : -1;
        json_decref(scenario);
        if (error && !ferror(out))
            return MUSTER_E_NOSPACE;
    }
    fputs("\n]\n", out);
    return 0;
}
