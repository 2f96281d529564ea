// The inner loops of the HTTP parser: where does a run of allowed bytes end? Sixteen bytes at a
// time where SSE2 is at hand; the portable loops say what is meant, and the tests compare the two.
#ifndef TRIBUTARY_CHTTP_H
#define TRIBUTARY_CHTTP_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// 1 for the bytes of a token (RFC 9110 5.6.2): letters, digits and !#$%&'*+-.^_`|~
extern const uint8_t chttp_token_bytes[256];

// The first byte from `from` on that no token may hold, or `end`.
static inline size_t chttp_token_end(const uint8_t *bytes, size_t from, size_t end) {
  while (from < end && chttp_token_bytes[bytes[from]]) from++;
  return from;
}

static inline int chttp_ends_value(uint8_t byte) {
  return (byte < 0x20 && byte != '\t') || byte == 0x7F;
}

static inline int chttp_ends_target(uint8_t byte) {
  return byte <= 0x20 || byte >= 0x7F || byte == '?' || byte == '#';
}

static inline size_t chttp_value_end_portable(const uint8_t *bytes, size_t from, size_t end) {
  while (from < end && !chttp_ends_value(bytes[from])) from++;
  return from;
}

static inline size_t chttp_target_end_portable(const uint8_t *bytes, size_t from, size_t end) {
  while (from < end && !chttp_ends_target(bytes[from])) from++;
  return from;
}

// The first control byte other than a tab, or `end`: where a field's value stops.
static inline size_t chttp_value_end(const uint8_t *bytes, size_t from, size_t end) {
#if defined(__SSE2__)
  const __m128i last_control = _mm_set1_epi8(0x1F);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i delete = _mm_set1_epi8(0x7F);
  while (end - from >= 16) {
    __m128i block = _mm_loadu_si128((const __m128i *)(bytes + from));
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, last_control), block);
    control = _mm_andnot_si128(_mm_cmpeq_epi8(block, tab), control);
    int stops = _mm_movemask_epi8(_mm_or_si128(control, _mm_cmpeq_epi8(block, delete)));
    if (stops) return from + (size_t)__builtin_ctz((unsigned)stops);
    from += 16;
  }
#endif
  return chttp_value_end_portable(bytes, from, end);
}

// The first byte that is `?`, `#` or no printable ASCII, or `end`: where a part of a target stops.
static inline size_t chttp_target_end(const uint8_t *bytes, size_t from, size_t end) {
#if defined(__SSE2__)
  const __m128i space = _mm_set1_epi8(0x20);
  const __m128i delete = _mm_set1_epi8(0x7F);
  const __m128i question = _mm_set1_epi8('?');
  const __m128i hash = _mm_set1_epi8('#');
  while (end - from >= 16) {
    __m128i block = _mm_loadu_si128((const __m128i *)(bytes + from));
    // Compared as signed numbers: bytes from 0x80 on are negative, hence not above a space.
    __m128i printable = _mm_cmpgt_epi8(block, space);
    __m128i stop = _mm_or_si128(
        _mm_cmpeq_epi8(block, delete),
        _mm_or_si128(_mm_cmpeq_epi8(block, question), _mm_cmpeq_epi8(block, hash)));
    int goes_on = _mm_movemask_epi8(_mm_andnot_si128(stop, printable));
    if (goes_on != 0xFFFF) return from + (size_t)__builtin_ctz(~(unsigned)goes_on);
    from += 16;
  }
#endif
  return chttp_target_end_portable(bytes, from, end);
}

// The first line feed from `from` on, or `end`.
static inline size_t chttp_line_feed(const uint8_t *bytes, size_t from, size_t end) {
  if (from >= end) return end;
  const uint8_t *found = (const uint8_t *)memchr(bytes + from, '\n', end - from);
  return found ? (size_t)(found - bytes) : end;
}

static inline uint8_t chttp_lower(uint8_t byte) {
  return (uint8_t)(byte - 'A') < 26 ? (uint8_t)(byte | 0x20) : byte;
}

// Whether both are the same text, ASCII letters compared without their case.
static inline int chttp_equal_folded(const uint8_t *one, const uint8_t *other, size_t count) {
  for (size_t index = 0; index < count; index++) {
    if (chttp_lower(one[index]) != chttp_lower(other[index])) return 0;
  }
  return 1;
}

static inline int chttp_equal(const uint8_t *one, const uint8_t *other, size_t count) {
  return memcmp(one, other, count) == 0;
}

// The fields that decide how a message is framed and where it goes.
enum {
  CHTTP_OTHER = 0,
  CHTTP_HOST = 1,
  CHTTP_CONTENT_LENGTH = 2,
  CHTTP_TRANSFER_ENCODING = 3,
  CHTTP_CONNECTION = 4,
  CHTTP_EXPECT = 5,
};

static inline uint64_t chttp_folded_word(const void *bytes) {
  uint64_t word;
  memcpy(&word, bytes, 8);
  return word | 0x2020202020202020u;
}

static inline uint32_t chttp_folded_half(const void *bytes) {
  uint32_t word;
  memcpy(&word, bytes, 4);
  return word | 0x20202020u;
}

// Which of them a name is. `name` must be a token: among those bytes, OR-ing 0x20 maps nothing but
// the two cases of a letter to that letter, and nothing but the hyphen to the hyphen.
static inline int chttp_known_name(const uint8_t *name, size_t count) {
  switch (count) {
    case 4:
      return chttp_folded_half(name) == chttp_folded_half("host") ? CHTTP_HOST : CHTTP_OTHER;
    case 6:
      return chttp_folded_half(name) == chttp_folded_half("expe") &&
                     chttp_folded_half(name + 2) == chttp_folded_half("pect")
                 ? CHTTP_EXPECT
                 : CHTTP_OTHER;
    case 10:
      return chttp_folded_word(name) == chttp_folded_word("connecti") &&
                     chttp_folded_half(name + 6) == chttp_folded_half("tion")
                 ? CHTTP_CONNECTION
                 : CHTTP_OTHER;
    case 14:
      return chttp_folded_word(name) == chttp_folded_word("content-") &&
                     chttp_folded_word(name + 6) == chttp_folded_word("t-length")
                 ? CHTTP_CONTENT_LENGTH
                 : CHTTP_OTHER;
    case 17:
      return chttp_folded_word(name) == chttp_folded_word("transfer") &&
                     chttp_folded_word(name + 8) == chttp_folded_word("-encodin") &&
                     (name[16] | 0x20) == 'g'
                 ? CHTTP_TRANSFER_ENCODING
                 : CHTTP_OTHER;
    default:
      return CHTTP_OTHER;
  }
}

#endif
