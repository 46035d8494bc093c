#include "cli/help.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>
#include <string_view>

#include "cli/exit_codes.hpp"

namespace weir::cli {
namespace {

constexpr std::size_t width = 80;
/// Where descriptions begin; a longer name has its description on the next line.
constexpr std::size_t column = 28;

/// Characters, not bytes: descriptions have an ellipsis here and there.
std::size_t length_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// The words of a text in lines; all but the first are indented.
std::string wrapped(const std::string& text, std::size_t left) {
  std::string out;
  std::size_t used = left;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (used > left && used + 1 + length_of(word) > width) {
      out += '\n' + std::string(left, ' ');
      used = left;
    } else if (used > left) {
      out += ' ';
      ++used;
    }
    out += word;
    used += length_of(word);
  }
  return out;
}

std::string entry(const std::string& name, const std::string& description) {
  std::string line = "  " + name;
  const std::size_t length = length_of(line);
  if (length + 1 < column) {
    line += std::string(column - length, ' ');
  } else {
    line += '\n' + std::string(column, ' ');
  }
  return line + wrapped(description, column) + '\n';
}

std::string described(const OptionFacts& option) {
  std::string text = option.description;
  if (option.required) text += " (required)";
  if (option.repeats && option.names[0][0] == '-') text += " (may be repeated)";
  if (!option.default_value.empty()) text += fmt::format(" (default: {})", option.default_value);
  if (!option.environment.empty()) text += fmt::format(" [${}]", option.environment);
  return text;
}

std::string section(const char* title, const std::string& entries) {
  return entries.empty() ? "" : fmt::format("\n{}:\n{}", title, entries);
}

std::string usage_of(const CommandFacts& command) {
  std::string line = "Usage: " + joined_path(command, " ");
  if (!command.options.empty()) line += " [OPTION]...";
  for (const OptionFacts& positional : command.positionals) line += ' ' + synopsis_of(positional);
  if (!command.commands.empty()) line += " COMMAND";
  return line + '\n';
}

std::string positionals_of(const CommandFacts& command) {
  std::string lines;
  for (const OptionFacts& p : command.positionals) {
    lines += entry(p.repeats ? p.names[0] + "..." : p.names[0], described(p));
  }
  return lines;
}

std::string options_of(const CommandFacts& command) {
  std::string lines;
  for (const OptionFacts& option : command.options) {
    const std::string names = fmt::format("{}", fmt::join(option.names, ", "));
    lines += entry(option.value.empty() ? names : names + ' ' + option.value, described(option));
  }
  return lines;
}

std::string commands_of(const CommandFacts& command) {
  std::string lines;
  for (const CommandFacts& sub : command.commands) lines += entry(sub.path.back(), sub.description);
  return lines;
}

std::string examples_of(const CommandFacts& command) {
  std::string lines;
  for (const Example& example : command.examples) {
    lines += fmt::format("  # {}\n  {}\n", example.does, example.command);
  }
  return lines;
}

std::string exit_codes() {
  std::string lines;
  for (const ExitMeaning& exit : exit_meanings) {
    lines += fmt::format("  {:<5} {}\n", static_cast<int>(exit.code), exit.meaning);
  }
  return lines;
}

}  // namespace

std::string help_text(const CommandFacts& command) {
  std::string text = wrapped(command.description, 0) + "\n" + usage_of(command);
  for (const std::string& paragraph : command.paragraphs)
    text += '\n' + wrapped(paragraph, 0) + '\n';
  text += section("Commands", commands_of(command));
  text += section("Arguments", positionals_of(command));
  text += section("Options", options_of(command));
  text += section("Examples", examples_of(command));
  if (command.path.size() == 1) {
    text += section("Exit codes", exit_codes());
    text += fmt::format("\n\"{} COMMAND --help\" tells more of a command.\n", command.path[0]);
  }
  return text;
}

std::string HelpFormatter::make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const {
  return help_text(facts_of(*app));
}

}  // namespace weir::cli
