/* SPDX-License-Identifier: Apache-2.0 */
/* The transition records of the core: one table for the trace, the triggers of scenarios, the
 * checks and the log. A row: identifier, name, names of the four integers ("" for unused; a
 * trailing :x prints as hexadecimal), what happened. The order is part of the trace format: append,
 * never insert. */
#ifndef MUSTER_CORE_NOTES_H
#define MUSTER_CORE_NOTES_H

#include <stdint.h>

#define MUSTER_NOTES(X)                                                                            \
    X(STARTED, "started", "", "", "", "", "the process took its first input")                      \
    X(JOINED, "joined", "", "", "", "", "no twin was seen; the member publishes as active")        \
    X(DUPLICATE_ID, "duplicate_id", "high:x", "low:x", "", "",                                     \
      "another incarnation with this id is alive; this one refuses")                               \
    X(BOOTSTRAPPED, "bootstrapped", "", "", "", "", "first durable voter state written")           \
    X(BOOTSTRAP_REFUSED, "bootstrap_refused", "epoch", "", "", "",                                 \
      "the cluster already has an epoch; this voter lost its state")                               \
    X(VOTER_UNFIT, "voter_unfit", "", "", "", "",                                                  \
      "no valid durable state: neither promises nor echoes")                                       \
    X(PROMISED, "promised", "epoch", "attempt:x", "", "", "a promise became durable")              \
    X(PROMISE_FAILED, "promise_failed", "epoch", "attempt:x", "status", "",                        \
      "the disk did not take a promise")                                                           \
    X(CAMPAIGN, "campaign", "epoch", "attempt:x", "", "",                                          \
      "asks the store for the leader record; epoch is the floor it knows")                         \
    X(ACQUIRED, "acquired", "epoch", "attempt:x", "", "",                                          \
      "holds the leader record, not yet confirmed")                                                \
    X(ATTEMPT_RELEASED, "attempt_released", "epoch", "attempt:x", "", "",                          \
      "an attempt was given up before it led")                                                     \
    X(LEADER_ELECTED, "leader_elected", "epoch", "attempt:x", "until", "",                         \
      "a majority promised this very pair; leads until `until` on its own clock")                  \
    X(LEASE_EXTENDED, "lease_extended", "epoch", "attempt:x", "until", "counter",                  \
      "a majority echoed a renewal")                                                               \
    X(LEADER_LOST, "leader_lost", "epoch", "attempt:x", "reason", "",                              \
      "stepped down (enum muster_lost)")                                                           \
    X(RELEASED, "released", "epoch", "attempt:x", "", "", "left a tombstone in the leader record") \
    X(ZOMBIE_RELEASED, "zombie_released", "epoch", "attempt:x", "", "",                            \
      "released a record of its own that came too late")                                           \
    X(STALLED, "stalled", "late", "", "", "",                                                      \
      "the process stood still or its clock jumped; cluster effects wait for a new echo") \
    X(STORE_ERROR, "store_error", "reaction", "", "", "",                                          \
      "the store answered an error (text), and what is done (enum muster_reaction)")               \
    X(STORE_LOST, "store_lost", "", "", "", "", "no answer from the store for a renew_deadline")   \
    X(STORE_BACK, "store_back", "", "", "", "", "the store answers again")                         \
    X(CONSENSUS, "consensus", "epoch", "sequence", "outcome", "votes",                             \
      "a decision was computed (enum muster_outcome)")                                             \
    X(CONSENSUS_APPLIED, "consensus_applied", "epoch", "sequence", "circuit", "mode",              \
      "a decision of the current leader was applied")                                              \
    X(MEMBER_LIVE, "member_live", "member", "", "", "", "a member's sequence advances")            \
    X(MEMBER_SUSPECT, "member_suspect", "member", "", "", "", "two heartbeats were missed")        \
    X(MEMBER_GONE, "member_gone", "member", "", "", "", "no advance for a vote's lifetime")        \
    X(HEALTH, "health", "score", "class", "failed", "circuit",                                     \
      "health was sampled and has changed")                                                        \
    X(FALLBACK, "fallback", "mode", "from", "cause", "",                                           \
      "the fallback mode changed, with its reason")                                                \
    X(ACTION_STARTED, "action_started", "intent", "epoch", "action", "subject",                    \
      "an action was handed out")                                                                  \
    X(ACTION_ENDED, "action_ended", "intent", "epoch", "result", "action",                         \
      "the terminal record of an intent (enum muster_result)")                                     \
    X(ACTION_SKIPPED, "action_skipped", "result", "action", "until", "subject",                    \
      "why not: the rule, until when on the own clock, and in the text what clears it")            \
    X(HISTORY_DURABLE, "history_durable", "intent", "records", "", "",                             \
      "the disk acknowledged this history record")                                                 \
    X(DRAINING, "draining", "", "", "", "", "takes no more work and lets what runs end")           \
    X(STOPPED, "stopped", "", "", "", "", "shut down: nothing more comes from this process")       \
    X(TWO_VOTERS, "two_voters", "", "", "", "", "two voters tolerate no loss")                     \
    X(ANOMALY, "anomaly", "decision", "severity", "confidence", "recurrence",                      \
      "an anomaly was reported, and what was decided (text: its type, and why)")                   \
    X(PHASE, "phase", "phase", "from", "", "", "the mission went on to a phase (text: its name)")  \
    X(PHASE_REFUSED, "phase_refused", "phase", "from", "", "",                                     \
      "a phase that may not follow, or is none (text)")                                            \
    X(DRY_RUN, "dry_run", "on", "", "", "", "actions are recorded and not run, or run again")      \
    X(STORM, "storm", "storm", "healthy", "needed", "",                                            \
      "the blast radius blocks, or is free again (enum muster_storm)") \
    X(WORK_ACCEPTED, "work_accepted", "intent", "idempotent", "restated", "",                      \
      "a work item is in the submitter's journal (text: its id), or was found there")              \
    X(WORK_REFUSED, "work_refused", "reason", "", "", "",                                          \
      "a submission was refused (enum muster_work_refusal; text: id, and why)")                    \
    X(WORK_ASSIGNED, "work_assigned", "intent", "number", "epoch", "member",                       \
      "the leader asks the store to give an item to a member")                                     \
    X(WORK_GRANTED, "work_granted", "intent", "number", "epoch", "member",                         \
      "the submitter has journaled an assignment: the member may run it")                          \
    X(WORK_STARTED, "work_started", "intent", "number", "epoch", "", "a run was handed out")       \
    X(WORK_RAN, "work_ran", "intent", "number", "result", "highest",                               \
      "a run has ended (enum muster_result)")                                                      \
    X(WORK_ENDED, "work_ended", "intent", "number", "result", "restated",                          \
      "the terminal record of a work item is durable, or was found in the journal")                \
    X(WORK_ALERT, "work_alert", "intent", "number", "", "",                                        \
      "nobody knows what became of an item: somebody has to look")

