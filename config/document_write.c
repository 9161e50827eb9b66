/* SPDX-License-Identifier: Apache-2.0 */
/* From a tree to YAML: see document_write.h. */
#include "config/document_write.h"

#include "config/utf8.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS    100
#define KEY_MAX    1000 /* of a longer one YAML wants to be told that it is a key */
#define FIRST_ROOM 4096

struct out {
    const struct muster_document_style *style;
    struct muster_memory *m;
    char *at;
    size_t used, room;
    size_t line; /* where the current line begins */
};

/* ---- bytes ---- */

static void put_bytes(struct out *o, const char *text, size_t size)
{
    if (o->room - o->used <= size) {
        size_t room = 2 * (o->room + size);
        char *larger = muster_memory_take(o->m, room);
        if (o->used > 0)
            memcpy(larger, o->at, o->used);
        o->at = larger;
        o->room = room;
    }
    memcpy(o->at + o->used, text, size);
    o->used += size;
    o->at[o->used] = 0;
}

static void put(struct out *o, const char *text)
{
    put_bytes(o, text, strlen(text));
}

static void end_line(struct out *o)
{
    put(o, "\n");
    o->line = o->used;
}

static void indent(struct out *o, uint32_t by)
{
    while (by-- > 0)
        put(o, " ");
}

static size_t columns(const char *text, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < size; n++)
        i += muster_utf8_length(text + i, size - i);
    return n;
}

/* ---- scalars ---- */

/* A character that stands for itself in a file: no control, no break of a line, no mark of an order
 * of bytes. */
static bool is_printable(uint32_t c)
{
    return c >= 0x20 && (c < 0x7f || c >= 0xa0) && c != 0x2028 && c != 0x2029 && c != 0xfeff &&
           (c & 0xfffe) != 0xfffe;
}

static bool is_bare(const char *text, bool flow)
{
    size_t size = strlen(text);
    if (size == 0 || text[0] == ' ' || text[size - 1] == ' ' || text[size - 1] == ':')
        return false;
    if (strchr("?:,[]{}#&*!|>'\"%@`", text[0]) || (text[0] == '-' && (size == 1 || text[1] == ' ')))
        return false;
    if (strncmp(text, "---", 3) == 0 || strncmp(text, "...", 3) == 0)
        return false;
    if (strstr(text, ": ") || strstr(text, " #") || (flow && strpbrk(text, ",[]{}:")))
        return false;
    for (size_t i = 0; i < size;) {
        uint32_t c = 0, length = muster_utf8_decode(text + i, &c);
        if (length == 0 || !is_printable(c))
            return false;
        i += length;
    }
    return true;
}

static bool is_all_printable(const char *text)
{
    while (*text) {
        uint32_t c = 0, length = muster_utf8_decode(text, &c);
        if (length == 0 || !is_printable(c))
            return false;
        text += length;
    }
    return true;
}

/* The text with every ${ so that it comes back as it is. */
static const char *escaped(struct out *o, const char *text)
{
    if (o->style->raw || !strstr(text, "${"))
        return text;
    struct out e = {.style = o->style, .m = o->m};
    for (; *text; text++) {
        if (text[0] == '$' && text[1] == '{')
            put(&e, "$");
        put_bytes(&e, text, 1);
    }
    return e.at;
}

static void put_single_quoted(struct out *o, const char *text)
{
    put(o, "'");
    for (; *text; text++)
        put_bytes(o, *text == '\'' ? "''" : text, *text == '\'' ? 2 : 1);
    put(o, "'");
}

static void put_double_quoted(struct out *o, const char *text)
{
    put(o, "\"");
    while (*text) {
        char code[12];
        uint32_t c = 0, length = muster_utf8_decode(text, &c);
        if (*text == '"' || *text == '\\') {
            put(o, "\\");
            put_bytes(o, text, 1);
        } else if (*text == '\n') {
            put(o, "\\n");
        } else if (length == 0 || is_printable(c)) {
            put_bytes(o, text, length > 0 ? length : 1);
        } else {
            snprintf(code, sizeof code, c > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned)c);
            put(o, code);
        }
        text += length > 0 ? length : 1;
    }
    put(o, "\"");
}

static void put_text(struct out *o, const char *text, bool quoted, bool flow)
{
    const char *shown = escaped(o, text);
    if (!quoted && is_bare(shown, flow))
        put(o, shown);
    else if (is_all_printable(shown))
        put_single_quoted(o, shown);
    else
        put_double_quoted(o, shown);
}

static void put_scalar(struct out *o, const struct muster_doc *node, bool flow)
{
    if (!*node->text && !node->quoted)
        put(o, "~");
    else
        put_text(o, node->text, node->quoted, flow);
}

