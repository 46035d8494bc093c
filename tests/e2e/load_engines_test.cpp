#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "e2e/nginx_under_load.hpp"

// The two engines are one to everything above them: the same scenario through both sends the same
// requests, and reports the same of the same answers.

namespace weir::e2e {
namespace {

class BothEngines : public NginxUnderLoad {
 protected:
  /// Each run on keys of its own: the second must not meet what the first left behind.
  LoadResult through(const std::string& engine, std::string_view path) {
    const Json scenario = {
        {"name", engine},
        {"duration", "1s"},
        {"policy", {{"limits", Json::array()}}},
        {"traffic", Json::array({{{"name", "users"},
                                  {"arrivals", {{"process", "poisson"}, {"rate", "400/s"}}},
                                  {"attributes", {{"user", {{"uniform", {{"count", 40}}}}}}}}})},
        {"target",
         {{"url", url(path)},
          {"headers", {{"X-User", "{user}"}, {"X-Operation", engine + "-{operation}"}}},
          {"engine", engine},
          {"audit", {{"share", 0}, {"keys", 0}}}}}};
    return run_load({file(engine + ".jsonc", scenario.dump()), "--fresh-keys"});
  }

  /// What nginx logged of an engine's requests: by operation, for the order does not count.
  std::map<std::string, std::string> logged(const std::string& engine) {
    std::map<std::string, std::string> users;
    for (const NginxRequest& request : log()) {
      if (request.operation.rfind(engine + "-", 0) != 0) continue;
      const std::string operation = request.operation.substr(engine.size() + 1);
      EXPECT_TRUE(users.emplace(operation, request.user.substr(0, request.user.rfind('-'))).second)
          << request.operation << " came twice";
    }
    return users;
  }
};

TEST_F(BothEngines, SendTheSameRequests) {
  const LoadResult native = through("native", free_path);
  const LoadResult curl = through("libcurl", free_path);
  EXPECT_EQ(native.exit_code, 0) << native.err;
  EXPECT_EQ(curl.exit_code, 0) << curl.err;
  const auto by_native = logged("native");
  EXPECT_GT(by_native.size(), 300u);
  EXPECT_EQ(by_native, logged("libcurl"));
  EXPECT_EQ(native.report["target"]["engine"], "native");
  EXPECT_EQ(curl.report["target"]["engine"], "libcurl");
}

TEST_F(BothEngines, ReportTheSame) {
  const LoadResult native = through("native", once_path);
  const LoadResult curl = through("libcurl", once_path);
  expect_adds_up(native);
  expect_adds_up(curl);
  // There a key is admitted so often and no more, whenever its requests come.
  for (const char* section : {"totals", "operations", "statuses", "errors", "classes",
                              "denied_keys", "rate_limit_headers", "fairness"}) {
    Json ours = native.report[section];
    Json theirs = curl.report[section];
    // But for how long things took.
    for (Json* json : {&ours, &theirs}) {
      if (!json->is_object()) continue;
      json->erase("succeeded_per_second");
      if (json->contains("users")) (*json)["users"].erase("latency_operation");
    }
    EXPECT_EQ(ours, theirs) << section;
  }
  EXPECT_EQ(native.number("bodies.bytes"), curl.number("bodies.bytes"));
  for (const char* field : {"present", "absent", "malformed"}) {
    EXPECT_EQ(native.report["retry_after"][field], curl.report["retry_after"][field]) << field;
  }
  EXPECT_GT(native.number("totals.denied"), 100);
  for (const LoadResult* run : {&native, &curl}) {
    EXPECT_EQ(run->number("latency.allowed.count"), run->number("totals.allowed"));
    EXPECT_LE(run->number("latency_from_send.allowed.p50_ns"),
              run->number("latency.allowed.p50_ns"));
  }
}

}  // namespace
}  // namespace weir::e2e
