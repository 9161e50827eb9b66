/* SPDX-License-Identifier: Apache-2.0 */
/* Values as JSON that is also YAML: the parameters of an action, and texts of a written config. */
#include "config/edge.h"

#include <string.h>

/* The character at the front of a text, and its bytes; false where that is no UTF-8. */
static bool decode(const char *text, uint32_t *ret_character, size_t *ret_size)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = (uint8_t)text[0];
    size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t character = size == 1 ? first : first & (0x7fU >> size);
    if ((first >= 0x80 && first < 0xc2) || first >= 0xf5)
        return false;
    for (size_t i = 1; i < size; i++) {
        if (((uint8_t)text[i] & 0xc0) != 0x80) /* the final 0 ends it, too */
            return false;
        character = character << 6 | ((uint8_t)text[i] & 0x3f);
    }
    if (character < least[size] || (character >= 0xd800 && character < 0xe000) ||
        character > 0x10ffff)
        return false;
    *ret_character = character;
    *ret_size = size;
    return true;
}

/* Whether YAML takes a character for itself within double quotes: no control character, no end of a
 * line, no mark of the order of bytes. */
static bool is_plain(uint32_t character)
{
    return (character >= 0x20 && character < 0x7f) ||
           (character >= 0xa0 && character != 0x2028 && character != 0x2029 &&
            character != 0xfeff && character != 0xfffe && character != 0xffff);
}

bool edge_json_string(struct muster_text *t, const char *text)
{
    uint32_t character;
    muster_text_add(t, "\"");
    for (size_t size; *text; text += size) {
        if (!decode(text, &character, &size))
            return false;
        if (character == '"' || character == '\\')
            muster_text_add(t, "\\");
        if (is_plain(character)) {
            muster_text_add_bytes(t, (struct muster_bytes){(const uint8_t *)text, size});
        } else {
            muster_text_add(t, "\\u");
            muster_text_add_hex(t, character, 4);
        }
    }
    muster_text_add(t, "\"");
    return true;
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* As JSON has numbers: -12.5e-3, without zeros in front. */
static bool is_number(const char *text)
{
    text += *text == '-';
    size_t whole = digits(text);
    if (whole == 0 || (whole > 1 && *text == '0'))
        return false;
    text += whole;
    if (*text == '.') {
        size_t fraction = digits(++text);
        if (fraction == 0)
            return false;
        text += fraction;
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        size_t exponent = digits(text);
        if (exponent == 0)
            return false;
        text += exponent;
    }
    return !*text;
}

static int put_string(struct muster_mark mark, const char *text, struct muster_text *t,
                      struct muster_diagnostics *d)
{
    if (edge_json_string(t, text))
        return 0;
    muster_complain(d, MUSTER_SEVERITY_ERROR, mark, "'%.60s' is no UTF-8", text);
    return MUSTER_E_INVALID;
}

static int put_scalar(const struct muster_doc *node, struct muster_text *t,
                      struct muster_diagnostics *d)
{
    bool word = strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0;
    if (muster_doc_is_null(node))
        muster_text_add(t, "null");
    else if (!node->quoted && (word || is_number(node->text)))
        muster_text_add(t, node->text);
    else
        return put_string(node->mark, node->text, t, d);
    return 0;
}

int edge_json(const struct muster_doc *node, uint32_t depth, struct muster_text *t,
              struct muster_diagnostics *d)
{
    if (node->kind == MUSTER_NODE_SCALAR)
        return put_scalar(node, t, d);
    if (depth == 0) {
        muster_complain(d, MUSTER_SEVERITY_ERROR, node->mark, "parameters are nested too deeply");
        return MUSTER_E_INVALID;
    }
    bool mapping = node->kind == MUSTER_NODE_MAPPING;
    muster_text_add(t, mapping ? "{" : "[");
    for (const struct muster_doc *one = node->first; one; one = one->next) {
        muster_text_add(t, one == node->first ? "" : ",");
        if (mapping && put_string(one->key_mark, one->key, t, d) != 0)
            return MUSTER_E_INVALID;
        muster_text_add(t, mapping ? ":" : "");
        if (edge_json(one, depth - 1, t, d) != 0)
            return MUSTER_E_INVALID;
    }
    muster_text_add(t, mapping ? "}" : "]");
    return 0;
}
