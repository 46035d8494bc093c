#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>

#include "cli/command.hpp"
#include "cli/command_facts.hpp"
#include "cli/common_options.hpp"
#include "cli/interrupt.hpp"
#include "cli/progress.hpp"
#include "cli/report_files.hpp"
#include "cli/shard_choice.hpp"
#include "cli/write_report.hpp"
#include "report/json.hpp"
#include "report/sweep_csv.hpp"
#include "report/sweep_html.hpp"
#include "report/sweep_terminal.hpp"
#include "sweep/run.hpp"
#include "sweep/sweep_report.hpp"

namespace weir::cli {
namespace {

/// `weir sweep`, its options parsed.
struct SweepCommand {
  CommonOptions common;
  std::string file;
  std::vector<std::string> varied;
  std::vector<std::string> objectives;
  std::vector<std::string> fields;
  std::size_t most_settings = 10'000;
  std::string out, csv, html;
  bool skip_bad_rows = false;

  void add_to(CLI::App& command);
  int run() const;

 private:
  Result<sweep::SweepOptions> options() const;
  int deliver(const nlohmann::ordered_json& report) const;
  int refuse(const sweep::SweepRefusal& refusal) const;
};

void SweepCommand::add_to(CLI::App& command) {
  command.add_option("SCENARIO", file, "A scenario file")->type_name("FILE")->required();
  command
      .add_option("--vary", varied,
                  "A field and its values: /policy/limits/0/rate=1/s..10/s:10, FROM..TO:STEPS:log "
                  "for even factors, or a list a,b,c; several make a grid")
      ->type_name("POINTER=VALUES")
      ->required()
      ->allow_extra_args(false);
  command
      .add_option("--objective", objectives,
                  "A field of the report to choose by, the first counting most: "
                  "totals.denied_ratio:min, peak_allowed:min")
      ->type_name("FIELD:min|max")
      ->allow_extra_args(false);
  command.add_option("--field", fields, "A further field of the report to show")
      ->type_name("FIELD")
      ->allow_extra_args(false);
  command.add_option("--max-settings", most_settings, "Refuse a grid with more settings (10000)")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, std::size_t{10'000'000}));
  command.add_option("--csv", csv, "Write a row for every setting")->type_name("FILE");
  command.add_option("--html", html, "Write a page with the front as a chart")->type_name("FILE");
  command.add_option("--out", out, "Write NAME.sweep.json into this folder")->type_name("DIR");
  command.add_flag("--skip-bad-rows", skip_bad_rows, "Skip and count unreadable rows of a trace");
  common.add_to(command);
  tell(
      command,
      {"Every value of every varied field is tried with every other. Ranges are of whole or "
       "decimal "
       "numbers, durations or rates, and STEPS counts both ends; commas make a list of any values. "
       "What is below /policy or /policies varies on the same traffic, but for a limit's key, "
       "which "
       "decides how traffic falls into parts; whatever else varies has traffic of its own. Each "
       "setting's figures are those of simulate with --set.",
       "The best setting is, of those that keep all thresholds, the one that is best in the first "
       "objective, among equals in the next. Of a series the largest value counts; peak_allowed is "
       "the most allowed in any window as long as the series' interval. Without --objective these "
       "are the share of requests denied (of the class whose denials a threshold bounds) and "
       "peak_allowed, first the one that no threshold bounds."},
      {{"Choose a bucket",
        "weir sweep scenario.jsonc --vary /policy/limits/0/capacity=10..50:5 "
        "--vary /policy/limits/0/rate=1/s..16/s:5:log"},
       {"Compare whole limits",
        "weir sweep scenario.jsonc --vary "
        "'/policy/limits/0={\"algorithm\":\"gcra\",\"rate\":\"5/s\",\"burst\":20},"
        "{\"algorithm\":\"fixed-window\",\"limit\":5,\"window\":\"1s\"}'"}});
}

Result<sweep::SweepOptions> SweepCommand::options() const {
  sweep::SweepOptions options{.threads = common.threads,
                              .policy = common.policy,
                              .skip_bad_rows = skip_bad_rows,
                              .fields = fields};
  for (const std::string& word : objectives) {
    auto objective = sweep::parse_objective(word);
    if (!objective) {
      return fail(ErrorKind::usage, fmt::format("--objective {}", objective.error()));
    }
    options.objectives.push_back(std::move(*objective));
  }
  return options;
}

int SweepCommand::refuse(const sweep::SweepRefusal& refusal) const {
  if (refusal.setting.empty() && refusal.kind == ErrorKind::usage) {
    for (const Problem& problem : refusal.problems) complain(problem.message);
    return exit_usage;
  }
  const std::string where =
      refusal.setting.empty() ? file : fmt::format("{}: {}", file, refusal.setting);
  complain(where, refusal.problems);
  return static_cast<int>(refusal.kind);
}

int sweep_width() {
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 100;
  return std::clamp<int>(size.ws_col, 40, 200);
}

int SweepCommand::deliver(const nlohmann::ordered_json& report) const {
  int code = exit_passed;
  const auto check = [&code](const Result<void>& written) {
    if (!written) code = complain_of(written.error());
  };
  if (!out.empty()) check(write_report(out, report));
  if (!csv.empty()) check(write_whole_file(csv, report::sweep_csv(report)));
  if (!html.empty()) check(write_whole_file(html, report::sweep_html(report)));
  std::string text;
  if (common.json) {
    text = report::to_text(report);
  } else if (!common.quiet) {
    text = report::render_sweep(
        report, {.color = common.color_on_stdout(), .width = sweep_width(), .unicode = true});
  }
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    complain("could not write to standard output");
    return exit_could_not_run;
  }
  return code;
}

int SweepCommand::run() const {
  say_that_it_is_not_cut("a sweep", common.quiet);
  const auto load = common.load_options(folder_of(file));
  if (!load) return complain_of(load.error());
  auto grid = sweep::Grid::make(varied, most_settings);
  if (!grid) return complain_of(grid.error());
  const auto options = this->options();
  if (!options) return complain_of(options.error());
  if (!out.empty()) {
    if (const auto made = make_report_folder(out); !made) return complain_of(made.error());
  }
  const auto text = read_file(file);
  if (!text) return complain_of(text.error());
  const auto started = std::chrono::steady_clock::now();
  sim::RunControl control;
  const InterruptGuard guard(control.stop);
  const auto sweep = sweep::Sweep::prepare(*text, *load, std::move(*grid), *options, control);
  if (!sweep) return refuse(sweep.error());
  const auto outcome = [&] {
    const ProgressBar bar(control, sweep->first().name, !common.quiet);
    return sweep->run(control);
  }();
  if (!outcome) return refuse(outcome.error());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  const auto report = sweep::make_sweep_report(*sweep, *outcome);
  const int delivered = deliver(report);
  if (!common.quiet) {
    const std::size_t ran = outcome->settings.size();
    fmt::print(stderr, "ran {} setting{} in {:.2f} s\n", ran, ran == 1 ? "" : "s", took.count());
  }
  if (delivered != exit_passed) return delivered;
  if (outcome->interrupted) return exit_interrupted;
  return report["verdict"] == "pass" ? exit_passed : exit_failed;
}

}  // namespace

std::function<int()> add_sweep(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "sweep", "Run a scenario in every setting of a grid, and choose the best");
  const auto state = std::make_shared<SweepCommand>();
  state->add_to(*command);
  return [state] { return state->run(); };
}

}  // namespace weir::cli
