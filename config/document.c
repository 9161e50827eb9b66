/* SPDX-License-Identifier: Apache-2.0 */
/* From libyaml's events to a tree, under limits of our own, so that hostile files end at once. */
#include "config/document.h"
#include "config/inside.h"
#include "config/memory.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define DEPTH_MAX       32
#define NODES_MAX       100000
#define ALIAS_NODES_MAX 10000
#define ANCHORS_MAX     1000
#define SCALAR_SIZE_MAX ((size_t)64 * 1024)

/* A collection that is still open. */
struct frame {
    struct muster_doc *node, *last;
    const char *key; /* waits for its value */
    struct muster_mark key_mark;
};

struct anchor {
    const char *name;
    const struct muster_doc *node;
    bool open; /* the node's end has not come yet */
};

struct builder {
    const struct muster_source *source;
    const struct muster_doc *env;
    bool raw; /* leave ${…} alone */
    struct muster_diagnostics *d;
    struct muster_memory memory;
    bool whole;         /* all of it was built */
    size_t substituted; /* bytes of text that came from variables */
    uint32_t nodes, alias_nodes, anchors, depth;
    struct muster_doc *root;
    struct frame frame[DEPTH_MAX];
    struct anchor anchor[ANCHORS_MAX];
};

static struct muster_mark mark_at(const struct builder *b, const yaml_mark_t *m)
{
    return (struct muster_mark){b->source, (uint32_t)m->line + 1, (uint32_t)m->column + 1};
}

static int refuse(struct builder *b, struct muster_mark mark, const char *why)
{
    muster_complain(b->d, MUSTER_SEVERITY_ERROR, mark, "%s", why);
    return MUSTER_E_INVALID;
}

/* ---- nodes ---- */

/* Hang a node into the open collection, or make it the root. */
static void attach(struct builder *b, struct muster_doc *node)
{
    if (b->depth == 0) {
        assert(!b->root);
        b->root = node;
        return;
    }
    struct frame *f = &b->frame[b->depth - 1];
    node->key = f->key;
    node->key_mark = f->key_mark;
    f->key = NULL;
    if (f->last)
        f->last->next = node;
    else
        f->node->first = node;
    f->last = node;
    f->node->children++;
}

static int node_new(struct builder *b, enum muster_node_kind kind, struct muster_mark mark,
                    struct muster_doc **ret_node)
{
    if (b->depth == DEPTH_MAX && kind != MUSTER_NODE_SCALAR)
        return refuse(b, mark, "nested deeper than 32 levels");
    if (++b->nodes > NODES_MAX)
        return refuse(b, mark, "more than 100000 values in one file");
    struct muster_doc *node = muster_memory_take(&b->memory, sizeof *node);
    node->kind = kind;
    node->mark = mark;
    *ret_node = node;
    return 0;
}

static int anchor_new(struct builder *b, const yaml_char_t *name, const struct muster_doc *node)
{
    if (!name)
        return 0;
    if (b->anchors == ANCHORS_MAX)
        return refuse(b, node->mark, "more than 1000 anchors in one file");
    const char *text = (const char *)name;
    b->anchor[b->anchors++] = (struct anchor){
        .name = muster_memory_copy(&b->memory, text, strlen(text)),
        .node = node,
        .open = node->kind != MUSTER_NODE_SCALAR,
    };
    return 0;
}

/* Copy a node for an alias; `depth` counts the levels above it. */
static int copy_node(struct builder *b, const struct muster_doc *from, uint32_t depth,
                     struct muster_mark mark, struct muster_doc **ret_copy)
{
    if (++b->alias_nodes > ALIAS_NODES_MAX)
        return refuse(b, mark, "aliases expand to more than 10000 values");
    if (depth == DEPTH_MAX && from->kind != MUSTER_NODE_SCALAR)
        return refuse(b, mark, "nested deeper than 32 levels");
    struct muster_doc *copy = muster_memory_take(&b->memory, sizeof *copy), *last = NULL;
    *copy = *from;
    copy->first = copy->next = NULL;
    for (const struct muster_doc *child = from->first; child; child = child->next) {
        struct muster_doc *more = NULL;
        if (copy_node(b, child, depth + 1, mark, &more) != 0)
            return MUSTER_E_INVALID;
        if (last)
            last->next = more;
        else
            copy->first = more;
        last = more;
    }
    *ret_copy = copy;
    return 0;
}

