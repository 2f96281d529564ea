// Finding the next byte that matters in text, many bytes at a time. Header only, so that Swift inlines
// it: SSE2, which every x86-64 has, and eight bytes in a word elsewhere. No call reads past `count`.
#ifndef TRIBUTARY_CSCAN_H
#define TRIBUTARY_CSCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// In each byte of the word the high bit, exactly where that byte is zero.
static inline uint64_t cscan_zeroes(uint64_t word) {
  const uint64_t low = 0x7F7F7F7F7F7F7F7FULL;
  return ~(((word & low) + low) | word | low);
}

// The same where the byte is a quote, a backslash or a control character.
static inline uint64_t cscan_marks(uint64_t word) {
  const uint64_t ones = 0x0101010101010101ULL;
  return cscan_zeroes(word ^ (ones * '"')) | cscan_zeroes(word ^ (ones * '\\')) |
         cscan_zeroes(word & (ones * 0xE0));
}

static inline size_t cscan_first(uint64_t marks) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  return (size_t)__builtin_clzll(marks) / 8;
#else
  return (size_t)__builtin_ctzll(marks) / 8;
#endif
}

// How many bytes come before the first quote, backslash, control character or byte from 0x80 on:
// all of `count` if there is none. What is counted is plain text as it stands in a JSON string.
static inline size_t cscan_plain_portable(const uint8_t *bytes, size_t count) {
  size_t index = 0;
  for (; index + 8 <= count; index += 8) {
    uint64_t word;
    memcpy(&word, bytes + index, 8);
    uint64_t marks = cscan_marks(word) | (word & 0x8080808080808080ULL);
    if (marks) return index + cscan_first(marks);
  }
  for (; index < count; index++) {
    uint8_t byte = bytes[index];
    if (byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\') break;
  }
  return index;
}

static inline size_t cscan_plain(const uint8_t *bytes, size_t count) {
#if defined(__SSE2__)
  size_t index = 0;
  for (; index + 16 <= count; index += 16) {
    __m128i block = _mm_loadu_si128((const __m128i *)(bytes + index));
    // Signed, so "less than a space" holds for 0x80 and above as well.
    __m128i marks = _mm_or_si128(
        _mm_cmplt_epi8(block, _mm_set1_epi8(0x20)),
        _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
                     _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
    int mask = _mm_movemask_epi8(marks);
    if (mask) return index + (size_t)__builtin_ctz((unsigned)mask);
  }
  return index + cscan_plain_portable(bytes + index, count - index);
#else
  return cscan_plain_portable(bytes, count);
#endif
}

// The same for text that is to be written: bytes from 0x80 on need no escape and are counted.
static inline size_t cscan_unescaped(const uint8_t *bytes, size_t count) {
  size_t index = 0;
#if defined(__SSE2__)
  for (; index + 16 <= count; index += 16) {
    __m128i block = _mm_loadu_si128((const __m128i *)(bytes + index));
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1F)), block);
    __m128i marks = _mm_or_si128(
        control, _mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('"')),
                              _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'))));
    int mask = _mm_movemask_epi8(marks);
    if (mask) return index + (size_t)__builtin_ctz((unsigned)mask);
  }
#endif
  for (; index + 8 <= count; index += 8) {
    uint64_t word;
    memcpy(&word, bytes + index, 8);
    uint64_t marks = cscan_marks(word);
    if (marks) return index + cscan_first(marks);
  }
  for (; index < count; index++) {
    uint8_t byte = bytes[index];
    if (byte < 0x20 || byte == '"' || byte == '\\') break;
  }
  return index;
}

#endif
