/* SPDX-License-Identifier: Apache-2.0 */
/* A node driven through its door: the scripted surroundings. */
#include "tests/lib/door.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8"};

struct door *door_open(const struct door_options *options)
{
    struct door *d = calloc(1, sizeof *d);
    assert(d);
    muster_config_defaults(&d->config);
    muster_config_finish(&d->config);
    d->config.authority = MUSTER_AUTHORITY_VOTERS;
    d->config.hold_history = false; /* what a test of it switches on */
    d->place.index = options->index;
    d->place.count = options->members ? options->members : 3;
    d->place.voters = options->voters ? options->voters : d->place.count;
    assert(d->place.count <= sizeof names / sizeof names[0]);
    d->electorate = MUSTER_SLOT_HASH_START;
    for (uint32_t i = 0; i < d->place.count; i++) {
        d->names[i] = names[i];
        d->peer[i] = (struct door_peer){.up = true, .votes = options->peers_vote, .state = 'A'};
        d->peer[i].circuit = MUSTER_CIRCUIT_CLOSED;
        d->peer[i].mode = MUSTER_MODE_PRIMARY;
        if (i < d->place.voters)
            d->electorate = muster_slot_hash(d->electorate, names[i], strlen(names[i]) + 1);
    }
    d->place.names = d->names;
    d->now = DOOR_START;
    d->scripts_known = true;
    d->health = "system=HEALTHY failed=0 circuit=CLOSED failures_1h=0";
    return d;
}

void door_close(struct door *d)
{
    free(d->memory);
    free(d);
}

void door_start(struct door *d, bool bootstrap)
{
    size_t size = (muster_node_size(&d->config, &d->place, &d->parts) + 15) / 16 * 16;
    free(d->memory);
    d->memory = aligned_alloc(16, size);
    assert(d->memory);
    memset(d->memory, 0, size);
    memset(d->pending, 0, sizeof d->pending);
    d->node = d->memory;
    muster_node_init(d->node, &d->config, &d->place, &d->parts);
    struct muster_input in = {.kind = MUSTER_IN_START};
    in.start.incarnation_high = DOOR_HIGH;
    in.start.incarnation_low = DOOR_LOW;
    in.start.seed = 42;
    in.start.flags = bootstrap ? MUSTER_START_BOOTSTRAP : 0;
    door_input(d, &in);
}

/* ---- what the store holds ---- */

static void make_peer_record(struct door *d, uint32_t i, char text[MUSTER_RECORD_MAX])
{
    struct door_peer *p = &d->peer[i];
    struct muster_leader_record leader;
    bool held = muster_leader_record_parse(&leader, muster_text_bytes(d->leader)) == 0;
    if (p->votes && held && !leader.released && leader.pair.epoch >= p->promise.epoch) {
        p->promise = leader.pair;
        p->echo = leader.counter;
    }
    struct muster_member_record member = {.ledger = {0, 0}};
    if (p->votes && !p->deaf &&
        muster_member_record_parse(&member, muster_text_bytes(d->own)) == 0 &&
        muster_pause_is_newer(member.pause, p->pause))
        p->pause = member.pause;
    if (p->votes && !p->deaf && d->own_ledger[0] &&
        muster_ledger_is_newer(member.ledger, p->ledger)) {
        p->ledger = member.ledger;
        snprintf(p->ledger_text, sizeof p->ledger_text, "%s", d->own_ledger);
    }
    if (p->known < p->promise.epoch)
        p->known = p->promise.epoch;
    struct muster_member_record r = {
        .state = (enum muster_member_state)p->state,
        .incarnation = {100 + i, 1},
        .sequence = p->still ? 7 : d->now / d->config.heartbeat_every,
        .electorate = d->electorate + p->electorate_off,
        .promise = p->promise,
        .echo = p->echo,
        .known = p->known,
        .circuit = p->circuit,
        .mode = p->mode,
        .failed = p->failed,
        .pause = p->pause,
        .ledger = p->ledger,
        .generation = muster_electorate_generation(&d->place),
        .settled = p->settled,
    };
    struct muster_text t;
    muster_text_init(&t, text, MUSTER_RECORD_MAX);
    muster_member_record_write(&r, &t);
}

