#include "core/text.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace weir;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class T>
bool has_reason(const Parsed<T>& parsed) {
  return parsed || !parsed.error().empty();
}

void check_integer(std::string_view text) {
  const Parsed<std::int64_t> value = parse_integer(text);
  require(has_reason(value));
  if (value) require(parse_integer(std::to_string(*value)) == *value);
}

void check_duration(std::string_view text) {
  const Parsed<Duration> duration = parse_duration(text);
  require(has_reason(duration));
  if (!duration) return;
  require(duration->ns() >= 0);
  require(parse_duration(format_duration(*duration)) == *duration);
  require(!format_duration_short(*duration).empty());
}

void check_rate(std::string_view text) {
  const Parsed<Rate> rate = parse_rate(text);
  require(has_reason(rate));
  if (!rate) return;
  require(rate->per.ns() > 0);
  require(parse_rate(format_rate(*rate)) == *rate);
}

void check_instant(std::string_view text) {
  const Parsed<Instant> at = parse_instant(text);
  require(has_reason(at));
  if (at) require(parse_instant(format_instant(*at)) == *at);
}

void check_unix_seconds(std::string_view text) {
  const Parsed<Instant> at = parse_unix_seconds(text);
  require(has_reason(at));
  if (at) require(parse_instant(format_instant(*at)) == *at);
}

}  // namespace

/// Every text reads as a value that is written and read back the same, or as an error with a
/// reason.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_integer(text);
  check_duration(text);
  check_rate(text);
  check_instant(text);
  check_unix_seconds(text);
  return 0;
}
