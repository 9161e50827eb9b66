/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures of failures: see signature.h. */
#include "sim/shrink/signature.h"

#include <stdio.h>
#include <string.h>

/* Faults, and transitions that do not come with every heartbeat. */
static bool matters(uint16_t kind)
{
    static const uint16_t noise[] = {
        MUSTER_NOTE_LEASE_EXTENDED,  MUSTER_NOTE_CONSENSUS,    MUSTER_NOTE_CONSENSUS_APPLIED,
        MUSTER_NOTE_HISTORY_DURABLE, MUSTER_NOTE_MEMBER_LIVE,  MUSTER_NOTE_MEMBER_SUSPECT,
        MUSTER_NOTE_MEMBER_GONE,     MUSTER_NOTE_HEALTH,       MUSTER_NOTE_STARTED,
        MUSTER_NOTE_JOINED,          MUSTER_NOTE_BOOTSTRAPPED, MUSTER_NOTE_PROMISED,
        MUSTER_NOTE_CAMPAIGN,        MUSTER_NOTE_ACQUIRED,     MUSTER_NOTE_SEALED,
        MUSTER_NOTE_ELECTORATE_HELD, MUSTER_NOTE_STORE_ERROR,  MUSTER_NOTE_ATTEMPT_RELEASED,
    };
    static const uint16_t faults[] = {
        MUSTER_EVENT_CRASH, MUSTER_EVENT_RESTART, MUSTER_EVENT_PAUSE,      MUSTER_EVENT_SLOW,
        MUSTER_EVENT_CLOCK, MUSTER_EVENT_STORE,   MUSTER_EVENT_DISK_FAULT, MUSTER_EVENT_PARTITION,
    };
    if (kind >= MUSTER_EVENT_NOTE) {
        for (size_t i = 0; i < sizeof noise / sizeof *noise; i++) {
            if (kind == MUSTER_EVENT_NOTE + noise[i])
                return false;
        }
        return true;
    }
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (kind == faults[i])
            return true;
    }
    return false;
}

void muster_signature_see(struct muster_signature *s, const struct muster_record *r)
{
    uint32_t at = 0;
    if (!matters(r->kind))
        return;
    while (at < s->count && s->kind[at] != r->kind)
        at++;
    if (at == MUSTER_SIGNATURE_KINDS)
        at = 0; /* the oldest gives way */
    else if (at == s->count)
        s->count++;
    for (; at + 1 < s->count; at++)
        s->kind[at] = s->kind[at + 1];
    s->kind[at] = r->kind;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name(const char *word, size_t size, const char *const *names)
{
    for (; names && *names; names++) {
        if (strlen(*names) == size && memcmp(*names, word, size) == 0)
            return true;
    }
    return false;
}

void muster_signature_plain(const char *text, const char *const *names, char *plain, size_t size)
{
    size_t used = 0;
    while (*text && used + 5 < size) {
        size_t word = 0;
        while (is_word(text[word]))
            word++;
        if (word > 0 && is_name(text, word, names)) {
            memcpy(plain + used, "NODE", 4);
            used += 4;
            text += word;
        } else if (is_digit(*text)) {
            plain[used++] = '#';
            while (is_digit(*text) || (*text == '.' && is_digit(text[1])))
                text++;
        } else {
            plain[used++] = *text++;
        }
    }
    plain[used] = 0;
}

/* Where "function: Assertion" begins; the whole text when it is none, but for how it died. */
static const char *assertion_in(const char *text)
{
    static const char before[] = "the code under test died of ";
    const char *said = strstr(text, ": Assertion");
    while (said && said > text && !(said - text > 1 && said[-1] == ' ' && said[-2] == ':'))
        said--;
    if (said)
        return said;
    return strncmp(text, before, sizeof before - 1) == 0 ? text + sizeof before - 1 : text;
}

void muster_signature_crash(const char *text, char line[static MUSTER_SIGNATURE_SIZE])
{
    char plain[MUSTER_SIGNATURE_SIZE - 16];
    muster_signature_plain(assertion_in(text), NULL, plain, sizeof plain);
    snprintf(line, MUSTER_SIGNATURE_SIZE, "no_crash %s", plain);
}

static const char *name_of(uint16_t kind, const struct muster_scenario *scenario)
{
    const char *const *own = scenario->process->note_names;
    uint32_t wanted = (uint32_t)kind - MUSTER_EVENT_NOTE - MUSTER_NOTE_CUSTOM;
    for (uint32_t i = 0; kind >= MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM && own && own[i]; i++) {
        if (i == wanted)
            return own[i];
    }
    return muster_event_type(kind)->name;
}

void muster_signature_write(const struct muster_signature *s,
                            const struct muster_scenario *scenario, const char *property,
                            const char *text, char line[static MUSTER_SIGNATURE_SIZE])
{
    char plain[MUSTER_SIGNATURE_SIZE / 2] = "";
    const char *name[MUSTER_SIGNATURE_KINDS];
    bool told = strcmp(property, "expect") == 0;
    if (told)
        muster_signature_plain(text, scenario->names, plain, sizeof plain);
    size_t used = (size_t)snprintf(line, MUSTER_SIGNATURE_SIZE, "%.60s%s%s:", property,
                                   told ? " " : "", plain);
    for (uint32_t i = 0; i < s->count; i++) {
        uint32_t at = i;
        for (; at > 0 && strcmp(name[at - 1], name_of(s->kind[i], scenario)) > 0; at--)
            name[at] = name[at - 1];
        name[at] = name_of(s->kind[i], scenario);
    }
    for (uint32_t i = 0; i < s->count && used < MUSTER_SIGNATURE_SIZE; i++)
        used += (size_t)snprintf(line + used, MUSTER_SIGNATURE_SIZE - used, " %.20s", name[i]);
}
