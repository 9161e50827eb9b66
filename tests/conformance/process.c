/* SPDX-License-Identifier: Apache-2.0 */
/* The process that runs conformance suites. */
#include "tests/conformance/conformance.h"

#include <assert.h>
#include <stdarg.h>

static const struct conformance_suite *const suites[] = {
    &conformance_store,  &conformance_store_silent, &conformance_store_gone,
    &conformance_disk,   &conformance_disk_full,    &conformance_action,
    &conformance_health, &conformance_health_gone,  &conformance_clock,
};

/* ---- effects ---- */

static uint64_t take_tag(struct conformance *c)
{
    assert(c->tags - c->first_tag < CONFORMANCE_TAGS);
    return c->tags++;
}

void conformance_ask(struct conformance *c, muster_dur timeout, const char *const *words)
{
    uint8_t room[1024];
    struct muster_flat_writer w;
    uint32_t n = 0;
    while (words[n])
        n++;
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_array(&w, n);
    for (uint32_t i = 0; i < n; i++)
        muster_flat_text(&w, MUSTER_FLAT_BULK, words[i]);
    assert(!w.full);
    struct muster_effect *e = muster_effects_add(c->out, MUSTER_OUT_REQUEST);
    e->tag = take_tag(c);
    e->request.endpoint = MUSTER_ENDPOINT_STORE;
    e->request.timeout = timeout;
    muster_effects_data(c->out, e, room, w.used);
}

void conformance_sample(struct conformance *c, muster_dur timeout)
{
    struct muster_effect *e = muster_effects_add(c->out, MUSTER_OUT_REQUEST);
    e->tag = take_tag(c);
    e->request.endpoint = MUSTER_ENDPOINT_HEALTH;
    e->request.timeout = timeout;
}

void conformance_operate(struct conformance *c, enum muster_disk_operation operation, uint64_t file,
                         uint64_t offset, const void *data, size_t size)
{
    struct muster_effect *e = muster_effects_add(c->out, MUSTER_OUT_DISK);
    e->tag = take_tag(c);
    e->disk.operation = operation;
    e->disk.file = file;
    e->disk.offset = offset;
    if (size > 0)
        muster_effects_data(c->out, e, data, size);
}

struct muster_effect *conformance_act(struct conformance *c, const char *action)
{
    uint8_t room[256];
    struct muster_flat_writer w;
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_array(&w, 3);
    muster_flat_text(&w, MUSTER_FLAT_BULK, action);
    muster_flat_text(&w, MUSTER_FLAT_BULK, c->place->names[c->place->index]);
    muster_flat_text(&w, MUSTER_FLAT_BULK, "conformance");
    struct muster_effect *e = muster_effects_add(c->out, MUSTER_OUT_ACTION);
    e->tag = take_tag(c);
    e->action.attempt = 1;
    e->action.not_after = muster_time_add(c->now, 5 * MUSTER_SECOND);
    e->action.timeout = 5 * MUSTER_SECOND;
    muster_effects_data(c->out, e, room, w.used);
    return e;
}

/* ---- looking ---- */

uint32_t conformance_which(const struct conformance *c, const struct muster_input *in)
{
    bool ours = in->tag >= c->first_tag && in->tag < c->tags;
    return ours ? (uint32_t)(in->tag - c->first_tag) : CONFORMANCE_TAGS;
}

enum conformance_verdict conformance_bad(struct conformance *c, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(c->why, sizeof c->why, format, ap);
    va_end(ap);
    return CONFORMANCE_BAD;
}

static void render(struct muster_flat_reader *r, struct muster_text *t)
{
    struct muster_flat_value v;
    if (muster_flat_next(r, &v) != 0) {
        muster_text_add(t, "?");
        return;
    }
    switch (v.type) {
    case MUSTER_FLAT_STATUS:
        muster_text_add(t, "+");
        break;
    case MUSTER_FLAT_ERROR:
        muster_text_add(t, "-");
        break;
    case MUSTER_FLAT_INTEGER:
        muster_text_add(t, v.integer < 0 ? ":-" : ":");
        muster_text_add_u64(t, (uint64_t)(v.integer < 0 ? -v.integer : v.integer));
        return;
    case MUSTER_FLAT_NIL:
        muster_text_add(t, "nil");
        return;
    case MUSTER_FLAT_ARRAY:
        for (uint32_t i = 0; i < v.count; i++) {
            muster_text_add(t, i > 0 ? " " : "[");
            render(r, t);
        }
        muster_text_add(t, v.count > 0 ? "]" : "[]");
        return;
    case MUSTER_FLAT_BULK:
        break;
    }
    muster_text_add_bytes(t, v.bytes);
}

