/* SPDX-License-Identifier: Apache-2.0 */
/* The live store: what comes over the wire, in pieces, too much, or not Redis at all;
 * subscriptions. */
#include "core/flat.h"
#include "tests/lib/store_fixture.h"

#define LONGEST MUSTER_STORE_REPLY_MAX

static const char *scripted; /* what the server says to everything but PING */
static size_t scripted_size;
static char lost[HOST_TEXT_MAX]; /* why the connection was, after what the place is */

static void say_scripted(struct peer *p, const char *words)
{
    if (strcmp(words, "PING") == 0)
        peer_say(p, "+PONG\r\n");
    else
        peer_send(p, scripted, scripted_size);
}

/* How a request ends whose answer is these bytes; the next one, on the same connection or a new
 * one, is answered. */
static const char *answer_to(struct fixture *f, const char *bytes, size_t size)
{
    static uint64_t tag;
    if (!f->host.store)
        host_open(&f->host, &f->config);
    f->server.command = say_scripted;
    f->host.answers = f->host.remarks = f->server.commands = 0;
    scripted = bytes;
    scripted_size = size;
    host_ask(&f->host, ++tag, "X", LONG);
    host_wait(&f->host, 1);
    const char *text = host_answer(&f->host, tag), *why = strstr(host_remark(&f->host), ": ");
    (void)snprintf(lost, sizeof lost, "%s", why ? why : "");
    host_ask(&f->host, ++tag, "PING", LONG);
    host_wait(&f->host, 2);
    EXPECT(f, tag, "OK +PONG");
    return text;
}

#define ANSWER(f, bytes, text) assert_string_equal(answer_to(f, bytes, sizeof(bytes) - 1), text)

static void every_type_of_reply_becomes_flat(void **state)
{
    struct fixture *f = *state;
    ANSWER(f, "+OK\r\n", "OK +OK");
    ANSWER(f, "+\r\n", "OK +");
    ANSWER(f, "-NOSCRIPT no\r\n", "OK -NOSCRIPT no");
    ANSWER(f, ":0\r\n", "OK :0");
    ANSWER(f, ":-9223372036854775808\r\n", "OK :-9223372036854775808");
    ANSWER(f, "$0\r\n\r\n", "OK ");
    ANSWER(f, "$5\r\nhe\r\no\r\n", "OK he\r\no");
    ANSWER(f, "$-1\r\n", "OK nil");
    ANSWER(f, "*-1\r\n", "OK nil");
    ANSWER(f, "*0\r\n", "OK []");
    ANSWER(f, "*3\r\n$1\r\na\r\n*2\r\n:1\r\n-E x\r\n$-1\r\n", "OK [a [:1 -E x] nil]");
    ANSWER(f, "$3\r\na\0b\r\n", "OK a");
    assert_int_equal(f->host.answer[0].size, MUSTER_FLAT_HEAD + 3);
    assert_int_equal(f->server.accepted, 1);
}

static void a_reply_in_single_bytes_is_put_together(void **state)
{
    struct fixture *f = *state;
    static const char reply[] = "*3\r\n$5\r\nhello\r\n:42\r\n*1\r\n$-1\r\n";
    f->server.command = NULL;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "X", LONG);
    host_let(&f->host, 20);
    for (size_t i = 0; i < sizeof reply - 1; i++) {
        assert_int_equal(f->host.answers, 0);
        peer_send(peer_newest(&f->server), reply + i, 1);
        host_let(&f->host, 1);
    }
    host_wait(&f->host, 1);
    EXPECT(f, 1, "OK [hello :42 [nil]]");
}

static void nesting_of_eight_is_taken_and_of_nine_is_not(void **state)
{
    struct fixture *f = *state;
    ANSWER(f, "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:8\r\n", "OK [[[[[[[:8]]]]]]]");
    ANSWER(f, "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*0\r\n", "OK [[[[[[[[]]]]]]]]");
    ANSWER(f, "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:9\r\n", "UNKNOWN");
    assert_string_equal(lost, ": a reply too long or nested too deep");
    ANSWER(f, "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "UNKNOWN");
}

/* A bulk whose flat value has this size. */
static const char *answer_to_bulk(struct fixture *f, size_t flat)
{
    size_t content = flat - MUSTER_FLAT_HEAD;
    char *bytes = malloc(content + 32);
    assert_non_null(bytes);
    int head = snprintf(bytes, 32, "$%zu\r\n", content);
    memset(bytes + head, 'x', content);
    memcpy(bytes + (size_t)head + content, "\r\n", 2);
    const char *text = answer_to(f, bytes, (size_t)head + content + 2);
    free(bytes);
    return text;
}

static void the_longest_reply_is_taken_and_one_byte_more_is_not(void **state)
{
    struct fixture *f = *state;
    assert_memory_equal(answer_to_bulk(f, LONGEST), "OK xxx", 6);
    assert_int_equal(f->host.answer[0].size, LONGEST);
    assert_int_equal(f->server.accepted, 1);
    assert_string_equal(answer_to_bulk(f, LONGEST + 1), "UNKNOWN");
    assert_int_equal(host_remarks(&f->host, "store_disconnected "), 1);
    assert_string_equal(answer_to_bulk(f, 4 * LONGEST), "UNKNOWN");
    assert_int_equal(f->server.accepted, 3);
}

/* What repeats without an end is cut off, however little each part asks for. */
static void endless_replies_are_cut_off(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *head, *part;
    } endless[] = {{"+", "line "},
                   {"*2147483647\r\n", "$-1\r\n"},
                   {"$9223372036854775807\r\n", "x"}};
    for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++) {
        size_t size = 3 * LONGEST, part = strlen(endless[i].part), used = strlen(endless[i].head);
        char *bytes = malloc(size);
        assert_non_null(bytes);
        memcpy(bytes, endless[i].head, used);
        for (; used + part <= size; used += part)
            memcpy(bytes + used, endless[i].part, part);
        assert_string_equal(answer_to(f, bytes, used), "UNKNOWN");
        assert_memory_equal(lost, ": a reply too long", 18);
        free(bytes);
    }
}

