#pragma once

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"
#include "scenario/model.hpp"

namespace weir::cli {

/// The options that every command which runs a scenario has.
struct CommonOptions {
  std::vector<std::string> overrides;
  std::string policy;
  std::string seed;
  unsigned threads = 0;
  bool quiet = false;
  bool json = false;
  bool no_color = false;

  void add_to(CLI::App& command);
  /// Only those that say what is printed.
  void add_output_to(CLI::App& command);
  /// What --set and --seed mean for a scenario file in that folder, after what a command's own
  /// words change.
  Result<scenario::LoadOptions> load_options(
      const std::string& base_directory,
      Result<std::vector<scenario::Override>> changes = std::vector<scenario::Override>()) const;
  /// Whether colour goes to standard output: a terminal, not switched off, NO_COLOR not set.
  bool color_on_stdout() const;
};

/// A file's whole content.
Result<std::string> read_file(const std::string& path);

/// Reads and checks a scenario file; complains on standard error and gives the exit code if it
/// cannot be run.
tl::expected<scenario::Scenario, int> load_scenario(const std::string& path,
                                                    const scenario::LoadOptions& options);
/// The folder of a file, from which relative paths in it start.
std::string folder_of(const std::string& path);

/// One line on standard error: "weir: ...".
void complain(const std::string& message);
/// The same of an error; gives its exit code.
int complain_of(const Error& error);
/// The problems of a scenario, one a line, under the name of its file.
void complain(const std::string& path, const Problems& problems);

}  // namespace weir::cli
