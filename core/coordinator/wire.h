/* SPDX-License-Identifier: Apache-2.0 */
/* What the nodes write into the store: keys, records, scripts. Text, so that redis-cli shows it.
 *
 *   leader record   H <epoch> <attempt> <counter> <id> <incarnation>
 *                     <released epoch> <released attempt>
 *   tombstone       R <epoch> <attempt> <counter> <id> <incarnation> [<successor>]
 *   member record   V <state> <incarnation> <electorate> <sequence>
 *                     <epoch> <attempt> <echo> <known> <circuit> <mode> <score> <failed components>
 *                     <generation> <settled generation>
 *                     [<pause epoch> <pause count> [<ledger epoch> <ledger count>]]
 *   decision        D <epoch> <sequence> <circuit> <mode> <votes>
 * Epochs, counters and scores are decimal, attempts, incarnations and digests hexadecimal. All keys
 * carry one hash tag, so that they share a slot of a Redis Cluster.
 */
#ifndef MUSTER_CORE_COORDINATOR_WIRE_H
#define MUSTER_CORE_COORDINATOR_WIRE_H

#include "core/config.h"
#include "core/coordinator/ledger.h"
#include "core/coordinator/pause.h"
#include "core/text.h"

#define MUSTER_RECORD_MAX 344 /* bytes of any record, with the final 0 */
#define MUSTER_KEY_MAX    96

struct muster_incarnation {
    uint64_t high, low;
};

static inline bool muster_incarnation_equal(struct muster_incarnation a,
                                            struct muster_incarnation b)
{
    return a.high == b.high && a.low == b.low;
}

static inline bool muster_incarnation_below(struct muster_incarnation a,
                                            struct muster_incarnation b)
{
    return a.high != b.high ? a.high < b.high : a.low < b.low;
}

/* An epoch and the attempt that took it: what a voter promises, what a lease is known by. */
struct muster_pair {
    uint64_t epoch, attempt;
};

static inline bool muster_pair_equal(struct muster_pair a, struct muster_pair b)
{
    return a.epoch == b.epoch && a.attempt == b.attempt;
}

struct muster_leader_record {
    bool released; /* a tombstone */
    struct muster_pair pair;
    uint64_t counter; /* of renewals; the acquire's is 0 */
    char id[MUSTER_NAME_MAX + 1];
    struct muster_incarnation incarnation;
    struct muster_pair replaced;         /* of the tombstone it took the place of; 0, 0 for none */
    char successor[MUSTER_NAME_MAX + 1]; /* in a tombstone: who is to follow; empty: anybody */
};

enum muster_member_state {
    MUSTER_MEMBER_JOINING = 'J', /* looks whether a twin lives */
    MUSTER_MEMBER_ACTIVE = 'A',
    MUSTER_MEMBER_UNFIT = 'U',    /* active, but a voter without valid durable state */
    MUSTER_MEMBER_DRAINING = 'D', /* active, shutting down; said only where there is work */
};

struct muster_member_record {
    enum muster_member_state state;
    struct muster_incarnation incarnation;
    uint64_t sequence;
    uint64_t electorate;
    struct muster_pair promise;
    uint64_t echo;  /* counter of the promised pair last seen; valid when promise.epoch > 0 */
    uint64_t known; /* highest epoch it knows of */
    uint64_t circuit, mode, score;
    uint64_t failed;           /* components; MUSTER_COUNT_UNKNOWN as 18446744073709551615 */
    struct muster_pause pause; /* on its disk; left out while nobody has paused anything */
    struct muster_ledger_version ledger; /* likewise, while no cluster action was ever begun */
    uint64_t generation, settled;        /* of the electorate (electorate.h) */
};

/* Its promise and echo count. */
static inline bool muster_member_is_voting(const struct muster_member_record *r)
{
    return r->state == MUSTER_MEMBER_ACTIVE || r->state == MUSTER_MEMBER_DRAINING;
}

struct muster_decision_record {
    uint64_t epoch, sequence, circuit, mode, votes;
};

/* Parsers are total: MUSTER_E_INVALID for everything that is not exactly a record of today. */
int muster_leader_record_parse(struct muster_leader_record *r, struct muster_bytes text);
int muster_member_record_parse(struct muster_member_record *r, struct muster_bytes text);
/* The same for a text that begins like the one *r was parsed from: MUSTER_MEMBER_HEAD equal bytes,
 * which are the state, the incarnation and the electorate. They are most of the work, and hardly
 * ever change. */
int muster_member_record_parse_next(struct muster_member_record *r, struct muster_bytes text);
#define MUSTER_MEMBER_HEAD 53 /* "V A <32 digits> <16 digits>" */
int muster_decision_record_parse(struct muster_decision_record *r, struct muster_bytes text);

void muster_leader_record_write(const struct muster_leader_record *r, struct muster_text *t);
void muster_member_record_write(const struct muster_member_record *r, struct muster_text *t);
void muster_decision_record_write(const struct muster_decision_record *r, struct muster_text *t);

/* Scripts. ACQUIRE: KEYS leader, epoch; ARGV floor, attempt, "<id> <incarnation>", ttl ms, a record
 * known to be dead or empty -> the record that stands afterwards. REPLACE: KEYS leader; ARGV
 * expected record, new record, ttl ms -> the record that stands afterwards, or nil. WORK: KEYS
 * board, a hash; ARGV most fields, then for each change a field, the beginning that its value must
 * have (empty: it must not be there), the beginning that takes its place (empty: the field goes),
 * at last a channel and a message for it or nothing -> an integer. */
enum muster_script {
    MUSTER_SCRIPT_ACQUIRE,
    MUSTER_SCRIPT_REPLACE,
    MUSTER_SCRIPT_WORK,
    MUSTER_SCRIPT_COUNT
};
const char *muster_script_text(enum muster_script script);
/* Its SHA-1 in hexadecimal, a constant; a test compares it with the text. */
const char *muster_script_sha1(enum muster_script script);

/* "{muster:<cluster>}:<name>" and "{muster:<cluster>}:node:<id>". */
void muster_key(struct muster_text *t, const char *cluster, const char *name);
void muster_key_of_member(struct muster_text *t, const char *cluster, const char *kind,
                          const char *id);

#endif
