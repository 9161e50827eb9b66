/* SPDX-License-Identifier: Apache-2.0 */
/* The executor: how commands are started and how their ends are told. */
#include "live/action_environment.h"
#include "tests/lib/executor_fixture.h"

#include <signal.h>

static void exit_code_0_is_success_and_says_nothing(void **state)
{
    struct fixture *f = *state;
    script(f, "calm", "echo all is well; exit 0");
    begin(f, "calm", local_effect(1));
    await(f, 1);
    expect_end(f, 0, 1, MUSTER_RESULT_SUCCESS, 0);
    assert_string_equal(f->said, "");
}

static void other_exit_code_is_failure_and_says_the_output(void **state)
{
    struct fixture *f = *state;
    script(f, "broken", "echo out; echo err >&2; exit 3");
    begin(f, "broken", local_effect(2));
    await(f, 1);
    expect_end(f, 0, 2, MUSTER_RESULT_FAILED, 0);
    assert_string_equal(f->said, "2 action_not_done: broken for n2 (intent 2, attempt 1): "
                                 "failed, exit code 3: out err\n");
}

static void exit_code_76_is_fenced(void **state)
{
    struct fixture *f = *state;
    script(f, "stale", "echo epoch=9 >&3; exit 76");
    begin(f, "stale", local_effect(3));
    await(f, 1);
    expect_end(f, 0, 3, MUSTER_RESULT_FENCED, 9);
    assert_true(was_said(f, "fenced, exit code 76\n"));
}

static void signal_is_failure_and_its_number_is_said(void **state)
{
    struct fixture *f = *state;
    script(f, "crash", "kill -SEGV $$");
    begin(f, "crash", local_effect(4));
    await(f, 1);
    expect_end(f, 0, 4, MUSTER_RESULT_FAILED, 0);
    assert_true(was_said(f, "failed, killed by signal 11\n"));
}

static void result_line_outweighs_the_exit_code(void **state)
{
    static const struct {
        const char *text;
        enum muster_result result;
    } row[] = {
        {"echo result=success >&3; exit 1", MUSTER_RESULT_SUCCESS},
        {"echo result=failed >&3; exit 0", MUSTER_RESULT_FAILED},
        {"echo result=fenced >&3; exit 0", MUSTER_RESULT_FENCED},
        {"echo result=unknown >&3; exit 76", MUSTER_RESULT_UNKNOWN},
        {"echo result=unknown >&3; kill -9 $$", MUSTER_RESULT_UNKNOWN},
        {"printf result=failed >/dev/fd/$MUSTER_RESULT_FD", MUSTER_RESULT_FAILED},
    };
    struct fixture *f = *state;
    const uint32_t count = sizeof row / sizeof row[0];
    char name[8];
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "a%u", i);
        script(f, name, row[i].text);
    }
    for (uint32_t i = 0; i < count; i++) {
        snprintf(name, sizeof name, "a%u", i);
        begin(f, name, local_effect(i + 1));
        await(f, i + 1);
        expect_end(f, i, i + 1, row[i].result, 0);
    }
}

static void garbage_on_the_result_pipe_is_said_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    script(f, "chatty",
           "head -c 300000 /dev/zero | tr '\\0' x >&3\n"
           "printf '\\nepoch=5\\nepoch=seven\\n\\001\\002' >&3");
    begin(f, "chatty", local_effect(5));
    await(f, 1);
    expect_end(f, 0, 5, MUSTER_RESULT_SUCCESS, 5);
    assert_true(was_said(f, "2 action_report_wrong: chatty for n2 (intent 5, attempt 1): not "
                            "understood on the result pipe: 'xxxxxxxx"));
    assert_false(was_said(f, "seven"));
}

/* The value of a variable in what `env -0` wrote; null when it is not there exactly once. */
static const char *value_of(const char *text, size_t size, const char *name)
{
    const char *found = NULL;
    for (const char *at = text; at < text + size; at += strlen(at) + 1) {
        if (strncmp(at, name, strlen(name)) != 0 || at[strlen(name)] != '=')
            continue;
        if (found)
            return NULL;
        found = at + strlen(name) + 1;
    }
    return found;
}

