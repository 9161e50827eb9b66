/* SPDX-License-Identifier: Apache-2.0 */
/* The executor: starts commands from the loop, gives them up, tells how they ended. */
#include "live/action.h"

#include "config/memory.h"
#include "core/flat.h"
#include "core/text.h"
#include "live/action_environment.h"
#include "live/action_job.h"

#include <assert.h>
#include <signal.h>
#include <string.h>

#define SAY_MAX 4096

enum run_state {
    RUN_WAITING, /* to be started from the loop */
    RUN_RUNNING, /* its command runs */
    RUN_CLOSING, /* nothing more is told; its handles close */
};

struct run {
    struct run *next;
    struct muster_live_executor *executor;
    struct muster_memory memory; /* of the run itself and of all that it points to */
    enum run_state state;
    struct muster_effect effect; /* without its data */
    char *action, *subject, *reason, *params;
    enum muster_result given_up; /* TIMED_OUT or CANCELLED; SUCCESS while it is not */
    uint32_t handles;            /* not closed yet */
    uv_timer_t timer;            /* the start, then the timeout, then the time to obey SIGTERM */
    struct muster_live_job job;
};

struct muster_live_executor {
    struct muster_memory memory;
    uv_loop_t *loop;
    struct muster_live_executor_config config;
    struct muster_live_sink sink;
    struct run *runs;
    uint32_t running; /* commands */
    bool closing;
    void (*closed)(void *cookie);
    void *cookie;
    uv_timer_t anchor; /* never started: its end comes from the loop */
};

struct muster_live_executor *muster_live_executor_new(
    uv_loop_t *loop, const struct muster_live_executor_config *config,
    const struct muster_live_sink *sink)
{
    assert(config->count <= MUSTER_LIVE_ACTIONS_MAX);
    for (uint32_t i = 0; i < config->count; i++)
        assert(config->command[i].argument[0]);
    struct muster_memory memory = {0};
    struct muster_live_executor *x = muster_memory_take(&memory, sizeof *x);
    x->memory = memory;
    x->loop = loop;
    x->config = *config;
    x->sink = *sink;
    uv_timer_init(loop, &x->anchor);
    x->anchor.data = x;
    return x;
}

/* The end. */

static void on_executor_closed(uv_handle_t *handle)
{
    struct muster_live_executor *x = handle->data;
    struct muster_memory memory = x->memory;
    assert(!x->runs && x->running == 0);
    x->closed(x->cookie);
    muster_memory_free(&memory);
}

static void close_when_empty(struct muster_live_executor *x)
{
    if (x->closing && !x->runs)
        uv_close((uv_handle_t *)&x->anchor, on_executor_closed);
}

static void handle_closed(struct run *run)
{
    assert(run->state == RUN_CLOSING && run->handles > 0);
    if (--run->handles > 0)
        return;
    struct muster_live_executor *x = run->executor;
    struct run **at = &x->runs;
    while (*at != run)
        at = &(*at)->next;
    *at = run->next;
    struct muster_memory memory = run->memory;
    muster_memory_free(&memory);
    close_when_empty(x);
}

static void on_timer_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

static void on_job_closed(uv_handle_t *handle)
{
    struct muster_live_job *job = handle->data;
    handle_closed(job->owner);
}

static void close_run(struct run *run)
{
    assert(run->state != RUN_CLOSING);
    run->state = RUN_CLOSING;
    run->handles = 1 + muster_live_job_close(&run->job, on_job_closed);
    uv_close((uv_handle_t *)&run->timer, on_timer_closed);
}

/* Tell the process, which may begin the next attempt from within: the run is over before. */
static void finish(struct run *run, enum muster_result result)
{
    struct muster_live_executor *x = run->executor;
    struct muster_input in = {.kind = MUSTER_IN_ACTION, .tag = run->effect.tag};
    in.action.result = result;
    in.action.attempt = run->effect.action.attempt;
    in.action.epoch = run->job.report.epoch;
    close_run(run);
    x->sink.input(x->sink.host, &in);
}

/* What a person should know. */

/* Begin a text: "safe_mode for n2 (intent 12, attempt 1): ". */
static void begin_text(const struct run *run, struct muster_text *t, char room[SAY_MAX])
{
    muster_text_init(t, room, SAY_MAX);
    muster_live_add_printable(t, run->action, strlen(run->action));
    muster_text_add(t, " for ");
    muster_live_add_printable(t, run->subject, strlen(run->subject));
    muster_text_add(t, " (intent ");
    muster_text_add_u64(t, run->effect.tag);
    muster_text_add(t, ", attempt ");
    muster_text_add_u64(t, run->effect.action.attempt);
    muster_text_add(t, "): ");
}

