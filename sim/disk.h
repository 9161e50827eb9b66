/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual disk of one process: a few small files, what is written and what is durable kept
 * apart.
 *
 * A write changes the page cache; a sync makes it durable; a crash keeps what is durable and, torn,
 * nothing, all or a drawn part of the rest. Survives the process. Bounds: MUSTER_DISK_FILES files
 * of 64 KiB. */
#ifndef MUSTER_SIM_DISK_H
#define MUSTER_SIM_DISK_H

#include "core/port.h"
#include "sim/arena.h"
#include "sim/random.h"

#define MUSTER_DISK_FILE_MAX 65536

struct muster_disk_file {
    uint8_t *cached, *durable; /* capacity bytes each, from the arena */
    uint32_t capacity;
    uint32_t cached_size, durable_size;
    uint32_t dirty_low, dirty_high; /* cached bytes that differ from the durable ones */
};

struct muster_disk {
    struct muster_disk_file file[MUSTER_DISK_FILES];
    bool full;       /* writes answer NOSPACE */
    bool error;      /* syncs answer IOERROR */
    muster_dur slow; /* every operation takes that much longer */
};

/* What a crash does to what was not synced. */
enum muster_disk_crash { MUSTER_DISK_KEPT = 0, MUSTER_DISK_TORN = 1, MUSTER_DISK_GONE = 2 };

/* Write at an offset (gaps read as zero) or append (offset MUSTER_DISK_END).
 * Returns MUSTER_STATUS_OK or NOSPACE. */
#define MUSTER_DISK_END UINT64_MAX
enum muster_status muster_disk_write(struct muster_disk *d, struct muster_arena *a, uint32_t file,
                                     uint64_t offset, struct muster_bytes data);
/* Make durable. With `error` set: IOERROR, and nothing, all or a drawn part of the dirty bytes
 * became durable all the same. */
enum muster_status muster_disk_sync(struct muster_disk *d, uint32_t file, struct muster_random *r);
/* What a read finds: up to MUSTER_DISK_READ_MAX bytes of the cached contents, from offset on. */
struct muster_bytes muster_disk_read(const struct muster_disk *d, uint32_t file, uint64_t offset);
struct muster_bytes muster_disk_durable(const struct muster_disk *d, uint32_t file);

void muster_disk_crash(struct muster_disk *d, enum muster_disk_crash how, struct muster_random *r);
/* One drawn byte of every file flips a drawn bit, in what is durable and cached. */
void muster_disk_rot(struct muster_disk *d, struct muster_random *r);
/* A copy, for a twin. */
void muster_disk_copy(struct muster_disk *to, const struct muster_disk *from,
                      struct muster_arena *a);

#endif
