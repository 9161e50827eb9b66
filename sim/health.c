/* SPDX-License-Identifier: Apache-2.0 */
/* Scripted health sources: one a member, a text that changes at scripted times. */
#include "sim/inside.h"

#include <stdio.h>

void health_create(struct muster_world *w)
{
    for (uint32_t i = 0; i < w->scenario->health_count; i++) {
        uint32_t slot = world_event(w, EV_HEALTH, MUSTER_NOBODY);
        world_at(w, slot)->tag = i;
        world_at(w, slot)->arg[0] = w->scenario->health[i].member;
        world_push(w, w->scenario->health[i].at, MUSTER_CLASS_FAULT, slot);
    }
}

void health_set(struct muster_world *w, uint32_t member, const char *text)
{
    bool open = strstr(text, "circuit=OPEN") != NULL;
    for (uint32_t p = 0; p < w->process_count; p++) {
        struct process *x = &w->process[p];
        if (x->member != member)
            continue;
        x->health = text;
        if (!open)
            x->circuit_open_since = MUSTER_NEVER;
        else if (x->circuit_open_since == MUSTER_NEVER)
            x->circuit_open_since = w->now;
    }
    world_say(w, MUSTER_EVENT_HEALTH_SET, (uint16_t)member, 0, 0, 0, 0, text);
}

void health_request(struct muster_world *w, uint32_t p, uint32_t request, uint64_t cause)
{
    struct process *x = &w->process[p];
    uint32_t generation = x->request[request].generation;
    uint32_t from = endpoint_of_process(w, p), source = endpoint_of_health(w, x->member);
    if (network_blocked(w, from, source) || network_blocked(w, source, from))
        return; /* no answer: the request times out */
    char text[MUSTER_HEALTH_TEXT_MAX + 64], flat[sizeof text + MUSTER_FLAT_HEAD];
    int size = snprintf(text, sizeof text, "%s", x->health);
    if (x->circuit_open_since != MUSTER_NEVER && !strstr(x->health, "open_s="))
        snprintf(text + size, sizeof text - (size_t)size, " open_s=%llu",
                 (unsigned long long)((w->now - x->circuit_open_since) / MUSTER_SECOND));
    struct muster_flat_writer writer;
    muster_flat_writer_init(&writer, flat, sizeof flat);
    muster_flat_text(&writer, MUSTER_FLAT_BULK, text);
    muster_dur d = network_latency(w, source, from, 0, &x->executor);
    process_reply(w, p, request, generation, w->now + d, MUSTER_STATUS_OK,
                  muster_flat_written(&writer), cause);
}
