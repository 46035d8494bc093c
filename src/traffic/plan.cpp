#include "traffic/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "traffic/number_sampler.hpp"
#include "traffic/trace_timing.hpp"
#include "traffic/value_weights.hpp"

namespace weir::traffic {

ValueSampler::ValueSampler(std::vector<ValueId> ids, const std::vector<double>& weights)
    : even_(weights.empty()),
      count_(static_cast<std::uint32_t>(ids.size())),
      first_(ids.empty() ? 0 : ids.front()),
      ids_(std::move(ids)) {
  if (!even_) alias_ = AliasTable(weights);
  bool consecutive = true;
  for (std::uint32_t k = 0; k < count_ && consecutive; ++k) consecutive = ids_[k] == first_ + k;
  if (consecutive) std::vector<ValueId>().swap(ids_);
}

bool Plan::splits() const {
  return std::all_of(classes_.begin(), classes_.end(),
                     [](const ClassPlan& c) { return c.split.has_value(); });
}

std::pair<ValueId, ValueId> Plan::values_in_shard(std::size_t column, std::uint32_t shard) const {
  if (shard_begins_.empty() || partition_[0] != column) {
    return {0, static_cast<ValueId>(columns_.dictionaries[column].size())};
  }
  return {shard_begins_[shard], shard_begins_[shard + 1]};
}

/// Builds a Plan step by step; each step needs the ones before it.
class PlanBuilder {
 public:
  explicit PlanBuilder(PlanInput input) : in_(std::move(input)), root_(in_.seed) {}

  tl::expected<Plan, Problems> build() {
    for (std::size_t i = 0; i < in_.classes.size(); ++i) add_class(i);
    if (!problems_.empty()) return tl::unexpected(std::move(problems_));
    set_clock();
    fill_dictionaries();
    check_references();
    if (!problems_.empty()) return tl::unexpected(std::move(problems_));
    arrange_by_shard();
    for (ClassPlan& c : plan_.classes_) plan_class(c);
    return std::move(plan_);
  }

 private:
  void add_class(std::size_t index);
  void set_clock();
  void fill_dictionaries();
  std::size_t column_of(const std::string& name);
  void intern_values(const ClassPlan& c);
  void intern_missing();
  void check_references();
  void find_residues();
  void arrange_by_shard();
  void plan_class(ClassPlan& c);
  void plan_attribute(ClassPlan& c, const std::string& name, std::set<std::size_t>& done);
  AttributePlan from_spec(ClassPlan& c, const AttributeSpec& spec, std::set<std::size_t>& done);
  std::vector<ValueId> ids_of_values(const AttributeSpec& spec, std::size_t column) const;
  std::vector<ValueId> derive(const AttributeSpec& spec, std::size_t column,
                              std::size_t parent) const;
  std::vector<std::string> needed_attributes(const ClassPlan& c) const;
  void plan_costs(ClassPlan& c);
  CostPlan plan_cost(const ClassPlan& c, std::size_t column) const;
  CostPlan cost_from_spec(const ClassPlan& c, const CostSpec& spec, std::size_t column) const;
  bool may_split(const ClassPlan& c) const;
  std::uint32_t residue_with_children(const ClassPlan& c, std::size_t column, ValueId id) const;
  bool decides_shard(const ClassPlan& c, std::size_t column) const;
  void split(ClassPlan& c);
  SplitPlan::Root make_root(const ClassPlan& c, std::size_t attribute) const;
  void make_samplers(ClassPlan& c) const;
  static void combine(SplitPlan& split);