static void environment_is_the_daemons_and_ours(void **state)
{
    struct fixture *f = *state;
    static const char *const expected[][2] = {
        {"MUSTER_ACTION", "env"},
        {"MUSTER_SUBJECT", "n2"},
        {"MUSTER_REASON", "3 failed components"},
        {"MUSTER_PARAMS", "{\"rate\": 0.5}"},
        {"MUSTER_EPOCH", "9007199254740991"},
        {"MUSTER_INTENT", "18446744073709551615"},
        {"MUSTER_ATTEMPT", "1"},
        {"MUSTER_NOT_AFTER", "18446744073709551614"},
        {"MUSTER_TIMEOUT_MS", "15000"},
        {"MUSTER_NODE", "n1"},
        {"MUSTER_CLUSTER", "earth"},
        {"MUSTER_RESULT_FD", "3"},
        {"MUSTER_OWN", "of the daemon"},
        {"MUSTER_NODEX", "another"},
    };
    setenv("MUSTER_OWN", "of the daemon", 1);
    setenv("MUSTER_NODEX", "another", 1);
    setenv("MUSTER_EPOCH", "of the daemon's own surroundings", 1);
    f->config.command[0] =
        (struct muster_live_command){"env", {"sh", "-c", "exec env -0 >\"$0\"", f->path[0], NULL}};
    f->config.count = 1;
    snprintf(f->path[0], sizeof f->path[0], "%s/out", f->folder);
    struct muster_effect e = local_effect(UINT64_MAX);
    e.action.epoch = MUSTER_INTEGER_MAX;
    e.action.not_after = UINT64_MAX - 1;
    begin_with(f, "env", "{\"rate\": 0.5}", e);
    await(f, 1);
    expect_end(f, 0, UINT64_MAX, MUSTER_RESULT_SUCCESS, 0);
    FILE *file = fopen(f->path[0], "r");
    static char text[65536];
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const char *value = value_of(text, size, expected[i][0]);
        assert_non_null(value);
        assert_string_equal(value, expected[i][1]);
    }
    assert_string_equal(value_of(text, size, "PATH"), getenv("PATH"));
    uint32_t count = 0, own = 0;
    for (const char *at = text; at < text + size; at += strlen(at) + 1)
        count++;
    while (environ[own])
        own++;
    /* Eleven are added, one is replaced; a shell adds PWD, OLDPWD, SHLVL and _ where they lack. */
    assert_in_range(count, own + 11, own + 15);
    unsetenv("MUSTER_OWN");
    unsetenv("MUSTER_NODEX");
    unsetenv("MUSTER_EPOCH");
}

static void our_variable_replaces_every_one_of_its_name(void **state)
{
    (void)state;
    char *inherited[] = {"A=1", "B=2", "A=3", "AB=4", "A", NULL};
    char **usual = environ;
    struct muster_memory memory = {0};
    struct muster_live_environment e;
    environ = inherited;
    muster_live_environment_init(&e, &memory);
    muster_live_environment_set(&e, "A", "own");
    muster_live_environment_set_u64(&e, "C", UINT64_MAX);
    muster_live_environment_set(&e, "A", "");
    environ = usual;
    const char *const expected[] = {"B=2", "AB=4", "A", "C=18446744073709551615", "A="};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_string_equal(e.at[i], expected[i]);
    assert_null(e.at[5]);
    assert_int_equal(e.count, 5);
    muster_memory_free(&memory);
}

