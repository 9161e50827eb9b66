/* SPDX-License-Identifier: Apache-2.0 */
/* What a target must remember so that it fences and deduplicates (SPEC R14): muster-fence.
 *
 * A command becomes such a target when it is run by `muster-fence --state FILE COMMAND …`. Under a
 * lock (live/fence_file.h) that reads the state, asks muster_fence_admit, makes the new state
 * durable, runs the command, and makes its outcome durable. What was begun and has no outcome is
 * never begun again: nobody knows what came of it.
 *
 * The state is a small text:
 *   muster-fence 1
 *   highest 12              the highest epoch known
 *   123 1 begun             intent, attempt, outcome, oldest first: `begun` or an exit code
 *   124 1 0
 *   crc 1a2b3c4d            CRC-32C of everything before this line
 *
 * Pure: no clock, no files, no libuv.
 */
#ifndef MUSTER_LIVE_FENCE_H
#define MUSTER_LIVE_FENCE_H

#include "core/text.h"

#define MUSTER_FENCE_ENTRIES_MAX 128 /* the oldest are forgotten */
#define MUSTER_FENCE_TEXT_MAX    8192
#define MUSTER_FENCE_BEGUN       UINT32_MAX /* outcome: begun, and no end recorded */

/* Exit codes of muster-fence, besides the command's own. Nothing is run with any of them. */
enum muster_fence_exit {
    MUSTER_FENCE_EXIT_USAGE = 64,   /* its arguments or its environment are wrong */
    MUSTER_FENCE_EXIT_DAMAGED = 70, /* there is a state, and it cannot be trusted */
    MUSTER_FENCE_EXIT_SYSTEM = 71,  /* no process could be made */
    MUSTER_FENCE_EXIT_DISK = 74,    /* the state cannot be read, locked or written */
    MUSTER_FENCE_EXIT_UNKNOWN = 75, /* begun once, end not known; or the lock was held too long */
    MUSTER_FENCE_EXIT_FENCED = 76,  /* late, of an epoch below the highest, or overtaken */
};

struct muster_fence_entry {
    uint64_t intent, attempt;
    uint32_t outcome; /* exit code 0..255, or MUSTER_FENCE_BEGUN */
};

/* A new one when zeroed. */
struct muster_fence {
    uint64_t highest;
    uint32_t count;
    struct muster_fence_entry entry[MUSTER_FENCE_ENTRIES_MAX]; /* oldest first */
};

/* An effect, as the executor puts it into the environment of a command (live/action.h). */
struct muster_fence_request {
    uint64_t epoch; /* 0: a local action, deduplicated but not fenced */
    uint64_t intent, attempt;
    muster_time not_after; /* of the lease clock; binds when epoch is not 0 */
};

enum muster_fence_verdict {
    MUSTER_FENCE_RUN,         /* marked as begun; to be run once the state is durable */
    MUSTER_FENCE_LATE,        /* the lease clock has read past not_after */
    MUSTER_FENCE_STALE,       /* its epoch is below the highest */
    MUSTER_FENCE_OVERTAKEN,   /* a later attempt of its intent was run */
    MUSTER_FENCE_REPEATED,    /* it has been run, and ended as *ret_outcome says */
    MUSTER_FENCE_INTERRUPTED, /* it was begun, and nobody knows how it ended */
};

/* Whether an effect may not start at `now`, of the lease clock, any more. */
static inline bool muster_fence_is_late(const struct muster_fence_request *r, muster_time now)
{
    return r->epoch != 0 && now > r->not_after;
}

/* Decide on an effect. With RUN the state has changed; it is unchanged with every other verdict,
 * but for the highest epoch, which OVERTAKEN, REPEATED and INTERRUPTED may have raised. */
enum muster_fence_verdict muster_fence_admit(struct muster_fence *f,
                                             const struct muster_fence_request *r, muster_time now,
                                             uint32_t *ret_outcome);
/* Record how what RUN began has ended: an exit code 0..255. */
void muster_fence_end(struct muster_fence *f, const struct muster_fence_request *r,
                      uint32_t outcome);
/* Raise the highest epoch. False: it is higher already, and stays. */
bool muster_fence_seal(struct muster_fence *f, uint64_t epoch);

/* Write the state as text; it fits into MUSTER_FENCE_TEXT_MAX bytes. */
void muster_fence_encode(const struct muster_fence *f, struct muster_text *t);
/* Errors: MUSTER_E_CORRUPT, when the text is not a whole and sound state; *f is then undefined.
 * An empty text is corrupt: a file that is there has a state in it. */
int muster_fence_decode(struct muster_fence *f, struct muster_bytes text);

/* The text is a fencing token: decimal, at most MUSTER_INTEGER_MAX, above which no leader could
 * campaign. False: it is not. */
bool muster_fence_parse_epoch(const char *text, uint64_t *ret_epoch);
/* Read the effect from the environment. False, with a text for a person that names the variable
 * and says what it should be: one is missing or malformed. */
bool muster_fence_request_read(struct muster_fence_request *r, struct muster_text *error);

#endif
