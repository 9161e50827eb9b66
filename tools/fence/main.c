/* SPDX-License-Identifier: Apache-2.0 */
/* muster-fence: make any command a target that fences and deduplicates (SPEC R14). */
#include "live/clock.h"
#include "live/fence_file.h"
#include "tools/fence/command.h"

#include <assert.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define WAIT_MAX (60 * MUSTER_SECOND) /* for the lock, whatever not_after says */
#define TEXT_MAX 10240                /* a message with a path or two */
#define TOLD_MAX 64                   /* a line on the result pipe */

static const char help[] =
    "usage: muster-fence --state FILE [--release] [--] COMMAND [ARGUMENT...]\n"
    "       muster-fence --state FILE --seal EPOCH\n"
    "       muster-fence --state FILE --show\n"
    "\n"
    "Runs COMMAND at most once for each intent and attempt, never late, and never for\n"
    "a leader that has been succeeded. For commands of musterd, which sets MUSTER_EPOCH,\n"
    "MUSTER_INTENT, MUSTER_ATTEMPT, MUSTER_NOT_AFTER and MUSTER_RESULT_FD.\n"
    "\n"
    "  --state FILE  what is remembered; on a local disk, with FILE.lock beside it\n"
    "  --release     give the lock back when COMMAND has ended by itself, even if it left\n"
    "                a daemon behind [kept until everything that it started has ended]\n"
    "  --seal EPOCH  refuse every epoch below EPOCH from now on; runs nothing\n"
    "  --show        print what is remembered\n"
    "  --help, --version\n"
    "\n"
    "exit codes: COMMAND's own, 128 + N when signal N killed it, and\n"
    "  64  arguments or environment are wrong      70  the state is damaged\n"
    "  71  no process could be made                74  the state cannot be read or written\n"
    "  75  begun once, and its end is not known; or the lock was held too long\n"
    "  76  fenced: too late, or of an epoch below the highest\n"
    "Nothing is run with any of these. An exit code that was recorded is given again.\n";

struct options {
    const char *state;
    const char *seal; /* null: do not */
    bool show, release;
    char **command;
};

/* "muster-fence: TEXT", on standard error. */
static void say(const char *text)
{
    fprintf(stderr, "muster-fence: %s\n", text);
}

static int usage(const char *text)
{
    say(text);
    fputs("try 'muster-fence --help'\n", stderr);
    return MUSTER_FENCE_EXIT_USAGE;
}

/* A line on the result pipe. */
static void tell(int result_fd, const char *key, const char *value)
{
    char line[TOLD_MAX];
    int size = snprintf(line, sizeof line, "%s=%s\n", key, value);
    assert(size > 0 && (size_t)size < sizeof line);
    if (result_fd >= 0 && write(result_fd, line, (size_t)size) != size)
        say("nobody reads the result pipe");
}

static void tell_epoch(int result_fd, uint64_t epoch)
{
    char value[TOLD_MAX / 2];
    snprintf(value, sizeof value, "%" PRIu64, epoch);
    tell(result_fd, "epoch", value);
}

/* The result pipe that the environment names. False, and said: it names none that is open for
 * writing; the number could become that of a file of ours. */
static bool find_result_fd(int *ret_fd)
{
    const char *text = getenv("MUSTER_RESULT_FD");
    uint64_t number;
    if (text && muster_text_parse_u64(muster_text_bytes(text), &number) == 0 && number <= INT_MAX) {
        int flags = fcntl((int)number, F_GETFL);
        if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY) {
            *ret_fd = (int)number;
            return true;
        }
    }
    fprintf(stderr,
            "muster-fence: MUSTER_RESULT_FD%s%s; it is a descriptor that is open for writing\n",
            text ? "=" : " is not set", text ? text : "");
    return false;
}

/* What is open while an effect, or a seal, is dealt with. */
struct session {
    const char *file;
    int result_fd; /* -1: none */
    int lock_fd;
    struct muster_fence fence;
};

