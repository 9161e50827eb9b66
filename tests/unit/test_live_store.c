/* SPDX-License-Identifier: Apache-2.0 */
/* The live store: how requests end, connections that do not come about, time and loss. */
#include "tests/lib/store_fixture.h"

#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- requests ---- */

static void requests_are_answered_in_order_over_one_connection(void **state)
{
    struct fixture *f = *state;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_ask(&f->host, 2, "GET|a", LONG);
    host_ask(&f->host, 3, "SET|a|", LONG);
    host_wait(&f->host, 3);
    host_ask(&f->host, 4, "PING", LONG);
    host_wait(&f->host, 4);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(f->host.answer[i].tag, i + 1);
    EXPECT(f, 1, "OK +PONG");
    EXPECT(f, 2, "OK nil");
    EXPECT(f, 3, "OK +OK");
    EXPECT(f, 4, "OK +PONG");
    assert_int_equal(f->server.accepted, 1);
    assert_string_equal(f->server.log[2], "1: SET a ");
    assert_int_equal(f->host.remarks, 1);
    assert_int_equal(f->host.remark[0].level, MUSTER_LIVE_INFO);
    assert_int_equal(host_remarks(&f->host, "store_connected 127.0.0.1:"), 1);
}

static void ask_again(struct host *h, const struct host_answer *a)
{
    if (a->tag < 5)
        host_ask(h, a->tag + 1, "PING", LONG);
}

static void a_process_may_ask_from_within_an_answer(void **state)
{
    struct fixture *f = *state;
    f->host.react = ask_again;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 5);
    EXPECT(f, 5, "OK +PONG");
    assert_int_equal(f->server.accepted, 1);
}

static void a_process_may_ask_from_within_a_refusal(void **state)
{
    struct fixture *f = *state;
    stop_serving(&f->host);
    f->host.react = ask_again;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 5);
    EXPECT(f, 1, "REFUSED");
    EXPECT(f, 5, "REFUSED");
}

static void one_request_more_than_may_be_under_way_is_refused(void **state)
{
    struct fixture *f = *state;
    f->server.command = NULL;
    host_open(&f->host, &f->config);
    for (uint64_t tag = 1; tag <= MUSTER_STORE_REQUESTS_MAX + 1; tag++)
        host_ask(&f->host, tag, "PING", LONG);
    host_wait(&f->host, 1);
    EXPECT(f, MUSTER_STORE_REQUESTS_MAX + 1, "REFUSED");
    host_let(&f->host, 20);
    assert_int_equal(f->server.commands, MUSTER_STORE_REQUESTS_MAX);
    peer_say(peer_newest(&f->server), "+OK\r\n");
    host_wait(&f->host, 2);
    host_ask(&f->host, 100, "PING", LONG); /* one has ended, so one may come */
    host_let(&f->host, 20);
    assert_int_equal(f->server.commands, MUSTER_STORE_REQUESTS_MAX + 1);
}

static void what_is_no_argument_vector_is_refused(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *bytes;
        size_t size;
    } bad[] = {
        {"", 0},
        {"$\1\0\0\0x", 6},                    /* no array */
        {"*\0\0\0\0", 5},                     /* of nothing */
        {"*\1\0\0\0", 5},                     /* cut off */
        {"*\1\0\0\0:\1\0\0\0\0\0\0\0", 13},   /* corrupt */
        {"*\1\0\0\0+\1\0\0\0x", 11},          /* not of bulks */
        {"*\1\0\0\0$\1\0\0\0x_\0\0\0\0", 16}, /* something behind it */
        {"*\377\377\377\377$\1\0\0\0x", 11},  /* more than there can be */
    };
    size_t count = sizeof bad / sizeof bad[0];
    host_open(&f->host, &f->config);
    for (size_t i = 0; i < count; i++) {
        struct muster_bytes argv = {(const uint8_t *)bad[i].bytes, bad[i].size};
        f->host.asking = true;
        muster_live_store_request(f->host.store, i, argv, MUSTER_SECOND);
        f->host.asking = false;
    }
    host_wait(&f->host, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        EXPECT(f, i, "REFUSED");
    assert_int_equal(f->server.accepted, 0);
}

/* ---- connections that do not come about ---- */

