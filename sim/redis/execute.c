/* SPDX-License-Identifier: Apache-2.0 */
/* From an argument vector to a reply: the gates in the order of Redis's own, then the command. */
#include "sim/redis/server.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define PART_MOST 128 /* bytes of a client's text quoted in an error */
#define TEXT_MOST 1024

/* --- replies --- */

void muster_reply_error(struct muster_call *c, const char *text)
{
    muster_flat_text(c->reply, MUSTER_FLAT_ERROR, text);
}

/* Copy for a line of text: at most `most` bytes, up to a zero as C would print it. */
static void quote(char *to, size_t most, struct muster_bytes part)
{
    size_t i = 0;
    for (; i < part.size && i < most && part.at[i]; i++)
        to[i] = part.at[i] == '\r' || part.at[i] == '\n' ? ' ' : (char)part.at[i];
    to[i] = '\0';
}

/* Fill the %s of a format with at most PART_MOST bytes of part. */
static void fill(char text[TEXT_MOST], const char *format, struct muster_bytes part)
{
    char quoted[PART_MOST + 1];
    quote(quoted, PART_MOST, part);
    const char *hole = strstr(format, "%s");
    assert(hole);
    int used =
        snprintf(text, TEXT_MOST, "%.*s%s%s", (int)(hole - format), format, quoted, hole + 2);
    assert(used > 0 && used < TEXT_MOST);
}

void muster_reply_errorf(struct muster_call *c, const char *format, struct muster_bytes part)
{
    char text[TEXT_MOST];
    fill(text, format, part);
    muster_reply_error(c, text);
}

void muster_reply_ok(struct muster_call *c)
{
    muster_flat_bytes(c->reply, MUSTER_FLAT_STATUS, "OK", 2);
}

void muster_reply_bulk(struct muster_call *c, struct muster_bytes data)
{
    muster_flat_bytes(c->reply, MUSTER_FLAT_BULK, data.at, data.size);
}

void muster_reply_value(struct muster_call *c, uint32_t n)
{
    if (n)
        muster_reply_bulk(c, muster_keyspace_value(c->r->keys, n));
    else
        muster_flat_nil(c->reply);
}

bool muster_argument_integer(struct muster_call *c, uint32_t i, int64_t *v)
{
    assert(i < c->argc);
    bool good = muster_text_integer(c->argv[i], v);
    if (!good)
        muster_reply_error(c, MUSTER_NOT_INTEGER);
    return good;
}

/* --- the stream --- */

void muster_stream(struct muster_call *c, uint32_t argc, const struct muster_bytes *argv)
{
    if (!c->stream)
        return;
    muster_flat_array(c->stream, argc);
    for (uint32_t i = 0; i < argc; i++)
        muster_flat_bytes(c->stream, MUSTER_FLAT_BULK, argv[i].at, argv[i].size);
}

void muster_stream_verbatim(struct muster_call *c)
{
    muster_stream(c, c->argc, c->argv);
}

void muster_stream_del(struct muster_flat_writer *stream, struct muster_bytes key)
{
    muster_flat_array(stream, 2);
    muster_flat_bytes(stream, MUSTER_FLAT_BULK, "DEL", 3);
    muster_flat_bytes(stream, MUSTER_FLAT_BULK, key.at, key.size);
}

/* --- the keyspace as a command sees it --- */

bool muster_entry_expired(const struct muster_keyspace_entry *e, uint64_t now_ms)
{
    return e->expires && now_ms > e->expires;
}

static bool is_replica(const struct muster_redis *r)
{
    return r->mode == MUSTER_REDIS_REPLICA || r->mode == MUSTER_REDIS_MASTERDOWN;
}

/* A replica hides what has expired and waits for the master's DEL; a master removes it and says
 * so. */
uint32_t muster_lookup(struct muster_call *c, struct muster_bytes key)
{
    struct muster_redis *r = c->r;
    uint32_t n = muster_keyspace_find(r->keys, 0, key);
    if (!n || c->applied || !muster_entry_expired(muster_keyspace_entry(r->keys, n), r->now_ms))
        return n;
    if (is_replica(r))
        return 0;
    muster_keyspace_remove(r->keys, n);
    muster_touch(r, key);
    muster_stream_del(c->stream, key);
    return 0;
}

