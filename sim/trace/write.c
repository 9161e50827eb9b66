/* SPDX-License-Identifier: Apache-2.0 */
/* Writing a trace while the world runs: one buffer, one digest, one file. */
#define MUSTER_BANNED_ALLOW_HEAP
#include "core/banned.h"

#include "sim/trace/line.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
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
    const struct muster_process *process;
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

static void write_header(struct muster_trace_writer *t, const struct muster_scenario *s,
                         uint64_t seed)
{
    put(t, "{\"muster\":");
    put_number(t, MUSTER_TRACE_FORMAT);
    put_key_text(t, ",\"version\":", MUSTER_VERSION);
    put_key_text(t, ",\"scenario\":", s->path);
    put(t, ",\"seed\":");
    put_number(t, seed);
    put_key_text(t, ",\"process\":", s->process->name);
    put_names(t, ",\"members\":[", s->names, s->members);
    put(t, ",\"voters\":");
    put_number(t, s->voters);
    uint32_t notes = 0;
    while (s->process->note_names && s->process->note_names[notes])
        notes++;
    if (notes > 0)
        put_names(t, ",\"notes\":[", s->process->note_names, notes);
    put(t, ",\"sources\":{");
    for (const struct muster_source *f = s->sources.first; f; f = f->next) {
        put_key_text(t, f == s->sources.first ? "" : ",", f->path);
        put(t, ":");
        put_text(t, f->text, f->size);
    }
    put(t, "}}\n");
}

struct muster_trace_writer *muster_trace_create(const char *path, const struct muster_scenario *s,
                                                uint64_t seed)
{
    struct muster_trace_writer *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->buffer = malloc(BUFFER_SIZE);
    t->size = BUFFER_SIZE;
    t->process = s->process;
    t->fd = t->buffer ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    if (t->fd < 0) {
        int error = errno;
        free(t->buffer);
        free(t);
        errno = error;
        return NULL;
    }
    XXH64_reset(&t->digest, 0);
    write_header(t, s, seed);
    return t;
}

void muster_trace_record(void *writer, const struct muster_world *w, const struct muster_record *r)
{
    struct muster_trace_writer *t = writer;
    const char *name = r->process == MUSTER_NOBODY ? NULL : muster_world_name(w, r->process);
    const char *note = muster_line_note(t->process, r->kind);
    char *at = room(t, muster_line_bound(r, name, note));
    if (!at)
        return;
    at = muster_line_record(at, r, name, note);
    *at++ = '\n';
    wrote(t, at);
}

int muster_trace_flush(struct muster_trace_writer *t)
{
    flush(t);
    return -t->error;
}

static const char *verdict_word(const struct muster_verdict *v)
{
    if (v->expected_failure)
        return "expected_failure";
    switch (v->code) {
    case MUSTER_RUN_PASSED:
        return "passed";
    case MUSTER_RUN_SAFETY:
        return "violated";
    case MUSTER_RUN_UNMET:
        return "unmet";
    case MUSTER_RUN_INTERNAL:
        break;
    }
    return "internal";
}

int muster_trace_close(struct muster_trace_writer *t, const struct muster_verdict *v)
{
    flush(t); /* the digest is of everything before the last line */
    char *at = room(t, END_ROOM);
    if (at) {
        at = muster_line_put(at, "{\"end\":true,\"verdict\":\"");
        at = muster_line_put(at, verdict_word(v));
        at = muster_line_hash(muster_line_put(at, "\",\"hash\":"), v->hash);
        at = muster_line_number(muster_line_put(at, ",\"records\":"), v->records);
        wrote(t, at);
    }
    if (v->property) {
        put_key_text(t, ",\"property\":", v->property);
        put_key_text(t, ",\"text\":", v->text);
    }
    put(t, ",\"digest\":");
    at = room(t, MUSTER_LINE_NUMBER + 3);
    if (at)
        wrote(t, muster_line_put(muster_line_hash(at, XXH64_digest(&t->digest)), "}\n"));
    flush(t);
    int error = t->error;
    if (close(t->fd) != 0 && !error)
        error = errno;
    free(t->buffer);
    free(t);
    return -error;
}
