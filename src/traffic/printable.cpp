#include "traffic/printable.hpp"

#include <fmt/format.h>

#include <iterator>

namespace weir::traffic {

std::string printable(std::string_view found) {
  constexpr std::size_t most = 60;
  std::string text;
  for (const char c : found.substr(0, most)) {
    if (c >= ' ' && c <= '~') {
      text += c;
    } else {
      fmt::format_to(std::back_inserter(text), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (found.size() > most) text += "...";
  return text;
}

std::string in_quotes(std::string_view found) { return '"' + printable(found) + '"'; }

}  // namespace weir::traffic
