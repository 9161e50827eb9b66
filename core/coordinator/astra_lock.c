/* SPDX-License-Identifier: Apache-2.0 */
/* The origin's leader lock: see astra_lock.h. */
#include "core/coordinator/astra_lock.h"

#include "core/flat.h"

#include <assert.h>

void muster_astra_lock_init(struct muster_astra_lock *l, const struct muster_config *cfg)
{
    muster_dur margin =
        muster_config_margin_min(MUSTER_ASTRA_LOCK_TTL, cfg->max_clock_drift_ppm, cfg->stop_time);
    memset(l, 0, sizeof *l);
    l->usable = muster_time_since(MUSTER_ASTRA_LOCK_TTL, margin);
    l->retry_every = cfg->poll_every;
    l->renew_at = l->release_at = MUSTER_NEVER;
}

bool muster_astra_lock_is_idle(const struct muster_astra_lock *l)
{
    return l->script == MUSTER_ASTRA_NOTHING && l->release_at == MUSTER_NEVER;
}

void muster_astra_lock_take(struct muster_astra_lock *l)
{
    assert(!l->held && muster_astra_lock_is_idle(l));
    l->script = MUSTER_ASTRA_TAKE;
}

void muster_astra_lock_drop(struct muster_astra_lock *l, muster_time at)
{
    l->held = false;
    l->until = 0;
    l->renew_at = MUSTER_NEVER;
    l->release_at = at;
    if (!l->running)
        l->script = MUSTER_ASTRA_NOTHING;
}

void muster_astra_lock_clear(struct muster_astra_lock *l)
{
    assert(!l->held && muster_astra_lock_is_idle(l));
    l->script = MUSTER_ASTRA_RELEASE;
}

/* ---- time ---- */

void muster_astra_lock_tick(struct muster_astra_lock *l, muster_time now)
{
    if (l->script != MUSTER_ASTRA_NOTHING)
        return;
    if (now >= l->release_at) {
        l->release_at = MUSTER_NEVER;
        if (!l->must_read) /* else the next reading shows whether there is something to release */
            l->script = MUSTER_ASTRA_RELEASE;
    } else if (l->held && now >= l->renew_at && !l->must_read) {
        l->script = MUSTER_ASTRA_RENEW;
    }
}

muster_time muster_astra_lock_deadline(const struct muster_astra_lock *l)
{
    muster_time t = l->held ? l->until : MUSTER_NEVER;
    if (l->script != MUSTER_ASTRA_NOTHING) /* its end comes first, and looks at the rest */
        return t;
    if (!l->must_read)
        t = muster_time_min(t, l->renew_at);
    return muster_time_min(t, l->release_at);
}

/* ---- scripts ---- */

void muster_astra_lock_sent(struct muster_astra_lock *l, muster_time now)
{
    assert(l->script != MUSTER_ASTRA_NOTHING && !l->running);
    l->running = true;
    l->sent = now;
}

static void hold(struct muster_astra_lock *l)
{
    l->since = l->sent;
    l->until = muster_time_add(l->sent, l->usable);
    l->renew_at = muster_time_add(l->sent, MUSTER_ASTRA_RENEW_EVERY);
}

static bool is_yes(struct muster_bytes reply)
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    muster_flat_reader_init(&r, reply);
    return muster_flat_next(&r, &v) == 0 && v.type == MUSTER_FLAT_INTEGER && v.integer == 1;
}

static enum muster_astra_news take_ended(struct muster_astra_lock *l, struct muster_bytes reply)
{
    if (!muster_astra_time_parse(reply, &l->taken))
        return MUSTER_ASTRA_SAME; /* another holds it */
    l->held = true;
    l->renewals = 0;
    hold(l);
    return MUSTER_ASTRA_TAKEN;
}

enum muster_astra_news muster_astra_lock_done(struct muster_astra_lock *l,
                                              struct muster_bytes reply)
{
    enum muster_astra_script script = l->script;
    assert(l->running);
    l->script = MUSTER_ASTRA_NOTHING;
    l->running = false;
    if (script == MUSTER_ASTRA_TAKE)
        return take_ended(l, reply);
    bool yes = is_yes(reply);
    if (script == MUSTER_ASTRA_RELEASE)
        return yes ? MUSTER_ASTRA_RELEASED : MUSTER_ASTRA_SAME;
    if (!l->held)
        return MUSTER_ASTRA_SAME; /* it was dropped meanwhile */
    if (!yes) {
        muster_astra_lock_drop(l, MUSTER_NEVER);
        return MUSTER_ASTRA_LOST;
    }
    l->renewals++;
    hold(l);
    return MUSTER_ASTRA_EXTENDED;
}

void muster_astra_lock_failed(struct muster_astra_lock *l, bool unknown)
{
    enum muster_astra_script script = l->script;
    assert(l->running);
    l->script = MUSTER_ASTRA_NOTHING;
    l->running = false;
    l->must_read |= unknown;
    muster_time again = muster_time_add(l->sent, l->retry_every);
    if (script == MUSTER_ASTRA_TAKE)
        l->take_from = again;
    else if (l->held)
        l->renew_at = again;
}

enum muster_astra_news muster_astra_lock_seen(struct muster_astra_lock *l, muster_time asked,
                                              enum muster_astra_holder holder)
{
    if (asked >= l->sent)
        l->must_read = false;
    if (!l->held || holder == MUSTER_ASTRA_OWN || asked < l->since)
        return MUSTER_ASTRA_SAME;
    muster_astra_lock_drop(l, MUSTER_NEVER);
    return MUSTER_ASTRA_LOST;
}
