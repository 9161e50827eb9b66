/* SPDX-License-Identifier: Apache-2.0 */
/* The board: how it is read, what each reading leads to, and the one script that changes it.
 *
 * A change and the reading behind it are sent together, so that a reading shows what became of the
 * change. A change that came to nothing is found again in it; there is nothing to remember. */
#include "core/coordinator/answer.h"
#include "core/coordinator/wire.h"
#include "core/coordinator/work_inside.h"
#include "core/flat.h"

#include <assert.h>

#define KEY         "work"
#define CHANNEL     "state"
#define ARGV_MAX    5120
#define ARGUMENTS   7 /* of a call without a change: EVALSHA, sha, 1, key, most, channel, message */
#define CHANGE_MAX  (4 * MUSTER_FLAT_HEAD + MUSTER_NAME_MAX + 2 * MUSTER_WORK_RECORD_MAX)
#define CHANGES_END 256 /* channel and message */

/* ---- requests ---- */

static void put_text(struct muster_flat_writer *f, const char *text)
{
    muster_flat_text(f, MUSTER_FLAT_BULK, text);
}

static void put_key(const struct muster_work *w, struct muster_flat_writer *f, const char *name)
{
    char room[MUSTER_KEY_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_key(&t, w->cfg->cluster, name);
    put_text(f, room);
}

static void ask(const struct muster_work *w, struct muster_bytes argv, uint64_t tag,
                struct muster_effects *out)
{
    struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_REQUEST);
    e->tag = tag;
    e->request.endpoint = MUSTER_ENDPOINT_STORE;
    e->request.timeout = w->cfg->request_timeout;
    muster_effects_data(out, e, argv.at, argv.size);
}

void work_read(struct muster_work *w, muster_time now, struct muster_effects *out)
{
    uint8_t room[MUSTER_KEY_MAX + 32];
    struct muster_flat_writer f;
    assert(w->read_tag == 0);
    muster_flat_writer_init(&f, room, sizeof room);
    muster_flat_array(&f, 2);
    put_text(&f, "HGETALL");
    put_key(w, &f, KEY);
    assert(!f.full);
    w->read_tag = work_tag(w, WORK_TAG_READ);
    w->read_again = false;
    w->read_sent = now;
    w->read_at = muster_time_add(now, w->cfg->poll_every);
    ask(w, muster_flat_written(&f), w->read_tag, out);
}

/* ---- changes ---- */

/* A script call that is being put together, and who is to be told of it. */
struct changes {
    bool allowed;
    uint32_t count;
    uint32_t starts; /* runs begun in this reading */
    uint64_t whom;   /* members, a bit each */
    bool leader;
    struct muster_flat_writer f;
    uint8_t room[ARGV_MAX];
};

static void begin_changes(const struct muster_work *w, muster_time now, struct changes *c)
{
    char most[24];
    struct muster_text t;
    c->allowed = w->change_tag == 0 && now >= w->change_from;
    c->count = c->starts = 0;
    c->whom = 0;
    c->leader = false;
    muster_flat_writer_init(&c->f, c->room, sizeof c->room);
    muster_flat_array(&c->f, 0); /* how many is known at the end */
    put_text(&c->f, w->whole_script ? "EVAL" : "EVALSHA");
    put_text(&c->f, w->whole_script ? muster_script_text(MUSTER_SCRIPT_WORK)
                                    : muster_script_sha1(MUSTER_SCRIPT_WORK));
    put_text(&c->f, "1");
    put_key(w, &c->f, KEY);
    muster_text_init(&t, most, sizeof most);
    muster_text_add_u64(&t, MUSTER_WORK_BOARD_MAX);
    put_text(&c->f, most);
}

static bool has_room(const struct changes *c)
{
    return c->allowed && c->count < MUSTER_WORK_CHANGES_MAX &&
           c->f.size - c->f.used >= CHANGE_MAX + CHANGES_END;
}

static void add_change(struct changes *c, struct muster_bytes id, struct muster_bytes expected,
                       struct muster_bytes written)
{
    assert(has_room(c));
    muster_flat_bytes(&c->f, MUSTER_FLAT_BULK, id.at, id.size);
    muster_flat_bytes(&c->f, MUSTER_FLAT_BULK, expected.at, expected.size);
    muster_flat_bytes(&c->f, MUSTER_FLAT_BULK, written.at, written.size);
    assert(!c->f.full);
    c->count++;
}