static void command_has_four_descriptors_and_leads_its_own_session(void **state)
{
    struct fixture *f = *state;
    script(f, "look",
           "if read line; then exit 1; fi\n"
           "cut -d' ' -f1,5,6 /proc/$$/stat >ids\n"
           "grep -E 'Sig(Blk|Ign)' /proc/self/status >signals\n"
           "exec ls -l /proc/self/fd >fds");
    int open_here = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_true(open_here >= 0);
    sigset_t usual, blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, &usual);
    signal(SIGPIPE, SIG_IGN);
    begin(f, "look", local_effect(6));
    await(f, 1);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &usual, NULL);
    close(open_here);
    expect_end(f, 0, 6, MUSTER_RESULT_SUCCESS, 0);
    const char *const expected[] = {" 0 -> /dev/null\n", " 1 -> ", " 2 -> pipe:", " 3 -> pipe:",
                                    " 4 -> /proc/"}; /* the last is what ls reads */
    uint32_t lines = 0;
    const char *fds = read_text(f, "fds");
    for (const char *at = strstr(fds, " -> "); at; at = strstr(at + 1, " -> "))
        lines++;
    assert_int_equal(lines, 5);
    for (uint32_t i = 0; i < lines; i++)
        assert_non_null(strstr(fds, expected[i]));
    int pid, group, session;
    assert_int_equal(sscanf(read_text(f, "ids"), "%d %d %d", &pid, &group, &session), 3);
    assert_int_equal(pid, group);
    assert_int_equal(pid, session);
    assert_non_null(strstr(read_text(f, "signals"), "SigBlk:\t0000000000000000\n"));
    assert_non_null(strstr(read_text(f, "signals"), "SigIgn:\t0000000000000000\n"));
}

static void big_output_does_not_block_and_its_end_is_said(void **state)
{
    struct fixture *f = *state;
    script(f, "loud", "seq 1 200000; printf 'the \\033[1mend\\n' >&2; exit 1");
    begin(f, "loud", local_effect(7));
    await(f, 1);
    expect_end(f, 0, 7, MUSTER_RESULT_FAILED, 0);
    assert_true(was_said(f, " 199999 200000 the  [1mend\n"));
    assert_in_range(f->said_size, 2048, 2048 + 200);
}

static void what_came_before_the_end_counts_though_it_is_read_after_it(void **state)
{
    struct fixture *f = *state;
    script(f, "quick",
           "seq 1 5000; head -c 5000 /dev/zero | tr '\\0' '\\n' >&3\n"
           "echo result=unknown >&3; touch done; exit 1");
    begin(f, "quick", local_effect(8));
    run_loop(f, 1, 0); /* starts it, and then stands still until it has ended */
    for (int i = 0; i < 1000 && !exists(f, "done"); i++)
        usleep(5000);
    usleep(50000);
    assert_int_equal(f->ends, 0);
    await(f, 1);
    expect_end(f, 0, 8, MUSTER_RESULT_UNKNOWN, 0);
    assert_true(was_said(f, " 4999 5000\n"));
}

static void pipes_that_the_command_has_closed_are_watched_no_more(void **state)
{
    struct fixture *f = *state;
    script(f, "shut", "exec >/dev/null 2>&1 3>&-; sleep 0.3");
    begin(f, "shut", local_effect(9));
    await(f, 1);
    expect_end(f, 0, 9, MUSTER_RESULT_SUCCESS, 0);
    assert_true(f->turns < 20);
}

static void what_cannot_be_started_has_failed_and_is_said(void **state)
{
    struct fixture *f = *state;
    script(f, "plain", "true");
    assert_int_equal(chmod(f->path[0], 0644), 0);
    f->config.command[1] = (struct muster_live_command){"absent", {"/nonexistent/command", NULL}};
    f->config.command[2] = (struct muster_live_command){"folder", {f->folder, NULL}};
    f->config.count = 3;
    begin(f, "plain", local_effect(1));
    begin(f, "absent", local_effect(2));
    begin(f, "folder", local_effect(3));
    begin(f, "unheard-of", local_effect(4));
    await(f, 4);
    for (uint32_t i = 0; i < 4; i++)
        expect_end(f, i, f->end[i].tag, MUSTER_RESULT_FAILED, 0);
    assert_true(was_said(f, "3 action_not_started: absent for n2 (intent 2, attempt 1): cannot "
                            "start '/nonexistent/command': no such file or directory\n"));
    assert_true(was_said(f, "plain': permission denied\n"));
    assert_true(was_said(f, "permission denied\n3 action_not_started: folder") ||
                was_said(f, "folder for n2 (intent 3, attempt 1): cannot start"));
    assert_true(was_said(f, "unheard-of for n2 (intent 4, attempt 1): no such action, and no "
                            "'default'\n"));
}

