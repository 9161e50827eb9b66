/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the scenario loader give one another. Not for others. */
#ifndef MUSTER_SIM_SCENARIO_INSIDE_H
#define MUSTER_SIM_SCENARIO_INSIDE_H

#include "config/memory.h"
#include "sim/scenario/scenario.h"

#define BINDINGS_MAX 256
#define ENTRIES_MAX  4096
#define POINTS_MAX   4096
#define TIME_MAX     (100 * 86400 * MUSTER_SECOND) /* a trace's integers end after 104 days */

struct loader {
    struct muster_scenario *s;
    struct muster_memory memory;
    const struct muster_registry *registry;
    struct muster_diagnostics *d;
    struct muster_sources *sources;
    const struct muster_doc *env;          /* what ${…} stands for; may be null */
    const char *binding[BINDINGS_MAX + 1]; /* names given with `as`; ends with null */
    uint32_t bindings;
    const char *target_names[MUSTER_TARGETS_MAX + 1]; /* ends with null */
    struct muster_health_point *points;               /* the scenario's, until they are in order */
    struct health_change *changes; /* every change of health, in the order of the file */
    uint32_t change_count, change_capacity;
};

#define COMPLAIN(l, mark, ...) muster_complain((l)->d, MUSTER_SEVERITY_ERROR, mark, __VA_ARGS__)

/* A value of the scenario that is absent or stands for nothing is null. */
const struct muster_doc *field(const struct muster_doc *mapping, const char *key);
/* The same, of a kind; null after a complaint, too. */
const struct muster_doc *field_mapping(struct loader *l, const struct muster_doc *mapping,
                                       const char *key);
const struct muster_doc *field_list(struct loader *l, const struct muster_doc *mapping,
                                    const char *key);
/* Read a field if it is there; bounds as in the reader. */
void take_duration(struct loader *l, const struct muster_doc *mapping, const char *key,
                   muster_dur min, muster_dur max, muster_dur *value);
void take_signed(struct loader *l, const struct muster_doc *mapping, const char *key,
                 int64_t *value);
void take_drift(struct loader *l, const struct muster_doc *mapping, const char *key,
                int32_t *value);
void take_boolean(struct loader *l, const struct muster_doc *mapping, const char *key, bool *value);
void take_count(struct loader *l, const struct muster_doc *mapping, const char *key, uint32_t min,
                uint32_t max, uint32_t *value);
void take_word(struct loader *l, const struct muster_doc *mapping, const char *key,
               const char *const *words, uint32_t *value);
/* "unknown WHAT 'x', did you mean 'y'?", or with the list of what there is. */
void complain_unknown(struct loader *l, const struct muster_doc *node, const char *what,
                      const char *const *candidates);
/* A node as one line of YAML in flow style, at most 255 bytes. */
const char *render(struct loader *l, const struct muster_doc *node);

/* files.c: the file with its includes merged and its variables replaced; null after complaints. */
const struct muster_doc *read_files(struct loader *l, const char *path,
                                    struct muster_sources *sources);

/* fuzz.c: after the members. */
void load_fuzz(struct loader *l, const struct muster_doc *root);

/* electorate.c: after the members. */
void load_electorates(struct loader *l, const struct muster_doc *cluster);

/* config.c: after the members and the process. */
void load_configs(struct loader *l, const struct muster_doc *cluster);

/* setting.c: what the world is made of. */
void load_network(struct loader *l, const struct muster_doc *root);
void load_clocks(struct loader *l, const struct muster_doc *root);
void load_store(struct loader *l, const struct muster_doc *root);
void load_disk(struct loader *l, const struct muster_doc *root);
/* Overwrite what the mapping says of a link. `more`: keys that others read, ends with null. */
void load_link(struct loader *l, const struct muster_doc *mapping, struct muster_link_config *link);
bool load_link_ends(struct loader *l, const char *name, struct muster_mark mark,
                    struct muster_link_rule *rule);
/* What holds for a link before anything is said of it: a rule, or the default of its kind. */
struct muster_link_config link_before(const struct muster_scenario *s,
                                      const struct muster_link_rule *rule);

/* action.c */
/* The config of our own process; null of another's, whose actions are not known here. */
const struct muster_config *own_config(const struct muster_scenario *s);
bool is_configured(const struct muster_config *config, const char *action);
/* Complain of an action that our own process cannot know: neither its config nor SPEC 1 names it.
 * more: one further word that will do; may be null. */
void check_action(struct loader *l, const struct muster_doc *node, const char *more);

