/* SPDX-License-Identifier: Apache-2.0 */
/* Work assignment: life of a member, and the door. */
#include "core/coordinator/work_inside.h"

#include "core/flat.h"

#include <assert.h>

uint64_t work_tag(struct muster_work *w, enum work_tag what)
{
    return ++w->tags << 8 | what;
}

void work_note(struct muster_effects *out, enum muster_note kind, uint64_t a, uint64_t b,
               uint64_t c, uint64_t d, const char *text)
{
    muster_effects_note(out, (uint16_t)kind, (const uint64_t[4]){a, b, c, d}, text);
}

uint32_t work_member(const struct muster_work *w, const char *name)
{
    uint32_t i = 0;
    while (i < w->place->count && strcmp(w->place->names[i], name) != 0)
        i++;
    return i;
}

bool work_is_me(const struct muster_work *w, const char *name)
{
    return strcmp(w->place->names[w->place->index], name) == 0;
}

void work_look_soon(struct muster_work *w, muster_time now)
{
    if (w->read_tag != 0)
        w->read_again = true;
    else
        w->read_at = now;
}

size_t muster_work_size(const struct muster_config *cfg)
{
    return sizeof(struct muster_work) + cfg->work_items * sizeof(struct muster_work_entry);
}

void muster_work_init(struct muster_work *w, const struct muster_config *cfg,
                      const struct muster_place *place, const struct muster_work_strategy *strategy)
{
    assert(cfg->work_items > 0 && cfg->work_items <= MUSTER_WORK_ITEMS_MAX);
    assert(place->index < place->count);
    w->cfg = cfg;
    w->place = place;
    w->strategy = strategy;
}

void muster_work_start(struct muster_work *w, const struct muster_input *in,
                       struct muster_effects *out)
{
    w->life = in->start.incarnation_low;
    w->random.state = in->start.seed ^ in->start.incarnation_high;
    w->started = w->read_at = in->now;
    work_journal(w, in->now, out);
}

bool muster_work_owns(const struct muster_work *w, uint64_t tag)
{
    return tag != 0 && (tag == w->read_tag || tag == w->change_tag || tag == w->load_tag ||
                        tag == w->batch_tag);
}

void muster_work_push(struct muster_work *w, muster_time now, struct muster_bytes data)
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    uint64_t whom;
    muster_flat_reader_init(&r, data);
    /* array: "message", channel, payload */
    if (muster_flat_next(&r, &v) != 0 || v.count != 3 || muster_flat_skip(&r) != 0 ||
        muster_flat_skip(&r) != 0 || muster_flat_next(&r, &v) != 0 || !muster_flat_is_text(&v))
        return;
    struct muster_bytes rest = v.bytes;
    if (!muster_text_equal(muster_text_token(&rest), "I") ||
        muster_text_parse_hex(muster_text_token(&rest), &whom) != 0)
        return;
    bool for_leader = muster_text_equal(muster_text_token(&rest), "L");
    if ((whom >> w->place->index & 1) || (for_leader && w->leads))
        work_look_soon(w, now);
}

static void remember(struct muster_work *w, const struct muster_work_run *run,
                     enum muster_result result)
{
    struct muster_work_ran *ran = &w->ran[w->ran_next++ % MUSTER_WORK_RAN_MAX];
    if (ran->grant > w->forgotten[ran->submitter])
        w->forgotten[ran->submitter] = ran->grant;
    *ran = (struct muster_work_ran){.intent = run->intent,
                                    .number = run->number,
                                    .grant = run->grant,
                                    .submitter = run->submitter,
                                    .result = result};
}

void muster_work_ended(struct muster_work *w, struct muster_work_turn *t,
                       const struct muster_input *in)
{
    for (uint32_t i = 0; i < MUSTER_WORK_RUNS_MAX; i++) {
        struct muster_work_run *run = &w->run[i];
        if (run->intent != in->tag || run->number != in->action.attempt)
            continue;
        /* Given up means begun: how far it came nobody knows. */
        uint64_t result = in->action.result >= MUSTER_RESULT_CANCELLED ? MUSTER_RESULT_UNKNOWN
                                                                       : in->action.result;
        work_note(t->out, MUSTER_NOTE_WORK_RAN, run->intent, run->number, result, in->action.epoch,
                  NULL);
        remember(w, run, (enum muster_result)result);
        *run = (struct muster_work_run){0};
        work_look_soon(w, t->now);
        return;
    }
}

