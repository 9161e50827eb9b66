/* SPDX-License-Identifier: Apache-2.0 */
/* EVAL, EVALSHA, SCRIPT: the cache of compiled scripts, by SHA-1. */
#include "sim/redis/server.h"

#include <assert.h>
#include <string.h>

static struct muster_redis_script *cached(struct muster_redis *r, const char sha[40])
{
    for (uint32_t i = 0; i < r->limits.scripts; i++)
        if (r->scripts[i].function && memcmp(r->scripts[i].sha, sha, 40) == 0)
            return &r->scripts[i];
    return NULL;
}

/* By a name as a client gives it, in any case. */
static struct muster_redis_script *named(struct muster_redis *r, struct muster_bytes name)
{
    char sha[40];
    if (name.size != sizeof(sha))
        return NULL;
    struct muster_redis_script *s = cached(r, (const char *)name.at);
    if (s)
        return s;
    for (size_t i = 0; i < sizeof(sha); i++)
        sha[i] = (char)(name.at[i] >= 'A' && name.at[i] <= 'F' ? name.at[i] | 32 : name.at[i]);
    return cached(r, sha);
}

void muster_scripts_forget(struct muster_redis *r)
{
    for (uint32_t i = 0; i < r->limits.scripts; i++) {
        if (r->scripts[i].function)
            muster_lua_drop(r->lua, r->scripts[i].function);
        r->scripts[i] = (struct muster_redis_script){.function = 0};
    }
    r->next_script = 0;
}

/* Compile into the cache, or find it there; null after replying the error. When all slots are
 * taken, the oldest goes: its users will see NOSCRIPT, as after any SCRIPT FLUSH. */
static struct muster_redis_script *load(struct muster_call *c, struct muster_bytes source)
{
    struct muster_redis *r = c->r;
    char sha[40];
    char error[256];
    muster_sha1_hex(source, sha);
    struct muster_redis_script *s = cached(r, sha);
    if (s)
        return s;
    int function = r->lua ? muster_lua_compile(r->lua, source, error) : 0;
    if (!function) {
        muster_reply_errorf(c, "ERR Error compiling script (new function): %s",
                            muster_text(r->lua ? error : "no Lua"));
        return NULL;
    }
    s = &r->scripts[r->next_script];
    r->next_script = (r->next_script + 1) % r->limits.scripts;
    if (s->function)
        muster_lua_drop(r->lua, s->function);
    memcpy(s->sha, sha, sizeof(sha));
    s->function = function;
    return s;
}

static bool read_key_count(struct muster_call *c, int64_t *keys)
{
    if (!muster_argument_integer(c, 2, keys))
        return false;
    const char *error = NULL;
    if (*keys > (int64_t)c->argc - 3)
        error = "ERR Number of keys can't be greater than number of args";
    else if (*keys < 0)
        error = "ERR Number of keys can't be negative";
    if (error)
        muster_reply_error(c, error);
    return !error;
}

static void run(struct muster_call *c, const struct muster_redis_script *s, int64_t keys)
{
    muster_lua_run(c->r->lua, s->function, s->sha, (uint32_t)keys, c);
}

void muster_run_eval(struct muster_call *c)
{
    int64_t keys;
    if (!read_key_count(c, &keys))
        return;
    const struct muster_redis_script *s = load(c, c->argv[1]);
    if (s)
        run(c, s, keys);
}

void muster_run_evalsha(struct muster_call *c)
{
    int64_t keys = 0;
    /* What cannot be a name is answered before the number of keys is looked at. */
    if (c->argv[1].size == 40 && !read_key_count(c, &keys))
        return;
    const struct muster_redis_script *s = named(c->r, c->argv[1]);
    if (s)
        run(c, s, keys);
    else
        muster_reply_error(c, "NOSCRIPT No matching script. Please use EVAL.");
}

static void script_load(struct muster_call *c)
{
    const struct muster_redis_script *s = load(c, c->argv[2]);
    if (s)
        muster_reply_bulk(c, (struct muster_bytes){(const uint8_t *)s->sha, sizeof(s->sha)});
}

static void script_exists(struct muster_call *c)
{
    muster_flat_array(c->reply, c->argc - 2);
    for (uint32_t i = 2; i < c->argc; i++)
        muster_reply_integer(c, named(c->r, c->argv[i]) != NULL);
}

static void script_flush(struct muster_call *c)
{
    bool option = c->argc == 2 || (c->argc == 3 && (muster_text_is(c->argv[2], "sync") ||
                                                    muster_text_is(c->argv[2], "async")));
    if (!option) {
        muster_reply_error(c, "ERR SCRIPT FLUSH only support SYNC|ASYNC option");
        return;
    }
    muster_scripts_forget(c->r);
    muster_reply_ok(c);
}

static void script_kill(struct muster_call *c)
{
    if (c->r->mode == MUSTER_REDIS_UNKILLABLE) {
        muster_reply_error(
            c, "UNKILLABLE Sorry the script already executed write commands against the "
               "dataset. You can either wait the script termination or kill the server "
               "in a hard way using the SHUTDOWN NOSAVE command.");
    } else if (c->r->mode == MUSTER_REDIS_BUSY) {
        c->r->mode = MUSTER_REDIS_MASTER;
        muster_reply_ok(c);
    } else {
        muster_reply_error(c, "NOTBUSY No scripts in execution right now.");
    }
}

/* The subcommand is a known one with the right number of arguments. */
void muster_run_script(struct muster_call *c)
{
    struct muster_bytes sub = c->argv[1];
    if (muster_text_is(sub, "load"))
        script_load(c);
    else if (muster_text_is(sub, "exists"))
        script_exists(c);
    else if (muster_text_is(sub, "flush"))
        script_flush(c);
    else
        script_kill(c);
}
