/* SPDX-License-Identifier: Apache-2.0 */
/* The door of the loader: a scenario's own fields, then every part in the order in which they build
 * on one another. */
#include "sim/scenario/inside.h"

#include "config/names.h"
#include "core/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX       511
#define TAGS_MAX       32
#define EVENTS_DEFAULT 50000000
#define EVENTS_MAX     UINT64_C(1000000000000)

static const char *const root_keys[] = {
    "version",        "name",       "defends", "seeds",  "duration",   "tags",
    "cluster",        "network",    "clocks",  "store",  "disk",       "health",
    "targets",        "timeline",   "expect",  "always", "eventually", "assumptions",
    "expect_failure", "events_max", "fuzz",    "env",    "include",    "parameters",
    "lenient",        NULL,
};

/* ---- the scenario's own fields ---- */

static void load_version(struct loader *l, const struct muster_doc *root)
{
    uint64_t version = 0;
    const struct muster_doc *node = field(root, "version");
    if (!node)
        COMPLAIN(l, root->mark, "the file needs 'version: 1'");
    else if (muster_doc_integer(node, 0, MUSTER_INTEGER_MAX, &version, l->d) == 0 && version != 1)
        COMPLAIN(l, node->mark, "version %.20s is not known; this muster reads version 1",
                 node->text);
}

/* The file's name without folder and ending. */
static const char *stem(struct loader *l, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t size = dot && dot > name ? (size_t)(dot - name) : strlen(name);
    return muster_memory_copy(&l->memory, name, size);
}

static void load_name(struct loader *l, const struct muster_doc *root, const char *path)
{
    char text[TEXT_MAX + 1];
    const struct muster_doc *name = field(root, "name"), *defends = field(root, "defends");
    l->s->name = stem(l, path);
    l->s->defends = "";
    if (defends && muster_doc_text(defends, text, sizeof text, l->d) == 0)
        l->s->defends = defends->text;
    if (!name || muster_doc_text(name, text, 128, l->d) != 0)
        return;
    l->s->name = name->text;
    if (name->text[strspn(name->text,
                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                          "_.-")])
        COMPLAIN(l, name->mark, "'%.60s' is no name: letters, digits, '_', '-' and '.'",
                 name->text);
}

static void load_tags(struct loader *l, const struct muster_doc *root)
{
    uint32_t n = 0;
    const struct muster_doc *list = field_list(l, root, "tags");
    const char **tags = muster_memory_take(&l->memory, (TAGS_MAX + 1) * sizeof *tags);
    l->s->tags = tags;
    for (const struct muster_doc *one = list ? list->first : NULL; one; one = one->next) {
        if (n == TAGS_MAX) {
            COMPLAIN(l, one->mark, "more than %d tags", TAGS_MAX);
            return;
        }
        if (muster_doc_expect(one, MUSTER_NODE_SCALAR, "a word", l->d) == 0)
            tags[n++] = one->text;
    }
}

/* "7" or "1..20", both ends included */
static void load_seeds(struct loader *l, const struct muster_doc *root)
{
    const struct muster_doc *node = field(root, "seeds");
    l->s->seed_first = l->s->seed_last = 1;
    if (!node || muster_doc_expect(node, MUSTER_NODE_SCALAR, "seeds such as 1..20", l->d) != 0)
        return;
    uint64_t first = 0, last = 0;
    const char *dots = strstr(node->text, "..");
    size_t size = dots ? (size_t)(dots - node->text) : strlen(node->text);
    struct muster_bytes low = {(const uint8_t *)node->text, size};
    struct muster_bytes high = dots ? muster_text_bytes(dots + 2) : low;
    if (muster_text_parse_u64(low, &first) != 0 || muster_text_parse_u64(high, &last) != 0)
        COMPLAIN(l, node->mark, "'%.60s' are no seeds; write one number or a range such as 1..20",
                 node->text);
    else if (first > last || last > MUSTER_INTEGER_MAX)
        COMPLAIN(l, node->mark,
                 first > last ? "'%.60s' ends before it begins"
                              : "'%.60s' is out of range; seeds end at 2^53 - 1",
                 node->text);
    else {
        l->s->seed_first = first;
        l->s->seed_last = last;
    }
}

static void load_limits(struct loader *l, const struct muster_doc *root)
{
    const struct muster_doc *duration = field(root, "duration"), *most = field(root, "events_max");
    l->s->events_max = EVENTS_DEFAULT;
    l->s->duration = TIME_MAX; /* until it is known, nothing is late */
    if (!duration)
        COMPLAIN(l, root->mark, "the scenario needs a 'duration', such as duration: 60s");
    else
        muster_doc_duration(duration, 1, TIME_MAX, false, &l->s->duration, l->d);
    if (most)
        muster_doc_integer(most, 1, EVENTS_MAX, &l->s->events_max, l->d);
    take_boolean(l, root, "lenient", &l->s->lenient);
}

