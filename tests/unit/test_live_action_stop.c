/* SPDX-License-Identifier: Apache-2.0 */
/* The executor: timeouts, cancelling, closing, and that nothing is left behind. */
#include "tests/lib/executor_fixture.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define FILES_MAX 128
#define SLOW_MS   500 /* a timeout within which a script has begun */

static struct muster_effect brief_effect(uint64_t intent, uint64_t timeout_ms)
{
    struct muster_effect e = local_effect(intent);
    e.action.timeout = timeout_ms * MUSTER_MILLISECOND;
    return e;
}

static void timeout_ends_a_command_that_obeys(void **state)
{
    struct fixture *f = *state;
    script(f, "slow", "echo $$ >pid; exec sleep 30");
    begin(f, "slow", brief_effect(1, SLOW_MS));
    muster_time start = muster_live_clock();
    await(f, 1);
    muster_dur taken = muster_live_clock() - start;
    expect_end(f, 0, 1, MUSTER_RESULT_TIMED_OUT, 0);
    assert_in_range(taken, (SLOW_MS - 10) * MUSTER_MILLISECOND, 5 * MUSTER_SECOND);
    assert_true(was_said(f, "timed_out, killed by signal 15\n"));
    assert_dead(read_pid(f, "pid"));
}

static void timeout_kills_a_command_that_ignores_sigterm(void **state)
{
    struct fixture *f = *state;
    script(f, "deaf", "trap '' TERM; echo $$ >pid; while :; do sleep 0.05; done");
    begin(f, "deaf", brief_effect(2, SLOW_MS));
    muster_time start = muster_live_clock();
    await(f, 1);
    muster_dur taken = muster_live_clock() - start;
    expect_end(f, 0, 2, MUSTER_RESULT_TIMED_OUT, 0);
    assert_in_range(taken, (SLOW_MS + 190) * MUSTER_MILLISECOND,
                    5 * MUSTER_SECOND); /* + stop_time / 2 */
    assert_true(was_said(f, "killed by signal 9\n"));
    assert_dead(read_pid(f, "pid"));
}

static void children_that_ignore_sigterm_do_not_outlive_their_leader(void **state)
{
    struct fixture *f = *state;
    script(f, "family",
           "sh -c 'trap \"\" TERM; echo $$ >child; while :; do sleep 0.05; done' &\n"
           "until [ -s child ]; do sleep 0.01; done\n"
           "echo $$ >pid; exec sleep 30");
    begin(f, "family", brief_effect(3, SLOW_MS));
    await(f, 1);
    expect_end(f, 0, 3, MUSTER_RESULT_TIMED_OUT, 0);
    assert_dead(read_pid(f, "pid"));
    assert_dead(read_pid(f, "child"));
}

static void what_a_command_leaves_in_its_group_is_killed(void **state)
{
    struct fixture *f = *state;
    script(f, "orphan",
           "sh -c 'trap \"\" TERM HUP; echo $$ >child; exec sleep 30' &\n"
           "until [ -s child ]; do sleep 0.01; done");
    begin(f, "orphan", local_effect(4));
    muster_time start = muster_live_clock();
    await(f, 1);
    expect_end(f, 0, 4, MUSTER_RESULT_SUCCESS, 0);
    assert_true(muster_live_clock() - start < 10 * MUSTER_SECOND);
    assert_dead(read_pid(f, "child"));
}

static void pipes_that_a_daemon_keeps_open_are_not_waited_for(void **state)
{
    struct fixture *f = *state;
    script(f, "daemon",
           "setsid sh -c 'echo $$ >child; exec sleep 30' &\n"
           "until [ -s child ]; do sleep 0.01; done\n"
           "echo epoch=6 >&3; echo about to fail; exit 2");
    begin(f, "daemon", local_effect(5));
    muster_time start = muster_live_clock();
    await(f, 1);
    assert_true(muster_live_clock() - start < 10 * MUSTER_SECOND);
    expect_end(f, 0, 5, MUSTER_RESULT_FAILED, 6);
    assert_true(was_said(f, "about to fail\n"));
    pid_t child = read_pid(f, "child");
    assert_true(runs(child)); /* it has left the group: out of reach, as documented */
    kill(child, SIGKILL);
}

static void stranger_that_never_stops_writing_does_not_hold_the_end_up(void **state)
{
    struct fixture *f = *state;
    script(f, "flood",
           "setsid sh -c 'echo $$ >child; exec yes' &\n"
           "until [ -s child ]; do sleep 0.01; done; exit 1");
    begin(f, "flood", local_effect(6));
    await(f, 1);
    expect_end(f, 0, 6, MUSTER_RESULT_FAILED, 0);
    assert_dead(read_pid(f, "child")); /* of a broken pipe */
}

