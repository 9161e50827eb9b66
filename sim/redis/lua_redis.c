/* SPDX-License-Identifier: Apache-2.0 */
/* The table `redis` of scripts, and the conversions between Lua values and replies. */
#include "sim/redis/lua_state.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define REPLY_ROOM   65536 /* the largest reply that redis.call hands to a script */
#define NESTING_MOST 6     /* of a script's result: flat.h bounds what readers must follow */

void muster_lua_push_tagged(lua_State *l, const char *tag, const char *text, size_t size)
{
    lua_createtable(l, 0, 1);
    lua_pushstring(l, tag);
    lua_pushlstring(l, text, size);
    lua_rawset(l, -3);
}

/* --- from Lua to replies --- */

/* Towards zero; what has no 64-bit value becomes the least one, as on the processors Redis runs
 * on. */
static int64_t to_integer(lua_Number n)
{
    if (n >= -9223372036854775808.0 && n < 9223372036854775808.0)
        return (int64_t)n;
    return INT64_MIN;
}

/* A status or error line must not be broken by what a script put into it. */
static void reply_line(struct muster_call *c, enum muster_flat_type type, const char *text,
                       size_t size)
{
    char line[512];
    if (size > sizeof(line))
        size = sizeof(line);
    for (size_t i = 0; i < size; i++)
        line[i] = text[i] == '\r' || text[i] == '\n' ? ' ' : text[i];
    muster_flat_bytes(c->reply, type, line, size);
}

static bool reply_tagged(lua_State *l, struct muster_call *c, const char *tag,
                         enum muster_flat_type type)
{
    lua_pushstring(l, tag);
    lua_rawget(l, -2);
    bool found = lua_type(l, -1) == LUA_TSTRING;
    if (found) {
        size_t size;
        const char *text = lua_tolstring(l, -1, &size);
        reply_line(c, type, text, size);
    }
    lua_pop(l, 1);
    return found;
}

static void reply_value(lua_State *l, struct muster_call *c, uint32_t depth);

static void reply_table(lua_State *l, struct muster_call *c, uint32_t depth)
{
    if (reply_tagged(l, c, "err", MUSTER_FLAT_ERROR) ||
        reply_tagged(l, c, "ok", MUSTER_FLAT_STATUS))
        return;
    if (depth == NESTING_MOST) {
        muster_reply_error(c, "ERR reached lua stack limit");
        return;
    }
    int count = 0;
    for (;; count++) {
        lua_rawgeti(l, -1, count + 1);
        bool end = lua_isnil(l, -1);
        lua_pop(l, 1);
        if (end)
            break;
    }
    muster_flat_array(c->reply, (uint32_t)count);
    for (int i = 1; i <= count && !c->reply->full; i++) {
        lua_rawgeti(l, -1, i);
        reply_value(l, c, depth + 1);
        lua_pop(l, 1);
    }
}

static void reply_value(lua_State *l, struct muster_call *c, uint32_t depth)
{
    size_t size;
    const char *text;
    luaL_checkstack(l, 4, "reply");
    switch (lua_type(l, -1)) {
    case LUA_TSTRING:
        text = lua_tolstring(l, -1, &size);
        muster_flat_bytes(c->reply, MUSTER_FLAT_BULK, text, size);
        return;
    case LUA_TNUMBER:
        muster_reply_integer(c, to_integer(lua_tonumber(l, -1)));
        return;
    case LUA_TBOOLEAN:
        if (lua_toboolean(l, -1))
            muster_reply_integer(c, 1);
        else
            muster_flat_nil(c->reply);
        return;
    case LUA_TTABLE:
        reply_table(l, c, depth);
        return;
    default:
        muster_flat_nil(c->reply);
        return;
    }
}

void muster_lua_reply(lua_State *l, struct muster_call *c)
{
    reply_value(l, c, 0);
}

/* --- from replies to Lua --- */

static void push_reply(lua_State *l, struct muster_flat_reader *reader)
{
    struct muster_flat_value v;
    int error = muster_flat_next(reader, &v);
    assert(!error);
    luaL_checkstack(l, 4, "reply");
    switch (v.type) {
    case MUSTER_FLAT_BULK:
        lua_pushlstring(l, (const char *)v.bytes.at, v.bytes.size);
        break;
    case MUSTER_FLAT_STATUS:
        muster_lua_push_tagged(l, "ok", (const char *)v.bytes.at, v.bytes.size);
        break;
    case MUSTER_FLAT_ERROR:
        muster_lua_push_tagged(l, "err", (const char *)v.bytes.at, v.bytes.size);
        break;
    case MUSTER_FLAT_INTEGER:
        lua_pushnumber(l, (lua_Number)v.integer);
        break;
    case MUSTER_FLAT_NIL:
        lua_pushboolean(l, 0);
        break;
    case MUSTER_FLAT_ARRAY:
        lua_createtable(l, (int)v.count, 0);
        for (uint32_t i = 0; i < v.count; i++) {
            push_reply(l, reader);
            lua_rawseti(l, -2, (int)i + 1);
        }
        break;
    }
}

/* --- redis.call, redis.pcall --- */

