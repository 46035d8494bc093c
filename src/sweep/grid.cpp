#include "sweep/grid.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/text.hpp"
#include "scenario/json_document.hpp"
#include "sweep/values.hpp"

namespace weir::sweep {
namespace {

Result<Varied> parse_varied(const std::string& word) {
  const std::size_t equals = word.find('=');
  const auto tokens = scenario::pointer_tokens(word.substr(0, equals));
  if (equals == std::string::npos || !tokens || tokens->empty()) {
    return fail(ErrorKind::usage,
                fmt::format("--vary {}: must be a JSON pointer, an equals sign and values, such as "
                            "/policy/limits/0/capacity=10..100:10",
                            word));
  }
  auto values = parse_values(std::string_view(word).substr(equals + 1));
  if (!values) return fail(ErrorKind::usage, fmt::format("--vary {}: {}", word, values.error()));
  const std::string& first = tokens->front();
  return Varied{.pointer = word.substr(0, equals),
                .values = std::move(*values),
                .of_policy = first == "policy" || first == "policies",
                .policy = first == "policies" && tokens->size() > 1 ? (*tokens)[1] : ""};
}

/// Whether one field is the other, or lies in it.
bool overlap(const std::string& a, const std::string& b) {
  const auto lies_in = [](const std::string& inner, const std::string& outer) {
    return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '/');
  };
  return lies_in(a, b) || lies_in(b, a);
}

}  // namespace

Result<Grid> Grid::make(const std::vector<std::string>& words, std::size_t most_settings) {
  Grid grid;
  std::size_t size = 1;
  bool too_large = false;
  for (const std::string& word : words) {
    auto varied = parse_varied(word);
    if (!varied) return tl::unexpected(varied.error());
    for (const Varied& other : grid.varied_) {
      if (!overlap(varied->pointer, other.pointer)) continue;
      return fail(ErrorKind::usage,
                  fmt::format("--vary {}: {} is varied already", varied->pointer, other.pointer));
    }
    too_large = too_large || varied->values.size() > most_settings / size;
    if (!too_large) size *= varied->values.size();
    grid.varied_.push_back(std::move(*varied));
  }
  if (!too_large) return grid;
  std::string product;
  for (const Varied& varied : grid.varied_) {
    product += fmt::format("{}{}", product.empty() ? "" : " x ", varied.values.size());
  }
  return fail(ErrorKind::usage,
              fmt::format("the grid has {} settings, more than {}; take fewer steps, or raise the "
                          "limit with --max-settings",
                          product, format_count(static_cast<std::int64_t>(most_settings))));
}

std::size_t Grid::size() const {
  std::size_t size = 1;
  for (const Varied& varied : varied_) size *= varied.values.size();
  return size;
}

std::vector<std::string> Grid::values(std::size_t setting) const {
  std::vector<std::string> values(varied_.size());
  for (std::size_t i = varied_.size(); i-- > 0;) {
    const std::vector<std::string>& all = varied_[i].values;
    values[i] = all[setting % all.size()];
    setting /= all.size();
  }
  return values;
}

std::vector<scenario::Override> Grid::overrides(std::size_t setting) const {
  const std::vector<std::string> values = this->values(setting);
  std::vector<scenario::Override> overrides;
  for (std::size_t i = 0; i < values.size(); ++i) {
    overrides.push_back({varied_[i].pointer, values[i]});
  }
  return overrides;
}

std::string Grid::name(std::size_t setting) const {
  std::string name;
  for (const scenario::Override& one : overrides(setting)) {
    name += fmt::format("{}{}={}", name.empty() ? "" : " ", one.pointer, one.value);
  }
  return name;
}

}  // namespace weir::sweep
