/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of a Raft, judged by what the members really have in memory and have applied:
 * figure 3 of the paper, and that it gets anywhere at all. */
#include "examples/raft/raft.h"
#include "sim/world.h"

#include <inttypes.h>
#include <string.h>

#define NOTE(note) (uint16_t)(MUSTER_EVENT_NOTE + (note))

/* A scenario of this program may be about another process. */
static bool is_raft(const struct muster_world *w)
{
    return muster_world_scenario(w)->process == &raft_process;
}

/* What a member has in memory; null while it is down. */
static const struct raft *member(const struct muster_world *w, uint32_t i)
{
    return is_raft(w) ? muster_world_state(w, i) : NULL;
}

/* ---- election safety ---- */

#define TERMS_MAX 4096 /* later ones share a place with those long past */

struct winner {
    uint64_t term;
    uint32_t process;
};

static size_t winners_size(const struct muster_world *w)
{
    (void)w;
    return TERMS_MAX * sizeof(struct winner);
}

static void see_election(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct winner *winner = (struct winner *)self + r->arg[0] % TERMS_MAX;
    if (r->kind != NOTE(RAFT_ELECTED) || !is_raft(w))
        return; /* of one's own notes every kind is shown */
    muster_judged(w);
    if (winner->term == r->arg[0] && winner->process != r->process)
        muster_violated(w, "%s and %s both lead in term %" PRIu64,
                        muster_world_name(w, winner->process), muster_world_name(w, r->process),
                        r->arg[0]);
    *winner = (struct winner){r->arg[0], r->process};
}

static const uint16_t elections[] = {NOTE(RAFT_ELECTED), 0};

static const struct muster_property election_safety = {
    .name = "raft_election_safety",
    .rule = "at most one member leads in a term",
    .explain = "A member votes once in a term and keeps its vote on disk; two majorities share a "
               "member. Two leaders of a term would number different entries alike.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = elections,
    .size = winners_size,
    .see = see_election,
};

/* ---- log matching ---- */

static size_t nothing(const struct muster_world *w)
{
    (void)w;
    return 0;
}

/* An entry against the one before it, and against its like in the other logs. */
static void match_entry(struct muster_world *w, uint32_t p, uint64_t i)
{
    const struct raft *a = member(w, p);
    if (a->log[i].term < a->log[i - 1].term)
        muster_violated(w, "the terms in the log of %s go down at entry %" PRIu64,
                        muster_world_name(w, p), i);
    for (uint32_t q = 0; q < muster_world_members(w); q++) {
        const struct raft *b = member(w, q);
        if (q == p || !b || i > b->length || b->log[i].term != a->log[i].term)
            continue;
        muster_judged(w);
        if (memcmp(&a->log[i], &b->log[i], sizeof a->log[i]) != 0 ||
            a->log[i - 1].term != b->log[i - 1].term)
            muster_violated(w,
                            "entry %" PRIu64 " of term %" PRIu64
                            " or what stands before it differs between %s and %s",
                            i, a->log[i].term, muster_world_name(w, p), muster_world_name(w, q));
    }
}

static void see_log(void *self, struct muster_world *w, const struct muster_record *r)
{
    (void)self;
    const struct raft *m = member(w, r->process);
    if (!m)
        return;
    if (r->kind == NOTE(RAFT_LOGGED) && r->arg[0] <= m->length)
        match_entry(w, r->process, r->arg[0]);
    for (uint64_t i = 1; r->kind == NOTE(RAFT_LOADED) && i <= m->length; i++)
        match_entry(w, r->process, i);
}

static const uint16_t logs[] = {NOTE(RAFT_LOGGED), NOTE(RAFT_LOADED), 0};

static const struct muster_property log_matching = {
    .name = "raft_log_matching",
    .rule = "two logs that have an entry of one index and term are the same up to there",
    .explain = "An append says which entry it follows on, and is refused where that one is not. "
               "When two logs differ below a common entry, one of them was cut or joined wrongly.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = logs,
    .size = nothing,
    .see = see_log,
};

/* ---- what was told is kept ---- */

struct word_given {
    uint64_t term, vote; /* the latest term in which it told of its vote, and for whom (+ 1) */
    uint64_t index;      /* entries that it told of, as far as they were not cut off since */
};

static size_t words_size(const struct muster_world *w)
{
    return (muster_world_members(w) + 8) * sizeof(struct word_given); /* twins may come */
}

static void see_vote(struct muster_world *w, const struct muster_record *r, struct word_given *g,
                     uint64_t vote)
{
    uint64_t term = raft_word(r->data, 0);
    muster_judged(w);
    if (term < g->term || (term == g->term && vote != g->vote))
        muster_violated(w, "%s votes in term %" PRIu64 " after it has voted in term %" PRIu64,
                        muster_world_name(w, r->process), term, g->term);
    g->term = term;
    g->vote = vote;
}

