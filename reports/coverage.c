/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing coverage. */
#include "reports/coverage.h"
#include "reports/report.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- JSON ---- */

/* Whether any rule of a state, a moment, a fault was seen: cells of one lie side by side. */
static bool has_any(const struct muster_coverage *c, uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++)
        if (muster_coverage_has(c, i))
            return true;
    return false;
}

static void print_state(FILE *out, const struct muster_coverage *c, struct muster_cell cell,
                        int depth, const char *before)
{
    char name[64];
    muster_coverage_state_name(cell.state, name, sizeof name);
    fprintf(out, "%s\n%*s\"%s\": [", before, depth, "", name);
    const char *comma = "";
    for (cell.rule = 0; cell.rule < MUSTER_COVERED_RULES; cell.rule++) {
        if (!muster_coverage_has(c, muster_cell_index(cell)))
            continue;
        fprintf(out, "%s\"%s\"", comma, muster_coverage_rule_name(cell.rule));
        comma = ", ";
    }
    fputs("]", out);
}

static void print_moment(FILE *out, const struct muster_coverage *c, struct muster_cell cell,
                         int depth)
{
    const char *comma = "";
    for (cell.state = 0; cell.state < MUSTER_COVERED_STATES; cell.state++) {
        if (!has_any(c, muster_cell_index(cell), MUSTER_COVERED_RULES))
            continue;
        print_state(out, c, cell, depth, comma);
        comma = ",";
    }
}

void muster_coverage_json(FILE *out, const struct muster_coverage *c, int depth)
{
    const uint32_t moment = MUSTER_COVERED_STATES * MUSTER_COVERED_RULES;
    const char *comma = "";
    fprintf(out, "{\n%*s\"muster_coverage\": 1,\n%*s\"cells\": {", depth + 1, "", depth + 1, "");
    for (struct muster_cell cell = {0}; cell.fault < MUSTER_FAULT_COUNT; cell.fault++) {
        cell.moment = 0;
        if (!has_any(c, muster_cell_index(cell), moment * MUSTER_COVERED_MOMENTS))
            continue;
        fprintf(out, "%s\n%*s\"%s\": {", comma, depth + 2, "", muster_fault_names[cell.fault]);
        comma = "";
        for (; cell.moment < MUSTER_COVERED_MOMENTS; cell.moment++) {
            if (!has_any(c, muster_cell_index(cell), moment))
                continue;
            fprintf(out, "%s\n%*s\"%s\": {", comma, depth + 3, "",
                    muster_coverage_moment_names[cell.moment]);
            print_moment(out, c, cell, depth + 4);
            fprintf(out, "}");
            comma = ",";
        }
        fprintf(out, "}");
        comma = ",";
    }
    fprintf(out, "}\n%*s}", depth, "");
}

/* ---- reading ---- */

