/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a world: its state and the functions its files give one another. Not for others. */
#ifndef MUSTER_SIM_INSIDE_H
#define MUSTER_SIM_INSIDE_H

#include "sim/clock.h"
#include "sim/disk.h"
#include "sim/queue.h"
#include "sim/random.h"
#include "sim/redis/redis.h"
#include "sim/world.h"

#include <string.h>

#define WATCHED_KINDS      256 /* custom notes share the last index */
#define REQUESTS_MAX       32  /* outstanding requests of one process */
#define RUNS_MAX           24  /* actions, work and seals of one process under way */
#define TWINS_MAX          4
#define STORES_MAX         (1 + MUSTER_REPLICAS_MAX)
#define NO_SLOT            UINT32_MAX
#define GUARD              64
#define INSTANT_EVENTS_MAX 100000

/* What an entry of the queue is about. */
enum event_type {
    EV_FREE = 0,
    EV_INPUT,      /* an input on its way to a process */
    EV_COMMAND,    /* a request on its way to the store */
    EV_REPLICATE,  /* an entry of the master's stream on its way to a replica or the AOF image */
    EV_DATAGRAM,   /* a datagram on its way: becomes an input unless a partition holds it */
    EV_DISK,       /* a disk operation ends */
    EV_EXECUTE,    /* the executor is about to start an action */
    EV_TARGET,     /* an effect arrives at its target */
    EV_TARGET_END, /* a target is done */
    EV_ENTRY,      /* a timeline entry fires */
    EV_ENTRY_END,  /* and its `for` ends */
    EV_HEALTH,     /* a scripted health point */
    EV_EXPECT,     /* expectations are looked at */
};

/* One event under way: the queue's slot points here. Data is a buffer of the pool. Two cache lines:
 * what a timer needs is in the first. */
struct event {
    _Alignas(64) uint8_t type;
    bool late;        /* it has waited already: of a slow process, a slow store, a killed effect */
    uint16_t process; /* whom it goes to, or whom it comes from */
    uint16_t other;   /* second party: store instance, target, request index … */
    uint16_t status;
    uint16_t kind;        /* EV_INPUT: enum muster_input_kind */
    uint32_t incarnation; /* of the process when it was made */
    uint32_t generation;  /* of the connection, request or run */
    uint32_t from;        /* EV_INPUT over a link: the endpoint it comes from, plus 1; else 0 */
    uint32_t next;        /* free list, hold list, backlog */
    uint32_t size;
    uint64_t tag;
    uint64_t message, cause;
    uint8_t *data;
    uint64_t arg[4];
};

struct event_list {
    uint32_t first, last;
};

/* Buffers by powers of two from 64 bytes to 64 KiB, recycled. */
#define BUFFER_CLASSES 11
struct pool {
    struct event *event; /* `count` of them have ever been used */
    uint32_t count, capacity, free;
    uint8_t *buffer[BUFFER_CLASSES]; /* heads of free lists; the next pointer is in the buffer */
};

/* One request that a process waits for. */
struct request {
    uint8_t endpoint;
    uint32_t generation; /* distinguishes reuse of the place */
    uint64_t tag, message;
    muster_time due; /* process's lease clock; MUSTER_NEVER for a subscription */
};

/* An action under way at the executor or the target of a process. */
enum run_state {
    RUN_WAITING, /* handed out, the executor has not looked at it yet */
    RUN_SENT,    /* on its way to the target */
    RUN_RUNNING, /* the target works at it */
    RUN_DONE,    /* ended; the process is about to hear of it */
};
struct run {
    uint8_t state;
    uint16_t target;
    uint32_t generation;
    uint32_t end_slot; /* RUNNING: the event of its end */
    uint64_t intent, attempt, epoch, message;
    muster_time not_after, due; /* lease clock */
    muster_dur timeout;
};

/* What a process says of itself. */
struct claim {
    bool leads;
    uint8_t mode; /* enum muster_fallback_mode */
    uint64_t epoch;
    muster_time until; /* its lease clock */
};