/* ---- cluster ---- */

static void load_process(struct loader *l, const struct muster_doc *cluster)
{
    const char *names[64];
    uint32_t n = 0;
    const struct muster_doc *node = field(cluster, "process");
    const char *name = "muster";
    if (node && muster_doc_expect(node, MUSTER_NODE_SCALAR, "the name of a process", l->d) == 0)
        name = node->text;
    for (const struct muster_process *const *p = l->registry->processes; p && *p; p++) {
        if (strcmp((*p)->name, name) == 0)
            l->s->process = *p;
        if (n < 63)
            names[n++] = (*p)->name;
    }
    names[n] = NULL;
    if (l->s->process)
        return;
    const struct muster_doc unnamed = {.text = name, .mark = node ? node->mark : cluster->mark};
    complain_unknown(l, &unnamed, "process", names);
}

static void load_members(struct loader *l, const struct muster_doc *cluster)
{
    struct muster_scenario *s = l->s;
    const struct muster_doc *nodes = field(cluster, "nodes");
    bool named = nodes && nodes->kind == MUSTER_NODE_SEQUENCE;
    s->members = 3;
    if (named && muster_names_load(nodes, s->names, &s->members, l->d) != 0)
        s->members = s->members > 0 ? s->members : 1; /* complained of */
    else if (!named)
        take_count(l, cluster, "nodes", 1, MUSTER_MEMBERS_MAX, &s->members);
    s->voters = s->members < MUSTER_VOTERS_MAX ? s->members : MUSTER_VOTERS_MAX;
    take_count(l, cluster, "voters", 1, s->voters, &s->voters);
    for (uint32_t i = 0; i < s->members && !s->names[i]; i++) {
        char name[16];
        int size = snprintf(name, sizeof name, "n%u", (unsigned)i + 1);
        s->names[i] = muster_memory_copy(&l->memory, name, (size_t)size);
    }
}

static void load_cluster(struct loader *l, const struct muster_doc *root)
{
    static const char *const keys[] = {"process", "nodes",  "voters",  "electorate",
                                       "next",    "config", "configs", NULL};
    const struct muster_doc none = {.kind = MUSTER_NODE_MAPPING, .mark = root->mark};
    const struct muster_doc *cluster = field_mapping(l, root, "cluster");
    if (!cluster)
        cluster = &none;
    muster_doc_keys(cluster, keys, l->d);
    load_process(l, cluster);
    load_members(l, cluster);
    load_electorates(l, cluster);
    load_configs(l, cluster);
}

/* ---- the door ---- */

static void load_all(struct loader *l, const struct muster_doc *root, const char *path)
{
    muster_doc_keys(root, root_keys, l->d);
    load_version(l, root);
    load_name(l, root, path);
    load_tags(l, root);
    load_seeds(l, root);
    load_limits(l, root);
    load_cluster(l, root);
    load_fuzz(l, root);
    load_store(l, root); /* before whatever names a replica */
    load_targets(l, root);
    load_network(l, root);
    load_clocks(l, root);
    load_disk(l, root);
    load_bindings(l, root);
    load_health(l, root);
    load_timeline(l, root);
    sum_health(l);
    load_expectations(l, root);
    load_properties(l, root);
    const char **bindings = muster_memory_take(&l->memory, (l->bindings + 1) * sizeof *bindings);
    memcpy(bindings, l->binding, l->bindings * sizeof *bindings);
    l->s->bindings = bindings;
    l->s->binding_count = l->bindings;
}

struct muster_scenario *muster_scenario_load(const char *path, struct muster_sources *sources,
                                             const struct muster_registry *registry,
                                             struct muster_diagnostics *d)
{
    assert(path && sources && registry && d);
    struct muster_memory memory = {0};
    struct loader *l = muster_memory_take(&memory, sizeof *l);
    *l = (struct loader){.registry = registry, .d = d};
    l->s = muster_memory_take(&l->memory, sizeof *l->s);
    l->s->path = muster_memory_copy(&l->memory, path, strlen(path));
    uint32_t errors = d->errors;
    const struct muster_doc *root = read_files(l, path, sources);
    if (root)
        load_all(l, root, path);
    l->s->root = root;
    struct muster_scenario *s = l->s;
    if (root && d->errors == errors) {
        s->sources = *sources;
        *sources = (struct muster_sources){0};
        s->memory = l->memory.newest;
    } else {
        muster_memory_free(&l->memory); /* the sources stay with the caller, for the complaints */
        s = NULL;
    }
    muster_memory_free(&memory);
    return s;
}

void muster_scenario_free(struct muster_scenario *s)
{
    if (!s)
        return;
    struct muster_memory memory = {s->memory};
    muster_sources_free(&s->sources);
    muster_memory_free(&memory);
}
