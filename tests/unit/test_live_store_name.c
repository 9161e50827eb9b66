/* SPDX-License-Identifier: Apache-2.0 */
/* The live store: names and their addresses. The program's own getaddrinfo takes the place of the
 * system's, so that a name can be slow, or have several addresses, or none. */
#include "tests/lib/store_fixture.h"

#include <netdb.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAMED_MAX 3

static struct {
    const char *address[NAMED_MAX + 1]; /* of the name, ends with null */
    bool slow;                          /* it waits for `go` */
    sem_t go;
    atomic_uint calls;
    uint32_t rested; /* threads that `occupy` no more */
    bool mirror;     /* every socket's own name is its peer's */
} name;

/* In the place of libuv's. */
int uv_tcp_getsockname(const uv_tcp_t *handle, struct sockaddr *to, int *size)
{
    uv_os_fd_t fd;
    if (name.mirror)
        return uv_tcp_getpeername(handle, to, size);
    if (uv_fileno((const uv_handle_t *)handle, &fd) != 0)
        return UV_EBADF;
    return getsockname(fd, to, (socklen_t *)size) == 0 ? 0 : UV_EBADF;
}

/* Called on a thread of libuv's, so nothing is asserted here. */
__attribute__((visibility("default"))) int getaddrinfo(const char *node, const char *service,
                                                       const struct addrinfo *hints,
                                                       struct addrinfo **list)
{
    (void)hints;
    *list = NULL;
    name.calls++;
    if (name.slow)
        sem_wait(&name.go);
    if (strcmp(node, "redis.example") != 0)
        return EAI_FAIL;
    struct addrinfo **end = list;
    for (const char **a = name.address; *a; a++, end = &(*end)->ai_next) {
        struct sockaddr_storage *to = calloc(1, sizeof *to);
        struct sockaddr_in6 *to6 = (struct sockaddr_in6 *)to;
        bool is6 = uv_ip6_addr(*a, atoi(service), to6) == 0;
        if (!is6)
            (void)uv_ip4_addr(*a, atoi(service), (struct sockaddr_in *)to);
        *end = calloc(1, sizeof **end);
        (*end)->ai_addr = (struct sockaddr *)to;
        (*end)->ai_addrlen = is6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    }
    return *list ? 0 : EAI_NONAME;
}

__attribute__((visibility("default"))) void freeaddrinfo(struct addrinfo *list)
{
    while (list) {
        struct addrinfo *next = list->ai_next;
        free(list->ai_addr);
        free(list);
        list = next;
    }
}

static int set_up_name(void **state)
{
    memset(&name, 0, sizeof name);
    sem_init(&name.go, 0, 0);
    name.address[0] = "127.0.0.1";
    set_up(state);
    strcpy(((struct fixture *)*state)->config.host, "redis.example");
    return 0;
}

static int tear_down_name(void **state)
{
    tear_down(state);
    return sem_destroy(&name.go);
}

/* An address of the server's port that takes no connection and refuses none: the queue is full. */
struct hanging {
    int listener, filler[2];
};

static void hang_open(struct hanging *h, const char *address, uint16_t port)
{
    struct sockaddr_in a;
    assert_int_equal(uv_ip4_addr(address, port, &a), 0);
    h->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(h->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(h->listener, 0), 0);
    for (int i = 0; i < 2; i++) {
        h->filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(h->filler[i], (struct sockaddr *)&a, sizeof a);
    }
}

static void hang_close(struct hanging *h)
{
    close(h->filler[0]);
    close(h->filler[1]);
    close(h->listener);
}

static void a_name_without_address_refuses_what_waits(void **state)
{
    struct fixture *f = *state;
    name.address[0] = NULL;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_subscribe(&f->host, 2, "c");
    host_wait(&f->host, 2);
    EXPECT(f, 1, "REFUSED");
    EXPECT(f, 2, "REFUSED");
    assert_int_equal(host_remarks(&f->host, "store_refused "), 1);
    EXPECT_REMARK(f, "redis.example:");
    EXPECT_REMARK(f, ": unknown node or service");
    host_ask(&f->host, 3, "PING", LONG);
    host_wait(&f->host, 3);
    assert_int_equal(f->host.remarks, 1);
    assert_int_equal(name.calls, 2);
}

