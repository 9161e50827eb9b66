/* SPDX-License-Identifier: Apache-2.0 */
/* musterd's file. */
#include "live/config.h"

#include "config/electorate.h"
#include "config/include.h"
#include "config/memory.h"
#include "config/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loader {
    struct muster_live_config *c;
    struct muster_diagnostics *d;
    const char *folder; /* of the file, with its slash; empty for the current one */
};

#define COMPLAIN(l, mark, ...) muster_complain((l)->d, MUSTER_SEVERITY_ERROR, mark, __VA_ARGS__)

/* ---- small readers ---- */

/* A path; a relative one counts from the file's folder. */
static void load_path(struct loader *l, const struct muster_doc *node, char *path)
{
    char text[MUSTER_LIVE_PATH_MAX + 1];
    if (!node || muster_doc_text(node, text, sizeof text, l->d) != 0)
        return;
    const char *folder = text[0] == '/' ? "" : l->folder;
    if (strlen(folder) + strlen(text) > MUSTER_LIVE_PATH_MAX) {
        COMPLAIN(l, node->mark, "the path is longer than %d bytes", MUSTER_LIVE_PATH_MAX);
        return;
    }
    snprintf(path, MUSTER_LIVE_PATH_MAX + 1, "%s%s", folder, text);
}

static const struct muster_doc *get_mapping(struct loader *l, const struct muster_doc *root,
                                            const char *key, const char *example)
{
    const struct muster_doc *node = muster_doc_get(root, key);
    if (!node || muster_doc_is_null(node))
        return NULL;
    return muster_doc_expect(node, MUSTER_NODE_MAPPING, example, l->d) == 0 ? node : NULL;
}

/* ---- who ---- */

static void load_members(struct loader *l, const struct muster_doc *root)
{
    struct muster_live_config *c = l->c;
    const struct muster_doc *node = muster_doc_get(root, "node");
    const struct muster_doc *members = muster_doc_get(root, "members");
    char name[MUSTER_NAME_MAX + 1] = "";
    if (!node)
        COMPLAIN(l, root->mark, "'node' is missing: the name of this member, such as node: n1");
    else
        muster_doc_text(node, name, sizeof name, l->d);
    if (!members && node && c->core.local) /* a cluster of its own needs no list */
        c->names[c->place.count++] = muster_memory_copy(c->memory, name, strlen(name));
    else if (!members)
        COMPLAIN(l, root->mark,
                 "'members' is missing: the names of all members, such as members: [n1, n2, n3]");
    else if (muster_names_load(members, c->names, &c->place.count, l->d) != 0)
        return;
    c->place.index = MUSTER_MEMBERS_MAX;
    for (uint32_t i = 0; i < c->place.count; i++) {
        c->names[i] = muster_memory_copy(c->memory, c->names[i], strlen(c->names[i]));
        if (strcmp(c->names[i], name) == 0)
            c->place.index = i;
    }
    if (name[0] && c->place.count > 0 && c->place.index == MUSTER_MEMBERS_MAX)
        COMPLAIN(l, node->mark, "'%s' is not among the members", name);
    if (members && c->core.local && c->place.count > 1)
        COMPLAIN(l, members->mark, "the local coordinator is a cluster of one member, not of %u",
                 (unsigned)c->place.count);
}

static void load_voters(struct loader *l, const struct muster_doc *root)
{
    struct muster_place *p = &l->c->place;
    uint64_t most = p->count < MUSTER_VOTERS_MAX ? p->count : MUSTER_VOTERS_MAX, voters = most;
    const struct muster_doc *node = muster_doc_get(root, "voters");
    if (node && most > 0)
        muster_doc_integer(node, 1, most, &voters, l->d);
    p->voters = (uint32_t)voters;
    p->names = l->c->names;
    if (voters == 2 && !muster_config_trusts_store(&l->c->core, p->voters))
        muster_complain(l->d, MUSTER_SEVERITY_WARNING, node ? node->mark : root->mark,
                        "two voters tolerate no loss: either of them down, and nobody leads");
    const struct muster_doc *electorate = muster_doc_get(root, "electorate");
    if (electorate)
        muster_electorate_load(electorate, l->c->names, p, l->d);
}

/* ---- ports ---- */

