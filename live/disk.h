/* SPDX-License-Identifier: Apache-2.0 */
/* The disk on a real machine: a folder with the voter's slots and the history.
 *
 * Operations are executed in their order, one at a time, on a thread of the disk's own; each ends
 * in DISK. File 0 (the slots) and files 2 and 3 are plain files, synced with fdatasync, their
 * folder with fsync when they are made. File 1, the history, is a table in SQLite (live/history.h):
 * APPEND takes one or more lines as core/orchestrator/history.h writes them, SYNC commits them,
 * READ gives the newest lines that fit, oldest first. ENOSPC and EDQUOT are NOSPACE; everything
 * else that fails is IOERROR. A failed sync is never tried again on the same pages: what the kernel
 * has dropped it reports once; the file is opened anew, and the next WRITE and SYNC stand for
 * themselves.
 *
 * The folder belongs to one process at a time: a lock on `lock` in it is held until the disk is
 * closed.
 */
#ifndef MUSTER_LIVE_DISK_H
#define MUSTER_LIVE_DISK_H

#include "live/port.h"

struct muster_live_disk;

/* Open, and make when it is not there (mode 0700, its parent must exist), the folder. Null when it
 * cannot be used, with one line for a person in text: which path, what, how to mend it. */
struct muster_live_disk *muster_live_disk_open(uv_loop_t *loop, const char *folder,
                                               const struct muster_live_sink *sink, char *text,
                                               size_t size);

/* Begin an operation (an effect of kind DISK): ends in DISK with the effect's tag. */
void muster_live_disk_begin(struct muster_live_disk *d, const struct muster_effect *e);

/* Put a line into the history that is not the core's own record: what was not done and why, who
 * led. Not acknowledged; committed with the next SYNC, or within a second. */
struct muster_live_history_line;
void muster_live_disk_note(struct muster_live_disk *d, const struct muster_live_history_line *line);

/* Wait for what is under way, close, give the lock back. Nothing is answered any more. Blocks for
 * as long as the disk does. */
void muster_live_disk_close(struct muster_live_disk *d);

#endif
