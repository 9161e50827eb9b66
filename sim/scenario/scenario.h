/* SPDX-License-Identifier: Apache-2.0 */
/* A scenario as the world reads it: what stands in the YAML, resolved, checked, in plain structs.
 * Immutable once loaded; it lives outside of the arena and outlives the worlds made from it. */
#ifndef MUSTER_SIM_SCENARIO_SCENARIO_H
#define MUSTER_SIM_SCENARIO_SCENARIO_H

#include "config/memory.h"
#include "sim/coverage/faults.h"
#include "sim/process.h"

#define MUSTER_PROCESSES_MAX (MUSTER_MEMBERS_MAX + 8) /* members and twins */
#define MUSTER_TARGETS_MAX   16
#define MUSTER_REPLICAS_MAX  4
#define MUSTER_SELECTOR_MAX  64

/* Endpoints of links, numbered: members 0…, then the store's instances, targets, health sources. */
enum muster_place_kind { MUSTER_AT_MEMBER, MUSTER_AT_STORE, MUSTER_AT_TARGET, MUSTER_AT_HEALTH };
struct muster_endpoint_ref {
    enum muster_place_kind kind;
    uint32_t index; /* STORE: 0 the first master, 1… replicas; MUSTER_ANY: all of the kind */
};
#define MUSTER_ANY UINT32_MAX

/* Who an entry is about; resolved when it fires. */
enum muster_select_kind {
    MUSTER_SELECT_MEMBER,    /* index */
    MUSTER_SELECT_LEADER,    /* claims leadership; of several the highest epoch */
    MUSTER_SELECT_FOLLOWERS, /* every running member that does not claim it */
    MUSTER_SELECT_ALL,
    MUSTER_SELECT_NAMED,    /* bound by `as` of an earlier entry: index of the binding */
    MUSTER_SELECT_MINORITY, /* the smaller side of the last partition, or that without the store */
    MUSTER_SELECT_MAJORITY, /* the larger side */
    MUSTER_SELECT_ANY,      /* one running member, drawn */
};
struct muster_selector {
    enum muster_select_kind kind;
    uint32_t index;
};
/* A list of selectors and endpoints: one side of a partition, the subjects of an entry. */
struct muster_selection {
    struct {
        bool is_endpoint; /* store, targets, health: endpoint is set; else selector is */
        struct muster_selector selector;
        struct muster_endpoint_ref endpoint;
    } at[MUSTER_SELECTOR_MAX];
    uint32_t count;
};

/* How long a packet takes: drawn uniformly from [min, max], and with tail_ppm further tail_max at
 * most. */
struct muster_latency {
    muster_dur min, max;
    uint32_t tail_ppm;
    muster_dur tail_max;
};
/* Behaviour of a link. Stream links ignore loss, duplicate and reorder; datagrams have all. */
struct muster_link_config {
    struct muster_latency latency;
    uint32_t loss_ppm, duplicate_ppm, reorder_ppm;
    uint64_t bandwidth; /* bytes a second; 0: unlimited */
};
struct muster_link_rule {
    struct muster_endpoint_ref a, b; /* both directions */
    struct muster_link_config link;
};

enum muster_clock_which { MUSTER_CLOCK_LEASE, MUSTER_CLOCK_WALL, MUSTER_CLOCK_STORE };

/* Store faults and repairs: values of `store:` in a timeline. */
#define MUSTER_STORE_FAULTS(X)                                                                     \
    X(FLUSHALL, "flushall", "every key is gone")                                                   \
    X(CRASH, "crash", "the master dies; connections break")                                        \
    X(RESTART, "restart", "it starts again with what its persistence kept")                        \
    X(FAILOVER, "failover",                                                                        \
      "a replica is promoted; `stay` keep the old master, which stays writable to them")           \
    X(REJOIN, "rejoin", "the old master discards what it has and follows the new one")             \
    X(DUMP, "dump", "its keys are copied aside")                                                   \
    X(RESTORE, "restore", "it restarts with the keys copied aside")                                \
    X(ANSWER, "answer", "writes or everything answer the error named by `error` (for: …)")         \
    X(SLOW, "slow", "every command waits `latency` longer (for: …)")                               \
    X(RESET, "reset", "every connection is reset")                                                 \
    X(EVICT, "evict", "the key named by `key` is evicted")                                         \
    X(LOSE_REPLY, "lose_reply",                                                                    \
      "the next command of `of` is executed, its reply is lost with the connection")               \
    X(FORGET_SCRIPTS, "forget_scripts", "the script cache is emptied")                             \
    X(SET, "set", "somebody writes a key")