/* Who has to do something about a record that was changed to this. */
static void tell(const struct muster_work *w, struct changes *c, const struct muster_work_record *r)
{
    if (r->state == MUSTER_WORK_OFFERED) {
        c->leader = true;
        return;
    }
    uint32_t i = work_member(w, r->state == MUSTER_WORK_RUNNING ? r->assignee : r->submitter);
    if (i < w->place->count && i != w->place->index)
        c->whom |= UINT64_C(1) << i;
}

static void put_record(const struct muster_work *w, struct changes *c,
                       const struct muster_work_record *r, struct muster_bytes head)
{
    char room[MUSTER_WORK_RECORD_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    if (head.size > 0)
        muster_work_record_head(r, &t);
    else
        muster_work_record_write(r, &t);
    assert(!muster_text_is_cut(&t));
    add_change(c, muster_text_bytes(r->id), head, muster_text_written(&t));
    tell(w, c, r);
}

/* The message for the channel; empty when nobody else has to look. */
static void put_message(const struct changes *c, const struct muster_work *w,
                        struct muster_flat_writer *f)
{
    char room[40];
    struct muster_text t;
    bool leader = c->leader && !w->leads;
    muster_text_init(&t, room, sizeof room);
    if (c->whom != 0 || leader) {
        muster_text_add(&t, "I ");
        muster_text_add_hex(&t, c->whom, 1);
        muster_text_add(&t, leader ? " L" : " -");
    }
    put_text(f, room);
}

static void send_changes(struct muster_work *w, struct changes *c, struct muster_effects *out)
{
    put_key(w, &c->f, CHANNEL);
    put_message(c, w, &c->f);
    assert(!c->f.full);
    struct muster_flat_writer head;
    muster_flat_writer_init(&head, c->room, MUSTER_FLAT_HEAD);
    muster_flat_array(&head, ARGUMENTS + 3 * c->count);
    w->change_tag = work_tag(w, WORK_TAG_CHANGE);
    ask(w, muster_flat_written(&c->f), w->change_tag, out);
}

/* ---- readings ---- */

/* The beginning of a record up to the blank behind its intent, as it stands there. */
static struct muster_bytes head_of(struct muster_bytes text)
{
    struct muster_bytes rest = text, part;
    muster_text_split(&rest, ';', &part);
    muster_text_split(&rest, ' ', &part);
    return (struct muster_bytes){text.at, text.size - rest.size};
}

/* One record as it stands on the board: every role has its say, and one may change it. */
static void look(struct muster_work *w, struct muster_work_turn *t, struct changes *c,
                 struct muster_bytes id, struct muster_bytes text)
{
    struct muster_work_record r;
    enum work_wish wish = WORK_LEAVE;
    if (muster_work_record_parse(&r, text) != 0 || !muster_text_equal(id, r.id))
        return;
    bool own = work_is_me(w, r.submitter);
    struct muster_work_entry *e = own ? work_entry(w, r.intent) : NULL;
    if (e) {
        e->seen = true;
        wish = work_own(w, t, e, &r);
        if (wish == WORK_PUT)
            r = e->record;
    } else if (own && r.state != MUSTER_WORK_RUNNING) {
        wish = WORK_REMOVE; /* of an older board: it was ended long ago */
    }
    if (wish == WORK_LEAVE && work_serve(w, t, &r, &c->starts))
        wish = WORK_PUT;
    if (wish == WORK_LEAVE && t->standing.leads && has_room(c)) {
        if (work_is_abandoned(w, t, &r))
            wish = WORK_REMOVE;
        else if (work_lead(w, t, &r))
            wish = WORK_PUT;
    }
    if (wish == WORK_LEAVE || !has_room(c))
        return;
    if (wish == WORK_PUT)
        put_record(w, c, &r, head_of(text));
    else
        add_change(c, id, head_of(text), (struct muster_bytes){NULL, 0});
}

/* Whether the board has a record under this id. */
static bool has_id(struct muster_flat_reader r, const char *id)
{
    struct muster_flat_value field, text;
    while (muster_flat_next(&r, &field) == 0 && muster_flat_next(&r, &text) == 0)
        if (muster_text_equal(field.bytes, id))
            return true;
    return false;
}

/* An entry that the board does not show. */
static void miss(struct muster_work *w, struct muster_work_turn *t, struct changes *c,
                 struct muster_work_entry *e, struct muster_flat_reader board, uint32_t *records)
{
    if (e->state == MUSTER_WORK_ENTRY_FREE || work_own(w, t, e, NULL) != WORK_PUT)
        return;
    if (has_id(board, e->record.id)) {
        work_taken(w, e);
    } else if (*records < MUSTER_WORK_BOARD_MAX && has_room(c)) {
        (*records)++;
        put_record(w, c, &e->record, (struct muster_bytes){NULL, 0});
    }
}

static void look_at_all(struct muster_work *w, struct muster_work_turn *t, struct changes *c,
                        struct muster_flat_reader board, uint32_t records)
{
    struct muster_flat_reader r = board;
    struct muster_flat_value field, text;
    for (uint32_t i = 0; i < w->cfg->work_items; i++)
        w->entry[i].seen = false;
    for (uint32_t i = 0; i < MUSTER_WORK_RAN_MAX; i++)
        w->ran[i].shown = false;
    while (muster_flat_next(&r, &field) == 0 && muster_flat_next(&r, &text) == 0)
        look(w, t, c, field.bytes, text.bytes);
    for (uint32_t i = 0; i < w->cfg->work_items; i++)
        if (!w->entry[i].seen)
            miss(w, t, c, &w->entry[i], board, &records);
    for (uint32_t i = 0; i < MUSTER_WORK_RAN_MAX; i++)
        w->ran[i].reported |= !w->ran[i].shown;
}

/* A whole board: what is cut off would show items as missing that are not. */
static bool is_whole(struct muster_flat_reader r, uint32_t count)
{
    struct muster_flat_value v;
    uint32_t n = 0;
    while (n < count && muster_flat_next(&r, &v) == 0 && v.type == MUSTER_FLAT_BULK)
        n++;
    return n == count && count % 2 == 0;
}

static enum muster_reaction react(struct muster_bytes error, struct muster_effects *out)
{
    enum muster_reaction reaction = muster_answer_reaction(error);
    char shown[80];
    struct muster_text t;
    muster_text_init(&t, shown, sizeof shown);
    muster_text_add_bytes(&t, error);
    work_note(out, MUSTER_NOTE_STORE_ERROR, reaction, 0, 0, 0, shown);
    return reaction;
}

static void board_answered(struct muster_work *w, struct muster_work_turn *t,
                           const struct muster_input *in)
{
    struct changes c;
    struct muster_flat_reader r;
    struct muster_flat_value v;
    w->read_tag = 0;
    if (w->read_again)
        w->read_at = t->now;
    muster_flat_reader_init(&r, in->data);
    if (in->status != MUSTER_STATUS_OK || muster_flat_next(&r, &v) != 0)
        return;
    if (v.type == MUSTER_FLAT_ERROR)
        (void)react(v.bytes, t->out);
    /* What was read long ago, by one that stood still, is no ground for beginning anything. */
    bool old = muster_time_since(t->now, w->read_sent) > w->cfg->request_timeout;
    if (v.type != MUSTER_FLAT_ARRAY || !is_whole(r, v.count) || old || t->standing.refused ||
        t->standing.leaving)
        return;
    begin_changes(w, t->now, &c);
    look_at_all(w, t, &c, r, v.count / 2);
    if (c.count == 0)
        return;
    send_changes(w, &c, t->out);
    work_read(w, t->now, t->out);
}

static void change_answered(struct muster_work *w, struct muster_work_turn *t,
                            const struct muster_input *in)
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    bool whole = w->whole_script;
    w->change_tag = 0;
    w->whole_script = false;
    muster_flat_reader_init(&r, in->data);
    bool ok = in->status == MUSTER_STATUS_OK && muster_flat_next(&r, &v) == 0;
    if (ok && v.type != MUSTER_FLAT_ERROR)
        return;
    if (ok && react(v.bytes, t->out) == MUSTER_REACTION_LOAD_SCRIPT && !whole)
        w->whole_script = true;
    else
        w->change_from = muster_time_add(t->now, w->cfg->poll_every);
}

void muster_work_reply(struct muster_work *w, struct muster_work_turn *t,
                       const struct muster_input *in)
{
    if (in->tag == w->change_tag)
        change_answered(w, t, in);
    else
        board_answered(w, t, in);
}
