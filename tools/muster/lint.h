/* SPDX-License-Identifier: Apache-2.0 */
/* What `muster lint` finds beside scenarios. */
#ifndef MUSTER_TOOLS_LINT_H
#define MUSTER_TOOLS_LINT_H

#include "tools/muster/paths.h"

#include <stdint.h>

struct muster_lint_count {
    uint32_t files, invalid, unreadable;
    int code; /* the gravest exit code */
};

/* Check the configs among the paths, by their top-level keys, and take them out of the list;
 * complaints go to standard error. */
struct muster_lint_count muster_lint_configs(struct muster_paths *paths);

#endif
