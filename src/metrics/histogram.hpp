#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/int128.hpp"
#include "core/text.hpp"

namespace weir::metrics {

/// Counts of non-negative 64-bit values with three significant decimal digits, in the bucket layout
/// of HdrHistogram (lowest discernible value 1, 2048 sub-buckets), so that its files and tools
/// interoperate. Memory is taken as far up as the largest value needs, none while empty. It holds
/// fewer than 2^63 records.
class Histogram {
 public:
  /// Negative values count as 0.
  void record(std::int64_t value) { record_n(value, 1); }
  void record_n(std::int64_t value, std::uint64_t count);
  void merge(const Histogram& other);

  std::uint64_t count() const { return total_; }
  /// Exact, not rounded to a bucket; 0 while empty.
  std::int64_t min() const { return total_ == 0 ? 0 : min_; }
  std::int64_t max() const { return max_; }
  /// The exact sum over the count, rounded down; 0 while empty.
  std::int64_t mean() const;
  /// The value that parts-per-million/1e6 of the records do not exceed: the highest value of its
  /// bucket, at most max(). 500'000 is the median, 0 is min(); 0 while empty.
  std::int64_t percentile(std::uint32_t parts_per_million) const;

  /// HdrHistogram V2 encoding, uncompressed, in base64; and back. Its counts are all that the
  /// encoding holds, so min, max and sum travel beside it (see Summary).
  std::string encode_base64() const;
  /// The same as bytes.
  std::string encode() const;

  /// What the V2 encoding rounds away.
  struct Summary {
    std::int64_t min = 0;
    std::int64_t max = 0;
    /// The sum of all values, modulo nothing: 128 bits as high and low half.
    std::int64_t sum_high = 0;
    std::uint64_t sum_low = 0;
    bool operator==(const Summary&) const = default;
  };
  Summary summary() const;
  /// The text need not be trusted: whatever is no such encoding, or contradicts the summary, is an
  /// error.
  static Parsed<Histogram> decode_base64(std::string_view text, const Summary& summary);

  bool operator==(const Histogram& other) const = default;

 private:
  static constexpr int sub_bucket_bits = 11;
  static constexpr std::size_t half_count = std::size_t{1} << (sub_bucket_bits - 1);

  /// Which counter a value belongs to. Bucket b > 0 has values of b + 11 bits, in steps of 2^b, so
  /// that the lower half of its 2048 sub-buckets is never used and none is stored.
  static std::size_t index_of(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    const int bucket = 64 - sub_bucket_bits - std::countl_zero(bits | (2 * half_count - 1));
    return static_cast<std::size_t>(bucket) * half_count + (bits >> bucket);
  }
  static int bucket_of(std::size_t index);
  static std::int64_t lowest_value(std::size_t index);
  static std::int64_t highest_value(std::size_t index);

  /// Each says what is wrong, or nothing.
  std::string read_counts(std::string_view payload, std::size_t counters);
  std::string read_summary(const Summary& given);

  /// As long as the largest recorded value needs: the last counter is above 0.
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::int64_t min_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_ = 0;
  Uint128 sum_ = 0;
};

inline void Histogram::record_n(std::int64_t value, std::uint64_t count) {
  if (count == 0) return;
  value = std::max<std::int64_t>(value, 0);
  const std::size_t index = index_of(value);
  if (index >= counts_.size()) counts_.resize(index + 1);
  counts_[index] += count;
  total_ += count;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += Uint128{static_cast<std::uint64_t>(value)} * count;
}

}  // namespace weir::metrics
