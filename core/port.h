/* SPDX-License-Identifier: Apache-2.0 */
/* The boundary of a process: what goes in, what comes out, as data.
 *
 * A process is a pure state machine. An input, with the time in it, goes in through one door;
 * effects come out; the end of an effect is a later input that carries the effect's tag. There are
 * no callbacks out, no clock and no randomness but the seed in START, so the log of the inputs is a
 * complete replay: the simulator and the daemon write the same log.
 *
 * Inputs and effects are flat on purpose: one kind, one tag, one status, four integers and one span
 * of bytes. One codec serves the trace, the run hash, the replay and the recorder. The unions give
 * every integer its name.
 */
#ifndef MUSTER_CORE_PORT_H
#define MUSTER_CORE_PORT_H

#include "core/types.h"

/* Endpoints a request can be addressed to. Members are addressed by index with SEND. */
enum muster_endpoint {
    MUSTER_ENDPOINT_STORE = 0,  /* argument vector of a Redis command (flat.h) -> flat reply */
    MUSTER_ENDPOINT_HEALTH = 1, /* empty request -> health text (orchestrator/health.h) */
    MUSTER_ENDPOINT_TARGET = 2, /* only in records; actions are effects of their own */
};

/* How an effect ended. */
enum muster_status {
    MUSTER_STATUS_OK = 0,
    MUSTER_STATUS_REFUSED = 1, /* surely not executed: connection refused, unknown endpoint */
    MUSTER_STATUS_UNKNOWN =
        2, /* connection lost or timed out: executed, not executed, or will be */
    MUSTER_STATUS_NOSPACE = 3, /* disk full */
    MUSTER_STATUS_IOERROR = 4, /* disk failed; what is on it is not known */
};

/* Results of an action. The order is the order of SPEC 1 and part of the trace format. */
#define MUSTER_RESULTS(X)                                                                          \
    X(SUCCESS, "success")                                                                          \
    X(FAILED, "failed")                                                                            \
    X(TIMED_OUT, "timed_out")                                                                      \
    X(UNVERIFIED, "unverified")                                                                    \
    X(FENCED, "fenced")                                                                            \
    X(CANCELLED, "cancelled")                                                                      \
    X(UNKNOWN, "unknown")                                                                          \
    X(SKIPPED_COOLDOWN, "skipped_cooldown")                                                        \
    X(SKIPPED_DRY_RUN, "skipped_dry_run")                                                          \
    X(SKIPPED_PHASE_RESTRICTION, "skipped_phase_restriction")                                      \
    X(SKIPPED_RATE_LIMIT, "skipped_rate_limit")                                                    \
    X(SKIPPED_CONCURRENCY, "skipped_concurrency")                                                  \
    X(SKIPPED_NOT_LEADER, "skipped_not_leader")                                                    \
    X(SKIPPED_NO_QUORUM, "skipped_no_quorum")                                                      \
    X(SKIPPED_STORE_LOST, "skipped_store_lost")                                                    \
    X(SKIPPED_PAUSED, "skipped_paused")                                                            \
    X(SKIPPED_BLAST_RADIUS, "skipped_blast_radius")                                                \
    X(SKIPPED_DISABLED, "skipped_disabled")                                                        \
    X(CONDITION_NOT_MET, "condition_not_met")                                                      \
    X(SKIPPED_CIRCUIT_OPEN, "skipped_circuit_open")

enum muster_result {
#define X(name, text) MUSTER_RESULT_##name,
    MUSTER_RESULTS(X)
#undef X
        MUSTER_RESULT_COUNT
};

/* The text of a result, for records and reports; "?" outside the range. */
const char *muster_result_text(uint64_t result);

enum muster_input_kind {
    MUSTER_IN_START = 1, /* first input of every incarnation */
    MUSTER_IN_TIMER,     /* the deadline has come */
    MUSTER_IN_REPLY,     /* end of REQUEST; data: flat reply or health text */
    MUSTER_IN_PUSH,      /* of a subscription; data: flat array "message", channel, payload */
    MUSTER_IN_MESSAGE,   /* a datagram of another member */
    MUSTER_IN_DISK,      /* end of DISK; data: what READ read */
    MUSTER_IN_ACTION,    /* end of ACTION */
    MUSTER_IN_COMMAND,   /* an operator's verb; data: its parameters as text */
};

/* Verbs of COMMAND. */
enum muster_verb {
    MUSTER_VERB_SHUTDOWN = 1, /* drain, release, stop: no parameters */
    MUSTER_VERB_TRIGGER,      /* run an action now: "<action> [reason…]" */
    MUSTER_VERB_CUSTOM,       /* for processes that are not ours: text is theirs */
    MUSTER_VERB_ANOMALY,      /* something is wrong: "type=T severity_ppm=N confidence_ppm=N
                                 recurrence=N", tokens in any order, all but type optional */
    MUSTER_VERB_PHASE,        /* the mission goes on to a phase: its name */
    MUSTER_VERB_DRY_RUN,      /* "on" or "off" */
    MUSTER_VERB_ACKNOWLEDGE,  /* a block of the blast radius is acknowledged */
    MUSTER_VERB_STEP_DOWN,    /* the leader releases, and does not campaign for a lease_ttl */
    MUSTER_VERB_SWITCHOVER,   /* the leader drains, then releases in favour of a voter: its name */
    MUSTER_VERB_PAUSE,        /* the leader starts no cluster action any more: "[reason…]" */
    MUSTER_VERB_RESUME,       /* and does again */
    MUSTER_VERB_VOTER_INIT,   /* an unfit voter may form a new state: "floor=N" */
    MUSTER_VERB_WORK,         /* assign_work: "id=ID action=NAME idempotent=yes|no parameters…" */
};