static void a_name_too_long_is_refused(void **state)
{
    struct fixture *f = *state;
    memset(f->config.host, 'a', MUSTER_STORE_TEXT_MAX);
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 1);
    EXPECT(f, 1, "REFUSED");
    assert_int_equal(host_remarks(&f->host, "store_refused aaa"), 1);
}

static void no_name_is_refused(void **state)
{
    struct fixture *f = *state;
    f->config.host[0] = '\0';
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 1);
    EXPECT(f, 1, "REFUSED");
}

static void addresses_are_tried_in_turn_until_one_answers(void **state)
{
    struct fixture *f = *state;
    name.address[0] = "::1";
    name.address[1] = "127.0.0.8";
    name.address[2] = "127.0.0.1";
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_subscribe(&f->host, 2, "c");
    host_ask(&f->host, 3, "GET|a", LONG);
    host_wait(&f->host, 3);
    EXPECT(f, 1, "OK +PONG");
    EXPECT(f, 3, "OK nil");
    assert_int_equal(name.calls, 1);
    assert_int_equal(f->server.accepted, 2);
    assert_int_equal(host_remarks(&f->host, "store_refused "), 0);
    assert_int_equal(host_remarks(&f->host, "store_connected redis.example:"), 1);
    assert_non_null(strstr(f->host.remark[0].text, " (127.0.0.1)"));
}

static void the_address_that_answered_is_the_first_to_be_tried_again(void **state)
{
    struct fixture *f = *state;
    struct hanging h;
    name.address[0] = "127.0.0.8";
    name.address[1] = "127.0.0.1";
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 1);
    hang_open(&h, "127.0.0.8", f->config.port);
    peer_close(peer_newest(&f->server));
    host_wait_remarks(&f->host, "store_disconnected ", 1);
    host_ask(&f->host, 2, "PING", 1000);
    host_wait(&f->host, 2);
    EXPECT(f, 2, "OK +PONG");
    hang_close(&h);
}

static void addresses_that_all_refuse_are_one_refusal(void **state)
{
    struct fixture *f = *state;
    name.address[0] = "127.0.0.7";
    name.address[1] = "127.0.0.8";
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_ask(&f->host, 2, "PING", LONG);
    host_wait(&f->host, 2);
    EXPECT(f, 1, "REFUSED");
    EXPECT(f, 2, "REFUSED");
    assert_int_equal(f->host.remarks, 1);
    EXPECT_REMARK(f, " (127.0.0.8): connection refused");
    assert_int_equal(name.calls, 1);
}

static void an_address_that_hangs_is_given_up_with_the_request_it_kept(void **state)
{
    struct fixture *f = *state;
    struct hanging h;
    name.address[0] = "127.0.0.9";
    name.address[1] = "127.0.0.1";
    hang_open(&h, "127.0.0.9", f->config.port);
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", SHORT);
    host_ask(&f->host, 2, "PING", LONG);
    host_wait(&f->host, 1);
    EXPECT(f, 1, "REFUSED");
    assert_non_null(
        strstr(f->host.remark[0].text, " (127.0.0.9): no connection within the timeout"));
    host_wait(&f->host, 2);
    EXPECT(f, 2, "OK +PONG"); /* the other address */
    peer_close(peer_newest(&f->server));
    host_let(&f->host, 20);
    host_ask(&f->host, 3, "PING", LONG);
    host_wait(&f->host, 3);
    EXPECT(f, 3, "OK +PONG"); /* which is preferred from now on */
    assert_int_equal(f->host.answer[2].tag, 3);
    assert_int_equal(host_remarks(&f->host, "store_refused "), 1);
    hang_close(&h);
}

static void a_socket_that_meets_itself_is_refused(void **state)
{
    struct fixture *f = *state;
    name.mirror = true;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_wait(&f->host, 1);
    EXPECT(f, 1, "REFUSED");
    EXPECT_REMARK(f, ": connection refused");
}

static void closing_while_connecting_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    struct hanging h;
    name.address[0] = "127.0.0.9";
    hang_open(&h, "127.0.0.9", f->config.port);
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_subscribe(&f->host, 2, "c");
    host_let(&f->host, 20);
    host_close_store(&f->host);
    assert_int_equal(f->host.answers, 0);
    hang_close(&h);
}

