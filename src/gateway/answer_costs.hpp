#pragma once

#include <boost/beast/http/fields.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/identification.hpp"

namespace weir::gateway {

/// Reads from an answer, as it goes by, what its request has really cost: JSON, or an event stream
/// of JSON, whose last event that tells a cost counts.
class AnswerCosts {
 public:
  /// An answer that is longer tells nothing; so much of it is kept.
  static constexpr std::size_t most_kept = std::size_t{8} << 20;

  /// `wanted` outlives this: where each cost is found, null for those that nobody asks for.
  explicit AnswerCosts(std::vector<const scenario::Identification*> wanted)
      : wanted_(std::move(wanted)), costs_(wanted_.size()) {}

  void begin(const boost::beast::http::fields& headers);
  void feed(std::string_view bytes);
  /// By cost, once the answer has ended, whole or not.
  const std::vector<std::optional<std::int64_t>>& finish();

 private:
  void read_headers(const boost::beast::http::fields& headers);
  void read_events();
  void read_event(std::string_view line);
  void read_document(std::string_view text);
  bool may_tell(std::string_view text) const;

  std::vector<const scenario::Identification*> wanted_;
  std::vector<std::optional<std::int64_t>> costs_;
  bool is_json_ = false;
  bool is_events_ = false;
  bool is_too_long_ = false;
  std::string kept_;
};

}  // namespace weir::gateway
