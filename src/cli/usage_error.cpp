#include "cli/usage_error.hpp"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "cli/command_facts.hpp"
#include "core/text.hpp"

namespace weir::cli {
namespace {

/// The command that the words before the mistake name.
const CLI::App& command_of(const CLI::App& program) {
  const CLI::App* command = &program;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  return *command;
}

std::string unknown(const char* what, const std::string& word,
                    const std::vector<std::string>& known) {
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  const std::string_view near = nearest(word, candidates);
  return fmt::format("unknown {} {}{}", what, word,
                     near.empty() ? "" : fmt::format("; did you mean {}?", near));
}

std::string sentence_of(const CLI::App& command, const CommandFacts& facts,
                        const CLI::ParseError& error) {
  const std::vector<std::string> rest = command.remaining();
  std::vector<std::string> names;
  if (!rest.empty() && rest[0].starts_with("-")) {
    for (const OptionFacts& option : facts.options) {
      names.insert(names.end(), option.names.begin(), option.names.end());
    }
    return unknown("option", rest[0].substr(0, rest[0].find('=')), names);
  }
  if (!facts.commands.empty()) {
    for (const CommandFacts& sub : facts.commands) names.push_back(sub.path.back());
    return rest.empty() ? "a command is missing" : unknown("command", rest[0], names);
  }
  if (!rest.empty()) return fmt::format("unexpected argument {}", rest[0]);
  return error.what();
}

}  // namespace

std::string usage_error(const CLI::App& program, const CLI::ParseError& error) {
  const CLI::App& command = command_of(program);
  const CommandFacts facts = facts_of(command);
  std::string where;
  for (std::size_t i = 1; i < facts.path.size(); ++i) {
    where += fmt::format("{}{}", i == 1 ? "" : " ", facts.path[i]);
  }
  return fmt::format("{}{}{} (see {} --help)", where, where.empty() ? "" : ": ",
                     sentence_of(command, facts, error), joined_path(facts, " "));
}

}  // namespace weir::cli
