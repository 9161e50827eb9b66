/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a trace back, strictly: the file, its header, its last line. */
#define MUSTER_BANNED_ALLOW_HEAP
#include "core/banned.h"

#include "config/memory.h"
#include "sim/trace/reader.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

#define FILE_SIZE_MAX ((size_t)1 << 30)
#define LINE_SIZE_MAX ((size_t)32 << 20)
#define PATH_SIZE_MAX 4096
#define NOTES_MAX     256
#define BLOCK_SIZE    ((size_t)1 << 18)
#define BLOCK_HEAD    ((sizeof(struct muster_reader_block) + 15) & ~(size_t)15)

/* ---- memory and complaints ---- */

void muster_reader_fail(struct muster_reader *r, const char *format, ...)
{
    char text[192];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    if (!r->failed)
        muster_complain_of(r->d, MUSTER_SEVERITY_ERROR, r->trace->path, r->line, "%s", text);
    r->failed = true;
}

void *muster_reader_take(struct muster_reader *r, size_t size)
{
    size = (size + 15) & ~(size_t)15;
    struct muster_reader_block *b = r->blocks;
    if (!b || b->size - b->used < size) {
        size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        b = malloc(BLOCK_HEAD + room);
        if (!b) {
            muster_reader_fail(r, "out of memory");
            return NULL;
        }
        *b = (struct muster_reader_block){r->blocks, room, 0};
        r->blocks = b;
    }
    uint8_t *at = (uint8_t *)b + BLOCK_HEAD + b->used;
    b->used += size;
    return at;
}

static void release_blocks(struct muster_reader_block *b)
{
    while (b) {
        struct muster_reader_block *next = b->next;
        free(b);
        b = next;
    }
}

bool muster_reader_scratch(struct muster_reader *r, size_t size)
{
    if (size <= r->scratch_size)
        return true;
    uint8_t *larger = realloc(r->scratch, size);
    if (!larger) {
        muster_reader_fail(r, "out of memory");
        return false;
    }
    r->scratch = larger;
    r->scratch_size = size;
    return true;
}

/* ---- the header ---- */

/* A text without NUL, kept and terminated; null after a complaint. */
static char *read_string(struct muster_reader *r, const json_t *json, const char *key, size_t max)
{
    size_t size = 0;
    if (!json_is_string(json) || !muster_reader_scratch(r, json_string_length(json) + 1)) {
        muster_reader_fail(r, "'%s' is missing or no text", key);
        return NULL;
    }
    if (!muster_line_read_text(json, r->scratch, &size) || size > max ||
        memchr(r->scratch, 0, size)) {
        muster_reader_fail(r, "'%s' is not a text of at most %zu bytes", key, max);
        return NULL;
    }
    r->scratch[size++] = 0;
    char *kept = muster_reader_take(r, size);
    return kept ? memcpy(kept, r->scratch, size) : NULL;
}

/* A list of names, ended by null; room for MUSTER_PROCESSES_MAX, because twins are added later. */
static const char **read_names(struct muster_reader *r, const json_t *json, const char *key,
                               uint32_t max, uint32_t *count)
{
    size_t n = json_array_size(json); /* 0 for what is no array */
    uint32_t room = max > MUSTER_PROCESSES_MAX ? max : MUSTER_PROCESSES_MAX;
    if (n == 0 || n > max) {
        muster_reader_fail(r, "'%s' is not a list of 1 to %u names", key, max);
        return NULL;
    }
    const char **names = muster_reader_take(r, (room + 1) * sizeof *names);
    if (!names)
        return NULL;
    memset(names, 0, (room + 1) * sizeof *names);
    *count = (uint32_t)n;
    for (uint32_t i = 0; i < *count; i++) {
        names[i] = read_string(r, json_array_get(json, i), key, MUSTER_NAME_MAX);
        for (uint32_t k = 0; k < i && !r->failed; k++)
            if (strcmp(names[i], names[k]) == 0)
                muster_reader_fail(r, "'%s' has '%s' twice", key, names[i]);
    }
    return names;
}

static void read_sources(struct muster_reader *r, json_t *json)
{
    const char *path;
    json_t *text;
    if (json_object_size(json) == 0)
        muster_reader_fail(r, "'sources' is missing or empty");
    json_object_foreach(json, path, text)
    {
        size_t size;
        if (!json_is_string(text) || !muster_reader_scratch(r, json_string_length(text)) ||
            !muster_line_read_text(text, r->scratch, &size)) {
            muster_reader_fail(r, "'sources' has something else than text");
            return;
        }
        muster_source_add(&r->trace->sources, path, (const char *)r->scratch, size);
    }
}

