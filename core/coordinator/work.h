/* SPDX-License-Identifier: Apache-2.0 */
/* Work assignment: assign_work of SPEC 2. One member's part in it, beside its coordinator.
 *
 * A node takes part in up to three roles at once. As submitter it accepts an item by journaling it,
 * and owns it until its terminal record is durable. As leader it names, for what is offered, a live
 * and healthy node. As assignee it runs what was given to it, through the executor. They meet on
 * the board, a hash in the store with one record an item (work_record.h), which every change
 * replaces by a script that compares.
 *
 * The board is where they meet, not what they trust: nothing runs before the submitter has
 * journaled the assignment, and it journals each number once. So the store may lose the board, or
 * bring back an old one; the submitter puts back what its journal says. An item's number rises with
 * every offer and assignment; the effect carries it, and a target refuses lower ones.
 *
 *   record     changed by   when                                   becomes    number
 *   -          submitter    accepted, or the board has lost it     as journaled
 *   OFFERED    leader       a node is live and healthy             ASSIGNED   + 1
 *   ASSIGNED   leader       that node is no longer                 ASSIGNED   + 1
 *   ASSIGNED   submitter    it has journaled this number           RUNNING
 *   RUNNING    assignee     its run has ended                      DONE       result
 *   RUNNING    assignee     it did not begin, and is draining      DONE       cancelled
 *   RUNNING    assignee     it has forgotten whether it ran it     DONE       unknown
 *   RUNNING    leader       the assignee is gone; idempotent       ASSIGNED   + 1
 *   RUNNING    leader       the assignee is gone; else             DONE       unknown
 *   DONE       submitter    surely not run (fenced, cancelled), or
 *                           unknown and idempotent                 OFFERED    + 1
 *   DONE       submitter    its terminal record is durable         -
 *   older than the journal's: submitter                            as journaled
 *
 *   an entry   event                                               next       and
 *   FREE       submitted                                           ACCEPTING  journaled as OFFERED
 *   ACCEPTING  durable                                             OPEN       WORK_ACCEPTED
 *   ACCEPTING  the disk failed, nothing was written                FREE       WORK_REFUSED
 *   ACCEPTING  the disk failed, and may have it                    VOID       journaled as void
 *   OPEN       the board shows an assignment above its number      OPEN       journaled as RUNNING
 *   OPEN       that is durable                                     OPEN       WORK_GRANTED
 *   OPEN       the board shows the end of its number               ENDING     journaled as DONE
 *   OPEN       the same, and it is to be run (again)               OPEN       journaled as OFFERED
 *   OPEN       the board shows another item with its id            ENDING     journaled as DONE
 *   ENDING     durable                                             ENDED      WORK_ENDED
 *   ENDED      the board shows it no longer                        FREE
 *   VOID       that is durable                                     FREE       WORK_REFUSED
 *   any        the disk failed                                     as it is   again in poll_every
 *
 * WORK_ENDED is the one terminal record of an item. After a restart what the journal knows is said
 * again, marked as restated; a void entry (DONE as fenced, number 0) was no item. An item whose end
 * is not known says WORK_ALERT, too. Without a store (`coordinator: {type: local}`) the journal is
 * the board.
 *
 * Beside the coordinator, not behind its interface: of it work needs who leads and who is there,
 * which every implementation tells, and nothing of the lease; so all of them have work, those
 * plugged in from outside as well. Where `work_items` is 0 a node has no struct muster_work at all.
 */
#ifndef MUSTER_CORE_COORDINATOR_WORK_H
#define MUSTER_CORE_COORDINATOR_WORK_H

#include "core/coordinator/interface.h"
#include "core/coordinator/work_choose.h"
#include "core/coordinator/work_journal.h"
#include "core/random.h"

#define MUSTER_WORK_RUNS_MAX    8   /* runs of one assignee at a time */
#define MUSTER_WORK_BOARD_MAX   128 /* records on the board; what is beyond waits in the journals */
#define MUSTER_WORK_RAN_MAX     128 /* runs that an assignee remembers; at least as many */
#define MUSTER_WORK_NUMBERS_MAX 64  /* an item that reaches it is not offered again */
#define MUSTER_WORK_CHANGES_MAX 8   /* of the board, in one request */
#define MUSTER_WORK_WRITES_MAX  4   /* lines of one sync of the journal */

/* Why a submission was refused: reason of WORK_REFUSED. */
#define MUSTER_WORK_REFUSALS(X)                                                                    \
    X(OFF, "no work here: work_items is 0")                                                        \
    X(MALFORMED, "needs id=ID action=NAME [idempotent=yes|no] [parameters]")                       \
    X(DUPLICATE, "an item with this id is open here")                                              \
    X(FULL, "as many items are open as work_items allows")                                         \
    X(NOT_READY, "the journal is not read yet")                                                    \
    X(DRAINING, "shutting down")                                                                   \
    X(DISK, "the disk did not take it")

enum muster_work_refusal {
#define X(id, text) MUSTER_WORK_REFUSED_##id,
    MUSTER_WORK_REFUSALS(X)
#undef X
        MUSTER_WORK_REFUSAL_COUNT
};

