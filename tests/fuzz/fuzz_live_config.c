/* SPDX-License-Identifier: Apache-2.0 */
/* musterd's file of any bytes: a config that can be used, or complaints. The local coordinator is
 * taken for granted where the file begins with a comment. */
#include "live/config.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct muster_diagnostics d;
    static struct muster_live_config c;
    struct muster_sources sources = {.sealed = true};
    memset(&d, 0, sizeof d);
    muster_source_add(&sources, "etc/musterd.yaml", (const char *)data, size);
    bool local = size > 0 && data[0] == '#';
    int ret = muster_live_config_load(&c, "etc/musterd.yaml", local, &sources, &d);
    assert((ret == 0) == (d.errors == 0));
    if (ret == 0) {
        const struct muster_place *p = &c.place;
        assert(p->index < p->count && p->voters >= 1 && p->voters <= p->count);
        for (uint32_t i = 0; i < p->count; i++)
            assert(p->names[i] && p->names[i][0]);
        assert(c.state[0] && memchr(c.state, 0, sizeof c.state));
    }
    muster_live_config_free(&c);
    muster_sources_free(&sources);
    return 0;
}
