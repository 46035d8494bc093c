#include "gateway/bound_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "store/key_text.hpp"

namespace weir::gateway {
namespace {

/// Every attribute that the limits read, in the order in which they come.
std::vector<std::string> attributes_read(const policy::PolicySpec& spec) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const policy::LimitSpec& limit : spec.limits) {
    for (const std::string& name : limit.key) add(name);
    for (const auto& [name, values] : limit.when) add(name);
    for (const auto& [parameter, table] : limit.tables) add(table.by);
  }
  return names;
}

/// The default cost is one only where some request has it, which is for whoever binds to say; a
/// gateway's requests have those that limits name.
std::vector<std::string> costs_read(const policy::PolicySpec& spec) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (name.empty() || name == default_cost) return;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const policy::LimitSpec& limit : spec.limits) {
    add(limit.cost);
    if (limit.charge.when == policy::ChargeSpec::When::reserve) add(limit.charge.reserve);
  }
  return names;
}

/// The values that the limits name, so that what they say of them is found by number.
Columns columns_of(const policy::PolicySpec& spec, const std::vector<std::string>& attributes) {
  Columns columns;
  for (const std::string& name : attributes) {
    Dictionary& dictionary = columns.dictionaries.emplace_back(name);
    for (const policy::LimitSpec& limit : spec.limits) {
      for (const auto& [parameter, table] : limit.tables) {
        if (table.by != name) continue;
        for (const auto& [value, setting] : table.rows) dictionary.intern(value);
      }
      const auto condition = limit.when.find(name);
      if (condition == limit.when.end()) continue;
      for (const std::string& value : condition->second) dictionary.intern(value);
    }
  }
  columns.costs = costs_read(spec);
  return columns;
}

store::LimitDefinition definition_of(const policy::Limit& limit, const Columns& columns) {
  store::LimitDefinition definition{limit.spec, {}, limit.variants};
  for (const std::size_t column : limit.state_key) {
    definition.state_key.push_back(columns.dictionaries[column].attribute());
  }
  return definition;
}

/// The columns that stand in every limit's key.
std::vector<std::size_t> partition_of(const std::vector<policy::Limit>& limits) {
  std::vector<std::size_t> common;
  if (limits.empty()) return common;
  for (const std::size_t column : limits[0].key) {
    const bool is_in_all = std::all_of(limits.begin(), limits.end(), [&](const policy::Limit& l) {
      return std::find(l.key.begin(), l.key.end(), column) != l.key.end();
    });
    if (is_in_all) common.push_back(column);
  }
  return common;
}

}  // namespace

tl::expected<BoundPolicy, Problems> BoundPolicy::bind(const policy::PolicySpec& spec,
                                                      const limiter::Environment& environment,
                                                      const std::string& pointer) {
  BoundPolicy bound;
  bound.spec_ = spec;
  bound.attributes_ = attributes_read(spec);
  bound.columns_ = columns_of(spec, bound.attributes_);
  auto policy = policy::bind_policy(spec, bound.columns_, environment, pointer);
  if (!policy) return tl::unexpected(std::move(policy.error()));
  bound.limits_ = std::move(policy->limits);
  bound.partition_ = partition_of(bound.limits_);
  for (const policy::Limit& limit : bound.limits_) {
    bound.definition_.limits.push_back(definition_of(limit, bound.columns_));
  }
  for (const std::size_t column : bound.partition_) {
    bound.definition_.partition.push_back(bound.attributes_[column]);
  }
  bound.note_costs();
  return bound;
}

void BoundPolicy::note_costs() {
  asked_costs_.assign(columns_.costs.size(), false);
  late_costs_.assign(columns_.costs.size(), false);
  for (const policy::Limit& limit : limits_) {
    if (limit.reserve) asked_costs_[*limit.reserve] = true;
    if (!limit.cost) continue;
    (limit.charges_late() ? late_costs_ : asked_costs_)[*limit.cost] = true;
  }
}

Parsed<bool> BoundPolicy::ask(const Values& values, store::Ask& ask) const {
  std::vector<ValueId> ids(attributes_.size(), unnamed);
  for (std::size_t a = 0; a < ids.size(); ++a) {
    ids[a] = columns_.dictionaries[a].find(values.attributes[a]).value_or(unnamed);
  }
  ask.partition.clear();
  for (std::size_t p = 0; p < partition_.size(); ++p) {
    store::append_key_value(ask.partition, values.attributes[partition_[p]], p == 0);
  }
  ask.limits.clear();
  for (std::size_t l = 0; l < limits_.size(); ++l) {
    const policy::Limit& limit = limits_[l];
    if (!applies(limit, ids)) continue;
    const auto row = variant(limit, values, ids);
    if (!row) return tl::unexpected(row.error());
    store::LimitAsk& asked = ask.limits.emplace_back();
    asked.limit = static_cast<std::uint16_t>(l);
    asked.variant = *row;
    for (std::size_t k = 0; k < limit.state_key.size(); ++k) {
      store::append_key_value(asked.key, values.attributes[limit.state_key[k]], k == 0);
    }
    if (!limit.charges_late()) {
      asked.cost = limit.cost ? values.costs[*limit.cost] : 1;
    } else {
      asked.cost = limit.reserve ? values.costs[*limit.reserve] : 1;
    }
  }
  return true;
}

bool BoundPolicy::applies(const policy::Limit& limit, const std::vector<ValueId>& ids) const {
  return std::all_of(limit.conditions.begin(), limit.conditions.end(),
                     [&](const policy::Limit::Condition& condition) {
                       const ValueId id = ids[condition.column];
                       return id != unnamed && condition.matches[id];
                     });
}

// What no row is for has the parameters of "default", if all tables by that attribute have one.
Parsed<policy::VariantIndex> BoundPolicy::variant(const policy::Limit& limit, const Values& values,
                                                  const std::vector<ValueId>& ids) const {
  policy::VariantIndex sum = 0;
  for (const policy::Limit::Selector& selector : limit.selectors) {
    const ValueId id = ids[selector.column];
    if (id != unnamed) sum = static_cast<policy::VariantIndex>(sum + selector.adds[id]);
    if (id != unnamed && selector.adds[id] != 0) continue;
    const std::string& attribute = attributes_[selector.column];
    for (const auto& [parameter, table] : limit.spec.tables) {
      if (table.by != attribute || table.otherwise) continue;
      return tl::unexpected(fmt::format("limit \"{}\" knows no {} \"{}\"", limit.spec.name,
                                        attribute, values.attributes[selector.column]));
    }
  }
  return sum;
}

}  // namespace weir::gateway
