/* SPDX-License-Identifier: Apache-2.0 */
/* The table by which Raft is put into a world: its size, its config, what a person sees of it. */
#include "examples/raft/raft.h"

#include <inttypes.h>
#include <stdio.h>

static size_t size(const void *config, const struct muster_place *place)
{
    (void)config, (void)place;
    return sizeof(struct raft);
}

static void init(void *self, const void *config, const struct muster_place *place)
{
    struct raft *m = self;
    m->config = config;
    m->place = *place;
}

static void digest(const void *self, struct muster_digest *d)
{
    const struct raft *m = self;
    const uint64_t words[] = {m->random.state,
                              m->role,
                              m->term,
                              m->vote,
                              m->leader,
                              m->length,
                              m->commit,
                              m->applied,
                              m->matched,
                              m->votes,
                              m->durable,
                              m->owes_answer,
                              m->sequence % 2,
                              m->saves - m->saved,
                              m->saved >= m->term_save};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        muster_digest_word(d, words[i]);
    for (uint64_t i = 1; i <= m->length; i++) {
        muster_digest_word(d, m->log[i].term);
        muster_digest_bytes(d, m->log[i].text, RAFT_TEXT_SIZE);
    }
    for (uint32_t i = 0; i < m->place.count && m->role == RAFT_LEADER; i++) {
        muster_digest_word(d, m->next[i]);
        muster_digest_word(d, m->match[i]);
    }
    muster_digest_time(d, raft_deadline(m));
}

static int describe(const void *self, char *text, size_t room)
{
    static const char *const roles[] = {"loading", "follower", "candidate", "leader", "halted"};
    const struct raft *m = self;
    const char *leader = m->leader > 0 ? m->place.names[m->leader - 1] : "none";
    return snprintf(text, room,
                    "role=%s term=%" PRIu64 " leader=%s length=%" PRIu64 " durable=%" PRIu64
                    " commit=%" PRIu64 " applied=%" PRIu64,
                    roles[m->role], m->term, leader, m->length, m->durable, m->commit, m->applied);
}

static int config_load(void *config, const struct muster_doc *mapping, struct muster_diagnostics *d)
{
    static const char *const keys[] = {"heartbeat", "election", "load", NULL};
    struct raft_config *c = config;
    muster_dur *value[] = {&c->heartbeat, &c->election, &c->load};
    int error = 0;
    *c = (struct raft_config){50 * MUSTER_MILLISECOND, 300 * MUSTER_MILLISECOND,
                              200 * MUSTER_MILLISECOND};
    if (mapping)
        muster_doc_keys(mapping, keys, d);
    for (int i = 0; mapping && keys[i]; i++) {
        const struct muster_doc *node = muster_doc_get(mapping, keys[i]);
        if (node)
            error |= muster_doc_duration(node, i < 2, 3600 * MUSTER_SECOND, false, value[i], d);
    }
    return error;
}

static const char *const message_names[] = {"vote_ask", "vote", "append", "appended", NULL};
static const char *const note_names[] = {"raft_loaded",  "raft_elected",         "raft_logged",
                                         "raft_cut",     "raft_voted",           "raft_applied",
                                         "raft_refused", "raft_stopped_by_disk", NULL};

const struct muster_process raft_process = {
    .name = "raft",
    .summary = "a member of a small Raft (examples/raft)",
    .config_size = sizeof(struct raft_config),
    .config_load = config_load,
    .size = size,
    .init = init,
    .handle = raft_handle,
    .deadline = raft_deadline,
    .digest = digest,
    .describe = describe,
    .message_names = message_names,
    .note_names = note_names,
};
