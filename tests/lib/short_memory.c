/* SPDX-License-Identifier: Apache-2.0 */
/* malloc and its kin in front of the libc's (or a sanitizer's). Libraries call them, too: the
 * program's come first. */
#include "tests/lib/short_memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#define SHOWN __attribute__((visibility("default")))

static uint64_t countdown; /* to the allocation that fails; 0: none does */
static bool persists, failed;
static int64_t blocks;

void short_memory_arm(uint64_t n, bool onwards)
{
    countdown = n;
    persists = onwards;
    failed = false;
}

bool short_memory_disarm(void)
{
    countdown = 0;
    persists = false;
    return failed;
}

bool short_memory_strikes(void)
{
    bool strikes = countdown == 1 || (countdown == 0 && failed && persists);
    if (countdown > 0)
        countdown--;
    if (strikes) {
        failed = true;
        errno = ENOMEM;
    }
    return strikes;
}

int64_t short_memory_blocks(void)
{
    return blocks;
}

/* Who really has the memory. */
static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*aligned_alloc)(size_t, size_t);
    void (*free)(void *);
} next;

static void find(void *function, const char *name)
{
    *(void **)function = dlsym(RTLD_NEXT, name);
}

/* False while they are being found: dlsym itself may give a message back, which is then lost. */
static bool found(void)
{
    static bool begun;
    if (!begun) {
        begun = true;
        find(&next.malloc, "malloc");
        find(&next.calloc, "calloc");
        find(&next.realloc, "realloc");
        find(&next.aligned_alloc, "aligned_alloc");
        find(&next.free, "free");
    }
    return next.free != NULL;
}

static void *counted(void *block)
{
    blocks += block != NULL;
    return block;
}

SHOWN void *malloc(size_t size);
SHOWN void *calloc(size_t count, size_t size);
SHOWN void *realloc(void *block, size_t size);
SHOWN void *aligned_alloc(size_t alignment, size_t size);
SHOWN void free(void *block);

void *malloc(size_t size)
{
    return found() && !short_memory_strikes() ? counted(next.malloc(size)) : NULL;
}

void *calloc(size_t count, size_t size)
{
    return found() && !short_memory_strikes() ? counted(next.calloc(count, size)) : NULL;
}

void *realloc(void *block, size_t size)
{
    if (!found() || short_memory_strikes())
        return NULL;
    void *moved = next.realloc(block, size);
    blocks += !block && moved;
    return moved;
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return found() && !short_memory_strikes() ? counted(next.aligned_alloc(alignment, size)) : NULL;
}

void free(void *block)
{
    blocks -= block != NULL;
    if (found())
        next.free(block);
}

/* A sanitizer's own would pass malloc by. */
SHOWN char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}
