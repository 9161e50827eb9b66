/* SPDX-License-Identifier: Apache-2.0 */
/* A command under way: see action_job.h. */
#include "live/action_job.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define READ_MAX 4096
/* What a pipe holds at most is read after the end; more has been written by a stranger. */
#define READS_AFTER_END 16

void muster_live_job_init(struct muster_live_job *job, void *owner,
                          void (*ended)(struct muster_live_job *job))
{
    memset(job, 0, sizeof *job);
    job->owner = owner;
    job->ended = ended;
    job->output_pipe.fd = job->report_pipe.fd = -1;
}

/* Read what is there, up to READ_MAX bytes. False: there is nothing, or nothing more will come;
 * *ret_open tells which. */
static bool read_some(struct muster_live_job *job, struct muster_live_pipe *pipe, bool *ret_open)
{
    uint8_t room[READ_MAX];
    ssize_t size = read(pipe->fd, room, sizeof room);
    *ret_open = size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
    if (size <= 0)
        return false;
    struct muster_bytes data = {room, (size_t)size};
    if (pipe == &job->output_pipe)
        muster_live_tail_add(&job->output, data);
    else
        muster_live_report_add(&job->report, data);
    return true;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct muster_live_job *job = poll->data;
    bool is_output = poll == &job->output_pipe.poll;
    bool open = false;
    (void)events;
    if (status == 0)
        read_some(job, is_output ? &job->output_pipe : &job->report_pipe, &open);
    if (!open)
        uv_poll_stop(poll);
}

static void drain(struct muster_live_job *job, struct muster_live_pipe *pipe)
{
    bool open;
    for (int i = 0; i < READS_AFTER_END; i++)
        if (!read_some(job, pipe, &open))
            return;
}

static void on_exit_of_leader(uv_process_t *process, int64_t exit_code, int signal)
{
    struct muster_live_job *job = process->data;
    assert(job->runs);
    /* Its number is not given away again while anything of the group is left. */
    muster_live_job_signal(job, SIGKILL);
    job->runs = false;
    job->exit_code = exit_code;
    job->signal = signal;
    drain(job, &job->output_pipe);
    drain(job, &job->report_pipe);
    muster_live_report_end(&job->report);
    job->ended(job);
}

/* Make a pipe and watch the end that we read; *ret_fd is the other one. Both are close-on-exec. */
static int open_pipe(struct muster_live_job *job, struct muster_live_pipe *pipe, uv_loop_t *loop,
                     int *ret_fd)
{
    uv_file end[2];
    int error = uv_pipe(end, UV_NONBLOCK_PIPE, 0);
    if (error != 0)
        return error;
    pipe->fd = end[0];
    *ret_fd = end[1];
    error = uv_poll_init(loop, &pipe->poll, pipe->fd);
    if (error != 0)
        return error;
    pipe->poll.data = job;
    pipe->is_polled = true;
    return uv_poll_start(&pipe->poll, UV_READABLE, on_readable);
}

static int spawn(struct muster_live_job *job, uv_loop_t *loop, char **argument, char **environment,
                 int output, int report)
{
    uv_stdio_container_t stdio[MUSTER_LIVE_RESULT_FD + 1] = {
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = output},
        {.flags = UV_INHERIT_FD, .data.fd = output},
        [MUSTER_LIVE_RESULT_FD] = {.flags = UV_INHERIT_FD, .data.fd = report},
    };
    uv_process_options_t options = {
        .exit_cb = on_exit_of_leader,
        .file = argument[0],
        .args = argument,
        .env = environment,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = MUSTER_LIVE_RESULT_FD + 1,
        .stdio = stdio,
    };
    job->has_process = true; /* the handle is libuv's even when it fails */
    int error = uv_spawn(loop, &job->process, &options);
    job->process.data = job;
    job->runs = error == 0;
    return error;
}

int muster_live_job_start(struct muster_live_job *job, uv_loop_t *loop, char **argument,
                          char **environment)
{
    int output = -1, report = -1;
    assert(job->ended && !job->has_process);
    assert(argument[0]);
    int error = open_pipe(job, &job->output_pipe, loop, &output);
    if (error == 0)
        error = open_pipe(job, &job->report_pipe, loop, &report);
    if (error == 0)
        error = spawn(job, loop, argument, environment, output, report);
    if (output >= 0)
        close(output);
    if (report >= 0)
        close(report);
    return error;
}

void muster_live_job_signal(const struct muster_live_job *job, int signal)
{
    if (!job->runs)
        return;
    assert(job->process.pid > 1); /* 0 and -1 would reach others */
    kill(-job->process.pid, signal);
}

static uint32_t close_pipe(struct muster_live_pipe *pipe, uv_close_cb on_closed)
{
    if (pipe->is_polled)
        uv_close((uv_handle_t *)&pipe->poll, on_closed);
    if (pipe->fd >= 0)
        close(pipe->fd);
    pipe->fd = -1;
    return pipe->is_polled;
}

uint32_t muster_live_job_close(struct muster_live_job *job, uv_close_cb on_closed)
{
    assert(!job->runs);
    uint32_t count = close_pipe(&job->output_pipe, on_closed);
    count += close_pipe(&job->report_pipe, on_closed);
    if (job->has_process) {
        uv_close((uv_handle_t *)&job->process, on_closed);
        count++;
    }
    return count;
}
