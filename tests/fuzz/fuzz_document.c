/* SPDX-License-Identifier: Apache-2.0 */
/* YAML of any bytes: a tree within the limits or complaints with a place, and scalars read by every
 * reader there is. */
#include "config/document.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32

static void read_scalar(const struct muster_doc *node)
{
    static const char *const words[] = {"one", "two", "three", NULL};
    static struct muster_diagnostics d;
    uint64_t number = 0;
    int64_t wide;
    uint32_t ppm = 0, index = 0;
    int32_t narrow;
    bool truth;
    char text[16];
    memset(&d, 0, sizeof d);
    if (muster_doc_duration(node, 10, 60 * MUSTER_SECOND, false, &number, &d) == 0)
        assert(number >= 10 && number <= 60 * MUSTER_SECOND);
    if (muster_doc_integer(node, 3, 1000, &number, &d) == 0)
        assert(number >= 3 && number <= 1000);
    if (muster_doc_ppm(node, 1, 1000000, &ppm, &d) == 0)
        assert(ppm >= 1 && ppm <= 1000000);
    if (muster_doc_word(node, words, &index, &d) == 0)
        assert(index < 3 && strcmp(words[index], node->text) == 0);
    if (muster_doc_text(node, text, sizeof text, &d) == 0)
        assert(strcmp(text, node->text) == 0);
    muster_doc_duration(node, 0, MUSTER_NEVER, true, &number, &d);
    muster_doc_integer(node, 0, UINT64_MAX, &number, &d);
    muster_doc_signed_duration(node, &wide, &d);
    muster_doc_signed_ppm(node, &narrow, &d);
    muster_doc_boolean(node, &truth, &d);
    muster_doc_is_null(node);
}

/* good: nothing was complained of, so no key stands twice. */
static void check_tree(const struct muster_doc *node, uint32_t depth, bool good)
{
    static const char *const known[] = {"name", "nodes", "duration", NULL};
    static struct muster_diagnostics d;
    uint32_t children = 0;
    assert(depth <= DEPTH_MAX && node->mark.line > 0 && node->mark.column > 0);
    for (const struct muster_doc *child = node->first; child; child = child->next) {
        assert((child->key != NULL) == (node->kind == MUSTER_NODE_MAPPING));
        assert(!good || !child->key || muster_doc_get(node, child->key) == child);
        check_tree(child, depth + 1, good);
        children++;
    }
    assert(children == node->children);
    memset(&d, 0, sizeof d);
    muster_doc_keys(node, known, &d);
    if (node->kind == MUSTER_NODE_SCALAR)
        read_scalar(node);
    else
        assert(!node->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct muster_diagnostics d;
    struct muster_sources sources = {0};
    struct muster_document raw, doc;
    char *shown = NULL;
    size_t length = 0;
    const struct muster_source *source =
        muster_source_add(&sources, "fuzz.yaml", (const char *)data, size);
    memset(&d, 0, sizeof d);
    bool good = muster_document_parse_raw(&raw, source, &d) == 0;
    assert(good == (d.errors == 0) && (raw.root || !good));
    if (raw.root)
        check_tree(raw.root, 0, good);
    memset(&d, 0, sizeof d);
    good = muster_document_parse(&doc, source, muster_doc_get(raw.root, "env"), &d) == 0;
    assert(good == (d.errors == 0) && (doc.root || !good));
    if (doc.root)
        check_tree(doc.root, 0, good);
    FILE *out = open_memstream(&shown, &length);
    assert(out);
    muster_diagnostics_print(&d, out);
    fclose(out);
    assert(good || length > 0);
    free(shown);
    muster_document_free(&doc);
    muster_document_free(&raw);
    muster_sources_free(&sources);
    return 0;
}