void door_foreign_leader(struct door *d, uint64_t epoch, uint64_t attempt, uint64_t counter)
{
    struct muster_leader_record r = {.pair = {epoch, attempt}, .counter = counter, .id = "n2"};
    struct muster_text t;
    r.incarnation = (struct muster_incarnation){101, 1};
    muster_text_init(&t, d->leader, sizeof d->leader);
    muster_leader_record_write(&r, &t);
}

static void put(struct muster_flat_writer *w, const char *text)
{
    if (text[0])
        muster_flat_text(w, MUSTER_FLAT_BULK, text);
    else
        muster_flat_nil(w);
}

static void read_all(struct door *d, struct muster_flat_writer *w)
{
    muster_flat_array(w, 3 + d->place.count);
    put(w, d->leader);
    put(w, d->epoch);
    put(w, d->decision);
    for (uint32_t i = 0; i < d->place.count; i++) {
        char text[MUSTER_RECORD_MAX] = "";
        if (i == d->place.index)
            snprintf(text, sizeof text, "%s", d->own);
        else if (d->peer[i].up)
            make_peer_record(d, i, text);
        put(w, text);
    }
}

/* ---- the origin's wire ---- */

static void read_votes(struct door *d, uint32_t votes, struct muster_flat_writer *w)
{
    muster_flat_array(w, 1 + votes);
    put(w, d->lock);
    for (uint32_t i = 0; i < votes; i++) {
        const struct door_peer *p = &d->peer[i];
        char text[DOOR_TEXT_MAX] = "";
        struct muster_self self = {(enum muster_circuit_state)p->circuit,
                                   (enum muster_fallback_mode)p->mode, MUSTER_PPM, 0};
        struct muster_text t;
        muster_text_init(&t, text, sizeof text);
        if (i == d->place.index)
            muster_text_add(&t, d->own_vote);
        else if (p->up && d->vote)
            muster_text_add(&t, d->vote);
        else if (p->up)
            muster_astra_vote_write(&self, p->still ? 7 : d->now / d->config.heartbeat_every, &t);
        put(w, text);
    }
}

static void tell_time(struct door *d, struct muster_flat_writer *w)
{
    char time[24];
    muster_flat_array(w, 2);
    snprintf(time, sizeof time, "%llu", (unsigned long long)(d->store_time / 1000000));
    put(w, time);
    snprintf(time, sizeof time, "%llu", (unsigned long long)(d->store_time % 1000000));
    put(w, time);
}

static void run_lock(struct door *d, char argv[10][DOOR_TEXT_MAX], struct muster_flat_writer *w)
{
    bool own = strcmp(d->lock, argv[4]) == 0 && !d->expires;
    if (strcmp(argv[1], muster_astra_script_text(MUSTER_ASTRA_TAKE)) == 0) {
        if (d->lock[0] && !own) {
            put(w, d->lock);
            return;
        }
        snprintf(d->lock, sizeof d->lock, "%.31s", argv[4]);
        tell_time(d, w);
        return;
    }
    if (own && strcmp(argv[1], muster_astra_script_text(MUSTER_ASTRA_RELEASE)) == 0)
        d->lock[0] = 0;
    muster_flat_integer(w, own);
}

