/* SPDX-License-Identifier: Apache-2.0 */
/* The live store against a real Redis, where one is installed: what it answers, and what it does to
 * its clients. */
#include "tests/lib/redis_server.h"
#include "tests/lib/store_host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LONG 10000 /* ms: a timeout that does not come */

struct fixture {
    struct host host;
    struct redis_server redis;
    struct muster_live_store_config config;
    uint32_t asked;
};

static const char *const options[] = {"--requirepass", "secret", NULL};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(redis_server_start(&f->redis, options), 0);
    host_init(&f->host);
    strcpy(f->config.host, "127.0.0.1");
    strcpy(f->config.password, "secret");
    f->config.port = f->redis.port;
    host_open(&f->host, &f->config);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    redis_server_stop(&f->redis);
    host_done(&f->host);
    free(f);
    return 0;
}

/* Ask and wait for the end. */
static const char *ask_within(struct fixture *f, const char *words, uint64_t timeout_ms)
{
    uint64_t tag = 1000 + f->asked++;
    host_ask(&f->host, tag, words, timeout_ms);
    host_wait(&f->host, f->host.answers + 1);
    return host_answer(&f->host, tag);
}

#define EXPECT(f, words, text) assert_string_equal(ask_within(f, words, LONG), text)

static void reopen(struct fixture *f)
{
    host_close_store(&f->host);
    host_open(&f->host, &f->config);
}

static void commands_are_answered(void **state)
{
    struct fixture *f = *state;
    EXPECT(f, "SET|a|1|NX|PX|60000", "OK +OK");
    EXPECT(f, "SET|a|2|NX", "OK nil");
    EXPECT(f, "GET|a", "OK 1");
    EXPECT(f, "GET|b", "OK nil");
    EXPECT(f, "SET|empty|", "OK +OK");
    EXPECT(f, "MGET|a|b|empty", "OK [1 nil ]");
    EXPECT(f, "INCR|n", "OK :1");
    EXPECT(f, "HGETALL|nothing", "OK []");
    EXPECT(f, "NOPE", "OK -ERR unknown command 'NOPE', with args beginning with: ");
    EXPECT(f, "INCR|empty", "OK -ERR value is not an integer or out of range");
    assert_int_equal(host_remarks(&f->host, "store_connected "), 1);
    assert_int_equal(f->host.remarks, 1);
}

static void scripts_are_loaded_when_they_are_not_known(void **state)
{
    struct fixture *f = *state;
    EXPECT(f, "EVALSHA|7a3b3fc39ec0ad2ee5d5a5c3ef2aa0c52e9b9a17|1|k|v",
           "OK -NOSCRIPT No matching script. Please use EVAL.");
    EXPECT(f, "EVAL|return {KEYS[1], ARGV[1], {1, false}}|1|k|v", "OK [k v [:1 nil]]");
    EXPECT(f, "EVAL|return redis.error_reply('FENCED no')|0", "OK -FENCED no");
    EXPECT(f, "SCRIPT|LOAD|return 7", "OK 59b6ab2fbe0ee4b25733de0f62e6cda4899ef8e9");
    EXPECT(f, "EVALSHA|59b6ab2fbe0ee4b25733de0f62e6cda4899ef8e9|0", "OK :7");
}

static void a_database_is_selected(void **state)
{
    struct fixture *f = *state;
    EXPECT(f, "SET|a|zero", "OK +OK");
    f->config.database = 5;
    reopen(f);
    EXPECT(f, "GET|a", "OK nil");
    f->config.database = 5000;
    reopen(f);
    EXPECT(f, "GET|a", "OK -ERR DB index is out of range");
    assert_int_equal(host_remarks(&f->host, "store_auth_refused "), 1);
}

static void published_messages_are_pushed(void **state)
{
    struct fixture *f = *state;
    host_subscribe(&f->host, 1, "wake");
    for (int i = 0; i < 200 && strcmp(ask_within(f, "PUBSUB|NUMSUB|wake", LONG), "OK [wake :1]");
         i++)
        host_let(&f->host, 5);
    uint32_t before = f->host.answers;
    host_ask(&f->host, 2, "PUBLISH|wake|W7", LONG);
    host_wait(&f->host, before + 2);
    assert_string_equal(host_answer(&f->host, 2), "OK :1");
    assert_string_equal(host_push(&f->host, 1), "PUSH [message wake W7]");
    EXPECT(f, "PUBLISH|other|x", "OK :0");
    before = f->host.answers;
    host_ask(&f->host, 3, "CLIENT|KILL|TYPE|pubsub", LONG);
    host_wait(&f->host, before + 2);
    assert_string_equal(host_answer(&f->host, 3), "OK :1");
    assert_string_equal(host_answer(&f->host, 1), "UNKNOWN");
}

static void a_wrong_password_is_the_answer(void **state)
{
    struct fixture *f = *state;
    static const char refused[] =
        "OK -WRONGPASS invalid username-password pair or user is disabled.";
    strcpy(f->config.password, "wrong");
    reopen(f);
    EXPECT(f, "GET|a", refused);
    EXPECT(f, "GET|a", refused);
    assert_int_equal(host_remarks(&f->host, "store_auth_refused "), 1);
    assert_int_equal(host_remarks(&f->host, "store_connected "), 0);
    f->config.password[0] = '\0';
    reopen(f);
    EXPECT(f, "GET|a", "OK -NOAUTH Authentication required.");
}