/* Arguments as strings: numbers are formatted in place, as "%.17g" would. */
static const char *read_arguments(lua_State *l, struct muster_bytes *argv, uint32_t argc)
{
    if (argc == 0)
        return "ERR Please specify at least one argument for this redis lib call";
    if (argc > MUSTER_REDIS_ARGUMENTS)
        return "ERR too many arguments";
    for (uint32_t i = 0; i < argc; i++) {
        int at = (int)i + 1;
        int type = lua_type(l, at);
        if (type == LUA_TNUMBER) {
            char text[40];
            int used = snprintf(text, sizeof(text), "%.17g", lua_tonumber(l, at));
            lua_pushlstring(l, text, (size_t)used);
            lua_replace(l, at);
        } else if (type != LUA_TSTRING) {
            return "ERR Lua redis lib command arguments must be strings or integers";
        }
        argv[i].at = (const uint8_t *)lua_tolstring(l, at, &argv[i].size);
    }
    return NULL;
}

static const char *not_callable(const struct muster_call *c)
{
    if (!c->command)
        return "ERR Unknown Redis command called from script";
    if (!muster_command_arity(c->command, c->argc))
        return "ERR Wrong number of args calling Redis command from script";
    if (c->command->flags & MUSTER_COMMAND_NOSCRIPT)
        return "ERR This Redis command is not allowed from script";
    return muster_mode_refuses(c);
}

/* Execute; leaves the result on the stack. True when it is an error. */
static bool call(lua_State *l)
{
    uint8_t room[REPLY_ROOM];
    struct muster_bytes argv[MUSTER_REDIS_ARGUMENTS];
    struct muster_flat_writer reply;
    struct muster_lua_run *run = muster_lua_of(l)->run;
    assert(run);
    struct muster_call c = *run->call;
    muster_flat_writer_init(&reply, room, sizeof(room));
    c.argv = argv;
    c.argc = (uint32_t)lua_gettop(l);
    c.scripted = true;
    c.reply = &reply;
    const char *error = read_arguments(l, argv, c.argc);
    if (!error) {
        c.command = muster_command_find(argv[0]);
        error = not_callable(&c);
    }
    if (!error) {
        muster_call_run(&c);
        error = reply.full ? "ERR reply exceeds the room of a script" : NULL;
    }
    if (error) {
        muster_lua_push_tagged(l, "err", error, strlen(error));
        return true;
    }
    struct muster_flat_reader reader;
    muster_flat_reader_init(&reader, muster_flat_written(&reply));
    push_reply(l, &reader);
    return room[0] == MUSTER_FLAT_ERROR;
}

static int redis_call(lua_State *l)
{
    return call(l) ? lua_error(l) : 1;
}

static int redis_pcall(lua_State *l)
{
    (void)call(l);
    return 1;
}

/* --- the rest --- */

static int error_reply(lua_State *l)
{
    size_t size;
    static const char wrong[] = "ERR wrong number or type of arguments";
    if (lua_gettop(l) != 1 || lua_type(l, 1) != LUA_TSTRING) {
        muster_lua_push_tagged(l, "err", wrong, sizeof(wrong) - 1);
        return 1;
    }
    const char *text = lua_tolstring(l, 1, &size);
    if (size > 0 && text[0] == '-') {
        text++;
        size--;
    }
    bool coded = memchr(text, ' ', size) != NULL;
    lua_pushliteral(l, "err");
    lua_pushstring(l, coded ? "" : "ERR ");
    lua_pushlstring(l, text, size);
    lua_concat(l, 2);
    lua_createtable(l, 0, 1);
    lua_insert(l, -3);
    lua_rawset(l, -3);
    return 1;
}

static int status_reply(lua_State *l)
{
    size_t size;
    static const char wrong[] = "ERR wrong number or type of arguments";
    if (lua_gettop(l) != 1 || lua_type(l, 1) != LUA_TSTRING) {
        muster_lua_push_tagged(l, "err", wrong, sizeof(wrong) - 1);
        return 1;
    }
    const char *text = lua_tolstring(l, 1, &size);
    muster_lua_push_tagged(l, "ok", text, size);
    return 1;
}

static int sha1hex(lua_State *l)
{
    char hex[40];
    size_t size = 0;
    if (lua_gettop(l) != 1)
        return luaL_error(l, "wrong number of arguments");
    const char *text = lua_tolstring(l, 1, &size);
    muster_sha1_hex((struct muster_bytes){(const uint8_t *)text, size}, hex);
    lua_pushlstring(l, hex, 40);
    return 1;
}

/* Logging goes nowhere; effects are always what is replicated. */
static int redis_log(lua_State *l)
{
    if (lua_gettop(l) < 2)
        return luaL_error(l, "redis.log() requires two arguments or more.");
    return 0;
}

static int replicate_commands(lua_State *l)
{
    lua_pushboolean(l, 1);
    return 1;
}

void muster_lua_push_redis(lua_State *l)
{
    static const luaL_Reg functions[] = {
        {"call", redis_call},
        {"pcall", redis_pcall},
        {"error_reply", error_reply},
        {"status_reply", status_reply},
        {"sha1hex", sha1hex},
        {"log", redis_log},
        {"replicate_commands", replicate_commands},
        {NULL, NULL},
    };
    static const char *const levels[] = {"LOG_DEBUG", "LOG_VERBOSE", "LOG_NOTICE", "LOG_WARNING"};
    lua_newtable(l);
    for (const luaL_Reg *f = functions; f->name; f++) {
        lua_pushcfunction(l, f->func);
        lua_setfield(l, -2, f->name);
    }
    for (int i = 0; i < 4; i++) {
        lua_pushinteger(l, i);
        lua_setfield(l, -2, levels[i]);
    }
    lua_pushliteral(l, "7.0.15");
    lua_setfield(l, -2, "REDIS_VERSION");
    lua_pushinteger(l, 0x0007000f);
    lua_setfield(l, -2, "REDIS_VERSION_NUM");
}
