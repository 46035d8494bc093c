#include <gtest/gtest.h>

#include <string>

#include "core/sha256.hpp"
#include "scenario/model.hpp"
#include "scenario/scenario_for_test.hpp"
#include "traffic/temporary_file_for_test.hpp"

namespace weir::scenario {
namespace {

std::string hash_after(const std::vector<Change>& changes) {
  return read_after(changes).document_sha256;
}

TEST(DocumentHash, IsThatOfTheSortedAndCompactDocument) {
  const auto scenario = parse_scenario(R"({
    // of no consequence
    "traffic": [{"until": "1s", "arrivals": {"rate": "5/s", "process": "poisson"}}],
    "policy": {"limits": []},
    "name": "x"
  })",
                                       {});
  ASSERT_TRUE(scenario);
  EXPECT_EQ(scenario->document_sha256,
            sha256_hex(R"({"name":"x","policy":{"limits":[]},"traffic":[{"arrivals":)"
                       R"({"process":"poisson","rate":"5/s"},"until":"1s"}]})"));
}

TEST(DocumentHash, IgnoresWhatDecidesNothing) {
  const std::string plain = hash_after({});
  EXPECT_EQ(hash_after({{"/description", R"("other words")"}}), plain);
  EXPECT_EQ(hash_after({{"/$schema", R"("here.json")"}}), plain);
  EXPECT_NE(hash_after({{"/name", R"("other")"}}), plain);
  EXPECT_NE(hash_after({{"/seed", "2"}}), plain);
}

TEST(DocumentHash, ContainsOverridesAndTheSeed) {
  LoadOptions options;
  options.overrides = {{"/duration", "20s"}};
  options.seed = 7;
  const auto scenario = read_scenario(small_scenario(), options);
  ASSERT_TRUE(scenario);
  EXPECT_EQ(scenario->seed, 7U);
  EXPECT_EQ(scenario->document_sha256, hash_after({{"/duration", R"("20s")"}, {"/seed", "7"}}));
}

TEST(DocumentHash, IsTheSameInEveryFolder) {
  LoadOptions here;
  here.base_directory = "here";
  LoadOptions there;
  there.base_directory = "there";
  const auto document = changed({{"/traffic/0", R"({"trace": {"path": "a.csv"}})"}});
  EXPECT_EQ(read_scenario(document, here)->document_sha256,
            read_scenario(document, there)->document_sha256);
}

TEST(DocumentHash, ContainsWhatStandsInFiles) {
  const auto hash_with = [](const std::string& values, const std::string& numbers) {
    const traffic::TemporaryFile users(values);
    const traffic::TemporaryFile costs(numbers);
    auto document = changed({});
    // The same document each time, whatever the files are called.
    LoadOptions options;
    const std::size_t slash = users.path().rfind('/');
    options.base_directory = users.path().substr(0, slash);
    const auto rename = [&](const std::string& path, const char* name) {
      const std::string target = options.base_directory + "/" + name;
      EXPECT_EQ(std::rename(path.c_str(), target.c_str()), 0);
      return target;
    };
    const std::string first = rename(users.path(), "weir_hash_test_users");
    const std::string second = rename(costs.path(), "weir_hash_test_costs");
    document["traffic"][0]["attributes"]["user"] = {{"file", "weir_hash_test_users"}};
    document["traffic"][0]["costs"]["tokens"] = {{"empirical", {{"file", "weir_hash_test_costs"}}}};
    const auto scenario = read_scenario(document, options);
    std::remove(first.c_str());
    std::remove(second.c_str());
    return scenario ? scenario->document_sha256 : scenario.error().at(0).message;
  };
  const std::string hash = hash_with("a\nb\n", "1\n2\n");
  EXPECT_EQ(hash_with("a\n\nb", "1\n# two\n2"), hash);
  EXPECT_NE(hash_with("a\nc\n", "1\n2\n"), hash);
  EXPECT_NE(hash_with("a\nb\n", "1\n3\n"), hash);
}

TEST(DocumentHash, RejectsTextThatIsNoUtf8) {
  for (const char* pointer : {"/description", "/traffic/0/name"}) {
    auto document = small_scenario();
    document[nlohmann::ordered_json::json_pointer(pointer)] = "\xff";
    const auto scenario = read_scenario(document, {});
    ASSERT_FALSE(scenario) << pointer;
    EXPECT_EQ(scenario.error(), (Problems{{"", "must be valid UTF-8"}}));
  }
}

}  // namespace
}  // namespace weir::scenario
