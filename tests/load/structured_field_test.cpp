#include "load/structured_field.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace weir::load {
namespace {

using FieldForm = StructuredFieldReader::Form;

std::string letter_of(BareItem::Kind kind) { return {"idstbofD"[static_cast<int>(kind)]}; }

std::string item_text(const BareItem& item) {
  const bool integer = item.kind == BareItem::Kind::integer || item.kind == BareItem::Kind::date;
  return letter_of(item.kind) + ":" +
         (integer ? std::to_string(item.integer) : std::string(item.text));
}

/// Every member, with its parameters behind it, or "broken".
std::string read_all(std::string_view text, FieldForm form) {
  StructuredFieldReader members(text, form);
  std::string out;
  while (members.next()) {
    if (!out.empty()) out += " | ";
    if (form == FieldForm::dictionary) out += std::string(members.key()) + "=";
    out += item_text(members.item());
    while (members.next_parameter()) {
      out += " ;" + std::string(members.parameter_key()) + "=" + item_text(members.parameter());
    }
  }
  return members.good() ? out : "broken";
}

std::string list_of(std::string_view text) { return read_all(text, FieldForm::list); }
std::string dictionary_of(std::string_view text) { return read_all(text, FieldForm::dictionary); }

TEST(StructuredField, ReadsEveryKindOfItem) {
  EXPECT_EQ(list_of("100"), "i:100");
  EXPECT_EQ(list_of("-5"), "i:-5");
  EXPECT_EQ(list_of("007"), "i:7");
  EXPECT_EQ(list_of("1.5"), "d:1.5");
  EXPECT_EQ(list_of("-0.125"), "d:-0.125");
  EXPECT_EQ(list_of(R"("a, b;c=")"), "s:a, b;c=");
  EXPECT_EQ(list_of(R"("")"), "s:");
  EXPECT_EQ(list_of(R"("a \"b\" \\")"), R"(s:a \"b\" \\)");
  EXPECT_EQ(list_of("token*/x:1"), "t:token*/x:1");
  EXPECT_EQ(list_of("*x"), "t:*x");
  EXPECT_EQ(list_of(":cHsdsRa894==:"), "b:cHsdsRa894==");
  EXPECT_EQ(list_of("::"), "b:");
  EXPECT_EQ(list_of("?1"), "o:1");
  EXPECT_EQ(list_of("?0"), "o:0");
  EXPECT_EQ(list_of("@1659578233"), "f:1659578233");
  EXPECT_EQ(list_of(R"(%"f%c3%bc")"), "D:f%c3%bc");
}

TEST(StructuredField, ReadsIntegersOf63Bits) {
  EXPECT_EQ(list_of("9223372036854775807"), "i:9223372036854775807");
  EXPECT_EQ(list_of("9223372036854775808"), "broken");
}

TEST(StructuredField, ReadsListsWithParameters) {
  EXPECT_EQ(list_of("10;w=1, 50;w=60;comment=\"fixed, window\" ,\t1000"),
            "i:10 ;w=i:1 | i:50 ;w=i:60 ;comment=s:fixed, window | i:1000");
  EXPECT_EQ(list_of(R"("a";  q=2;flag;*k-1.x_=tok)"), "s:a ;q=i:2 ;flag=o: ;*k-1.x_=t:tok");
  EXPECT_EQ(list_of("1,2"), "i:1 | i:2");
  EXPECT_EQ(list_of("1  "), "i:1");
}

TEST(StructuredField, ReadsDictionaries) {
  EXPECT_EQ(dictionary_of("limit=100, remaining=50,reset=5;p=1"),
            "limit=i:100 | remaining=i:50 | reset=i:5 ;p=i:1");
  EXPECT_EQ(dictionary_of("flag;p=1, a=?0"), "flag=o: ;p=i:1 | a=o:0");
}

TEST(StructuredField, RejectsWhatDoesNotParse) {
  for (const char* text : {"",           " ",      ",",      "1,",       "1, ",     ",1",
                           "1,,2",       "1 2",    "1;",     "1; ",      "1;=2",    "1;w=",
                           "1;W=1",      "1 ;w=1", "1;w =1", "1;w= 1",   "1;\tw=1", ";a=1",
                           R"(;a="x"5)", "-",      "--1",    "+1",       "1.",      "1.2345",
                           ".5",         R"("a)",  R"("a\)", R"("a\n")", "\"\t\"",  "\"\xC3\xBC\"",
                           "'a'",        ":a",     ":a b:",  "?",        "?2",      "?true",
                           "@",          "@1.5",   "@x",     "%",        "%a",      R"(%"a)",
                           "(1 2)",      "()",     "=1",     "{",        "a b"}) {
    EXPECT_EQ(list_of(text), "broken") << text;
  }
  for (const char* text : {"", "1", "A=1", "a=", "a =1", "a= 1", "a=1,", "a=1 b=2", R"("a"=1)",
                           "a=(1 2)", "a=1;", "=1", "a=1, =2"}) {
    EXPECT_EQ(dictionary_of(text), "broken") << text;
  }
}

TEST(StructuredField, ParametersThatNobodyAskedForAreCheckedToo) {
  StructuredFieldReader good("1;a=2, 3", FieldForm::list);
  EXPECT_TRUE(good.next());
  EXPECT_TRUE(good.next());
  EXPECT_EQ(good.item().integer, 3);
  EXPECT_FALSE(good.next());
  EXPECT_TRUE(good.good());

  StructuredFieldReader broken("1;a=, 3", FieldForm::list);
  EXPECT_TRUE(broken.next());
  EXPECT_FALSE(broken.next());
  EXPECT_FALSE(broken.next());
  EXPECT_FALSE(broken.good());
}

}  // namespace
}  // namespace weir::load
