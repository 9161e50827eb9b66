/* SPDX-License-Identifier: Apache-2.0 */
/* A node whose coordinator and orchestrator are both from outside the core: nothing in it has to
 * know them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/flat.h"
#include "core/node.h"
#include "core/notes.h"

#define S(count) ((muster_time)(count)*MUSTER_SECOND)
#define NOW      S(100)
#define OWN_TAG  3
#define OWN_DISK (UINT64_C(1) << 60)

/* ---- a coordinator that leads from when its one request was answered ---- */

struct leader {
    bool asked, answered, draining, left;
    enum muster_fallback_mode voted;
    uint64_t heard;
    bool told;
};

static size_t leader_size(const struct muster_place *place)
{
    (void)place;
    return sizeof(struct leader);
}

static void leader_init(void *self, const struct muster_config *cfg,
                        const struct muster_place *place)
{
    (void)self, (void)cfg, (void)place; /* it comes zeroed */
}

static void leader_handle(void *self, const struct muster_input *in, struct muster_effects *out)
{
    struct leader *l = self;
    if (in->kind == MUSTER_IN_START) {
        struct muster_effect *e = muster_effects_add(out, MUSTER_OUT_REQUEST);
        e->tag = OWN_TAG;
        l->asked = true;
    } else if (in->kind == MUSTER_IN_REPLY) {
        l->answered = true;
    }
}

static bool leader_owns(const void *self, uint64_t tag)
{
    const struct leader *l = self;
    return l->asked && tag == OWN_TAG;
}

static void leader_vote(void *self, const struct muster_self *vote)
{
    struct leader *l = self;
    l->voted = vote->mode;
}

static void leader_heard(void *self, muster_time now, uint64_t epoch, struct muster_effects *out)
{
    struct leader *l = self;
    (void)now, (void)out;
    l->heard = epoch;
}

static void leader_stalled(void *self, muster_time now)
{
    (void)self, (void)now;
}

static void leader_drain(void *self)
{
    struct leader *l = self;
    l->draining = true;
}

static void leader_leave(void *self, muster_time now, struct muster_effects *out)
{
    struct leader *l = self;
    (void)now, (void)out;
    l->left = true;
}

static void leader_advance(void *self, muster_time now, struct muster_effects *out)
{
    (void)self, (void)now, (void)out;
}

static muster_time leader_deadline(const void *self)
{
    (void)self;
    return MUSTER_NEVER;
}

static struct muster_standing leader_standing(const void *self, muster_time now)
{
    const struct leader *l = self;
    (void)now;
    return (struct muster_standing){.leads = l->answered && !l->left,
                                    .holds = l->answered && !l->left,
                                    .epoch = 7,
                                    .until = NOW + S(60),
                                    .refusal = MUSTER_RESULT_SKIPPED_NOT_LEADER,
                                    .joined = true,
                                    .leaving = l->left,
                                    .left = l->left};
}

static struct muster_member_view leader_member(const void *self, muster_time now, uint32_t index)
{
    (void)self, (void)now;
    return (struct muster_member_view){.fresh = true, .seen = true, .live = true, .score = index};
}

static bool leader_decision(void *self, struct muster_agreement *ret_agreement)
{
    struct leader *l = self;
    bool news = l->answered && !l->told;
    l->told |= news;
    if (news)
        *ret_agreement = (struct muster_agreement){7, 1, MUSTER_CIRCUIT_OPEN, MUSTER_MODE_SAFE};
    return news;
}

static void leader_describe(const void *self, struct muster_text *t)
{
    const struct leader *l = self;
    muster_text_add(t, l->heard > 7 ? "leader fenced" : "leader");
}

static const struct muster_coordinator_kind leader = {
    .name = "leader",
    .size = leader_size,
    .init = leader_init,
    .handle = leader_handle,
    .owns = leader_owns,
    .vote = leader_vote,
    .heard = leader_heard,
    .stalled = leader_stalled,
    .drain = leader_drain,
    .leave = leader_leave,
    .advance = leader_advance,
    .deadline = leader_deadline,
    .standing = leader_standing,
    .member = leader_member,
    .decision = leader_decision,
    .describe = leader_describe,
};

