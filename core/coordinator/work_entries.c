/* SPDX-License-Identifier: Apache-2.0 */
/* The submitter: what it has accepted, the journal of it, and what the board must show of it. */
#include "core/coordinator/work_inside.h"

#include <assert.h>

struct muster_work_entry *work_entry(struct muster_work *w, uint64_t intent)
{
    for (uint32_t i = 0; i < w->cfg->work_items; i++) {
        struct muster_work_entry *e = &w->entry[i];
        if (e->state != MUSTER_WORK_ENTRY_FREE && e->record.intent == intent)
            return e;
    }
    return NULL;
}

/* What the entry says now is to be on disk before anything else is done about it. */
static void journal(struct muster_work *w, struct muster_work_entry *e)
{
    assert(!e->dirty && !e->writing);
    e->dirty = true;
    w->dirty++;
}

static void forget(struct muster_work_entry *e)
{
    e->state = MUSTER_WORK_ENTRY_FREE; /* versions stay: they are the slot's */
    e->record = (struct muster_work_record){0};
}

/* ---- submissions ---- */

void muster_work_refuse(struct muster_effects *out, enum muster_work_refusal reason, const char *id)
{
#define X(id, text) text,
    static const char *const texts[] = {MUSTER_WORK_REFUSALS(X)};
#undef X
    char room[160];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_text_add(&t, id);
    muster_text_add(&t, id[0] ? ": " : "");
    muster_text_add(&t, texts[reason]);
    work_note(out, MUSTER_NOTE_WORK_REFUSED, reason, 0, 0, 0, room);
}

static struct muster_work_entry *free_entry(struct muster_work *w)
{
    for (uint32_t i = 0; i < w->cfg->work_items; i++)
        if (w->entry[i].state == MUSTER_WORK_ENTRY_FREE)
            return &w->entry[i];
    return NULL;
}

static bool has_id(const struct muster_work *w, const char *id)
{
    for (uint32_t i = 0; i < w->cfg->work_items; i++)
        if (w->entry[i].state != MUSTER_WORK_ENTRY_FREE && strcmp(w->entry[i].record.id, id) == 0)
            return true;
    return false;
}

void muster_work_submit(struct muster_work *w, struct muster_work_turn *t, struct muster_bytes text)
{
    struct muster_work_record r = {0};
    struct muster_work_entry *e = free_entry(w);
    if (muster_work_record_submit(&r, text) != 0) {
        muster_work_refuse(t->out, MUSTER_WORK_REFUSED_MALFORMED, r.id);
    } else if (w->draining || t->standing.refused) {
        muster_work_refuse(t->out, MUSTER_WORK_REFUSED_DRAINING, r.id);
    } else if (!work_is_loaded(w)) {
        muster_work_refuse(t->out, MUSTER_WORK_REFUSED_NOT_READY, r.id);
    } else if (has_id(w, r.id)) {
        muster_work_refuse(t->out, MUSTER_WORK_REFUSED_DUPLICATE, r.id);
    } else if (t->now < w->write_at) {
        muster_work_refuse(t->out, MUSTER_WORK_REFUSED_DISK, r.id);
    } else if (!e) {
        muster_work_refuse(t->out, MUSTER_WORK_REFUSED_FULL, r.id);
    } else {
        const char *name = w->place->names[w->place->index];
        memcpy(r.submitter, name, strlen(name) + 1);
        r.intent =
            MUSTER_WORK_INTENTS | (muster_random_next(&w->random) & MUSTER_WORK_INTENTS_MASK);
        e->record = r;
        e->state = MUSTER_WORK_ENTRY_ACCEPTING;
        e->restated = false;
        e->offer_from = 0;
        journal(w, e);
    }
}

/* ---- reading the journal ---- */

static void say_granted(const struct muster_work *w, const struct muster_work_record *r,
                        struct muster_effects *out)
{
    if (r->state == MUSTER_WORK_RUNNING)
        work_note(out, MUSTER_NOTE_WORK_GRANTED, r->intent, r->number, r->epoch,
                  work_member(w, r->assignee), NULL);
}

/* What an earlier incarnation has accepted goes on; what it has ended is said again, for it may
 * have died before it said so. */
static void restore(const struct muster_work *w, struct muster_work_entry *e,
                    struct muster_effects *out)
{
    const struct muster_work_record *r = &e->record;
    e->restated = true;
    if (r->state == MUSTER_WORK_DONE) {
        e->state = MUSTER_WORK_ENTRY_ENDED;
        work_note(out, MUSTER_NOTE_WORK_ENDED, r->intent, r->number, r->result, 1, r->id);
        return;
    }
    e->state = MUSTER_WORK_ENTRY_OPEN;
    work_note(out, MUSTER_NOTE_WORK_ACCEPTED, r->intent, r->idempotent, 1, 0, r->id);
    say_granted(w, r, out);
}

