/* SPDX-License-Identifier: Apache-2.0 */
/* The executor on a real machine: actions are commands, each in a process group of its own.
 *
 * An effect ACTION ends in ACTION exactly once. The executor reads the lease clock again before it
 * starts a command and drops one that carries an epoch and is late (FENCED, epoch 0; SPEC R14). The
 * command is an argument vector, no shell; its environment is the daemon's, and besides
 *   MUSTER_ACTION MUSTER_SUBJECT MUSTER_REASON   what, for whom, why
 *   MUSTER_PARAMS                                of the config, as it gives them; often empty
 *   MUSTER_EPOCH MUSTER_INTENT MUSTER_ATTEMPT    decimal; epoch 0: a local action
 *   MUSTER_NOT_AFTER                             ns of CLOCK_BOOTTIME: not to begin after it
 *   MUSTER_TIMEOUT_MS MUSTER_NODE MUSTER_CLUSTER
 *   MUSTER_RESULT_FD                             a pipe, for the lines below; its number, 3
 * Standard input is /dev/null; of standard output and error the last 2 KiB are said when it did not
 * succeed. Lines on the result pipe, each optional, at most 256 bytes: `epoch=N`, the highest epoch
 * the target knows, at most MUSTER_INTEGER_MAX; `result=success|failed|fenced|unknown`, which
 * outweighs the exit code. The highest epoch and the last result count; other lines are said.
 *
 *   exit 0 -> SUCCESS; 76 -> FENCED; every other, or a signal -> FAILED
 *   a seal (attempt 0) runs nothing: of a command that is `muster-fence --state FILE …` it runs
 *   `muster-fence --state FILE --seal EPOCH`; every other cannot be sealed -> FAILED
 *   no such action, too many at once, or the command cannot be started -> FAILED, and said
 *   failed after the timeout has passed -> TIMED_OUT; failed after a cancel -> CANCELLED
 * The last two end the process group: SIGTERM, and after half of stop_time SIGKILL. A command that
 * came to another end all the same is told as it ended: that it was done, fenced, or that nobody
 * knows, is worth more than that it was given up.
 *
 * The end is the end of the leader: it has been reaped, and everything else in its group has been
 * killed. What has left the group (setsid) is out of reach; pipes that it keeps open are not waited
 * for. Timers stand still while the machine sleeps; not_after does not.
 */
#ifndef MUSTER_LIVE_ACTION_H
#define MUSTER_LIVE_ACTION_H

#include "live/port.h"

#define MUSTER_LIVE_ACTIONS_MAX   16 /* as MUSTER_ACTIONS_MAX */
#define MUSTER_LIVE_RUNNING_MAX   24 /* of actions, work and seals 8 each */
#define MUSTER_LIVE_ARGUMENTS_MAX 32
#define MUSTER_LIVE_EXIT_FENCED   76

struct muster_live_command {
    char name[32];                                 /* of the action; "default": every other */
    char *argument[MUSTER_LIVE_ARGUMENTS_MAX + 1]; /* ends with null; the caller's, outlives it */
};

struct muster_live_executor_config {
    struct muster_live_command command[MUSTER_LIVE_ACTIONS_MAX];
    uint32_t count;
    const char *node, *cluster; /* outlive it */
    muster_dur stop_time;
};

struct muster_live_executor;

/* config is copied, but for the strings. Never null. */
struct muster_live_executor *muster_live_executor_new(
    uv_loop_t *loop, const struct muster_live_executor_config *config,
    const struct muster_live_sink *sink);
/* An effect ACTION: data is a flat array of action, subject, reason and, at will, parameters. */
void muster_live_executor_begin(struct muster_live_executor *x, const struct muster_effect *e);
/* Give an intent up; nothing when it does not run. */
void muster_live_executor_cancel(struct muster_live_executor *x, uint64_t intent);
/* End every group at once (SIGKILL), answer nothing more. `closed` comes from the loop; freed
 * then. */
void muster_live_executor_close(struct muster_live_executor *x, void (*closed)(void *cookie),
                                void *cookie);

#endif
