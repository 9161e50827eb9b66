/* SPDX-License-Identifier: Apache-2.0 */
/* The coordinator that speaks both wires: see bridge.h. */
#include "core/coordinator/bridge.h"

#include <assert.h>

_Static_assert((int)MUSTER_ASK_COUNT <= MUSTER_ASTRA_TAG, "tags tell the two wires apart");

static const struct muster_coordinator_kind *const native_kind = &muster_coordinator_redis;

static struct muster_redis_coordinator *native(struct muster_bridge *b)
{
    return (void *)b->native;
}

static const struct muster_redis_coordinator *native_of(const struct muster_bridge *b)
{
    return (const void *)b->native;
}

static void note(struct muster_effects *out, enum muster_note kind, uint64_t a, uint64_t b)
{
    muster_effects_note(out, (uint16_t)kind, (const uint64_t[4]){a, b, 0, 0}, NULL);
}

static size_t size(const struct muster_place *place)
{
    return sizeof(struct muster_bridge) + native_kind->size(place);
}

static void init(void *self, const struct muster_config *cfg, const struct muster_place *place)
{
    struct muster_bridge *b = self;
    native_kind->init(b->native, cfg, place);
    muster_astra_side_init(&b->side, cfg, place, NULL);
}

static uint32_t voters_of(const struct muster_redis_coordinator *c)
{
    return muster_electorate_size(c->place, MUSTER_ELECTORATE_NOW);
}

static void start(struct muster_bridge *b, const struct muster_input *in,
                  struct muster_effects *out)
{
    native_kind->handle(b->native, in, out);
    muster_astra_side_start(&b->side, in);
    native(b)->lease.lock_until = 0;
    note(out, MUSTER_NOTE_WIRE_BRIDGE, voters_of(native(b)), 0);
}

/* ---- the two together ---- */

/* Voters that are known to speak the native wire, this one among them; or only those of them whose
 * promise counts. */
static uint32_t natives(const struct muster_redis_coordinator *c, muster_time now, bool voting)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < c->place->voters; i++) {
        const struct muster_member *m = &c->members.at[i];
        bool seen = m->advances > 0 && muster_members_fresh(&c->members, now, i) &&
                    (!voting || muster_member_is_voting(&m->record));
        n += muster_electorate_has(c->place, MUSTER_ELECTORATE_NOW, i) &&
             (i == c->place->index || seen);
    }
    return n;
}

/* A campaign waits for the lock, and could be won. */
static bool is_wanted(const struct muster_bridge *b, muster_time now)
{
    const struct muster_redis_coordinator *c = native_of(b);
    const struct muster_lease *l = &c->lease;
    return !b->settled && l->wants_lock &&
           (l->trusts_store || natives(c, now, true) > voters_of(c) / 2);
}

/* The lease stands for something, or what ran under it may still be ending. */
static bool is_needed(const struct muster_bridge *b, muster_time now)
{
    const struct muster_lease *l = &native_of(b)->lease;
    return !b->settled && (is_wanted(b, now) || !muster_lease_is_released(l));
}

static void end_lease(struct muster_bridge *b, muster_time now, struct muster_effects *out)
{
    struct muster_redis_coordinator *c = native(b);
    note(out, MUSTER_NOTE_ORIGIN_LOCK, false, 0);
    c->lease.lock_until = 0;
    muster_lease_step_down(&c->lease, now, MUSTER_LOST_ORIGIN_LOCK, c->cfg->stop_time, out);
}

static void take_news(struct muster_bridge *b, muster_time now, enum muster_astra_news news,
                      struct muster_effects *out)
{
    struct muster_lease *l = &native(b)->lease;
    const struct muster_astra_lock *lock = &b->side.lock;
    switch (news) {
    case MUSTER_ASTRA_TAKEN:
        note(out, MUSTER_NOTE_ORIGIN_LOCK, true, lock->until);
        muster_lease_heard(l, now, lock->taken, out);
        l->lock_until = lock->until;
        break;
    case MUSTER_ASTRA_EXTENDED:
        l->lock_until = lock->until;
        break;
    case MUSTER_ASTRA_LOST:
        end_lease(b, now, out);
        break;
    case MUSTER_ASTRA_RELEASED:
    case MUSTER_ASTRA_SAME:
        break;
    }
    if (b->settled)
        l->lock_until = MUSTER_NEVER;
}

/* What the lock is to do for the lease. */
static void follow(struct muster_bridge *b, muster_time now, struct muster_effects *out)
{
    struct muster_astra_lock *lock = &b->side.lock;
    if (lock->held && now >= lock->until) {
        muster_astra_lock_drop(lock, muster_time_add(now, native(b)->cfg->stop_time));
        end_lease(b, now, out);
    } else if (lock->held && !is_needed(b, now)) {
        muster_astra_lock_drop(lock, now);
        note(out, MUSTER_NOTE_ORIGIN_LOCK, false, 0);
        native(b)->lease.lock_until = b->settled ? MUSTER_NEVER : 0;
    } else if (!lock->held && b->side.read && !lock->must_read && muster_astra_lock_is_idle(lock)) {
        if (is_wanted(b, now) && b->side.holder != MUSTER_ASTRA_OTHER && now >= lock->take_from)
            muster_astra_lock_take(lock);
        else if (b->side.holder == MUSTER_ASTRA_OWN)
            muster_astra_lock_clear(lock);
        b->side.read = false; /* one reading, one deed */
    }
}