static void command_that_ends_well_after_its_timeout_is_a_success(void **state)
{
    struct fixture *f = *state;
    script(f, "tidy", "trap 'exit 0' TERM; while :; do sleep 0.02; done");
    begin(f, "tidy", brief_effect(7, SLOW_MS));
    await(f, 1);
    expect_end(f, 0, 7, MUSTER_RESULT_SUCCESS, 0);
}

static void what_a_command_tells_outweighs_that_it_was_given_up(void **state)
{
    struct fixture *f = *state;
    script(f, "fenced", "trap 'exit 76' TERM; echo epoch=8 >&3; while :; do sleep 0.02; done");
    script(f, "unsure", "echo result=unknown >&3; sleep 30");
    script(f, "failed", "echo result=failed >&3; sleep 30");
    begin(f, "fenced", brief_effect(1, SLOW_MS));
    await(f, 1);
    begin(f, "unsure", brief_effect(2, SLOW_MS));
    await(f, 2);
    begin(f, "failed", brief_effect(3, SLOW_MS));
    await(f, 3);
    expect_end(f, 0, 1, MUSTER_RESULT_FENCED, 8);
    expect_end(f, 1, 2, MUSTER_RESULT_UNKNOWN, 0);
    expect_end(f, 2, 3, MUSTER_RESULT_TIMED_OUT, 0);
}

static void cancel_before_the_start_starts_nothing(void **state)
{
    struct fixture *f = *state;
    script(f, "act", "touch done");
    begin(f, "act", local_effect(8));
    muster_live_executor_cancel(f->executor, 8);
    muster_live_executor_cancel(f->executor, 8);
    assert_int_equal(f->ends, 0);
    await(f, 1);
    nothing_ends_for(f, 50);
    expect_end(f, 0, 8, MUSTER_RESULT_CANCELLED, 0);
    assert_false(exists(f, "done"));
}

static void cancel_stops_a_running_command(void **state)
{
    struct fixture *f = *state;
    script(f, "slow", "echo $$ >pid; exec sleep 30");
    begin(f, "slow", local_effect(9));
    await_file(f, "pid");
    muster_live_executor_cancel(f->executor, 10); /* of somebody else: nothing */
    nothing_ends_for(f, 20);
    muster_live_executor_cancel(f->executor, 9);
    muster_live_executor_cancel(f->executor, 9);
    await(f, 1);
    expect_end(f, 0, 9, MUSTER_RESULT_CANCELLED, 0);
    assert_dead(read_pid(f, "pid"));
    muster_live_executor_cancel(f->executor, 9); /* it has ended: nothing */
    nothing_ends_for(f, 20);
}

static void cancel_kills_a_command_that_ignores_sigterm(void **state)
{
    struct fixture *f = *state;
    script(f, "deaf", "trap '' TERM; echo $$ >pid; while :; do sleep 0.05; done");
    begin(f, "deaf", local_effect(10));
    await_file(f, "pid");
    muster_time start = muster_live_clock();
    muster_live_executor_cancel(f->executor, 10);
    await(f, 1);
    expect_end(f, 0, 10, MUSTER_RESULT_CANCELLED, 0);
    assert_true(muster_live_clock() - start >= 190 * MUSTER_MILLISECOND);
    assert_dead(read_pid(f, "pid"));
}

static void cancel_after_the_timeout_is_still_a_timeout(void **state)
{
    struct fixture *f = *state;
    script(f, "deaf", "trap '' TERM; while :; do sleep 0.05; done");
    begin(f, "deaf", brief_effect(11, SLOW_MS));
    nothing_ends_for(f, SLOW_MS + 100);
    muster_live_executor_cancel(f->executor, 11);
    await(f, 1);
    expect_end(f, 0, 11, MUSTER_RESULT_TIMED_OUT, 0);
}

static void stopped_command_is_killed(void **state)
{
    struct fixture *f = *state;
    script(f, "stopped", "echo $$ >pid; kill -STOP $$");
    begin(f, "stopped", local_effect(12));
    await_file(f, "pid");
    muster_live_executor_cancel(f->executor, 12);
    await(f, 1);
    expect_end(f, 0, 12, MUSTER_RESULT_CANCELLED, 0);
    assert_dead(read_pid(f, "pid"));
}

static void close_ends_what_runs_and_answers_nothing(void **state)
{
    struct fixture *f = *state;
    script(f, "deaf",
           "trap '' TERM\n"
           "sh -c 'trap \"\" TERM; echo $$ >child; while :; do sleep 0.05; done' &\n"
           "until [ -s child ]; do sleep 0.01; done\n"
           "echo $$ >pid; while :; do sleep 0.05; done");
    script(f, "late", "touch done");
    begin(f, "deaf", local_effect(13));
    await_file(f, "pid");
    begin(f, "late", local_effect(14)); /* waits for the loop */
    close_executor(f);
    nothing_ends_for(f, 50);
    assert_int_equal(f->ends, 0);
    assert_false(exists(f, "done"));
    assert_dead(read_pid(f, "pid"));
    assert_dead(read_pid(f, "child"));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* reaped: no child of ours is left */
}