static void see_telling(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct word_given *g = (struct word_given *)self + r->process;
    bool sends = r->kind == MUSTER_EVENT_EFFECT + MUSTER_OUT_SEND;
    if (!is_raft(w))
        return;
    if (sends && r->arg[1] == RAFT_VOTE_ASK)
        see_vote(w, r, g, r->process + UINT64_C(1));
    else if (sends && r->arg[1] == RAFT_VOTE && raft_word(r->data, 1))
        see_vote(w, r, g, r->arg[0] + 1);
    else if (sends && r->arg[1] == RAFT_APPENDED && raft_word(r->data, 1))
        g->index = raft_word(r->data, 2) > g->index ? raft_word(r->data, 2) : g->index;
    else if (r->kind == NOTE(RAFT_CUT))
        g->index = r->arg[0] < g->index ? r->arg[0] : g->index;
    else if (r->kind == NOTE(RAFT_LOADED) && (r->arg[0] < g->index || r->arg[1] < g->term ||
                                              (r->arg[1] == g->term && r->arg[2] != g->vote)))
        muster_violated(w,
                        "%s comes back with term %" PRIu64 ", vote %" PRIu64 " and %" PRIu64
                        " entries, but has told of %" PRIu64 ", %" PRIu64 " and %" PRIu64,
                        muster_world_name(w, r->process), r->arg[1], r->arg[2], r->arg[0], g->term,
                        g->vote, g->index);
}

static const uint16_t tellings[] = {MUSTER_EVENT_EFFECT + MUSTER_OUT_SEND, NOTE(RAFT_CUT),
                                    NOTE(RAFT_LOADED), 0};

static const struct muster_property word_kept = {
    .name = "raft_word_kept",
    .rule = "a member votes once in a term, and a restart forgets nothing that it told others",
    .explain = "Others count on a vote and on an entry once they have heard of it: a candidate "
               "leads, a leader commits. So both must be on disk before anybody hears, and be "
               "found there again. Read off the datagrams and off what a start loads.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = tellings,
    .size = words_size,
    .see = see_telling,
};

/* ---- what was applied ---- */

struct applied {
    uint64_t term, hash;
    uint32_t process; /* that was the first */
};

struct history {
    uint64_t length;
    struct applied at[RAFT_LOG_MAX + 1];
};

static size_t history_size(const struct muster_world *w)
{
    (void)w;
    return sizeof(struct history);
}

/* The first time that an index is applied decides what stands there. Whether this is it. */
static bool remember(struct history *h, const struct muster_record *r)
{
    uint64_t i = r->arg[0];
    if (r->kind != NOTE(RAFT_APPLIED) || i > RAFT_LOG_MAX || h->at[i].term != 0)
        return false;
    h->at[i] = (struct applied){r->arg[1], r->arg[2], r->process};
    h->length = i > h->length ? i : h->length;
    return true;
}

static void see_applied(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct history *h = self;
    if (!is_raft(w) || remember(h, r) || r->kind != NOTE(RAFT_APPLIED) || r->arg[0] > RAFT_LOG_MAX)
        return;
    const struct applied *first = &h->at[r->arg[0]];
    muster_judged(w);
    if (first->term != r->arg[1] || first->hash != r->arg[2])
        muster_violated(w,
                        "%s applies an entry of term %" PRIu64 " at index %" PRIu64
                        ", %s has applied another, of term %" PRIu64,
                        muster_world_name(w, r->process), r->arg[1], r->arg[0],
                        muster_world_name(w, first->process), first->term);
}

/* Whoever is down is taken to have it. */
static uint32_t holders(const struct muster_world *w, uint64_t index, uint64_t term)
{
    uint32_t count = 0;
    for (uint32_t q = 0; q < muster_world_members(w); q++) {
        const struct raft *m = member(w, q);
        count +=
            !m || m->role == RAFT_LOADING || (index <= m->length && m->log[index].term == term);
    }
    return count;
}

static void see_commit(void *self, struct muster_world *w, const struct muster_record *r)
{
    if (!is_raft(w) || !remember(self, r))
        return;
    uint32_t count = holders(w, r->arg[0], r->arg[1]);
    muster_judged(w);
    if (count <= muster_world_members(w) / 2)
        muster_violated(w,
                        "%s applies entry %" PRIu64 " of term %" PRIu64 ", which %" PRIu32
                        " of %" PRIu32 " members can have",
                        muster_world_name(w, r->process), r->arg[0], r->arg[1], count,
                        muster_world_members(w));
}

static void see_leader(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct history *h = self;
    if (is_raft(w))
        remember(h, r);
    const struct raft *m = r->kind == NOTE(RAFT_ELECTED) ? member(w, r->process) : NULL;
    for (uint64_t i = 1; m && i <= h->length; i++) {
        if (h->at[i].term == 0)
            continue;
        muster_judged(w);
        if (i <= m->length && m->log[i].term == h->at[i].term)
            continue;
        muster_violated(w,
                        "%s leads in term %" PRIu64 " without entry %" PRIu64 " of term %" PRIu64
                        ", which %s has applied",
                        muster_world_name(w, r->process), r->arg[0], i, h->at[i].term,
                        muster_world_name(w, h->at[i].process));
        return;
    }
}

