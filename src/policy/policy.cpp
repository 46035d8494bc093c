#include "policy/policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "limiter/catalogue.hpp"

namespace weir::policy {

bool Limit::applies(const RequestBlock& block, std::size_t row) const {
  return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& c) {
    return c.matches[block.attributes[c.column][row]];
  });
}

VariantIndex Limit::variant(const RequestBlock& block, std::size_t row) const {
  VariantIndex sum = 0;
  for (const Selector& s : selectors) {
    sum = static_cast<VariantIndex>(sum + s.adds[block.attributes[s.column][row]]);
  }
  return sum;
}

namespace {

constexpr std::size_t most_variants = 65'535;

/// Binds one limit, gathering what is wrong with it.
class LimitBinder {
 public:
  LimitBinder(const LimitSpec& spec, const Columns& columns,
              const limiter::Environment& environment, std::string pointer)
      : columns_(columns), environment_(environment), pointer_(std::move(pointer)) {
    limit_.spec = spec;
  }

  tl::expected<Limit, Problems> bind() {
    for (const std::string& name : limit_.spec.key) {
      if (const auto column = attribute(name, "/key")) limit_.key.push_back(*column);
    }
    bind_cost();
    bind_reserve();
    bind_conditions();
    bind_tables();
    limit_.state_key = limit_.key;
    for (const Limit::Selector& s : limit_.selectors) {
      if (std::find(limit_.key.begin(), limit_.key.end(), s.column) == limit_.key.end()) {
        limit_.state_key.push_back(s.column);
      }
    }
    if (problems_.empty()) complete_variants();
    if (!problems_.empty()) return tl::unexpected(std::move(problems_));
    return std::move(limit_);
  }

 private:
  void problem(const std::string& where, std::string message) {
    problems_.push_back({pointer_ + where, std::move(message)});
  }

