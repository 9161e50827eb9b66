/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded inputs go through the processes' doors, effects are checked, and the way back. */
#define MUSTER_BANNED_ALLOW_HEAP
#include "core/banned.h"

#include "sim/trace/player.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* One process of the trace: its memory, and what it has put out that no record has shown yet. */
struct player {
    void *self;
    size_t size;
    struct muster_place place;
    bool started;
    bool up; /* and neither crashed nor shut down since */
    muster_time last_now;
    struct muster_effects *out;
    uint32_t next; /* effect of `out` that the next record must show */
    bool compared; /* the input that led to them is within what is compared */
};

/* All processes as they were at a position, at which an input is next. */
struct copy {
    size_t position;
    uint8_t *memory; /* of those that are prepared, one behind the other */
    struct player player[MUSTER_PROCESSES_MAX];
};

#define COPIES_MAX      64
#define COPIES_SIZE_MAX ((size_t)256 << 20)
#define COPY_DISTANCE   1000 /* records; shorter ways are quick enough to go again */

struct muster_player {
    const struct muster_trace *trace;
    struct muster_scenario *scenario;
    struct player player[MUSTER_PROCESSES_MAX];
    size_t position;
    muster_time from, until;
    uint16_t node;
    struct muster_divergence *divergence; /* of the call under way */
    struct copy *copy[COPIES_MAX];        /* by position, rising */
    uint32_t copy_count;
    size_t copies_size;
};

static const char *name_of(const struct muster_trace *t, uint16_t process)
{
    return process == MUSTER_NOBODY ? NULL : t->names[process];
}

/* What an effect looks like as a record, at the place where `like` stands. */
static struct muster_record record_of(const struct muster_effect *e,
                                      const struct muster_record *like)
{
    bool note = e->kind == MUSTER_OUT_NOTE;
    struct muster_record r = {.number = like->number,
                              .time = like->time,
                              .process = like->process,
                              .message = like->message,
                              .cause = like->cause,
                              .tag = e->tag,
                              .data = e->data};
    r.kind = (uint16_t)(note ? MUSTER_EVENT_NOTE + e->note : MUSTER_EVENT_EFFECT + e->kind);
    memcpy(r.arg, e->arg, sizeof r.arg);
    return r;
}

static bool same_effect(const struct muster_record *a, const struct muster_record *b)
{
    return a->kind == b->kind && a->tag == b->tag && memcmp(a->arg, b->arg, sizeof a->arg) == 0 &&
           a->data.size == b->data.size &&
           (a->data.size == 0 || memcmp(a->data.at, b->data.at, a->data.size) == 0);
}

/* The first difference counts; expected or actual may be null: nothing stands there. */
static void diverge(struct muster_player *x, const struct muster_record *where,
                    const struct muster_record *expected, const struct muster_record *actual,
                    const char *what)
{
    struct muster_divergence *d = x->divergence;
    const char *name = name_of(x->trace, where->process);
    if (d->found)
        return;
    d->found = true;
    d->number = where->number;
    if (expected)
        muster_trace_line(d->expected, sizeof d->expected, expected, name,
                          x->scenario->process->note_names);
    if (actual)
        muster_trace_line(d->actual, sizeof d->actual, actual, name,
                          x->scenario->process->note_names);
    snprintf(d->text, sizeof d->text, "record %llu at %llu ns, %s: %s",
             (unsigned long long)where->number, (unsigned long long)where->time,
             name ? name : "world", what);
}

static bool is_compared(const struct muster_player *x, const struct muster_record *r)
{
    return r->time >= x->from && r->time <= x->until &&
           (x->node == MUSTER_NOBODY || x->node == r->process);
}

/* What was put out and is not in the records. */
static void check_leftover(struct muster_player *x, struct player *p,
                           const struct muster_record *where)
{
    if (p->out && p->next < p->out->count && p->compared) {
        struct muster_record actual = record_of(&p->out->at[p->next], where);
        diverge(x, where, NULL, &actual, "puts out what is not in the trace");
    }
}

