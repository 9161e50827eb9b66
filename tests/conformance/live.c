/* SPDX-License-Identifier: Apache-2.0 */
/* The conformance suites on this machine: conformance_live MUSTER_FENCE
 *
 * A line for each step; the last one is `conformance: N passed, N failed`. What cannot be made here
 * (a Redis, a small file system) is left out, with a word. */
#include "live/clock.h"
#include "live/host.h"
#include "tests/conformance/conformance.h"
#include "tests/lib/redis_server.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

#define PATH_MAX_ 256

struct bench {
    uv_loop_t loop;
    struct muster_live_host *host;
    struct muster_live_host_options options;
    struct muster_live_store_config store;
    struct muster_live_executor_config actions;
    char folder[64], state[PATH_MAX_], health[PATH_MAX_], fence_state[PATH_MAX_];
    uint32_t passed, failed;
    bool done;
};

static const char *const names[] = {"n1"};

/* ---- what comes of a suite ---- */

static void record(void *cookie, const struct muster_record *r)
{
    struct bench *b = cookie;
    if (r->kind < MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM)
        return;
    uint32_t note = r->kind - MUSTER_EVENT_NOTE - MUSTER_NOTE_CUSTOM;
    if (note == CONFORMANCE_DONE) {
        b->done = true;
        return;
    }
    printf("%s  %.*s\n", note == CONFORMANCE_PASSED ? "passed" : "FAILED", (int)r->data.size,
           (const char *)r->data.at);
    b->passed += note == CONFORMANCE_PASSED;
    b->failed += note == CONFORMANCE_FAILED;
}

static void say(void *cookie, enum muster_live_level level, const char *event, const char *text)
{
    (void)cookie;
    if (level >= MUSTER_LIVE_WARNING)
        printf("        (%s: %s)\n", event, text);
}

static void closed(void *cookie)
{
    struct bench *b = cookie;
    b->host = NULL;
}

static bool open_host(struct bench *b)
{
    char text[512];
    b->options.process = &conformance_process;
    b->options.place = (struct muster_place){0, 1, 1, names};
    b->options.record = record;
    b->options.say = say;
    b->options.cookie = b;
    b->done = false;
    b->host = muster_live_host_new(&b->loop, &b->options, text, sizeof text);
    if (b->host)
        muster_live_host_start(b->host);
    else
        printf("FAILED  %s\n", text);
    b->failed += !b->host;
    return b->host != NULL;
}

static void close_host(struct bench *b)
{
    muster_live_host_close(b->host, closed, b);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    memset(&b->options, 0, sizeof b->options);
}

static void run(struct bench *b, const char *suite)
{
    b->done = false;
    muster_live_host_command(b->host, MUSTER_VERB_CUSTOM, suite);
    while (!b->done)
        uv_run(&b->loop, UV_RUN_ONCE);
}

/* ---- situations ---- */

static void store_suites(struct bench *b)
{
    struct redis_server redis;
    if (!redis_server_is_installed()) {
        printf("store: left out, as Redis is not installed (package redis-tools)\n");
        return;
    }
    if (redis_server_start(&redis, NULL) != 0) {
        b->failed++;
        return;
    }
    snprintf(b->store.host, sizeof b->store.host, "127.0.0.1");
    b->store.port = redis.port;
    b->options.store = &b->store;
    if (open_host(b)) {
        run(b, "store");
        redis_server_pause(&redis);
        run(b, "store_silent");
        redis_server_kill(&redis);
        run(b, "store_gone");
        close_host(b);
    }
    redis_server_stop(&redis);
}

static void disk_suite(struct bench *b)
{
    b->options.state = b->state;
    if (open_host(b)) {
        run(b, "disk");
        close_host(b);
    }
}

/* What is left of a small file system is filled up, so that not a page is free. */
static void fill(const char *folder)
{
    static const char block[1024];
    char path[PATH_MAX_ + 16];
    snprintf(path, sizeof path, "%s/filler", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (fd >= 0 && write(fd, block, sizeof block) > 0)
        continue;
    close(fd);
}

static void disk_full_suite(struct bench *b)
{
    char folder[PATH_MAX_];
    snprintf(folder, sizeof folder, "%s/small", b->folder);
    if (mkdir(folder, 0700) != 0 || mount("muster", folder, "tmpfs", 0, "size=512k") != 0) {
        printf("disk_full: left out, as no file system can be mounted: %s\n", strerror(errno));
        return;
    }
    b->options.state = folder;
    if (open_host(b)) {
        fill(folder);
        run(b, "disk_full");
        close_host(b);
    }
    umount(folder);
}

static void action_suite(struct bench *b, char *fence)
{
    static char *const argument[][6] = {{"/bin/true"}, {"/bin/false"}, {"/bin/sleep", "60"}};
    static const char *const action[] = {"good", "bad", "slow", "guarded"};
    char *guarded[] = {fence, "--state", b->fence_state, "--", "/bin/true", NULL};
    struct muster_live_executor_config *x = &b->actions;
    x->count = 4;
    x->node = "n1";
    x->cluster = "conformance";
    x->stop_time = 200 * MUSTER_MILLISECOND;
    for (uint32_t i = 0; i < x->count; i++) {
        snprintf(x->command[i].name, sizeof x->command[i].name, "%s", action[i]);
        memcpy(x->command[i].argument, i < 3 ? argument[i] : guarded, sizeof guarded);
    }
    b->options.actions = x;
    if (open_host(b)) {
        run(b, "action");
        close_host(b);
    }
}

static void write_health(const struct bench *b)
{
    FILE *file = fopen(b->health, "w");
    if (!file)
        return;
    fputs("{\"system\":{\"status\":\"FAILED\",\"failed_components\":2},"
          "\"circuit_breaker\":{\"state\":\"OPEN\",\"open_duration_seconds\":400},"
          "\"retry\":{\"failures_1h\":7}}",
          file);
    fclose(file);
}

static void health_suites(struct bench *b)
{
    write_health(b);
    b->options.health = b->health;
    if (!open_host(b))
        return;
    run(b, "health");
    run(b, "clock");
    unlink(b->health);
    run(b, "health_gone");
    close_host(b);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

int main(int argc, char **argv)
{
    struct bench b = {.folder = "/tmp/muster-conformance.XXXXXX"};
    if (argc != 2 || !mkdtemp(b.folder) || uv_loop_init(&b.loop) != 0)
        return 64;
    snprintf(b.state, sizeof b.state, "%s/state", b.folder);
    snprintf(b.health, sizeof b.health, "%s/health.json", b.folder);
    snprintf(b.fence_state, sizeof b.fence_state, "%s/fence", b.folder);
    store_suites(&b);
    disk_suite(&b);
    disk_full_suite(&b);
    action_suite(&b, argv[1]);
    health_suites(&b);
    if (uv_loop_close(&b.loop) != 0) {
        printf("FAILED  something is still open on the loop\n");
        b.failed++;
    }
    nftw(b.folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    printf("conformance: %u passed, %u failed\n", b.passed, b.failed);
    return b.failed > 0 || b.passed == 0;
}
