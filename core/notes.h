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
      "the process stood still or its clock jumped; cluster effects wait for a new echo")          \
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
      "the blast radius blocks, or is free again (enum muster_storm)")                             \
    X(HANDOVER, "handover", "epoch", "attempt:x", "planned", "",                                   \
      "an operator ends this leadership (planned: drains first; text: who is to follow)")          \
    X(HANDOVER_REFUSED, "handover_refused", "reason", "", "", "",                                  \
      "leadership stays where it is (enum muster_refusal; text: who was to follow)")               \
    X(PAUSE_ASKED, "pause_asked", "on", "epoch", "count", "",                                      \
      "an operator pauses the cluster's recovery, or resumes it (text: why); not durable yet")     \
    X(PAUSE_DURABLE, "pause_durable", "on", "epoch", "count", "",                                  \
      "a majority of the voters has it on disk: it holds from here, whoever leads")                \
    X(PAUSE_REFUSED, "pause_refused", "on", "reason", "", "",                                      \
      "not taken, or not known to be durable (enum muster_refusal)")                               \
    X(UNSEALED, "unsealed", "epoch", "action", "result", "",                                       \
      "a target could not be told of the new epoch (text: the action)")                            \
    X(SEALED, "sealed", "epoch", "sealed", "unsealed", "",                                         \
      "the targets were told of the new epoch: cluster actions may start")                         \
    X(VOTER_INITIALISED, "voter_initialised", "epoch", "", "", "",                                 \
      "a new durable state on an operator's word: no epoch up to this one is promised")            \
    X(VOTER_INIT_REFUSED, "voter_init_refused", "reason", "floor", "known", "",                    \
      "no new durable state (enum muster_init_refusal)")                                           \
    X(AUTHORITY_STORE, "authority_store", "voters", "", "", "",                                    \
      "the store says who leads: no promises (R3), no wait (R5), no durable state (R7), no "       \
      "electorate (R8), and no safety when the store forgets")                                     \
    X(ELECTORATE_HELD, "electorate_held", "generation", "digest:x", "", "",                        \
      "the voter has the next electorate on its disk, and votes in no other from here")            \
    X(ELECTORATE_SETTLED, "electorate_settled", "generation", "digest:x", "", "",                  \
      "somebody was elected by the next electorate and the one before: that one counts no more")   \
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
      "nobody knows what became of an item: somebody has to look")                                 \
    X(BULK_CIRCUIT, "bulk_circuit", "circuit", "", "", "",                                         \
      "what nothing rests on (text) goes to the store no more, once in a while, or again")         \
    X(WIRE_ASTRA, "wire_astra", "voters", "", "", "",                                              \
      "the origin's wire: no epochs in the store (R1, R2), promises (R3), echoes (R4), wait "      \
      "(R5), durable state (R7), electorate (R8), incarnations (R9), fences (R14), attempts "      \
      "(R15), and its own times for the lease (R6)")                                               \
    X(WIRE_BRIDGE, "wire_bridge", "voters", "", "", "",                                            \
      "both wires: leads only while it holds the lease and the origin's lock")                     \
    X(WIRE_SETTLED, "wire_settled", "voters", "", "", "",                                          \
      "every configured voter speaks the native wire: the origin's is left, its lock let go")      \
    X(ORIGIN_LOCK, "origin_lock", "held", "until", "", "",                                         \
      "beside the lease: the origin's lock was taken, or is held no more")                         \
    X(ACTION_PREPARED, "action_prepared", "intent", "epoch", "action", "subject",                  \
      "an action of the cluster is to be held by a majority of the voters before it starts")       \
    X(LEDGER_DURABLE, "ledger_durable", "epoch", "count", "", "",                                  \
      "a majority of the voters has this version of the ledger on disk")                           \
    X(LEDGER_INHERITED, "ledger_inherited", "epoch", "count", "passed", "",                        \
      "a new leader goes on with this version of the ledger, read so long ago")

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
    X(DUPLICATE, "a twin with this id leads its life")                                             \
    X(STEP_DOWN, "an operator asked it to step down")                                              \
    X(SWITCHOVER, "an operator named a successor")                                                 \
    X(ORIGIN_LOCK, "the origin's lock is held no more")

enum muster_lost {
#define X(name, text) MUSTER_LOST_##name,
    MUSTER_LOST(X)
#undef X
        MUSTER_LOST_COUNT
};

/* Why an operator's wish for a leadership was refused, in HANDOVER_REFUSED and
 * PAUSE_REFUSED. */
#define MUSTER_REFUSALS(X)                                                                         \
    X(NOT_LEADER, "this member does not lead")                                                     \
    X(ALONE, "this member is its own cluster")                                                     \
    X(NO_MEMBER, "no member has that name")                                                        \
    X(NO_VOTER, "it has no vote, and cannot lead")                                                 \
    X(LEADS_ALREADY, "it leads already")                                                           \
    X(NOT_LIVE, "it is not live")                                                                  \
    X(NOT_READY, "it has not promised this leadership, and could not follow at once")              \
    X(ENDED, "leadership ended before")                                                            \
    X(NO_WIRE, "the origin's wire has no word for it")

enum muster_refusal {
#define X(name, text) MUSTER_REFUSAL_##name,
    MUSTER_REFUSALS(X)
#undef X
        MUSTER_REFUSAL_COUNT
};

/* Why an operator's voter-init was refused, in VOTER_INIT_REFUSED. */
#define MUSTER_INIT_REFUSALS(X)                                                                    \
    X(MALFORMED, "its text is not floor=N")                                                        \
    X(NEEDLESS, "no voter, or one with a valid state")                                             \
    X(UNREADABLE, "the disk cannot be read; an older state may be on it")                          \
    X(FLOOR_LOW, "the cluster knows an epoch above the floor")                                     \
    X(NO_MAJORITY, "no majority of the other voters has been heard")                               \
    X(DISK, "the disk did not take the new state")                                                 \
    X(NOT_NOW, "it has not read its disk yet, a twin lives, or it is shutting down")

enum muster_init_refusal {
#define X(name, text) MUSTER_INIT_##name,
    MUSTER_INIT_REFUSALS(X)
#undef X
        MUSTER_INIT_REFUSAL_COUNT
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
