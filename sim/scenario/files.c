/* SPDX-License-Identifier: Apache-2.0 */
/* A scenario file and what it includes, merged into one document, with its variables replaced.
 *
 * Two passes: the first finds `env` and `parameters` of all files, the second replaces ${…} by
 * them, so that an include may use what its includer sets and the other way round. Only the second
 * complains. */
#include "sim/scenario/inside.h"

#include "config/document_edit.h"
#include "config/include.h"

#include <assert.h>
#include <string.h>

#define INCLUDE_DEPTH_MAX 8
#define FILES_MAX         64

struct reading {
    struct muster_sources *sources;
    bool raw; /* first pass: variables stay as they stand */
    const struct muster_doc *env;
    struct muster_diagnostics *d;
    struct muster_memory *memory;        /* takes the documents */
    const char *path[INCLUDE_DEPTH_MAX]; /* the files that are open, outermost first */
    uint32_t depth, files;
};

/* Lists of which an includer's follows upon what it includes. */
static const char *const appended[] = {"timeline", "expect", "always", "eventually", "tags", NULL};

/* ---- reading ---- */

static const struct muster_doc *read_file(struct reading *r, const char *path,
                                          struct muster_mark from);

/* The path of an include, which is relative to the file that names it. */
static const char *resolve(struct reading *r, const char *from, const char *name)
{
    const char *slash = strrchr(from, '/');
    size_t folder = slash && name[0] != '/' ? (size_t)(slash - from) + 1 : 0;
    size_t size = strlen(name);
    char *path = muster_memory_take(r->memory, folder + size + 1);
    memcpy(path, from, folder);
    memcpy(path + folder, name, size);
    return path;
}

static bool is_fragment(const char *name)
{
    static const char suffix[] = ".inc.yaml";
    size_t size = strlen(name);
    return size >= sizeof suffix && strcmp(name + size - (sizeof suffix - 1), suffix) == 0;
}

static const struct muster_doc *read_include(struct reading *r, const struct muster_doc *name,
                                             const struct muster_doc *so_far)
{
    const char *from = r->path[r->depth - 1];
    if (muster_doc_expect(name, MUSTER_NODE_SCALAR, "the name of a file", r->d) != 0)
        return so_far;
    if (!is_fragment(name->text)) {
        muster_complain(r->d, MUSTER_SEVERITY_ERROR, name->mark,
                        "'%.60s' is no fragment; included files are named *.inc.yaml", name->text);
        return so_far;
    }
    const struct muster_doc *more = read_file(r, resolve(r, from, name->text), name->mark);
    if (!more)
        return so_far;
    return so_far ? muster_doc_merge(so_far, more, appended, r->memory, r->d) : more;
}

static const struct muster_doc *read_includes(struct reading *r, const struct muster_doc *root)
{
    const struct muster_doc *include = field(root, "include"), *base = NULL;
    if (!include)
        return root;
    if (include->kind == MUSTER_NODE_SCALAR)
        base = read_include(r, include, NULL);
    else if (muster_doc_expect(include, MUSTER_NODE_SEQUENCE, "a list of files", r->d) == 0)
        for (const struct muster_doc *name = include->first; name; name = name->next)
            base = read_include(r, name, base);
    return base ? muster_doc_merge(base, root, appended, r->memory, r->d) : root;
}

static bool may_open(struct reading *r, const char *path, struct muster_mark from)
{
    const char *why = NULL;
    for (uint32_t i = 0; i < r->depth; i++) {
        if (strcmp(r->path[i], path) == 0)
            why = "it includes itself";
    }
    if (!why && r->depth == INCLUDE_DEPTH_MAX)
        why = "includes are nested deeper than 8 levels";
    if (!why && ++r->files > FILES_MAX)
        why = "more than 64 files are included";
    if (why)
        muster_complain(r->d, MUSTER_SEVERITY_ERROR, from, "cannot include '%s': %s", path, why);
    return !why;
}