static int on_alias(struct builder *b, const char *name, struct muster_mark mark)
{
    const struct frame *f = b->depth > 0 ? &b->frame[b->depth - 1] : NULL;
    if (f && f->node->kind == MUSTER_NODE_MAPPING && !f->key)
        return refuse(b, mark, "a key must be a plain word, not an alias");
    for (uint32_t i = b->anchors; i-- > 0;) {
        if (strcmp(b->anchor[i].name, name) != 0)
            continue;
        if (b->anchor[i].open)
            return refuse(b, mark, "an alias inside of the very value it stands for");
        struct muster_doc *copy = NULL;
        if (copy_node(b, b->anchor[i].node, b->depth, mark, &copy) != 0)
            return MUSTER_E_INVALID;
        attach(b, copy);
        return 0;
    }
    muster_complain(b->d, MUSTER_SEVERITY_ERROR, mark, "no anchor '&%.60s' stands above this alias",
                    name);
    return MUSTER_E_INVALID;
}

/* ---- scalars and keys ---- */

static int take_text(struct builder *b, const yaml_event_t *e, struct muster_mark mark,
                     const char **ret_text)
{
    const char *text = (const char *)e->data.scalar.value;
    size_t size = e->data.scalar.length;
    if (size > SCALAR_SIZE_MAX)
        return refuse(b, mark, "a text of more than 64 KiB");
    if (memchr(text, 0, size))
        return refuse(b, mark, "a text with a NUL byte in it");
    *ret_text = muster_memory_copy(&b->memory, text, size);
    return 0;
}

static int on_scalar(struct builder *b, const yaml_event_t *e, struct muster_mark mark)
{
    const char *text = NULL;
    if (take_text(b, e, mark, &text) != 0)
        return MUSTER_E_INVALID;
    struct frame *f = b->depth > 0 ? &b->frame[b->depth - 1] : NULL;
    if (f && f->node->kind == MUSTER_NODE_MAPPING && !f->key) {
        f->key = text;
        f->key_mark = mark;
        return 0;
    }
    struct muster_doc *node = NULL;
    if (node_new(b, MUSTER_NODE_SCALAR, mark, &node) != 0)
        return MUSTER_E_INVALID;
    node->text = text;
    node->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (!b->raw && strstr(text, "${")) {
        uint32_t errors = b->d->errors;
        node->text = muster_substitute(&b->memory, text, b->env, mark, &b->substituted, b->d);
        node->unresolved = b->d->errors > errors;
        node->quoted = false; /* ${X} needs quotes in {…}; what it stands for is what counts */
        if (!node->text)
            return MUSTER_E_INVALID;
    }
    attach(b, node);
    return anchor_new(b, e->data.scalar.anchor, node);
}

static int on_start(struct builder *b, enum muster_node_kind kind, const yaml_char_t *anchor,
                    struct muster_mark mark)
{
    const struct frame *f = b->depth > 0 ? &b->frame[b->depth - 1] : NULL;
    if (f && f->node->kind == MUSTER_NODE_MAPPING && !f->key)
        return refuse(b, mark, "a key must be a plain word, not a list or a mapping");
    struct muster_doc *node = NULL;
    if (node_new(b, kind, mark, &node) != 0)
        return MUSTER_E_INVALID;
    attach(b, node);
    b->frame[b->depth++] = (struct frame){.node = node};
    return anchor_new(b, anchor, node);
}

static void on_end(struct builder *b)
{
    assert(b->depth > 0);
    const struct muster_doc *node = b->frame[--b->depth].node;
    for (uint32_t i = 0; i < b->anchors; i++) {
        if (b->anchor[i].node == node)
            b->anchor[i].open = false;
    }
    if (node->kind == MUSTER_NODE_MAPPING)
        muster_doc_unique(node, &b->memory, b->d);
}

/* ---- events ---- */

/* Tags: only the one that says "text" has a meaning here. */
static int check_tag(struct builder *b, const yaml_char_t *tag, struct muster_mark mark)
{
    if (!tag || strcmp((const char *)tag, "!") == 0 || strcmp((const char *)tag, YAML_STR_TAG) == 0)
        return 0;
    muster_complain(b->d, MUSTER_SEVERITY_ERROR, mark, "the tag '%.60s' has no meaning here",
                    (const char *)tag);
    return MUSTER_E_INVALID;
}

