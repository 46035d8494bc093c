#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/paths.hpp"

namespace weir {
namespace {

/// What each folder of src/ may include beside itself; "" is src/ itself, where only main.cpp is.
/// A folder without a row may neither include nor be included: it gets its row with its first file.
const std::map<std::string, std::set<std::string>, std::less<>>& allowed_includes() {
  static const std::map<std::string, std::set<std::string>, std::less<>> table = {
      {"", {"cli", "core"}},
      {"core", {}},
      {"limiter", {"core"}},
      {"policy", {"limiter", "core"}},
      {"traffic", {"core"}},
      {"metrics", {"core"}},
      {"scenario", {"policy", "traffic", "limiter", "core"}},
      {"sim", {"scenario", "policy", "traffic", "limiter", "metrics", "core"}},
      {"report", {"metrics", "scenario", "policy", "traffic", "limiter", "core"}},
      {"http", {"core"}},
      {"load", {"http", "scenario", "policy", "traffic", "limiter", "metrics", "core"}},
      {"store", {"policy", "limiter", "core"}},
      {"gateway", {"http", "store", "scenario", "policy", "traffic", "limiter", "metrics", "core"}},
      {"oracle",
       {"http", "load", "sim", "scenario", "policy", "traffic", "limiter", "metrics", "core"}},
      {"probe",
       {"http", "load", "oracle", "sim", "scenario", "policy", "traffic", "limiter", "metrics",
        "core"}},
      {"sweep", {"report", "sim", "scenario", "policy", "traffic", "limiter", "metrics", "core"}},
      {"cli",
       {"core", "limiter", "policy", "traffic", "metrics", "scenario", "sim", "report", "http",
        "load", "store", "gateway", "oracle", "probe", "sweep"}},
  };
  return table;
}

/// The folder of a path below src/; empty for a file in src/ itself.
std::string folder_of(std::string_view path) {
  const std::size_t slash = path.find('/');
  return std::string(slash == std::string_view::npos ? "" : path.substr(0, slash));
}

struct Include {
  int line = 0;
  bool quoted = false;
  std::string path;
};

/// The #include lines of a source text.
std::vector<Include> includes_of(const std::string& text) {
  std::vector<Include> found;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::string compact;
    std::copy_if(line.begin(), line.end(), std::back_inserter(compact),
                 [](char c) { return c != ' ' && c != '\t'; });
    constexpr std::string_view directive = "#include";
    if (compact.rfind(directive, 0) != 0 || compact.size() <= directive.size()) continue;
    const bool quoted = compact[directive.size()] == '"';
    const std::size_t begin = directive.size() + 1;
    const std::size_t end = compact.find(quoted ? '"' : '>', begin);
    if (end == std::string::npos) continue;
    found.push_back({number, quoted, compact.substr(begin, end - begin)});
  }
  return found;
}

/// What is wrong with one #include of a file in `folder`; empty if nothing is.
std::string objection(const std::string& folder, const Include& include) {
  const auto& table = allowed_includes();
  const std::string target = folder_of(include.path);
  const bool ours = !target.empty() && table.contains(target);
  if (!include.quoted) return ours ? "is ours: write it in quotes" : "";
  if (target.empty()) return "names no folder: write it as \"FOLDER/FILE\"";
  if (!ours) return "is in no folder of src/ that has a row in the table";
  if (target == folder || table.at(folder).contains(target)) return "";
  return "goes up: " + (folder.empty() ? "src" : folder) + " may not include " + target;
}

/// Every violation of one file, whose path is relative to src/, as `path:line: "include" sentence`.
std::vector<std::string> violations(const std::string& path, const std::string& text) {
  const std::string folder = folder_of(path);
  if (!allowed_includes().contains(folder)) {
    return {path + ":1: folder " + folder + " has no row in the table of include directions"};
  }
  std::vector<std::string> found;
  for (const Include& include : includes_of(text)) {
    const std::string wrong = objection(folder, include);
    if (wrong.empty()) continue;
    found.push_back(path + ":" + std::to_string(include.line) + ": \"" + include.path + "\" " +
                    wrong);
  }
  return found;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  return content.str();
}

TEST(IncludeDirections, HoldInEverySourceFile) {
  const std::filesystem::path source = std::filesystem::path(WEIR_SOURCE_DIR) / "src";
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(source)) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() != ".hpp" && path.extension() != ".cpp") continue;
    ++files;
    for (const std::string& wrong : violations(path.lexically_relative(source), read_file(path))) {
      ADD_FAILURE() << "src/" << wrong;
    }
  }
  EXPECT_GT(files, 10) << "src/ was not found below " << WEIR_SOURCE_DIR;
}

TEST(IncludeDirections, DownwardIsAllowed) {
  EXPECT_TRUE(violations("policy/a.cpp",
                         "#include <vector>\n"
                         "#include <fmt/format.h>\n"
                         "#include \"policy/a.hpp\"\n"
                         "#include \"limiter/gcra.hpp\"\n"
                         "#include \"core/time.hpp\"\n")
                  .empty());
  EXPECT_TRUE(violations("main.cpp", "#include \"cli/commands.hpp\"\n").empty());
}

TEST(IncludeDirections, UpwardIsFoundWithItsLine) {
  const std::vector<std::string> found =
      violations("core/time.hpp", "#pragma once\n\n  #  include \"limiter/gcra.hpp\"  // up\n");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0],
            "core/time.hpp:3: \"limiter/gcra.hpp\" goes up: core may not include limiter");
}

TEST(IncludeDirections, SidewaysIsFound) {
  EXPECT_EQ(violations("sim/run.cpp", "#include \"load/schedule.hpp\"\n").size(), 1u);
  EXPECT_EQ(violations("sim/run.cpp", "#include \"gateway/server.hpp\"\n").size(), 1u);
  EXPECT_EQ(violations("report/json.cpp", "#include \"sim/run.hpp\"\n").size(), 1u);
  EXPECT_EQ(violations("traffic/zipf.cpp", "#include \"limiter/gcra.hpp\"\n").size(), 1u);
  EXPECT_EQ(violations("metrics/histogram.cpp", "#include \"policy/spec.hpp\"\n").size(), 1u);
  EXPECT_EQ(violations("main.cpp", "#include \"sim/run.hpp\"\n").size(), 1u);
}

TEST(IncludeDirections, UnknownFoldersNeedARow) {
  EXPECT_EQ(violations("cli/a.cpp", "#include \"helpers/b.hpp\"\n").size(), 1u);
  EXPECT_EQ(violations("helpers/b.hpp", "#pragma once\n").size(), 1u);
}

TEST(IncludeDirections, OwnFilesAreNamedByFolderAndInQuotes) {
  EXPECT_EQ(violations("core/math.cpp", "#include \"math.hpp\"\n").size(), 1u);
  EXPECT_EQ(violations("core/math.cpp", "#include \"../limiter/gcra.hpp\"\n").size(), 1u);
  EXPECT_EQ(violations("core/math.cpp", "#include <limiter/gcra.hpp>\n").size(), 1u);
}

TEST(IncludeDirections, TheTableNamesNoFolderWithoutARow) {
  for (const auto& [folder, targets] : allowed_includes()) {
    for (const std::string& target : targets) {
      EXPECT_TRUE(allowed_includes().contains(target)) << folder << " may include " << target;
    }
  }
}

}  // namespace
}  // namespace weir
