// CRC-32C with the processor's instruction where it has one (SSE4.2 on x86-64, the CRC extension on
// 64-bit ARM), chosen once at run time; a table of bytes elsewhere.
#include "CLinux.h"

#include <pthread.h>
#include <string.h>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <arm_acle.h>
#include <sys/auxv.h>
#endif

static uint32_t table[256];

static void fill_table(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t remainder = byte;
    for (int bit = 0; bit < 8; bit++)
      remainder = (remainder >> 1) ^ (remainder & 1 ? 0x82F63B78u : 0);
    table[byte] = remainder;
  }
}

uint32_t clinux_crc32c_portable(uint32_t crc, const void *bytes, size_t count) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, fill_table);
  const unsigned char *next = bytes;
  crc = ~crc;
  while (count--) crc = (crc >> 8) ^ table[(crc ^ *next++) & 0xFF];
  return ~crc;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) static uint32_t crc_instruction(
    uint32_t crc, const void *bytes, size_t count) {
  const unsigned char *next = bytes;
  uint64_t state = ~crc;
  while (count >= 8) {
    uint64_t word;
    memcpy(&word, next, 8);
    state = _mm_crc32_u64(state, word);
    next += 8;
    count -= 8;
  }
  while (count--) state = _mm_crc32_u8((uint32_t)state, *next++);
  return ~(uint32_t)state;
}

static int has_instruction(void) { return __builtin_cpu_supports("sse4.2"); }

#elif defined(__aarch64__)

__attribute__((target("+crc"))) static uint32_t crc_instruction(
    uint32_t crc, const void *bytes, size_t count) {
  const unsigned char *next = bytes;
  uint32_t state = ~crc;
  while (count >= 8) {
    uint64_t word;
    memcpy(&word, next, 8);
    state = __crc32cd(state, word);
    next += 8;
    count -= 8;
  }
  while (count--) state = __crc32cb(state, *next++);
  return ~state;
}

static int has_instruction(void) { return (getauxval(AT_HWCAP) & (1 << 7)) != 0; }

#else

static uint32_t crc_instruction(uint32_t crc, const void *bytes, size_t count) {
  return clinux_crc32c_portable(crc, bytes, count);
}

static int has_instruction(void) { return 0; }

#endif

uint32_t clinux_crc32c(uint32_t crc, const void *bytes, size_t count) {
  return has_instruction() ? crc_instruction(crc, bytes, count)
                           : clinux_crc32c_portable(crc, bytes, count);
}
