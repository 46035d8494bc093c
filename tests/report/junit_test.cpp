#include "report/junit.hpp"

#include <gmock/gmock.h>

#include <string>

#include "report/reading.hpp"
#include "support/paths.hpp"
#include "support/run_weir.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;
using testing::Not;

/// A verification's report: that of a bundled scenario with these disagreements.
Json verified(const std::string& verdict, const Json& verify) {
  Json report =
      Json::parse(test::read_test_file(std::string(WEIR_SOURCE_DIR) + "/reports/quickstart.json"));
  report["mode"] = "verify";
  report["verdict"] = verdict;
  report["verify"] = {{"over_admitted", 0},
                      {"under_admitted", 0},
                      {"delays_too_short", 0},
                      {"delays_too_long", 0},
                      {"remaining", {{"disagree", 0}}},
                      {"reset", {{"disagree", 0}}},
                      {"retry_after", {{"disagree", 0}}}};
  report["verify"].update(verify);
  return report;
}

std::size_t count_in(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size()) {
    ++count;
  }
  return count;
}

TEST(JUnit, HasACaseForEveryKindOfDisagreement) {
  const std::string none = render_junit({verified("pass", Json::object())});
  EXPECT_EQ(count_in(none, "classname=\"quickstart.verify\""), 7U);
  EXPECT_THAT(none, HasSubstr("failures=\"0\""));
  EXPECT_THAT(none, Not(HasSubstr("<failure")));
  const struct {
    Json verify;
    const char* name;
  } kinds[] = {{{{"over_admitted", 3}}, "admits nothing that the policy denies"},
               {{{"under_admitted", 3}}, "denies nothing that the policy admits"},
               {{{"delays_too_short", 3}}, "holds requests back for long enough"},
               {{{"delays_too_long", 3}}, "holds requests back for no longer than it should"},
               {{{"remaining", {{"disagree", 3}}}}, "tells truly what remains"},
               {{{"reset", {{"disagree", 3}}}}, "tells truly when all of it is back"},
               {{{"retry_after", {{"disagree", 3}}}}, "tells truly when to come back"}};
  for (const auto& kind : kinds) {
    const std::string xml = render_junit({verified("fail", kind.verify)});
    EXPECT_THAT(xml, HasSubstr(std::string("name=\"") + kind.name +
                               "\">\n      <failure message=\"3 did not\">"));
    EXPECT_EQ(count_in(xml, "<failure"), 1U) << kind.name;
    // What --min-agreement puts up with is told, and does not fail.
    const std::string allowed = render_junit({verified("pass", kind.verify)});
    EXPECT_THAT(allowed, HasSubstr("<skipped message=\"3 did not\"/>"));
    EXPECT_THAT(allowed, Not(HasSubstr("<failure")));
  }
}

TEST(JUnit, ARunThatCouldNotBeginIsAnError) {
  const std::string path = test::temporary_path("errors.xml");
  // Nothing listens on the discard port.
  const auto run = test::run_weir({"load", "--target", "http://127.0.0.1:9/", "--rate", "10/s",
                                   "--duration", "1s", "--quiet", "--junit", path});
  EXPECT_EQ(run.exit_code, 5) << run.err;
  const std::string xml = test::read_test_file(path);
  EXPECT_THAT(xml, HasSubstr("tests=\"1\" failures=\"0\" errors=\"1\""));
  EXPECT_THAT(xml, HasSubstr("name=\"reaches its target\""));
  EXPECT_THAT(xml, HasSubstr("<error message="));
  EXPECT_EQ(std::system(("command -v xmllint >/dev/null || exit 0; xmllint --noout --schema " +
                         std::string(WEIR_SOURCE_DIR) + "/tests/report/junit.xsd " + path +
                         " 2>/dev/null")
                            .c_str()),
            0)
      << xml;
  std::remove(path.c_str());
}

TEST(Shards, WhyThresholdsAreNotJudgedIsSaidOnce) {
  const auto run =
      test::run_weir({"simulate", "scenarios/choose-a-bucket.jsonc", "--shard", "1/2"});
  EXPECT_EQ(count_in(run.out, "judged when the shards are merged"), 1U) << run.out;
  const auto empty = test::run_weir({"simulate", "scenarios/quickstart.jsonc", "--shard", ""});
  EXPECT_EQ(empty.exit_code, 2);
  EXPECT_EQ(empty.err, "weir: --shard \"\": must be such as 2/4, or \"all\"\n");
}

}  // namespace
}  // namespace weir::report
