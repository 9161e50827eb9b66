/* SPDX-License-Identifier: Apache-2.0 */
/* A live store, its host, and a server that plays Redis, on one loop. For the tests of the store.
 */
#ifndef MUSTER_TESTS_LIB_STORE_FIXTURE_H
#define MUSTER_TESTS_LIB_STORE_FIXTURE_H

#include "tests/lib/store_host.h"
#include "tests/lib/store_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LONG  10000 /* ms: a timeout that does not come */
#define SHORT 60    /* ms: one that does */

struct fixture {
    struct host host;
    struct peer_server server;
    struct muster_live_store_config config; /* leads to the server */
    bool serving;
};

/* What a healthy server does with the commands of these tests. */
static inline void play(struct peer *p, const char *words)
{
    if (strncmp(words, "GET", 3) == 0)
        peer_say(p, "$-1\r\n");
    else if (strcmp(words, "PING") == 0)
        peer_say(p, "+PONG\r\n");
    else if (strcmp(words, "HANG") != 0)
        peer_say(p, "+OK\r\n");
}

static inline void stop_serving(struct host *h)
{
    struct fixture *f = (struct fixture *)h;
    if (f->serving)
        peer_server_close(&f->server);
    f->serving = false;
}

static inline void serve(struct fixture *f, uint16_t port)
{
    peer_server_open(&f->server, &f->host.loop, port);
    f->server.command = play;
    f->config.port = f->server.port;
    f->serving = true;
}

static inline int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    host_init(&f->host);
    f->host.before_close = stop_serving;
    serve(f, 0);
    (void)snprintf(f->config.host, sizeof f->config.host, "127.0.0.1");
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    host_done(&f->host);
    free(f);
    return 0;
}

#define EXPECT(f, tag, text)  assert_string_equal(host_answer(&(f)->host, tag), text)
#define EXPECT_REMARK(f, end) assert_non_null(strstr(host_remark(&(f)->host), end))

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
