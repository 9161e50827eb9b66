/* SPDX-License-Identifier: Apache-2.0 */
/* What scripts may reach: Lua's own libraries without what touches the world, an address, a libm or
 * libc's generator, behind tables that cannot be written.
 *
 * Stock Lua has no read-only tables, so scripts see empty ones whose metatable reads through. */
#include "sim/redis/lua_state.h"

#include <assert.h>
#include <string.h>

static int refuse_write(lua_State *l)
{
    return luaL_error(l, MUSTER_LUA_READONLY);
}

static int missing_global(lua_State *l)
{
    const char *name = lua_type(l, 2) == LUA_TSTRING ? lua_tostring(l, 2) : "?";
    return luaL_error(l, "Script attempted to access nonexistent global variable '%s'", name);
}

/* Replace the table on top by a read-only view of it. */
static void protect(lua_State *l)
{
    lua_newtable(l);
    lua_createtable(l, 0, 3);
    lua_pushvalue(l, -3);
    lua_setfield(l, -2, "__index");
    lua_pushcfunction(l, refuse_write);
    lua_setfield(l, -2, "__newindex");
    lua_pushboolean(l, 0);
    lua_setfield(l, -2, "__metatable");
    lua_setmetatable(l, -2);
    lua_remove(l, -2);
}

static bool is_protected(lua_State *l, int at)
{
    bool found = luaL_getmetafield(l, at, "__newindex") && lua_tocfunction(l, -1) == refuse_write;
    return found;
}

static int safe_rawset(lua_State *l)
{
    luaL_checktype(l, 1, LUA_TTABLE);
    luaL_checkany(l, 3);
    if (is_protected(l, 1)) {
        lua_pushliteral(l, MUSTER_LUA_READONLY);
        return lua_error(l);
    }
    lua_settop(l, 3);
    lua_rawset(l, 1);
    return 1;
}

static int safe_setmetatable(lua_State *l)
{
    luaL_checktype(l, 1, LUA_TTABLE);
    if (is_protected(l, 1)) {
        lua_pushliteral(l, MUSTER_LUA_READONLY);
        return lua_error(l);
    }
    lua_settop(l, 2);
    luaL_argcheck(l, lua_isnil(l, 2) || lua_istable(l, 2), 2, "nil or table expected");
    if (luaL_getmetafield(l, 1, "__metatable"))
        return luaL_error(l, "cannot change a protected metatable");
    lua_setmetatable(l, 1);
    return 1;
}

/* As Lua's, but without addresses: what differs from process to process must not reach a reply. */
static int safe_tostring(lua_State *l)
{
    luaL_checkany(l, 1);
    if (luaL_callmeta(l, 1, "__tostring"))
        return 1;
    switch (lua_type(l, 1)) {
    case LUA_TNUMBER:
        lua_pushstring(l, lua_tostring(l, 1));
        break;
    case LUA_TSTRING:
        lua_pushvalue(l, 1);
        break;
    case LUA_TBOOLEAN:
        lua_pushstring(l, lua_toboolean(l, 1) ? "true" : "false");
        break;
    case LUA_TNIL:
        lua_pushliteral(l, "nil");
        break;
    default:
        lua_pushfstring(l, "%s: 0", luaL_typename(l, 1));
        break;
    }
    return 1;
}

/* An error of redis.call is a table; who catches it gets its text, as in Redis. */
static int safe_pcall(lua_State *l)
{
    luaL_checkany(l, 1);
    int error = lua_pcall(l, lua_gettop(l) - 1, LUA_MULTRET, 0);
    lua_pushboolean(l, error == 0);
    lua_insert(l, 1);
    if (error && lua_istable(l, -1)) {
        lua_pushliteral(l, "err");
        lua_rawget(l, -2);
        if (lua_type(l, -1) == LUA_TSTRING)
            lua_replace(l, -2);
        else
            lua_pop(l, 1);
    }
    return lua_gettop(l);
}

/* Text only: precompiled code could do anything to the interpreter. */
static int safe_loadstring(lua_State *l)
{
    size_t size;
    const char *text = luaL_checklstring(l, 1, &size);
    const char *name = luaL_optstring(l, 2, text);
    if (size > 0 && text[0] == LUA_SIGNATURE[0])
        return luaL_error(l, "precompiled code is not accepted");
    if (luaL_loadbuffer(l, text, size, name) == 0)
        return 1;
    lua_pushnil(l);
    lua_insert(l, -2);
    return 2;
}

static int safe_collectgarbage(lua_State *l)
{
    lua_pushinteger(l, 0);
    return 1;
}

/* --- math.random: splitmix64, seeded with 0 at each call of a script --- */

