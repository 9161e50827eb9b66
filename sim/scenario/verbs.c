/* SPDX-License-Identifier: Apache-2.0 */
/* What an entry of the timeline does: one verb each, with its own keys. */
#include "sim/scenario/inside.h"

#include <assert.h>
#include <string.h>

#define KEYS_MAX  24
#define SIDES_MAX 16

#define X(id, name, what) name,
static const char *const store_faults[] = {MUSTER_STORE_FAULTS(X) NULL};
static const char *const disk_faults[] = {MUSTER_DISK_FAULTS(X) NULL};
#undef X
static const char *const answers[] = {"READONLY", "LOADING",    "MASTERDOWN", "MISCONF",
                                      "OOM",      "BUSY",       "NOREPLICAS", "NOAUTH",
                                      "NOPERM",   "UNKILLABLE", "MOVED",      "ASK",
                                      NULL};

/* One verb: `value` is what stands behind it, `node` the whole entry. Returns the number of
 * entries. */
typedef uint32_t (*verb_reader)(struct loader *l, const struct muster_doc *node,
                                const struct muster_doc *value, struct muster_entry *e);

uint32_t read_subjects(struct loader *l, const struct muster_doc *node,
                       const struct muster_doc *value, struct muster_entry *e)
{
    (void)node;
    load_selection(l, value, false, &e->who);
    return 1;
}

void take_subjects(struct loader *l, const struct muster_doc *node, const char *key,
                   enum muster_select_kind otherwise, struct muster_selection *who)
{
    const struct muster_doc *named = field(node, key);
    if (named) {
        load_selection(l, named, false, who);
        return;
    }
    who->count = 1;
    who->at[0].selector = (struct muster_selector){otherwise, 0};
}

static uint32_t read_crash(struct loader *l, const struct muster_doc *node,
                           const struct muster_doc *value, struct muster_entry *e)
{
    static const char *const disks[] = {"kept", "torn", "lost", NULL};
    take_word(l, node, "disk", disks, &e->crash.disk);
    return read_subjects(l, node, value, e);
}

static void read_config(struct loader *l, const struct muster_doc *node, struct muster_entry *e)
{
    const struct muster_scenario *s = l->s;
    const struct muster_doc *named = field(node, "config");
    char name[32];
    if (!named || muster_doc_text(named, name, sizeof name, l->d) != 0)
        return;
    for (uint32_t i = 1; i < s->config_count; i++)
        if (strcmp(s->config_names[i], name) == 0)
            e->restart.config = 1 + i;
    if (strcmp(name, "first") == 0)
        e->restart.config = 1;
    if (e->restart.config == 0)
        COMPLAIN(l, named->mark,
                 "there is no config '%s'; give the scenario cluster: {configs: {%s: {…}}}", name,
                 name);
}

static uint32_t read_restart(struct loader *l, const struct muster_doc *node,
                             const struct muster_doc *value, struct muster_entry *e)
{
    static const char *const electorates[] = {"first", "next", NULL};
    const struct muster_doc *named = field(node, "electorate");
    uint32_t electorate = 0;
    if (named && muster_doc_word(named, electorates, &electorate, l->d) == 0)
        e->restart.electorate = 1 + electorate;
    if (named && !l->s->has_next)
        COMPLAIN(l, named->key_mark,
                 "there is one electorate; give the scenario cluster: {next: [n1, n2, n4]}");
    read_config(l, node, e);
    const struct muster_doc *bootstrap = field(node, "bootstrap");
    if (bootstrap)
        muster_doc_boolean(bootstrap, &e->restart.bootstrap, l->d);
    return read_subjects(l, node, value, e);
}

static uint32_t read_slow(struct loader *l, const struct muster_doc *node,
                          const struct muster_doc *value, struct muster_entry *e)
{
    if (!field(node, "by"))
        COMPLAIN(l, node->mark, "'slow' needs 'by', the delay of every input, such as by: 100ms");
    take_duration(l, node, "by", 0, TIME_MAX, &e->slow.by);
    return read_subjects(l, node, value, e);
}

