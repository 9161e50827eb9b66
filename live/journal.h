/* SPDX-License-Identifier: Apache-2.0 */
/* What a member's notes say, as lines of the history (live/history.h): what was begun, what was not
 * done and why, who led, which mode is in force. What was done the core itself puts on the disk. */
#ifndef MUSTER_LIVE_JOURNAL_H
#define MUSTER_LIVE_JOURNAL_H

#include "live/history.h"
#include "trace/words.h"

/* The line of a note; false when it has none. wall: ms since 1970. */
bool muster_live_journal_line(const struct muster_record *r, const struct muster_words *words,
                              uint64_t wall, struct muster_live_history_line *line);

#endif
