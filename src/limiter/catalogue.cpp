#include "limiter/catalogue.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <variant>

namespace weir::limiter {
namespace {

template <class... Entry>
std::vector<AlgorithmInfo> infos(std::tuple<Entry...>*) {
  return {Entry::info()...};
}

using TryMake = std::optional<Problem> (*)(const Parameters&, const Environment&);

template <class Entry>
std::optional<Problem> try_entry(const Parameters& complete, const Environment& environment) {
  const auto made = Entry::make(complete, environment);
  if (made) return std::nullopt;
  return made.error();
}

template <class... Entry>
std::vector<TryMake> makers(std::tuple<Entry...>*) {
  return {&try_entry<Entry>...};
}

/// Of a limiter, or of all that a variant may hold.
template <class L>
constexpr bool settles_late_v = SettlesLate<L>;
template <class... L>
constexpr bool settles_late_v<std::variant<L...>> = (SettlesLate<L> && ...);

template <class... Entry>
std::vector<bool> late_settlers(std::tuple<Entry...>*) {
  return {settles_late_v<typename Entry::Limiter>...};
}

template <class T>
Parsed<ParameterValue> as_value(Parsed<T> parsed) {
  if (!parsed) return tl::unexpected(parsed.error());
  return ParameterValue(*parsed);
}

Parsed<ParameterValue> parse_count(const ParameterSpec& spec, std::string_view text) {
  const Parsed<std::int64_t> n = parse_integer(text);
  if (!n) return tl::unexpected(n.error());
  if (*n < spec.min || *n > spec.max) {
    return tl::unexpected(fmt::format("must be from {} to {}, got {}", spec.min, spec.max, *n));
  }
  return ParameterValue(*n);
}

Parsed<ParameterValue> parse_bounded_duration(const ParameterSpec& spec, std::string_view text) {
  const Parsed<Duration> d = parse_duration(text);
  if (!d) return tl::unexpected(d.error());
  if (d->ns() < spec.min) {
    return tl::unexpected(spec.min == 1
                              ? fmt::format("must be longer than 0s, got \"{}\"", text)
                              : fmt::format("must be at least {}, got \"{}\"",
                                            format_duration(Duration::from_ns(spec.min)), text));
  }
  if (*d > longest_window) {
    return tl::unexpected(
        fmt::format("must be at most {}, got \"{}\"", format_duration(longest_window), text));
  }
  return ParameterValue(*d);
}

Parsed<ParameterValue> parse_choice(const ParameterSpec& spec, std::string_view text) {
  if (std::find(spec.choices.begin(), spec.choices.end(), text) != spec.choices.end()) {
    return ParameterValue(std::string(text));
  }
  const std::string_view near = nearest(text, spec.choices);
  return tl::unexpected(fmt::format("must be one of {}, got \"{}\"{}",
                                    fmt::join(spec.choices, ", "), text,
                                    near.empty() ? "" : fmt::format("; did you mean {}?", near)));
}

Parsed<ParameterValue> parse_boolean(std::string_view text) {
  if (text == "true" || text == "false") return ParameterValue(text == "true");
  return tl::unexpected(fmt::format("must be true or false, got \"{}\"", text));
}

Problem unknown_parameter(const AlgorithmInfo& info, const std::string& name) {
  std::vector<std::string_view> known;
  for (const ParameterSpec& spec : info.parameters) known.push_back(spec.name);
  const std::string_view near = nearest(name, known);
  if (!near.empty()) {
    return {name, fmt::format("unknown parameter of {}; did you mean \"{}\"?", info.id, near)};
  }
  if (known.empty()) return {name, fmt::format("{} has no parameters", info.id)};
  return {name, fmt::format("unknown parameter of {}; it has {}", info.id, fmt::join(known, ", "))};
}

}  // namespace

const std::vector<AlgorithmInfo>& catalogue() {
  static const std::vector<AlgorithmInfo> all = infos(static_cast<Entries*>(nullptr));
  return all;
}

const AlgorithmInfo* find_algorithm(std::string_view id) {
  const std::vector<AlgorithmInfo>& all = catalogue();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const AlgorithmInfo& info) { return info.id == id; });
  return found == all.end() ? nullptr : &*found;
}

bool settles_late(std::string_view id) {
  static const std::vector<bool> all = late_settlers(static_cast<Entries*>(nullptr));
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (catalogue()[i].id == id) return all[i];
  }
  return false;
}

Parsed<ParameterValue> parse_parameter(const ParameterSpec& spec, std::string_view text) {
  switch (spec.type) {
    case ParameterType::count:
      return parse_count(spec, text);
    case ParameterType::duration:
      return parse_bounded_duration(spec, text);
    case ParameterType::rate:
      return as_value(parse_rate(text));
    case ParameterType::choice:
      return parse_choice(spec, text);
    case ParameterType::boolean:
      return parse_boolean(text);
  }
  return tl::unexpected(std::string("unknown parameter type"));
}

tl::expected<Parameters, Problems> complete_parameters(const AlgorithmInfo& info,
                                                       Parameters given) {
  Problems problems;
  for (const auto& [name, value] : given.values()) {
    const bool known =
        std::any_of(info.parameters.begin(), info.parameters.end(),
                    [&, &wanted = name](const ParameterSpec& spec) { return spec.name == wanted; });
    if (!known) problems.push_back(unknown_parameter(info, name));
  }
  for (const ParameterSpec& spec : info.parameters) {
    if (given.has(spec.name) || spec.optional_without_default) continue;
    if (spec.default_value.empty()) {
      problems.push_back({std::string(spec.name),
                          fmt::format("is required by {}: {}", info.id, spec.description)});
      continue;
    }
    given.set(std::string(spec.name), *parse_parameter(spec, spec.default_value));
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return given;
}

std::optional<Problem> try_make(const AlgorithmInfo& info, const Parameters& complete,
                                const Environment& environment) {
  static const std::vector<TryMake> all = makers(static_cast<Entries*>(nullptr));
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (catalogue()[i].id == info.id) return all[i](complete, environment);
  }
  return std::nullopt;
}

}  // namespace weir::limiter
