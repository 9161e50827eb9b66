/* SPDX-License-Identifier: Apache-2.0 */
/* Reads, writes and syncs that fail on demand; the real ones go by other names of the system's. */
#include "tests/lib/faulty_io.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define EVERYBODYS __attribute__((visibility("default")))

struct faulty_io faulty_io;

static int spoilt(int error)
{
    if (faulty_io.interruptions > 0) {
        faulty_io.interruptions--;
        error = EINTR;
    }
    if (error != 0)
        errno = error;
    return error;
}

static size_t share_of(size_t size)
{
    return faulty_io.share > 0 && size > faulty_io.share ? faulty_io.share : size;
}

EVERYBODYS ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    struct iovec v = {(void *)(size_t)data, share_of(size)};
    return spoilt(faulty_io.write_error) ? -1 : pwritev(fd, &v, 1, offset);
}

EVERYBODYS ssize_t pread(int fd, void *room, size_t size, off_t offset)
{
    struct iovec v = {room, share_of(size)};
    return spoilt(faulty_io.read_error) ? -1 : preadv(fd, &v, 1, offset);
}

static int sync_file(long call, int fd, int error)
{
    if (error == 0)
        return (int)syscall(call, fd);
    errno = error;
    return -1;
}

EVERYBODYS int fdatasync(int fd)
{
    faulty_io.syncs++;
    return sync_file(SYS_fdatasync, fd, faulty_io.sync_error);
}

EVERYBODYS int fsync(int fd)
{
    faulty_io.folder_syncs++;
    return sync_file(SYS_fsync, fd, faulty_io.folder_error);
}