static void what_is_not_redis_is_a_lost_connection(void **state)
{
    struct fixture *f = *state;
    ANSWER(f, "HTTP/1.1 400 Bad Request\r\n\r\n", "UNKNOWN");
    assert_string_equal(lost, ": Protocol error, got \"H\" as reply type byte");
    ANSWER(f, "\0\0\0\0", "UNKNOWN");
    ANSWER(f, ":12x\r\n", "UNKNOWN");
    ANSWER(f, "$-2\r\n", "UNKNOWN");
    ANSWER(f, "*-7\r\n", "UNKNOWN");
    ANSWER(f, "*99999999999999999999\r\n", "UNKNOWN");
    ANSWER(f, "%1\r\n+a\r\n+b\r\n", "UNKNOWN"); /* RESP3 */
    ANSWER(f, "*2\r\n:1\r\n?\r\n", "UNKNOWN");
}

static void an_answer_nobody_asked_for_ends_the_connection(void **state)
{
    struct fixture *f = *state;
    static const char *const lines[] = {"+OK\r\n", "*0\r\n", "-ERR bye\r\n",
                                        "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\np\r\n"};
    host_open(&f->host, &f->config);
    for (uint32_t i = 0; i < 4; i++) {
        host_ask(&f->host, i, "PING", LONG);
        host_wait(&f->host, i + 1);
        EXPECT(f, i, "OK +PONG");
        peer_say(peer_newest(&f->server), lines[i]);
        host_let(&f->host, 20);
        EXPECT_REMARK(f, ": an answer that nobody asked for");
        assert_int_equal(host_remarks(&f->host, "store_disconnected "), i + 1);
    }
    assert_int_equal(f->host.answers, 4);
    assert_int_equal(f->server.accepted, 4);
}

/* ---- subscriptions ---- */

#define CONFIRMED  "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"
#define MESSAGE(p) "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\n" p "\r\n"

static void confirm(struct peer *p, const char *words)
{
    if (strncmp(words, "SUBSCRIBE", 9) == 0)
        peer_say(p, CONFIRMED);
    else
        play(p, words);
}

static struct peer *subscribed(struct fixture *f, uint64_t tag)
{
    f->server.command = confirm;
    if (!f->host.store)
        host_open(&f->host, &f->config);
    host_subscribe(&f->host, tag, "c");
    host_let(&f->host, 20);
    return peer_newest(&f->server);
}

static void messages_of_a_subscription_come_as_pushes_with_its_tag(void **state)
{
    struct fixture *f = *state;
    struct peer *p = subscribed(f, 7);
    assert_int_equal(f->host.answers, 0);
    assert_int_equal(host_remarks(&f->host, "store_connected subscription at 127.0.0.1:"), 1);
    peer_say(p, MESSAGE("1") MESSAGE("2"));
    host_wait(&f->host, 2);
    assert_string_equal(f->host.answer[0].text, "PUSH [message c 1]");
    assert_string_equal(f->host.answer[1].text, "PUSH [message c 2]");
    assert_int_equal(f->host.answer[1].tag, 7);
}

static void a_subscription_and_the_requests_do_not_share_a_connection(void **state)
{
    struct fixture *f = *state;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 1);
    struct peer *p = subscribed(f, 7);
    assert_int_equal(p->number, 2);
    host_ask(&f->host, 2, "HANG", SHORT);
    host_wait(&f->host, 2);
    EXPECT(f, 2, "UNKNOWN"); /* its connection goes, the subscription stays */
    peer_say(p, MESSAGE("1"));
    host_wait(&f->host, 3);
    assert_string_equal(host_push(&f->host, 7), "PUSH [message c 1]");
    peer_reset(p);
    host_wait(&f->host, 4);
    EXPECT(f, 7, "UNKNOWN");
    EXPECT_REMARK(f, "store_disconnected subscription at 127.0.0.1:");
    host_ask(&f->host, 3, "PING", LONG);
    host_wait(&f->host, 5);
    EXPECT(f, 3, "OK +PONG");
}

