/* SPDX-License-Identifier: Apache-2.0 */
/* `muster replay --at` and `--state`: which instant, whose state. */
#include "tools/muster/travel.h"
#include "reports/report.h"
#include "tools/muster/options.h"

#include <string.h>

/* How many records lie at or before a time. */
static size_t position_of_time(const struct muster_trace *t, muster_time time)
{
    size_t low = 0, high = t->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (t->records[middle].time <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool muster_travel_position(const struct muster_trace *t, const char *word, size_t *position,
                            char *problem, size_t size)
{
    uint64_t number;
    muster_time time;
    char begin[32], end[32];
    muster_time last = t->count > 0 ? t->records[t->count - 1].time : 0;
    muster_report_instant(last, end, sizeof end);
    if (muster_options_number(word, 0, UINT64_MAX, &number)) {
        *position = (size_t)number;
        if (number <= t->count)
            return true;
        snprintf(problem, size, "there is no record %s: the trace ends with record %zu at %s", word,
                 t->count, end);
        return false;
    }
    bool relative = word[0] == '+';
    if (!muster_options_time(word + relative, &time)) {
        snprintf(problem, size,
                 "'%s' is no instant: a time such as 12.5s or the number of a record is wanted",
                 word);
        return false;
    }
    if (relative && t->count > 0)
        time = muster_time_add(t->records[0].time, time);
    muster_report_instant(t->count > 0 ? t->records[0].time : 0, begin, sizeof begin);
    if (t->count > 0 && time < t->records[0].time) {
        snprintf(problem, size,
                 "%s is before the beginning: the trace begins at %s; '+%s' counts from there",
                 word, begin, word);
        return false;
    }
    *position = position_of_time(t, time);
    if (time <= last)
        return true;
    snprintf(problem, size, "%s is beyond the end: the trace ends with record %zu at %s", word,
             t->count, end);
    return false;
}

bool muster_travel_process(const struct muster_trace *t, const char *name, uint16_t *process,
                           char *problem, size_t size)
{
    const char *names[MUSTER_PROCESSES_MAX + 1] = {NULL};
    for (uint32_t i = 0; i < t->name_count; i++) {
        names[i] = t->names[i];
        if (strcmp(names[i], name) == 0) {
            *process = (uint16_t)i;
            return true;
        }
    }
    const char *near = muster_suggest(name, names);
    snprintf(problem, size, "%s has no process '%s'%s%s%s", t->path, name,
             near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
    return false;
}

int muster_travel_go(struct muster_traveller *x, size_t position)
{
    struct muster_divergence d;
    int error = muster_player_seek(x->player, position, &d);
    if (!error)
        return 0;
    if (!d.found) {
        muster_options_say("out of memory");
        return MUSTER_EXIT_INTERNAL;
    }
    printf("DIVERGED   %s\n  %s\n  what was before it can be seen, nothing behind it\n",
           x->trace->path, d.text);
    return MUSTER_REPORT_DIVERGED;
}

/* "n1,n3" or "all". */
static bool choose(struct muster_traveller *x, const char *names, char *problem, size_t size)
{
    const struct muster_trace *t = x->trace;
    bool all = strcmp(names, "all") == 0;
    for (uint32_t i = 0; i < t->name_count && all; i++)
        x->shown[i] = true;
    while (!all && *names) {
        char name[64];
        uint16_t process;
        size_t length = strcspn(names, ",");
        size_t kept = length < sizeof name ? length : sizeof name - 1;
        memcpy(name, names, kept);
        name[kept] = 0;
        if (!muster_travel_process(t, name, &process, problem, size))
            return false;
        x->shown[process] = true;
        names += length + (names[length] == ',');
    }
    return true;
}

static int show(struct muster_traveller *x, const char *state)
{
    muster_instant_record(x);
    for (uint16_t i = 0; i < x->trace->name_count; i++)
        if (x->shown[i])
            muster_instant_process(x, i);
    if (!state) {
        muster_instant_world(x);
        muster_instant_store(x);
    }
    return 0;
}

static int travel(struct muster_traveller *x, const struct muster_travel *wanted)
{
    const struct muster_trace *t = x->trace;
    const char *state = wanted->state ? wanted->state : wanted->step ? "" : "all";
    size_t position = wanted->step ? 0 : t->count;
    char problem[256];
    if (!choose(x, state, problem, sizeof problem) ||
        (wanted->at &&
         !muster_travel_position(t, wanted->at, &position, problem, sizeof problem))) {
        muster_options_say("%s", problem);
        return MUSTER_EXIT_USAGE;
    }
    int code = muster_travel_go(x, position);
    if (code == 0 || code == MUSTER_REPORT_DIVERGED)
        code = muster_report_graver(code,
                                    wanted->step ? muster_travel_step(x) : show(x, wanted->state));
    return code;
}

int muster_travel_run(const struct muster_travel *wanted, const struct muster_trace *t,
                      const struct muster_registry *registry, struct muster_diagnostics *d)
{
    struct muster_traveller x = {.trace = t, .player = muster_player_open(t, registry, d)};
    if (!x.player)
        return d->io ? MUSTER_EXIT_IO : MUSTER_EXIT_INVALID;
    int code = travel(&x, wanted);
    muster_player_close(x.player);
    return code;
}
