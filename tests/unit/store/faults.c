/* SPDX-License-Identifier: MIT */
#include "store/faults.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>

/* A file of ours, with the file of the VFS beneath right behind it. */
struct faulty {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_vfs *beneath;
static sqlite3_vfs vfs;
static atomic_int armed = FAULT_NONE;
static atomic_long left;
static atomic_bool hit;

static bool fails_now(void)
{
    if (armed == FAULT_FULL_FROM_NOW || atomic_fetch_sub(&left, 1) == 0) {
        hit = true;
        return true;
    }
    return false;
}

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct faulty *)f)->real;
}

static int f_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}

static int f_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    return real_of(f)->pMethods->xRead(real_of(f), to, n, at);
}

static int f_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    if (armed == FAULT_IO && fails_now())
        return SQLITE_IOERR_WRITE;
    if ((armed == FAULT_FULL || armed == FAULT_FULL_FROM_NOW) && fails_now())
        return SQLITE_FULL;
    return real_of(f)->pMethods->xWrite(real_of(f), from, n, at);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return real_of(f)->pMethods->xTruncate(real_of(f), size);
}

static int f_sync(sqlite3_file *f, int flags)
{
    if (armed == FAULT_IO && fails_now())
        return SQLITE_IOERR_FSYNC;
    return real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int f_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return real_of(f)->pMethods->xFileSize(real_of(f), size);
}

static int f_lock(sqlite3_file *f, int how)
{
    return real_of(f)->pMethods->xLock(real_of(f), how);
}

static int f_unlock(sqlite3_file *f, int how)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), how);
}

static int f_reserved(sqlite3_file *f, int *out)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int f_control(sqlite3_file *f, int op, void *arg)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, arg);
}

static int f_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int f_features(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int f_shm_map(sqlite3_file *f, int page, int size, int extend,
                     void volatile **out)
{
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}

static int f_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}

static void f_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int f_shm_unmap(sqlite3_file *f, int delete_it)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), delete_it);
}

/* Version 2: without memory-mapped reads of the file itself. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_features,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

static int open_file(sqlite3_vfs *v, const char *name, sqlite3_file *f,
                     int flags, int *out_flags)
{
    struct faulty *mine = (struct faulty *)f;
    int rc;

    (void)v;
    mine->real = (sqlite3_file *)(mine + 1);
    rc = beneath->xOpen(beneath, name, mine->real, flags, out_flags);
    mine->base.pMethods = mine->real->pMethods == NULL ? NULL : &methods;
    return rc;
}

void faults_install(void)
{
    beneath = sqlite3_vfs_find(NULL);
    vfs = *beneath;
    vfs.zName = "faulty";
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(struct faulty) + beneath->szOsFile;
    vfs.xOpen = open_file;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        abort();
}

void faults_remove(void)
{
    sqlite3_vfs_unregister(&vfs);
}

void faults_arm(enum fault_kind kind, long n)
{
    left = n;
    hit = false;
    armed = (int)kind;
}

bool faults_disarm(void)
{
    armed = FAULT_NONE;
    return hit;
}
