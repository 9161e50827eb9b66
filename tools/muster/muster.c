/* SPDX-License-Identifier: Apache-2.0 */
/* The front of the command line: which subcommand, with which tables. */
#include "reports/report.h"
#include "tools/muster/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct muster_command *const commands[] = {
    &muster_command_run,  &muster_command_fuzz,   &muster_command_shrink, &muster_command_replay,
    &muster_command_diff, &muster_command_lint,   &muster_command_list,   &muster_command_explain,
    &muster_command_new,  &muster_command_schema,
};
#define COMMANDS (sizeof commands / sizeof *commands)

static void print_help(void)
{
    printf("usage: muster COMMAND [options] PATH…\n\n"
           "rehearses failure: runs scenarios in a virtual world, and replays what happened\n\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-8s  %s\n", commands[i]->name, commands[i]->summary);
    printf("\n'muster help COMMAND' tells more; 'muster --version' which one this is\n\n"
           "exit: 0 passed, 1 a safety property was violated, 2 an expectation was not met,\n"
           "      3 not deterministic or a trace diverged, 64 usage, 65 invalid input,\n"
           "      70 internal error, 74 input or output failed, 130 interrupted\n");
}

static const struct muster_command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[COMMANDS + 2] = {NULL};
    for (size_t i = 0; i < COMMANDS; i++)
        names[i] = commands[i]->name;
    names[COMMANDS] = "help";
    const char *near = muster_suggest(name, names);
    if (near)
        muster_options_say("unknown command '%s', did you mean '%s'?", name, near);
    else
        muster_options_say("unknown command '%s'; 'muster help' lists them", name);
    return MUSTER_EXIT_USAGE;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static int help(int argc, char **argv)
{
    if (argc < 3) {
        print_help();
        return 0;
    }
    const struct muster_command *c = find(argv[2]);
    if (!c)
        return unknown(argv[2]);
    muster_options_help(c);
    return 0;
}

static size_t length_of(const void *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    return n;
}

/* Two lists that end with null, one after the other; null when memory is short. */
static void *join(const void *const *a, const void *const *b)
{
    const void **both = calloc(length_of(a) + length_of(b) + 1, sizeof *both), **end = both;
    for (; both && a && *a; a++)
        *end++ = *a;
    for (; both && b && *b; b++)
        *end++ = *b;
    return both;
}

static int dispatch(const struct muster_command *c, int argc, char **argv,
                    const struct muster_registry *own)
{
    struct muster_options o = {.command = c, .argc = argc, .at = 2, .argv = argv};
    for (int i = 2; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (is_help(argv[i])) {
            muster_options_help(c);
            return 0;
        }
    }
    const struct muster_registry none = {NULL, NULL};
    const struct muster_registry *more = own ? own : &none;
    const struct muster_registry *built = &muster_registry_builtin;
    struct muster_registry all = {join((const void *const *)built->processes,
                                       (const void *const *)more->processes),
                                  join((const void *const *)built->properties,
                                       (const void *const *)more->properties)};
    int code = MUSTER_EXIT_INTERNAL;
    if (all.processes && all.properties)
        code = c->run(&o, &all);
    else
        muster_options_say("out of memory");
    free((void *)(uintptr_t)all.processes);
    free((void *)(uintptr_t)all.properties);
    return code;
}

/* A result that was not written is no result: a full disk must not look like success. */
static int flush_output(int code)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    muster_options_say("cannot write to standard output: %s",
                       errno ? strerror(errno) : "write error");
    return muster_report_graver(code, MUSTER_EXIT_IO);
}

int muster_main(int argc, char **argv, const struct muster_registry *registry)
{
    if (argc < 2) {
        fprintf(stderr, "usage: muster COMMAND [options] PATH…\n'muster help' tells more\n");
        return MUSTER_EXIT_USAGE;
    }
    int code;
    const struct muster_command *c = find(argv[1]);
    if (c) {
        code = dispatch(c, argc, argv, registry);
    } else if (is_help(argv[1]) || strcmp(argv[1], "help") == 0) {
        code = help(argc, argv);
    } else if (strcmp(argv[1], "--version") == 0) {
        printf("muster %s\n", MUSTER_VERSION);
        code = 0;
    } else {
        code = unknown(argv[1]);
    }
    return flush_output(code);
}