static bool is_known(const char *key, const char *const *known)
{
    for (; *known; known++)
        if (strcmp(key, *known) == 0)
            return true;
    return false;
}

static void check_keys(struct muster_reader *r, json_t *json, const char *const *known)
{
    const char *key;
    json_t *value;
    json_object_foreach(json, key, value)
    {
        if (!is_known(key, known))
            muster_reader_fail(r, "unknown key '%s'", key);
    }
}

static void read_header(struct muster_reader *r, json_t *json)
{
    static const char *const known[] = {"muster",  "version", "scenario", "seed",    "process",
                                        "members", "voters",  "notes",    "sources", NULL};
    struct muster_trace *t = r->trace;
    uint64_t format = 0, voters = 0;
    uint32_t notes = 0;
    if (!muster_line_read_number(json_object_get(json, "muster"), &format)) {
        muster_reader_fail(r, "this is no trace: a trace begins with {\"muster\":%d,…",
                           MUSTER_TRACE_FORMAT);
        return;
    }
    if (format != MUSTER_TRACE_FORMAT) {
        muster_reader_fail(r, "trace format %llu is not known here, only %d is",
                           (unsigned long long)format, MUSTER_TRACE_FORMAT);
        return;
    }
    check_keys(r, json, known);
    t->format = (uint32_t)format;
    t->version = read_string(r, json_object_get(json, "version"), "version", 64);
    t->scenario = read_string(r, json_object_get(json, "scenario"), "scenario", PATH_SIZE_MAX);
    t->process = read_string(r, json_object_get(json, "process"), "process", MUSTER_NAME_MAX);
    t->names =
        read_names(r, json_object_get(json, "members"), "members", MUSTER_MEMBERS_MAX, &t->members);
    t->name_count = t->members;
    if (json_object_get(json, "notes"))
        t->notes = read_names(r, json_object_get(json, "notes"), "notes", NOTES_MAX, &notes);
    if (!muster_line_read_number(json_object_get(json, "seed"), &t->seed))
        muster_reader_fail(r, "'seed' is missing or no number");
    if (!muster_line_read_number(json_object_get(json, "voters"), &voters) || voters > t->members)
        muster_reader_fail(r, "'voters' is missing or no number up to the number of members");
    t->voters = (uint32_t)voters;
    if (!r->failed)
        read_sources(r, json_object_get(json, "sources"));
}

/* ---- the last line ---- */

static bool read_hash(const json_t *json, uint64_t *value)
{
    uint8_t byte[8];
    size_t size;
    if (!json_is_string(json) || json_string_length(json) != 16 ||
        !muster_line_read_hex(json, byte, &size))
        return false;
    *value = 0;
    for (size_t i = 0; i < size; i++)
        *value = *value << 8 | byte[i];
    return true;
}

/* Whether the last line ends as the writer ends it, with the digest of all that stands before. */
static bool is_intact(const struct muster_reader *r, uint64_t digest)
{
    static const char key[] = MUSTER_TRACE_DIGEST_KEY;
    const size_t key_size = sizeof key - 1, end = r->at - 1; /* without the newline */
    assert(r->text[end] == '\n');
    if (end - r->start < key_size + MUSTER_TRACE_DIGEST_SIZE)
        return false;
    size_t covered = end - MUSTER_TRACE_DIGEST_SIZE;
    return memcmp(r->text + covered - key_size, key, key_size) == 0 &&
           digest == XXH64(r->text, covered, 0);
}

static void read_end(struct muster_reader *r, json_t *json)
{
    static const char *const known[] = {"end",      "verdict", "hash",   "records",
                                        "property", "text",    "digest", NULL};
    struct muster_trace *t = r->trace;
    uint64_t records = 0, digest = 0;
    check_keys(r, json, known);
    const char *verdict =
        read_string(r, json_object_get(json, "verdict"), "verdict", sizeof t->verdict - 1);
    if (verdict)
        snprintf(t->verdict, sizeof t->verdict, "%s", verdict);
    if (!read_hash(json_object_get(json, "hash"), &t->hash))
        muster_reader_fail(r, "'hash' is missing or not sixteen hexadecimal digits");
    if (!read_hash(json_object_get(json, "digest"), &digest))
        muster_reader_fail(r, "'digest' is missing or not sixteen hexadecimal digits");
    if (!muster_line_read_number(json_object_get(json, "records"), &records) || records != t->count)
        muster_reader_fail(r, "'records' does not say %zu, the number of records before it",
                           t->count);
    if (r->failed)
        return;
    t->complete = true;
    t->intact = is_intact(r, digest);
    if (!t->intact)
        muster_complain_of(r->d, MUSTER_SEVERITY_WARNING, t->path, 0,
                           "digest does not match: the file was changed after it was written");
}

