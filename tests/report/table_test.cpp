#include "report/table.hpp"

#include <gtest/gtest.h>

namespace weir::report {
namespace {

Table sample_table() {
  Table table(
      {{"name", Align::left}, {"count"}, {"extra", Align::right, 1}, {"more", Align::right, 2}});
  table.add({{"a name of some length"}, {"1"}, {"20"}, {"300"}});
  table.add({{"b"}, {"1,000,000"}, {}, {"4"}});
  return table;
}

TEST(Table, AlignsNamesLeftAndNumbersRight) {
  EXPECT_EQ(sample_table().render({.width = 80}),
            "  name                       count  extra  more\n"
            "  a name of some length          1     20   300\n"
            "  b                      1,000,000            4\n");
}

TEST(Table, LeavesOutWhatIsMostExpendableFirst) {
  EXPECT_EQ(sample_table().natural_width(), 47u);
  EXPECT_EQ(sample_table().render({.width = 37}),
            "  name                   count  extra\n"
            "  a name of some l…          1     20\n"
            "  b                  1,000,000\n");
  EXPECT_EQ(sample_table().render({.width = 35}),
            "  name                       count\n"
            "  a name of some length          1\n"
            "  b                      1,000,000\n");
}

TEST(Table, CutsNamesWhereNothingCanBeLeftOut) {
  EXPECT_EQ(sample_table().render({.width = 20}),
            "  name         count\n"
            "  a name…          1\n"
            "  b        1,000,000\n");
}

TEST(Table, StandsWithoutTitles) {
  Table table({{"", Align::left}, {""}});
  EXPECT_TRUE(table.empty());
  table.add({{"x"}, {"1"}});
  table.add_column({"", Align::left}, {{"end"}});
  EXPECT_EQ(table.render({}), "  x  1  end\n");
}

TEST(Table, ColoursDoNotMoveColumns) {
  Table table({{"", Align::left}, {""}});
  table.add({{"x", Style::good}, {"1", Style::bad}});
  EXPECT_EQ(table.render({.color = true}), "  \x1b[32mx\x1b[0m  \x1b[31m1\x1b[0m\n");
}

}  // namespace
}  // namespace weir::report