static void acquire(struct door *d, char argv[10][DOOR_TEXT_MAX])
{
    struct muster_leader_record r;
    bool stands = muster_leader_record_parse(&r, muster_text_bytes(d->leader)) == 0;
    if (stands && !r.released && strcmp(d->leader, argv[9]) != 0) /* unless known to be dead */
        return;
    stands = stands && r.released;
    uint64_t epoch = strtoull(d->epoch, NULL, 10), floor = strtoull(argv[5], NULL, 10);
    epoch = (epoch > floor ? epoch : floor) + 1;
    snprintf(d->epoch, sizeof d->epoch, "%llu", (unsigned long long)epoch);
    snprintf(d->leader, sizeof d->leader, "H %llu %.16s 0 %.64s %llu %llx",
             (unsigned long long)epoch, argv[6], argv[7],
             (unsigned long long)(stands ? r.pair.epoch : 0),
             (unsigned long long)(stands ? r.pair.attempt : 0));
}

/* MGET of voters' ledgers. */
static void read_ledgers(struct door *d, const struct door_pending *p, struct muster_flat_writer *w)
{
    muster_flat_array(w, p->argc - 1);
    for (uint32_t k = 1; k < p->argc; k++)
        for (uint32_t i = 0; i < d->place.count; i++)
            if (strcmp(strrchr(p->argv[k], ':') + 1, names[i]) == 0)
                put(w, i == d->place.index ? d->own_ledger : d->peer[i].ledger_text);
}

/* Execute a command and write its reply. */
static void execute(struct door *d, struct door_pending *p, struct muster_flat_writer *w)
{
    char(*argv)[DOOR_TEXT_MAX] = p->argv;
    if (strcmp(argv[0], "MGET") == 0 && strncmp(argv[1], "astra:", 6) == 0) {
        read_votes(d, p->argc - 2, w);
    } else if (strcmp(argv[0], "EVAL") == 0 && strncmp(argv[3], "astra:", 6) == 0) {
        run_lock(d, argv, w);
    } else if (strcmp(argv[0], "MGET") == 0 && strstr(argv[1], ":ledger:")) {
        read_ledgers(d, p, w);
    } else if (strcmp(argv[0], "TIME") == 0) {
        tell_time(d, w);
    } else if (strcmp(argv[0], "MGET") == 0) {
        read_all(d, w);
    } else if (strcmp(argv[0], "EVALSHA") == 0 && !d->scripts_known) {
        muster_flat_text(w, MUSTER_FLAT_ERROR, "NOSCRIPT No matching script.");
    } else if (strncmp(argv[0], "EVAL", 4) == 0) {
        d->scripts_known = true;
        if (strcmp(argv[2], "2") == 0)
            acquire(d, argv);
        else if (strcmp(d->leader, argv[4]) == 0)
            snprintf(d->leader, sizeof d->leader, "%.200s", argv[5]);
        put(w, d->leader);
    } else if (strcmp(argv[0], "SET") == 0) {
        if (strstr(argv[1], ":vote:"))
            snprintf(d->own_vote, sizeof d->own_vote, "%s", argv[2]);
        else if (strstr(argv[1], ":node:"))
            snprintf(d->own, sizeof d->own, "%.200s", argv[2]);
        else if (strstr(argv[1], ":ledger:"))
            snprintf(d->own_ledger, sizeof d->own_ledger, "%s", argv[2]);
        else if (strstr(argv[1], ":decision"))
            snprintf(d->decision, sizeof d->decision, "%.200s", argv[2]);
        muster_flat_text(w, MUSTER_FLAT_STATUS, "OK");
    } else if (strcmp(argv[0], "HGETALL") == 0) {
        muster_flat_array(w, 0);
    } else {
        muster_flat_integer(w, 1);
    }
}

/* ---- log ---- */

static void words_of(const struct muster_effect *e, struct door_pending *p, char *text)
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    size_t used = 0;
    text[0] = 0;
    muster_flat_reader_init(&r, e->data);
    if (muster_flat_next(&r, &v) != 0)
        return;
    while (muster_flat_next(&r, &v) == 0) {
        int size = (int)v.bytes.size;
        const char *at = (const char *)v.bytes.at;
        if (p && p->argc < 10)
            snprintf(p->argv[p->argc++], DOOR_TEXT_MAX, "%.*s", size, at);
        int n = snprintf(text + used, DOOR_TEXT_MAX - used, "%s%.*s", used ? " " : "", size, at);
        used += (size_t)n;
        if (used >= DOOR_TEXT_MAX)
            return;
    }
}

