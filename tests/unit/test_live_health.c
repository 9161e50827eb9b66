/* SPDX-License-Identifier: Apache-2.0 */
/* The health file: read anew at every request, never waited for, answered exactly once. */
#include "core/flat.h"
#include "core/orchestrator/health.h"
#include "live/health.h"
#include "tests/lib/scratch.h"

#define ANSWERS_MAX 64
#define POOL        4 /* threads of libuv's */

static uv_loop_t loop;
static struct muster_live_health *health;
static struct {
    uint64_t tag;
    uint16_t status;
    char text[256]; /* what came, cut */
} answers[ANSWERS_MAX];
static uint32_t answer_count, closed_count;
static char said[8][512]; /* "event: text" */
static uint32_t said_count;
static void (*on_answer)(void); /* null: nothing more happens */

static void take_answer(void *host, const struct muster_input *in)
{
    struct muster_flat_reader r;
    struct muster_flat_value v = {0};
    uint32_t i = answer_count++ % ANSWERS_MAX;
    assert_ptr_equal(host, &loop);
    assert_int_equal(in->kind, MUSTER_IN_REPLY);
    assert_int_equal(in->reply.endpoint, MUSTER_ENDPOINT_HEALTH);
    muster_flat_reader_init(&r, in->data);
    int error = muster_flat_next(&r, &v);
    assert_int_equal(error, in->status == MUSTER_STATUS_OK ? 0 : MUSTER_E_NOTFOUND);
    assert_int_equal(r.left.size, 0);
    answers[i].tag = in->tag;
    answers[i].status = in->status;
    (void)snprintf(answers[i].text, sizeof answers[i].text, "%.*s", (int)v.bytes.size,
                   v.bytes.size > 0 ? (const char *)v.bytes.at : "");
    if (on_answer)
        on_answer();
}

static void take_said(void *host, enum muster_live_level level, const char *event, const char *text)
{
    (void)host;
    (void)level;
    (void)snprintf(said[said_count++ % 8], sizeof said[0], "%s: %s", event, text);
}

static void take_closed(void *cookie)
{
    assert_ptr_equal(cookie, &loop);
    closed_count++;
}

static void close_now(void)
{
    muster_live_health_close(health, take_closed, &loop);
    health = NULL;
}

static int fresh(void **state)
{
    const struct muster_live_sink sink = {&loop, take_answer, take_said};
    (void)state;
    answer_count = closed_count = said_count = 0;
    on_answer = NULL;
    if (scratch_make() || uv_loop_init(&loop))
        return -1;
    health = muster_live_health_new(&loop, scratch_path("health"), &sink);
    return 0;
}

static int done(void **state)
{
    (void)state;
    if (health)
        close_now();
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(closed_count, 1);
    assert_int_equal(uv_loop_close(&loop), 0);
    return scratch_remove();
}

static void request(uint64_t tag, muster_dur timeout)
{
    uint32_t before = answer_count;
    muster_live_health_request(health, tag, timeout);
    assert_int_equal(answer_count, before); /* never from within */
}

/* One request to its end. */
static void assert_answer(enum muster_status status, const char *text)
{
    uint32_t i = answer_count;
    request(i + 1, 10 * MUSTER_SECOND);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0); /* nothing keeps the loop afterwards */
    assert_int_equal(answer_count, i + 1);
    assert_int_equal(answers[i % ANSWERS_MAX].tag, i + 1);
    assert_int_equal(answers[i % ANSWERS_MAX].status, status);
    assert_string_equal(answers[i % ANSWERS_MAX].text, text);
}

static void write_text(const char *text)
{
    scratch_write("health", text, strlen(text));
}

static void assert_said(uint32_t i, const char *event, const char *text)
{
    char expected[512];
    (void)snprintf(expected, sizeof expected, "%s: %s: %s", event, scratch_path("health"), text);
    assert_true(i < said_count);
    assert_string_equal(said[i], expected);
}

/* ---- the file ---- */

static void the_file_is_read_anew_at_every_request(void **state)
{
    (void)state;
    write_text("{\"system\": {\"status\": \"HEALTHY\"}}");
    assert_answer(MUSTER_STATUS_OK, "system=HEALTHY");
    write_text("{\"system\": {\"status\": \"FAILED\"}}");
    assert_answer(MUSTER_STATUS_OK, "system=FAILED");
    write_text("{}");
    assert_answer(MUSTER_STATUS_OK, "");
    assert_int_equal(said_count, 0);
}

