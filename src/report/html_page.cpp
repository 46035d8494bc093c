#include "report/html_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/html_assets.hpp"
#include "report/html_text.hpp"

namespace weir::report {
namespace {

const char* style_class(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::bold:
      return "bold";
    case Style::dim:
      return "dim";
    case Style::good:
      return "good";
    case Style::bad:
      return "bad";
    case Style::warning:
      return "warning";
  }
  return "";
}

std::string class_attribute(const std::string& names) {
  return names.empty() ? "" : fmt::format(" class=\"{}\"", names);
}

/// Bytes of a sign that stands for a word.
constexpr std::size_t longest_mark = 4;

const char* side(const Column& column) { return column.align == Align::right ? "right" : "left"; }

std::string table_html(const Table& table) {
  std::string html = "<div class=\"scroll\"><table>\n<thead><tr>";
  for (const Column& column : table.columns()) {
    html += fmt::format("<th scope=\"col\" class=\"{}\">{}</th>", side(column),
                        html_text(column.title));
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const std::vector<Cell>& row : table.rows()) {
    html += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string style = style_class(row[i].style);
      const bool is_mark = row[i].text.size() <= longest_mark && table.columns()[i].title.empty();
      html +=
          fmt::format("<td class=\"{}{}{}\">{}</td>", is_mark ? "mark" : side(table.columns()[i]),
                      style.empty() ? "" : " ", style, html_text(row[i].text));
    }
    html += "</tr>\n";
  }
  return html + "</tbody>\n</table></div>\n";
}

/// Chart.js names a map of its source that a page without a network cannot have.
std::string_view without_source_map(std::string_view script) {
  return script.substr(0, script.find("\n//# sourceMappingURL"));
}

constexpr std::string_view security_policy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

}  // namespace

HtmlPage::HtmlPage(std::string_view title) : title_(html_text(title)) {}

void HtmlPage::verdict(std::string_view verdict) {
  const char* style = verdict == "pass" ? "good" : verdict == "fail" ? "bad" : "warning";
  verdict_ = fmt::format(" <span class=\"verdict {}\">{}</span>", style, html_text(verdict));
}

void HtmlPage::section(std::string_view title) {
  body_ += fmt::format("<h2>{}</h2>\n", html_text(title));
}

void HtmlPage::subsection(std::string_view title) {
  body_ += fmt::format("<h3>{}</h3>\n", html_text(title));
}

void HtmlPage::paragraph(std::string_view text, Style style) {
  body_ += fmt::format("<p{}>{}</p>\n", class_attribute(style_class(style)), html_text(text));
}

void HtmlPage::preformatted(std::string_view lines) {
  body_ += "<pre>\n";
  for (std::size_t begin = 0; begin < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', begin), lines.size());
    body_ += html_text(lines.substr(begin, end - begin)) + '\n';
    begin = end + 1;
  }
  body_ += "</pre>\n";
}

void HtmlPage::table(const Table& table) {
  if (!table.empty()) body_ += table_html(table);
}

void HtmlPage::folded_table(std::string_view summary, const Table& table) {
  if (table.empty()) return;
  body_ += fmt::format("<details><summary>{}</summary>\n{}</details>\n", html_text(summary),
                       table_html(table));
}

void HtmlPage::chart(const Chart& chart, const Table& numbers) {
  has_charts_ = true;
  const std::string about = html_text(chart.about);
  body_ += fmt::format("<h3>{}</h3>\n<figure class=\"chart\">\n<figcaption>{}</figcaption>\n",
                       html_text(chart.title), about);
  body_ += fmt::format(
      "<div class=\"canvas\"><canvas role=\"img\" aria-label=\"{}\"></canvas></div>\n", about);
  body_ += fmt::format("<script type=\"application/json\">{}</script>\n", chart_json(chart));
  folded_table("The numbers", numbers);
  body_ += "</figure>\n";
}

std::string HtmlPage::render() const {
  std::string html = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  html += fmt::format("<meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n",
                      security_policy);
  html +=
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n";
  html += fmt::format("<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n",
                      title_.empty() ? "weir" : title_, page_style);
  html += fmt::format("<h1>{}{}</h1>\n{}", title_, verdict_, body_);
  html += "<footer>Made by weir " WEIR_VERSION ".</footer>\n";
  if (has_charts_) {
    html += fmt::format("<script>\n{}\n</script>\n<script>\n{}</script>\n",
                        without_source_map(chart_library), page_script);
  }
  return html + "</body>\n</html>\n";
}

}  // namespace weir::report
