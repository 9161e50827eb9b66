/* SPDX-License-Identifier: Apache-2.0 */
/* Who is there: live, suspect, gone, judged by whether a member's sequence advances, on the
 * observer's own clock. Hysteresis: a member that was suspect or gone is live again after two
 * advances, so that one stray record does not make a flapping member live. The electorate is not
 * read from here (SPEC R8). */
#ifndef MUSTER_CORE_COORDINATOR_MEMBERS_H
#define MUSTER_CORE_COORDINATOR_MEMBERS_H

#include "core/coordinator/wire.h"
#include "core/notes.h"
#include "core/port.h"

enum muster_liveness {
    MUSTER_MEMBER_UNSEEN,
    MUSTER_MEMBER_LIVE,
    MUSTER_MEMBER_SUSPECT,
    MUSTER_MEMBER_GONE
};

struct muster_member {
    enum muster_liveness liveness;
    bool present;         /* its record was there and valid in the last view */
    uint32_t advances;    /* in a row since it was last suspect; stops at 2 */
    muster_time advanced; /* own clock, when its sequence last advanced */
    muster_time
        spoke; /* the asking of the reading before that one: it advanced since; 0: unknown */
    struct muster_member_record record; /* the last valid one */
    uint16_t size; /* of its text, to see at a glance that nothing has changed */
    char text[MUSTER_RECORD_MAX];
};

struct muster_members {
    const struct muster_config *cfg;
    uint32_t count;
    struct muster_member *at;
    muster_time read; /* when the last reading was asked for; 0: there was none */
    bool present[MUSTER_VOTERS_MAX];
    struct muster_member_record voter[MUSTER_VOTERS_MAX]; /* as the lease reads them */
};

/* member: memory for `count` of them, zeroed, which stays the caller's. */
void muster_members_init(struct muster_members *m, const struct muster_config *cfg,
                         struct muster_member *member, uint32_t count);

/* One member's record as just read; an empty span: there is none. */
void muster_members_see(struct muster_members *m, muster_time now, uint32_t index,
                        struct muster_bytes text);

/* The same of a record that was read in another form; null: there is none. */
void muster_members_take(struct muster_members *m, muster_time now, uint32_t index,
                         const struct muster_member_record *r);

/* A reading that was asked for then has been seen: note what became live, suspect, gone; at most
 * `most` notes, the rest next time. */
void muster_members_judge(struct muster_members *m, muster_time now, muster_time asked,
                          uint32_t most, struct muster_effects *out);

/* A vote is fresh if its sequence advanced within three heartbeats. When it did is not known, only
 * between which readings: the sending of the earlier one counts, so that what was written while
 * this member stood still, or before it started, is not taken for new. */
bool muster_members_fresh(const struct muster_members *m, muster_time now, uint32_t index);

#endif
