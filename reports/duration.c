/* SPDX-License-Identifier: Apache-2.0 */
/* Sums, verdicts, lengths of time: what several writers need. */
#include "reports/report.h"

#include <stdio.h>
#include <string.h>

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

#include <endian.h>

int muster_report_graver(int a, int b)
{
    static const int order[] = {70, 74, 65, 64, 3, 1, 2};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return 0;
}

const char *muster_report_verdict(enum muster_report_code code)
{
    switch (code) {
    case MUSTER_REPORT_PASSED:
        return "passed";
    case MUSTER_REPORT_VIOLATED:
        return "violated";
    case MUSTER_REPORT_UNMET:
        return "unmet";
    case MUSTER_REPORT_DIVERGED:
        return "nondeterministic";
    case MUSTER_REPORT_INVALID:
        return "invalid";
    case MUSTER_REPORT_IO:
        return "io";
    case MUSTER_REPORT_INTERNAL:
        break;
    }
    return "internal";
}

const char *muster_report_total_verdict(const struct muster_report_total *total)
{
    if (total->code != MUSTER_REPORT_PASSED || total->not_run == 0)
        return muster_report_verdict(total->code);
    return total->runs == 0 ? "not_run" : "incomplete";
}

void muster_report_sum(const struct muster_report_scenario *s, struct muster_report_total *total)
{
    memset(total, 0, sizeof *total);
    if (!s->runs) {
        total->code = s->broken;
        return;
    }
    for (uint64_t i = 0; i <= s->seed_last - s->seed_first; i++) {
        const struct muster_report_run *r = &s->runs[i];
        if (!r->done) {
            total->not_run++;
            continue;
        }
        const uint64_t word = htole64(r->hash);
        total->hash = XXH3_64bits_withSeed(&word, sizeof word, total->hash);
        total->runs++;
        total->failed += r->code != MUSTER_REPORT_PASSED;
        total->events += r->events;
        total->simulated += r->simulated;
        total->wall += r->wall;
        total->code = (enum muster_report_code)muster_report_graver(total->code, r->code);
    }
}

void muster_report_duration(muster_dur d, char *text, size_t size)
{
    unsigned long long s = d / MUSTER_SECOND;
    unsigned long long tenth = d % MUSTER_SECOND / (MUSTER_SECOND / 10);
    if (d < MUSTER_MILLISECOND)
        snprintf(text, size, "%llu us", (unsigned long long)(d / MUSTER_MICROSECOND));
    else if (d < MUSTER_SECOND)
        snprintf(text, size, "%llu ms", (unsigned long long)(d / MUSTER_MILLISECOND));
    else if (s < 100)
        snprintf(text, size, "%llu.%llu s", s, tenth);
    else if (s < 7200)
        snprintf(text, size, "%llum%02llus", s / 60, s % 60);
    else
        snprintf(text, size, "%lluh%02llum", s / 3600, s % 3600 / 60);
}

void muster_report_instant(muster_time t, char *text, size_t size)
{
    if (t == MUSTER_NEVER) {
        snprintf(text, size, "never");
        return;
    }
    char digit[16];
    snprintf(digit, sizeof digit, "%09llu", (unsigned long long)(t % MUSTER_SECOND));
    int kept = 9;
    while (kept > 1 && digit[kept - 1] == '0')
        kept--;
    snprintf(text, size, "%llu.%.*ss", (unsigned long long)(t / MUSTER_SECOND), kept, digit);
}
