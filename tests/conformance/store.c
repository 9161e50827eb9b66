/* SPDX-License-Identifier: Apache-2.0 */
/* The store: what every coordinator takes for granted. */
#include "tests/conformance/conformance.h"

#include "core/coordinator/astra_wire.h"
#include "core/coordinator/wire.h"

#define SECOND   MUSTER_SECOND
#define ASK(...) conformance_ask(c, SECOND, (const char *const[]){__VA_ARGS__, NULL})

/* One reply, of the step's only request. */
#define ONE(function, wanted)                                                                      \
    static enum conformance_verdict function(struct conformance *c, const struct muster_input *in) \
    {                                                                                              \
        return conformance_which(c, in) == 0 ? conformance_reply(c, in, wanted) : CONFORMANCE_ON;  \
    }

static void ping(struct conformance *c)
{
    ASK("PING");
}
ONE(is_pong, "+PONG")

static void set(struct conformance *c)
{
    ASK("SET", "{c}:a", "1", "PX", "60000");
}
ONE(is_ok, "+OK")

/* Three at once: they are executed, and answered, in the order in which they were put out. */
static void three(struct conformance *c)
{
    ASK("APPEND", "{c}:order", "x");
    ASK("APPEND", "{c}:order", "yz");
    ASK("GET", "{c}:order");
}

static enum conformance_verdict in_order(struct conformance *c, const struct muster_input *in)
{
    static const char *const wanted[] = {":1", ":3", "xyz"};
    uint32_t which = conformance_which(c, in);
    if (which != c->seen)
        return conformance_bad(c, "answer %u came when %u was due", which, c->seen);
    enum conformance_verdict v = conformance_reply(c, in, wanted[which]);
    return v == CONFORMANCE_GOOD && ++c->seen < 3 ? CONFORMANCE_ON : v;
}

static void mget(struct conformance *c)
{
    ASK("MGET", "{c}:a", "{c}:nothing", "{c}:order");
}
ONE(is_mixed, "[1 nil xyz]")

static void wrong_type(struct conformance *c)
{
    ASK("INCR", "{c}:order");
}
ONE(is_error, "-ERR value is not an integer or out of range")

static void unknown_script(struct conformance *c)
{
    ASK("EVALSHA", "0123456789012345678901234567890123456789", "1", "{c}:a");
}
ONE(is_noscript, "-NOSCRIPT*")

static void whole_script(struct conformance *c)
{
    ASK("EVAL", muster_script_text(MUSTER_SCRIPT_ACQUIRE), "2", "{c}:leader", "{c}:epoch", "41",
        "af", "n1 0123", "60000", "");
}
ONE(is_record, "H 42 af 0 n1 0123 0 0")

static void known_script(struct conformance *c)
{
    ASK("EVALSHA", muster_script_sha1(MUSTER_SCRIPT_REPLACE), "1", "{c}:leader", "other", "new",
        "60000");
}

static void load_second(struct conformance *c)
{
    ASK("EVAL", muster_script_text(MUSTER_SCRIPT_REPLACE), "1", "{c}:leader", "other", "new",
        "60000");
}
ONE(is_unchanged, "H 42 af 0 n1 0123 0 0")

static void replace(struct conformance *c)
{
    ASK("EVALSHA", muster_script_sha1(MUSTER_SCRIPT_REPLACE), "1", "{c}:leader",
        "H 42 af 0 n1 0123 0 0", "R 42 af 0 n1 0123", "60000");
}
ONE(is_tombstone, "R 42 af 0 n1 0123")

/* The origin's lock (core/coordinator/astra_wire.h), under a key of its own. */
#define LOCK "{c}:lock"

static void lock_script(struct conformance *c, enum muster_astra_script script, const char *id)
{
    ASK("EVAL", muster_astra_script_text(script), "1", LOCK, id, "60000");
}

static void take_lock(struct conformance *c)
{
    lock_script(c, MUSTER_ASTRA_TAKE, "n1");
}

/* [seconds microseconds], both numbers, of this century: what it is differs. */
static enum conformance_verdict is_time(struct conformance *c, const struct muster_input *in)
{
    struct muster_flat_reader r;
    struct muster_flat_value array, seconds, rest;
    uint64_t s = 0, us = 0;
    if (conformance_which(c, in) != 0)
        return CONFORMANCE_ON;
    muster_flat_reader_init(&r, in->data);
    bool two = muster_flat_next(&r, &array) == 0 && array.type == MUSTER_FLAT_ARRAY &&
               array.count == 2 && muster_flat_next(&r, &seconds) == 0 &&
               muster_flat_next(&r, &rest) == 0;
    bool good = two && muster_text_parse_u64(seconds.bytes, &s) == 0 &&
                muster_text_parse_u64(rest.bytes, &us) == 0 && s > 1000000000 && us < 1000000;
    return good ? CONFORMANCE_GOOD : conformance_bad(c, "the lock's script told no time");
}

static void take_held(struct conformance *c)
{
    lock_script(c, MUSTER_ASTRA_TAKE, "n2");
}
ONE(is_n1, "n1")

static void renew_lock(struct conformance *c)
{
    lock_script(c, MUSTER_ASTRA_RENEW, "n1");
}
ONE(is_one, ":1")

