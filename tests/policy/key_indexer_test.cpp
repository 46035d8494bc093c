#include "policy/key_indexer.hpp"

#include <gtest/gtest.h>

#include <set>

namespace weir::policy {
namespace {

Columns columns_of(std::int64_t users, std::int64_t models) {
  Columns columns;
  columns.dictionaries.emplace_back("user");
  columns.dictionaries.emplace_back("model");
  columns.dictionaries[0].reserve_generated(users);
  columns.dictionaries[1].reserve_generated(models);
  return columns;
}

RequestBlock block_of(const std::vector<std::pair<ValueId, ValueId>>& rows) {
  RequestBlock block;
  block.attributes.resize(2);
  for (const auto& [user, model] : rows) {
    block.at.emplace_back();
    block.attributes[0].push_back(user);
    block.attributes[1].push_back(model);
  }
  return block;
}

void expect_dense_and_named(KeyIndexer& keys, const Columns& columns, const RequestBlock& block) {
  std::vector<KeyIndex> indexes(block.size());
  keys.index(block, indexes.data());
  std::set<std::pair<KeyIndex, std::string>> seen;
  for (std::size_t i = 0; i < block.size(); ++i) {
    EXPECT_EQ(indexes[i], keys.index_row(block, i));
    ASSERT_LT(indexes[i], keys.size());
    const std::string name = columns.dictionaries[0].name(block.attributes[0][i]) + "|" +
                             columns.dictionaries[1].name(block.attributes[1][i]);
    EXPECT_EQ(keys.name(indexes[i], columns, 2), name);
    seen.emplace(indexes[i], name);
  }
  std::set<KeyIndex> distinct;
  for (const auto& [index, name] : seen) distinct.insert(index);
  EXPECT_EQ(distinct.size(), seen.size());
}

TEST(KeyIndexer, PlacesFewCombinations) {
  const Columns columns = columns_of(10, 3);
  KeyIndexer keys({0, 1}, {{0, 10}, {0, 3}});
  EXPECT_EQ(keys.size(), 30U);
  expect_dense_and_named(keys, columns, block_of({{0, 0}, {9, 2}, {0, 2}, {9, 0}, {4, 1}}));
}

TEST(KeyIndexer, NumbersManyCombinationsAsTheyCome) {
  const Columns columns = columns_of(100'000, 1'000);
  KeyIndexer keys({0, 1}, {{0, 100'000}, {0, 1'000}});
  std::vector<std::pair<ValueId, ValueId>> rows;
  for (std::uint32_t i = 0; i < 5'000; ++i) rows.emplace_back(i * 7 % 100'000, i % 997);
  rows.push_back(rows[0]);
  expect_dense_and_named(keys, columns, block_of(rows));
  EXPECT_EQ(keys.size(), 5'000U);
}

TEST(KeyIndexer, OneColumnStartsAtItsRange) {
  const Columns columns = columns_of(100, 1);
  KeyIndexer keys({0}, {{40, 60}});
  EXPECT_EQ(keys.size(), 20U);
  EXPECT_EQ(keys.index_row(block_of({{40, 0}}), 0), 0U);
  EXPECT_EQ(keys.name(19, columns, 1), "user-59");
}

TEST(KeyIndexer, NoColumnsAreOneKey) {
  KeyIndexer keys({}, {});
  EXPECT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys.index_row(block_of({{5, 5}}), 0), 0U);
  EXPECT_EQ(keys.name(0, columns_of(10, 1), 0), "");
}

}  // namespace
}  // namespace weir::policy
