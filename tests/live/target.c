/* SPDX-License-Identifier: Apache-2.0 */
/* A target of actions for the live suite: writes down what it has begun, and takes its time.
 *
 * Usage: target LOG [MILLISECONDS]. One line, appended in one write and synced, with the clock as
 * it reads when the effect begins: TIME NODE INTENT ATTEMPT EPOCH NOT_AFTER. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char *get(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "?";
}

int main(int argc, char **argv)
{
    char line[256];
    struct timespec now;
    if (argc < 2 || clock_gettime(CLOCK_BOOTTIME, &now) != 0)
        return 64;
    int n =
        snprintf(line, sizeof line, "%llu %s %s %s %s %s\n",
                 (unsigned long long)now.tv_sec * 1000000000ull + (unsigned long long)now.tv_nsec,
                 get("MUSTER_NODE"), get("MUSTER_INTENT"), get("MUSTER_ATTEMPT"),
                 get("MUSTER_EPOCH"), get("MUSTER_NOT_AFTER"));
    int fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT, 0644);
    if (fd < 0 || write(fd, line, (size_t)n) != n || fdatasync(fd) != 0) {
        perror(argv[1]);
        return 74;
    }
    if (argc > 2)
        usleep((useconds_t)atoi(argv[2]) * 1000);
    return 0;
}
