/* SPDX-License-Identifier: Apache-2.0 */
/* Faults that break what properties take for granted, where the scenario does not give it up. */
#include "sim/scenario/inside.h"

#include <stdio.h>

static bool drifts(const struct muster_scenario *s, int32_t ppm)
{
    const struct muster_config *config = own_config(s);
    return config && ((int64_t)ppm > (int64_t)config->max_clock_drift_ppm ||
                      -(int64_t)ppm > (int64_t)config->max_clock_drift_ppm);
}

static uint32_t target_breaks(const struct muster_target_config *t)
{
    return t->fences && t->deduplicates ? 0 : MUSTER_ASSUME_FENCING;
}

static uint32_t entry_breaks(const struct muster_scenario *s, const struct muster_entry *e)
{
    switch (e->verb) {
    case MUSTER_DO_TWIN:
        return MUSTER_ASSUME_UNIQUE;
    case MUSTER_DO_CRASH:
        return e->crash.disk == 2 ? MUSTER_ASSUME_DURABLE : 0;
    case MUSTER_DO_DISK:
        return e->disk.fault == MUSTER_DISK_FAULT_LOST || e->disk.fault == MUSTER_DISK_FAULT_ROT
                   ? MUSTER_ASSUME_DURABLE
                   : 0;
    case MUSTER_DO_CLOCK:
        if (e->clock.which != MUSTER_CLOCK_LEASE)
            return 0;
        return (e->clock.has_step && e->clock.step != 0) ||
                       (e->clock.has_drift && drifts(s, e->clock.drift_ppm))
                   ? MUSTER_ASSUME_DRIFT
                   : 0;
    case MUSTER_DO_TARGET:
        return target_breaks(&e->target.config);
    default:
        return 0;
    }
}

/* A property that is judged here and takes it for granted; null: it does not matter. */
static const struct muster_property *who_needs(const struct muster_scenario *s, uint32_t broken)
{
    for (uint32_t i = 0; i < s->property_count; i++) {
        const struct muster_property *p = s->properties[i].property;
        if ((p->assumes & broken) && (p->assumes & ~s->assumptions) == 0)
            return p;
    }
    return NULL;
}

/* Says it, unless the scenario has a word of its own on that assumption, whatever it is, or no
 * property here needs it. */
static void warn(const struct muster_scenario *s, uint32_t broken, struct muster_mark mark,
                 const char *what, struct muster_diagnostics *d)
{
#define X(id, name, what) name,
    static const char *const names[] = {MUSTER_ASSUMPTIONS(X)};
#undef X
    const struct muster_property *p = who_needs(s, broken & s->assumptions);
    uint32_t bit = 0;
    while (!(broken >> bit & 1))
        bit++;
    if (!p || s->expect_failure ||
        muster_doc_get(muster_doc_get(s->root, "assumptions"), names[bit]))
        return;
    muster_complain(
        d, MUSTER_SEVERITY_WARNING, mark,
        "%s breaks what '%s' takes for granted: it may be violated without a bug; write "
        "'assumptions: {%s: false}', or true if it is to hold all the same",
        what, p->name, names[bit]);
}

static struct muster_mark mark_in(const struct muster_scenario *s, const char *section,
                                  const char *key)
{
    const struct muster_doc *one = muster_doc_get(muster_doc_get(s->root, section), key);
    return one ? one->key_mark : (struct muster_mark){s->sources.first, 0, 0};
}

void lint_assumptions(const struct muster_scenario *s, struct muster_diagnostics *d)
{
    static const char *const whats[] = {"this clock", "this loss", "this twin", "this target"};
    char what[80];
    for (uint32_t i = 0; i < s->entry_count; i++) {
        const uint32_t broken = entry_breaks(s, &s->timeline[i]);
        for (uint32_t bit = 0; bit < sizeof whats / sizeof *whats; bit++) {
            if (broken >> bit & 1)
                warn(s, broken, s->timeline[i].mark, whats[bit], d);
        }
    }
    for (uint32_t i = 0; i < s->members; i++) {
        snprintf(what, sizeof what, "the drift of %s", s->names[i]);
        if (drifts(s, s->clock[i].drift_ppm))
            warn(s, MUSTER_ASSUME_DRIFT, mark_in(s, "clocks", s->names[i]), what, d);
    }
    for (uint32_t i = 0; i < s->target_count; i++) {
        snprintf(what, sizeof what, "target '%s'", s->target[i].name);
        if (target_breaks(&s->target[i]))
            warn(s, MUSTER_ASSUME_FENCING, mark_in(s, "targets", s->target[i].name), what, d);
    }
}
