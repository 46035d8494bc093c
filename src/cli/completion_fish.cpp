#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

#include "cli/completion.hpp"

namespace weir::cli {
namespace {

// The command is what the first words name; options stand behind it.
constexpr const char* fish_walk = R"fish(
function __weir_at
    set -l path weir
    for word in (commandline -opc)[2..]
        contains -- "$path $word" $__weir_paths; or break
        set path "$path $word"
    end
    test "$path" = "$argv"
end

# The files whose names end so, and folders.
function __weir_files
    set -l ends (string join "|" -- $argv)
    complete -C "'' "(commandline -ct) | string match -r ".*(?:/|\\.(?:$ends))(?=\t|\$)"
end

complete -c weir -f
)fish";

std::string fish_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string fish_values(const OptionFacts& option) {
  switch (offer_for(option)) {
    case Offer::choices:
      return fmt::format(" -a {}", fish_text(fmt::format("{}", fmt::join(option.choices, " "))));
    case Offer::files:
      return " -F";
    case Offer::folders:
      return " -a '(__fish_complete_directories)'";
    case Offer::scenarios:
      return " -a '(__weir_files jsonc json)'";
    case Offer::reports:
      return " -a '(__weir_files json)'";
    case Offer::nothing:
      break;
  }
  return "";
}

std::string fish_command(const CommandFacts& command) {
  const std::string begin =
      fmt::format("complete -c weir -n '__weir_at {}'", joined_path(command, " "));
  std::string lines;
  for (const CommandFacts& sub : command.commands) {
    lines += fmt::format("{} -a {} -d {}\n", begin, sub.path.back(), fish_text(sub.description));
  }
  for (const OptionFacts& option : command.options) {
    lines += begin;
    for (const std::string& name : option.names) {
      const bool is_long = name.starts_with("--");
      lines += fmt::format(" -{} {}", is_long ? 'l' : 's', name.substr(is_long ? 2 : 1));
    }
    if (!option.value.empty()) lines += " -r" + fish_values(option);
    lines += " -d " + fish_text(option.description) + '\n';
  }
  for (const OptionFacts& positional : command.positionals) {
    const std::string values = fish_values(positional);
    if (!values.empty()) lines += begin + values + '\n';
  }
  return lines;
}

}  // namespace

std::string fish_completion(const CommandFacts& program) {
  std::vector<std::string> paths;
  std::string commands;
  for_each_command(program, [&](const CommandFacts& command) {
    paths.push_back(fish_text(joined_path(command, " ")));
    commands += fish_command(command);
  });
  return fmt::format(
      "# Completion of weir for fish, from the program's own option definitions.\n\n"
      "set -g __weir_paths {}\n{}{}",
      fmt::join(paths, " "), fish_walk, commands);
}

}  // namespace weir::cli
