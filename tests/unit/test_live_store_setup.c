/* SPDX-License-Identifier: Apache-2.0 */
/* The live store: how a connection begins, and how the store ends. */
#include "tests/lib/store_fixture.h"

/* ---- setup ---- */

static void setup_comes_before_the_first_request(void **state)
{
    struct fixture *f = *state;
    strcpy(f->config.password, "secret");
    f->config.database = 3;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 1);
    host_close_store(&f->host);
    strcpy(f->config.user, "muster");
    host_open(&f->host, &f->config);
    host_subscribe(&f->host, 2, "c");
    host_wait(&f->host, 2);
    EXPECT(f, 2, "OK +OK"); /* no confirmation, so it is the end */
    static const char *const expected[] = {"1: AUTH secret", "1: SELECT 3",
                                           "1: PING",        "2: AUTH muster secret",
                                           "2: SELECT 3",    "2: SUBSCRIBE c"};
    assert_int_equal(f->server.commands, 6);
    for (uint32_t i = 0; i < 6; i++)
        assert_string_equal(f->server.log[i], expected[i]);
    for (uint32_t i = 0; i < f->host.remarks; i++)
        assert_null(strstr(f->host.remark[i].text, "secret"));
}

static void refuse_auth(struct peer *p, const char *words)
{
    static const char *const lines[] = {"", "-WRONGPASS no\r\n", "-WRONGPASS no\r\n",
                                        "-ERR max number of clients reached\r\n"};
    if (strncmp(words, "AUTH", 4) == 0 && p->number != 4)
        peer_say(p, lines[p->number < 4 ? p->number : 3]);
    else if (p->number != 4)
        peer_say(p, "-NOAUTH Authentication required.\r\n");
    else
        play(p, words);
}

static void what_auth_refuses_is_the_answer_and_each_text_is_said_once(void **state)
{
    struct fixture *f = *state;
    f->server.command = refuse_auth;
    strcpy(f->config.password, "secret");
    f->config.database = 1;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_ask(&f->host, 2, "PING", LONG);
    host_wait(&f->host, 2);
    EXPECT(f, 1, "OK -WRONGPASS no");
    EXPECT(f, 2, "OK -WRONGPASS no");
    host_let(&f->host, 20);
    assert_int_equal(f->server.open, 0);
    host_ask(&f->host, 3, "PING", LONG);
    host_wait(&f->host, 3);
    assert_int_equal(f->host.remarks, 1);
    assert_int_equal(f->host.remark[0].level, MUSTER_LIVE_ERROR);
    EXPECT_REMARK(f, "store_auth_refused 127.0.0.1:");
    EXPECT_REMARK(f, ": WRONGPASS no");
    host_ask(&f->host, 4, "PING", LONG);
    host_wait(&f->host, 4);
    EXPECT(f, 4, "OK -ERR max number of clients reached");
    assert_int_equal(f->host.remarks, 2);
    host_ask(&f->host, 5, "PING", LONG);
    host_wait(&f->host, 5);
    EXPECT(f, 5, "OK +PONG");
    assert_int_equal(host_remarks(&f->host, "store_auth_refused "), 2);
    peer_close(peer_newest(&f->server));
    host_wait_remarks(&f->host, "store_disconnected ", 1);
    host_ask(&f->host, 6, "PING", LONG);
    host_wait(&f->host, 6);
    assert_int_equal(host_remarks(&f->host, "store_auth_refused "), 3); /* news again */
    assert_int_equal(f->server.accepted, 5);
}

static void refuse_select(struct peer *p, const char *words)
{
    peer_say(p, strncmp(words, "SELECT", 6) == 0 ? "-ERR DB index is out of range\r\n" : "+OK\r\n");
}

static void what_select_refuses_is_the_answer(void **state)
{
    struct fixture *f = *state;
    f->server.command = refuse_select;
    f->config.database = 99;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "SET|a|1", LONG);
    host_subscribe(&f->host, 2, "c");
    host_wait(&f->host, 2);
    EXPECT(f, 1, "OK -ERR DB index is out of range");
    EXPECT(f, 2, "OK -ERR DB index is out of range");
    assert_int_equal(host_remarks(&f->host, "store_auth_refused "), 1);
}

static void repeat_password(struct peer *p, const char *words)
{
    (void)words;
    if (p->number == 1)
        peer_say(p, "-ERR unknown command 'AUTH', with args beginning with: 'hunt' \r\n");
    else
        peer_say(p, "-ERR what is hunter2 supposed to be\r\n");
}

static void no_refusal_repeats_the_password(void **state)
{
    struct fixture *f = *state;
    f->server.command = repeat_password;
    strcpy(f->config.password, "hunter2");
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 1);
    EXPECT(f, 1, "OK -ERR unknown command 'AUTH'");
    host_ask(&f->host, 2, "PING", LONG);
    host_wait(&f->host, 2);
    EXPECT(f, 2, "OK -ERR what is ");
    for (uint32_t i = 0; i < f->host.remarks; i++)
        assert_null(strstr(f->host.remark[i].text, "hunt"));
}

