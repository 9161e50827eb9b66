/* SPDX-License-Identifier: Apache-2.0 */
/* The local coordinator: one process that is its own cluster, without a store (SPEC 2).
 *
 * It always leads, by a lease that it renews for itself. What it shares with a cluster is the
 * epoch: each leadership takes a higher one and has it on the disk before anything starts under it,
 * so that a fencing target refuses what an earlier life has left on its way. A disk that has lost
 * the epoch is told of it by the first target that refuses. Damaged state is not no state: it never
 * leads then, until an operator says above which epoch it may (voter_init.h; there are no others to
 * ask).
 */
#include "core/coordinator/hold.h"
#include "core/coordinator/interface.h"
#include "core/coordinator/slot.h"
#include "core/coordinator/voter_init.h"
#include "core/coordinator/votes.h"
#include "core/notes.h"

#include <assert.h>

enum ask {
    ASK_READ = 1,
    ASK_WRITE,
    ASK_SYNC,
    ASK_LEDGER_READ,
    ASK_LEDGER_WRITE,
    ASK_LEDGER_SYNC,
    ASK_COUNT
};

struct local {
    const struct muster_config *cfg;
    const struct muster_place *place;
    struct muster_self self;
    uint64_t random; /* what attempts are drawn from */
    uint64_t incarnation_high, incarnation_low;

    bool fit;         /* the durable state was read, or there was none */
    bool readable;    /* it could be read, whatever it was */
    bool initialises; /* fit on an operator's word */
    bool leading, draining, leaving, left;
    struct muster_slot slot;    /* as acknowledged by the disk */
    struct muster_slot writing; /* sequence 0: nothing under way */
    uint64_t slot_floor;
    uint64_t known;            /* highest epoch heard of */
    struct muster_pause pause; /* the newest asked for … */
    bool pause_asked;          /* … and not on the disk yet */
    uint64_t next_tag, tag[ASK_COUNT];
    enum muster_status slot_status;
    struct muster_hold hold; /* the own disk is the majority */
    enum muster_status hold_status;
    uint64_t renewals;
    muster_time until, renew_at, write_at, heartbeat_at;

    struct muster_agreement agreement;
    enum muster_outcome outcome;
    bool apply;
};

static void note(struct muster_effects *out, enum muster_note kind, uint64_t a, uint64_t b,
                 uint64_t c, uint64_t d)
{
    muster_effects_note(out, (uint16_t)kind, (const uint64_t[4]){a, b, c, d}, NULL);
}

static size_t size(const struct muster_place *place)
{
    (void)place;
    return sizeof(struct local);
}

static void init(void *self, const struct muster_config *cfg, const struct muster_place *place)
{
    struct local *l = self;
    l->cfg = cfg;
    l->place = place;
    l->self.failed = MUSTER_COUNT_UNKNOWN;
    l->renew_at = l->write_at = l->heartbeat_at = MUSTER_NEVER;
}

/* ---- the durable epoch ---- */

static struct muster_effect *ask_disk(struct local *l, enum ask ask,
                                      enum muster_disk_operation operation,
                                      struct muster_effects *out)
{
    assert(l->tag[ask] == 0);
    struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_DISK);
    e->tag = l->tag[ask] = ++l->next_tag << 8 | ask;
    e->disk.operation = operation;
    e->disk.file = ask < ASK_LEDGER_READ ? MUSTER_SLOT_FILE : MUSTER_LEDGER_FILE;
    return e;
}

static uint64_t electorate(const struct local *l)
{
    const char *name = l->place->names[l->place->index];
    return muster_slot_hash(MUSTER_SLOT_HASH_START, name, strlen(name) + 1);
}

static uint64_t cluster(const struct local *l)
{
    return muster_slot_hash(MUSTER_SLOT_HASH_START, l->cfg->cluster, strlen(l->cfg->cluster));
}

