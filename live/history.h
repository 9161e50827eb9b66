/* SPDX-License-Identifier: Apache-2.0 */
/* The durable history as a table in SQLite, for people and for the core.
 *
 *   history(id INTEGER PRIMARY KEY, wall TEXT, kind TEXT, intent INTEGER UNIQUE, action TEXT,
 *           subject TEXT, result TEXT, epoch INTEGER, attempts INTEGER, began_ns INTEGER,
 *           ended_ns INTEGER, reason TEXT, line TEXT)
 * kind: `ended` (a terminal record of the core; one row an intent, a repeated line replaces
 * itself), `started` (becomes the `ended` one of its intent), `skipped` (ended_ns is until when),
 * `leader`, `mode`; only the first two have an intent. id grows in the order in which things were
 * noted, of an intent its end. wall is ISO 8601 in UTC with milliseconds, for people only; the ns
 * are of the member's lease clock. A text that is not there is NULL.
 *
 * Used from one thread at a time; the disk calls it on its own. WAL, synchronous=FULL: what a
 * commit has acknowledged is there after a power cut. At most MUSTER_LIVE_HISTORY_ROWS rows are
 * kept: the oldest go, those that are not `ended` first.
 */
#ifndef MUSTER_LIVE_HISTORY_H
#define MUSTER_LIVE_HISTORY_H

#include "core/types.h"

#define MUSTER_LIVE_HISTORY_VERSION 1 /* of the table: SQLite's user_version */
#define MUSTER_LIVE_HISTORY_ROWS    100000

struct muster_live_history;

struct muster_live_history_line {
    uint64_t wall; /* ms since 1970 */
    char kind[16];
    char action[32], subject[32], result[32];
    uint64_t intent; /* 0: none */
    uint64_t epoch, attempts;
    uint64_t began_ns, ended_ns;
    char reason[256];
};

/* Open or make the database. Null with a line for a person in text when it cannot be used: not a
 * database, somebody else's, made by a later version, folder not writable. */
struct muster_live_history *muster_live_history_open(const char *path, char *text, size_t size);
/* What was not committed is gone. Null is closed already. */
void muster_live_history_close(struct muster_live_history *h);

/* Lines of the core (core/orchestrator/history.h), one or more, as APPEND brought them. What has no
 * valid check is passed over: it is the rest of a torn line. wall: ms since 1970. Returns enum
 * muster_status: OK, NOSPACE, IOERROR. They are durable after a commit that returned OK; after one
 * that did not, none of what came since the last one is. A failure takes back at once what came
 * since the last commit; the next one then returns it, and what comes before that fails alike. */
uint32_t muster_live_history_append(struct muster_live_history *h, struct muster_bytes lines,
                                    uint64_t wall);
uint32_t muster_live_history_add(struct muster_live_history *h,
                                 const struct muster_live_history_line *line);
uint32_t muster_live_history_commit(struct muster_live_history *h);
/* The newest lines of the core that fit into size bytes, oldest first, each with its line break,
 * and how many bytes they are. Returns enum muster_status; with nothing read unless OK. */
uint32_t muster_live_history_read(struct muster_live_history *h, char *room, size_t size,
                                  size_t *ret_size);
/* Why the last failure was one, for a person; valid until the next call. */
const char *muster_live_history_why(const struct muster_live_history *h);

#endif
