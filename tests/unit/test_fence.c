/* SPDX-License-Identifier: Apache-2.0 */
/* What muster-fence remembers: decisions, the state as text, its files. */
#include "live/clock.h"
#include "live/fence_file.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NOT_AFTER 1000

static struct muster_fence fence;
static char room[MUSTER_FENCE_TEXT_MAX];
static char folder[] = "/tmp/muster-fence-XXXXXX";
static char file[64], error_room[1024];
static struct muster_text error;

static int fresh(void **state)
{
    (void)state;
    memset(&fence, 0, sizeof fence);
    muster_text_init(&error, error_room, sizeof error_room);
    return 0;
}

static enum muster_fence_verdict admit(uint64_t epoch, uint64_t intent, uint64_t attempt,
                                       uint32_t *ret_outcome)
{
    const struct muster_fence_request r = {epoch, intent, attempt, NOT_AFTER};
    return muster_fence_admit(&fence, &r, NOT_AFTER, ret_outcome);
}

/* Admit, run and end an effect. */
static void done(uint64_t epoch, uint64_t intent, uint64_t attempt, uint32_t code)
{
    const struct muster_fence_request r = {epoch, intent, attempt, NOT_AFTER};
    uint32_t outcome;
    assert_int_equal(admit(epoch, intent, attempt, &outcome), MUSTER_FENCE_RUN);
    muster_fence_end(&fence, &r, code);
}

static const char *encode(void)
{
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_fence_encode(&fence, &t);
    return room;
}

static int decode(const char *text)
{
    return muster_fence_decode(&fence, muster_text_bytes(text));
}

static void begun_effect_is_remembered_with_its_epoch(void **state)
{
    uint32_t outcome;
    (void)state;
    assert_int_equal(admit(7, 1, 1, &outcome), MUSTER_FENCE_RUN);
    assert_int_equal(fence.highest, 7);
    assert_int_equal(fence.count, 1);
    assert_int_equal(fence.entry[0].outcome, MUSTER_FENCE_BEGUN);
}

static void lower_epoch_is_stale_and_changes_nothing(void **state)
{
    uint32_t outcome;
    (void)state;
    done(7, 1, 1, 0);
    const struct muster_fence before = fence;
    assert_int_equal(admit(6, 2, 1, &outcome), MUSTER_FENCE_STALE);
    assert_int_equal(admit(6, 1, 1, &outcome), MUSTER_FENCE_STALE);
    assert_memory_equal(&fence, &before, sizeof fence);
    assert_int_equal(admit(7, 2, 1, &outcome), MUSTER_FENCE_RUN);
}

static void attempt_below_one_that_was_run_is_overtaken(void **state)
{
    uint32_t outcome;
    (void)state;
    done(7, 1, 3, 0);
    assert_int_equal(admit(7, 1, 2, &outcome), MUSTER_FENCE_OVERTAKEN);
    assert_int_equal(admit(8, 1, 1, &outcome), MUSTER_FENCE_OVERTAKEN);
    assert_int_equal(fence.highest, 8);
    assert_int_equal(fence.count, 1);
    assert_int_equal(admit(8, 2, 1, &outcome), MUSTER_FENCE_RUN); /* another intent */
    assert_int_equal(admit(8, 1, 3, &outcome), MUSTER_FENCE_REPEATED);
    assert_int_equal(admit(8, 1, 4, &outcome), MUSTER_FENCE_RUN);
}

static void effect_is_late_after_its_not_after_and_not_at_it(void **state)
{
    struct muster_fence_request r = {3, 1, 1, NOT_AFTER};
    uint32_t outcome;
    (void)state;
    assert_int_equal(muster_fence_admit(&fence, &r, NOT_AFTER + 1, &outcome), MUSTER_FENCE_LATE);
    assert_int_equal(fence.highest, 0);
    assert_int_equal(fence.count, 0);
    assert_int_equal(muster_fence_admit(&fence, &r, NOT_AFTER, &outcome), MUSTER_FENCE_RUN);
    r = (struct muster_fence_request){.intent = 2, .attempt = 1, .not_after = 0};
    assert_int_equal(muster_fence_admit(&fence, &r, NOT_AFTER, &outcome), MUSTER_FENCE_RUN);
}

