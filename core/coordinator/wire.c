/* SPDX-License-Identifier: Apache-2.0 */
/* Records, keys and scripts of the native wire format. */
#include "core/coordinator/wire.h"

#include <assert.h>

/* ---- writing ---- */

static void add_word(struct muster_text *t, uint64_t v)
{
    muster_text_add(t, " ");
    muster_text_add_u64(t, v);
}

static void add_hex(struct muster_text *t, uint64_t v)
{
    muster_text_add(t, " ");
    muster_text_add_hex(t, v, 1);
}

static void add_incarnation(struct muster_text *t, struct muster_incarnation i)
{
    muster_text_add(t, " ");
    muster_text_add_hex(t, i.high, 16);
    muster_text_add_hex(t, i.low, 16);
}

void muster_leader_record_write(const struct muster_leader_record *r, struct muster_text *t)
{
    muster_text_add(t, r->released ? "R" : "H");
    add_word(t, r->pair.epoch);
    add_hex(t, r->pair.attempt);
    add_word(t, r->counter);
    muster_text_add(t, " ");
    muster_text_add(t, r->id);
    add_incarnation(t, r->incarnation);
    if (!r->released) {
        add_word(t, r->replaced.epoch);
        add_hex(t, r->replaced.attempt);
    } else if (r->successor[0]) {
        muster_text_add(t, " ");
        muster_text_add(t, r->successor);
    }
}

void muster_member_record_write(const struct muster_member_record *r, struct muster_text *t)
{
    const char state[] = {' ', (char)r->state, 0};
    muster_text_add(t, "V");
    muster_text_add(t, state);
    add_incarnation(t, r->incarnation);
    muster_text_add(t, " ");
    muster_text_add_hex(t, r->electorate, 16);
    add_word(t, r->sequence);
    add_word(t, r->promise.epoch);
    add_hex(t, r->promise.attempt);
    add_word(t, r->echo);
    add_word(t, r->known);
    add_word(t, r->circuit);
    add_word(t, r->mode);
    add_word(t, r->score);
    add_word(t, r->failed);
    add_word(t, r->generation);
    add_word(t, r->settled);
    if (r->pause.epoch == 0 && r->ledger.epoch == 0)
        return;
    add_word(t, r->pause.epoch);
    add_word(t, r->pause.count);
    if (r->ledger.epoch == 0)
        return;
    add_word(t, r->ledger.epoch);
    add_word(t, r->ledger.count);
}

void muster_decision_record_write(const struct muster_decision_record *r, struct muster_text *t)
{
    muster_text_add(t, "D");
    add_word(t, r->epoch);
    add_word(t, r->sequence);
    add_word(t, r->circuit);
    add_word(t, r->mode);
    add_word(t, r->votes);
}

/* ---- reading: one pass, one cursor, one sticky error ----
 *
 * Records are read at every poll by every member: fields stand behind exactly one blank each, and
 * every byte is looked at once. */

struct cursor {
    const uint8_t *at, *end;
    bool bad;
};

/* Step over the blank before a field. */
static void step(struct cursor *c)
{
    if (c->at < c->end && *c->at == ' ')
        c->at++;
    else
        c->bad = true;
}

static struct muster_bytes take(struct cursor *c)
{
    step(c);
    const uint8_t *first = c->at;
    while (c->at < c->end && *c->at != ' ')
        c->at++;
    if (c->at == first)
        c->bad = true;
    return (struct muster_bytes){first, (size_t)(c->at - first)};
}

/* A number that began at `first` has digits, and no zeros before them. */
static void end_number(struct cursor *c, const uint8_t *first)
{
    if (c->at == first || (*first == '0' && c->at - first > 1))
        c->bad = true;
}

static uint64_t take_word(struct cursor *c)
{
    uint64_t v = 0;
    step(c);
    const uint8_t *first = c->at;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
        uint64_t digit = (uint64_t)(*c->at - '0');
        if (v > UINT64_MAX / 10 || (v == UINT64_MAX / 10 && digit > UINT64_MAX % 10))
            c->bad = true;
        v = v * 10 + digit;
    }
    end_number(c, first);
    return v;
}

/* Up to `most` (at most 16) hexadecimal digits, lower case as we write them. */
static uint64_t take_digits(struct cursor *c, uint32_t most)
{
    uint64_t v = 0;
    for (uint32_t n = 0; n < most && c->at < c->end; n++, c->at++) {
        uint8_t b = *c->at;
        if (b >= '0' && b <= '9')
            v = v << 4 | (uint64_t)(b - '0');
        else if (b >= 'a' && b <= 'f')
            v = v << 4 | (uint64_t)(b - 'a' + 10);
        else
            break;
    }
    return v;
}

