/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of documents with changes: see document_edit.h. */
#include "config/document_edit.h"

#include <assert.h>
#include <string.h>

static const char *copy_text(const char *text, struct muster_memory *m)
{
    return text ? muster_memory_copy(m, text, strlen(text)) : NULL;
}

/* What stands in place of a node; null: nothing. */
static const struct muster_doc *after_edits(const struct muster_doc *node,
                                            const struct muster_doc_edit *edits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (edits[i].at == node)
            return edits[i].with;
    }
    return node;
}

/* Depth is bounded by the documents' own. */
static struct muster_doc *copy_node(const struct muster_doc *node, const char *key,
                                    const struct muster_doc_edit *edits, size_t count,
                                    struct muster_memory *m)
{
    struct muster_doc *copy = muster_memory_take(m, sizeof *copy);
    const struct muster_doc **end = &copy->first;
    *copy = (struct muster_doc){.kind = node->kind,
                                .quoted = node->quoted,
                                .text = copy_text(node->text, m),
                                .key = copy_text(key, m),
                                .mark = node->mark,
                                .key_mark = node->key_mark};
    for (const struct muster_doc *child = node->first; child; child = child->next) {
        const struct muster_doc *value = after_edits(child, edits, count);
        if (!value)
            continue;
        struct muster_doc *one = copy_node(value, child->key, value == child ? edits : NULL,
                                           value == child ? count : 0, m);
        *end = one;
        end = &one->next;
        copy->children++;
    }
    return copy;
}

const struct muster_doc *muster_doc_copy(const struct muster_doc *root,
                                         const struct muster_doc_edit *edits, size_t count,
                                         struct muster_memory *m)
{
    const struct muster_doc *value = after_edits(root, edits, count);
    bool same = value == root;
    return value ? copy_node(value, root->key, same ? edits : NULL, same ? count : 0, m) : NULL;
}

struct muster_doc *muster_doc_scalar(const char *text, bool quoted, struct muster_memory *m)
{
    struct muster_doc *node = muster_memory_take(m, sizeof *node);
    node->kind = MUSTER_NODE_SCALAR;
    node->quoted = quoted;
    node->text = copy_text(text, m);
    return node;
}

struct muster_doc *muster_doc_collection(enum muster_node_kind kind, struct muster_memory *m)
{
    assert(kind != MUSTER_NODE_SCALAR);
    struct muster_doc *node = muster_memory_take(m, sizeof *node);
    node->kind = kind;
    return node;
}

void muster_doc_append(struct muster_doc *collection, const char *key,
                       const struct muster_doc *value, struct muster_memory *m)
{
    assert(collection->kind != MUSTER_NODE_SCALAR);
    assert((key != NULL) == (collection->kind == MUSTER_NODE_MAPPING));
    const struct muster_doc **end = &collection->first;
    while (*end)
        end = (const struct muster_doc **)(uintptr_t) & (*end)->next;
    *end = copy_node(value, key, NULL, 0, m);
    collection->children++;
}
