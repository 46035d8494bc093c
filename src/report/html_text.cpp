#include "report/html_text.hpp"

#include "report/terminal_text.hpp"

namespace weir::report {

std::string html_text(std::string_view text) {
  std::string html;
  for (const char c : printable(text, {.unicode = true})) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

}  // namespace weir::report