static uint64_t take_hex(struct cursor *c)
{
    step(c);
    const uint8_t *first = c->at;
    uint64_t v = take_digits(c, 16);
    end_number(c, first);
    return v;
}

static struct muster_incarnation take_incarnation(struct cursor *c)
{
    struct muster_incarnation i;
    step(c);
    const uint8_t *first = c->at;
    i.high = take_digits(c, 16);
    i.low = take_digits(c, 16);
    if (c->at - first != 32)
        c->bad = true;
    return i;
}

static struct cursor begin(struct muster_bytes text, char letter)
{
    if (text.size == 0 || *text.at != (uint8_t)letter)
        return (struct cursor){text.at, text.at, true};
    return (struct cursor){text.at + 1, text.at + text.size, false};
}

static int end(const struct cursor *c)
{
    return c->bad || c->at != c->end ? MUSTER_E_INVALID : 0;
}

static void take_name(struct cursor *c, char name[MUSTER_NAME_MAX + 1])
{
    struct muster_bytes text = take(c);
    if (text.size == 0 || text.size > MUSTER_NAME_MAX || memchr(text.at, 0, text.size))
        c->bad = true;
    else
        memcpy(name, text.at, text.size);
}

int muster_leader_record_parse(struct muster_leader_record *r, struct muster_bytes text)
{
    memset(r, 0, sizeof *r);
    r->released = text.size > 0 && text.at[0] == 'R';
    struct cursor c = begin(text, r->released ? 'R' : 'H');
    r->pair.epoch = take_word(&c);
    r->pair.attempt = take_hex(&c);
    r->counter = take_word(&c);
    take_name(&c, r->id);
    r->incarnation = take_incarnation(&c);
    if (!r->released) {
        r->replaced.epoch = take_word(&c);
        r->replaced.attempt = take_hex(&c);
    } else if (c.at < c.end) {
        take_name(&c, r->successor);
    }
    if (r->pair.epoch == 0 || r->pair.epoch > MUSTER_INTEGER_MAX)
        return MUSTER_E_INVALID;
    return end(&c);
}

/* The pause, and behind it the ledger's version; who has only the latter says "0 0" before it. */
static bool take_kept(struct muster_member_record *r, struct cursor *c)
{
    r->pause.epoch = take_word(c);
    r->pause.count = take_word(c);
    bool more = c->at < c->end;
    if (more) {
        r->ledger.epoch = take_word(c);
        r->ledger.count = take_word(c);
    }
    bool paused = r->pause.epoch > 0 || (more && r->pause.count == 0);
    return paused && (!more || r->ledger.epoch > 0) && r->pause.epoch <= r->known &&
           r->ledger.epoch <= r->known && r->pause.count <= MUSTER_INTEGER_MAX &&
           r->ledger.count <= MUSTER_INTEGER_MAX;
}

/* The fields behind the head: what changes from one publication to the next. */
static int parse_member_rest(struct muster_member_record *r, struct cursor c)
{
    r->sequence = take_word(&c);
    r->promise.epoch = take_word(&c);
    r->promise.attempt = take_hex(&c);
    r->echo = take_word(&c);
    r->known = take_word(&c);
    r->circuit = take_word(&c);
    r->mode = take_word(&c);
    r->score = take_word(&c);
    r->failed = take_word(&c);
    r->generation = take_word(&c);
    r->settled = take_word(&c);
    r->pause = (struct muster_pause){0, 0};
    r->ledger = (struct muster_ledger_version){0, 0};
    if (c.at < c.end && !take_kept(r, &c))
        return MUSTER_E_INVALID;
    if (r->known > MUSTER_INTEGER_MAX || r->promise.epoch > r->known || r->settled > r->generation)
        return MUSTER_E_INVALID;
    return end(&c);
}

int muster_member_record_parse(struct muster_member_record *r, struct muster_bytes text)
{
    memset(r, 0, sizeof *r);
    struct cursor c = begin(text, 'V');
    struct muster_bytes state = take(&c);
    if (state.size != 1 || !memchr("JAUD", state.at[0], 4))
        return MUSTER_E_INVALID;
    r->state = (enum muster_member_state)state.at[0];
    r->incarnation = take_incarnation(&c);
    step(&c);
    const uint8_t *first = c.at;
    r->electorate = take_digits(&c, 16);
    if (c.at - first != 16)
        c.bad = true;
    return parse_member_rest(r, c);
}

