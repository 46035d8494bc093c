#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/command_facts.hpp"
#include "cli/common_options.hpp"
#include "cli/completion.hpp"
#include "cli/manual.hpp"
#include "cli/schemas.hpp"

namespace weir::cli {
namespace {

bool write_document(const std::filesystem::path& path, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) complain(fmt::format("{}: could not be written", path.string()));
  return static_cast<bool>(file);
}

int write_documents(const CommandFacts& program, const std::filesystem::path& folder) {
  bool done = true;
  for_each_command(program, [&](const CommandFacts& command) {
    done = done && write_document(folder / "man1" / (manual_page_name(command) + ".1"),
                                  manual_page(command, program));
  });
  for (const auto& [name, schema] : schemas()) {
    done = done && write_document(folder / "schema" / (name + ".json"), schema().dump(2) + "\n");
  }
  const auto completions = folder / "completions";
  done = done && write_document(completions / "weir.bash", bash_completion(program)) &&
         write_document(completions / "_weir", zsh_completion(program)) &&
         write_document(completions / "weir.fish", fish_completion(program));
  return done ? exit_passed : exit_could_not_run;
}

}  // namespace

std::function<int()> add_documents(CLI::App& program) {
  CLI::App* command = program.add_subcommand(
      "documents", "Write manual pages, completions and schemas, for the installation");
  command->group("");
  const auto folder = std::make_shared<std::string>();
  command->add_option("DIR", *folder, "Where to")->required();
  return [folder, &program] { return write_documents(facts_of(program), *folder); };
}

}  // namespace weir::cli
