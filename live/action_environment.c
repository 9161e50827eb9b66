/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of a command: see action_environment.h. */
#include "live/action_environment.h"

#include "core/text.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#define U64_TEXT 21

void muster_live_environment_init(struct muster_live_environment *e, struct muster_memory *m)
{
    uint32_t count = 0;
    while (environ && environ[count])
        count++;
    e->memory = m;
    e->at = muster_memory_take(m, (count + MUSTER_LIVE_VARIABLES_MAX + 1) * sizeof *e->at);
    e->count = count;
    e->own = 0;
    if (count > 0)
        memcpy(e->at, environ, count * sizeof *e->at);
}

void muster_live_environment_set(struct muster_live_environment *e, const char *name,
                                 const char *value)
{
    assert(e->own < MUSTER_LIVE_VARIABLES_MAX);
    size_t name_size = strlen(name), size = name_size + strlen(value) + 2;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < e->count; i++) {
        bool same = strncmp(e->at[i], name, name_size) == 0 && e->at[i][name_size] == '=';
        if (!same)
            e->at[kept++] = e->at[i];
    }
    struct muster_text t;
    muster_text_init(&t, muster_memory_take(e->memory, size), size);
    muster_text_add(&t, name);
    muster_text_add(&t, "=");
    muster_text_add(&t, value);
    assert(!muster_text_is_cut(&t));
    e->at[kept++] = t.at;
    e->at[kept] = NULL;
    e->count = kept;
    e->own++;
}

void muster_live_environment_set_u64(struct muster_live_environment *e, const char *name,
                                     uint64_t value)
{
    char room[U64_TEXT];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_text_add_u64(&t, value);
    muster_live_environment_set(e, name, room);
}
