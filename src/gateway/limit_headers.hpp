#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "gateway/bound_policy.hpp"
#include "store/store.hpp"

namespace weir::gateway {

/// The families of headers in which an answer can tell of its limits.
enum class HeaderStyle : std::uint8_t {
  /// What the limits' products tell, as X-RateLimit-* with the reset in seconds from now.
  of_product,
  none,
  x_ratelimit,
  /// The same with the reset as Unix time.
  x_ratelimit_epoch,
  ietf_03,
  ietf_06,
  ietf_07,
  ietf_08,
  ietf_10,
  openai,
  anthropic
};

/// The style of a name as policy.response.headers has it; "ratelimit" is the latest draft.
std::optional<HeaderStyle> header_style(std::string_view name);

enum class RetryAfterStyle : std::uint8_t { of_product, none, delta_seconds, http_date };

/// The part of an answer's head that tells of the limits.
class LimitHeaders {
 public:
  LimitHeaders(const BoundPolicy& policy, HeaderStyle style, RetryAfterStyle retry_after);

  /// Appends header lines, each with CR LF; `asked` is what `said` answers. A denied client is told
  /// when to come back only if it `tells_wait`.
  void write(const std::vector<store::LimitAsk>& asked, const store::Said& said, Instant now,
             bool tells_wait, std::string& out) const;
  /// How long a denied client is told to wait; none where no wait helps, or nothing is told.
  std::optional<Duration> wait(const std::vector<store::LimitAsk>& asked, const store::Said& said,
                               Instant now) const;
  HeaderStyle style() const { return style_; }

 private:
  /// What a limit's state does not tell.
  struct Facts {
    std::string name;
    /// The cost that it charges; empty for requests.
    std::string cost;
    bool enforce = true;
    /// By variant: the window of its quota in whole seconds, 0 where it has none.
    std::vector<std::int64_t> window_s;
  };
  /// One of them as an answer tells of it.
  struct Told {
    const Facts* facts = nullptr;
    std::int64_t window_s = 0;
    std::optional<std::int64_t> limit;
    std::optional<std::int64_t> remaining;
    std::optional<Duration> reset;
    bool denies = false;
  };

  std::vector<Told> told(const std::vector<store::LimitAsk>& asked, const store::Said& said) const;
  void write_x_ratelimit(const Told& told, Instant now, std::string& out) const;
  void write_three_fields(const std::vector<Told>& all, const Told& tightest,
                          std::string& out) const;
  void write_dictionary(const std::vector<Told>& all, const Told& tightest, std::string& out) const;
  void write_lists(const std::vector<Told>& all, std::string& out) const;
  void write_openai(const std::vector<Told>& all, std::string& out) const;
  void write_anthropic(const std::vector<Told>& all, Instant now, std::string& out) const;

  std::vector<Facts> facts_;
  HeaderStyle style_;
  RetryAfterStyle retry_after_;
};

}  // namespace weir::gateway
