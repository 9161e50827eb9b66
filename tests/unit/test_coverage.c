/* SPDX-License-Identifier: Apache-2.0 */
/* Coverage: cells and their names, merging, files, and what a run reaches. */
#include "reports/coverage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct muster_coverage one, two, both;

static void clear(void)
{
    memset(&one, 0, sizeof one);
    memset(&two, 0, sizeof two);
    memset(&both, 0, sizeof both);
}

static void a_cell_is_its_number_and_back(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MUSTER_COVERED_CELLS; i++)
        assert_int_equal(muster_cell_index(muster_cell_at(i)), i);
}

static void every_name_is_found_again_and_none_twice(void **state)
{
    (void)state;
    char text[64];
    for (uint32_t i = 0; i < MUSTER_COVERED_STATES; i++) {
        muster_coverage_state_name(i, text, sizeof text);
        assert_int_equal(muster_coverage_state_by_name(text), i);
    }
    for (uint32_t i = 0; i < MUSTER_COVERED_RULES; i++) {
        const char *name = muster_coverage_rule_name(i);
        if (name)
            assert_int_equal(muster_coverage_rule_by_name(name), i);
    }
    assert_int_equal(muster_coverage_rule_by_name("no such rule"), MUSTER_ANY);
    assert_int_equal(muster_coverage_state_by_name("follower"), MUSTER_ANY);
    assert_non_null(muster_coverage_rule_name(muster_coverage_rule_by_name("target_refused")));
}

static void a_cell_is_new_once(void **state)
{
    (void)state;
    clear();
    assert_false(muster_coverage_has(&one, 77));
    assert_true(muster_coverage_add(&one, 77));
    assert_false(muster_coverage_add(&one, 77));
    assert_true(muster_coverage_has(&one, 77));
    assert_int_equal(muster_coverage_count(&one), 1);
}

static void merging_counts_what_is_new_whatever_the_order(void **state)
{
    (void)state;
    clear();
    for (uint32_t i = 0; i < 1000; i++) {
        muster_coverage_add(&one, i * 7);
        muster_coverage_add(&two, i * 5);
    }
    both = one;
    uint32_t fresh = muster_coverage_merge(&both, &two);
    assert_int_equal(muster_coverage_count(&both), 1000 + fresh);
    assert_int_equal(muster_coverage_merge(&both, &two), 0);
    muster_coverage_merge(&two, &one);
    assert_memory_equal(&both, &two, sizeof both);
}

static void add_named(struct muster_coverage *c, uint32_t fault, uint32_t state, const char *rule)
{
    struct muster_cell cell = {fault, MUSTER_COVERED_AFTER, state,
                               muster_coverage_rule_by_name(rule)};
    assert_int_not_equal(cell.rule, MUSTER_ANY);
    muster_coverage_add(c, muster_cell_index(cell));
}

static void a_file_adds_up(void **state)
{
    (void)state;
    char path[] = "/tmp/muster-coverage-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    unlink(path);
    clear();
    add_named(&one, MUSTER_FAULT_CRASH, 13, "leader_elected");
    add_named(&one, MUSTER_FAULT_CRASH, 13, "action_skipped:skipped_cooldown");
    add_named(&one, MUSTER_FAULT_WORK, 0, "target_refused");
    add_named(&two, MUSTER_FAULT_CRASH, 14, "note.47");
    assert_int_equal(muster_coverage_save(path, &one), 0);
    assert_int_equal(muster_coverage_save(path, &two), 0);
    assert_int_equal(muster_coverage_load(path, &both), 0);
    assert_int_equal(muster_coverage_count(&both), 4);
    assert_memory_equal(&both, &two, sizeof both);
    unlink(path);
}

static int load_text(const char *text)
{
    char path[] = "/tmp/muster-coverage-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    clear();
    int code = muster_coverage_load(path, &one);
    unlink(path);
    return code;
}

static void names_of_another_version_are_left_out(void **state)
{
    (void)state;
    assert_int_equal(load_text("{\"muster_coverage\": 1, \"cells\": {\"comet\": {}, \"crash\": "
                               "{\"never\": {}, \"after\": {\"odd\": [\"campaign\"], "
                               "\"new no_leader level idle\": [\"odd\", 7, \"campaign\"]}}}}"),
                     0);
    assert_int_equal(muster_coverage_count(&one), 1);
}