enum muster_note {
    MUSTER_NOTE_NONE = 0,
#define X(id, name, a, b, c, d, what) MUSTER_NOTE_##id,
    MUSTER_NOTES(X)
#undef X
        MUSTER_NOTE_COUNT,
    MUSTER_NOTE_CUSTOM =
        256, /* processes that are not ours number their notes from here; the name is
                                 the text up to its first blank */
};

/* Why leadership ended, in LEADER_LOST. */
#define MUSTER_LOST(X)                                                                             \
    X(EXPIRED, "lease ran out on its own clock")                                                   \
    X(DEADLINE, "no majority echo within renew_deadline")                                          \
    X(RECORD_GONE, "leader record missing or another's")                                           \
    X(PROMISED_HIGHER, "promised a higher epoch")                                                  \
    X(FENCED, "a target knows a higher epoch")                                                     \
    X(SHUTDOWN, "asked to shut down")                                                              \
    X(DUPLICATE, "a twin with this id leads its life")

enum muster_lost {
#define X(name, text) MUSTER_LOST_##name,
    MUSTER_LOST(X)
#undef X
        MUSTER_LOST_COUNT
};

/* The stated reaction to an error of the store (SPEC R10). */
#define MUSTER_REACTIONS(X)                                                                        \
    X(RETRY, "retry at the own pace")                                                              \
    X(LOAD_SCRIPT, "send the whole script")                                                        \
    X(RECONNECT, "treat as lost connection")                                                       \
    X(UNCERTAIN, "outcome unknown: read before writing again")                                     \
    X(OPERATOR, "retry at the own pace; only an operator can mend it")

enum muster_reaction {
#define X(name, text) MUSTER_REACTION_##name,
    MUSTER_REACTIONS(X)
#undef X
        MUSTER_REACTION_COUNT
};

#endif
