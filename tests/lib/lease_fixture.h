/* SPDX-License-Identifier: Apache-2.0 */
/* The lease of n1 among three voters, with the store in one text. For one program file each. */
#ifndef MUSTER_TESTS_LIB_LEASE_FIXTURE_H
#define MUSTER_TESTS_LIB_LEASE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/coordinator/lease.h"

#define VOTERS 3
#define START  (100 * MUSTER_SECOND)

static const char *const names[] = {"n1", "n2", "n3"};
static const struct muster_place place = {.count = VOTERS, .voters = VOTERS, .names = names};
static struct muster_config config;
static struct muster_lease l;
static struct muster_effects out;
static struct muster_member_record voter[VOTERS];
static bool present[VOTERS];
static char stored[MUSTER_RECORD_MAX]; /* the leader record */
static muster_time now;

static inline struct muster_bytes span(void)
{
    return muster_text_bytes(stored);
}

static inline void see(void)
{
    struct muster_lease_view v = {.voter = voter, .present = present, .leader_text = span()};
    v.has_leader = muster_leader_record_parse(&v.leader, span()) == 0;
    out.count = out.used = 0;
    muster_lease_see(&l, now, &v, &out);
}

static inline uint32_t notes(uint16_t note)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < out.count; i++)
        n += out.at[i].note == note;
    return n;
}

/* The script that is wanted is sent and executed; `answered`: its reply comes. */
static inline void run_script(bool answered)
{
    enum muster_lease_script script = l.script;
    assert_true(script != MUSTER_LEASE_NOTHING);
    out.count = out.used = 0;
    muster_lease_script_sent(&l, now, &out);
    if (script == MUSTER_LEASE_ACQUIRE)
        snprintf(stored, sizeof stored, "H %u %llx 0 n1 %032x 0 0", (unsigned)l.known + 1,
                 (unsigned long long)l.pair.attempt, 1);
    else if (strcmp(stored, l.expected) == 0)
        memcpy(stored, l.written, sizeof stored);
    if (answered)
        muster_lease_script_done(&l, now, span(), &out);
}

static inline void write_slot(enum muster_status status)
{
    assert_true(l.writing.sequence > 0);
    out.count = out.used = 0;
    muster_lease_written(&l, now, status, &out);
}

static inline void others_promise(uint64_t echo)
{
    for (uint32_t i = 1; i < VOTERS; i++) {
        present[i] = true;
        voter[i].state = MUSTER_MEMBER_ACTIVE;
        voter[i].electorate = l.electorate;
        voter[i].promise = l.pair;
        voter[i].echo = echo;
        voter[i].known = l.pair.epoch;
    }
}

static inline int set_up(void **state)
{
    (void)state;
    muster_config_defaults(&config);
    muster_config_finish(&config);
    memset(voter, 0, sizeof voter);
    memset(present, 0, sizeof present);
    memset(stored, 0, sizeof stored);
    memset(&out, 0, sizeof out);
    now = START;
    muster_lease_init(&l, &config, &place, (struct muster_incarnation){0, 1}, 9, now);
    struct muster_slot first = {.sequence = 1, .electorate = l.electorate};
    muster_lease_restore(&l, &first);
    l.active = true;
    return 0;
}

static inline void renew(bool answered)
{
    now = l.renew_at;
    out.count = out.used = 0;
    muster_lease_tick(&l, now, &out);
    assert_int_equal(l.script, MUSTER_LEASE_RENEW);
    run_script(answered);
}

#endif
