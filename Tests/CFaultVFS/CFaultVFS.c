#include "CFaultVFS.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512, MAX_FILES = 64, MAX_WORLDS = 1 << 20, MAX_PATH = 256 };

struct handle;

// The index of a log that several connections share.
struct shared {
  struct file *file;  // NULL once its world is gone.
  int users;
  void *regions[64];
  int shared[8];
  struct handle *exclusive[8];
};

struct file {
  int used;
  char live_name[MAX_PATH];     // empty: removed
  char durable_name[MAX_PATH];  // empty: its entry is not on disk
  uint8_t *live, *durable, *dirty;
  int64_t live_size, durable_size, capacity;
  int is_cut;  // Shortened since the last sync.
  int readers;
  struct handle *reserved, *pending;
  struct shared *index;
};

struct world {
  int used;
  struct file files[MAX_FILES];
  int kinds, forever, code;
  long after, operations, failures;
  int64_t capacity;
  char lied[32];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct world *worlds[MAX_WORLDS];

static void grow(struct file *file, int64_t size) {
  if (size <= file->capacity) return;
  int64_t capacity = file->capacity ? file->capacity : 8192;
  while (capacity < size) capacity *= 2;
  file->live = realloc(file->live, (size_t)capacity);
  file->durable = realloc(file->durable, (size_t)capacity);
  file->dirty = realloc(file->dirty, (size_t)(capacity / SECTOR));
  memset(file->live + file->capacity, 0, (size_t)(capacity - file->capacity));
  memset(file->durable + file->capacity, 0, (size_t)(capacity - file->capacity));
  memset(file->dirty + file->capacity / SECTOR, 0, (size_t)((capacity - file->capacity) / SECTOR));
  file->capacity = capacity;
}

static struct world *world_of(const char *path) {
  if (path[0] != '/' || path[1] != 'w') return NULL;
  int number = atoi(path + 2);
  return number >= 0 && number < MAX_WORLDS ? worlds[number] : NULL;
}

static struct file *find(struct world *world, const char *path) {
  for (int i = 0; world && i < MAX_FILES; i++)
    if (world->files[i].used && strcmp(world->files[i].live_name, path) == 0) return &world->files[i];
  return NULL;
}

static struct file *make(struct world *world, const char *path) {
  for (int i = 0; i < MAX_FILES; i++) {
    struct file *file = &world->files[i];
    if (file->used && (file->live_name[0] || file->durable_name[0])) continue;
    if (file->index) file->index->file = NULL;
    free(file->live);
    free(file->durable);
    free(file->dirty);
    memset(file, 0, sizeof *file);
    file->used = 1;
    strncpy(file->live_name, path, MAX_PATH - 1);
    return file;
  }
  abort();  // A test with more files than any of ours.
}

// 0, or the errno that this operation must fail with.
static int strike(struct world *world, int kind) {
  if (!(world->kinds & kind)) return 0;
  long number = world->operations++;
  if (number < world->after || (number > world->after && !world->forever)) return 0;
  world->failures++;
  return world->code;
}

static int64_t used_bytes(struct world *world) {
  int64_t total = 0;
  for (int i = 0; i < MAX_FILES; i++)
    if (world->files[i].used && world->files[i].live_name[0]) total += world->files[i].live_size;
  return total;
}

static int write_live(struct world *world, struct file *file, const void *bytes, int64_t count, int64_t offset) {
  int code = strike(world, FAULT_WRITE);
  int64_t written = !code ? count : count > SECTOR ? count / 2 : 0;  // A sector is never torn.
  if (offset + written > file->live_size && world->capacity &&
      used_bytes(world) + offset + written - file->live_size > world->capacity)
    return -ENOSPC;
  grow(file, offset + written);
  memcpy(file->live + offset, bytes, (size_t)written);
  for (int64_t s = offset / SECTOR; written && s <= (offset + written - 1) / SECTOR; s++) file->dirty[s] = 1;
  if (offset + written > file->live_size) file->live_size = offset + written;
  return -code;
}

static int truncate_live(struct world *world, struct file *file, int64_t size) {
  int code = strike(world, FAULT_TRUNCATE);
  if (code) return -code;
  grow(file, size);
  if (size < file->live_size) {
    // One change of metadata: it reaches the disk whole or not at all, so no sector is torn by it.
    memset(file->live + size, 0, (size_t)(file->live_size - size));
    memset(file->dirty + (size + SECTOR - 1) / SECTOR, 0, (size_t)(file->capacity / SECTOR - (size + SECTOR - 1) / SECTOR));
    file->is_cut = 1;
  }
  file->live_size = size;
  return 0;
}

static int ends_with(const char *name, const char *suffix) {
  size_t length = strlen(name), end = strlen(suffix);
  return end && length >= end && strcmp(name + length - end, suffix) == 0;
}

static int sync_live(struct world *world, struct file *file) {
  int code = strike(world, FAULT_SYNC);
  if (code) return -code;
  if (ends_with(file->live_name, world->lied)) return 0;
  for (int64_t s = 0; s < file->capacity / SECTOR; s++) {
    if (!file->dirty[s] && !file->is_cut) continue;
    memcpy(file->durable + s * SECTOR, file->live + s * SECTOR, SECTOR);
    file->dirty[s] = 0;
  }
  file->durable_size = file->live_size;
  file->is_cut = 0;
  return 0;
}

static void directory_of(const char *path, char *directory) {
  strcpy(directory, path);
  char *slash = strrchr(directory, '/');
  if (slash) *slash = 0;
}

// --- Worlds

int fault_world_new(void) {
  pthread_mutex_lock(&lock);
  // Never used again: a database that outlives its world must not write into another.
  static int count = 0;
  int number = count++;
  if (number >= MAX_WORLDS) abort();
  worlds[number] = calloc(1, sizeof(struct world));
  pthread_mutex_unlock(&lock);
  return number;
}

void fault_world_free(int number) {
  pthread_mutex_lock(&lock);
  struct world *world = worlds[number];
  for (int i = 0; i < MAX_FILES; i++) {
    if (world->files[i].index) world->files[i].index->file = NULL;
    free(world->files[i].live);
    free(world->files[i].durable);
    free(world->files[i].dirty);
  }
  free(world);
  worlds[number] = NULL;
  pthread_mutex_unlock(&lock);
}

static uint64_t next_random(uint64_t *state) {
  *state += 0x9E3779B97F4A7C15ull;
  uint64_t z = *state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

static void rename_world(const char *name, int number, char *out) {
  const char *rest = strchr(name + 1, '/');
  snprintf(out, MAX_PATH, "/w%d%s", number, rest ? rest : "");
}

static int image(int from, uint64_t seed, int keep, int kill) {
  int number = fault_world_new();
  pthread_mutex_lock(&lock);
  struct world *old = worlds[from], *new = worlds[number];
  for (int i = 0; i < MAX_FILES; i++) {
    struct file *file = &old->files[i];
    if (!file->used) continue;
    const char *name = file->live_name;
    if (!kill && strcmp(file->live_name, file->durable_name) != 0)
      if ((int)(next_random(&seed) % 1000) >= keep) name = file->durable_name;
    if (!name[0]) continue;
    struct file *copy = NULL;
    char path[MAX_PATH];
    rename_world(name, number, path);
    // A rename over another file: the one whose name wins replaces the other.
    copy = find(new, path);
    if (!copy) copy = make(new, path);
    strcpy(copy->durable_name, path);
    int64_t size = file->live_size;
    if (!kill && file->live_size != file->durable_size)
      if ((int)(next_random(&seed) % 1000) >= keep) size = file->durable_size;
    grow(copy, file->capacity);
    for (int64_t s = 0; s < file->capacity / SECTOR; s++) {
      int is_new = kill || (file->dirty[s] && (int)(next_random(&seed) % 1000) < keep);
      memcpy(copy->live + s * SECTOR, (is_new ? file->live : file->durable) + s * SECTOR, SECTOR);
    }
    if (copy->capacity > size) memset(copy->live + size, 0, (size_t)(copy->capacity - size));
    memcpy(copy->durable, copy->live, (size_t)copy->capacity);
    copy->live_size = copy->durable_size = size;
  }
  new->capacity = old->capacity;
  pthread_mutex_unlock(&lock);
  return number;
}

int fault_world_power_loss(int world, uint64_t seed, int keep) { return image(world, seed, keep, 0); }
int fault_world_copy(int world) { return image(world, 0, 0, 1); }

void fault_world_plan(int number, int kinds, long after, int forever, int code) {
  pthread_mutex_lock(&lock);
  struct world *world = worlds[number];
  world->kinds = kinds;
  world->after = after;
  world->forever = forever;
  world->code = code;
  world->operations = world->failures = 0;
  pthread_mutex_unlock(&lock);
}

long fault_world_operations(int number) { return worlds[number]->operations; }
long fault_world_failures(int number) { return worlds[number]->failures; }
void fault_world_lie(int number, const char *suffix) {
  snprintf(worlds[number]->lied, sizeof worlds[number]->lied, "%s", suffix);
}

void fault_world_set_capacity(int number, int64_t bytes) { worlds[number]->capacity = bytes; }

int64_t fault_world_free_bytes(int number) {
  pthread_mutex_lock(&lock);
  struct world *world = worlds[number];
  int64_t free = world->capacity ? world->capacity - used_bytes(world) : (int64_t)1 << 40;
  pthread_mutex_unlock(&lock);
  return free < 0 ? 0 : free;
}

// --- Plain calls

#define WITH_FILE(path)                                  \
  pthread_mutex_lock(&lock);                             \
  struct world *world = world_of(path);                  \
  struct file *file = find(world, path);                 \
  int64_t result = -ENOENT;                              \
  (void)world;

#define DONE                    \
  pthread_mutex_unlock(&lock);  \
  return result;

int64_t fault_size(const char *path) {
  WITH_FILE(path)
  if (file) result = file->live_size;
  DONE
}

int64_t fault_read(const char *path, void *bytes, int64_t count, int64_t offset) {
  WITH_FILE(path)
  if (file) {
    result = offset >= file->live_size ? 0 : file->live_size - offset;
    if (result > count) result = count;
    memcpy(bytes, file->live + offset, (size_t)result);
  }
  DONE
}

int64_t fault_pread(const char *path, void *bytes, int64_t count, int64_t offset) {
  pthread_mutex_lock(&lock);
  struct world *world = world_of(path);
  int code = world ? strike(world, FAULT_READ) : EIO;
  pthread_mutex_unlock(&lock);
  return code ? -code : fault_read(path, bytes, count, offset);
}

int fault_open(const char *path) {
  WITH_FILE(path)
  if (file) result = -strike(world, FAULT_OPEN);
  DONE
}

int fault_write(const char *path, const void *bytes, int64_t count, int64_t offset) {
  WITH_FILE(path)
  if (file) result = write_live(world, file, bytes, count, offset);
  DONE
}

int fault_truncate(const char *path, int64_t size) {
  WITH_FILE(path)
  if (file) result = truncate_live(world, file, size);
  DONE
}

int fault_create(const char *path) {
  WITH_FILE(path)
  result = world ? -strike(world, FAULT_OPEN) : -ENOENT;
  if (result == 0 && !file) make(world, path);
  DONE
}

int fault_sync(const char *path) {
  WITH_FILE(path)
  if (file) result = sync_live(world, file);
  DONE
}

int fault_sync_directory(const char *path) {
  WITH_FILE(path)
  (void)file;
  result = world ? -strike(world, FAULT_SYNC_DIRECTORY) : -ENOENT;
  for (int i = 0; result == 0 && i < MAX_FILES; i++) {
    struct file *file = &world->files[i];
    char directory[MAX_PATH];
    directory_of(file->live_name[0] ? file->live_name : file->durable_name, directory);
    if (file->used && strcmp(directory, path) == 0) strcpy(file->durable_name, file->live_name);
  }
  DONE
}

int fault_rename(const char *path, const char *other) {
  WITH_FILE(path)
  if (file) {
    result = -strike(world, FAULT_RENAME);
    if (result == 0) {
      struct file *replaced = find(world, other);
      if (replaced) replaced->live_name[0] = 0;
      strncpy(file->live_name, other, MAX_PATH - 1);
    }
  }
  DONE
}

int fault_remove(const char *path) {
  WITH_FILE(path)
  if (file) {
    result = -strike(world, FAULT_DELETE);
    if (result == 0) file->live_name[0] = 0;
  }
  DONE
}

int fault_name(int number, int index, char *name, int capacity) {
  pthread_mutex_lock(&lock);
  int length = 0;
  for (int i = 0; i < MAX_FILES; i++) {
    struct file *file = &worlds[number]->files[i];
    if (!file->used || !file->live_name[0] || index-- != 0) continue;
    strncpy(name, file->live_name, (size_t)capacity - 1);
    name[capacity - 1] = 0;
    length = (int)strlen(name);
    break;
  }
  pthread_mutex_unlock(&lock);
  return length;
}

// --- The VFS

struct handle {
  sqlite3_file base;
  char path[MAX_PATH];
  int sync_entry;  // A new log's first sync is one of its folder, too, as in SQLite's own VFS.
  int level;
  struct shared *index;
  unsigned shared_locks;
};

static int code_of(int result, int io) {
  if (result == 0) return SQLITE_OK;
  return result == -ENOSPC ? SQLITE_FULL : io;
}

static int x_unlock(sqlite3_file *base, int level);
static int x_shm_unmap(sqlite3_file *base, int remove);

static int x_close(sqlite3_file *file) {
  x_shm_unmap(file, 0);
  return x_unlock(file, SQLITE_LOCK_NONE);
}

static int x_read(sqlite3_file *base, void *bytes, int count, sqlite3_int64 offset) {
  struct handle *handle = (struct handle *)base;
  int64_t got = fault_pread(handle->path, bytes, count, offset);
  if (got < 0) return SQLITE_IOERR_READ;
  if (got == count) return SQLITE_OK;
  memset((char *)bytes + got, 0, (size_t)(count - got));
  return SQLITE_IOERR_SHORT_READ;
}

static int x_write(sqlite3_file *base, const void *bytes, int count, sqlite3_int64 offset) {
  return code_of(fault_write(((struct handle *)base)->path, bytes, count, offset), SQLITE_IOERR_WRITE);
}

static int x_truncate(sqlite3_file *base, sqlite3_int64 size) {
  return code_of(fault_truncate(((struct handle *)base)->path, size), SQLITE_IOERR_TRUNCATE);
}

static int x_sync(sqlite3_file *base, int flags) {
  (void)flags;
  struct handle *handle = (struct handle *)base;
  int code = code_of(fault_sync(handle->path), SQLITE_IOERR_FSYNC);
  if (code == SQLITE_OK && handle->sync_entry) {
    handle->sync_entry = 0;
    char directory[MAX_PATH];
    directory_of(handle->path, directory);
    code = code_of(fault_sync_directory(directory), SQLITE_IOERR_DIR_FSYNC);
  }
  return code == SQLITE_FULL ? SQLITE_IOERR_FSYNC : code;
}

static int x_file_size(sqlite3_file *base, sqlite3_int64 *size) {
  int64_t found = fault_size(((struct handle *)base)->path);
  if (found < 0) return SQLITE_IOERR_FSTAT;
  *size = found;
  return SQLITE_OK;
}

// Readers, one who is about to write, and one who waits for the readers to go, as SQLite's locks are.
static int x_lock(sqlite3_file *base, int level) {
  struct handle *handle = (struct handle *)base;
  if (handle->level >= level) return SQLITE_OK;
  int result = SQLITE_OK;
  pthread_mutex_lock(&lock);
  struct file *file = find(world_of(handle->path), handle->path);
  if (!file) {
    result = SQLITE_IOERR_LOCK;
  } else if (level == SQLITE_LOCK_SHARED) {
    if (file->pending) result = SQLITE_BUSY;
    else file->readers++;
  } else {
    if (file->reserved && file->reserved != handle) result = SQLITE_BUSY;
    else file->reserved = handle;
    if (result == SQLITE_OK && level == SQLITE_LOCK_EXCLUSIVE) {
      file->pending = handle;
      if (file->readers > 1) {
        handle->level = SQLITE_LOCK_PENDING;
        result = SQLITE_BUSY;
      }
    }
  }
  if (result == SQLITE_OK) handle->level = level;
  pthread_mutex_unlock(&lock);
  return result;
}

static int x_unlock(sqlite3_file *base, int level) {
  struct handle *handle = (struct handle *)base;
  if (handle->level <= level) return SQLITE_OK;
  pthread_mutex_lock(&lock);
  struct file *file = find(world_of(handle->path), handle->path);
  if (file) {
    if (file->reserved == handle) file->reserved = NULL;
    if (file->pending == handle) file->pending = NULL;
    if (level == SQLITE_LOCK_NONE) file->readers--;
  }
  handle->level = level;
  pthread_mutex_unlock(&lock);
  return SQLITE_OK;
}

static int x_check_lock(sqlite3_file *base, int *out) {
  struct handle *handle = (struct handle *)base;
  pthread_mutex_lock(&lock);
  struct file *file = find(world_of(handle->path), handle->path);
  *out = file && file->reserved;
  pthread_mutex_unlock(&lock);
  return SQLITE_OK;
}

static int x_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out) {
  struct handle *handle = (struct handle *)base;
  int result = SQLITE_OK;
  pthread_mutex_lock(&lock);
  if (!handle->index) {
    struct file *file = find(world_of(handle->path), handle->path);
    if (file && !file->index) {
      file->index = calloc(1, sizeof *file->index);
      file->index->file = file;
    }
    if (file) {
      handle->index = file->index;
      handle->index->users++;
    }
  }
  *out = NULL;
  if (!handle->index || region >= 64) {
    result = SQLITE_IOERR_SHMMAP;
  } else {
    if (!handle->index->regions[region] && extend)
      handle->index->regions[region] = calloc(1, (size_t)size);
    *out = handle->index->regions[region];
  }
  pthread_mutex_unlock(&lock);
  return result;
}

static int x_shm_lock(sqlite3_file *base, int first, int count, int flags) {
  struct handle *handle = (struct handle *)base;
  struct shared *index = handle->index;
  if (!index) return SQLITE_IOERR_SHMLOCK;
  int result = SQLITE_OK;
  pthread_mutex_lock(&lock);
  for (int i = first; i < first + count && result == SQLITE_OK && (flags & SQLITE_SHM_LOCK); i++) {
    if (index->exclusive[i] && index->exclusive[i] != handle) result = SQLITE_BUSY;
    if ((flags & SQLITE_SHM_EXCLUSIVE) && index->shared[i] > (int)(handle->shared_locks >> i & 1))
      result = SQLITE_BUSY;
  }
  for (int i = first; i < first + count && result == SQLITE_OK; i++) {
    unsigned bit = 1u << i;
    if ((flags & SQLITE_SHM_SHARED) && (flags & SQLITE_SHM_LOCK) && !(handle->shared_locks & bit)) {
      handle->shared_locks |= bit;
      index->shared[i]++;
    } else if ((flags & SQLITE_SHM_SHARED) && (flags & SQLITE_SHM_UNLOCK) && (handle->shared_locks & bit)) {
      handle->shared_locks &= ~bit;
      index->shared[i]--;
    } else if (flags & SQLITE_SHM_EXCLUSIVE) {
      index->exclusive[i] = flags & SQLITE_SHM_LOCK ? handle : NULL;
    }
  }
  pthread_mutex_unlock(&lock);
  return result;
}

static void x_shm_barrier(sqlite3_file *base) {
  (void)base;
  __sync_synchronize();
}

static int x_shm_unmap(sqlite3_file *base, int remove) {
  (void)remove;
  struct handle *handle = (struct handle *)base;
  struct shared *index = handle->index;
  if (!index) return SQLITE_OK;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < 8; i++) {
    if (handle->shared_locks >> i & 1) index->shared[i]--;
    if (index->exclusive[i] == handle) index->exclusive[i] = NULL;
  }
  handle->index = NULL;
  handle->shared_locks = 0;
  if (--index->users == 0) {
    if (index->file) index->file->index = NULL;
    for (int i = 0; i < 64; i++) free(index->regions[i]);
    free(index);
  }
  pthread_mutex_unlock(&lock);
  return SQLITE_OK;
}

