#pragma once

#include <cstdint>
#include <string_view>

#include "core/int128.hpp"

namespace weir {

/// A 64-bit finalizer in which every input bit reaches every output bit (Stafford's mix 13, as in
/// SplittableRandom).
constexpr std::uint64_t mix64(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// A hash of bytes that is the same on every machine.
constexpr std::uint64_t hash64(std::string_view text) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return mix64(h);
}

/// A named stream of random numbers, and a counter-based one: draw i is a pure function of the
/// stream's key and i, so that any consumer can ask for any operation's draw in any order.
class RandomStream {
 public:
  constexpr explicit RandomStream(std::uint64_t seed) : key_(mix64(seed + golden)) {}

  /// The stream for a consumer within this one.
  constexpr RandomStream named(std::string_view name) const {
    return RandomStream(key_ ^ hash64(name));
  }
  constexpr RandomStream numbered(std::uint64_t index) const {
    return RandomStream(key_ + mix64(index ^ 0x6a09e667f3bcc909ULL));
  }

  constexpr std::uint64_t bits(std::uint64_t i) const { return mix64(key_ + (i + 1) * golden); }
  /// Uniform in (0, 1], a multiple of 2^-53: safe for a logarithm.
  constexpr double uniform(std::uint64_t i) const { return to_uniform(bits(i)); }
  /// Uniform in [0, n) for n > 0; the bias is below n / 2^64.
  constexpr std::uint64_t below(std::uint64_t i, std::uint64_t n) const {
    return static_cast<std::uint64_t>((Uint128{bits(i)} * n) >> 64);
  }

  static constexpr double to_uniform(std::uint64_t bits) {
    return static_cast<double>(static_cast<std::int64_t>((bits >> 11) + 1)) * 0x1p-53;
  }

 private:
  static constexpr std::uint64_t golden = 0x9e3779b97f4a7c15ULL;
  std::uint64_t key_;
};

/// A stream read in order.
class RandomSequence {
 public:
  constexpr explicit RandomSequence(RandomStream stream) : stream_(stream) {}
  constexpr std::uint64_t bits() { return stream_.bits(next_++); }
  constexpr double uniform() { return stream_.uniform(next_++); }
  constexpr std::uint64_t below(std::uint64_t n) { return stream_.below(next_++, n); }

 private:
  RandomStream stream_;
  std::uint64_t next_ = 0;
};

}  // namespace weir
