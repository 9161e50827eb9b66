/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a subcommand's words. */
#include "tools/muster/options.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OPTIONS_MAX 32

void muster_options_say(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    fputs("muster: ", stderr);
    vfprintf(stderr, format, ap);
    fputc('\n', stderr);
    va_end(ap);
}

int muster_options_usage(const struct muster_options *o, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    fprintf(stderr, "muster %s: ", o->command->name);
    vfprintf(stderr, format, ap);
    fprintf(stderr, "\ntry 'muster help %s'\n", o->command->name);
    va_end(ap);
    return MUSTER_EXIT_USAGE;
}

static const char *suggestion(const struct muster_command *c, const char *word)
{
    const char *names[OPTIONS_MAX + 1] = {NULL};
    for (int i = 0; c->options[i].name; i++) {
        assert(i < OPTIONS_MAX);
        names[i] = c->options[i].name;
    }
    return muster_suggest(word, names);
}

/* The option that a word names, up to its '='; negative when there is none. */
static int find(const struct muster_command *c, const char *word)
{
    size_t length = strcspn(word, "=");
    for (int i = 0; c->options[i].name; i++)
        if (strlen(c->options[i].name) == length && strncmp(c->options[i].name, word, length) == 0)
            return i;
    return -1;
}

static int wrong_option(struct muster_options *o, const char *word)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    const char *near = suggestion(o->command, name);
    if (near)
        muster_options_usage(o, "unknown option '%s', did you mean '%s'?", name, near);
    else
        muster_options_usage(o, "unknown option '%s'", name);
    return MUSTER_OPTION_WRONG;
}

int muster_options_next(struct muster_options *o, const char **value)
{
    *value = NULL;
    if (o->at == o->argc)
        return MUSTER_OPTION_END;
    const char *word = o->argv[o->at++];
    if (!o->operands_only && strcmp(word, "--") == 0) {
        o->operands_only = true;
        return muster_options_next(o, value);
    }
    if (o->operands_only || word[0] != '-' || word[1] == 0) {
        *value = word;
        return MUSTER_OPTION_OPERAND;
    }
    int i = find(o->command, word);
    if (i < 0)
        return wrong_option(o, word);
    const char *inlined = strchr(word, '=');
    const char *wanted = o->command->options[i].value;
    if (!wanted && inlined) {
        muster_options_usage(o, "option '%s' takes no value", o->command->options[i].name);
        return MUSTER_OPTION_WRONG;
    }
    if (!wanted)
        return i;
    if (!inlined && o->at == o->argc) {
        muster_options_usage(o, "option '%s' needs a value: %s %s", word, word, wanted);
        return MUSTER_OPTION_WRONG;
    }
    *value = inlined ? inlined + 1 : o->argv[o->at++];
    return i;
}

bool muster_options_operands(struct muster_options *o, int min, int max, char **operands,
                             int *count)
{
    const char *value;
    *count = 0;
    for (;;) {
        int i = muster_options_next(o, &value);
        if (i == MUSTER_OPTION_END)
            break;
        if (i != MUSTER_OPTION_OPERAND)
            return false;
        if (*count == max) {
            muster_options_usage(o, "one operand too many: '%s'", value);
            return false;
        }
        operands[(*count)++] = (char *)(uintptr_t)value;
    }
    if (*count < min) {
        muster_options_usage(o, "missing operand: %s", o->command->operands);
        return false;
    }
    return true;
}

bool muster_options_number(const char *word, uint64_t min, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0;
    if (!*word)
        return false;
    for (; *word; word++) {
        uint64_t digit = (uint64_t)(*word - '0');
        if (*word < '0' || *word > '9' || sum > (UINT64_MAX - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return sum >= min && sum <= max;
}

bool muster_options_range(const char *word, uint64_t *first, uint64_t *last)
{
    char low[32];
    const char *dots = strstr(word, "..");
    size_t length = dots ? (size_t)(dots - word) : strlen(word);
    if (length >= sizeof low)
        return false;
    memcpy(low, word, length);
    low[length] = 0;
    return muster_options_number(low, 0, MUSTER_INTEGER_MAX, first) &&
           muster_options_number(dots ? dots + 2 : low, *first, MUSTER_INTEGER_MAX, last);
}

bool muster_options_time(const char *word, muster_time *value)
{
    struct muster_diagnostics d = {0};
    const struct muster_doc node = {.kind = MUSTER_NODE_SCALAR, .text = word};
    return muster_doc_duration(&node, 0, MUSTER_NEVER - 1, true, value, &d) == 0;
}

void muster_options_help(const struct muster_command *c)
{
    char left[64];
    printf("usage: muster %s [options] %s\n\n%s\n", c->name, c->operands, c->summary);
    if (c->options[0].name)
        printf("\noptions:\n");
    for (int i = 0; c->options[i].name; i++) {
        const struct muster_option *x = &c->options[i];
        snprintf(left, sizeof left, "%s%s%s", x->name, x->value ? " " : "",
                 x->value ? x->value : "");
        printf("  %-22s  %s\n", left, x->help);
    }
}
