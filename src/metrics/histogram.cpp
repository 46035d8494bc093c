#include "metrics/histogram.hpp"

#include <fmt/format.h>

#include <optional>

#include "core/base64.hpp"

namespace weir::metrics {
namespace {

// ---- The encoding: a header of big-endian numbers, then one number for each counter.

/// The low half of the cookie's last byte but one tells how counts are stored; 1 is the V2 way.
constexpr std::uint32_t cookie_base = 0x1c849303;
constexpr std::uint32_t cookie_storage_mask = 0xf0;
constexpr std::uint32_t cookie = cookie_base | 0x10;
constexpr std::size_t header_size = 40;
constexpr std::uint32_t significant_digits = 3;
constexpr std::uint64_t lowest_discernible = 1;
/// The conversion ratio 1.0 as the bits of a double.
constexpr std::uint64_t ratio_bits = std::bit_cast<std::uint64_t>(1.0);

/// Appends the lowest `bytes` bytes of a number, the highest of them first.
void append_big_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
    out += static_cast<char>((value >> shift) & 0xff);
  }
}

/// ZigZag, so that small negative numbers are short too, then seven bits a byte, the lowest first
/// and the eighth bit saying that more follow; a ninth byte has eight bits of its own.
void append_varint(std::string& out, std::int64_t value) {
  std::uint64_t rest =
      (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  for (int i = 0; i < 8 && rest >= 0x80; ++i) {
    out += static_cast<char>((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  out += static_cast<char>(rest);
}

/// Bytes that are read from their front; reading past the end gives nothing.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  std::string_view rest() const { return rest_; }
  std::uint64_t take_big_endian(std::size_t bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes && !rest_.empty(); ++i) value = (value << 8) | take_byte();
    return value;
  }
  std::optional<std::int64_t> take_varint() {
    std::uint64_t zigzag = 0;
    for (int shift = 0; !rest_.empty(); shift += 7) {
      const std::uint64_t byte = take_byte();
      const bool ninth = shift == 56;
      zigzag |= (ninth ? byte : byte & 0x7f) << shift;
      if (!ninth && (byte & 0x80) != 0) continue;
      return static_cast<std::int64_t>((zigzag >> 1) ^ (~(zigzag & 1) + 1));
    }
    return std::nullopt;
  }

 private:
  std::uint64_t take_byte() {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    return byte;
  }

  std::string_view rest_;
};

tl::unexpected<std::string> not_encoding(std::string_view why) {
  return tl::unexpected(fmt::format("not a histogram in HdrHistogram V2 encoding: {}", why));
}

}  // namespace

int Histogram::bucket_of(std::size_t index) {
  return index < 2 * half_count ? 0 : static_cast<int>(index / half_count) - 1;
}

std::int64_t Histogram::lowest_value(std::size_t index) {
  const int bucket = bucket_of(index);
  const std::size_t sub_bucket = index - static_cast<std::size_t>(bucket) * half_count;
  return static_cast<std::int64_t>(sub_bucket << bucket);
}

std::int64_t Histogram::highest_value(std::size_t index) {
  return lowest_value(index) + ((std::int64_t{1} << bucket_of(index)) - 1);
}

void Histogram::merge(const Histogram& other) {
  if (other.counts_.size() > counts_.size()) counts_.resize(other.counts_.size());
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  total_ += other.total_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

std::int64_t Histogram::mean() const {
  return total_ == 0 ? 0 : static_cast<std::int64_t>(sum_ / total_);
}

std::int64_t Histogram::percentile(std::uint32_t parts_per_million) const {
  if (total_ == 0 || parts_per_million == 0) return min();
  constexpr std::uint32_t million = 1'000'000;
  const Uint128 parts = Uint128{total_} * std::min(parts_per_million, million);
  const auto rank = static_cast<std::uint64_t>((parts + million - 1) / million);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::min(highest_value(i), max_);
  }
  return max_;
}

std::string Histogram::encode_base64() const { return to_base64(encode()); }

std::string Histogram::encode() const {
  std::string payload;
  for (std::size_t i = 0; i < counts_.size();) {
    std::size_t end = i;
    while (counts_[end] == 0) ++end;
    const std::size_t zeros = end - i;
    // A run of zeros is one negative number; but one zero by itself stays a zero.
    if (zeros > 1) append_varint(payload, -static_cast<std::int64_t>(zeros));
    if (zeros == 1) append_varint(payload, 0);
    append_varint(payload, static_cast<std::int64_t>(counts_[end]));
    i = end + 1;
  }
  // HdrHistogram writes the counts up to that of max(), and max() is 0 while empty.
  if (counts_.empty()) append_varint(payload, 0);

  const std::size_t last = counts_.empty() ? 0 : counts_.size() - 1;
  const int bucket = bucket_of(last);
  const std::int64_t highest_trackable =
      highest_value(static_cast<std::size_t>(bucket + 2) * half_count - 1);
  std::string bytes;
  append_big_endian(bytes, cookie, 4);
  append_big_endian(bytes, payload.size(), 4);
  append_big_endian(bytes, 0, 4);  // normalizing index offset
  append_big_endian(bytes, significant_digits, 4);
  append_big_endian(bytes, lowest_discernible, 8);
  append_big_endian(bytes, static_cast<std::uint64_t>(highest_trackable), 8);
  append_big_endian(bytes, ratio_bits, 8);
  return bytes + payload;
}

Histogram::Summary Histogram::summary() const {
  return {.min = min(),
          .max = max_,
          .sum_high = static_cast<std::int64_t>(sum_ >> 64),
          .sum_low = static_cast<std::uint64_t>(sum_)};
}

Parsed<Histogram> Histogram::decode_base64(std::string_view text, const Summary& summary) {
  constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
  const std::size_t most_bytes = header_size + 9 * (index_of(largest) + 1);
  const std::optional<std::string> bytes = from_base64(text, most_bytes);
  if (!bytes) return not_encoding("it must be base64 without blanks, and not too long");
  if (bytes->size() < header_size) {
    return not_encoding(
        fmt::format("its header takes {} bytes, here are {}", header_size, bytes->size()));
  }

  ByteReader reader(*bytes);
  const std::uint64_t found_cookie = reader.take_big_endian(4);
  if ((found_cookie & ~std::uint64_t{cookie_storage_mask}) != cookie_base) {
    return not_encoding(
        fmt::format("it must begin with {:#x}, begins with {:#x}", cookie, found_cookie));
  }
  const std::uint64_t payload_size = reader.take_big_endian(4);
  const std::uint64_t offset = reader.take_big_endian(4);
  const std::uint64_t digits = reader.take_big_endian(4);
  const std::uint64_t lowest = reader.take_big_endian(8);
  const auto highest = static_cast<std::int64_t>(reader.take_big_endian(8));
  const std::uint64_t ratio = reader.take_big_endian(8);
  if (payload_size != reader.rest().size()) {
    return not_encoding(fmt::format("its header announces {} bytes of counts, here are {}",
                                    payload_size, reader.rest().size()));
  }
  if (offset != 0 || ratio != ratio_bits) {
    return not_encoding("its index offset must be 0 and its conversion ratio 1");
  }
  if (digits != significant_digits || lowest != lowest_discernible) {
    return not_encoding(fmt::format("it must have {} significant digits from {}, has {} from {}",
                                    significant_digits, lowest_discernible, digits, lowest));
  }
  if (highest < 2) return not_encoding("its highest trackable value must be at least 2");

  // HdrHistogram has whole buckets, so that a little above the highest value may be counted too.
  const auto counters = static_cast<std::size_t>(bucket_of(index_of(highest)) + 2) * half_count;
  Histogram histogram;
  std::string problem = histogram.read_counts(reader.rest(), counters);
  if (problem.empty()) problem = histogram.read_summary(summary);
  if (!problem.empty()) return not_encoding(problem);
  return histogram;
}

std::string Histogram::read_counts(std::string_view payload, std::size_t counters) {
  constexpr std::uint64_t most_records = std::numeric_limits<std::int64_t>::max();
  ByteReader reader(payload);
  std::size_t index = 0;
  while (!reader.rest().empty()) {
    const std::optional<std::int64_t> count = reader.take_varint();
    if (!count) return "it ends within a count";
    const auto magnitude = static_cast<std::uint64_t>(*count);
    const std::uint64_t taken = *count < 0 ? ~magnitude + 1 : 1;
    if (taken > counters - index) return "it has more counts than its highest value allows";
    if (*count > 0) {
      if (magnitude > most_records - total_) return "it has 2^63 records or more";
      counts_.resize(index + 1);
      counts_[index] = magnitude;
      total_ += magnitude;
    }
    index += static_cast<std::size_t>(taken);
  }
  return {};
}

std::string Histogram::read_summary(const Summary& given) {
  if (total_ == 0) {
    return given == Summary{} ? "" : "it is empty, so its min, max and sum must be 0";
  }
  std::size_t first = 0;
  while (counts_[first] == 0) ++first;
  if (given.min < 0 || given.max < given.min || index_of(given.min) != first ||
      index_of(given.max) != counts_.size() - 1) {
    return fmt::format(
        "its least value is within {} to {} and its largest within {} to {}, "
        "but min is {} and max is {}",
        lowest_value(first), highest_value(first), lowest_value(counts_.size() - 1),
        highest_value(counts_.size() - 1), given.min, given.max);
  }
  Uint128 least_sum = 0;
  Uint128 largest_sum = 0;
  for (std::size_t i = first; i < counts_.size(); ++i) {
    least_sum += Uint128{static_cast<std::uint64_t>(lowest_value(i))} * counts_[i];
    largest_sum += Uint128{static_cast<std::uint64_t>(highest_value(i))} * counts_[i];
  }
  const Uint128 sum = (Uint128{static_cast<std::uint64_t>(given.sum_high)} << 64) | given.sum_low;
  if (given.sum_high < 0 || sum < least_sum || sum > largest_sum) {
    return "its sum does not agree with its counts";
  }
  min_ = given.min;
  max_ = given.max;
  sum_ = sum;
  return {};
}

}  // namespace weir::metrics
