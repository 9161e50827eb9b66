/* SPDX-License-Identifier: Apache-2.0 */
/* Fields of a scenario's mappings: optional, typed, with the words that complaints need. */
#include "sim/scenario/inside.h"

#include <stdio.h>
#include <string.h>

#define RENDERED_MAX 256

const struct muster_doc *field(const struct muster_doc *mapping, const char *key)
{
    const struct muster_doc *node = muster_doc_get(mapping, key);
    return node && !muster_doc_is_null(node) ? node : NULL;
}

const struct muster_doc *field_mapping(struct loader *l, const struct muster_doc *mapping,
                                       const char *key)
{
    const struct muster_doc *node = field(mapping, key);
    char what[64];
    snprintf(what, sizeof what, "a mapping under '%s'", key);
    if (!node || muster_doc_expect(node, MUSTER_NODE_MAPPING, what, l->d) != 0)
        return NULL;
    return node;
}

const struct muster_doc *field_list(struct loader *l, const struct muster_doc *mapping,
                                    const char *key)
{
    const struct muster_doc *node = field(mapping, key);
    char what[64];
    snprintf(what, sizeof what, "a list under '%s'", key);
    if (!node || muster_doc_expect(node, MUSTER_NODE_SEQUENCE, what, l->d) != 0)
        return NULL;
    return node;
}

void take_duration(struct loader *l, const struct muster_doc *mapping, const char *key,
                   muster_dur min, muster_dur max, muster_dur *value)
{
    const struct muster_doc *node = muster_doc_get(mapping, key);
    if (node)
        muster_doc_duration(node, min, max, false, value, l->d);
}

void take_signed(struct loader *l, const struct muster_doc *mapping, const char *key,
                 int64_t *value)
{
    const struct muster_doc *node = muster_doc_get(mapping, key);
    if (node)
        muster_doc_signed_duration(node, value, l->d);
}

void take_drift(struct loader *l, const struct muster_doc *mapping, const char *key, int32_t *value)
{
    const struct muster_doc *node = muster_doc_get(mapping, key);
    if (node)
        muster_doc_signed_ppm(node, value, l->d);
}

void take_boolean(struct loader *l, const struct muster_doc *mapping, const char *key, bool *value)
{
    const struct muster_doc *node = muster_doc_get(mapping, key);
    if (node)
        muster_doc_boolean(node, value, l->d);
}

void take_count(struct loader *l, const struct muster_doc *mapping, const char *key, uint32_t min,
                uint32_t max, uint32_t *value)
{
    const struct muster_doc *node = muster_doc_get(mapping, key);
    uint64_t read = 0;
    if (node && muster_doc_integer(node, min, max, &read, l->d) == 0)
        *value = (uint32_t)read;
}

void take_word(struct loader *l, const struct muster_doc *mapping, const char *key,
               const char *const *words, uint32_t *value)
{
    const struct muster_doc *node = muster_doc_get(mapping, key);
    if (node)
        muster_doc_word(node, words, value, l->d);
}

void complain_unknown(struct loader *l, const struct muster_doc *node, const char *what,
                      const char *const *candidates)
{
    char all[150] = "";
    size_t used = 0;
    const char *near = muster_suggest(node->text, candidates);
    if (near) {
        COMPLAIN(l, node->mark, "unknown %s '%.60s', did you mean '%s'?", what, node->text, near);
        return;
    }
    for (; *candidates && used < sizeof all; candidates++)
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", used > 0 ? ", " : "",
                                 *candidates);
    if (used == 0 || used >= sizeof all)
        COMPLAIN(l, node->mark, "unknown %s '%.60s'", what, node->text);
    else
        COMPLAIN(l, node->mark, "unknown %s '%.60s'; there is %s", what, node->text, all);
}

/* ---- one line of flow YAML ---- */

struct line {
    char at[RENDERED_MAX];
    size_t used;
};

static void put(struct line *o, const char *text)
{
    size_t size = strlen(text), room = sizeof o->at - 1 - o->used;
    size = size < room ? size : room;
    memcpy(o->at + o->used, text, size);
    o->used += size;
}

/* In quotes where a bare word would read as something else. */
static void put_scalar(struct line *o, const struct muster_doc *node)
{
    bool bare = *node->text && !strpbrk(node->text, " ,:{}[]\"'#&*\n\t");
    if (!bare)
        put(o, "'");
    put(o, node->text);
    if (!bare)
        put(o, "'");
}

static void put_node(struct line *o, const struct muster_doc *node)
{
    if (node->kind == MUSTER_NODE_SCALAR) {
        put_scalar(o, node);
        return;
    }
    bool mapping = node->kind == MUSTER_NODE_MAPPING;
    put(o, mapping ? "{" : "[");
    for (const struct muster_doc *child = node->first; child; child = child->next) {
        if (mapping) {
            put(o, child->key);
            put(o, ": ");
        }
        put_node(o, child);
        if (child->next)
            put(o, ", ");
    }
    put(o, mapping ? "}" : "]");
}

const char *render(struct loader *l, const struct muster_doc *node)
{
    struct line o = {.used = 0};
    put_node(&o, node);
    return muster_memory_copy(&l->memory, o.at, o.used);
}