/* The next epoch, for the next leadership; of one that goes on only the pause is news. */
static void write_slot(struct local *l, struct muster_effects *out)
{
    uint8_t bytes[MUSTER_SLOT_SIZE];
    bool first = l->slot.sequence == 0;
    l->writing = l->slot;
    l->writing.sequence = muster_slot_next(&l->slot, l->slot_floor);
    l->writing.cluster = cluster(l);
    l->writing.electorate = electorate(l);
    l->writing.disk_high = first ? l->incarnation_high : l->slot.disk_high;
    l->writing.disk_low = first ? l->incarnation_low : l->slot.disk_low;
    l->writing.pause = l->pause;
    if (!l->leading) {
        l->writing.epoch = l->writing.known = ++l->known;
        l->writing.attempt = (l->random += UINT64_C(0x9e3779b97f4a7c15)) >> 16 | 1;
    }
    l->slot_floor = l->writing.sequence;
    l->slot_status = MUSTER_STATUS_OK;
    l->write_at = MUSTER_NEVER;
    muster_slot_encode(&l->writing, bytes);
    struct muster_effect *e = ask_disk(l, ASK_WRITE, MUSTER_DISK_WRITE, out);
    e->disk.offset = muster_slot_offset(l->writing.sequence);
    muster_effects_data(out, e, bytes, sizeof bytes);
    ask_disk(l, ASK_SYNC, MUSTER_DISK_SYNC, out);
}

static void join(struct local *l, muster_time now, struct muster_effects *out)
{
    l->fit = true;
    l->write_at = l->heartbeat_at = now;
    note(out, MUSTER_NOTE_JOINED, 0, 0, 0, 0);
}

static void loaded(struct local *l, const struct muster_input *in, struct muster_effects *out)
{
    struct muster_slot slot;
    int error = muster_slot_decode(&slot, in->data);
    l->readable = in->status == MUSTER_STATUS_OK;
    l->slot_floor = slot.sequence; /* a foreign one is not to outlast what is written here */
    bool ours = !error && slot.cluster == cluster(l) && slot.electorate == electorate(l);
    if (!l->readable || (!ours && error != MUSTER_E_NOTFOUND)) {
        note(out, MUSTER_NOTE_VOTER_UNFIT, 0, 0, 0, 0);
        return;
    }
    if (ours) {
        l->slot = slot;
        l->known = slot.known > l->known ? slot.known : l->known;
        l->pause = slot.pause;
    }
    join(l, in->now, out);
}

/* The next epoch is above the floor; nobody else can know of a higher one but the targets. */
static void init_voter(struct local *l, const struct muster_input *in, struct muster_effects *out)
{
    uint64_t floor = 0;
    if (muster_voter_init_parse(in->data, &floor) != 0) {
        muster_voter_init_refuse(MUSTER_INIT_MALFORMED, 0, l->known, out);
    } else if (l->tag[ASK_READ] != 0 || l->tag[ASK_LEDGER_READ] != 0 || l->draining) {
        muster_voter_init_refuse(MUSTER_INIT_NOT_NOW, floor, l->known, out);
    } else if (l->fit) {
        muster_voter_init_refuse(MUSTER_INIT_NEEDLESS, floor, l->known, out);
    } else if (!l->readable) {
        muster_voter_init_refuse(MUSTER_INIT_UNREADABLE, floor, l->known, out);
    } else if (floor < l->known) {
        muster_voter_init_refuse(MUSTER_INIT_FLOOR_LOW, floor, l->known, out);
    } else {
        l->initialises = true;
        l->known = floor;
        join(l, in->now, out);
    }
}

static void extend(struct local *l, muster_time now)
{
    l->until = muster_time_add(now, l->cfg->lease_ttl - l->cfg->margin);
    l->renew_at = muster_time_add(now, l->cfg->renew_every);
}

/* A slot that only brings a pause. */
static void pause_written(struct local *l, muster_time now, struct muster_effects *out)
{
    bool ok = l->slot_status == MUSTER_STATUS_OK;
    if (ok)
        l->slot = l->writing;
    l->writing.sequence = 0;
    bool durable = !muster_pause_is_newer(l->pause, l->slot.pause);
    if (!durable && l->leading)
        l->write_at = ok ? now : muster_time_add(now, l->cfg->renew_every);
    if (!durable || !l->pause_asked)
        return;
    l->pause_asked = false;
    note(out, MUSTER_NOTE_PAUSE_DURABLE, muster_pause_is_on(l->pause), l->pause.epoch,
         l->pause.count, 0);
}

