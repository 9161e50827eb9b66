/* SPDX-License-Identifier: Apache-2.0 */
/* Source files: read once, whole, and only if they are regular files of a sane size. */
#include "config/diagnostics.h"
#include "config/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOURCE_SIZE_MAX ((size_t)16 << 20)

static void *take(size_t size)
{
    void *room = calloc(1, size);
    if (!room)
        muster_memory_short();
    return room;
}

/* A source with room for its text. */
static struct muster_source *source_new(const char *path, size_t size)
{
    struct muster_source *source = take(sizeof *source);
    size_t length = strlen(path);
    source->path = take(length + 1);
    memcpy(source->path, path, length);
    source->text = take(size + 1);
    source->size = size;
    return source;
}

static void source_free(struct muster_source *source)
{
    free(source->path);
    free(source->text);
    free(source);
}

static void append(struct muster_sources *s, struct muster_source *source)
{
    if (s->last)
        s->last->next = source;
    else
        s->first = source;
    s->last = source;
}

struct muster_source *muster_source_add(struct muster_sources *s, const char *path,
                                        const char *text, size_t size)
{
    struct muster_source *source = source_new(path, size);
    if (size > 0)
        memcpy(source->text, text, size);
    append(s, source);
    return source;
}

static void complain_io(struct muster_diagnostics *d, struct muster_mark from, const char *path,
                        const char *why)
{
    d->io = true;
    if (from.source)
        muster_complain(d, MUSTER_SEVERITY_ERROR, from, "cannot read '%s': %s", path, why);
    else
        muster_complain_of(d, MUSTER_SEVERITY_ERROR, path, 0, "cannot be read: %s", why);
}

static void complain_size(struct muster_diagnostics *d, struct muster_mark from, const char *path)
{
    if (from.source)
        muster_complain(d, MUSTER_SEVERITY_ERROR, from, "'%s' is larger than 16 MiB", path);
    else
        muster_complain_of(d, MUSTER_SEVERITY_ERROR, path, 0, "the file is larger than 16 MiB");
}

/* What fstat says against reading it, or null. */
static const char *unreadable(const struct stat *st)
{
    if (S_ISDIR(st->st_mode))
        return "it is a directory";
    return S_ISREG(st->st_mode) ? NULL : "it is not a regular file";
}

/* Read until the end; a file that shrinks is as long as what came. False with errno set. */
static bool read_all(int fd, struct muster_source *source)
{
    size_t got = 0;
    while (got < source->size) {
        ssize_t n = read(fd, source->text + got, source->size - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        got += (size_t)n;
    }
    source->size = got;
    source->text[got] = 0;
    return true;
}

struct muster_source *muster_source_open(struct muster_sources *s, const char *path,
                                         struct muster_diagnostics *d, struct muster_mark from)
{
    for (struct muster_source *known = s->first; known; known = known->next) {
        if (strcmp(known->path, path) == 0)
            return known;
    }
    if (s->sealed) {
        complain_io(d, from, path, "it is not among the files given");
        return NULL;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not make us wait */
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0) {
        complain_io(d, from, path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    struct muster_source *source = NULL;
    const char *why = unreadable(&st);
    if (why) {
        complain_io(d, from, path, why);
    } else if ((uint64_t)st.st_size > SOURCE_SIZE_MAX) {
        complain_size(d, from, path);
    } else {
        source = source_new(path, (size_t)st.st_size);
        if (read_all(fd, source)) {
            append(s, source);
        } else {
            complain_io(d, from, path, strerror(errno));
            source_free(source);
            source = NULL;
        }
    }
    close(fd);
    return source;
}

void muster_sources_free(struct muster_sources *s)
{
    for (struct muster_source *source = s->first; source;) {
        struct muster_source *next = source->next;
        source_free(source);
        source = next;
    }
    *s = (struct muster_sources){0};
}
