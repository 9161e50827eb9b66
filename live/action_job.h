/* SPDX-License-Identifier: Apache-2.0 */
/* A command under way: a process that leads a group and a session of its own, and what it says.
 *
 * Standard input is /dev/null, standard output and error are one pipe, descriptor 3 is the result
 * pipe; no other descriptor that is marked close-on-exec reaches it. The job ends when the leader
 * does: what is left of its group is killed then, and pipes that a stranger keeps open are not
 * waited for.
 */
#ifndef MUSTER_LIVE_ACTION_JOB_H
#define MUSTER_LIVE_ACTION_JOB_H

#include "live/action_output.h"

#include <uv.h>

#define MUSTER_LIVE_RESULT_FD 3

struct muster_live_pipe {
    uv_poll_t poll;
    int fd; /* the end that we read; -1: none */
    bool is_polled;
};

struct muster_live_job {
    void *owner;
    void (*ended)(struct muster_live_job *job); /* from the loop, once, after a start that was 0 */
    uv_process_t process;
    bool has_process; /* the handle is in use */
    bool runs;
    int64_t exit_code; /* once ended; with signal 0 */
    int signal;        /* once ended: what killed the leader; 0: nothing */
    struct muster_live_pipe output_pipe, report_pipe;
    struct muster_live_tail output;
    struct muster_live_report report;
};

void muster_live_job_init(struct muster_live_job *job, void *owner,
                          void (*ended)(struct muster_live_job *job));
/* Start a command; argument[0] is looked for in the PATH. Returns 0, or libuv's error: nothing runs
 * then. In either case the job is to be closed. */
int muster_live_job_start(struct muster_live_job *job, uv_loop_t *loop, char **argument,
                          char **environment);
/* Send a signal to all of the group; nothing when it has ended. */
void muster_live_job_signal(const struct muster_live_job *job, int signal);
/* Close what is open of a job that does not run. Returns the number of handles: on_closed comes
 * from the loop once for each of them, with the job as the handle's data. */
uint32_t muster_live_job_close(struct muster_live_job *job, uv_close_cb on_closed);

#endif
