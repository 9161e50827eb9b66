/* SPDX-License-Identifier: Apache-2.0 */
/* The command of muster-fence: see command.h. */
#include "tools/fence/command.h"

#include "live/fence.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND      127

static sigset_t watched_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGCHLD);
    return set;
}

void muster_fence_signals_hold(void)
{
    sigset_t set = watched_signals();
    signal(SIGCHLD, SIG_DFL); /* were it ignored, children would leave nothing to wait for */
    sigprocmask(SIG_BLOCK, &set, NULL);
}

int muster_fence_signals_held(void)
{
    sigset_t set;
    sigpending(&set);
    if (sigismember(&set, SIGTERM))
        return SIGTERM;
    return sigismember(&set, SIGINT) ? SIGINT : 0;
}

static _Noreturn void become(char **argument)
{
    sigset_t set = watched_signals();
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    execvp(argument[0], argument);
    int code = errno == ENOENT || errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
    fprintf(stderr, "muster-fence: cannot run '%s': %s\n", argument[0], strerror(errno));
    _exit(code);
}

/* Whether the child has ended, and how. */
static bool has_ended(pid_t child, struct muster_fence_ending *ending)
{
    int status;
    if (waitpid(child, &status, WNOHANG) != child)
        return false;
    if (WIFSIGNALED(status)) {
        ending->code = (uint32_t)(MUSTER_FENCE_EXIT_SIGNAL + WTERMSIG(status));
        ending->was_stopped = true;
    } else {
        ending->code = (uint32_t)WEXITSTATUS(status);
    }
    return true;
}

struct muster_fence_ending muster_fence_command_run(char **argument)
{
    sigset_t set = watched_signals();
    struct muster_fence_ending ending = {MUSTER_FENCE_EXIT_SYSTEM, false};
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) {
        fprintf(stderr, "muster-fence: cannot make a process: %s\n", strerror(errno));
        return ending;
    }
    if (child == 0)
        become(argument);
    while (!has_ended(child, &ending)) {
        int number = sigwaitinfo(&set, NULL);
        if (number == SIGTERM || number == SIGINT) {
            ending.was_stopped = true;
            kill(child, number);
        }
    }
    return ending;
}