/* ---- time ---- */

static bool may_look(const struct muster_work *w, struct muster_standing s)
{
    return !w->cfg->local && work_is_loaded(w) && s.joined && !s.leaving && !s.refused;
}

/* Without a store the journal is the board: this member leads, and everything is its own. */
static void step_alone(struct muster_work *w, struct muster_work_turn *t)
{
    uint32_t starts = 0;
    for (uint32_t i = 0; i < w->cfg->work_items; i++) {
        struct muster_work_entry *e = &w->entry[i];
        struct muster_work_record r = e->record;
        if (e->state == MUSTER_WORK_ENTRY_ENDED)
            work_own(w, t, e, NULL);
        if (e->state != MUSTER_WORK_ENTRY_OPEN || e->dirty || t->now < e->offer_from)
            continue;
        if (work_serve(w, t, &r, &starts) || (t->standing.leads && work_lead(w, t, &r)))
            work_own(w, t, e, &r);
    }
}

void muster_work_advance(struct muster_work *w, struct muster_work_turn *t)
{
    w->now = t->now;
    w->leads = t->standing.leads;
    if (t->standing.refused)
        return;
    if (w->cfg->local && work_is_loaded(w) && !t->standing.leaving)
        step_alone(w, t);
    work_journal(w, t->now, t->out);
    if (may_look(w, t->standing) && w->read_tag == 0 && t->now >= w->read_at)
        work_read(w, t->now, t->out);
}

static bool is_waiting_for_disk(const struct muster_work *w)
{
    if (w->load_tag != 0 || w->batch_tag != 0)
        return false;
    return !work_is_loaded(w) || w->dirty > 0;
}

muster_time muster_work_deadline(const struct muster_work *w, struct muster_standing standing)
{
    muster_time t = is_waiting_for_disk(w) ? w->write_at : MUSTER_NEVER;
    if (may_look(w, standing) && w->read_tag == 0)
        t = muster_time_min(t, w->read_at);
    for (uint32_t i = 0; w->cfg->local && i < w->cfg->work_items; i++)
        if (w->entry[i].state == MUSTER_WORK_ENTRY_OPEN && w->entry[i].offer_from > w->now)
            t = muster_time_min(t, w->entry[i].offer_from);
    return t;
}

/* ---- shutting down ---- */

void muster_work_drain(struct muster_work *w, muster_time now)
{
    w->draining = true;
    work_look_soon(w, now); /* what was given and has not begun is handed back */
}

bool muster_work_drained(const struct muster_work *w)
{
    for (uint32_t i = 0; i < MUSTER_WORK_RUNS_MAX; i++)
        if (w->run[i].intent != 0)
            return false;
    return true;
}

bool muster_work_saved(const struct muster_work *w)
{
    if (w->dirty > 0)
        return false;
    for (uint32_t i = 0; i < MUSTER_WORK_RAN_MAX && !w->cfg->local; i++)
        if (w->ran[i].intent != 0 && !w->ran[i].reported)
            return false;
    return true;
}

void muster_work_describe(const struct muster_work *w, struct muster_text *t)
{
    uint32_t open = 0, runs = 0;
    for (uint32_t i = 0; i < w->cfg->work_items; i++)
        open += w->entry[i].state != MUSTER_WORK_ENTRY_FREE &&
                w->entry[i].state != MUSTER_WORK_ENTRY_ENDED;
    for (uint32_t i = 0; i < MUSTER_WORK_RUNS_MAX; i++)
        runs += w->run[i].intent != 0;
    muster_text_add(t, " work=");
    muster_text_add_u64(t, open);
    muster_text_add(t, " at_work=");
    muster_text_add_u64(t, runs);
}
