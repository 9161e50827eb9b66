/* SPDX-License-Identifier: Apache-2.0 */
/* Cells of coverage: their numbers, their names, and how a run reaches them. */
#include "sim/coverage/coverage.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define AFTER (5 * MUSTER_SECOND) /* a fault has consequences for so long */

/* ---- names ---- */

#define X(id, name) name,
const char *const muster_coverage_moment_names[] = {MUSTER_COVERAGE_MOMENTS(X) NULL};
const char *const muster_coverage_role_names[] = {MUSTER_COVERAGE_ROLES(X) NULL};
static const char *const leader_names[] = {MUSTER_COVERAGE_LEADERS(X) NULL};
static const char *const epoch_names[] = {MUSTER_COVERAGE_EPOCHS(X) NULL};
static const char *const acting_names[] = {MUSTER_COVERAGE_ACTING(X) NULL};
#undef X

/* Notes by their number, then those that have a reason by it, then targets and the executor. */
enum rule {
    RULE_NOTES = 0,
    RULE_CUSTOM = MUSTER_NOTE_COUNT,
    RULE_CUSTOMS = 48,
    RULE_LOST = RULE_CUSTOM + RULE_CUSTOMS,
    RULE_ENDED = RULE_LOST + MUSTER_LOST_COUNT,
    RULE_SKIPPED = RULE_ENDED + MUSTER_RESULT_COUNT,
    RULE_ERROR = RULE_SKIPPED + MUSTER_RESULT_COUNT,
    RULE_TARGETS = RULE_ERROR + MUSTER_REACTION_COUNT,
};
static const struct {
    uint16_t kind;
    const char *name;
} told[] = {
    {MUSTER_EVENT_TARGET_STARTED, "target_started"},
    {MUSTER_EVENT_TARGET_REFUSED, "target_refused"},
    {MUSTER_EVENT_TARGET_REPEATED, "target_repeated"},
    {MUSTER_EVENT_TARGET_SEALED, "target_sealed"},
    {MUSTER_EVENT_EXECUTOR_DROPPED, "executor_dropped"},
};
#define TOLD (sizeof told / sizeof told[0])
_Static_assert(RULE_TARGETS + TOLD <= MUSTER_COVERED_RULES, "rules fit");

static const char *const rule_names[MUSTER_COVERED_RULES] = {
#define X(id, name, a, b, c, d, what) [RULE_NOTES + MUSTER_NOTE_##id] = name,
    MUSTER_NOTES(X)
#undef X
#define X(id, text) [RULE_LOST + MUSTER_LOST_##id] = "leader_lost:" #id,
        MUSTER_LOST(X)
#undef X
#define X(id, name) [RULE_ENDED + MUSTER_RESULT_##id] = "action_ended:" name,
            MUSTER_RESULTS(X)
#undef X
#define X(id, name) [RULE_SKIPPED + MUSTER_RESULT_##id] = "action_skipped:" name,
                MUSTER_RESULTS(X)
#undef X
#define X(id, text) [RULE_ERROR + MUSTER_REACTION_##id] = "store_error:" #id,
                    MUSTER_REACTIONS(X)
#undef X
#define X(n) [RULE_CUSTOM + (n)] = "note." #n
                        X(0),
    X(1),
    X(2),
    X(3),
    X(4),
    X(5),
    X(6),
    X(7),
    X(8),
    X(9),
    X(10),
    X(11),
    X(12),
    X(13),
    X(14),
    X(15),
    X(16),
    X(17),
    X(18),
    X(19),
    X(20),
    X(21),
    X(22),
    X(23),
    X(24),
    X(25),
    X(26),
    X(27),
    X(28),
    X(29),
    X(30),
    X(31),
    X(32),
    X(33),
    X(34),
    X(35),
    X(36),
    X(37),
    X(38),
    X(39),
    X(40),
    X(41),
    X(42),
    X(43),
    X(44),
    X(45),
    X(46),
    X(47)
#undef X
};

const char *muster_coverage_rule_name(uint32_t rule)
{
    if (rule >= RULE_TARGETS && rule < RULE_TARGETS + TOLD)
        return told[rule - RULE_TARGETS].name;
    return rule < MUSTER_COVERED_RULES ? rule_names[rule] : NULL;
}

uint32_t muster_coverage_rule_by_name(const char *name)
{
    for (uint32_t i = 0; i < MUSTER_COVERED_RULES; i++) {
        const char *known = muster_coverage_rule_name(i);
        if (known && strcmp(known, name) == 0)
            return i;
    }
    return MUSTER_ANY;
}

enum muster_coverage_role muster_coverage_role_of(uint32_t state)
{
    return (enum muster_coverage_role)(state / 12);
}

void muster_coverage_state_name(uint32_t state, char *text, size_t size)
{
    assert(state < MUSTER_COVERED_STATES);
    snprintf(text, size, "%s %s %s %s", muster_coverage_role_names[state / 12],
             leader_names[state / 4 % 3], epoch_names[state / 2 % 2], acting_names[state % 2]);
}