static void a_slow_name_is_resolved_once_for_all_that_come_to_wait(void **state)
{
    struct fixture *f = *state;
    name.slow = true;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", SHORT);
    host_wait(&f->host, 1);
    EXPECT(f, 1, "REFUSED");
    host_ask(&f->host, 2, "PING", LONG);
    host_subscribe(&f->host, 3, "c");
    host_let(&f->host, 20);
    sem_post(&name.go);
    host_wait(&f->host, 3);
    EXPECT(f, 2, "OK +PONG");
    assert_int_equal(name.calls, 1);
    assert_int_equal(f->server.accepted, 2);
}

static void addresses_that_came_too_late_serve_the_next_request_and_no_other(void **state)
{
    struct fixture *f = *state;
    name.slow = true;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", SHORT);
    host_wait(&f->host, 1);
    sem_post(&name.go);
    host_let(&f->host, 20);
    assert_int_equal(f->server.accepted, 0); /* nobody asks, nobody connects */
    host_ask(&f->host, 2, "PING", LONG);
    host_wait(&f->host, 2);
    EXPECT(f, 2, "OK +PONG");
    assert_int_equal(name.calls, 1);
    peer_close(peer_newest(&f->server));
    host_let(&f->host, 20);
    name.slow = false;
    host_ask(&f->host, 3, "PING", LONG);
    host_wait(&f->host, 3);
    EXPECT(f, 3, "OK +PONG");
    assert_int_equal(name.calls, 2);
}

static void closing_while_resolving_waits_for_the_name(void **state)
{
    struct fixture *f = *state;
    name.slow = true;
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    for (int ms = 0; ms < HOST_PATIENCE_MS && name.calls == 0; ms++)
        host_let(&f->host, 1);
    host_begin_close(&f->host);
    host_let(&f->host, 20);
    assert_false(f->host.closed);
    sem_post(&name.go);
    host_close_store(&f->host);
    assert_int_equal(f->host.answers, 0);
    assert_int_equal(f->server.accepted, 0);
}

static void occupy(uv_work_t *work)
{
    (void)work;
    sem_wait(&name.go);
}

static void rest(uv_work_t *work, int status)
{
    (void)work;
    (void)status;
    name.rested++;
}

static void closing_before_resolving_has_begun_does_not_wait(void **state)
{
    struct fixture *f = *state;
    uv_work_t work[4]; /* all threads of the pool */
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(uv_queue_work(&f->host.loop, &work[i], occupy, rest), 0);
    host_open(&f->host, &f->config);
    host_ask(&f->host, 1, "PING", LONG);
    host_let(&f->host, 20);
    host_close_store(&f->host);
    assert_int_equal(name.calls, 0);
    assert_int_equal(f->host.answers, 0);
    for (size_t i = 0; i < 4; i++)
        sem_post(&name.go);
    while (name.rested < 4)
        uv_run(&f->host.loop, UV_RUN_ONCE);
}

int main(void)
{
#define NAMED(test) cmocka_unit_test_setup_teardown(test, set_up_name, tear_down_name)
    const struct CMUnitTest tests[] = {
        NAMED(a_name_without_address_refuses_what_waits),
        NAMED(a_name_too_long_is_refused),
        NAMED(no_name_is_refused),
        NAMED(addresses_are_tried_in_turn_until_one_answers),
        NAMED(the_address_that_answered_is_the_first_to_be_tried_again),
        NAMED(addresses_that_all_refuse_are_one_refusal),
        NAMED(an_address_that_hangs_is_given_up_with_the_request_it_kept),
        NAMED(a_socket_that_meets_itself_is_refused),
        NAMED(closing_while_connecting_leaves_nothing),
        NAMED(a_slow_name_is_resolved_once_for_all_that_come_to_wait),
        NAMED(addresses_that_came_too_late_serve_the_next_request_and_no_other),
        NAMED(closing_while_resolving_waits_for_the_name),
        NAMED(closing_before_resolving_has_begun_does_not_wait),
    };
    return cmocka_run_group_tests_name("live_store_name", tests, NULL, NULL);
}
