/* SPDX-License-Identifier: Apache-2.0 */
/* Work against boards, disks and members at random: nothing breaks, no number is granted twice, and
 * no item ends twice. */
#include "core/random.h"
#include "tests/lib/work_fixture.h"

#define SEEDS 40
#define STEPS 1500
#define ITEMS 6

static struct muster_random dice;

static uint64_t draw(uint64_t n)
{
    return muster_random_below(&dice, n);
}

/* A record of a known item or of none, of any state that could ever stand there. */
static void random_record(void)
{
    static const char *const members[] = {"n1", "n2", "n3", "who"};
    char head[64], rest[64], id[4];
    const struct muster_work_record *own = &b->work->entry[draw(b->config.work_items)].record;
    bool mine = draw(3) && own->intent;
    snprintf(id, sizeof id, "i%u", (unsigned)draw(ITEMS));
    uint32_t letter = (uint32_t)draw(4);
    bool nobody = letter == 0 || (letter == 3 && draw(2));
    snprintf(head, sizeof head, "%c %u %u %x %s %u %u", "OARD"[letter], (unsigned)draw(70),
             (unsigned)draw(9), (unsigned)(0x100 + draw(4)), nobody ? "-" : members[draw(4)],
             (unsigned)draw(400), letter == 3 ? (unsigned)draw(7) : 0);
    snprintf(rest, sizeof rest, "%s %s %s x", mine ? "n1" : members[draw(4)], draw(2) ? "y" : "n",
             mine ? own->id : id);
    put(mine ? own->id : id,
        text_with_intent(head, mine ? own->intent : MUSTER_WORK_INTENTS | draw(4), rest));
}

static void random_member(void)
{
    struct muster_member_view *m = &b->member[draw(MEMBERS)];
    m->live = draw(3) != 0;
    m->gone = !m->live && draw(2);
    m->draining = draw(6) == 0;
    m->score = (uint32_t)draw(MUSTER_PPM + 1);
    m->life += draw(10) == 0;
    b->standing.leads = draw(2);
}

static void random_submission(void)
{
    char text[64];
    snprintf(text, sizeof text, "id=i%u action=x idempotent=%s", (unsigned)draw(ITEMS),
             draw(2) ? "yes" : "no");
    submit(text);
}

static void step(void)
{
    switch (draw(9)) {
    case 0:
        random_submission();
        break;
    case 1:
        random_record();
        break;
    case 2:
        b->records = draw(4) ? b->records : 0;
        b->store = draw(2) ? STORE_WELL : (enum store_mode)draw(4);
        break;
    case 3:
        b->disk_status = draw(3) ? MUSTER_STATUS_OK : MUSTER_STATUS_IOERROR;
        break;
    case 4:
        random_member();
        break;
    case 5:
        if (b->actions > 0)
            end_action(draw(20));
        break;
    case 6:
        if (draw(2))
            push("I 1 L");
        else if (b->waiting > 0)
            deliver();
        break;
    case 7:
        if (draw(40) == 0)
            muster_work_drain(b->work, b->now);
        break;
    default:
        b->now += draw(3000) * MUSTER_MILLISECOND;
        struct muster_work_turn t = begin_turn();
        end_turn(&t);
        if (draw(3))
            settle();
    }
}

/* What has been said of each intent so far, by every incarnation. */
static struct {
    uint64_t intent, granted;
    bool accepted, ended;
    uint64_t result;
} told[4096];
static uint32_t count;

static void listen(void)
{
    for (uint32_t i = 0; i < b->logged; i++) {
        const struct noted *n = &b->log[i];
        uint32_t k = 0;
        if (n->note != NOTE(ACCEPTED) && n->note != NOTE(GRANTED) && n->note != NOTE(ENDED))
            continue;
        while (k < count && told[k].intent != n->arg[0])
            k++;
        assert_true(k < 4096);
        count += k == count;
        told[k].intent = n->arg[0];
        if (n->note == NOTE(ACCEPTED)) {
            assert_true(n->arg[2] || !told[k].accepted);
            told[k].accepted = true;
        } else if (n->note == NOTE(GRANTED)) {
            assert_true(n->arg[1] >= told[k].granted); /* the same is restated */
            assert_false(told[k].ended);
            told[k].granted = n->arg[1];
        } else {
            assert_true(n->arg[3] ? !told[k].ended || told[k].result == n->arg[2]
                                  : !told[k].ended && told[k].accepted);
            told[k].ended = true;
            told[k].result = n->arg[2];
        }
    }
    b->logged = 0;
}

static void random_boards_break_nothing(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        dice.state = seed;
        count = 0;
        memset(told, 0, sizeof told);
        open_bench(NULL);
        for (uint32_t i = 0; i < STEPS; i++) {
            step();
            listen();
            if (draw(150) > 0)
                continue;
            start(LIFE(0) + (i << 8) + (seed << 32));
            b->actions = 0;
            listen();
        }
        close_bench(NULL);
    }
}

/* Whatever has happened: once everything is well, everything ends. */
static void everything_ends_when_all_is_well(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        dice.state = seed + 1000;
        open_bench(NULL);
        for (uint32_t i = 0; i < STEPS / 4; i++) {
            step();
            b->logged = 0;
        }
        b->store = STORE_WELL;
        b->disk_status = MUSTER_STATUS_OK;
        b->work->draining = false;
        b->standing.leads = true;
        b->member[0] = (struct muster_member_view){.live = true, .seen = true, .score = MUSTER_PPM};
        for (uint32_t i = 1; i < MEMBERS; i++)
            b->member[i] = (struct muster_member_view){.gone = true, .seen = true};
        for (uint32_t i = 0; i < 400; i++) {
            wait_for(b->config.poll_every);
            for (uint32_t k = 0; k < MUSTER_WORK_RUNS_MAX; k++) {
                b->action.tag = b->work->run[k].intent;
                b->action.action.attempt = b->work->run[k].number;
                if (b->action.tag)
                    end_action(MUSTER_RESULT_SUCCESS);
                settle();
            }
            b->logged = 0;
        }
        for (uint32_t i = 0; i < b->config.work_items; i++)
            assert_int_equal(state_of(i), MUSTER_WORK_ENTRY_FREE);
        close_bench(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_boards_break_nothing),
        cmocka_unit_test(everything_ends_when_all_is_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
