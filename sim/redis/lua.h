/* SPDX-License-Identifier: Apache-2.0 */
/* The Lua state of a world: compiling scripts and running them on behalf of a server. */
#ifndef MUSTER_SIM_REDIS_LUA_H
#define MUSTER_SIM_REDIS_LUA_H

#include "core/types.h"

struct muster_call;
struct muster_lua;

/* Compile. Returns a number for the function, or 0 with the reason in `error`. */
int muster_lua_compile(struct muster_lua *lua, struct muster_bytes source, char error[256]);
void muster_lua_drop(struct muster_lua *lua, int function);
/* Run with KEYS = the first `keys` arguments after argv[2], ARGV = the rest; replies. */
void muster_lua_run(struct muster_lua *lua, int function, const char sha[40], uint32_t keys,
                    struct muster_call *c);

#endif
