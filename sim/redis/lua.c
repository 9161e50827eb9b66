/* SPDX-License-Identifier: Apache-2.0 */
/* The Lua state: made once, in a span of the arena; compiling and running scripts, each inside a
 * protected call, so that memory that runs out is an error reply and not an end. */
#include "sim/redis/lua_state.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define STEPS_MOST  1000000 /* VM instructions of one script */
#define STEPS_SLICE 10000

static void *allocate(void *self, void *old, size_t old_size, size_t size)
{
    struct muster_lua *lua = self;
    if (size == 0) {
        muster_heap_give(lua->heap, old, old_size);
        return NULL;
    }
    if (old && size <= old_size) { /* Lua relies on that never to fail */
        muster_heap_shrink(lua->heap, old, old_size, size);
        return old;
    }
    void *p = muster_heap_take(lua->heap, size);
    if (!p)
        return NULL;
    if (old) {
        memcpy(p, old, old_size);
        muster_heap_give(lua->heap, old, old_size);
    }
    return p;
}

static int hook_error(lua_State *l)
{
    return luaL_error(l, "Script killed by user with SCRIPT KILL...");
}

/* Counts instructions. Once over the limit every further instruction fails, so that a script cannot
 * catch its own end. */
static void count_steps(lua_State *l, lua_Debug *debug)
{
    (void)debug;
    struct muster_lua *lua = muster_lua_of(l);
    lua->steps += STEPS_SLICE;
    if (lua->steps < STEPS_MOST)
        return;
    lua_sethook(l, count_steps, LUA_MASKCOUNT, 1);
    lua_sethook(lua->state, count_steps, LUA_MASKCOUNT, 1);
    (void)hook_error(l);
}

/* The error value's text, with Redis's code in front of what has none, and the place. */
static int handle_error(lua_State *l)
{
    struct muster_lua_run *run = muster_lua_of(l)->run;
    lua_Debug at;
    assert(run);
    if (lua_getstack(l, 1, &at) && lua_getinfo(l, "Sl", &at) && strcmp(at.what, "C") == 0 &&
        lua_getstack(l, 2, &at))
        (void)lua_getinfo(l, "Sl", &at);
    const char *source = at.source[0] == '@' ? at.source + 1 : at.source;
    (void)snprintf(run->source, sizeof(run->source), "%s%s", source == at.source ? "" : "@",
                   source);
    run->line = at.currentline;
    const char *text = NULL;
    const char *code = "";
    if (lua_istable(l, 1)) {
        lua_pushliteral(l, "err");
        lua_rawget(l, 1);
        text = lua_tostring(l, -1);
    } else {
        text = lua_tostring(l, 1);
        code = "ERR ";
    }
    (void)snprintf(run->error, sizeof(run->error), "%s%s", text ? code : "ERR ",
                   text ? text : "unknown error");
    return 0;
}

static void reply_failure(struct muster_lua_run *run)
{
    char text[700];
    (void)snprintf(text, sizeof(text), "%s script: %.40s, on %s:%d.", run->error, run->sha,
                   run->source, run->line);
    for (char *c = text; *c; c++)
        if (*c == '\r' || *c == '\n')
            *c = ' ';
    muster_reply_error(run->call, text);
}

static int collect_all(lua_State *l)
{
    (void)lua_gc(l, LUA_GCCOLLECT, 0);
    return 0;
}

/* Lua 5.1 does not collect when memory runs out, only by its own pace; so collect in time. */
static void make_room(struct muster_lua *lua)
{
    if ((size_t)lua_gc(lua->state, LUA_GCCOUNT, 0) * 1024 < lua->size / 2)
        return;
    lua_rawgeti(lua->state, LUA_REGISTRYINDEX, lua->collector);
    (void)lua_pcall(lua->state, 0, 0, 0);
    lua_settop(lua->state, 0);
}

static void push_arguments(lua_State *l, const struct muster_bytes *argv, uint32_t count)
{
    lua_createtable(l, (int)count, 0);
    for (uint32_t i = 0; i < count; i++) {
        lua_pushlstring(l, (const char *)argv[i].at, argv[i].size);
        lua_rawseti(l, -2, (int)i + 1);
    }
}

/* KEYS and ARGV, the function, its result as the reply. Called protected: all of it may run out of
 * memory. */