uint32_t muster_coverage_state_by_name(const char *name)
{
    char text[64];
    for (uint32_t i = 0; i < MUSTER_COVERED_STATES; i++) {
        muster_coverage_state_name(i, text, sizeof text);
        if (strcmp(text, name) == 0)
            return i;
    }
    return MUSTER_ANY;
}

/* ---- sets ---- */

uint32_t muster_cell_index(struct muster_cell c)
{
    assert(c.fault < MUSTER_FAULT_COUNT && c.moment < MUSTER_COVERED_MOMENTS);
    assert(c.state < MUSTER_COVERED_STATES && c.rule < MUSTER_COVERED_RULES);
    return ((c.fault * MUSTER_COVERED_MOMENTS + c.moment) * MUSTER_COVERED_STATES + c.state) *
               MUSTER_COVERED_RULES +
           c.rule;
}

struct muster_cell muster_cell_at(uint32_t index)
{
    assert(index < MUSTER_COVERED_CELLS);
    struct muster_cell c = {.rule = index % MUSTER_COVERED_RULES};
    index /= MUSTER_COVERED_RULES;
    c.state = index % MUSTER_COVERED_STATES;
    index /= MUSTER_COVERED_STATES;
    c.moment = index % MUSTER_COVERED_MOMENTS;
    c.fault = index / MUSTER_COVERED_MOMENTS;
    return c;
}

bool muster_coverage_has(const struct muster_coverage *c, uint32_t cell)
{
    assert(cell < MUSTER_COVERED_CELLS);
    return __atomic_load_n(&c->bits[cell / 64], __ATOMIC_RELAXED) >> cell % 64 & 1;
}

bool muster_coverage_add(struct muster_coverage *c, uint32_t cell)
{
    uint64_t bit = UINT64_C(1) << cell % 64;
    return !muster_coverage_has(c, cell) &&
           !(__atomic_fetch_or(&c->bits[cell / 64], bit, __ATOMIC_RELAXED) & bit);
}

uint32_t muster_coverage_merge(struct muster_coverage *into, const struct muster_coverage *from)
{
    uint32_t fresh = 0;
    for (size_t i = 0; i < sizeof into->bits / sizeof into->bits[0]; i++) {
        fresh += (uint32_t)__builtin_popcountll(from->bits[i] & ~into->bits[i]);
        into->bits[i] |= from->bits[i];
    }
    return fresh;
}

uint32_t muster_coverage_count(const struct muster_coverage *c)
{
    uint32_t count = 0;
    for (size_t i = 0; i < sizeof c->bits / sizeof c->bits[0]; i++)
        count += (uint32_t)__builtin_popcountll(c->bits[i]);
    return count;
}

/* ---- a run ---- */

static uint32_t rule_of(const struct muster_record *r)
{
    if (r->kind >= MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM) {
        uint32_t custom = r->kind - MUSTER_EVENT_NOTE - MUSTER_NOTE_CUSTOM;
        return custom < RULE_CUSTOMS ? RULE_CUSTOM + custom : MUSTER_ANY;
    }
    if (r->kind < MUSTER_EVENT_NOTE) {
        for (uint32_t i = 0; i < TOLD; i++)
            if (told[i].kind == r->kind)
                return RULE_TARGETS + i;
        return MUSTER_ANY;
    }
    uint32_t note = r->kind - MUSTER_EVENT_NOTE;
    if (note == MUSTER_NOTE_LEADER_LOST && r->arg[2] < MUSTER_LOST_COUNT)
        return RULE_LOST + (uint32_t)r->arg[2];
    if (note == MUSTER_NOTE_ACTION_ENDED && r->arg[2] < MUSTER_RESULT_COUNT)
        return RULE_ENDED + (uint32_t)r->arg[2];
    if (note == MUSTER_NOTE_ACTION_SKIPPED && r->arg[0] < MUSTER_RESULT_COUNT)
        return RULE_SKIPPED + (uint32_t)r->arg[0];
    if (note == MUSTER_NOTE_STORE_ERROR && r->arg[0] < MUSTER_REACTION_COUNT)
        return RULE_ERROR + (uint32_t)r->arg[0];
    return note < MUSTER_NOTE_COUNT ? note : MUSTER_ANY;
}

static void see_fault(struct muster_coverage_watch *x, const struct muster_world *w,
                      const struct muster_record *r)
{
    const struct muster_entry *e = &muster_world_scenario(w)->timeline[r->arg[0]];
    enum muster_fault fault = muster_fault_of(e);
    uint64_t bit = UINT64_C(1) << fault;
    if (r->kind == MUSTER_EVENT_FIRED && e->lasts > 0) {
        x->lasting[fault]++;
        x->active |= bit;
        return;
    }
    if (r->kind == MUSTER_EVENT_ENDED && x->lasting[fault] > 0 && --x->lasting[fault] == 0)
        x->active &= ~bit;
    x->after |= bit;
    x->over[fault] = r->time;
}