/* Take the lock and read the state. Returns 0, or an exit code, and has said why. */
static int session_open(struct session *s, muster_time until)
{
    char room[TEXT_MAX];
    struct muster_text error;
    bool is_new;
    muster_text_init(&error, room, sizeof room);
    int status = muster_fence_lock(s->file, until, &s->lock_fd, &error);
    if (status == 0)
        status = muster_fence_load(&s->fence, s->file, &is_new, &error);
    if (status != 0)
        say(room);
    return status;
}

/* Make the state durable. Returns 0, or an exit code, and has said why. */
static int session_save(const struct session *s)
{
    char room[TEXT_MAX];
    struct muster_text error;
    muster_text_init(&error, room, sizeof room);
    int status = muster_fence_save(&s->fence, s->file, &error);
    if (status != 0)
        say(room);
    return status;
}

/* Run what the state has as begun. Returns the exit code. */
static int run_begun(struct session *s, const struct muster_fence_request *r,
                     const struct options *o)
{
    struct muster_fence_ending ending = {MUSTER_FENCE_EXIT_FENCED, true};
    int held = muster_fence_signals_held();
    if (muster_fence_is_late(r, muster_live_clock())) /* a disk can be slow */
        say("fenced: it became too late while the state was written; nothing is run");
    else if (held != 0)
        ending.code = (uint32_t)(MUSTER_FENCE_EXIT_SIGNAL + held);
    else
        ending = muster_fence_command_run(o->command);
    muster_fence_end(&s->fence, r, ending.code);
    if (session_save(s) != 0)
        say("the command has ended, but that could not be recorded; its exit code stands");
    if (o->release && !ending.was_stopped)
        flock(s->lock_fd, LOCK_UN);
    return (int)ending.code;
}

/* Tell that an effect was there before. Returns the exit code. */
static int answer_seen(const struct session *s, uint32_t outcome)
{
    if (outcome != MUSTER_FENCE_BEGUN) {
        fprintf(stderr, "muster-fence: has been run before; gives the exit code of then, %u\n",
                outcome);
        return (int)outcome;
    }
    say("was begun before, and nobody knows how it ended; nothing is run");
    tell(s->result_fd, "result", "unknown");
    return MUSTER_FENCE_EXIT_UNKNOWN;
}

static int decide(struct session *s, const struct muster_fence_request *r, const struct options *o)
{
    uint64_t known = s->fence.highest;
    uint32_t outcome;
    enum muster_fence_verdict verdict =
        muster_fence_admit(&s->fence, r, muster_live_clock(), &outcome);
    muster_fence_signals_hold();
    int status = 0;
    if (verdict == MUSTER_FENCE_RUN || s->fence.highest != known)
        status = session_save(s);
    if (status != 0) {
        say("nothing is run");
        return status;
    }
    tell_epoch(s->result_fd, s->fence.highest);
    switch (verdict) {
    case MUSTER_FENCE_RUN:
        return run_begun(s, r, o);
    case MUSTER_FENCE_REPEATED:
    case MUSTER_FENCE_INTERRUPTED:
        return answer_seen(s, outcome);
    case MUSTER_FENCE_LATE:
        say("fenced: too late; nothing is run");
        break;
    case MUSTER_FENCE_STALE:
        fprintf(stderr,
                "muster-fence: fenced: epoch %" PRIu64 " is below %" PRIu64 "; nothing is run\n",
                r->epoch, s->fence.highest);
        break;
    case MUSTER_FENCE_OVERTAKEN:
        say("fenced: a later attempt of this intent was run; nothing is run");
        break;
    }
    return MUSTER_FENCE_EXIT_FENCED;
}

static int run(const struct options *o)
{
    struct session s = {.file = o->state};
    struct muster_fence_request r;
    char room[TEXT_MAX];
    struct muster_text error;
    muster_text_init(&error, room, sizeof room);
    if (!muster_fence_request_read(&r, &error)) {
        say(room);
        return MUSTER_FENCE_EXIT_USAGE;
    }
    if (!find_result_fd(&s.result_fd))
        return MUSTER_FENCE_EXIT_USAGE;
    muster_time until = muster_time_add(muster_live_clock(), WAIT_MAX);
    int status = session_open(&s, muster_time_min(until, r.not_after));
    if (status == 0)
        return decide(&s, &r, o);
    say("nothing is run");
    bool late =
        status == MUSTER_FENCE_EXIT_UNKNOWN && muster_fence_is_late(&r, muster_live_clock());
    return late ? MUSTER_FENCE_EXIT_FENCED : status;
}