/* Members of a scenario may be started with one electorate and restarted with the next. */
static void place_player(const struct muster_scenario *s, struct player *p, uint64_t start_flags)
{
    uint32_t member = p->place.index;
    p->place = s->place[(start_flags & MUSTER_START_NEXT) ? MUSTER_ELECTORATE_NEXT
                                                          : MUSTER_ELECTORATE_FIRST];
    p->place.index = member;
}

/* Nor with one config; a trace that names another than there is was made by another tool. */
static const void *config_of(const struct muster_scenario *s, uint64_t start_flags)
{
    uint64_t index = start_flags >> MUSTER_START_CONFIG_SHIFT;
    return s->configs[index < s->config_count ? index : 0];
}

static bool prepare(struct muster_player *x, struct player *p)
{
    const struct muster_process *table = x->scenario->process;
    if (!p->self) {
        for (uint32_t i = 0; i < x->scenario->config_count; i++) {
            size_t size = table->size(x->scenario->configs[i], &p->place);
            p->size = size > p->size ? size : p->size;
        }
        p->self = aligned_alloc(16, (p->size + 16) & ~(size_t)15);
        p->out = malloc(sizeof *p->out);
    }
    return p->self && p->out;
}

/* An input that no process can be handed: it breaks the door's contract. */
static const char *unfit(const struct player *p, const struct muster_record *r)
{
    if (r->kind == MUSTER_IN_START)
        return NULL;
    if (!p->started)
        return "takes an input before its in.start";
    if (r->clock < p->last_now)
        return "takes an input whose clock goes back";
    return NULL;
}

static int feed(struct muster_player *x, const struct muster_record *r)
{
    struct player *p = &x->player[r->process];
    const struct muster_process *table = x->scenario->process;
    check_leftover(x, p, r);
    const char *problem = unfit(p, r);
    if (problem || x->divergence->found) {
        diverge(x, r, r, NULL, problem ? problem : "");
        return 0;
    }
    if (!prepare(x, p))
        return MUSTER_E_NOSPACE;
    if (r->kind == MUSTER_IN_START) {
        memset(p->self, 0, p->size);
        place_player(x->scenario, p, r->arg[3]);
        table->init(p->self, config_of(x->scenario, r->arg[3]), &p->place);
        p->started = p->up = true;
    }
    struct muster_input in = {.kind = r->kind,
                              .status = r->status,
                              .now = r->clock,
                              .wall = r->wall,
                              .tag = r->tag,
                              .data = r->data};
    memcpy(in.arg, r->arg, sizeof in.arg);
    p->last_now = r->clock;
    p->out->count = p->out->used = 0;
    p->next = 0;
    p->compared = is_compared(x, r);
    table->handle(p->self, &in, p->out);
    return 0;
}

static bool is_effect(const struct muster_record *r)
{
    return r->process != MUSTER_NOBODY &&
           (r->kind >= MUSTER_EVENT_NOTE ||
            (r->kind >= MUSTER_EVENT_EFFECT && r->kind < MUSTER_EVENT_WORLD));
}

static void compare(struct muster_player *x, const struct muster_record *r)
{
    struct player *p = &x->player[r->process];
    if (!p->out || p->next >= p->out->count) {
        if (is_compared(x, r))
            diverge(x, r, r, NULL, "no longer puts this out");
        return;
    }
    struct muster_record actual = record_of(&p->out->at[p->next], r);
    if (is_compared(x, r) && !same_effect(r, &actual))
        diverge(x, r, r, &actual, "puts out something else");
    else
        p->next++;
}

/* A crash of the machine or of the code, or a shutdown in peace. */
static bool ends_process(const struct muster_record *r)
{
    return r->process != MUSTER_NOBODY &&
           (r->kind == MUSTER_EVENT_CRASH || r->kind == MUSTER_EVENT_CODE_CRASHED ||
            r->kind == MUSTER_EVENT_NOTE + MUSTER_NOTE_STOPPED);
}

/* ---- the way back ---- */

static size_t room_of(const struct player *p)
{
    return p->self ? (p->size + 15) & ~(size_t)15 : 0;
}

