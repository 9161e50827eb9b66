/* SPDX-License-Identifier: Apache-2.0 */
/* JSON and scripts of the origin's wire: see astra_wire.h. */
#include "core/coordinator/astra_wire.h"

#include "core/coordinator/slot.h"
#include "core/flat.h"
#include "core/json.h"

#include <assert.h>

/* ---- reading ---- */

/* Which of the words of an enum it is; 0, UNKNOWN, for every other. */
static uint64_t word_of(struct muster_bytes text, const char *(*name)(uint64_t), uint64_t last)
{
    for (uint64_t i = 1; i <= last; i++)
        if (muster_text_equal(text, name(i)))
            return i;
    return 0;
}

static int take_member(struct muster_astra_vote *v, const struct muster_json_member *m,
                       bool *stamped)
{
    bool text = m->kind == MUSTER_JSON_STRING;
    if (muster_text_equal(m->key, "circuit_breaker_state")) {
        v->circuit = (enum muster_circuit_state)(
            text ? word_of(m->value, muster_circuit_text, MUSTER_CIRCUIT_OPEN) : 0);
    } else if (muster_text_equal(m->key, "fallback_mode")) {
        v->mode = (enum muster_fallback_mode)(
            text ? word_of(m->value, muster_mode_text, MUSTER_MODE_SAFE) : 0);
    } else if (muster_text_equal(m->key, "health_score")) {
        return m->kind == MUSTER_JSON_NUMBER ? muster_json_ppm(m->value, &v->score)
                                             : MUSTER_E_INVALID;
    } else if (muster_text_equal(m->key, "timestamp")) {
        *stamped = true;
        v->stamp = muster_slot_hash(MUSTER_SLOT_HASH_START, m->value.at, m->value.size);
    } else {
        return 0;
    }
    return text ? 0 : MUSTER_E_INVALID;
}

int muster_astra_vote_parse(struct muster_astra_vote *v, struct muster_bytes text)
{
    struct muster_json j;
    struct muster_json_member m;
    bool stamped = false;
    memset(v, 0, sizeof *v);
    int error = muster_json_open(&j, text);
    while (!error && !(error = muster_json_next(&j, &m)))
        error = take_member(v, &m, &stamped);
    return error == MUSTER_E_NOTFOUND && stamped ? 0 : MUSTER_E_INVALID;
}

bool muster_astra_time_parse(struct muster_bytes reply, uint64_t *ret_time)
{
    struct muster_flat_reader r;
    struct muster_flat_value v, seconds, rest;
    uint64_t s, us;
    muster_flat_reader_init(&r, reply);
    if (muster_flat_next(&r, &v) != 0 || v.type != MUSTER_FLAT_ARRAY || v.count != 2 ||
        muster_flat_next(&r, &seconds) != 0 || muster_flat_next(&r, &rest) != 0 ||
        muster_text_parse_u64(seconds.bytes, &s) != 0 ||
        muster_text_parse_u64(rest.bytes, &us) != 0)
        return false;
    *ret_time = s <= MUSTER_INTEGER_MAX / 1000000 ? s * 1000000 + us % 1000000 : 0;
    return true;
}

/* ---- writing ---- */

static void add_digits(struct muster_text *t, uint64_t value, uint32_t digits)
{
    char room[24];
    struct muster_text n;
    muster_text_init(&n, room, sizeof room);
    muster_text_add_u64(&n, value);
    for (size_t i = n.length; i < digits; i++)
        muster_text_add(t, "0");
    muster_text_add(t, room);
}

/* Days since 1970 as year, month, day of the Gregorian calendar (Hinnant, civil_from_days): years
 * begin in March there, so that the day that comes and goes is their last. */
static void add_date(struct muster_text *t, uint64_t days)
{
    uint64_t z = days + 719468;
    uint64_t era = z / 146097, day_of_era = z % 146097;
    uint64_t year =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day = day_of_era - (365 * year + year / 4 - year / 100);
    uint64_t month = (5 * day + 2) / 153;
    add_digits(t, year + era * 400 + (month >= 10), 4);
    muster_text_add(t, "-");
    add_digits(t, month < 10 ? month + 3 : month - 9, 2);
    muster_text_add(t, "-");
    add_digits(t, day - (153 * month + 2) / 5 + 1, 2);
}

