/* SPDX-License-Identifier: Apache-2.0 */
/* An orchestrator as its node sees it: what is to be done, and what was not (SPEC 1).
 *
 * An implementation is a constant table; its state is one block inside the node's. The verbs of the
 * origin: run is `poll` and `cycle`, stop is the node's draining and `drain`, handle_event is
 * `event`, get_status is `describe`, get_metrics is `metrics`. Two are shipped: recovery.h and
 * enhanced.h.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_INTERFACE_H
#define MUSTER_CORE_ORCHESTRATOR_INTERFACE_H

#include "core/config.h"
#include "core/coordinator/interface.h"
#include "core/orchestrator/health.h"
#include "core/port.h"
#include "core/text.h"

/* What the node may do now. */
struct muster_authority {
    bool leads;    /* a majority stands behind it until not_after */
    bool draining; /* no action starts any more */
    bool frozen;   /* the store is lost, and the config wants nothing at all to start meanwhile */
    bool paused;   /* an operator has paused the cluster's recovery: no cluster action starts */
    /* When it does not lead: SKIPPED_NOT_LEADER, SKIPPED_NO_QUORUM or SKIPPED_STORE_LOST. */
    enum muster_result refusal;
    /* An action of the cluster waits until the ledger in which it begins is held (coordinator/
     * ledger.h) … */
    bool holds;
    uint64_t held; /* … as this version is, of those handed in under this epoch */
    uint64_t epoch;
    muster_time not_after; /* own lease clock; no cluster action starts at or after it */
};

/* One call into an orchestrator. */
struct muster_turn {
    muster_time now;
    const struct muster_authority *authority;
    struct muster_effects *out;
    uint32_t notes_left; /* why-not notes that may still be put out */
};
/* New why-not notes of one call; the rest follows in the next ones, so that a call's effects are
 * bounded. */
#define MUSTER_TURN_NOTES_MAX 12

/* What a sample shows. */
struct muster_sight {
    const struct muster_health *own;         /* the newest sample; all unknown: there is none */
    const struct muster_member_view *member; /* by index; the own entry is not read */
    uint32_t count;                          /* all members */
};

struct muster_orchestrator_kind {
    const char *name; /* as in `orchestrator: NAME` */
    size_t (*size)(const struct muster_config *cfg, const struct muster_place *place);
    /* Memory comes zeroed and aligned to 16. cfg and place outlive it. intent_base: below 2^52,
     * drawn for each incarnation (acting.h). */
    void (*init)(void *self, const struct muster_config *cfg, const struct muster_place *place,
                 uint64_t intent_base);
    /* When health is to be sampled for it next, at the latest. */
    muster_time (*sample_at)(const void *self);
    /* Health is being asked for. True when a cycle is due: `cycle` is called when it has come. */
    bool (*poll)(void *self, muster_time now);
    void (*cycle)(void *self, struct muster_turn *t, const struct muster_sight *sight);
    /* A sample was taken, cycle or not. Returns the mode to vote for. */
    enum muster_fallback_mode (*observe)(void *self, struct muster_turn *t,
                                         const struct muster_sight *sight);
    /* Do what time asks for, after every input; may be null, and deadline then as well. */
    void (*advance)(void *self, struct muster_turn *t);
    muster_time (*deadline)(const void *self);
    /* A verb that is for the orchestrator (MUSTER_VERB_TRIGGER, …), with its text. */
    void (*event)(void *self, struct muster_turn *t, uint64_t verb, struct muster_bytes text);
    /* The input ACTION. The node looks at in->action.epoch itself. */
    void (*ended)(void *self, struct muster_turn *t, const struct muster_input *in);
    /* Leadership ended: what runs under it is cancelled. */
    void (*lost)(void *self, struct muster_turn *t);
    /* The cluster has agreed on a mode. False: it makes no difference. */
    bool (*agreed)(void *self, struct muster_turn *t, enum muster_fallback_mode mode);
    /* The ledger (coordinator/ledger.h): write it, when there is news that a successor must know;
     * false: there is none. It was handed in as this version. Go on with what another leader, or
     * this member before, has left, so long after it was read; what is malformed counts as just
     * done. May be null, all three: nothing is handed on then. */
    bool (*account)(const void *self, muster_time now, struct muster_text *t);
    void (*entrusted)(void *self, uint64_t version);
    void (*inherit)(void *self, struct muster_turn *t, struct muster_bytes text, muster_dur passed);
    /* Shutting down: nothing is begun any more, nothing is waited for that need not be. */
    void (*drain)(void *self, struct muster_turn *t);
    /* Nothing runs under the lease. */
    bool (*idle)(const void *self);
    /* Nothing runs; every terminal record is on disk. */
    bool (*drained)(const void *self);
    bool (*saved)(const void *self);
    /* DISK of a tag that it owns. */
    void (*disk)(void *self, const struct muster_input *in, struct muster_effects *out);
    bool (*owns)(const void *self, uint64_t tag);
    /* "running=none mode=PRIMARY …", for people. */
    void (*describe)(const void *self, struct muster_text *t);
    /* Counts by result, MUSTER_RESULT_COUNT of them, since the start. */
    const uint64_t *(*metrics)(const void *self);
};

extern const struct muster_orchestrator_kind muster_orchestrator_recovery,
    muster_orchestrator_enhanced;

#endif
