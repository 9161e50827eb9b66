/* SPDX-License-Identifier: Apache-2.0 */
/* A new durable state for a voter that lost its own, on an operator's word. */
#include "core/coordinator/voter_init.h"

#include <assert.h>

/* One advance is what the last command of a dead or slow member does that was still on its way. */
#define ADVANCES_NEEDED 2

int muster_voter_init_parse(struct muster_bytes text, uint64_t *ret_floor)
{
    struct muster_bytes key, token = muster_text_token(&text);
    uint64_t floor;
    if (!muster_text_split(&token, '=', &key) || !muster_text_equal(key, "floor") ||
        muster_text_parse_u64(token, &floor) != 0 || floor > MUSTER_FLOOR_MAX ||
        muster_text_token(&text).size > 0)
        return MUSTER_E_INVALID;
    *ret_floor = floor;
    return 0;
}

void muster_voter_init_refuse(enum muster_init_refusal reason, uint64_t floor, uint64_t known,
                              struct muster_effects *out)
{
    assert(reason < MUSTER_INIT_REFUSAL_COUNT);
    const uint64_t arg[4] = {reason, floor, known, 0};
    muster_effects_note(out, MUSTER_NOTE_VOTER_INIT_REFUSED, arg, NULL);
}

static void give_up(struct muster_voter_init *v, const struct muster_lease *l,
                    enum muster_init_refusal reason, struct muster_effects *out)
{
    v->pending = false;
    muster_voter_init_refuse(reason, v->floor, l->known, out);
}

void muster_voter_init_ask(struct muster_voter_init *v, const struct muster_lease *l,
                           muster_time now, struct muster_bytes text, bool readable,
                           struct muster_effects *out)
{
    memset(v, 0, sizeof *v);
    if (muster_voter_init_parse(text, &v->floor) != 0) {
        give_up(v, l, MUSTER_INIT_MALFORMED, out);
    } else if (l->place->index >= l->place->voters || l->fit) {
        give_up(v, l, MUSTER_INIT_NEEDLESS, out);
    } else if (!readable) {
        give_up(v, l, MUSTER_INIT_UNREADABLE, out);
    } else if (v->floor < l->known) {
        give_up(v, l, MUSTER_INIT_FLOOR_LOW, out);
    } else {
        v->pending = true;
        v->from = muster_time_max(now, muster_lease_wait_end(l));
        v->by = muster_time_add(v->from, l->cfg->vote_ttl);
    }
}

/* Take the others' records into account. */
static void hear(struct muster_voter_init *v, const struct muster_lease *l, muster_time now,
                 const struct muster_lease_view *view)
{
    for (uint32_t i = 0; i < l->place->voters; i++) {
        const struct muster_member_record *m = &view->voter[i];
        if (i == l->place->index || !view->present[i])
            continue;
        if (!muster_incarnation_equal(v->seen[i].incarnation, m->incarnation)) {
            v->seen[i].incarnation = m->incarnation;
            v->seen[i].sequence = m->sequence;
            v->seen[i].advances = 0;
        } else if (m->sequence > v->seen[i].sequence) {
            v->seen[i].sequence = m->sequence;
            v->seen[i].advances += now >= v->from;
        }
    }
}

/* Whether a majority of the others of an electorate has advanced; this voter may have helped it to
 * elect somebody. What a voter of either electorate says is as good, so either digest counts. */
static bool hears_majority(const struct muster_voter_init *v, const struct muster_lease *l,
                           enum muster_electorate which, const struct muster_lease_view *view)
{
    const struct muster_place *p = l->place;
    uint64_t before = muster_electorate_digest(p, MUSTER_ELECTORATE_BEFORE);
    uint32_t others = muster_electorate_size(p, which) - 1, heard = 0;
    if (!muster_electorate_has(p, which, p->index))
        return true;
    for (uint32_t i = 0; i < p->voters; i++) {
        const struct muster_member_record *m = &view->voter[i];
        bool counts = i != p->index && view->present[i] && muster_electorate_has(p, which, i);
        heard += counts && v->seen[i].advances >= ADVANCES_NEEDED && muster_member_is_voting(m) &&
                 (m->electorate == l->electorate || m->electorate == before);
    }
    return others == 0 || heard >= others / 2 + 1;
}

bool muster_voter_init_see(struct muster_voter_init *v, struct muster_lease *l, muster_time now,
                           const struct muster_lease_view *view, struct muster_effects *out)
{
    if (!v->pending || l->writing.sequence > 0)
        return false;
    if (l->fit) { /* the first state came before it */
        give_up(v, l, MUSTER_INIT_NEEDLESS, out);
        return false;
    }
    hear(v, l, now, view);
    if (now < v->from || !hears_majority(v, l, MUSTER_ELECTORATE_NOW, view) ||
        (!l->settled && !hears_majority(v, l, MUSTER_ELECTORATE_BEFORE, view)))
        return false;
    if (v->floor < l->known) {
        give_up(v, l, MUSTER_INIT_FLOOR_LOW, out);
        return false;
    }
    v->pending = false;
    muster_lease_form(l, v->floor);
    return true;
}

void muster_voter_init_written(struct muster_voter_init *v, struct muster_lease *l, muster_time now,
                               enum muster_status status, struct muster_effects *out)
{
    if (status != MUSTER_STATUS_OK) {
        give_up(v, l, MUSTER_INIT_DISK, out);
        return;
    }
    l->wait_from = now;
    muster_effects_note(out, MUSTER_NOTE_VOTER_INITIALISED,
                        (const uint64_t[4]){l->slot.epoch, 0, 0, 0}, NULL);
}

void muster_voter_init_stop(struct muster_voter_init *v, const struct muster_lease *l,
                            struct muster_effects *out)
{
    if (v->pending)
        give_up(v, l, MUSTER_INIT_NOT_NOW, out);
}

void muster_voter_init_tick(struct muster_voter_init *v, const struct muster_lease *l,
                            muster_time now, struct muster_effects *out)
{
    if (v->pending && now >= v->by)
        give_up(v, l, MUSTER_INIT_NO_MAJORITY, out);
}
