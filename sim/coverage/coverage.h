/* SPDX-License-Identifier: Apache-2.0 */
/* Scenario coverage: which rules have fired, in which state of the protocol, under which fault.
 *
 * A cell is (fault, moment, state, rule). A fault counts as `active` while it lasts and as `after`
 * for a while once it is over, or when it is an instant; a record under several faults is a cell
 * of each. The state is what a stranger can tell from the records so far: the role of the process
 * that the record is of, how many claim to lead, whether the process is behind the highest epoch
 * that was won, whether an action is under way. A rule is a transition note, told apart by its
 * reason or result where it has one, or what a target or the executor answered.
 *
 * The sets are bitmaps of one size, so that any two can be merged. */
#ifndef MUSTER_SIM_COVERAGE_COVERAGE_H
#define MUSTER_SIM_COVERAGE_COVERAGE_H

#include "sim/coverage/faults.h"
#include "sim/world.h"

#define MUSTER_COVERAGE_MOMENTS(X) X(ACTIVE, "active") X(AFTER, "after")
#define MUSTER_COVERAGE_ROLES(X)                                                                   \
    X(NEW, "new")             /* started, and not joined yet */                                    \
    X(FOLLOWER, "follower")   /* joined */                                                         \
    X(CANDIDATE, "candidate") /* campaigns, or holds an unconfirmed record */                      \
    X(LEADER, "leader")                                                                            \
    X(FORMER, "former") /* has led, and nothing since */
#define MUSTER_COVERAGE_LEADERS(X) X(NONE, "no_leader") X(ONE, "one_leader") X(MORE, "two_leaders")
#define MUSTER_COVERAGE_EPOCHS(X)  X(LEVEL, "level") X(BEHIND, "behind")
#define MUSTER_COVERAGE_ACTING(X)  X(IDLE, "idle") X(ACTING, "acting")

#define X(id, name) MUSTER_COVERED_##id,
enum muster_coverage_moment { MUSTER_COVERAGE_MOMENTS(X) MUSTER_COVERED_MOMENTS };
#undef X
#define X(id, name) MUSTER_ROLE_##id,
enum muster_coverage_role { MUSTER_COVERAGE_ROLES(X) MUSTER_COVERED_ROLES };
#undef X

#define MUSTER_COVERED_STATES (MUSTER_COVERED_ROLES * 3 * 2 * 2)
#define MUSTER_COVERED_RULES  256
#define MUSTER_COVERED_CELLS                                                                       \
    (MUSTER_FAULT_COUNT * MUSTER_COVERED_MOMENTS * MUSTER_COVERED_STATES * MUSTER_COVERED_RULES)

/* Which cells have been seen. Empty when zeroed. */
struct muster_coverage {
    uint64_t bits[(MUSTER_COVERED_CELLS + 63) / 64];
};

struct muster_cell {
    uint32_t fault, moment, state, rule;
};
uint32_t muster_cell_index(struct muster_cell cell);
struct muster_cell muster_cell_at(uint32_t index);

bool muster_coverage_has(const struct muster_coverage *c, uint32_t cell);
/* True when it is new. Several processes may add to one set in shared memory. */
bool muster_coverage_add(struct muster_coverage *c, uint32_t cell);
/* Returns how many cells were new to *into. */
uint32_t muster_coverage_merge(struct muster_coverage *into, const struct muster_coverage *from);
uint32_t muster_coverage_count(const struct muster_coverage *c);

/* Names of the axes. A state is "follower no_leader behind acting". Custom notes are "note.0" … */
void muster_coverage_state_name(uint32_t state, char *text, size_t size);
/* The other way round; MUSTER_ANY when there is none of that name. */
uint32_t muster_coverage_state_by_name(const char *name);
/* Null for a number that is not used. */
const char *muster_coverage_rule_name(uint32_t rule);
uint32_t muster_coverage_rule_by_name(const char *name);
extern const char *const muster_coverage_moment_names[MUSTER_COVERED_MOMENTS + 1];
extern const char *const muster_coverage_role_names[MUSTER_COVERED_ROLES + 1];
enum muster_coverage_role muster_coverage_role_of(uint32_t state);

/* Watches one run, record by record. Zero it, set `seen`, and hand it to muster_coverage_see. */
struct muster_coverage_watch {
    struct muster_coverage *seen; /* what the run reaches is added */
    uint32_t *fresh;              /* cells that were new to `seen`, in order; may be null */
    uint32_t fresh_count, fresh_most;

    /* Its own. */
    uint64_t active, after;               /* sets of faults */
    uint32_t lasting[MUSTER_FAULT_COUNT]; /* entries of a kind that are active */
    muster_time over[MUSTER_FAULT_COUNT]; /* when the last one was */
    uint64_t highest;                     /* epoch that was won */
    uint32_t leaders, acting;
    struct {
        uint8_t role;
        uint64_t epoch; /* the highest it has promised or won */
        uint32_t actions;
    } process[MUSTER_PROCESSES_MAX];
};
/* A muster_record_sink; cookie is the watch. */
void muster_coverage_see(void *watch, const struct muster_world *w, const struct muster_record *r);

#endif
