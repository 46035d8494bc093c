#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace weir::load {

/// What RFC 9110 calls a token is made of these: the characters of a header's name.
inline constexpr std::array<bool, 256> is_token_byte = [] {
  std::array<bool, 256> table = {};
  for (std::size_t c = '0'; c <= '9'; ++c) table[c] = true;
  for (std::size_t c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

inline bool is_token(char c) { return is_token_byte[static_cast<unsigned char>(c)]; }

/// A character that cannot stand in a line: a control character other than a tab.
inline bool is_control(char c) {
  return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
}

/// So many bytes are looked at together.
inline constexpr int block_bytes = 16;

#if defined(__SSE2__)

inline __m128i load_block(const char* block) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(block));
}

/// All bits of each byte that lies between two others, both included.
inline __m128i bytes_between(__m128i bytes, char first, char last) {
  const __m128i from_first = _mm_sub_epi8(bytes, _mm_set1_epi8(first));
  const auto width = static_cast<char>(last - first);
  return _mm_cmpeq_epi8(_mm_min_epu8(from_first, _mm_set1_epi8(width)), from_first);
}

/// A bit for each byte of a block, the lowest for the first: whether it is a control character
/// other than a tab.
inline unsigned control_bits(const char* block) {
  const __m128i bytes = load_block(block);
  const __m128i low = _mm_andnot_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t')),
                                       bytes_between(bytes, '\0', '\x1f'));
  return static_cast<unsigned>(
      _mm_movemask_epi8(_mm_or_si128(low, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\x7f')))));
}

/// The same for letters and hyphens, which most names consist of.
inline unsigned plain_name_bits(const char* block) {
  const __m128i bytes = load_block(block);
  const __m128i lower_case = _mm_or_si128(bytes, _mm_set1_epi8('a' - 'A'));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(
      bytes_between(lower_case, 'a', 'z'), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-')))));
}

#else

inline unsigned control_bits(const char* block) {
  unsigned bits = 0;
  for (int i = 0; i < block_bytes; ++i) bits |= unsigned{is_control(block[i])} << i;
  return bits;
}

inline unsigned plain_name_bits(const char* block) {
  unsigned bits = 0;
  for (int i = 0; i < block_bytes; ++i) bits |= unsigned{is_token(block[i])} << i;
  return bits;
}

#endif

/// Where the name ends that begins here: the first byte that is not of a token, or the end.
inline const char* end_of_name(const char* at, const char* end) {
  while (end - at >= block_bytes) {
    const unsigned others = ~plain_name_bits(at) & 0xffff;
    if (others == 0) {
      at += block_bytes;
      continue;
    }
    at += std::countr_zero(others);
    if (*at == ':' || !is_token(*at)) return at;
    ++at;
  }
  while (at != end && is_token(*at)) ++at;
  return at;
}

}  // namespace weir::load
