/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of work give one another. Not for others. */
#ifndef MUSTER_CORE_COORDINATOR_WORK_INSIDE_H
#define MUSTER_CORE_COORDINATOR_WORK_INSIDE_H

#include "core/coordinator/work.h"
#include "core/notes.h"

#define WORK_STARTS_MAX 4 /* runs begun in one input */

/* Tags: the lowest byte says what for, above the coordinator's. */
enum work_tag {
    WORK_TAG_READ = MUSTER_TAG_NODE + 1,
    WORK_TAG_CHANGE,
    WORK_TAG_JOURNAL,
};

/* What is to become of a record on the board. */
enum work_wish { WORK_LEAVE, WORK_PUT, WORK_REMOVE };

/* work.c */
uint64_t work_tag(struct muster_work *w, enum work_tag what);
void work_note(struct muster_effects *out, enum muster_note kind, uint64_t a, uint64_t b,
               uint64_t c, uint64_t d, const char *text);
/* Index of a member by its name; place->count: there is none. */
uint32_t work_member(const struct muster_work *w, const char *name);
bool work_is_me(const struct muster_work *w, const char *name);
static inline bool work_is_loaded(const struct muster_work *w)
{
    return w->loaded >= MUSTER_WORK_ITEMS_MAX;
}
/* Read the board as soon as it can be. */
void work_look_soon(struct muster_work *w, muster_time now);

/* work_entries.c: the submitter. */
/* The entry of an intent; null when it is none of ours. */
struct muster_work_entry *work_entry(struct muster_work *w, uint64_t intent);
/* What the board shows of an entry (null: nothing): taken over into the journal, or what the board
 * should show instead, which is entry->record. */
enum work_wish work_own(struct muster_work *w, struct muster_work_turn *t,
                        struct muster_work_entry *e, const struct muster_work_record *shown);
/* The board shows another item under the entry's id. */
void work_taken(struct muster_work *w, struct muster_work_entry *e);
/* Write what is dirty, read what is not read yet. */
void work_journal(struct muster_work *w, muster_time now, struct muster_effects *out);

/* work_roles.c: assignee and leader. A record that they change is to be put. */
bool work_serve(struct muster_work *w, struct muster_work_turn *t, struct muster_work_record *r,
                uint32_t *starts);
bool work_lead(struct muster_work *w, struct muster_work_turn *t, struct muster_work_record *r);
/* The leader clears away what a gone submitter has left behind: it puts it back when it returns. */
bool work_is_abandoned(const struct muster_work *w, const struct muster_work_turn *t,
                       const struct muster_work_record *r);

/* work_board.c */
void work_read(struct muster_work *w, muster_time now, struct muster_effects *out);

#endif
