/* SPDX-License-Identifier: Apache-2.0 */
/* A small Raft (Ongaro and Ousterhout 2014) that is not ours to ship: an example of a state machine
 * of one's own in the world. Election, replication, commit, and a disk; neither snapshots nor
 * changes of membership.
 *
 * What goes in: datagrams of the other members, and COMMAND with the verb custom, whose text the
 * leader appends; who does not lead notes that it refused. What comes out: datagrams, disk effects,
 * and notes. A disk that fails halts the member: it must be restarted. */
#ifndef MUSTER_EXAMPLES_RAFT_H
#define MUSTER_EXAMPLES_RAFT_H

#include "core/random.h"
#include "sim/process.h"

#define RAFT_LOG_MAX     1024 /* entries */
#define RAFT_LOG_KEPT    128  /* of them for leaders' first entries: commands find it full before */
#define RAFT_TEXT_SIZE   24   /* of a command, with its 0; what is longer is cut off */
#define RAFT_MEMBERS_MAX MUSTER_MEMBERS_MAX

/* Datagrams: little-endian words of 64 bits, the sender's term first. */
enum raft_message {
    RAFT_VOTE_ASK, /* length and last term of the log; the candidate has voted for itself */
    RAFT_VOTE,     /* 1: granted, 0: denied */
    RAFT_APPEND,   /* index and term of the entry before, commit, count, then the entries */
    RAFT_APPENDED, /* 1: the log is the leader's up to this index; 0: it is not beyond this one */
};

enum raft_role { RAFT_LOADING, RAFT_FOLLOWER, RAFT_CANDIDATE, RAFT_LEADER, RAFT_HALTED };

/* Notes; beside them stand leader_elected and leader_lost with the term as their epoch, so that
 * `leader` and `followers` can be said in a scenario. They carry no lease: until is now. */
enum raft_note {
    RAFT_LOADED = MUSTER_NOTE_CUSTOM, /* length, term, vote: what was on disk at the start */
    RAFT_ELECTED,                     /* term: a majority has voted for this member */
    RAFT_LOGGED,                      /* index, term: an entry was put into the log */
    RAFT_CUT,                         /* index: the log was cut to that length */
    RAFT_VOTED,                       /* term, member: the vote is durable */
    RAFT_APPLIED,                     /* index, term, hash of the text; the text */
    RAFT_REFUSED,                     /* a command came to a member that does not lead */
    RAFT_STOPPED_BY_DISK,             /* status: the disk failed */
};

struct raft_config {
    muster_dur heartbeat, election; /* a follower waits `election` to twice that */
    muster_dur load;                /* the leader appends a command of its own that often; 0: not */
};

struct raft_entry {
    uint64_t term;
    char text[RAFT_TEXT_SIZE]; /* empty: a new leader's first */
};

struct raft {
    const struct raft_config *config;
    struct muster_place place;
    struct muster_random random;
    enum raft_role role;
    uint64_t term;
    uint64_t vote, leader;                   /* member + 1; 0: none */
    struct raft_entry log[RAFT_LOG_MAX + 1]; /* from 1 on; 0 stands before the first */
    uint64_t length, commit, applied;
    uint64_t matched; /* of a follower: up to here its log is the leader's */
    uint64_t votes;   /* of a candidate: a bit for every member */
    uint64_t next[RAFT_MEMBERS_MAX], match[RAFT_MEMBERS_MAX]; /* of a leader */
    muster_time due, load_at;
    /* The disk. Saves are numbered; what a later one holds is durable once it has ended. */
    uint64_t saves, saved; /* begun, ended */
    uint64_t term_save;    /* the save that holds term and vote */
    uint64_t cut_save;     /* saves up to here held entries that were cut off since */
    uint64_t durable;      /* up to here the log is on disk */
    uint64_t sequence;     /* of the slot that holds term and vote */
    uint64_t changed_from; /* first entry to be saved; 0: none */
    bool changed_term, owes_answer;
};

/* The door and its timer, as in the table of a process (config/process.h). */
void raft_handle(void *self, const struct muster_input *in, struct muster_effects *out);
muster_time raft_deadline(const void *self);

extern const struct muster_process raft_process;
extern const struct muster_property *const raft_properties[]; /* ends with null */

/* Word i of a datagram; 0 behind its end. */
uint64_t raft_word(struct muster_bytes data, size_t i);
/* For notes and checks: a hash of an entry's text. */
uint64_t raft_text_hash(const char text[RAFT_TEXT_SIZE]);

#endif