/* target.c */
void load_targets(struct loader *l, const struct muster_doc *root);
void load_target(struct loader *l, const struct muster_doc *mapping,
                 struct muster_target_config *t);

/* health.c: changes are collected while points and timeline are read, then summed up per member. */
void load_health(struct loader *l, const struct muster_doc *root);
void add_health_change(struct loader *l, muster_time at, bool passing, uint32_t member,
                       const struct muster_doc *state, const char **ret_text);
void sum_health(struct loader *l);

/* select.c */
uint32_t find_member(const struct muster_scenario *s, const char *name); /* or MUSTER_ANY */
bool load_member(struct loader *l, const struct muster_doc *node, const char *name,
                 uint32_t *ret_index);
bool load_selector(struct loader *l, const struct muster_doc *node,
                   struct muster_selector *ret_one);
/* A selector or a list of them; with `endpoints`, the store, targets and health sources as well. */
bool load_selection(struct loader *l, const struct muster_doc *node, bool endpoints,
                    struct muster_selection *ret_selection);
/* store, store.N, health, health.nX, a target's or a member's name. */
bool find_endpoint(struct loader *l, const char *name, struct muster_endpoint_ref *ret_endpoint);
uint32_t find_target(const struct loader *l, const char *name); /* or MUSTER_ANY */
/* The kind of the record with this name, notes of the scenario's process included; 0 after a
 * complaint. */
uint16_t load_event(struct loader *l, const struct muster_doc *node);

/* timeline.c, verbs.c */
void load_bindings(struct loader *l, const struct muster_doc *root);
void load_timeline(struct loader *l, const struct muster_doc *root);
/* Keys that every entry may have: when, how long …; ends with null. */
extern const char *const entry_keys[];
/* How many entries a mapping of the timeline becomes: health has one a member. */
uint32_t count_entries(const struct muster_doc *node);
/* The subjects under a key of their own, or a default. */
void take_subjects(struct loader *l, const struct muster_doc *node, const char *key,
                   enum muster_select_kind otherwise, struct muster_selection *who);
const char *take_line(struct loader *l, const struct muster_doc *node, const char *otherwise);
/* A verb whose value is its subjects, and no more. */
uint32_t read_subjects(struct loader *l, const struct muster_doc *node,
                       const struct muster_doc *value, struct muster_entry *e);
/* orders.c: verbs that tell a process something. `value` is what stands behind the verb, `node` the
 * whole entry; the number of entries comes back. */
uint32_t read_trigger(struct loader *l, const struct muster_doc *node,
                      const struct muster_doc *value, struct muster_entry *e);
uint32_t read_command(struct loader *l, const struct muster_doc *node,
                      const struct muster_doc *value, struct muster_entry *e);
uint32_t read_anomaly(struct loader *l, const struct muster_doc *node,
                      const struct muster_doc *value, struct muster_entry *e);
uint32_t read_phase(struct loader *l, const struct muster_doc *node, const struct muster_doc *value,
                    struct muster_entry *e);
uint32_t read_dry_run(struct loader *l, const struct muster_doc *node,
                      const struct muster_doc *value, struct muster_entry *e);
uint32_t read_acknowledge(struct loader *l, const struct muster_doc *node,
                          const struct muster_doc *value, struct muster_entry *e);
uint32_t read_step_down(struct loader *l, const struct muster_doc *node,
                        const struct muster_doc *value, struct muster_entry *e);
uint32_t read_switchover(struct loader *l, const struct muster_doc *node,
                         const struct muster_doc *value, struct muster_entry *e);
uint32_t read_work(struct loader *l, const struct muster_doc *node, const struct muster_doc *value,
                   struct muster_entry *e);
uint32_t read_voter_init(struct loader *l, const struct muster_doc *node,
                         const struct muster_doc *value, struct muster_entry *e);
uint32_t read_pause_recovery(struct loader *l, const struct muster_doc *node,
                             const struct muster_doc *value, struct muster_entry *e);
/* Read the verb of an entry: entry[0] is filled but for it, and copied where more are needed.
 * Returns how many there are; after complaints they are not to be used. */
uint32_t load_verb(struct loader *l, const struct muster_doc *node, struct muster_entry *entry);

/* assume.c: warnings. */
void lint_assumptions(const struct muster_scenario *s, struct muster_diagnostics *d);

/* expect.c, properties.c */
void load_expectations(struct loader *l, const struct muster_doc *root);
void load_properties(struct loader *l, const struct muster_doc *root);

#endif