bool muster_lookup_typed(struct muster_call *c, struct muster_bytes key,
                         enum muster_entry_type type, uint32_t *n)
{
    *n = muster_lookup(c, key);
    if (!*n || muster_keyspace_entry(c->r->keys, *n)->type == type)
        return true;
    muster_reply_error(c, MUSTER_WRONGTYPE);
    return false;
}

uint32_t muster_redis_sweep(struct muster_redis *r, uint64_t now_ms, uint32_t most,
                            struct muster_flat_writer *stream)
{
    if (is_replica(r) || now_ms <= muster_keyspace_soonest(r->keys))
        return 0;
    uint32_t removed = 0;
    uint64_t soonest = UINT64_MAX;
    for (uint32_t n = 1; n <= muster_keyspace_last(r->keys); n++) {
        const struct muster_keyspace_entry *e = muster_keyspace_entry(r->keys, n);
        if (e->type == MUSTER_ENTRY_FREE || !e->expires)
            continue;
        if (muster_entry_expired(e, now_ms) && removed < most) {
            muster_touch(r, muster_keyspace_key(r->keys, n));
            muster_stream_del(stream, muster_keyspace_key(r->keys, n));
            muster_keyspace_remove(r->keys, n);
            removed++;
        } else if (e->expires < soonest) {
            soonest = e->expires;
        }
    }
    muster_keyspace_set_soonest(r->keys, soonest);
    return removed;
}

uint64_t muster_redis_next_expiry(const struct muster_redis *r)
{
    uint64_t soonest = UINT64_MAX;
    for (uint32_t n = 1; n <= muster_keyspace_last(r->keys); n++) {
        const struct muster_keyspace_entry *e = muster_keyspace_entry(r->keys, n);
        if (e->type != MUSTER_ENTRY_FREE && e->expires && e->expires < soonest)
            soonest = e->expires;
    }
    return soonest == UINT64_MAX ? UINT64_MAX : soonest + 1;
}

/* --- modes --- */

static const char *write_refused(enum muster_redis_mode mode)
{
    switch (mode) {
    case MUSTER_REDIS_REPLICA:
        return "READONLY You can't write against a read only replica.";
    case MUSTER_REDIS_MISCONF:
        return "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to "
               "persist to disk. Commands that may modify the data set are disabled, because this "
               "instance is configured to report errors during writes if RDB snapshotting fails "
               "(stop-writes-on-bgsave-error option). Please check the Redis logs for details "
               "about the RDB error.";
    case MUSTER_REDIS_NOREPLICAS:
        return "NOREPLICAS Not enough good replicas to write.";
    default:
        return NULL;
    }
}

static const char *mode_refuses(enum muster_redis_mode mode, uint32_t flags, bool script)
{
    switch (mode) {
    case MUSTER_REDIS_OOM:
        return flags & MUSTER_COMMAND_DENYOOM ? MUSTER_OOM : NULL;
    case MUSTER_REDIS_MASTERDOWN:
        if (flags & MUSTER_COMMAND_STALE && !script)
            return NULL;
        return "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
    case MUSTER_REDIS_LOADING:
        return flags & MUSTER_COMMAND_LOADING ? NULL
                                              : "LOADING Redis is loading the dataset in memory";
    case MUSTER_REDIS_BUSY:
    case MUSTER_REDIS_UNKILLABLE:
        return flags & MUSTER_COMMAND_BUSY
                   ? NULL
                   : "BUSY Redis is busy running a script. You can only call "
                     "SCRIPT KILL or SHUTDOWN NOSAVE.";
    case MUSTER_REDIS_MOVED:
        return flags & MUSTER_COMMAND_KEYS ? "MOVED 0 127.0.0.1:6380" : NULL;
    case MUSTER_REDIS_ASK:
        return flags & MUSTER_COMMAND_KEYS ? "ASK 0 127.0.0.1:6380" : NULL;
    case MUSTER_REDIS_NOAUTH:
        return flags & MUSTER_COMMAND_NOAUTH ? NULL : "NOAUTH Authentication required.";
    default:
        return flags & MUSTER_COMMAND_WRITE ? write_refused(mode) : NULL;
    }
}

