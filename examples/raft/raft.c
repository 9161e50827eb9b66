/* SPDX-License-Identifier: Apache-2.0 */
/* The Raft state machine: one door, no clock, no memory, nothing but what comes in. */
#include "examples/raft/raft.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum file { STATE_FILE, LOG_FILE };

#define BATCH_MAX   2  /* entries in a datagram */
#define APPLY_MAX   16 /* entries applied at a time */
#define SLOT        64 /* bytes of term and vote, and of an entry, on disk */
#define ENTRY_WORDS (1 + RAFT_TEXT_SIZE / 8)
#define LOAD_TAG    UINT64_MAX

uint64_t raft_text_hash(const char text[RAFT_TEXT_SIZE])
{
    struct muster_digest d = {0};
    muster_digest_bytes(&d, text, RAFT_TEXT_SIZE);
    return d.hash;
}

/* ---- bytes: little-endian words, whatever the machine ---- */

static void put_word(uint8_t *at, uint64_t word)
{
    for (int i = 0; i < 8; i++)
        at[i] = (uint8_t)(word >> 8 * i);
}

uint64_t raft_word(struct muster_bytes data, size_t i)
{
    uint64_t word = 0;
    for (size_t k = 0; k < 8 && (i + 1) * 8 <= data.size; k++)
        word |= (uint64_t)data.at[i * 8 + k] << 8 * k;
    return word;
}

static uint64_t checksum(const uint8_t slot[SLOT])
{
    struct muster_digest d = {0};
    muster_digest_bytes(&d, slot, SLOT - 8);
    return d.hash;
}

/* The slot at an offset; false when it is not whole: never written, or torn. */
static bool slot_at(struct muster_bytes data, size_t offset, struct muster_bytes *slot)
{
    if (offset + SLOT > data.size)
        return false;
    *slot = (struct muster_bytes){data.at + offset, SLOT};
    return raft_word(*slot, SLOT / 8 - 1) == checksum(slot->at);
}

/* ---- small things ---- */

static uint64_t quorum(const struct raft *m)
{
    return m->place.count / 2 + 1;
}

static uint64_t last_term(const struct raft *m)
{
    return m->log[m->length].term;
}

static void note(struct muster_effects *out, uint16_t number, uint64_t a, uint64_t b, uint64_t c,
                 const char *text)
{
    muster_effects_note(out, number, (uint64_t[4]){a, b, c}, text);
}

static void wait_for_leader(struct raft *m, muster_time now)
{
    m->due = now + muster_random_between(&m->random, m->config->election, 2 * m->config->election);
}

static void send(struct muster_effects *out, uint64_t to, enum raft_message type,
                 const uint64_t *words, size_t count)
{
    uint8_t bytes[8 * (5 + BATCH_MAX * ENTRY_WORDS)];
    for (size_t i = 0; i < count; i++)
        put_word(bytes + 8 * i, words[i]);
    struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_SEND);
    e->send.to = to;
    e->send.type = type;
    muster_effects_data(out, e, bytes, 8 * count);
}

static void send_words(struct muster_effects *out, uint64_t to, enum raft_message type, uint64_t a,
                       uint64_t b, uint64_t c)
{
    send(out, to, type, (uint64_t[]){a, b, c}, 3);
}

/* ---- the disk ---- */

static struct muster_effect *disk(struct muster_effects *out, enum muster_disk_operation operation,
                                  enum file file, uint64_t offset)
{
    struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_DISK);
    e->disk.operation = operation;
    e->disk.file = file;
    e->disk.offset = offset;
    return e;
}

static void write_slot(struct muster_effects *out, enum file file, uint64_t index,
                       uint8_t bytes[SLOT])
{
    put_word(bytes + SLOT - 8, checksum(bytes));
    muster_effects_data(out, disk(out, MUSTER_DISK_WRITE, file, index * SLOT), bytes, SLOT);
}

/* Two slots in turn: a torn write spoils the one that nobody relies on yet. */
static void write_term(struct raft *m, struct muster_effects *out)
{
    uint8_t bytes[SLOT] = {0};
    m->sequence++;
    put_word(bytes, m->sequence);
    put_word(bytes + 8, m->term);
    put_word(bytes + 16, m->vote);
    write_slot(out, STATE_FILE, m->sequence % 2, bytes);
}

