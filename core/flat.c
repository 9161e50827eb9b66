/* SPDX-License-Identifier: Apache-2.0 */
/* Flat values: see flat.h for the format. */
#include "core/flat.h"

#include <assert.h>
#include <string.h>

#define NESTING_MAX 8

static void store_u32(uint8_t *at, uint32_t v)
{
    at[0] = (uint8_t)v;
    at[1] = (uint8_t)(v >> 8);
    at[2] = (uint8_t)(v >> 16);
    at[3] = (uint8_t)(v >> 24);
}

static uint32_t load_u32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

void muster_flat_writer_init(struct muster_flat_writer *w, void *room, size_t size)
{
    w->at = room;
    w->size = size;
    w->used = 0;
    w->full = false;
}

/* Room for a head and `size` bytes, with the head written; null when it does not fit. */
static uint8_t *put_head(struct muster_flat_writer *w, enum muster_flat_type type, uint32_t length,
                         size_t size)
{
    if (w->full || w->size - w->used < MUSTER_FLAT_HEAD + size) {
        w->full = true;
        return NULL;
    }
    uint8_t *at = w->at + w->used;
    at[0] = (uint8_t)type;
    store_u32(at + 1, length);
    w->used += MUSTER_FLAT_HEAD + size;
    return at + MUSTER_FLAT_HEAD;
}

void muster_flat_array(struct muster_flat_writer *w, uint32_t count)
{
    (void)put_head(w, MUSTER_FLAT_ARRAY, count, 0);
}

void muster_flat_bytes(struct muster_flat_writer *w, enum muster_flat_type type, const void *data,
                       size_t size)
{
    assert(size <= UINT32_MAX);
    uint8_t *at = put_head(w, type, (uint32_t)size, size);
    if (at && size > 0)
        memcpy(at, data, size);
}

void muster_flat_text(struct muster_flat_writer *w, enum muster_flat_type type, const char *text)
{
    muster_flat_bytes(w, type, text, strlen(text));
}

void muster_flat_integer(struct muster_flat_writer *w, int64_t value)
{
    uint8_t *at = put_head(w, MUSTER_FLAT_INTEGER, 8, 8);
    if (!at)
        return;
    store_u32(at, (uint32_t)(uint64_t)value);
    store_u32(at + 4, (uint32_t)((uint64_t)value >> 32));
}

void muster_flat_nil(struct muster_flat_writer *w)
{
    (void)put_head(w, MUSTER_FLAT_NIL, 0, 0);
}

struct muster_bytes muster_flat_written(const struct muster_flat_writer *w)
{
    return (struct muster_bytes){w->at, w->full ? 0 : w->used};
}

void muster_flat_reader_init(struct muster_flat_reader *r, struct muster_bytes data)
{
    r->left = data;
}

int muster_flat_next(struct muster_flat_reader *r, struct muster_flat_value *value)
{
    if (r->left.size == 0)
        return MUSTER_E_NOTFOUND;
    if (r->left.size < MUSTER_FLAT_HEAD)
        return MUSTER_E_CORRUPT;
    const uint8_t *at = r->left.at;
    uint32_t length = load_u32(at + 1);
    size_t content = length;
    switch (at[0]) {
    case MUSTER_FLAT_BULK:
    case MUSTER_FLAT_STATUS:
    case MUSTER_FLAT_ERROR:
        break;
    case MUSTER_FLAT_INTEGER:
        if (length != 8)
            return MUSTER_E_CORRUPT;
        break;
    case MUSTER_FLAT_ARRAY:
        content = 0;
        break;
    case MUSTER_FLAT_NIL:
        if (length != 0)
            return MUSTER_E_CORRUPT;
        break;
    default:
        return MUSTER_E_CORRUPT;
    }
    if (content > r->left.size - MUSTER_FLAT_HEAD)
        return MUSTER_E_CORRUPT;
    value->type = (enum muster_flat_type)at[0];
    value->count = at[0] == MUSTER_FLAT_ARRAY ? length : 0;
    value->bytes = (struct muster_bytes){at + MUSTER_FLAT_HEAD, content};
    value->integer = 0;
    if (at[0] == MUSTER_FLAT_INTEGER)
        value->integer = (int64_t)((uint64_t)load_u32(at + 5) | (uint64_t)load_u32(at + 9) << 32);
    r->left.at += MUSTER_FLAT_HEAD + content;
    r->left.size -= MUSTER_FLAT_HEAD + content;
    return 0;
}

int muster_flat_skip(struct muster_flat_reader *r)
{
    struct muster_flat_reader at = *r;
    uint64_t left[NESTING_MAX];
    uint32_t depth = 0;
    left[0] = 1;
    for (;;) {
        struct muster_flat_value v;
        int error = muster_flat_next(&at, &v);
        if (error)
            return error;
        left[depth]--;
        if (v.count > 0) {
            if (++depth == NESTING_MAX)
                return MUSTER_E_CORRUPT;
            left[depth] = v.count;
        }
        while (left[depth] == 0) {
            if (depth == 0) {
                *r = at;
                return 0;
            }
            depth--;
        }
    }
}
