#pragma once

#include <string>
#include <string_view>

#include "report/html_chart.hpp"
#include "report/table.hpp"

namespace weir::report {

/// A self-contained HTML page, written from top to bottom: it needs no network, is light or dark as
/// its reader likes it, can be printed and read on a phone, and its charts' numbers are in tables
/// too, for who has no JavaScript. Every text is plain text, whatever it holds: the page escapes
/// it.
///
///     HtmlPage page("my sweep");
///     page.verdict("pass");
///     page.section("The front");
///     page.paragraph("No setting is better in both.");
///     page.chart({.title = "…", .about = "…", .x = {.title = "denied"}, .series = {…}}, numbers);
///     write(page.render());
class HtmlPage {
 public:
  /// The title is the page's heading, and that of the window.
  explicit HtmlPage(std::string_view title);

  /// "pass", "fail" or "inconclusive", beside the title; to be said first.
  void verdict(std::string_view verdict);
  /// Headings of first and second order.
  void section(std::string_view title);
  void subsection(std::string_view title);
  void paragraph(std::string_view text, Style style = Style::plain);
  /// Lines as they are, in letters of one width.
  void preformatted(std::string_view lines);
  /// Nothing, if the table has no rows.
  void table(const Table& table);
  /// A table that is shown when it is asked for.
  void folded_table(std::string_view summary, const Table& table);
  /// A chart, with its numbers in a table that is shown when it is asked for.
  void chart(const Chart& chart, const Table& numbers);

  /// The whole page.
  std::string render() const;

 private:
  std::string title_;
  std::string verdict_;
  std::string body_;
  bool has_charts_ = false;
};

}  // namespace weir::report
