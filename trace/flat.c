/* SPDX-License-Identifier: Apache-2.0 */
/* Flat values as JSON, without loss; sim/trace/unflat.c reads them back.
 *
 * bulk "…", integer 5 (beyond 2^53-1 {":":"-9007199254740993"}), nil null, array […],
 * status {"+":"OK"}, error {"-":"ERR …"}. */
#define MUSTER_BANNED_ALLOW_HEAP
#include "core/banned.h"

#include "trace/line.h"

#include "core/flat.h"

#define NESTING_MAX 8 /* as muster_flat_skip */

static char *put_integer(char *at, int64_t value)
{
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    bool small = size <= MUSTER_INTEGER_MAX;
    if (!small)
        at = muster_line_put(at, "{\":\":\"");
    if (value < 0)
        *at++ = '-';
    at = muster_line_decimal(at, size);
    return small ? at : muster_line_put(at, "\"}");
}

/* Everything but an array. */
static char *put_scalar(char *at, const struct muster_flat_value *v)
{
    switch (v->type) {
    case MUSTER_FLAT_INTEGER:
        return put_integer(at, v->integer);
    case MUSTER_FLAT_NIL:
        return muster_line_put(at, "null");
    case MUSTER_FLAT_STATUS:
        at = muster_line_text(muster_line_put(at, "{\"+\":"), v->bytes);
        break;
    case MUSTER_FLAT_ERROR:
        at = muster_line_text(muster_line_put(at, "{\"-\":"), v->bytes);
        break;
    case MUSTER_FLAT_BULK:
    case MUSTER_FLAT_ARRAY:
        return muster_line_text(at, v->bytes);
    }
    *at++ = '}';
    return at;
}

char *muster_line_flat(char *at, struct muster_bytes data)
{
    struct muster_flat_reader reader;
    muster_flat_reader_init(&reader, data);
    uint64_t left[NESTING_MAX] = {1};
    uint32_t depth = 0;
    bool first = true;
    for (;;) {
        struct muster_flat_value v;
        if (muster_flat_next(&reader, &v))
            return NULL;
        if (!first)
            *at++ = ',';
        first = false;
        left[depth]--;
        if (v.type == MUSTER_FLAT_ARRAY) {
            *at++ = '[';
            if (++depth == NESTING_MAX)
                return NULL;
            left[depth] = v.count;
            first = true;
        } else {
            at = put_scalar(at, &v);
        }
        for (; left[depth] == 0; depth--) {
            if (depth == 0)
                return reader.left.size == 0 ? at : NULL;
            *at++ = ']';
            first = false;
        }
    }
}
