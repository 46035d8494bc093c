#include "limiter/unlimited.hpp"

#include "limiter/one_key.hpp"

namespace weir::limiter {
namespace {

TEST(Unlimited, AdmitsEverythingAtOnce) {
  const auto key = new_key<UnlimitedEntry>("");
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(key->decide(at("0s"), largest_cost), (Verdict{.allowed = true, .delay = {}}));
  }
  EXPECT_EQ(key->earliest(at("0s"), largest_cost), at("0s"));
  EXPECT_EQ(key->quota(at("0s")).remaining, largest_cost);
  EXPECT_EQ(key->bound(duration("0s")), std::nullopt);
}

}  // namespace
}  // namespace weir::limiter
