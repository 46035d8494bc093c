#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "load/rate_limit_names.hpp"
#include "metrics/live_names.hpp"

namespace weir::load {

/// The families of headers in which gateways say what is left and when to come back. Drafts of the
/// IETF (draft-ietf-httpapi-ratelimit-headers) that look alike in a response share one.
enum class HeaderFamily : std::uint8_t {
  retry_after,
  retry_after_ms,
  /// X-RateLimit-* and X-Rate-Limit-*, Kong's with a unit of time included.
  x_ratelimit,
  /// RateLimit-Limit, -Remaining and -Reset, with the policies behind the limit: "100, 100;w=60".
  ietf_00_to_03,
  /// The same three fields, with the policies in RateLimit-Policy: "100;w=60".
  ietf_04_to_06,
  /// The same three fields and no policies, so any of the drafts above.
  ietf_00_to_06,
  /// RateLimit as a dictionary: "limit=100, remaining=50, reset=5".
  ietf_07,
  /// RateLimit and RateLimit-Policy as lists of named policies: "default";r=50;t=30.
  ietf_08_to_11,
  /// A RateLimit or RateLimit-Policy that fits several drafts, or none.
  ietf_unclear,
  openai,
  anthropic
};
inline constexpr std::size_t header_family_count = metrics::header_family_names.size();

/// As the enumerator is called.
std::string_view name_of(HeaderFamily family);

/// A set of families.
class HeaderFamilies {
 public:
  constexpr void add(HeaderFamily family) {
    bits_ = static_cast<std::uint16_t>(bits_ | bit(family));
  }
  constexpr bool has(HeaderFamily family) const { return (bits_ & bit(family)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool includes(HeaderFamilies others) const { return (others.bits_ & ~bits_) == 0; }
  constexpr bool operator==(const HeaderFamilies&) const = default;

 private:
  static constexpr unsigned bit(HeaderFamily family) { return 1U << static_cast<unsigned>(family); }
  std::uint16_t bits_ = 0;
};

/// What a response says to wait, from its receipt on.
struct AdvertisedWait {
  enum class Kind : std::uint8_t { absent, good, malformed };

  Kind kind = Kind::absent;
  /// From 0 to limiter::longest_window; 0 unless it is good.
  Duration wait;

  bool operator==(const AdvertisedWait&) const = default;
};

/// What a response says of its rate limit. What is malformed is not believed.
struct RateLimitReading {
  /// retry-after-ms where it is good, else Retry-After.
  AdvertisedWait retry_after;
  /// Of one quota. Where several are given it is the tightest: what is known to have the least
  /// left, of those the one that resets last, of those the one with the lowest limit.
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> remaining;
  /// From the receipt on, from 0 to limiter::longest_window.
  std::optional<Duration> reset;
  HeaderFamilies families;
  /// Those in which anything was malformed.
  HeaderFamilies malformed;

  bool operator==(const RateLimitReading&) const = default;
};

/// Collects a response's headers, one by one and in any order, and reads its rate limit from them.
/// Made once and cleared for each response, it allocates nothing for a response without any of
/// them.
class RateLimitHeaders {
 public:
  /// Whether add() looks at a header of that name, in any letter case.
  static bool wants(std::string_view name) {
    return may_be_rate_limit_header(name) && identify_header(name).kind != HeaderKind::other;
  }

  void clear();
  /// The value as on the wire, without the line's end. A name that is not wanted changes nothing.
  void add(std::string_view name, std::string_view value);

  /// Dates are read against the response's own Date, so that no difference of clocks is in a wait;
  /// against `received` where it has none.
  RateLimitReading read(Instant received) const;
  /// What the response's Date shows, if it has one that can be believed.
  std::optional<Instant> date(Instant received) const;

 private:
  /// A header, whose value is a piece of values_.
  struct Entry {
    RateLimitHeader header;
    std::size_t begin = 0;
    std::size_t size = 0;
  };

  /// Nearly every response has a Date and few have to have it read, so it is kept as it came.
  class DateText {
   public:
    void clear() { *this = {}; }
    void set(std::string_view text);
    /// Empty where there is no Date or none that can be believed.
    std::string_view view() const { return {text_.data(), size_}; }

   private:
    /// The longest HTTP-date there is.
    static constexpr std::size_t capacity =
        std::string_view("Wednesday, 06-Nov-94 08:49:37 GMT").size();
    bool seen_ = false;
    std::size_t size_ = 0;
    std::array<char, capacity> text_ = {};
  };

  std::string_view value_of(const Entry& entry) const {
    return std::string_view(values_).substr(entry.begin, entry.size);
  }

  DateText date_;
  std::vector<Entry> entries_;
  std::string values_;
};

}  // namespace weir::load