static int seal(const struct options *o)
{
    struct session s = {.file = o->state, .result_fd = -1};
    uint64_t epoch, known;
    if (!muster_fence_parse_epoch(o->seal, &epoch) || epoch == 0)
        return usage("--seal needs an epoch: a decimal number, 1..9007199254740991");
    if (getenv("MUSTER_RESULT_FD") && !find_result_fd(&s.result_fd))
        return MUSTER_FENCE_EXIT_USAGE;
    int status = session_open(&s, muster_time_add(muster_live_clock(), WAIT_MAX));
    if (status != 0)
        return status;
    known = s.fence.highest;
    bool raised = muster_fence_seal(&s.fence, epoch);
    if (s.fence.highest != known)
        status = session_save(&s);
    if (status != 0)
        return status;
    tell_epoch(s.result_fd, s.fence.highest);
    if (raised)
        return 0;
    fprintf(stderr, "muster-fence: fenced: epoch %" PRIu64 " is below %" PRIu64 "\n", epoch, known);
    return MUSTER_FENCE_EXIT_FENCED;
}

static int show(const struct options *o)
{
    struct muster_fence fence;
    char room[TEXT_MAX];
    struct muster_text error;
    bool is_new;
    muster_text_init(&error, room, sizeof room);
    int status = muster_fence_load(&fence, o->state, &is_new, &error);
    if (status != 0) {
        say(room);
        return status;
    }
    if (is_new)
        printf("nothing is remembered yet: '%s' is not there\n", o->state);
    else
        printf("highest epoch %" PRIu64 "\n", fence.highest);
    for (uint32_t i = 0; i < fence.count; i++) {
        const struct muster_fence_entry *e = &fence.entry[i];
        printf("intent %" PRIu64 " attempt %" PRIu64 ": ", e->intent, e->attempt);
        if (e->outcome == MUSTER_FENCE_BEGUN)
            printf("begun, no end recorded\n");
        else
            printf("exit code %u\n", e->outcome);
    }
    return 0;
}

/* Read the command line. Returns 0, or -1 when all is done, or an exit code, and has said why. */
static int parse(struct options *o, int argc, char **argv)
{
    static const struct option known[] = {
        {"state", required_argument, NULL, 'f'},
        {"seal", required_argument, NULL, 'e'},
        {"show", no_argument, NULL, 's'},
        {"release", no_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    int c;
    while ((c = getopt_long(argc, argv, "+h", known, NULL)) != -1) {
        if (c == 'f')
            o->state = optarg;
        else if (c == 'e')
            o->seal = optarg;
        else if (c == 's')
            o->show = true;
        else if (c == 'r')
            o->release = true;
        else if (c == 'h')
            return fputs(help, stdout), -1;
        else if (c == 'v')
            return puts("muster-fence " MUSTER_VERSION), -1;
        else
            return usage("an option is wrong");
    }
    o->command = argv + optind;
    if (!o->state || !*o->state)
        return usage("--state FILE is missing");
    int verbs = (o->command[0] != NULL) + (o->seal != NULL) + o->show;
    if (verbs == 0)
        return usage("a COMMAND is missing");
    if (verbs > 1)
        return usage("either a COMMAND, or --seal, or --show");
    return 0;
}

int main(int argc, char **argv)
{
    struct options o = {0};
    int status = parse(&o, argc, argv);
    if (status != 0)
        return status < 0 ? 0 : status;
    signal(SIGPIPE, SIG_IGN); /* a result pipe that nobody reads ends no command */
    if (o.show)
        return show(&o);
    return o.seal ? seal(&o) : run(&o);
}