/* ---- the file ---- */

/* The next line; false at the end. A last line without its newline is cut off: it is no line. */
static bool next_line(struct muster_reader *r, size_t *length)
{
    const char *at = r->text + r->at;
    const char *end = r->at < r->size ? memchr(at, '\n', r->size - r->at) : NULL;
    if (!end)
        return false;
    r->start = r->at;
    *length = (size_t)(end - at);
    r->at += *length + 1;
    r->line++;
    return true;
}

static json_t *parse_line(struct muster_reader *r, size_t length)
{
    json_error_t error;
    json_t *json = NULL;
    if (length > LINE_SIZE_MAX) {
        muster_reader_fail(r, "the line is longer than %zu bytes", LINE_SIZE_MAX);
        return NULL;
    }
    json = json_loadb(r->text + r->start, length, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (!json)
        muster_reader_fail(r, "no JSON at column %d: %.120s", error.column, error.text);
    else if (!json_is_object(json))
        muster_reader_fail(r, "the line is no JSON object");
    return json;
}

static void read_lines(struct muster_reader *r)
{
    size_t length;
    while (!r->failed && next_line(r, &length)) {
        if (r->trace->complete) {
            muster_reader_fail(r, "there is more after the last line of the trace");
            return;
        }
        json_t *json = parse_line(r, length);
        if (!r->failed) {
            if (r->line == 1)
                read_header(r, json);
            else if (json_object_get(json, "end"))
                read_end(r, json);
            else
                muster_reader_record(r, json);
        }
        json_decref(json);
    }
    if (!r->failed && r->trace->complete && r->at < r->size) {
        r->line++;
        muster_reader_fail(r, "there is more after the last line of the trace");
    }
    if (!r->failed && r->line == 0) {
        r->line = 1;
        muster_reader_fail(r, "this is no trace: it has no whole line");
    }
}

static void complain_io(struct muster_diagnostics *d, const char *path, const char *what)
{
    d->io = true;
    muster_complain_of(d, MUSTER_SEVERITY_ERROR, path, 0, "cannot be read: %s", what);
}

/* The whole file in memory; null after a complaint. */
static char *slurp(const char *path, size_t *size, struct muster_diagnostics *d)
{
    struct stat st;
    /* O_NONBLOCK: a FIFO without a writer must not hold us up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) != 0) {
        complain_io(d, path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    const char *problem = NULL;
    if (!S_ISREG(st.st_mode))
        problem = "it is no regular file";
    else if ((uint64_t)st.st_size > FILE_SIZE_MAX)
        problem = "it is larger than 1 GiB";
    char *text = problem ? NULL : malloc((size_t)st.st_size + 1);
    if (!problem && !text)
        problem = "out of memory";
    *size = 0;
    while (!problem && *size < (size_t)st.st_size) {
        ssize_t n = read(fd, text + *size, (size_t)st.st_size - *size);
        if (n > 0)
            *size += (size_t)n;
        else if (n == 0)
            break;
        else if (errno != EINTR)
            problem = strerror(errno);
    }
    if (problem) {
        complain_io(d, path, problem);
        free(text);
        text = NULL;
    }
    close(fd);
    return text;
}

struct muster_trace *muster_trace_parse(const char *path, const char *text, size_t size,
                                        struct muster_diagnostics *d)
{
    struct muster_reader r = {.d = d, .text = text, .size = size};
    r.trace = calloc(1, sizeof *r.trace);
    if (r.trace)
        r.trace->path = strdup(path);
    if (!r.trace || !r.trace->path) {
        complain_io(d, path, "out of memory");
        free(r.trace);
        return NULL;
    }
    /* Where memory is short, jansson loses bytes of a text and says nothing. */
    json_malloc_t take;
    json_free_t give;
    json_get_alloc_funcs(&take, &give);
    json_set_alloc_funcs(muster_memory_need, free);
    read_lines(&r);
    json_set_alloc_funcs(take, give);
    free(r.scratch);
    r.trace->memory = r.blocks;
    if (!r.failed)
        return r.trace;
    muster_trace_free(r.trace);
    return NULL;
}

struct muster_trace *muster_trace_read(const char *path, struct muster_diagnostics *d)
{
    size_t size;
    char *text = slurp(path, &size, d);
    if (!text)
        return NULL;
    struct muster_trace *t = muster_trace_parse(path, text, size, d);
    free(text);
    return t;
}

void muster_trace_free(struct muster_trace *t)
{
    if (!t)
        return;
    muster_sources_free(&t->sources);
    release_blocks(t->memory);
    free(t->records);
    free(t->path);
    free(t);
}