static void default_command_serves_every_other_action(void **state)
{
    struct fixture *f = *state;
    script(f, "default", "echo $MUSTER_ACTION >>names");
    script(f, "own", "echo the own one >>names");
    begin(f, "anything", local_effect(1));
    await(f, 1);
    begin(f, "own", local_effect(2));
    await(f, 2);
    expect_end(f, 0, 1, MUSTER_RESULT_SUCCESS, 0);
    expect_end(f, 1, 2, MUSTER_RESULT_SUCCESS, 0);
    assert_string_equal(read_text(f, "names"), "anything\nthe own one\n");
}

static void late_effect_with_an_epoch_is_dropped(void **state)
{
    struct fixture *f = *state;
    script(f, "act", "touch done");
    struct muster_effect e = local_effect(8);
    e.action.epoch = 4;
    e.action.not_after = muster_live_clock() - 1;
    begin(f, "act", e);
    await(f, 1);
    expect_end(f, 0, 8, MUSTER_RESULT_FENCED, 0);
    assert_false(exists(f, "done"));
    assert_true(was_said(f, "2 action_late: act for n2"));
}

static void clock_is_read_again_when_the_command_is_started(void **state)
{
    struct fixture *f = *state;
    script(f, "act", "touch done");
    struct muster_effect e = local_effect(9);
    e.action.epoch = 4;
    e.action.not_after = muster_live_clock() + 10 * MUSTER_MILLISECOND;
    begin(f, "act", e);
    usleep(20 * 1000); /* the process stands still between the decision and the deed */
    await(f, 1);
    expect_end(f, 0, 9, MUSTER_RESULT_FENCED, 0);
    assert_false(exists(f, "done"));
}

static void effect_in_time_and_late_local_effect_are_run(void **state)
{
    struct fixture *f = *state;
    script(f, "act", "touch done.$MUSTER_EPOCH");
    struct muster_effect e = local_effect(10);
    e.action.not_after = 1;
    begin(f, "act", e);
    e = local_effect(11);
    e.action.epoch = 4;
    begin(f, "act", e);
    await(f, 2);
    assert_true(exists(f, "done.0") && exists(f, "done.4"));
}

static void data_that_is_no_array_has_no_action(void **state)
{
    struct fixture *f = *state;
    script(f, "act", "touch done");
    open_executor(f);
    struct muster_effect e = local_effect(12);
    muster_live_executor_begin(f->executor, &e);
    await(f, 1);
    expect_end(f, 0, 12, MUSTER_RESULT_FAILED, 0);
    assert_true(was_said(f, "no such action"));
}

