/* SPDX-License-Identifier: Apache-2.0 */
/* The files of muster-fence: see fence_file.h. */
#include "live/fence_file.h"

#include "live/clock.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define LOCK_POLL_NS (10 * 1000 * 1000)
/* Scripts use the descriptors up to 9 as they like; the lock keeps out of their way. */
#define LOCK_FD_MIN 10

/* "cannot WHAT 'PATH': why", of errno. */
static int system_error(struct muster_text *error, const char *what, const char *path)
{
    const char *why = strerror(errno);
    muster_text_add(error, "cannot ");
    muster_text_add(error, what);
    muster_text_add(error, " '");
    muster_text_add(error, path);
    muster_text_add(error, "': ");
    muster_text_add(error, why);
    return MUSTER_FENCE_EXIT_DISK;
}

static int make_path(char path[PATH_MAX], const char *file, const char *suffix,
                     struct muster_text *error)
{
    int size = snprintf(path, PATH_MAX, "%s%s", file, suffix);
    if (size < PATH_MAX)
        return 0;
    errno = ENAMETOOLONG;
    return system_error(error, "use", file);
}

static int open_lock(const char *path, int *ret_fd, struct muster_text *error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return system_error(error, "open", path);
    *ret_fd = fcntl(fd, F_DUPFD, LOCK_FD_MIN); /* not close-on-exec: the command inherits it */
    if (*ret_fd < 0)
        system_error(error, "open", path);
    close(fd);
    return *ret_fd < 0 ? MUSTER_FENCE_EXIT_DISK : 0;
}

int muster_fence_lock(const char *file, muster_time until, int *ret_fd, struct muster_text *error)
{
    char path[PATH_MAX];
    int status = make_path(path, file, ".lock", error);
    if (status == 0)
        status = open_lock(path, ret_fd, error);
    if (status != 0)
        return status;
    while (flock(*ret_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            status = system_error(error, "lock", path);
        } else if (muster_live_clock() > until) {
            muster_text_add(error, "'");
            muster_text_add(error, path);
            muster_text_add(error, "' is held by a command that began before, or by what it left "
                                   "behind; `fuser` with this path names it");
            status = MUSTER_FENCE_EXIT_UNKNOWN;
        }
        if (status != 0) {
            close(*ret_fd);
            return status;
        }
        nanosleep(&(struct timespec){.tv_nsec = LOCK_POLL_NS}, NULL);
    }
    return 0;
}

/* Read all of a file, up to size bytes; *ret_used is their number. False, with errno: it failed. */
static bool read_all(int fd, uint8_t *room, size_t size, size_t *ret_used)
{
    *ret_used = 0;
    while (*ret_used < size) {
        ssize_t n = read(fd, room + *ret_used, size - *ret_used);
        if (n == 0)
            break;
        if (n > 0)
            *ret_used += (size_t)n;
        else if (errno != EINTR)
            return false;
    }
    return true;
}

static bool write_all(int fd, const char *at, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

int muster_fence_load(struct muster_fence *f, const char *file, bool *ret_is_new,
                      struct muster_text *error)
{
    /* One byte more than a state can have, so that a longer file is seen to be one. */
    uint8_t room[MUSTER_FENCE_TEXT_MAX + 1];
    size_t used;
    memset(f, 0, sizeof *f);
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    *ret_is_new = fd < 0 && errno == ENOENT;
    if (*ret_is_new)
        return 0;
    if (fd < 0)
        return system_error(error, "read", file);
    int status = 0;
    if (!read_all(fd, room, sizeof room, &used))
        status = system_error(error, "read", file);
    close(fd);
    if (status != 0 || muster_fence_decode(f, (struct muster_bytes){room, used}) == 0)
        return status;
    muster_text_add(error, "'");
    muster_text_add(error, file);
    muster_text_add(error,
                    "' is damaged, or of another version; to mend it, with an EPOCH above the "
                    "cluster's: muster-fence --state '");
    muster_text_add(error, file);
    muster_text_add(error, ".new' --seal EPOCH && mv '");
    muster_text_add(error, file);
    muster_text_add(error, ".new' '");
    muster_text_add(error, file);
    muster_text_add(error, "'");
    return MUSTER_FENCE_EXIT_DAMAGED;
}

static int write_beside(const struct muster_fence *f, const char *path, struct muster_text *error)
{
    char room[MUSTER_FENCE_TEXT_MAX];
    struct muster_text t;
    muster_text_init(&t, room, sizeof room);
    muster_fence_encode(f, &t);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return system_error(error, "write", path);
    int status = 0;
    if (!write_all(fd, room, t.length) || fsync(fd) != 0)
        status = system_error(error, "write", path);
    if (close(fd) != 0 && status == 0)
        status = system_error(error, "write", path);
    return status;
}

static int sync_folder(const char *file, struct muster_text *error)
{
    char folder[PATH_MAX];
    int status = make_path(folder, file, "", error);
    if (status != 0)
        return status;
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder ? 1 : 0] = 0;
    const char *path = slash ? folder : ".";
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return system_error(error, "open", path);
    if (fsync(fd) != 0)
        status = system_error(error, "sync", path);
    close(fd);
    return status;
}

int muster_fence_save(const struct muster_fence *f, const char *file, struct muster_text *error)
{
    char path[PATH_MAX];
    int status = make_path(path, file, ".tmp", error);
    if (status != 0)
        return status;
    status = write_beside(f, path, error);
    if (status == 0 && rename(path, file) != 0)
        status = system_error(error, "replace", file);
    if (status != 0) {
        unlink(path);
        return status;
    }
    return sync_folder(file, error);
}