/* An entry says the term of the one before it, so that what stands behind a log that was cut is not
 * taken for a part of it. */
static void write_entry(const struct raft *m, uint64_t index, struct muster_effects *out)
{
    uint8_t bytes[SLOT] = {0};
    put_word(bytes, m->log[index].term);
    put_word(bytes + 8, m->log[index - 1].term);
    memcpy(bytes + 16, m->log[index].text, RAFT_TEXT_SIZE);
    write_slot(out, LOG_FILE, index - 1, bytes);
}

/* Everything that has changed, at the end of an input. The last sync says which save it ends. */
static void save(struct raft *m, struct muster_effects *out)
{
    struct muster_effect *last = NULL;
    if (m->changed_term) {
        write_term(m, out);
        last = disk(out, MUSTER_DISK_SYNC, STATE_FILE, 0);
    }
    if (m->changed_from > 0 && m->changed_from <= m->length) {
        for (uint64_t i = m->changed_from; i <= m->length; i++)
            write_entry(m, i, out);
        last = disk(out, MUSTER_DISK_SYNC, LOG_FILE, 0);
    }
    if (last)
        last->tag = ++m->saves << 16 | m->length;
    m->changed_term = false;
    m->changed_from = 0;
}

static void changed_term(struct raft *m)
{
    m->changed_term = true;
    m->term_save = m->saves + 1;
}

static bool term_is_durable(const struct raft *m)
{
    return m->saved >= m->term_save;
}

/* ---- the log ---- */

static void put_entry(struct raft *m, uint64_t term, const char *text, struct muster_effects *out)
{
    struct raft_entry *e = &m->log[++m->length];
    e->term = term;
    memcpy(e->text, text, RAFT_TEXT_SIZE);
    if (m->changed_from == 0)
        m->changed_from = m->length;
    note(out, RAFT_LOGGED, m->length, term, 0, NULL);
}

static void cut_log(struct raft *m, uint64_t length, struct muster_effects *out)
{
    m->length = length;
    if (m->durable > length)
        m->durable = length;
    m->cut_save = m->saves;
    if (m->changed_from > length)
        m->changed_from = 0;
    note(out, RAFT_CUT, length, 0, 0, NULL);
}

static void apply(struct raft *m, struct muster_effects *out)
{
    for (int i = 0; i < APPLY_MAX && m->applied < m->commit && m->applied < m->length; i++) {
        const struct raft_entry *e = &m->log[++m->applied];
        note(out, RAFT_APPLIED, m->applied, e->term, raft_text_hash(e->text), e->text);
    }
}

/* ---- the leader ---- */

static void send_append(struct raft *m, uint64_t to, struct muster_effects *out)
{
    uint64_t words[5 + BATCH_MAX * ENTRY_WORDS], count = 0;
    uint64_t before = m->next[to] - 1;
    for (uint64_t i = before + 1; i <= m->length && count < BATCH_MAX; i++, count++) {
        uint64_t *at = words + 5 + count * ENTRY_WORDS;
        at[0] = m->log[i].term;
        for (size_t k = 1; k < ENTRY_WORDS; k++)
            at[k] =
                raft_word((struct muster_bytes){(const uint8_t *)m->log[i].text, RAFT_TEXT_SIZE},
                          k - 1);
    }
    words[0] = m->term;
    words[1] = before;
    words[2] = m->log[before].term;
    words[3] = m->commit;
    words[4] = count;
    send(out, to, RAFT_APPEND, words, 5 + count * ENTRY_WORDS);
}

static void send_appends(struct raft *m, muster_time now, struct muster_effects *out)
{
    for (uint32_t i = 0; i < m->place.count; i++)
        if (i != m->place.index)
            send_append(m, i, out);
    m->due = now + m->config->heartbeat;
}

static void append(struct raft *m, struct muster_bytes text, muster_time now,
                   struct muster_effects *out)
{
    char kept[RAFT_TEXT_SIZE] = {0};
    if (m->length >= RAFT_LOG_MAX - (text.size > 0 ? RAFT_LOG_KEPT : 0)) {
        note(out, RAFT_REFUSED, m->term, 0, 0, "the log is full");
        return;
    }
    if (text.size > 0)
        memcpy(kept, text.at, text.size < sizeof kept ? text.size : sizeof kept - 1);
    put_entry(m, m->term, kept, out);
    send_appends(m, now, out);
}

