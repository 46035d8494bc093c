#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "cli/command.hpp"
#include "cli/command_facts.hpp"
#include "cli/common_options.hpp"
#include "cli/number_between.hpp"
#include "cli/report_commands.hpp"
#include "cli/report_files.hpp"
#include "report/compare.hpp"
#include "report/json.hpp"
#include "report/reading.hpp"

namespace weir::cli {
namespace {

/// The reports of one side, and what lay beside them that is none, a sentence each.
struct Side {
  std::vector<nlohmann::ordered_json> reports;
  std::vector<std::string> left_out;
};

/// `weir report compare`, its options parsed.
struct CompareCommand {
  std::vector<std::string> base;
  std::vector<std::string> fresh;
  std::string format = "terminal";
  std::string out;
  double tolerance = -1.0;
  report::CompareOptions options;
  bool no_color = false;

  int run();
};

/// The reports in a folder, by name, or the file itself.
Result<std::vector<std::string>> files_at(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  }
  if (error || files.empty()) {
    return fail(ErrorKind::cannot_run,
                fmt::format("{}: there are no reports (*.json) in it", path));
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Whether a file holds JSON that is no report, as the scenario of a probe beside its report.
bool is_other_json(const std::string& text) {
  const auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  return json.is_object() && !json.contains("schema_version");
}

/// Why the figures of the report that a file holds cannot be compared; empty if they can, or if it
/// is no report.
std::string why_not_compared(const std::string& text) {
  const auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!json.is_object()) return "";
  const std::string mode = json.contains("mode") && json["mode"].is_string() ? json["mode"] : "";
  if (mode == "probe") return "is of a probe, which has no figures to compare";
  if (mode == "sweep") return "is of a sweep, whose settings are many runs: compare runs of two";
  return mode == "compare" ? "is a comparison" : "";
}

/// What is named itself must be comparable; what only lies in a folder is left out if it is not.
Result<Side> read_side(const std::vector<std::string>& paths) {
  Side side;
  for (const std::string& path : paths) {
    const auto files = files_at(path);
    if (!files) return tl::unexpected(files.error());
    for (const std::string& file : *files) {
      const auto text = read_file(file);
      if (!text) return tl::unexpected(text.error());
      const bool is_named = file == path;
      if (!is_named && is_other_json(*text)) {
        side.left_out.push_back(fmt::format("{}: is no report", file));
        continue;
      }
      if (const std::string why = why_not_compared(*text); !why.empty()) {
        const std::string sentence = fmt::format("{}: {}", file, why);
        if (is_named) return fail(ErrorKind::usage, sentence);
        side.left_out.push_back(sentence);
        continue;
      }
      auto report = report::read_report(*text, file);
      if (!report) return tl::unexpected(report.error());
      side.reports.push_back(std::move(*report));
    }
    if (side.reports.empty()) {
      return fail(ErrorKind::cannot_run,
                  fmt::format("{}: there is nothing to compare in it{}{}", path,
                              side.left_out.empty() ? "" : "; ", fmt::join(side.left_out, "; ")));
    }
  }
  return side;
}

int CompareCommand::run() {
  if (fresh.empty() && base.size() == 2) {
    fresh = {base.back()};
    base.pop_back();
  }
  if (fresh.empty()) {
    complain(
        "report compare: name two reports or folders, or with several a side: BASE… --with NEW…");
    return exit_usage;
  }
  if (tolerance >= 0.0) options.tolerance = tolerance;
  const auto before = read_side(base);
  if (!before) return complain_of(before.error());
  const auto after = read_side(fresh);
  if (!after) return complain_of(after.error());
  for (const Side* side : {&*before, &*after}) {
    for (const std::string& sentence : side->left_out) complain(sentence + ": left out");
  }
  const auto comparison = report::compare_reports(before->reports, after->reports, options);
  CommonOptions common;
  common.no_color = no_color;
  const std::string text =
      format == "html"       ? report::compare_html(comparison, before->reports, after->reports)
      : format == "markdown" ? report::compare_markdown(comparison)
      : format == "json"
          ? report::to_text(comparison)
          : report::compare_terminal(comparison, out.empty() && common.color_on_stdout(), 110);
  if (!out.empty()) {
    if (const auto written = write_whole_file(out, text); !written) {
      return complain_of(written.error());
    }
  } else if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    complain("could not write to standard output");
    return exit_could_not_run;
  }
  return comparison["verdict"] == "pass" ? exit_passed : exit_failed;
}

}  // namespace

std::function<int()> add_report_compare(CLI::App& report) {
  CLI::App* command = report.add_subcommand(
      "compare", "Two runs, or two groups of runs, side by side: exit code 4 if anything is worse");
  const auto state = std::make_shared<CompareCommand>();
  command->add_option("BASE", state->base, "Reports, or folders of them: two, or those of one side")
      ->type_name("FILE")
      ->required();
  command->add_option("--with", state->fresh, "The reports or folders of the other side")
      ->type_name("FILE");
  command
      ->add_option(
          "--tolerance", state->tolerance,
          "The share by which a figure may get worse (0 of a simulation, 0.05 of live runs)")
      ->type_name("RATIO")
      ->check(number_between(0.0, 10.0));
  command
      ->add_option("--significance", state->options.significance,
                   "Of live runs: the probability of a false alarm that is put up with (0.01)")
      ->type_name("P")
      ->check(number_between(1e-9, 0.5));
  command->add_flag("--any-change", state->options.any_change,
                    "Any other figure of a simulation fails, not only one for the worse");
  command->add_option("--format", state->format, "Of the output (terminal)")
      ->check(CLI::IsMember({"terminal", "html", "markdown", "json"}));
  command->add_option("-o,--out", state->out, "Write it into this file")->type_name("FILE");
  command->add_flag("--no-color", state->no_color, "No colours");
  tell(*command,
       {"Reports of simulations are compared exactly, groups of live runs by a Mann-Whitney test "
        "with Holm's correction and a tolerance; seven or more a side can show anything. Exit code "
        "4 if a figure is worse, and where nothing can be concluded: too few runs, parts of runs, "
        "different requests, a scenario that is on one side only."},
       {{"What would another capacity change",
         "weir simulate scenario.jsonc --out old && weir simulate scenario.jsonc --set "
         "/policy/limits/0/capacity=15 --out new && weir report compare old new"},
        {"Whether a gateway became slower, by ten runs before and after",
         "weir report compare before --with after --format markdown -o changes.md"}});
  return [state] { return state->run(); };
}

}  // namespace weir::cli
