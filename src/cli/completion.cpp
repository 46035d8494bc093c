#include "cli/completion.hpp"

#include <string_view>

namespace weir::cli {

Offer offer_for(const OptionFacts& option) {
  if (!option.choices.empty()) return Offer::choices;
  const std::string& name = option.names[0];
  const auto is_one_of = [](std::string_view text, std::initializer_list<const char*> words) {
    for (const std::string_view word : words) {
      if (text == word || text == std::string(word) + "S") return true;
    }
    return false;
  };
  if (is_one_of(name, {"SCENARIO"})) return Offer::scenarios;
  if (is_one_of(option.value, {"SCENARIO"})) return Offer::scenarios;
  if (is_one_of(name, {"REPORT"}) || is_one_of(option.value, {"REPORT"})) return Offer::reports;
  if (is_one_of(option.value, {"DIR", "FOLDER", "DIRECTORY"})) return Offer::folders;
  if (option.value.starts_with("FILE") || is_one_of(option.value, {"PATH"})) return Offer::files;
  return Offer::nothing;
}

}  // namespace weir::cli
