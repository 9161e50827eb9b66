/* SPDX-License-Identifier: Apache-2.0 */
/* The table of event names, made of the X-macros; the run hash. */
#include "trace/record.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

#define INPUT(id)  [MUSTER_EVENT_INPUT + MUSTER_IN_##id]
#define EFFECT(id) [MUSTER_EVENT_EFFECT + MUSTER_OUT_##id]

/* What the world's own records carry besides integers: what a disk holds, else text. */
#define WORLD_FORM(id)                                                                             \
    (MUSTER_EVENT_##id == MUSTER_EVENT_DURABLE ? MUSTER_DATA_BYTES : MUSTER_DATA_TEXT)

static const struct muster_event_type types[MUSTER_EVENT_NOTE + MUSTER_NOTE_COUNT] = {
    INPUT(START) = {"in.start",
                    {"high:x", "low:x", "seed:x", "flags"},
                    "a new incarnation takes its first input",
                    MUSTER_DATA_NONE},
    INPUT(TIMER) = {"in.timer", {"", "", "", ""}, "the deadline has come", MUSTER_DATA_NONE},
    INPUT(REPLY) = {"in.reply", {"endpoint", "", "", ""}, "a request ended", MUSTER_DATA_FLAT},
    INPUT(PUSH) = {"in.push", {"", "", "", ""}, "a message of a subscription", MUSTER_DATA_FLAT},
    INPUT(MESSAGE) = {"in.message",
                      {"from", "type", "", ""},
                      "a datagram of another member",
                      MUSTER_DATA_TEXT},
    INPUT(DISK) = {"in.disk",
                   {"operation", "file", "", ""},
                   "a disk operation ended",
                   MUSTER_DATA_BYTES},
    INPUT(ACTION) = {"in.action",
                     {"result", "attempt", "epoch", ""},
                     "an action ended",
                     MUSTER_DATA_TEXT},
    INPUT(COMMAND) = {"in.command", {"verb", "", "", ""}, "an operator's verb", MUSTER_DATA_TEXT},
    EFFECT(REQUEST) = {"out.request",
                       {"endpoint", "timeout", "", ""},
                       "asks an endpoint",
                       MUSTER_DATA_FLAT},
    EFFECT(SEND) = {"out.send",
                    {"to", "type", "", ""},
                    "sends a datagram to a member",
                    MUSTER_DATA_TEXT},
    EFFECT(DISK) = {"out.disk",
                    {"operation", "file", "offset", ""},
                    "begins a disk operation",
                    MUSTER_DATA_BYTES},
    EFFECT(ACTION) = {"out.action",
                      {"epoch", "attempt", "not_after", "timeout"},
                      "hands an action to the executor",
                      MUSTER_DATA_FLAT},
    EFFECT(
        CANCEL) = {"out.cancel", {"", "", "", ""}, "gives a running action up", MUSTER_DATA_NONE},
#define X(id, name, a, b, c, d, what)                                                              \
    [MUSTER_EVENT_##id] = {name, {a, b, c, d}, what, WORLD_FORM(id)},
    MUSTER_WORLD_EVENTS(X)
#undef X
#define X(id, name, a, b, c, d, what)                                                              \
    [MUSTER_EVENT_NOTE + MUSTER_NOTE_##id] = {name, {a, b, c, d}, what, MUSTER_DATA_TEXT},
        MUSTER_NOTES(X)
#undef X
};

static const struct muster_event_type custom_note = {"note",
                                                     {"arg1", "arg2", "arg3", "arg4"},
                                                     "a note of a process that is not ours",
                                                     MUSTER_DATA_TEXT};

static const char *const names[] = {
    "in.start",
    "in.timer",
    "in.reply",
    "in.push",
    "in.message",
    "in.disk",
    "in.action",
    "in.command",
    "out.request",
    "out.send",
    "out.disk",
    "out.action",
    "out.cancel",
#define X(id, name, a, b, c, d, what) name,
    MUSTER_WORLD_EVENTS(X) MUSTER_NOTES(X)
#undef X
        NULL,
};

_Static_assert(MUSTER_EVENT_WORLD_END <= MUSTER_EVENT_NOTE, "world events run into the notes");

const struct muster_event_type *muster_event_type(uint16_t kind)
{
    if (kind >= MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM)
        return kind < MUSTER_EVENT_KINDS ? &custom_note : NULL;
    if (kind >= MUSTER_EVENT_NOTE + MUSTER_NOTE_COUNT || !types[kind].name)
        return NULL;
    return &types[kind];
}

uint16_t muster_event_by_name(const char *name)
{
    for (uint32_t kind = 1; kind < MUSTER_EVENT_NOTE + MUSTER_NOTE_COUNT; kind++)
        if (types[kind].name && strcmp(types[kind].name, name) == 0)
            return (uint16_t)kind;
    return 0;
}

const char *const *muster_event_names(void)
{
    return names;
}

uint64_t muster_record_hash(uint64_t hash, const struct muster_record *r)
{
    const uint64_t word[] = {
        htole64(r->number),
        htole64(r->time),
        htole64(r->clock),
        htole64(r->wall),
        htole64(r->message),
        htole64(r->cause),
        htole64(r->tag),
        htole64(r->arg[0]),
        htole64(r->arg[1]),
        htole64(r->arg[2]),
        htole64(r->arg[3]),
        htole64(r->kind | (uint64_t)r->process << 16 | (uint64_t)r->status << 32),
    };
    hash = XXH3_64bits_withSeed(word, sizeof word, hash);
    return r->data.size > 0 ? XXH3_64bits_withSeed(r->data.at, r->data.size, hash) : hash;
}