static const uint16_t applications[] = {NOTE(RAFT_APPLIED), 0};
static const uint16_t applications_and_elections[] = {NOTE(RAFT_APPLIED), NOTE(RAFT_ELECTED), 0};

static const struct muster_property state_machine_safety = {
    .name = "raft_state_machine_safety",
    .rule = "what was applied at an index is the same on every member, for ever",
    .explain = "This is what Raft is for: the members' state machines see one sequence of "
               "commands. When it breaks, an entry was committed that a majority did not hold, or "
               "one that was committed was replaced.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = applications,
    .size = history_size,
    .see = see_applied,
};

static const struct muster_property majority_holds = {
    .name = "raft_majority_holds",
    .rule = "what is applied for the first time is in the logs of more than half of the members",
    .explain = "An entry is committed when a majority has it on disk; the next majority that "
               "elects somebody then has a member that knows it. When fewer have it, somebody "
               "counted wrong, or believed what was true in another term.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = applications,
    .size = history_size,
    .see = see_commit,
};

static const struct muster_property leader_completeness = {
    .name = "raft_leader_completeness",
    .rule = "a new leader has every entry that anybody has applied",
    .explain = "A vote goes only to a log that is at least as complete as the voter's, and a "
               "committed entry is on the disks of a majority: so no leader can lack it, and what "
               "was committed is never lost.",
    .class = MUSTER_SAFETY,
    .assumes = MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .by_default = true,
    .kinds = applications_and_elections,
    .size = history_size,
    .see = see_leader,
};

/* ---- progress ---- */

struct progress {
    uint64_t term;                        /* of the newest leader; 0: none yet */
    uint32_t leader;                      /* who that is */
    muster_time since;                    /* when a member was last started or lost */
    muster_time logged[RAFT_LOG_MAX + 1]; /* when the newest leader took the entry in */
};

static size_t progress_size(const struct muster_world *w)
{
    (void)w;
    return sizeof(struct progress);
}

/* How long the members may take, without faults, to elect and to catch up. */
static muster_dur patience(const struct muster_world *w)
{
    const struct raft_config *c = muster_world_config(w);
    return 30 * c->election;
}

static void see_progress(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct progress *p = self;
    if (r->kind == MUSTER_EVENT_RESTART || r->kind == MUSTER_EVENT_CRASH)
        p->since = muster_world_now(w);
    if (r->kind == NOTE(RAFT_ELECTED) && r->arg[0] > p->term) {
        p->term = r->arg[0];
        p->leader = r->process;
    }
    if (r->kind == NOTE(RAFT_LOGGED) && r->process == p->leader && r->arg[0] <= RAFT_LOG_MAX)
        p->logged[r->arg[0]] = muster_world_now(w);
}

static uint32_t running(const struct muster_world *w)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < muster_world_members(w); i++)
        count += member(w, i) && member(w, i)->role != RAFT_HALTED;
    return count;
}

static void end_progress(void *self, struct muster_world *w)
{
    const struct progress *p = self;
    muster_time calm = muster_world_calm_since(w);
    calm = calm > p->since ? calm : p->since;
    if (running(w) <= muster_world_members(w) / 2 || muster_world_now(w) - calm < patience(w))
        return;
    muster_judged(w);
    const struct raft *leader = p->term > 0 ? member(w, p->leader) : NULL;
    if (!leader || leader->role != RAFT_LEADER) {
        muster_violated(w, "nobody leads, although a majority is up and nothing is wrong");
        return;
    }
    uint64_t due = leader->length; /* what came in within the last moments may be under way */
    while (due > 0 && p->logged[due] + patience(w) > muster_world_now(w))
        due--;
    for (uint32_t i = 0; i < muster_world_members(w); i++) {
        const struct raft *m = member(w, i);
        if (m && m->role != RAFT_HALTED && m->applied < due)
            muster_violated(w,
                            "%s has applied %" PRIu64 " of the %" PRIu64 " entries of its leader",
                            muster_world_name(w, i), m->applied, due);
    }
}

static const uint16_t happenings[] = {NOTE(RAFT_ELECTED), NOTE(RAFT_LOGGED), MUSTER_EVENT_RESTART,
                                      MUSTER_EVENT_CRASH, 0};

static const struct muster_property progress = {
    .name = "raft_progress",
    .rule = "once faults are over and a majority is up, somebody leads, and all apply what it has",
    .explain = "Safety alone is easy: a cluster that does nothing applies nothing wrong. Thirty "
               "election times after the last fault every running member must have applied what "
               "its leader had taken in by then. A member that its disk has halted does not count.",
    .class = MUSTER_LIVENESS,
    .assumes = MUSTER_ASSUME_DURABLE | MUSTER_ASSUME_UNIQUE,
    .kinds = happenings,
    .size = progress_size,
    .see = see_progress,
    .end = end_progress,
};

const struct muster_property *const raft_properties[] = {
    &election_safety, &log_matching,        &word_kept, &state_machine_safety,
    &majority_holds,  &leader_completeness, &progress,  NULL,
};
