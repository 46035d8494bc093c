#include "cli/common_options.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/Option.hpp>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

#include "cli/command.hpp"
#include "core/text.hpp"

namespace weir::cli {

void CommonOptions::add_to(CLI::App& command) {
  command.add_option("--set", overrides, "Override a field: --set /policy/limits/0/rate=10/s")
      ->type_name("POINTER=VALUE")
      ->allow_extra_args(false);
  command.add_option("--policy", policy, "Run only this one of several policies")
      ->type_name("NAME");
  command.add_option("--seed", seed, "Seed of all randomness, instead of the scenario's")
      ->type_name("N");
  command
      .add_option("--threads", threads,
                  "How many threads (all cores unless said); a simulation gives the same results "
                  "with any number")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  add_output_to(command);
}

void CommonOptions::add_output_to(CLI::App& command) {
  command.add_flag("--quiet,-q", quiet, "Print nothing but errors");
  command.add_flag("--json", json, "Print the report as JSON on stdout, and nothing else there");
  command.add_flag("--no-color", no_color, "No colours in the summary");
}

Result<scenario::LoadOptions> CommonOptions::load_options(
    const std::string& base_directory, Result<std::vector<scenario::Override>> changes) const {
  scenario::LoadOptions load;
  load.base_directory = base_directory;
  if (!seed.empty()) {
    const auto number = parse_integer(seed);
    if (!number || *number < 0) {
      return fail(ErrorKind::usage,
                  fmt::format("--seed {}: must be a whole number of at least 0", seed));
    }
    load.seed = static_cast<std::uint64_t>(*number);
  }
  for (const std::string& text : overrides) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || text.empty() || text[0] != '/') {
      return fail(ErrorKind::usage,
                  fmt::format("--set {}: must be a JSON pointer, an equals sign and a value, such "
                              "as /policy/limits/0/rate=10/s",
                              text));
    }
    load.overrides.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  if (!changes) return tl::unexpected(changes.error());
  load.overrides.insert(load.overrides.begin(), changes->begin(), changes->end());
  return load;
}

bool CommonOptions::color_on_stdout() const {
  return !no_color && std::getenv("NO_COLOR") == nullptr && isatty(STDOUT_FILENO) == 1;
}

Result<std::string> read_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return fail(ErrorKind::cannot_run, fmt::format("{}: is a folder, not a file", path));
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                             &std::fclose);
  if (!file) {
    return fail(ErrorKind::cannot_run, fmt::format("{}: {}", path, std::strerror(errno)));
  }
  std::string content;
  char chunk[1 << 16];
  std::size_t n = 0;
  while ((n = std::fread(chunk, 1, sizeof chunk, file.get())) > 0) content.append(chunk, n);
  if (std::ferror(file.get()) != 0) {
    return fail(ErrorKind::cannot_run, fmt::format("{}: {}", path, std::strerror(errno)));
  }
  return content;
}

tl::expected<scenario::Scenario, int> load_scenario(const std::string& path,
                                                    const scenario::LoadOptions& options) {
  const Result<std::string> text = read_file(path);
  if (!text) return tl::unexpected(complain_of(text.error()));
  auto parsed = scenario::parse_scenario(*text, options);
  if (!parsed) {
    complain(path, parsed.error());
    return tl::unexpected(static_cast<int>(exit_invalid_scenario));
  }
  return std::move(*parsed);
}

std::string folder_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

void complain(const std::string& message) { fmt::print(stderr, "weir: {}\n", message); }

int complain_of(const Error& error) {
  complain(error.message);
  return static_cast<int>(error.kind);
}

void complain(const std::string& path, const Problems& problems) {
  fmt::print(stderr, "weir: {}: {} problem{}\n", path, problems.size(),
             problems.size() == 1 ? "" : "s");
  for (const Problem& p : problems) {
    fmt::print(stderr, "  {}{}{}\n", p.pointer, p.pointer.empty() ? "" : ": ", p.message);
  }
}

}  // namespace weir::cli
