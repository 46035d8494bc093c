#include <gmock/gmock.h>

#include <filesystem>

#include "cli/command_facts.hpp"
#include "cli/completion.hpp"
#include "cli/help.hpp"
#include "cli/manual.hpp"
#include "cli/version.hpp"
#include "support/paths.hpp"
#include "support/run_weir.hpp"

namespace weir::cli {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// A program with one command that has an option of each sort.
struct SmallProgram {
  CLI::App program{"Opens and shuts", "sluice"};
  std::string text;
  std::vector<std::string> list;
  bool flag = false;
  int number = 3;

  SmallProgram() {
    CLI::App& open = *program.add_subcommand("open", "Open a gate");
    open.add_option("GATE", text, "Which gate")->required()->type_name("FILE");
    open.add_option("--to,-t", text, "How far")->type_name("half|full")->default_str("full");
    open.add_option("--member", text, "A member")->check(CLI::IsMember({"a", "b"}));
    open.add_option("--long", text, "Many")
        ->type_name("NAME:{one-of-twenty,another-of-twenty,a-third-of-twenty}");
    open.add_option("--answer", text, "Either")->type_name("STATUS|openai");
    open.add_option("--count", number, "How many")->check(CLI::Range(1, 9))->capture_default_str();
    open.add_option("--each", list, "Several")->type_name("DIR")->envname("SLUICE_EACH");
    open.add_flag("--wide", flag, "Whether \\wide-open, it's so");
    open.add_flag("--secret", flag, "Hidden")->group("");
    program.add_subcommand("machinery", "Hidden too")->group("");
    tell(open, {"More of it."}, {{"Open a gate", "sluice open gate.csv"}});
  }

  CommandFacts open() const { return facts_of(program).commands.at(0); }
  OptionFacts option(const std::string& name) const {
    for (const OptionFacts& option : open().options) {
      for (const std::string& other : option.names) {
        if (other == name) return option;
      }
    }
    ADD_FAILURE() << name;
    return {};
  }
};

TEST(CommandFacts, AreWhatTheDefinitionsSay) {
  const SmallProgram small;
  const CommandFacts open = small.open();
  EXPECT_THAT(open.path, ElementsAre("sluice", "open"));
  EXPECT_THAT(open.paragraphs, ElementsAre("More of it."));
  ASSERT_EQ(open.examples.size(), 1u);
  EXPECT_EQ(open.examples[0].command, "sluice open gate.csv");
  ASSERT_EQ(open.positionals.size(), 1u);
  EXPECT_EQ(synopsis_of(open.positionals[0]), "GATE");
  EXPECT_THAT(small.option("--to").names, ElementsAre("--to", "-t"));
  EXPECT_EQ(small.option("--to").default_value, "full");
  EXPECT_EQ(small.option("--count").value, "N");
  EXPECT_EQ(small.option("--count").default_value, "3");
  EXPECT_EQ(small.option("--wide").value, "");
  EXPECT_TRUE(small.option("--each").repeats);
  EXPECT_EQ(small.option("--each").environment, "SLUICE_EACH");
}

TEST(CommandFacts, KnowValuesThatAreASet) {
  const SmallProgram small;
  EXPECT_THAT(small.option("--to").choices, ElementsAre("half", "full"));
  EXPECT_THAT(small.option("--member").choices, ElementsAre("a", "b"));
  EXPECT_EQ(small.option("--member").value, "a|b");
  EXPECT_EQ(small.option("--long").choices.size(), 3u);
  EXPECT_EQ(small.option("--long").value, "NAME");
  EXPECT_THAT(small.option("--answer").choices, ElementsAre("openai"));
  EXPECT_THAT(small.option("--count").choices, ElementsAre());
}

TEST(CommandFacts, LeaveOutWhatIsHidden) {
  const SmallProgram small;
  EXPECT_EQ(facts_of(small.program).commands.size(), 1u);
  for (const std::string& text : {help_text(small.open()), bash_completion(facts_of(small.program)),
                                  manual_page(small.open(), facts_of(small.program))}) {
    EXPECT_THAT(text, Not(HasSubstr("secret")));
    EXPECT_THAT(text, Not(HasSubstr("machinery")));
  }
}

TEST(HelpText, NamesDefaultsAndVariables) {
  const std::string help = help_text(SmallProgram().open());
  EXPECT_THAT(help,
              StartsWith("Open a gate\nUsage: sluice open [OPTION]... GATE\n\nMore of it.\n"));
  EXPECT_THAT(help, HasSubstr("  --to, -t half|full        How far (default: full)\n"));
  EXPECT_THAT(help, HasSubstr("Several (may be repeated) [$SLUICE_EACH]"));
  EXPECT_THAT(help, HasSubstr("Examples:\n  # Open a gate\n  sluice open gate.csv\n"));
}

TEST(ManualPage, WritesWhatTroffWouldReadOtherwise) {
  const SmallProgram small;
  const std::string page = manual_page(small.open(), facts_of(small.program));
  EXPECT_THAT(page, StartsWith(".TH SLUICE\\-OPEN 1 "));
  EXPECT_THAT(page, HasSubstr("Whether \\ewide\\-open, it\\(aqs so."));
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-to\\fR, \\fB\\-t\\fR \\fBhalf|full\\fR"));
}

TEST(Version, IsShortOnItsFirstLine) {
  EXPECT_THAT(version_text({"0123abc", "Release"}),
              StartsWith("weir " WEIR_VERSION "\ncommit        0123abc\ncompiler      "));
  EXPECT_THAT(version_text({"", ""}), Not(HasSubstr("commit")));
  const std::string program = test::run_weir({"--version"}).out;
  for (const char* library : {"Boost", "libcurl", "fmt", "nlohmann_json", "hiredis", "zlib"}) {
    EXPECT_THAT(program, HasSubstr("\n" + std::string(library) + " "));
  }
}

TEST(ScenarioSchema, InTheSourcesIsTheOneThatIsPrinted) {
  const fs::path file = fs::path(WEIR_SOURCE_DIR) / "scenarios/schema/scenario.json";
  EXPECT_TRUE(test::run_weir({"schema", "scenario"}).out == test::read_test_file(file.string()))
      << "run tests/golden/update.sh";
}

TEST(ScenarioSchema, IsNamedByEveryBundledScenario) {
  for (const auto& entry :
       fs::recursive_directory_iterator(fs::path(WEIR_SOURCE_DIR) / "scenarios")) {
    if (entry.path().extension() != ".jsonc") continue;
    const std::string text = test::read_test_file(entry.path().string());
    const std::string marker = "\n{\n  \"$schema\": \"";
    const std::size_t begin = text.find(marker);
    ASSERT_NE(begin, std::string::npos) << entry.path() << ": begins with no $schema";
    const std::size_t end = text.find('"', begin + marker.size());
    const std::string path = text.substr(begin + marker.size(), end - begin - marker.size());
    EXPECT_EQ(path.substr(path.rfind('/') + 1), "scenario.json") << entry.path();
    EXPECT_TRUE(fs::is_regular_file(entry.path().parent_path() / path)) << entry.path();
  }
}

}  // namespace
}  // namespace weir::cli
