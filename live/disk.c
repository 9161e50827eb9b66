/* SPDX-License-Identifier: Apache-2.0 */
/* The disk's thread and its queue: operations go in on the loop's side and come back in order. */
#include "live/disk.h"

#include "live/disk_files.h"
#include "live/memory.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTES_MAX   MUSTER_EFFECTS_MAX /* that wait; one more is not taken */
#define ENTRIES     (MUSTER_EFFECTS_MAX + NOTES_MAX)
#define NOTES_AFTER MUSTER_SECOND /* a note waits at most so long for somebody's sync */

#define NOTE 0 /* beside enum muster_disk_operation */

/* An operation, or a note. The thread has it to itself from begun to done. */
struct entry {
    uint64_t tag, operation, file, offset;
    uint64_t wall;
    uint8_t *data; /* what is written, room for what is read, or a struct of a note */
    size_t size;
    uint32_t status; /* enum muster_status */
};

struct muster_live_disk {
    struct muster_live_sink sink;
    uv_async_t back;
    uv_thread_t thread;
    uv_cond_t wake;

    /* Under the lock. Entries are numbered; number n lives in slot n modulo ENTRIES. */
    uv_mutex_t lock;
    uint64_t begun, done;
    bool stop;
    char trouble[MUSTER_DISK_FILES][DISK_WHY_MAX]; /* empty: the file is well */
    struct entry entry[ENTRIES];

    /* The loop's own. */
    uint64_t answered;
    uint32_t operations, notes; /* under way */
    uint32_t untaken;           /* notes, since that was last said */
    bool closing;
    char said[MUSTER_DISK_FILES][DISK_WHY_MAX];

    /* The thread's own. */
    struct disk_files files;
    uint64_t commit_at;             /* uv_hrtime; MUSTER_NEVER: no note waits */
    bool failed[MUSTER_DISK_FILES]; /* since the last sync */
};

/* ---- on the thread ---- */

/* A file is well again when everything since its last sync was, and this one. */
static void judge(struct muster_live_disk *d, uint64_t file, uint32_t status, bool is_sync)
{
    bool *failed = &d->failed[file];
    *failed |= status != MUSTER_STATUS_OK;
    uv_mutex_lock(&d->lock);
    if (status != MUSTER_STATUS_OK)
        (void)snprintf(d->trouble[file], DISK_WHY_MAX, "%s", d->files.why);
    else if (is_sync && !*failed)
        d->trouble[file][0] = 0;
    uv_mutex_unlock(&d->lock);
    *failed &= !is_sync;
}

static void carry_out_note(struct muster_live_disk *d, const struct entry *e)
{
    judge(d, e->file, disk_files_note(&d->files, (const void *)e->data), false);
    if (d->commit_at == MUSTER_NEVER)
        d->commit_at = uv_hrtime() + NOTES_AFTER;
}

static void commit_notes(struct muster_live_disk *d)
{
    d->commit_at = MUSTER_NEVER;
    judge(d, DISK_FILE_HISTORY, disk_files_commit_notes(&d->files), true);
}

static void carry_out(struct muster_live_disk *d, struct entry *e)
{
    struct disk_files *files = &d->files;
    switch ((enum muster_disk_operation)e->operation) {
    case MUSTER_DISK_READ:
        e->status = disk_files_read(files, e->file, e->offset, e->data, &e->size);
        break;
    case MUSTER_DISK_WRITE:
    case MUSTER_DISK_APPEND:
        e->status = disk_files_write(files, e->file, e->offset,
                                     (struct muster_bytes){e->data, e->size}, e->wall);
        break;
    case MUSTER_DISK_SYNC:
        e->status = disk_files_sync(files, e->file);
        break;
    }
    judge(d, e->file, e->status, e->operation == MUSTER_DISK_SYNC);
}

