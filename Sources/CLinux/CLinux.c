#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int clinux_epoll_add(int epoll, int descriptor, uint64_t token) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.u64 = token};
  return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

int clinux_epoll_remove(int epoll, int descriptor) {
  struct epoll_event unused = {0};
  return epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &unused);
}

int clinux_epoll_wait(int epoll, struct clinux_event *events, int capacity, int milliseconds) {
  struct epoll_event raw[256];
  if (capacity > 256) capacity = 256;
  int count = epoll_wait(epoll, raw, capacity, milliseconds);
  for (int i = 0; i < count; i++) {
    uint32_t ready = 0;
    if (raw[i].events & EPOLLIN) ready |= CLINUX_READABLE;
    if (raw[i].events & EPOLLRDHUP) ready |= CLINUX_ENDED;
    if (raw[i].events & EPOLLOUT) ready |= CLINUX_WRITABLE;
    if (raw[i].events & (EPOLLERR | EPOLLHUP)) ready |= CLINUX_HANGUP;
    events[i].events = ready;
    events[i].token = raw[i].data.u64;
  }
  return count;
}

int clinux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_eventfd_signal(int descriptor) { return eventfd_write(descriptor, 1); }

void clinux_eventfd_drain(int descriptor) {
  eventfd_t unused;
  (void)eventfd_read(descriptor, &unused);
}

int clinux_accept(int listener, struct sockaddr *address, socklen_t *length) {
  return accept4(listener, address, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

void clinux_random_bytes(void *bytes, size_t count) {
  unsigned char *next = bytes;
  while (count > 0) {
    ssize_t got = getrandom(next, count, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      abort();  // Linux before 3.17, or a sandbox without it: no key could be made safely.
    }
    next += got;
    count -= (size_t)got;
  }
}

int clinux_file_system(const char *path, uint64_t *free_bytes, uint32_t *type) {
  struct statfs status;
  if (statfs(path, &status) != 0) return -1;
  *free_bytes = (uint64_t)status.f_bsize * status.f_bavail;
  *type = (uint32_t)status.f_type;
  return 0;
}

void clinux_bound_allocator(int mapped_bytes, int trimmed_bytes) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, mapped_bytes);
  mallopt(M_TRIM_THRESHOLD, trimmed_bytes);
#endif
}

int clinux_processor_count(void) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed);
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

int clinux_thread_id(void) { return (int)syscall(SYS_gettid); }

void clinux_name_thread(const char *name) {
  char kept[16] = {0};
  strncpy(kept, name, sizeof kept - 1);
  pthread_setname_np(pthread_self(), kept);
}
