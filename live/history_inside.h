/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the history share: its statements and its state. */
#ifndef MUSTER_LIVE_HISTORY_INSIDE_H
#define MUSTER_LIVE_HISTORY_INSIDE_H

#include "live/history.h"

#include <sqlite3.h>

#define HISTORY_WHY_MAX 200

enum history_statement {
    HISTORY_BEGIN,
    HISTORY_COMMIT,
    HISTORY_ROLLBACK,
    HISTORY_PUT,
    HISTORY_READ,
    HISTORY_COUNT,
    HISTORY_FORGET_LESSER,
    HISTORY_FORGET_OLDEST,
    HISTORY_STATEMENTS,
};

struct muster_live_history {
    sqlite3 *db;
    sqlite3_stmt *statement[HISTORY_STATEMENTS];
    uint64_t rows;   /* at least as many as there are */
    uint32_t failed; /* enum muster_status: of what came since the last commit */
    char why[HISTORY_WHY_MAX];
};

/* Run a statement to its end, or to its first row, whose first column is the number. Returns
 * SQLITE_OK or an extended code, with errno as the system left it, or 0. */
int history_run(struct muster_live_history *h, enum history_statement s, int64_t *ret_number);

#endif