const char *muster_mode_refuses(const struct muster_call *c)
{
    if (c->r->mode == MUSTER_REDIS_MASTER)
        return NULL;
    uint32_t flags = c->command->flags;
    bool script = c->command->run == muster_run_eval || c->command->run == muster_run_evalsha;
    if (script && !muster_text_is(c->argv[2], "0"))
        flags |= MUSTER_COMMAND_KEYS;
    if (c->command->run == muster_run_script && muster_text_is(c->argv[1], "kill"))
        flags |= MUSTER_COMMAND_BUSY;
    return mode_refuses(c->r->mode, flags, script);
}

/* --- executing --- */

/* The bytes of a BULK at *left, which then begins behind it. The format of flat.h read by hand:
 * this is where a command's time went. */
static inline bool split_one(struct muster_bytes *left, struct muster_bytes *part)
{
    const uint8_t *at = left->at;
    if (left->size < MUSTER_FLAT_HEAD || at[0] != MUSTER_FLAT_BULK)
        return false;
    uint32_t size = (uint32_t)at[1] | (uint32_t)at[2] << 8 | (uint32_t)at[3] << 16 |
                    (uint32_t)at[4] << 24;
    if (size > left->size - MUSTER_FLAT_HEAD)
        return false;
    *part = (struct muster_bytes){at + MUSTER_FLAT_HEAD, size};
    left->at += MUSTER_FLAT_HEAD + size;
    left->size -= MUSTER_FLAT_HEAD + size;
    return true;
}

uint32_t muster_argv_split(struct muster_bytes flat,
                           struct muster_bytes argv[MUSTER_REDIS_ARGUMENTS])
{
    struct muster_flat_reader reader;
    struct muster_flat_value v;
    muster_flat_reader_init(&reader, flat);
    if (muster_flat_next(&reader, &v) || v.type != MUSTER_FLAT_ARRAY)
        return 0;
    if (v.count == 0 || v.count > MUSTER_REDIS_ARGUMENTS)
        return 0;
    struct muster_bytes left = reader.left;
    for (uint32_t i = 0; i < v.count; i++)
        if (!split_one(&left, &argv[i]))
            return 0;
    return v.count;
}

void muster_call_run(struct muster_call *c)
{
    assert(muster_command_arity(c->command, c->argc));
    c->command->run(c);
}

/* What is refused in a MULTI spoils it, and EXEC ends it. */
static bool refuse_text(struct muster_call *c, const char *why)
{
    char text[TEXT_MOST];
    struct muster_redis_client *client = &c->r->clients[c->client];
    client->broken = client->multi;
    if (!c->command || c->command->run != muster_run_exec) {
        muster_reply_error(c, why);
        return true;
    }
    muster_multi_forget(c->r, c->client);
    muster_watch_forget(c->r, c->client);
    const char *bare = strncmp(why, "ERR ", 4) == 0 ? why + 4 : why;
    (void)snprintf(text, sizeof(text), "EXECABORT Transaction discarded because of: %.*s",
                   TEXT_MOST - 64, bare);
    muster_reply_error(c, text);
    return true;
}

/* The same with one %s filled in. */
static bool refuse(struct muster_call *c, const char *format, struct muster_bytes part)
{
    char text[TEXT_MOST];
    fill(text, format, part);
    return refuse_text(c, text);
}

static bool refuse_unknown(struct muster_call *c)
{
    char name[PART_MOST + 1];
    char part[PART_MOST + 1];
    char text[TEXT_MOST];
    quote(name, PART_MOST, c->argv[0]);
    int used =
        snprintf(text, sizeof(text), "ERR unknown command '%s', with args beginning with: ", name);
    size_t start = (size_t)used;
    for (uint32_t i = 1; i < c->argc && (size_t)used - start < PART_MOST; i++) {
        quote(part, PART_MOST - ((size_t)used - start), c->argv[i]);
        used += snprintf(text + used, sizeof(text) - (size_t)used, "'%s' ", part);
    }
    return refuse_text(c, text);
}

