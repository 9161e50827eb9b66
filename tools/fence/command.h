/* SPDX-License-Identifier: Apache-2.0 */
/* The command of muster-fence: started, told of the signals that we get, waited for. */
#ifndef MUSTER_TOOLS_FENCE_COMMAND_H
#define MUSTER_TOOLS_FENCE_COMMAND_H

#include "core/types.h"

#define MUSTER_FENCE_EXIT_SIGNAL 128 /* + its number: a signal ended the command */

/* How a command ended. */
struct muster_fence_ending {
    uint32_t code; /* its exit code, 128 + the signal that killed it, or MUSTER_FENCE_EXIT_SYSTEM */
    bool was_stopped; /* a signal killed it, or SIGTERM or SIGINT was sent on to it */
};

/* From now on SIGTERM and SIGINT wait until the command can be told of them. */
void muster_fence_signals_hold(void);
/* One of them that has come since; 0: none. */
int muster_fence_signals_held(void);

/* Run a command to its end; argument[0] is looked for in the PATH. It has our descriptors, and our
 * environment. 126: it cannot be executed, 127: it cannot be found, as shells have it, and said. */
struct muster_fence_ending muster_fence_command_run(char **argument);

#endif