static void nobody_listening_refuses_all_that_wait_and_is_said_once(void **state)
{
    struct fixture *f = *state;
    stop_serving(&f->host);
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_ask(&f->host, 2, "PING", LONG);
    host_subscribe(&f->host, 3, "c");
    host_wait(&f->host, 3);
    host_ask(&f->host, 4, "PING", LONG);
    host_wait(&f->host, 4);
    for (uint64_t tag = 1; tag <= 4; tag++)
        EXPECT(f, tag, "REFUSED");
    assert_int_equal(f->host.remarks, 1);
    assert_int_equal(f->host.remark[0].level, MUSTER_LIVE_WARNING);
    assert_int_equal(host_remarks(&f->host, "store_refused "), 1);
    EXPECT_REMARK(f, ": connection refused");

    serve(f, f->config.port); /* there again, and gone again: that is news */
    host_ask(&f->host, 5, "PING", LONG);
    host_wait(&f->host, 5);
    EXPECT(f, 5, "OK +PONG");
    stop_serving(&f->host);
    host_let(&f->host, 20);
    EXPECT_REMARK(f, ": closed by the store");
    host_ask(&f->host, 6, "PING", LONG);
    host_wait(&f->host, 6);
    EXPECT(f, 6, "REFUSED");
    assert_int_equal(host_remarks(&f->host, "store_refused "), 2);
    assert_int_equal(host_remarks(&f->host, "store_disconnected "), 1);
    assert_int_equal(f->host.remarks, 4);
}

static void an_address_of_version_six_is_said_in_brackets(void **state)
{
    struct fixture *f = *state;
    strcpy(f->config.host, "::1");
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 1);
    EXPECT(f, 1, "REFUSED");
    EXPECT_REMARK(f, "store_refused [::1]:");
}

static void an_idle_store_makes_no_connection(void **state)
{
    struct fixture *f = *state;
    host_open(&f->host, &f->config);
    host_let(&f->host, 50);
    assert_int_equal(f->server.accepted, 0);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 1);
    peer_close(peer_newest(&f->server));
    host_let(&f->host, 100); /* lost while nothing is asked: no one connects again */
    assert_int_equal(f->server.accepted, 1);
    assert_int_equal(host_remarks(&f->host, "store_disconnected "), 1);
}

static void a_unix_socket_is_connected_to(void **state)
{
    struct fixture *f = *state;
    char folder[] = "/tmp/muster-store-XXXXXX";
    assert_non_null(mkdtemp(folder));
    (void)snprintf(f->config.path, sizeof f->config.path, "%s/redis", folder);
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 1);
    EXPECT(f, 1, "REFUSED");
    EXPECT_REMARK(f, "/redis: no such file or directory");

    stop_serving(&f->host);
    host_let(&f->host, 5);
    peer_server_open_path(&f->server, &f->host.loop, f->config.path);
    f->server.command = play;
    f->serving = true;
    host_ask(&f->host, 2, "PING", LONG);
    host_wait(&f->host, 2);
    EXPECT(f, 2, "OK +PONG");
    assert_int_equal(host_remarks(&f->host, "store_connected /tmp/muster-store-"), 1);
    unlink(f->config.path);
    assert_int_equal(rmdir(folder), 0);
}

static void a_path_too_long_for_a_socket_is_refused(void **state)
{
    struct fixture *f = *state;
    memset(f->config.path, 'a', MUSTER_STORE_TEXT_MAX);
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 1);
    EXPECT(f, 1, "REFUSED");
    EXPECT_REMARK(f, ": the path is too long for a socket");
}

/* ---- time and loss ---- */

static void a_request_out_of_time_takes_its_connection_with_it(void **state)
{
    struct fixture *f = *state;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_ask(&f->host, 2, "HANG", SHORT);
    host_ask(&f->host, 3, "HANG", LONG);
    muster_time began = muster_live_clock();
    host_wait(&f->host, 3);
    muster_dur took = muster_live_clock() - began;
    EXPECT(f, 1, "OK +PONG");
    EXPECT(f, 2, "UNKNOWN");
    EXPECT(f, 3, "UNKNOWN");
    assert_in_range(took, (SHORT - 1) * MUSTER_MILLISECOND, LONG * MUSTER_MILLISECOND);
    assert_int_equal(host_remarks(&f->host, "store_disconnected 127.0.0.1:"), 1);
    EXPECT_REMARK(f, ": no answer within the timeout");
    host_let(&f->host, 20);
    assert_int_equal(f->server.open, 0);
    host_ask(&f->host, 4, "PING", LONG);
    host_wait(&f->host, 4);
    EXPECT(f, 4, "OK +PONG");
    assert_int_equal(f->server.accepted, 2);
}

static void lose_connection(struct peer *p, const char *words)
{
    if (strcmp(words, "RESET") == 0) {
        peer_reset(p);
    } else if (strcmp(words, "CUT") == 0) {
        peer_say(p, "$10\r\n12345");
        peer_close(p);
    } else {
        play(p, words);
    }
}