static void load_store(struct loader *l, const struct muster_doc *root)
{
    static const char *const keys[] = {"host",     "port",     "path", "user",
                                       "password", "database", NULL};
    struct muster_live_store_config *s = &l->c->store;
    const struct muster_doc *store =
        get_mapping(l, root, "store", "a mapping such as {host: 127.0.0.1, port: 6379}");
    s->port = 6379;
    if (l->c->core.local)
        return;
    if (!store) {
        COMPLAIN(l, root->mark,
                 "'store' is missing: where Redis is, such as store: {host: 127.0.0.1}");
        return;
    }
    muster_doc_keys(store, keys, l->d);
    uint64_t port = s->port, database = 0;
    const struct muster_doc *host = muster_doc_get(store, "host"),
                            *path = muster_doc_get(store, "path"), *node;
    if (host)
        muster_doc_text(host, s->host, sizeof s->host, l->d);
    if ((node = muster_doc_get(store, "port")))
        muster_doc_integer(node, 1, UINT16_MAX, &port, l->d);
    if (path)
        muster_doc_text(path, s->path, sizeof s->path, l->d);
    if ((node = muster_doc_get(store, "user")) && node->text && node->text[0])
        muster_doc_text(node, s->user, sizeof s->user, l->d);
    if ((node = muster_doc_get(store, "password")) && node->text && node->text[0])
        muster_doc_text(node, s->password, sizeof s->password, l->d);
    if ((node = muster_doc_get(store, "database")))
        muster_doc_integer(node, 0, 65535, &database, l->d);
    if (!host == !path)
        COMPLAIN(l, store->mark, "the store has either a 'host' or a 'path' of a Unix socket");
    if (s->user[0] && !s->password[0])
        COMPLAIN(l, store->mark, "the store has a 'user' and no 'password'");
    s->port = (uint16_t)port;
    s->database = (uint32_t)database;
}

static void load_health(struct loader *l, const struct muster_doc *root)
{
    static const char *const keys[] = {"file", NULL};
    const struct muster_doc *health =
        get_mapping(l, root, "health", "a mapping such as {file: health.json}");
    if (!health) {
        COMPLAIN(l, root->mark,
                 "'health' is missing: where the health state is, such as health: {file: h.json}");
        return;
    }
    muster_doc_keys(health, keys, l->d);
    if (!muster_doc_get(health, "file"))
        COMPLAIN(l, health->mark, "'health' needs a 'file'");
    load_path(l, muster_doc_get(health, "file"), l->c->health);
}

static bool is_known_action(const struct muster_config *core, const char *name)
{
    for (uint32_t i = 0; i < core->recovery.action_count; i++)
        if (strcmp(core->recovery.action[i].name, name) == 0)
            return true;
    return strcmp(name, "default") == 0;
}

static void load_command(struct loader *l, const struct muster_doc *list,
                         struct muster_live_command *command)
{
    uint32_t n = 0;
    for (const struct muster_doc *one = list->first; one; one = one->next) {
        if (muster_doc_expect(one, MUSTER_NODE_SCALAR, "an argument", l->d) != 0)
            return;
        if (n == MUSTER_LIVE_ARGUMENTS_MAX) {
            COMPLAIN(l, one->mark, "more than %d arguments", MUSTER_LIVE_ARGUMENTS_MAX);
            return;
        }
        /* A program with a slash is a path; one without is looked up in PATH. */
        char path[MUSTER_LIVE_PATH_MAX + 1] = "";
        const char *text = one->text;
        if (n == 0 && strchr(text, '/')) {
            load_path(l, one, path);
            text = path;
        }
        command->argument[n++] = muster_memory_copy(l->c->memory, text, strlen(text));
    }
    if (n == 0 || !command->argument[0][0])
        COMPLAIN(l, list->mark, "an action needs a program");
}

