/* SPDX-License-Identifier: Apache-2.0 */
/* A pool of forked workers: ranges go down one pipe, results come up another. */
#include "tools/muster/jobs.h"
#include "reports/report.h"
#include "tools/muster/options.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

struct worker {
    pid_t pid; /* 0: none */
    int down, up;
    int said;                      /* its standard error, in memory */
    struct muster_jobs_range left; /* what it has not answered for yet */
    bool busy;
    bool again; /* the worker before was killed at the seed that is next */
    size_t got; /* bytes of the result that is coming in */
    struct muster_run_result result;
};

struct pool {
    const struct muster_jobs *jobs;
    struct worker *worker;
    size_t next; /* range */
    int signals;
    sigset_t before;
};

/* ---- in a worker ---- */

static bool read_whole(int fd, void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = read(fd, (char *)data + done, size - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            return false;
    }
    return true;
}

static bool write_whole(int fd, const void *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = write(fd, (const char *)data + done, size - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            return false;
    }
    return true;
}

/* Leaves by exit, or a build for coverage would lose what it counted. */
static _Noreturn void work(const struct muster_jobs *j, int down, int up)
{
    struct muster_jobs_range range;
    struct muster_run_result result;
    memset(&result, 0, sizeof result);
    if (!j->open(j->cookie))
        exit(MUSTER_EXIT_INTERNAL);
    while (read_whole(down, &range, sizeof range)) {
        for (uint64_t seed = range.first;; seed++) {
            result.scenario = range.scenario;
            j->work(j->cookie, seed, &result);
            if (!write_whole(up, &result, sizeof result))
                exit(MUSTER_EXIT_INTERNAL);
            if (seed == range.last)
                break;
        }
    }
    exit(0);
}

static _Noreturn void become_worker(struct pool *p, struct worker *w, int down, int up)
{
    for (uint32_t i = 0; i < p->jobs->workers; i++) {
        if (&p->worker[i] == w || !p->worker[i].pid)
            continue;
        close(p->worker[i].down);
        close(p->worker[i].up);
        close(p->worker[i].said);
    }
    close(p->signals);
    dup2(w->said, STDERR_FILENO);
    /* Ctrl-C reaches the whole group; the parent decides what it means. */
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_SETMASK, &p->before, NULL);
    work(p->jobs, down, up);
}

/* ---- in the parent ---- */

static bool start(struct pool *p, struct worker *w)
{
    int down[2], up[2];
    if (pipe2(down, O_CLOEXEC) != 0)
        return false;
    if (pipe2(up, O_CLOEXEC) != 0) {
        close(down[0]);
        close(down[1]);
        return false;
    }
    w->said = memfd_create("stderr", MFD_CLOEXEC);
    fflush(stdout); /* or the child would print it again */
    fflush(stderr);
    w->pid = w->said < 0 ? -1 : fork();
    if (w->pid == 0) {
        close(down[1]);
        close(up[0]);
        become_worker(p, w, down[0], up[1]);
    }
    close(down[0]);
    close(up[1]);
    if (w->pid < 0) {
        if (w->said >= 0)
            close(w->said);
        close(down[1]);
        close(up[0]);
        w->pid = 0;
        return false;
    }
    w->down = down[1];
    w->up = up[0];
    w->busy = false;
    w->got = 0;
    return true;
}

static bool give(struct pool *p, struct worker *w, const struct muster_jobs_range *range)
{
    if (!w->pid && !start(p, w))
        return false;
    w->left = *range;
    w->busy = true;
    w->again = false;
    /* A worker that is dead already is noticed when its results end. */
    (void)write_whole(w->down, range, sizeof *range);
    return true;
}

/* The next range that is still wanted; false when there is none. */
static bool next_range(struct pool *p, struct muster_jobs_range *range)
{
    while (p->next < p->jobs->count) {
        *range = p->jobs->ranges[p->next++];
        if (p->jobs->wanted(p->jobs->cookie, range))
            return true;
    }
    return false;
}

