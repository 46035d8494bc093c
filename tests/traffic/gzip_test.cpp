#include "traffic/gzip.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "traffic/gzip_for_test.hpp"

namespace weir::traffic {
namespace {

using ::testing::HasSubstr;

TEST(Gzip, KnowsItsMagicNumber) {
  EXPECT_TRUE(is_gzip(gzip("x")));
  EXPECT_FALSE(is_gzip("\x1f"));
  EXPECT_FALSE(is_gzip(""));
  EXPECT_FALSE(is_gzip("time,user\n"));
}

TEST(Gzip, UnpacksWhatZlibPacked) {
  EXPECT_EQ(gunzip(gzip("")).value(), "");
  EXPECT_EQ(gunzip(gzip("hello")).value(), "hello");
  // Longer than any block in between.
  const std::string text = std::string(300'000, 'a') + "b";
  EXPECT_EQ(gunzip(gzip(text)).value(), text);
}

TEST(Gzip, ReadsConcatenatedMembers) {
  EXPECT_EQ(gunzip(gzip("one,") + gzip("") + gzip("two")).value(), "one,two");
}

TEST(Gzip, PassesOverZeroPadding) {
  EXPECT_EQ(gunzip(gzip("hello") + std::string(512, '\0')).value(), "hello");
}

TEST(Gzip, RejectsAnythingElseBehindTheMembers) {
  const auto result = gunzip(gzip("hello") + "trailer");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error(), HasSubstr("something else after the gzip data"));
}

TEST(Gzip, RejectsAFileCutShortAnywhere) {
  const std::string packed = gzip("hello, hello, hello");
  for (std::size_t length = 2; length < packed.size(); ++length) {
    const auto result = gunzip(std::string_view(packed).substr(0, length));
    ASSERT_FALSE(result) << length;
    EXPECT_THAT(result.error(), HasSubstr("ends early")) << length;
  }
  // The second member counts as well.
  EXPECT_FALSE(gunzip(packed + packed.substr(0, packed.size() - 1)));
}

TEST(Gzip, RejectsDamage) {
  std::string packed = gzip("hello, hello, hello");
  packed[packed.size() - 6] ^= 1;  // within the checksum
  const auto result = gunzip(packed);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error(), HasSubstr("damaged gzip data (incorrect data check)"));
}

TEST(Gzip, StopsAtTheLimit) {
  const std::string packed = gzip(std::string(100'000, 'z'));
  EXPECT_TRUE(gunzip(packed, 100'000));
  const auto result = gunzip(packed, 99'999);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error(), HasSubstr("more than 99999 bytes"));
}

TEST(Gzip, CountsAllMembersTowardsTheLimit) {
  const std::string packed = gzip("12345") + gzip("67890");
  EXPECT_TRUE(gunzip(packed, 10));
  EXPECT_FALSE(gunzip(packed, 9));
}

}  // namespace
}  // namespace weir::traffic
