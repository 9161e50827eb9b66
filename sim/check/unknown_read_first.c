/* SPDX-License-Identifier: Apache-2.0 */
/* Property: after a script of unknown outcome a process reads before it runs another. */
#include "core/coordinator/astra_side.h"
#include "core/coordinator/work.h"
#include "core/flat.h"
#include "core/text.h"
#include "sim/check/check.h"

enum outcome {
    OUTCOME_KNOWN,
    OUTCOME_UNKNOWN, /* the last script was executed, was not, or will be */
    OUTCOME_READ,    /* and since then the store has been read */
};

/* The lease and the origin's lock read with MGET, each its keys, work its board with HGETALL. */
enum lane { LANE_LEASE, LANE_LOCK, LANE_WORK, LANES };

struct process {
    struct {
        uint64_t script, reading; /* tags of those under way; 0: none */
        enum outcome outcome;
    } lane[LANES];
};

static size_t size(const struct muster_world *w)
{
    return muster_check_places(w) * sizeof(struct process);
}

/* The command's name: the first text of the request's argument vector. Empty when there is none. */
static struct muster_bytes command_of(struct muster_bytes argv)
{
    struct muster_flat_reader reader;
    struct muster_flat_value v;
    muster_flat_reader_init(&reader, argv);
    bool found = muster_flat_next(&reader, &v) == 0 && v.type == MUSTER_FLAT_ARRAY &&
                 muster_flat_next(&reader, &v) == 0 && muster_flat_is_text(&v);
    return found ? v.bytes : (struct muster_bytes){0};
}

static bool is_array(struct muster_bytes reply)
{
    struct muster_flat_reader reader;
    struct muster_flat_value v;
    muster_flat_reader_init(&reader, reply);
    return muster_flat_next(&reader, &v) == 0 && v.type == MUSTER_FLAT_ARRAY;
}

static void judge_script(struct process *p, enum lane lane, struct muster_world *w,
                         const struct muster_record *r)
{
    if (p->lane[lane].outcome != OUTCOME_KNOWN)
        muster_judged(w);
    if (p->lane[lane].outcome == OUTCOME_UNKNOWN)
        muster_violated(w,
                        "%s runs a script, but has read nothing since its last one ended with an "
                        "unknown outcome",
                        muster_world_name(w, r->process));
    p->lane[lane].outcome = OUTCOME_KNOWN;
    p->lane[lane].script = r->tag;
}

static enum lane lane_of(uint64_t tag)
{
    if ((tag & 0xff) > MUSTER_TAG_NODE)
        return LANE_WORK;
    return (tag & 0xff) >= MUSTER_ASTRA_TAG ? LANE_LOCK : LANE_LEASE;
}

static void see_request(struct process *p, struct muster_world *w, const struct muster_record *r)
{
    struct muster_bytes command = command_of(r->data);
    if (muster_text_equal(command, "MGET"))
        p->lane[lane_of(r->tag)].reading = r->tag;
    else if (muster_text_equal(command, "HGETALL"))
        p->lane[LANE_WORK].reading = r->tag;
    else if (muster_text_equal(command, "EVAL") || muster_text_equal(command, "EVALSHA"))
        judge_script(p, lane_of(r->tag), w, r);
}

static void see_reply(struct process *p, const struct muster_record *r)
{
    for (uint32_t i = 0; i < LANES; i++) {
        if (r->tag == p->lane[i].script && r->status == MUSTER_STATUS_UNKNOWN)
            p->lane[i].outcome = OUTCOME_UNKNOWN;
        else if (r->tag == p->lane[i].reading && p->lane[i].outcome == OUTCOME_UNKNOWN &&
                 is_array(r->data))
            p->lane[i].outcome = OUTCOME_READ;
    }
}

static void see(void *self, struct muster_world *w, const struct muster_record *r)
{
    struct process *p = (struct process *)self + r->process;
    if (!muster_check_config(w))
        return;
    switch (r->kind) {
    case MUSTER_EVENT_EFFECT + MUSTER_OUT_REQUEST:
        see_request(p, w, r);
        break;
    case MUSTER_EVENT_INPUT + MUSTER_IN_REPLY:
        see_reply(p, r);
        break;
    default:
        *p = (struct process){0};
        break;
    }
}

static const uint16_t kinds[] = {MUSTER_EVENT_EFFECT + MUSTER_OUT_REQUEST,
                                 MUSTER_EVENT_INPUT + MUSTER_IN_REPLY, MUSTER_EVENT_RESTART, 0};

const struct muster_property muster_check_unknown_read_first = {
    .name = "unknown_read_first",
    .rule = "after a script whose outcome is not known a process reads the store before it runs "
            "another",
    .explain =
        "A command without an answer was executed, was not, or still will be: it may lie in the "
        "store's buffers after its connection is gone. Whoever repeats it blindly builds on a "
        "record that perhaps no longer stands, so every unknown outcome is looked at first (rules "
        "R10 and R15; the two generals of Gray 1978 are why there is no other way). The scripts "
        "compare what they replace, so that a blind repetition costs a round trip and not the "
        "record; this property keeps it from becoming a habit that other commands inherit. When "
        "it is violated, an attempt goes on with what it believed before the connection broke.",
    .class = MUSTER_SAFETY,
    .assumes = 0,
    .by_default = true,
    .kinds = kinds,
    .size = size,
    .see = see,
};
