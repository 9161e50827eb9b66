/* SPDX-License-Identifier: Apache-2.0 */
/* The Raft of the examples behind its door: what it says, and what must be on disk before. */
#include "core/random.h"
#include "examples/raft/raft.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SLOT 64

static const char *const names[] = {"n1", "n2", "n3", "n4", "n5"};

/* n1 of a cluster; the test is the others, the clock and the disk. */
struct fixture {
    struct raft_config config;
    struct raft *m;
    struct muster_effects *out;
    muster_time now;
    uint8_t disk[2][4 * SLOT];
    size_t size[2];
};

static void feed(struct fixture *f, struct muster_input in)
{
    in.now = f->now;
    f->out->count = f->out->used = 0;
    raft_handle(f->m, &in, f->out);
}

static const struct muster_effect *find(const struct fixture *f, uint16_t kind, uint64_t type)
{
    for (uint32_t i = 0; i < f->out->count; i++) {
        const struct muster_effect *e = &f->out->at[i];
        uint64_t is = kind == MUSTER_OUT_NOTE   ? e->note
                      : kind == MUSTER_OUT_SEND ? e->send.type
                                                : e->disk.operation;
        if (e->kind == kind && is == type)
            return e;
    }
    return NULL;
}

static const struct muster_effect *sent(const struct fixture *f, enum raft_message type)
{
    return find(f, MUSTER_OUT_SEND, type);
}

static void hear(struct fixture *f, uint64_t from, enum raft_message type, const uint64_t *words,
                 size_t count)
{
    uint8_t bytes[160];
    assert_true(8 * count <= sizeof bytes);
    for (size_t i = 0; i < 8 * count; i++)
        bytes[i] = (uint8_t)(words[i / 8] >> 8 * (i % 8));
    feed(f, (struct muster_input){.kind = MUSTER_IN_MESSAGE,
                                  .message = {.from = from, .type = type},
                                  .data = {bytes, 8 * count}});
}
#define HEAR(f, from, type, ...)                                                                   \
    hear(f, from, type, (const uint64_t[]){__VA_ARGS__},                                           \
         sizeof((const uint64_t[]){__VA_ARGS__}) / 8)

/* Carry out what was put out to the disk; the last sync's end goes in when it is wanted. */
static void sync_disk(struct fixture *f, bool ends)
{
    uint64_t tag = 0;
    for (uint32_t i = 0; i < f->out->count; i++) {
        const struct muster_effect *e = &f->out->at[i];
        if (e->kind != MUSTER_OUT_DISK)
            continue;
        if (e->disk.operation == MUSTER_DISK_WRITE) {
            size_t end = (size_t)e->disk.offset + e->data.size;
            assert_true(end <= sizeof f->disk[0]);
            memcpy(f->disk[e->disk.file] + e->disk.offset, e->data.at, e->data.size);
            f->size[e->disk.file] = end > f->size[e->disk.file] ? end : f->size[e->disk.file];
        }
        tag = e->tag ? e->tag : tag;
    }
    assert_int_not_equal(tag, 0);
    if (ends)
        feed(f, (struct muster_input){.kind = MUSTER_IN_DISK,
                                      .tag = tag,
                                      .disk = {.operation = MUSTER_DISK_SYNC}});
}

