/* SPDX-License-Identifier: Apache-2.0 */
/* An executor on a loop of its own, its commands as shell scripts in a folder of their own. */
#ifndef MUSTER_TESTS_LIB_EXECUTOR_FIXTURE_H
#define MUSTER_TESTS_LIB_EXECUTOR_FIXTURE_H

#include "core/flat.h"
#include "live/action.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ENDS_MAX    64
#define SAID_MAX    32768
#define PATIENCE_MS 20000 /* a test that hangs ends here */

struct fixture {
    uv_loop_t loop;
    struct muster_live_executor *executor; /* null once closed */
    struct muster_live_executor_config config;
    char folder[64];
    char path[MUSTER_LIVE_ACTIONS_MAX][128];
    struct muster_input end[ENDS_MAX];
    uint32_t ends;
    uint32_t turns;      /* of the loop */
    char said[SAID_MAX]; /* "level event: text" and an end of line for each */
    size_t said_size;
    void (*on_input)(struct fixture *f, const struct muster_input *in);
    bool closed;
};

static inline void fixture_input(void *host, const struct muster_input *in)
{
    struct fixture *f = host;
    assert_true(f->ends < ENDS_MAX);
    f->end[f->ends++] = *in;
    uv_stop(&f->loop);
    if (f->on_input)
        f->on_input(f, in);
}

static inline void fixture_say(void *host, enum muster_live_level level, const char *event,
                               const char *text)
{
    struct fixture *f = host;
    int size = snprintf(f->said + f->said_size, SAID_MAX - f->said_size, "%d %s: %s\n", (int)level,
                        event, text);
    assert_true(size > 0 && f->said_size + (size_t)size < SAID_MAX);
    f->said_size += (size_t)size;
}

/* What a test was started with is not the executor's: the commands are to see none of it. */
static inline void hide_inherited_files(void)
{
    for (int fd = 3; fd < 1024; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static inline int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof f);
    hide_inherited_files();
    strcpy(f.folder, "/tmp/muster-action-XXXXXX");
    if (!mkdtemp(f.folder) || uv_loop_init(&f.loop) != 0)
        return -1;
    f.config.node = "n1";
    f.config.cluster = "earth";
    f.config.stop_time = 400 * MUSTER_MILLISECOND;
    *state = &f;
    return 0;
}