/* ---- an orchestrator that runs its one action as soon as it leads ---- */

struct eager {
    uint64_t intent, members;
    bool runs, done, draining;
    uint64_t counts[MUSTER_RESULT_COUNT];
    enum muster_fallback_mode mode;
};

static size_t eager_size(const struct muster_config *cfg, const struct muster_place *place)
{
    (void)cfg, (void)place;
    return sizeof(struct eager);
}

static void eager_init(void *self, const struct muster_config *cfg,
                       const struct muster_place *place, uint64_t intent_base)
{
    struct eager *o = self;
    (void)cfg, (void)place;
    o->intent = intent_base + 1;
    o->mode = MUSTER_MODE_PRIMARY;
}

static muster_time eager_sample_at(const void *self)
{
    (void)self;
    return MUSTER_NEVER;
}

static bool eager_poll(void *self, muster_time now)
{
    (void)self, (void)now;
    return true;
}

static void eager_cycle(void *self, struct muster_turn *t, const struct muster_sight *sight)
{
    struct eager *o = self;
    o->members = sight->count;
    if (!t->authority->leads || o->runs || o->done || o->draining)
        return;
    uint8_t room[64];
    struct muster_flat_writer w;
    muster_flat_writer_init(&w, room, sizeof room);
    muster_flat_array(&w, 3);
    muster_flat_text(&w, MUSTER_FLAT_BULK, "wave");
    muster_flat_text(&w, MUSTER_FLAT_BULK, "n1");
    muster_flat_text(&w, MUSTER_FLAT_BULK, "eager");
    struct muster_effect *e = muster_effects_add(t->out, MUSTER_OUT_ACTION);
    e->tag = o->intent;
    e->action.epoch = t->authority->epoch;
    e->action.attempt = 1;
    e->action.not_after = t->authority->not_after;
    muster_effects_data(t->out, e, room, w.used);
    o->runs = true;
}

static enum muster_fallback_mode eager_observe(void *self, struct muster_turn *t,
                                               const struct muster_sight *sight)
{
    struct eager *o = self;
    (void)t, (void)sight;
    return o->mode;
}

static void eager_event(void *self, struct muster_turn *t, uint64_t verb, struct muster_bytes text)
{
    (void)self, (void)verb;
    muster_effects_note(t->out, MUSTER_NOTE_CUSTOM, (const uint64_t[4]){text.size, 0, 0, 0},
                        "waved");
}

static void eager_ended(void *self, struct muster_turn *t, const struct muster_input *in)
{
    struct eager *o = self;
    (void)t;
    o->runs = false;
    o->done = true;
    o->counts[in->action.result]++;
}

static void eager_lost(void *self, struct muster_turn *t)
{
    (void)self, (void)t;
}

static bool eager_agreed(void *self, struct muster_turn *t, enum muster_fallback_mode mode)
{
    struct eager *o = self;
    (void)t;
    bool news = o->mode != mode;
    o->mode = mode;
    return news;
}

static void eager_drain(void *self, struct muster_turn *t)
{
    struct eager *o = self;
    (void)t;
    o->draining = true;
}

static bool eager_rests(const void *self)
{
    const struct eager *o = self;
    return !o->runs;
}

static void eager_disk(void *self, const struct muster_input *in, struct muster_effects *out)
{
    (void)self, (void)in, (void)out;
}

static bool eager_owns(const void *self, uint64_t tag)
{
    (void)self;
    return tag == OWN_DISK;
}

static void eager_describe(const void *self, struct muster_text *t)
{
    const struct eager *o = self;
    muster_text_add(t, o->done ? "eager done members=" : "eager members=");
    muster_text_add_u64(t, o->members);
    muster_text_add(t, o->mode == MUSTER_MODE_SAFE ? " safe" : " primary");
}

static const uint64_t *eager_metrics(const void *self)
{
    const struct eager *o = self;
    return o->counts;
}

static const struct muster_orchestrator_kind eager = {
    .name = "eager",
    .size = eager_size,
    .init = eager_init,
    .sample_at = eager_sample_at,
    .poll = eager_poll,
    .cycle = eager_cycle,
    .observe = eager_observe,
    .event = eager_event,
    .ended = eager_ended,
    .lost = eager_lost,
    .agreed = eager_agreed,
    .drain = eager_drain,
    .idle = eager_rests,
    .drained = eager_rests,
    .saved = eager_rests,
    .disk = eager_disk,
    .owns = eager_owns,
    .describe = eager_describe,
    .metrics = eager_metrics,
};

