/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical event record, and the one table of event names.
 *
 * Everything that happens in a world becomes a record: every input and effect of a process, every
 * fault, every execution at the store or a target. Checks see records, the run hash is computed
 * over records, the trace is records as JSON Lines, triggers of scenarios name records.
 *
 * Kinds: inputs are MUSTER_EVENT_INPUT + enum muster_input_kind, effects MUSTER_EVENT_EFFECT + enum
 * muster_effect_kind (but notes), notes MUSTER_EVENT_NOTE + enum muster_note, the world's own are
 * below.
 */
#ifndef MUSTER_SIM_RECORD_H
#define MUSTER_SIM_RECORD_H

#include "core/notes.h"
#include "core/port.h"

#define MUSTER_EVENT_INPUT  0
#define MUSTER_EVENT_EFFECT 16
#define MUSTER_EVENT_WORLD  32
#define MUSTER_EVENT_NOTE   128
#define MUSTER_EVENT_KINDS  (MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM + 256)

/* No process: an event of the world itself. */
#define MUSTER_NOBODY UINT16_C(0xffff)

/* A row: identifier, name, names of the four integers, what happened. Appended to, never
 * reordered. */
#define MUSTER_WORLD_EVENTS(X)                                                                     \
    X(FIRED, "fired", "entry", "", "", "", "a timeline entry fired (data: the entry as text)")     \
    X(ENDED, "ended", "entry", "", "", "", "the `for` of a timeline entry ran out")                \
    X(CRASH, "crash", "disk", "", "", "", "memory gone (disk: 0 kept, 1 torn, 2 lost)")            \
    X(RESTART, "restart", "incarnation", "", "", "",                                               \
      "a new incarnation is started; how many this process has had")                               \
    X(PAUSE, "pause", "", "", "", "", "the process stands still, its clocks go on")                \
    X(RESUME, "resume", "", "", "", "", "the process goes on")                                     \
    X(SLOW, "slow", "delay", "", "", "", "every input waits that long (0: as before)")             \
    X(CLOCK, "clock", "which", "step", "drift", "",                                                \
      "a clock changed (0 lease, 1 wall, 2 store; step ns, drift ppm: two's complement)")          \
    X(PARTITION, "partition", "from", "to", "", "",                                                \
      "packets from one endpoint to the other are held (data: names)")                             \
    X(HEAL, "heal", "from", "to", "", "", "and flow again")                                        \
    X(LINK, "link", "from", "to", "latency_min", "latency_max", "a link's behaviour changed")      \
    X(RESET, "reset", "endpoint", "", "", "", "a connection of the process was reset")             \
    X(LOST, "lost", "to", "", "", "", "a datagram was lost")                                       \
    X(DUPLICATED, "duplicated", "to", "", "", "", "a datagram was duplicated")                     \
    X(EXECUTED, "executed", "instance", "client", "", "", "the store executed a command")          \
    X(STORE, "store", "what", "instance", "", "",                                                  \
      "something was done to the store (enum muster_store_fault)")                                 \
    X(DISK_FAULT, "disk_fault", "what", "on", "", "",                                              \
      "a disk began or ceased to misbehave (enum muster_disk_fault)")                              \
    X(DURABLE, "durable", "file", "size", "", "",                                                  \
      "a sync ended well: ground truth of what the disk holds (data: the file, up to 512 bytes)")  \
    X(HEALTH_SET, "health_set", "", "", "", "",                                                    \
      "a process's health source changed (data: health text)")                                     \
    X(TARGET_STARTED, "target_started", "intent", "epoch", "attempt", "target",                    \
      "a target accepted an effect and began")                                                     \
    X(TARGET_ENDED, "target_ended", "intent", "result", "attempt", "target", "and finished")       \
    X(TARGET_REFUSED, "target_refused", "intent", "epoch", "highest", "target",                    \
      "a target refused a stale epoch")                                                            \
    X(TARGET_REPEATED, "target_repeated", "intent", "epoch", "attempt", "target",                  \
      "a target recognised a repetition and did nothing")                                          \
    X(EXECUTOR_DROPPED, "executor_dropped", "intent", "epoch", "not_after", "clock",               \
      "the executor read its clock and dropped a late effect")                                     \
    X(EXECUTOR_STARTED, "executor_started", "intent", "epoch", "not_after", "clock",               \
      "the executor read its clock and sent the effect")                                           \
    X(DISK_DONE, "disk_done", "operation", "file", "status", "", "a disk operation ended")         \
    X(CODE_CRASHED, "code_crashed", "signal", "", "", "",                                          \
      "the code under test failed an assert or took a signal")                                     \
    X(TARGET_SEALED, "target_sealed", "intent", "epoch", "highest", "target",                      \
      "a target was told of an epoch (highest: what it knew before)")

enum muster_world_event {
    MUSTER_EVENT_WORLD_FIRST = MUSTER_EVENT_WORLD,
#define X(id, name, a, b, c, d, what) MUSTER_EVENT_##id,
    MUSTER_WORLD_EVENTS(X)
#undef X
        MUSTER_EVENT_WORLD_END
};

struct muster_record {
    uint64_t number;   /* i: 1, 2, … without gaps */
    muster_time time;  /* t: true (virtual) time */
    muster_time clock; /* input: the `now` it carried; else 0 */
    uint64_t wall;     /* input: the `wall` it carried; else 0 */
    uint64_t message;  /* m: pairs a sending with what comes of it; 0 for none */
    uint64_t cause;    /* c: number of the record that led to this one; 0 for the beginning */
    uint64_t tag;
    uint64_t arg[4];
    uint16_t kind;
    uint16_t process; /* index, or MUSTER_NOBODY */
    uint16_t status;
    struct muster_bytes data; /* valid during the call that shows the record */
};

/* How the data of a kind is to be shown and read back. */
enum muster_data_form {
    MUSTER_DATA_NONE,
    MUSTER_DATA_TEXT,  /* a JSON string, bytes outside printable ASCII as \u00XX */
    MUSTER_DATA_FLAT,  /* flat values as nested JSON arrays */
    MUSTER_DATA_BYTES, /* hexadecimal */
};

struct muster_event_type {
    const char *name;
    const char *arg[4]; /* "" where unused; a trailing ":x" asks for hexadecimal */
    const char *what;
    enum muster_data_form form;
};

/* The row of a kind; null for a kind that does not exist. Of custom notes, name and arguments are
 * generic. */
const struct muster_event_type *muster_event_type(uint16_t kind);
/* The kind with this name, or 0. Custom notes are not found here. */
uint16_t muster_event_by_name(const char *name);
/* All names, ending with null, for suggestions and the schema. */
const char *const *muster_event_names(void);

/* Chain one record into a run hash: fixed fields as 64-bit little-endian words, then the data. */
uint64_t muster_record_hash(uint64_t hash, const struct muster_record *r);

#define MUSTER_HASH_START UINT64_C(0x6d7573746572)

#endif