/* A script of the fixture's folder; the action `name` runs it. */
static inline void script(struct fixture *f, const char *name, const char *text)
{
    assert_null(f->executor);
    struct muster_live_command *c = &f->config.command[f->config.count];
    char *path = f->path[f->config.count++];
    snprintf(c->name, sizeof c->name, "%s", name);
    snprintf(path, sizeof f->path[0], "%s/%s", f->folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\ncd '%s' || exit 9\n%s\n", f->folder, text);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0755), 0);
    c->argument[0] = path;
}

static inline void open_executor(struct fixture *f)
{
    const struct muster_live_sink sink = {f, fixture_input, fixture_say};
    f->executor = muster_live_executor_new(&f->loop, &f->config, &sink);
}

static inline struct muster_effect local_effect(uint64_t intent)
{
    struct muster_effect e = {.kind = MUSTER_OUT_ACTION, .tag = intent};
    e.action.attempt = 1;
    e.action.not_after = muster_live_clock() + 3600 * MUSTER_SECOND;
    e.action.timeout = 15 * MUSTER_SECOND;
    return e;
}

/* Hand an effect out for an action, for n2; without parameters when they are null. */
static inline void begin_with(struct fixture *f, const char *action, const char *params,
                              struct muster_effect e)
{
    uint8_t room[256];
    struct muster_flat_writer w;
    if (!f->executor)
        open_executor(f);
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_array(&w, params ? 4 : 3);
    muster_flat_text(&w, MUSTER_FLAT_BULK, action);
    muster_flat_text(&w, MUSTER_FLAT_BULK, "n2");
    muster_flat_text(&w, MUSTER_FLAT_BULK, "3 failed components");
    if (params)
        muster_flat_text(&w, MUSTER_FLAT_BULK, params);
    e.data = muster_flat_written(&w);
    uint32_t before = f->ends;
    muster_live_executor_begin(f->executor, &e);
    assert_int_equal(f->ends, before); /* never from within */
    memset(room, 0xee, sizeof room);   /* a port copies what it keeps */
}

static inline void begin(struct fixture *f, const char *action, struct muster_effect e)
{
    begin_with(f, action, NULL, e);
}

static inline void fixture_tick(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
    uv_stop(timer->loop); /* else this turn of the loop waits for the next event */
}

/* Run the loop until it has nothing to do, `ends` have come, or some time has passed. */
static inline void run_loop(struct fixture *f, uint32_t ends, uint64_t ms)
{
    uv_timer_t timer;
    bool over = false;
    uv_timer_init(&f->loop, &timer);
    timer.data = &over;
    uv_update_time(&f->loop);
    uv_timer_start(&timer, fixture_tick, ms, 0);
    for (; !over && f->ends < ends; f->turns++)
        uv_run(&f->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&f->loop, UV_RUN_NOWAIT);
}

/* Run the loop until so many ends have come, in all. */
static inline void await(struct fixture *f, uint32_t ends)
{
    run_loop(f, ends, PATIENCE_MS);
    assert_int_equal(f->ends, ends);
}

/* Run the loop for some time, in which nothing may end. */
static inline void nothing_ends_for(struct fixture *f, uint64_t ms)
{
    uint32_t before = f->ends;
    run_loop(f, ENDS_MAX + 1, ms);
    assert_int_equal(f->ends, before);
}

static inline const char *file_path(const struct fixture *f, const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", f->folder, name);
    return path;
}

static inline bool exists(const struct fixture *f, const char *name)
{
    return access(file_path(f, name), F_OK) == 0;
}

static inline bool is_written(const struct fixture *f, const char *name)
{
    struct stat status;
    return stat(file_path(f, name), &status) == 0 && status.st_size > 0;
}

/* Run the loop until a script has written a file. */
static inline void await_file(struct fixture *f, const char *name)
{
    for (uint32_t waited = 0; !is_written(f, name) && waited < PATIENCE_MS; waited += 5)
        run_loop(f, ENDS_MAX + 1, 5);
    assert_true(is_written(f, name));
}

/* What a script has written; valid until the next call. */
static inline const char *read_text(const struct fixture *f, const char *name)
{
    static char text[65536];
    FILE *file = fopen(file_path(f, name), "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

static inline pid_t read_pid(const struct fixture *f, const char *name)
{
    return (pid_t)strtol(read_text(f, name), NULL, 10);
}

/* Whether a process runs; one that only waits for its parent's look does not. */
static inline bool runs(pid_t pid)
{
    char path[64], line[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    const char *name_end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    fclose(file);
    return name_end && name_end[2] != 'Z' && name_end[2] != 'X';
}

/* Killed is dead a moment later. */
static inline void assert_dead(pid_t pid)
{
    assert_true(pid > 1);
    for (int i = 0; i < 200 && runs(pid); i++)
        usleep(5000);
    assert_false(runs(pid));
}

static inline void expect_end(const struct fixture *f, uint32_t i, uint64_t intent,
                              enum muster_result result, uint64_t epoch)
{
    assert_true(i < f->ends);
    const struct muster_input *in = &f->end[i];
    assert_int_equal(in->kind, MUSTER_IN_ACTION);
    assert_int_equal(in->status, 0);
    assert_int_equal(in->tag, intent);
    assert_string_equal(muster_result_text(in->action.result), muster_result_text(result));
    assert_int_equal(in->action.attempt, 1);
    assert_int_equal(in->action.epoch, epoch);
    assert_int_equal(in->data.size, 0);
}

static inline bool was_said(const struct fixture *f, const char *part)
{
    return strstr(f->said, part) != NULL;
}

static inline void fixture_closed(void *cookie)
{
    struct fixture *f = cookie;
    assert_false(f->closed);
    f->closed = true;
}

/* Close, and see that nothing is left in the loop and nothing more is told. */
static inline void close_executor(struct fixture *f)
{
    uint32_t before = f->ends;
    muster_live_executor_close(f->executor, fixture_closed, f);
    assert_false(f->closed); /* never from within */
    for (int i = 0; i < 1000 && !f->closed; i++)
        uv_run(&f->loop, UV_RUN_ONCE);
    assert_true(f->closed);
    assert_int_equal(f->ends, before);
    f->executor = NULL;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->executor)
        close_executor(f);
    assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    DIR *folder = opendir(f->folder);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    return rmdir(f->folder);
}

#endif
