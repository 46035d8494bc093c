#include "core/dictionary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace weir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Dictionary, NumbersValuesAsTheyCome) {
  Dictionary users("user");
  EXPECT_EQ(users.size(), 0);
  EXPECT_EQ(users.intern("ann"), 0);
  EXPECT_EQ(users.intern("bob"), 1);
  EXPECT_EQ(users.intern("ann"), 0);
  EXPECT_EQ(users.intern(""), 2);
  EXPECT_EQ(users.size(), 3);
  EXPECT_EQ(users.name(0), "ann");
  EXPECT_EQ(users.name(1), "bob");
  EXPECT_EQ(users.name(2), "");
  EXPECT_EQ(users.find("bob"), 1);
  EXPECT_EQ(users.find("cid"), std::nullopt);
  EXPECT_EQ(users.size(), 3);
}

TEST(Dictionary, HasGeneratedValuesWithoutAskingForThem) {
  Dictionary users("user");
  users.reserve_generated(10);
  EXPECT_EQ(users.size(), 10);
  EXPECT_EQ(users.name(0), "user-0");
  EXPECT_EQ(users.name(9), "user-9");
  EXPECT_EQ(users.find("user-9"), 9);
  EXPECT_EQ(users.find("user-10"), std::nullopt);
  EXPECT_EQ(users.intern("user-7"), 7);
  EXPECT_EQ(users.intern("ann"), 10);
  EXPECT_EQ(users.intern("user-10"), 11);
  EXPECT_EQ(users.name(10), "ann");
  EXPECT_EQ(users.name(11), "user-10");
  EXPECT_EQ(users.size(), 12);
}

TEST(Dictionary, KeepsTheLargestReservation) {
  Dictionary users("user");
  users.reserve_generated(3);
  users.reserve_generated(5);
  users.reserve_generated(4);
  EXPECT_EQ(users.size(), 5);
}

TEST(Dictionary, TellsGeneratedNamesFromThoseThatLookAlike) {
  Dictionary users("user");
  users.reserve_generated(100);
  for (const char* text : {"user-007", "user-00", "user-", "user", "user-+7", "user--7", "user- 7",
                           "user-7 ", "user-7x", "User-7", "xuser-7", "user-100", "user-4294967303",
                           "user-99999999999999999999", "7", "-7", ""}) {
    EXPECT_EQ(users.find(text), std::nullopt) << text;
    const ValueId id = users.intern(text);
    EXPECT_GE(id, 100) << text;
    EXPECT_EQ(users.name(id), text);
  }
}

TEST(Dictionary, WorksOnNewIdsOnceArranged) {
  Dictionary users("user");
  users.reserve_generated(2);
  users.intern("ann");
  users.intern("bob");
  EXPECT_THAT(users.new_ids(), IsEmpty());
  users.arrange({2, 0, 3, 1});
  EXPECT_EQ(users.size(), 4);
  EXPECT_EQ(users.name(0), "ann");
  EXPECT_EQ(users.name(1), "user-0");
  EXPECT_EQ(users.name(2), "bob");
  EXPECT_EQ(users.name(3), "user-1");
  EXPECT_EQ(users.find("user-1"), 3);
  EXPECT_EQ(users.find("ann"), 0);
  EXPECT_EQ(users.find("cid"), std::nullopt);
  EXPECT_EQ(users.intern("bob"), 2);
  EXPECT_EQ(users.intern("user-0"), 1);
  EXPECT_THAT(users.new_ids(), ElementsAre(1, 3, 0, 2));
}

TEST(Dictionary, FindsEveryNameItGives) {
  Dictionary users("user");
  users.reserve_generated(500);
  for (int i = 0; i < 500; ++i) users.intern("someone " + std::to_string(i));
  std::vector<ValueId> order(users.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = static_cast<ValueId>((i * 7 + 3) % order.size());
  }
  std::vector<std::string> old_names;
  for (ValueId id = 0; id < users.size(); ++id) old_names.push_back(users.name(id));
  users.arrange(order);
  for (ValueId id = 0; id < users.size(); ++id) {
    ASSERT_EQ(users.name(id), old_names[order[id]]);
    ASSERT_EQ(users.find(users.name(id)), id);
    ASSERT_EQ(users.name(users.new_ids()[id]), old_names[id]);
  }
}

TEST(Dictionary, SurvivesAMove) {
  Dictionary users("user");
  for (int i = 0; i < 100; ++i) users.intern(std::to_string(i));
  Dictionary moved = std::move(users);
  EXPECT_EQ(moved.name(42), "42");
  EXPECT_EQ(moved.find("42"), 42);
  EXPECT_EQ(moved.intern("new"), 100);
}

TEST(Dictionary, TakesTenMillionGeneratedValues) {
  Dictionary users("user");
  users.reserve_generated(10'000'000);
  std::vector<ValueId> backwards(users.size());
  std::iota(backwards.rbegin(), backwards.rend(), ValueId{0});
  users.arrange(std::move(backwards));
  EXPECT_EQ(users.name(0), "user-9999999");
  EXPECT_EQ(users.find("user-0"), 9'999'999);
}

}  // namespace
}  // namespace weir
