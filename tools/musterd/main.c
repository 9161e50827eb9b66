/* SPDX-License-Identifier: Apache-2.0 */
/* musterd: a member of a cluster on a real machine. */
#include "live/daemon.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_USAGE   64
#define EXIT_INVALID 65

static const char usage[] =
    "usage: musterd --config FILE [--check] [--local]\n\n"
    "a member of a muster cluster: orchestrator and coordinator, on a real machine\n\n"
    "  --config FILE  who it is, its store, health, actions (docs/operating-musterd.md)\n"
    "  --check        say what is wrong with the file and what it names, and leave\n"
    "  --local        a cluster of its own, without a store\n"
    "  --version      which one this is\n\n"
    "SIGTERM drains, releases and stops; a second one stops at once. The log is JSON, one line an\n"
    "event, on standard output.\n\n"
    "exit: 0 stopped in order, 1 stopped at once, 64 usage, 65 invalid file, 70 internal error,\n"
    "      74 state folder, recording or (--check) something else cannot be used\n";

struct arguments {
    const char *config;
    bool check, local;
};

static int read_arguments(int argc, char **argv, struct arguments *a)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            a->config = argv[++i];
        } else if (strncmp(argv[i], "--config=", 9) == 0) {
            a->config = argv[i] + 9;
        } else if (strcmp(argv[i], "--check") == 0) {
            a->check = true;
        } else if (strcmp(argv[i], "--local") == 0) {
            a->local = true;
        } else {
            fprintf(stderr, "musterd: %s '%s'; 'musterd --help' tells more\n",
                    strcmp(argv[i], "--config") == 0 ? "a file is wanted after" : "unknown option",
                    argv[i]);
            return EXIT_USAGE;
        }
    }
    if (!a->config)
        fprintf(stderr, "musterd: no file given: musterd --config FILE\n");
    return a->config ? 0 : EXIT_USAGE;
}

static int run(const struct arguments *a)
{
    struct muster_live_config config;
    struct muster_sources sources = {0};
    struct muster_diagnostics *d = calloc(1, sizeof *d);
    if (!d)
        return MUSTER_DAEMON_INTERNAL;
    int code = 0;
    if (muster_live_config_load(&config, a->config, a->local, &sources, d) != 0)
        code = d->io ? MUSTER_DAEMON_IO : EXIT_INVALID;
    muster_diagnostics_print(d, stderr);
    if (code == 0)
        code = a->check ? muster_daemon_check(&config, stdout)
                        : muster_daemon_run(&config, STDOUT_FILENO);
    muster_live_config_free(&config);
    muster_sources_free(&sources);
    free(d);
    return code;
}

/* The log must never be written into a file that happened to be opened under its number, and what
 * was handed to this program by mistake is not handed on to the commands that it starts. */
static void tidy_descriptors(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
    (void)close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC); /* as far as the kernel can */
}

int main(int argc, char **argv)
{
    struct arguments a = {0};
    tidy_descriptors();
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("musterd " MUSTER_VERSION);
        return 0;
    }
    int code = read_arguments(argc, argv, &a);
    return code ? code : run(&a);
}
