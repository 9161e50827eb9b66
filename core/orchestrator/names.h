/* SPDX-License-Identifier: Apache-2.0 */
/* A list of names, such as the actions of a config: the index is how the core speaks of one. */
#ifndef MUSTER_CORE_ORCHESTRATOR_NAMES_H
#define MUSTER_CORE_ORCHESTRATOR_NAMES_H

#include "core/text.h"

#define MUSTER_NAME_NONE UINT32_MAX /* an index that stands for no name */

/* The caller's; it outlives its use. */
struct muster_names {
    const char *const *at;
    uint32_t count;
};

static inline uint32_t muster_names_find(const struct muster_names *names, struct muster_bytes name)
{
    for (uint32_t i = 0; i < names->count; i++) {
        if (muster_text_equal(name, names->at[i]))
            return i;
    }
    return MUSTER_NAME_NONE;
}

#endif
