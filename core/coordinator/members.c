/* SPDX-License-Identifier: Apache-2.0 */
/* Liveness of members, from what they publish. */
#include "core/coordinator/members.h"

#include <assert.h>

#define SUSPECT_HEARTBEATS 2
#define FRESH_HEARTBEATS   3
#define ADVANCES_TO_LIVE   2

void muster_members_init(struct muster_members *m, const struct muster_config *cfg,
                         struct muster_member *member, uint32_t count)
{
    assert(count <= MUSTER_MEMBERS_MAX);
    memset(m, 0, sizeof *m);
    m->cfg = cfg;
    m->at = member;
    m->count = count;
}

void muster_members_take(struct muster_members *m, muster_time now, uint32_t index,
                         const struct muster_member_record *r)
{
    assert(index < m->count);
    struct muster_member *x = &m->at[index];
    x->present = r != NULL;
    if (index < MUSTER_VOTERS_MAX)
        m->present[index] = x->present;
    if (!r)
        return;
    bool advanced = !muster_incarnation_equal(r->incarnation, x->record.incarnation) ||
                    r->sequence > x->record.sequence;
    x->record = *r;
    if (index < MUSTER_VOTERS_MAX)
        m->voter[index] = *r;
    if (!advanced)
        return;
    x->advanced = now;
    x->spoke = m->read;
    if (x->advances < ADVANCES_TO_LIVE)
        x->advances++;
}

void muster_members_see(struct muster_members *m, muster_time now, uint32_t index,
                        struct muster_bytes text)
{
    assert(index < m->count);
    struct muster_member *x = &m->at[index];
    /* Most readings show what the last one showed: parse only what is new. */
    if (text.size == x->size && (text.size == 0 || memcmp(x->text, text.at, text.size) == 0))
        return;
    struct muster_member_record r = x->record;
    bool next = x->size >= MUSTER_MEMBER_HEAD && text.size >= MUSTER_MEMBER_HEAD &&
                memcmp(x->text, text.at, MUSTER_MEMBER_HEAD) == 0;
    bool valid =
        text.size < MUSTER_RECORD_MAX && (next ? muster_member_record_parse_next(&r, text)
                                               : muster_member_record_parse(&r, text)) == 0;
    x->size = valid ? (uint16_t)text.size : 0;
    if (valid)
        memcpy(x->text, text.at, text.size);
    muster_members_take(m, now, index, valid ? &r : NULL);
}

static enum muster_liveness judge(const struct muster_members *m, muster_time now,
                                  const struct muster_member *x)
{
    muster_dur age = muster_time_since(now, x->advanced);
    if (x->liveness == MUSTER_MEMBER_UNSEEN && x->advances == 0)
        return MUSTER_MEMBER_UNSEEN;
    if (age > m->cfg->vote_ttl)
        return MUSTER_MEMBER_GONE;
    if (age > (SUSPECT_HEARTBEATS + 1) * m->cfg->heartbeat_every)
        return x->liveness == MUSTER_MEMBER_GONE ? MUSTER_MEMBER_GONE : MUSTER_MEMBER_SUSPECT;
    return x->advances >= ADVANCES_TO_LIVE ? MUSTER_MEMBER_LIVE : x->liveness;
}

void muster_members_judge(struct muster_members *m, muster_time now, muster_time asked,
                          uint32_t most, struct muster_effects *out)
{
    static const uint16_t notes[] = {
        [MUSTER_MEMBER_LIVE] = MUSTER_NOTE_MEMBER_LIVE,
        [MUSTER_MEMBER_SUSPECT] = MUSTER_NOTE_MEMBER_SUSPECT,
        [MUSTER_MEMBER_GONE] = MUSTER_NOTE_MEMBER_GONE,
    };
    m->read = asked;
    for (uint32_t i = 0; i < m->count && most > 0; i++) {
        struct muster_member *x = &m->at[i];
        enum muster_liveness next = judge(m, now, x);
        if (next == x->liveness)
            continue;
        x->liveness = next;
        if (next != MUSTER_MEMBER_LIVE)
            x->advances = 0;
        muster_effects_note(out, notes[next], (const uint64_t[4]){i, 0, 0, 0}, NULL);
        most--;
    }
}

bool muster_members_fresh(const struct muster_members *m, muster_time now, uint32_t index)
{
    const struct muster_member *x = &m->at[index];
    return x->present && x->spoke > 0 &&
           muster_time_since(now, x->spoke) <= FRESH_HEARTBEATS * m->cfg->heartbeat_every;
}
