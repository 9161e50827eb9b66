/* SPDX-License-Identifier: Apache-2.0 */
/* The door under random inputs: whatever the surroundings answer, no assert fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/door.h"

#define STEPS 100000
#define SEEDS 4

static struct door *d;
static uint64_t random_state;
static uint64_t action_tag;
static uint64_t attempt; /* of the newest campaign: what an own record carries */
static uint8_t garbage[512];

static uint64_t draw(uint64_t bound)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (random_state >> 33) % bound;
}

static void random_record(char text[MUSTER_RECORD_MAX])
{
    static const char *const texts[] = {"", "H", "R 1", "nonsense", "V A 0", "D 1 1 1 1 1"};
    unsigned epoch = (unsigned)draw(12), counter = (unsigned)draw(6);
    unsigned long long own = draw(2) ? attempt : draw(4);
    unsigned long long high = draw(2) ? DOOR_HIGH : 101, low = high == DOOR_HIGH ? DOOR_LOW : 1;
    switch (draw(4)) {
    case 0:
        snprintf(text, MUSTER_RECORD_MAX, "%s", texts[draw(6)]);
        break;
    case 1:
        snprintf(text, MUSTER_RECORD_MAX, "R %u %llx %u n1 %016llx%016llx", epoch, own, counter,
                 high, low);
        break;
    default:
        snprintf(text, MUSTER_RECORD_MAX, "H %u %llx %u n1 %016llx%016llx 0 0", epoch, own, counter,
                 high, low);
    }
    if (draw(8) == 0 && text[0])
        text[draw(strlen(text))] ^= (char)(1 << draw(7));
}

static void random_peer(struct door_peer *p)
{
    p->up = draw(4) != 0;
    p->votes = draw(3) != 0;
    p->still = draw(6) == 0;
    p->state = "AAAJU"[draw(5)];
    p->electorate_off = draw(8) == 0;
    p->circuit = draw(6);
    p->mode = draw(6);
    p->failed = draw(5);
    if (draw(8) == 0)
        p->echo = draw(10);
    if (draw(50) == 0)
        p->known = draw(2) ? draw(40) : MUSTER_INTEGER_MAX;
    if (draw(50) == 0)
        p->promise = (struct muster_pair){draw(5), draw(5)};
}

static void random_surroundings(void)
{
    static const char *const errors[] = {"NOSCRIPT x", "READONLY", "LOADING", "OOM", "ERR", ""};
    static const char *const healths[] = {"", "garbage", "failed=3 circuit=OPEN open_s=400",
                                          "failed=0 circuit=CLOSED failures_1h=0",
                                          "failed=0 circuit=CLOSED failures_1h=90"};
    uint64_t kind = draw(4) ? 1 + draw(MUSTER_ASK_COUNT - 1) : MUSTER_TAG_NODE + 1 + draw(3);
    d->answer[kind] = draw(2) ? DOOR_NORMAL : (enum door_answer)draw(7);
    d->history_sync = draw(3) ? DOOR_NORMAL : DOOR_LOSE;
    d->error = errors[draw(6)];
    d->health = healths[draw(5)];
    d->scripts_known = draw(5) != 0;
    size_t size = draw(64);
    for (size_t i = 0; i < size; i++)
        garbage[i] = draw(2) ? (uint8_t) "$+-:*_WV\0\1"[draw(10)] : (uint8_t)draw(256);
    d->raw = (struct muster_bytes){garbage, size};
    random_peer(&d->peer[1 + draw(2)]);
}

static void random_store(void)
{
    switch (draw(5)) {
    case 0:
        random_record(d->leader);
        break;
    case 1:
        snprintf(d->epoch, sizeof d->epoch, "%llu",
                 draw(40) ? (unsigned long long)draw(20) : ~0ULL);
        break;
    case 2:
        snprintf(d->decision, sizeof d->decision, "D %u %u %u %u 3", (unsigned)draw(9),
                 (unsigned)draw(9), (unsigned)draw(9), (unsigned)draw(9));
        break;
    case 3:
        if (draw(40) == 0)
            snprintf(d->own, sizeof d->own, "V %c %032x %016llx %u 0 0 0 0 0 0 0 0 1 1",
                     "AJ"[draw(2)], (unsigned)draw(3), (unsigned long long)d -> electorate,
                     (unsigned)draw(99));
        break;
    default:
        d->leader[0] = 0;
    }
}