static uint32_t read_partition(struct loader *l, const struct muster_doc *node,
                               const struct muster_doc *value, struct muster_entry *e)
{
    static const char example[] = "a list of sides such as [[n1], [n2, n3, store]]";
    take_boolean(l, node, "one_way", &e->partition.one_way);
    if (muster_doc_expect(value, MUSTER_NODE_SEQUENCE, example, l->d) != 0)
        return 1;
    if (value->children < 2 || value->children > SIDES_MAX) {
        COMPLAIN(l, value->mark, "a partition has 2 to %d sides, such as [[n1], [n2, n3, store]]",
                 SIDES_MAX);
        return 1;
    }
    e->partition.side = muster_memory_take(&l->memory, value->children * sizeof *e->partition.side);
    for (const struct muster_doc *side = value->first; side; side = side->next)
        load_selection(l, side, true, &e->partition.side[e->partition.sides++]);
    return 1;
}

static uint32_t read_heal(struct loader *l, const struct muster_doc *node,
                          const struct muster_doc *value, struct muster_entry *e)
{
    bool heals = false;
    (void)node;
    (void)e;
    if (muster_doc_boolean(value, &heals, l->d) == 0 && !heals)
        COMPLAIN(l, value->mark, "'heal' can only be true");
    return 1;
}

static uint32_t read_link(struct loader *l, const struct muster_doc *node,
                          const struct muster_doc *value, struct muster_entry *e)
{
    if (muster_doc_expect(value, MUSTER_NODE_SCALAR, "two ends such as n1-store", l->d) != 0 ||
        !load_link_ends(l, value->text, value->mark, &e->link))
        return 1;
    e->link.link = link_before(l->s, &e->link);
    load_link(l, node, &e->link.link);
    return 1;
}

static uint32_t read_reset(struct loader *l, const struct muster_doc *node,
                           const struct muster_doc *value, struct muster_entry *e)
{
    const struct muster_doc *endpoint = field(node, "endpoint");
    e->reset.endpoint = (struct muster_endpoint_ref){MUSTER_AT_STORE, MUSTER_ANY};
    if (endpoint && (muster_doc_expect(endpoint, MUSTER_NODE_SCALAR, "'store'", l->d) == 0) &&
        strcmp(endpoint->text, "store") != 0)
        COMPLAIN(l, endpoint->mark,
                 "only connections to 'store' last and can be reset, not to '%.40s'",
                 endpoint->text);
    return read_subjects(l, node, value, e);
}

static uint32_t read_clock(struct loader *l, const struct muster_doc *node,
                           const struct muster_doc *value, struct muster_entry *e)
{
    static const char *const which[] = {"lease", "wall", NULL};
    const struct muster_doc *step = field(node, "step"), *drift = field(node, "drift");
    uint32_t word = MUSTER_CLOCK_LEASE;
    bool store = value->kind == MUSTER_NODE_SCALAR && strcmp(value->text, "store") == 0;
    if (store && field(node, "which"))
        COMPLAIN(l, field(node, "which")->key_mark, "the store has one clock; leave 'which' out");
    take_word(l, node, "which", which, &word);
    e->clock.which = store ? MUSTER_CLOCK_STORE : (enum muster_clock_which)word;
    e->clock.has_step = step && muster_doc_signed_duration(step, &e->clock.step, l->d) == 0;
    e->clock.has_drift = drift && muster_doc_signed_ppm(drift, &e->clock.drift_ppm, l->d) == 0;
    if (!step && !drift)
        COMPLAIN(l, node->mark,
                 "'clock' needs 'step' or 'drift', such as step: +1h or drift: 300ppm");
    if (step && e->clock.which == MUSTER_CLOCK_LEASE && e->clock.has_step && e->clock.step < 0)
        COMPLAIN(l, step->mark,
                 "a lease clock never goes back; step it forward, or use which: wall");
    return store ? 1 : read_subjects(l, node, value, e);
}