/* Keep a copy where an input is next, so that no effect is half compared. What does not fit is not
 * kept: then the way back is longer. */
static void keep_copy(struct muster_player *x)
{
    size_t size = 0, distance = x->trace->count / COPIES_MAX;
    size_t last = x->copy_count > 0 ? x->copy[x->copy_count - 1]->position : 0;
    if (x->position < last + (distance > COPY_DISTANCE ? distance : COPY_DISTANCE))
        return;
    for (uint32_t i = 0; i < x->trace->name_count; i++)
        size += room_of(&x->player[i]);
    if (x->copy_count == COPIES_MAX || size > COPIES_SIZE_MAX - x->copies_size)
        return;
    struct copy *c = malloc(sizeof *c + size);
    if (!c)
        return;
    uint8_t *at = (uint8_t *)(c + 1);
    c->position = x->position;
    memcpy(c->player, x->player, sizeof c->player);
    for (uint32_t i = 0; i < x->trace->name_count; i++) {
        if (x->player[i].self)
            memcpy(at, x->player[i].self, x->player[i].size);
        at += room_of(&x->player[i]);
    }
    x->copies_size += size;
    x->copy[x->copy_count++] = c;
}

/* Back to a copy, or (null) to the start. Memory that was taken since stays for the next time. */
static void restore(struct muster_player *x, const struct copy *c)
{
    const uint8_t *at = c ? (const uint8_t *)(c + 1) : NULL;
    for (uint32_t i = 0; i < x->trace->name_count; i++) {
        struct player *p = &x->player[i];
        p->started = c && c->player[i].started;
        p->up = c && c->player[i].up;
        p->last_now = c ? c->player[i].last_now : 0;
        if (p->out)
            p->out->count = p->out->used = p->next = 0;
        if (!p->started)
            continue;
        p->place = c->player[i].place;
        memcpy(p->self, at, p->size);
        at += room_of(&c->player[i]);
    }
    x->position = c ? c->position : 0;
}

static void go_back(struct muster_player *x, size_t position)
{
    uint32_t i = x->copy_count;
    while (i > 0 && x->copy[i - 1]->position > position)
        i--;
    restore(x, i > 0 ? x->copy[i - 1] : NULL);
}

/* ---- the scenario that the trace brings along ---- */

/* Complaints point into the copies that the loader had: let them point into the trace's own. */
static void keep_marks(const struct muster_trace *t, struct muster_diagnostics *d)
{
    for (uint32_t i = 0; i < d->count; i++) {
        const struct muster_source **at = &d->at[i].mark.source;
        for (const struct muster_source *s = t->sources.first; *at && s; s = s->next) {
            if (strcmp(s->path, (*at)->path) == 0) {
                *at = s;
                break;
            }
        }
    }
}

static struct muster_scenario *load_scenario(const struct muster_trace *t,
                                             const struct muster_registry *registry,
                                             struct muster_diagnostics *d)
{
    struct muster_sources sources = {0};
    for (const struct muster_source *s = t->sources.first; s; s = s->next)
        muster_source_add(&sources, s->path, s->text, s->size);
    sources.sealed = true;
    struct muster_scenario *s = muster_scenario_load(t->scenario, &sources, registry, d);
    keep_marks(t, d);
    muster_sources_free(&sources); /* empty when it was loaded */
    return s;
}

/* The header must tell of the scenario what the scenario tells of itself. */
static bool header_fits(const struct muster_trace *t, const struct muster_scenario *s,
                        struct muster_diagnostics *d)
{
    bool fits = strcmp(t->process, s->process->name) == 0 && t->members == s->members &&
                t->voters == s->voters;
    for (uint32_t i = 0; fits && i < s->members; i++)
        fits = strcmp(t->names[i], s->names[i]) == 0;
    if (!fits)
        muster_complain_of(d, MUSTER_SEVERITY_ERROR, t->path, 1,
                           "the header does not fit the scenario in it: process, members or "
                           "voters differ");
    return fits;
}

