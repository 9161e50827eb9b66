/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in the disk's folder: opening it, and reading, writing and syncing what is in it. */
#include "live/disk_files.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#define FOLDER_MODE 0700
#define FILE_MODE   0600
#define PATH_ROOM   (4096 + 32) /* a folder, as long as the system takes it, and a name */
#define ERROR_ROOM  80
#define OWNER_ROOM  16 /* digits of a process's number */

static const char *const names[MUSTER_DISK_FILES] = {"slots", "history.db", "file2", "file3"};

static const char *error_text(int error, char room[ERROR_ROOM])
{
    return uv_strerror_r(uv_translate_sys_error(error), room, ERROR_ROOM);
}

/* Remember why, for a person. */
static void remember(struct disk_files *d, const char *what, uint64_t file, const char *why)
{
    (void)snprintf(d->why, sizeof d->why, "%s '%s': %s", what, names[file], why);
}

/* The status of an operation on a plain file. error: 0 or an errno. */
static uint32_t ended(struct disk_files *d, const char *what, uint64_t file, int error)
{
    char text[ERROR_ROOM];
    if (error == 0)
        return MUSTER_STATUS_OK;
    remember(d, what, file, error_text(error, text));
    return error == ENOSPC || error == EDQUOT ? MUSTER_STATUS_NOSPACE : MUSTER_STATUS_IOERROR;
}

/* The same of the history. */
static uint32_t ended_history(struct disk_files *d, const char *what, uint32_t status)
{
    if (status != MUSTER_STATUS_OK)
        remember(d, what, DISK_FILE_HISTORY, muster_live_history_why(d->history));
    return status;
}

/* ---- plain files; each returns 0 or an errno ---- */

static int open_plain(const struct disk_files *d, const char *name, int more)
{
    struct stat s;
    int fd =
        openat(d->folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | more, FILE_MODE);
    if (fd < 0)
        return -1;
    if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode)) {
        (void)close(fd);
        errno = EINVAL; /* a FIFO or a device would end in waiting */
        return -1;
    }
    return fd;
}

/* Open the file unless it is; make it when asked to. ENOENT: it is not there. */
static int ensure(struct disk_files *d, uint64_t file, bool make)
{
    struct disk_file *f = &d->file[file];
    if (f->fd >= 0)
        return 0;
    f->fd = open_plain(d, names[file], 0);
    if (f->fd < 0 && errno == ENOENT && make) {
        f->fd = open_plain(d, names[file], O_CREAT);
        d->unnamed |= f->fd >= 0;
    }
    return f->fd >= 0 ? 0 : errno;
}