static void lead(struct raft *m, muster_time now, struct muster_effects *out)
{
    m->role = RAFT_LEADER;
    m->leader = m->place.index + 1;
    for (uint32_t i = 0; i < m->place.count; i++) {
        m->next[i] = m->length + 1;
        m->match[i] = 0;
    }
    m->load_at = m->config->load > 0 ? now + m->config->load : MUSTER_NEVER;
    note(out, RAFT_ELECTED, m->term, 0, 0, NULL);
    note(out, MUSTER_NOTE_LEADER_ELECTED, m->term, 0, now, NULL);
    append(m, (struct muster_bytes){0}, now, out); /* commits what earlier terms left behind */
}

/* An entry of an older term is not committed by counting: a later leader could still replace it
 * (figure 8 of the paper). */
static void advance_commit(struct raft *m)
{
    for (uint64_t n = m->length; n > m->commit && m->log[n].term == m->term; n--) {
        uint64_t count = m->durable >= n;
        for (uint32_t i = 0; i < m->place.count; i++)
            count += i != m->place.index && m->match[i] >= n;
        if (count >= quorum(m)) {
            m->commit = n;
            return;
        }
    }
}

static void on_appended(struct raft *m, uint64_t from, struct muster_bytes data,
                        struct muster_effects *out)
{
    uint64_t index = raft_word(data, 2);
    bool matches = raft_word(data, 1) != 0;
    if (m->role != RAFT_LEADER || raft_word(data, 0) != m->term || index > m->length)
        return;
    if (matches && index > m->match[from]) {
        m->match[from] = index;
        m->next[from] = index + 1;
        advance_commit(m);
    } else if (!matches && index + 1 < m->next[from] && index >= m->match[from]) {
        m->next[from] = index + 1;
    } else {
        return; /* nothing new: what is missing goes out with the next heartbeat */
    }
    if (m->next[from] <= m->length)
        send_append(m, from, out);
}

/* ---- elections ---- */

/* Whoever hears of a later term follows in it. */
static void adopt_term(struct raft *m, uint64_t term, muster_time now, struct muster_effects *out)
{
    if (term <= m->term)
        return;
    if (m->role == RAFT_LEADER) {
        note(out, MUSTER_NOTE_LEADER_LOST, m->term, 0, 0, NULL);
        wait_for_leader(m, now);
    }
    m->role = RAFT_FOLLOWER;
    m->term = term;
    m->vote = m->leader = m->matched = 0;
    m->owes_answer = false;
    changed_term(m);
}

static void campaign(struct raft *m, muster_time now)
{
    m->role = RAFT_CANDIDATE;
    m->term++;
    m->vote = m->place.index + 1;
    m->leader = m->matched = m->votes = 0;
    m->owes_answer = false;
    changed_term(m);
    wait_for_leader(m, now);
}

static void count_vote(struct raft *m, uint64_t from, muster_time now, struct muster_effects *out)
{
    m->votes |= UINT64_C(1) << from;
    if ((uint64_t)__builtin_popcountll(m->votes) >= quorum(m))
        lead(m, now, out);
}

/* Term and vote are on disk: only now may anybody hear of them. */
static void on_term_durable(struct raft *m, muster_time now, struct muster_effects *out)
{
    if (m->vote == 0)
        return;
    note(out, RAFT_VOTED, m->term, m->vote - 1, 0, NULL);
    if (m->vote != m->place.index + 1) {
        send_words(out, m->vote - 1, RAFT_VOTE, m->term, 1, 0);
    } else if (m->role == RAFT_CANDIDATE) {
        for (uint32_t i = 0; i < m->place.count; i++)
            if (i != m->place.index)
                send_words(out, i, RAFT_VOTE_ASK, m->term, m->length, last_term(m));
        count_vote(m, m->place.index, now, out);
    }
}

static void on_vote_ask(struct raft *m, uint64_t from, struct muster_bytes data, muster_time now,
                        struct muster_effects *out)
{
    uint64_t index = raft_word(data, 1), term = raft_word(data, 2);
    bool complete = term > last_term(m) || (term == last_term(m) && index >= m->length);
    if (raft_word(data, 0) < m->term || !complete || (m->vote != 0 && m->vote != from + 1)) {
        send_words(out, from, RAFT_VOTE, m->term, 0, 0);
    } else if (m->vote == 0) {
        m->vote = from + 1;
        changed_term(m);
        wait_for_leader(m, now);
    } else if (term_is_durable(m)) {
        send_words(out, from, RAFT_VOTE, m->term, 1,
                   0); /* it asks again: the first answer was lost */
    }
}

