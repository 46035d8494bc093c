#include "report/table.hpp"

#include <algorithm>

namespace weir::report {
namespace {

/// Names are not cut shorter than this while a column can be left out instead.
constexpr std::size_t readable_name = 16;

/// A column that is shown: which one, and how wide.
struct Shown {
  std::size_t index;
  std::size_t width;
  bool is_name;
};

using Layout = std::vector<Shown>;

std::size_t total_width(const Layout& layout, std::size_t longest_name) {
  std::size_t total = indent + gap * (layout.size() - 1);
  for (const Shown& column : layout) {
    total += column.is_name ? std::min(column.width, longest_name) : column.width;
  }
  return total;
}

/// What goes is added to `gone`.
void leave_out(Layout& layout, const std::vector<Column>& columns, std::size_t width,
               std::vector<std::string>& gone) {
  const auto by_value = [&](const Shown& a, const Shown& b) {
    return columns[a.index].expendable < columns[b.index].expendable;
  };
  while (total_width(layout, readable_name) > width) {
    const auto least = std::max_element(layout.begin(), layout.end(), by_value);
    if (columns[least->index].expendable == 0) return;
    gone.push_back(columns[least->index].title);
    layout.erase(least);
  }
}

void cut_names(Layout& layout, std::size_t width) {
  std::size_t longest = 0;
  for (const Shown& column : layout) {
    if (column.is_name) longest = std::max(longest, column.width);
  }
  while (longest > 1 && total_width(layout, longest) > width) --longest;
  for (Shown& column : layout) {
    if (column.is_name) column.width = std::min(column.width, longest);
  }
}

Layout natural_layout(const std::vector<Column>& columns,
                      const std::vector<std::vector<Cell>>& rows) {
  Layout layout;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t width = display_width(columns[i].title);
    for (const std::vector<Cell>& row : rows) {
      width = std::max(width, display_width(row[i].text));
    }
    layout.push_back({i, width, columns[i].align == Align::left});
  }
  return layout;
}

std::string render_row(const Layout& layout, const std::vector<Cell>& row,
                       const TerminalOptions& options) {
  std::string line;
  std::size_t blanks = indent;
  for (const Shown& column : layout) {
    const Cell& cell = row[column.index];
    const std::string text = shortened(cell.text, column.width, options);
    const std::size_t padding = column.width - display_width(text);
    if (!text.empty()) {
      line.append(blanks + (column.is_name ? 0 : padding), ' ');
      line += styled(text, cell.style, options);
      blanks = 0;
    }
    blanks += gap + (text.empty() ? column.width : column.is_name ? padding : 0);
  }
  return line + '\n';
}

}  // namespace

void Table::add_column(Column column, std::vector<Cell> cells) {
  columns_.push_back(std::move(column));
  for (std::size_t i = 0; i < rows_.size(); ++i) rows_[i].push_back(std::move(cells[i]));
}

std::size_t Table::natural_width() const {
  return total_width(natural_layout(columns_, rows_), std::size_t{1} << 20);
}

std::vector<std::string> Table::left_out(const TerminalOptions& options) const {
  std::vector<std::string> gone;
  Layout layout = natural_layout(columns_, rows_);
  leave_out(layout, columns_, static_cast<std::size_t>(std::max(options.width, 1)), gone);
  return gone;
}

std::string Table::render(const TerminalOptions& options) const {
  const auto width = static_cast<std::size_t>(std::max(options.width, 1));
  Layout layout = natural_layout(columns_, rows_);
  std::vector<std::string> gone;
  leave_out(layout, columns_, width, gone);
  cut_names(layout, width);
  std::vector<Cell> titles;
  bool has_titles = false;
  for (const Column& column : columns_) {
    titles.push_back({column.title, Style::dim});
    has_titles = has_titles || !column.title.empty();
  }
  std::string text = has_titles ? render_row(layout, titles, options) : "";
  for (const std::vector<Cell>& row : rows_) text += render_row(layout, row, options);
  return text;
}

}  // namespace weir::report