static void local_effect_is_not_fenced_but_deduplicated(void **state)
{
    uint32_t outcome;
    (void)state;
    done(9, 1, 1, 0);
    done(0, 2, 1, 4);
    assert_int_equal(fence.highest, 9);
    assert_int_equal(admit(0, 2, 1, &outcome), MUSTER_FENCE_REPEATED);
    assert_int_equal(outcome, 4);
}

static void repetition_gives_the_outcome_of_then(void **state)
{
    uint32_t outcome = 0;
    (void)state;
    done(5, 1, 1, 3);
    done(5, 1, 2, 255);
    assert_int_equal(admit(5, 1, 1, &outcome), MUSTER_FENCE_REPEATED);
    assert_int_equal(outcome, 3);
    assert_int_equal(admit(5, 1, 2, &outcome), MUSTER_FENCE_REPEATED);
    assert_int_equal(outcome, 255);
    assert_int_equal(fence.count, 2);
    assert_int_equal(admit(6, 1, 2, &outcome), MUSTER_FENCE_REPEATED);
    assert_int_equal(fence.highest, 6); /* whoever asks with it has been elected */
}

static void what_was_begun_and_has_no_end_is_never_begun_again(void **state)
{
    uint32_t outcome;
    (void)state;
    assert_int_equal(admit(5, 1, 1, &outcome), MUSTER_FENCE_RUN);
    assert_int_equal(admit(5, 1, 1, &outcome), MUSTER_FENCE_INTERRUPTED);
    assert_int_equal(admit(5, 1, 2, &outcome), MUSTER_FENCE_RUN);
}

static void oldest_entries_are_forgotten(void **state)
{
    uint32_t outcome;
    (void)state;
    for (uint64_t i = 0; i < MUSTER_FENCE_ENTRIES_MAX + 2; i++)
        done(1, i, 1, i % 256);
    assert_int_equal(fence.count, MUSTER_FENCE_ENTRIES_MAX);
    for (uint64_t i = 2; i < MUSTER_FENCE_ENTRIES_MAX + 2; i++) {
        assert_int_equal(admit(1, i, 1, &outcome), MUSTER_FENCE_REPEATED);
        assert_int_equal(outcome, i % 256);
    }
    assert_int_equal(admit(1, 1, 1, &outcome), MUSTER_FENCE_RUN);
}

static void seal_raises_and_never_lowers(void **state)
{
    uint32_t outcome;
    (void)state;
    assert_true(muster_fence_seal(&fence, 4));
    assert_true(muster_fence_seal(&fence, 4));
    assert_false(muster_fence_seal(&fence, 3));
    assert_int_equal(fence.highest, 4);
    assert_int_equal(admit(3, 1, 1, &outcome), MUSTER_FENCE_STALE);
}

static void state_is_this_text(void **state)
{
    uint32_t outcome;
    (void)state;
    assert_string_equal(encode(), "muster-fence 1\nhighest 0\ncrc 926fad70\n");
    done(12, 123, 1, 0);
    assert_int_equal(admit(12, 124, 2, &outcome), MUSTER_FENCE_RUN);
    assert_string_equal(encode(), "muster-fence 1\nhighest 12\n123 1 0\n124 2 begun\n"
                                  "crc c9bb4256\n");
}

static void largest_state_fits_and_comes_back(void **state)
{
    uint32_t outcome;
    (void)state;
    for (uint64_t i = 0; i < MUSTER_FENCE_ENTRIES_MAX; i++)
        assert_int_equal(admit(MUSTER_INTEGER_MAX, UINT64_MAX - i, UINT64_MAX, &outcome),
                         MUSTER_FENCE_RUN);
    const struct muster_fence before = fence;
    assert_int_equal(decode(encode()), 0);
    assert_memory_equal(&fence, &before, sizeof fence);
}

static void any_flipped_bit_and_any_cut_is_damage(void **state)
{
    char good[MUSTER_FENCE_TEXT_MAX];
    (void)state;
    done(3, 77, 1, 0);
    done(3, 78, 1, 2);
    strcpy(good, encode());
    size_t size = strlen(good);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        good[bit / 8] ^= (char)(1 << bit % 8);
        struct muster_bytes text = {(const uint8_t *)good, size};
        assert_int_equal(muster_fence_decode(&fence, text), MUSTER_E_CORRUPT);
        good[bit / 8] ^= (char)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < size; cut++) {
        struct muster_bytes text = {(const uint8_t *)good, cut};
        assert_int_equal(muster_fence_decode(&fence, text), MUSTER_E_CORRUPT);
    }
    assert_int_equal(decode(good), 0);
    strcat(good, "\n");
    assert_int_equal(decode(good), MUSTER_E_CORRUPT);
}

