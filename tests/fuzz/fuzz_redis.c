/* SPDX-License-Identifier: Apache-2.0 */
/* The fake Redis under any commands: one reply each, and a replica that applies the stream holds
 * the same keys.
 *
 * A line is a command: words separated by '|', the first of them the client's digit. A line that
 * begins with '=' is the bytes of an argument vector as they stand, one with '@' does something to
 * the server: @m4 its mode, @t250 time passes, @f1 forget a client, @s sweep, @r restart. */
#include "core/text.h"
#include "sim/redis/redis.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROOM        65536
#define COMMAND_MAX 4096
#define CLIENTS     4
#define LINES_MAX   200

struct trial {
    struct muster_arena arena;
    size_t begun; /* bytes of the arena that hold servers without keys */
    void *copy;   /* of them */
    struct muster_redis *redis, *replica;
    uint64_t now;
    uint8_t reply[ROOM], stream[ROOM], pushes[ROOM], command[COMMAND_MAX];
};

static struct trial *trial_open(void)
{
    static struct trial t;
    static const struct muster_redis_limits limits = {256, 16384, CLIENTS, 8};
    if (!t.copy) {
        int error = muster_arena_map(&t.arena, (size_t)2 << 20, NULL);
        assert(!error);
        struct muster_lua *lua = muster_lua_create(&t.arena, 256 << 10);
        t.redis = muster_redis_create(&t.arena, &limits, lua);
        t.replica = muster_redis_create(&t.arena, &limits, NULL);
        assert(lua && t.redis && t.replica);
        muster_redis_set_mode(t.replica, MUSTER_REDIS_REPLICA);
        t.begun = t.arena.used;
        t.copy = malloc(t.begun);
        assert(t.copy);
        memcpy(t.copy, t.arena.base, t.begun);
    }
    memcpy(t.arena.base, t.copy, t.begun);
    t.now = 1000;
    return &t;
}

static void apply_stream(struct trial *t, const struct muster_flat_writer *stream)
{
    struct muster_flat_reader r;
    assert(!stream->full);
    muster_flat_reader_init(&r, muster_flat_written(stream));
    while (r.left.size > 0) {
        struct muster_bytes entry = r.left;
        int error = muster_flat_skip(&r);
        assert(!error);
        entry.size -= r.left.size;
        muster_redis_apply(t->replica, t->now, entry);
    }
    assert(muster_keyspace_digest(muster_redis_keyspace(t->redis), 0) ==
           muster_keyspace_digest(muster_redis_keyspace(t->replica), 0));
}

static void execute(struct trial *t, uint32_t client, struct muster_bytes argv)
{
    struct muster_redis_out out;
    struct muster_flat_reader r;
    muster_flat_writer_init(&out.reply, t->reply, sizeof t->reply);
    muster_flat_writer_init(&out.stream, t->stream, sizeof t->stream);
    muster_flat_writer_init(&out.pushes, t->pushes, sizeof t->pushes);
    muster_redis_execute(t->redis, t->now, client, argv, &out);
    assert(!out.reply.full);
    muster_flat_reader_init(&r, muster_flat_written(&out.reply));
    int error = muster_flat_skip(&r);
    assert(!error && r.left.size == 0);
    muster_flat_reader_init(&r, muster_flat_written(&out.pushes));
    while (!error && r.left.size > 0)
        error = muster_flat_skip(&r);
    assert(!error);
    apply_stream(t, &out.stream);
}

/* Words, separated by '|', as an argument vector; the first is the client. */
static void run_command(struct trial *t, struct muster_bytes line)
{
    struct muster_flat_writer w;
    struct muster_bytes rest = line, word;
    uint32_t count = 0, client = line.at[0] % CLIENTS;
    for (size_t i = 0; i < line.size; i++)
        count += line.at[i] == '|';
    muster_flat_writer_init(&w, t->command, sizeof t->command);
    muster_flat_array(&w, count);
    for (bool more = muster_text_split(&rest, '|', &word); more;) {
        more = muster_text_split(&rest, '|', &word);
        muster_flat_bytes(&w, MUSTER_FLAT_BULK, word.at, word.size);
    }
    if (!w.full)
        execute(t, client, muster_flat_written(&w));
}

static void do_to_server(struct trial *t, struct muster_bytes line)
{
    uint64_t number = 0;
    struct muster_flat_writer stream;
    if (line.size > 2)
        muster_text_parse_u64((struct muster_bytes){line.at + 2, line.size - 2}, &number);
    switch (line.size > 1 ? line.at[1] : 0) {
    case 'm':
        muster_redis_set_mode(t->redis, (enum muster_redis_mode)(number % (MUSTER_REDIS_ASK + 1)));
        break;
    case 't':
        t->now += number % MUSTER_INTEGER_MAX;
        break;
    case 'f':
        muster_redis_forget(t->redis, (uint32_t)(number % CLIENTS));
        break;
    case 's':
        muster_flat_writer_init(&stream, t->stream, sizeof t->stream);
        muster_redis_sweep(t->redis, t->now, (uint32_t)(number % 256), &stream);
        apply_stream(t, &stream);
        break;
    case 'r':
        muster_redis_restart(t->redis, NULL);
        muster_redis_restart(t->replica, NULL);
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct trial *t = trial_open();
    struct muster_bytes rest = {data, size}, line;
    for (uint32_t i = 0; i < LINES_MAX && rest.size > 0; i++) {
        muster_text_split(&rest, '\n', &line);
        if (line.size == 0)
            continue;
        if (line.at[0] == '=')
            execute(t, 0, (struct muster_bytes){line.at + 1, line.size - 1});
        else if (line.at[0] == '@')
            do_to_server(t, line);
        else
            run_command(t, line);
    }
    assert(muster_redis_next_expiry(t->redis) > 0);
    return 0;
}
