/* SPDX-License-Identifier: Apache-2.0 */
/* The recording of a member: the trace of one process, which `muster replay` runs again.
 *
 * Its scenario is made up: the members by name and the core's config, so that the trace needs
 * nothing beside itself. Nothing in it is secret: passwords never reach the core. Each input is
 * handed to the system with what followed from it, so a recording of a killed daemon is truncated
 * at the most, and replays as far as it goes.
 */
#ifndef MUSTER_LIVE_RECORDER_H
#define MUSTER_LIVE_RECORDER_H

#include "core/config.h"
#include "trace/write.h"

struct muster_live_recorder;

/* Null, with one line for a person in text, when the file cannot be made. An existing file is kept
 * as PATH.1, an older PATH.1 is replaced. */
struct muster_live_recorder *muster_live_recorder_open(const char *path,
                                                       const struct muster_config *config,
                                                       const struct muster_place *place, char *text,
                                                       size_t size);
/* One record of the process. Returns 0, or -errno the first time that the file fails: nothing is
 * recorded from then on. */
int muster_live_recorder_add(struct muster_live_recorder *r, const struct muster_record *record);
/* The last line, with the run hash. */
void muster_live_recorder_close(struct muster_live_recorder *r, uint64_t hash, uint64_t records);

#endif