/* As Python's isoformat writes it, in UTC and without saying so. */
static void add_timestamp(struct muster_text *t, uint64_t wall)
{
    uint64_t second = wall / 1000 % 86400;
    muster_text_add(t, "\"timestamp\": \"");
    add_date(t, wall / 1000 / 86400);
    muster_text_add(t, "T");
    add_digits(t, second / 3600, 2);
    muster_text_add(t, ":");
    add_digits(t, second / 60 % 60, 2);
    muster_text_add(t, ":");
    add_digits(t, second % 60, 2);
    muster_text_add(t, ".");
    add_digits(t, wall % 1000, 3);
    muster_text_add(t, "000\"");
}

static void add_score(struct muster_text *t, uint32_t ppm)
{
    muster_text_add(t, "\"health_score\": ");
    muster_text_add_u64(t, ppm / MUSTER_PPM);
    muster_text_add(t, ".");
    add_digits(t, ppm % MUSTER_PPM, 6);
}

void muster_astra_vote_write(const struct muster_self *self, uint64_t wall, struct muster_text *t)
{
    muster_text_add(t, "{\"circuit_breaker_state\": \"");
    muster_text_add(t, muster_circuit_text(self->circuit));
    muster_text_add(t, "\", \"fallback_mode\": \"");
    muster_text_add(t, muster_mode_text(self->mode));
    muster_text_add(t, "\", ");
    add_score(t, self->score);
    muster_text_add(t, ", ");
    add_timestamp(t, wall);
    muster_text_add(t, "}");
}

/* {"circuit_breaker": …, "fallback": …}: as much of the origin's whole state as is known. */
static void add_state(struct muster_text *t, const struct muster_self *self)
{
    muster_text_add(t, "{\"circuit_breaker\": {\"state\": \"");
    muster_text_add(t, muster_circuit_text(self->circuit));
    muster_text_add(t, "\"}, \"fallback\": {\"mode\": \"");
    muster_text_add(t, muster_mode_text(self->mode));
    muster_text_add(t, "\"}, ");
    add_score(t, self->score);
}

void muster_astra_health_write(const struct muster_self *self, uint64_t wall, struct muster_text *t)
{
    add_state(t, self);
    muster_text_add(t, ", ");
    add_timestamp(t, wall);
    muster_text_add(t, "}");
}

void muster_astra_state_write(const struct muster_self *self, const char *id, bool leads,
                              uint64_t wall, struct muster_text *t)
{
    muster_text_add(t, "{\"instance_id\": \"");
    muster_text_add(t, id); /* a name: nothing in it needs an escape */
    muster_text_add(t, leads ? "\", \"is_leader\": true, " : "\", \"is_leader\": false, ");
    add_timestamp(t, wall);
    muster_text_add(t, ", \"state\": ");
    add_state(t, self);
    muster_text_add(t, "}}");
}

/* ---- scripts ---- */

static const char take[] = "local cur = redis.call('GET', KEYS[1])\n"
                           "if cur and cur ~= ARGV[1] then return cur end\n"
                           "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
                           "return redis.call('TIME')\n";

static const char renew[] = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end\n"
                            "return redis.call('PEXPIRE', KEYS[1], ARGV[2])\n";

static const char release[] = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end\n"
                              "return redis.call('DEL', KEYS[1])\n";

const char *muster_astra_script_text(enum muster_astra_script script)
{
    static const char *const texts[] = {
        [MUSTER_ASTRA_TAKE] = take,
        [MUSTER_ASTRA_RENEW] = renew,
        [MUSTER_ASTRA_RELEASE] = release,
    };
    assert(script > MUSTER_ASTRA_NOTHING && script <= MUSTER_ASTRA_RELEASE);
    return texts[script];
}
