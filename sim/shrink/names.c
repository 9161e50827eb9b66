/* SPDX-License-Identifier: Apache-2.0 */
/* What a document says of nodes, said of others. */
#include "sim/shrink/inside.h"

#include <stdio.h>
#include <string.h>

/* The new name; the old one when it is not spoken of; null when it is gone. */
static const char *name_of(const char *name, size_t size, const struct renaming *r, bool *ret_same)
{
    *ret_same = false;
    for (uint32_t i = 0; r->from[i]; i++) {
        if (strlen(r->from[i]) == size && memcmp(r->from[i], name, size) == 0)
            return r->to[i];
    }
    *ret_same = true;
    return name;
}

/* One end of a link, or an endpoint: "n2", "health.n2". False when it is gone. */
static bool put_end(const char *text, size_t size, const struct renaming *r, char *out, size_t room)
{
    bool same;
    size_t prefix = size > 7 && memcmp(text, "health.", 7) == 0 ? 7 : 0;
    const char *name = name_of(text + prefix, size - prefix, r, &same);
    if (!name)
        return false;
    snprintf(out, room, "%.*s%.*s", (int)prefix, text,
             same ? (int)(size - prefix) : (int)strlen(name), name);
    return true;
}

/* A word that names a node, an endpoint or a link; null when who it names is gone. */
static const char *rename_text(const char *text, const struct renaming *r, struct muster_memory *m)
{
    char first[160], second[160], both[2 * 160];
    size_t size = strlen(text);
    if (size >= sizeof first)
        return text;
    for (size_t i = 0; i <= size; i++) { /* a name may have a '-' in it, too */
        if (text[i] != '-' && text[i])
            continue;
        bool whole = i == size;
        if (!put_end(text, i, r, first, sizeof first))
            return NULL;
        if (!whole && !put_end(text + i + 1, size - i - 1, r, second, sizeof second))
            return NULL;
        snprintf(both, sizeof both, "%s%s%s", first, whole ? "" : "-", whole ? "" : second);
        if (strcmp(both, text) != 0)
            return muster_memory_copy(m, both, strlen(both));
    }
    return text;
}

/* Keys whose values are words of somebody else. */
static bool is_free_text(const char *key)
{
    static const char *const keys[] = {"reason",  "command", "params", "id",    "action", "name",
                                       "trigger", "phase",   "type",   "error", "key",    NULL};
    for (const char *const *one = keys; key && *one; one++) {
        if (strcmp(key, *one) == 0)
            return true;
    }
    return false;
}

const struct muster_doc *shrink_rename_in(const struct muster_doc *node, const struct renaming *r,
                                          struct muster_memory *m)
{
    if (is_free_text(node->key))
        return node;
    if (node->kind == MUSTER_NODE_SCALAR) {
        const char *text = rename_text(node->text, r, m);
        return text ? muster_doc_scalar(text, node->quoted, m) : NULL;
    }
    struct muster_doc *all = muster_doc_collection(node->kind, m);
    for (const struct muster_doc *child = node->first; child; child = child->next) {
        const char *key = child->key ? rename_text(child->key, r, m) : NULL;
        if (child->key && !key)
            continue; /* of a mapping by node */
        const struct muster_doc *value = shrink_rename_in(child, r, m);
        if (value)
            muster_doc_append(all, key, value, m);
        else if (node->kind == MUSTER_NODE_MAPPING)
            return NULL; /* an entry without its subject */
    }
    return all->first || !node->first ? all : NULL;
}

/* The children one by one: what is left of each; null where nothing is. */
static const struct muster_doc *rename_each(const struct muster_doc *node, const struct renaming *r,
                                            bool keys, struct muster_memory *m)
{
    struct muster_doc *all = muster_doc_collection(node->kind, m);
    for (const struct muster_doc *child = node->first; child; child = child->next) {
        const char *key = keys && child->key ? rename_text(child->key, r, m) : child->key;
        const struct muster_doc *value = shrink_rename_in(child, r, m);
        if (value && (key || !child->key))
            muster_doc_append(all, key, value, m);
    }
    return all->first ? all : NULL;
}

/* A target that nobody is healed by any more works as before. */
static const struct muster_doc *rename_healed(const struct muster_doc *targets,
                                              const struct renaming *r, struct muster_memory *m)
{
    struct muster_doc *all = muster_doc_collection(MUSTER_NODE_MAPPING, m);
    for (const struct muster_doc *one = targets->first; one; one = one->next) {
        const struct muster_doc *heals = muster_doc_get(one, "heals");
        const char *who = heals && heals->text ? rename_text(heals->text, r, m) : NULL;
        const struct muster_doc_edit edit = {heals, who ? muster_doc_scalar(who, false, m) : NULL};
        muster_doc_append(all, one->key, muster_doc_copy(one, &edit, 1, m), m);
    }
    return all;
}

const struct muster_doc *shrink_rename_nodes(const struct muster_doc *root,
                                             const struct renaming *r, struct muster_memory *m)
{
    struct muster_doc_edit edits[16];
    size_t n = 0;
    static const char *const lists[] = {"timeline", "expect", "health", "clocks"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const struct muster_doc *one = muster_doc_get(root, lists[i]);
        if (one && one->first)
            edits[n++] = (struct muster_doc_edit){one, rename_each(one, r, i >= 2, m)};
    }
    const struct muster_doc *links = muster_doc_get(muster_doc_get(root, "network"), "links");
    if (links && links->first)
        edits[n++] = (struct muster_doc_edit){links, rename_each(links, r, true, m)};
    const struct muster_doc *targets = muster_doc_get(root, "targets");
    if (targets && targets->kind == MUSTER_NODE_MAPPING)
        edits[n++] = (struct muster_doc_edit){targets, rename_healed(targets, r, m)};
    const struct muster_doc *cluster = muster_doc_get(root, "cluster");
    static const char *const sets[] = {"next", "electorate"};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        const struct muster_doc *one = muster_doc_get(cluster, sets[i]);
        if (one && one->first)
            edits[n++] = (struct muster_doc_edit){one, shrink_rename_in(one, r, m)};
    }
    return muster_doc_copy(root, edits, n, m);
}
