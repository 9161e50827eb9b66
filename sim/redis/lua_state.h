/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the Lua side share. */
#ifndef MUSTER_SIM_REDIS_LUA_STATE_H
#define MUSTER_SIM_REDIS_LUA_STATE_H

#include "sim/heap.h"
#include "sim/redis/server.h"

#include <lua.h>

#include <lauxlib.h>
#include <lualib.h>

#define MUSTER_LUA_READONLY "Attempt to modify a readonly table"

struct muster_lua_run { /* one script under way; lives on the C stack */
    struct muster_call *call;
    const char *sha; /* 40 digits */
    int function;
    uint32_t keys;
    char error[512];
    char source[64];
    int line;
};

struct muster_lua {
    struct muster_heap *heap;
    lua_State *state;
    struct muster_lua_run
        *run; /* null between scripts, so that a snapshot holds no stack address */
    uint64_t random;
    uint32_t steps;
    int globals;   /* registry: the table behind the read-only one that scripts see */
    int runner;    /* registry: the protected function that runs a script */
    int handler;   /* registry: the error handler */
    int collector; /* registry: a protected full collection */
    size_t size;   /* of the heap */
};

static inline struct muster_lua *muster_lua_of(lua_State *l)
{
    void *self;
    (void)lua_getallocf(l, &self);
    return self;
}

/* Fill a new state with the libraries that scripts may use. Raises Lua errors. */
void muster_lua_sandbox(lua_State *l);
/* redis.call and its kind, as a table on the stack. */
void muster_lua_push_redis(lua_State *l);
/* Reply the value on top of the stack. Allocates nothing that Lua could refuse but short keys. */
void muster_lua_reply(lua_State *l, struct muster_call *c);
/* Push a table with one text field: {err=…} or {ok=…}. */
void muster_lua_push_tagged(lua_State *l, const char *tag, const char *text, size_t size);

#endif