static void load_slot(struct muster_work *w, uint32_t slot, struct muster_bytes bytes,
                      struct muster_effects *out)
{
    uint64_t version;
    struct muster_work_record r;
    if (muster_work_slot_read(bytes, &version, &r) != 0 || !work_is_me(w, r.submitter))
        return;
    if (version > w->version)
        w->version = version;
    if (slot >= w->cfg->work_items) {
        if (r.state != MUSTER_WORK_DONE) /* work_items was lowered: nobody takes care of it */
            work_note(out, MUSTER_NOTE_WORK_ALERT, r.intent, r.number, 0, 0, r.id);
        return;
    }
    struct muster_work_entry *e = &w->entry[slot];
    e->held = version;
    e->record = r;
    restore(w, e, out);
}

static void loaded(struct muster_work *w, const struct muster_input *in, struct muster_effects *out)
{
    w->load_tag = 0;
    if (in->status != MUSTER_STATUS_OK) {
        w->write_at = muster_time_add(in->now, w->cfg->poll_every);
        return;
    }
    for (uint32_t i = 0; i < MUSTER_WORK_READ_STEP; i++) {
        size_t from = (size_t)i * MUSTER_WORK_SLOT;
        if (in->data.size <= from)
            break;
        struct muster_bytes slot = {in->data.at + from, in->data.size - from};
        if (slot.size > MUSTER_WORK_SLOT)
            slot.size = MUSTER_WORK_SLOT;
        load_slot(w, w->loaded + i, slot, out);
    }
    bool whole = in->data.size == MUSTER_DISK_READ_MAX;
    w->loaded = whole ? w->loaded + MUSTER_WORK_READ_STEP : MUSTER_WORK_ITEMS_MAX;
}

/* ---- writing the journal ---- */

static struct muster_effect *add_disk(struct muster_work *w, enum muster_disk_operation operation,
                                      uint64_t tag, struct muster_effects *out)
{
    struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_DISK);
    e->tag = tag;
    e->disk.operation = operation;
    e->disk.file = MUSTER_WORK_FILE;
    w->batch_left++;
    return e;
}

static void write_entry(struct muster_work *w, struct muster_work_entry *e,
                        struct muster_effects *out)
{
    char room[MUSTER_WORK_HALF];
    struct muster_text line;
    e->writing = true;
    e->tried = w->version = muster_work_next_version(e->held, w->version);
    if (e->record.state == MUSTER_WORK_RUNNING)
        e->record.grant = e->tried;
    muster_text_init(&line, room, sizeof room);
    muster_work_line_write(&line, e->tried, &e->record);
    struct muster_effect *effect = add_disk(w, MUSTER_DISK_WRITE, w->batch_tag, out);
    effect->disk.offset = muster_work_offset((uint32_t)(e - w->entry), e->tried);
    muster_effects_data(out, effect, room, line.length);
}

void work_journal(struct muster_work *w, muster_time now, struct muster_effects *out)
{
    if (w->load_tag != 0 || w->batch_tag != 0 || now < w->write_at)
        return;
    if (!work_is_loaded(w)) {
        w->load_tag = work_tag(w, WORK_TAG_JOURNAL);
        struct muster_effect *e = add_disk(w, MUSTER_DISK_READ, w->load_tag, out);
        e->disk.offset = (uint64_t)w->loaded * MUSTER_WORK_SLOT;
        return;
    }
    if (w->dirty == 0)
        return;
    uint32_t n = 0;
    w->batch_tag = work_tag(w, WORK_TAG_JOURNAL);
    w->batch_left = 0;
    w->batch_failed = false;
    for (uint32_t i = 0; i < w->cfg->work_items && n < MUSTER_WORK_WRITES_MAX; i++) {
        if (!w->entry[i].dirty)
            continue;
        write_entry(w, &w->entry[i], out);
        n++;
    }
    assert(n > 0);
    (void)add_disk(w, MUSTER_DISK_SYNC, w->batch_tag, out);
}

static void say_ended(const struct muster_work_record *r, struct muster_effects *out)
{
    work_note(out, MUSTER_NOTE_WORK_ENDED, r->intent, r->number, r->result, 0, r->id);
    if (r->result == MUSTER_RESULT_UNKNOWN)
        work_note(out, MUSTER_NOTE_WORK_ALERT, r->intent, r->number, 0, 0, r->id);
}

/* The entry's record is on disk: from here on it counts. */
static void durable(struct muster_work *w, struct muster_work_entry *e, struct muster_effects *out)
{
    const struct muster_work_record *r = &e->record;
    assert(e->state != MUSTER_WORK_ENTRY_FREE && e->state != MUSTER_WORK_ENTRY_ENDED);
    e->held = e->tried;
    e->dirty = e->writing = false;
    w->dirty--;
    switch (e->state) {
    case MUSTER_WORK_ENTRY_ACCEPTING:
        e->state = MUSTER_WORK_ENTRY_OPEN;
        work_note(out, MUSTER_NOTE_WORK_ACCEPTED, r->intent, r->idempotent, 0, 0, r->id);
        break;
    case MUSTER_WORK_ENTRY_OPEN:
        say_granted(w, r, out);
        break;
    case MUSTER_WORK_ENTRY_ENDING:
        e->state = MUSTER_WORK_ENTRY_ENDED;
        say_ended(r, out);
        break;
    case MUSTER_WORK_ENTRY_FREE: /* never written, nor what has ended */
    case MUSTER_WORK_ENTRY_ENDED:
    case MUSTER_WORK_ENTRY_VOID:
        forget(e);
        break;
    }
}