static int x_control(sqlite3_file *base, int op, void *argument) {
  (void)base; (void)op; (void)argument;
  return SQLITE_NOTFOUND;
}
static int x_sector_size(sqlite3_file *base) { (void)base; return SECTOR; }
static int x_characteristics(sqlite3_file *base) { (void)base; return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

static const sqlite3_io_methods methods = {
    2, x_close, x_read, x_write, x_truncate, x_sync, x_file_size, x_lock, x_unlock, x_check_lock,
    x_control, x_sector_size, x_characteristics, x_shm_map, x_shm_lock, x_shm_barrier, x_shm_unmap, 0, 0};

static int x_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out) {
  (void)vfs;
  struct handle *handle = (struct handle *)base;
  memset(handle, 0, sizeof *handle);
  if (!name) return SQLITE_CANTOPEN;
  pthread_mutex_lock(&lock);
  struct world *world = world_of(name);
  struct file *file = find(world, name);
  int code = SQLITE_OK;
  if (!world || strike(world, FAULT_OPEN)) code = SQLITE_CANTOPEN;
  else if (!file && !(flags & SQLITE_OPEN_CREATE)) code = SQLITE_CANTOPEN;
  else if (!file) {
    make(world, name);
    handle->sync_entry = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  }
  pthread_mutex_unlock(&lock);
  if (code != SQLITE_OK) return code;
  strncpy(handle->path, name, MAX_PATH - 1);
  handle->base.pMethods = &methods;
  if (out) *out = flags;
  return SQLITE_OK;
}