static bool is_seal(const struct muster_effect *e)
{
    return e->kind == MUSTER_OUT_ACTION && e->action.attempt == 0;
}

static bool is_awaited(const struct muster_effect *e)
{
    return e->kind == MUSTER_OUT_REQUEST || e->kind == MUSTER_OUT_DISK || is_seal(e);
}

static void await(struct door *d, const struct muster_effect *e, char *text)
{
    struct door_pending *p = d->pending;
    while (p < d->pending + DOOR_PENDING && p->used)
        p++;
    assert(p < d->pending + DOOR_PENDING);
    memset(p, 0, sizeof *p);
    p->used = true;
    p->effect = *e;
    bool ledger = e->kind == MUSTER_OUT_DISK && e->disk.file == MUSTER_LEDGER_FILE;
    bool history = e->kind == MUSTER_OUT_DISK && e->disk.file != MUSTER_SLOT_FILE && !ledger;
    uint64_t kind = e->tag & 0xff;
    assert(history || is_seal(e) || (kind > 0 && kind < DOOR_KINDS));
    p->answer = is_seal(e) ? d->seals : history ? DOOR_NORMAL : d->answer[kind];
    if (history && e->disk.operation == MUSTER_DISK_SYNC)
        p->answer = d->history_sync;
    if (is_seal(e) ||
        (e->kind == MUSTER_OUT_REQUEST && e->request.endpoint == MUSTER_ENDPOINT_STORE))
        words_of(e, p, text);
    p->due = d->now + DOOR_ROUND_TRIP;
    bool lost = p->answer == DOOR_LOSE || p->answer == DOOR_LOSE_REPLY;
    if (lost && e->kind == MUSTER_OUT_REQUEST)
        p->due = d->now + d->config.request_timeout;
    if (p->answer == DOOR_HANG ||
        (!history && !is_seal(e) && kind == MUSTER_ASK_SUBSCRIBE && !p->answer))
        p->due = MUSTER_NEVER;
    if (e->kind == MUSTER_OUT_DISK && e->disk.operation == MUSTER_DISK_WRITE && !history) {
        uint8_t *disk = ledger ? d->ledger : d->disk;
        uint32_t *size = ledger ? &d->ledger_size : &d->disk_size;
        bool written = p->answer == DOOR_NORMAL;
        assert(e->disk.offset + e->data.size <= (ledger ? sizeof d->ledger : sizeof d->disk));
        if (written)
            memcpy(disk + e->disk.offset, e->data.at, e->data.size);
        if (written && *size < e->disk.offset + e->data.size)
            *size = (uint32_t)(e->disk.offset + e->data.size);
    }
}

static void take_effects(struct door *d)
{
    for (uint32_t i = 0; i < d->out.count; i++) {
        const struct muster_effect *e = &d->out.at[i];
        assert(d->logged < DOOR_LOG_MAX);
        struct door_entry *entry = &d->log[d->logged++];
        entry->at = d->now;
        entry->effect = *e;
        entry->effect.data = (struct muster_bytes){NULL, 0};
        entry->text[0] = 0;
        if (is_awaited(e))
            await(d, e, entry->text);
        else if (e->kind == MUSTER_OUT_NOTE)
            snprintf(entry->text, DOOR_TEXT_MAX, "%.*s", (int)e->data.size,
                     e->data.at ? (const char *)e->data.at : "");
        else if (e->kind == MUSTER_OUT_ACTION)
            words_of(e, NULL, entry->text);
    }
}

/* ---- inputs ---- */

void door_input(struct door *d, struct muster_input *in)
{
    in->now = d->now;
    d->out.count = d->out.used = 0;
    muster_node_handle(d->node, in, &d->out);
    take_effects(d);
}

