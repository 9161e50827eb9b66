/* SPDX-License-Identifier: Apache-2.0 */
/* Configs in several files, kinds of files, the environment: see include.h. */
#include "config/include.h"

#include "config/edge.h"

#include <string.h>

extern char **environ;

const struct muster_doc *muster_environment(struct muster_memory *m)
{
    struct muster_doc *mapping = muster_memory_take(m, sizeof *mapping);
    const struct muster_doc **end = &mapping->first;
    mapping->kind = MUSTER_NODE_MAPPING;
    for (char **one = environ; one && *one; one++) {
        const char *equal = strchr(*one, '=');
        if (!equal || equal == *one)
            continue;
        struct muster_doc *node = muster_memory_take(m, sizeof *node);
        node->kind = MUSTER_NODE_SCALAR;
        node->key = muster_memory_copy(m, *one, (size_t)(equal - *one));
        node->text = muster_memory_copy(m, equal + 1, strlen(equal + 1));
        *end = node;
        end = &node->next;
        mapping->children++;
    }
    return mapping;
}

/* ---- kinds ---- */

const char *const muster_daemon_keys[] = {"node",      "members",   "voters", "electorate",
                                          "bootstrap", "state",     "store",  "health",
                                          "actions",   "recording", "log",    NULL};

static bool has_one_of(const struct muster_doc *root, const char *const *keys)
{
    while (*keys && !muster_doc_get(root, *keys))
        keys++;
    return *keys != NULL;
}

/* Whether a key is a config's; misspelt ones are, unless they look like a scenario's, too. */
static bool is_of_config(const struct muster_doc *one, bool misspelt, const char *const *scenario)
{
    if (strcmp(one->key, "cluster") == 0 && one->kind == MUSTER_NODE_MAPPING)
        return false;
    return misspelt ? edge_is_near(one->key) && !muster_suggest(one->key, scenario)
                    : muster_node_config_has(one->key);
}

enum muster_file_kind muster_file_kind(const struct muster_doc *root)
{
    static const char *const daemon[] = {"node", "members", "state", "bootstrap", NULL};
    static const char *const scenario[] = {"version",    "duration", "seeds",   "timeline",
                                           "expect",     "always",   "targets", "eventually",
                                           "clocks",     "network",  "fuzz",    "env",
                                           "parameters", NULL};
    if (has_one_of(root, scenario))
        return MUSTER_FILE_SCENARIO;
    if (has_one_of(root, daemon))
        return MUSTER_FILE_DAEMON;
    bool mapping = root && root->kind == MUSTER_NODE_MAPPING;
    for (int misspelt = 0; misspelt < 2; misspelt++) {
        for (const struct muster_doc *one = mapping ? root->first : NULL; one; one = one->next) {
            if (is_of_config(one, misspelt, scenario))
                return MUSTER_FILE_CONFIG;
        }
    }
    return MUSTER_FILE_SCENARIO;
}

/* ---- includes ---- */

/* A path relative to the file that names it. */
static const char *resolve(const struct muster_doc *name, struct muster_memory *m)
{
    const char *from = name->mark.source ? name->mark.source->path : "";
    const char *slash = strrchr(from, '/');
    size_t folder = slash && name->text[0] != '/' ? (size_t)(slash - from) + 1 : 0;
    size_t size = strlen(name->text);
    char *path = muster_memory_take(m, folder + size + 1);
    memcpy(path, from, folder);
    memcpy(path + folder, name->text, size);
    return path;
}

/* The mapping without `include`. */
static const struct muster_doc *without_include(const struct muster_doc *config,
                                                struct muster_memory *m)
{
    struct muster_doc *copy = muster_memory_take(m, sizeof *copy);
    const struct muster_doc **end = &copy->first;
    *copy = *config;
    copy->children = 0;
    for (const struct muster_doc *one = config->first; one; one = one->next) {
        if (strcmp(one->key, "include") == 0)
            continue;
        struct muster_doc *child = muster_memory_take(m, sizeof *child);
        *child = *one;
        *end = child;
        end = &child->next;
        copy->children++;
    }
    *end = NULL;
    return copy;
}

/* One more file upon what the ones before it said. */
static const struct muster_doc *add_file(const struct muster_doc *so_far,
                                         const struct muster_doc *name,
                                         const struct muster_reading *r)
{
    struct muster_document doc;
    if (muster_doc_expect(name, MUSTER_NODE_SCALAR, "the name of a file", r->d) != 0)
        return so_far;
    const struct muster_source *source =
        muster_source_open(r->sources, resolve(name, r->memory), r->d, name->mark);
    if (!source)
        return so_far;
    (void)muster_document_parse(&doc, source, r->env, r->d);
    struct muster_memory nodes = {doc.nodes};
    muster_memory_join(r->memory, &nodes);
    if (!doc.root || muster_doc_expect(doc.root, MUSTER_NODE_MAPPING,
                                       "a mapping such as poll_interval: 30", r->d) != 0)
        return so_far;
    const struct muster_doc *more = muster_doc_get(doc.root, "include"), *root = doc.root;
    if (more) {
        muster_complain(r->d, MUSTER_SEVERITY_ERROR, more->key_mark,
                        "an included file includes nothing itself; name its files in the 'include' "
                        "of '%.100s'",
                        name->mark.source ? name->mark.source->path : "the including file");
        root = without_include(root, r->memory);
    }
    return so_far ? muster_doc_merge(so_far, root, NULL, r->memory, r->d) : root;
}

const struct muster_doc *muster_config_include(const struct muster_doc *config,
                                               const struct muster_reading *r)
{
    const struct muster_doc *include = muster_doc_get(config, "include"), *base = NULL;
    if (!include)
        return config;
    if (include->kind == MUSTER_NODE_SCALAR)
        base = add_file(NULL, include, r);
    else if (include->kind == MUSTER_NODE_SEQUENCE &&
             include->children > MUSTER_CONFIG_INCLUDES_MAX)
        muster_complain(r->d, MUSTER_SEVERITY_ERROR, include->mark, "more than %d files",
                        MUSTER_CONFIG_INCLUDES_MAX);
    else if (muster_doc_expect(include, MUSTER_NODE_SEQUENCE, "a list of files", r->d) == 0)
        for (const struct muster_doc *name = include->first; name; name = name->next)
            base = add_file(base, name, r);
    const struct muster_doc *own = without_include(config, r->memory);
    return base ? muster_doc_merge(base, own, NULL, r->memory, r->d) : own;
}
