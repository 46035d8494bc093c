#include "scenario/json_document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "scenario/scenario_for_test.hpp"

namespace weir::scenario {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ReadJson, KeepsTheOrderOfMembersAndAllKindsOfValues) {
  const JsonText text = read_json(R"({"z": [1, -2, 2.5, true, null], "a": {"": "x"}})");
  ASSERT_TRUE(text.document);
  EXPECT_THAT(text.problems, IsEmpty());
  EXPECT_EQ(text.document->dump(), R"({"z":[1,-2,2.5,true,null],"a":{"":"x"}})");
}

TEST(ReadJson, SkipsComments) {
  const JsonText text = read_json("// first\n{/* a */ \"a\": 1 // b\n}\n/* end */");
  ASSERT_TRUE(text.document);
  EXPECT_EQ(text.document->dump(), R"({"a":1})");
}

struct SyntaxCase {
  std::string text;
  std::string message;
};

TEST(ReadJson, SaysWhereTheSyntaxIsWrongAndWhatWasExpected) {
  const std::vector<SyntaxCase> cases = {
      {"", "line 1, column 1: unexpected end of input; expected '[', '{', or a literal"},
      {"{\n  \"a\": 1,\n}", "line 3, column 1: unexpected '}'; expected string literal"},
      {"{\n  a: 1}",
       "line 2, column 3: invalid literal; last read: '{<U+000A>  a'; expected string literal"},
      {"{\"a\" 5}", "line 1, column 6: unexpected number literal; expected ':'"},
      {"[1, 2", "line 1, column 6: unexpected end of input; expected ']'"},
      {"[1 2]", "line 1, column 4: unexpected number literal; expected ']'"},
      {"{\"n\": tru}",
       "line 1, column 10: invalid literal; last read: '\"n\": tru}'; expected a value"},
      {"{} {}", "line 1, column 4: unexpected '{'; expected end of input"},
      {"[1e999]", "line 1, column 6: number overflow parsing '1e999'"},
      {"\"a", "line 1, column 3: invalid string: missing closing quote; last read: '\"a'"},
      {"[\"\xff\"]",
       "line 1, column 3: invalid string: ill-formed UTF-8 byte; last read: '\"\xff'"},
      {"[] /* x",
       "line 1, column 8: invalid comment; missing closing '*/'; last read: '[] /* x'; expected "
       "end of input"},
  };
  for (const SyntaxCase& one : cases) {
    SCOPED_TRACE(one.text);
    const JsonText text = read_json(one.text);
    EXPECT_FALSE(text.document);
    EXPECT_THAT(text.problems, ElementsAre(Problem{"", one.message}));
  }
}

TEST(ReadJson, AKeyGivenTwiceIsAProblemOfItsPlace) {
  const JsonText text =
      read_json(R"({"a": 1, "b": [{}, {"c/d": 1, "c/d": 2}], "a": {"a": 3, "e": 4}})");
  ASSERT_TRUE(text.document);
  EXPECT_EQ(text.document->dump(), R"({"a":1,"b":[{},{"c/d":1}]})");
  EXPECT_THAT(text.problems,
              ElementsAre(Problem{"/b/1/c~1d", "is given twice"}, Problem{"/a", "is given twice"}));
}

TEST(ReadJson, NestsAsDeepAsAllowedAndNoDeeper) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(read_json(nested(64)).document);
  const JsonText text = read_json("{\"a\": " + nested(64) + "}");
  EXPECT_FALSE(text.document);
  std::string pointer = "/a";
  for (int i = 0; i < 63; ++i) pointer += "/0";
  EXPECT_THAT(text.problems, ElementsAre(Problem{pointer, "must not nest deeper than 64 levels"}));
}

TEST(ReadJson, ManyMembersTakeLittleTime) {
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) text += '"' + std::to_string(i) + "\": 0,";
  text.back() = '}';
  const JsonText read = read_json(text);
  ASSERT_TRUE(read.document);
  EXPECT_EQ(read.document->size(), 100'000U);
}

TEST(PointerTokens, ReadsEscapes) {
  EXPECT_THAT(*pointer_tokens(""), IsEmpty());
  EXPECT_THAT(*pointer_tokens("/a~1b/m~0n/0/"), ElementsAre("a/b", "m~n", "0", ""));
  EXPECT_FALSE(pointer_tokens("a"));
  EXPECT_FALSE(pointer_tokens("/a~"));
  EXPECT_FALSE(pointer_tokens("/a~2"));
  EXPECT_EQ(pointer_token("a/b~c"), "a~1b~0c");
}

}  // namespace
}  // namespace weir::scenario
