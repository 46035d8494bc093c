#include "report/terminal_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "core/int128.hpp"
#include "report/utf8.hpp"

namespace weir::report {
namespace {

struct Range {
  char32_t first, last;
};

template <std::size_t n>
bool is_in(const std::array<Range, n>& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [c](const Range& range) { return c >= range.first && c <= range.last; });
}

/// Controls, and what is not seen but changes what is: marks of direction, joiners, line and
/// paragraph separators, variation selectors, tags, private use, and what is no character at all.
constexpr std::array<Range, 18> harmful = {{{0x00, 0x1F},
                                            {0x7F, 0x9F},
                                            {0xAD, 0xAD},
                                            {0x61C, 0x61C},
                                            {0x180E, 0x180E},
                                            {0x200B, 0x200F},
                                            {0x2028, 0x202E},
                                            {0x2060, 0x206F},
                                            {0xE000, 0xF8FF},
                                            {0xFE00, 0xFE0F},
                                            {0xFEFF, 0xFEFF},
                                            {0xFFF0, 0xFFFB},
                                            {0xFDD0, 0xFDEF},
                                            {0xFFFE, 0xFFFF},
                                            {0x1FFFE, 0x1FFFF},
                                            {0x2FFFE, 0x2FFFF},
                                            {0x3FFFE, 0x3FFFF},
                                            {0xE0000, 0x10FFFF}}};

/// Characters that take two columns: East Asian wide and full-width ones, and pictures.
constexpr std::array<Range, 9> wide = {{{0x1100, 0x115F},
                                        {0x2E80, 0x303E},
                                        {0x3041, 0xA4CF},
                                        {0xAC00, 0xD7A3},
                                        {0xF900, 0xFAFF},
                                        {0xFE30, 0xFE6F},
                                        {0xFF00, 0xFF60},
                                        {0x1F300, 0x1FAFF},
                                        {0x20000, 0x3FFFD}}};

/// Marks that stand on the character before them.
constexpr std::array<Range, 3> combining = {{{0x300, 0x36F}, {0x1AB0, 0x1AFF}, {0x20D0, 0x20FF}}};

std::size_t columns(char32_t c) {
  if (is_in(combining, c)) return 0;
  return is_in(wide, c) ? 2 : 1;
}

constexpr std::array<const char*, 9> unicode_bars = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<const char*, 9> ascii_bars = {" ", ".", ":", "-", "=", "+", "*", "#", "@"};

}  // namespace

std::string styled(std::string_view text, Style style, const TerminalOptions& options) {
  constexpr std::array<const char*, 6> codes = {"0", "1", "2", "32", "31", "33"};
  if (!options.color || style == Style::plain || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", codes[static_cast<std::size_t>(style)], text);
}

std::string printable(std::string_view text, const TerminalOptions& options) {
  std::string result;
  while (!text.empty()) {
    CodePoint c = first_code_point(text);
    text.remove_prefix(c.bytes);
    if (is_in(harmful, c.value)) c.value = 0xFFFD;
    if (!options.unicode && c.value > 0x7E) c.value = '?';
    append_utf8(result, c.value);
  }
  return result;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint c = first_code_point(text);
    text.remove_prefix(c.bytes);
    width += columns(c.value);
  }
  return width;
}

std::string shortened(std::string_view text, std::size_t width, const TerminalOptions& options) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::size_t left = width - 1;
  std::size_t end = 0;
  while (true) {
    const CodePoint c = first_code_point(text.substr(end));
    if (columns(c.value) > left) break;
    left -= columns(c.value);
    end += c.bytes;
  }
  return std::string(text.substr(0, end)) + (options.unicode ? "…" : "~");
}

std::vector<std::string> wrapped(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!lines.empty() && display_width(lines.back()) + 1 + display_width(word) <= width) {
      lines.back() += fmt::format(" {}", word);
    } else {
      lines.emplace_back(word);
    }
  }
  return lines;
}

Folded fold(const std::vector<std::uint64_t>& values, std::size_t width) {
  const std::size_t size = values.size();
  const std::size_t least =
      std::max<std::size_t>(1, width == 0 ? size : (size + width - 1) / width);
  std::size_t step = least;
  while (step < 2 * least && size % step != 0) ++step;
  if (size % step != 0) step = least;
  Folded folded{{}, step};
  for (std::size_t i = 0; i < size; ++i) {
    if (i % step == 0) folded.values.push_back(0);
    folded.values.back() += values[i];
  }
  return folded;
}

std::string sparkline(const std::vector<std::uint64_t>& values, std::uint64_t full,
                      const TerminalOptions& options) {
  const std::array<const char*, 9>& bars = options.unicode ? unicode_bars : ascii_bars;
  std::string line;
  for (const std::uint64_t value : values) {
    const Uint128 height = full == 0 ? 0 : (Uint128{std::min(value, full)} * 8 + full - 1) / full;
    line += bars[static_cast<std::size_t>(height)];
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace weir::report
