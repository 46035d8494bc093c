#include "cli/manual.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "cli/exit_codes.hpp"

namespace weir::cli {
namespace {

/// One character of UTF-8 as troff names it, and how many bytes it had.
std::string escaped_character(std::string_view text, std::size_t& length) {
  const auto first = static_cast<unsigned char>(text[0]);
  length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  length = std::min(length, text.size());
  unsigned code = first & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    code = code << 6U | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  return fmt::format("\\[u{:04X}]", code);
}

/// Text as troff shows it literally: a dash is the one that is typed, no line is a request.
std::string escaped(std::string_view text) {
  std::string out;
  if (!text.empty() && (text[0] == '.' || text[0] == '\'')) out += "\\&";
  while (!text.empty()) {
    std::size_t length = 1;
    const char c = text[0];
    if (static_cast<unsigned char>(c) >= 0x80) {
      out += escaped_character(text, length);
    } else if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\'') {
      out += "\\(aq";
    } else if (c == '`') {
      out += "\\(ga";
    } else if (c == '^') {
      out += "\\(ha";
    } else if (c == '~') {
      out += "\\(ti";
    } else {
      out += c;
    }
    text.remove_prefix(length);
  }
  return out;
}

std::string bold(std::string_view text) { return "\\fB" + escaped(text) + "\\fR"; }

/// A placeholder in italics; alternatives that are typed as they are in bold.
std::string value_text(const std::string& value) {
  const bool is_typed =
      std::any_of(value.begin(), value.end(), [](unsigned char c) { return std::islower(c) != 0; });
  return is_typed ? bold(value) : "\\fI" + escaped(value) + "\\fR";
}

std::string sentence(const std::string& text) {
  std::string out = escaped(text);
  const char last = text.empty() ? '.' : text.back();
  if (last != '.' && last != '?' && last != '!') out += '.';
  return out;
}

std::string synopsis(const CommandFacts& command) {
  std::string out = ".SH SYNOPSIS\n" + bold(joined_path(command, " "));
  if (!command.options.empty()) out += " [\\fIOPTION\\fR]...";
  for (const OptionFacts& p : command.positionals) {
    const std::string name = "\\fI" + escaped(p.names[0]) + "\\fR" + (p.repeats ? "..." : "");
    out += p.required ? ' ' + name : " [" + name + ']';
  }
  if (!command.commands.empty()) out += " \\fICOMMAND\\fR [\\fIARGUMENT\\fR]...";
  return out + '\n';
}

std::string description(const CommandFacts& command) {
  std::string out = ".SH DESCRIPTION\n" + sentence(command.description) + '\n';
  for (const std::string& paragraph : command.paragraphs) {
    out += ".PP\n" + escaped(paragraph) + '\n';
  }
  return out;
}

std::string commands(const CommandFacts& command) {
  if (command.commands.empty()) return "";
  std::string out = ".SH COMMANDS\n";
  for (const CommandFacts& sub : command.commands) {
    out += ".TP\n" + bold(sub.path.back()) + '\n' + sentence(sub.description) + " See " +
           bold(manual_page_name(sub)) + "(1).\n";
  }
  return out;
}

std::string entry_body(const OptionFacts& option) {
  std::string out = sentence(option.description);
  if (option.required) out += " It must be given.";
  if (option.repeats) out += " May be given several times.";
  if (!option.default_value.empty()) out += " The default is " + bold(option.default_value) + '.';
  if (!option.environment.empty()) {
    out += " The environment variable " + bold(option.environment) + " sets it too.";
  }
  return out + '\n';
}

std::string arguments(const CommandFacts& command) {
  if (command.positionals.empty()) return "";
  std::string out = ".SH ARGUMENTS\n";
  for (const OptionFacts& p : command.positionals) {
    out += ".TP\n\\fI" + escaped(p.names[0]) + "\\fR\n" + entry_body(p);
  }
  return out;
}

std::string options(const CommandFacts& command) {
  if (command.options.empty()) return "";
  std::string out = ".SH OPTIONS\n";
  for (const OptionFacts& option : command.options) {
    std::string names;
    for (const std::string& name : option.names) names += (names.empty() ? "" : ", ") + bold(name);
    if (!option.value.empty()) names += ' ' + value_text(option.value);
    out += ".TP\n" + names + '\n' + entry_body(option);
  }
  return out;
}

std::string exit_status(const CommandFacts& command) {
  const std::string path = joined_path(command, " ");
  const std::size_t space = path.find(' ');
  const std::string words = space == std::string::npos ? "" : path.substr(space + 1);
  std::string out = ".SH EXIT STATUS\n";
  for (const ExitMeaning& exit : exit_meanings) {
    if (!gives(exit, words)) continue;
    out += ".TP\n" + bold(std::to_string(exit.code)) + '\n' + sentence(exit.meaning) + '\n';
  }
  return out;
}

bool has_option(const CommandFacts& command, std::string_view name) {
  return std::any_of(command.options.begin(), command.options.end(), [&](const OptionFacts& o) {
    return std::find(o.names.begin(), o.names.end(), name) != o.names.end();
  });
}

std::string environment(const CommandFacts& command) {
  std::string out;
  if (has_option(command, "--no-color")) {
    out += ".TP\n" + bold("NO_COLOR") + "\nIf it is set, the summary has no colours, as with " +
           bold("--no-color") + ".\n";
  }
  for (const OptionFacts& option : command.options) {
    if (option.environment.empty()) continue;
    out += ".TP\n" + bold(option.environment) + "\nAs " + bold(option.names[0]) + ".\n";
  }
  return out.empty() ? "" : ".SH ENVIRONMENT\n" + out;
}

bool reads_scenarios(const CommandFacts& command) {
  return std::any_of(command.positionals.begin(), command.positionals.end(),
                     [](const OptionFacts& p) { return p.names[0].starts_with("SCENARIO"); });
}

std::string files(const CommandFacts& command) {
  if (!reads_scenarios(command) && command.path.size() > 1) return "";
  return ".SH FILES\nBelow the prefix of the installation, such as /usr:\n"
         ".TP\n.I share/doc/weir/examples\nScenarios to start from, with comments.\n"
         ".TP\n.I share/weir/schema\nJSON Schemas, as " +
         bold("weir schema") + " prints them.\n";
}

std::string examples(const CommandFacts& command) {
  if (command.examples.empty()) return "";
  std::string out = ".SH EXAMPLES\n";
  for (const Example& example : command.examples) {
    if (&example != &command.examples.front()) out += ".PP\n";
    out += escaped(example.does) + ":\n.PP\n.in +4n\n.EX\n$ " + escaped(example.command) +
           "\n.EE\n.in\n";
  }
  return out;
}

std::string see_also(const CommandFacts& command, const CommandFacts& program) {
  std::vector<std::string> pages;
  for_each_command(program, [&](const CommandFacts& other) {
    if (other.path != command.path) pages.push_back(bold(manual_page_name(other)) + "(1)");
  });
  std::sort(pages.begin(), pages.end());
  return fmt::format(".SH SEE ALSO\n{}\n", fmt::join(pages, ",\n"));
}

}  // namespace

std::string manual_page_name(const CommandFacts& command) { return joined_path(command, "-"); }

std::string manual_page(const CommandFacts& command, const CommandFacts& program) {
  std::string title = manual_page_name(command);
  std::transform(title.begin(), title.end(), title.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string summary = command.description;
  if (const std::string name = program.path[0] + ": "; summary.starts_with(name)) {
    summary.erase(0, name.size());
  } else if (!summary.empty() &&
             (summary.size() < 2 || std::islower(summary[1]) != 0 || summary[1] == ' ')) {
    summary[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(summary[0])));
  }
  std::string page = fmt::format(".TH {} 1 \"\" \"weir {}\" \"weir manual\"\n.SH NAME\n{} \\- {}\n",
                                 escaped(title), WEIR_VERSION, escaped(manual_page_name(command)),
                                 escaped(summary));
  page += synopsis(command) + description(command) + commands(command) + arguments(command) +
          options(command) + exit_status(command) + environment(command) + files(command) +
          examples(command) + see_also(command, program);
  return page;
}

}  // namespace weir::cli
