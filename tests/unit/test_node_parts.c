/* SPDX-License-Identifier: Apache-2.0 */
/* A node and its parts: before they are there, and those that come from outside the core. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/door.h"

static struct door *d;

static int set_up(void **state)
{
    (void)state;
    d = door_open(&(struct door_options){.peers_vote = true});
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    door_close(d);
    return 0;
}

/* ---- a coordinator from outside ---- */

static size_t follower_size(const struct muster_place *place)
{
    (void)place;
    return sizeof(uint64_t);
}

static void follower_init(void *self, const struct muster_config *cfg,
                          const struct muster_place *place)
{
    (void)self, (void)cfg, (void)place;
}

static void follower_handle(void *self, const struct muster_input *in, struct muster_effects *out)
{
    uint64_t *inputs = self;
    (void)in, (void)out;
    ++*inputs;
}

static bool follower_owns(const void *self, uint64_t tag)
{
    (void)self;
    return tag == 7;
}

static void follower_vote(void *self, const struct muster_self *vote)
{
    (void)self, (void)vote;
}

static void follower_heard(void *self, muster_time now, uint64_t epoch, struct muster_effects *out)
{
    (void)self, (void)now, (void)epoch, (void)out;
}

static void follower_stalled(void *self, muster_time now)
{
    (void)self, (void)now;
}

static void follower_drain(void *self)
{
    (void)self;
}

static void follower_step(void *self, muster_time now, struct muster_effects *out)
{
    (void)self, (void)now, (void)out;
}

static muster_time follower_deadline(const void *self)
{
    (void)self;
    return MUSTER_NEVER;
}

static struct muster_standing follower_standing(const void *self, muster_time now)
{
    (void)self, (void)now;
    return (struct muster_standing){.refusal = MUSTER_RESULT_SKIPPED_NO_QUORUM};
}

static struct muster_member_view follower_member(const void *self, muster_time now, uint32_t index)
{
    (void)self, (void)now, (void)index;
    return (struct muster_member_view){false, MUSTER_COUNT_UNKNOWN};
}

static bool follower_decision(void *self, struct muster_agreement *ret_agreement)
{
    (void)self, (void)ret_agreement;
    return false;
}

static void follower_describe(const void *self, struct muster_text *t)
{
    const uint64_t *inputs = self;
    muster_text_add(t, "follower inputs=");
    muster_text_add_u64(t, *inputs);
}

static const struct muster_coordinator_kind follower = {
    .name = "follower",
    .size = follower_size,
    .init = follower_init,
    .handle = follower_handle,
    .owns = follower_owns,
    .vote = follower_vote,
    .heard = follower_heard,
    .stalled = follower_stalled,
    .drain = follower_drain,
    .leave = follower_step,
    .advance = follower_step,
    .deadline = follower_deadline,
    .standing = follower_standing,
    .member = follower_member,
    .decision = follower_decision,
    .describe = follower_describe,
};

static void coordinator_from_outside_is_plugged_in(void **state)
{
    (void)state;
    d->parts.coordinator = &follower;
    door_start(d, false);
    assert_true(door_says(d, "follower inputs=1 "));
    struct muster_input in = {.kind = MUSTER_IN_REPLY, .tag = 7};
    door_input(d, &in);
    in.tag = 8; /* nobody's */
    door_input(d, &in);
    assert_true(door_says(d, "follower inputs=2 "));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    assert_int_equal(door_note(d, MUSTER_NOTE_ACTION_SKIPPED)->effect.arg[0],
                     MUSTER_RESULT_SKIPPED_NO_QUORUM);
    door_command(d, MUSTER_VERB_TRIGGER, "circuit_restart");
    assert_non_null(door_effect(d, MUSTER_OUT_ACTION)); /* a local action needs no lease */
}

/* ---- an orchestrator from outside ---- */

/* It decides nothing, and remembers what it was asked. No time of its own: `advance` and `deadline`
 * are null. */
struct watcher {
    muster_time next;
    uint64_t cycles, samples, failed, intent_base, ended, lost, agreed;
    uint64_t verb;
    char text[32];
    bool busy, drains;
    uint64_t counts[MUSTER_RESULT_COUNT];
};

static size_t watcher_size(const struct muster_config *cfg, const struct muster_place *place)
{
    (void)cfg, (void)place;
    return sizeof(struct watcher);
}

static void watcher_init(void *self, const struct muster_config *cfg,
                         const struct muster_place *place, uint64_t intent_base)
{
    struct watcher *w = self;
    (void)cfg, (void)place;
    w->intent_base = intent_base;
    w->next = DOOR_START + 3 * MUSTER_SECOND;
    w->busy = true;
}

static muster_time watcher_sample_at(const void *self)
{
    const struct watcher *w = self;
    return w->next;
}

static bool watcher_poll(void *self, muster_time now)
{
    struct watcher *w = self;
    if (now < w->next)
        return false;
    w->next = MUSTER_NEVER;
    return true;
}

static void watcher_cycle(void *self, struct muster_turn *t, const struct muster_sight *sight)
{
    struct watcher *w = self;
    (void)t;
    w->cycles++;
    w->failed = sight->own->failed_components;
}

static enum muster_fallback_mode watcher_observe(void *self, struct muster_turn *t,
                                                 const struct muster_sight *sight)
{
    struct watcher *w = self;
    (void)t, (void)sight;
    w->samples++;
    return MUSTER_MODE_SAFE;
}

static void watcher_event(void *self, struct muster_turn *t, uint64_t verb,
                          struct muster_bytes text)
{
    struct watcher *w = self;
    struct muster_text copy;
    (void)t;
    w->verb = verb;
    muster_text_init(&copy, w->text, sizeof w->text);
    muster_text_add_bytes(&copy, text);
    w->busy = false;
}

