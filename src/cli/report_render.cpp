#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/command.hpp"
#include "cli/command_facts.hpp"
#include "cli/common_options.hpp"
#include "cli/report_commands.hpp"
#include "cli/report_files.hpp"
#include "report/csv.hpp"
#include "report/html_report.hpp"
#include "report/junit.hpp"
#include "report/markdown.hpp"
#include "report/reading.hpp"
#include "report/sweep_text.hpp"
#include "report/terminal.hpp"

namespace weir::cli {
namespace {

/// `weir report render`, its options parsed.
struct RenderCommand {
  std::vector<std::string> files;
  std::string format = "terminal";
  std::string out;

  int run() const;

 private:
  std::string render(const std::vector<nlohmann::ordered_json>& reports) const;
};

std::string RenderCommand::render(const std::vector<nlohmann::ordered_json>& reports) const {
  if (format == "html") return report::render_html(reports[0]);
  if (format == "junit") return report::render_junit(reports);
  if (format == "markdown") return report::render_markdown(reports);
  if (format == "csv") return report::render_csv(reports);
  std::string text;
  for (const nlohmann::ordered_json& report : reports) {
    if (!text.empty()) text += '\n';
    text += report::render_terminal(report, {.color = false, .width = 100, .unicode = true});
  }
  return text;
}

int RenderCommand::run() const {
  if (format == "html" && files.size() > 1) {
    complain("report render: an HTML page is of one report");
    return exit_usage;
  }
  std::vector<nlohmann::ordered_json> reports;
  for (const std::string& file : files) {
    const auto text = read_file(file);
    if (!text) return complain_of(text.error());
    auto report = report::read_report(*text, file);
    if (!report) return complain_of(report.error());
    reports.push_back(std::move(*report));
  }
  if (format == "csv" && reports.size() > 1 &&
      std::any_of(reports.begin(), reports.end(), report::is_sweep_report)) {
    complain("report render: the CSV of a sweep is a table of its own: render it alone");
    return exit_usage;
  }
  const std::string rendered = render(reports);
  if (!out.empty()) {
    const auto written = write_whole_file(out, rendered);
    return written ? static_cast<int>(exit_passed) : complain_of(written.error());
  }
  if (std::fwrite(rendered.data(), 1, rendered.size(), stdout) == rendered.size()) {
    return exit_passed;
  }
  complain("could not write to standard output");
  return exit_could_not_run;
}

}  // namespace

std::function<int()> add_report_render(CLI::App& report) {
  CLI::App* command =
      report.add_subcommand("render", "Show reports that were written, in another format");
  const auto state = std::make_shared<RenderCommand>();
  command->add_option("REPORT", state->files, "Reports in JSON; of HTML one")
      ->type_name("FILE")
      ->required();
  command->add_option("--format", state->format, "Of the output (terminal)")
      ->check(CLI::IsMember({"terminal", "html", "junit", "markdown", "csv"}));
  command->add_option("-o,--out", state->out, "Write it into this file")->type_name("FILE");
  tell(*command,
       {"Takes the reports of simulate, load and verify, of probes and of sweeps. Several are told "
        "one after another; an HTML page and the CSV of a sweep are of one."},
       {{"A page to look at",
         "weir report render reports/scenario.json --format html -o scenario.html"},
        {"All thresholds of all runs for a pipeline",
         "weir report render reports/*.json --format junit -o limits.xml"}});
  return [state] { return state->run(); };
}

}  // namespace weir::cli