enum muster_store_fault {
#define X(id, name, what) MUSTER_STORE_##id,
    MUSTER_STORE_FAULTS(X)
#undef X
        MUSTER_STORE_FAULT_COUNT
};

#define MUSTER_DISK_FAULTS(X)                                                                      \
    X(GOOD, "good", "works again")                                                                 \
    X(FULL, "full", "writes answer that no space is left")                                         \
    X(ERROR, "error", "syncs answer an I/O error; what was written is kept or not, drawn")         \
    X(SLOW, "slow", "every operation takes `latency`")                                             \
    X(ROT, "rot", "one byte of each file flips, drawn")                                            \
    X(LOST, "lost", "the disk is replaced by an empty one")

enum muster_disk_fault {
#define X(id, name, what) MUSTER_DISK_FAULT_##id,
    MUSTER_DISK_FAULTS(X)
#undef X
        MUSTER_DISK_FAULT_COUNT
};

enum muster_verb_kind {
    MUSTER_DO_CRASH, /* disk: kept (what was synced), torn (half of the rest too), lost */
    MUSTER_DO_RESTART,
    MUSTER_DO_PAUSE, /* with `for`, resumes */
    MUSTER_DO_RESUME,
    MUSTER_DO_SLOW,      /* by: delay of every input; with `for`, ends */
    MUSTER_DO_STOP,      /* graceful shutdown: COMMAND SHUTDOWN */
    MUSTER_DO_TWIN,      /* start a second process with the same id */
    MUSTER_DO_PARTITION, /* sides; one_way: only from the first side to the others; `for`: heals */
    MUSTER_DO_HEAL,      /* all partitions end */
    MUSTER_DO_LINK,      /* a-b: new behaviour; with `for`, back to the scenario's */
    MUSTER_DO_RESET,     /* break the connections of the selected members to `endpoint` */
    MUSTER_DO_CLOCK,     /* step and / or drift of a member's lease or wall clock, or the store's */
    MUSTER_DO_HEALTH,    /* health of members from now on */
    MUSTER_DO_TARGET,    /* behaviour of a target from now on */
    MUSTER_DO_STORE,
    MUSTER_DO_DISK,
    MUSTER_DO_TRIGGER,        /* manual_trigger: action, reason */
    MUSTER_DO_COMMAND,        /* text for a process that is not ours: COMMAND CUSTOM */
    MUSTER_DO_ANOMALY,        /* something is wrong: COMMAND ANOMALY */
    MUSTER_DO_PHASE,          /* the mission goes on: COMMAND PHASE */
    MUSTER_DO_DRY_RUN,        /* actions are recorded and not run: COMMAND DRY_RUN */
    MUSTER_DO_ACKNOWLEDGE,    /* a block of the blast radius: COMMAND ACKNOWLEDGE */
    MUSTER_DO_STEP_DOWN,      /* an operator ends a leadership: COMMAND STEP_DOWN */
    MUSTER_DO_SWITCHOVER,     /* … in favour of a member: COMMAND SWITCHOVER */
    MUSTER_DO_PAUSE_RECOVERY, /* an operator pauses the cluster's recovery, or resumes it */
    MUSTER_DO_VOTER_INIT,     /* an unfit voter may form a new state: COMMAND VOTER_INIT */
    MUSTER_DO_WORK,           /* submit a work item, or `count` of them, `every` so often */
};

/* Health text as the core reads it (core/orchestrator/health.h), made by the loader. */
#define MUSTER_HEALTH_TEXT_MAX 512

enum muster_target_result { MUSTER_TARGET_SUCCESS, MUSTER_TARGET_FAIL, MUSTER_TARGET_HANG };
struct muster_target_config {
    char name[MUSTER_NAME_MAX + 1];
    char runs[MUSTER_NAME_MAX + 1]; /* the action; one target an action, `default` for all others */
    enum muster_target_result result;
    muster_dur takes; /* how long an effect runs; HANG: forever, or `for` */
    uint32_t heals;   /* member whose health becomes good by a success, or MUSTER_ANY for none */
    bool fences, deduplicates; /* default true */
};