enum muster_work_entry_state {
    MUSTER_WORK_ENTRY_FREE,
    MUSTER_WORK_ENTRY_ACCEPTING,
    MUSTER_WORK_ENTRY_OPEN,
    MUSTER_WORK_ENTRY_ENDING,
    MUSTER_WORK_ENTRY_ENDED,
    MUSTER_WORK_ENTRY_VOID,
};

/* A submitter's item, and its slot in the journal. */
struct muster_work_entry {
    enum muster_work_entry_state state;
    bool dirty;             /* record is not durable */
    bool writing;           /* and on its way to the disk: it must not change */
    bool seen;              /* on the board, in the reading under way */
    bool restated;          /* read from the journal, by this incarnation */
    uint64_t held, tried;   /* versions: acknowledged; being written */
    muster_time offer_from; /* after a run that came to nothing: not on the board before */
    struct muster_work_record record;
};

/* A run at the executor; intent 0: a free place. */
struct muster_work_run {
    uint64_t intent, number, grant;
    uint32_t submitter; /* index */
    bool cancelled;     /* it was given to another meanwhile */
};

/* A run that has ended. */
struct muster_work_ran {
    uint64_t intent, number, grant;
    uint32_t submitter;
    enum muster_result result;
    bool reported; /* a reading shows that it is known */
    bool shown;    /* in the reading under way it is not */
};

/* What work is told with every input. */
struct muster_work_turn {
    muster_time now;
    struct muster_standing standing;
    const struct muster_member_view *member; /* by index, place->count of them; muster_work_advance
                                                reads them in a local cluster only */
    struct muster_effects *out;
};

struct muster_work {
    const struct muster_config *cfg;
    const struct muster_place *place;
    const struct muster_work_strategy *strategy;
    struct muster_random random; /* intents */
    uint64_t life;               /* of the own incarnation */
    muster_time started, now;
    bool draining, leads;

    /* the journal */
    uint32_t loaded; /* slots read so far; all of them: submissions are taken */
    uint64_t load_tag;
    uint32_t dirty;      /* entries that are not durable */
    uint64_t version;    /* newest that was tried */
    uint64_t batch_tag;  /* of the writes and the sync under way; 0: none */
    uint32_t batch_left; /* of its ends that are not heard yet */
    bool batch_failed;
    muster_time write_at; /* when what is dirty is written, at the earliest */

    /* the board */
    uint64_t tags;
    uint64_t read_tag, change_tag;  /* of the requests under way; 0: none */
    muster_time read_at, read_sent; /* when the board is read next, and was last */
    muster_time change_from;        /* after a change that failed: none before */
    bool read_again;                /* something happened while a reading was under way */
    bool whole_script;              /* NOSCRIPT: send EVAL */

    struct muster_work_run run[MUSTER_WORK_RUNS_MAX];
    struct muster_work_ran ran[MUSTER_WORK_RAN_MAX];
    uint32_t ran_next;
    /* By submitter, the highest grant that ran[] has forgotten: what is granted up to there and not
     * remembered has perhaps run. */
    uint64_t forgotten[MUSTER_MEMBERS_MAX];
    struct muster_work_entry entry[]; /* cfg->work_items of them */
};

size_t muster_work_size(const struct muster_config *cfg);
/* Memory comes zeroed; cfg, place and strategy outlive it. cfg->work_items is above 0. */
void muster_work_init(struct muster_work *w, const struct muster_config *cfg,
                      const struct muster_place *place,
                      const struct muster_work_strategy *strategy);

/* START: reads the journal. */
void muster_work_start(struct muster_work *w, const struct muster_input *in,
                       struct muster_effects *out);
/* COMMAND WORK: "id=ID action=NAME idempotent=yes parameters…"; a refusal is a note. */
void muster_work_submit(struct muster_work *w, struct muster_work_turn *t,
                        struct muster_bytes text);
/* The note of a refusal. id: as much of it as is known. */
void muster_work_refuse(struct muster_effects *out, enum muster_work_refusal reason,
                        const char *id);
bool muster_work_owns(const struct muster_work *w, uint64_t tag); /* of REPLY and DISK */
void muster_work_reply(struct muster_work *w, struct muster_work_turn *t,
                       const struct muster_input *in);
void muster_work_disk(struct muster_work *w, struct muster_work_turn *t,
                      const struct muster_input *in);
/* A message on the cluster's channel: "I <members, a bit each, hexadecimal> <L|->". */
void muster_work_push(struct muster_work *w, muster_time now, struct muster_bytes data);
/* ACTION of an intent of work. */
void muster_work_ended(struct muster_work *w, struct muster_work_turn *t,
                       const struct muster_input *in);
/* Do what time asks for; at the end of every input. */
void muster_work_advance(struct muster_work *w, struct muster_work_turn *t);
muster_time muster_work_deadline(const struct muster_work *w, struct muster_standing standing);
/* Shutting down: nothing is begun any more … */
void muster_work_drain(struct muster_work *w, muster_time now);
/* … until nothing runs, and every result is known to the submitter or at least in the store. */
bool muster_work_drained(const struct muster_work *w);
bool muster_work_saved(const struct muster_work *w);
/* "work=3 running=1", for people. */
void muster_work_describe(const struct muster_work *w, struct muster_text *t);

#endif
