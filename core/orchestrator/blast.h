/* SPDX-License-Identifier: Apache-2.0 */
/* The blast radius: how much may be under recovery at once, so that the cure is not the outage.
 *
 * Three rules stop a recovery from starting; what runs is left alone.
 *   storm  too few members are healthy: nothing starts. As minHealthy in medik8s' NodeHealthCheck.
 *   share  at most a share of the targets is under recovery, but always one may be. As in Envoy's
 *          outlier detection (max_ejection_percent).
 *   zone   at most zones_max zones have targets under recovery.
 * A target that is under recovery already takes no more of a share or a zone by a second one.
 *
 * The storm rule remembers (S: still; a count is "enough" from muster_blast_needed on):
 *
 *   state          too few healthy     enough healthy           acknowledged
 *   NONE           ON                  S                        S
 *   ON             S                   OVER                     ACKNOWLEDGED (if counted yet)
 *   OVER           ON                  S; NONE after a while    NONE
 *   ACKNOWLEDGED   S; ON when fewer    NONE                     S
 *                  than acknowledged
 *
 * ON and OVER are the block. It outlasts the storm itself, until an operator acknowledges it or,
 * with clear_after, until a count that is enough comes clear_after or more after the first such,
 * with none that was too few between them: time alone clears nothing, for who does not count does
 * not know. An acknowledgement lets recoveries start though too few are healthy, and covers what
 * was seen: when fewer are healthy than then, it is a new storm.
 *
 * Nothing starts before the first count. Time is the lease clock.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_BLAST_H
#define MUSTER_CORE_ORCHESTRATOR_BLAST_H

#include "core/config.h"
#include "core/text.h"

/* The greater of the two bounds on healthy members holds. */
struct muster_blast_config {
    uint32_t share_ppm;       /* of the targets, rounded down, at least one: 10 %; ..MUSTER_PPM */
    uint32_t healthy_min;     /* members: 0, which is no such bound; ..number of targets */
    uint32_t healthy_min_ppm; /* of the members, rounded up: 51 %; ..MUSTER_PPM */
    uint32_t zones_max;       /* 1; 0: any number */
    muster_dur clear_after;   /* 0: only an acknowledgement clears; ..MUSTER_INTEGER_MAX ns */
};

enum muster_storm {
    MUSTER_STORM_NONE,
    MUSTER_STORM_ON,
    MUSTER_STORM_OVER,
    MUSTER_STORM_ACKNOWLEDGED,
};

/* What stopped a recovery, in the order in which the rules are asked. */
enum muster_blast_rule {
    MUSTER_BLAST_FREE,    /* nothing stops it */
    MUSTER_BLAST_UNSEEN,  /* the healthy members have not been counted yet */
    MUSTER_BLAST_STORM,   /* too few are healthy */
    MUSTER_BLAST_BLOCKED, /* enough are healthy again, the block stays */
    MUSTER_BLAST_SHARE,
    MUSTER_BLAST_ZONE,
};

struct muster_blast_answer {
    enum muster_blast_rule rule;
    muster_time until; /* BLOCKED with clear_after: the next count from then on may clear it; else,
                          and when it is due, 0: no time clears it */
};

/* Plain data; fields are read by queries and tests, written here only. */
struct muster_blast {
    struct muster_blast_config cfg;
    uint32_t count;   /* of targets, which are the members */
    bool seen;        /* healthy has been counted */
    uint32_t healthy; /* members, at the last count */
    enum muster_storm storm;
    uint32_t acknowledged;                /* ACKNOWLEDGED: the count that it covers */
    muster_time calm_since;               /* OVER: the first count that was enough */
    uint8_t zone[MUSTER_MEMBERS_MAX];     /* by target */
    uint32_t running[MUSTER_MEMBERS_MAX]; /* recoveries, by target */
};

void muster_blast_defaults(struct muster_blast_config *cfg);
/* The first field whose value is out of its range for so many targets; null when all are well. */
const char *muster_blast_check(const struct muster_blast_config *cfg, uint32_t count);

/* Nothing seen, nothing running. cfg is copied; muster_blast_check has found nothing, and count is
 * 1..MUSTER_MEMBERS_MAX (asserted). zone: by target, numbers below MUSTER_MEMBERS_MAX (asserted),
 * copied; null: all in one zone, so that zones stop nothing. */
void muster_blast_init(struct muster_blast *b, const struct muster_blast_config *cfg,
                       uint32_t count, const uint8_t *zone);

/* So many members, at most count (asserted), are known to be healthy; one of which nothing is known
 * is not healthy. */
void muster_blast_see(struct muster_blast *b, muster_time now, uint32_t healthy);
/* An operator acknowledges the storm. False: there is no block, or nothing has been counted yet, so
 * that nobody knows what would be acknowledged. */
bool muster_blast_acknowledge(struct muster_blast *b);
/* What an earlier incarnation or leader left: the fields storm and acknowledged, as they were
 * handed on. What makes no sense is a block. The stricter of both holds; for a block that
 * comes in, clear_after begins anew. */
void muster_blast_inherit(struct muster_blast *b, muster_time now, uint64_t storm,
                          uint64_t acknowledged);

/* May a recovery of this target start? */
struct muster_blast_answer muster_blast_ask(const struct muster_blast *b, muster_time now,
                                            uint32_t target);
/* A recovery of this target started, or was found running: counted whatever the rules say. */
void muster_blast_begin(struct muster_blast *b, uint32_t target);
/* One that was begun (asserted) ended. */
void muster_blast_end(struct muster_blast *b, uint32_t target);

/* How many targets may be under recovery at once, and how many members have to be healthy. */
uint32_t muster_blast_allowed(const struct muster_blast *b);
uint32_t muster_blast_needed(const struct muster_blast *b);
/* What clears a rule, for people. */
const char *muster_blast_remedy(const struct muster_blast *b, enum muster_blast_rule rule);
/* For people: "storm, 2 of 5 healthy, 3 needed; 1 of at most 1 targets in recovery, zones: 1". */
void muster_blast_describe(const struct muster_blast *b, struct muster_text *t);

#endif
