#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string_view>

#include "cli/completion.hpp"

namespace weir::cli {
namespace {

/// Text within single quotes within the brackets or colons of a specification of _arguments.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += R"('\'')";
    } else {
      if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string zsh_action(const OptionFacts& option) {
  switch (offer_for(option)) {
    case Offer::choices:
      return fmt::format("({})", fmt::join(option.choices, " "));
    case Offer::files:
      return "_files";
    case Offer::folders:
      return "_files -/";
    case Offer::scenarios:
      return "_files -g \"*.(jsonc|json)\"";
    case Offer::reports:
      return "_files -g \"*.json\"";
    case Offer::nothing:
      break;
  }
  return " ";
}

std::string zsh_option(const OptionFacts& option) {
  std::string lines;
  for (const std::string& name : option.names) {
    std::string others;
    if (!option.repeats) others = fmt::format("({})", fmt::join(option.names, " "));
    // A value stands behind the option or, of a long one, behind an equals sign.
    const char* joined = option.value.empty() ? "" : name.starts_with("--") ? "=" : "+";
    const std::string value =
        option.value.empty() ? ""
                             : fmt::format(":{}:{}", zsh_text(option.value), zsh_action(option));
    lines += fmt::format("    '{}{}{}[{}]{}' \\\n", option.repeats ? "*" : others, name, joined,
                         zsh_text(option.description), value);
  }
  return lines;
}

std::string zsh_options(const CommandFacts& command) {
  std::string lines;
  for (const OptionFacts& option : command.options) lines += zsh_option(option);
  return lines;
}

std::string zsh_function(const CommandFacts& command) {
  return fmt::format("_{}", joined_path(command, "_"));
}

std::string zsh_leaf(const CommandFacts& command) {
  std::string specs = zsh_options(command);
  for (std::size_t i = 0; i < command.positionals.size(); ++i) {
    const OptionFacts& p = command.positionals[i];
    specs += fmt::format("    '{}:{}:{}' \\\n",
                         p.repeats    ? "*"
                         : p.required ? fmt::format("{}", i + 1)
                                      : fmt::format("{}:", i + 1),
                         zsh_text(p.names[0]), zsh_action(p));
  }
  return fmt::format("{}() {{\n  _arguments -s -S \\\n{}    && return\n}}\n\n",
                     zsh_function(command), specs);
}

std::string zsh_branch(const CommandFacts& command) {
  std::string list, calls;
  for (const CommandFacts& sub : command.commands) {
    list += fmt::format("    '{}:{}'\n", sub.path.back(), zsh_text(sub.description));
    calls += fmt::format("    {}) {} ;;\n", sub.path.back(), zsh_function(sub));
  }
  return fmt::format(R"({0}() {{
  local curcontext=$curcontext state line
  local -a commands
  typeset -A opt_args
  commands=(
{1}  )
  _arguments -C -S \
{2}    '1:command:->command' \
    '*::argument:->argument' && return
  case $state in
    command) _describe command commands ;;
    argument)
      case $line[1] in
{3}      esac
      ;;
  esac
}}

)",
                     zsh_function(command), list, zsh_options(command), calls);
}

}  // namespace

std::string zsh_completion(const CommandFacts& program) {
  std::string out =
      "#compdef weir\n# Completion of weir for zsh, from the program's own option definitions.\n\n";
  for_each_command(program, [&](const CommandFacts& command) {
    out += command.commands.empty() ? zsh_leaf(command) : zsh_branch(command);
  });
  return out + "_weir \"$@\"\n";
}

}  // namespace weir::cli
