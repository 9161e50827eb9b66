/* SPDX-License-Identifier: Apache-2.0 */
/* Subcommands, their options, and what is said about them. */
#ifndef MUSTER_TOOLS_OPTIONS_H
#define MUSTER_TOOLS_OPTIONS_H

#include "sim/process.h"

/* Exit codes (SPEC 6); those of a run are in reports/report.h. */
#define MUSTER_EXIT_USAGE       64
#define MUSTER_EXIT_INVALID     65
#define MUSTER_EXIT_INTERNAL    70
#define MUSTER_EXIT_IO          74
#define MUSTER_EXIT_INTERRUPTED 130

struct muster_option {
    const char *name;  /* with its dashes */
    const char *value; /* what its value is called in the help; null for a switch */
    const char *help;
};

struct muster_options;

struct muster_command {
    const char *name;
    const char *operands; /* as in the usage line */
    const char *summary;
    const struct muster_option *options; /* ends with a null name */
    int (*run)(struct muster_options *o, const struct muster_registry *registry);
};

/* The command line of one subcommand, read front to back. */
struct muster_options {
    const struct muster_command *command;
    int argc, at;
    char **argv;
    bool operands_only; /* after -- */
};

enum { MUSTER_OPTION_END = -1, MUSTER_OPTION_OPERAND = -2, MUSTER_OPTION_WRONG = -3 };

/* The next word: index of an option, with its value; an operand, in *value; the end; or, after a
 * complaint on standard error, WRONG. */
int muster_options_next(struct muster_options *o, const char **value);

/* Complain of wrong usage, say where help is; returns the exit code. */
int muster_options_usage(const struct muster_options *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* All operands; complains and returns false on an option or when there are not min..max of them. */
bool muster_options_operands(struct muster_options *o, int min, int max, char **operands,
                             int *count);

/* Decimal numbers, whole words. "A..B" with A <= B, or "N" for N..N. */
bool muster_options_number(const char *word, uint64_t min, uint64_t max, uint64_t *value);
bool muster_options_range(const char *word, uint64_t *first, uint64_t *last);
/* "15s", "250ms", "1.5s", also without a unit: seconds. */
bool muster_options_time(const char *word, muster_time *value);

void muster_options_help(const struct muster_command *c);

/* Complain in the form of this program; goes to standard error. */
void muster_options_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

extern const struct muster_command muster_command_run, muster_command_replay, muster_command_diff,
    muster_command_lint, muster_command_list, muster_command_explain, muster_command_schema,
    muster_command_new, muster_command_fuzz, muster_command_shrink;

#endif
