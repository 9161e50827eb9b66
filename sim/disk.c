/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual disk: page cache, durability, and what a crash leaves. */
#include "sim/disk.h"

#include <assert.h>
#include <string.h>

#define CAPACITY_MIN 512

static bool grow(struct muster_disk_file *f, struct muster_arena *a, uint32_t size)
{
    if (size <= f->capacity)
        return true;
    uint32_t capacity = f->capacity ? f->capacity : CAPACITY_MIN;
    while (capacity < size)
        capacity *= 2;
    uint8_t *cached = muster_arena_take(a, capacity);
    uint8_t *durable = muster_arena_take(a, capacity);
    if (!cached || !durable)
        return false;
    if (f->capacity > 0) {
        memcpy(cached, f->cached, f->capacity);
        memcpy(durable, f->durable, f->capacity);
    }
    f->cached = cached;
    f->durable = durable;
    f->capacity = capacity;
    return true;
}

static void clean(struct muster_disk_file *f)
{
    f->dirty_low = UINT32_MAX;
    f->dirty_high = 0;
}

static bool is_dirty(const struct muster_disk_file *f)
{
    return f->dirty_low < f->dirty_high || f->cached_size != f->durable_size;
}

enum muster_status muster_disk_write(struct muster_disk *d, struct muster_arena *a, uint32_t file,
                                     uint64_t offset, struct muster_bytes data)
{
    assert(file < MUSTER_DISK_FILES);
    struct muster_disk_file *f = &d->file[file];
    if (offset == MUSTER_DISK_END)
        offset = f->cached_size;
    if (d->full || data.size > MUSTER_DISK_FILE_MAX || offset > MUSTER_DISK_FILE_MAX - data.size)
        return MUSTER_STATUS_NOSPACE;
    uint32_t low = (uint32_t)offset, high = low + (uint32_t)data.size;
    if (f->capacity == 0)
        clean(f);
    if (!grow(f, a, high))
        return MUSTER_STATUS_NOSPACE;
    if (low > f->cached_size) {
        memset(f->cached + f->cached_size, 0, low - f->cached_size);
        low = f->cached_size;
    }
    if (data.size > 0)
        memcpy(f->cached + offset, data.at, data.size);
    if (high > f->cached_size)
        f->cached_size = high;
    f->dirty_low = low < f->dirty_low ? low : f->dirty_low;
    f->dirty_high = high > f->dirty_high ? high : f->dirty_high;
    return MUSTER_STATUS_OK;
}

/* Make the first `share` of the dirty bytes durable. */
static void settle(struct muster_disk_file *f, uint32_t share)
{
    uint32_t end = f->dirty_low + share;
    if (share > 0)
        memcpy(f->durable + f->dirty_low, f->cached + f->dirty_low, share);
    if (end > f->durable_size)
        f->durable_size = end;
}

/* How much of what was dirty has arrived: nothing, all or a part, one as often as the other. Drawn
 * by the byte, all of it hardly ever would. */
static uint32_t arrived(const struct muster_disk_file *f, struct muster_random *r)
{
    uint32_t dirty = f->dirty_high - f->dirty_low;
    uint64_t which = muster_random_below(r, 3);
    if (which < 2)
        return which == 0 ? 0 : dirty;
    return (uint32_t)muster_random_below(r, (uint64_t)dirty + 1);
}

enum muster_status muster_disk_sync(struct muster_disk *d, uint32_t file, struct muster_random *r)
{
    assert(file < MUSTER_DISK_FILES);
    struct muster_disk_file *f = &d->file[file];
    if (f->capacity > 0 && is_dirty(f)) {
        settle(f, d->error ? arrived(f, r) : f->dirty_high - f->dirty_low);
        if (!d->error)
            clean(f);
    }
    return d->error ? MUSTER_STATUS_IOERROR : MUSTER_STATUS_OK;
}

struct muster_bytes muster_disk_read(const struct muster_disk *d, uint32_t file, uint64_t offset)
{
    assert(file < MUSTER_DISK_FILES);
    const struct muster_disk_file *f = &d->file[file];
    if (offset >= f->cached_size)
        return (struct muster_bytes){0};
    size_t left = f->cached_size - (size_t)offset;
    return (struct muster_bytes){f->cached + offset,
                                 left < MUSTER_DISK_READ_MAX ? left : MUSTER_DISK_READ_MAX};
}

struct muster_bytes muster_disk_durable(const struct muster_disk *d, uint32_t file)
{
    assert(file < MUSTER_DISK_FILES);
    return (struct muster_bytes){d->file[file].durable, d->file[file].durable_size};
}

void muster_disk_crash(struct muster_disk *d, enum muster_disk_crash how, struct muster_random *r)
{
    for (uint32_t i = 0; i < MUSTER_DISK_FILES; i++) {
        struct muster_disk_file *f = &d->file[i];
        if (f->capacity == 0)
            continue;
        if (how == MUSTER_DISK_GONE)
            f->durable_size = 0;
        else if (how == MUSTER_DISK_TORN && is_dirty(f))
            settle(f, arrived(f, r));
        if (f->durable_size < f->capacity)
            memset(f->durable + f->durable_size, 0, f->capacity - f->durable_size);
        memcpy(f->cached, f->durable, f->capacity);
        f->cached_size = f->durable_size;
        clean(f);
    }
}

void muster_disk_rot(struct muster_disk *d, struct muster_random *r)
{
    for (uint32_t i = 0; i < MUSTER_DISK_FILES; i++) {
        struct muster_disk_file *f = &d->file[i];
        if (f->durable_size == 0)
            continue;
        uint64_t at = muster_random_below(r, f->durable_size);
        uint8_t bit = (uint8_t)(1u << muster_random_below(r, 8));
        f->durable[at] ^= bit;
        f->cached[at] ^= bit;
    }
}

void muster_disk_copy(struct muster_disk *to, const struct muster_disk *from,
                      struct muster_arena *a)
{
    for (uint32_t i = 0; i < MUSTER_DISK_FILES; i++) {
        const struct muster_disk_file *f = &from->file[i];
        if (f->capacity == 0 || !grow(&to->file[i], a, f->capacity))
            continue;
        memcpy(to->file[i].durable, f->durable, f->durable_size);
        memcpy(to->file[i].cached, f->durable, f->durable_size);
        to->file[i].durable_size = to->file[i].cached_size = f->durable_size;
        clean(&to->file[i]);
    }
}