void door_timer(struct door *d)
{
    struct muster_input in = {.kind = MUSTER_IN_TIMER};
    door_input(d, &in);
    d->spins += muster_node_deadline(d->node) <= d->now;
}

void door_command(struct door *d, uint64_t verb, const char *text)
{
    struct muster_input in = {.kind = MUSTER_IN_COMMAND, .data = muster_text_bytes(text)};
    in.command.verb = verb;
    door_input(d, &in);
}

void door_push(struct door *d, const char *payload)
{
    uint8_t room[256];
    struct muster_flat_writer w;
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_array(&w, 3);
    put(&w, "message");
    put(&w, "{muster:muster}:state");
    put(&w, payload);
    struct muster_input in = {.kind = MUSTER_IN_PUSH, .data = muster_flat_written(&w)};
    door_input(d, &in);
}

void door_end_action(struct door *d, uint64_t tag, uint64_t attempt, uint64_t result,
                     uint64_t epoch)
{
    struct muster_input in = {.kind = MUSTER_IN_ACTION, .tag = tag};
    in.action.result = result;
    in.action.attempt = attempt;
    in.action.epoch = epoch;
    door_input(d, &in);
}

static void answer_disk(struct door *d, const struct door_pending *p)
{
    struct muster_input in = {.kind = MUSTER_IN_DISK, .tag = p->effect.tag};
    in.disk.operation = p->effect.disk.operation;
    in.disk.file = p->effect.disk.file;
    if (p->answer == DOOR_REFUSE)
        in.status = MUSTER_STATUS_NOSPACE;
    else if (p->answer != DOOR_NORMAL)
        in.status = MUSTER_STATUS_IOERROR;
    else if (p->effect.disk.operation == MUSTER_DISK_READ && in.disk.file == MUSTER_SLOT_FILE)
        in.data = (struct muster_bytes){d->disk, d->disk_size};
    else if (p->effect.disk.operation == MUSTER_DISK_READ && in.disk.file == MUSTER_LEDGER_FILE &&
             p->effect.disk.offset < d->ledger_size)
        in.data = (struct muster_bytes){d->ledger + p->effect.disk.offset,
                                        d->ledger_size - p->effect.disk.offset > 4096
                                            ? 4096
                                            : d->ledger_size - p->effect.disk.offset};
    door_input(d, &in);
}

static void answer_seal(struct door *d, const struct door_pending *p)
{
    bool knows_higher = p->answer == DOOR_RAW;
    uint64_t result = p->answer == DOOR_NORMAL ? MUSTER_RESULT_SUCCESS
                      : knows_higher           ? MUSTER_RESULT_FENCED
                                               : MUSTER_RESULT_FAILED;
    door_end_action(d, p->effect.tag, 0, result, knows_higher ? d->seal_epoch : 0);
}

static void answer(struct door *d, struct door_pending *pending)
{
    static struct door_pending copy;
    static uint8_t room[8192];
    struct muster_flat_writer w;
    copy = *pending;
    pending->used = false;
    if (copy.effect.kind == MUSTER_OUT_DISK) {
        answer_disk(d, &copy);
        return;
    }
    if (copy.effect.kind == MUSTER_OUT_ACTION) {
        answer_seal(d, &copy);
        return;
    }
    struct muster_input in = {.kind = MUSTER_IN_REPLY, .tag = copy.effect.tag};
    in.reply.endpoint = copy.effect.request.endpoint;
    muster_flat_writer_init(&w, room, sizeof room);
    if (copy.answer == DOOR_ERROR)
        muster_flat_text(&w, MUSTER_FLAT_ERROR, d->error);
    else if (in.reply.endpoint == MUSTER_ENDPOINT_HEALTH)
        muster_flat_text(&w, MUSTER_FLAT_BULK, d->health);
    else if (copy.answer == DOOR_NORMAL || copy.answer == DOOR_LOSE_REPLY)
        execute(d, &copy, &w);
    in.data = copy.answer == DOOR_RAW ? d->raw : muster_flat_written(&w);
    if (copy.answer == DOOR_REFUSE)
        in.status = MUSTER_STATUS_REFUSED;
    else if (copy.answer == DOOR_LOSE || copy.answer == DOOR_LOSE_REPLY)
        in.status = MUSTER_STATUS_UNKNOWN;
    if (in.status != MUSTER_STATUS_OK)
        in.data = (struct muster_bytes){NULL, 0};
    door_input(d, &in);
}

