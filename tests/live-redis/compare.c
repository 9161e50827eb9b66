/* SPDX-License-Identifier: Apache-2.0 */
/* Sends the same random commands to the fake and to a real Redis 7.0 on loopback, and compares
 * replies.
 *
 * Usage: compare PORT SEED COUNT. The real server is flushed. What depends on the wall clock, on
 * Redis's own cursors or blocks is not generated; where Redis promises no order only the sizes
 * are compared. */
#include "sim/redis/redis.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOM      (1 << 20)
#define ARGUMENTS 10

static const char *const commands[] = {
    "SET",     "SET",     "SET",     "GET",       "GETDEL",   "GETSET",  "SETNX",     "SETEX",
    "PSETEX",  "MGET",    "MSET",    "INCR",      "INCRBY",   "DECR",    "DECRBY",    "APPEND",
    "STRLEN",  "DEL",     "UNLINK",  "EXISTS",    "TYPE",     "EXPIRE",  "PEXPIREAT", "EXPIREAT",
    "TTL",     "PERSIST", "DBSIZE",  "HSET",      "HGET",     "HDEL",    "HEXISTS",   "HLEN",
    "HMGET",   "SADD",    "SREM",    "SISMEMBER", "SCARD",    "MULTI",   "EXEC",      "EXEC",
    "DISCARD", "WATCH",   "UNWATCH", "EVAL",      "EVAL",     "EVALSHA", "SCRIPT",    "ECHO",
    "PING",    "NOPE",    "KEYS",    "SMEMBERS",  "FLUSHALL", "PUBLISH", "CLIENT",    "AUTH",
};

/* As times the numbers are long past or outlast the run. */
static const char *const words[] = {
    "a",       "b",
    "c",       "d",
    "a",       "b",
    "7000001", "7000002",
    "0",       "-1",
    "100000",  "9223372036854775807",
    "x",       "",
    "NX",      "xx",
    "GET",     "EX",
    "px",      "KEEPTTL",
    "GT",      "lt",
    "1000000", "LOAD",
    "exists",  "*",
    "[a-c]",   "match",
    "count",   "99999999999999",
    "EXAT",    "pxat",
    "01",      "-9223372036854775808",
    "getname", "-0",
    " 1",
};

static const char *const scripts[] = {
    "return redis.call('get',KEYS[1])",
    "if redis.call('get',KEYS[1])==ARGV[1] then return redis.call('set',KEYS[1],ARGV[2]) end",
    "return {1,2.5,'x',false,true,{ok='k'},{err='e f'},nil,9}",
    "return redis.pcall('incr',KEYS[1])",
    "return redis.call('incr',KEYS[1])",
    "redis.call('set',KEYS[1],1/3) return redis.call('mget',KEYS[1],'nope')",
    "return #KEYS + #ARGV * 10",
    "return nothere",
    "there = 1",
    "local t = {} for i=1,5 do t[i]=redis.call('sadd',KEYS[1],i) end return t",
    "local ok, e = pcall(redis.call, 'hget', KEYS[1]) return {tostring(ok), e}",
    "error('oh\\nno')",
    "return redis.error_reply('MY error')",
    "return redis.sha1hex(ARGV[1])",
    "return string.format('%5.2f|%d|%s', 3.14159, 42, tostring(nil))",
    "syntax here",
    "return redis.call('nope')",
    "return tonumber(ARGV[1]) + 1",
};

static uint64_t draw(uint64_t *state, uint64_t below)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

#define PICK(state, table) table[draw(state, sizeof(table) / sizeof(table[0]))]

static int make_command(uint64_t *state, const char *argv[ARGUMENTS])
{
    int argc = 0;
    argv[argc++] = PICK(state, commands);
    int extra = (int)draw(state, 5);
    if (strncmp(argv[0], "EVAL", 4) == 0) {
        argv[argc++] = PICK(state, scripts);
        argv[argc++] = draw(state, 8) ? "1" : PICK(state, words);
    }
    for (int i = 0; i < extra; i++)
        argv[argc++] = PICK(state, words);
    return argc;
}

/* --- the real server: RESP, turned into flat values --- */

struct link {
    int fd;
    size_t at, size;
    char data[ROOM];
};

static int next_byte(struct link *l)
{
    if (l->at == l->size) {
        ssize_t n = read(l->fd, l->data, sizeof(l->data));
        if (n <= 0) {
            fprintf(stderr, "compare: the server closed the connection\n");
            exit(74);
        }
        l->at = 0;
        l->size = (size_t)n;
    }
    return (unsigned char)l->data[l->at++];
}

static size_t read_line(struct link *l, char *line, size_t size)
{
    size_t used = 0;
    for (int c = next_byte(l); c != '\r'; c = next_byte(l))
        if (used + 1 < size)
            line[used++] = (char)c;
    (void)next_byte(l);
    line[used] = '\0';
    return used;
}

static void read_value(struct link *l, struct muster_flat_writer *w)
{
    char line[1024];
    static char bulk[ROOM];
    int type = next_byte(l);
    size_t size = read_line(l, line, sizeof(line));
    long long n = strtoll(line, NULL, 10);
    if (type == '+' || type == '-') {
        muster_flat_bytes(w, (enum muster_flat_type)type, line, size);
    } else if (type == ':') {
        muster_flat_integer(w, n);
    } else if (n < 0) {
        muster_flat_nil(w);
    } else if (type == '$') {
        for (long long i = 0; i < n + 2; i++)
            bulk[i] = (char)next_byte(l);
        muster_flat_bytes(w, MUSTER_FLAT_BULK, bulk, (size_t)n);
    } else {
        muster_flat_array(w, (uint32_t)n);
        for (long long i = 0; i < n; i++)
            read_value(l, w);
    }
}