#define MUSTER_START_BOOTSTRAP                                                                     \
    UINT64_C(1) /* flag: this member may form the cluster's first state */
#define MUSTER_START_NEXT                                                                          \
    UINT64_C(2) /* flag, for who replays: started with the scenario's `next` electorate */

#define MUSTER_START_CONFIG_SHIFT                                                                  \
    8 /* from this bit on, likewise: which of the scenario's configs, 0 for the first */

struct muster_input {
    uint16_t kind;   /* enum muster_input_kind */
    uint16_t status; /* enum muster_status, of REPLY and DISK; else 0 */
    muster_time now; /* the process's lease clock; never goes backwards within an incarnation */
    uint64_t wall;   /* the wall clock, ms since 1970, for people only: it decides nothing */
    uint64_t tag;    /* of the effect that this ends; else 0 */
    union {
        uint64_t arg[4];
        struct {
            uint64_t incarnation_high, incarnation_low; /* 128 random bits, never reused */
            uint64_t seed;                              /* of the process's own generator */
            uint64_t flags;                             /* MUSTER_START_* */
        } start;
        struct {
            uint64_t endpoint; /* enum muster_endpoint */
        } reply;
        struct {
            uint64_t from; /* index of the sender */
            uint64_t type; /* the process's own message type */
        } message;
        struct {
            uint64_t operation; /* of the effect: enum muster_disk_operation */
            uint64_t file;
        } disk;
        struct {
            uint64_t result;  /* enum muster_result, SUCCESS … UNKNOWN */
            uint64_t attempt; /* as in the effect */
            uint64_t epoch;   /* highest epoch the target has told; 0 when it told none */
        } action;
        struct {
            uint64_t verb; /* enum muster_verb */
        } command;
    };
    struct muster_bytes data; /* the caller's, valid during the call */
};

enum muster_effect_kind {
    MUSTER_OUT_REQUEST = 1, /* ask an endpoint; ends in REPLY, at the latest after `timeout` */
    MUSTER_OUT_SEND,        /* a datagram to a member; nothing comes back */
    MUSTER_OUT_DISK,        /* a disk operation; ends in DISK; executed in order per process */
    MUSTER_OUT_ACTION,      /* hand an action to the executor; ends in ACTION, exactly once */
    MUSTER_OUT_CANCEL,      /* give the action `tag` up: ends as CANCELLED, or as it came to */
    MUSTER_OUT_NOTE,        /* a transition record (notes.h): for the trace, the checks, the log */
};

enum muster_disk_operation {
    MUSTER_DISK_READ = 1, /* from offset, up to 4096 bytes; what is not there reads as empty */
    MUSTER_DISK_WRITE,    /* at offset, replaces; durable only after a SYNC that ended OK */
    MUSTER_DISK_APPEND,   /* at the end */
    MUSTER_DISK_SYNC,     /* everything written to the file before is durable when this ends OK */
};

struct muster_effect {
    uint16_t kind; /* enum muster_effect_kind */
    uint16_t note; /* NOTE: enum muster_note (notes.h), or MUSTER_NOTE_CUSTOM + own number */
    uint64_t tag;  /* comes back in the input that ends the effect; the process chooses it */
    union {
        uint64_t arg[4];
        struct {
            uint64_t endpoint; /* enum muster_endpoint */
            uint64_t timeout;  /* length, ns, on the process's lease clock */
        } request;
        struct {
            uint64_t to;
            uint64_t type;
        } send;
        struct {
            uint64_t operation; /* enum muster_disk_operation */
            uint64_t file;      /* small number, chosen by the process, below MUSTER_DISK_FILES */
            uint64_t offset;
        } disk;
        struct {
            uint64_t epoch;     /* fencing token; 0 for a local action */
            uint64_t attempt;   /* of the intent: 1, 2, …; 0: a seal (seal.h) */
            uint64_t not_after; /* lease clock, which the executor reads again: late ones drop */
            uint64_t timeout;   /* length, ns, from the start at the target */
        } action; /* tag: the intent; data: flat array action, subject, reason[, parameters] */
    };
    struct muster_bytes data; /* in the effects' room, or static; valid until the next call */
};

#define MUSTER_DISK_FILES    4
#define MUSTER_DISK_READ_MAX 4096
#define MUSTER_EFFECTS_MAX   128
#define MUSTER_EFFECTS_ROOM  40960

/* What one call of the door puts out, in the order in which it is to be carried out. The caller
 * owns it and hands it in empty (count and used 0); spans in it point into room or to constants. */
struct muster_effects {
    uint32_t count;
    uint32_t used;
    struct muster_effect at[MUSTER_EFFECTS_MAX];
    uint8_t room[MUSTER_EFFECTS_ROOM];
};

/* Append an effect of a kind, zeroed. Asserts that it fits: what one call may put out is bounded by
 * each process's own design, and a process that exceeds the bound is a bug, not a load. */
struct muster_effect *muster_effects_add(struct muster_effects *out, uint16_t kind);

/* Copy bytes into the room and give the effect a span of the copy. Asserts that it fits. */
void muster_effects_data(struct muster_effects *out, struct muster_effect *effect, const void *data,
                         size_t size);

/* Append a note: `note` of notes.h, its four integers, and a text (may be null). */
void muster_effects_note(struct muster_effects *out, uint16_t note, const uint64_t arg[4],
                         const char *text);

#endif
