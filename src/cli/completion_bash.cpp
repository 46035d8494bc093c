#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion.hpp"

namespace weir::cli {
namespace {

// It walks the words that are there, since "--format=csv" is three words to bash, and a URL is too.
constexpr const char* bash_walk = R"(
_weir_files() {
  compopt -o filenames 2>/dev/null
  local pattern
  COMPREPLY=()
  local -a some
  for pattern in "$@"; do
    mapfile -t some < <(compgen -f -X "!$pattern" -- "$cur")
    COMPREPLY+=("${some[@]}")
  done
  [[ $1 == '*' ]] && return
  mapfile -t some < <(compgen -d -- "$cur")
  COMPREPLY+=("${some[@]}")
}

_weir_value() {
  case $1 in
    choices) mapfile -t COMPREPLY < <(compgen -W "$2" -- "$cur") ;;
    files) _weir_files '*' ;;
    scenarios) _weir_files '*.jsonc' '*.json' ;;
    reports) _weir_files '*.json' ;;
    folders)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$cur")
      ;;
  esac
}

_weir() {
  local cur=${COMP_WORDS[COMP_CWORD]} path=weir option='' place=0 i word
  local commands options valued
  COMPREPLY=()
  _weir_at "$path"
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $word == '=' ]]; then
      continue
    elif [[ $word == ':' ]]; then
      ((i++))
    elif [[ -n $option ]]; then
      option=''
    elif [[ $word == -* ]]; then
      [[ " $valued " == *" $word "* ]] && option=$word
    elif [[ " $commands " == *" $word "* ]]; then
      path+=" $word"
      _weir_at "$path"
    else
      ((place++))
    fi
  done
  [[ $cur == '=' ]] && cur=''
  if [[ -n $option ]]; then
    _weir_expects "$path $option"
  elif [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
  elif [[ -n $commands ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
  else
    _weir_expects "$path $place"
  fi
}

complete -F _weir weir
)";

const char* bash_offer(Offer offer) {
  switch (offer) {
    case Offer::choices:
      return "choices";
    case Offer::files:
      return "files";
    case Offer::folders:
      return "folders";
    case Offer::scenarios:
      return "scenarios";
    case Offer::reports:
      return "reports";
    case Offer::nothing:
      break;
  }
  return "nothing";
}

std::string bash_at(const CommandFacts& command) {
  std::vector<std::string> commands, options, valued;
  for (const CommandFacts& sub : command.commands) commands.push_back(sub.path.back());
  for (const OptionFacts& option : command.options) {
    for (const std::string& name : option.names) {
      options.push_back(name);
      if (!option.value.empty()) valued.push_back(name);
    }
  }
  return fmt::format(
      "    '{}')\n      commands='{}'\n      options='{}'\n      valued='{}'\n      ;;\n",
      joined_path(command, " "), fmt::join(commands, " "), fmt::join(options, " "),
      fmt::join(valued, " "));
}

std::string bash_case(const std::string& pattern, const OptionFacts& option) {
  return fmt::format("    {}) _weir_value {} '{}' ;;\n", pattern, bash_offer(offer_for(option)),
                     fmt::join(option.choices, " "));
}

std::string bash_expects(const CommandFacts& command) {
  const std::string path = joined_path(command, " ");
  std::string lines;
  for (const OptionFacts& option : command.options) {
    if (option.value.empty() || offer_for(option) == Offer::nothing) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : option.names)
      patterns.push_back(fmt::format("'{} {}'", path, name));
    lines += bash_case(fmt::format("{}", fmt::join(patterns, " | ")), option);
  }
  for (std::size_t i = 0; i < command.positionals.size(); ++i) {
    const OptionFacts& positional = command.positionals[i];
    if (offer_for(positional) == Offer::nothing) continue;
    lines += bash_case(
        positional.repeats ? fmt::format("'{} '[0-9]*", path) : fmt::format("'{} {}'", path, i),
        positional);
  }
  return lines;
}

}  // namespace

std::string bash_completion(const CommandFacts& program) {
  std::string at, expects;
  for_each_command(program, [&](const CommandFacts& command) {
    at += bash_at(command);
    expects += bash_expects(command);
  });
  return "# Completion of weir for bash, from the program's own option definitions.\n\n"
         "_weir_at() {\n  case $1 in\n" +
         at +
         "  esac\n}\n\n"
         "_weir_expects() {\n  case $1 in\n" +
         expects + "  esac\n}\n" + bash_walk;
}

}  // namespace weir::cli
