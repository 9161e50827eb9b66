/* SPDX-License-Identifier: Apache-2.0 */
/* `muster explain`: what a property demands, why, and what it takes for granted. */
#include "reports/report.h"
#include "tools/muster/options.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH 78

static const struct muster_option options[] = {{NULL, NULL, NULL}};

/* A paragraph, broken at blanks. */
static void print_wrapped(const char *text)
{
    size_t column = 0;
    while (*text) {
        size_t blanks = strspn(text, " \n");
        text += blanks;
        size_t length = strcspn(text, " \n");
        if (length == 0)
            break;
        if (column > 0 && column + 1 + length > WIDTH) {
            putchar('\n');
            column = 0;
        }
        column += (size_t)printf("%s%.*s", column > 0 ? " " : "", (int)length, text);
        text += length;
    }
    putchar('\n');
}

/* What every run guards without a property of its own. */
static const struct muster_property guards[] = {
    {.name = "no_crash",
     .rule = "The code under test neither fails an assert nor takes a signal.",
     .explain =
         "Runs happen in worker processes. One that dies is replaced, and its run is a violation "
         "with the signal and the first line of what it said. Nothing a scenario does may crash a "
         "process of the cluster: faults are what it is there for.",
     .class = MUSTER_SAFETY,
     .by_default = true},
    {.name = "no_livelock",
     .rule = "Virtual time goes on: no more than 100,000 events happen at one instant.",
     .explain =
         "A deadline that lies in the past after every input, or an answer that leads to the same "
         "question at once, would spin a real machine without end.",
     .class = MUSTER_SAFETY,
     .by_default = true},
    {.name = "determinism",
     .rule = "One scenario and one seed give one hash.",
     .explain =
         "One seed in twenty (with --check-determinism every one) is run twice, at another address "
         "and in memory filled with other bytes. Where the hashes differ, something else than the "
         "scenario and the seed decided: an address, memory nobody set, a clock, a static "
         "variable. "
         "The first record that differs is shown.",
     .class = MUSTER_SAFETY,
     .by_default = true},
};
#define GUARDS (sizeof guards / sizeof *guards)

static void print_assumptions(uint32_t assumes)
{
    static const char *const what[] = {
#define X(id, name, text) name ": " text,
        MUSTER_ASSUMPTIONS(X)
#undef X
    };
    if (assumes == 0) {
        printf("\nassumes nothing\n");
        return;
    }
    printf("\nassumes, and is not judged where a scenario drops it\n");
    for (size_t i = 0; i < sizeof what / sizeof *what; i++)
        if (assumes >> i & 1)
            printf("  %s\n", what[i]);
}

static void explain(const struct muster_property *p)
{
    printf("%s (%s, %s)\n\n", p->name, p->class == MUSTER_SAFETY ? "safety" : "liveness",
           p->by_default ? "judged in every scenario" : "judged where a scenario names it");
    print_wrapped(p->rule);
    if (p->explain) {
        putchar('\n');
        print_wrapped(p->explain);
    }
    print_assumptions(p->assumes);
}

static int unknown(const struct muster_registry *registry, const char *name)
{
    size_t n = 0;
    while (registry->properties[n])
        n++;
    const char **names = calloc(n + GUARDS + 1, sizeof *names);
    for (size_t i = 0; names && i < n; i++)
        names[i] = registry->properties[i]->name;
    for (size_t i = 0; names && i < GUARDS; i++)
        names[n + i] = guards[i].name;
    const char *near = names ? muster_suggest(name, names) : NULL;
    if (near)
        muster_options_say("unknown property '%s', did you mean '%s'?", name, near);
    else
        muster_options_say("unknown property '%s'; 'muster list --properties' lists them", name);
    free(names);
    return MUSTER_EXIT_USAGE;
}

static int run(struct muster_options *o, const struct muster_registry *registry)
{
    char *name;
    int count;
    if (!muster_options_operands(o, 1, 1, &name, &count))
        return MUSTER_EXIT_USAGE;
    for (const struct muster_property *const *p = registry->properties; *p; p++) {
        if (strcmp((*p)->name, name) == 0) {
            explain(*p);
            return 0;
        }
    }
    for (size_t i = 0; i < GUARDS; i++) {
        if (strcmp(guards[i].name, name) == 0) {
            explain(&guards[i]);
            return 0;
        }
    }
    return unknown(registry, name);
}

const struct muster_command muster_command_explain = {
    .name = "explain",
    .operands = "PROPERTY",
    .summary = "tell what a property demands and why",
    .options = options,
    .run = run,
};