static void a_lost_connection_leaves_everything_on_it_unknown(void **state)
{
    struct fixture *f = *state;
    f->server.command = lose_connection;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 1);
    host_ask(&f->host, 2, "RESET", LONG);
    host_ask(&f->host, 3, "PING", LONG);
    host_wait(&f->host, 3);
    EXPECT(f, 2, "UNKNOWN");
    EXPECT(f, 3, "UNKNOWN");
    EXPECT_REMARK(f, ": connection reset by peer");
    host_ask(&f->host, 4, "CUT", LONG);
    host_ask(&f->host, 5, "PING", LONG);
    host_wait(&f->host, 5);
    EXPECT(f, 4, "UNKNOWN");
    EXPECT(f, 5, "UNKNOWN");
    assert_int_equal(host_remarks(&f->host, "store_disconnected "), 2);
    assert_int_equal(host_remarks(&f->host, "store_refused "), 0);
}

static void writing_to_a_reset_connection_does_not_end_the_program(void **state)
{
    struct fixture *f = *state;
    signal(SIGPIPE, SIG_DFL);
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 1);
    struct linger hard = {1, 0};
    uv_os_fd_t fd;
    struct peer *p = peer_newest(&f->server);
    assert_int_equal(uv_fileno(&p->handle.any, &fd), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
    assert_int_equal(shutdown(fd, SHUT_RD), 0);
    peer_close(p);                       /* the reset is there at once, and unread */
    host_ask(&f->host, 2, "PING", LONG); /* takes the error off the socket */
    host_ask(&f->host, 3, "PING", LONG); /* EPIPE */
    host_wait(&f->host, 3);
    EXPECT(f, 2, "UNKNOWN");
    EXPECT(f, 3, "UNKNOWN");
}

static void count_turns(uv_prepare_t *turn)
{
    ++*(uint32_t *)turn->data;
}

static void a_store_that_has_answered_lets_the_loop_sleep(void **state)
{
    struct fixture *f = *state;
    uint32_t turns = 0;
    uv_prepare_t turn;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", SHORT);
    host_ask(&f->host, 2, "PING", LONG);
    host_subscribe(&f->host, 3, "c");
    host_wait(&f->host, 3);
    host_let(&f->host, SHORT * 2);
    uv_prepare_init(&f->host.loop, &turn);
    turn.data = &turns;
    uv_prepare_start(&turn, count_turns);
    host_let(&f->host, 100);
    assert_in_range(turns, 1, HOST_TURNS + 3);
    uv_close((uv_handle_t *)&turn, NULL);
    host_let(&f->host, 1); /* it lies on this stack */
}

static void find_socket(uv_handle_t *handle, void *found)
{
    struct sockaddr_in to;
    int size = sizeof to;
    const struct fixture *f = handle->loop->data;
    if (handle->type == UV_TCP &&
        uv_tcp_getpeername((uv_tcp_t *)handle, (struct sockaddr *)&to, &size) == 0 &&
        ntohs(to.sin_port) == f->server.port)
        assert_int_equal(uv_fileno(handle, found), 0);
}

static void sockets_are_without_delay_and_kept_alive(void **state)
{
    struct fixture *f = *state;
    static const struct {
        int level, option, least, most;
    } expected[] = {{IPPROTO_TCP, TCP_NODELAY, 1, 1},
                    {SOL_SOCKET, SO_KEEPALIVE, 1, 1},
                    {IPPROTO_TCP, TCP_KEEPIDLE, 5, 30},
                    {IPPROTO_TCP, TCP_KEEPINTVL, 1, 10},
                    {IPPROTO_TCP, TCP_KEEPCNT, 1, 5}};
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 1);
    int fd = -1;
    f->host.loop.data = f;
    uv_walk(&f->host.loop, find_socket, &fd);
    assert_true(fd >= 0);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        int value = -1;
        socklen_t size = sizeof value;
        assert_int_equal(getsockopt(fd, expected[i].level, expected[i].option, &value, &size), 0);
        assert_in_range(value, expected[i].least, expected[i].most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_are_answered_in_order_over_one_connection),
        TEST(a_process_may_ask_from_within_an_answer),
        TEST(a_process_may_ask_from_within_a_refusal),
        TEST(one_request_more_than_may_be_under_way_is_refused),
        TEST(what_is_no_argument_vector_is_refused),
        TEST(nobody_listening_refuses_all_that_wait_and_is_said_once),
        TEST(an_address_of_version_six_is_said_in_brackets),
        TEST(an_idle_store_makes_no_connection),
        TEST(a_unix_socket_is_connected_to),
        TEST(a_path_too_long_for_a_socket_is_refused),
        TEST(a_request_out_of_time_takes_its_connection_with_it),
        TEST(a_lost_connection_leaves_everything_on_it_unknown),
        TEST(writing_to_a_reset_connection_does_not_end_the_program),
        TEST(a_store_that_has_answered_lets_the_loop_sleep),
        TEST(sockets_are_without_delay_and_kept_alive),
    };
    return cmocka_run_group_tests_name("live_store", tests, NULL, NULL);
}