static int write_all(int fd, uint64_t offset, struct muster_bytes data)
{
    struct stat s;
    if (offset == DISK_END) {
        if (fstat(fd, &s) != 0)
            return errno;
        offset = (uint64_t)s.st_size;
    }
    while (data.size > 0) {
        ssize_t n = pwrite(fd, data.at, data.size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        data.at += n;
        data.size -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}

static int read_all(int fd, uint64_t offset, uint8_t *room, size_t size, size_t *ret_size)
{
    size_t used = 0;
    while (used < size) {
        ssize_t n = pread(fd, room + used, size - used, (off_t)(offset + used));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            break;
        used += (size_t)n;
    }
    *ret_size = used;
    return 0;
}

/* The names in a folder are durable. */
static int sync_folder(int fd)
{
    if (fsync(fd) == 0 || errno == EINVAL) /* EINVAL: this file system needs no such thing */
        return 0;
    return errno;
}

/* ---- operations ---- */

uint32_t disk_files_write(struct disk_files *d, uint64_t file, uint64_t offset,
                          struct muster_bytes data, uint64_t wall)
{
    assert(file < MUSTER_DISK_FILES);
    if (file == DISK_FILE_HISTORY) {
        if (offset != DISK_END) { /* it has no places */
            remember(d, "write", file, "only lines can be added");
            return MUSTER_STATUS_IOERROR;
        }
        d->appended = true;
        return ended_history(d, "write", muster_live_history_append(d->history, data, wall));
    }
    struct disk_file *f = &d->file[file];
    int error = ensure(d, file, true);
    if (error == 0)
        error = write_all(f->fd, offset, data);
    f->dropped &= error != 0;
    return ended(d, "write", file, error);
}

static uint32_t sync_history(struct disk_files *d)
{
    uint32_t status = ended_history(d, "sync", muster_live_history_commit(d->history));
    if (d->lost != MUSTER_STATUS_OK)
        status = d->lost;
    d->lost = MUSTER_STATUS_OK;
    d->appended = false;
    return status;
}

/* The kernel reports once that it could not write a page, and takes it for clean then: a second
 * sync would succeed without the data. Therefore a file that failed to sync is opened anew, and
 * fails until it has been written again. */
static int sync_plain(struct disk_file *f)
{
    if (f->dropped)
        return EIO;
    if (f->fd < 0 || fdatasync(f->fd) == 0)
        return 0;
    int error = errno;
    (void)close(f->fd);
    f->fd = -1;
    f->dropped = true;
    return error;
}

uint32_t disk_files_sync(struct disk_files *d, uint64_t file)
{
    assert(file < MUSTER_DISK_FILES);
    uint32_t status = file == DISK_FILE_HISTORY
                          ? sync_history(d)
                          : ended(d, "sync", file, sync_plain(&d->file[file]));
    if (status != MUSTER_STATUS_OK || !d->unnamed)
        return status;
    int error = sync_folder(d->folder);
    d->unnamed = error != 0;
    return ended(d, "sync the folder of", file, error);
}

uint32_t disk_files_read(struct disk_files *d, uint64_t file, uint64_t offset, uint8_t *room,
                         size_t *ret_size)
{
    assert(file < MUSTER_DISK_FILES);
    *ret_size = 0;
    if (file == DISK_FILE_HISTORY)
        return ended_history(d, "read",
                             muster_live_history_read(d->history, (char *)room,
                                                      MUSTER_DISK_READ_MAX, ret_size));
    int error = ensure(d, file, false);
    if (error == ENOENT)
        return MUSTER_STATUS_OK;
    if (error == 0)
        error = read_all(d->file[file].fd, offset, room, MUSTER_DISK_READ_MAX, ret_size);
    return ended(d, "read", file, error);
}

uint32_t disk_files_note(struct disk_files *d, const struct muster_live_history_line *line)
{
    return ended_history(d, "write", muster_live_history_add(d->history, line));
}

uint32_t disk_files_commit_notes(struct disk_files *d)
{
    uint32_t status = ended_history(d, "sync", muster_live_history_commit(d->history));
    if (status != MUSTER_STATUS_OK && d->appended)
        d->lost = status;
    return status;
}

/* ---- opening ---- */

static bool refuse(const char *path, int error, const char *mend, char *text, size_t size)
{
    char room[ERROR_ROOM];
    (void)snprintf(text, size, "%s: %s; %s", path, error_text(error, room), mend);
    return false;
}

static const char *advice(int error)
{
    switch (error) {
    case EACCES:
    case EPERM:
        return "let this process's user write it, or choose another folder";
    case ENOENT:
        return "make its parent folder, or choose another one";
    case ENOTDIR:
        return "choose a folder, not a file";
    case ENOSPC:
    case EDQUOT:
        return "make room on the disk";
    case EROFS:
        return "choose a folder on a disk that can be written";
    default:
        return "see to the disk, or choose another folder";
    }
}

/* A new folder's own name is durable only with its parent. */
static int sync_parent(int folder)
{
    int parent = openat(folder, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return errno == EACCES ? 0 : errno; /* of a parent that may not be read */
    int error = sync_folder(parent);
    (void)close(parent);
    return error;
}

static bool open_folder(struct disk_files *d, const char *folder, char *text, size_t size)
{
    int error = 0;
    bool made = mkdir(folder, FOLDER_MODE) == 0;
    if (!made && errno != EEXIST)
        return refuse(folder, errno, advice(errno), text, size);
    d->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->folder < 0)
        error = errno;
    else if (made)
        error = sync_parent(d->folder);
    return error == 0 || refuse(folder, error, advice(error), text, size);
}

/* Who holds the lock, as far as is known: the digits in the file, or nothing. */
static void read_owner(int lock, char owner[OWNER_ROOM])
{
    ssize_t n = pread(lock, owner, OWNER_ROOM - 1, 0);
    owner[n > 0 ? n : 0] = 0;
    owner[strspn(owner, "0123456789")] = 0;
}

static void write_owner(int lock)
{
    char owner[OWNER_ROOM];
    int length = snprintf(owner, sizeof owner, "%ld\n", (long)getpid());
    /* Only for people: on a full disk the lock is one without it. */
    if (ftruncate(lock, 0) != 0 || pwrite(lock, owner, (size_t)length, 0) != length)
        return;
}

static bool take_lock(struct disk_files *d, const char *folder, char *text, size_t size)
{
    char owner[OWNER_ROOM];
    d->lock = open_plain(d, "lock", O_CREAT);
    if (d->lock >= 0 && flock(d->lock, LOCK_EX | LOCK_NB) == 0) {
        write_owner(d->lock);
        return true;
    }
    if (errno != EWOULDBLOCK)
        return refuse(folder, errno, advice(errno), text, size);
    read_owner(d->lock, owner);
    (void)snprintf(text, size,
                   "%s: in use by another process%s%s; stop that one, or give this one a folder of "
                   "its own",
                   folder, owner[0] ? ", number " : "", owner);
    return false;
}

/* What an earlier process wrote and did not sync is in the kernel's memory only: read as it is, it
 * would be believed and yet be gone with the next power cut. After a sync that failed that memory
 * is even wrong, so it is given up, as far as the system does that, for what the disk holds. */
static int settle(int fd)
{
    if (fdatasync(fd) != 0)
        return errno;
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    return 0;
}

static bool open_files(struct disk_files *d, const char *folder, char *text, size_t size)
{
    char path[PATH_ROOM];
    for (uint64_t i = 0; i < MUSTER_DISK_FILES; i++) {
        if (i == DISK_FILE_HISTORY)
            continue;
        int error = ensure(d, i, false);
        if (error == 0)
            error = settle(d->file[i].fd);
        if (error == 0 || error == ENOENT)
            continue;
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        return refuse(path, error, "it must be a plain file that this process's user may write",
                      text, size);
    }
    (void)snprintf(path, sizeof path, "%s/%s", folder, names[DISK_FILE_HISTORY]);
    d->history = muster_live_history_open(path, text, size);
    return d->history != NULL;
}

bool disk_files_open(struct disk_files *d, const char *folder, char *text, size_t size)
{
    memset(d, 0, sizeof *d);
    d->folder = d->lock = -1;
    for (uint64_t i = 0; i < MUSTER_DISK_FILES; i++)
        d->file[i].fd = -1;
    if (!open_folder(d, folder, text, size) || !take_lock(d, folder, text, size) ||
        !open_files(d, folder, text, size))
        return false;
    int error = sync_folder(d->folder);
    return error == 0 || refuse(folder, error, advice(error), text, size);
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* The lock last: what is written is written before another process may begin. */
void disk_files_close(struct disk_files *d)
{
    for (uint64_t i = 0; i < MUSTER_DISK_FILES; i++)
        close_one(&d->file[i].fd);
    muster_live_history_close(d->history);
    d->history = NULL;
    close_one(&d->folder);
    close_one(&d->lock);
}