static const struct muster_doc *read_file(struct reading *r, const char *path,
                                          struct muster_mark from)
{
    if (!may_open(r, path, from))
        return NULL;
    const struct muster_source *source = muster_source_open(r->sources, path, r->d, from);
    if (!source)
        return NULL;
    struct muster_document doc;
    if (r->raw)
        muster_document_parse_raw(&doc, source, r->d);
    else
        muster_document_parse(&doc, source, r->env, r->d);
    struct muster_memory nodes = {doc.nodes};
    muster_memory_join(r->memory, &nodes);
    if (!doc.root || muster_doc_expect(doc.root, MUSTER_NODE_MAPPING,
                                       "a mapping that begins with 'version: 1'", r->d) != 0)
        return NULL;
    r->path[r->depth++] = path;
    const struct muster_doc *root = read_includes(r, doc.root);
    r->depth--;
    return root;
}

/* `env` and `parameters` are one set of names; `parameters` win. */
static const struct muster_doc *variables(const struct muster_doc *root, struct reading *r)
{
    const struct muster_doc *env = field(root, "env"), *parameters = field(root, "parameters");
    bool has_env = env && env->kind == MUSTER_NODE_MAPPING;
    bool has_parameters = parameters && parameters->kind == MUSTER_NODE_MAPPING;
    if (has_env && has_parameters)
        return muster_doc_merge(env, parameters, NULL, r->memory, r->d);
    return has_env ? env : has_parameters ? parameters : NULL;
}

static void check_variables(struct loader *l, const struct muster_doc *root, const char *key)
{
    const struct muster_doc *mapping = field_mapping(l, root, key);
    for (const struct muster_doc *v = mapping ? mapping->first : NULL; v; v = v->next)
        muster_doc_expect(v, MUSTER_NODE_SCALAR, "a text or a number", l->d);
}

const struct muster_doc *read_files(struct loader *l, const char *path,
                                    struct muster_sources *sources)
{
    struct muster_memory scratch = {0};
    struct muster_diagnostics *unheard = muster_memory_take(&scratch, sizeof *unheard);
    struct muster_memory first = {0};
    struct reading r = {.sources = sources, .raw = true, .d = unheard, .memory = &first};
    const struct muster_mark nowhere = {0};
    /* Errors of this pass are found again by the next one. */
    const struct muster_doc *root = read_file(&r, path, nowhere);
    const struct muster_doc *env = root ? variables(root, &r) : NULL;
    struct reading again = {.sources = sources, .env = env, .d = l->d, .memory = &l->memory};
    root = read_file(&again, path, nowhere);
    l->sources = sources;
    l->env = root ? variables(root, &again) : NULL; /* as env, but it outlives the first pass */
    muster_memory_free(&first);
    muster_memory_free(&scratch);
    if (root) {
        check_variables(l, root, "env");
        check_variables(l, root, "parameters");
    }
    return root;
}

/* ---- a file that needs no other ---- */

const struct muster_doc *muster_scenario_resolve(const char *path, struct muster_sources *sources,
                                                 struct muster_memory *memory,
                                                 struct muster_diagnostics *d)
{
    static const char *const done[] = {"include", "env", "parameters"};
    struct muster_doc_edit edits[4];
    size_t count = 0;
    struct loader *l = muster_memory_take(memory, sizeof *l);
    *l = (struct loader){.d = d};
    uint32_t errors = d->errors;
    const struct muster_doc *root = read_files(l, path, sources);
    const struct muster_doc *cluster = root ? field(root, "cluster") : NULL;
    const struct muster_doc *process = field(cluster, "process"),
                            *config = field(cluster, "config");
    for (size_t i = 0; root && i < sizeof done / sizeof *done; i++)
        edits[count++] = (struct muster_doc_edit){muster_doc_get(root, done[i]), NULL};
    const struct muster_reading reading = {sources, l->env, &l->memory, d};
    /* Another process's `include` means what that process says. */
    if (config && (!process || !process->text || strcmp(process->text, "muster") == 0))
        edits[count++] = (struct muster_doc_edit){config, muster_config_include(config, &reading)};
    const struct muster_doc *all = root ? muster_doc_copy(root, edits, count, memory) : NULL;
    muster_memory_join(memory, &l->memory);
    return d->errors == errors ? all : NULL;
}