static void on_vote(struct raft *m, uint64_t from, struct muster_bytes data, muster_time now,
                    struct muster_effects *out)
{
    if (m->role == RAFT_CANDIDATE && raft_word(data, 0) == m->term && raft_word(data, 1) != 0)
        count_vote(m, from, now, out);
}

/* ---- the follower ---- */

/* Says what is both the leader's and durable, in a term that is durable. */
static void answer(struct raft *m, struct muster_effects *out)
{
    uint64_t index = m->matched < m->durable ? m->matched : m->durable;
    if (!m->owes_answer || m->role != RAFT_FOLLOWER || !term_is_durable(m))
        return;
    m->owes_answer = index < m->matched;
    send_words(out, m->leader - 1, RAFT_APPENDED, m->term, 1, index);
}

/* Only what contradicts the leader's log is cut off: an append may be old and overtaken. */
static void take_entries(struct raft *m, uint64_t before, struct muster_bytes data,
                         struct muster_effects *out)
{
    uint64_t count = raft_word(data, 4);
    for (uint64_t i = 0; i < count && i < BATCH_MAX && before + i < RAFT_LOG_MAX; i++) {
        size_t at = 5 + (size_t)i * ENTRY_WORDS;
        uint64_t term = raft_word(data, at), index = before + 1 + i;
        if (index <= m->length && m->log[index].term == term)
            continue;
        if (index <= m->length)
            cut_log(m, index - 1, out);
        put_entry(m, term, (const char *)data.at + (at + 1) * 8, out);
    }
    if (before + count > m->matched)
        m->matched = before + count;
}

static void on_append(struct raft *m, uint64_t from, struct muster_bytes data, muster_time now,
                      struct muster_effects *out)
{
    uint64_t before = raft_word(data, 1), count = raft_word(data, 4), commit = raft_word(data, 3);
    if (raft_word(data, 0) < m->term) {
        send_words(out, from, RAFT_APPENDED, m->term, 0, 0);
        return;
    }
    if (m->role == RAFT_LEADER || count > BATCH_MAX ||
        data.size != 8 * (5 + (size_t)count * ENTRY_WORDS))
        return; /* a second leader of a term, or no message of ours: properties tell */
    m->role = RAFT_FOLLOWER;
    m->leader = from + 1;
    wait_for_leader(m, now);
    if (before > m->length || m->log[before].term != raft_word(data, 2)) {
        uint64_t hint = before > m->length ? m->length : before - 1;
        send_words(out, from, RAFT_APPENDED, m->term, 0, hint);
        return;
    }
    take_entries(m, before, data, out);
    if (commit > m->matched)
        commit = m->matched;
    if (commit > m->commit)
        m->commit = commit;
    m->owes_answer = true;
    answer(m, out);
}

/* ---- start and disk ---- */

static void load_term(struct raft *m, struct muster_bytes data)
{
    for (size_t i = 0; i < 2; i++) {
        struct muster_bytes slot;
        if (!slot_at(data, i * SLOT, &slot) || raft_word(slot, 0) <= m->sequence)
            continue;
        m->sequence = raft_word(slot, 0);
        m->term = raft_word(slot, 1);
        m->vote = raft_word(slot, 2);
    }
}

/* Entries as far as they are whole and follow on one another; true when there may be more. */
static bool load_entries(struct raft *m, struct muster_bytes data)
{
    struct muster_bytes slot;
    size_t at = 0;
    for (; slot_at(data, at, &slot) && m->length < RAFT_LOG_MAX; at += SLOT) {
        if (raft_word(slot, 1) != last_term(m) || raft_word(slot, 0) < last_term(m))
            return false;
        struct raft_entry *e = &m->log[++m->length];
        e->term = raft_word(slot, 0);
        memcpy(e->text, slot.at + 16, RAFT_TEXT_SIZE);
    }
    return at == MUSTER_DISK_READ_MAX && m->length < RAFT_LOG_MAX;
}

