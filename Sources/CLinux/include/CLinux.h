// What Linux has and Glibc's Swift module does not export: epoll, eventfd, timerfd's cousins,
// accept4; and CRC32C, which wants the processor's own instruction.
#ifndef TRIBUTARY_CLINUX_H
#define TRIBUTARY_CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

// One readiness report: which descriptor (or token), and what it is ready for.
struct clinux_event {
  uint32_t events;
  uint64_t token;
};

enum {
  CLINUX_READABLE = 1,
  CLINUX_WRITABLE = 2,
  // The peer is gone, or the descriptor is in error: both directions will answer at once.
  CLINUX_HANGUP = 4,
  // The peer will send no more: reads answer at once from now on.
  CLINUX_ENDED = 8,
};

// All of these return -1 and set errno on failure, as the calls they wrap.
int clinux_epoll_create(void);
// Edge-triggered registration for both directions.
int clinux_epoll_add(int epoll, int descriptor, uint64_t token);
int clinux_epoll_remove(int epoll, int descriptor);
// Waits at most `milliseconds` (-1: for ever) and fills `events`; returns how many.
int clinux_epoll_wait(int epoll, struct clinux_event *events, int capacity, int milliseconds);

int clinux_eventfd(void);
int clinux_eventfd_signal(int descriptor);
void clinux_eventfd_drain(int descriptor);

// accept4 with close-on-exec and non-blocking set. A peer's address is filled in if asked for.
int clinux_accept(int listener, struct sockaddr *address, socklen_t *length);

// CRC-32C (Castagnoli) of `count` bytes, continuing from `crc` (0 to start).
uint32_t clinux_crc32c(uint32_t crc, const void *bytes, size_t count);
// The same by table, for machines without the instruction, and for the tests to compare.
uint32_t clinux_crc32c_portable(uint32_t crc, const void *bytes, size_t count);

// Asks for the cache line of this address, which need not be readable: a hint, never a fault.
static inline void clinux_prefetch(const void *address) { __builtin_prefetch(address); }

// Fills `bytes` from the kernel's generator.
void clinux_random_bytes(void *bytes, size_t count);

// What lies under a path: bytes free for unprivileged users, and the file system's magic number.
int clinux_file_system(const char *path, uint64_t *free_bytes, uint32_t *type);

// The processors that this process may use; at least 1.
int clinux_processor_count(void);

// Has blocks of this size and more be mappings of their own, and the heap's end given back when this
// much of it is free: fixed bounds, where the allocator would learn larger ones.
void clinux_bound_allocator(int mapped_bytes, int trimmed_bytes);

// The identity of the calling thread as the kernel numbers it.
int clinux_thread_id(void);
// Names the calling thread as `top -H` and debuggers show it (15 bytes at most are kept).
void clinux_name_thread(const char *name);

#endif
