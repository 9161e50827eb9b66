/* SPDX-License-Identifier: Apache-2.0 */
/* A document as YAML that a person reads: the outermost mapping in block style, what stands in it
 * in flow style as long as it fits into a line of 100 columns, lists of mappings an entry a line.
 *
 * Keys and entries keep their order. What is written reads back as the same tree, but for two
 * things: an empty value becomes `~`, and a bare text that YAML would misread comes back quoted.
 */
#ifndef MUSTER_CONFIG_DOCUMENT_WRITE_H
#define MUSTER_CONFIG_DOCUMENT_WRITE_H

#include "config/document.h"
#include "config/memory.h"

struct muster_document_style {
    bool raw;         /* ${…} stays as it stands; else it is written so that it is read as text */
    const char *head; /* lines of a comment above it all, without '#'; may be null */
    /* What to say beside a value of a list or a mapping in block style, one line; null: nothing.
     * May be null itself. */
    const char *(*comment)(void *cookie, const struct muster_doc *node);
    void *cookie;
};

/* The text, which ends in a 0 that *ret_size does not count; it lives in *m. */
const char *muster_document_write(const struct muster_doc *root,
                                  const struct muster_document_style *style,
                                  struct muster_memory *m, size_t *ret_size);

#endif
