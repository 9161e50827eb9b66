/* SPDX-License-Identifier: Apache-2.0 */
/* `muster replay --step`: a walk along a trace, by keys in a terminal and by lines from a pipe. */
#include "reports/report.h"
#include "tools/muster/options.h"
#include "tools/muster/travel.h"

#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LINE_MAX_SIZE 256

enum command { NEXT, PREVIOUS, GO, FIND, BACK, STATE, WORLD, HELP, QUIT, COMMANDS };

/* key: in a terminal; asks: what is to be typed after it there. */
static const struct {
    const char *word, *asks, *what;
    char key, other_key;
} commands[COMMANDS] = {
    [NEXT] = {"next", NULL, "next record; next COUNT: so many", 'n', ' '},
    [PREVIOUS] = {"previous", NULL, "previous record; previous COUNT: so many", 'p', 0x7f},
    [GO] = {"go", "time or number", "go to a time (12.5s) or a record (812)", 'g', 0},
    [FIND] = {"find", "kind or process", "next record of a KIND, a PROCESS, or both", 'f', '/'},
    [BACK] = {"back", "kind or process", "previous record of a KIND, a PROCESS, or both", 'b', 0},
    [STATE] = {"state", NULL, "state of this record's process; state NAME…: of these", 's', 0},
    [WORLD] = {"world", NULL, "states of all, what is on its way, faults that last, the store", 'w',
               0},
    [HELP] = {"help", NULL, "this list", 'h', '?'},
    [QUIT] = {"quit", NULL, "end the walk", 'q', 0x04},
};

struct walk {
    struct muster_traveller *x;
    bool keys; /* the terminal gives single keys */
    struct termios line_mode;
    int code;
};

/* ---- moving ---- */

static void complain(struct walk *w, const char *problem)
{
    printf("%s\n", problem);
    if (!w->keys)
        w->code = muster_report_graver(w->code, MUSTER_EXIT_USAGE);
}

static void show_place(struct walk *w)
{
    muster_instant_record(w->x);
    for (uint16_t i = 0; i < w->x->trace->name_count; i++)
        if (w->x->shown[i])
            muster_instant_process(w->x, i);
}

static void go(struct walk *w, size_t position)
{
    w->code = muster_report_graver(w->code, muster_travel_go(w->x, position));
    show_place(w);
}

static void move(struct walk *w, const char *argument, bool forwards)
{
    uint64_t count = 1;
    size_t position = muster_player_position(w->x->player);
    size_t left = forwards ? w->x->trace->count - position : position;
    if (*argument && !muster_options_number(argument, 1, UINT32_MAX, &count)) {
        complain(w, "a count is wanted, such as 10");
        return;
    }
    if (left == 0) {
        printf("this is %s of the trace\n", forwards ? "the end" : "the beginning");
        return;
    }
    size_t step = count < left ? (size_t)count : left;
    go(w, forwards ? position + step : position - step);
}

static void go_to(struct walk *w, const char *argument)
{
    size_t position;
    char problem[256];
    if (!muster_travel_position(w->x->trace, argument, &position, problem, sizeof problem))
        complain(w, problem);
    else
        go(w, position);
}

/* ---- finding ---- */

struct wanted {
    bool any_kind, any_process;
    uint16_t kind, process;
};

/* The kind of a record by its name, the process's own notes included; 0 when there is none. */
static uint16_t kind_by_name(const struct muster_trace *t, const char *name)
{
    for (uint16_t i = 0; t->notes && t->notes[i]; i++)
        if (strcmp(t->notes[i], name) == 0)
            return (uint16_t)(MUSTER_EVENT_NOTE + MUSTER_NOTE_CUSTOM + i);
    return muster_event_by_name(name);
}