/* The disk has failed. What was being accepted is not, written or not; of what was written nobody
 * knows whether it is on the disk: a later version has to say it. */
static void not_durable(struct muster_work *w, struct muster_work_entry *e,
                        struct muster_effects *out)
{
    bool written = e->writing;
    e->writing = false;
    if (e->state != MUSTER_WORK_ENTRY_ACCEPTING)
        return;
    muster_work_refuse(out, MUSTER_WORK_REFUSED_DISK, e->record.id);
    if (written) {
        e->state = MUSTER_WORK_ENTRY_VOID;
        e->record.state = MUSTER_WORK_DONE;
        e->record.result = MUSTER_RESULT_CANCELLED;
        return;
    }
    e->dirty = false;
    w->dirty--;
    forget(e);
}

void muster_work_disk(struct muster_work *w, struct muster_work_turn *t,
                      const struct muster_input *in)
{
    if (in->tag == w->load_tag) {
        loaded(w, in, t->out);
        return;
    }
    w->batch_failed |= in->status != MUSTER_STATUS_OK;
    if (--w->batch_left > 0)
        return;
    w->batch_tag = 0;
    if (w->batch_failed)
        w->write_at = muster_time_add(t->now, w->cfg->poll_every);
    for (uint32_t i = 0; i < w->cfg->work_items; i++) {
        struct muster_work_entry *e = &w->entry[i];
        if (w->batch_failed)
            not_durable(w, e, t->out);
        else if (e->writing)
            durable(w, e, t->out);
    }
    work_look_soon(w, t->now);
}

/* ---- the board ---- */

/* Whether an end means that the item is to be run, or run once more. */
static bool goes_on(const struct muster_work_record *r)
{
    if (r->number >= MUSTER_WORK_NUMBERS_MAX)
        return false;
    if (r->result == MUSTER_RESULT_FENCED || r->result == MUSTER_RESULT_CANCELLED)
        return true; /* surely nothing was done */
    return r->result == MUSTER_RESULT_UNKNOWN && r->idempotent;
}

/* What changes; what the item is, is never read from the board. */
static void take_head(struct muster_work_record *r, const struct muster_work_record *shown)
{
    r->state = shown->state;
    r->number = shown->number;
    r->epoch = shown->epoch;
    r->life = shown->life;
    r->grant = shown->grant;
    r->result = shown->result;
    memcpy(r->assignee, shown->assignee, sizeof r->assignee);
}

/* The board shows the end of a run. */
static void settle(struct muster_work *w, muster_time now, struct muster_work_entry *e,
                   const struct muster_work_record *shown)
{
    struct muster_work_record *r = &e->record;
    bool handed_back = shown->result == MUSTER_RESULT_CANCELLED;
    take_head(r, shown);
    if (goes_on(shown)) {
        r->state = MUSTER_WORK_OFFERED;
        r->number++;
        r->epoch = r->life = r->grant = 0;
        r->result = MUSTER_RESULT_SUCCESS;
        r->assignee[0] = 0;
        e->offer_from = handed_back ? now : muster_time_add(now, w->cfg->poll_every);
    } else {
        e->state = MUSTER_WORK_ENTRY_ENDING;
    }
    journal(w, e);
}

/* The board shows more than the journal: that counts once it is journaled. */
static void take_over(struct muster_work *w, muster_time now, struct muster_work_entry *e,
                      const struct muster_work_record *shown)
{
    if (shown->state == MUSTER_WORK_DONE) {
        settle(w, now, e, shown);
        return;
    }
    take_head(&e->record, shown);
    if (shown->state == MUSTER_WORK_ASSIGNED)
        e->record.state = MUSTER_WORK_RUNNING;
    journal(w, e);
}

enum work_wish work_own(struct muster_work *w, struct muster_work_turn *t,
                        struct muster_work_entry *e, const struct muster_work_record *shown)
{
    if (e->state == MUSTER_WORK_ENTRY_ENDED) {
        if (shown)
            return WORK_REMOVE;
        forget(e);
        return WORK_LEAVE;
    }
    if (e->state != MUSTER_WORK_ENTRY_OPEN || e->dirty)
        return WORK_LEAVE;
    if (shown && muster_work_record_older(&e->record, shown)) {
        take_over(w, t->now, e, shown);
        return WORK_LEAVE;
    }
    if (shown && !muster_work_record_older(shown, &e->record))
        return WORK_LEAVE;
    return t->now >= e->offer_from ? WORK_PUT : WORK_LEAVE;
}

void work_taken(struct muster_work *w, struct muster_work_entry *e)
{
    assert(e->state == MUSTER_WORK_ENTRY_OPEN && !e->dirty);
    e->record.result = e->record.number == 0 ? MUSTER_RESULT_CANCELLED : MUSTER_RESULT_UNKNOWN;
    e->record.state = MUSTER_WORK_DONE;
    e->state = MUSTER_WORK_ENTRY_ENDING;
    journal(w, e);
}
