/* SPDX-License-Identifier: Apache-2.0 */
/* The live store among random faults: every request ends exactly once, in a way that fits, and
 * closing at any moment leaves nothing behind. */
#include "tests/lib/store_fixture.h"

#define SEEDS 12
#define STEPS 120

static uint64_t state_of_random;

static uint32_t draw(uint32_t below)
{
    state_of_random = state_of_random * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(state_of_random >> 33) % below;
}

static uint32_t begun, pushes;
static uint32_t ended[SEEDS * STEPS + 1];
static bool subscription[SEEDS * STEPS + 1];
static bool settling; /* nothing new is begun */

static void misbehave(struct peer *p, const char *words)
{
    static const char *const answers[] = {
        "+OK\r\n", ":1\r\n", "-ERR no\r\n", "$3\r\nabc\r\n", "*2\r\n$1\r\na\r\n*1\r\n:1\r\n",
    };
    static const char *const garbage[] = {"?\r\n", "*1\r\n", "$5\r\nab", "+OK\r\n+OK\r\n",
                                          "*-9\r\n"};
    uint32_t dice = draw(20);
    if (strncmp(words, "SUBSCRIBE", 9) == 0 && dice < 12)
        peer_say(p, "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n"
                    "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n");
    else if (strncmp(words, "AUTH", 4) == 0 && dice < 14)
        peer_say(p, "+OK\r\n");
    else if (dice < 12)
        peer_say(p, answers[draw(5)]);
    else if (dice < 15)
        peer_say(p, garbage[draw(5)]);
    else if (dice < 16)
        peer_reset(p);
    else if (dice < 17)
        peer_close(p);
    p->server->commands = 0; /* nobody reads the log */
}

static void begin(struct host *h, bool subscribe)
{
    if (settling || begun == SEEDS * STEPS)
        return;
    subscription[++begun] = subscribe;
    if (subscribe)
        host_subscribe(h, begun, "c");
    else
        host_ask(h, begun, "ASK|a|b", 1 + draw(20));
}

static void count(struct host *h, const struct host_answer *a)
{
    if (a->kind == MUSTER_IN_PUSH)
        pushes++;
    else
        ended[a->tag]++;
    h->answers = h->remarks = 0;
    if (draw(4) == 0)
        begin(h, false); /* as a process does that hurries */
}

/* Ask, or have the server go and come; then let time pass. */
static void step(struct fixture *f)
{
    uint32_t dice = draw(20);
    if (dice < 14)
        begin(&f->host, dice < 2);
    else if (dice < 15)
        stop_serving(&f->host);
    else if (dice < 18 && !f->serving && !f->server.peers)
        serve(f, f->config.port);
    f->server.command = misbehave;
    host_let(&f->host, draw(4));
    f->host.remarks = 0;
}

static void every_request_ends_once_whatever_the_server_does(void **state)
{
    struct fixture *f = *state;
    f->host.react = count;
    for (uint32_t seed = 0; seed < SEEDS; seed++) {
        bool early = seed % 3 == 0; /* closed with whatever is under way */
        uint32_t first = begun + 1;
        state_of_random = seed;
        settling = false;
        strcpy(f->config.password, seed % 2 ? "secret" : "");
        host_open(&f->host, &f->config);
        for (uint32_t i = 0; i < STEPS / 2; i++)
            step(f);
        settling = true;
        if (!early)
            host_let(&f->host, 60);
        host_close_store(&f->host);
        for (uint32_t tag = first; tag <= begun; tag++)
            assert_in_range(ended[tag], early || subscription[tag] ? 0 : 1, 1);
    }
    assert_true(begun > SEEDS * STEPS / 4);
    assert_true(pushes > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(every_request_ends_once_whatever_the_server_does)};
    return cmocka_run_group_tests_name("live_store_random", tests, NULL, NULL);
}
