/* SPDX-License-Identifier: Apache-2.0 */
/* From the operands of a command line to scenario files. */
#ifndef MUSTER_TOOLS_PATHS_H
#define MUSTER_TOOLS_PATHS_H

#include <stddef.h>

struct muster_paths {
    char **at;
    size_t count, capacity;
};

/* Add a file as it stands, or of a folder, recursively, every *.yaml that is no *.inc.yaml and not
 * hidden, in bytewise order. A path that is there already is not added again. Returns 0 or, after a
 * complaint, an exit code: 64 for a folder without scenarios, 74 for what cannot be read; whatever
 * else a folder holds is added nevertheless. */
int muster_paths_add(struct muster_paths *p, const char *path);
/* Of a folder, which may be without any. */
int muster_paths_add_some(struct muster_paths *p, const char *folder);
void muster_paths_free(struct muster_paths *p);

#endif
