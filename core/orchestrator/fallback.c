/* SPDX-License-Identifier: Apache-2.0 */
/* The fallback manager: see fallback.h. */
#include "core/orchestrator/fallback.h"

#include "core/notes.h"

#include <assert.h>
#include <string.h>

/* "Never better than before" compares modes as numbers. */
_Static_assert(MUSTER_MODE_UNKNOWN < MUSTER_MODE_PRIMARY, "modes go from good to bad");
_Static_assert(MUSTER_MODE_PRIMARY < MUSTER_MODE_HEURISTIC, "modes go from good to bad");
_Static_assert(MUSTER_MODE_HEURISTIC < MUSTER_MODE_SAFE, "modes go from good to bad");

static const char *const cause_texts[] = {
#define X(name, text) text,
    MUSTER_FALLBACK_CAUSES(X)
#undef X
};

const char *muster_fallback_cause_text(uint64_t cause)
{
    return cause < MUSTER_FALLBACK_CAUSE_COUNT ? cause_texts[cause] : "?";
}

void muster_fallback_init(struct muster_fallback *f)
{
    memset(f, 0, sizeof *f);
    assert(f->mode == MUSTER_MODE_UNKNOWN);
    assert(f->cause == MUSTER_FALLBACK_NONE);
}

/* The number of failed components is known, not only a lower bound. */
static bool components_known(const struct muster_health *h)
{
    return h->failed_components != MUSTER_COUNT_UNKNOWN && h->unknown_components == 0;
}

static bool at_least(uint64_t count, uint64_t bound)
{
    return count != MUSTER_COUNT_UNKNOWN && count >= bound;
}

enum muster_fallback_mode muster_fallback_judge(const struct muster_health *health,
                                                enum muster_fallback_mode present,
                                                enum muster_fallback_cause *ret_cause)
{
    enum muster_fallback_mode called_for = MUSTER_MODE_UNKNOWN; /* by what is known */
    enum muster_fallback_cause cause = MUSTER_FALLBACK_RECOVERED;
    bool complete = components_known(health);
    if (at_least(health->failed_components, MUSTER_FALLBACK_FAILED_COMPONENTS)) {
        called_for = MUSTER_MODE_SAFE;
        cause = MUSTER_FALLBACK_COMPONENTS;
    } else if (health->circuit == MUSTER_CIRCUIT_OPEN) {
        called_for = MUSTER_MODE_HEURISTIC;
        cause = MUSTER_FALLBACK_CIRCUIT;
    } else if (at_least(health->failures_1h, MUSTER_FALLBACK_RETRY_FAILURES + 1)) {
        called_for = MUSTER_MODE_HEURISTIC;
        cause = MUSTER_FALLBACK_RETRIES;
    } else if (health->circuit == MUSTER_CIRCUIT_UNKNOWN ||
               health->failures_1h == MUSTER_COUNT_UNKNOWN) {
        complete = false;
    } else if (complete) {
        called_for = MUSTER_MODE_PRIMARY;
    }
    if (!complete && called_for <= present)
        return present;
    if (called_for != present)
        *ret_cause = cause;
    return called_for;
}

static void set_mode(struct muster_fallback *f, muster_time now, enum muster_fallback_mode mode,
                     enum muster_fallback_cause cause, struct muster_effects *out)
{
    assert(mode != MUSTER_MODE_UNKNOWN);
    if (mode == f->mode)
        return;
    uint64_t arg[4] = {mode, f->mode, cause, 0};
    muster_effects_note(out, MUSTER_NOTE_FALLBACK, arg, muster_fallback_cause_text(cause));
    f->mode = mode;
    f->cause = cause;
    f->since = now;
    f->transitions++;
}

void muster_fallback_observe(struct muster_fallback *f, muster_time now,
                             const struct muster_health *health, struct muster_effects *out)
{
    enum muster_fallback_cause cause = MUSTER_FALLBACK_NONE;
    enum muster_fallback_mode local = muster_fallback_judge(health, f->local, &cause);
    if (local == f->local)
        return;
    f->local = local;
    set_mode(f, now, local, cause, out);
}

bool muster_fallback_decide(struct muster_fallback *f, muster_time now, uint64_t mode,
                            struct muster_effects *out)
{
    if (mode < MUSTER_MODE_PRIMARY || mode > MUSTER_MODE_SAFE)
        return false;
    set_mode(f, now, (enum muster_fallback_mode)mode, MUSTER_FALLBACK_CONSENSUS, out);
    return true;
}

void muster_fallback_cascade(struct muster_fallback *f, muster_time now, struct muster_effects *out)
{
    set_mode(f, now, MUSTER_MODE_SAFE, MUSTER_FALLBACK_SAFE_MODE, out);
}