static void send_command(struct link *l, int argc, const char *const *argv)
{
    char text[8192];
    int used = snprintf(text, sizeof(text), "*%d\r\n", argc);
    for (int i = 0; i < argc; i++)
        used += snprintf(text + used, sizeof(text) - (size_t)used, "$%zu\r\n%s\r\n",
                         strlen(argv[i]), argv[i]);
    if (write(l->fd, text, (size_t)used) != used)
        exit(74);
}

static int connect_to(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
        fprintf(stderr, "compare: cannot connect to port %d\n", port);
        exit(74);
    }
    return fd;
}

/* --- comparing --- */

/* KEYS and SMEMBERS promise no order: compare only the sizes. */
static int unordered(const char *name)
{
    return strcmp(name, "KEYS") == 0 || strcmp(name, "SMEMBERS") == 0;
}

static void print(const char *who, struct muster_bytes reply)
{
    printf("  %s: ", who);
    for (size_t i = 0; i < reply.size && i < 400; i++)
        putchar(reply.at[i] >= ' ' && reply.at[i] < 127 ? reply.at[i] : '.');
    putchar('\n');
}

static uint32_t clock_ms(struct link *l, uint64_t *now)
{
    static uint8_t room[256];
    const char *argv[] = {"TIME"};
    struct muster_flat_writer w;
    struct muster_flat_reader r;
    struct muster_flat_value v;
    muster_flat_writer_init(&w, room, sizeof(room));
    send_command(l, 1, argv);
    read_value(l, &w);
    muster_flat_reader_init(&r, muster_flat_written(&w));
    (void)muster_flat_next(&r, &v);
    if (v.type != MUSTER_FLAT_ARRAY || muster_flat_next(&r, &v))
        return 0;
    *now = strtoull((const char *)v.bytes.at, NULL, 10) * 1000;
    return 1;
}

static struct muster_redis *make_fake(struct muster_arena *a)
{
    struct muster_redis_limits limits = {1000, 1 << 20, 4, 64};
    if (muster_arena_map(a, 16 << 20, NULL))
        exit(70);
    return muster_redis_create(a, &limits, muster_lua_create(a, 1 << 20));
}

static struct muster_bytes ask_fake(struct muster_redis *fake, uint64_t now, int argc,
                                    const char *const *argv)
{
    static uint8_t command[8192], reply[ROOM], stream[ROOM], pushes[4096];
    struct muster_flat_writer w;
    struct muster_redis_out out;
    muster_flat_writer_init(&w, command, sizeof(command));
    muster_flat_array(&w, (uint32_t)argc);
    for (int i = 0; i < argc; i++)
        muster_flat_text(&w, MUSTER_FLAT_BULK, argv[i]);
    muster_flat_writer_init(&out.reply, reply, sizeof(reply));
    muster_flat_writer_init(&out.stream, stream, sizeof(stream));
    muster_flat_writer_init(&out.pushes, pushes, sizeof(pushes));
    muster_redis_execute(fake, now, 0, muster_flat_written(&w), &out);
    return muster_flat_written(&out.reply);
}

static int differs(const char *name, struct muster_bytes fake, struct muster_bytes real)
{
    if (fake.size != real.size)
        return 1;
    return !unordered(name) && memcmp(fake.at, real.at, fake.size) != 0;
}

int main(int argc, char **argv)
{
    static struct link real;
    static uint8_t room[ROOM];
    const char *flush[] = {"FLUSHALL"};
    struct muster_arena arena;
    if (argc != 4) {
        fprintf(stderr, "usage: compare PORT SEED COUNT\n");
        return 64;
    }
    real.fd = connect_to(atoi(argv[1]));
    uint64_t seed = strtoull(argv[2], NULL, 10);
    long count = atol(argv[3]);
    struct muster_redis *fake = make_fake(&arena);
    struct muster_flat_writer w;
    uint64_t now = 0;
    long different = 0;
    muster_flat_writer_init(&w, room, sizeof(room));
    send_command(&real, 1, flush);
    read_value(&real, &w);
    if (!fake || !clock_ms(&real, &now))
        return 70;
    for (long i = 0; i < count && different < 20; i++) {
        const char *words_of[ARGUMENTS];
        int n = make_command(&seed, words_of);
        muster_flat_writer_init(&w, room, sizeof(room));
        send_command(&real, n, words_of);
        read_value(&real, &w);
        struct muster_bytes reply = ask_fake(fake, now, n, words_of);
        if (!differs(words_of[0], reply, muster_flat_written(&w)))
            continue;
        different++;
        printf("%ld:", i);
        for (int k = 0; k < n; k++)
            printf(" '%s'", words_of[k]);
        putchar('\n');
        print("fake", reply);
        print("real", muster_flat_written(&w));
    }
    printf("%ld of %ld commands differ\n", different, count);
    close(real.fd);
    muster_arena_unmap(&arena);
    return different != 0;
}
