/* SPDX-License-Identifier: Apache-2.0 */
/* The system's reads, writes and syncs of files, made to fail: this program's own versions come
 * before those of libc, for the libraries too. */
#ifndef MUSTER_TESTS_LIB_FAULTY_IO_H
#define MUSTER_TESTS_LIB_FAULTY_IO_H

#include <stddef.h>

struct faulty_io {
    _Atomic int sync_error;    /* errno of every fdatasync; 0: it is done */
    _Atomic int write_error;   /* errno of every pwrite; 0: it is done */
    _Atomic int read_error;    /* errno of every pread; 0: it is done */
    _Atomic size_t share;      /* a pwrite or pread does at most so many bytes; 0: all of them */
    _Atomic int interruptions; /* so many times a pwrite or pread is interrupted first */
    _Atomic int folder_error;  /* errno of every fsync; 0: it is done */
    _Atomic unsigned syncs;    /* counts fdatasync */
    _Atomic unsigned folder_syncs; /* counts fsync */
};

extern struct faulty_io faulty_io; /* any thread reads it; all well when zeroed */

#endif
