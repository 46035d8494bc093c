#include "store/redis_options.hpp"

#include <gtest/gtest.h>

namespace weir::store {
namespace {

TEST(RedisUrl, HostAndPort) {
  const auto node = parse_redis_url("redis://cache.example:7000");
  ASSERT_TRUE(node) << node.error();
  EXPECT_EQ(node->host, "cache.example");
  EXPECT_EQ(node->port, 7000);
  EXPECT_EQ(node->name(), "cache.example:7000");
}

TEST(RedisUrl, DefaultsAndDatabase) {
  const auto node = parse_redis_url("redis://127.0.0.1/3");
  ASSERT_TRUE(node) << node.error();
  EXPECT_EQ(node->port, 6379);
  EXPECT_EQ(node->database, 3U);
  EXPECT_EQ(node->name(), "127.0.0.1:6379/3");
  EXPECT_EQ(parse_redis_url("redis://h/")->database, 0U);
}

TEST(RedisUrl, UserAndPassword) {
  const auto both = parse_redis_url("redis://me:p%40ss%3aword@host:1");
  ASSERT_TRUE(both) << both.error();
  EXPECT_EQ(both->user, "me");
  EXPECT_EQ(both->password, "p@ss:word");
  EXPECT_EQ(both->name(), "host:1") << "no secrets in what is shown";
  const auto password = parse_redis_url("redis://:secret@host");
  ASSERT_TRUE(password) << password.error();
  EXPECT_EQ(password->user, "");
  EXPECT_EQ(password->password, "secret");
}

TEST(RedisUrl, AddressesInBrackets) {
  const auto node = parse_redis_url("redis://[::1]:6400");
  ASSERT_TRUE(node) << node.error();
  EXPECT_EQ(node->host, "::1");
  EXPECT_EQ(node->port, 6400);
  EXPECT_EQ(parse_redis_url("redis://[::1]")->port, 6379);
}

TEST(RedisUrl, UnixSockets) {
  const auto node = parse_redis_url("unix:///run/redis.sock");
  ASSERT_TRUE(node) << node.error();
  EXPECT_EQ(node->path, "/run/redis.sock");
  EXPECT_EQ(node->name(), "/run/redis.sock");
}

TEST(RedisUrl, WhatIsWrongIsSaid) {
  for (const char* wrong :
       {"", "http://h", "redis://", "redis://h:", "redis://h:0", "redis://h:65536", "redis://h:x",
        "redis://h/x", "redis://user@h", "unix://", "unix://relative", "h:6379"}) {
    const auto node = parse_redis_url(wrong);
    ASSERT_FALSE(node) << wrong;
    EXPECT_NE(node.error().find("write redis://"), std::string::npos) << node.error();
  }
}

}  // namespace
}  // namespace weir::store