static void each_new_reason_is_said_once_and_so_is_the_recovery(void **state)
{
    (void)state;
    assert_answer(MUSTER_STATUS_REFUSED, "");
    assert_answer(MUSTER_STATUS_REFUSED, "");
    assert_int_equal(said_count, 1);
    assert_said(0, "health_unknown", "no such file or directory");
    write_text("{\"retry\": 5}");
    assert_answer(MUSTER_STATUS_OK, "retry=UNKNOWN failures_1h=UNKNOWN");
    assert_answer(MUSTER_STATUS_OK, "retry=UNKNOWN failures_1h=UNKNOWN");
    assert_int_equal(said_count, 2);
    assert_said(1, "health_unknown", "retry is malformed");
    write_text("[]");
    assert_answer(MUSTER_STATUS_REFUSED, "");
    assert_said(2, "health_unknown", "no JSON object");
    write_text("{\"accuracy\": 1}");
    assert_answer(MUSTER_STATUS_OK, "accuracy_ppm=1000000");
    assert_answer(MUSTER_STATUS_OK, "accuracy_ppm=1000000");
    assert_int_equal(said_count, 4);
    assert_said(3, "health_known", "all well again");
}

static void what_is_no_regular_file_is_refused_at_once(void **state)
{
    (void)state;
    assert_int_equal(mkfifo(scratch_path("health"), 0600), 0);
    assert_answer(MUSTER_STATUS_REFUSED, "");
    assert_said(0, "health_unknown", "not a regular file");
    assert_int_equal(unlink(scratch_path("health")), 0);
    assert_int_equal(mkdir(scratch_path("health"), 0700), 0);
    assert_answer(MUSTER_STATUS_REFUSED, "");
    assert_int_equal(said_count, 1); /* the same reason */
    assert_int_equal(rmdir(scratch_path("health")), 0);
    assert_int_equal(symlink("/dev/zero", scratch_path("health")), 0);
    assert_answer(MUSTER_STATUS_REFUSED, "");
    assert_int_equal(unlink(scratch_path("health")), 0);
    assert_int_equal(symlink("health", scratch_path("health")), 0);
    assert_answer(MUSTER_STATUS_REFUSED, "");
    assert_said(1, "health_unknown", "too many symbolic links encountered");
}

static void a_file_is_read_up_to_its_bound(void **state)
{
    (void)state;
    static char text[MUSTER_HEALTH_FILE_MAX + 1];
    memset(text, ' ', sizeof text);
    memcpy(text, "{}", 2);
    scratch_write("health", text, MUSTER_HEALTH_FILE_MAX);
    assert_answer(MUSTER_STATUS_OK, "");
    scratch_write("health", text, MUSTER_HEALTH_FILE_MAX + 1);
    assert_answer(MUSTER_STATUS_REFUSED, "");
    assert_said(0, "health_unknown", "larger than 1048576 bytes");
    assert_int_equal(truncate(scratch_path("health"), (off_t)1 << 40), 0); /* and takes no time */
    assert_answer(MUSTER_STATUS_REFUSED, "");
    assert_int_equal(said_count, 1);
}

/* A file of the kernel's says that it has no size, and goes on for longer than we read. */
static void a_file_that_does_not_tell_its_size_is_bounded_all_the_same(void **state)
{
    (void)state;
    assert_int_equal(symlink("/proc/self/status", scratch_path("health")), 0);
    assert_answer(MUSTER_STATUS_REFUSED, "");
    assert_true(strstr(said[0], "no valid JSON in line 1") != NULL);
}

/* ---- requests ---- */

static void requests_that_meet_are_answered_one_after_the_other(void **state)
{
    (void)state;
    write_text("{\"accuracy\": 0.5}");
    for (uint64_t tag = 1; tag <= MUSTER_HEALTH_REQUESTS_MAX; tag++)
        request(tag, 10 * MUSTER_SECOND);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(answer_count, MUSTER_HEALTH_REQUESTS_MAX);
    for (uint32_t i = 0; i < MUSTER_HEALTH_REQUESTS_MAX; i++) {
        assert_int_equal(answers[i].tag, i + 1);
        assert_string_equal(answers[i].text, "accuracy_ppm=500000");
    }
}

static void ask_again(void)
{
    if (answer_count < 50)
        request(answer_count + 1, 10 * MUSTER_SECOND);
}

static void an_answer_may_ask_again(void **state)
{
    (void)state;
    write_text("{\"accuracy\": 0.5}");
    on_answer = ask_again;
    request(1, 10 * MUSTER_SECOND);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(answer_count, 50);
    for (uint32_t i = 0; i < 50; i++)
        assert_int_equal(answers[i].tag, i + 1);
}

/* ---- time ---- */

static uv_work_t block[POOL];
static uv_sem_t unblock;

static void wait_there(uv_work_t *work)
{
    (void)work;
    uv_sem_wait(&unblock);
}

/* Every thread that could read is busy, as when a file system does not answer. */
static void block_pool(void)
{
    assert_int_equal(uv_sem_init(&unblock, 0), 0);
    for (int i = 0; i < POOL; i++)
        assert_int_equal(uv_queue_work(&loop, &block[i], wait_there, NULL), 0);
}