/* Subcommands have an arity of their own, and are looked up before they are queued. */
static bool refuse_subcommand(struct muster_call *c)
{
    static const struct {
        const char *full;
        void (*run)(struct muster_call *c);
        int32_t arity;
    } table[] = {
        {"client|getname", muster_run_client, 2}, {"client|id", muster_run_client, 2},
        {"client|setname", muster_run_client, 3}, {"script|exists", muster_run_script, -3},
        {"script|flush", muster_run_script, -2},  {"script|kill", muster_run_script, 2},
        {"script|load", muster_run_script, 3},
    };
    bool script = c->command->run == muster_run_script;
    if (!script && c->command->run != muster_run_client)
        return false;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].run != c->command->run || !muster_text_is(c->argv[1], table[i].full + 7))
            continue;
        int32_t argc = (int32_t)c->argc;
        bool good = table[i].arity > 0 ? argc == table[i].arity : argc >= -table[i].arity;
        return !good && refuse(c, "ERR wrong number of arguments for '%s' command",
                               muster_text(table[i].full));
    }
    return refuse(c,
                  script ? "ERR unknown subcommand '%s'. Try SCRIPT HELP."
                         : "ERR unknown subcommand '%s'. Try CLIENT HELP.",
                  c->argv[1]);
}

/* Reply why the command cannot run, or return false. */
static bool refused(struct muster_call *c)
{
    const struct muster_redis_client *client = &c->r->clients[c->client];
    c->command = muster_command_find(c->argv[0]);
    if (!c->command)
        return refuse_unknown(c);
    struct muster_bytes name = muster_text(c->command->name);
    if (!muster_command_arity(c->command, c->argc))
        return refuse(c, "ERR wrong number of arguments for '%s' command", name);
    if (refuse_subcommand(c))
        return true;
    if (c->r->mode == MUSTER_REDIS_NOPERM && !(c->command->flags & MUSTER_COMMAND_NOAUTH))
        return refuse(c, "NOPERM this user has no permissions to run the '%s' command", name);
    const char *why = muster_mode_refuses(c);
    if (why)
        return refuse_text(c, why);
    if (client->channels && !(c->command->flags & MUSTER_COMMAND_PUBSUB))
        return refuse(
            c,
            "ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT "
            "/ RESET are allowed in this context",
            name);
    return false;
}

static void dispatch(struct muster_call *c)
{
    if (refused(c))
        return;
    const struct muster_redis_client *client = &c->r->clients[c->client];
    if (client->multi && !(c->command->flags & MUSTER_COMMAND_NOMULTI))
        muster_multi_queue(c);
    else
        muster_call_run(c);
}

void muster_redis_execute(struct muster_redis *r, uint64_t now_ms, uint32_t client,
                          struct muster_bytes flat, struct muster_redis_out *out)
{
    assert(client < r->limits.clients);
    struct muster_bytes argv[MUSTER_REDIS_ARGUMENTS];
    struct muster_call c = {.r = r,
                            .argv = argv,
                            .client = client,
                            .reply = &out->reply,
                            .stream = &out->stream,
                            .pushes = &out->pushes};
    size_t mark = out->reply.used;
    r->now_ms = now_ms;
    c.argc = muster_argv_split(flat, argv);
    if (c.argc)
        dispatch(&c);
    else
        muster_reply_error(&c, "ERR Protocol error: invalid multibulk length");
    if (out->reply.full) {
        out->reply.used = mark;
        out->reply.full = false;
        muster_reply_error(&c, "ERR reply exceeds the output buffer");
    }
}

void muster_redis_apply(struct muster_redis *r, uint64_t now_ms, struct muster_bytes flat)
{
    uint8_t room[256];
    struct muster_bytes argv[MUSTER_REDIS_ARGUMENTS];
    struct muster_flat_writer reply;
    muster_flat_writer_init(&reply, room, sizeof(room));
    struct muster_call c = {.r = r, .argv = argv, .applied = true, .reply = &reply};
    r->now_ms = now_ms;
    c.argc = muster_argv_split(flat, argv);
    assert(c.argc > 0);
    c.command = muster_command_find(argv[0]);
    assert(c.command);
    assert(c.command->flags & MUSTER_COMMAND_WRITE);
    muster_call_run(&c);
}
