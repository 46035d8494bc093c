#include "oracle/live_evidence.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace weir::oracle {
namespace {

constexpr Duration one_second = Duration::from_seconds(1);

}  // namespace

tl::expected<std::unique_ptr<LiveEvidence>, Problems> LiveEvidence::make(
    const policy::PolicySpec& spec, const Columns& columns, const std::string& pointer,
    ReadCosts read_costs) {
  std::unique_ptr<LiveEvidence> made(new LiveEvidence(columns));
  made->read_costs_ = std::move(read_costs);
  made->tells_quota_ = spec.response.headers != "none";
  made->tells_wait_ = spec.response.retry_after != "none";
  auto policy = policy::bind_policy(spec, columns, made->evidence_.environment, pointer);
  if (!policy) return tl::unexpected(policy.error());
  made->evidence_.limits = std::move(policy->limits);
  for (const policy::Limit& limit : made->evidence_.limits) {
    std::vector<policy::KeyIndexer::Range> ranges;
    for (const std::size_t column : limit.state_key) {
      ranges.emplace_back(0, static_cast<ValueId>(columns.dictionaries[column].size()));
    }
    made->named_.push_back(limit.key.size());
    made->indexers_.emplace_back(limit.state_key, std::move(ranges));
  }
  const std::vector<policy::Limit>& limits = made->evidence_.limits;
  for (std::size_t a = 0; a < columns.dictionaries.size(); ++a) {
    const bool is_in_key =
        limits.size() == 1 &&
        std::find(limits[0].key.begin(), limits[0].key.end(), a) != limits[0].key.end();
    made->evidence_.traits.push_back({columns.dictionaries[a].attribute(), {}, is_in_key});
  }
  return made;
}

void LiveEvidence::note_date(const load::Testimony& testimony) {
  if (!testimony.date) return;
  // A Date is cut off to whole seconds, and may be a second old.
  const Duration least = *testimony.date - testimony.first_byte;
  const Duration most = *testimony.date + one_second * 2 - testimony.sent;
  least_offset_ = least_offset_ ? std::max(*least_offset_, least) : least;
  most_offset_ = most_offset_ ? std::min(*most_offset_, most) : most;
}

std::uint32_t LiveEvidence::root_of(std::uint32_t node) {
  while (nodes_[node].parent != node) {
    nodes_[node].parent = nodes_[nodes_[node].parent].parent;
    node = nodes_[node].parent;
  }
  return node;
}

void LiveEvidence::hear(const load::Testimony& testimony) {
  Observation observation{.sent = testimony.sent,
                          .received = testimony.first_byte,
                          .allowed = testimony.allowed.value_or(true),
                          .is_known = testimony.allowed.has_value(),
                          .asks = {},
                          .told = {},
                          .ended = testimony.end};
  const load::RateLimitReading& reading = testimony.reading;
  if (tells_quota_) observation.told = {reading.remaining, reading.reset, std::nullopt};
  if (tells_wait_ && reading.retry_after.kind == load::AdvertisedWait::Kind::good) {
    observation.told.retry_after = reading.retry_after.wait;
  }
  RealCosts real;
  if (read_costs_ && testimony.allowed == true) real = read_costs_(testimony);
  const std::lock_guard<std::mutex> lock(mutex_);
  note_date(testimony);
  std::optional<std::uint32_t> first;
  for (std::uint16_t l = 0; l < evidence_.limits.size(); ++l) {
    if (evidence_.limits[l].applies(testimony.request, 0)) {
      add_ask(l, testimony, real, observation, first);
    }
  }
  evidence_.observations.push_back(std::move(observation));
  for (std::size_t a = 0; a < evidence_.traits.size(); ++a) {
    evidence_.traits[a].values.push_back(testimony.request.attributes[a][0]);
  }
  asked_.push_back(first);
}

void LiveEvidence::add_ask(std::uint16_t l, const load::Testimony& testimony, const RealCosts& real,
                           Observation& observation, std::optional<std::uint32_t>& first) {
  const policy::Limit& limit = evidence_.limits[l];
  const policy::KeyIndex key = indexers_[l].index_row(testimony.request, 0);
  const auto number = static_cast<std::uint32_t>(nodes_.size());
  const auto [found, is_new] = node_of_.try_emplace({l, key}, number);
  if (is_new) nodes_.push_back({{l, limit.variant(testimony.request, 0)}, key, number});
  LimitAsk& ask = observation.asks.emplace_back(
      LimitAsk{found->second, limit.asked_cost(testimony.request, 0)});
  if (limit.charges_late() && observation.allowed && observation.is_known) {
    ask.real = limit.cost ? (*limit.cost < real.size() ? real[*limit.cost] : std::nullopt)
                          : std::optional<policy::Cost>(1);
    // What is charged that nobody told could be anything.
    observation.is_known = ask.real.has_value();
  }
  if (first) nodes_[root_of(found->second)].parent = root_of(*first);
  if (!first) first = found->second;
}

std::vector<Group> LiveEvidence::make_groups() {
  std::vector<Group> groups;
  std::map<std::uint32_t, std::size_t> group_of_root;
  std::vector<std::uint32_t> entry_of(nodes_.size());
  for (std::uint32_t n = 0; n < nodes_.size(); ++n) {
    const auto [found, is_new] = group_of_root.try_emplace(root_of(n), groups.size());
    if (is_new) groups.emplace_back();
    Group& group = groups[found->second];
    entry_of[n] = static_cast<std::uint32_t>(group.entries.size());
    group.entries.push_back(nodes_[n].entry);
  }
  std::vector<std::uint32_t> order(asked_.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return evidence_.observations[a].sent < evidence_.observations[b].sent;
  });
  std::optional<std::size_t> unlimited;
  for (const std::uint32_t i : order) {
    if (!asked_[i] && !unlimited) unlimited = groups.size();
    if (!asked_[i] && *unlimited == groups.size()) groups.emplace_back();
    Group& group = groups[asked_[i] ? group_of_root[root_of(*asked_[i])] : *unlimited];
    group.observations.push_back(i);
    for (LimitAsk& ask : evidence_.observations[i].asks) ask.entry = entry_of[ask.entry];
  }
  return groups;
}

Evidence LiveEvidence::finish() {
  const std::lock_guard<std::mutex> lock(mutex_);
  evidence_.groups = make_groups();
  evidence_.offset = {least_offset_.value_or(one_second * -1), most_offset_.value_or(one_second)};
  if (evidence_.offset.most < evidence_.offset.least) {
    std::swap(evidence_.offset.least, evidence_.offset.most);
  }
  for (const Observation& observation : evidence_.observations) {
    Instant& start = evidence_.environment.start;
    start = start == Instant() ? observation.sent : std::min(start, observation.sent);
  }
  return std::move(evidence_);
}

std::string LiveEvidence::key_of(std::uint32_t observation) const {
  if (!asked_[observation]) return "";
  const Node& node = nodes_[*asked_[observation]];
  const std::uint16_t limit = node.entry.limit;
  return indexers_[limit].name(node.key, columns_, named_[limit]);
}

}  // namespace weir::oracle
