/* SPDX-License-Identifier: Apache-2.0 */
/* Bulk traffic to the store, behind a breaker. */
#include "core/coordinator/bulk.h"

#include "core/notes.h"

static const char *const names[MUSTER_BULK_COUNT] = {"bulk_health", "bulk_state"};

static void say(struct muster_bulk *b, enum muster_bulk_kind kind, struct muster_effects *out)
{
    enum muster_circuit_state now = b->at[kind].breaker.state;
    if (now == b->at[kind].said)
        return;
    b->at[kind].said = now;
    muster_effects_note(out, MUSTER_NOTE_BULK_CIRCUIT, (const uint64_t[4]){now, 0, 0, 0},
                        names[kind]);
}

void muster_bulk_init(struct muster_bulk *b, const struct muster_config *cfg)
{
    struct muster_breaker_config breaker;
    muster_breaker_defaults(&breaker);
    /* A request ends by its own timeout; whose end is heard later stood still meanwhile. */
    breaker.probe_timeout = cfg->request_timeout + MUSTER_SECOND;
    for (uint32_t i = 0; i < MUSTER_BULK_COUNT; i++) {
        muster_breaker_init(&b->at[i].breaker, &breaker, 0);
        b->at[i].said = MUSTER_CIRCUIT_CLOSED;
    }
}

bool muster_bulk_may(struct muster_bulk *b, muster_time now, enum muster_bulk_kind kind,
                     struct muster_effects *out)
{
    struct muster_breaker_answer answer = muster_breaker_ask(&b->at[kind].breaker, now);
    say(b, kind, out);
    if (answer.go)
        b->at[kind].ticket = answer.ticket;
    return answer.go;
}

void muster_bulk_ended(struct muster_bulk *b, muster_time now, enum muster_bulk_kind kind,
                       bool well, struct muster_effects *out)
{
    (void)muster_breaker_end(&b->at[kind].breaker, now, b->at[kind].ticket, well);
    say(b, kind, out);
}

void muster_bulk_describe(const struct muster_bulk *b, struct muster_text *t)
{
    for (uint32_t i = 0; i < MUSTER_BULK_COUNT; i++) {
        muster_text_add(t, i > 0 ? " " : "");
        muster_text_add(t, names[i]);
        muster_text_add(t, "=");
        muster_text_add(t, muster_circuit_text(b->at[i].said));
    }
}