static uint32_t read_health(struct loader *l, const struct muster_doc *node,
                            const struct muster_doc *value, struct muster_entry *e)
{
    uint32_t used = 0;
    (void)node;
    if (muster_doc_expect(value, MUSTER_NODE_MAPPING, "a mapping such as {n1: {retry: 60}}",
                          l->d) != 0)
        return 1;
    if (value->children == 0)
        COMPLAIN(l, value->mark, "'health' names no node");
    const struct muster_entry first = *e;
    for (const struct muster_doc *one = value->first; one; one = one->next) {
        uint32_t member = 0;
        if (!load_member(l, one, one->key, &member))
            continue;
        e[used] = first;
        e[used].who.count = 1;
        e[used].who.at[0].selector = (struct muster_selector){MUSTER_SELECT_MEMBER, member};
        add_health_change(l, e->at, e->lasts > 0, member, one, &e[used].health.text);
        used++;
    }
    return used > 0 ? used : 1;
}

static uint32_t read_target(struct loader *l, const struct muster_doc *node,
                            const struct muster_doc *value, struct muster_entry *e)
{
    if (muster_doc_expect(value, MUSTER_NODE_SCALAR, "the name of a target", l->d) != 0)
        return 1;
    e->target.index = find_target(l, value->text);
    if (e->target.index == MUSTER_ANY) {
        complain_unknown(l, value, "target", l->target_names);
        return 1;
    }
    e->target.config = l->s->target[e->target.index];
    load_target(l, node, &e->target.config);
    return 1;
}

/* What each fault cannot do without. */
static void check_store(struct loader *l, const struct muster_doc *node,
                        const struct muster_entry *e)
{
    enum muster_store_fault fault = e->store.fault;
    if (fault == MUSTER_STORE_FAILOVER && l->s->store.replicas == 0)
        COMPLAIN(l, node->mark,
                 "'failover' needs a replica; give the scenario store: {replicas: 1}");
    if (fault == MUSTER_STORE_ANSWER && !field(node, "error"))
        COMPLAIN(l, node->mark, "'answer' needs 'error', such as error: READONLY");
    if (fault == MUSTER_STORE_SET && !(field(node, "key") && field(node, "value")))
        COMPLAIN(l, node->mark, "'set' needs 'key' and 'value', such as key: a, value: '{}'");
    if (fault == MUSTER_STORE_EVICT && !field(node, "key"))
        COMPLAIN(l, node->mark, "'evict' needs 'key'");
    if (fault == MUSTER_STORE_SLOW && !field(node, "latency"))
        COMPLAIN(l, node->mark, "'slow' needs 'latency', such as latency: 200ms");
}

/* Of an entry that waits for an event, `of` belongs to the event; its own subjects are then under
 * `on`. */
static void take_owners(struct loader *l, const struct muster_doc *node, struct muster_entry *e)
{
    bool waits = field(node, "when") || field(node, "whenever");
    take_subjects(l, node, field(node, "on") || waits ? "on" : "of", MUSTER_SELECT_ALL, &e->who);
}

static uint32_t read_store(struct loader *l, const struct muster_doc *node,
                           const struct muster_doc *value, struct muster_entry *e)
{
    uint32_t fault = 0, answer = 0;
    const struct muster_doc *key = field(node, "key"), *stay = field(node, "stay");
    const struct muster_doc *value_of = field(node, "value");
    if (muster_doc_word(value, store_faults, &fault, l->d) != 0)
        return 1;
    e->store.fault = (enum muster_store_fault)fault;
    check_store(l, node, e);
    e->store.instance = fault == MUSTER_STORE_FAILOVER;
    uint32_t replicas = l->s->store.replicas;
    take_count(l, node, "replica", 1, replicas > 0 ? replicas : 1, &e->store.instance);
    if (stay)
        load_selection(l, stay, false, &e->store.stay);
    if (field(node, "error") && muster_doc_word(field(node, "error"), answers, &answer, l->d) == 0)
        e->store.word = answers[answer];
    if (key && muster_doc_expect(key, MUSTER_NODE_SCALAR, "a key of the store", l->d) == 0)
        e->store.word = key->text;
    if (value_of && muster_doc_expect(value_of, MUSTER_NODE_SCALAR, "a text", l->d) == 0)
        e->store.value = value_of->text;
    take_duration(l, node, "latency", 0, TIME_MAX, &e->store.latency);
    take_owners(l, node, e);
    return 1;
}

