/* SPDX-License-Identifier: Apache-2.0 */
/* A config in several files, and what is asked of a file before it is read: its kind, the
 * environment. */
#ifndef MUSTER_CONFIG_INCLUDE_H
#define MUSTER_CONFIG_INCLUDE_H

#include "config/document.h"
#include "config/memory.h"

/* Where files and variables come from, and what becomes of them. */
struct muster_reading {
    struct muster_sources *sources;
    const struct muster_doc *env; /* of ${…}; may be null */
    struct muster_memory *memory; /* takes the documents */
    struct muster_diagnostics *d;
};

#define MUSTER_CONFIG_INCLUDES_MAX 16

/* The mapping with the files that its `include` names, a path or a list of them, relative to the
 * file in which they are named, merged beneath it: of what two say, mapping by mapping, the later
 * file holds, and the including one above all. It includes once: an included file's `include` is an
 * error. Without `include` the mapping itself; on errors, after complaints, what was read. */
const struct muster_doc *muster_config_include(const struct muster_doc *config,
                                               const struct muster_reading *r);

/* What `over` says wins; what only `base` says is added, mapping by mapping. Of the lists of the
 * outermost mapping that `appended` names (ends with null; may be null), `over`'s follows upon
 * `base`'s. */
const struct muster_doc *muster_doc_merge(const struct muster_doc *base,
                                          const struct muster_doc *over,
                                          const char *const *appended, struct muster_memory *m,
                                          struct muster_diagnostics *d);

/* The environment of this process as a mapping of scalars. */
const struct muster_doc *muster_environment(struct muster_memory *m);

enum muster_file_kind {
    MUSTER_FILE_SCENARIO,
    MUSTER_FILE_CONFIG, /* of a node: the origin's, or ours */
    MUSTER_FILE_DAEMON, /* musterd's, with a node's config in the same mapping */
};

/* By its top-level keys, misspelt ones last; a file of which nothing is known is taken for a
 * scenario. */
enum muster_file_kind muster_file_kind(const struct muster_doc *root);

/* Keys of musterd's file beside those of a node's config; ends with null. */
extern const char *const muster_daemon_keys[];

#endif