struct process {
    void *self;      /* between two guards: GUARD bytes before it, GUARD bytes behind it */
    size_t size;     /* of it */
    uint32_t member; /* a twin shares it with its original */
    enum muster_scenario_electorate electorate;
    bool bootstraps;           /* at its next start */
    uint32_t config;           /* index of the scenario's */
    struct muster_place place; /* of that electorate */
    uint32_t incarnation;      /* how many it has had */
    bool running, paused, timers_first;
    bool stopped; /* said STOPPED: it is shut down, as after a crash, but in peace */
    char name[MUSTER_NAME_MAX + 5];
    struct muster_clock lease, wall;
    struct muster_disk disk;
    muster_dur slow;
    muster_time slow_until;    /* inputs that wait are handed in up to here */
    muster_time last_now;      /* of the last input */
    muster_time wake;          /* true time of the pending timer; MUSTER_NEVER for none */
    uint64_t wake_sequence;    /* of its entry in the queue */
    muster_time disk_free;     /* operations are executed in order */
    struct event_list backlog; /* inputs that arrived while paused */
    struct claim claim;
    /* connection to the store */
    uint32_t instance; /* which one it talks to */
    uint32_t connection;
    muster_time sent_until, received_until; /* order within the stream */
    bool lose_reply;
    uint32_t subscription, subscription_generation; /* request that pushes belong to */
    struct request request[REQUESTS_MAX];
    uint32_t request_mask; /* which of them are used */
    struct run run[RUNS_MAX];
    uint32_t run_mask;
    struct muster_random links, to_store, from_store, disks, executor;
    /* health source */
    const char *health;
    muster_time circuit_open_since; /* MUSTER_NEVER while it is not open */
};

struct store_instance {
    struct muster_redis *redis;
    bool up;
    bool detached;             /* a former master that has not rejoined: its writes go nowhere */
    muster_time applied_until; /* order of its replication stream */
};

struct store {
    struct muster_lua *lua;
    struct store_instance at[STORES_MAX];
    uint32_t count, master;
    struct muster_clock clock;
    struct muster_redis
        *image; /* what an AOF of appendfsync everysec would give back; may be null */
    muster_time image_until;
    struct muster_keyspace *dump;  /* copied aside; null where no entry needs it */
    struct muster_keyspace *spare; /* for copies onto itself, likewise */
    bool has_dump;
    muster_dur slow;
    uint64_t next_sweep;
};

struct target {
    struct muster_target_config config;
    uint64_t highest; /* epoch */
    struct {
        uint64_t intent, attempt;
    } seen[64];
    uint32_t seen_next;
    uint32_t accepted;
};

/* A work item as its target knows it: the highest number that it has accepted. */
struct item {
    uint64_t intent, number;
};

/* Expectations and entries: their running state. */
struct expect_state {
    bool done, failed;
    bool open; /* its window has begun */
    uint32_t count;
};
struct entry_state {
    bool triggered;     /* its event has come */
    bool fired, active; /* active: its `for` has not ended */
    uint16_t *found; /* what it was resolved to: processes, or pairs of endpoints; a pool buffer */
    uint32_t count;
    uint32_t rounds; /* of `count: N` */
};

struct use {
    const struct muster_property *property;
    void *self;
    bool named;
    bool in_force;
    bool failed;
    uint64_t judged;
};

struct muster_world {
    const struct muster_scenario *scenario;
    struct muster_arena *arena;
    uint64_t seed;
    muster_time now;
    uint64_t hash, numbers, messages, events, instant_events;
    muster_time end;
    muster_time calm_since;
    bool failed, stopped;
    struct muster_verdict verdict;

    struct muster_queue queue;
    struct pool pool;
    struct process *process;
    uint32_t process_count, process_capacity;
    uint32_t endpoints; /* side of the matrix below */
    uint16_t *blocked;  /* [from * endpoints + to]: how many partitions are in the way */
    struct muster_link_config *link; /* same index; stream or datagram by its ends */
    struct event_list *held;         /* same index: packets that wait for the end of a partition */
    struct store store;
    struct target *target;
    uint32_t target_count; /* the scenario's, then the default one */
    struct item *item;     /* a table by intent, of all targets; null: no work */
    uint32_t item_mask;
    uint32_t binding[MUSTER_SELECTOR_MAX]; /* `as` names: process, or MUSTER_ANY */
    uint8_t *side; /* per process: its group in the last partition, 255 for none */
    uint32_t sides, store_group;
    struct entry_state *entry;
    struct expect_state *expect;
    uint32_t active_faults, blocked_ways, paused;

