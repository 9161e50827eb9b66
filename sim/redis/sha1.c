/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-1 (FIPS 180-4), the name of a cached script. */
#include "sim/redis/server.h"

#include <string.h>

static uint32_t rotate(uint32_t v, uint32_t n)
{
    return v << n | v >> (32 - n);
}

static void step(uint32_t h[5], uint32_t f, uint32_t k, uint32_t w)
{
    uint32_t t = rotate(h[0], 5) + f + h[4] + k + w;
    h[4] = h[3];
    h[3] = h[2];
    h[2] = rotate(h[1], 30);
    h[1] = h[0];
    h[0] = t;
}

static void block(uint32_t state[5], const uint8_t *at)
{
    uint32_t w[80];
    uint32_t h[5];
    for (uint32_t i = 0; i < 16; i++)
        w[i] = (uint32_t)at[4 * i] << 24 | (uint32_t)at[4 * i + 1] << 16 |
               (uint32_t)at[4 * i + 2] << 8 | at[4 * i + 3];
    for (uint32_t i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    memcpy(h, state, sizeof(h));
    for (uint32_t i = 0; i < 20; i++)
        step(h, (h[1] & h[2]) | (~h[1] & h[3]), 0x5a827999, w[i]);
    for (uint32_t i = 20; i < 40; i++)
        step(h, h[1] ^ h[2] ^ h[3], 0x6ed9eba1, w[i]);
    for (uint32_t i = 40; i < 60; i++)
        step(h, (h[1] & h[2]) | (h[1] & h[3]) | (h[2] & h[3]), 0x8f1bbcdc, w[i]);
    for (uint32_t i = 60; i < 80; i++)
        step(h, h[1] ^ h[2] ^ h[3], 0xca62c1d6, w[i]);
    for (uint32_t i = 0; i < 5; i++)
        state[i] += h[i];
}

void muster_sha1_hex(struct muster_bytes data, char hex[40])
{
    static const char digits[] = "0123456789abcdef";
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    size_t done = 0;
    for (; data.size - done >= 64; done += 64)
        block(h, data.at + done);
    uint8_t tail[128] = {0};
    size_t left = data.size - done;
    if (left)
        memcpy(tail, data.at + done, left);
    tail[left] = 0x80;
    size_t size = left < 56 ? 64 : 128;
    uint64_t bits = (uint64_t)data.size * 8;
    for (uint32_t i = 0; i < 8; i++)
        tail[size - 1 - i] = (uint8_t)(bits >> 8 * i);
    for (size_t at = 0; at < size; at += 64)
        block(h, tail + at);
    for (uint32_t i = 0; i < 40; i++)
        hex[i] = digits[h[i / 8] >> (28 - 4 * (i % 8)) & 15];
}
