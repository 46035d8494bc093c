#include "cli/command_facts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/Option.hpp>
#include <algorithm>
#include <sstream>
#include <string_view>

#include "limiter/catalogue.hpp"

namespace weir::cli {
namespace {

/// Where values are a set and a name of it is known ("FAMILY:{a,b,c}"), a longer list has its name.
constexpr std::size_t longest_choices = 40;

constexpr std::string_view footer_examples = "Examples:";
constexpr std::string_view footer_does = "  # ";
constexpr std::string_view footer_command = "  $ ";

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(at, begin), text.size());
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

bool is_choice(std::string_view word) {
  return !word.empty() && std::none_of(word.begin(), word.end(), [](unsigned char c) {
    return c <= ' ' || (c >= 'A' && c <= 'Z') || c >= 0x7f || c == ':' || c == '=';
  });
}

/// The values in "json|combined", in "STATUS|openai" ("openai"), and in the "{a,b}" of IsMember.
std::vector<std::string> choices_of(const std::string& type) {
  const std::size_t open = type.find('{'), close = type.find('}');
  std::vector<std::string> words;
  if (open != std::string::npos && close != std::string::npos && open < close) {
    words = split(std::string_view(type).substr(open + 1, close - open - 1), ',');
  } else if (type.find('|') != std::string::npos) {
    words = split(type, '|');
  }
  std::erase_if(words, [](const std::string& word) { return !is_choice(word); });
  if (type == "ALGORITHM") {
    for (const limiter::AlgorithmInfo& info : limiter::catalogue()) words.emplace_back(info.id);
  }
  return words;
}

/// The type's name without what validators add to it; CLI11's own names read worse than ours.
std::string value_of(std::string type, const std::vector<std::string>& choices) {
  const std::size_t colon = std::min(type.find(':'), type.size());
  const std::string base = type.substr(0, colon), validator = type.substr(colon);
  if (validator == ":FILE" || validator == ":DIR") return validator.substr(1);
  if (validator.starts_with(":{")) {
    const std::string joined = fmt::format("{}", fmt::join(choices, "|"));
    return joined.size() <= longest_choices || base == "TEXT" ? joined : base;
  }
  const bool is_own = base != "TEXT" && base != "INT" && base != "UINT" && base != "FLOAT";
  if (is_own) return validator.find(" in [") == std::string::npos ? type : base;
  return base == "TEXT" ? "TEXT" : base == "FLOAT" ? "NUMBER" : "N";
}

OptionFacts option_facts(const CLI::Option& option) {
  OptionFacts facts;
  if (option.get_positional()) {
    facts.names = {option.get_name(true, false)};
  } else {
    for (const std::string& name : option.get_lnames()) facts.names.push_back("--" + name);
    for (const std::string& name : option.get_snames()) facts.names.push_back("-" + name);
  }
  if (option.get_items_expected_max() > 0) {
    facts.choices = choices_of(option.get_type_name());
    facts.value = value_of(option.get_type_name(), facts.choices);
    facts.default_value = option.get_default_str();
    facts.repeats = option.get_expected_max() > 1;
  }
  if (facts.default_value == "\"\"" || facts.default_value == "[]") facts.default_value = "";
  facts.environment = option.get_envname();
  facts.description = option.get_description();
  facts.required = option.get_required();
  return facts;
}

void read_footer(const std::string& footer, CommandFacts& facts) {
  std::istringstream lines(footer);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line == footer_examples) continue;
    if (line.starts_with(footer_does)) {
      facts.examples.push_back({line.substr(footer_does.size()), ""});
    } else if (line.starts_with(footer_command) && !facts.examples.empty()) {
      facts.examples.back().command = line.substr(footer_command.size());
    } else {
      facts.paragraphs.push_back(line);
    }
  }
}

}  // namespace

void tell(CLI::App& command, const std::vector<std::string>& paragraphs,
          const std::vector<Example>& examples) {
  std::string footer;
  for (const std::string& paragraph : paragraphs) footer += paragraph + "\n\n";
  if (!examples.empty()) footer += std::string(footer_examples) + '\n';
  for (const Example& example : examples) {
    footer +=
        fmt::format("{}{}\n{}{}\n", footer_does, example.does, footer_command, example.command);
  }
  command.footer(footer);
}

CommandFacts facts_of(const CLI::App& command) {
  CommandFacts facts;
  for (const CLI::App* app = &command; app != nullptr; app = app->get_parent()) {
    facts.path.insert(facts.path.begin(), app->get_name());
  }
  facts.description = command.get_description();
  read_footer(command.get_footer(), facts);
  for (const CLI::Option* option : command.get_options({})) {
    if (option->get_group().empty()) continue;
    (option->get_positional() ? facts.positionals : facts.options).push_back(option_facts(*option));
  }
  for (const CLI::App* sub : command.get_subcommands({})) {
    if (!sub->get_group().empty()) facts.commands.push_back(facts_of(*sub));
  }
  return facts;
}

std::string joined_path(const CommandFacts& command, const char* between) {
  return fmt::format("{}", fmt::join(command.path, between));
}

std::string synopsis_of(const OptionFacts& positional) {
  const std::string name = positional.names[0] + (positional.repeats ? "..." : "");
  return positional.required ? name : "[" + name + "]";
}

}  // namespace weir::cli