static void a_user_may_do_what_its_acl_says(void **state)
{
    struct fixture *f = *state;
    EXPECT(f, "ACL|SETUSER|app|on|>hidden|~app:*|resetchannels|+get|+set|+subscribe", "OK +OK");
    strcpy(f->config.user, "app");
    strcpy(f->config.password, "hidden");
    reopen(f);
    EXPECT(f, "SET|app:a|1", "OK +OK");
    EXPECT(f, "GET|other",
           "OK -NOPERM this user has no permissions to access one of the keys used "
           "as arguments");
    EXPECT(f, "DEL|app:a", "OK -NOPERM this user has no permissions to run the 'del' command");
    host_subscribe(&f->host, 1, "wake");
    host_wait(&f->host, f->host.answers + 1);
    assert_memory_equal(host_answer(&f->host, 1), "OK -NOPERM ", 11);
    assert_int_equal(host_remarks(&f->host, "store_disconnected "), 0);
}

static void killed_clients_come_back_with_the_next_request(void **state)
{
    struct fixture *f = *state;
    EXPECT(f, "SET|a|1", "OK +OK");
    EXPECT(f, "CLIENT|KILL|TYPE|normal|SKIPME|no", "OK :1");
    host_wait_remarks(&f->host, "store_disconnected ", 1);
    EXPECT(f, "GET|a", "OK 1");
    assert_int_equal(host_remarks(&f->host, "store_connected "), 2);
}

static void a_pause_beyond_the_timeout_leaves_the_request_unknown(void **state)
{
    struct fixture *f = *state;
    EXPECT(f, "CLIENT|PAUSE|400|ALL", "OK +OK");
    assert_string_equal(ask_within(f, "SET|a|1", 100), "UNKNOWN");
    const char *end = ask_within(f, "SET|b|1", 50); /* AUTH hangs as well: never handed over */
    assert_string_equal(end, "REFUSED");
    host_let(&f->host, 400);
    EXPECT(f, "GET|b", "OK nil");
    EXPECT(f, "GET|a", "OK nil"); /* unknown it was: the client's end dropped it from the queue */
}

static void a_stopped_server_leaves_the_request_unknown_and_executes_it_later(void **state)
{
    struct fixture *f = *state;
    EXPECT(f, "SET|a|0", "OK +OK");
    redis_server_pause(&f->redis);
    assert_string_equal(ask_within(f, "SET|a|1", 100), "UNKNOWN");
    assert_string_equal(ask_within(f, "SET|a|2", 100), "REFUSED");
    redis_server_continue(&f->redis);
    EXPECT(f, "GET|a", "OK 1");
    assert_int_equal(host_remarks(&f->host, "store_refused "), 1);
}

static void a_killed_server_is_refused_until_it_is_back(void **state)
{
    struct fixture *f = *state;
    EXPECT(f, "SET|a|1", "OK +OK");
    redis_server_pause(&f->redis); /* so that the request is surely under way when it dies */
    host_ask(&f->host, 1, "GET|a", LONG);
    host_let(&f->host, 20);
    redis_server_kill(&f->redis);
    host_wait(&f->host, f->host.answers + 1);
    assert_string_equal(host_answer(&f->host, 1), "UNKNOWN");
    EXPECT(f, "GET|a", "REFUSED");
    EXPECT(f, "GET|a", "REFUSED");
    assert_int_equal(redis_server_restart(&f->redis, options), 0);
    EXPECT(f, "GET|a", "OK nil");
    assert_int_equal(host_remarks(&f->host, "store_refused "), 1);
    assert_int_equal(host_remarks(&f->host, "store_connected "), 2);
}

static void a_unix_socket_serves_as_well(void **state)
{
    struct fixture *f = *state;
    (void)snprintf(f->config.path, sizeof f->config.path, "%s/socket", f->redis.folder);
    reopen(f);
    EXPECT(f, "SET|a|1", "OK +OK");
    EXPECT(f, "GET|a", "OK 1");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(commands_are_answered),
        TEST(scripts_are_loaded_when_they_are_not_known),
        TEST(a_database_is_selected),
        TEST(published_messages_are_pushed),
        TEST(a_wrong_password_is_the_answer),
        TEST(a_user_may_do_what_its_acl_says),
        TEST(killed_clients_come_back_with_the_next_request),
        TEST(a_pause_beyond_the_timeout_leaves_the_request_unknown),
        TEST(a_stopped_server_leaves_the_request_unknown_and_executes_it_later),
        TEST(a_killed_server_is_refused_until_it_is_back),
        TEST(a_unix_socket_serves_as_well),
    };
    if (!redis_server_is_installed()) {
        printf("skipped: no redis-check-rdb; install the package redis-tools\n");
        return 77;
    }
    return cmocka_run_group_tests_name("live_store_redis", tests, NULL, NULL);
}
