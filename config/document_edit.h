/* SPDX-License-Identifier: Apache-2.0 */
/* Another document made of one: trees are never changed, a copy with other values is taken. */
#ifndef MUSTER_CONFIG_DOCUMENT_EDIT_H
#define MUSTER_CONFIG_DOCUMENT_EDIT_H

#include "config/document.h"
#include "config/memory.h"

/* In place of `at`, a node of the old tree, stands a copy of `with`, under at's key; null: nothing
 * does, and a key goes with its value. */
struct muster_doc_edit {
    const struct muster_doc *at, *with;
};

/* A copy, texts and all, that shares nothing with the old tree; it lives in *m. Edits of nodes that
 * stand inside of another edit's are of no effect. Null when the root itself goes. */
const struct muster_doc *muster_doc_copy(const struct muster_doc *root,
                                         const struct muster_doc_edit *edits, size_t count,
                                         struct muster_memory *m);

/* New nodes. The texts are copied; of a scalar that has to be read as text, `quoted` is true. */
struct muster_doc *muster_doc_scalar(const char *text, bool quoted, struct muster_memory *m);
struct muster_doc *muster_doc_collection(enum muster_node_kind kind, struct muster_memory *m);
/* Append a copy of a node and all that is in it; key: null in a list. */
void muster_doc_append(struct muster_doc *collection, const char *key,
                       const struct muster_doc *value, struct muster_memory *m);

#endif