static void close_from_within_an_end(struct fixture *f, const struct muster_input *in)
{
    (void)in;
    muster_live_executor_close(f->executor, fixture_closed, f);
    f->executor = NULL;
}

static void close_may_come_from_within_an_end(void **state)
{
    struct fixture *f = *state;
    script(f, "act", "true");
    script(f, "slow", "exec sleep 30");
    f->on_input = close_from_within_an_end;
    begin(f, "slow", local_effect(15));
    begin(f, "act", local_effect(16));
    await(f, 1);
    nothing_ends_for(f, 200);
    assert_true(f->closed);
    expect_end(f, 0, 16, MUSTER_RESULT_SUCCESS, 0);
}

static void idle_executor_closes_from_the_loop(void **state)
{
    struct fixture *f = *state;
    open_executor(f);
    close_executor(f);
}

static uint32_t count_files(void)
{
    uint32_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void many_in_sequence_leave_nothing_open(void **state)
{
    struct fixture *f = *state;
    script(f, "act", "echo epoch=$MUSTER_INTENT >&3; exit $((MUSTER_INTENT % 2))");
    f->config.command[1] = (struct muster_live_command){"absent", {"/nonexistent", NULL}};
    f->config.count = 2;
    begin(f, "act", local_effect(0));
    await(f, 1);
    nothing_ends_for(f, 10);
    uint32_t before = count_files();
    for (uint32_t i = 1; i < ENDS_MAX; i++) {
        bool absent = i % 8 == 7;
        begin(f, absent ? "absent" : "act", local_effect(i));
        await(f, i + 1);
        expect_end(f, i, i, i % 2 ? MUSTER_RESULT_FAILED : MUSTER_RESULT_SUCCESS, absent ? 0 : i);
    }
    nothing_ends_for(f, 10);
    assert_int_equal(count_files(), before);
}

static void begin_without_descriptors_left_fails_and_leaks_nothing(void **state)
{
    struct fixture *f = *state;
    int taken[FILES_MAX];
    uint32_t count = 0;
    struct rlimit limit, usual;
    getrlimit(RLIMIT_NOFILE, &usual);
    limit = (struct rlimit){FILES_MAX, usual.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    script(f, "act", "true");
    begin(f, "act", local_effect(0));
    await(f, 1);
    uint32_t before = count_files();
    for (uint32_t spare = 0; spare < 8; spare++) {
        while (count < FILES_MAX && (taken[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
            count++;
        assert_in_range(count, 8, FILES_MAX - 1);
        for (uint32_t i = 0; i < spare; i++)
            close(taken[--count]);
        begin(f, "act", local_effect(spare + 1));
        run_loop(f, spare + 2, PATIENCE_MS);
        while (count > 0)
            close(taken[--count]);
        assert_int_equal(f->ends, spare + 2);
        bool enough = spare >= 6; /* two pipes, and the one by which libuv hears of the exec */
        expect_end(f, spare + 1, spare + 1, enough ? MUSTER_RESULT_SUCCESS : MUSTER_RESULT_FAILED,
                   0);
        nothing_ends_for(f, 5);
        assert_int_equal(count_files(), before);
    }
    assert_true(was_said(f, "too many open files"));
    setrlimit(RLIMIT_NOFILE, &usual);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(timeout_ends_a_command_that_obeys),
        TEST(timeout_kills_a_command_that_ignores_sigterm),
        TEST(children_that_ignore_sigterm_do_not_outlive_their_leader),
        TEST(what_a_command_leaves_in_its_group_is_killed),
        TEST(pipes_that_a_daemon_keeps_open_are_not_waited_for),
        TEST(stranger_that_never_stops_writing_does_not_hold_the_end_up),
        TEST(command_that_ends_well_after_its_timeout_is_a_success),
        TEST(what_a_command_tells_outweighs_that_it_was_given_up),
        TEST(cancel_before_the_start_starts_nothing),
        TEST(cancel_stops_a_running_command),
        TEST(cancel_kills_a_command_that_ignores_sigterm),
        TEST(cancel_after_the_timeout_is_still_a_timeout),
        TEST(stopped_command_is_killed),
        TEST(close_ends_what_runs_and_answers_nothing),
        TEST(close_may_come_from_within_an_end),
        TEST(idle_executor_closes_from_the_loop),
        TEST(many_in_sequence_leave_nothing_open),
        TEST(begin_without_descriptors_left_fails_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
