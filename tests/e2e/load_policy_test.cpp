#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "e2e/load_support.hpp"
#include "e2e/nginx_under_load.hpp"

// `--policy` picks what is judged, not what is sent: the traffic is cut up by all policies of the
// file, so that each meets the same operations.

namespace weir::e2e {
namespace {

class LoadPolicy : public NginxUnderLoad {
 protected:
  std::string scenario() const {
    return file("two.jsonc",
                R"({
      "name": "two", "seed": 7, "duration": "1s",
      "policies": {
        "by-user": {"limits": [{"name": "u", "algorithm": "gcra", "rate": "5/s", "burst": 5, "key": ["user"]}]},
        "by-model": {"limits": [{"name": "m", "algorithm": "gcra", "rate": "5/s", "burst": 5, "key": ["model"]}]}},
      "traffic": [{"name": "t", "arrivals": {"process": "poisson", "rate": "150/s"},
        "attributes": {"user": {"uniform": {"count": 20}}, "model": {"uniform": {"count": 5}}}}],
      "target": {"url": ")" +
                    url(free_path) +
                    R"(", "headers": {"X-User": "{user}", "X-Operation": "{operation}"}}})");
  }
  /// What nginx has seen since the last look.
  std::multiset<std::string> requests_of(const std::vector<std::string>& arguments) {
    const LoadResult result = run_load(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const std::vector<NginxRequest> all = log();
    std::multiset<std::string> seen;
    for (std::size_t i = seen_; i < all.size(); ++i)
      seen.insert(all[i].operation + " " + all[i].user);
    seen_ = all.size();
    return seen;
  }

 private:
  std::size_t seen_ = 0;
};

TEST_F(LoadPolicy, OnePolicyAloneMeetsTheSameOperations) {
  const std::string path = scenario();
  const auto all = requests_of({path});
  EXPECT_GT(all.size(), 50U);
  EXPECT_EQ(requests_of({path, "--policy", "by-user"}), all);
  EXPECT_EQ(requests_of({path, "--policy", "by-model"}), all);
}

TEST_F(LoadPolicy, AnUnknownPolicyIsNamed) {
  const LoadResult result = run_load({scenario(), "--policy", "by-tier"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("there is no policy \"by-tier\""), std::string::npos) << result.err;
}

}  // namespace
}  // namespace weir::e2e