int muster_member_record_parse_next(struct muster_member_record *r, struct muster_bytes text)
{
    assert(text.size >= MUSTER_MEMBER_HEAD);
    return parse_member_rest(r, (struct cursor){text.at + MUSTER_MEMBER_HEAD, text.at + text.size,
                                                false});
}

int muster_decision_record_parse(struct muster_decision_record *r, struct muster_bytes text)
{
    memset(r, 0, sizeof *r);
    struct cursor c = begin(text, 'D');
    r->epoch = take_word(&c);
    r->sequence = take_word(&c);
    r->circuit = take_word(&c);
    r->mode = take_word(&c);
    r->votes = take_word(&c);
    return end(&c);
}

/* ---- keys, scripts ---- */

void muster_key(struct muster_text *t, const char *cluster, const char *name)
{
    muster_text_add(t, "{muster:");
    muster_text_add(t, cluster);
    muster_text_add(t, "}:");
    muster_text_add(t, name);
}

void muster_key_of_member(struct muster_text *t, const char *cluster, const char *kind,
                          const char *id)
{
    muster_key(t, cluster, kind);
    muster_text_add(t, ":");
    muster_text_add(t, id);
}

/* %.0f because Lua prints 10^14 as 1e+14. */
static const char acquire[] =
    "local cur = redis.call('GET', KEYS[1])\n"
    "if cur and cur ~= ARGV[5] and string.sub(cur, 1, 1) == 'H' then return cur end\n"
    "local epoch = tonumber(redis.call('GET', KEYS[2]) or '0') or 0\n"
    "local floor = tonumber(ARGV[1])\n"
    "if epoch < floor then epoch = floor end\n"
    "local taken = string.format('%.0f', epoch + 1)\n"
    "local pe, pa\n"
    "if cur then pe, pa = string.match(cur, '^R (%d+) (%x+) ') end\n"
    "redis.call('SET', KEYS[2], taken)\n"
    "local rec = 'H ' .. taken .. ' ' .. ARGV[2] .. ' 0 ' .. ARGV[3] .. ' ' .."
    " (pe or '0') .. ' ' .. (pa or '0')\n"
    "redis.call('SET', KEYS[1], rec, 'PX', ARGV[4])\n"
    "return rec\n";

static const char replace[] = "local cur = redis.call('GET', KEYS[1])\n"
                              "if cur ~= ARGV[1] then return cur end\n"
                              "redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])\n"
                              "return ARGV[2]\n";

static const char work[] = "local n = #ARGV\n"
                           "for i = 2, n - 2, 3 do\n"
                           " local id, old, new = ARGV[i], ARGV[i + 1], ARGV[i + 2]\n"
                           " local cur = redis.call('HGET', KEYS[1], id)\n"
                           " if old == '' then\n"
                           "  if not cur and redis.call('HLEN', KEYS[1]) < tonumber(ARGV[1]) then\n"
                           "   redis.call('HSET', KEYS[1], id, new)\n"
                           "  end\n"
                           " elseif cur and string.sub(cur, 1, #old) == old then\n"
                           "  if new == '' then\n"
                           "   redis.call('HDEL', KEYS[1], id)\n"
                           "  else\n"
                           "   redis.call('HSET', KEYS[1], id, new .. string.sub(cur, #old + 1))\n"
                           "  end\n"
                           " end\n"
                           "end\n"
                           "if ARGV[n] ~= '' then redis.call('PUBLISH', ARGV[n - 1], ARGV[n]) end\n"
                           "return n\n";

static const struct {
    const char *text, *sha1;
} scripts[] = {
    [MUSTER_SCRIPT_ACQUIRE] = {acquire, "45355f684f26c2bcd903325b54447370d0a76e6e"},
    [MUSTER_SCRIPT_REPLACE] = {replace, "e98efc186a29e46648f140a7e9534b54f5676c5a"},
    [MUSTER_SCRIPT_WORK] = {work, "3b6cb0a9a0474f46b40dcdd1195c8db145571837"},
};

const char *muster_script_text(enum muster_script script)
{
    assert(script < MUSTER_SCRIPT_COUNT);
    return scripts[script].text;
}

const char *muster_script_sha1(enum muster_script script)
{
    assert(script < MUSTER_SCRIPT_COUNT);
    return scripts[script].sha1;
}