static void two_subscriptions_have_a_connection_each(void **state)
{
    struct fixture *f = *state;
    struct peer *first = subscribed(f, 1), *second = subscribed(f, 2);
    assert_ptr_not_equal(first, second);
    peer_say(second, MESSAGE("2"));
    peer_close(first);
    host_wait(&f->host, 2);
    EXPECT(f, 1, "UNKNOWN");
    assert_string_equal(host_push(&f->host, 2), "PUSH [message c 2]");
}

static void forbid(struct peer *p, const char *words)
{
    (void)words;
    peer_say(p, "-NOPERM no channel for you\r\n");
}

static void what_subscribe_refuses_is_the_end_of_the_subscription(void **state)
{
    struct fixture *f = *state;
    f->server.command = forbid;
    host_open(&f->host, &f->config);
    host_subscribe(&f->host, 1, "c");
    host_wait(&f->host, 1);
    EXPECT(f, 1, "OK -NOPERM no channel for you");
    host_let(&f->host, 20);
    assert_int_equal(f->server.open, 0);
    assert_int_equal(host_remarks(&f->host, "store_disconnected "), 0);
}

static void garbage_on_a_subscription_ends_it(void **state)
{
    struct fixture *f = *state;
    static const char *const garbage[] = {
        "+OK\r\n",
        "*0\r\n",
        "*1\r\n$7\r\nmessage\r\n",
        "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n:1\r\n",
        "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n*1\r\n$1\r\nx\r\n",
        "*3\r\n:1\r\n:2\r\n:3\r\n",
        "*4\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n$1\r\ny\r\n",
        "-ERR bye\r\n",
        "?",
    };
    uint32_t count = sizeof garbage / sizeof garbage[0];
    for (uint32_t i = 0; i < count; i++) {
        peer_say(subscribed(f, i), garbage[i]);
        host_wait(&f->host, i + 1);
        EXPECT(f, i, "UNKNOWN");
    }
    assert_int_equal(host_remarks(&f->host, "store_disconnected "), count);
}

static void an_unconfirmed_subscription_ends_in_time_and_a_confirmed_one_does_not(void **state)
{
    struct fixture *f = *state;
    struct peer *confirmed = subscribed(f, 1);
    f->server.command = NULL;
    muster_time began = muster_live_clock();
    host_subscribe(&f->host, 2, "c"); /* handed over, never confirmed */
    struct host other;
    struct muster_live_store_config config = f->config;
    strcpy(config.password, "secret");
    host_init(&other);
    host_open(&other, &config);
    host_subscribe(&other, 3, "c"); /* AUTH is never answered */
    while (f->host.answers + other.answers < 2) {
        host_let(&f->host, 20);
        host_let(&other, 20);
        assert_true(muster_live_clock() - began < 4 * MUSTER_STORE_CONFIRM_MAX);
    }
    assert_true(muster_live_clock() - began >= MUSTER_STORE_CONFIRM_MAX);
    EXPECT(f, 2, "UNKNOWN");
    assert_string_equal(host_answer(&other, 3), "REFUSED");
    host_done(&other);
    peer_say(confirmed, MESSAGE("1"));
    host_wait(&f->host, 2);
    assert_string_equal(host_push(&f->host, 1), "PUSH [message c 1]");
}

static void close_at_push(struct host *h, const struct host_answer *a)
{
    if (a->kind == MUSTER_IN_PUSH)
        host_begin_close(h);
}

static void closing_from_within_a_push_is_the_last_of_it(void **state)
{
    struct fixture *f = *state;
    f->host.react = close_at_push;
    peer_say(subscribed(f, 1), MESSAGE("1") MESSAGE("2"));
    host_wait(&f->host, 1);
    host_close_store(&f->host);
    assert_int_equal(f->host.answers, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type_of_reply_becomes_flat),
        TEST(a_reply_in_single_bytes_is_put_together),
        TEST(nesting_of_eight_is_taken_and_of_nine_is_not),
        TEST(the_longest_reply_is_taken_and_one_byte_more_is_not),
        TEST(endless_replies_are_cut_off),
        TEST(what_is_not_redis_is_a_lost_connection),
        TEST(an_answer_nobody_asked_for_ends_the_connection),
        TEST(messages_of_a_subscription_come_as_pushes_with_its_tag),
        TEST(a_subscription_and_the_requests_do_not_share_a_connection),
        TEST(two_subscriptions_have_a_connection_each),
        TEST(what_subscribe_refuses_is_the_end_of_the_subscription),
        TEST(garbage_on_a_subscription_ends_it),
        TEST(an_unconfirmed_subscription_ends_in_time_and_a_confirmed_one_does_not),
        TEST(closing_from_within_a_push_is_the_last_of_it),
    };
    return cmocka_run_group_tests_name("live_store_reply", tests, NULL, NULL);
}
