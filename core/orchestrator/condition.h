/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions of policies (SPEC 1): compiled once when the config is loaded, evaluated at run time.
 *
 *   condition  = and { "or" and }
 *   and        = not { "and" not }
 *   not        = "not" not | "(" condition ")" | comparison | boolean
 *   comparison = value (">=" | "<=" | ">" | "<" | "==" | "!=") value
 *   value      = variable | number | level, bare or in "double" or 'single' quotes
 *   boolean    = "always" | ACTION "_failed" | TYPE, which ends in "_fault"
 *
 * The language's own words (or, and, not, always, the levels) read in upper and lower case; all
 * other names are exact. Numbers are decimals, exact to a millionth. Variables: severity,
 * confidence, recurrence_count (short: recurrence), duration in seconds, step, simultaneous_faults.
 * A comparison has a variable on at least one side; with a level (LOW, MEDIUM, HIGH, CRITICAL) that
 * is severity, and its class is what is compared. ACTION_failed: the last run of the action in this
 * chain failed. TYPE: an anomaly of that type is active.
 *
 * Unknown names and wrong types are errors of compilation. Evaluation cannot fail; a comparison
 * with a fact that is not known is false whichever way it is written, so with an unknown severity
 * neither `severity >= 0.7` nor `severity < 0.7` holds, but `not severity >= 0.7` does.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_CONDITION_H
#define MUSTER_CORE_ORCHESTRATOR_CONDITION_H

#include "core/config.h"
#include "core/orchestrator/names.h"

#define MUSTER_CONDITION_TOKENS_MAX  50
#define MUSTER_CONDITION_NUMBERS_MAX 12   /* comparisons that fit into so many tokens */
#define MUSTER_CONDITION_TEXT_MAX    1024 /* bytes of source */
#define MUSTER_CONDITION_ACTIONS_MAX 64   /* one bit of the facts each */
#define MUSTER_CONDITION_WORD_MAX    40   /* any word of a condition, with the final 0 */
#define MUSTER_ANOMALY_TYPES_MAX     32

/* Classes of severity: from 0.4 MEDIUM, from 0.7 HIGH, from 0.9 CRITICAL. */
#define MUSTER_LEVELS(X) X(LOW) X(MEDIUM) X(HIGH) X(CRITICAL)

enum muster_level {
#define X(name) MUSTER_LEVEL_##name,
    MUSTER_LEVELS(X)
#undef X
        MUSTER_LEVEL_COUNT
};

enum muster_level muster_level_of(uint32_t severity_ppm);
/* The word of a level; "?" outside the range. */
const char *muster_level_text(uint64_t level);
/* The level a word names, in either case. Errors: MUSTER_E_NOTFOUND; *ret_level is untouched. */
int muster_level_parse(struct muster_bytes word, enum muster_level *ret_level);

/* The names that anomaly types go by; an index into it is how the core speaks of a type. */
struct muster_anomaly_types {
    char name[MUSTER_ANOMALY_TYPES_MAX][MUSTER_NAME_MAX + 1];
    uint32_t count;
};

/* The index of a type, or MUSTER_NAME_NONE. */
uint32_t muster_anomaly_type_find(const struct muster_anomaly_types *types,
                                  struct muster_bytes name);

/* What a condition may speak of; all of it is the caller's. */
struct muster_condition_names {
    struct muster_names actions; /* at most MUSTER_CONDITION_ACTIONS_MAX */
    struct muster_anomaly_types *types;
    bool types_open; /* compiling adds a type that is not in the list, instead of refusing it */
};

/* Steps of a program, in postfix order: comparisons and booleans push, the others combine. */
enum muster_condition_kind {
    MUSTER_CONDITION_ALWAYS = 1,
    MUSTER_CONDITION_NUMBER,   /* variable, relation, operand: index of a number */
    MUSTER_CONDITION_LEVEL,    /* severity's class, relation, operand: level */
    MUSTER_CONDITION_VARIABLE, /* variable, relation, operand: another variable */
    MUSTER_CONDITION_FAILED,   /* operand: index of an action */
    MUSTER_CONDITION_ACTIVE,   /* operand: index of an anomaly type */
    MUSTER_CONDITION_NOT,
    MUSTER_CONDITION_AND,
    MUSTER_CONDITION_OR,
};

struct muster_condition_step {
    uint8_t kind;
    uint8_t variable;
    uint8_t relation;
    uint8_t operand;
};

/* A compiled condition: plain data, copied by assignment, the same bytes for the same text and
 * names. All zero is a condition that never holds. */
struct muster_condition {
    uint64_t number_ppm[MUSTER_CONDITION_NUMBERS_MAX];
    struct muster_condition_step step[MUSTER_CONDITION_TOKENS_MAX];
    uint32_t step_count;
    uint32_t number_count;
};

/* What a caller may offer in place of a word that was not understood. */
enum muster_condition_offer {
    MUSTER_CONDITION_OFFER_NOTHING,
    MUSTER_CONDITION_OFFER_NAMES,  /* every word there is, but for levels */
    MUSTER_CONDITION_OFFER_LEVELS, /* LOW … CRITICAL */
};

/* The first thing wrong in a text: where, in bytes (length 0 at its end), and what, in printable
 * ASCII, without capital or full stop. */
struct muster_condition_error {
    uint32_t offset;
    uint32_t length;
    enum muster_condition_offer offer;
    char text[128];
};

/* Compile a text. Errors: MUSTER_E_INVALID; *error then says why, *ret_condition never holds, and
 * the names are as before. */
int muster_condition_compile(struct muster_bytes text, const struct muster_condition_names *names,
                             struct muster_condition *ret_condition,
                             struct muster_condition_error *error);
/* `always`, for a policy that states no condition. */
void muster_condition_always(struct muster_condition *ret_condition);

/* Write number i, from 0, of what is on offer; false when there are no more. */
bool muster_condition_candidate(const struct muster_condition_names *names,
                                enum muster_condition_offer offer, uint32_t i,
                                char room[MUSTER_CONDITION_WORD_MAX]);

#define MUSTER_FACT_UNKNOWN UINT32_MAX

struct muster_condition_facts {
    muster_dur duration; /* of the fault so far, compared in whole µs; MUSTER_NEVER: unknown */
    uint64_t failed;     /* bit i: the last run of action i in this chain failed */
    uint64_t active;     /* bit i: an anomaly of type i is active */
    /* MUSTER_FACT_UNKNOWN: the source did not say. */
    uint32_t severity_ppm;
    uint32_t confidence_ppm;
    uint32_t recurrence_count;
    uint32_t step; /* of the chain, from 1 */
    uint32_t simultaneous_faults;
};

/* Nothing known, nothing failed, nothing active. */
void muster_condition_facts_init(struct muster_condition_facts *f);

bool muster_condition_holds(const struct muster_condition *c,
                            const struct muster_condition_facts *f);

/* Write the text of a condition, with no more parentheses than it needs, so that it never has more
 * tokens than what it was compiled from: compiled with the same names it gives the same bytes
 * again. One that never holds has no text. */
void muster_condition_write(const struct muster_condition *c,
                            const struct muster_condition_names *names, struct muster_text *t);

#endif