static int run_script(lua_State *l)
{
    struct muster_lua *lua = muster_lua_of(l);
    struct muster_lua_run *run = lua->run;
    struct muster_call *c = run->call;
    lua_rawgeti(l, LUA_REGISTRYINDEX, lua->globals);
    push_arguments(l, c->argv + 3, run->keys);
    lua_setfield(l, -2, "KEYS");
    push_arguments(l, c->argv + 3 + run->keys, c->argc - 3 - run->keys);
    lua_setfield(l, -2, "ARGV");
    lua_rawgeti(l, LUA_REGISTRYINDEX, lua->handler);
    lua_rawgeti(l, LUA_REGISTRYINDEX, run->function);
    int error = lua_pcall(l, 0, 1, -2);
    if (error == LUA_ERRMEM)
        muster_reply_error(c, "ERR not enough memory");
    else if (error)
        reply_failure(run);
    else
        muster_lua_reply(l, c);
    return 0;
}

void muster_lua_run(struct muster_lua *lua, int function, const char sha[40], uint32_t keys,
                    struct muster_call *c)
{
    struct muster_lua_run run;
    lua_State *l = lua->state;
    assert(!lua->run);
    assert(keys + 3 <= c->argc);
    run.call = c;
    run.sha = sha;
    run.function = function;
    run.keys = keys;
    run.error[0] = '\0';
    run.source[0] = '\0';
    run.line = 0;
    lua->run = &run;
    lua->random = 0;
    lua->steps = 0;
    make_room(lua);
    lua_sethook(l, count_steps, LUA_MASKCOUNT, STEPS_SLICE);
    size_t mark = c->reply->used;
    lua_rawgeti(l, LUA_REGISTRYINDEX, lua->runner);
    if (lua_pcall(l, 0, 0, 0)) {
        c->reply->used = mark;
        muster_reply_error(c, "ERR not enough memory");
    }
    lua_settop(l, 0);
    lua->run = NULL;
}

struct compile {
    struct muster_bytes source;
    int function;
    char *error;
};

static int compile(lua_State *l)
{
    struct compile *job = lua_touserdata(l, 1);
    if (luaL_loadbuffer(l, (const char *)job->source.at, job->source.size, "@user_script"))
        (void)snprintf(job->error, 256, "%s", lua_tostring(l, -1));
    else
        job->function = luaL_ref(l, LUA_REGISTRYINDEX);
    return 0;
}

int muster_lua_compile(struct muster_lua *lua, struct muster_bytes source, char error[256])
{
    struct compile job = {source, 0, error};
    assert(!lua->run);
    if (source.size > 0 && source.at[0] == (uint8_t)LUA_SIGNATURE[0]) {
        (void)snprintf(error, 256, "user_script: precompiled code is not accepted");
        return 0;
    }
    lua_sethook(lua->state, NULL, 0, 0);
    make_room(lua);
    if (lua_cpcall(lua->state, compile, &job)) {
        job.function = 0;
        (void)snprintf(error, 256, "not enough memory");
    }
    lua_settop(lua->state, 0);
    return job.function;
}

void muster_lua_drop(struct muster_lua *lua, int function)
{
    assert(!lua->run);
    luaL_unref(lua->state, LUA_REGISTRYINDEX, function);
}

static int make(lua_State *l)
{
    struct muster_lua *lua = muster_lua_of(l);
    muster_lua_sandbox(l);
    lua->globals = luaL_ref(l, LUA_REGISTRYINDEX);
    lua_pushcfunction(l, run_script);
    lua->runner = luaL_ref(l, LUA_REGISTRYINDEX);
    lua_pushcfunction(l, handle_error);
    lua->handler = luaL_ref(l, LUA_REGISTRYINDEX);
    lua_pushcfunction(l, collect_all);
    lua->collector = luaL_ref(l, LUA_REGISTRYINDEX);
    return 0;
}

struct muster_lua *muster_lua_create(struct muster_arena *a, size_t size)
{
    struct muster_lua *lua = muster_arena_take(a, sizeof(*lua));
    void *span = muster_arena_take(a, size);
    if (!lua || !span)
        return NULL;
    lua->heap = muster_heap_format(span, size);
    lua->size = size;
    lua->state = lua_newstate(allocate, lua);
    if (!lua->state || lua_cpcall(lua->state, make, NULL))
        return NULL;
    lua_settop(lua->state, 0);
    return lua;
}
