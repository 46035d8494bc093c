#pragma once

#include <string>
#include <vector>

#include "report/terminal_text.hpp"

namespace weir::report {

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::right;
  /// Where the width does not do, columns are left out, those with the largest number first; 0
  /// stays.
  int expendable = 0;
};

/// A printable text in a style.
struct Cell {
  std::string text;
  Style style = Style::plain;
};

/// Rows under a line of titles (if there are any), in columns two blanks apart. Left-aligned
/// columns are names: where the width does not do, they are cut.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// As many cells as there are columns.
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  /// As many cells as there are rows.
  void add_column(Column column, std::vector<Cell> cells);
  bool empty() const { return rows_.empty(); }
  const std::vector<Column>& columns() const { return columns_; }
  const std::vector<std::vector<Cell>>& rows() const { return rows_; }
  /// How wide it would like to be.
  std::size_t natural_width() const;
  std::string render(const TerminalOptions& options) const;
  /// The titles of the columns that render() leaves out.
  std::vector<std::string> left_out(const TerminalOptions& options) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

/// The blanks left of a table, and those between two columns.
inline constexpr std::size_t indent = 2;
inline constexpr std::size_t gap = 2;

}  // namespace weir::report
