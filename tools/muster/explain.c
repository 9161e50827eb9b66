/* SPDX-License-Identifier: Apache-2.0 */
/* `muster explain`: what a property demands, why, and what it takes for granted. */
#include "reports/report.h"
#include "tools/muster/guards.h"
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

static void explain(const struct muster_property *p, const char *when)
{
    printf("%s (%s, %s)\n\n", p->name, p->class == MUSTER_SAFETY ? "safety" : "liveness", when);
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
    const char **names = calloc(n + MUSTER_GUARDS + 1, sizeof *names);
    for (size_t i = 0; names && i < n; i++)
        names[i] = registry->properties[i]->name;
    for (size_t i = 0; names && i < MUSTER_GUARDS; i++)
        names[n + i] = muster_guards[i].name;
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
            explain(*p, (*p)->by_default ? "judged in every scenario"
                                         : "judged where a scenario names it");
            return 0;
        }
    }
    for (size_t i = 0; i < MUSTER_GUARDS; i++) {
        if (strcmp(muster_guards[i].name, name) == 0) {
            explain(&muster_guards[i], "judged in every run");
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
