/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in the disk's folder: plain files, the history, the lock. Everything here blocks; the
 * disk's thread calls it (live/disk.c), one call at a time. */
#ifndef MUSTER_LIVE_DISK_FILES_H
#define MUSTER_LIVE_DISK_FILES_H

#include "core/port.h"
#include "live/history.h"

#define DISK_FILE_HISTORY 1
#define DISK_END          UINT64_MAX /* as an offset: append */
#define DISK_WHY_MAX      256

struct disk_file {
    int fd;       /* -1: not there, or to be opened anew */
    bool dropped; /* a sync failed: what it was for may be on no disk, and no sync can tell */
};

struct disk_files {
    int folder, lock;                         /* -1: none */
    bool unnamed;                             /* the folder has a file that it may forget */
    struct disk_file file[MUSTER_DISK_FILES]; /* that of the history is not used */
    struct muster_live_history *history;
    bool appended;          /* lines of the core wait for their sync */
    uint32_t lost;          /* enum muster_status: why a commit of notes took such lines with it */
    char why[DISK_WHY_MAX]; /* the last failure, for a person */
};

/* Open, and make what is not there; false with one line for a person in text. What an earlier
 * process wrote and did not live to sync is durable, or gone, when this returns true. */
bool disk_files_open(struct disk_files *d, const char *folder, char *text, size_t size);
/* Also what was opened only in part. */
void disk_files_close(struct disk_files *d);

/* The operations of core/port.h, for file < MUSTER_DISK_FILES. Return enum muster_status. */
uint32_t disk_files_write(struct disk_files *d, uint64_t file, uint64_t offset,
                          struct muster_bytes data, uint64_t wall);
uint32_t disk_files_sync(struct disk_files *d, uint64_t file);
/* room: MUSTER_DISK_READ_MAX bytes. The history has no places: its offset is of no account. */
uint32_t disk_files_read(struct disk_files *d, uint64_t file, uint64_t offset, uint8_t *room,
                         size_t *ret_size);

/* A note is committed with the next sync of the history, or by itself. */
uint32_t disk_files_note(struct disk_files *d, const struct muster_live_history_line *line);
uint32_t disk_files_commit_notes(struct disk_files *d);

#endif