static int on_event(struct builder *b, const yaml_event_t *e)
{
    struct muster_mark mark = mark_at(b, &e->start_mark);
    switch (e->type) {
    case YAML_DOCUMENT_START_EVENT:
        return b->root ? refuse(b, mark, "a second document; one file holds one") : 0;
    case YAML_ALIAS_EVENT:
        return on_alias(b, (const char *)e->data.alias.anchor, mark);
    case YAML_SCALAR_EVENT:
        return check_tag(b, e->data.scalar.tag, mark) ? MUSTER_E_INVALID : on_scalar(b, e, mark);
    case YAML_SEQUENCE_START_EVENT:
        return check_tag(b, e->data.sequence_start.tag, mark)
                   ? MUSTER_E_INVALID
                   : on_start(b, MUSTER_NODE_SEQUENCE, e->data.sequence_start.anchor, mark);
    case YAML_MAPPING_START_EVENT:
        return check_tag(b, e->data.mapping_start.tag, mark)
                   ? MUSTER_E_INVALID
                   : on_start(b, MUSTER_NODE_MAPPING, e->data.mapping_start.anchor, mark);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        on_end(b);
        return 0;
    default:
        return 0;
    }
}

/* The position of a byte. */
static struct muster_mark mark_of_byte(const struct builder *b, size_t offset)
{
    struct muster_mark mark = {b->source, 1, 1};
    for (size_t i = 0; i < offset && i < b->source->size; i++) {
        mark.column++;
        if (b->source->text[i] == '\n') {
            mark.line++;
            mark.column = 1;
        }
    }
    return mark;
}

static void complain_of_syntax(struct builder *b, const yaml_parser_t *p)
{
    const char *problem = p->problem ? p->problem : "not YAML";
    if (p->error == YAML_MEMORY_ERROR)
        muster_memory_short();
    if (p->error == YAML_READER_ERROR) {
        refuse(b, mark_of_byte(b, p->problem_offset), problem);
        return;
    }
    struct muster_mark mark = mark_at(b, &p->problem_mark);
    if (p->problem_mark.index < b->source->size && b->source->text[p->problem_mark.index] == '\t')
        refuse(b, mark, "a tab; indent with blanks");
    else if (p->context)
        muster_complain(b->d, MUSTER_SEVERITY_ERROR, mark, "%s %s, which begins in line %u",
                        problem, p->context, (unsigned)p->context_mark.line + 1);
    else
        refuse(b, mark, problem);
}

static int build(struct builder *b)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        muster_memory_short();
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)b->source->text, b->source->size);
    int result = 0;
    for (bool more = true; more && result == 0;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            complain_of_syntax(b, &parser);
            result = MUSTER_E_INVALID;
            break;
        }
        more = event.type != YAML_STREAM_END_EVENT;
        result = on_event(b, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return result;
}

static int parse(struct muster_document *doc, const struct muster_source *source, bool raw,
                 const struct muster_doc *env, struct muster_diagnostics *d)
{
    *doc = (struct muster_document){0};
    struct muster_memory own = {0};
    struct builder *b = muster_memory_take(&own, sizeof *b);
    *b = (struct builder){.source = source, .env = env, .raw = raw, .d = d};
    uint32_t errors = d->errors;
    const char *nul = memchr(source->text, 0, source->size);
    if (nul)
        refuse(b, mark_of_byte(b, (size_t)(nul - source->text)),
               "a NUL byte; this is no text file");
    else if ((b->whole = build(b) == 0) && !b->root)
        refuse(b, (struct muster_mark){source, 0, 0}, "the file is empty");
    else
        doc->root = b->whole ? b->root : NULL;
    doc->nodes = b->memory.newest;
    muster_memory_free(&own);
    return d->errors == errors ? 0 : MUSTER_E_INVALID;
}

int muster_document_parse(struct muster_document *doc, const struct muster_source *source,
                          const struct muster_doc *env, struct muster_diagnostics *d)
{
    return parse(doc, source, false, env, d);
}

int muster_document_parse_raw(struct muster_document *doc, const struct muster_source *source,
                              struct muster_diagnostics *d)
{
    return parse(doc, source, true, NULL, d);
}

void muster_document_free(struct muster_document *doc)
{
    struct muster_memory memory = {doc->nodes};
    muster_memory_free(&memory);
    *doc = (struct muster_document){0};
}