    struct use *use;
    uint32_t use_count;
    uint32_t judging; /* index of the property that is being asked */
    const struct muster_record *judged_record;
    uint64_t watch[WATCHED_KINDS];   /* properties that want a kind, as bits */
    uint8_t interest[WATCHED_KINDS]; /* bit 0: an entry waits for it, bit 1: an expectation */

    muster_record_sink sink;
    void *sink_cookie;
    struct muster_effects *effects; /* scratch, outside of the snapshot */
    uint8_t *scratch;               /* SCRATCH bytes, likewise */
};
#define SCRATCH 262144

/* world.c */
/* Queue, events and scratch: the kernel of a world, by itself. */
bool world_tables(struct muster_world *w, struct muster_arena *a);
uint32_t world_event(struct muster_world *w, enum event_type type, uint16_t process);
struct event *world_at(struct muster_world *w, uint32_t slot);
void world_data(struct muster_world *w, struct event *e, struct muster_bytes data);
uint8_t *world_buffer(struct muster_world *w, uint32_t size);
void world_release_buffer(struct muster_world *w, uint8_t *buffer, uint32_t size);
void world_release(struct muster_world *w, uint32_t slot);
void world_push(struct muster_world *w, muster_time t, enum muster_class class, uint32_t slot);
uint64_t world_emit(struct muster_world *w, struct muster_record *r);
/* A record of the world's own with up to four integers and a text; returns its number. */
uint64_t world_say(struct muster_world *w, uint16_t kind, uint16_t process, uint64_t a, uint64_t b,
                   uint64_t c, uint64_t d, const char *text);
void world_fail(struct muster_world *w, enum muster_outcome_code code, const char *property,
                const char *text, struct muster_mark mark);
void list_add(struct muster_world *w, struct event_list *l, uint32_t slot);
uint32_t list_take(struct muster_world *w, struct event_list *l);

/* process.c */
bool process_memory(struct muster_world *w, uint32_t p);
bool process_is_bounded(const struct process *x); /* nobody has written to its guards */
/* What it is started with from now on. */
void process_electorate(struct muster_world *w, uint32_t p,
                        enum muster_scenario_electorate electorate);
void process_start(struct muster_world *w, uint32_t p);
void process_crash(struct muster_world *w, uint32_t p, enum muster_disk_crash how);
void process_retire(struct muster_world *w, uint32_t p); /* after STOPPED */
void process_pause(struct muster_world *w, uint32_t p);
void process_resume(struct muster_world *w, uint32_t p);
uint32_t process_twin(struct muster_world *w, uint32_t original);
void process_event(struct muster_world *w, uint32_t slot); /* EV_INPUT, EV_DISK */
/* The earliest of deadline and timeouts has come; false when it came to nothing, which is no event.
 * */
bool process_wake(struct muster_world *w, uint32_t p, uint64_t sequence);
void process_arm(struct muster_world *w, uint32_t p);
/* Schedule an input for a process; the caller fills tag, status, arg and data of the returned
 * event. */
struct event *process_input(struct muster_world *w, uint32_t p, muster_time t, uint16_t kind,
                            uint64_t message, uint64_t cause);
/* End a request with an input at time t; null when nobody waits for it any more. */
struct event *process_reply(struct muster_world *w, uint32_t p, uint32_t request,
                            uint32_t generation, muster_time t, enum muster_status status,
                            struct muster_bytes data, uint64_t cause);
/* The store connection is gone: everything outstanding ends as UNKNOWN at time t. */
void process_disconnect(struct muster_world *w, uint32_t p, muster_time t, uint64_t cause);

/* network.c */
uint32_t endpoint_of_process(const struct muster_world *w, uint32_t p);
uint32_t endpoint_of_store(const struct muster_world *w, uint32_t instance);
uint32_t endpoint_of_target(const struct muster_world *w, uint32_t target);
uint32_t endpoint_of_health(const struct muster_world *w, uint32_t member);
bool network_create(struct muster_world *w);
muster_dur network_latency(struct muster_world *w, uint32_t from, uint32_t to, size_t size,
                           struct muster_random *r);