/* ---- the node ---- */

static const char *const names[] = {"n1", "n2", "n3"};
static const struct muster_parts parts = {.coordinator = &leader, .orchestrator = &eager};
static struct muster_node *node;
static struct muster_effects out;

static int set_up(void **state)
{
    (void)state;
    struct muster_config config;
    const struct muster_place place = {.count = 3, .voters = 3, .names = names};
    muster_config_defaults(&config);
    config.seal_targets = false;
    muster_config_finish(&config);
    size_t size = (muster_node_size(&config, &place, &parts) + 15) / 16 * 16;
    node = aligned_alloc(16, size);
    memset(node, 0, size);
    muster_node_init(node, &config, &place, &parts);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(node);
    return 0;
}

static void give(struct muster_input in)
{
    out.count = out.used = 0;
    in.now = NOW;
    muster_node_handle(node, &in, &out);
}

static const struct muster_effect *find(uint16_t kind)
{
    for (uint32_t i = 0; i < out.count; i++)
        if (out.at[i].kind == kind)
            return &out.at[i];
    return NULL;
}

static bool says(const char *text)
{
    char room[200];
    muster_node_describe(node, room, sizeof room);
    return strstr(room, text) != NULL;
}

static void both_parts_from_outside_work_together(void **state)
{
    (void)state;
    static const uint8_t health[] = "+\0\0\0\0";
    give((struct muster_input){.kind = MUSTER_IN_START});
    assert_true(says("leader eager members=0 primary"));
    uint64_t sample = 0;
    for (uint32_t i = 0; i < out.count; i++)
        if (out.at[i].kind == MUSTER_OUT_REQUEST && out.at[i].tag != OWN_TAG)
            sample = out.at[i].tag; /* the node's own, for health */
    assert_true(sample != 0);
    give((struct muster_input){.kind = MUSTER_IN_REPLY, .tag = OWN_TAG});
    assert_true(says(" safe")); /* the outside coordinator's decision reached the orchestrator */
    assert_null(find(MUSTER_OUT_ACTION));
    give((struct muster_input){.kind = MUSTER_IN_REPLY, .tag = sample, .data = {health, 5}});
    const struct muster_effect *action = find(MUSTER_OUT_ACTION);
    assert_non_null(action);
    assert_true(action->action.epoch == 7 && action->action.not_after == NOW + S(60));
    assert_true(says("members=3"));
    struct muster_input end = {.kind = MUSTER_IN_ACTION, .tag = action->tag};
    end.action.result = MUSTER_RESULT_FENCED;
    end.action.epoch = 9;
    give(end);
    assert_true(says("leader fenced eager done"));
}

static void operators_verbs_and_shutdown_reach_both(void **state)
{
    (void)state;
    give((struct muster_input){.kind = MUSTER_IN_START});
    struct muster_input verb = {.kind = MUSTER_IN_COMMAND, .data = {(const uint8_t *)"x", 1}};
    verb.command.verb = MUSTER_VERB_TRIGGER;
    give(verb);
    const struct muster_effect *note = find(MUSTER_OUT_NOTE);
    assert_non_null(note);
    assert_int_equal(note->note, MUSTER_NOTE_CUSTOM);
    verb.command.verb = MUSTER_VERB_PAUSE; /* the coordinator has no `command`: it falls through */
    give(verb);
    assert_int_equal(find(MUSTER_OUT_NOTE)->note, MUSTER_NOTE_CUSTOM);
    verb.command.verb = MUSTER_VERB_SHUTDOWN;
    give(verb);
    bool stopped = false;
    for (uint32_t i = 0; i < out.count; i++)
        stopped |= out.at[i].note == MUSTER_NOTE_STOPPED;
    assert_true(stopped);
    assert_true(muster_node_deadline(node) == MUSTER_NEVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_parts_from_outside_work_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(operators_verbs_and_shutdown_reach_both, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
