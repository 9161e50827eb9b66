/* SPDX-License-Identifier: Apache-2.0 */
/* `muster new`: a scenario to begin with, which passes as it stands. */
#include "tools/muster/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct muster_option options[] = {{NULL, NULL, NULL}};

static const char *const lines[] = {
    "# A scenario: a cluster in a virtual world, what happens to it, and what must hold.",
    "#",
    "#   muster lint FILE      what is wrong with it, without running it",
    "#   muster run FILE       play every seed; --trace-dir D keeps what happened",
    "#   muster list --events --properties    what `when`, `event` and `always` may name",
    "#   muster schema scenario               for editors: every key there is",
    "version: 1",
    "defends: a follower takes over when the leader dies, and two never lead at once",
    "tags: [starter]",
    "seeds: 1..20                # each seed is another run: other latencies, other draws",
    "duration: 90s               # of virtual time",
    "",
    "cluster:",
    "  nodes: 3                  # n1, n2, n3; all of them vote",
    "  config:                   # of every node; `muster schema config` has all the keys",
    "    lease_ttl: 15s",
    "    poll_interval: 5        # seconds between two looks at the health",
    "",
    "network:",
    "  latency: 1ms..5ms         # drawn for every packet",
    "",
    "health:                     # what each node's health source says, from when on",
    "  n2:",
    "    - {at: 50s, components: {radio: FAILED, power: FAILED}}",
    "    - {at: 70s, healthy: true}",
    "",
    "targets:                    # what actions act on",
    "  modes: {runs: safe_mode, takes: 500ms}",
    "",
    "timeline:                   # what happens, and to whom",
    "  - {at: 30s, crash: leader, as: old}",
    "  - {after: 30s, when: leader_elected, restart: old}   # the first time that one is elected",
    "",
    "expect:                     # what must be seen",
    "  - {by: 56s, after: 31s, leader: {not: old}}",
    "  - {event: action_started, at_least: 1}",
    "",
    "always: [one_leader_per_epoch, one_valid_lease]   # must have been put to the test",
    "eventually: [leader_returns]",
};

static void write_lines(FILE *out)
{
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        fprintf(out, "%s\n", lines[i]);
}

/* What is there already may be somebody's work. */
static int write_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (!out && fd >= 0)
        close(fd);
    if (!out) {
        muster_options_say("cannot make '%s': %s", path, strerror(errno));
        return MUSTER_EXIT_IO;
    }
    write_lines(out);
    bool bad = ferror(out) != 0;
    if (fclose(out) != 0 || bad) {
        muster_options_say("cannot write '%s': %s", path, strerror(errno));
        return MUSTER_EXIT_IO;
    }
    printf("%s is there: 'muster run %s' plays it\n", path, path);
    return 0;
}

static int run(struct muster_options *o, const struct muster_registry *registry)
{
    char *path = NULL;
    int count;
    (void)registry;
    if (!muster_options_operands(o, 0, 1, &path, &count))
        return MUSTER_EXIT_USAGE;
    if (path && strcmp(path, "-") == 0) {
        write_lines(stdout);
        return 0;
    }
    return write_file(path ? path : "scenario.yaml");
}

const struct muster_command muster_command_new = {
    .name = "new",
    .operands = "[PATH]",
    .summary = "write a commented scenario to begin with (scenario.yaml; - is standard output)",
    .options = options,
    .run = run,
};
