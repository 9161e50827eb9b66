/* SPDX-License-Identifier: Apache-2.0 */
/* What goes over the wire of the store, from and to flat values (core/flat.h). */
#include "live/store_inside.h"

#include "core/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- replies ---- */

/* What hiredis takes for the reply: anything that is not null, as long as there was room. */
static void *written(const struct store_connection *c)
{
    return c->reply.full ? NULL : c->reader;
}

static void *put_string(const redisReadTask *task, char *text, size_t size)
{
    struct store_connection *c = task->privdata;
    enum muster_flat_type type = task->type == REDIS_REPLY_ERROR    ? MUSTER_FLAT_ERROR
                                 : task->type == REDIS_REPLY_STATUS ? MUSTER_FLAT_STATUS
                                                                    : MUSTER_FLAT_BULK;
    muster_flat_bytes(&c->reply, type, text, size);
    return written(c);
}

static void *put_integer(const redisReadTask *task, long long value)
{
    struct store_connection *c = task->privdata;
    muster_flat_integer(&c->reply, value);
    return written(c);
}

static void *put_nil(const redisReadTask *task)
{
    struct store_connection *c = task->privdata;
    muster_flat_nil(&c->reply);
    return written(c);
}

static void *put_array(const redisReadTask *task, int count)
{
    struct store_connection *c = task->privdata;
    uint32_t depth = 1;
    for (const redisReadTask *t = task->parent; t; t = t->parent)
        depth++;
    assert(count >= 0);
    muster_flat_array(&c->reply, (uint32_t)count);
    if (count > 0 && depth == MUSTER_STORE_NESTING_MAX)
        c->reply.full = true;
    return written(c);
}

static void forget(void *reply)
{
    (void)reply; /* nothing of it is on the heap */
}

redisReader *store_reply_reader(struct store_connection *c)
{
    static redisReplyObjectFunctions functions = {
        .createString = put_string,
        .createArray = put_array,
        .createInteger = put_integer,
        .createNil = put_nil,
        .freeObject = forget,
    };
    redisReader *reader = store_need(redisReaderCreateWithFunctions(&functions));
    reader->privdata = c;
    muster_flat_writer_init(&c->reply, c->room, sizeof c->room);
    return reader;
}

enum store_push store_reply_push(struct muster_bytes flat)
{
    struct muster_flat_reader r;
    struct muster_flat_value kind, channel, last;
    muster_flat_reader_init(&r, flat);
    if (muster_flat_next(&r, &kind) != 0 || kind.count != 3 || muster_flat_next(&r, &kind) != 0 ||
        muster_flat_next(&r, &channel) != 0 || muster_flat_next(&r, &last) != 0 ||
        kind.type != MUSTER_FLAT_BULK || channel.type != MUSTER_FLAT_BULK)
        return STORE_PUSH_NONE;
    if (last.type == MUSTER_FLAT_BULK && muster_text_equal(kind.bytes, "message"))
        return STORE_PUSH_MESSAGE;
    if (last.type == MUSTER_FLAT_INTEGER && muster_text_equal(kind.bytes, "subscribe"))
        return STORE_PUSH_CONFIRMATION;
    return STORE_PUSH_NONE;
}

struct muster_bytes store_reply_harmless(struct muster_bytes text, const char *password)
{
    static const char arguments[] = ", with args beginning with:";
    const uint8_t *at = memmem(text.at, text.size, arguments, strlen(arguments));
    if (at)
        text.size = (size_t)(at - text.at);
    at = password[0] ? memmem(text.at, text.size, password, strlen(password)) : NULL;
    if (at)
        text.size = (size_t)(at - text.at);
    return text;
}

/* ---- commands ---- */

char *store_reply_command(struct muster_bytes argv, size_t *ret_size)
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    muster_flat_reader_init(&r, argv);
    if (muster_flat_next(&r, &v) != 0 || v.count == 0 || v.count > argv.size / MUSTER_FLAT_HEAD)
        return NULL;
    uint32_t count = v.count, got = 0;
    const char **argument = store_alloc(count * sizeof *argument);
    size_t *size = store_alloc(count * sizeof *size);
    for (; got < count && muster_flat_next(&r, &v) == 0 && v.type == MUSTER_FLAT_BULK; got++) {
        argument[got] = (const char *)v.bytes.at;
        size[got] = v.bytes.size;
    }
    char *command = NULL;
    if (got == count && r.left.size == 0)
        *ret_size = (size_t)redisFormatCommandArgv(&command, (int)count, argument, size);
    free(argument);
    free(size);
    return command;
}