static void become(struct muster_coverage_watch *x, uint32_t p, enum muster_coverage_role role)
{
    x->leaders -= x->process[p].role == MUSTER_ROLE_LEADER;
    x->leaders += role == MUSTER_ROLE_LEADER;
    x->process[p].role = (uint8_t)role;
}

static void see_epoch(struct muster_coverage_watch *x, uint32_t p, uint64_t epoch)
{
    if (epoch > x->process[p].epoch)
        x->process[p].epoch = epoch;
}

static void end_actions(struct muster_coverage_watch *x, uint32_t p)
{
    x->acting -= x->process[p].actions;
    x->process[p].actions = 0;
}

/* The state after a record. */
static void see_state(struct muster_coverage_watch *x, const struct muster_record *r)
{
    uint32_t p = r->process;
    switch (r->kind) {
    case MUSTER_EVENT_NOTE + MUSTER_NOTE_JOINED:
        become(x, p, MUSTER_ROLE_FOLLOWER);
        break;
    case MUSTER_EVENT_NOTE + MUSTER_NOTE_PROMISED:
        see_epoch(x, p, r->arg[0]);
        break;
    case MUSTER_EVENT_NOTE + MUSTER_NOTE_CAMPAIGN:
    case MUSTER_EVENT_NOTE + MUSTER_NOTE_ACQUIRED:
        become(x, p, MUSTER_ROLE_CANDIDATE);
        break;
    case MUSTER_EVENT_NOTE + MUSTER_NOTE_ATTEMPT_RELEASED:
        become(x, p, MUSTER_ROLE_FOLLOWER);
        break;
    case MUSTER_EVENT_NOTE + MUSTER_NOTE_LEADER_ELECTED:
        become(x, p, MUSTER_ROLE_LEADER);
        see_epoch(x, p, r->arg[0]);
        x->highest = r->arg[0] > x->highest ? r->arg[0] : x->highest;
        break;
    case MUSTER_EVENT_NOTE + MUSTER_NOTE_LEADER_LOST:
        become(x, p, MUSTER_ROLE_FORMER);
        break;
    case MUSTER_EVENT_NOTE + MUSTER_NOTE_ACTION_STARTED:
        x->process[p].actions++;
        x->acting++;
        break;
    case MUSTER_EVENT_NOTE + MUSTER_NOTE_ACTION_ENDED:
        if (x->process[p].actions > 0) {
            x->process[p].actions--;
            x->acting--;
        }
        break;
    case MUSTER_EVENT_CRASH:
    case MUSTER_EVENT_RESTART:
        become(x, p, MUSTER_ROLE_NEW);
        end_actions(x, p);
        break;
    default:
        break;
    }
}

static uint32_t state_of(const struct muster_coverage_watch *x, uint32_t p)
{
    uint32_t leaders = x->leaders < 2 ? x->leaders : 2;
    bool behind = x->process[p].epoch < x->highest;
    return ((x->process[p].role * 3 + leaders) * 2 + behind) * 2 + (x->acting > 0);
}

static void reach(struct muster_coverage_watch *x, struct muster_cell cell)
{
    uint32_t index = muster_cell_index(cell);
    if (x->fresh && x->fresh_count == x->fresh_most)
        return; /* what cannot be told of stays new */
    if (muster_coverage_add(x->seen, index) && x->fresh)
        x->fresh[x->fresh_count++] = index;
}

void muster_coverage_see(void *watch, const struct muster_world *w, const struct muster_record *r)
{
    struct muster_coverage_watch *x = watch;
    if (r->kind == MUSTER_EVENT_FIRED || r->kind == MUSTER_EVENT_ENDED) {
        see_fault(x, w, r);
        return;
    }
    if (r->process >= MUSTER_PROCESSES_MAX || r->kind < MUSTER_EVENT_WORLD)
        return;
    struct muster_cell cell = {.rule = rule_of(r)};
    see_state(x, r);
    if (cell.rule == MUSTER_ANY)
        return;
    cell.state = state_of(x, r->process);
    for (uint64_t left = x->active; left != 0; left &= left - 1) {
        cell.fault = (uint32_t)__builtin_ctzll(left);
        reach(x, cell);
    }
    cell.moment = MUSTER_COVERED_AFTER;
    for (uint64_t left = x->after; left != 0; left &= left - 1) {
        cell.fault = (uint32_t)__builtin_ctzll(left);
        if (r->time - x->over[cell.fault] > AFTER)
            x->after &= ~(UINT64_C(1) << cell.fault);
        else
            reach(x, cell);
    }
    if (x->active | x->after)
        return;
    cell.fault = MUSTER_FAULT_NONE;
    cell.moment = MUSTER_COVERED_ACTIVE;
    reach(x, cell);
}