/* The native lease goes on above every epoch that a leader by the lock can have had: whoever leads
 * has asked for the time with the lock, every other asks for it now. */
static void settle(struct muster_bridge *b, muster_time now, struct muster_effects *out)
{
    struct muster_redis_coordinator *c = native(b);
    struct muster_astra_side *s = &b->side;
    if (b->settled || c->life != MUSTER_LIFE_ACTIVE)
        return;
    bool all = natives(c, now, false) == voters_of(c);
    s->wants_time = all && s->time == 0;
    if (!all)
        s->time = 0; /* it may be later by then */
    if (s->time == 0)
        return;
    if (c->lease.state == MUSTER_LEASE_IDLE)
        muster_lease_heard(&c->lease, now, s->time, out);
    b->settled = s->silent = true;
    c->lease.lock_until = MUSTER_NEVER;
    note(out, MUSTER_NOTE_WIRE_SETTLED, voters_of(c), 0);
}

/* ---- inputs ---- */

static bool owns(const void *self, uint64_t tag)
{
    const struct muster_bridge *b = self;
    return muster_astra_side_owns(&b->side, tag) || native_kind->owns(b->native, tag);
}

static void handle(void *self, const struct muster_input *in, struct muster_effects *out)
{
    struct muster_bridge *b = self;
    bool read;
    if (in->kind == MUSTER_IN_START)
        start(b, in, out);
    else if (in->kind == MUSTER_IN_REPLY && muster_astra_side_owns(&b->side, in->tag))
        take_news(b, in->now, muster_astra_side_reply(&b->side, in, &read, out), out);
    else
        native_kind->handle(b->native, in, out);
}

static bool command(void *self, const struct muster_input *in, struct muster_effects *out)
{
    struct muster_bridge *b = self;
    return native_kind->command(b->native, in, out);
}

static void yield(void *self, muster_time now, struct muster_effects *out)
{
    struct muster_bridge *b = self;
    native_kind->yield(b->native, now, out);
}

static void vote(void *self, const struct muster_self *news)
{
    struct muster_bridge *b = self;
    b->side.self = *news;
    native_kind->vote(b->native, news);
}

static void heard(void *self, muster_time now, uint64_t epoch, struct muster_effects *out)
{
    struct muster_bridge *b = self;
    native_kind->heard(b->native, now, epoch, out);
}

static void stalled(void *self, muster_time now)
{
    struct muster_bridge *b = self;
    native_kind->stalled(b->native, now);
}

static void drain(void *self)
{
    struct muster_bridge *b = self;
    native_kind->drain(b->native);
}

static void leave(void *self, muster_time now, struct muster_effects *out)
{
    struct muster_bridge *b = self;
    native_kind->leave(b->native, now, out);
}

/* ---- time ---- */

static bool is_over(const struct muster_bridge *b)
{
    return native_of(b)->life == MUSTER_LIFE_LEFT && !b->side.lock.held &&
           muster_astra_lock_is_idle(&b->side.lock);
}

static void advance(void *self, muster_time now, struct muster_effects *out)
{
    struct muster_bridge *b = self;
    if (is_over(b))
        return;
    settle(b, now, out);
    follow(b, now, out);
    native_kind->advance(b->native, now, out);
    follow(b, now, out); /* what the lease wants now */
    b->side.shown_as_leader = native_of(b)->lease.state == MUSTER_LEASE_LEADING;
    muster_astra_side_advance(&b->side, now, out);
}

static muster_time deadline(const void *self)
{
    const struct muster_bridge *b = self;
    if (is_over(b))
        return MUSTER_NEVER;
    return muster_time_min(native_kind->deadline(b->native), muster_astra_side_deadline(&b->side));
}

/* ---- queries ---- */

static struct muster_standing standing(const void *self, muster_time now)
{
    const struct muster_bridge *b = self;
    struct muster_standing s = native_kind->standing(b->native, now);
    s.left = is_over(b);
    return s;
}

static struct muster_member_view member(const void *self, muster_time now, uint32_t index)
{
    const struct muster_bridge *b = self;
    return native_kind->member(b->native, now, index);
}

static bool decision(void *self, struct muster_agreement *ret_agreement)
{
    struct muster_bridge *b = self;
    return native_kind->decision(b->native, ret_agreement);
}

static void describe(const void *self, struct muster_text *t)
{
    const struct muster_bridge *b = self;
    native_kind->describe(b->native, t);
    muster_text_add(t, b->settled          ? " wire=settled"
                       : b->side.lock.held ? " wire=bridge lock=held"
                                           : " wire=bridge lock=no");
}

const struct muster_coordinator_kind muster_coordinator_bridge = {
    .name = "redis",
    .size = size,
    .init = init,
    .handle = handle,
    .owns = owns,
    .command = command,
    .yield = yield,
    .vote = vote,
    .heard = heard,
    .stalled = stalled,
    .drain = drain,
    .leave = leave,
    .advance = advance,
    .deadline = deadline,
    .standing = standing,
    .member = member,
    .decision = decision,
    .describe = describe,
};
