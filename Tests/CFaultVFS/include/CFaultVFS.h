// Disks in memory that fail on demand and forget what was not synced, as a SQLite VFS ("fault") and
// as plain calls, so that a database and the files beside it share one fate. For tests only.
// A database may have several connections of one process: what they share is memory, and goes with the
// last of them.
//
// A world is one disk. Its paths begin with /w<number>/. Every call is safe from any thread.
#ifndef TRIBUTARY_CFAULTVFS_H
#define TRIBUTARY_CFAULTVFS_H

#include <stddef.h>
#include <stdint.h>

enum {
  FAULT_OPEN = 1,
  FAULT_READ = 2,
  FAULT_WRITE = 4,
  FAULT_SYNC = 8,
  FAULT_TRUNCATE = 16,
  FAULT_DELETE = 32,
  FAULT_RENAME = 64,
  FAULT_SYNC_DIRECTORY = 128,
  FAULT_CHANGES = 4 | 8 | 16 | 32 | 64 | 128,
};

int fault_world_new(void);
void fault_world_free(int world);
// What a power loss leaves: everything synced, and of the rest each 512-byte sector, size and
// directory entry with this probability (of 1000). A new world.
int fault_world_power_loss(int world, uint64_t seed, int keep_of_1000);
// What a killed process leaves: everything it wrote. A new world.
int fault_world_copy(int world);

// The operation number `after` (from 0) among those of these kinds fails with this errno, and, if
// `forever`, so does every operation of these kinds after it. Half of a failed
// write of more than a sector is done.
void fault_world_plan(int world, int kinds, long after, int forever, int code);
// Operations of the planned kinds so far, and how many of them were made to fail.
long fault_world_operations(int world);
long fault_world_failures(int world);
// Bytes in all files at most; writes beyond fail with ENOSPC.
// From now on files whose names end with `suffix` are not synced, and nobody is told: a disk that lies.
void fault_world_lie(int world, const char *suffix);
void fault_world_set_capacity(int world, int64_t bytes);
int64_t fault_world_free_bytes(int world);

// All of these return a negative errno on failure.
int64_t fault_size(const char *path);
int64_t fault_read(const char *path, void *bytes, int64_t count, int64_t offset);
// The same as an operation that a plan can have fail.
int64_t fault_pread(const char *path, void *bytes, int64_t count, int64_t offset);
// Whether a file that is there can be opened.
int fault_open(const char *path);
int fault_write(const char *path, const void *bytes, int64_t count, int64_t offset);
int fault_truncate(const char *path, int64_t size);
int fault_create(const char *path);
int fault_sync(const char *path);
int fault_sync_directory(const char *path);
int fault_rename(const char *path, const char *other);
int fault_remove(const char *path);
// The path of file number `index` (any order); 0 where there is none, else its length.
int fault_name(int world, int index, char *name, int capacity);

// Registers the VFS; call it before the first use.
void fault_register(void);

#endif
