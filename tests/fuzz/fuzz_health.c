/* SPDX-License-Identifier: Apache-2.0 */
/* Health of any bytes: every field is set, whatever stood there, and there is a score. */
#include "core/orchestrator/health.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct muster_health one, two;
    const struct muster_bytes text = {data, size};
    memset(&one, 0x5a, sizeof one);
    memset(&two, 0xa5, sizeof two);
    muster_health_parse(&one, text);
    muster_health_parse(&two, text);
    assert(one.system <= MUSTER_SYSTEM_FAILED && one.circuit <= MUSTER_CIRCUIT_OPEN);
    assert(one.retry <= MUSTER_RETRY_CRITICAL && one.fallback <= MUSTER_MODE_SAFE);
    assert(one.system == two.system && one.circuit == two.circuit && one.retry == two.retry);
    assert(one.fallback == two.fallback && one.open_duration == two.open_duration);
    assert(one.failed_components == two.failed_components);
    assert(one.degraded_components == two.degraded_components);
    assert(one.total_components == two.total_components);
    assert(one.unknown_components == two.unknown_components);
    assert(one.failures_1h == two.failures_1h && one.accuracy_ppm == two.accuracy_ppm);
    uint32_t score = muster_health_score(&one);
    assert(score <= 1000000 && score == muster_health_score(&two));
    assert(muster_health_classify(score) <= MUSTER_HEALTH_HEALTHY);
    return 0;
}
