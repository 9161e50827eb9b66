/* SPDX-License-Identifier: Apache-2.0 */
/* The journal of a submitter: what it has accepted, and what has become of it, in one bounded file.
 *
 * An item has a slot of two halves, written in turn: a torn or failed write costs only itself, the
 * version before stands in the other half. The valid half with the higher version counts. Versions
 * rise over the whole journal, restarts included: the newest is in the slot written last. A half
 * holds one line,
 *   <check> <version> <record>
 * and the check is FNV-1a, 64 bits, of what follows it. What is behind the line is of no account.
 * A slot whose record is DONE, or that has no valid half, is free. There is nothing to compact.
 */
#ifndef MUSTER_CORE_COORDINATOR_WORK_JOURNAL_H
#define MUSTER_CORE_COORDINATOR_WORK_JOURNAL_H

#include "core/coordinator/work_record.h"

#define MUSTER_WORK_FILE      2 /* the file number; slots of the voter are file 0, history 1 */
#define MUSTER_WORK_HALF      512
#define MUSTER_WORK_SLOT      (2 * MUSTER_WORK_HALF)
#define MUSTER_WORK_READ_STEP (MUSTER_DISK_READ_MAX / MUSTER_WORK_SLOT) /* slots of one READ */

/* Where in the file a version of a slot's record goes. */
static inline uint64_t muster_work_offset(uint32_t slot, uint64_t version)
{
    return (uint64_t)slot * MUSTER_WORK_SLOT + (version & 1) * MUSTER_WORK_HALF;
}

/* The next version of a slot: above `newest`, up to which versions may be on the disk, and never
 * over the one that the slot holds, which the disk has acknowledged; 0: none. */
static inline uint64_t muster_work_next_version(uint64_t held, uint64_t newest)
{
    uint64_t next = newest + 1;
    return held > 0 && (next & 1) == (held & 1) ? next + 1 : next;
}

/* The line of a half, with its line break: fits into MUSTER_WORK_HALF bytes. */
void muster_work_line_write(struct muster_text *t, uint64_t version,
                            const struct muster_work_record *r);
/* The record of a slot, of up to MUSTER_WORK_SLOT bytes (fewer: the file ends there).
 * Errors: MUSTER_E_NOTFOUND when no half is valid. */
int muster_work_slot_read(struct muster_bytes slot, uint64_t *ret_version,
                          struct muster_work_record *ret_record);

#endif
