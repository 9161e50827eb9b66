/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing targets: see seal.h. */
#include "core/seal.h"

#include "core/flat.h"
#include "core/notes.h"

#include <assert.h>
#include <string.h>

#define DATA_MAX 128 /* of a seal: two names and a word */

void muster_seal_init(struct muster_seal *s, const struct muster_config *cfg,
                      const struct muster_place *place)
{
    memset(s, 0, sizeof *s);
    s->cfg = cfg;
    s->place = place;
    s->until = MUSTER_NEVER;
}

/* The first action of the cluster from `from` on; action_count when there is none. */
static uint32_t find_action(const struct muster_seal *s, uint32_t from)
{
    const struct muster_recovery_config *r = &s->cfg->recovery;
    while (from < r->action_count &&
           (!r->action[from].enabled || r->action[from].scope != MUSTER_SCOPE_CLUSTER))
        from++;
    return from;
}

static bool is_under_way(const struct muster_seal *s)
{
    for (uint32_t i = 0; i < MUSTER_SEALS_MAX; i++)
        if (s->at[i].tag != 0)
            return true;
    return false;
}

bool muster_seal_is_over(const struct muster_seal *s, uint64_t epoch)
{
    return !s->cfg->seal_targets || (s->epoch == epoch && s->until == MUSTER_NEVER);
}

static void hand_out(struct muster_seal *s, uint32_t place, uint32_t action, muster_time not_after,
                     struct muster_effects *out)
{
    uint8_t room[DATA_MAX];
    struct muster_flat_writer w;
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_array(&w, 3);
    muster_flat_text(&w, MUSTER_FLAT_BULK, s->cfg->recovery.action[action].name);
    muster_flat_text(&w, MUSTER_FLAT_BULK, s->place->names[s->place->index]);
    muster_flat_text(&w, MUSTER_FLAT_BULK, "seal");
    assert(!w.full);
    s->at[place].tag = MUSTER_SEAL_TAG + s->serial;
    s->at[place].action = action;
    s->serial = (s->serial + 1) & MUSTER_SEAL_TAG_MASK;
    struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_ACTION);
    e->tag = s->at[place].tag;
    e->action.epoch = s->epoch;
    e->action.not_after = not_after;
    e->action.timeout = s->cfg->renew_every;
    muster_effects_data(out, e, room, w.used);
}

static void count(struct muster_seal *s, uint32_t action, uint64_t result,
                  struct muster_effects *out)
{
    if (result == MUSTER_RESULT_SUCCESS) {
        s->sealed++;
        return;
    }
    s->unsealed++;
    muster_effects_note(out, MUSTER_NOTE_UNSEALED, (const uint64_t[4]){s->epoch, action, result, 0},
                        s->cfg->recovery.action[action].name);
}

static void begin(struct muster_seal *s, muster_time now, uint64_t epoch)
{
    s->epoch = epoch;
    s->next = find_action(s, 0);
    s->sealed = s->unsealed = 0;
    memset(s->at, 0, sizeof s->at);
    s->late = false;
    s->until = muster_time_add(now, s->cfg->renew_every);
}

void muster_seal_advance(struct muster_seal *s, muster_time now, uint64_t epoch,
                         muster_time not_after, struct muster_effects *out)
{
    assert(epoch > 0);
    if (muster_seal_is_over(s, epoch))
        return;
    if (s->epoch != epoch)
        begin(s, now, epoch);
    s->late = s->late || now >= s->until;
    for (uint32_t i = 0; i < MUSTER_SEALS_MAX; i++) {
        if (s->at[i].tag != 0 && s->late) {
            s->at[i].tag = 0; /* its executor gives it up by itself */
            count(s, s->at[i].action, MUSTER_RESULT_TIMED_OUT, out);
        } else if (s->at[i].tag == 0 && s->next < s->cfg->recovery.action_count) {
            if (s->late)
                count(s, s->next, MUSTER_RESULT_TIMED_OUT, out);
            else
                hand_out(s, i, s->next, not_after, out);
            s->next = find_action(s, s->next + 1);
        }
    }
    if (is_under_way(s) || s->next < s->cfg->recovery.action_count) {
        if (s->late) /* a call's notes are bounded: the rest with the next one */
            s->until = muster_time_add(now, MUSTER_MILLISECOND);
        return;
    }
    s->until = MUSTER_NEVER;
    muster_effects_note(out, MUSTER_NOTE_SEALED,
                        (const uint64_t[4]){epoch, s->sealed, s->unsealed, 0}, NULL);
}

void muster_seal_stop(struct muster_seal *s, struct muster_effects *out)
{
    for (uint32_t i = 0; i < MUSTER_SEALS_MAX; i++)
        if (s->at[i].tag != 0)
            muster_effects_add(out, MUSTER_OUT_CANCEL)->tag = s->at[i].tag;
    memset(s->at, 0, sizeof s->at);
    s->until = MUSTER_NEVER;
    s->epoch = 0;
}

void muster_seal_ended(struct muster_seal *s, const struct muster_input *in,
                       struct muster_effects *out)
{
    assert(muster_seal_owns(in->tag));
    for (uint32_t i = 0; i < MUSTER_SEALS_MAX; i++) {
        if (s->at[i].tag != in->tag)
            continue;
        s->at[i].tag = 0;
        count(s, s->at[i].action, in->action.result, out);
    }
}

muster_time muster_seal_deadline(const struct muster_seal *s)
{
    return s->until;
}
