/* SPDX-License-Identifier: Apache-2.0 */
/* Watching a failing run once more, for its last events, and the command that repeats it. */
#include "tools/muster/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINES     12
#define LINE_SIZE 320

/* Shared with the child that runs, so that it outlives its crash. */
struct ring {
    uint64_t count;
    char line[LINES][LINE_SIZE];
};

struct watch {
    struct ring *ring;
    uint64_t last; /* number of the record at which it failed */
    const struct muster_scenario *scenario;
    struct muster_trace_writer *writer; /* may be null */
    const char *trace;                  /* its file */
};

/* What could not be written whole is taken away: half a trace looks like a run that was cut off. */
static void drop_trace(struct watch *x)
{
    muster_trace_writer_close(x->writer, NULL);
    unlink(x->trace);
    x->writer = NULL;
}

static void watch(void *cookie, const struct muster_world *w, const struct muster_record *r)
{
    struct watch *x = cookie;
    if (x->writer) {
        muster_trace_record(x->writer, w, r);
        if (muster_trace_writer_flush(x->writer) != 0)
            drop_trace(x);
    }
    if (r->number > x->last || (!muster_report_matters(r) && r->number != x->last))
        return;
    const char *name = r->process == MUSTER_NOBODY ? NULL : muster_world_name(w, r->process);
    struct ring *ring = x->ring;
    muster_report_record(ring->line[ring->count % LINES], LINE_SIZE, r, name, x->scenario);
    ring->count++;
}

static _Noreturn void run_child(struct watch *x, uint64_t seed)
{
    struct muster_arena arena;
    struct muster_verdict v;
    const struct rlimit none = {0, 0};
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null >= 0)
        dup2(null, STDERR_FILENO); /* what it says was heard the first time */
    setrlimit(RLIMIT_CORE, &none);
    if (x->trace)
        x->writer = muster_trace_create(x->trace, x->scenario, seed);
    if (muster_arena_map(&arena, MUSTER_RUNNER_ARENA, NULL) == 0 &&
        muster_runner_once(&arena, x->scenario, seed, watch, x, &v) && x->writer &&
        muster_trace_close(x->writer, &v) != 0)
        unlink(x->trace);
    exit(0);
}

/* Takes the text over; keeps the old one when memory was too short to make it. */
static void replace_text(const char **place, char *text)
{
    if (!text)
        return;
    free((void *)(uintptr_t)*place);
    *place = text;
}

/* The lines of the ring, oldest first. */
static char *join_lines(const struct ring *ring)
{
    char *text = malloc(LINES * (LINE_SIZE + 1) + 1);
    size_t n = 0;
    uint64_t first = ring->count > LINES ? ring->count - LINES : 0;
    for (uint64_t i = first; text && i < ring->count; i++) {
        size_t length = strnlen(ring->line[i % LINES], LINE_SIZE - 1);
        memcpy(text + n, ring->line[i % LINES], length);
        n += length;
        text[n++] = '\n';
    }
    if (text)
        text[n] = 0;
    return text;
}

void muster_failure_watch(struct muster_report_failure *f, uint64_t seed,
                          const struct muster_scenario *s, const char *trace)
{
    struct ring *ring =
        mmap(NULL, sizeof *ring, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ring == MAP_FAILED)
        return;
    struct watch x = {ring, f->timed ? f->record : UINT64_MAX, s, NULL, trace};
    fflush(stdout);
    fflush(stderr);
    pid_t pid = fork();
    if (pid == 0)
        run_child(&x, seed);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    replace_text(&f->events, join_lines(ring));
    if (trace && access(trace, R_OK) == 0)
        replace_text(&f->trace, strdup(trace));
    munmap(ring, sizeof *ring);
}

/* A word that a shell gives back as it is. */
static void quote(FILE *out, const char *word)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
    if (*word && strspn(word, plain) == strlen(word)) {
        fputs(word, out);
        return;
    }
    fputc('\'', out);
    for (; *word; word++) {
        if (*word == '\'')
            fputs("'\\''", out);
        else
            fputc(*word, out);
    }
    fputc('\'', out);
}

static char *make_command(uint64_t seed, const struct muster_failure_request *request, bool check)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    quote(out, request->program);
    fputs(request->path[0] == '-' ? " run ./" : " run ", out);
    quote(out, request->path);
    fprintf(out, " --seed %" PRIu64, seed);
    if (request->max_events)
        fprintf(out, " --max-events %" PRIu64, request->max_events);
    if (check)
        fputs(" --check-determinism", out);
    return fclose(out) == 0 ? text : NULL;
}

struct muster_report_failure *muster_failure_make(const struct muster_run_result *result,
                                                  const struct muster_failure_request *request)
{
    struct muster_report_failure *f = calloc(1, sizeof *f);
    bool parted = result->code == MUSTER_REPORT_DIVERGED;
    if (!f)
        return NULL;
    f->property = strdup(result->property);
    f->text = strdup(result->text);
    f->file = strdup(result->file);
    f->line = result->line;
    f->column = result->column;
    f->timed = result->timed;
    f->at = result->failed_at;
    f->record = result->failed_record;
    f->command = make_command(result->seed, request, parted);
    f->trace = strdup(result->trace);
    f->events = strdup(result->difference);
    if (f->property && f->text && f->file && f->command && f->trace && f->events)
        return f;
    muster_failure_free(f);
    return NULL;
}

void muster_failure_free(struct muster_report_failure *f)
{
    if (!f)
        return;
    free((void *)(uintptr_t)f->property);
    free((void *)(uintptr_t)f->text);
    free((void *)(uintptr_t)f->file);
    free((void *)(uintptr_t)f->events);
    free((void *)(uintptr_t)f->command);
    free((void *)(uintptr_t)f->trace);
    free(f);
}