static void written(struct local *l, muster_time now, struct muster_effects *out)
{
    struct muster_slot *w = &l->writing;
    bool ok = l->slot_status == MUSTER_STATUS_OK;
    if (w->epoch == l->slot.epoch) {
        pause_written(l, now, out);
        return;
    }
    if (ok && l->slot.sequence == 0)
        note(out, l->initialises ? MUSTER_NOTE_VOTER_INITIALISED : MUSTER_NOTE_BOOTSTRAPPED,
             l->initialises ? w->epoch - 1 : 0, 0, 0, 0);
    note(out, ok ? MUSTER_NOTE_PROMISED : MUSTER_NOTE_PROMISE_FAILED, w->epoch, w->attempt,
         (uint64_t)l->slot_status, 0);
    if (!ok)
        l->write_at = muster_time_add(now, l->cfg->renew_every);
    else
        l->slot = *w;
    w->sequence = 0;
    if (!ok || l->draining || l->known > l->slot.epoch)
        return;
    l->leading = true;
    l->renewals = 0;
    extend(l, now);
    note(out, MUSTER_NOTE_LEADER_ELECTED, l->slot.epoch, l->slot.attempt, l->until, 0);
}

/* ---- the ledger ---- */

static void read_ledger(struct local *l, struct muster_effects *out)
{
    ask_disk(l, ASK_LEDGER_READ, MUSTER_DISK_READ, out)->disk.offset =
        muster_ledger_offset(l->hold.slots_read);
}

/* What the ledger knows of an epoch stands beside the slot, which is read next. */
static void ledger_loaded(struct local *l, const struct muster_input *in,
                          struct muster_effects *out)
{
    muster_hold_load(&l->hold, in->now, cluster(l), (enum muster_status)in->status, in->data);
    if (!muster_hold_is_loaded(&l->hold)) {
        read_ledger(l, out);
        return;
    }
    l->known = l->hold.disk.epoch;
    ask_disk(l, ASK_READ, MUSTER_DISK_READ, out);
}

static void write_ledger(struct local *l, struct muster_effects *out)
{
    uint8_t bytes[MUSTER_LEDGER_HEAD + MUSTER_LEDGER_MAX];
    struct muster_effect *e = ask_disk(l, ASK_LEDGER_WRITE, MUSTER_DISK_WRITE, out);
    size_t size = muster_hold_begin(&l->hold, cluster(l), &e->disk.offset, bytes);
    muster_effects_data(out, e, bytes, size);
    ask_disk(l, ASK_LEDGER_SYNC, MUSTER_DISK_SYNC, out);
    l->hold_status = MUSTER_STATUS_OK;
}

static void ledger_ended(struct local *l, const struct muster_input *in, struct muster_effects *out)
{
    if (l->hold_status == MUSTER_STATUS_OK)
        l->hold_status = (enum muster_status)in->status;
    if (l->tag[ASK_LEDGER_WRITE] != 0 || l->tag[ASK_LEDGER_SYNC] != 0)
        return;
    muster_time later = muster_time_add(in->now, l->cfg->renew_every);
    if (muster_hold_written(&l->hold, later, l->hold_status))
        note(out, MUSTER_NOTE_LEDGER_DURABLE, l->hold.disk.epoch, l->hold.disk.count, 0, 0);
}

static const struct muster_ledger *ledger(const void *self)
{
    const struct local *l = self;
    return &l->hold.known;
}

static uint64_t hold(void *self, muster_time now, struct muster_bytes text)
{
    struct local *l = self;
    return muster_hold_take(&l->hold, now, l->slot.epoch, text);
}

/* ---- inputs ---- */

static bool owns(const void *self, uint64_t tag)
{
    const struct local *l = self;
    uint64_t ask = tag & 0xff;
    return ask > 0 && ask < ASK_COUNT && l->tag[ask] == tag;
}