/* What a process is told: a COMMAND. */
struct muster_order {
    enum muster_verb verb;
    const char *text, *more; /* as the verb wants them; may be null */
    const char *type;        /* of an anomaly */
};

struct muster_entry {
    struct muster_mark mark;
    const char *text; /* the entry's source, one line, for records */
    /* When: at a time; or after `at` on an event. */
    muster_time at;    /* absolute; for when/whenever: armed from here */
    uint16_t when;     /* kind of the record that fires it; 0: at a time */
    bool whenever;     /* each time, not once */
    muster_time until; /* of an event: up to here, and no longer; 0: to the end */
    bool has_of;       /* the record must be of this process */
    struct muster_selector of;
    muster_dur delay; /* after the event, `then: 2s` */
    muster_dur lasts; /* `for`; 0: for good */
    bool optional;    /* no match is no failure */
    uint32_t binding; /* `as`: index of the name, or MUSTER_ANY */
    enum muster_verb_kind verb;
    struct muster_selection who;
    union {
        struct {
            uint32_t electorate; /* 0: the one it had; else 1 + enum muster_scenario_electorate */
            uint32_t config;     /* 0: the one it had; else 1 + its index */
            bool bootstrap;      /* it may form a first state, as all may at time 0 */
        } restart;
        struct {
            uint32_t disk;
        } crash; /* 0 kept, 1 torn, 2 lost */
        struct {
            muster_dur by;
        } slow;
        struct {
            struct muster_selection *side;
            uint32_t sides;
            bool one_way;
        } partition;
        struct muster_link_rule link;
        struct {
            struct muster_endpoint_ref endpoint;
        } reset;
        struct {
            enum muster_clock_which which;
            bool has_step, has_drift;
            int64_t step;
            int32_t drift_ppm;
        } clock;
        struct {
            const char *text;
        } health;
        struct {
            uint32_t index;
            struct muster_target_config config;
        } target;
        struct {
            enum muster_store_fault fault;
            uint32_t instance;            /* failover: replica to promote (1…), default 1 */
            struct muster_selection stay; /* failover: who keeps the old master */
            const char *word;             /* answer: error word such as READONLY; evict, set: key */
            const char *value;            /* set */
            muster_dur latency;
        } store;
        struct {
            enum muster_disk_fault fault;
            muster_dur latency;
        } disk;
        struct muster_order order; /* every verb that tells a process something */
        struct {
            struct muster_selection to; /* the first of it */
        } switchover;
        struct {
            uint64_t floor;
        } voter_init;
        struct {
            const char *id, *action, *params; /* of several, ".1", ".2", … follow the id */
            bool idempotent;
            uint32_t count;
            muster_dur every;
        } work;
    };
};

enum muster_expect_kind {
    MUSTER_EXPECT_LEADER, /* who leads: any, none, a selector, or not a selector */
    MUSTER_EXPECT_EVENT,  /* a record of a kind (of a process) was seen `min`..`max` times */
    MUSTER_EXPECT_MODE,   /* fallback mode of members */
    MUSTER_EXPECT_RESULT, /* a terminal or skipped record of an action with a result */
    MUSTER_EXPECT_TARGET, /* a target accepted `min`..`max` effects */
    MUSTER_EXPECT_STATE,  /* describe() of members contains key=value */
};
enum muster_expect_when {
    MUSTER_EXPECT_BY,    /* holds at some time up to `at` (and after `from`) */
    MUSTER_EXPECT_AT,    /* holds at `at` */
    MUSTER_EXPECT_DURING /* holds all the time from `from` to `at` */
};
struct muster_expectation {
    struct muster_mark mark;
    const char *text;
    enum muster_expect_when timing;
    muster_time from, at;
    enum muster_expect_kind kind;
    bool negate;    /* leader: {not: …} */
    bool any, none; /* leader: any / none */
    struct muster_selector who;
    bool has_who;
    uint16_t event;
    uint32_t min, max; /* max MUSTER_ANY: no bound */
    uint32_t value;    /* mode, result, target index */
    const char *word;  /* result: action name; state: "key=value" */
};

enum muster_persistence { MUSTER_PERSIST_NONE, MUSTER_PERSIST_EVERYSEC, MUSTER_PERSIST_ALWAYS };

