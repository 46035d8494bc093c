#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/bound_policy.hpp"
#include "gateway/clock.hpp"
#include "gateway/gatekeeper.hpp"
#include "gateway/identify.hpp"
#include "gateway/limit_headers.hpp"
#include "gateway/metrics.hpp"
#include "store/store.hpp"

namespace weir::gateway {

/// What decisions go by: the same for all threads, and for good; a reload makes another.
struct Rules {
  BoundPolicy policy;
  Identifier identifier;
  LimitHeaders headers;
  std::shared_ptr<store::Store> store;
  std::shared_ptr<Metrics> metrics;
  Clock clock;
  /// Of a denial, where it is not the one of the limit's product.
  std::optional<int> denied_status = std::nullopt;
  /// Paths that are never limited: whole ones, or beginnings where they end with "*".
  std::vector<std::string> exempt = {};
  /// Counts and marks, and denies nothing.
  bool dry_run = false;
  /// The header whose value makes a repeated request known; empty for none.
  std::string request_id_header = {};
};

/// A row of a limit as on the command line: "token-bucket capacity=20 rate=5/s". What has its
/// default is left out.
std::string words_of(const store::LimitDefinition& limit, policy::VariantIndex variant);

/// Decides on requests by a policy and a store, for one thread.
class LimitGatekeeper final : public Gatekeeper {
 public:
  LimitGatekeeper(std::shared_ptr<const Rules> rules, boost::asio::io_context& loop);

  bool needs_body() const override { return needs_body_; }
  bool decide(const RequestView& request, Admission& admission,
              std::function<void(Admission&&)> decided) override;
  void end(std::unique_ptr<Debt> debt, const AnswerEnd& end) override;

 private:
  struct Question;
  bool is_exempt(std::string_view path) const;
  std::string request_id_of(const RequestView& request, std::string_view id) const;
  std::string reason_of(const store::LimitAsk& asked, const store::LimitSaid& said) const;
  void refuse(const Question& question, std::string reason, Admission& admission);
  void admit(Question& question, store::Said&& said, Admission& admission);
  void deny(const Question& question, const store::Said& said, Admission& admission);
  void say_unavailable(const Question& question, const store::Said& said, Admission& admission);
  std::unique_ptr<Debt> debt_of(Question& question, store::Said&& said) const;

  std::shared_ptr<const Rules> rules_;
  std::unique_ptr<store::StoreClient> store_;
  std::shared_ptr<DecisionCounts> counts_;
  bool needs_body_;
  /// By limit: its algorithm and parameters in words, and the status of a denial, by variant.
  struct LimitText {
    std::vector<std::string> words;
    int status = 429;
  };
  std::vector<LimitText> texts_;
  BoundPolicy::Values values_;
};

}  // namespace weir::gateway
