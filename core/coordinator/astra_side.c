/* SPDX-License-Identifier: Apache-2.0 */
/* A member's life on the origin's wire: see astra_side.h. */
#include "core/coordinator/astra_side.h"

#include "core/coordinator/answer.h"
#include "core/flat.h"

#include <assert.h>

#define ARGV_MAX 1024

_Static_assert(MUSTER_ASTRA_TAG + MUSTER_ASTRA_ASKS <= MUSTER_TAG_NODE, "tags of a coordinator");

void muster_astra_side_init(struct muster_astra_side *s, const struct muster_config *cfg,
                            const struct muster_place *place, struct muster_members *members)
{
    memset(s, 0, sizeof *s);
    s->cfg = cfg;
    s->place = place;
    s->members = members;
    s->self.failed = MUSTER_COUNT_UNKNOWN;
    s->poll_at = s->heartbeat_at = MUSTER_NEVER;
    muster_astra_lock_init(&s->lock, cfg);
    muster_bulk_init(&s->bulk, cfg);
}

void muster_astra_side_start(struct muster_astra_side *s, const struct muster_input *in)
{
    s->wall = in->wall;
    s->wall_at = s->answered = in->now;
    s->poll_at = s->heartbeat_at = in->now;
}

static const char *own_name(const struct muster_astra_side *s)
{
    return s->place->names[s->place->index];
}

static bool is_busy(const struct muster_astra_side *s, enum muster_astra_ask ask)
{
    return s->tag[ask] != 0;
}

/* ---- requests ---- */

static struct muster_flat_writer begin(struct muster_effects *out, uint32_t arguments, size_t size)
{
    struct muster_flat_writer w;
    assert(MUSTER_EFFECTS_ROOM - out->used >= size);
    muster_flat_writer_init(&w, out->room + out->used, size);
    muster_flat_array(&w, arguments);
    return w;
}

static void put(struct muster_flat_writer *w, const char *text)
{
    muster_flat_text(w, MUSTER_FLAT_BULK, text);
}

static void put_key(struct muster_flat_writer *w, const char *prefix, const char *id)
{
    char room[MUSTER_ASTRA_KEY_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_text_add(&t, prefix);
    muster_text_add(&t, id);
    assert(!muster_text_is_cut(&t));
    put(w, room);
}

static void put_milliseconds(struct muster_flat_writer *w, muster_dur d)
{
    char room[24];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_text_add_u64(&t, d / MUSTER_MILLISECOND);
    put(w, room);
}

static void finish(struct muster_astra_side *s, enum muster_astra_ask ask,
                   struct muster_flat_writer *w, struct muster_effects *out)
{
    assert(!w->full && s->tag[ask] == 0);
    out->used += (uint32_t)w->used;
    struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_REQUEST);
    e->tag = s->tag[ask] = ++s->next_tag << 8 | (MUSTER_ASTRA_TAG + (uint64_t)ask);
    e->request.endpoint = MUSTER_ENDPOINT_STORE;
    e->request.timeout = s->cfg->request_timeout;
    e->data = muster_flat_written(w);
}

/* Of the configured members alone: there is no SCAN that strangers could fill. */
static void ask_poll(struct muster_astra_side *s, muster_time now, struct muster_effects *out)
{
    uint32_t votes = s->members ? s->place->count : 0;
    size_t size = (votes + 2) * (MUSTER_FLAT_HEAD + MUSTER_ASTRA_KEY_MAX) + ARGV_MAX / 2;
    struct muster_flat_writer w = begin(out, 2 + votes, size);
    s->poll_sent = now;
    put(&w, "MGET");
    put(&w, MUSTER_ASTRA_LEADER);
    for (uint32_t i = 0; i < votes; i++)
        put_key(&w, MUSTER_ASTRA_VOTE, s->place->names[i]);
    finish(s, MUSTER_ASTRA_ASK_POLL, &w, out);
}

static void ask_time(struct muster_astra_side *s, struct muster_effects *out)
{
    struct muster_flat_writer w = begin(out, 1, ARGV_MAX);
    put(&w, "TIME");
    finish(s, MUSTER_ASTRA_ASK_TIME, &w, out);
}

