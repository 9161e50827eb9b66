/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that read a node's config give one another. Not for others. */
#ifndef MUSTER_CONFIG_EDGE_H
#define MUSTER_CONFIG_EDGE_H

#include "config/node_config.h"

#define EDGE_NOTES_MAX 32

/* One load of the enhanced orchestrator's part. */
struct edge {
    struct muster_node_config *c;
    struct muster_diagnostics *d;
    struct muster_responses responses;
    const char *action[MUSTER_ACTIONS_MAX]; /* where each name stands, or will */
    /* Conditions are compiled last, when every action and type has been named; null: none. */
    const struct muster_doc *step_condition[MUSTER_POLICY_STEPS_MAX];
    const struct muster_doc *rule_condition[MUSTER_PHASE_RULES_MAX];
    const char *noted[EDGE_NOTES_MAX]; /* keys of which it has been said that they do nothing */
    uint32_t noted_count;
};

#define EDGE_ERROR(e, mark, ...) muster_complain((e)->d, MUSTER_SEVERITY_ERROR, mark, __VA_ARGS__)
#define EDGE_WARNING(e, mark, ...)                                                                 \
    muster_complain((e)->d, MUSTER_SEVERITY_WARNING, mark, __VA_ARGS__)

/* core_config.c */
bool edge_core_has(const char *key);
bool edge_core_is_near(const char *key); /* a misspelt one, perhaps */
bool edge_is_name(const char *text);
bool edge_action_is_known(const char *name);
/* A new action with its defaults; null when there are too many. */
struct muster_action_config *edge_action_add(struct muster_recovery_config *r, const char *name);

/* enhanced_config.c */
/* The value of a key; null when it is absent or stands for nothing. */
const struct muster_doc *edge_get(const struct muster_doc *mapping, const char *key);
/* The same, of a kind; null after a complaint, too. */
const struct muster_doc *edge_mapping(struct edge *e, const struct muster_doc *mapping,
                                      const char *key, const char *example);
/* Read a value if it is there. */
void edge_share(struct edge *e, const struct muster_doc *mapping, const char *key, uint32_t max,
                uint32_t *value);
void edge_count(struct edge *e, const struct muster_doc *mapping, const char *key, uint32_t min,
                uint32_t max, uint32_t *value);
void edge_seconds(struct edge *e, const struct muster_doc *mapping, const char *key, muster_dur min,
                  muster_dur *value);
void edge_boolean(struct edge *e, const struct muster_doc *mapping, const char *key, bool *value);
/* Whether nothing has been said of a word yet; it is kept, not copied. */
bool edge_is_new(struct edge *e, const char *word);
/* Say once of a key that it does nothing; null says nothing. */
void edge_note_idle(struct edge *e, const struct muster_doc *value);
/* "unknown WHAT 'x', did you mean 'y'?", else with what there is to do instead. */
void edge_unknown(struct edge *e, const struct muster_doc *node, const char *what,
                  const char *const *candidates, const char *instead);
/* "; expected one of a, b, …", as many as there is room for. */
void edge_list(const char *const *known, char *text, size_t size);
/* Whether a word is likely a misspelt key of a node's config. */
bool edge_is_near(const char *key);
/* The actions that are configured by now. */
struct muster_names edge_actions(const struct edge *e);
/* The index of an action, which is added when it is one of SPEC 1's; MUSTER_NAME_NONE, and no
 * complaint, when there is none. */
uint32_t edge_action(struct edge *e, const struct muster_doc *node, const char *name);

/* policies.c, phases.c: everything but the conditions */
void edge_policies(struct edge *e, const struct muster_doc *policies);
void edge_responses(struct edge *e, const struct muster_doc *root);
void edge_phases(struct edge *e, const struct muster_doc *root);

/* attempts.c, of both orchestrators */
void edge_attempts(struct edge *e, const struct muster_doc *root, struct muster_acting_options *a);
void edge_put_attempts(struct muster_text *t, const struct muster_acting_options *a);

/* conditions.c */
void edge_conditions(struct edge *e);

/* core_config_write.c, enhanced_write.c */
/* ", KEY: VALUEunit" */
void edge_put(struct muster_text *t, const char *key, uint64_t value, const char *unit);
void edge_put_restrictions(struct muster_text *t, const struct muster_enhanced_config *c,
                           uint32_t action);
void edge_put_enhanced(struct muster_text *t, const struct muster_config *c);

/* params.c */
/* A value as JSON without blanks, readable as YAML, too: strings in double quotes, numbers, true,
 * false and null as they were written. Complains of what is no UTF-8, and of values nested deeper
 * than `depth`. */
int edge_json(const struct muster_doc *node, uint32_t depth, struct muster_text *t,
              struct muster_diagnostics *d);
/* A string of it; false, with nothing to be read in t, when it is no UTF-8. */
bool edge_json_string(struct muster_text *t, const char *text);

#endif