static uint32_t read_disk(struct loader *l, const struct muster_doc *node,
                          const struct muster_doc *value, struct muster_entry *e)
{
    uint32_t fault = 0;
    if (muster_doc_word(value, disk_faults, &fault, l->d) != 0)
        return 1;
    e->disk.fault = (enum muster_disk_fault)fault;
    if (e->disk.fault == MUSTER_DISK_FAULT_SLOW && !field(node, "latency"))
        COMPLAIN(l, node->mark, "'slow' needs 'latency', such as latency: 200ms");
    take_duration(l, node, "latency", 0, TIME_MAX, &e->disk.latency);
    take_owners(l, node, e);
    return 1;
}

struct verb {
    const char *name;
    enum muster_verb_kind kind;
    verb_reader read;
    const char *keys[9]; /* beside those of every entry; ends with null */
};

static const struct verb verbs[] = {
    {"crash", MUSTER_DO_CRASH, read_crash, {"disk"}},
    {"restart", MUSTER_DO_RESTART, read_restart, {"electorate", "config", "bootstrap"}},
    {"pause", MUSTER_DO_PAUSE, read_subjects, {0}},
    {"resume", MUSTER_DO_RESUME, read_subjects, {0}},
    {"slow", MUSTER_DO_SLOW, read_slow, {"by"}},
    {"stop", MUSTER_DO_STOP, read_subjects, {0}},
    {"twin", MUSTER_DO_TWIN, read_subjects, {0}},
    {"partition", MUSTER_DO_PARTITION, read_partition, {"one_way"}},
    {"heal", MUSTER_DO_HEAL, read_heal, {0}},
    {"link",
     MUSTER_DO_LINK,
     read_link,
     {"latency", "loss", "duplicate", "reorder", "bandwidth", "tail"}},
    {"reset", MUSTER_DO_RESET, read_reset, {"endpoint"}},
    {"clock", MUSTER_DO_CLOCK, read_clock, {"which", "step", "drift"}},
    {"health", MUSTER_DO_HEALTH, read_health, {0}},
    {"target",
     MUSTER_DO_TARGET,
     read_target,
     {"runs", "result", "takes", "heals", "fences", "deduplicates"}},
    {"store",
     MUSTER_DO_STORE,
     read_store,
     {"replica", "stay", "error", "key", "value", "latency", "on"}},
    {"disk", MUSTER_DO_DISK, read_disk, {"latency", "on"}},
    {"trigger", MUSTER_DO_TRIGGER, read_trigger, {"reason", "on"}},
    {"command", MUSTER_DO_COMMAND, read_command, {"to"}},
    {"anomaly", MUSTER_DO_ANOMALY, read_anomaly, {"on"}},
    {"phase", MUSTER_DO_PHASE, read_phase, {"on"}},
    {"dry_run", MUSTER_DO_DRY_RUN, read_dry_run, {"on"}},
    {"acknowledge", MUSTER_DO_ACKNOWLEDGE, read_acknowledge, {0}},
    {"step_down", MUSTER_DO_STEP_DOWN, read_step_down, {0}},
    {"switchover", MUSTER_DO_SWITCHOVER, read_switchover, {"on"}},
    {"pause_recovery", MUSTER_DO_PAUSE_RECOVERY, read_pause_recovery, {"reason", "on"}},
    {"voter_init", MUSTER_DO_VOTER_INIT, read_voter_init, {"floor"}},
    {"work", MUSTER_DO_WORK, read_work, {"on", "every", "count"}},
};
#define VERBS (sizeof verbs / sizeof verbs[0])

