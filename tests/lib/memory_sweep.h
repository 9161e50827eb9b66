/* SPDX-License-Identifier: Apache-2.0 */
/* Something is attempted in a child again and again, and each time another allocation fails (and
 * all later ones): a clean error, or the end of the program with exit 70 and its message. Link with
 * -Wl,--wrap=exit. For one program file each. */
#ifndef MUSTER_TESTS_LIB_MEMORY_SWEEP_H
#define MUSTER_TESTS_LIB_MEMORY_SWEEP_H

#include "config/diagnostics.h"
#include "tests/lib/short_memory.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define EXIT_INTERNAL 70
#define MESSAGE       "muster: out of memory\n"

/* How an attempt came out, as a child's exit code. */
enum ending {
    WHOLE = 10, /* it succeeded, and nothing is missing */
    REFUSED,    /* it failed, and said that memory is short */
    BROKEN,     /* neither */
    LEAKED,
    UNTOUCHED, /* WHOLE, and no allocation had to fail: the sweep is over */
};

static struct muster_diagnostics d;

/* Of a child only, and likewise: what libraries do at exit (gcov's counters, for one) may ask for
 * memory, and is not on trial. */
_Noreturn void __wrap_exit(int code);

void __wrap_exit(int code)
{
    _exit(code);
}

/* A crash is the child's end: cmocka would go on with the next test, in the child. */
static inline void attempt_in_child(enum ending (*attempt)(void), uint64_t n, bool onwards,
                                    int said)
{
    static const int crashes[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV};
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        signal(crashes[i], SIG_DFL);
    dup2(said, STDERR_FILENO);
    int64_t before = short_memory_blocks();
    short_memory_arm(n, onwards);
    enum ending ending = attempt();
    bool failed = short_memory_disarm();
    if (short_memory_blocks() != before)
        ending = LEAKED;
    else if (ending == WHOLE && !failed)
        ending = UNTOUCHED;
    else if (!failed)
        ending = BROKEN;
    _exit(ending);
}

/* Returns the child's wait status; what it said on stderr is in text. */
static inline int try(enum ending (*attempt)(void), uint64_t n, bool onwards, char text[256])
{
    int said = memfd_create("stderr", 0), status = 0;
    assert_true(said >= 0);
    pid_t child = fork();
    if (child == 0)
        attempt_in_child(attempt, n, onwards, said);
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    ssize_t size = pread(said, text, 255, 0);
    text[size > 0 ? size : 0] = 0;
    close(said);
    return status;
}

/* Returns how many allocations were made to fail. */
static inline uint64_t sweep(enum ending (*attempt)(void), bool onwards)
{
    char text[256];
    for (uint64_t n = 1;; n++) {
        int status = try(attempt, n, onwards, text);
        int code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        if (code == UNTOUCHED)
            return n - 1;
        bool clean = (code == WHOLE || code == REFUSED) && !text[0];
        if (!clean && (code != EXIT_INTERNAL || strcmp(text, MESSAGE) != 0)) {
            print_error("allocation %llu%s: exit %d, said '%s'\n", (unsigned long long)n,
                        onwards ? " and later" : "", code, text);
            fail();
        }
    }
}

static inline void sweep_both(enum ending (*attempt)(void), uint64_t least)
{
    assert_in_range(sweep(attempt, false), least, 100000);
    assert_in_range(sweep(attempt, true), least, 100000);
}

/* A failed attempt blames memory, not what it read. */
static inline enum ending refused(void)
{
    for (uint32_t i = 0; i < d.count; i++) {
        if (!strstr(d.at[i].text, "memory")) {
            fputs(d.at[i].text, stderr);
            return BROKEN;
        }
    }
    return d.errors > 0 ? REFUSED : BROKEN;
}

#endif
