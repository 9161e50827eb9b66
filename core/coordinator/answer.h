/* SPDX-License-Identifier: Apache-2.0 */
/* The stated reaction to each error of the store (SPEC R10).
 *
 *   NOSCRIPT                              send the whole script, once
 *   LOADING MASTERDOWN CLUSTERDOWN        it comes by itself: retry at the own pace
 *   BUSY UNKILLABLE TRYAGAIN READONLY
 *   NOREPLICAS                            likewise; after a failover the address leads elsewhere
 *   MISCONF OOM                           the store takes no writes until somebody mends it
 *   NOAUTH WRONGPASS NOPERM               the config or the ACL is wrong
 *   WRONGTYPE                             somebody else writes our keys
 *   MOVED ASK CROSSSLOT                   this is a Redis Cluster: the config names the wrong node
 *   every other                           retry at the own pace
 * A command that was answered with an error was not executed; a script that fails half way is the
 * same, as ours write last. All the retrying ends where R11 says: at renew_deadline the leader
 * steps down. A lost connection or a timeout is no answer: the outcome is unknown, and the record
 * is read before anything is written again (lease.h).
 */
#ifndef MUSTER_CORE_COORDINATOR_ANSWER_H
#define MUSTER_CORE_COORDINATOR_ANSWER_H

#include "core/notes.h"
#include "core/port.h"

/* error: the text of an error reply, which begins with its word. Total. */
enum muster_reaction muster_answer_reaction(struct muster_bytes error);
/* The same, and noted. */
enum muster_reaction muster_answer_note(struct muster_bytes error, struct muster_effects *out);

#endif
