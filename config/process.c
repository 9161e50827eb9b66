/* SPDX-License-Identifier: Apache-2.0 */
/* Our own node as a process, and the words of a process's state. */
#include "config/process.h"

#include "config/node_config.h"
#include "core/node.h"

void muster_digest_word(struct muster_digest *d, uint64_t word)
{
    uint64_t z = (d->hash ^ word) + UINT64_C(0x9e3779b97f4a7c15); /* SplitMix64's finisher */
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    d->hash = z ^ z >> 31;
}

void muster_digest_time(struct muster_digest *d, muster_time t)
{
    muster_digest_word(d, t == MUSTER_NEVER ? t : t - d->now);
}

void muster_digest_bytes(struct muster_digest *d, const void *data, size_t size)
{
    const uint8_t *at = data;
    muster_digest_word(d, size);
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0; /* little-endian, whatever the machine is */
        for (size_t k = 0; k < 8 && i + k < size; k++)
            word |= (uint64_t)at[i + k] << 8 * k;
        muster_digest_word(d, word);
    }
}

static int load(void *config, const struct muster_doc *mapping, struct muster_diagnostics *d)
{
    return muster_node_config_load(config, mapping, NULL, d);
}

static size_t size(const void *config, const struct muster_place *place)
{
    return muster_node_size(config, place, NULL);
}

static void init(void *self, const void *config, const struct muster_place *place)
{
    muster_node_init(self, config, place, NULL);
}

static void handle(void *self, const struct muster_input *in, struct muster_effects *out)
{
    muster_node_handle(self, in, out);
}

static muster_time deadline(const void *self)
{
    return muster_node_deadline(self);
}

static int describe(const void *self, char *text, size_t room)
{
    return muster_node_describe(self, text, room);
}

const struct muster_process muster_process_node = {
    .name = "muster",
    .summary = "a member of a muster cluster: a recovery orchestrator and a coordinator",
    .config_size = sizeof(struct muster_node_config),
    .config_load = load,
    .size = size,
    .init = init,
    .handle = handle,
    .deadline = deadline,
    .describe = describe,
};
