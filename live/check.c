/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what the daemon's file names can be used. */
#include "core/flat.h"
#include "live/daemon.h"
#include "live/disk.h"
#include "live/health.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TAG      1
#define PATIENCE (5 * MUSTER_SECOND)

struct check {
    FILE *out;
    uv_loop_t loop;
    bool good, answered;
    char text[512]; /* what a port had to say, or what was answered */
};

static void tell(struct check *c, bool good, const char *what, const char *subject,
                 const char *text)
{
    fprintf(c->out, "%-5s  %-7s  %s%s%s\n", good ? "ok" : "wrong", what, subject,
            text[0] ? ": " : "", text);
    c->good = c->good && good;
}

static void keep_text(void *cookie, enum muster_live_level level, const char *event,
                      const char *text)
{
    struct check *c = cookie;
    if (level >= MUSTER_LIVE_WARNING)
        snprintf(c->text, sizeof c->text, "%s", text[0] ? text : event);
}

static void keep_answer(void *cookie, const struct muster_input *in)
{
    struct check *c = cookie;
    struct muster_flat_reader r;
    struct muster_flat_value v;
    muster_flat_reader_init(&r, in->data);
    c->answered =
        in->status == MUSTER_STATUS_OK && muster_flat_next(&r, &v) == 0 && muster_flat_is_text(&v);
    if (in->status == MUSTER_STATUS_OK && !c->answered && in->data.size > MUSTER_FLAT_HEAD)
        snprintf(c->text, sizeof c->text, "%.*s", (int)(in->data.size - MUSTER_FLAT_HEAD),
                 (const char *)in->data.at + MUSTER_FLAT_HEAD);
    else if (!c->answered && !c->text[0])
        snprintf(c->text, sizeof c->text, "no answer within 5 s");
    uv_stop(&c->loop);
}

static void closed(void *cookie)
{
    struct check *c = cookie;
    uv_stop(&c->loop);
}

static void check_state(struct check *c, const struct muster_live_config *config)
{
    const struct muster_live_sink sink = {c, keep_answer, keep_text};
    char text[512] = "";
    struct muster_live_disk *disk =
        muster_live_disk_open(&c->loop, config->state, &sink, text, sizeof text);
    tell(c, disk != NULL, "state", config->state, text);
    if (disk)
        muster_live_disk_close(disk);
}

static void check_health(struct check *c, const struct muster_live_config *config)
{
    const struct muster_live_sink sink = {c, keep_answer, keep_text};
    c->text[0] = 0;
    struct muster_live_health *health = muster_live_health_new(&c->loop, config->health, &sink);
    muster_live_health_request(health, TAG, PATIENCE);
    uv_run(&c->loop, UV_RUN_DEFAULT);
    tell(c, c->answered, "health", config->health, c->text);
    muster_live_health_close(health, closed, c);
    uv_run(&c->loop, UV_RUN_DEFAULT);
}

static void check_store(struct check *c, const struct muster_live_config *config)
{
    const struct muster_live_sink sink = {c, keep_answer, keep_text};
    char where[2 * MUSTER_STORE_TEXT_MAX];
    uint8_t room[64];
    struct muster_flat_writer w;
    snprintf(where, sizeof where, config->store.path[0] ? "%s" : "%s:%u",
             config->store.path[0] ? config->store.path : config->store.host,
             (unsigned)config->store.port);
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_array(&w, 1);
    muster_flat_text(&w, MUSTER_FLAT_BULK, "PING");
    c->text[0] = 0;
    struct muster_live_store *store = muster_live_store_new(&c->loop, &config->store, &sink);
    muster_live_store_request(store, TAG, muster_flat_written(&w), PATIENCE);
    uv_run(&c->loop, UV_RUN_DEFAULT);
    tell(c, c->answered, "store", where, c->text);
    muster_live_store_close(store, closed, c);
    uv_run(&c->loop, UV_RUN_DEFAULT);
}

/* Whether a program can be started: a path, or a name that is found in PATH. */
static bool is_program(const char *name)
{
    const char *path = getenv("PATH");
    char one[4096];
    if (strchr(name, '/'))
        return access(name, X_OK) == 0;
    while (path && *path) {
        size_t size = strcspn(path, ":");
        int n = snprintf(one, sizeof one, "%.*s/%s", (int)size, path, name);
        if (n < (int)sizeof one && access(one, X_OK) == 0)
            return true;
        path += size + (path[size] == ':');
    }
    return false;
}

static void check_actions(struct check *c, const struct muster_live_config *config)
{
    const struct muster_recovery_config *r = &config->core.recovery;
    for (uint32_t i = 0; i < r->action_count; i++) {
        const struct muster_live_command *command = NULL;
        for (uint32_t k = 0; k < config->actions.count; k++) {
            const struct muster_live_command *one = &config->actions.command[k];
            if (strcmp(one->name, r->action[i].name) == 0 ||
                (!command && strcmp(one->name, "default") == 0))
                command = one;
        }
        if (!command)
            tell(c, !r->enabled || !r->action[i].enabled, "action", r->action[i].name,
                 "no command under 'actions', and no 'default'");
        else
            tell(c, is_program(command->argument[0]), "action", r->action[i].name,
                 command->argument[0]);
    }
}

int muster_daemon_check(const struct muster_live_config *config, FILE *out)
{
    struct check c = {.out = out, .good = true};
    if (uv_loop_init(&c.loop) != 0)
        return MUSTER_DAEMON_INTERNAL;
    check_state(&c, config);
    check_health(&c, config);
    check_actions(&c, config);
    if (!config->core.local)
        check_store(&c, config);
    uv_run(&c.loop, UV_RUN_NOWAIT);
    (void)uv_loop_close(&c.loop);
    return c.good ? 0 : MUSTER_DAEMON_IO;
}