/* Whether something happened that the loop should hear of. Called, and returns, with the lock. */
static bool step(struct muster_live_disk *d)
{
    bool idle = d->done == d->begun;
    bool notes_wait = d->commit_at != MUSTER_NEVER;
    if (notes_wait && (uv_hrtime() >= d->commit_at || (d->stop && idle))) {
        uv_mutex_unlock(&d->lock);
        commit_notes(d);
        uv_mutex_lock(&d->lock);
        return true;
    }
    if (idle)
        return false;
    struct entry *e = &d->entry[d->done % ENTRIES];
    uv_mutex_unlock(&d->lock);
    if (e->operation == NOTE)
        carry_out_note(d, e);
    else
        carry_out(d, e);
    uv_mutex_lock(&d->lock);
    d->done++;
    return true;
}

static void work(void *cookie)
{
    struct muster_live_disk *d = cookie;
    uv_mutex_lock(&d->lock);
    for (;;) {
        if (step(d)) {
            (void)uv_async_send(&d->back);
            continue;
        }
        if (d->stop)
            break;
        uint64_t now = uv_hrtime();
        if (d->commit_at == MUSTER_NEVER)
            uv_cond_wait(&d->wake, &d->lock);
        else if (d->commit_at > now)
            (void)uv_cond_timedwait(&d->wake, &d->lock, d->commit_at - now);
    }
    uv_mutex_unlock(&d->lock);
}

/* ---- on the loop ---- */

static void push(struct muster_live_disk *d, const struct entry *e)
{
    assert(!d->closing);
    assert(d->begun - d->answered < ENTRIES);
    uv_mutex_lock(&d->lock);
    d->entry[d->begun % ENTRIES] = *e;
    d->begun++;
    uv_cond_signal(&d->wake);
    uv_mutex_unlock(&d->lock);
}

void muster_live_disk_begin(struct muster_live_disk *d, const struct muster_effect *e)
{
    assert(e->kind == MUSTER_OUT_DISK);
    assert(e->disk.operation >= MUSTER_DISK_READ && e->disk.operation <= MUSTER_DISK_SYNC);
    assert(e->disk.file < MUSTER_DISK_FILES);
    assert(d->operations < MUSTER_EFFECTS_MAX);
    bool reads = e->disk.operation == MUSTER_DISK_READ;
    bool appends = e->disk.operation == MUSTER_DISK_APPEND;
    struct entry entry = {.tag = e->tag,
                          .operation = e->disk.operation,
                          .file = e->disk.file,
                          .offset = appends ? DISK_END : e->disk.offset,
                          .wall = muster_live_wall(),
                          .size = reads ? 0 : e->data.size};
    entry.data = live_take(reads ? MUSTER_DISK_READ_MAX : entry.size);
    if (entry.size > 0)
        memcpy(entry.data, e->data.at, entry.size);
    d->operations++;
    push(d, &entry);
}

void muster_live_disk_note(struct muster_live_disk *d, const struct muster_live_history_line *line)
{
    if (d->notes == NOTES_MAX) {
        d->untaken++;
        return;
    }
    struct entry entry = {.operation = NOTE, .file = DISK_FILE_HISTORY};
    entry.data = live_take(sizeof *line);
    memcpy(entry.data, line, sizeof *line);
    d->notes++;
    push(d, &entry);
}

static void say(struct muster_live_disk *d, enum muster_live_level level, const char *event,
                const char *text)
{
    if (!d->closing)
        d->sink.say(d->sink.host, level, event, text);
}

