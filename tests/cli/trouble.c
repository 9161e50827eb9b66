/* SPDX-License-Identifier: Apache-2.0 */
/* A process that makes every kind of trouble on demand, for the test of the command line. */
#include "sim/process.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum trouble { CALM, CRASH, SEGFAULT, GUESS, SPIN, SPEAK };
static const char *const words[] = {"calm", "crash", "segfault", "guess", "spin", "speak", NULL};

struct config {
    uint32_t trouble;
};

struct state {
    struct config config;
    muster_time next;
    uint64_t ticks;
};

static int config_load(void *config, const struct muster_doc *mapping, struct muster_diagnostics *d)
{
    static const char *const keys[] = {"trouble", NULL};
    struct config *c = config;
    const struct muster_doc *word = mapping ? muster_doc_get(mapping, "trouble") : NULL;
    if (mapping)
        muster_doc_keys(mapping, keys, d);
    return word ? muster_doc_word(word, words, &c->trouble, d) : 0;
}

static size_t size(const void *config, const struct muster_place *place)
{
    (void)config;
    (void)place;
    return sizeof(struct state);
}

static void init(void *self, const void *config, const struct muster_place *place)
{
    struct state *s = self;
    (void)place;
    s->config = *(const struct config *)config;
    s->next = MUSTER_NEVER;
}

static void note(struct muster_effects *out, uint16_t number, uint64_t value)
{
    const uint64_t arg[4] = {value, 0, 0, 0};
    muster_effects_note(out, (uint16_t)(MUSTER_NOTE_CUSTOM + number), arg, NULL);
}

static void make_trouble(struct state *s, struct muster_effects *out)
{
    static uint64_t guess; /* what no process may have: it survives the run */
    switch ((enum trouble)s->config.trouble) {
    case CRASH:
        assert(!"trouble was asked for");
        break;
    case SEGFAULT:
        raise(SIGSEGV);
        break;
    case GUESS:
        note(out, 0, ++guess);
        break;
    case SPIN:
        s->next = 0;
        break;
    case SPEAK:
        note(out, 1, s->ticks);
        break;
    case CALM:
        break;
    }
}

static void handle(void *self, const struct muster_input *in, struct muster_effects *out)
{
    struct state *s = self;
    if (in->kind != MUSTER_IN_START && in->kind != MUSTER_IN_TIMER)
        return;
    s->next = in->now + MUSTER_SECOND;
    s->ticks++;
    note(out, 0, s->ticks);
    if (s->ticks == 5 || (s->ticks > 5 && s->config.trouble == SPIN))
        make_trouble(s, out);
}

static muster_time deadline(const void *self)
{
    return ((const struct state *)self)->next;
}

static int describe(const void *self, char *text, size_t room)
{
    return snprintf(text, room, "ticks=%llu",
                    (unsigned long long)((const struct state *)self)->ticks);
}

static const char *const note_names[] = {"tick", "word", NULL};

static const struct muster_process trouble = {
    .name = "trouble",
    .summary = "makes trouble at its fifth tick",
    .config_size = sizeof(struct config),
    .config_load = config_load,
    .size = size,
    .init = init,
    .handle = handle,
    .deadline = deadline,
    .describe = describe,
    .note_names = note_names,
};

static void see_silence(void *self, struct muster_world *w, const struct muster_record *r)
{
    (void)self;
    muster_judged(w);
    if (r->kind == MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM + 1)
        muster_violated(w, "%s spoke <loudly> & \"clearly\"", muster_world_name(w, r->process));
}

static void end_talk(void *self, struct muster_world *w)
{
    (void)self;
    muster_judged(w);
    muster_violated(w, "nobody said what was waited for");
}

static const struct muster_property silence = {
    .name = "silence",
    .rule = "Nobody speaks.",
    .explain = "A property that fails on demand.",
    .class = MUSTER_SAFETY,
    .see = see_silence,
};

static const struct muster_property talk = {
    .name = "talk",
    .rule = "Somebody says what is waited for.",
    .explain = "A property that never holds.",
    .class = MUSTER_LIVENESS,
    .assumes = MUSTER_ASSUME_DRIFT,
    .end = end_talk,
};

int main(int argc, char **argv)
{
    static const struct muster_process *const processes[] = {&trouble, NULL};
    static const struct muster_property *const properties[] = {&silence, &talk, NULL};
    static const struct muster_registry registry = {processes, properties};
    return muster_main(argc, argv, &registry);
}