static void say(const struct run *run, enum muster_live_level level, const char *event,
                const char *text)
{
    const struct muster_live_sink *sink = &run->executor->sink;
    char room[SAY_MAX];
    struct muster_text t;
    begin_text(run, &t, room);
    muster_text_add(&t, text);
    sink->say(sink->host, level, event, room);
}

static void say_end(const struct run *run, enum muster_result result)
{
    const struct muster_live_job *job = &run->job;
    char room[SAY_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_text_add(&t, muster_result_text(result));
    muster_text_add(&t, job->signal != 0 ? ", killed by signal " : ", exit code ");
    muster_text_add_u64(&t, job->signal != 0 ? (uint64_t)job->signal : (uint64_t)job->exit_code);
    if (job->output.used > 0)
        muster_text_add(&t, ": ");
    muster_live_add_printable(&t, job->output.at, job->output.used);
    say(run, MUSTER_LIVE_WARNING, "action_not_done", room);
}

static void say_wrong_line(const struct run *run)
{
    const struct muster_live_report *report = &run->job.report;
    char room[SAY_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_text_add(&t, "not understood on the result pipe: '");
    muster_live_add_printable(&t, report->wrong_line, report->wrong_size);
    muster_text_add(&t, "'; should be epoch=N or result=success|failed|fenced|unknown");
    say(run, MUSTER_LIVE_WARNING, "action_report_wrong", room);
}

/* A command under way. */

static void arm(struct run *run, muster_dur length, uv_timer_cb callback)
{
    uv_update_time(run->executor->loop);
    uv_timer_start(&run->timer, callback, length / MUSTER_MILLISECOND, 0);
}

static void on_grace_over(uv_timer_t *timer)
{
    struct run *run = timer->data;
    muster_live_job_signal(&run->job, SIGKILL);
}

static void give_up(struct run *run, enum muster_result result)
{
    assert(run->state == RUN_RUNNING);
    if (run->given_up != MUSTER_RESULT_SUCCESS)
        return;
    run->given_up = result;
    muster_live_job_signal(&run->job, SIGTERM);
    arm(run, run->executor->config.stop_time / 2, on_grace_over);
}

static void on_timeout(uv_timer_t *timer)
{
    give_up(timer->data, MUSTER_RESULT_TIMED_OUT);
}

/* How a command ended. That it was given up only explains why it failed. */
static enum muster_result judge(const struct run *run)
{
    const struct muster_live_job *job = &run->job;
    enum muster_result result = MUSTER_RESULT_FAILED;
    if (job->report.has_result)
        result = job->report.result;
    else if (job->signal == 0 && job->exit_code == 0)
        result = MUSTER_RESULT_SUCCESS;
    else if (job->signal == 0 && job->exit_code == MUSTER_LIVE_EXIT_FENCED)
        result = MUSTER_RESULT_FENCED;
    bool failed = result == MUSTER_RESULT_FAILED;
    return failed && run->given_up != MUSTER_RESULT_SUCCESS ? run->given_up : result;
}

static void on_ended(struct muster_live_job *job)
{
    struct run *run = job->owner;
    struct muster_live_executor *x = run->executor;
    assert(run->state == RUN_RUNNING && x->running > 0);
    x->running--;
    if (x->closing) {
        close_run(run);
        return;
    }
    enum muster_result result = judge(run);
    if (job->report.wrong)
        say_wrong_line(run);
    if (result != MUSTER_RESULT_SUCCESS)
        say_end(run, result);
    finish(run, result);
}

/* The start. */

static struct muster_live_command *find_command(struct muster_live_executor *x, const char *action)
{
    struct muster_live_command *other = NULL;
    for (uint32_t i = 0; i < x->config.count; i++) {
        struct muster_live_command *c = &x->config.command[i];
        if (strcmp(c->name, action) == 0)
            return c;
        if (strcmp(c->name, "default") == 0)
            other = c;
    }
    return other;
}

static char **make_environment(struct run *run)
{
    const struct muster_live_executor_config *config = &run->executor->config;
    const struct muster_effect *e = &run->effect;
    struct muster_live_environment v;
    muster_live_environment_init(&v, &run->memory);
    muster_live_environment_set(&v, "MUSTER_ACTION", run->action);
    muster_live_environment_set(&v, "MUSTER_SUBJECT", run->subject);
    muster_live_environment_set(&v, "MUSTER_REASON", run->reason);
    muster_live_environment_set(&v, "MUSTER_PARAMS", run->params);
    muster_live_environment_set_u64(&v, "MUSTER_EPOCH", e->action.epoch);
    muster_live_environment_set_u64(&v, "MUSTER_INTENT", e->tag);
    muster_live_environment_set_u64(&v, "MUSTER_ATTEMPT", e->action.attempt);
    muster_live_environment_set_u64(&v, "MUSTER_NOT_AFTER", e->action.not_after);
    muster_live_environment_set_u64(&v, "MUSTER_TIMEOUT_MS",
                                    e->action.timeout / MUSTER_MILLISECOND);
    muster_live_environment_set(&v, "MUSTER_NODE", config->node);
    muster_live_environment_set(&v, "MUSTER_CLUSTER", config->cluster);
    muster_live_environment_set_u64(&v, "MUSTER_RESULT_FD", MUSTER_LIVE_RESULT_FD);
    return v.at;
}

static void cannot_start(struct run *run, const char *what, const char *why)
{
    char room[SAY_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_text_add(&t, what);
    muster_text_add(&t, why);
    say(run, MUSTER_LIVE_ERROR, "action_not_started", room);
    finish(run, MUSTER_RESULT_FAILED);
}

static void start_command(struct run *run, char **argument)
{
    struct muster_live_executor *x = run->executor;
    char **environment = make_environment(run);
    int error = muster_live_job_start(&run->job, x->loop, argument, environment);
    if (error != 0) {
        char what[SAY_MAX];
        struct muster_text t;
        muster_text_init(&t, what, sizeof what);
        muster_text_add(&t, "cannot start '");
        muster_text_add(&t, argument[0]);
        muster_text_add(&t, "': ");
        cannot_start(run, what, uv_strerror(error));
        return;
    }
    run->state = RUN_RUNNING;
    x->running++;
    arm(run, run->effect.action.timeout, on_timeout);
}

static void on_start(uv_timer_t *timer)
{
    struct run *run = timer->data;
    struct muster_live_executor *x = run->executor;
    assert(run->state == RUN_WAITING);
    if (run->given_up != MUSTER_RESULT_SUCCESS) {
        finish(run, run->given_up);
        return;
    }
    struct muster_live_command *command = find_command(x, run->action);
    if (!command) {
        cannot_start(run, "no such action", ", and no 'default'");
        return;
    }
    if (x->running == MUSTER_LIVE_RUNNING_MAX) {
        cannot_start(run, "too many commands run already", "");
        return;
    }
    /* Between the decision and here the process may have stood still (SPEC R14). */
    if (run->effect.action.epoch != 0 && muster_live_clock() > run->effect.action.not_after) {
        say(run, MUSTER_LIVE_WARNING, "action_late", "dropped: the lease that it needs has ended");
        finish(run, MUSTER_RESULT_FENCED);
        return;
    }
    start_command(run, command->argument);
}

/* The next text of an effect's data; what is missing is empty. */
static char *next_text(struct run *run, struct muster_flat_reader *r)
{
    struct muster_flat_value v;
    if (muster_flat_next(r, &v) != 0 || !muster_flat_is_text(&v))
        v.bytes = (struct muster_bytes){NULL, 0};
    return muster_memory_copy(&run->memory, (const char *)v.bytes.at, v.bytes.size);
}

static struct run *find_run(const struct muster_live_executor *x, uint64_t intent)
{
    struct run *run = x->runs;
    while (run && (run->state == RUN_CLOSING || run->effect.tag != intent))
        run = run->next;
    return run;
}

void muster_live_executor_begin(struct muster_live_executor *x, const struct muster_effect *e)
{
    assert(!x->closing);
    assert(!find_run(x, e->tag)); /* a process waits for the end of an attempt */
    struct muster_memory memory = {0};
    struct run *run = muster_memory_take(&memory, sizeof *run);
    run->memory = memory;
    run->executor = x;
    run->state = RUN_WAITING;
    run->effect = *e;
    run->effect.data = (struct muster_bytes){NULL, 0};
    struct muster_flat_reader r;
    struct muster_flat_value array;
    muster_flat_reader_init(&r, e->data);
    muster_flat_next(&r, &array);
    run->action = next_text(run, &r);
    run->subject = next_text(run, &r);
    run->reason = next_text(run, &r);
    run->params = next_text(run, &r);
    muster_live_job_init(&run->job, run, on_ended);
    uv_timer_init(x->loop, &run->timer);
    run->timer.data = run;
    run->next = x->runs;
    x->runs = run;
    arm(run, 0, on_start);
}

void muster_live_executor_cancel(struct muster_live_executor *x, uint64_t intent)
{
    struct run *run = find_run(x, intent);
    if (!run)
        return;
    if (run->state == RUN_WAITING)
        run->given_up = MUSTER_RESULT_CANCELLED; /* the start answers, from the loop */
    else
        give_up(run, MUSTER_RESULT_CANCELLED);
}

void muster_live_executor_close(struct muster_live_executor *x, void (*closed)(void *cookie),
                                void *cookie)
{
    assert(!x->closing);
    x->closing = true;
    x->closed = closed;
    x->cookie = cookie;
    for (struct run *run = x->runs; run; run = run->next) {
        if (run->state == RUN_WAITING)
            close_run(run);
        else if (run->state == RUN_RUNNING)
            muster_live_job_signal(&run->job, SIGKILL); /* closed once it has been reaped */
    }
    close_when_empty(x);
}
