#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "report/table.hpp"
#include "report/terminal_text.hpp"

namespace weir::report {

/// One decimal, but never "0.0%" or "100.0%" of what is not exactly that.
std::string percent(double ratio);

/// Nanoseconds as a short duration.
std::string short_duration(const nlohmann::ordered_json& ns);

/// Turns a report's values into cells of tables; null is a dash.
class Cells {
 public:
  using Json = nlohmann::ordered_json;

  explicit Cells(const TerminalOptions& options) : options_(options) {}

  /// A name, whatever it holds.
  std::string safe(const Json& name) const {
    return printable(name.get_ref<const std::string&>(), options_);
  }
  bool is_unicode() const { return options_.unicode; }
  const char* none() const { return options_.unicode ? "–" : "-"; }

  Cell count(const Json& n, Style style = Style::plain) const;
  Cell share(const Json& ratio, Style style = Style::plain) const;
  Cell share_of(const Json& part, const Json& whole) const;
  Cell duration(const Json& ns) const;
  /// With one decimal where there is one.
  Cell decimal(const Json& value) const;

 protected:
  const TerminalOptions& options_;
};

}  // namespace weir::report