/* The last line of a state, made by another way than the module's. */
static void seal_text(char *text)
{
    uint32_t crc = UINT32_MAX;
    for (const char *at = text; *at; at++)
        for (int bit = 0; bit < 8; bit++) {
            uint32_t carry = (crc ^ (uint32_t)(uint8_t)*at >> bit) & 1;
            crc = crc >> 1 ^ (carry ? UINT32_C(0x82f63b78) : 0);
        }
    sprintf(text + strlen(text), "crc %08x\n", ~crc);
}

static void sound_checksum_does_not_make_a_state(void **state)
{
    static const char *const bad[] = {
        "muster-fence 2\nhighest 1\n",
        "muster-fence 1\nhighest\n",
        "muster-fence 1\nhighest -1\n",
        "muster-fence 1\nhighest 1",
        "muster-fence 1\nhighest 9007199254740992\n",
        "muster-fence 1\nhighest 1\n1 1\n",
        "muster-fence 1\nhighest 1\n1 1 \n",
        "muster-fence 1\nhighest 1\n1 1 256\n",
        "muster-fence 1\nhighest 1\n1 1 began\n",
        "muster-fence 1\nhighest 1\n1 x 0\n",
        "muster-fence 1\nhighest 1\n18446744073709551616 1 0\n",
        "muster-fence 1\nhighest 1\n1 1 0 0\n",
        "muster-fence 1\nhighest 1\n1 1 0",
        "muster-fence 1\nhighest 1\n\n",
    };
    char text[MUSTER_FENCE_TEXT_MAX] = "muster-fence 1\nhighest 1\n1 1 0\n";
    (void)state;
    seal_text(text);
    assert_int_equal(decode(text), 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        strcpy(text, bad[i]);
        seal_text(text);
        assert_int_equal(decode(text), MUSTER_E_CORRUPT);
    }
    strcpy(text, "muster-fence 1\nhighest 1\n");
    for (int i = 0; i <= MUSTER_FENCE_ENTRIES_MAX; i++)
        sprintf(text + strlen(text), "%d 1 0\n", i);
    seal_text(text);
    assert_int_equal(decode(text), MUSTER_E_CORRUPT);
}

static void set_environment(void)
{
    setenv("MUSTER_EPOCH", "4", 1);
    setenv("MUSTER_INTENT", "18446744073709551615", 1);
    setenv("MUSTER_ATTEMPT", "2", 1);
    setenv("MUSTER_NOT_AFTER", "123456789", 1);
}

static void effect_is_read_from_the_environment(void **state)
{
    struct muster_fence_request r;
    (void)state;
    set_environment();
    assert_true(muster_fence_request_read(&r, &error));
    assert_int_equal(r.epoch, 4);
    assert_int_equal(r.intent, UINT64_MAX);
    assert_int_equal(r.attempt, 2);
    assert_int_equal(r.not_after, 123456789);
    assert_string_equal(error_room, "");
}

static void missing_or_malformed_variable_is_named(void **state)
{
    static const char *const names[] = {"MUSTER_EPOCH", "MUSTER_INTENT", "MUSTER_ATTEMPT",
                                        "MUSTER_NOT_AFTER"};
    static const char *const bad[] = {NULL, "", " 1", "1 ", "-1", "0x1", "18446744073709551616"};
    struct muster_fence_request r;
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            fresh(state);
            set_environment();
            if (bad[i])
                setenv(names[n], bad[i], 1);
            else
                unsetenv(names[n]);
            assert_false(muster_fence_request_read(&r, &error));
            assert_memory_equal(error_room, names[n], strlen(names[n]));
        }
    }
    fresh(state);
    set_environment();
    setenv("MUSTER_EPOCH", "9007199254740992", 1);
    assert_false(muster_fence_request_read(&r, &error));
    assert_string_equal(error_room, "MUSTER_EPOCH='9007199254740992'; should be a decimal number, "
                                    "the fencing token, at most 9007199254740991; 0: a local "
                                    "action");
}

