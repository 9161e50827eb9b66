/* SPDX-License-Identifier: Apache-2.0 */
/* The history: what was done, and what was not and why, in a bounded ring; the former also on disk.
 *
 * A record with an intent is terminal: the one and only end of that intent. It is appended to a
 * file as a line of text and synced; the note HISTORY_DURABLE says when the disk has acknowledged
 * it. One batch of lines is under way at a time; a batch that failed is written again by the next
 * muster_history_save, so that a line can be in the file twice: readers go by the intent. A line is
 *   intent=N action=NAME subject=NAME result=NAME epoch=N attempts=N began=N ended=N
 *   reason="TEXT" check=HEX
 * with blanks between, times in ns of the member's lease clock, and a 32-bit FNV-1a of all that is
 * before " check=". After a failure or a restart the last line may be torn: a line break comes
 * first then, and readers pass over lines without a valid check.
 */
#ifndef MUSTER_CORE_ORCHESTRATOR_HISTORY_H
#define MUSTER_CORE_ORCHESTRATOR_HISTORY_H

#include "core/config.h"
#include "core/port.h"
#include "core/text.h"

#define MUSTER_HISTORY_RECORDS  128 /* capacity of the ring */
#define MUSTER_HISTORY_TEXT_MAX 31  /* bytes of an operator's reason, without the final 0 */
#define MUSTER_HISTORY_BATCH    8   /* lines of one sync */
#define MUSTER_HISTORY_LINE_MAX 512
#define MUSTER_HISTORY_FILE     1 /* number of the file on disk */

/* Tags of the history's disk effects: 2^52 … 2^53 - 1. Intents stay below. */
#define MUSTER_HISTORY_TAGS (UINT64_C(1) << 52)

/* What called for an action; `value` of a record is what was measured. */
enum muster_cause {
    MUSTER_CAUSE_CIRCUIT_OPEN = 1,  /* value: ns it has been open */
    MUSTER_CAUSE_RETRY_FAILURES,    /* value: failures in the last hour */
    MUSTER_CAUSE_FAILED_COMPONENTS, /* value: how many */
    MUSTER_CAUSE_ACCURACY,          /* value: ppm */
    MUSTER_CAUSE_MANUAL,            /* an operator's trigger; text: the reason given */
    MUSTER_CAUSE_ANOMALY,           /* text: its type; value: severity, ppm; UINT64_MAX: not said */
};

struct muster_history_record {
    uint64_t intent; /* 0: a why-not record */
    uint64_t epoch;  /* under which the action was handed out; 0 for a local one and for why-not */
    uint64_t value;  /* see enum muster_cause */
    muster_time began; /* handed out first; why-not: noticed */
    muster_time ended; /* why-not: until when the rule stops it; 0 when no time clears it */
    uint8_t action;    /* MUSTER_ACTIONS_MAX in the why-not of an unknown one */
    uint8_t subject;
    uint8_t result; /* enum muster_result */
    uint8_t cause;  /* enum muster_cause */
    uint32_t attempts;
    char text[MUSTER_HISTORY_TEXT_MAX + 1];
};

struct muster_history {
    uint64_t next;    /* number of the next record; number n lives in slot n modulo the capacity */
    uint64_t dropped; /* pushed out of the full ring */
    uint64_t unsaved; /* of those, terminal ones that were not on disk yet */
    uint64_t durable; /* terminal records that the disk has acknowledged */
    uint64_t looked;  /* records below are on disk, in the batch, or need not be */
    uint64_t batches; /* begun so far: tells their tags apart */
    uint64_t batch_intent[MUSTER_HISTORY_BATCH];
    uint64_t batch_number[MUSTER_HISTORY_BATCH];
    uint32_t batch_count; /* 0: nothing under way */
    uint16_t batch_failed;
    uint16_t torn; /* the file may end within a line */
    struct muster_history_record at[MUSTER_HISTORY_RECORDS];
};

void muster_history_init(struct muster_history *h);
/* Add a record; the oldest gives way when the ring is full. */
void muster_history_add(struct muster_history *h, const struct muster_history_record *record);
/* Number of the oldest record kept; h->next when there is none. */
uint64_t muster_history_oldest(const struct muster_history *h);
/* A record by its number; null when it is not, or no longer, there. */
const struct muster_history_record *muster_history_at(const struct muster_history *h,
                                                      uint64_t number);

/* Put the terminal records that wait onto the disk, at most a batch; nothing while a batch is under
 * way. */
void muster_history_save(struct muster_history *h, const struct muster_recovery_config *cfg,
                         const struct muster_place *place, struct muster_effects *out);
/* A disk effect of the history ended (in->tag is one of muster_history_owns). Goes on with what
 * waits, unless the disk failed. */
void muster_history_disk(struct muster_history *h, const struct muster_recovery_config *cfg,
                         const struct muster_place *place, const struct muster_input *in,
                         struct muster_effects *out);
bool muster_history_owns(uint64_t tag);
/* Every terminal record in the ring is on disk. */
bool muster_history_saved(const struct muster_history *h);

/* What called for the action, for people: "circuit OPEN for 320s", "manual: <text>". */
void muster_history_reason(struct muster_text *t, const struct muster_history_record *record);

#endif
