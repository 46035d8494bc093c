#include "cli/number_between.hpp"

#include <fmt/format.h>

#include <CLI/TypeTools.hpp>
#include <string>

namespace weir::cli {

CLI::Validator number_between(double least, double most) {
  return CLI::Validator(
      [least, most](const std::string& text) -> std::string {
        double value = 0.0;
        const bool is_number = CLI::detail::lexical_cast(text, value);
        if (is_number && value >= least && value <= most) return "";
        return fmt::format("expected a number from {:g} to {:g}, got \"{}\"", least, most, text);
      },
      "");
}

}  // namespace weir::cli
