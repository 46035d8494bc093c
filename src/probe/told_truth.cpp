#include "probe/told_truth.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/text.hpp"
#include "oracle/live_evidence.hpp"
#include "oracle/verify.hpp"

namespace weir::probe {
namespace {

using metrics::ProbeFacts;
using Record = LiveTarget::Record;

/// A promise is put to the test by a return that comes so soon after it.
constexpr Duration soon = Duration::from_seconds(1);
/// A key that nothing else uses.
constexpr std::uint32_t returning_key = 0x7fff'0000;

bool promises(const Record& record) {
  return record.allowed == false &&
         record.reading.retry_after.kind == load::AdvertisedWait::Kind::good;
}

std::vector<ValueId> key_of(const Record& record, const std::vector<std::size_t>& keyed_by) {
  std::vector<ValueId> key;
  for (const std::size_t k : keyed_by) key.push_back(record.values[k]);
  return key;
}

ProbeFacts::Told judged(std::uint64_t present, const metrics::VerificationCounts::Told& counts) {
  ProbeFacts::Told told{present, std::min(counts.agree, present), counts.disagree, 0};
  told.untruthful = std::min(told.untruthful, present - told.truthful);
  told.undetermined = present - told.truthful - told.untruthful;
  return told;
}

/// What the limits found would tell, each for itself.
std::vector<std::int64_t> told_by(const std::vector<policy::Limit>& limits) {
  std::vector<std::int64_t> told;
  for (const policy::Limit& limit : limits) {
    const auto limiter = policy::make_limiter(limit, {});
    limiter->reset(1);
    const policy::Charge charge{.key = 0, .variant = 0, .now = Instant(), .cost = 1};
    told.push_back(limiter->advertised_quota(charge).limit.value_or(limiter->quota(charge).limit));
  }
  return told;
}

// Of several limits any may be the one that is told.
ProbeFacts::Told judge_limit(const std::vector<Record>& records,
                             const std::vector<std::int64_t>& limits) {
  ProbeFacts::Told told;
  for (const Record& record : records) {
    if (!record.reading.limit) continue;
    ++told.present;
    if (limits.empty()) continue;
    const bool is_one =
        std::find(limits.begin(), limits.end(), *record.reading.limit) != limits.end();
    ++(is_one ? told.truthful : told.untruthful);
  }
  told.undetermined = told.present - told.truthful - told.untruthful;
  return told;
}

struct Present {
  std::uint64_t remaining = 0;
  std::uint64_t reset = 0;
  std::uint64_t retry_after = 0;
};

Present count_present(const std::vector<Record>& records) {
  Present present;
  for (const Record& record : records) {
    if (record.reading.remaining) ++present.remaining;
    if (record.reading.reset) ++present.reset;
    if (promises(record)) ++present.retry_after;
  }
  return present;
}

}  // namespace

Returns count_returns(const std::vector<Record>& records,
                      const std::vector<std::size_t>& keyed_by) {
  Returns returns;
  std::map<std::vector<ValueId>, const Record*> last;
  for (const Record& record : records) {
    const Record*& before = last[key_of(record, keyed_by)];
    if (before != nullptr && promises(*before)) {
      const Instant promised = before->ended + before->reading.retry_after.wait;
      if (record.sent >= promised && record.sent < promised + soon && record.allowed) {
        ++(*record.allowed ? returns.kept : returns.broken);
      }
    }
    before = &record;
  }
  return returns;
}

namespace {

/// What was told of one limit, or of several.
void judge_by(const policy::PolicySpec& policy, const LiveTarget& target, ProbeFacts& facts) {
  const auto evidence = oracle::LiveEvidence::make(policy, target.columns(), "/policy");
  if (!evidence || policy.limits.empty()) return;
  target.testify(**evidence);
  const oracle::Evidence gathered = (*evidence)->finish();
  facts.limit = judge_limit(target.records(), told_by(gathered.limits));
  const oracle::Findings found = oracle::verify(gathered).findings;
  facts.remaining = judged(facts.remaining.present, found.remaining);
  facts.reset_after = judged(facts.reset_after.present, found.reset_after);
  facts.retry_after = judged(facts.retry_after.present, found.retry_after);
  const bool is_told = facts.remaining.truthful + facts.reset_after.truthful > 0;
  if (policy.limits.size() == 1 || !is_told) return;
  facts.told_of = found.told_of ? policy.limits[*found.told_of].name : "tightest";
}

/// The numbers of the keys that a policy's limits go by.
std::vector<std::size_t> keys_of(const policy::PolicySpec& policy, const Columns& columns) {
  std::vector<std::size_t> keyed_by;
  for (std::size_t k = 0; k < columns.dictionaries.size(); ++k) {
    const std::string& name = columns.dictionaries[k].attribute();
    const bool is_key = std::any_of(policy.limits.begin(), policy.limits.end(), [&](const auto& l) {
      return std::find(l.key.begin(), l.key.end(), name) != l.key.end();
    });
    if (is_key) keyed_by.push_back(k);
  }
  return keyed_by;
}

}  // namespace

void judge_what_was_told(const LiveTarget& target, const policy::PolicySpec& policy,
                         metrics::ProbeOutcome& outcome) {
  ProbeFacts& facts = outcome.facts;
  const Present present = count_present(target.records());
  facts.limit = judge_limit(target.records(), {});
  facts.remaining = judged(present.remaining, {});
  facts.reset_after = judged(present.reset, {});
  facts.retry_after = judged(present.retry_after, {});
  judge_by(policy, target, facts);
  const Returns returns = count_returns(target.records(), keys_of(policy, target.columns()));
  outcome.promises_kept = returns.kept;
  outcome.promises_broken = returns.broken;
}

namespace {

void add_facts(const Experiment& experiment, const std::vector<Sighting>& seen, Instant begin,
               ProbeFacts::Experiment& facts) {
  facts.name = experiment.name;
  facts.question = experiment.question;
  if (facts.requests == 0) facts.begin = begin;
  for (const Sighting& sighting : seen) {
    ++facts.requests;
    ++(!sighting.is_known ? facts.unknown : sighting.allowed ? facts.allowed : facts.denied);
    facts.seen.push_back({sighting.track, sighting.sent - facts.begin,
                          sighting.received - facts.begin, sighting.allowed, sighting.is_known});
    facts.duration = sighting.ended - facts.begin;
  }
}

}  // namespace

void try_promise(LiveTarget& target, std::uint64_t requests_until_denied, ProbeFacts& facts) {
  const auto& records = target.records();
  if (target.stopped() != Stop::none || std::none_of(records.begin(), records.end(), promises)) {
    return;
  }
  if (target.candidates() > 0 && target.fresh_keys_left() == 0) return;
  const std::uint64_t steps = requests_until_denied + 3;
  if (target.requests_left() < steps + 1) return;
  Experiment experiment{"come back when told", "Is who comes back when told to let in?", {}};
  Track track;
  track.key.assign(target.candidates(), returning_key);
  track.steps.assign(steps, Step());
  track.ends_after_denials = 1;
  experiment.tracks = {track};
  ProbeFacts::Experiment told;
  const Instant begin = target.now();
  const std::vector<Sighting> until = target.run(experiment);
  add_facts(experiment, until, begin, told);
  if (until.empty() || until.back().allowed || !until.back().told.retry_after) return;
  const Duration wait = *until.back().told.retry_after;
  if (wait + soon > target.time_left()) {
    told.showed = fmt::format("It was told to wait {}, for which there is no time",
                              format_duration_short(wait));
  } else {
    experiment.tracks[0].not_before = until.back().ended + wait + Duration::from_ms(1);
    experiment.tracks[0].steps.resize(1);
    const std::vector<Sighting> back = target.run(experiment);
    add_facts(experiment, back, begin, told);
    const bool was_let_in = !back.empty() && back[0].is_known && back[0].allowed;
    told.showed = fmt::format("Told to wait {}, and then it was {}", format_duration_short(wait),
                              was_let_in ? "let in" : "not let in");
  }
  facts.experiments.push_back(std::move(told));
}

}  // namespace weir::probe