void muster_jobs_death(int status, char *text, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(text, size, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        snprintf(text, size, "exit status %d", WEXITSTATUS(status));
}

/* The first line of what the worker said; true when there is more. */
static bool hear(const struct worker *w, char *text, size_t size)
{
    ssize_t n = pread(w->said, text, size - 1, 0);
    text[n > 0 ? n : 0] = 0;
    size_t line = strcspn(text, "\n");
    bool more = text[line] && text[line + 1];
    text[line] = 0;
    return more;
}

/* What a worker has said without dying of it (a sanitizer's warning, say) belongs to our user. */
static void pass_on(const struct worker *w)
{
    char text[4096];
    off_t at = 0;
    ssize_t n;
    while ((n = pread(w->said, text, sizeof text, at)) > 0) {
        fwrite(text, 1, (size_t)n, stderr);
        at += n;
    }
}

static int bury(struct worker *w)
{
    int status = 0;
    close(w->down);
    close(w->up);
    while (waitpid(w->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    w->pid = 0;
    return status;
}

/* These come from outside, of an operator or of a system that is short of memory: the code under
 * test does not die of them. */
static bool was_killed(int status)
{
    return WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGTERM);
}

static void make_crash(const struct worker *w, int status, struct muster_run_result *result)
{
    char death[96], said[320];
    bool killed = was_killed(status);
    muster_jobs_death(status, death, sizeof death);
    if (hear(w, said, sizeof said))
        pass_on(w); /* a sanitizer's report, which is told as it stands */
    memset(result, 0, sizeof *result);
    result->scenario = w->left.scenario;
    result->seed = w->left.first;
    result->code = killed ? MUSTER_REPORT_INTERNAL : MUSTER_REPORT_VIOLATED;
    snprintf(result->property, sizeof result->property, killed ? "worker" : "no_crash");
    if (killed)
        snprintf(result->text, sizeof result->text,
                 "the worker was killed from outside, twice: %s; the run has no verdict", death);
    else
        snprintf(result->text, sizeof result->text, "the code under test died of %s%s%s", death,
                 said[0] ? ": " : "", said);
}

/* The worker is gone: its run is a failure, the rest of its range goes to a new one. A run whose
 * worker was killed from outside gets one more try. */
static bool replace(struct pool *p, struct worker *w)
{
    int status = bury(w);
    bool orderly = !w->busy && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!w->busy) {
        pass_on(w);
        close(w->said);
        return orderly;
    }
    struct muster_jobs_range rest = w->left;
    if (was_killed(status) && !w->again) {
        close(w->said);
        bool given = give(p, w, &rest);
        w->again = true;
        return given;
    }
    struct muster_run_result crash;
    make_crash(w, status, &crash);
    close(w->said);
    w->busy = false;
    p->jobs->done(p->jobs->cookie, &crash);
    bool more = rest.first < rest.last;
    rest.first++;
    if (!more || !p->jobs->wanted(p->jobs->cookie, &rest))
        return true;
    return give(p, w, &rest);
}

/* Results have come, or the end of them. */
static bool receive(struct pool *p, struct worker *w)
{
    ssize_t n = read(w->up, (char *)&w->result + w->got, sizeof w->result - w->got);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN;
    if (n == 0)
        return replace(p, w);
    w->got += (size_t)n;
    if (w->got < sizeof w->result)
        return true;
    w->got = 0;
    assert(w->busy);
    assert(w->result.seed == w->left.first);
    p->jobs->done(p->jobs->cookie, &w->result);
    w->busy = w->left.first++ < w->left.last;
    w->again = false;
    return true;
}

/* Hand out work; returns how many workers are busy, or -1 when none could be started. */
static int keep_busy(struct pool *p)
{
    int busy = 0;
    struct muster_jobs_range range;
    for (uint32_t i = 0; i < p->jobs->workers; i++) {
        struct worker *w = &p->worker[i];
        if (!w->busy && next_range(p, &range) && !give(p, w, &range)) {
            p->next--;
            break;
        }
        busy += w->busy;
    }
    return busy == 0 && p->next < p->jobs->count ? -1 : busy;
}

static enum muster_jobs_end loop(struct pool *p)
{
    struct pollfd fd[MUSTER_JOBS_MAX + 1];
    for (;;) {
        int busy = keep_busy(p);
        if (busy <= 0)
            return busy == 0 ? MUSTER_JOBS_DONE : MUSTER_JOBS_FAILED;
        for (uint32_t i = 0; i < p->jobs->workers; i++)
            fd[i] = (struct pollfd){p->worker[i].busy ? p->worker[i].up : -1, POLLIN, 0};
        fd[p->jobs->workers] = (struct pollfd){p->signals, POLLIN, 0};
        if (poll(fd, p->jobs->workers + 1, -1) < 0 && errno != EINTR)
            return MUSTER_JOBS_FAILED;
        if (fd[p->jobs->workers].revents)
            return MUSTER_JOBS_INTERRUPTED;
        for (uint32_t i = 0; i < p->jobs->workers; i++)
            if (fd[i].revents && !receive(p, &p->worker[i]))
                return MUSTER_JOBS_FAILED;
    }
}

/* Idle workers leave when their pipe closes; there are busy ones only after an interrupt. */
static void dismiss(struct pool *p)
{
    for (uint32_t i = 0; i < p->jobs->workers; i++) {
        struct worker *w = &p->worker[i];
        if (!w->pid)
            continue;
        if (w->busy)
            kill(w->pid, SIGTERM);
        bury(w);
        pass_on(w);
        close(w->said);
    }
}

enum muster_jobs_end muster_jobs_run(const struct muster_jobs *j)
{
    assert(j->workers >= 1);
    assert(j->workers <= MUSTER_JOBS_MAX);
    struct pool p = {.jobs = j};
    sigset_t caught;
    sigemptyset(&caught);
    sigaddset(&caught, SIGINT);
    sigaddset(&caught, SIGTERM);
    sigprocmask(SIG_BLOCK, &caught, &p.before);
    void (*pipes)(int) = signal(SIGPIPE, SIG_IGN);
    p.signals = signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK);
    p.worker = calloc(j->workers, sizeof *p.worker);
    enum muster_jobs_end end = MUSTER_JOBS_FAILED;
    if (p.signals >= 0 && p.worker)
        end = loop(&p);
    if (end == MUSTER_JOBS_FAILED)
        muster_options_say("cannot keep workers running: %s", strerror(errno));
    if (p.worker)
        dismiss(&p);
    struct signalfd_siginfo info;
    while (p.signals >= 0 && read(p.signals, &info, sizeof info) > 0)
        continue; /* taken: it must not strike when the mask is lifted */
    if (p.signals >= 0)
        close(p.signals);
    free(p.worker);
    signal(SIGPIPE, pipes);
    sigprocmask(SIG_SETMASK, &p.before, NULL);
    return end;
}