static void what_is_no_coverage_is_refused_and_kept(void **state)
{
    (void)state;
    assert_int_equal(load_text("{\"muster_coverage\": 2, \"cells\": {}}"), 65);
    assert_int_equal(load_text("[1, 2"), 65);
    assert_int_equal(load_text(""), 65);
    assert_int_equal(muster_coverage_load("/", &one), 65);
    assert_int_equal(muster_coverage_load("/no/such/file", &one), 0);
    assert_int_equal(muster_coverage_save("/no/such/folder/file", &one), 74);
}

/* ---- a run ---- */

static struct muster_entry entries[2] = {
    {.verb = MUSTER_DO_PAUSE, .lasts = MUSTER_SECOND},
    {.verb = MUSTER_DO_CRASH},
};
static struct muster_scenario scenario = {.timeline = entries, .entry_count = 2};

/* The watch asks its world for nothing but the scenario. */
const struct muster_scenario *__wrap_muster_world_scenario(const struct muster_world *w);
const struct muster_scenario *__wrap_muster_world_scenario(const struct muster_world *w)
{
    (void)w;
    return &scenario;
}

static void see(struct muster_coverage_watch *x, muster_time t, uint16_t kind, uint16_t process,
                uint64_t a)
{
    const struct muster_record r = {.kind = kind, .process = process, .time = t, .arg = {a}};
    muster_coverage_see(x, NULL, &r);
}

static bool has(uint32_t fault, uint32_t moment, const char *state, const char *rule)
{
    return muster_coverage_has(&one, muster_cell_index(
                                         (struct muster_cell){fault, moment,
                                                              muster_coverage_state_by_name(state),
                                                              muster_coverage_rule_by_name(rule)}));
}

#define NOTE(id) (MUSTER_EVENT_NOTE + MUSTER_NOTE_##id)

static void a_record_is_a_cell_of_each_fault_that_is_there(void **state)
{
    (void)state;
    clear();
    uint32_t fresh[8];
    struct muster_coverage_watch x = {.seen = &one, .fresh = fresh, .fresh_most = 8};
    const muster_time s = MUSTER_SECOND;
    see(&x, 1 * s, NOTE(JOINED), 0, 0);
    assert_true(
        has(MUSTER_FAULT_NONE, MUSTER_COVERED_ACTIVE, "follower no_leader level idle", "joined"));
    see(&x, 2 * s, MUSTER_EVENT_FIRED, MUSTER_NOBODY, 0);
    see(&x, 2 * s, MUSTER_EVENT_FIRED, MUSTER_NOBODY, 1);
    see(&x, 2 * s, NOTE(CAMPAIGN), 0, 4);
    assert_true(has(MUSTER_FAULT_PAUSE, MUSTER_COVERED_ACTIVE, "candidate no_leader level idle",
                    "campaign"));
    assert_true(has(MUSTER_FAULT_CRASH, MUSTER_COVERED_AFTER, "candidate no_leader level idle",
                    "campaign"));
    assert_int_equal(x.fresh_count, 3);
    see(&x, 3 * s, MUSTER_EVENT_ENDED, MUSTER_NOBODY, 0);
    see(&x, 4 * s, NOTE(LEADER_ELECTED), 0, 5);
    see(&x, 4 * s, NOTE(ACTION_STARTED), 1, 0);
    assert_true(has(MUSTER_FAULT_PAUSE, MUSTER_COVERED_AFTER, "new one_leader behind acting",
                    "action_started"));
    assert_false(has(MUSTER_FAULT_PAUSE, MUSTER_COVERED_ACTIVE, "new one_leader behind acting",
                     "action_started"));
    see(&x, 30 * s, MUSTER_EVENT_CRASH, 0, 0);
    see(&x, 30 * s, NOTE(STALLED), 1, 0);
    assert_true(
        has(MUSTER_FAULT_NONE, MUSTER_COVERED_ACTIVE, "new no_leader behind acting", "stalled"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_is_its_number_and_back),
        cmocka_unit_test(every_name_is_found_again_and_none_twice),
        cmocka_unit_test(a_cell_is_new_once),
        cmocka_unit_test(merging_counts_what_is_new_whatever_the_order),
        cmocka_unit_test(a_file_adds_up),
        cmocka_unit_test(names_of_another_version_are_left_out),
        cmocka_unit_test(what_is_no_coverage_is_refused_and_kept),
        cmocka_unit_test(a_record_is_a_cell_of_each_fault_that_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
