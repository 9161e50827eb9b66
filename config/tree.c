/* SPDX-License-Identifier: Apache-2.0 */
/* Walking a document: values by key, unknown keys, keys twice, values of the wrong kind. */
#include "config/inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct muster_doc *muster_doc_get(const struct muster_doc *mapping, const char *key)
{
    if (!mapping || mapping->kind != MUSTER_NODE_MAPPING)
        return NULL;
    for (const struct muster_doc *child = mapping->first; child; child = child->next) {
        if (strcmp(child->key, key) == 0)
            return child;
    }
    return NULL;
}

bool muster_doc_is_null(const struct muster_doc *node)
{
    return node->kind == MUSTER_NODE_SCALAR && !node->quoted &&
           (!*node->text || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

int muster_doc_expect(const struct muster_doc *node, enum muster_node_kind kind, const char *what,
                      struct muster_diagnostics *d)
{
    static const char *const names[] = {"", "a list", "a mapping"};
    if (node->unresolved)
        return MUSTER_E_INVALID;
    if (node->kind == kind)
        return 0;
    if (node->kind != MUSTER_NODE_SCALAR)
        muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark, "expected %s, not %s", what,
                        names[node->kind]);
    else
        muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark, "expected %s, not '%.60s'", what,
                        node->text);
    return MUSTER_E_INVALID;
}

/* " expected one of a, b, c" when that is short, else nothing. */
static void list_words(const char *const *known, char *text, size_t size)
{
    size_t used = (size_t)snprintf(text, size, "; expected one of ");
    for (const char *const *word = known; *word && used < size; word++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s", word == known ? "" : ", ", *word);
    if (used >= size)
        text[0] = 0;
}

static void complain_of_key(const struct muster_doc *child, const char *const *known,
                            struct muster_diagnostics *d)
{
    char words[150] = "";
    if (d->count == MUSTER_DIAGNOSTICS_MAX) { /* only counted: no need to look for words */
        muster_complain(d, MUSTER_SEVERITY_ERROR, child->key_mark, "unknown key");
        return;
    }
    const char *near = muster_suggest(child->key, known);
    if (near) {
        muster_complain(d, MUSTER_SEVERITY_ERROR, child->key_mark,
                        "unknown key '%.60s', did you mean '%s'?", child->key, near);
        return;
    }
    list_words(known, words, sizeof words);
    muster_complain(d, MUSTER_SEVERITY_ERROR, child->key_mark, "unknown key '%.60s'%s", child->key,
                    words);
}

void muster_doc_keys(const struct muster_doc *mapping, const char *const *known,
                     struct muster_diagnostics *d)
{
    if (!mapping || mapping->kind != MUSTER_NODE_MAPPING)
        return;
    for (const struct muster_doc *child = mapping->first; child; child = child->next) {
        const char *const *word = known;
        while (*word && strcmp(*word, child->key) != 0)
            word++;
        if (!*word)
            complain_of_key(child, known, d);
    }
}

/* By key, then by place: total, so that the sort's own choice never shows. */
static int compare_keys(const void *left, const void *right)
{
    const struct muster_doc *a = *(const struct muster_doc *const *)left;
    const struct muster_doc *b = *(const struct muster_doc *const *)right;
    int order = strcmp(a->key, b->key);
    if (order != 0)
        return order;
    if (a->key_mark.line != b->key_mark.line)
        return a->key_mark.line < b->key_mark.line ? -1 : 1;
    return a->key_mark.column < b->key_mark.column ? -1 : a->key_mark.column > b->key_mark.column;
}

void muster_doc_unique(const struct muster_doc *mapping, struct muster_memory *m,
                       struct muster_diagnostics *d)
{
    uint32_t n = 0;
    if (mapping->children < 2)
        return;
    const struct muster_doc **all = muster_memory_take(m, mapping->children * sizeof *all);
    for (const struct muster_doc *child = mapping->first; child; child = child->next)
        all[n++] = child;
    qsort(all, n, sizeof *all, compare_keys);
    for (uint32_t i = 1; i < n; i++) {
        if (strcmp(all[i - 1]->key, all[i]->key) == 0)
            muster_complain(d, MUSTER_SEVERITY_ERROR, all[i]->key_mark,
                            "key '%.60s' stands here a second time; first in line %u", all[i]->key,
                            (unsigned)all[i - 1]->key_mark.line);
    }
}
