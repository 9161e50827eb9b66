/* SPDX-License-Identifier: Apache-2.0 */
/* Building effects; texts of results. */
#include "core/port.h"

#include <assert.h>
#include <string.h>

static const char *const result_texts[] = {
#define X(name, text) text,
    MUSTER_RESULTS(X)
#undef X
};

const char *muster_result_text(uint64_t result)
{
    return result < MUSTER_RESULT_COUNT ? result_texts[result] : "?";
}

struct muster_effect *muster_effects_add(struct muster_effects *out, uint16_t kind)
{
    assert(out->count < MUSTER_EFFECTS_MAX);
    struct muster_effect *e = &out->at[out->count++];
    memset(e, 0, sizeof *e);
    e->kind = kind;
    return e;
}

void muster_effects_data(struct muster_effects *out, struct muster_effect *effect, const void *data,
                         size_t size)
{
    assert(size <= MUSTER_EFFECTS_ROOM - out->used);
    uint8_t *at = out->room + out->used;
    if (size > 0)
        memcpy(at, data, size);
    out->used += (uint32_t)size;
    effect->data = (struct muster_bytes){at, size};
}

void muster_effects_note(struct muster_effects *out, uint16_t note, const uint64_t arg[4],
                         const char *text)
{
    struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_NOTE);
    e->note = note;
    memcpy(e->arg, arg, sizeof e->arg);
    if (text)
        muster_effects_data(out, e, text, strlen(text));
}
