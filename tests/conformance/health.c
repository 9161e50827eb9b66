/* SPDX-License-Identifier: Apache-2.0 */
/* The health source. It says: circuit OPEN for some 400 s, two failed components, 7 retry failures
 * in the last hour. */
#include "core/orchestrator/health.h"
#include "tests/conformance/conformance.h"

static void sample(struct conformance *c)
{
    conformance_sample(c, MUSTER_SECOND);
}

static enum conformance_verdict is_read(struct conformance *c, const struct muster_input *in)
{
    struct muster_flat_reader r;
    struct muster_flat_value v;
    struct muster_health h;
    if (conformance_which(c, in) != 0)
        return CONFORMANCE_ON;
    muster_flat_reader_init(&r, in->data);
    if (in->status != MUSTER_STATUS_OK || in->reply.endpoint != MUSTER_ENDPOINT_HEALTH ||
        muster_flat_next(&r, &v) != 0 || v.type != MUSTER_FLAT_BULK || r.left.size > 0)
        return conformance_bad(c, "status %u, %zu bytes", in->status, in->data.size);
    muster_health_unknown(&h);
    muster_health_parse(&h, v.bytes);
    bool open = h.circuit == MUSTER_CIRCUIT_OPEN && h.open_duration >= 390 * MUSTER_SECOND &&
                h.open_duration < 420 * MUSTER_SECOND;
    if (!open || h.failed_components != 2 || h.failures_1h != 7 || h.retry != MUSTER_RETRY_ELEVATED)
        return conformance_bad(c, "read '%.*s'", (int)v.bytes.size, (const char *)v.bytes.at);
    return CONFORMANCE_GOOD;
}

static const struct conformance_step health[] = {
    {"a sample has what the source says", sample, is_read},
    {"and again", sample, is_read},
    {NULL, NULL, NULL},
};
const struct conformance_suite conformance_health = {"health", health};

static enum conformance_verdict is_none(struct conformance *c, const struct muster_input *in)
{
    if (conformance_which(c, in) != 0)
        return CONFORMANCE_ON;
    if (in->status == MUSTER_STATUS_OK || in->data.size > 0)
        return conformance_bad(c, "status %u, %zu bytes", in->status, in->data.size);
    return conformance_lasted(c) < 2 * MUSTER_SECOND ? CONFORMANCE_GOOD
                                                     : conformance_bad(c, "it took too long");
}

static const struct conformance_step gone[] = {
    {"a source that is gone gives no sample, in time", sample, is_none},
    {NULL, NULL, NULL},
};
const struct conformance_suite conformance_health_gone = {"health_gone", gone};