static void renew_foreign(struct conformance *c)
{
    lock_script(c, MUSTER_ASTRA_RENEW, "n2");
}
ONE(is_none, ":0")

static void release_foreign(struct conformance *c)
{
    ASK("EVAL", muster_astra_script_text(MUSTER_ASTRA_RELEASE), "1", LOCK, "n2");
}

static void release_lock(struct conformance *c)
{
    ASK("EVAL", muster_astra_script_text(MUSTER_ASTRA_RELEASE), "1", LOCK, "n1");
}

static void lock_is_gone(struct conformance *c)
{
    ASK("MGET", LOCK, "{c}:a");
}
ONE(is_gone, "[nil 1]")

/* A subscription does not end, and what is published comes with its tag. */
static void subscribe(struct conformance *c)
{
    conformance_ask(c, 0, (const char *const[]){"SUBSCRIBE", "{c}:channel", NULL});
    c->due = muster_time_add(c->now, SECOND / 2); /* it takes a moment */
}

static enum conformance_verdict is_pushed(struct conformance *c, const struct muster_input *in)
{
    if (in->kind == MUSTER_IN_TIMER && c->seen == 0 && c->now >= c->due) {
        c->due = MUSTER_NEVER;
        c->seen = 1;
        ASK("PUBLISH", "{c}:channel", "W hello");
        return CONFORMANCE_ON;
    }
    if (in->kind == MUSTER_IN_REPLY && conformance_which(c, in) == 0)
        return conformance_bad(c, "the subscription ended with status %u", in->status);
    if (in->kind == MUSTER_IN_PUSH && in->tag != c->first_tag)
        return conformance_bad(c, "the message has tag %llu", (unsigned long long)in->tag);
    if (in->kind == MUSTER_IN_PUSH)
        return conformance_reply(c, in, "[message {c}:channel W hello]");
    return CONFORMANCE_ON;
}

static const struct conformance_step store[] = {
    {"a request is answered", ping, is_pong},
    {"a status is a status", set, is_ok},
    {"requests of one call are executed and answered in their order", three, in_order},
    {"an array may hold nothing", mget, is_mixed},
    {"an error line is an answer", wrong_type, is_error},
    {"an unknown script is told", unknown_script, is_noscript},
    {"a script runs, numbers exact", whole_script, is_record},
    {"a second script is loaded", load_second, is_unchanged},
    {"a known script runs by its digest", known_script, is_unchanged},
    {"a script compares the whole record", replace, is_tombstone},
    {"a free lock is taken, and the time told", take_lock, is_time},
    {"one's own lock is taken again", take_lock, is_time},
    {"a lock that is held says by whom", take_held, is_n1},
    {"one's own lock is renewed", renew_lock, is_one},
    {"another's lock is not renewed", renew_foreign, is_none},
    {"another's lock is not deleted", release_foreign, is_none},
    {"one's own lock is deleted", release_lock, is_one},
    {"then it is gone, and nothing else", lock_is_gone, is_gone},
    {"a lock that is gone is not renewed", renew_lock, is_none},
    {"a message comes with the subscription's tag", subscribe, is_pushed},
    {NULL, NULL, NULL},
};
const struct conformance_suite conformance_store = {"store", store};

/* ---- a store that takes commands and does not answer ---- */

static void two(struct conformance *c)
{
    conformance_ask(c, 300 * MUSTER_MILLISECOND, (const char *const[]){"PING", NULL});
    conformance_ask(c, 5 * SECOND, (const char *const[]){"GET", "{c}:a", NULL});
}

/* The first runs out of time, and takes its connection and the other with it. */
static enum conformance_verdict both_unknown(struct conformance *c, const struct muster_input *in)
{
    uint32_t which = conformance_which(c, in);
    if (in->kind != MUSTER_IN_REPLY || which == CONFORMANCE_TAGS)
        return CONFORMANCE_ON;
    muster_dur lasted = conformance_lasted(c);
    if (in->status != MUSTER_STATUS_UNKNOWN)
        return conformance_bad(c, "request %u ended with status %u", which, in->status);
    if (lasted < 300 * MUSTER_MILLISECOND || lasted > SECOND)
        return conformance_bad(c, "request %u ended after %llu ns", which,
                               (unsigned long long)lasted);
    return ++c->seen < 2 ? CONFORMANCE_ON : CONFORMANCE_GOOD;
}

static const struct conformance_step silent[] = {
    {"a timeout is an unknown outcome, for the whole connection", two, both_unknown},
    {NULL, NULL, NULL},
};
const struct conformance_suite conformance_store_silent = {"store_silent", silent};

/* ---- no store ---- */

static enum conformance_verdict is_refused(struct conformance *c, const struct muster_input *in)
{
    if (conformance_which(c, in) != 0)
        return CONFORMANCE_ON;
    if (in->status != MUSTER_STATUS_REFUSED || in->data.size > 0)
        return conformance_bad(c, "status %u", in->status);
    return conformance_lasted(c) < SECOND
               ? CONFORMANCE_GOOD
               : conformance_bad(c, "only after %llu ns",
                                 (unsigned long long)conformance_lasted(c));
}

static const struct conformance_step gone[] = {
    {"nobody there is a refusal, at once", ping, is_refused},
    {"and again", ping, is_refused},
    {NULL, NULL, NULL},
};
const struct conformance_suite conformance_store_gone = {"store_gone", gone};
