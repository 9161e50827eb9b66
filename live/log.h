/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon's log: JSON, one line an event, on a file descriptor.
 *
 *   {"time":"2026-11-25T10:20:31.123Z","level":"info","node":"n1","event":"leader_elected",
 *    "epoch":3,"attempt":"0x1f","until":"4512.3s","until_in":"14.8s","text":…}
 * Notes of the process come under their names of the table of events (core/notes.h), numbers as
 * words where there are words; times are of the lease clock, `until_in` is from now.
 */
#ifndef MUSTER_LIVE_LOG_H
#define MUSTER_LIVE_LOG_H

#include "live/clock.h"
#include "live/port.h"
#include "trace/words.h"

struct muster_live_log {
    int fd;
    enum muster_live_level level; /* what is below is not written */
    const char *node;
    struct muster_words words;
};

/* Something said: a port's, the daemon's own. text may be empty. */
void muster_live_log_say(const struct muster_live_log *log, enum muster_live_level level,
                         const char *event, const char *text);
/* A record: notes are written, the rest only at debug. */
void muster_live_log_record(const struct muster_live_log *log, const struct muster_record *r);

#endif
