// A disk that falls ill on demand, between a program and its C library (LD_PRELOAD). What it does stands
// in the file that SICK_DISK_ORDER names, and is read again at each sync:
//
//   fail       fsync and fdatasync of a program's log (store.db-wal, spool.db-wal) answer EIO
//   slow MS    they take so many milliseconds
//   (nothing)  all is well
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int is_log(int descriptor) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strstr(path, "/store.db-wal") != NULL || strstr(path, "/spool.db-wal") != NULL;
}

// Returns true where the sync has to fail.
static int falls_ill(int descriptor) {
  const char *order_path = getenv("SICK_DISK_ORDER");
  if (!order_path || !is_log(descriptor)) return 0;
  FILE *file = fopen(order_path, "r");
  if (!file) return 0;
  char order[32] = "";
  long milliseconds = 0;
  int fields = fscanf(file, "%31s %ld", order, &milliseconds);
  fclose(file);
  if (fields >= 1 && strcmp(order, "fail") == 0) return 1;
  if (fields == 2 && strcmp(order, "slow") == 0) {
    struct timespec pause = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&pause, NULL);
  }
  return 0;
}

int fsync(int descriptor) {
  if (falls_ill(descriptor)) return errno = EIO, -1;
  return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(descriptor);
}

int fdatasync(int descriptor) {
  if (falls_ill(descriptor)) return errno = EIO, -1;
  return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(descriptor);
}
