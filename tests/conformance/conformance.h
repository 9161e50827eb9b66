/* SPDX-License-Identifier: Apache-2.0 */
/* One conformance suite for each port, run against its twin in the world and on a real machine.
 *
 * The suite is itself a process (config/process.h): it puts out effects and looks at the inputs
 * that end them, so the simulator and the daemon's host run the very same code. A COMMAND names the
 * suite to run; whoever runs it has made the situation that the suite is about (a store that
 * answers, one that is silent, a full disk, …). Steps follow one another; each ends in a note,
 * `step_passed` or `step_failed` with what was seen, and the suite in `suite_done`.
 */
#ifndef MUSTER_TESTS_CONFORMANCE_H
#define MUSTER_TESTS_CONFORMANCE_H

#include "config/process.h"
#include "core/flat.h"
#include "core/notes.h"
#include "core/text.h"

#include <stdio.h>

#define CONFORMANCE_PATIENCE (10 * MUSTER_SECOND) /* a step that has not ended by then fails */
#define CONFORMANCE_TAGS     8                    /* effects of one step */

enum conformance_note { CONFORMANCE_PASSED, CONFORMANCE_FAILED, CONFORMANCE_DONE };

struct conformance {
    const struct muster_place *place;
    const struct conformance_suite *suite; /* under way; null: none */
    uint32_t step;
    uint64_t tags;     /* handed out so far */
    muster_time now;   /* of the input */
    muster_time began; /* of the step */
    muster_time deadline, due;
    uint32_t seen; /* inputs of the step that were as they should be */
    uint64_t first_tag;
    char why[200];
    struct muster_effects *out;
};

/* What a step makes of an input: it goes on, has passed, or has failed (why says how). */
enum conformance_verdict { CONFORMANCE_ON, CONFORMANCE_GOOD, CONFORMANCE_BAD };

struct conformance_step {
    const char *name; /* what it demands, as a sentence without a subject */
    void (*begin)(struct conformance *c);
    enum conformance_verdict (*see)(struct conformance *c, const struct muster_input *in);
};

struct conformance_suite {
    const char *name;
    const struct conformance_step *steps; /* ends with a null name */
};

extern const struct conformance_suite conformance_store, conformance_store_silent,
    conformance_store_gone, conformance_disk, conformance_disk_full, conformance_action,
    conformance_health, conformance_health_gone, conformance_clock;

extern const struct muster_process conformance_process;

/* ---- for steps ---- */

/* Effects. Each takes the step's next tag: first_tag, first_tag + 1, … */
void conformance_ask(struct conformance *c, muster_dur timeout, const char *const *words);
void conformance_sample(struct conformance *c, muster_dur timeout);
void conformance_operate(struct conformance *c, enum muster_disk_operation operation, uint64_t file,
                         uint64_t offset, const void *data, size_t size);
struct muster_effect *conformance_act(struct conformance *c, const char *action);

/* Which effect of the step an input ends, from 0; or CONFORMANCE_TAGS. */
uint32_t conformance_which(const struct conformance *c, const struct muster_input *in);
/* BAD, with what was expected and what came. */
enum conformance_verdict conformance_bad(struct conformance *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The reply as text: bulk as is, "+status", "-error", ":1", "nil", "[a b]"; BAD unless equal. text
 * ending in '*' compares the beginning only. */
enum conformance_verdict conformance_reply(struct conformance *c, const struct muster_input *in,
                                           const char *text);
/* How long the step has lasted. */
static inline muster_dur conformance_lasted(const struct conformance *c)
{
    return muster_time_since(c->now, c->began);
}

#endif