static void load_actions(struct loader *l, const struct muster_doc *root)
{
    struct muster_live_executor_config *x = &l->c->actions;
    const struct muster_doc *actions =
        get_mapping(l, root, "actions", "a mapping such as {safe_mode: [/bin/valve, close]}");
    x->stop_time = l->c->core.stop_time;
    x->cluster = l->c->core.cluster;
    for (const struct muster_doc *one = actions ? actions->first : NULL; one; one = one->next) {
        const char *names[MUSTER_ACTIONS_MAX + 2] = {NULL};
        if (!is_known_action(&l->c->core, one->key)) {
            for (uint32_t i = 0; i < l->c->core.recovery.action_count; i++)
                names[i] = l->c->core.recovery.action[i].name;
            names[l->c->core.recovery.action_count] = "default";
            const char *near = muster_suggest(one->key, names);
            COMPLAIN(l, one->key_mark, "unknown action '%.60s'%s%s%s", one->key,
                     near ? ", did you mean '" : "; name it under 'recovery_actions'",
                     near ? near : "", near ? "'?" : "");
            continue;
        }
        if (muster_doc_expect(one, MUSTER_NODE_SEQUENCE,
                              "a program and its arguments, such as [/bin/valve, close]",
                              l->d) != 0)
            continue;
        if (x->count == MUSTER_LIVE_ACTIONS_MAX) {
            COMPLAIN(l, one->key_mark, "more than %d commands", MUSTER_LIVE_ACTIONS_MAX);
            return;
        }
        struct muster_live_command *command = &x->command[x->count++];
        memcpy(command->name, one->key, strlen(one->key) + 1);
        load_command(l, one, command);
    }
}

static void load_log(struct loader *l, const struct muster_doc *root)
{
    static const char *const keys[] = {"level", NULL};
    static const char *const levels[] = {"debug", "info", "warning", "error", NULL};
    const struct muster_doc *log = get_mapping(l, root, "log", "a mapping such as {level: info}");
    uint32_t level = MUSTER_LIVE_INFO;
    if (log) {
        muster_doc_keys(log, keys, l->d);
        const struct muster_doc *node = muster_doc_get(log, "level");
        if (node)
            muster_doc_word(node, levels, &level, l->d);
    }
    l->c->log_level = (enum muster_live_level)level;
}

/* ---- the door ---- */

static void load_all(struct loader *l, const struct muster_doc *root, bool local)
{
    struct muster_live_config *c = l->c;
    muster_node_config_load(&c->node, root, muster_daemon_keys, l->d);
    c->core.local = c->core.local || local;
    load_members(l, root);
    load_voters(l, root);
    muster_node_config_fits(&c->core, c->place.count, root, l->d);
    load_store(l, root);
    load_health(l, root);
    load_actions(l, root);
    load_log(l, root);
    const struct muster_doc *node = muster_doc_get(root, "bootstrap");
    if (node)
        muster_doc_boolean(node, &c->bootstrap, l->d);
    node = muster_doc_get(root, "state");
    if (!node)
        COMPLAIN(l, root->mark,
                 "'state' is missing: the folder for this member's durable state, such as state: "
                 "/var/lib/muster/n1");
    load_path(l, node, c->state);
    load_path(l, muster_doc_get(root, "recording"), c->recording);
    c->actions.node = c->place.index < c->place.count ? c->names[c->place.index] : "";
}

int muster_live_config_load(struct muster_live_config *c, const char *path, bool local,
                            struct muster_sources *sources, struct muster_diagnostics *d)
{
    uint32_t errors = d->errors;
    struct muster_document doc = {0};
    struct muster_memory scratch = {0};
    memset(c, 0, sizeof *c);
    c->memory = calloc(1, sizeof *c->memory);
    if (!c->memory)
        muster_memory_short();
    const char *slash = strrchr(path, '/');
    struct loader l = {c, d, ""};
    if (slash)
        l.folder = muster_memory_copy(&scratch, path, (size_t)(slash - path) + 1);
    const struct muster_source *source =
        muster_source_open(sources, path, d, (struct muster_mark){0});
    const struct muster_reading reading = {sources, muster_environment(&scratch), &scratch, d};
    if (source)
        (void)muster_document_parse(&doc, source, reading.env, d);
    if (doc.root &&
        muster_doc_expect(doc.root, MUSTER_NODE_MAPPING, "a mapping such as node: n1", d) == 0)
        load_all(&l, muster_config_include(doc.root, &reading), local);
    muster_document_free(&doc);
    muster_memory_free(&scratch);
    return d->errors == errors ? 0 : MUSTER_E_INVALID;
}

void muster_live_config_free(struct muster_live_config *c)
{
    if (c->memory)
        muster_memory_free(c->memory);
    free(c->memory);
    c->memory = NULL;
}