/* Files. */

static int fresh_folder(void **state)
{
    fresh(state);
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(file, sizeof file, "%s/state", folder);
    return 0;
}

static int drop_folder(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    assert_int_equal(fclose(f), 0);
}

static int load(bool *ret_is_new)
{
    muster_text_init(&error, error_room, sizeof error_room);
    return muster_fence_load(&fence, file, ret_is_new, &error);
}

static void state_that_is_not_there_is_new(void **state)
{
    bool is_new;
    (void)state;
    fence.highest = 5;
    assert_int_equal(load(&is_new), 0);
    assert_true(is_new);
    assert_int_equal(fence.highest, 0);
}

static void saved_state_comes_back_and_leaves_nothing_beside_it(void **state)
{
    bool is_new;
    char path[128];
    (void)state;
    done(5, 1, 1, 0);
    assert_int_equal(muster_fence_save(&fence, file, &error), 0);
    done(6, 2, 1, 0);
    const struct muster_fence before = fence;
    assert_int_equal(muster_fence_save(&fence, file, &error), 0);
    memset(&fence, 0xaa, sizeof fence);
    assert_int_equal(load(&is_new), 0);
    assert_false(is_new);
    assert_memory_equal(&fence, &before, sizeof fence);
    snprintf(path, sizeof path, "%s.tmp", file);
    assert_int_not_equal(access(path, F_OK), 0);
}

static void damaged_state_is_refused_and_the_text_mends_it(void **state)
{
    bool is_new;
    static char longer[2 * MUSTER_FENCE_TEXT_MAX];
    memset(longer, '\n', sizeof longer - 1);
    const char *const texts[] = {"", "x", "muster-fence 1\nhighest 0\ncrc 00000000\n", longer};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_file(file, texts[i]);
        assert_int_equal(load(&is_new), MUSTER_FENCE_EXIT_DAMAGED);
        assert_false(is_new);
        assert_non_null(strstr(error_room, "is damaged"));
        assert_non_null(strstr(error_room, "state.new' --seal EPOCH && mv '"));
    }
}

static void what_is_no_plain_file_is_refused(void **state)
{
    bool is_new;
    char other[128];
    (void)state;
    assert_int_equal(mkdir(file, 0700), 0);
    assert_int_equal(load(&is_new), MUSTER_FENCE_EXIT_DISK);
    assert_int_equal(muster_fence_save(&fence, file, &error), MUSTER_FENCE_EXIT_DISK);
    assert_int_equal(rmdir(file), 0);
    snprintf(other, sizeof other, "%s/other", folder);
    write_file(other, encode());
    assert_int_equal(symlink(other, file), 0);
    assert_int_equal(load(&is_new), MUSTER_FENCE_EXIT_DISK);
    assert_non_null(strstr(error_room, "cannot read '"));
    assert_int_equal(unlink(file), 0);
    assert_int_equal(mkfifo(file, 0600), 0);
    assert_int_equal(load(&is_new), MUSTER_FENCE_EXIT_DAMAGED); /* and does not wait */
}

static void folder_that_is_not_there_is_an_error_of_the_disk(void **state)
{
    int fd;
    (void)state;
    strcat(file, "/below");
    assert_int_equal(muster_fence_lock(file, 0, &fd, &error), MUSTER_FENCE_EXIT_DISK);
    assert_int_equal(muster_fence_save(&fence, file, &error), MUSTER_FENCE_EXIT_DISK);
}

static void path_that_is_too_long_is_an_error_of_the_disk(void **state)
{
    static char path[8192];
    int fd;
    (void)state;
    memset(path, 'a', sizeof path - 1);
    assert_int_equal(muster_fence_lock(path, 0, &fd, &error), MUSTER_FENCE_EXIT_DISK);
    assert_non_null(strstr(error_room, "cannot use 'aaaa"));
    assert_int_equal(muster_fence_save(&fence, path, &error), MUSTER_FENCE_EXIT_DISK);
}

