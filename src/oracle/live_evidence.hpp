#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/columns.hpp"
#include "core/result.hpp"
#include "load/witness.hpp"
#include "oracle/verify.hpp"
#include "policy/key_indexer.hpp"

namespace weir::oracle {

/// Gathers the evidence of a live run for or against a policy.
class LiveEvidence final : public load::Witness {
 public:
  /// By cost of the run, what an answer tells of it.
  using ReadCosts =
      std::function<std::vector<std::optional<std::int64_t>>(const load::Testimony& testimony)>;

  /// Binds the policy; problems point below `pointer`. The columns have to outlive it. `read_costs`
  /// is needed where a limit charges what is known only when a request has ended.
  static tl::expected<std::unique_ptr<LiveEvidence>, Problems> make(const policy::PolicySpec& spec,
                                                                    const Columns& columns,
                                                                    const std::string& pointer,
                                                                    ReadCosts read_costs = {});

  void hear(const load::Testimony& testimony) override;
  /// All that was heard; nothing may be heard afterwards.
  Evidence finish();
  /// The key of an observation, by number, as it is shown: its limits' values.
  std::string key_of(std::uint32_t observation) const;

 private:
  explicit LiveEvidence(const Columns& columns) : columns_(columns) {}
  using RealCosts = std::vector<std::optional<std::int64_t>>;
  void add_ask(std::uint16_t limit, const load::Testimony& testimony, const RealCosts& real,
               Observation& observation, std::optional<std::uint32_t>& first);
  void note_date(const load::Testimony& testimony);
  std::uint32_t root_of(std::uint32_t node);
  std::vector<Group> make_groups();

  /// A key of one limit. Those that one request asks for are of one group.
  struct Node {
    Group::Entry entry;
    policy::KeyIndex key = 0;
    std::uint32_t parent = 0;
  };

  std::mutex mutex_;
  ReadCosts read_costs_;
  /// What the policy says that answers tell.
  bool tells_quota_ = true;
  bool tells_wait_ = true;
  const Columns& columns_;
  Evidence evidence_;
  std::vector<policy::KeyIndexer> indexers_;
  /// By limit, how many values name its key.
  std::vector<std::size_t> named_;
  std::map<std::pair<std::uint16_t, policy::KeyIndex>, std::uint32_t> node_of_;
  std::vector<Node> nodes_;
  /// By observation, a node that it asked for; none where no limit applied.
  std::vector<std::optional<std::uint32_t>> asked_;
  std::optional<Duration> least_offset_, most_offset_;
};

}  // namespace weir::oracle
