/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon: one host, what it shows to people, and its end. */
#include "live/daemon.h"

#include "live/host.h"
#include "live/journal.h"
#include "live/log.h"
#include "live/recorder.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX     512
#define EXIT_AT_ONCE 1 /* stopped by a second signal, before it had released */

struct daemon {
    const struct muster_live_config *config;
    uv_loop_t loop;
    uv_signal_t term, interrupt, hangup;
    struct muster_live_host *host;
    struct muster_live_log log;
    struct muster_live_recorder *recorder; /* null: none, or it has failed */
    const char *actions[MUSTER_ACTIONS_MAX];
    bool asked, stopped;
    uint64_t hash, records;
};

static void say(void *cookie, enum muster_live_level level, const char *event, const char *text)
{
    struct daemon *d = cookie;
    muster_live_log_say(&d->log, level, event, text);
}

static void record(void *cookie, const struct muster_record *r)
{
    struct daemon *d = cookie;
    struct muster_live_history_line line;
    muster_live_log_record(&d->log, r);
    int error = d->recorder ? muster_live_recorder_add(d->recorder, r) : 0;
    if (error)
        say(d, MUSTER_LIVE_ERROR, "recording_failed", strerror(-error));
    if (muster_live_journal_line(r, &d->log.words, muster_live_wall(), &line))
        muster_live_disk_note(muster_live_host_disk(d->host), &line);
}

/* The host is in the middle of an input: it is closed from outside of it. */
static void stopped(void *cookie)
{
    struct daemon *d = cookie;
    d->stopped = true;
    uv_stop(&d->loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct daemon *d = handle->data;
    if (d->asked) {
        say(d, MUSTER_LIVE_WARNING, "stopping_at_once", strsignal(number));
        uv_stop(&d->loop);
        return;
    }
    d->asked = true;
    say(d, MUSTER_LIVE_INFO, "stopping", strsignal(number));
    muster_live_host_command(d->host, MUSTER_VERB_SHUTDOWN, "");
}

/* A terminal that goes away, or a wish to reload: neither is a reason to stop leading. */
static void on_hangup(uv_signal_t *handle, int number)
{
    (void)number;
    say(handle->data, MUSTER_LIVE_WARNING, "hangup_ignored",
        "the file is read at start only; restart to read it anew");
}

static void closed(void *cookie)
{
    struct daemon *d = cookie;
    d->host = NULL;
}

static void prepare(struct daemon *d, const struct muster_live_config *c, int log_fd)
{
    memset(d, 0, sizeof *d);
    d->config = c;
    for (uint32_t i = 0; i < c->core.recovery.action_count; i++)
        d->actions[i] = c->core.recovery.action[i].name;
    d->log = (struct muster_live_log){.fd = log_fd,
                                      .level = c->log_level,
                                      .node = c->place.names[c->place.index],
                                      .words = {.members = c->place.names,
                                                .member_count = c->place.count,
                                                .actions = d->actions,
                                                .action_count = c->core.recovery.action_count}};
    int error = uv_loop_init(&d->loop);
    assert(error == 0);
    (void)error;
    signal(SIGPIPE, SIG_IGN);
}

static bool open_all(struct daemon *d)
{
    const struct muster_live_config *c = d->config;
    char text[TEXT_MAX];
    struct muster_live_host_options options = {.process = &muster_process_node,
                                               .config = &c->core,
                                               .place = c->place,
                                               .bootstrap = c->bootstrap,
                                               .store = c->core.local ? NULL : &c->store,
                                               .state = c->state,
                                               .health = c->health,
                                               .actions = &c->actions,
                                               .record = record,
                                               .say = say,
                                               .stopped = stopped,
                                               .cookie = d};
    /* The lock of the state folder first: the recording of another that runs is not touched. */
    d->host = muster_live_host_new(&d->loop, &options, text, sizeof text);
    if (!d->host) {
        say(d, MUSTER_LIVE_ERROR, "state_unusable", text);
        return false;
    }
    if (!c->recording[0])
        return true;
    d->recorder = muster_live_recorder_open(c->recording, &c->core, &c->place, text, sizeof text);
    if (!d->recorder)
        say(d, MUSTER_LIVE_ERROR, "recording_unusable", text);
    return d->recorder != NULL;
}

static void watch(struct daemon *d, uv_signal_t *handle, uv_signal_cb seen, int number)
{
    uv_signal_init(&d->loop, handle);
    handle->data = d;
    uv_signal_start(handle, seen, number);
}

static void close_all(struct daemon *d)
{
    if (d->host) {
        d->hash = muster_live_host_hash(d->host, &d->records);
        muster_live_host_close(d->host, closed, d);
    }
    if (d->term.data) {
        uv_close((uv_handle_t *)&d->term, NULL);
        uv_close((uv_handle_t *)&d->interrupt, NULL);
        uv_close((uv_handle_t *)&d->hangup, NULL);
    }
    uv_run(&d->loop, UV_RUN_DEFAULT);
    int error = uv_loop_close(&d->loop);
    assert(error == 0); /* a handle that is still open would be a leak of ours */
    (void)error;
    if (d->recorder)
        muster_live_recorder_close(d->recorder, d->hash, d->records);
}

int muster_daemon_run(const struct muster_live_config *config, int log_fd)
{
    struct daemon d;
    prepare(&d, config, log_fd);
    int code = MUSTER_DAEMON_IO;
    if (open_all(&d)) {
        watch(&d, &d.term, on_signal, SIGTERM);
        watch(&d, &d.interrupt, on_signal, SIGINT);
        watch(&d, &d.hangup, on_hangup, SIGHUP);
        say(&d, MUSTER_LIVE_INFO, "starting", "musterd " MUSTER_VERSION);
        muster_live_host_start(d.host);
        uv_run(&d.loop, UV_RUN_DEFAULT);
        code = d.stopped ? 0 : EXIT_AT_ONCE;
    }
    close_all(&d);
    return code;
}