static void ask_lock(struct muster_astra_side *s, muster_time now, struct muster_effects *out)
{
    enum muster_astra_script script = s->lock.script;
    bool bare = script == MUSTER_ASTRA_RELEASE;
    struct muster_flat_writer w = begin(out, bare ? 5 : 6, ARGV_MAX);
    put(&w, "EVAL");
    put(&w, muster_astra_script_text(script));
    put(&w, "1");
    put(&w, MUSTER_ASTRA_LEADER);
    put(&w, own_name(s));
    if (!bare)
        put_milliseconds(&w, MUSTER_ASTRA_LOCK_TTL);
    muster_astra_lock_sent(&s->lock, now);
    finish(s, MUSTER_ASTRA_ASK_LOCK, &w, out);
}

static void ask_set(struct muster_astra_side *s, enum muster_astra_ask ask, const char *prefix,
                    const char *json, muster_dur ttl, struct muster_effects *out)
{
    struct muster_flat_writer w = begin(out, 5, ARGV_MAX);
    put(&w, "SET");
    put_key(&w, prefix, own_name(s));
    put(&w, json);
    put(&w, "PX");
    put_milliseconds(&w, ttl);
    finish(s, ask, &w, out);
}

static void heartbeat(struct muster_astra_side *s, muster_time now, struct muster_effects *out)
{
    char room[MUSTER_ASTRA_JSON_MAX];
    struct muster_text t;
    uint64_t wall = s->wall + muster_time_since(now, s->wall_at) / MUSTER_MILLISECOND;
    s->heartbeat_at = muster_time_add(now, s->cfg->heartbeat_every);
    if (s->silent)
        return;
    if (!is_busy(s, MUSTER_ASTRA_ASK_VOTE)) {
        muster_text_init(&t, room, sizeof room);
        muster_astra_vote_write(&s->self, wall, &t);
        ask_set(s, MUSTER_ASTRA_ASK_VOTE, MUSTER_ASTRA_VOTE, room, MUSTER_ASTRA_VOTE_TTL, out);
    }
    if (!is_busy(s, MUSTER_ASTRA_ASK_HEALTH) &&
        muster_bulk_may(&s->bulk, now, MUSTER_BULK_HEALTH, out)) {
        muster_text_init(&t, room, sizeof room);
        muster_astra_health_write(&s->self, wall, &t);
        ask_set(s, MUSTER_ASTRA_ASK_HEALTH, MUSTER_ASTRA_HEALTH, room, MUSTER_ASTRA_HEALTH_TTL,
                out);
    }
    if (!is_busy(s, MUSTER_ASTRA_ASK_STATE) &&
        muster_bulk_may(&s->bulk, now, MUSTER_BULK_STATE, out)) {
        muster_text_init(&t, room, sizeof room);
        muster_astra_state_write(&s->self, own_name(s), s->shown_as_leader, wall, &t);
        assert(!muster_text_is_cut(&t));
        struct muster_flat_writer w = begin(out, 3, ARGV_MAX);
        put(&w, "PUBLISH");
        put(&w, MUSTER_ASTRA_STATE);
        put(&w, room);
        finish(s, MUSTER_ASTRA_ASK_STATE, &w, out);
    }
}

void muster_astra_side_advance(struct muster_astra_side *s, muster_time now,
                               struct muster_effects *out)
{
    muster_astra_lock_tick(&s->lock, now);
    if (now >= s->heartbeat_at)
        heartbeat(s, now, out);
    if (s->lock.script != MUSTER_ASTRA_NOTHING && !s->lock.running)
        ask_lock(s, now, out);
    if (now < s->poll_at || is_busy(s, MUSTER_ASTRA_ASK_POLL))
        return;
    ask_poll(s, now, out);
    if (s->wants_time && !is_busy(s, MUSTER_ASTRA_ASK_TIME))
        ask_time(s, out);
}

muster_time muster_astra_side_deadline(const struct muster_astra_side *s)
{
    muster_time t = muster_time_min(s->heartbeat_at, muster_astra_lock_deadline(&s->lock));
    return is_busy(s, MUSTER_ASTRA_ASK_POLL) ? t : muster_time_min(t, s->poll_at);
}

/* ---- answers ---- */

bool muster_astra_side_owns(const struct muster_astra_side *s, uint64_t tag)
{
    uint64_t kind = tag & 0xff;
    return kind >= MUSTER_ASTRA_TAG && kind < MUSTER_ASTRA_TAG + MUSTER_ASTRA_ASKS &&
           s->tag[kind - MUSTER_ASTRA_TAG] == tag;
}

