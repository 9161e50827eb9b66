/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual clocks: conversion between true time and a clock's reading. */
#include "sim/clock.h"

#include <assert.h>

#define MILLION INT64_C(1000000)

/* value * ratio / 10^6 for a ratio below 2^20 in magnitude, rounded down in magnitude, without
 * overflow. */
static int64_t scale(uint64_t value, int32_t ppm)
{
    int64_t whole = (int64_t)(value / (uint64_t)MILLION) * ppm;
    int64_t rest = (int64_t)(value % (uint64_t)MILLION) * ppm / MILLION;
    return whole + rest;
}

muster_time muster_clock_read(const struct muster_clock *c, muster_time t)
{
    assert(t >= c->base_true);
    uint64_t elapsed = t - c->base_true;
    if (c->drift_ppm == 0)
        return c->base_reading + elapsed;
    return c->base_reading + elapsed + (uint64_t)scale(elapsed, c->drift_ppm);
}

muster_time muster_clock_when(const struct muster_clock *c, muster_time reading)
{
    if (reading == MUSTER_NEVER)
        return MUSTER_NEVER;
    if (reading <= c->base_reading)
        return c->base_true;
    uint64_t ahead = reading - c->base_reading;
    if (c->drift_ppm == 0)
        return c->base_true + ahead;
    /* First guess by the inverse ratio, in parts per million of parts per million; then exact. */
    int64_t rate = MILLION + c->drift_ppm;
    uint64_t guess = ahead / (uint64_t)rate * (uint64_t)MILLION +
                     ahead % (uint64_t)rate * (uint64_t)MILLION / (uint64_t)rate;
    muster_time t = c->base_true + guess;
    while (muster_clock_read(c, t) < reading)
        t++;
    while (t > c->base_true && muster_clock_read(c, t - 1) >= reading)
        t--;
    return t;
}

void muster_clock_change(struct muster_clock *c, muster_time t, int64_t step, int32_t drift_ppm)
{
    assert(drift_ppm > -MUSTER_DRIFT_MAX_PPM && drift_ppm < MUSTER_DRIFT_MAX_PPM);
    muster_time reading = muster_clock_read(c, t);
    if (step < 0 && (uint64_t)-step > reading)
        reading = 0;
    else
        reading += (uint64_t)step;
    c->base_true = t;
    c->base_reading = reading;
    c->drift_ppm = drift_ppm;
}