static void start(struct fixture *f)
{
    memset(f->m, 0, sizeof *f->m);
    const struct muster_place place = {.index = 0, .count = 5, .voters = 5, .names = names};
    raft_process.init(f->m, &f->config, &place);
    feed(f, (struct muster_input){.kind = MUSTER_IN_START, .start = {.seed = 1}});
    for (uint64_t file = 0; file < 2; file++) {
        assert_non_null(find(f, MUSTER_OUT_DISK, MUSTER_DISK_READ));
        feed(f, (struct muster_input){.kind = MUSTER_IN_DISK,
                                      .tag = UINT64_MAX,
                                      .disk = {.operation = MUSTER_DISK_READ, .file = file},
                                      .data = {f->disk[file], f->size[file]}});
    }
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->m = calloc(1, sizeof *f->m);
    f->out = calloc(1, sizeof *f->out);
    f->now = MUSTER_SECOND;
    raft_process.config_load(&f->config, NULL, NULL);
    f->config.load = 0;
    start(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    free(f->m);
    free(f->out);
    free(f);
    return 0;
}

static void campaign(struct fixture *f)
{
    f->now = raft_deadline(f->m);
    feed(f, (struct muster_input){.kind = MUSTER_IN_TIMER});
}

/* n1 leads in term 1, its first entry is on its disk. */
static void lead(struct fixture *f)
{
    campaign(f);
    sync_disk(f, true);
    HEAR(f, 1, RAFT_VOTE, 1, 1);
    HEAR(f, 2, RAFT_VOTE, 1, 1);
    assert_int_equal(f->m->role, RAFT_LEADER);
    sync_disk(f, true);
}

/* Entry of an append: its term and a text of one letter. */
#define ENTRY(term, letter) (term), (uint64_t)(letter), 0, 0

static void vote_is_told_once_it_is_on_disk(void **state)
{
    struct fixture *f = *state;
    HEAR(f, 1, RAFT_VOTE_ASK, 3, 0, 0);
    assert_null(sent(f, RAFT_VOTE));
    sync_disk(f, true);
    const struct muster_effect *e = sent(f, RAFT_VOTE);
    assert_non_null(e);
    assert_int_equal(e->send.to, 1);
    assert_int_equal(raft_word(e->data, 0), 3);
    assert_int_equal(raft_word(e->data, 1), 1);
}

static void second_candidate_of_a_term_is_denied_also_after_a_restart(void **state)
{
    struct fixture *f = *state;
    HEAR(f, 1, RAFT_VOTE_ASK, 3, 0, 0);
    sync_disk(f, true);
    HEAR(f, 2, RAFT_VOTE_ASK, 3, 9, 2);
    assert_int_equal(raft_word(sent(f, RAFT_VOTE)->data, 1), 0);
    start(f);
    HEAR(f, 2, RAFT_VOTE_ASK, 3, 9, 2);
    assert_int_equal(raft_word(sent(f, RAFT_VOTE)->data, 1), 0);
    HEAR(f, 1, RAFT_VOTE_ASK, 3, 0, 0);
    assert_int_equal(raft_word(sent(f, RAFT_VOTE)->data, 1), 1);
}

static void candidate_with_less_is_denied(void **state)
{
    struct fixture *f = *state;
    HEAR(f, 1, RAFT_APPEND, 2, 0, 0, 0, 1, ENTRY(2, 'a'));
    sync_disk(f, true);
    HEAR(f, 2, RAFT_VOTE_ASK, 5, 7, 1); /* longer, but older */
    assert_int_equal(raft_word(sent(f, RAFT_VOTE)->data, 1), 0);
    HEAR(f, 2, RAFT_VOTE_ASK, 6, 0, 0);
    assert_int_equal(raft_word(sent(f, RAFT_VOTE)->data, 1), 0);
}

static void votes_of_one_member_and_of_old_terms_do_not_add_up(void **state)
{
    struct fixture *f = *state;
    campaign(f);
    sync_disk(f, true);
    campaign(f);
    sync_disk(f, true);
    HEAR(f, 1, RAFT_VOTE, 2, 1);
    HEAR(f, 1, RAFT_VOTE, 2, 1);
    HEAR(f, 2, RAFT_VOTE, 1, 1);
    assert_int_equal(f->m->role, RAFT_CANDIDATE);
    HEAR(f, 3, RAFT_VOTE, 2, 1);
    assert_int_equal(f->m->role, RAFT_LEADER);
}

static void entry_is_answered_once_it_is_on_disk(void **state)
{
    struct fixture *f = *state;
    HEAR(f, 1, RAFT_APPEND, 1, 0, 0, 0, 1, ENTRY(1, 'a'));
    assert_null(sent(f, RAFT_APPENDED));
    sync_disk(f, true);
    assert_int_equal(raft_word(sent(f, RAFT_APPENDED)->data, 1), 1);
    assert_int_equal(raft_word(sent(f, RAFT_APPENDED)->data, 2), 1);
}

static void overtaken_append_cuts_nothing(void **state)
{
    struct fixture *f = *state;
    HEAR(f, 1, RAFT_APPEND, 1, 0, 0, 0, 2, ENTRY(1, 'a'), ENTRY(1, 'b'));
    HEAR(f, 1, RAFT_APPEND, 1, 0, 0, 0, 1, ENTRY(1, 'a'));
    assert_int_equal(f->m->length, 2);
    HEAR(f, 1, RAFT_APPEND, 1, 0, 0, 0, 0);
    assert_int_equal(f->m->length, 2);
}

static void contradiction_is_cut_and_does_not_come_back_from_the_disk(void **state)
{
    struct fixture *f = *state;
    HEAR(f, 1, RAFT_APPEND, 2, 0, 0, 0, 2, ENTRY(2, 'a'), ENTRY(2, 'b'));
    sync_disk(f, true);
    HEAR(f, 2, RAFT_APPEND, 3, 0, 0, 0, 1, ENTRY(1, 'c')); /* an older entry, a newer leader */
    assert_non_null(find(f, MUSTER_OUT_NOTE, RAFT_CUT));
    sync_disk(f, true);
    start(f);
    assert_int_equal(f->m->length, 1);
    assert_int_equal(f->m->log[1].text[0], 'c');
}

static void append_behind_another_entry_is_refused_with_a_hint(void **state)
{
    struct fixture *f = *state;
    HEAR(f, 1, RAFT_APPEND, 1, 0, 0, 0, 1, ENTRY(1, 'a'));
    HEAR(f, 2, RAFT_APPEND, 2, 7, 2, 0, 0);
    assert_int_equal(raft_word(sent(f, RAFT_APPENDED)->data, 1), 0);
    assert_int_equal(raft_word(sent(f, RAFT_APPENDED)->data, 2), 1);
    HEAR(f, 2, RAFT_APPEND, 2, 1, 2, 0, 0);
    assert_int_equal(raft_word(sent(f, RAFT_APPENDED)->data, 2), 0);
}

static void follower_commits_no_more_than_it_knows_to_be_the_leaders(void **state)
{
    struct fixture *f = *state;
    HEAR(f, 1, RAFT_APPEND, 1, 0, 0, 0, 2, ENTRY(1, 'a'), ENTRY(1, 'b'));
    HEAR(f, 2, RAFT_APPEND, 2, 0, 0, 2, 1, ENTRY(1, 'a'));
    assert_int_equal(f->m->commit, 1);
}

static void leader_commits_with_a_majority_and_applies(void **state)
{
    struct fixture *f = *state;
    lead(f);
    HEAR(f, 1, RAFT_APPENDED, 1, 1, 1);
    HEAR(f, 1, RAFT_APPENDED, 1, 1, 1);
    assert_int_equal(f->m->commit, 0);
    HEAR(f, 2, RAFT_APPENDED, 1, 1, 1);
    assert_int_equal(f->m->commit, 1);
    assert_non_null(find(f, MUSTER_OUT_NOTE, RAFT_APPLIED));
}

static void entry_of_an_older_term_is_not_committed_by_counting(void **state)
{
    struct fixture *f = *state;
    HEAR(f, 1, RAFT_APPEND, 1, 0, 0, 0, 1, ENTRY(1, 'a'));
    sync_disk(f, true);
    campaign(f);
    sync_disk(f, true);
    HEAR(f, 2, RAFT_VOTE, 2, 1);
    HEAR(f, 3, RAFT_VOTE, 2, 1);
    sync_disk(f, true);
    HEAR(f, 2, RAFT_APPENDED, 2, 1, 1);
    HEAR(f, 3, RAFT_APPENDED, 2, 1, 1);
    assert_int_equal(f->m->commit, 0);
    HEAR(f, 2, RAFT_APPENDED, 2, 1, 2);
    HEAR(f, 3, RAFT_APPENDED, 2, 1, 2);
    assert_int_equal(f->m->commit, 2);
}

static void torn_slots_are_not_believed(void **state)
{
    struct fixture *f = *state;
    HEAR(f, 1, RAFT_VOTE_ASK, 3, 0, 0);
    sync_disk(f, true);
    HEAR(f, 1, RAFT_APPEND, 4, 0, 0, 0, 2, ENTRY(4, 'a'), ENTRY(4, 'b'));
    sync_disk(f, false);
    f->disk[0][8]++;         /* the second slot of term and vote is the first to be written again */
    f->disk[1][SLOT + 16]++; /* and the second entry is torn */
    start(f);
    assert_int_equal(f->m->term, 3);
    assert_int_equal(f->m->vote, 2);
    assert_int_equal(f->m->length, 1);
}

static void disk_that_fails_halts_the_member(void **state)
{
    struct fixture *f = *state;
    HEAR(f, 1, RAFT_VOTE_ASK, 3, 0, 0);
    feed(f, (struct muster_input){.kind = MUSTER_IN_DISK, .status = MUSTER_STATUS_NOSPACE});
    assert_non_null(find(f, MUSTER_OUT_NOTE, RAFT_STOPPED_BY_DISK));
    assert_int_equal(raft_deadline(f->m), MUSTER_NEVER);
    HEAR(f, 1, RAFT_VOTE_ASK, 4, 0, 0);
    assert_int_equal(f->out->count, 0);
}

static void commands_are_refused_by_followers_and_by_a_full_log(void **state)
{
    struct fixture *f = *state;
    const struct muster_input command = {.kind = MUSTER_IN_COMMAND,
                                         .command = {.verb = MUSTER_VERB_CUSTOM},
                                         .data = {(const uint8_t *)"x", 1}};
    feed(f, command);
    assert_non_null(find(f, MUSTER_OUT_NOTE, RAFT_REFUSED));
    lead(f);
    feed(f, command);
    assert_null(find(f, MUSTER_OUT_NOTE, RAFT_REFUSED));
    assert_int_equal(f->m->length, 2);
    for (int i = 0; i < 2 * RAFT_LOG_MAX; i++)
        feed(f, command);
    assert_non_null(find(f, MUSTER_OUT_NOTE, RAFT_REFUSED));
    assert_int_equal(f->m->length, RAFT_LOG_MAX - RAFT_LOG_KEPT);
}

static void datagrams_of_nonsense_harm_nothing(void **state)
{
    struct fixture *f = *state;
    struct muster_random r = {7};
    for (int i = 0; i < 20000; i++) {
        uint64_t words[16];
        size_t count = (size_t)muster_random_below(&r, 17);
        for (size_t k = 0; k < count; k++)
            words[k] = muster_random_next(&r) >> muster_random_below(&r, 65) % 64;
        words[0] = muster_random_below(&r, 1000);
        hear(f, muster_random_below(&r, 9), (enum raft_message)muster_random_below(&r, 6), words,
             count);
        assert_true(f->m->length <= RAFT_LOG_MAX && f->m->applied <= f->m->length);
    }
    /* A count that would wrap around to the right size. */
    HEAR(f, 1, RAFT_APPEND, 5000, 0, 0, 0, UINT64_C(1) << 62);
    assert_int_equal(f->m->matched, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(vote_is_told_once_it_is_on_disk),
        TEST(second_candidate_of_a_term_is_denied_also_after_a_restart),
        TEST(candidate_with_less_is_denied),
        TEST(votes_of_one_member_and_of_old_terms_do_not_add_up),
        TEST(entry_is_answered_once_it_is_on_disk),
        TEST(overtaken_append_cuts_nothing),
        TEST(contradiction_is_cut_and_does_not_come_back_from_the_disk),
        TEST(append_behind_another_entry_is_refused_with_a_hint),
        TEST(follower_commits_no_more_than_it_knows_to_be_the_leaders),
        TEST(leader_commits_with_a_majority_and_applies),
        TEST(entry_of_an_older_term_is_not_committed_by_counting),
        TEST(torn_slots_are_not_believed),
        TEST(disk_that_fails_halts_the_member),
        TEST(commands_are_refused_by_followers_and_by_a_full_log),
        TEST(datagrams_of_nonsense_harm_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