static void unblock_pool(void)
{
    for (int i = 0; i < POOL; i++)
        uv_sem_post(&unblock);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    uv_sem_destroy(&unblock);
}

/* UV_RUN_ONCE would run a timer and then wait for something else. */
static void wait_for(const uint32_t *counter, uint32_t count)
{
    while (*counter < count) {
        (void)uv_run(&loop, UV_RUN_NOWAIT);
        uv_sleep(1);
    }
    assert_int_equal(*counter, count);
}

static void what_is_not_read_in_time_is_unknown_and_its_end_is_no_answer(void **state)
{
    (void)state;
    write_text("{\"accuracy\": 0.5}");
    block_pool();
    uint64_t began = uv_hrtime();
    request(1, 50 * MUSTER_MILLISECOND);
    request(2, 30 * MUSTER_MILLISECOND); /* it would be read later, but is due earlier */
    request(3, 10 * MUSTER_SECOND);
    wait_for(&answer_count, 2);
    assert_in_range(uv_hrtime() - began, 50 * MUSTER_MILLISECOND, 5 * MUSTER_SECOND);
    assert_int_equal(answers[0].tag, 2);
    assert_int_equal(answers[0].status, MUSTER_STATUS_UNKNOWN);
    assert_int_equal(answers[1].tag, 1);
    assert_int_equal(answers[1].status, MUSTER_STATUS_UNKNOWN);
    assert_int_equal(said_count, 1);
    assert_said(0, "health_unknown", "not read in time");
    unblock_pool();
    assert_int_equal(answer_count, 3);
    assert_int_equal(answers[2].tag, 3);
    assert_int_equal(answers[2].status, MUSTER_STATUS_OK);
    assert_said(1, "health_known", "all well again");
    assert_answer(MUSTER_STATUS_OK, "accuracy_ppm=500000");
}

static void no_timeout_at_all_is_unknown_at_once(void **state)
{
    (void)state;
    block_pool();
    request(1, 0);
    wait_for(&answer_count, 1);
    assert_int_equal(answers[0].status, MUSTER_STATUS_UNKNOWN);
    unblock_pool(); /* the reading ends for nobody */
    assert_int_equal(answer_count, 1);
    request(2, MUSTER_NEVER); /* and one that has all the time there is */
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(answer_count, 2);
    assert_int_equal(answers[1].status, MUSTER_STATUS_REFUSED);
}

/* ---- closing ---- */

static void a_close_lets_no_answer_through(void **state)
{
    (void)state;
    write_text("{}");
    request(1, 10 * MUSTER_SECOND);
    request(2, 0);
    close_now();
    assert_int_equal(closed_count, 0); /* only from the loop */
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(closed_count, 1);
    assert_int_equal(answer_count, 0);
}

static void a_close_before_the_reading_begins_cancels_it(void **state)
{
    (void)state;
    block_pool();
    request(1, 10 * MUSTER_SECOND);
    close_now();
    wait_for(&closed_count, 1); /* though no thread is free */
    unblock_pool();
    assert_int_equal(answer_count, 0);
}

static void an_answer_may_close_the_source(void **state)
{
    (void)state;
    write_text("{}");
    on_answer = close_now;
    request(1, 10 * MUSTER_SECOND);
    request(2, 10 * MUSTER_SECOND);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(answer_count, 1);
    assert_int_equal(closed_count, 1);
}

static void a_late_answer_may_close_the_source(void **state)
{
    (void)state;
    block_pool();
    on_answer = close_now;
    request(1, 0);
    request(2, 0);
    wait_for(&answer_count, 1);
    unblock_pool();
    assert_int_equal(answer_count, 1);
    assert_int_equal(closed_count, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)
    const struct CMUnitTest tests[] = {
        TEST(the_file_is_read_anew_at_every_request),
        TEST(each_new_reason_is_said_once_and_so_is_the_recovery),
        TEST(what_is_no_regular_file_is_refused_at_once),
        TEST(a_file_is_read_up_to_its_bound),
        TEST(a_file_that_does_not_tell_its_size_is_bounded_all_the_same),
        TEST(requests_that_meet_are_answered_one_after_the_other),
        TEST(an_answer_may_ask_again),
        TEST(what_is_not_read_in_time_is_unknown_and_its_end_is_no_answer),
        TEST(no_timeout_at_all_is_unknown_at_once),
        TEST(a_close_lets_no_answer_through),
        TEST(a_close_before_the_reading_begins_cancels_it),
        TEST(an_answer_may_close_the_source),
        TEST(a_late_answer_may_close_the_source),
    };
    (void)setenv("UV_THREADPOOL_SIZE", "4", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