static uint64_t draw(lua_State *l)
{
    struct muster_lua *lua = muster_lua_of(l);
    uint64_t z = lua->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int random_number(lua_State *l)
{
    int arguments = lua_gettop(l);
    uint64_t bits = draw(l) >> 32;
    if (arguments == 0) {
        lua_pushnumber(l, (lua_Number)bits / 4294967296.0);
        return 1;
    }
    int low = arguments == 1 ? 1 : luaL_checkint(l, 1);
    int high = luaL_checkint(l, arguments == 1 ? 1 : 2);
    if (arguments > 2)
        return luaL_error(l, "wrong number of arguments");
    luaL_argcheck(l, low <= high, arguments, "interval is empty");
    uint64_t width = (uint64_t)((int64_t)high - low) + 1;
    lua_pushnumber(l, (lua_Number)(low + (int64_t)(bits * width >> 32)));
    return 1;
}

static int random_seed(lua_State *l)
{
    muster_lua_of(l)->random = (uint64_t)(int64_t)luaL_checkint(l, 1);
    return 0;
}

/* Time stands still inside a script. */
static int frozen_clock(lua_State *l)
{
    const struct muster_lua_run *run = muster_lua_of(l)->run;
    lua_pushnumber(l, run ? (lua_Number)run->call->r->now_ms / 1000 : 0);
    return 1;
}

/* --- assembling --- */

static void open_library(lua_State *l, lua_CFunction open, const char *name)
{
    lua_pushcfunction(l, open);
    lua_pushstring(l, name);
    lua_call(l, 1, 0);
}

static void remove_fields(lua_State *l, const char *const *names)
{
    for (; *names; names++) {
        lua_pushnil(l);
        lua_setfield(l, -2, *names);
    }
}

static void set_function(lua_State *l, const char *name, lua_CFunction f)
{
    lua_pushcfunction(l, f);
    lua_setfield(l, -2, name);
}

static void trim_globals(lua_State *l)
{
    static const char *const unwanted[] = {"dofile",   "loadfile", "load",    "print",
                                           "newproxy", "getfenv",  "setfenv", "module",
                                           "require",  "package",  "gcinfo",  NULL};
    remove_fields(l, unwanted);
    set_function(l, "rawset", safe_rawset);
    set_function(l, "setmetatable", safe_setmetatable);
    set_function(l, "tostring", safe_tostring);
    set_function(l, "pcall", safe_pcall);
    set_function(l, "loadstring", safe_loadstring);
    set_function(l, "collectgarbage", safe_collectgarbage);
}

static void trim_libraries(lua_State *l)
{
    static const char *const libm[] = {"sin",  "cos",   "tan",   "asin", "acos",
                                       "atan", "atan2", "sinh",  "cosh", "tanh",
                                       "exp",  "log",   "log10", "pow",  NULL};
    static const char *const strings[] = {"dump", NULL};
    lua_getfield(l, -1, "math");
    remove_fields(l, libm);
    set_function(l, "random", random_number);
    set_function(l, "randomseed", random_seed);
    lua_pop(l, 1);
    lua_getfield(l, -1, "string");
    remove_fields(l, strings);
    lua_pop(l, 1);
    lua_newtable(l);
    set_function(l, "clock", frozen_clock);
    lua_setfield(l, -2, "os");
    muster_lua_push_redis(l);
    lua_setfield(l, -2, "redis");
}

static void protect_libraries(lua_State *l)
{
    static const char *const names[] = {"string", "table", "math", "os", "redis", "coroutine"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        lua_getfield(l, -1, names[i]);
        protect(l);
        lua_setfield(l, -2, names[i]);
    }
    /* ("x"):len() goes by the metatable of strings, which shows the library unprotected. */
    lua_pushliteral(l, "");
    if (lua_getmetatable(l, -1)) {
        lua_pushboolean(l, 0);
        lua_setfield(l, -2, "__metatable");
        lua_pop(l, 1);
    }
    lua_pop(l, 1);
}

/* Leaves the real table of globals on the stack: KEYS and ARGV go there. */
void muster_lua_sandbox(lua_State *l)
{
    open_library(l, luaopen_base, "");
    open_library(l, luaopen_table, LUA_TABLIBNAME);
    open_library(l, luaopen_string, LUA_STRLIBNAME);
    open_library(l, luaopen_math, LUA_MATHLIBNAME);
    lua_pushvalue(l, LUA_GLOBALSINDEX);
    trim_globals(l);
    trim_libraries(l);
    protect_libraries(l);
    lua_createtable(l, 0, 1);
    set_function(l, "__index", missing_global);
    lua_setmetatable(l, -2);
    lua_pushvalue(l, -1);
    protect(l);
    lua_pushvalue(l, -1);
    lua_setfield(l, -3, "_G");
    lua_replace(l, LUA_GLOBALSINDEX);
}