  PlanInput in_;
  RandomStream root_;
  Plan plan_;
  Problems problems_;
};

tl::expected<Plan, Problems> Plan::make(PlanInput input) {
  return PlanBuilder(std::move(input)).build();
}

void PlanBuilder::add_class(std::size_t index) {
  ClassPlan c;
  c.spec = in_.classes[index];
  c.index = static_cast<std::uint16_t>(index);
  c.random = root_.named("traffic").named(c.spec.name);
  if (c.spec.clients) {
    c.spec.attributes.push_back({"client", SequenceValues{c.spec.clients->count}, ""});
  }
  if (c.spec.trace) {
    Result<Trace> trace = read_trace(c.spec.trace->path, c.spec.trace->format, in_.trace_options);
    if (!trace) {
      problems_.push_back({fmt::format("/traffic/{}/trace/path", index), trace.error().message});
      return;
    }
    c.trace = std::make_shared<const Trace>(std::move(*trace));
  }
  plan_.classes_.push_back(std::move(c));
}

// ---- The clock

namespace {

// A run that ends with a trace ends at the next whole second, counted from the first row.
Duration whole_seconds_beyond(Duration length) {
  return Duration::from_seconds(length.ns() / 1'000'000'000 + 1);
}

}  // namespace

void PlanBuilder::set_clock() {
  Instant first_row = Instant::max();
  for (const ClassPlan& c : plan_.classes_) {
    if (c.trace) first_row = std::min(first_row, c.trace->at.front());
  }
  const bool any_trace = first_row != Instant::max();
  const Instant natural = any_trace ? first_row : Instant();
  plan_.start_ = in_.start.value_or(natural);
  plan_.warmup_ = in_.warmup;
  const Duration shift = any_trace ? plan_.start_ - first_row : Duration();
  Instant last = plan_.start_ + in_.warmup;
  for (ClassPlan& c : plan_.classes_) {
    if (c.spec.until) last = std::max(last, plan_.start_ + *c.spec.until);
    if (!c.trace) continue;
    c.trace_origin = c.trace->at.front() + shift;
    const std::optional<Duration> length = TraceTiming(*c.spec.trace, *c.trace).length();
    if (!length) {
      problems_.push_back({fmt::format("/traffic/{}/trace", c.index),
                           "with this speed and repeat the replay takes longer than ten years"});
      continue;
    }
    if (!c.spec.until) last = std::max(last, c.trace_origin + whole_seconds_beyond(*length));
  }
  plan_.end_ = in_.duration ? plan_.start_ + in_.warmup + *in_.duration : last;
  for (ClassPlan& c : plan_.classes_) {
    const Instant until = c.spec.until ? plan_.start_ + *c.spec.until : plan_.end_;
    c.span = {plan_.start_ + c.spec.from, std::min(until, plan_.end_)};
    c.span.end = std::max(c.span.end, c.span.begin);
  }
}

// ---- Dictionaries

std::size_t PlanBuilder::column_of(const std::string& name) {
  if (const auto found = plan_.columns_.find_attribute(name)) return *found;
  plan_.columns_.dictionaries.emplace_back(name);
  return plan_.columns_.dictionaries.size() - 1;
}

void PlanBuilder::fill_dictionaries() {
  Columns& columns = plan_.columns_;
  for (const ClassPlan& c : plan_.classes_) {
    for (const AttributeSpec& a : c.spec.attributes) {
      const std::size_t column = column_of(a.name);
      if (is_generated(a.values)) {
        columns.dictionaries[column].reserve_generated(value_count(a.values));
      }
    }
    if (c.trace) {
      for (const Trace::Attribute& a : c.trace->attributes) column_of(a.name);
    }
  }
  // What no class has is left to whoever wanted it to complain about.
  for (const std::string& name : in_.partition) {
    if (const auto column = columns.find_attribute(name)) plan_.partition_.push_back(*column);
  }
  for (const ClassPlan& c : plan_.classes_) intern_values(c);
  intern_missing();
  const auto add_cost = [&](const std::string& name) {
    if (!columns.find_cost(name)) columns.costs.push_back(name);
  };
  for (const ClassPlan& c : plan_.classes_) {
    for (const CostSpec& cost : c.spec.costs) add_cost(cost.name);
    if (!c.trace) continue;
    for (const Trace::Cost& cost : c.trace->costs) add_cost(cost.name);
  }
}

void PlanBuilder::intern_values(const ClassPlan& c) {
  for (const AttributeSpec& a : c.spec.attributes) {
    if (is_generated(a.values)) continue;
    Dictionary& dictionary = plan_.columns_.dictionaries[column_of(a.name)];
    for (std::uint32_t k = 0; k < value_count(a.values); ++k) {
      dictionary.intern(value_text(a.values, k));
    }
  }
  if (!c.trace) return;
  for (const Trace::Attribute& a : c.trace->attributes) {
    Dictionary& dictionary = plan_.columns_.dictionaries[column_of(a.name)];
    for (const std::string& value : a.values) dictionary.intern(value);
  }
}

// A class that lacks an attribute has the empty value there.
void PlanBuilder::intern_missing() {
  for (Dictionary& dictionary : plan_.columns_.dictionaries) {
    const std::string& name = dictionary.attribute();
    const auto has = [&](const ClassPlan& c) {
      const auto named = [&](const auto& a) { return a.name == name; };
      return std::any_of(c.spec.attributes.begin(), c.spec.attributes.end(), named) ||
             (c.trace &&
              std::any_of(c.trace->attributes.begin(), c.trace->attributes.end(), named));
    };
    if (!std::all_of(plan_.classes_.begin(), plan_.classes_.end(), has)) dictionary.intern("");
  }
}

// What a class refers to must exist; only now is it known which attributes a trace has.
void PlanBuilder::check_references() {
  const auto check = [&](const std::string& name, std::string pointer) {
    if (name.empty() || plan_.columns_.find_attribute(name)) return;
    problems_.push_back(
        {std::move(pointer), fmt::format("no traffic has the attribute \"{}\"", name)});
  };
  for (const ClassPlan& c : plan_.classes_) {
    const std::string base = fmt::format("/traffic/{}", c.index);
    for (const AttributeSpec& a : c.spec.attributes) {
      check(a.of, fmt::format("{}/attributes/{}/of", base, a.name));
    }
    for (const CostSpec& cost : c.spec.costs) {
      check(cost.by, fmt::format("{}/costs/{}/by", base, cost.name));
    }
  }
}

// ---- Shards

void PlanBuilder::find_residues() {
  plan_.residues_.resize(plan_.columns_.dictionaries.size());
  for (const std::size_t column : plan_.partition_) {
    const Dictionary& dictionary = plan_.columns_.dictionaries[column];
    const RandomStream salt = RandomStream(0).named(dictionary.attribute());
    std::vector<std::uint8_t>& residues = plan_.residues_[column];
    residues.resize(dictionary.size());
    for (ValueId id = 0; id < residues.size(); ++id) {
      residues[id] =
          static_cast<std::uint8_t>(salt.bits(hash64(dictionary.name(id))) % logical_shards);
    }
  }
}

void PlanBuilder::arrange_by_shard() {
  find_residues();
  if (plan_.partition_.size() != 1) return;
  const std::size_t column = plan_.partition_[0];
  std::vector<std::uint8_t>& residues = plan_.residues_[column];
  std::vector<ValueId>& begins = plan_.shard_begins_;
  begins.assign(logical_shards + 1, 0);
  for (const std::uint8_t residue : residues) ++begins[residue + 1U];
  std::partial_sum(begins.begin(), begins.end(), begins.begin());
  std::vector<ValueId> next(begins.begin(), begins.end() - 1);
  std::vector<ValueId> order(residues.size());
  for (ValueId id = 0; id < order.size(); ++id) order[next[residues[id]]++] = id;
  std::sort(residues.begin(), residues.end());
  plan_.columns_.dictionaries[column].arrange(std::move(order));
}

// ---- Attributes

std::vector<std::string> PlanBuilder::needed_attributes(const ClassPlan& c) const {
  std::set<std::string> needed(in_.wanted.begin(), in_.wanted.end());
  needed.insert(in_.partition.begin(), in_.partition.end());
  for (const CostSpec& cost : c.spec.costs) {
    if (!cost.by.empty()) needed.insert(cost.by);
  }
  for (const Dictionary& dictionary : plan_.columns_.dictionaries) {
    if (in_.all_wanted || dictionary.size() <= in_.few_values)
      needed.insert(dictionary.attribute());
  }
  return {needed.begin(), needed.end()};
}

void PlanBuilder::plan_class(ClassPlan& c) {
  std::set<std::size_t> done;
  for (const std::string& name : needed_attributes(c)) {
    if (plan_.columns_.find_attribute(name)) plan_attribute(c, name, done);
  }
  plan_costs(c);
  if (may_split(c)) split(c);
  make_samplers(c);
}

void PlanBuilder::plan_attribute(ClassPlan& c, const std::string& name,
                                 std::set<std::size_t>& done) {
  const std::size_t column = *plan_.columns_.find_attribute(name);
  if (!done.insert(column).second) return;
  const auto named = [&](const auto& a) { return a.name == name; };
  const auto spec = std::find_if(c.spec.attributes.begin(), c.spec.attributes.end(), named);
  if (spec != c.spec.attributes.end()) {
    c.attributes.push_back(from_spec(c, *spec, done));
    return;
  }
  AttributePlan a;
  a.column = column;
  const Dictionary& dictionary = plan_.columns_.dictionaries[column];
  if (c.trace) {
    const auto recorded =
        std::find_if(c.trace->attributes.begin(), c.trace->attributes.end(), named);
    if (recorded != c.trace->attributes.end()) {
      a.source = AttributePlan::Source::trace;
      a.trace_attribute = static_cast<std::size_t>(recorded - c.trace->attributes.begin());
      for (const std::string& value : recorded->values) a.ids.push_back(*dictionary.find(value));
      c.attributes.push_back(std::move(a));
      return;
    }
  }
  a.constant = *dictionary.find("");
  c.attributes.push_back(std::move(a));
}

AttributePlan PlanBuilder::from_spec(ClassPlan& c, const AttributeSpec& spec,
                                     std::set<std::size_t>& done) {
  AttributePlan a;
  a.column = *plan_.columns_.find_attribute(spec.name);
  if (!spec.of.empty()) {
    plan_attribute(c, spec.of, done);
    a.source = AttributePlan::Source::derived;
    a.parent = *plan_.columns_.find_attribute(spec.of);
    a.ids = derive(spec, a.column, a.parent);
    return a;
  }
  if (std::holds_alternative<ConstantValue>(spec.values)) {
    a.constant = *plan_.columns_.dictionaries[a.column].find(value_text(spec.values, 0));
    return a;
  }
  a.count = value_count(spec.values);
  a.ids = ids_of_values(spec, a.column);
  a.random = c.random.named("attribute").named(spec.name);
  a.source = std::holds_alternative<SequenceValues>(spec.values) ? AttributePlan::Source::sequence
                                                                 : AttributePlan::Source::drawn;
  return a;
}

std::vector<ValueId> PlanBuilder::ids_of_values(const AttributeSpec& spec,
                                                std::size_t column) const {
  const std::uint32_t count = value_count(spec.values);
  if (is_generated(spec.values)) {
    const std::vector<ValueId>& new_ids = plan_.columns_.dictionaries[column].new_ids();
    if (new_ids.empty()) return {};
    return {new_ids.begin(), new_ids.begin() + count};
  }
  std::vector<ValueId> ids(count);
  for (std::uint32_t k = 0; k < count; ++k) {
    ids[k] = *plan_.columns_.dictionaries[column].find(value_text(spec.values, k));
  }
  return ids;
}

// The draw depends on the parent's text alone, so that it is the same in every class and run.
std::vector<ValueId> PlanBuilder::derive(const AttributeSpec& spec, std::size_t column,
                                         std::size_t parent) const {
  const Dictionary& parents = plan_.columns_.dictionaries[parent];
  const std::vector<ValueId> ids = ids_of_values(spec, column);
  const std::uint32_t count = value_count(spec.values);
  const RandomStream random = root_.named("derived attribute").named(spec.name);
  std::vector<double> weights;
  for (std::uint32_t k = 0; k < count; ++k) weights.push_back(value_weight(spec.values, k));
  const AliasTable table(weights);
  std::vector<ValueId> result(parents.size());
  for (ValueId id = 0; id < result.size(); ++id) {
    const std::uint32_t k = table.sample(random.bits(hash64(parents.name(id))));
    result[id] = ids.empty() ? k : ids[k];
  }
  return result;
}

// ---- Costs

void PlanBuilder::plan_costs(ClassPlan& c) {
  for (std::size_t column = 0; column < plan_.columns_.costs.size(); ++column) {
    c.costs.push_back(plan_cost(c, column));
  }
}

CostPlan PlanBuilder::plan_cost(const ClassPlan& c, std::size_t column) const {
  const std::string& name = plan_.columns_.costs[column];
  const auto named = [&](const auto& cost) { return cost.name == name; };
  const auto spec = std::find_if(c.spec.costs.begin(), c.spec.costs.end(), named);
  if (spec != c.spec.costs.end()) return cost_from_spec(c, *spec, column);
  CostPlan cost;
  cost.column = column;
  cost.constant = name == default_cost ? 1 : 0;
  if (!c.trace) return cost;
  const auto recorded = std::find_if(c.trace->costs.begin(), c.trace->costs.end(), named);
  if (recorded == c.trace->costs.end()) return cost;
  cost.source = CostPlan::Source::trace;
  cost.trace_cost = static_cast<std::size_t>(recorded - c.trace->costs.begin());
  return cost;
}

CostPlan PlanBuilder::cost_from_spec(const ClassPlan& c, const CostSpec& spec,
                                     std::size_t column) const {
  CostPlan cost;
  cost.column = column;
  cost.random = c.random.named("cost").named(spec.name);
  cost.distributions.push_back(spec.amount);
  if (spec.by.empty()) {
    if (const auto* constant = std::get_if<ConstantNumber>(&spec.amount)) {
      cost.constant = to_whole_number(constant->value);
    } else {
      cost.source = CostPlan::Source::drawn;
    }
    return cost;
  }
  cost.source = CostPlan::Source::drawn_by;
  cost.by = *plan_.columns_.find_attribute(spec.by);
  const Dictionary& dictionary = plan_.columns_.dictionaries[cost.by];
  cost.distribution_of.assign(dictionary.size(), 0);
  for (const auto& [value, distribution] : spec.rows) {
    const auto id = dictionary.find(value);
    if (!id) continue;
    cost.distribution_of[*id] = static_cast<std::uint32_t>(cost.distributions.size());
    cost.distributions.push_back(distribution);
  }
  return cost;
}

// ---- Splitting Poisson classes

bool PlanBuilder::may_split(const ClassPlan& c) const {
  if (!c.spec.arrivals || !std::holds_alternative<PoissonArrivals>(*c.spec.arrivals)) return false;
  // Decided by the scenario alone, not by what somebody happens to read.
  return std::none_of(c.spec.attributes.begin(), c.spec.attributes.end(),
                      [](const AttributeSpec& a) {
                        return std::holds_alternative<SequenceValues>(a.values) && a.of.empty();
                      });
}

std::uint32_t PlanBuilder::residue_with_children(const ClassPlan& c, std::size_t column,
                                                 ValueId id) const {
  const std::vector<std::uint8_t>& residues = plan_.residues_[column];
  std::uint32_t sum = residues.empty() ? 0 : residues[id];
  for (const AttributePlan& a : c.attributes) {
    if (a.source == AttributePlan::Source::derived && a.parent == column) {
      sum += residue_with_children(c, a.column, a.ids[id]);
    }
  }
  return sum % logical_shards;
}

bool PlanBuilder::decides_shard(const ClassPlan& c, std::size_t column) const {
  if (!plan_.residues_[column].empty()) return true;
  return std::any_of(c.attributes.begin(), c.attributes.end(), [&](const AttributePlan& a) {
    return a.source == AttributePlan::Source::derived && a.parent == column &&
           decides_shard(c, a.column);
  });
}

void PlanBuilder::split(ClassPlan& c) {
  SplitPlan split;
  for (std::size_t i = 0; i < c.attributes.size(); ++i) {
    AttributePlan& a = c.attributes[i];
    if (a.source == AttributePlan::Source::derived || !decides_shard(c, a.column)) continue;
    if (a.source == AttributePlan::Source::constant) a.ids = {a.constant};
    split.roots.push_back(make_root(c, i));
  }
  // In the order of their names, whatever else is generated.
  std::sort(split.roots.begin(), split.roots.end(),
            [&](const SplitPlan::Root& a, const SplitPlan::Root& b) {
              const auto& dictionaries = plan_.columns_.dictionaries;
              return dictionaries[c.attributes[a.attribute].column].attribute() <
                     dictionaries[c.attributes[b.attribute].column].attribute();
            });
  combine(split);
  c.split = std::move(split);
}

SplitPlan::Root PlanBuilder::make_root(const ClassPlan& c, std::size_t attribute) const {
  const AttributePlan& a = c.attributes[attribute];
  SplitPlan::Root root;
  root.attribute = attribute;
  root.distribution = ConstantValue{};
  const std::string& name = plan_.columns_.dictionaries[a.column].attribute();
  for (const AttributeSpec& spec : c.spec.attributes) {
    if (spec.name == name) root.distribution = spec.values;
  }
  const std::uint32_t count = value_count(root.distribution);
  double total = 0.0;
  for (std::uint32_t k = 0; k < count; ++k) {
    const double weight = value_weight(root.distribution, k);
    const std::uint32_t residue = residue_with_children(c, a.column, a.id_of(k));
    root.values[residue].push_back(k);
    root.mass[residue] += weight;
    total += weight;
  }
  for (double& mass : root.mass) mass /= total;
  return root;
}

ValueSampler sampler_of_residue(const SplitPlan::Root& root, const AttributePlan& attribute,
                                std::uint32_t residue) {
  std::vector<ValueId> ids;
  std::vector<double> weights;
  const bool even = is_even(root.distribution);
  for (const std::uint32_t k : root.values[residue]) {
    ids.push_back(attribute.id_of(k));
    if (!even) weights.push_back(value_weight(root.distribution, k));
  }
  return ValueSampler(std::move(ids), weights);
}

// An attribute that decides the shard of a split class has a sampler for each shard instead.
void PlanBuilder::make_samplers(ClassPlan& c) const {
  for (std::size_t i = 0; i < c.attributes.size(); ++i) {
    AttributePlan& a = c.attributes[i];
    if (a.source != AttributePlan::Source::drawn) continue;
    const auto is_root = [&](const SplitPlan::Root& root) { return root.attribute == i; };
    if (c.split && std::any_of(c.split->roots.begin(), c.split->roots.end(), is_root)) continue;
    const std::string& name = plan_.columns_.dictionaries[a.column].attribute();
    const auto spec = std::find_if(c.spec.attributes.begin(), c.spec.attributes.end(),
                                   [&](const AttributeSpec& s) { return s.name == name; });
    std::vector<ValueId> ids(a.count);
    std::vector<double> weights;
    for (std::uint32_t k = 0; k < a.count; ++k) {
      ids[k] = a.id_of(k);
      if (!is_even(spec->values)) weights.push_back(value_weight(spec->values, k));
    }
    a.sampler = ValueSampler(std::move(ids), weights);
  }
}

void PlanBuilder::combine(SplitPlan& split) {
  std::array<double, logical_shards> rest = {1.0};
  std::vector<std::vector<AliasTable>> reversed;
  for (std::size_t r = split.roots.size(); r-- > 0;) {
    const SplitPlan::Root& root = split.roots[r];
    std::array<double, logical_shards> sum = {};
    std::vector<AliasTable> tables(logical_shards);
    for (std::uint32_t s = 0; s < logical_shards; ++s) {
      std::vector<double> weights(logical_shards);
      for (std::uint32_t own = 0; own < logical_shards; ++own) {
        weights[own] = root.mass[own] * rest[(s + logical_shards - own) % logical_shards];
        sum[s] += weights[own];
      }
      if (sum[s] > 0.0) tables[s] = AliasTable(weights);
    }
    rest = sum;
    reversed.push_back(std::move(tables));
  }
  split.mass = rest;
  split.residues.assign(std::make_move_iterator(reversed.rbegin()),
                        std::make_move_iterator(reversed.rend()));
}

}  // namespace weir::traffic
