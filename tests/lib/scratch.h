/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of a test's own, below TMPDIR or /tmp, and files in it. */
#ifndef MUSTER_TESTS_LIB_SCRATCH_H
#define MUSTER_TESTS_LIB_SCRATCH_H

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SCRATCH_ROOM 512

static char scratch[SCRATCH_ROOM - 64];

static inline int scratch_make(void)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(scratch, sizeof scratch, "%s/muster-test-XXXXXX", base ? base : "/tmp");
    return mkdtemp(scratch) ? 0 : -1;
}

static inline int scratch_remove_one(const char *path, const struct stat *s, int type,
                                     struct FTW *where)
{
    (void)s;
    (void)type;
    (void)where;
    return remove(path);
}

static inline int scratch_remove(void)
{
    return nftw(scratch, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The path of a name in the folder; valid for eight calls. */
static inline const char *scratch_path(const char *name)
{
    static char paths[8][SCRATCH_ROOM];
    static unsigned next;
    char *path = paths[next++ % 8];
    (void)snprintf(path, SCRATCH_ROOM, "%s/%s", scratch, name);
    return path;
}

static inline void scratch_write(const char *name, const void *data, size_t size)
{
    FILE *file = fopen(scratch_path(name), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* An empty file system of so many KiB on a new folder, for this process alone; false where that is
 * not allowed. */
static inline bool scratch_mount(const char *name, unsigned kib)
{
    char options[64];
    (void)snprintf(options, sizeof options, "size=%uk,mode=0777", kib);
    assert_int_equal(mkdir(scratch_path(name), 0777), 0);
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", scratch_path(name), "tmpfs", 0, options) == 0;
}

/* Fill a file until nothing more fits, to the byte. */
static inline void scratch_fill(const char *name)
{
    static const char zero[4096];
    int fd = open(scratch_path(name), O_WRONLY | O_CREAT | O_APPEND, 0600);
    assert_true(fd >= 0);
    for (size_t size = sizeof zero; size > 0; size /= 2) {
        while (write(fd, zero, size) == (ssize_t)size)
            continue;
    }
    assert_int_equal(close(fd), 0);
}

/* Run a part of a test in a process of its own, as a user who may not do everything; whether it
 * returned true. It must not use cmocka's asserts, which would go on with the tests there. */
static inline bool scratch_as_nobody(bool (*part)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(2);
        _exit(part() ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#endif
