/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the condition language share: variables, relations, tokens. */
#ifndef MUSTER_CORE_ORCHESTRATOR_CONDITION_INSIDE_H
#define MUSTER_CORE_ORCHESTRATOR_CONDITION_INSIDE_H

#include "core/orchestrator/condition.h"
#include "core/text.h"

#define MUSTER_VARIABLES(X)                                                                        \
    X(SEVERITY, "severity")                                                                        \
    X(CONFIDENCE, "confidence")                                                                    \
    X(RECURRENCE, "recurrence_count")                                                              \
    X(DURATION, "duration")                                                                        \
    X(STEP, "step")                                                                                \
    X(SIMULTANEOUS, "simultaneous_faults")

enum muster_variable {
#define X(name, text) MUSTER_VARIABLE_##name,
    MUSTER_VARIABLES(X)
#undef X
        MUSTER_VARIABLE_COUNT
};

enum muster_relation {
    MUSTER_RELATION_AT_LEAST,
    MUSTER_RELATION_AT_MOST,
    MUSTER_RELATION_ABOVE,
    MUSTER_RELATION_BELOW,
    MUSTER_RELATION_EQUAL,
    MUSTER_RELATION_UNEQUAL,
};

enum muster_token_kind {
    MUSTER_TOKEN_END,
    MUSTER_TOKEN_OR,
    MUSTER_TOKEN_AND,
    MUSTER_TOKEN_NOT,
    MUSTER_TOKEN_OPEN,
    MUSTER_TOKEN_CLOSE,
    MUSTER_TOKEN_RELATION,
    MUSTER_TOKEN_NUMBER,
    MUSTER_TOKEN_WORD,   /* a run of letters, digits, '_' and '.' that is no number */
    MUSTER_TOKEN_QUOTED, /* with its quotes */
    MUSTER_TOKEN_STRAY,  /* none of the language */
};

struct muster_token {
    enum muster_token_kind kind;
    enum muster_relation relation; /* of RELATION */
    const char *instead;           /* of STRAY: what was probably meant; null when nobody knows */
    struct muster_bytes text;      /* within the source; empty at the end */
};

/* The first token at or after text.at[offset], whose end is where the next search begins. */
struct muster_token muster_token_next(struct muster_bytes text, size_t offset);
/* A NUMBER's value. Errors: MUSTER_E_INVALID when it is finer than a millionth, MUSTER_E_NOSPACE
 * when it is too large; *value_ppm is then untouched. */
int muster_token_number(struct muster_bytes text, uint64_t *value_ppm);
/* The action whose failure `STEM_failed` speaks of, or MUSTER_NAME_NONE. */
uint32_t muster_condition_action(const struct muster_condition_names *names,
                                 struct muster_bytes stem);
/* The word of a variable; "?" outside the range. */
const char *muster_condition_variable_text(uint64_t variable);
/* The variable of that name; MUSTER_VARIABLE_COUNT when there is none. */
enum muster_variable muster_condition_variable(struct muster_bytes word);
/* The same word, in either case. */
bool muster_word_equal(struct muster_bytes word, const char *text);
/* Take the ending off a longer word; false when it does not end so. */
bool muster_word_strip(struct muster_bytes *word, const char *ending);

#endif
