#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/paths.hpp"

namespace weir {
namespace {

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(std::filesystem::path(WEIR_SOURCE_DIR) / path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// The contents of the fenced blocks under the heading "## TITLE", one string a block.
std::vector<std::string> fenced_blocks(const std::vector<std::string>& markdown,
                                       std::string_view title) {
  std::vector<std::string> blocks;
  bool in_section = false;
  bool in_block = false;
  for (const std::string& line : markdown) {
    if (line.rfind("```", 0) == 0) {
      in_block = !in_block;
      if (in_block && in_section) blocks.emplace_back();
    } else if (in_block) {
      if (in_section) blocks.back() += line + "\n";
    } else if (line.rfind("## ", 0) == 0) {
      in_section = std::string_view(line).substr(3) == title;
    }
  }
  return blocks;
}

TEST(Readme, FencedBlocksAreFoundInTheirSection) {
  const std::vector<std::string> markdown = {
      "## A", "```", "no",  "```",  "## B", "```sh", "one", "## not a heading", "```", "text",
      "```",  "two", "```", "## C", "```",  "no",    "```"};
  EXPECT_EQ(fenced_blocks(markdown, "B"),
            (std::vector<std::string>{"one\n## not a heading\n", "two\n"}));
}

TEST(Readme, SetUpIsTwoCommandsOfOneLine) {
  const std::vector<std::string> blocks = fenced_blocks(lines_of("README.md"), "Set up");
  ASSERT_EQ(blocks.size(), 2u);
  for (const std::string& block : blocks) {
    EXPECT_EQ(std::count(block.begin(), block.end(), '\n'), 1) << block;
    EXPECT_EQ(block.rfind("./setup.sh", 0), 0u) << block;
  }
}

TEST(Readme, ContinuousIntegrationRunsTheSecondCommandVerbatim) {
  const std::vector<std::string> blocks = fenced_blocks(lines_of("README.md"), "Set up");
  ASSERT_EQ(blocks.size(), 2u);
  const std::string command = blocks[1].substr(0, blocks[1].find('\n'));
  const std::vector<std::string> run = lines_of(".ci/run");
  EXPECT_NE(std::find(run.begin(), run.end(), command), run.end())
      << ".ci/run has no line that reads " << command;
}

}  // namespace
}  // namespace weir
