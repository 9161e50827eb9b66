/* SPDX-License-Identifier: Apache-2.0 */
/* ${NAME} and ${NAME:default}, from a mapping that the file brings, never the environment. */
#include "config/inside.h"

#include <string.h>

#define RESULT_MAX   ((size_t)64 * 1024)
#define TOTAL_MAX    ((size_t)16 << 20)
#define VARIABLE_MAX 64

/* What a reference stands for; null and a complaint when nothing is known of it. */
static const char *look_up(const char *name, size_t size, const char *fallback,
                           const struct muster_doc *env, struct muster_mark mark,
                           struct muster_diagnostics *d)
{
    char key[VARIABLE_MAX + 1];
    if (size == 0 || size > VARIABLE_MAX) {
        muster_complain(d, MUSTER_SEVERITY_ERROR, mark,
                        "a variable's name has 1 to 64 bytes: ${NAME}");
        return NULL;
    }
    memcpy(key, name, size);
    key[size] = 0;
    const struct muster_doc *value = env ? muster_doc_get(env, key) : NULL;
    if (value && value->kind == MUSTER_NODE_SCALAR)
        return value->text;
    if (!fallback)
        muster_complain(d, MUSTER_SEVERITY_ERROR, mark,
                        "variable '%s' has no value; set it or write ${%s:default}", key, key);
    return fallback;
}

struct output {
    char *at;
    size_t used;
    bool full;
};

static void put(struct output *o, const char *text, size_t size)
{
    if (size > RESULT_MAX - o->used) {
        o->full = true;
        return;
    }
    memcpy(o->at + o->used, text, size);
    o->used += size;
}

/* One reference, whose "${" is at `text`; returns what follows it. */
static const char *put_reference(struct output *o, const char *text, const struct muster_doc *env,
                                 struct muster_mark mark, struct muster_diagnostics *d)
{
    const char *name = text + 2, *end = strchr(name, '}');
    if (!end) {
        muster_complain(d, MUSTER_SEVERITY_ERROR, mark,
                        "'${' without '}'; write $${ for the bare text");
        put(o, text, strlen(text));
        return text + strlen(text);
    }
    char fallback[RESULT_MAX + 1];
    const char *colon = memchr(name, ':', (size_t)(end - name));
    if (colon) {
        memcpy(fallback, colon + 1, (size_t)(end - colon - 1));
        fallback[end - colon - 1] = 0;
    }
    const char *value = look_up(name, (size_t)((colon ? colon : end) - name),
                                colon ? fallback : NULL, env, mark, d);
    if (value)
        put(o, value, strlen(value));
    else
        put(o, text, (size_t)(end + 1 - text));
    return end + 1;
}

const char *muster_substitute(struct muster_memory *m, const char *text,
                              const struct muster_doc *env, struct muster_mark mark, size_t *total,
                              struct muster_diagnostics *d)
{
    char room[RESULT_MAX];
    struct output o = {room, 0, false};
    while (*text && !o.full) {
        if (strncmp(text, "$${", 3) == 0) {
            put(&o, "${", 2);
            text += 3;
        } else if (strncmp(text, "${", 2) == 0) {
            text = put_reference(&o, text, env, mark, d);
        } else {
            size_t plain = 1 + strcspn(text + 1, "$");
            put(&o, text, plain);
            text += plain;
        }
    }
    *total += o.used;
    if (o.full || *total > TOTAL_MAX) {
        muster_complain(d, MUSTER_SEVERITY_ERROR, mark, "variables make the text too long");
        return NULL;
    }
    return muster_memory_copy(m, room, o.used);
}
