/* SPDX-License-Identifier: Apache-2.0 */
/* The fake Redis under whatever bytes come: one reply each, and it lives on. */
#include "tests/lib/redis_fixture.h"

static uint32_t noise(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Known words in random order, now and then with a wrong byte or cut off. */
static struct muster_bytes noisy_command(struct fixture *f, uint32_t *seed)
{
    static const char *const words[] = {
        "SET",
        "GET",
        "MULTI",
        "EXEC",
        "WATCH",
        "SUBSCRIBE",
        "UNSUBSCRIBE",
        "EVAL",
        "HSET",
        "SADD",
        "DEL",
        "EXPIRE",
        "SCAN",
        "0",
        "1",
        "k",
        "PX",
        "-1",
        "",
        "DISCARD",
        "SREM",
        "HDEL",
        "APPEND",
        "INCR",
        "KEYS",
        "*[",
        "SCRIPT",
        "load",
        "INFO",
        "ROLE",
        "FLUSHALL",
        "EVALSHA",
        "MSET",
        "GETDEL",
        "CLIENT",
        "setname",
        "match",
        "PUBLISH",
        "9223372036854775807",
        "return redis.call('set',KEYS[1],'v')",
    };
    struct muster_flat_writer w;
    uint32_t count = 1 + noise(seed) % 6;
    muster_flat_writer_init(&w, f->command, sizeof(f->command));
    muster_flat_array(&w, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t word = noise(seed) % (sizeof(words) / sizeof(words[0]));
        muster_flat_text(&w, MUSTER_FLAT_BULK, words[word]);
    }
    if (noise(seed) % 4 == 0) {
        uint32_t at = noise(seed) % w.used;
        f->command[at] = (uint8_t)noise(seed);
    }
    size_t size = noise(seed) % 16 ? w.used : noise(seed) % w.used;
    return (struct muster_bytes){f->command, size};
}

/* From any client, in any mode, with little room for the reply. */
static void whatever_bytes_come_there_is_one_reply(void **state)
{
    struct fixture *f = *state;
    uint32_t seed = 7;
    for (int round = 0; round < 1000000; round++) {
        struct muster_bytes argv = noisy_command(f, &seed);
        muster_flat_writer_init(&f->out.reply, f->reply, 32 + noise(&seed) % 4096);
        muster_flat_writer_init(&f->out.stream, f->stream, sizeof(f->stream));
        muster_flat_writer_init(&f->out.pushes, f->pushes, sizeof(f->pushes));
        f->now += noise(&seed) % 20;
        muster_redis_execute(f->redis, f->now, noise(&seed) % 4, argv, &f->out);
        if (noise(&seed) % 100 == 0)
            muster_redis_forget(f->redis, noise(&seed) % 4);
        if (noise(&seed) % 500 == 0)
            muster_redis_set_mode(f->redis, MUSTER_REDIS_MASTER);
        if (noise(&seed) % 2000 == 0)
            muster_redis_set_mode(f->redis, noise(&seed) % (MUSTER_REDIS_ASK + 1));
        if (f->out.reply.full)
            continue; /* not even the error fits into the room of this round */
        struct muster_flat_reader r;
        muster_flat_reader_init(&r, muster_flat_written(&f->out.reply));
        assert_int_equal(muster_flat_skip(&r), 0);
        assert_int_equal(r.left.size, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whatever_bytes_come_there_is_one_reply, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
