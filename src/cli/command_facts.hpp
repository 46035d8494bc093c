#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace weir::cli {

/// An option or a positional argument of a command, as help, manual and completions tell of it.
struct OptionFacts {
  std::vector<std::string> names;    // "--quiet", "-q"; a positional's only one has no dash
  std::string value;                 // how its value reads: FILE, json|combined; "" for a flag
  std::vector<std::string> choices;  // its values, where they are a set
  std::string default_value;         // "" where there is none, or the description says it
  std::string environment;           // the variable that it is read from as well, or ""
  std::string description;
  bool repeats = false;
  bool required = false;
};

/// One example: a sentence and the command line that does it.
struct Example {
  std::string does;
  std::string command;
};

/// A command with all that is below it, read from CLI11's definitions.
struct CommandFacts {
  std::vector<std::string> path;  // "weir", "report", "render"
  std::string description;        // one sentence, without a full stop
  std::vector<std::string> paragraphs;
  std::vector<Example> examples;
  std::vector<OptionFacts> positionals;
  std::vector<OptionFacts> options;
  std::vector<CommandFacts> commands;
};

/// Says of a command what does not stand at its options: paragraphs, then examples. It is kept as
/// the command's footer.
void tell(CLI::App& command, const std::vector<std::string>& paragraphs,
          const std::vector<Example>& examples);

/// Hidden commands and options are left out.
CommandFacts facts_of(const CLI::App& command);

/// The path with something between its words.
std::string joined_path(const CommandFacts& command, const char* between);

/// "NAME", "[NAME]" or "[NAME...]", as a synopsis has a positional argument.
std::string synopsis_of(const OptionFacts& positional);

/// Calls `visit` for a command and for every one below it.
template <class Visit>
void for_each_command(const CommandFacts& command, const Visit& visit) {
  visit(command);
  for (const CommandFacts& sub : command.commands) for_each_command(sub, visit);
}

}  // namespace weir::cli
