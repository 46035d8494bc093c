#include "limiter/deny_all.hpp"

#include "limiter/one_key.hpp"

namespace weir::limiter {
namespace {

TEST(DenyAll, AdmitsOnlyWhatCostsNothing) {
  const auto key = new_key<DenyAllEntry>("");
  EXPECT_FALSE(key->admits(at("0s"), 1));
  EXPECT_FALSE(key->admits(at("5w"), 1));
  EXPECT_TRUE(key->admits(at("5w"), 0));
  EXPECT_EQ(key->earliest(at("5w"), 1), std::nullopt);
  EXPECT_EQ(key->quota(at("5w")), (Quota{.limit = 0, .remaining = 0, .reset_after = {}}));
  EXPECT_EQ(key->bound(duration("5w")), 0);
}

}  // namespace
}  // namespace weir::limiter
