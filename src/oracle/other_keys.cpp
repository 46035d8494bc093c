#include "oracle/other_keys.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace weir::oracle {
namespace {

using Traits = std::vector<std::size_t>;

/// More are not looked at, nor those that hardly any two requests share.
constexpr std::size_t most_traits = 8;
constexpr std::size_t fewest_requests_of_a_value = 4;

/// Every request asks for one key of the same limit.
bool has_one_limit(const Evidence& evidence) {
  return evidence.limits.size() == 1 && evidence.limits[0].variants.size() == 1 &&
         !evidence.groups.empty() &&
         std::all_of(evidence.groups.begin(), evidence.groups.end(),
                     [](const Group& group) { return group.entries.size() == 1; });
}

std::size_t distinct(std::vector<std::uint32_t> values) {
  std::sort(values.begin(), values.end());
  return static_cast<std::size_t>(std::unique(values.begin(), values.end()) - values.begin());
}

bool may_be_keyed_by(const Evidence& evidence, const Trait& trait) {
  const std::size_t values = distinct(trait.values);
  return values > 1 && values * fewest_requests_of_a_value <= evidence.observations.size();
}

/// By observation, the number of its group.
std::vector<std::uint32_t> numbers_by(const Evidence& evidence, const Traits& traits) {
  std::map<std::vector<std::uint32_t>, std::uint32_t> numbers;
  std::vector<std::uint32_t> number_of(evidence.observations.size());
  for (std::size_t n = 0; n < number_of.size(); ++n) {
    std::vector<std::uint32_t> values;
    for (const std::size_t t : traits) values.push_back(evidence.traits[t].values[n]);
    const auto next = static_cast<std::uint32_t>(numbers.size());
    number_of[n] = numbers.try_emplace(std::move(values), next).first->second;
  }
  return number_of;
}

std::string names_of(const Evidence& evidence, const Traits& traits) {
  std::string text;
  for (std::size_t i = 0; i < traits.size(); ++i) {
    const char* separator = i == 0 ? "" : i + 1 == traits.size() ? " and " : ", ";
    text += separator + evidence.traits[traits[i]].name;
  }
  return text;
}

std::string words_of(const Evidence& evidence, const Traits& own, const Traits& traits) {
  if (traits.empty()) return "one limit for all keys, as if by the client's address or by nothing";
  Traits ignored;
  std::copy_if(own.begin(), own.end(), std::back_inserter(ignored), [&](std::size_t t) {
    return std::find(traits.begin(), traits.end(), t) == traits.end();
  });
  std::string words = "a limit for each " + names_of(evidence, traits);
  if (!ignored.empty()) words += ", whatever the " + names_of(evidence, ignored);
  return words;
}

}  // namespace

std::vector<OtherKey> other_keys(const Evidence& evidence) {
  std::vector<OtherKey> keys;
  if (!has_one_limit(evidence)) return keys;
  Traits own;
  Traits others;
  for (std::size_t t = 0; t < evidence.traits.size(); ++t) {
    if (evidence.traits[t].is_in_key) own.push_back(t);
    if (!evidence.traits[t].is_in_key && others.size() < most_traits &&
        may_be_keyed_by(evidence, evidence.traits[t])) {
      others.push_back(t);
    }
  }
  const auto add = [&](const Traits& traits) {
    const std::vector<std::uint32_t> numbers = numbers_by(evidence, traits);
    const std::size_t groups = distinct(numbers);
    // Finer or coarser than the policy's own, it groups otherwise if there are more or fewer.
    const bool is_instead = !own.empty() && traits.size() == 1 &&
                            std::find(own.begin(), own.end(), traits[0]) == own.end();
    if (groups == evidence.groups.size() && !is_instead) return;
    keys.push_back({traits, words_of(evidence, own, traits)});
  };
  add({});
  for (const std::size_t without : own) {
    Traits fewer = own;
    std::erase(fewer, without);
    if (!fewer.empty()) add(fewer);
  }
  for (const std::size_t with : others) {
    Traits more = own;
    more.push_back(with);
    add(more);
    if (!own.empty()) add({with});
  }
  return keys;
}

Evidence with_key(const Evidence& evidence, const OtherKey& key) {
  const std::vector<std::uint32_t> numbers = numbers_by(evidence, key.traits);
  Evidence regrouped = evidence;
  const Group::Entry entry = evidence.groups[0].entries[0];
  regrouped.groups.assign(distinct(numbers), Group{.observations = {}, .entries = {entry}});
  for (std::uint32_t n = 0; n < numbers.size(); ++n) {
    regrouped.groups[numbers[n]].observations.push_back(n);
    for (LimitAsk& ask : regrouped.observations[n].asks) ask.entry = 0;
  }
  for (Group& group : regrouped.groups) {
    std::stable_sort(group.observations.begin(), group.observations.end(),
                     [&](std::uint32_t a, std::uint32_t b) {
                       return evidence.observations[a].sent < evidence.observations[b].sent;
                     });
  }
  return regrouped;
}

}  // namespace weir::oracle