void door_release(struct door *d, uint64_t kind, enum door_answer how)
{
    for (uint32_t i = 0; i < DOOR_PENDING; i++) {
        struct door_pending *p = &d->pending[i];
        if (p->used && (p->effect.tag & 0xff) == kind) {
            p->answer = how;
            answer(d, p);
            return;
        }
    }
    assert(!"such a request is under way");
}

/* ---- time ---- */

static struct door_pending *next_due(struct door *d)
{
    struct door_pending *first = NULL;
    for (uint32_t i = 0; i < DOOR_PENDING; i++) {
        struct door_pending *p = &d->pending[i];
        bool sooner = !first || p->due < first->due ||
                      (p->due == first->due && p->effect.tag < first->effect.tag);
        if (p->used && p->due != MUSTER_NEVER && sooner)
            first = p;
    }
    return first;
}

void door_run(struct door *d, muster_time until)
{
    for (uint32_t turns = 0; turns < 20000; turns++) {
        struct door_pending *p = next_due(d);
        muster_time due = p ? p->due : MUSTER_NEVER;
        muster_time deadline = muster_node_deadline(d->node);
        bool spun = deadline <= d->now && turns > 0 && d->spins > 0;
        if (spun && due != MUSTER_NEVER)
            deadline = due + 1; /* counted already; go on */
        muster_time next = muster_time_min(due, deadline);
        if (next > until || (spun && due == MUSTER_NEVER))
            break;
        d->now = muster_time_max(d->now, next);
        if (p && due <= deadline)
            answer(d, p);
        else
            door_timer(d);
    }
    d->now = muster_time_max(d->now, until);
}

/* ---- looking back ---- */

void door_mark(struct door *d)
{
    d->logged = 0;
}

const struct door_entry *door_note(const struct door *d, enum muster_note note)
{
    for (uint32_t i = d->logged; i-- > 0;)
        if (d->log[i].effect.kind == MUSTER_OUT_NOTE && d->log[i].effect.note == note)
            return &d->log[i];
    return NULL;
}

const struct door_entry *door_effect(const struct door *d, enum muster_effect_kind kind)
{
    for (uint32_t i = d->logged; i-- > 0;)
        if (d->log[i].effect.kind == kind && !is_seal(&d->log[i].effect))
            return &d->log[i];
    return NULL;
}

uint32_t door_seals(const struct door *d)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->logged; i++)
        n += is_seal(&d->log[i].effect);
    return n;
}

static bool is_request(const struct door_entry *e, const char *begin)
{
    return e->effect.kind == MUSTER_OUT_REQUEST && strncmp(e->text, begin, strlen(begin)) == 0;
}

const struct door_entry *door_request(const struct door *d, const char *begin)
{
    for (uint32_t i = d->logged; i-- > 0;)
        if (is_request(&d->log[i], begin))
            return &d->log[i];
    return NULL;
}

uint32_t door_requests(const struct door *d, const char *begin)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->logged; i++)
        n += is_request(&d->log[i], begin);
    return n;
}

uint32_t door_notes(const struct door *d, enum muster_note note)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < d->logged; i++)
        n += d->log[i].effect.kind == MUSTER_OUT_NOTE && d->log[i].effect.note == note;
    return n;
}

bool door_says(const struct door *d, const char *text)
{
    char room[1024];
    (void)muster_node_describe(d->node, room, sizeof room);
    return strstr(room, text) != NULL;
}
