/* SPDX-License-Identifier: Apache-2.0 */
/* What assignee and leader do about a record: run it, end it, give it to somebody. */
#include "core/coordinator/work_inside.h"

#include "core/flat.h"

#include <assert.h>

#define SCORE_MIN       (MUSTER_PPM / 2) /* below, health is FAILED: nothing is given to it */
#define ACTION_DATA_MAX 512

/* ---- the assignee ---- */

static struct muster_work_run *find_run(struct muster_work *w, uint64_t intent)
{
    for (uint32_t i = 0; i < MUSTER_WORK_RUNS_MAX; i++)
        if (w->run[i].intent == intent)
            return &w->run[i];
    return NULL;
}

static struct muster_work_ran *find_ran(struct muster_work *w, const struct muster_work_record *r)
{
    for (uint32_t i = 0; i < MUSTER_WORK_RAN_MAX; i++)
        if (w->ran[i].intent == r->intent && w->ran[i].number == r->number)
            return &w->ran[i];
    return NULL;
}

static void begin_run(struct muster_work *w, const struct muster_work_turn *t,
                      const struct muster_work_record *r, struct muster_work_run *run)
{
    char reason[64];
    struct muster_text text;
    muster_text_init(&text, reason, sizeof reason);
    muster_text_add(&text, "work of ");
    muster_text_add(&text, r->submitter);
    uint8_t room[ACTION_DATA_MAX];
    struct muster_flat_writer flat;
    muster_flat_writer_init(&flat, room, sizeof room);
    muster_flat_array(&flat, r->params[0] ? 4 : 3);
    muster_flat_text(&flat, MUSTER_FLAT_BULK, r->action);
    muster_flat_text(&flat, MUSTER_FLAT_BULK, r->id);
    muster_flat_text(&flat, MUSTER_FLAT_BULK, reason);
    if (r->params[0])
        muster_flat_text(&flat, MUSTER_FLAT_BULK, r->params);
    assert(!flat.full);
    *run = (struct muster_work_run){.intent = r->intent,
                                    .number = r->number,
                                    .grant = r->grant,
                                    .submitter = work_member(w, r->submitter)};
    work_note(t->out, MUSTER_NOTE_WORK_STARTED, r->intent, r->number, r->epoch, 0, r->id);
    struct muster_effect *e = muster_effects_add(t->out, MUSTER_OUT_ACTION);
    e->tag = r->intent;
    e->action.epoch = r->epoch;
    e->action.attempt = r->number;
    /* It needs no lease; but what was read and is begun much later may be another's by now. */
    e->action.not_after = muster_time_add(t->now, w->cfg->request_timeout);
    e->action.timeout = w->cfg->work_timeout;
    muster_effects_data(t->out, e, room, flat.used);
}

static bool end_record(struct muster_work_record *r, enum muster_result result)
{
    r->state = MUSTER_WORK_DONE;
    r->result = result;
    return true;
}

bool work_serve(struct muster_work *w, struct muster_work_turn *t, struct muster_work_record *r,
                uint32_t *starts)
{
    bool given =
        r->state == MUSTER_WORK_RUNNING && r->life == w->life && work_is_me(w, r->assignee);
    struct muster_work_run *run = find_run(w, r->intent);
    if (run) {
        bool over = r->number > run->number || r->state == MUSTER_WORK_DONE;
        if (over && !run->cancelled) {
            run->cancelled = true;
            muster_effects_add(t->out, MUSTER_OUT_CANCEL)->tag = run->intent;
        }
        return false;
    }
    if (!given)
        return false;
    struct muster_work_ran *ran = find_ran(w, r);
    if (ran) {
        ran->shown = true;
        return end_record(r, ran->result);
    }
    uint32_t submitter = work_member(w, r->submitter);
    if (submitter == w->place->count)
        return false;
    if (r->grant <= w->forgotten[submitter])
        return end_record(r, MUSTER_RESULT_UNKNOWN);
    if (w->draining)
        return end_record(r, MUSTER_RESULT_CANCELLED);
    run = find_run(w, 0);
    if (run && *starts < WORK_STARTS_MAX) {
        (*starts)++;
        begin_run(w, t, r, run);
    }
    return false;
}

/* ---- the leader ---- */

static uint64_t life_of(const struct muster_work *w, const struct muster_work_turn *t, uint32_t i)
{
    return i == w->place->index ? w->life : t->member[i].life;
}

static bool is_eligible(const struct muster_work *w, const struct muster_work_turn *t, uint32_t i)
{
    const struct muster_member_view *m = &t->member[i];
    if (i == w->place->index && w->draining)
        return false;
    return m->live && !m->draining && m->score >= SCORE_MIN;
}

/* Gone for good, as this life: what it had begun is interrupted. */
static bool is_gone(const struct muster_work *w, const struct muster_work_turn *t, uint32_t i,
                    uint64_t life)
{
    if (i == w->place->count)
        return true;
    if (i == w->place->index)
        return life != w->life;
    const struct muster_member_view *m = &t->member[i];
    bool never_seen = !m->seen && muster_time_since(t->now, w->started) > w->cfg->vote_ttl;
    return m->gone || never_seen || (m->fresh && m->life != life);
}

static bool assign(struct muster_work *w, const struct muster_work_turn *t,
                   struct muster_work_record *r)
{
    struct muster_work_candidate candidate[MUSTER_MEMBERS_MAX];
    uint32_t index[MUSTER_MEMBERS_MAX], count = 0;
    for (uint32_t i = 0; i < w->place->count; i++) {
        if (!is_eligible(w, t, i))
            continue;
        index[count] = i;
        candidate[count++] = (struct muster_work_candidate){w->place->names[i], t->member[i].score};
    }
    if (count == 0)
        return false;
    uint32_t at = w->strategy->choose(r->id, candidate, count);
    assert(at < count);
    const char *name = candidate[at].name;
    r->state = MUSTER_WORK_ASSIGNED;
    r->number++;
    r->epoch = t->standing.epoch;
    r->life = life_of(w, t, index[at]);
    memcpy(r->assignee, name, strlen(name) + 1);
    work_note(t->out, MUSTER_NOTE_WORK_ASSIGNED, r->intent, r->number, r->epoch, index[at], r->id);
    return true;
}

bool work_lead(struct muster_work *w, struct muster_work_turn *t, struct muster_work_record *r)
{
    uint32_t i = work_member(w, r->assignee);
    switch (r->state) {
    case MUSTER_WORK_OFFERED:
        return assign(w, t, r);
    case MUSTER_WORK_ASSIGNED:
        if (i < w->place->count && is_eligible(w, t, i) && life_of(w, t, i) == r->life)
            return false;
        return assign(w, t, r);
    case MUSTER_WORK_RUNNING:
        if (!is_gone(w, t, i, r->life))
            return false;
        if (r->idempotent && r->number < MUSTER_WORK_NUMBERS_MAX)
            return assign(w, t, r);
        return end_record(r, MUSTER_RESULT_UNKNOWN);
    case MUSTER_WORK_DONE:
        break;
    }
    return false;
}

bool work_is_abandoned(const struct muster_work *w, const struct muster_work_turn *t,
                       const struct muster_work_record *r)
{
    uint32_t i = work_member(w, r->submitter);
    bool waits = r->state == MUSTER_WORK_OFFERED || r->state == MUSTER_WORK_ASSIGNED;
    return waits && (i == w->place->count || (i != w->place->index && t->member[i].gone));
}
