#include "load/rate_limit_headers.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "limiter/parameters.hpp"

namespace {

using namespace weir;
using namespace weir::load;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string upper_case(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return upper;
}

/// Calls `use` with the name and the value of each line.
template <class Use>
void for_each_line(std::string_view text, Use use) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::string_view name = line.substr(0, line.find(':'));
    use(name, line.substr(std::min(line.size(), name.size() + 1)));
  }
}

void check_duration(Duration d) { require(d >= Duration() && d <= limiter::longest_window); }

void check_reading(const RateLimitReading& reading) {
  using Kind = AdvertisedWait::Kind;
  const AdvertisedWait& wait = reading.retry_after;
  check_duration(wait.wait);
  require(wait.kind == Kind::good || wait.wait == Duration());

  HeaderFamilies waits;
  waits.add(HeaderFamily::retry_after);
  waits.add(HeaderFamily::retry_after_ms);
  bool seen = false;
  bool believed = false;
  for (const HeaderFamily family : {HeaderFamily::retry_after, HeaderFamily::retry_after_ms}) {
    seen = seen || reading.families.has(family);
    believed = believed || (reading.families.has(family) && !reading.malformed.has(family));
  }
  require(seen == (wait.kind != Kind::absent));
  require(believed == (wait.kind == Kind::good));

  require(reading.families.includes(reading.malformed));
  require(reading.limit.value_or(0) >= 0 && reading.remaining.value_or(0) >= 0);
  check_duration(reading.reset.value_or(Duration()));
  const bool quota = reading.limit || reading.remaining || reading.reset;
  require(!quota || !waits.includes(reading.families));
}

/// What the lines say at an instant; the same again from a collection that has been in use, from
/// names in capitals, and from the lines that are wanted.
void check_lines(std::string_view text, RateLimitHeaders& used, Instant received) {
  RateLimitHeaders headers;
  RateLimitHeaders capitals;
  RateLimitHeaders wanted;
  used.clear();
  for_each_line(text, [&](std::string_view name, std::string_view value) {
    headers.add(name, value);
    used.add(name, value);
    capitals.add(upper_case(name), value);
    require(RateLimitHeaders::wants(name) == RateLimitHeaders::wants(upper_case(name)));
    if (RateLimitHeaders::wants(name)) wanted.add(name, value);
  });
  const RateLimitReading reading = headers.read(received);
  check_reading(reading);
  require(used.read(received) == reading);
  require(capitals.read(received) == reading);
  require(wanted.read(received) == reading);
}

/// A header alone has a family if it is wanted, and is malformed or believed, not in parts.
void check_each_line(std::string_view text, Instant received) {
  for_each_line(text, [&](std::string_view name, std::string_view value) {
    RateLimitHeaders headers;
    headers.add(name, value);
    const RateLimitReading reading = headers.read(received);
    check_reading(reading);
    const bool is_date = upper_case(name) == "DATE";
    require(reading.families.empty() == (is_date || !RateLimitHeaders::wants(name)));
    const bool quota = reading.limit || reading.remaining || reading.reset;
    const bool believed = quota || reading.retry_after.kind == AdvertisedWait::Kind::good;
    require(reading.malformed.empty() || !believed);
  });
}

}  // namespace

/// Lines of "name: value" are read as waits and quotas within their bounds, or as malformed and not
/// believed, at any instant.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  RateLimitHeaders used;
  constexpr std::array<Instant, 4> instants = {Instant::from_unix_seconds(1'767'225'600), Instant(),
                                               Instant::min(), Instant::max()};
  for (const Instant received : instants) {
    check_lines(text, used, received);
    check_each_line(text, received);
  }
  return 0;
}