static void random_push(void)
{
    static const uint8_t head[] = {'*', 3, 0, 0, 0, '$', 1, 0, 0, 0, 'm', '$', 1, 0, 0, 0, 'c'};
    uint8_t data[128];
    size_t size = draw(40);
    memcpy(data, head, sizeof head);
    memcpy(data + sizeof head, garbage, size);
    struct muster_input in = {.kind = MUSTER_IN_PUSH};
    in.data = (struct muster_bytes){data, draw(4) ? sizeof head + size : draw(sizeof head)};
    door_input(d, &in);
}

static void random_command(void)
{
    static const char *const texts[] = {"safe_mode by hand", "circuit_restart",
                                        "cache_purge x",     "",
                                        "no_such_action",    " ",
                                        "safe_mode \"\n\\"};
    char item[64];
    snprintf(item, sizeof item, "id=a%u action=x idempotent=%s", (unsigned)draw(9),
             draw(2) ? "yes" : "no");
    if (draw(60) == 0)
        door_command(d, MUSTER_VERB_SHUTDOWN, "");
    else if (draw(8) == 0)
        door_command(d, MUSTER_VERB_VOTER_INIT, draw(4) ? "floor=1000" : texts[draw(7)]);
    else if (draw(3) == 0)
        door_command(d, MUSTER_VERB_WORK, draw(4) ? item : texts[draw(7)]);
    else
        door_command(d, MUSTER_VERB_TRIGGER, texts[draw(7)]);
}

static void random_restart(void)
{
    if (draw(3) == 0)
        d->disk_size = (uint32_t)draw(3) * MUSTER_SLOT_SIZE;
    if (draw(3) == 0)
        d->disk[draw(256)] ^= (uint8_t)(1 << draw(8));
    if (draw(3) == 0)
        d->own[0] = 0;
    action_tag = 0;
    door_start(d, draw(2));
}

static void step(void)
{
    switch (draw(8)) {
    case 0:
        random_surroundings();
        break;
    case 1:
        random_store();
        break;
    case 2:
        random_push();
        break;
    case 3:
        if (draw(4) == 0)
            random_command();
        break;
    case 4:
        door_end_action(d, draw(4) ? action_tag : draw(9), draw(4), draw(20),
                        draw(30) ? 0 : draw(30));
        break;
    case 5:
        if (draw(20) == 0)
            door_stall(d, draw(20) * MUSTER_SECOND);
        break;
    case 6:
        for (int kind = 1; kind < MUSTER_ASK_COUNT && draw(3) == 0; kind++) {
            for (uint32_t i = 0; i < DOOR_PENDING; i++) {
                struct door_pending *p = &d->pending[i];
                if (p->used && p->due == MUSTER_NEVER && (p->effect.tag & 0xff) != 0)
                    p->due = d->now;
            }
        }
        break;
    default:
        door_wait(d, draw(2000) * MUSTER_MILLISECOND);
    }
}

static void random_inputs_break_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        random_state = seed;
        d = door_open(&(struct door_options){.members = 3 + (uint32_t)seed, .voters = 3});
        d->config.work_items = seed % 2 ? 4 : 0;
        random_surroundings();
        door_start(d, true);
        for (uint32_t i = 0; i < STEPS / SEEDS; i++) {
            step();
            const struct door_entry *a = door_effect(d, MUSTER_OUT_ACTION);
            const struct door_entry *c = door_note(d, MUSTER_NOTE_CAMPAIGN);
            action_tag = a ? a->effect.tag : action_tag;
            attempt = c ? c->effect.arg[1] : attempt;
            door_mark(d);
            bool over = door_says(d, "life=left") || door_says(d, "life=refused");
            if (draw(over ? 40 : 4000) == 0)
                random_restart();
        }
        assert_true(door_says(d, "life="));
        door_close(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_inputs_break_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
