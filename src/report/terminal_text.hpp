#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir::report {

/// What the terminal can show.
struct TerminalOptions {
  bool color = false;
  /// Columns; no line is longer, if a word is not.
  int width = 80;
  /// Without it everything is ASCII, and other characters become question marks.
  bool unicode = true;
};

enum class Style { plain, bold, dim, good, bad, warning };

/// A text in that style, where colours are wanted.
std::string styled(std::string_view text, Style style, const TerminalOptions& options);

/// A text that may come from anywhere, made harmless: whatever could move the cursor, change
/// colours or the direction of writing, or not be seen at all becomes a replacement character.
std::string printable(std::string_view text, const TerminalOptions& options);

/// How many columns a printable text takes, without styles.
std::size_t display_width(std::string_view text);

/// A printable text cut to that many columns, with an ellipsis where something is missing.
std::string shortened(std::string_view text, std::size_t width, const TerminalOptions& options);

/// Words of a printable text on lines of at most `width` columns.
std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// A series with neighbours added up, `per_value` at a time, so that it is not too long to show.
struct Folded {
  std::vector<std::uint64_t> values;
  std::size_t per_value = 1;
};

/// The series in at most `width` values; the last stands for fewer than the others only where they
/// would have to be much coarser otherwise.
Folded fold(const std::vector<std::uint64_t>& values, std::size_t width);

/// The values as bars of eight heights. A value of `full` or more is as high as can be; 0 is a
/// blank, and only 0; blanks at the end are left out.
std::string sparkline(const std::vector<std::uint64_t>& values, std::uint64_t full,
                      const TerminalOptions& options);

}  // namespace weir::report