bool network_blocked(const struct muster_world *w, uint32_t from, uint32_t to);
/* Keep an event until the way is free again. */
void network_hold(struct muster_world *w, uint32_t from, uint32_t to, uint32_t slot);
void network_block(struct muster_world *w, uint32_t from, uint32_t to);
void network_unblock(struct muster_world *w, uint32_t from, uint32_t to, bool all);
void network_send(struct muster_world *w, uint32_t p, const struct muster_effect *e,
                  uint64_t message, uint64_t cause);
void network_datagram(struct muster_world *w, uint32_t slot);
void network_link(struct muster_world *w, const struct muster_link_rule *rule);
void network_link_default(struct muster_world *w, const struct muster_link_rule *rule);

/* store.c */
bool store_create(struct muster_world *w);
uint64_t store_wall_ms(const struct muster_world *w);
void store_request(struct muster_world *w, uint32_t p, uint32_t request,
                   const struct muster_effect *e, uint64_t cause);
void store_command(struct muster_world *w, uint32_t slot);
void store_replicate(struct muster_world *w, uint32_t slot);
void store_fault(struct muster_world *w, const struct muster_entry *e);
void store_fault_end(struct muster_world *w, const struct muster_entry *e);
void store_forget(struct muster_world *w, uint32_t p);
/* Apply what one command of a master has changed. */
void store_apply(struct muster_redis *redis, uint64_t now_ms, struct muster_bytes stream);

/* target.c */
bool target_create(struct muster_world *w);
void action_begin(struct muster_world *w, uint32_t p, const struct muster_effect *e,
                  uint64_t message, uint64_t cause);
void action_cancel(struct muster_world *w, uint32_t p, uint64_t intent, uint64_t cause);
void action_execute(struct muster_world *w, uint32_t slot);
void action_arrive(struct muster_world *w, uint32_t slot);
void action_end(struct muster_world *w, uint32_t slot);
void action_orphan(struct muster_world *w, uint32_t p);
bool action_waits(const struct process *x, uint32_t run, uint32_t generation);
/* Timeouts that the process's wake-up has to look at. */
muster_time action_due(const struct process *p);
void action_timeouts(struct muster_world *w, uint32_t p);

/* health.c */
void health_create(struct muster_world *w);
void health_set(struct muster_world *w, uint32_t member, const char *text);
void health_request(struct muster_world *w, uint32_t p, uint32_t request, uint64_t cause);
#define HEALTHY_TEXT                                                                               \
    "system=HEALTHY failed=0 degraded=0 total=3 circuit=CLOSED retry=STABLE failures_1h=0 "        \
    "fallback=PRIMARY"

/* timeline.c, faults.c, select.c */
/* Do what an entry says; false when it matched nothing. */
bool fault_begin(struct muster_world *w, uint32_t entry);
void fault_end(struct muster_world *w, uint32_t entry);
bool timeline_create(struct muster_world *w);
void timeline_see(struct muster_world *w, const struct muster_record *r); /* triggers */
void timeline_fire(struct muster_world *w, uint32_t entry);
void timeline_end(struct muster_world *w, uint32_t entry);
void timeline_finish(struct muster_world *w); /* what should have fired and never did */
#define SELECTION_MAX MUSTER_PROCESSES_MAX
uint32_t select_processes(struct muster_world *w, const struct muster_selection *s,
                          uint32_t found[SELECTION_MAX]);
bool select_matches(struct muster_world *w, const struct muster_selector *s, uint32_t p);
/* Of those that claim to lead the one with the highest epoch; valid: only claims that have not run
 * out by the claimant's own clock. MUSTER_ANY for none. */
uint32_t select_leader(const struct muster_world *w, bool valid);
/* The endpoints of one side of a partition; returns how many. */
uint32_t select_endpoints(struct muster_world *w, const struct muster_selection *s, uint16_t *found,
                          uint32_t most);

/* expect.c */
bool expect_create(struct muster_world *w);
void expect_see(struct muster_world *w, const struct muster_record *r);
void expect_look(struct muster_world *w);
void expect_finish(struct muster_world *w);

static inline uint32_t kind_index(uint16_t kind)
{
    return kind < WATCHED_KINDS ? kind : WATCHED_KINDS - 1;
}

#endif
