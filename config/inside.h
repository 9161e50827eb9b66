/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the document reader give one another. Not for others. */
#ifndef MUSTER_CONFIG_INSIDE_H
#define MUSTER_CONFIG_INSIDE_H

#include "config/document.h"
#include "config/memory.h"

/* The text with every ${NAME} and ${NAME:default} replaced; $${ stays as ${. *total grows by what
 * came out. A name that is not known stays as it stands, after a complaint; null when the bound is
 * exceeded. */
const char *muster_substitute(struct muster_memory *m, const char *text,
                              const struct muster_doc *env, struct muster_mark mark, size_t *total,
                              struct muster_diagnostics *d);

/* Complain of every key that a mapping has twice. */
void muster_doc_unique(const struct muster_doc *mapping, struct muster_memory *m,
                       struct muster_diagnostics *d);

#endif
