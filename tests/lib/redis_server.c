/* SPDX-License-Identifier: Apache-2.0 */
/* A real Redis for a test: starting, stopping, pausing it. */
#include "tests/lib/redis_server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TOOL      "redis-check-rdb"
#define START_MS  10000
#define STEP_MS   5
#define PORTS_MAX 5 /* tried: between choosing one and listening another may take it */

/* The path of the tool, as the shell would find it; false when there is none. */
static bool find_tool(char *path, size_t size)
{
    const char *folders = getenv("PATH");
    for (const char *at = folders ? folders : ""; *at;) {
        size_t length = strcspn(at, ":");
        int n = snprintf(path, size, "%.*s/" TOOL, (int)length, at);
        if (n > 0 && (size_t)n < size && access(path, X_OK) == 0)
            return true;
        at += length + (at[length] == ':');
    }
    return false;
}

bool redis_server_is_installed(void)
{
    char path[512];
    return find_tool(path, sizeof path);
}

static void wait_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* A port of loopback that nobody listens on now. Returns 0 or -1. */
static int choose_port(uint16_t *ret_port)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool did = bind(fd, (struct sockaddr *)&a, size) == 0 &&
               getsockname(fd, (struct sockaddr *)&a, &size) == 0;
    close(fd);
    *ret_port = ntohs(a.sin_port);
    return did ? 0 : -1;
}

/* It answers PING; with what does not matter, it may want a password. Asked at the socket in its
 * folder, for at the port there may be somebody else's, and this one about to end. */
static bool answers(const struct redis_server *r)
{
    static const char ping[] = "PING\r\n";
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    char answer[8];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s/socket", r->folder);
    bool did = connect(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
               send(fd, ping, sizeof ping - 1, MSG_NOSIGNAL) > 0 &&
               recv(fd, answer, sizeof answer, 0) > 0 && (answer[0] == '+' || answer[0] == '-');
    close(fd);
    return did;
}

static void run(const struct redis_server *r, const char *const *arguments)
{
    char port[8], log[96], path[96];
    (void)snprintf(port, sizeof port, "%u", r->port);
    (void)snprintf(log, sizeof log, "%s/log", r->folder);
    (void)snprintf(path, sizeof path, "%s/socket", r->folder);
    const char *argv[20 + REDIS_ARGUMENTS_MAX] = {
        "redis-server", "--port",       port,    "--bind",  "127.0.0.1", "--save", "",
        "--appendonly", "no",           "--dir", r->folder, "--logfile", log,      "--daemonize",
        "no",           "--unixsocket", path};
    size_t count = 17;
    for (size_t i = 0; arguments && arguments[i] && i < REDIS_ARGUMENTS_MAX; i++)
        argv[count++] = arguments[i];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execv(r->program, (char *const *)argv);
    _exit(127);
}

/* Whether the process has ended; it is reaped then. */
static bool ended(struct redis_server *r)
{
    if (waitpid(r->pid, NULL, WNOHANG) != r->pid)
        return false;
    r->pid = 0;
    return true;
}

int redis_server_restart(struct redis_server *r, const char *const *arguments)
{
    r->pid = fork();
    if (r->pid == 0)
        run(r, arguments);
    if (r->pid < 0) {
        r->pid = 0;
        return -1;
    }
    for (long waited = 0; waited < START_MS; waited += STEP_MS) {
        if (ended(r))
            return -1;
        if (answers(r))
            return 0;
        wait_ms(STEP_MS);
    }
    redis_server_kill(r);
    return -1;
}

int redis_server_start(struct redis_server *r, const char *const *arguments)
{
    const char *parent = getenv("TMPDIR");
    char tool[512];
    memset(r, 0, sizeof *r);
    int n = snprintf(r->folder, sizeof r->folder, "%s/muster-redis-XXXXXX",
                     parent && strlen(parent) < 32 ? parent : "/tmp");
    if (n < 0 || !find_tool(tool, sizeof tool) || !mkdtemp(r->folder)) {
        fprintf(stderr, "redis_server: no " TOOL ", or no temporary folder\n");
        return -1;
    }
    (void)snprintf(r->program, sizeof r->program, "%s/redis-server", r->folder);
    if (symlink(tool, r->program) == 0)
        for (int i = 0; i < PORTS_MAX; i++)
            if (choose_port(&r->port) == 0 && redis_server_restart(r, arguments) == 0)
                return 0;
    fprintf(stderr, "redis_server: %s does not start\n", tool);
    redis_server_stop(r);
    return -1;
}

void redis_server_kill(struct redis_server *r)
{
    if (r->pid == 0)
        return;
    kill(r->pid, SIGKILL);
    while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    r->pid = 0;
}

void redis_server_pause(struct redis_server *r)
{
    int status;
    kill(r->pid, SIGSTOP);
    while (waitpid(r->pid, &status, WUNTRACED) < 0 && errno == EINTR)
        ;
}

void redis_server_continue(struct redis_server *r)
{
    kill(r->pid, SIGCONT);
}

void redis_server_stop(struct redis_server *r)
{
    redis_server_kill(r); /* it keeps nothing that a gentler end would save */
    DIR *folder = opendir(r->folder);
    if (!folder)
        return;
    for (const struct dirent *e; (e = readdir(folder));)
        (void)unlinkat(dirfd(folder), e->d_name, 0);
    closedir(folder);
    (void)rmdir(r->folder);
}
