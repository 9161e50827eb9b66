/* SPDX-License-Identifier: Apache-2.0 */
/* A real Redis for a test: on a loopback port of its own, in a temporary folder, without
 * persistence. It does not outlive the test: it is killed when its parent's thread ends. */
#ifndef MUSTER_TESTS_LIB_REDIS_SERVER_H
#define MUSTER_TESTS_LIB_REDIS_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define REDIS_ARGUMENTS_MAX 32

struct redis_server {
    pid_t pid; /* 0: not running */
    uint16_t port;
    char folder[64];  /* `log` is in it, and a Unix socket `socket` */
    char program[96]; /* a link in the folder */
};

/* Whether there is a Redis to start: redis-check-rdb of the package redis-tools is the server, when
 * called by its name. */
bool redis_server_is_installed(void);
/* Make the folder, choose a port, start, and wait until it answers. arguments: more options, ends
 * with null; may be null. Returns 0, or -1 with a line on standard error and nothing left behind.
 */
int redis_server_start(struct redis_server *r, const char *const *arguments);
/* Start again on the same port after a kill; it has forgotten everything. Returns 0 or -1. */
int redis_server_restart(struct redis_server *r, const char *const *arguments);
/* SIGKILL; returns when it is gone. */
void redis_server_kill(struct redis_server *r);
/* SIGSTOP and SIGCONT; returns when it stands still. */
void redis_server_pause(struct redis_server *r);
void redis_server_continue(struct redis_server *r);
/* End it, if it runs, and remove the folder. */
void redis_server_stop(struct redis_server *r);

#endif
