/* SPDX-License-Identifier: Apache-2.0 */
/* A condition of any bytes: it compiles alike twice, an error lies within it, it evaluates.
 *
 * The first byte says what is known of the surroundings, the rest is the text.
 */
#include "core/orchestrator/condition.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

static const char *const actions[] = {"restart_radio", "stabilize_attitude", "cache_purge"};

static void facts_from(uint8_t seed, struct muster_condition_facts *f)
{
    muster_condition_facts_init(f);
    f->failed = seed;
    f->active = seed;
    if (seed & 1)
        f->severity_ppm = seed * UINT32_C(3921);
    if (seed & 2)
        f->step = f->recurrence_count = seed;
    if (seed & 4)
        f->duration = seed * MUSTER_SECOND;
}

static int compile(struct muster_bytes text, bool types_open, struct muster_condition *c,
                   struct muster_condition_error *e, struct muster_anomaly_types *types)
{
    const struct muster_condition_names names = {{actions, 3}, types, types_open};
    *types = (struct muster_anomaly_types){.name = {"power_fault"}, .count = 1};
    memset(c, 0xa5, sizeof *c);
    memset(e, 0xa5, sizeof *e);
    return muster_condition_compile(text, &names, c, e);
}

static void check_error(const struct muster_condition_error *e, struct muster_bytes text)
{
    assert(e->offset <= text.size);
    assert(e->length <= text.size - e->offset);
    assert(e->text[0] && memchr(e->text, 0, sizeof e->text));
    for (const char *at = e->text; *at; at++)
        assert(*at >= ' ' && *at <= '~');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct muster_condition one, two;
    struct muster_condition_error e, again;
    struct muster_anomaly_types types, types_again;
    struct muster_condition_facts f;
    if (size == 0)
        return 0;
    struct muster_bytes text = {data + 1, size - 1};
    bool open = data[0] & 1;
    int ret = compile(text, open, &one, &e, &types);
    int ret_again = compile(text, open, &two, &again, &types_again);
    assert(ret == ret_again);
    assert(memcmp(&one, &two, sizeof one) == 0);
    assert(memcmp(&e, &again, sizeof e) == 0);
    assert(memcmp(&types, &types_again, sizeof types) == 0);
    if (ret != 0)
        check_error(&e, text);
    facts_from(data[0], &f);
    assert(muster_condition_holds(&one, &f) == muster_condition_holds(&two, &f));
    assert(ret == 0 || !muster_condition_holds(&one, &f));
    return 0;
}