static void place_players(struct muster_player *x)
{
    const struct muster_trace *t = x->trace;
    for (uint32_t i = 0; i < t->name_count; i++) {
        uint32_t member = i;
        for (uint32_t k = 0; k < t->members && i >= t->members; k++) {
            size_t length = strlen(t->names[k]);
            if (strncmp(t->names[i], t->names[k], length) == 0 && t->names[i][length] == '\'')
                member = k;
        }
        x->player[i].place.index = member;
        place_player(x->scenario, &x->player[i], 0);
    }
}

/* ---- the player ---- */

struct muster_player *muster_player_open(const struct muster_trace *t,
                                         const struct muster_registry *registry,
                                         struct muster_diagnostics *d)
{
    struct muster_scenario *s = load_scenario(t, registry, d);
    if (!s)
        return NULL;
    struct muster_player *x = header_fits(t, s, d) ? calloc(1, sizeof *x) : NULL;
    if (!x) {
        if (d->errors == 0)
            muster_complain_of(d, MUSTER_SEVERITY_ERROR, t->path, 0, "out of memory");
        muster_scenario_free(s);
        return NULL;
    }
    x->trace = t;
    x->scenario = s;
    x->until = MUSTER_NEVER;
    x->node = MUSTER_NOBODY;
    place_players(x);
    return x;
}

void muster_player_close(struct muster_player *x)
{
    if (!x)
        return;
    for (uint32_t i = 0; i < MUSTER_PROCESSES_MAX; i++) {
        free(x->player[i].self);
        free(x->player[i].out);
    }
    for (uint32_t i = 0; i < x->copy_count; i++)
        free(x->copy[i]);
    muster_scenario_free(x->scenario);
    free(x);
}

void muster_player_compare(struct muster_player *x, muster_time from, muster_time until,
                           uint16_t node)
{
    x->from = from;
    x->until = until;
    x->node = node;
}

int muster_player_step(struct muster_player *x, struct muster_divergence *divergence)
{
    assert(x->position < x->trace->count);
    const struct muster_record *r = &x->trace->records[x->position];
    int error = 0;
    memset(divergence, 0, sizeof *divergence);
    x->divergence = divergence;
    if (r->kind < MUSTER_EVENT_EFFECT)
        error = feed(x, r);
    else if (is_effect(r))
        compare(x, r);
    if (ends_process(r))
        x->player[r->process].up = false;
    if (divergence->found)
        error = MUSTER_E_INVALID;
    if (!error)
        x->position++;
    return error;
}

int muster_player_finish(struct muster_player *x, struct muster_divergence *divergence)
{
    const struct muster_trace *t = x->trace;
    assert(x->position == t->count);
    memset(divergence, 0, sizeof *divergence);
    x->divergence = divergence;
    for (uint32_t p = 0; p < t->name_count && t->count > 0; p++) {
        struct muster_record where = t->records[t->count - 1];
        where.process = (uint16_t)p;
        check_leftover(x, &x->player[p], &where);
    }
    return divergence->found ? MUSTER_E_INVALID : 0;
}

int muster_player_seek(struct muster_player *x, size_t position,
                       struct muster_divergence *divergence)
{
    assert(position <= x->trace->count);
    int error = 0;
    memset(divergence, 0, sizeof *divergence);
    if (position < x->position)
        go_back(x, position);
    while (!error && x->position < position) {
        if (x->trace->records[x->position].kind < MUSTER_EVENT_EFFECT)
            keep_copy(x);
        error = muster_player_step(x, divergence);
    }
    return error;
}

size_t muster_player_position(const struct muster_player *x)
{
    return x->position;
}

const struct muster_scenario *muster_player_scenario(const struct muster_player *x)
{
    return x->scenario;
}

const void *muster_player_state(const struct muster_player *x, uint32_t process)
{
    assert(process < x->trace->name_count);
    return x->player[process].up ? x->player[process].self : NULL;
}

muster_time muster_player_clock(const struct muster_player *x, uint32_t process)
{
    assert(process < x->trace->name_count);
    return x->player[process].last_now;
}
