#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/text.hpp"

namespace weir::metrics {

/// Counts of non-negative 64-bit values with three significant decimal digits, in the bucket layout
/// of HdrHistogram (lowest discernible value 1, 2048 sub-buckets), so that its files and tools
/// interoperate. Memory is taken as far up as the largest value needs, none while empty.
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
  /// bucket, at most max(). 500'000 is the median; 0 while empty.
  std::int64_t percentile(std::uint32_t parts_per_million) const;

  /// HdrHistogram V2 encoding, uncompressed, in base64; and back. Its counts are all that the
  /// encoding holds, so min, max and sum travel beside it (see Summary).
  std::string encode_base64() const;

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
  static Parsed<Histogram> decode_base64(std::string_view text, const Summary& summary);

  bool operator==(const Histogram& other) const;

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::int64_t min_ = 0;
  std::int64_t max_ = 0;
  __extension__ unsigned __int128 sum_ = 0;
};

}  // namespace weir::metrics