  std::optional<std::size_t> attribute(const std::string& name, const std::string& where) {
    const auto column = columns_.find_attribute(name);
    if (column) return column;
    std::vector<std::string_view> known;
    for (const Dictionary& d : columns_.dictionaries) known.push_back(d.attribute());
    const std::string_view near = nearest(name, known);
    problem(where, fmt::format("no traffic has the attribute \"{}\"{}", name,
                               near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
    return std::nullopt;
  }

  void bind_cost() {
    const bool by_default = limit_.spec.cost.empty();
    limit_.cost = columns_.find_cost(by_default ? default_cost : limit_.spec.cost);
    if (limit_.cost || by_default || limit_.spec.cost == default_cost) return;
    unknown_cost("/cost", limit_.spec.cost);
  }

  void bind_reserve() {
    if (limit_.spec.charge.when != ChargeSpec::When::reserve) return;
    limit_.reserve = columns_.find_cost(limit_.spec.charge.reserve);
    if (!limit_.reserve) unknown_cost("/charge/reserve", limit_.spec.charge.reserve);
  }

  void unknown_cost(const std::string& where, const std::string& name) {
    const std::vector<std::string_view> known(columns_.costs.begin(), columns_.costs.end());
    const std::string_view near = nearest(name, known);
    problem(where, fmt::format("no traffic has the cost \"{}\"{}", name,
                               near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near)));
  }

  void bind_conditions() {
    for (const auto& [name, values] : limit_.spec.when) {
      const auto column = attribute(name, "/when/" + name);
      if (!column) continue;
      const Dictionary& dictionary = columns_.dictionaries[*column];
      Limit::Condition condition{*column, std::vector<bool>(dictionary.size())};
      for (const std::string& value : values) {
        if (const auto id = dictionary.find(value)) condition.matches[*id] = true;
      }
      limit_.conditions.push_back(std::move(condition));
    }
  }

  // For each attribute that some table goes by: its values that have a row anywhere.
  std::map<std::string, std::set<std::string>> row_values() const {
    std::map<std::string, std::set<std::string>> result;
    for (const auto& [parameter, table] : limit_.spec.tables) {
      for (const auto& [value, setting] : table.rows) result[table.by].insert(value);
    }
    return result;
  }

  void bind_tables() {
    std::size_t stride = 1;
    limit_.variants = {limit_.spec.parameters};
    for (const auto& [name, values] : row_values()) {
      const auto column = attribute(name, "");
      if (!column) continue;
      if (stride * (values.size() + 1) > most_variants) {
        problem("", fmt::format("tables by several attributes make more than {} combinations",
                                most_variants));
        return;
      }
      bind_selector(name, values, *column, stride);
      multiply_variants(name, values);
      stride *= values.size() + 1;
    }
  }

  // Choice 0 is every value without a row; choice k the k-th value that has one.
  void bind_selector(const std::string& name, const std::set<std::string>& values,
                     std::size_t column, std::size_t stride) {
    const Dictionary& dictionary = columns_.dictionaries[column];
    Limit::Selector selector{column, std::vector<VariantIndex>(dictionary.size(), 0)};
    for (ValueId id = 0; id < dictionary.size(); ++id) {
      const std::string value = dictionary.name(id);
      const auto found = values.find(value);
      if (found != values.end()) {
        const auto choice = static_cast<std::size_t>(std::distance(values.begin(), found)) + 1;
        selector.adds[id] = static_cast<VariantIndex>(choice * stride);
      }
      require_row(name, value);
    }
    limit_.selectors.push_back(std::move(selector));
  }

  // Whether the limit's own conditions let requests with that value through to its tables.
  bool may_meet(const std::string& name, const std::string& value) const {
    const auto condition = limit_.spec.when.find(name);
    return condition == limit_.spec.when.end() ||
           std::find(condition->second.begin(), condition->second.end(), value) !=
               condition->second.end();
  }

  void require_row(const std::string& attribute, const std::string& value) {
    if (!may_meet(attribute, value)) return;
    for (const auto& [parameter, table] : limit_.spec.tables) {
      if (table.by != attribute || table.otherwise || table.rows.count(value) > 0) continue;
      if (!reported_.insert(parameter).second) continue;
      problem("/" + parameter,
              value.empty()
                  ? fmt::format("has no \"default\" for traffic without the attribute \"{}\"",
                                attribute)
                  : fmt::format("has no row for {} \"{}\" and no \"default\"", attribute, value));
    }
  }

  void multiply_variants(const std::string& attribute, const std::set<std::string>& values) {
    const std::vector<limiter::Parameters> before = std::move(limit_.variants);
    limit_.variants.clear();
    std::vector<std::optional<std::string>> choices = {std::nullopt};
    choices.insert(choices.end(), values.begin(), values.end());
    for (const auto& choice : choices) {
      for (limiter::Parameters parameters : before) {
        for (const auto& [parameter, table] : limit_.spec.tables) {
          if (table.by == attribute) parameters.set(parameter, setting(table, choice));
        }
        limit_.variants.push_back(std::move(parameters));
      }
    }
  }

  static limiter::ParameterValue setting(const ParameterTable& table,
                                         const std::optional<std::string>& choice) {
    if (choice) {
      const auto row = table.rows.find(*choice);
      if (row != table.rows.end()) return row->second;
    }
    // Without a default no value selects this row; any row will do to fill it.
    return table.otherwise ? *table.otherwise : table.rows.begin()->second;
  }

  void complete_variants() {
    const limiter::AlgorithmInfo* info = limiter::find_algorithm(limit_.spec.algorithm);
    if (info == nullptr) {
      problem("/algorithm", fmt::format("is not in the catalogue: \"{}\"", limit_.spec.algorithm));
      return;
    }
    for (limiter::Parameters& parameters : limit_.variants) {
      auto complete = limiter::complete_parameters(*info, std::move(parameters));
      if (!complete) {
        for (const Problem& p : complete.error()) problem("/" + p.pointer, p.message);
        return;
      }
      parameters = std::move(*complete);
    }
    bind_reference();
    const auto made = make_keyed_limiter(limit_.spec.algorithm, limit_.variants, environment_);
    if (!made) {
      const std::string& blamed = made.error().pointer;
      problem(blamed.empty() ? "" : "/" + blamed, made.error().message);
    } else if (limit_.charges_late() && !(*made)->settles_late()) {
      problem("/charge", fmt::format("{} charges at admission only", limit_.spec.algorithm));
    }
  }

  void bind_reference() {
    const std::optional<WindowReference>& asked = limit_.spec.reference;
    if (!asked) return;
    for (const limiter::Parameters& parameters : limit_.variants) {
      const bool has_own = parameters.has("limit") && parameters.has("window");
      if (!has_own && (!asked->limit || !asked->window)) {
        problem("/reference", fmt::format("needs limit and window: {} has none of its own",
                                          limit_.spec.algorithm));
        return;
      }
      limit_.references.push_back({asked->limit ? *asked->limit : parameters.count("limit"),
                                   asked->window ? *asked->window : parameters.duration("window")});
    }
  }

  const Columns& columns_;
  const limiter::Environment& environment_;
  std::string pointer_;
  Limit limit_;
  Problems problems_;
  std::set<std::string> reported_;
};

}  // namespace

namespace {

Policy::RetryAfter retry_after_of(const ResponseSpec& response) {
  if (!response.retry_after) return Policy::RetryAfter::of_product;
  if (*response.retry_after == "none") return Policy::RetryAfter::none;
  return *response.retry_after == "http-date" ? Policy::RetryAfter::http_date
                                              : Policy::RetryAfter::delta_seconds;
}

}  // namespace

tl::expected<Policy, Problems> bind_policy(const PolicySpec& spec, const Columns& columns,
                                           const limiter::Environment& environment,
                                           const std::string& pointer) {
  Policy policy{spec.name, {}, retry_after_of(spec.response)};
  Problems problems;
  for (std::size_t i = 0; i < spec.limits.size(); ++i) {
    auto limit =
        LimitBinder(spec.limits[i], columns, environment, fmt::format("{}/limits/{}", pointer, i))
            .bind();
    if (limit) {
      policy.limits.push_back(std::move(*limit));
    } else {
      problems.insert(problems.end(), limit.error().begin(), limit.error().end());
    }
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return policy;
}

std::unique_ptr<KeyedLimiter> make_limiter(const Limit& limit,
                                           const limiter::Environment& environment) {
  auto made = make_keyed_limiter(limit.spec.algorithm, limit.variants, environment);
  return made ? std::move(*made) : nullptr;
}

}  // namespace weir::policy
