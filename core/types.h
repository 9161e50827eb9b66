/* SPDX-License-Identifier: Apache-2.0 */
/* The few types everything else is made of: time, spans of bytes, errors. */
#ifndef MUSTER_CORE_TYPES_H
#define MUSTER_CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A point in time, in nanoseconds. Which clock it is read from is part of each name or docstring:
 * "now" is a process's own lease clock (CLOCK_BOOTTIME in production), never a wall clock. */
typedef uint64_t muster_time;
/* A length of time, in nanoseconds. */
typedef uint64_t muster_dur;

#define MUSTER_NEVER       UINT64_MAX
#define MUSTER_MICROSECOND ((muster_dur)1000)
#define MUSTER_MILLISECOND ((muster_dur)1000000)
#define MUSTER_SECOND      ((muster_dur)1000000000)

/* The largest integer that every JSON reader keeps exactly (2^53 - 1); epochs, counters and event
 * numbers stay within it, because they travel through Lua numbers and JSON traces. */
#define MUSTER_INTEGER_MAX ((UINT64_C(1) << 53) - 1)

/* One million: scores and shares are parts per million, so that no state holds a float. */
#define MUSTER_PPM UINT32_C(1000000)

/* Bytes that belong to somebody else. An empty span may have a null pointer. */
struct muster_bytes {
    const uint8_t *at;
    size_t size;
};

/* Errors of the core. Functions return 0 or one of these, negative. */
#define MUSTER_ERRORS(X)                                                                           \
    X(INVALID, -1, "invalid argument or malformed data")                                           \
    X(NOSPACE, -2, "does not fit into the space given")                                            \
    X(NOTFOUND, -3, "no such thing")                                                               \
    X(CORRUPT, -4, "checksum or format does not match")

enum muster_error_code {
#define X(name, value, text) MUSTER_E_##name = (value),
    MUSTER_ERRORS(X)
#undef X
};

/* Saturating sum of a time and a length: never wraps, ends at MUSTER_NEVER. */
static inline muster_time muster_time_add(muster_time t, muster_dur d)
{
    return d > MUSTER_NEVER - t ? MUSTER_NEVER : t + d;
}

/* Time from earlier to later; 0 when they are the other way round. */
static inline muster_dur muster_time_since(muster_time later, muster_time earlier)
{
    return later > earlier ? later - earlier : 0;
}

static inline muster_time muster_time_min(muster_time a, muster_time b)
{
    return a < b ? a : b;
}

static inline muster_time muster_time_max(muster_time a, muster_time b)
{
    return a > b ? a : b;
}

#endif