static bool has_key(const struct verb *v, const char *key)
{
    for (const char *const *known = v->keys; *known; known++) {
        if (strcmp(*known, key) == 0)
            return true;
    }
    return false;
}

/* The verb of an entry; `disk` is both a verb and a key of `crash`, and keys give way. */
static const struct verb *find_verb(struct loader *l, const struct muster_doc *node,
                                    const struct muster_doc **ret_value)
{
    const struct verb *found = NULL;
    for (size_t i = 0; i < VERBS; i++) {
        const struct muster_doc *value = muster_doc_get(node, verbs[i].name);
        if (!value || (found && has_key(found, verbs[i].name)))
            continue;
        if (found) {
            COMPLAIN(l, value->key_mark, "'%s' and '%s' in one entry; make two of it", found->name,
                     verbs[i].name);
            return NULL;
        }
        found = &verbs[i];
        *ret_value = value;
    }
    return found;
}

static void complain_of_verb(struct loader *l, const struct muster_doc *node)
{
    const char *all[VERBS + KEYS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < VERBS; i++)
        all[n++] = verbs[i].name;
    for (const char *const *key = entry_keys; *key; key++)
        all[n++] = *key;
    all[n] = NULL;
    assert(n < VERBS + KEYS_MAX);
    uint32_t errors = l->d->errors;
    for (const struct muster_doc *child = node->first; child; child = child->next) {
        struct muster_doc one = {.kind = MUSTER_NODE_MAPPING, .children = 1, .first = child};
        struct muster_doc alone = *child;
        alone.next = NULL;
        one.first = &alone;
        bool is_key = false;
        for (size_t i = 0; i < VERBS; i++)
            is_key = is_key || has_key(&verbs[i], child->key);
        if (!is_key)
            muster_doc_keys(&one, all, l->d);
    }
    if (l->d->errors == errors)
        COMPLAIN(l, node->mark,
                 "an entry needs a verb, such as crash: leader or partition: [[n1], [n2]]");
}

uint32_t count_entries(const struct muster_doc *node)
{
    const struct muster_doc *health = field(node, "health");
    return health && health->children > 1 ? health->children : 1;
}

static void load_of(struct loader *l, const struct muster_doc *node, const struct verb *v,
                    struct muster_entry *e)
{
    const struct muster_doc *of = field(node, "of");
    bool owners = v->kind == MUSTER_DO_STORE || v->kind == MUSTER_DO_DISK;
    if (of && e->when == 0 && !field(node, "when") && !field(node, "whenever")) {
        if (!owners)
            COMPLAIN(l, of->key_mark, "'of' needs 'when: EVENT' or 'whenever: EVENT'");
        return;
    }
    e->has_of = of && load_selector(l, of, &e->of);
}

uint32_t load_verb(struct loader *l, const struct muster_doc *node, struct muster_entry *entry)
{
    const char *known[KEYS_MAX];
    const struct muster_doc *value = NULL;
    uint32_t errors = l->d->errors, n = 0;
    const struct verb *v = find_verb(l, node, &value);
    if (!v) {
        if (l->d->errors == errors)
            complain_of_verb(l, node);
        return 1;
    }
    known[n++] = v->name;
    for (const char *const *key = v->keys; *key; key++)
        known[n++] = *key;
    for (const char *const *key = entry_keys; *key; key++)
        known[n++] = *key;
    known[n] = NULL;
    assert(n < KEYS_MAX);
    muster_doc_keys(node, known, l->d);
    entry->verb = v->kind;
    load_of(l, node, v, entry);
    return v->read(l, node, value, entry);
}