static void handle(void *self, const struct muster_input *in, struct muster_effects *out)
{
    struct local *l = self;
    if (in->kind == MUSTER_IN_START) {
        l->random = in->start.seed;
        l->incarnation_high = in->start.incarnation_high;
        l->incarnation_low = in->start.incarnation_low;
        if (l->cfg->hold_history)
            read_ledger(l, out);
        else
            ask_disk(l, ASK_READ, MUSTER_DISK_READ, out);
    } else if (in->kind == MUSTER_IN_DISK) {
        uint64_t ask = in->tag & 0xff;
        l->tag[ask] = 0;
        if (ask == ASK_READ || ask >= ASK_LEDGER_READ) {
            if (ask == ASK_READ)
                loaded(l, in, out);
            else if (ask == ASK_LEDGER_READ)
                ledger_loaded(l, in, out);
            else
                ledger_ended(l, in, out);
            return;
        }
        if (l->slot_status == MUSTER_STATUS_OK)
            l->slot_status = (enum muster_status)in->status;
        if (l->tag[ASK_WRITE] == 0 && l->tag[ASK_SYNC] == 0)
            written(l, in->now, out);
    }
}

static void take_pause(struct local *l, muster_time now, bool on, struct muster_effects *out)
{
    if (!l->leading) {
        note(out, MUSTER_NOTE_PAUSE_REFUSED, on, MUSTER_REFUSAL_NOT_LEADER, 0, 0);
        return;
    }
    l->pause = muster_pause_next(l->pause, l->slot.epoch, on);
    l->pause_asked = true;
    l->write_at = now;
    note(out, MUSTER_NOTE_PAUSE_ASKED, on, l->pause.epoch, l->pause.count, 0);
}

static bool command(void *self, const struct muster_input *in, struct muster_effects *out)
{
    struct local *l = self;
    switch (in->command.verb) {
    case MUSTER_VERB_PAUSE:
    case MUSTER_VERB_RESUME:
        take_pause(l, in->now, in->command.verb == MUSTER_VERB_PAUSE, out);
        return true;
    case MUSTER_VERB_VOTER_INIT:
        init_voter(l, in, out);
        return true;
    case MUSTER_VERB_STEP_DOWN:
    case MUSTER_VERB_SWITCHOVER: /* there is nobody to hand it over to */
        note(out, MUSTER_NOTE_HANDOVER_REFUSED, MUSTER_REFUSAL_ALONE, 0, 0, 0);
        return true;
    default:
        return false;
    }
}

static void vote(void *self, const struct muster_self *news)
{
    struct local *l = self;
    l->self = *news;
}

static void step_down(struct local *l, enum muster_lost reason, struct muster_effects *out)
{
    if (!l->leading)
        return;
    l->leading = false;
    l->until = 0;
    l->renew_at = MUSTER_NEVER;
    if (l->pause_asked)
        note(out, MUSTER_NOTE_PAUSE_REFUSED, muster_pause_is_on(l->pause), MUSTER_REFUSAL_ENDED, 0,
             0);
    l->pause_asked = false;
    note(out, MUSTER_NOTE_LEADER_LOST, l->slot.epoch, l->slot.attempt, reason, 0);
}

static void heard(void *self, muster_time now, uint64_t epoch, struct muster_effects *out)
{
    struct local *l = self;
    if (epoch <= l->known || epoch >= MUSTER_INTEGER_MAX)
        return;
    l->known = epoch;
    step_down(l, MUSTER_LOST_FENCED, out);
    if (l->fit && l->write_at == MUSTER_NEVER)
        l->write_at = now;
}

/* Nobody else can lead: what a stall has cost is only the time of a lease that was not renewed. */
static void stalled(void *self, muster_time now)
{
    struct local *l = self;
    if (l->leading) {
        l->until = 0;
        l->renew_at = now;
    }
}

static void drain(void *self)
{
    struct local *l = self;
    l->draining = true;
    l->write_at = MUSTER_NEVER;
}

static void leave(void *self, muster_time now, struct muster_effects *out)
{
    struct local *l = self;
    (void)now;
    l->leaving = l->draining = true;
    l->write_at = l->heartbeat_at = MUSTER_NEVER;
    step_down(l, MUSTER_LOST_SHUTDOWN, out);
}

/* ---- time ---- */

