/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a trace while its process runs: one buffer, one digest, one file. */
#define MUSTER_BANNED_ALLOW_HEAP
#include "core/banned.h"

#include "trace/write.h"

#include "trace/line.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

#define BUFFER_SIZE ((size_t)1 << 18)
#define END_ROOM    4096

struct muster_trace_writer {
    int fd;
    int error; /* errno of the first write that failed: nothing is written after it */
    const char *const *notes;
    char *buffer;
    size_t size, used;
    XXH64_state_t digest;
};

static void flush(struct muster_trace_writer *t)
{
    for (size_t done = 0; done < t->used && !t->error;) {
        ssize_t n = write(t->fd, t->buffer + done, t->used - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            t->error = errno;
    }
    XXH64_update(&t->digest, t->buffer, t->used);
    t->used = 0;
}

/* Room for `size` more bytes; null when memory is short. */
static char *room(struct muster_trace_writer *t, size_t size)
{
    if (t->size - t->used >= size)
        return t->buffer + t->used;
    flush(t);
    if (t->size < size) {
        char *larger = realloc(t->buffer, size);
        if (!larger) {
            t->error = t->error ? t->error : ENOMEM;
            return NULL;
        }
        t->buffer = larger;
        t->size = size;
    }
    return t->buffer;
}

static void wrote(struct muster_trace_writer *t, const char *end)
{
    t->used = (size_t)(end - t->buffer);
    assert(t->used <= t->size);
}

static void put(struct muster_trace_writer *t, const char *literal)
{
    char *at = room(t, strlen(literal));
    if (at)
        wrote(t, muster_line_put(at, literal));
}

static void put_text(struct muster_trace_writer *t, const char *text, size_t size)
{
    char *at = room(t, 2 + MUSTER_LINE_ESCAPED * size);
    if (at)
        wrote(t, muster_line_text(at, (struct muster_bytes){(const uint8_t *)text, size}));
}

static void put_number(struct muster_trace_writer *t, uint64_t value)
{
    char *at = room(t, MUSTER_LINE_NUMBER);
    if (at)
        wrote(t, muster_line_number(at, value));
}

static void put_key_text(struct muster_trace_writer *t, const char *key, const char *text)
{
    put(t, key);
    put_text(t, text, strlen(text));
}

static void put_names(struct muster_trace_writer *t, const char *key, const char *const *names,
                      uint32_t count)
{
    put(t, key);
    for (uint32_t i = 0; i < count; i++)
        put_key_text(t, i > 0 ? "," : "", names[i]);
    put(t, "]");
}

static void write_header(struct muster_trace_writer *t, const struct muster_trace_header *h)
{
    put(t, "{\"muster\":");
    put_number(t, MUSTER_TRACE_FORMAT);
    put_key_text(t, ",\"version\":", MUSTER_VERSION);
    put_key_text(t, ",\"scenario\":", h->scenario);
    put(t, ",\"seed\":");
    put_number(t, h->seed);
    put_key_text(t, ",\"process\":", h->process);
    put_names(t, ",\"members\":[", h->members, h->member_count);
    put(t, ",\"voters\":");
    put_number(t, h->voters);
    uint32_t notes = 0;
    while (h->notes && h->notes[notes])
        notes++;
    if (notes > 0)
        put_names(t, ",\"notes\":[", h->notes, notes);
    put(t, ",\"sources\":{");
    for (const struct muster_source *f = h->sources->first; f; f = f->next) {
        put_key_text(t, f == h->sources->first ? "" : ",", f->path);
        put(t, ":");
        put_text(t, f->text, f->size);
    }
    put(t, "}}\n");
}

/* A file that is there is replaced, not overwritten: file systems hurry to write out what was
 * truncated, and whoever reads the old trace keeps it. */
static int create(const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
        (void)unlink(path); /* where that is not permitted, it is overwritten */
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}

struct muster_trace_writer *muster_trace_writer_open(const char *path,
                                                     const struct muster_trace_header *h)
{
    struct muster_trace_writer *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->buffer = malloc(BUFFER_SIZE);
    t->size = BUFFER_SIZE;
    t->notes = h->notes;
    t->fd = t->buffer ? create(path) : -1;
    if (t->fd < 0) {
        int error = errno;
        free(t->buffer);
        free(t);
        errno = error;
        return NULL;
    }
    XXH64_reset(&t->digest, 0);
    write_header(t, h);
    return t;
}

void muster_trace_writer_append(struct muster_trace_writer *t, const struct muster_record *r,
                                const char *name)
{
    const char *note = muster_line_note(t->notes, r->kind);
    char *at = room(t, muster_line_bound(r, name, note));
    if (!at)
        return;
    at = muster_line_record(at, r, name, note);
    *at++ = '\n';
    wrote(t, at);
}

int muster_trace_writer_flush(struct muster_trace_writer *t)
{
    flush(t);
    return -t->error;
}

static void write_end(struct muster_trace_writer *t, const struct muster_trace_end *end)
{
    put_key_text(t, "{\"end\":true,\"verdict\":", end->verdict);
    char *at = room(t, END_ROOM);
    if (at) {
        at = muster_line_hash(muster_line_put(at, ",\"hash\":"), end->hash);
        wrote(t, muster_line_number(muster_line_put(at, ",\"records\":"), end->records));
    }
    if (end->property) {
        put_key_text(t, ",\"property\":", end->property);
        put_key_text(t, ",\"text\":", end->text);
    }
    put(t, MUSTER_TRACE_DIGEST_KEY);
    flush(t); /* the digest is of everything before itself */
    at = room(t, MUSTER_TRACE_DIGEST_SIZE + 1);
    if (at)
        wrote(t, muster_line_put(muster_line_hash(at, XXH64_digest(&t->digest)), "}\n"));
}

int muster_trace_writer_close(struct muster_trace_writer *t, const struct muster_trace_end *end)
{
    if (end)
        write_end(t, end);
    flush(t);
    int error = t->error;
    if (close(t->fd) != 0 && !error)
        error = errno;
    free(t->buffer);
    free(t);
    return -error;
}