/* What ails the files: each new reason once. */
static void say_news(struct muster_live_disk *d)
{
    char text[DISK_WHY_MAX];
    for (uint32_t i = 0; i < MUSTER_DISK_FILES; i++) {
        uv_mutex_lock(&d->lock);
        memcpy(text, d->trouble[i], sizeof text);
        uv_mutex_unlock(&d->lock);
        if (strcmp(text, d->said[i]) == 0)
            continue;
        if (text[0])
            say(d, MUSTER_LIVE_ERROR, "disk_failed", text);
        else
            say(d, MUSTER_LIVE_INFO, "disk_recovered", d->said[i]);
        memcpy(d->said[i], text, sizeof text);
    }
    if (d->untaken > 0) {
        (void)snprintf(text, sizeof text, "%u notes are not in the history: the disk is too slow",
                       (unsigned)d->untaken);
        d->untaken = 0;
        say(d, MUSTER_LIVE_WARNING, "history_notes_lost", text);
    }
}

static void answer(struct muster_live_disk *d, const struct entry *e)
{
    struct muster_input in = {.kind = MUSTER_IN_DISK, .status = (uint16_t)e->status, .tag = e->tag};
    in.disk.operation = e->operation;
    in.disk.file = e->file;
    if (e->operation == MUSTER_DISK_READ && e->status == MUSTER_STATUS_OK)
        in.data = (struct muster_bytes){e->data, e->size};
    d->operations--;
    d->sink.input(d->sink.host, &in);
}

/* The next entry that is done, out of the queue. */
static bool pop(struct muster_live_disk *d, struct entry *ret)
{
    uv_mutex_lock(&d->lock);
    bool ready = d->answered < d->done;
    uv_mutex_unlock(&d->lock);
    if (ready)
        *ret = d->entry[d->answered++ % ENTRIES];
    return ready;
}

static void come_back(uv_async_t *back)
{
    struct muster_live_disk *d = back->data;
    struct entry e;
    while (!d->closing && pop(d, &e)) { /* who hears an answer may begin more, or close */
        if (e.operation == NOTE)
            d->notes--;
        else
            answer(d, &e);
        free(e.data);
    }
    say_news(d);
}

/* ---- opening and closing ---- */

static void stop_thread(struct muster_live_disk *d)
{
    uv_mutex_lock(&d->lock);
    d->stop = true;
    uv_cond_signal(&d->wake);
    uv_mutex_unlock(&d->lock);
    int error = uv_thread_join(&d->thread);
    assert(error == 0);
    (void)error;
}

static void destroy(struct muster_live_disk *d)
{
    uv_cond_destroy(&d->wake);
    uv_mutex_destroy(&d->lock);
    free(d);
}

/* The thread, and its way back to the loop. Returns 0 or libuv's error, with nothing left. */
static int start(struct muster_live_disk *d, uv_loop_t *loop)
{
    int error = uv_thread_create(&d->thread, work, d);
    if (error != 0)
        return error;
    error = uv_async_init(loop, &d->back, come_back);
    d->back.data = d;
    if (error != 0)
        stop_thread(d);
    return error;
}

struct muster_live_disk *muster_live_disk_open(uv_loop_t *loop, const char *folder,
                                               const struct muster_live_sink *sink, char *text,
                                               size_t size)
{
    struct muster_live_disk *d = live_take(sizeof *d);
    d->sink = *sink;
    d->commit_at = MUSTER_NEVER;
    if (uv_mutex_init(&d->lock) != 0 || uv_cond_init(&d->wake) != 0)
        abort(); /* as libuv does when it cannot lock */
    if (disk_files_open(&d->files, folder, text, size)) {
        int error = start(d, loop);
        if (error == 0)
            return d;
        (void)snprintf(text, size, "%s: no thread for it: %s; give this process more", folder,
                       uv_strerror(error));
    }
    disk_files_close(&d->files);
    destroy(d);
    return NULL;
}

static void closed(uv_handle_t *back)
{
    destroy(back->data);
}

void muster_live_disk_close(struct muster_live_disk *d)
{
    assert(!d->closing);
    d->closing = true;
    stop_thread(d);
    for (; d->answered < d->begun; d->answered++)
        free(d->entry[d->answered % ENTRIES].data);
    disk_files_close(&d->files);
    uv_close((uv_handle_t *)&d->back, closed);
}