static int x_delete(sqlite3_vfs *vfs, const char *name, int sync_directory) {
  (void)vfs;
  int result = fault_remove(name);
  if (result == -ENOENT) return SQLITE_IOERR_DELETE_NOENT;
  if (result) return SQLITE_IOERR_DELETE;
  if (sync_directory) {
    char directory[MAX_PATH];
    directory_of(name, directory);
    if (fault_sync_directory(directory)) return SQLITE_IOERR_DIR_FSYNC;
  }
  return SQLITE_OK;
}

static int x_access(sqlite3_vfs *vfs, const char *name, int flags, int *out) {
  (void)vfs;
  int64_t size = fault_size(name);
  *out = flags == SQLITE_ACCESS_EXISTS ? size > 0 : size >= 0;
  return SQLITE_OK;
}

static int x_full_pathname(sqlite3_vfs *vfs, const char *name, int count, char *out) {
  (void)vfs;
  snprintf(out, (size_t)count, "%s", name);
  return SQLITE_OK;
}

static int x_randomness(sqlite3_vfs *vfs, int count, char *out) {
  (void)vfs;
  static uint64_t state = 1;  // The same worlds in every run.
  for (int i = 0; i < count; i++) out[i] = (char)next_random(&state);
  return count;
}

static int x_sleep(sqlite3_vfs *vfs, int microseconds) { (void)vfs; return microseconds; }

static int x_time(sqlite3_vfs *vfs, sqlite3_int64 *out) {
  (void)vfs;
  *out = 2460000ll * 86400000;
  return SQLITE_OK;
}

static int x_time_days(sqlite3_vfs *vfs, double *out) { (void)vfs; *out = 2460000; return SQLITE_OK; }
static int x_last_error(sqlite3_vfs *vfs, int count, char *out) {
  (void)vfs; (void)count; (void)out;
  return 0;
}

static sqlite3_vfs vfs = {
    .iVersion = 2, .szOsFile = sizeof(struct handle), .mxPathname = MAX_PATH, .zName = "fault",
    .xOpen = x_open, .xDelete = x_delete, .xAccess = x_access, .xFullPathname = x_full_pathname,
    .xRandomness = x_randomness, .xSleep = x_sleep, .xCurrentTime = x_time_days,
    .xGetLastError = x_last_error, .xCurrentTimeInt64 = x_time};

void fault_register(void) {
  pthread_mutex_lock(&lock);
  if (!sqlite3_vfs_find("fault")) sqlite3_vfs_register(&vfs, 0);
  pthread_mutex_unlock(&lock);
}
