#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <cstdio>
#include <memory>

#include "cli/command.hpp"
#include "cli/common_options.hpp"
#include "cli/report_commands.hpp"
#include "report/reading.hpp"
#include "report/terminal.hpp"

namespace weir::cli {
namespace {

/// `weir report render`, its options parsed.
struct RenderCommand {
  std::string file;
  std::string format = "terminal";

  int run() const;
};

int RenderCommand::run() const {
  const auto text = read_file(file);
  if (!text) return complain_of(text.error());
  const auto report = report::read_report(*text, file);
  if (!report) return complain_of(report.error());
  const std::string rendered =
      report::render_terminal(*report, {.color = false, .width = 100, .unicode = true});
  if (std::fwrite(rendered.data(), 1, rendered.size(), stdout) == rendered.size()) {
    return exit_passed;
  }
  complain("could not write to standard output");
  return exit_could_not_run;
}

}  // namespace

std::function<int()> add_report_render(CLI::App& report) {
  CLI::App* command =
      report.add_subcommand("render", "Show a report that was written, in another format");
  const auto state = std::make_shared<RenderCommand>();
  command->add_option("REPORT", state->file, "A report in JSON")->type_name("FILE")->required();
  command->add_option("--format", state->format, "Of the output (terminal)")
      ->check(CLI::IsMember({"terminal"}));
  return [state] { return state->run(); };
}

}  // namespace weir::cli
