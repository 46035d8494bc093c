#include "cli/algorithms_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/text.hpp"
#include "limiter/catalogue.hpp"
#include "report/terminal_text.hpp"

namespace weir::cli {
namespace {

using limiter::AlgorithmInfo;
using limiter::Evidence;
using limiter::ParameterSpec;
using limiter::ParameterType;

constexpr std::size_t line_width = 80;
constexpr std::size_t indent = 2;

/// A label and a text beside it; the text's further lines stand below its first.
std::string labelled(std::string_view label, std::size_t label_width, std::string_view text) {
  std::string block;
  const std::size_t left = indent + label_width + 2;
  for (const std::string& line : report::wrapped(text, line_width - left)) {
    block += fmt::format("{:{}}{:{}}  {}\n", "", indent, label, label_width, line);
    label = "";
  }
  return block;
}

std::string indented(std::string_view text) {
  std::string block;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    block += fmt::format("{:{}}{}\n", "", indent, text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return block;
}

// ---- The list

std::string list_group(std::string_view title, const std::vector<const AlgorithmInfo*>& group) {
  std::size_t width = 0;
  for (const AlgorithmInfo* info : group) width = std::max(width, info->id.size());
  std::string text = fmt::format("{}\n", title);
  for (const AlgorithmInfo* info : group) text += labelled(info->id, width, info->summary);
  return text;
}

// ---- One entry

std::string range_of(const ParameterSpec& spec) {
  constexpr std::int64_t no_maximum = ParameterSpec{}.max;
  switch (spec.type) {
    case ParameterType::count:
      if (spec.max < no_maximum) {
        return fmt::format("a whole number from {} to {}", spec.min, spec.max);
      }
      return fmt::format("a whole number of at least {}", spec.min);
    case ParameterType::duration:
      if (spec.min == 0) return "a duration such as 250ms or 1h30m";
      if (spec.min == 1) return "a duration such as 250ms or 1h30m, longer than 0s";
      return fmt::format("a duration such as 250ms or 1h30m, at least {}",
                         format_duration(Duration::from_ns(spec.min)));
    case ParameterType::rate:
      return "a rate such as 5/s or 100/1m";
    case ParameterType::choice:
      return fmt::format("one of {}", fmt::join(spec.choices, ", "));
    case ParameterType::boolean:
      return "true or false";
  }
  return {};
}

std::string presence_of(const ParameterSpec& spec) {
  if (spec.optional_without_default) return "may be left out";
  if (spec.default_value.empty()) return "required";
  return fmt::format("default {}", spec.default_value);
}

std::string describe_parameters(const AlgorithmInfo& info) {
  if (info.parameters.empty()) return "It has no parameters.\n";
  std::size_t width = 0;
  for (const ParameterSpec& spec : info.parameters) width = std::max(width, spec.name.size());
  std::string text = "Parameters\n";
  for (const ParameterSpec& spec : info.parameters) {
    text += labelled(spec.name, width, spec.description);
    text += labelled("", width, fmt::format("{}; {}", range_of(spec), presence_of(spec)));
  }
  return text;
}

std::string_view evidence_in_words(Evidence evidence) {
  switch (evidence) {
    case Evidence::canonical:
      return "the algorithm as it is published";
    case Evidence::checked_against_program:
      return "checked against the program itself";
    case Evidence::read_in_source:
      return "read in the program's source";
    case Evidence::documentation:
      return "taken from documentation: approximate";
  }
  return {};
}

std::string describe_facts(const AlgorithmInfo& info) {
  constexpr std::size_t width = 14;
  std::string text = "Facts\n";
  if (info.source != "none") text += labelled("source", width, info.source);
  if (!info.version.empty()) text += labelled("version", width, info.version);
  text += labelled("evidence", width, evidence_in_words(info.evidence));
  text += labelled("bytes per key", width, info.state_size);
  text += labelled("clock", width,
                   fmt::format("in steps of {}", format_duration(info.clock_granularity)));
  text += labelled("denied status", width, std::to_string(info.denied_status));
  text += labelled("advertises", width,
                   info.advertises.empty() ? "the exact wait and reset, rounded up to whole seconds"
                                           : info.advertises);
  return text;
}

std::string example_command(const AlgorithmInfo& info) {
  const char* blank = info.example.empty() ? "" : " ";
  const bool has_key = info.example.find("key=") != std::string_view::npos;
  return fmt::format("weir simulate --limit '{}{}{}{}'\n", info.id, blank, info.example,
                     has_key ? "" : " key=user");
}

}  // namespace

std::string list_algorithms() {
  std::vector<const AlgorithmInfo*> canonical, dialects;
  for (const AlgorithmInfo& info : limiter::catalogue()) {
    (info.evidence == Evidence::canonical ? canonical : dialects).push_back(&info);
  }
  std::string text = list_group("Algorithms", canonical);
  if (!dialects.empty()) text += '\n' + list_group("As products do it", dialects);
  return text +
         "\nA cost of 0 is admitted and changes nothing, unless a rule says otherwise.\n"
         "weir algorithms ID describes one of them.\n";
}

std::string describe_algorithm(const AlgorithmInfo& info) {
  std::string text = fmt::format("{}\n", info.id);
  for (const std::string& line : report::wrapped(info.summary, line_width)) text += line + '\n';
  text += '\n' + describe_parameters(info);
  if (!info.rule.empty()) text += "\nRule\n" + indented(info.rule);
  text += '\n' + describe_facts(info);
  return text + "\nTry it\n" + indented(example_command(info));
}

}  // namespace weir::cli