static bool read_wanted(const struct muster_trace *t, char *argument, struct wanted *k,
                        char *problem, size_t size)
{
    *k = (struct wanted){true, true, 0, 0};
    char *rest = argument;
    for (char *word = strtok_r(argument, " ,", &rest); word; word = strtok_r(NULL, " ,", &rest)) {
        uint16_t kind = kind_by_name(t, word);
        if (kind != 0) {
            k->any_kind = false;
            k->kind = kind;
        } else if (muster_travel_process(t, word, &k->process, problem, size)) {
            k->any_process = false;
        } else {
            const char *near = muster_suggest(word, muster_event_names());
            snprintf(problem, size, "'%s' is neither a kind of record nor a process%s%s%s", word,
                     near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
            return false;
        }
    }
    snprintf(problem, size, "a kind of record or a process is wanted, such as in.message or %s",
             t->name_count > 0 ? t->names[0] : "n1");
    return !k->any_kind || !k->any_process;
}

static void find(struct walk *w, char *argument, bool forwards)
{
    const struct muster_trace *t = w->x->trace;
    struct wanted k;
    char problem[256];
    if (!read_wanted(t, argument, &k, problem, sizeof problem)) {
        complain(w, problem);
        return;
    }
    size_t at = muster_player_position(w->x->player);
    /* From behind record `at` to the end, or from before it to the beginning. */
    while (forwards ? at < t->count : at > 1) {
        at = forwards ? at + 1 : at - 1;
        const struct muster_record *r = &t->records[at - 1];
        if ((k.any_kind || r->kind == k.kind) && (k.any_process || r->process == k.process)) {
            go(w, at);
            return;
        }
    }
    printf("there is none %s\n", forwards ? "from here to the end" : "before");
}

/* ---- looking ---- */

static void show_state(struct walk *w, char *argument)
{
    size_t position = muster_player_position(w->x->player);
    uint16_t process = position > 0 ? w->x->trace->records[position - 1].process : MUSTER_NOBODY;
    char problem[256], *rest = argument;
    char *word = strtok_r(argument, " ,", &rest);
    if (!word && process == MUSTER_NOBODY)
        complain(w, "this record is of no process: say whose state");
    else if (!word)
        muster_instant_process(w->x, process);
    for (; word; word = strtok_r(NULL, " ,", &rest)) {
        if (muster_travel_process(w->x->trace, word, &process, problem, sizeof problem))
            muster_instant_process(w->x, process);
        else
            complain(w, problem);
    }
}

static void show_world(struct walk *w)
{
    for (uint16_t i = 0; i < w->x->trace->name_count; i++)
        muster_instant_process(w->x, i);
    muster_instant_world(w->x);
    muster_instant_store(w->x);
}

static void show_help(void)
{
    for (int i = 0; i < COMMANDS; i++)
        printf("  %c  %-9s %s\n", commands[i].key, commands[i].word, commands[i].what);
}

static void obey(struct walk *w, enum command command, char *argument)
{
    switch (command) {
    case NEXT:
    case PREVIOUS:
        move(w, argument, command == NEXT);
        break;
    case GO:
        go_to(w, argument);
        break;
    case FIND:
    case BACK:
        find(w, argument, command == FIND);
        break;
    case STATE:
        show_state(w, argument);
        break;
    case WORLD:
        show_world(w);
        break;
    case HELP:
        show_help();
        break;
    case QUIT:
    case COMMANDS:
        break;
    }
}

/* ---- lines ---- */

/* A command by its whole name or its key; COMMANDS when it is none. */
static enum command command_of(const char *word)
{
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(word, commands[i].word) == 0 || (word[0] == commands[i].key && !word[1]))
            return (enum command)i;
    return COMMANDS;
}

static void say_unknown(struct walk *w, const char *word)
{
    const char *names[COMMANDS + 1] = {NULL};
    char problem[256];
    for (int i = 0; i < COMMANDS; i++)
        names[i] = commands[i].word;
    const char *near = muster_suggest(word, names);
    snprintf(problem, sizeof problem, "unknown command '%s'; %s%s%s", word,
             near ? "did you mean '" : "'help' lists them", near ? near : "", near ? "'?" : "");
    complain(w, problem);
}

/* One line: an empty one goes on to the next record. False at the end. */
static bool obey_line(struct walk *w, char *line)
{
    char *word = line + strspn(line, " \t");
    char *argument = word + strcspn(word, " \t");
    if (*argument)
        *argument++ = 0;
    argument += strspn(argument, " \t");
    for (size_t n = strlen(argument); n > 0 && strchr(" \t", argument[n - 1]); n--)
        argument[n - 1] = 0;
    enum command command = *word ? command_of(word) : NEXT;
    if (command == COMMANDS)
        say_unknown(w, word);
    else
        obey(w, command, argument);
    return command != QUIT;
}

static bool read_line(char *line, size_t size)
{
    if (!fgets(line, (int)size, stdin))
        return false;
    size_t length = strcspn(line, "\n");
    for (int c = line[length]; c != '\n' && c != EOF;)
        c = getchar(); /* what is too long is cut off */
    line[length] = 0;
    return true;
}

static void walk_by_lines(struct walk *w)
{
    char line[LINE_MAX_SIZE];
    while (read_line(line, sizeof line) && obey_line(w, line))
        fflush(stdout);
}

/* ---- keys ---- */

static void set_keys(const struct walk *w, bool keys)
{
    struct termios mode = w->line_mode;
    if (keys) {
        mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);
        mode.c_cc[VMIN] = 1;
        mode.c_cc[VTIME] = 0;
    }
    tcsetattr(STDIN_FILENO, TCSANOW, &mode);
}

/* Arrows are sent as three bytes. */
static int read_key(void)
{
    char key[8];
    ssize_t n = read(STDIN_FILENO, key, sizeof key);
    if (n <= 0 || key[0] == 0x03) /* Ctrl-C */
        return 'q';
    if (n >= 3 && key[0] == 0x1b && key[1] == '[')
        return key[2] == 'C' || key[2] == 'B' ? 'n' : key[2] == 'D' || key[2] == 'A' ? 'p' : 0;
    return key[0] == '\n' || key[0] == '\r' ? 'n' : key[0];
}

static void walk_by_keys(struct walk *w)
{
    char argument[LINE_MAX_SIZE];
    printf("n next, p previous, s state, h help, q quit\n");
    for (enum command command = HELP; command != QUIT;) {
        fflush(stdout);
        int key = read_key();
        for (command = 0; command < COMMANDS; command++)
            if (key == commands[command].key || (key && key == commands[command].other_key))
                break;
        argument[0] = 0;
        if (command < COMMANDS && commands[command].asks) {
            printf("%s? ", commands[command].asks);
            fflush(stdout);
            set_keys(w, false);
            if (!read_line(argument, sizeof argument))
                command = QUIT;
            set_keys(w, true);
        }
        obey(w, command, argument);
    }
}

int muster_travel_step(struct muster_traveller *x)
{
    struct walk w = {.x = x};
    w.keys =
        isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && tcgetattr(STDIN_FILENO, &w.line_mode) == 0;
    show_place(&w);
    if (!w.keys) {
        walk_by_lines(&w);
        return w.code;
    }
    set_keys(&w, true);
    walk_by_keys(&w);
    set_keys(&w, false);
    return w.code;
}
