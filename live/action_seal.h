/* SPDX-License-Identifier: Apache-2.0 */
/* How a target that muster-fence makes of a command is sealed (SPEC R14). */
#ifndef MUSTER_LIVE_ACTION_SEAL_H
#define MUSTER_LIVE_ACTION_SEAL_H

#include "config/memory.h"

#include <stdint.h>

/* For `muster-fence [OPTION…] --state FILE [OPTION…] [--] COMMAND …`: the vector, ending with null,
 * of `muster-fence --state FILE --seal EPOCH`, in memory of m and of the argument. Null: the vector
 * is of another command, and nothing is known of how to seal that. */
char **muster_live_seal_arguments(struct muster_memory *m, char *const *argument, uint64_t epoch);

#endif
