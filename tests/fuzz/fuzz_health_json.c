/* SPDX-License-Identifier: Apache-2.0 */
/* A health file of any bytes: a text for the core and perhaps a reason, or a reason alone. */
#include "core/orchestrator/health.h"
#include "live/health.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[MUSTER_LIVE_HEALTH_TEXT_ROOM];
    char why[256];
    struct muster_text text;
    struct muster_health h;
    muster_text_init(&text, room, sizeof room);
    memset(why, 'x', sizeof why);
    int ret = muster_health_text((struct muster_bytes){data, size}, &text, why, sizeof why);
    assert(memchr(why, 0, sizeof why) && !strchr(why, '\n'));
    assert(ret == 0 || (text.length == 0 && why[0]));
    assert(!muster_text_is_cut(&text) && strlen(room) == text.length);
    for (const char *c = room; *c; c++)
        assert(*c >= ' ' && *c <= '~');
    muster_health_parse(&h, muster_text_written(&text));
    assert(muster_health_score(&h) <= 1000000);
    return 0;
}
