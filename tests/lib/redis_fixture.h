/* SPDX-License-Identifier: Apache-2.0 */
/* A fake Redis for tests: commands as lines of text in, replies as text out. */
#ifndef MUSTER_TESTS_LIB_REDIS_FIXTURE_H
#define MUSTER_TESTS_LIB_REDIS_FIXTURE_H

#include "sim/redis/redis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ROOM 65536

struct fixture {
    struct muster_arena arena;
    struct muster_redis *redis;
    struct muster_redis_limits limits;
    struct muster_redis_out out;
    uint64_t now;
    uint8_t reply[ROOM], stream[ROOM], pushes[ROOM], command[ROOM];
    char text[ROOM];
};

static inline int set_up(void **state)
{
    static struct fixture f;
    memset(&f, 0, sizeof(f));
    f.limits = (struct muster_redis_limits){256, 16384, 4, 8};
    f.now = 1000;
    if (muster_arena_map(&f.arena, 2 << 20, NULL))
        return -1;
    f.redis = muster_redis_create(&f.arena, &f.limits, muster_lua_create(&f.arena, 256 << 10));
    *state = &f;
    return f.redis ? 0 : -1;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;
    muster_arena_unmap(&f->arena);
    return 0;
}

/* Flat values as text: bulk as is, "+status", "-error", ":1", "nil", "[a b]". */
static inline void render(struct muster_flat_reader *r, char *to, size_t size)
{
    struct muster_flat_value v;
    size_t used = strlen(to);
    if (muster_flat_next(r, &v)) {
        (void)snprintf(to + used, size - used, "?");
        return;
    }
    switch (v.type) {
    case MUSTER_FLAT_INTEGER:
        (void)snprintf(to + used, size - used, ":%lld", (long long)v.integer);
        break;
    case MUSTER_FLAT_NIL:
        (void)snprintf(to + used, size - used, "nil");
        break;
    case MUSTER_FLAT_ARRAY:
        (void)snprintf(to + used, size - used, "[");
        for (uint32_t i = 0; i < v.count; i++) {
            if (i)
                strcat(to, " ");
            render(r, to, size);
        }
        strcat(to, "]");
        break;
    default:
        (void)snprintf(to + used, size - used, "%s%.*s",
                       v.type == MUSTER_FLAT_STATUS  ? "+"
                       : v.type == MUSTER_FLAT_ERROR ? "-"
                                                     : "",
                       (int)v.bytes.size, (const char *)v.bytes.at);
        break;
    }
}

static inline const char *render_all(struct fixture *f, const struct muster_flat_writer *w)
{
    struct muster_flat_reader r;
    muster_flat_reader_init(&r, muster_flat_written(w));
    f->text[0] = '\0';
    while (r.left.size) {
        if (f->text[0])
            strcat(f->text, " ");
        render(&r, f->text, sizeof(f->text));
    }
    return f->text;
}

/* A command as words, separated by '|'. */
static inline struct muster_bytes flatten(struct fixture *f, const char *line)
{
    struct muster_flat_writer w;
    uint32_t count = 1;
    for (const char *c = line; *c; c++)
        count += *c == '|';
    muster_flat_writer_init(&w, f->command, sizeof(f->command));
    muster_flat_array(&w, count);
    const char *end = line + strlen(line);
    for (uint32_t i = 0; i < count; i++) {
        const char *bar = memchr(line, '|', (size_t)(end - line));
        const char *stop = bar ? bar : end;
        muster_flat_bytes(&w, MUSTER_FLAT_BULK, line, (size_t)(stop - line));
        line = bar ? bar + 1 : end;
    }
    return muster_flat_written(&w);
}

static inline const char *ask_as(struct fixture *f, uint32_t client, const char *line)
{
    muster_flat_writer_init(&f->out.reply, f->reply, sizeof(f->reply));
    muster_flat_writer_init(&f->out.stream, f->stream, sizeof(f->stream));
    muster_flat_writer_init(&f->out.pushes, f->pushes, sizeof(f->pushes));
    muster_redis_execute(f->redis, f->now, client, flatten(f, line), &f->out);
    return render_all(f, &f->out.reply);
}

static inline const char *ask(struct fixture *f, const char *line)
{
    return ask_as(f, 0, line);
}

#define EXPECT(line, text)  assert_string_equal(ask(f, line), text)
#define EXPECT_STREAM(text) assert_string_equal(render_all(f, &f->out.stream), text)
#define EXPECT_PUSHES(text) assert_string_equal(render_all(f, &f->out.pushes), text)
#define OOM                 "-OOM command not allowed when used memory > 'maxmemory'."
#define WRONGTYPE           "-WRONGTYPE Operation against a key holding the wrong kind of value"

#endif
