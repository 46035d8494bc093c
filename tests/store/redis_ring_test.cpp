#include "store/redis_ring.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace weir::store {
namespace {

constexpr int ring_keys = 30'000;

std::vector<std::string> ring_nodes(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back(fmt::format("10.0.0.{}:6379", i + 1));
  return names;
}

std::string ring_key(int i) { return fmt::format("user-{}", i); }

TEST(RedisRing, NodesHaveAboutAsManyKeys) {
  const RedisRing ring(ring_nodes(5));
  std::vector<int> counts(5);
  for (int i = 0; i < ring_keys; ++i) ++counts[ring.node_of(ring_key(i))];
  for (const int count : counts) {
    EXPECT_GT(count, ring_keys / 5 * 75 / 100);
    EXPECT_LT(count, ring_keys / 5 * 125 / 100);
  }
}

TEST(RedisRing, AnotherNodeTakesKeysForItselfOnly) {
  const RedisRing before(ring_nodes(4));
  const RedisRing after(ring_nodes(5));
  int moved = 0;
  for (int i = 0; i < ring_keys; ++i) {
    const std::size_t now = after.node_of(ring_key(i));
    if (now == before.node_of(ring_key(i))) continue;
    ++moved;
    ASSERT_EQ(now, 4U) << ring_key(i);
  }
  EXPECT_GT(moved, ring_keys * 12 / 100);
  EXPECT_LT(moved, ring_keys * 28 / 100);
}

TEST(RedisRing, TheOrderOfNodesDoesNotMatter) {
  std::vector<std::string> names = ring_nodes(3);
  const RedisRing ring(names);
  const RedisRing turned({names[2], names[0], names[1]});
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ((ring.node_of(ring_key(i)) + 1) % 3, turned.node_of(ring_key(i)));
  }
}

}  // namespace
}  // namespace weir::store
