/* SPDX-License-Identifier: Apache-2.0 */
/* A coordinator as its node sees it: who leads, who is there, what was agreed (SPEC 2).
 *
 * An implementation is a constant table; its state is one block inside the node's, so it holds no
 * memory of its own. The verbs of the origin are inputs and queries here: startup is START,
 * elect_leader and heartbeat are what time and `advance` bring, shutdown is `leave`, get_nodes is
 * `member`, get_consensus is `decision`. Four are shipped: redis.h and local.c; on the origin's
 * wire astra.c and bridge.c.
 *
 * Within one input of the node the order is: the input's own slot, then `decision` is taken, then
 * `advance`.
 */
#ifndef MUSTER_CORE_COORDINATOR_INTERFACE_H
#define MUSTER_CORE_COORDINATOR_INTERFACE_H

#include "core/config.h"
#include "core/coordinator/ledger.h"
#include "core/orchestrator/health.h"
#include "core/port.h"
#include "core/text.h"

/* Tags of a coordinator's effects have a low byte of 1 … MUSTER_TAG_NODE - 1; those of the node's
 * own and of work, MUSTER_TAG_NODE and above. Intents and the history are told apart by the kind of
 * input. */
#define MUSTER_TAG_NODE   0x40
#define MUSTER_TAG_SAMPLE 0x40 /* asks for health */

/* What the member votes for, and says of itself. */
struct muster_self {
    enum muster_circuit_state circuit;
    enum muster_fallback_mode mode;
    uint32_t score;  /* ppm */
    uint64_t failed; /* components; MUSTER_COUNT_UNKNOWN when not known */
};

/* Where this member stands now. */
struct muster_standing {
    bool leads; /* cluster effects may start, under `epoch` and before `until` */
    bool holds; /* the leadership in which they were started has not ended */
    uint64_t epoch;
    muster_time until;          /* own lease clock */
    enum muster_result refusal; /* while it does not lead: SKIPPED_NOT_LEADER, _NO_QUORUM,
                                   _STORE_LOST */
    bool paused;                /* no cluster action starts: an operator's word (SPEC R16) */
    bool informed;              /* it leads, and nobody knows more of the ledger than `ledger` */
    uint64_t held;              /* of the versions handed in with `hold` under this epoch, the
                                   newest that a majority has on disk; 0: none */
    bool frozen;                /* the store is lost, and nothing at all may start meanwhile */
    bool yielding;              /* on an operator's word: it does not lead any more, and `yield` is
                                   called once nothing runs under the leadership that it holds */
    bool joined;                /* no twin was seen: takes part in the cluster */
    bool refused;               /* a twin leads its life: it acts on nothing, for good */
    bool leaving;               /* `leave` was taken */
    bool left;                  /* and nothing more comes */
};

/* What is known of a member. */
struct muster_member_view {
    bool fresh;                 /* else nothing is known of it now */
    uint64_t failed_components; /* MUSTER_COUNT_UNKNOWN: not said */
    bool seen;                  /* ever, by this incarnation */
    bool live, gone;            /* as judged with hysteresis; neither: suspect, or just come */
    bool draining;
    uint32_t score; /* ppm, as it last said */
    uint64_t life;  /* its incarnation, the lower half, as it last said */
};

/* What the cluster has agreed on, of a current leader. */
struct muster_agreement {
    uint64_t epoch, sequence;
    enum muster_circuit_state circuit;
    enum muster_fallback_mode mode;
};

struct muster_coordinator_kind {
    const char *name; /* as in `coordinator: {type: NAME}` */
    size_t (*size)(const struct muster_place *place);
    /* Memory comes zeroed and aligned to 16. cfg and place outlive it. */
    void (*init)(void *self, const struct muster_config *cfg, const struct muster_place *place);
    /* START, and REPLY, PUSH, DISK whose tag it owns (PUSH: all). Effects are appended. */
    void (*handle)(void *self, const struct muster_input *in, struct muster_effects *out);
    bool (*owns)(const void *self, uint64_t tag);
    /* An operator's verb, with its text; true when it is the coordinator's own. May be null: none
     * is. */
    bool (*command)(void *self, const struct muster_input *in, struct muster_effects *out);
    /* The newest ledger known (ledger.h), and the leader's next one: returns its count under this
     * epoch, which `held` reaches. May be null, both: then nothing is handed on. */
    const struct muster_ledger *(*ledger)(const void *self);
    uint64_t (*hold)(void *self, muster_time now, struct muster_bytes text);
    /* Nothing runs under the leadership any more. May be null where `yielding` is never set. */
    void (*yield)(void *self, muster_time now, struct muster_effects *out);
    /* What is said of this member from now on; the table keeps no pointer to it. */
    void (*vote)(void *self, const struct muster_self *vote);
    /* A target has told of this epoch (SPEC R14). */
    void (*heard)(void *self, muster_time now, uint64_t epoch, struct muster_effects *out);
    /* The process stood still or its clock jumped, noticed now (SPEC R13). */
    void (*stalled)(void *self, muster_time now);
    /* Shutdown: takes on nothing new from here … */
    void (*drain)(void *self);
    /* … and, when nothing runs any more, releases what it holds. Taken once. */
    void (*leave)(void *self, muster_time now, struct muster_effects *out);
    /* Do what time and wishes ask for; at the end of every input. */
    void (*advance)(void *self, muster_time now, struct muster_effects *out);
    muster_time (*deadline)(const void *self);
    struct muster_standing (*standing)(const void *self, muster_time now);
    struct muster_member_view (*member)(const void *self, muster_time now, uint32_t index);
    /* Take the agreement that is to be applied; false when there is none that was not taken. */
    bool (*decision)(void *self, struct muster_agreement *ret_agreement);
    /* "lease=leading epoch=3 …", for people. */
    void (*describe)(const void *self, struct muster_text *t);
};

extern const struct muster_coordinator_kind muster_coordinator_redis, muster_coordinator_local,
    muster_coordinator_astra, muster_coordinator_bridge;

#endif