static void relative_path_is_saved_in_the_folder_of_the_process(void **state)
{
    char usual[1024];
    bool is_new;
    (void)state;
    assert_non_null(getcwd(usual, sizeof usual));
    assert_int_equal(chdir(folder), 0);
    int status = muster_fence_save(&fence, "state", &error);
    assert_int_equal(chdir(usual), 0);
    assert_int_equal(status, 0);
    assert_int_equal(load(&is_new), 0);
    assert_false(is_new);
}

static void failed_save_leaves_the_state_as_it_was(void **state)
{
    bool is_new;
    char path[128];
    (void)state;
    done(5, 1, 1, 0);
    assert_int_equal(muster_fence_save(&fence, file, &error), 0);
    snprintf(path, sizeof path, "%s.tmp", file);
    assert_int_equal(mkdir(path, 0700), 0);
    done(6, 2, 1, 0);
    assert_int_equal(muster_fence_save(&fence, file, &error), MUSTER_FENCE_EXIT_DISK);
    assert_int_equal(load(&is_new), 0);
    assert_int_equal(fence.highest, 5);
}

static void lock_is_waited_for_until_the_given_time_and_no_longer(void **state)
{
    int first, second;
    (void)state;
    assert_int_equal(muster_fence_lock(file, 0, &first, &error), 0);
    muster_time start = muster_live_clock(), until = start + 60 * MUSTER_MILLISECOND;
    assert_int_equal(muster_fence_lock(file, until, &second, &error), MUSTER_FENCE_EXIT_UNKNOWN);
    muster_dur waited = muster_live_clock() - start;
    assert_in_range(waited, 60 * MUSTER_MILLISECOND, 5 * MUSTER_SECOND);
    assert_non_null(strstr(error_room, "state.lock' is held"));
    close(first);
    assert_int_equal(muster_fence_lock(file, 0, &second, &error), 0);
    close(second);
}

static void lock_lives_as_long_as_a_program_that_inherited_it(void **state)
{
    int first, second, status;
    (void)state;
    assert_int_equal(muster_fence_lock(file, 0, &first, &error), 0);
    assert_true(first >= 10);
    pid_t child = fork();
    if (child == 0) {
        execlp("sleep", "sleep", "30", (char *)NULL);
        _exit(1);
    }
    close(first);
    assert_int_equal(muster_fence_lock(file, 0, &second, &error), MUSTER_FENCE_EXIT_UNKNOWN);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(muster_fence_lock(file, 0, &second, &error), 0);
    close(second);
}

int main(void)
{
#define LOGIC(name) cmocka_unit_test_setup(name, fresh)
#define FILES(name) cmocka_unit_test_setup_teardown(name, fresh_folder, drop_folder)
    const struct CMUnitTest tests[] = {
        LOGIC(begun_effect_is_remembered_with_its_epoch),
        LOGIC(lower_epoch_is_stale_and_changes_nothing),
        LOGIC(attempt_below_one_that_was_run_is_overtaken),
        LOGIC(effect_is_late_after_its_not_after_and_not_at_it),
        LOGIC(local_effect_is_not_fenced_but_deduplicated),
        LOGIC(repetition_gives_the_outcome_of_then),
        LOGIC(what_was_begun_and_has_no_end_is_never_begun_again),
        LOGIC(oldest_entries_are_forgotten),
        LOGIC(seal_raises_and_never_lowers),
        LOGIC(state_is_this_text),
        LOGIC(largest_state_fits_and_comes_back),
        LOGIC(any_flipped_bit_and_any_cut_is_damage),
        LOGIC(sound_checksum_does_not_make_a_state),
        LOGIC(effect_is_read_from_the_environment),
        LOGIC(missing_or_malformed_variable_is_named),
        FILES(state_that_is_not_there_is_new),
        FILES(saved_state_comes_back_and_leaves_nothing_beside_it),
        FILES(damaged_state_is_refused_and_the_text_mends_it),
        FILES(what_is_no_plain_file_is_refused),
        FILES(folder_that_is_not_there_is_an_error_of_the_disk),
        FILES(path_that_is_too_long_is_an_error_of_the_disk),
        FILES(relative_path_is_saved_in_the_folder_of_the_process),
        FILES(failed_save_leaves_the_state_as_it_was),
        FILES(lock_is_waited_for_until_the_given_time_and_no_longer),
        FILES(lock_lives_as_long_as_a_program_that_inherited_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
