/* SPDX-License-Identifier: Apache-2.0 */
/* Ledgers of any bytes, from the store, from a disk, and as the orchestrator reads them: what is
 * taken for one is written as the very same bytes, and no text makes anything freer. */
#include "core/coordinator/ledger.h"
#include "core/orchestrator/acting.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

#define CLUSTER UINT64_C(7)
#define NOW     (100000 * MUSTER_SECOND)

static void check_value(struct muster_bytes text)
{
    static struct muster_ledger l;
    static char room[MUSTER_LEDGER_VALUE_MAX + 64]; /* an epoch may have zeros before it */
    struct muster_text t;
    if (muster_ledger_parse(&l, text) != 0)
        return;
    muster_text_init(&t, room, sizeof room);
    muster_ledger_write(&l, &t);
    assert(!muster_text_is_cut(&t));
    static struct muster_ledger again;
    int error = muster_ledger_parse(&again, muster_text_written(&t));
    assert(!error && again.size == l.size && memcmp(again.text, l.text, l.size) == 0);
}

static void check_slot(struct muster_bytes text)
{
    static struct muster_ledger l;
    static uint8_t bytes[MUSTER_LEDGER_HEAD + MUSTER_LEDGER_MAX];
    uint64_t sequence;
    for (uint32_t slot = 0; slot < 2; slot++) {
        if (muster_ledger_decode(&l, &sequence, CLUSTER, slot, text) != 0 || l.version.epoch == 0)
            continue;
        size_t size = muster_ledger_encode(&l, sequence, CLUSTER, bytes);
        assert(size <= text.size && memcmp(bytes + MUSTER_LEDGER_HEAD, l.text, l.size) == 0);
    }
}

static void check_text(struct muster_bytes text)
{
    static const char *const names[] = {"n1"};
    static const struct muster_place place = {.count = 1, .voters = 1, .names = names};
    static struct muster_config config;
    static struct muster_acting a;
    static struct muster_acting_options options;
    muster_config_defaults(&config);
    muster_acting_options_basic(&options);
    muster_limits_defaults(&options.limits);
    muster_blast_defaults(&options.blast);
    options.limited = options.bounded = true;
    muster_acting_init(&a, &config.recovery, &place, &options, 1);
    muster_acting_inherit(&a, NOW, MUSTER_ACTION_SAFE_MODE, 0);
    muster_limits_count(&a.limits, NOW, true);
    muster_time until = muster_cooldown_until(&a.cooldowns, MUSTER_ACTION_SAFE_MODE, NOW);
    muster_acting_take_over(&a, NOW, text, 5 * MUSTER_SECOND);
    assert(muster_cooldown_until(&a.cooldowns, MUSTER_ACTION_SAFE_MODE, NOW) >= until);
    assert(muster_limits_used(&a.limits, NOW, MUSTER_LIMIT_ACTIONS) >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct muster_bytes text = {data, size};
    check_value(text);
    check_slot(text);
    check_text(text);
    return 0;
}
