/* SPDX-License-Identifier: Apache-2.0 */
/* A node driven through its door: a scripted store, disk and electorate around one real member.
 *
 * Time is the test's. What the node puts out is logged and answered ROUND_TRIP later, unless the
 * test says otherwise for that kind of request. The peers are records made up at each reading. */
#ifndef MUSTER_TESTS_LIB_DOOR_H
#define MUSTER_TESTS_LIB_DOOR_H

#include "core/coordinator/astra_side.h"
#include "core/coordinator/redis.h"
#include "core/flat.h"
#include "core/node.h"
#include "core/notes.h"

#define DOOR_START      (1000 * MUSTER_SECOND)
#define DOOR_ROUND_TRIP MUSTER_MILLISECOND
#define DOOR_LOG_MAX    8192
#define DOOR_TEXT_MAX   1200
#define DOOR_PENDING    64
#define DOOR_KINDS      (MUSTER_TAG_NODE + 8) /* of requests: the low byte of their tags */
#define DOOR_HIGH       UINT64_C(0x77)
#define DOOR_LOW        UINT64_C(0x1234)

/* What happens to a request of one kind. */
enum door_answer {
    DOOR_NORMAL,     /* executed, answered */
    DOOR_HANG,       /* neither, until the test ends it */
    DOOR_REFUSE,     /* not executed, REFUSED; disk: NOSPACE */
    DOOR_LOSE,       /* not executed, UNKNOWN after its timeout; disk: IOERROR */
    DOOR_LOSE_REPLY, /* executed, UNKNOWN after its timeout */
    DOOR_ERROR,      /* not executed, answered with `error` */
    DOOR_RAW,        /* not executed, answered with `raw` */
};

/* A voter or member that the test plays. */
struct door_peer {
    bool up;
    bool votes; /* promises and echoes what stands in the leader record */
    bool still; /* its sequence stands */
    char state;
    struct muster_pair promise;
    uint64_t echo;
    uint64_t known;
    uint64_t electorate_off; /* added to the digest */
    uint64_t settled;        /* generation that it says is settled */
    uint64_t circuit, mode;
    uint64_t failed;
    bool deaf; /* takes neither a pause nor a ledger over, though it votes */
    struct muster_pause pause;
    struct muster_ledger_version ledger;
    char ledger_text[DOOR_TEXT_MAX]; /* of its key; empty: none */
};

struct door_entry {
    muster_time at;
    struct muster_effect effect; /* data is null; see text */
    char text[DOOR_TEXT_MAX];    /* of a note; words of an argument vector or an action */
};

struct door_pending {
    bool used;
    muster_time due; /* MUSTER_NEVER: hangs */
    struct muster_effect effect;
    uint32_t argc;
    char argv[10][DOOR_TEXT_MAX];
    enum door_answer answer;
};

struct door_options {
    uint32_t index, members, voters; /* 0: first of 3 of 3 */
    bool bootstrap;
    bool peers_vote;
};

struct door {
    struct muster_config config;
    struct muster_parts parts;
    struct muster_place place;
    const char *names[MUSTER_MEMBERS_MAX];
    struct muster_node *node;
    void *memory;
    muster_time now;
    struct muster_effects out; /* of the last input */

    enum door_answer answer[DOOR_KINDS];
    enum door_answer history_sync;
    enum door_answer seals;  /* NORMAL: sealed; LOSE: not; HANG: no end; RAW: the target … */
    uint64_t seal_epoch;     /* … knows this higher epoch */
    const char *error;       /* of DOOR_ERROR */
    struct muster_bytes raw; /* of DOOR_RAW */
    bool scripts_known;      /* else EVALSHA is answered NOSCRIPT */

    char leader[MUSTER_RECORD_MAX], decision[MUSTER_RECORD_MAX], own[MUSTER_RECORD_MAX];
    char epoch[32];
    char lock[MUSTER_NAME_MAX + 1]; /* the origin's; empty: free */
    char own_vote[DOOR_TEXT_MAX];   /* as JSON */
    const char *vote;               /* of every peer, instead of its own JSON */
    uint64_t store_time;            /* us since 1970, as TIME tells it */
    bool expires;                   /* a renewal finds the lock gone */
    uint64_t electorate;
    struct door_peer peer[MUSTER_MEMBERS_MAX];
    char own_ledger[DOOR_TEXT_MAX];
    uint8_t disk[MUSTER_DISK_READ_MAX], ledger[2 * MUSTER_LEDGER_SLOT];
    uint32_t disk_size, ledger_size;
    const char *health;

    struct door_pending pending[DOOR_PENDING];
    struct door_entry log[DOOR_LOG_MAX];
    uint32_t logged;
    uint32_t spins; /* times a TIMER left a deadline that was not in the future */
};

/* A member that has not started: free with door_close. */
struct door *door_open(const struct door_options *options);
void door_close(struct door *d);
/* The first input, at DOOR_START. */
void door_start(struct door *d, bool bootstrap);
/* One input of a kind, now. */
void door_input(struct door *d, struct muster_input *in);
void door_timer(struct door *d);
void door_command(struct door *d, uint64_t verb, const char *text);
void door_push(struct door *d, const char *payload);
/* Let everything happen that is due until then. */
void door_run(struct door *d, muster_time until);
static inline void door_wait(struct door *d, muster_dur length)
{
    door_run(d, d->now + length);
}
/* Time passes in which the process does not run. */
static inline void door_stall(struct door *d, muster_dur length)
{
    d->now += length;
}
/* End the running action. */
void door_end_action(struct door *d, uint64_t tag, uint64_t attempt, uint64_t result,
                     uint64_t epoch);
/* Answer a request that hangs. */
void door_release(struct door *d, uint64_t kind, enum door_answer answer);

/* Forget the log. */
void door_mark(struct door *d);
/* The newest entry of a note, of an effect kind, of a request with that first word; or null. */
const struct door_entry *door_note(const struct door *d, enum muster_note note);
const struct door_entry *door_effect(const struct door *d, enum muster_effect_kind kind);
/* ACTION: of an intent; seals are counted apart. */
uint32_t door_seals(const struct door *d);
const struct door_entry *door_request(const struct door *d, const char *begin);
uint32_t door_notes(const struct door *d, enum muster_note note);
uint32_t door_requests(const struct door *d, const char *begin);
/* The node's description contains this. */
bool door_says(const struct door *d, const char *text);
/* Write a leader record of `peer` into the store. */
void door_foreign_leader(struct door *d, uint64_t epoch, uint64_t attempt, uint64_t counter);

#endif
