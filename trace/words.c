/* SPDX-License-Identifier: Apache-2.0 */
/* Words for numbers. */
#include "trace/words.h"

#include "core/orchestrator/fallback.h"
#include "core/orchestrator/health.h"

#include <string.h>

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

bool muster_word_is_time(const char *argument)
{
    static const char *const names[] = {"until", "not_after", "clock",       "timeout",     "late",
                                        "delay", "step",      "latency_min", "latency_max", NULL};
    return is_one_of(argument, names);
}

static bool is_member(const struct muster_record *r, const char *argument)
{
    static const char *const names[] = {"from", "to", "member", "subject", NULL};
    /* Of partitions and links these are endpoints, which only the record's text names. */
    bool endpoints = r->kind == MUSTER_EVENT_PARTITION || r->kind == MUSTER_EVENT_HEAL ||
                     r->kind == MUSTER_EVENT_LINK ||
                     r->kind == MUSTER_EVENT_NOTE + MUSTER_NOTE_FALLBACK ||
                     r->kind == MUSTER_EVENT_NOTE + MUSTER_NOTE_PHASE ||
                     r->kind == MUSTER_EVENT_NOTE + MUSTER_NOTE_PHASE_REFUSED;
    return !endpoints && is_one_of(argument, names);
}

static const char *lost_text(uint64_t reason)
{
    static const char *const texts[] = {
#define X(id, text) text,
        MUSTER_LOST(X)
#undef X
    };
    return reason < MUSTER_LOST_COUNT ? texts[reason] : NULL;
}

static const char *refusal_text(uint64_t refusal)
{
    static const char *const texts[] = {
#define X(id, text) text,
        MUSTER_REFUSALS(X)
#undef X
    };
    return refusal < MUSTER_REFUSAL_COUNT ? texts[refusal] : NULL;
}

static const char *reaction_text(uint64_t reaction)
{
    static const char *const texts[] = {
#define X(id, text) text,
        MUSTER_REACTIONS(X)
#undef X
    };
    return reaction < MUSTER_REACTION_COUNT ? texts[reaction] : NULL;
}

static const char *init_refusal_text(uint64_t reason)
{
    static const char *const texts[] = {
#define X(id, text) text,
        MUSTER_INIT_REFUSALS(X)
#undef X
    };
    return reason < MUSTER_INIT_REFUSAL_COUNT ? texts[reason] : NULL;
}

static const char *outcome_text(uint64_t outcome)
{
    static const char *const texts[] = {"none", "decided", "no_quorum", "split_brain"};
    return outcome < sizeof texts / sizeof texts[0] ? texts[outcome] : NULL;
}

static const char *class_text(uint64_t class)
{
    static const char *const texts[] = {"failed", "degraded", "healthy"};
    return class < sizeof texts / sizeof texts[0] ? texts[class] : NULL;
}

const char *muster_word_of(const struct muster_record *r, const char *argument, uint64_t value,
                           const struct muster_words *words)
{
    uint16_t note = r->kind >= MUSTER_EVENT_NOTE ? (uint16_t)(r->kind - MUSTER_EVENT_NOTE) : 0;
    if (is_member(r, argument))
        return value < words->member_count ? words->members[value] : NULL;
    if (strcmp(argument, "action") == 0)
        return value < words->action_count ? words->actions[value] : NULL;
    if (strcmp(argument, "result") == 0)
        return muster_result_text(value);
    if (note == MUSTER_NOTE_LEADER_LOST && strcmp(argument, "reason") == 0)
        return lost_text(value);
    if ((note == MUSTER_NOTE_HANDOVER_REFUSED || note == MUSTER_NOTE_PAUSE_REFUSED) &&
        strcmp(argument, "reason") == 0)
        return refusal_text(value);
    if (note == MUSTER_NOTE_VOTER_INIT_REFUSED && strcmp(argument, "reason") == 0)
        return init_refusal_text(value);
    if (note == MUSTER_NOTE_FALLBACK && strcmp(argument, "cause") == 0)
        return muster_fallback_cause_text(value);
    if (note == MUSTER_NOTE_CONSENSUS && strcmp(argument, "outcome") == 0)
        return outcome_text(value);
    if (note == MUSTER_NOTE_HEALTH && strcmp(argument, "class") == 0)
        return class_text(value);
    if (strcmp(argument, "reaction") == 0)
        return reaction_text(value);
    if (strcmp(argument, "mode") == 0 ||
        (note == MUSTER_NOTE_FALLBACK && strcmp(argument, "from") == 0))
        return muster_mode_text(value);
    if (strcmp(argument, "circuit") == 0)
        return muster_circuit_text(value);
    if (strcmp(argument, "type") == 0 && words->message_names)
        for (uint64_t i = 0; words->message_names[i]; i++)
            if (i == value)
                return words->message_names[i];
    return NULL;
}