static void load(struct raft *m, const struct muster_input *in, struct muster_effects *out)
{
    if (in->disk.file == STATE_FILE)
        load_term(m, in->data);
    if (in->disk.file == STATE_FILE || load_entries(m, in->data)) {
        disk(out, MUSTER_DISK_READ, LOG_FILE, m->length * SLOT)->tag = LOAD_TAG;
        return;
    }
    m->role = RAFT_FOLLOWER;
    m->durable = m->length;
    note(out, RAFT_LOADED, m->length, m->term, m->vote, NULL);
    wait_for_leader(m, in->now);
}

static void on_saved(struct raft *m, uint64_t tag, muster_time now, struct muster_effects *out)
{
    bool was_durable = term_is_durable(m);
    m->saved = tag >> 16;
    if (m->saved > m->cut_save)
        m->durable = tag & 0xffff;
    if (!was_durable && term_is_durable(m))
        on_term_durable(m, now, out);
    if (m->role == RAFT_LEADER)
        advance_commit(m);
    answer(m, out);
}

static void on_disk(struct raft *m, const struct muster_input *in, struct muster_effects *out)
{
    if (in->status != MUSTER_STATUS_OK) {
        if (m->role == RAFT_LEADER)
            note(out, MUSTER_NOTE_LEADER_LOST, m->term, 0, 0, NULL);
        m->role = RAFT_HALTED;
        note(out, RAFT_STOPPED_BY_DISK, in->status, 0, 0, NULL);
    } else if (m->role == RAFT_LOADING) {
        load(m, in, out);
    } else if (in->tag != 0) {
        on_saved(m, in->tag, in->now, out);
    }
}

/* ---- the door ---- */

static void on_message(struct raft *m, const struct muster_input *in, struct muster_effects *out)
{
    uint64_t from = in->message.from;
    if (from >= m->place.count || in->data.size < 8)
        return;
    adopt_term(m, raft_word(in->data, 0), in->now, out);
    switch ((enum raft_message)in->message.type) {
    case RAFT_VOTE_ASK:
        on_vote_ask(m, from, in->data, in->now, out);
        break;
    case RAFT_VOTE:
        on_vote(m, from, in->data, in->now, out);
        break;
    case RAFT_APPEND:
        on_append(m, from, in->data, in->now, out);
        break;
    case RAFT_APPENDED:
        on_appended(m, from, in->data, out);
        break;
    }
}

static void on_timer(struct raft *m, muster_time now, struct muster_effects *out)
{
    char text[RAFT_TEXT_SIZE];
    if (m->role == RAFT_LEADER && now >= m->load_at) {
        m->load_at = now + m->config->load;
        snprintf(text, sizeof text, "command.%08" PRIu64 ".n%" PRIu32, m->length + 1,
                 m->place.index + 1);
        append(m, (struct muster_bytes){(const uint8_t *)text, strlen(text)}, now, out);
    }
    if (now < m->due)
        return;
    if (m->role == RAFT_LEADER)
        send_appends(m, now, out);
    else
        campaign(m, now);
}

void raft_handle(void *self, const struct muster_input *in, struct muster_effects *out)
{
    struct raft *m = self;
    if (in->kind == MUSTER_IN_START) {
        m->random.state = in->start.seed;
        disk(out, MUSTER_DISK_READ, STATE_FILE, 0)->tag = LOAD_TAG;
    } else if (m->role == RAFT_HALTED) {
        return;
    } else if (in->kind == MUSTER_IN_DISK) {
        on_disk(m, in, out);
    } else if (m->role == RAFT_LOADING) {
        return;
    } else if (in->kind == MUSTER_IN_TIMER) {
        on_timer(m, in->now, out);
    } else if (in->kind == MUSTER_IN_MESSAGE) {
        on_message(m, in, out);
    } else if (in->kind == MUSTER_IN_COMMAND && in->command.verb == MUSTER_VERB_CUSTOM) {
        if (m->role == RAFT_LEADER)
            append(m, in->data, in->now, out);
        else
            note(out, RAFT_REFUSED, m->term, 0, 0, "not the leader");
    }
    apply(m, out);
    save(m, out);
}

muster_time raft_deadline(const void *self)
{
    const struct raft *m = self;
    if (m->role == RAFT_LOADING || m->role == RAFT_HALTED)
        return MUSTER_NEVER;
    if (m->applied < m->commit && m->applied < m->length)
        return 0;
    return m->role == RAFT_LEADER ? muster_time_min(m->due, m->load_at) : m->due;
}
