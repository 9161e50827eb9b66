/* SPDX-License-Identifier: Apache-2.0 */
/* A work item as it travels: one line of text, the same in the store and in the journal.
 *
 *   <state> <number> <epoch> <life> <assignee> <grant> <result>;<intent> <submitter> <y|n> <id>
 *   <action> [<params>]
 *
 * on one line. Before the semicolon stands what changes, behind it what does not. Numbers, epochs
 * and grants are decimal, lives and intents hexadecimal; the assignee is "-" while there is none.
 */
#ifndef MUSTER_CORE_COORDINATOR_WORK_RECORD_H
#define MUSTER_CORE_COORDINATOR_WORK_RECORD_H

#include "core/config.h"
#include "core/port.h"
#include "core/text.h"

#define MUSTER_WORK_PARAMS_MAX 255 /* bytes, without the final 0 */
#define MUSTER_WORK_RECORD_MAX 480 /* bytes of a record, with the final 0 */
#define MUSTER_WORK_HEAD_MAX   128 /* of its changing part with the intent */

/* Intents of work items lie in [3 * 2^51, 2^53), those of the orchestrators and tags of seals
 * (seal.h) below: a target, an executor and the node tell them apart by that. */
#define MUSTER_WORK_INTENTS      (UINT64_C(3) << 51)
#define MUSTER_WORK_INTENTS_MASK ((UINT64_C(1) << 51) - 1)

static inline bool muster_work_is_intent(uint64_t intent)
{
    return intent >= MUSTER_WORK_INTENTS && intent <= MUSTER_INTEGER_MAX;
}

/* Of one number, the later state is the newer record. */
enum muster_work_state {
    MUSTER_WORK_OFFERED,  /* nobody's */
    MUSTER_WORK_ASSIGNED, /* the leader names a node; it does not run yet */
    MUSTER_WORK_RUNNING,  /* the submitter has journaled the assignment: it may run */
    MUSTER_WORK_DONE,     /* the result is known, or that it never will be */
};

struct muster_work_record {
    enum muster_work_state state;
    uint64_t number; /* raised by each offer and assignment; a target refuses lower ones */
    uint64_t epoch;  /* of the leader that assigned it; 0 while OFFERED */
    uint64_t life;   /* the assignee's incarnation, its lower half; 0 while OFFERED */
    uint64_t grant;  /* RUNNING: version of the submitter's journal that says so; rises */
    uint64_t intent; /* drawn by the submitter, one for all attempts */
    enum muster_result result; /* DONE: SUCCESS … UNKNOWN */
    bool idempotent;
    char assignee[MUSTER_NAME_MAX + 1]; /* empty while OFFERED */
    char submitter[MUSTER_NAME_MAX + 1];
    char id[MUSTER_NAME_MAX + 1];
    char action[MUSTER_NAME_MAX + 1];
    char params[MUSTER_WORK_PARAMS_MAX + 1];
};

/* MUSTER_E_INVALID for everything that is not exactly such a line; then *r is not to be used. */
int muster_work_record_parse(struct muster_work_record *r, struct muster_bytes text);
void muster_work_record_write(const struct muster_work_record *r, struct muster_text *t);
/* Its beginning up to the blank behind the intent: what a script compares and replaces. */
void muster_work_record_head(const struct muster_work_record *r, struct muster_text *t);

/* Whether a is older than b, of the same intent. */
static inline bool muster_work_record_older(const struct muster_work_record *a,
                                            const struct muster_work_record *b)
{
    return a->number != b->number ? a->number < b->number : a->state < b->state;
}

/* What a submission says: tokens id=ID action=NAME [idempotent=yes|no], in any order, and behind
 * them the parameters as they are. Fills id, action, idempotent and params of a zeroed record.
 * MUSTER_E_INVALID: a token is missing, doubled or malformed, or the parameters are too long or
 * have control characters. */
int muster_work_record_submit(struct muster_work_record *r, struct muster_bytes text);

#endif
