/* SPDX-License-Identifier: Apache-2.0 */
/* The daemon: our node on a real machine, with its log, history and recording. */
#ifndef MUSTER_LIVE_DAEMON_H
#define MUSTER_LIVE_DAEMON_H

#include "live/config.h"

/* Exit codes besides 0: what sysexits calls them. */
#define MUSTER_DAEMON_INTERNAL 70
#define MUSTER_DAEMON_IO       74

/* Run until the process has stopped: SIGTERM and SIGINT ask it to drain and release, a second one
 * ends it at once. log_fd: of the JSON log. Returns an exit code: 0 after an orderly stop,
 * MUSTER_DAEMON_IO when the state folder cannot be used, after a line in the log. */
int muster_daemon_run(const struct muster_live_config *config, int log_fd);

/* Whether what the config names can be used: the state folder, the store (an authenticated PING),
 * the health file, the commands. Writes one line each for a person to `out`; returns 0, or
 * MUSTER_DAEMON_IO when something is wrong. Nothing is changed but that the folder is made. */
int muster_daemon_check(const struct muster_live_config *config, FILE *out);

#endif