static uint32_t find(const char *const *names, const char *name)
{
    for (uint32_t i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return MUSTER_ANY;
}

static void read_rules(struct muster_coverage *c, struct muster_cell cell, const json_t *rules)
{
    for (size_t i = 0; i < json_array_size(rules); i++) {
        const char *name = json_string_value(json_array_get(rules, i));
        cell.rule = name ? muster_coverage_rule_by_name(name) : MUSTER_ANY;
        if (cell.rule != MUSTER_ANY)
            muster_coverage_add(c, muster_cell_index(cell));
    }
}

static void read_moment(struct muster_coverage *c, struct muster_cell cell, json_t *states)
{
    const char *name;
    json_t *rules;
    json_object_foreach(states, name, rules)
    {
        cell.state = muster_coverage_state_by_name(name);
        if (cell.state != MUSTER_ANY)
            read_rules(c, cell, rules);
    }
}

static void read_fault(struct muster_coverage *c, struct muster_cell cell, json_t *moments)
{
    const char *name;
    json_t *states;
    json_object_foreach(moments, name, states)
    {
        cell.moment = find(muster_coverage_moment_names, name);
        if (cell.moment != MUSTER_ANY)
            read_moment(c, cell, states);
    }
}

static void read_cells(struct muster_coverage *c, json_t *cells)
{
    const char *name;
    json_t *moments;
    json_object_foreach(cells, name, moments)
    {
        const struct muster_cell cell = {.fault = find(muster_fault_names, name)};
        if (cell.fault != MUSTER_ANY)
            read_fault(c, cell, moments);
    }
}

static void say(const char *what, const char *path, const char *why)
{
    fprintf(stderr, "muster: %s '%s': %s\n", what, path, why);
}

int muster_coverage_load(const char *path, struct muster_coverage *c)
{
    json_error_t error;
    FILE *in = fopen(path, "re");
    if (!in && errno == ENOENT)
        return 0;
    if (!in) {
        say("cannot read", path, strerror(errno));
        return MUSTER_REPORT_IO;
    }
    json_t *root = json_loadf(in, 0, &error);
    fclose(in);
    const json_t *version = json_object_get(root, "muster_coverage");
    json_t *cells = json_object_get(root, "cells");
    bool good = json_integer_value(version) == 1 && json_is_object(cells);
    if (good)
        read_cells(c, cells);
    else
        say("cannot add to", path,
            root ? "it is no coverage of this format; name another file" : error.text);
    json_decref(root);
    return good ? 0 : MUSTER_REPORT_INVALID;
}

int muster_coverage_save(const char *path, struct muster_coverage *c)
{
    char *draft = NULL;
    int error = muster_coverage_load(path, c);
    if (error)
        return error;
    if (asprintf(&draft, "%s.tmp", path) < 0)
        return MUSTER_REPORT_INTERNAL;
    errno = 0;
    FILE *out = fopen(draft, "we");
    bool bad = !out;
    if (out) {
        muster_coverage_json(out, c, 0);
        fputs("\n", out);
        bad = ferror(out) != 0;
        bad = fclose(out) != 0 || bad || rename(draft, path) != 0;
    }
    if (bad) {
        say("cannot write", path, errno ? strerror(errno) : "write error");
        unlink(draft);
    }
    free(draft);
    return bad ? MUSTER_REPORT_IO : 0;
}

/* ---- for people ---- */

/* Rules of one fault, moment and role, whatever the rest of the state. */
static uint32_t count_rules(const struct muster_coverage *c, struct muster_cell cell, uint32_t role)
{
    uint32_t count = 0;
    for (cell.rule = 0; cell.rule < MUSTER_COVERED_RULES; cell.rule++) {
        bool seen = false;
        for (cell.state = 0; cell.state < MUSTER_COVERED_STATES && !seen; cell.state++)
            seen = muster_coverage_role_of(cell.state) == (enum muster_coverage_role)role &&
                   muster_coverage_has(c, muster_cell_index(cell));
        count += seen;
    }
    return count;
}

static void print_row(FILE *out, const struct muster_coverage *c, uint32_t fault)
{
    fprintf(out, "%-20s", muster_fault_names[fault]);
    for (uint32_t moment = 0; moment < MUSTER_COVERED_MOMENTS; moment++) {
        for (uint32_t role = 0; role < MUSTER_COVERED_ROLES; role++) {
            const struct muster_cell cell = {.fault = fault, .moment = moment};
            uint32_t count = count_rules(c, cell, role);
            if (count > 0)
                fprintf(out, "%*u", role == 0 ? 6 : 5, (unsigned)count);
            else
                fprintf(out, "%*s", role == 0 ? 6 : 5, ".");
        }
    }
    fputs("\n", out);
}

static bool is_rule_seen(const struct muster_coverage *c, uint32_t rule)
{
    for (uint32_t i = rule; i < MUSTER_COVERED_CELLS; i += MUSTER_COVERED_RULES)
        if (muster_coverage_has(c, i))
            return true;
    return false;
}

/* A note that has a reason is told by it; what was skipped has not ended, and the other way round;
 * custom notes are whoever's. */
static bool can_fire(const char *name)
{
    static const char *const parents[] = {"none",         "leader_lost",    "store_error",
                                          "action_ended", "action_skipped", NULL};
    bool is_skipped = strncmp(name, "action_skipped:", 15) == 0 && strncmp(name + 15, "skip", 4);
    return find(parents, name) == MUSTER_ANY && !is_skipped && strncmp(name, "note.", 5) != 0 &&
           strncmp(name, "action_ended:skip", 17) != 0;
}

static void print_missing(FILE *out, const struct muster_coverage *c)
{
    int column = 0;
    for (uint32_t rule = 1; rule < MUSTER_COVERED_RULES; rule++) {
        const char *name = muster_coverage_rule_name(rule);
        if (!name || !can_fire(name) || is_rule_seen(c, rule))
            continue;
        if (column == 0)
            column = fprintf(out, "never seen:");
        if (column + (int)strlen(name) > 98)
            column = fprintf(out, "\n           ") - 1;
        column += fprintf(out, " %s", name);
    }
    if (column > 0)
        fputs("\n", out);
}

void muster_coverage_table(FILE *out, const struct muster_coverage *c)
{
    fprintf(out, "coverage: %u cells; rules that fired, by fault and role\n%-20s",
            (unsigned)muster_coverage_count(c), "");
    for (uint32_t moment = 0; moment < MUSTER_COVERED_MOMENTS; moment++)
        fprintf(out, " %-25s", muster_coverage_moment_names[moment]);
    fprintf(out, "\n%-20s", "");
    for (uint32_t i = 0; i < MUSTER_COVERED_MOMENTS * MUSTER_COVERED_ROLES; i++) {
        uint32_t role = i % MUSTER_COVERED_ROLES;
        fprintf(out, "%*.4s", role == 0 ? 6 : 5, muster_coverage_role_names[role]);
    }
    fputs("\n", out);
    for (uint32_t fault = 0; fault < MUSTER_FAULT_COUNT; fault++)
        print_row(out, c, fault);
    print_missing(out, c);
}