/* One vote, the own one; UNKNOWN agrees with nothing here, too. */
static void decide(struct local *l, struct muster_effects *out)
{
    struct muster_vote own = {true, l->self.circuit, l->self.mode};
    struct muster_decision d = muster_votes_decide(&own, 1, l->cfg->quorum_threshold_ppm);
    struct muster_agreement *a = &l->agreement;
    if (a->epoch == l->slot.epoch && d.outcome == l->outcome && d.circuit == a->circuit &&
        d.mode == a->mode)
        return;
    uint64_t sequence = a->epoch == l->slot.epoch ? a->sequence + 1 : 1;
    *a = (struct muster_agreement){l->slot.epoch, sequence, d.circuit, d.mode};
    l->outcome = d.outcome;
    l->apply = d.outcome == MUSTER_OUTCOME_DECIDED;
    note(out, MUSTER_NOTE_CONSENSUS, a->epoch, a->sequence, d.outcome, d.voting);
}

static void advance(void *self, muster_time now, struct muster_effects *out)
{
    struct local *l = self;
    if (l->leading && now >= l->renew_at) {
        extend(l, now);
        note(out, MUSTER_NOTE_LEASE_EXTENDED, l->slot.epoch, l->slot.attempt, l->until,
             ++l->renewals);
    }
    if (now >= l->write_at && l->writing.sequence == 0)
        write_slot(l, out);
    if (now >= muster_hold_write_at(&l->hold))
        write_ledger(l, out);
    if (now >= l->heartbeat_at) {
        l->heartbeat_at = muster_time_add(now, l->cfg->heartbeat_every);
        if (l->leading)
            decide(l, out);
    }
    if (l->leaving && l->writing.sequence == 0)
        l->left = true;
}

static muster_time deadline(const void *self)
{
    const struct local *l = self;
    muster_time t = muster_time_min(l->renew_at, l->heartbeat_at);
    t = muster_time_min(t, muster_hold_write_at(&l->hold));
    return l->writing.sequence == 0 ? muster_time_min(t, l->write_at) : t;
}

/* ---- queries ---- */

static struct muster_standing standing(const void *self, muster_time now)
{
    const struct local *l = self;
    return (struct muster_standing){.leads = l->leading && now < l->until,
                                    .holds = l->leading,
                                    .epoch = l->leading ? l->slot.epoch : 0,
                                    .until = l->until,
                                    .paused = muster_pause_is_on(l->pause) || l->pause_asked,
                                    .informed = l->leading,
                                    .held = l->hold.disk.epoch == l->slot.epoch ? l->hold.disk.count
                                                                                : 0,
                                    .refusal = MUSTER_RESULT_SKIPPED_NOT_LEADER,
                                    .joined = true,
                                    .leaving = l->leaving,
                                    .left = l->left};
}

static struct muster_member_view member(const void *self, muster_time now, uint32_t index)
{
    const struct local *l = self;
    (void)now;
    if (index != l->place->index)
        return (struct muster_member_view){.failed_components = MUSTER_COUNT_UNKNOWN};
    return (struct muster_member_view){.fresh = true,
                                       .failed_components = l->self.failed,
                                       .seen = true,
                                       .live = true,
                                       .draining = l->draining,
                                       .score = l->self.score};
}

static bool decision(void *self, struct muster_agreement *ret_agreement)
{
    struct local *l = self;
    bool apply = l->apply;
    l->apply = false;
    if (apply)
        *ret_agreement = l->agreement;
    return apply;
}

static void describe(const void *self, struct muster_text *t)
{
    const struct local *l = self;
    muster_text_add(t, l->left ? "life=left" : l->leaving ? "life=leaving" : "life=active");
    muster_text_add(t, l->leading ? " lease=leading epoch=" : " lease=idle epoch=");
    muster_text_add_u64(t, l->leading ? l->slot.epoch : 0);
    muster_text_add(t, " promise=");
    muster_text_add_u64(t, l->slot.epoch);
    muster_text_add(t, " known=");
    muster_text_add_u64(t, l->known);
    muster_text_add(t, l->fit ? " fit=yes store=none" : " fit=no store=none");
    muster_text_add(t, muster_pause_is_on(l->pause) ? " recovery=paused" : " recovery=on");
}

const struct muster_coordinator_kind muster_coordinator_local = {
    .name = "local",
    .size = size,
    .init = init,
    .handle = handle,
    .owns = owns,
    .command = command,
    .ledger = ledger,
    .hold = hold,
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
