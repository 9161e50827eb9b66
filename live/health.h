/* SPDX-License-Identifier: Apache-2.0 */
/* The health source on a real machine: a JSON file, read anew at every request.
 *
 * The file is SPEC 1's health state; it becomes the text of core/orchestrator/health.h. What is
 * missing or malformed in it is UNKNOWN. A request ends in REPLY: OK with the text as a flat bulk;
 * REFUSED when there is no such file, or it is no regular file (a FIFO is never waited for), or
 * larger than MUSTER_HEALTH_FILE_MAX, or cannot be read, or is no JSON object; UNKNOWN when it
 * could not be read within the timeout. Why, and which part is malformed, is said once for each new
 * reason, not at every request. Who writes the file should write another one and rename it, so that
 * it is never seen half.
 */
#ifndef MUSTER_LIVE_HEALTH_H
#define MUSTER_LIVE_HEALTH_H

#include "core/text.h"
#include "live/port.h"

#define MUSTER_HEALTH_FILE_MAX       (1 << 20)
#define MUSTER_HEALTH_PATH_MAX       1023
#define MUSTER_HEALTH_REQUESTS_MAX   32    /* at a time; the simulator's bound too */
#define MUSTER_LIVE_HEALTH_TEXT_ROOM 16384 /* bytes of the text, with the final 0 */

struct muster_live_health;

/* path: of the file, which need not be there yet; at most MUSTER_HEALTH_PATH_MAX bytes. Never
 * null. */
struct muster_live_health *muster_live_health_new(uv_loop_t *loop, const char *path,
                                                  const struct muster_live_sink *sink);
/* Begin a request: ends in REPLY with this tag. timeout: ns. The file is read off the loop's
 * thread, for one request after the other. */
void muster_live_health_request(struct muster_live_health *h, uint64_t tag, muster_dur timeout);
/* Requests under way get no answer. `closed` comes from the loop; it is freed then. */
void muster_live_health_close(struct muster_live_health *h, void (*closed)(void *cookie),
                              void *cookie);

/* SPEC 1's health state as JSON -> the core's health text. Numbers are rounded down, shares become
 * ppm, states may be in lower case. What is there but malformed becomes a value that the core reads
 * as unknown, so that nothing else stands in for it; names of components that are not of letters,
 * digits, '_', '-' and '.' are passed over and counted as unknown; components that do not fit into
 * the text are all left out.
 * Returns 0, and in why the first part that is malformed, if any ("retry.state is malformed"); or
 * MUSTER_E_INVALID with one line for a person in why, and nothing in out. */
int muster_health_text(struct muster_bytes json, struct muster_text *out, char *why, size_t size);

#endif
