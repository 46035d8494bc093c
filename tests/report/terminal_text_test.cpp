#include "report/terminal_text.hpp"

#include <gmock/gmock.h>

#include "report/utf8.hpp"

namespace weir::report {
namespace {

using testing::ElementsAre;

constexpr TerminalOptions plain;
constexpr TerminalOptions ascii = {.unicode = false};

TEST(Utf8, KeepsWhatIsValid) {
  for (const char* text : {"", "abc", "\u00e4\u0800\uffff\U00010000\U0010ffff", "\u07ff\ud7ff"}) {
    EXPECT_EQ(valid_utf8(text), text);
  }
}

TEST(Utf8, ReplacesEveryByteThatIsNot) {
  EXPECT_EQ(valid_utf8("a\xffz"), "a\uFFFDz");
  EXPECT_EQ(valid_utf8("\xc3"), "\uFFFD");                      // cut short
  EXPECT_EQ(valid_utf8("\xc3("), "\uFFFD(");                    // not continued
  EXPECT_EQ(valid_utf8("\x80"), "\uFFFD");                      // continues nothing
  EXPECT_EQ(valid_utf8("\xc0\xaf"), "\uFFFD\uFFFD");            // longer than need be
  EXPECT_EQ(valid_utf8("\xe0\x9f\xbf"), "\uFFFD\uFFFD\uFFFD");  // the same
  EXPECT_EQ(valid_utf8("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(valid_utf8("\xf4\x90\x80\x80").size(), 4 * 3u);     // beyond Unicode
}

TEST(TerminalText, HostileTextBecomesHarmless) {
  EXPECT_EQ(printable("a\x1b[31mb", plain), "a\uFFFD[31mb");
  EXPECT_EQ(printable("a\nb\tc\rd\x7f", plain), "a\uFFFDb\uFFFDc\uFFFDd\uFFFD");
  EXPECT_EQ(printable("\u009b31m", plain), "\uFFFD31m");            // CSI as one character
  EXPECT_EQ(printable("\u202egnp.exe", plain), "\uFFFDgnp.exe");    // right to left
  EXPECT_EQ(printable("a\u200bb\ufeff", plain), "a\uFFFDb\uFFFD");  // not to be seen
  EXPECT_EQ(printable("\xff", plain), "\uFFFD");
  EXPECT_EQ(printable(std::string("\0", 1), plain), "\uFFFD");
  EXPECT_EQ(printable("gr\u00fcn \u6c34", plain), "gr\u00fcn \u6c34");
}

TEST(TerminalText, WithoutUnicodeEverythingIsAscii) {
  EXPECT_EQ(printable("gr\u00fcn\x1b ~", ascii), "gr?n? ~");
}

TEST(TerminalText, WidthCountsColumnsNotBytes) {
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("gr\u00fcn"), 4u);
  EXPECT_EQ(display_width("\u6c34\u5830"), 4u);
  EXPECT_EQ(display_width("e\u0301"), 1u);
}

TEST(TerminalText, LongTextIsCut) {
  EXPECT_EQ(shortened("abcdef", 6, plain), "abcdef");
  EXPECT_EQ(shortened("abcdef", 5, plain), "abcd…");
  EXPECT_EQ(shortened("abcdef", 5, ascii), "abcd~");
  EXPECT_EQ(shortened("abcdef", 1, plain), "…");
  EXPECT_EQ(shortened("abcdef", 0, plain), "");
  EXPECT_EQ(shortened("\u6c34\u5830\u6c34", 4, plain), "\u6c34…");
  EXPECT_EQ(shortened("e\u0301e\u0301e\u0301", 2, plain), "e\u0301…");
}

TEST(TerminalText, WrapsAtWords) {
  EXPECT_THAT(wrapped("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(wrapped("one two three", 6), ElementsAre("one", "two", "three"));
  EXPECT_THAT(wrapped("unbreakable", 3), ElementsAre("unbreakable"));
  EXPECT_THAT(wrapped("", 3), ElementsAre());
}

TEST(TerminalText, ColoursOnlyWhereTheyAreWanted) {
  EXPECT_EQ(styled("x", Style::bad, plain), "x");
  EXPECT_EQ(styled("x", Style::bad, {.color = true}), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(styled("x", Style::plain, {.color = true}), "x");
}

TEST(Sparkline, HeightsAreSharesOfTheFullOne) {
  EXPECT_EQ(sparkline({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 8, plain), " ▁▂▃▄▅▆▇██");
  EXPECT_EQ(sparkline({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 8, ascii), " .:-=+*#@@");
}

TEST(Sparkline, OnlyNothingIsBlank) {
  EXPECT_EQ(sparkline({1, 0, 1'000'000, 0, 0}, 1'000'000, plain), "▁ █");
  EXPECT_EQ(sparkline({0, 0}, 0, plain), "");
  const std::uint64_t most = ~std::uint64_t{0};
  EXPECT_EQ(sparkline({most, most / 2}, most, plain), "█▄");
}

TEST(Sparkline, LongSeriesAreFolded) {
  const std::vector<std::uint64_t> ones(12, 1);
  EXPECT_THAT(fold(ones, 12).values, testing::SizeIs(12));
  EXPECT_THAT(fold(ones, 11).values, ElementsAre(2, 2, 2, 2, 2, 2));
  EXPECT_EQ(fold(ones, 11).per_value, 2u);
  EXPECT_THAT(fold(ones, 5).values, ElementsAre(3, 3, 3, 3));
  EXPECT_THAT(fold(std::vector<std::uint64_t>(11, 1), 4).values, ElementsAre(3, 3, 3, 2));
  EXPECT_THAT(fold(std::vector<std::uint64_t>(10, 1), 3).values, ElementsAre(5, 5));
  EXPECT_THAT(fold({}, 3).values, ElementsAre());
}

}  // namespace
}  // namespace weir::report