struct muster_health_point {
    muster_time at;
    uint32_t member;
    const char *text;
};

struct muster_property_use {
    const struct muster_property *property;
    bool named; /* stands in `always` or `eventually`: never judged is then a failure */
};

#define MUSTER_CONFIGS_MAX 4 /* that a member may be restarted with, beside the first */
/* What `muster fuzz` may do to a scenario: its `fuzz:` section, or the defaults. */
struct muster_fuzz_bounds {
    uint64_t faults;              /* a bit for each enum muster_fault */
    uint64_t members;             /* who may be hit by name, a bit each */
    uint32_t low, high;           /* how many entries are drawn */
    muster_dur shortest, longest; /* how long a fault lasts */
    muster_time until; /* faults are over for good; 0: as late as liveness can still be judged */
};

/* Which electorate a member is started with. */
enum muster_scenario_electorate { MUSTER_ELECTORATE_FIRST, MUSTER_ELECTORATE_NEXT };

struct muster_scenario {
    const char *path, *name, *defends;
    const char *const *tags; /* ends with null */
    uint64_t seed_first, seed_last;
    muster_dur duration;

    const struct muster_process *process;
    void *config; /* of the process; … */
    void
        *configs[1 + MUSTER_CONFIGS_MAX]; /* … the first of these, each the first's keys and more */
    const char *config_names[1 + MUSTER_CONFIGS_MAX];
    uint32_t config_count;
    uint32_t members, voters;     /* voters: of any electorate, the first of the members */
    struct muster_place place[2]; /* by electorate; each member's but for its index */
    bool has_next;
    const char *names[MUSTER_PROCESSES_MAX]; /* n1, n2, …; twins get names when they are started */
    const char *const *bindings;             /* names given with `as` */
    uint32_t binding_count;

    struct muster_link_config stream, datagram; /* defaults */
    const struct muster_link_rule *links;
    uint32_t link_count;
    struct {
        muster_dur offset;
        int32_t drift_ppm;
        int64_t wall_offset;
    } clock[MUSTER_MEMBERS_MAX];
    struct {
        uint32_t replicas;
        muster_dur lag;
        enum muster_persistence persistence;
        int64_t clock_offset;
        int32_t drift_ppm;
    } store;
    struct muster_latency disk;               /* of a sync */
    const struct muster_health_point *health; /* ordered by time */
    uint32_t health_count;
    struct muster_target_config target[MUSTER_TARGETS_MAX];
    uint32_t target_count;

    const struct muster_entry *timeline;
    uint32_t entry_count;
    const struct muster_expectation *expect;
    uint32_t expect_count;
    const struct muster_property_use *properties; /* default ones and named ones */
    uint32_t property_count;
    uint32_t assumptions;                         /* MUSTER_ASSUME_* that hold; default all */
    const struct muster_property *expect_failure; /* the run is good when this property fails */
    uint64_t events_max;                          /* per run; default 50,000,000 */
    bool lenient; /* whoever was not found, never fired, was never judged: no failure */
    struct muster_fuzz_bounds fuzz;
    const struct muster_doc *root; /* the document, includes merged; as long as the scenario */

    struct muster_sources sources; /* everything that was read, for the trace's header */
    void *memory;                  /* what the loader allocated */
};

/* Load one scenario file with its includes. registry: where processes and properties are looked up
 * (built-in ones included). sources: may bring files from memory (moved into the scenario). Returns
 * null when there were errors; every one of them is in *d. */
struct muster_scenario *muster_scenario_load(const char *path, struct muster_sources *sources,
                                             const struct muster_registry *registry,
                                             struct muster_diagnostics *d);
void muster_scenario_free(struct muster_scenario *s);

/* A scenario file as one document that needs no other: includes merged, those of our own process's
 * config too, variables replaced, the keys that said so gone. It need not load. Everything lives in
 * *memory. Null when there were errors; every one of them is in *d. */
const struct muster_doc *muster_scenario_resolve(const char *path, struct muster_sources *sources,
                                                 struct muster_memory *memory,
                                                 struct muster_diagnostics *d);

/* Warnings that are no errors: a fault that touches no traffic, an entry that can never fire, … */
void muster_scenario_lint(const struct muster_scenario *s, struct muster_diagnostics *d);

#endif