enum conformance_verdict conformance_reply(struct conformance *c, const struct muster_input *in,
                                           const char *text)
{
    char room[400];
    struct muster_text t;
    struct muster_flat_reader r;
    size_t length = strlen(text);
    bool begins = length > 0 && text[length - 1] == '*';
    muster_text_init(&t, room, sizeof room);
    muster_flat_reader_init(&r, in->data);
    if (in->status == MUSTER_STATUS_OK)
        render(&r, &t);
    if (in->status != MUSTER_STATUS_OK)
        return conformance_bad(c, "expected '%.80s', came status %u", text, in->status);
    bool same = begins ? strncmp(room, text, length - 1) == 0 : strcmp(room, text) == 0;
    if (!same || r.left.size > 0)
        return conformance_bad(c, "expected '%.80s', came '%.80s'", text, room);
    return CONFORMANCE_GOOD;
}

/* ---- steps, one after the other ---- */

static void note(struct conformance *c, enum conformance_note kind, const char *name)
{
    char text[400];
    snprintf(text, sizeof text, "%s: %s%s%s", c->suite->name, name,
             kind == CONFORMANCE_FAILED ? ": " : "", kind == CONFORMANCE_FAILED ? c->why : "");
    muster_effects_note(c->out, (uint16_t)(MUSTER_NOTE_CUSTOM + kind), (const uint64_t[4]){0},
                        text);
}

static void begin(struct conformance *c)
{
    const struct conformance_step *step = &c->suite->steps[c->step];
    c->first_tag = c->tags;
    c->seen = 0;
    c->why[0] = 0;
    c->began = c->now;
    c->due = MUSTER_NEVER;
    c->deadline = muster_time_add(c->now, CONFORMANCE_PATIENCE);
    if (step->name) {
        step->begin(c);
        return;
    }
    note(c, CONFORMANCE_DONE, "done");
    c->suite = NULL;
    c->deadline = MUSTER_NEVER;
}

static void end(struct conformance *c, bool good)
{
    note(c, good ? CONFORMANCE_PASSED : CONFORMANCE_FAILED, c->suite->steps[c->step].name);
    c->step++;
    begin(c);
}

static void start(struct conformance *c, struct muster_bytes name)
{
    assert(!c->suite);
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
        if (muster_text_equal(name, suites[i]->name))
            c->suite = suites[i];
    assert(c->suite); /* whoever runs it knows the names */
    c->step = 0;
    begin(c);
}

static void handle(void *self, const struct muster_input *in, struct muster_effects *out)
{
    struct conformance *c = self;
    c->out = out;
    c->now = in->now;
    if (in->kind == MUSTER_IN_COMMAND) {
        start(c, in->data);
        return;
    }
    if (!c->suite)
        return; /* START, and what comes late of a step that has ended */
    const struct conformance_step *step = &c->suite->steps[c->step];
    enum conformance_verdict verdict = step->see(c, in);
    if (verdict == CONFORMANCE_ON && in->now >= c->deadline)
        verdict = conformance_bad(c, "nothing came within 10 s");
    if (verdict != CONFORMANCE_ON)
        end(c, verdict == CONFORMANCE_GOOD);
}

static muster_time deadline(const void *self)
{
    const struct conformance *c = self;
    return muster_time_min(c->deadline, c->due);
}

static size_t size(const void *config, const struct muster_place *place)
{
    (void)config, (void)place;
    return sizeof(struct conformance);
}

static void init(void *self, const void *config, const struct muster_place *place)
{
    struct conformance *c = self;
    (void)config;
    c->place = place;
    c->tags = 1;
    c->deadline = c->due = MUSTER_NEVER;
}

static const char *const note_names[] = {"step_passed", "step_failed", "suite_done", NULL};

const struct muster_process conformance_process = {
    .name = "conformance",
    .summary = "puts a port to the test; the same on a real machine",
    .size = size,
    .init = init,
    .handle = handle,
    .deadline = deadline,
    .note_names = note_names,
};