static void more_than_may_run_at_once_fail(void **state)
{
    struct fixture *f = *state;
    script(f, "wait", "until [ -e go ]; do sleep 0.02; done");
    for (uint32_t i = 0; i < MUSTER_LIVE_RUNNING_MAX + 2; i++)
        begin(f, "wait", local_effect(100 + i));
    await(f, 2);
    expect_end(f, 0, f->end[0].tag, MUSTER_RESULT_FAILED, 0);
    expect_end(f, 1, f->end[1].tag, MUSTER_RESULT_FAILED, 0);
    assert_true(was_said(f, "too many commands run already"));
    close(open(file_path(f, "go"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    await(f, MUSTER_LIVE_RUNNING_MAX + 2);
    for (uint32_t i = 2; i < f->ends; i++)
        expect_end(f, i, f->end[i].tag, MUSTER_RESULT_SUCCESS, 0);
}

/* As the core does: the next attempt is handed out from within the end of the one before. */
static void begin_next_attempt(struct fixture *f, const struct muster_input *in)
{
    struct muster_effect e = local_effect(in->tag);
    e.action.attempt = in->action.attempt + 1;
    if (e.action.attempt <= 3)
        begin(f, "retry", e);
}

static void next_attempt_may_begin_from_within_the_end_of_the_last(void **state)
{
    struct fixture *f = *state;
    script(f, "retry", "echo $MUSTER_ATTEMPT >>attempts; exit 1");
    f->on_input = begin_next_attempt;
    begin(f, "retry", local_effect(13));
    await(f, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(f->end[i].tag, 13);
        assert_int_equal(f->end[i].action.attempt, i + 1);
    }
    assert_string_equal(read_text(f, "attempts"), "1\n2\n3\n");
}

/* What a command of musterd.yaml looks like with the wrapper before it. */
static void configure_fence(struct fixture *f, char *program)
{
    static char state[128], shell[256];
    snprintf(state, sizeof state, "%s/state", f->folder);
    snprintf(shell, sizeof shell,
             "cd '%s' && echo $MUSTER_EPOCH.$MUSTER_INTENT >>log; "
             "if [ $MUSTER_SUBJECT$MUSTER_INTENT = n23 ]; then trap '' TERM; echo up >deaf; "
             "while :; do sleep 0.02; done; fi",
             f->folder);
    f->config.command[0] =
        (struct muster_live_command){"act",
                                     {program, "--state", state, "--", "sh", "-c", shell, NULL}};
    f->config.count = 1;
}

static void muster_fence_makes_a_command_fence_and_deduplicate(void **state)
{
    struct fixture *f = *state;
    char *program = getenv("MUSTER_FENCE");
    if (!program)
        skip(); /* the build's test names it */
    configure_fence(f, program);
    const uint64_t epoch[] = {5, 4, 5, 5, 5}, intent[] = {1, 2, 1, 3, 3};
    const enum muster_result result[] = {MUSTER_RESULT_SUCCESS, MUSTER_RESULT_FENCED,
                                         MUSTER_RESULT_SUCCESS, MUSTER_RESULT_CANCELLED,
                                         MUSTER_RESULT_UNKNOWN};
    for (uint32_t i = 0; i < 5; i++) {
        struct muster_effect e = local_effect(intent[i]);
        e.action.epoch = epoch[i];
        begin(f, "act", e);
        if (result[i] == MUSTER_RESULT_CANCELLED) {
            await_file(f, "deaf");
            muster_live_executor_cancel(f->executor, intent[i]);
        }
        await(f, i + 1);
        expect_end(f, i, intent[i], result[i], 5);
    }
    assert_string_equal(read_text(f, "log"), "5.1\n5.3\n");
    assert_true(was_said(f, "fenced: epoch 4 is below 5; nothing is run\n"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(exit_code_0_is_success_and_says_nothing),
        TEST(other_exit_code_is_failure_and_says_the_output),
        TEST(exit_code_76_is_fenced),
        TEST(signal_is_failure_and_its_number_is_said),
        TEST(result_line_outweighs_the_exit_code),
        TEST(garbage_on_the_result_pipe_is_said_and_changes_nothing),
        TEST(environment_is_the_daemons_and_ours),
        TEST(our_variable_replaces_every_one_of_its_name),
        TEST(command_has_four_descriptors_and_leads_its_own_session),
        TEST(big_output_does_not_block_and_its_end_is_said),
        TEST(what_came_before_the_end_counts_though_it_is_read_after_it),
        TEST(pipes_that_the_command_has_closed_are_watched_no_more),
        TEST(what_cannot_be_started_has_failed_and_is_said),
        TEST(default_command_serves_every_other_action),
        TEST(late_effect_with_an_epoch_is_dropped),
        TEST(clock_is_read_again_when_the_command_is_started),
        TEST(effect_in_time_and_late_local_effect_are_run),
        TEST(data_that_is_no_array_has_no_action),
        TEST(more_than_may_run_at_once_fail),
        TEST(next_attempt_may_begin_from_within_the_end_of_the_last),
        TEST(muster_fence_makes_a_command_fence_and_deduplicate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