static void fail_setup(struct peer *p, const char *words)
{
    (void)words;
    if (p->number == 1)
        peer_reset(p);
    else if (p->number == 2)
        peer_close(p);
    else if (p->number == 3)
        peer_say(p, ":1\r\n");
    else if (p->number == 4)
        peer_say(p, "HTTP/1.1 400 Bad Request\r\n\r\n");
}

static void a_setup_that_fails_refuses_what_waits(void **state)
{
    struct fixture *f = *state;
    f->server.command = fail_setup;
    strcpy(f->config.password, "secret");
    host_open(&f->host, &f->config);
    for (uint64_t tag = 1; tag <= 4; tag++) {
        host_ask(&f->host, tag, "PING", LONG);
        host_wait(&f->host, (uint32_t)tag);
        EXPECT(f, tag, "REFUSED");
    }
    host_ask(&f->host, 5, "PING", SHORT); /* AUTH is never answered */
    host_wait(&f->host, 5);
    EXPECT(f, 5, "REFUSED");
    host_let(&f->host, 20);
    assert_in_range(f->server.commands, 4, 5); /* AUTH each time, never PING */
    for (uint32_t i = 0; i < f->server.commands; i++)
        assert_non_null(strstr(f->server.log[i], ": AUTH secret"));
    assert_int_equal(f->server.open, 0);
    assert_int_equal(host_remarks(&f->host, "store_refused "), 1);
    assert_int_equal(f->host.remarks, 1);
}

/* ---- closing ---- */

static void a_store_without_requests_closes(void **state)
{
    struct fixture *f = *state;
    host_open(&f->host, &f->config);
    host_close_store(&f->host);
    host_open(&f->host, &f->config);
    host_let(&f->host, 5);
    host_close_store(&f->host);
    assert_int_equal(f->server.accepted, 0);
}

static void closing_answers_nothing_whatever_is_under_way(void **state)
{
    struct fixture *f = *state;
    f->server.command = NULL;
    for (uint64_t ms = 0; ms < 5; ms++) { /* not begun, connecting, in setup, handed over */
        strcpy(f->config.password, ms < 3 ? "secret" : "");
        host_open(&f->host, &f->config);
        host_ask(&f->host, 1, "PING", LONG);
        host_subscribe(&f->host, 2, "c");
        muster_live_store_request(f->host.store, 3, (struct muster_bytes){0}, 1); /* REFUSED */
        if (ms > 0) {
            for (uint64_t turn = 0; turn < ms; turn++)
                uv_run(&f->host.loop, UV_RUN_NOWAIT);
            f->host.answers = 0;
        }
        host_close_store(&f->host);
        assert_int_equal(f->host.answers, 0);
    }
    stop_serving(&f->host);
    host_let(&f->host, 20);
    assert_int_equal(f->server.open, 0);
}

static void close_at_once(struct host *h, const struct host_answer *a)
{
    (void)a;
    host_begin_close(h);
}

static void closing_from_within_an_answer_ends_the_others_silently(void **state)
{
    struct fixture *f = *state;
    f->host.react = close_at_once;
    host_open(&f->host, &f->config);
    for (uint64_t tag = 1; tag <= 3; tag++)
        host_ask(&f->host, tag, "PING", LONG);
    host_wait(&f->host, 1); /* their answers came in one packet */
    host_close_store(&f->host);

    f->server.command = refuse_auth;
    f->server.accepted = 0;
    strcpy(f->config.password, "secret");
    host_open(&f->host, &f->config);
    host_ask(&f->host, 4, "PING", LONG);
    host_ask(&f->host, 5, "PING", LONG);
    host_wait(&f->host, 2);
    EXPECT(f, 4, "OK -WRONGPASS no");
    host_close_store(&f->host);

    stop_serving(&f->host);
    host_open(&f->host, &f->config);
    host_ask(&f->host, 6, "PING", LONG);
    host_ask(&f->host, 7, "PING", LONG);
    host_wait(&f->host, 3);
    EXPECT(f, 6, "REFUSED");
    host_close_store(&f->host);
    host_let(&f->host, 20);
    assert_int_equal(f->host.answers, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(setup_comes_before_the_first_request),
        TEST(what_auth_refuses_is_the_answer_and_each_text_is_said_once),
        TEST(what_select_refuses_is_the_answer),
        TEST(no_refusal_repeats_the_password),
        TEST(a_setup_that_fails_refuses_what_waits),
        TEST(a_store_without_requests_closes),
        TEST(closing_answers_nothing_whatever_is_under_way),
        TEST(closing_from_within_an_answer_ends_the_others_silently),
    };
    return cmocka_run_group_tests_name("live_store_setup", tests, NULL, NULL);
}
