/* SPDX-License-Identifier: Apache-2.0 */
/* The files of muster-fence: FILE, which holds the state, and FILE.lock, which says whose turn it
 * is.
 *
 * FILE is only ever replaced as a whole: written beside it as FILE.tmp, synced, renamed, the folder
 * synced. It must lie on a local file system, where flock belongs to the open file and is
 * inherited.
 *
 * Functions return 0, or an exit code of fence.h with a text for a person, without its end of line.
 */
#ifndef MUSTER_LIVE_FENCE_FILE_H
#define MUSTER_LIVE_FENCE_FILE_H

#include "live/fence.h"

/* Take the lock, trying until the lease clock has read past `until`. It is held until *ret_fd,
 * which every program started from here inherits, is closed everywhere: as long as anything of the
 * command lives that has not closed it. Errors: UNKNOWN, somebody else holds it; DISK. */
int muster_fence_lock(const char *file, muster_time until, int *ret_fd, struct muster_text *error);
/* Read the state; a file that is not there is a new one, and *ret_is_new says so. Errors: DAMAGED,
 * and the text says how to mend it; DISK. */
int muster_fence_load(struct muster_fence *f, const char *file, bool *ret_is_new,
                      struct muster_text *error);
/* Make the state durable; the caller holds the lock. Errors: DISK; the file then holds either
 * state. */
int muster_fence_save(const struct muster_fence *f, const char *file, struct muster_text *error);

#endif
