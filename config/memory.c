/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks that are filled from the front and freed all at once. */
#include "config/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE    ((size_t)64 * 1024)
#define ALIGNMENT     ((size_t)16)
#define EXIT_INTERNAL 70

struct muster_chunk {
    struct muster_chunk *older;
    size_t size, used;
    _Alignas(16) unsigned char room[];
};

void muster_memory_short(void)
{
    fputs("muster: out of memory\n", stderr);
    exit(EXIT_INTERNAL);
}

void *muster_memory_need(size_t size)
{
    void *room = malloc(size > 0 ? size : 1);
    if (!room)
        muster_memory_short();
    return room;
}

static struct muster_chunk *chunk_new(size_t size)
{
    struct muster_chunk *c = calloc(1, sizeof *c + size);
    if (!c)
        muster_memory_short();
    c->size = size;
    return c;
}

void *muster_memory_take(struct muster_memory *m, size_t size)
{
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct muster_chunk *c = m->newest;
    if (!c || c->size - c->used < size) {
        c = chunk_new(size > CHUNK_SIZE ? size : CHUNK_SIZE);
        c->older = m->newest;
        m->newest = c;
    }
    void *piece = c->room + c->used;
    c->used += size;
    return piece;
}

char *muster_memory_copy(struct muster_memory *m, const char *text, size_t size)
{
    char *copy = muster_memory_take(m, size + 1);
    if (size > 0)
        memcpy(copy, text, size);
    return copy;
}

void muster_memory_join(struct muster_memory *m, struct muster_memory *from)
{
    struct muster_chunk **oldest = &m->newest;
    while (*oldest)
        oldest = &(*oldest)->older;
    *oldest = from->newest;
    from->newest = NULL;
}

void muster_memory_free(struct muster_memory *m)
{
    while (m->newest) {
        struct muster_chunk *c = m->newest;
        m->newest = c->older;
        free(c);
    }
}