static void watcher_ended(void *self, struct muster_turn *t, const struct muster_input *in)
{
    struct watcher *w = self;
    (void)t;
    w->ended = in->tag;
}

static void watcher_lost(void *self, struct muster_turn *t)
{
    struct watcher *w = self;
    (void)t;
    w->lost++;
}

static bool watcher_agreed(void *self, struct muster_turn *t, enum muster_fallback_mode mode)
{
    struct watcher *w = self;
    (void)t;
    w->agreed = mode;
    return true;
}

static void watcher_drain(void *self, struct muster_turn *t)
{
    struct watcher *w = self;
    (void)t;
    w->drains = true;
}

static bool watcher_is_free(const void *self)
{
    const struct watcher *w = self;
    return !w->busy;
}

static void watcher_disk(void *self, const struct muster_input *in, struct muster_effects *out)
{
    (void)self, (void)in, (void)out;
}

static bool watcher_owns(const void *self, uint64_t tag)
{
    (void)self, (void)tag;
    return false;
}

static void watcher_describe(const void *self, struct muster_text *t)
{
    const struct watcher *w = self;
    muster_text_add(t, "watcher cycles=");
    muster_text_add_u64(t, w->cycles);
    muster_text_add(t, " failed=");
    muster_text_add_u64(t, w->failed);
    muster_text_add(t, " text=");
    muster_text_add(t, w->text);
    muster_text_add(t, " ended=");
    muster_text_add_u64(t, w->ended);
    muster_text_add(t, " lost=");
    muster_text_add_u64(t, w->lost);
    muster_text_add(t, w->drains ? " draining" : " on");
}

static const uint64_t *watcher_metrics(const void *self)
{
    const struct watcher *w = self;
    return w->counts;
}

static const struct muster_orchestrator_kind watcher = {
    .name = "watcher",
    .size = watcher_size,
    .init = watcher_init,
    .sample_at = watcher_sample_at,
    .poll = watcher_poll,
    .cycle = watcher_cycle,
    .observe = watcher_observe,
    .event = watcher_event,
    .ended = watcher_ended,
    .lost = watcher_lost,
    .agreed = watcher_agreed,
    .drain = watcher_drain,
    .idle = watcher_is_free,
    .drained = watcher_is_free,
    .saved = watcher_is_free,
    .disk = watcher_disk,
    .owns = watcher_owns,
    .describe = watcher_describe,
    .metrics = watcher_metrics,
};

static void orchestrator_from_outside_is_plugged_in(void **state)
{
    (void)state;
    d->parts.orchestrator = &watcher;
    d->health = "system=DEGRADED failed=2 circuit=CLOSED failures_1h=0";
    door_start(d, true);
    door_run(d, DOOR_START + 3 * MUSTER_SECOND - 1);
    assert_true(door_says(d, " watcher cycles=0 "));
    door_wait(d, DOOR_ROUND_TRIP + 1);
    assert_true(door_says(d, "watcher cycles=1 failed=2 "));
    door_command(d, MUSTER_VERB_TRIGGER, "safe_mode");
    assert_true(door_says(d, "text=safe_mode "));
    assert_null(door_effect(d, MUSTER_OUT_ACTION));
    door_end_action(d, 77, 1, MUSTER_RESULT_SUCCESS, 0);
    assert_true(door_says(d, "ended=77 "));
}

static void orchestrator_from_outside_hears_of_the_lease_and_of_the_shutdown(void **state)
{
    (void)state;
    d->parts.orchestrator = &watcher;
    door_start(d, true);
    door_wait(d, 20 * MUSTER_SECOND);
    assert_true(door_says(d, "lease=leading"));
    /* It is busy until it is told otherwise: a handover waits for it, a shutdown as well. */
    door_command(d, MUSTER_VERB_SWITCHOVER, "n2");
    door_wait(d, MUSTER_SECOND);
    assert_true(door_says(d, "lost=0 "));
    door_command(d, MUSTER_VERB_TRIGGER, "be free");
    assert_true(door_says(d, "lost=1 on"));
    assert_int_equal(door_note(d, MUSTER_NOTE_LEADER_LOST)->effect.arg[2], MUSTER_LOST_SWITCHOVER);
    door_command(d, MUSTER_VERB_SHUTDOWN, "");
    assert_true(door_says(d, " draining"));
    door_wait(d, MUSTER_SECOND);
    assert_non_null(door_note(d, MUSTER_NOTE_STOPPED));
}

static void member_that_has_not_started_says_so_much_of_its_lease_as_there_is(void **state)
{
    (void)state;
    char text[512];
    size_t size = (muster_node_size(&d->config, &d->place, NULL) + 15) / 16 * 16;
    d->memory = aligned_alloc(16, size);
    assert_non_null(d->memory);
    memset(d->memory, 0, size);
    d->node = d->memory;
    muster_node_init(d->node, &d->config, &d->place, NULL);
    int length = muster_node_describe(d->node, text, sizeof text);
    assert_int_equal(length, strlen(text));
    assert_non_null(strstr(text, "life=loading lease=idle"));
    assert_null(strstr(text, "running="));
    assert_true(muster_node_deadline(d->node) == MUSTER_NEVER);
}

int main(void)
{
#define HERE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        HERE(coordinator_from_outside_is_plugged_in),
        HERE(orchestrator_from_outside_is_plugged_in),
        HERE(orchestrator_from_outside_hears_of_the_lease_and_of_the_shutdown),
        HERE(member_that_has_not_started_says_so_much_of_its_lease_as_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
