#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <memory>
#include <utility>

#include "cli/command.hpp"
#include "cli/command_facts.hpp"
#include "cli/common_options.hpp"
#include "cli/deliver_report.hpp"
#include "cli/report_commands.hpp"
#include "cli/report_files.hpp"
#include "cli/write_report.hpp"
#include "report/merge.hpp"
#include "report/reading.hpp"

namespace weir::cli {
namespace {

/// `weir report merge`, its options parsed.
struct MergeCommand {
  std::vector<std::string> files;
  std::string out;
  bool pseudonyms = false;
  /// Of these only what is printed.
  CommonOptions printed;
  ReportFiles formats;

  int run();
};

int MergeCommand::run() {
  std::vector<report::NamedReport> shards;
  for (const std::string& file : files) {
    const auto text = read_file(file);
    if (!text) return complain_of(text.error());
    auto report = report::read_report(*text, file);
    if (!report) return complain_of(report.error());
    shards.push_back({file, std::move(*report)});
  }
  const auto merged = report::merge_shards(shards, pseudonyms);
  if (!merged) return complain_of(merged.error());
  if (!out.empty()) {
    if (const auto done = write_report_file(out, *merged); !done) return complain_of(done.error());
  }
  if (const int code = deliver_report(*merged, "", formats, printed); code != exit_passed)
    return code;
  return (*merged)["verdict"] == "pass" ? exit_passed : exit_failed;
}

}  // namespace

std::function<int()> add_report_merge(CLI::App& report) {
  CLI::App* command = report.add_subcommand(
      "merge", "Add the reports of a run's shards up to that of the whole run, and judge it");
  const auto state = std::make_shared<MergeCommand>();
  command->add_option("REPORT", state->files, "The reports of all shards, in any order")
      ->type_name("FILE")
      ->required();
  command->add_option("--out", state->out, "Write the report into this file")->type_name("FILE");
  state->formats.add_to(*command);
  command->add_flag("--pseudonyms", state->pseudonyms, "Replace keys by hashes");
  command->add_flag("--quiet,-q", state->printed.quiet, "Print nothing but errors");
  command->add_flag("--json", state->printed.json,
                    "Print the report as JSON on stdout, and nothing else there");
  command->add_flag("--no-color", state->printed.no_color, "No colours in the summary");
  tell(
      *command,
      {"A run is cut by --shard of simulate and load. Merged, the shards of a simulation give the "
       "report of the whole run, byte for byte; its thresholds are judged then. It is refused if "
       "a shard is missing or there twice, and if they are not of one scenario, seed and version."},
      {{"Cut a simulation in two and add it up again",
        "weir simulate scenario.jsonc --shard 1/2 --out parts && weir simulate scenario.jsonc "
        "--shard 2/2 --out parts && weir report merge parts/*.json --out whole.json"}});
  return [state] { return state->run(); };
}

}  // namespace weir::cli