static void put_flow_key(struct out *o, const char *key)
{
    bool is_long = strlen(key) > KEY_MAX;
    put(o, is_long ? "? " : "");
    put_text(o, key, false, true);
    put(o, is_long ? " :" : ":");
}

static void put_block_key(struct out *o, const char *key, uint32_t by)
{
    bool is_long = strlen(key) > KEY_MAX;
    put(o, is_long ? "? " : "");
    put_text(o, key, false, false);
    if (is_long) {
        end_line(o);
        indent(o, by);
    }
    put(o, ":");
}

/* ---- flow and block ---- */

static void put_flow(struct out *o, const struct muster_doc *node)
{
    bool mapping = node->kind == MUSTER_NODE_MAPPING;
    if (node->kind == MUSTER_NODE_SCALAR) {
        put_scalar(o, node, true);
        return;
    }
    put(o, mapping ? "{" : "[");
    for (const struct muster_doc *child = node->first; child; child = child->next) {
        if (mapping) {
            put_flow_key(o, child->key);
            put(o, " ");
        }
        put_flow(o, child);
        if (child->next)
            put(o, ", ");
    }
    put(o, mapping ? "}" : "]");
}

/* Try it in the line that has been begun. */
static bool put_if_it_fits(struct out *o, const struct muster_doc *node, uint32_t depth)
{
    size_t before = o->used;
    bool list = node->kind == MUSTER_NODE_SEQUENCE && node->first;
    if (depth == 1 && list && node->first->kind == MUSTER_NODE_MAPPING)
        return false;
    put(o, " ");
    put_flow(o, node);
    if (!node->first || columns(o->at + o->line, o->used - o->line) <= COLUMNS)
        return true;
    o->used = before;
    return false;
}

/* Beside the line that was written, or above it when that is too long. `start`: of the value's
 * first line. */
static void put_comment(struct out *o, const struct muster_doc *node, size_t start, uint32_t by)
{
    const char *text = o->style->comment ? o->style->comment(o->style->cookie, node) : NULL;
    bool one_line = start == o->line;
    if (!text)
        return;
    if (one_line &&
        columns(o->at + o->line, o->used - o->line) + 3 + columns(text, strlen(text)) <= COLUMNS) {
        put(o, "  # ");
        put(o, text);
        return;
    }
    size_t size = o->used - start;
    char *moved = muster_memory_copy(o->m, o->at + start, size);
    size_t line = o->line - start;
    o->used = o->line = start;
    indent(o, by);
    put(o, "# ");
    put(o, text);
    end_line(o);
    o->line += line;
    put_bytes(o, moved, size);
}

static void put_block(struct out *o, const struct muster_doc *node, uint32_t by, uint32_t depth,
                      bool begun);

/* What follows "key:" or "-". The line is left open. */
static void put_value(struct out *o, const struct muster_doc *node, uint32_t by, uint32_t depth)
{
    if (node->kind == MUSTER_NODE_SCALAR) {
        put(o, " ");
        put_scalar(o, node, false);
    } else if (!put_if_it_fits(o, node, depth)) {
        end_line(o);
        put_block(o, node, by + 2, depth, false);
    }
}

/* The children, each on lines of its own; the last line is left open. begun: the first one's line
 * has been begun, behind a "- ". */
static void put_block(struct out *o, const struct muster_doc *node, uint32_t by, uint32_t depth,
                      bool begun)
{
    for (const struct muster_doc *child = node->first; child; child = child->next) {
        size_t start = o->line;
        if (!begun)
            indent(o, by);
        begun = false;
        if (node->kind == MUSTER_NODE_MAPPING) {
            put_block_key(o, child->key, by);
            put_value(o, child, by, depth + 1);
        } else if (child->kind == MUSTER_NODE_MAPPING && child->first) {
            put(o, "-");
            if (!put_if_it_fits(o, child, depth + 1)) {
                put(o, " ");
                put_block(o, child, by + 2, depth + 1, true);
            }
        } else {
            put(o, "-");
            put_value(o, child, by, depth + 1);
        }
        put_comment(o, child, start, by);
        if (child->next)
            end_line(o);
    }
}

static void put_head(struct out *o, const char *text)
{
    while (*text) {
        size_t size = strcspn(text, "\n");
        put(o, size > 0 ? "# " : "#");
        put_bytes(o, text, size);
        end_line(o);
        text += size + (text[size] == '\n');
    }
}

const char *muster_document_write(const struct muster_doc *root,
                                  const struct muster_document_style *style,
                                  struct muster_memory *m, size_t *ret_size)
{
    struct out o = {.style = style, .m = m, .room = FIRST_ROOM};
    o.at = muster_memory_take(m, o.room);
    if (style->head)
        put_head(&o, style->head);
    if (root->first)
        put_block(&o, root, 0, 0, false);
    else
        put_flow(&o, root);
    end_line(&o);
    *ret_size = o.used;
    return o.at;
}