/* A vote counts when it is seen to change, and from the reading before: one that stands still may
 * be of a dead member, and so may one that has changed since long ago. */
static void see_vote(struct muster_astra_side *s, uint32_t index, struct muster_bytes text)
{
    struct muster_astra_vote v;
    if (text.size == 0 || muster_astra_vote_parse(&v, text) != 0) {
        muster_members_take(s->members, s->seen_at, index, NULL);
        return;
    }
    uint64_t sequence = s->members->at[index].record.sequence;
    bool changed = s->stamp[index] != 0 && s->stamp[index] != v.stamp;
    s->stamp[index] = v.stamp;
    struct muster_member_record r = {.state = MUSTER_MEMBER_ACTIVE,
                                     .sequence = changed ? sequence + 1 : sequence,
                                     .circuit = v.circuit,
                                     .mode = v.mode,
                                     .score = v.score,
                                     .failed = MUSTER_COUNT_UNKNOWN};
    muster_members_take(s->members, s->seen_at, index, &r);
}

static struct muster_bytes next_text(struct muster_flat_reader *r)
{
    struct muster_flat_value v;
    if (muster_flat_next(r, &v) != 0 || v.type != MUSTER_FLAT_BULK)
        return (struct muster_bytes){NULL, 0};
    return v.bytes;
}

static bool see(struct muster_astra_side *s, muster_time now, struct muster_bytes reply,
                enum muster_astra_news *ret_news)
{
    struct muster_flat_reader r;
    struct muster_flat_value array;
    uint32_t votes = s->members ? s->place->count : 0;
    muster_flat_reader_init(&r, reply);
    if (muster_flat_next(&r, &array) != 0 || array.count != 1 + votes)
        return false;
    struct muster_bytes holder = next_text(&r);
    s->holder = holder.size == 0                         ? MUSTER_ASTRA_NOBODY
                : muster_text_equal(holder, own_name(s)) ? MUSTER_ASTRA_OWN
                                                         : MUSTER_ASTRA_OTHER;
    for (uint32_t i = 0; i < votes; i++)
        see_vote(s, i, next_text(&r));
    *ret_news = muster_astra_lock_seen(&s->lock, s->poll_sent, s->holder);
    s->seen_at = now;
    s->read = true;
    return true;
}

enum muster_astra_news muster_astra_side_reply(struct muster_astra_side *s,
                                               const struct muster_input *in, bool *ret_read,
                                               struct muster_effects *out)
{
    enum muster_astra_ask ask = (enum muster_astra_ask)((in->tag & 0xff) - MUSTER_ASTRA_TAG);
    enum muster_astra_news news = MUSTER_ASTRA_SAME;
    struct muster_flat_reader r;
    struct muster_flat_value v;
    s->tag[ask] = 0;
    s->wall = in->wall;
    s->wall_at = in->now;
    *ret_read = false;
    muster_flat_reader_init(&r, in->data);
    bool ok = in->status == MUSTER_STATUS_OK && muster_flat_next(&r, &v) == 0;
    bool error = ok && v.type == MUSTER_FLAT_ERROR;
    if (ok && !error)
        s->answered = in->now;
    if (error && ask <= MUSTER_ASTRA_ASK_TIME)
        muster_answer_note(v.bytes, out);
    if (ask == MUSTER_ASTRA_ASK_POLL) {
        s->poll_at = muster_time_add(s->poll_sent, s->cfg->poll_every);
        *ret_read = ok && !error && see(s, in->now, in->data, &news);
    } else if (ask == MUSTER_ASTRA_ASK_TIME && ok && !error) {
        s->wants_time = !muster_astra_time_parse(in->data, &s->time);
    } else if (ask == MUSTER_ASTRA_ASK_LOCK && ok && !error) {
        news = muster_astra_lock_done(&s->lock, in->data);
    } else if (ask == MUSTER_ASTRA_ASK_LOCK) {
        muster_astra_lock_failed(&s->lock, in->status == MUSTER_STATUS_UNKNOWN);
        if (s->lock.must_read)
            s->poll_at = in->now;
    } else if (ask == MUSTER_ASTRA_ASK_HEALTH || ask == MUSTER_ASTRA_ASK_STATE) {
        muster_bulk_ended(&s->bulk, in->now,
                          ask == MUSTER_ASTRA_ASK_HEALTH ? MUSTER_BULK_HEALTH : MUSTER_BULK_STATE,
                          ok && !error, out);
    }
    return news;
}
