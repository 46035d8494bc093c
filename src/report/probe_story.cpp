#include <fmt/format.h>

#include <algorithm>

#include "core/text.hpp"
#include "report/cells.hpp"
#include "report/probe.hpp"
#include "report/table.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

/// Experiments beyond these are left out of the middle, so that a story stays a screenful.
constexpr std::size_t first_shown = 4;
constexpr std::size_t last_shown = 5;

std::string count_of(const Json& number) { return format_count(number.get<std::int64_t>()); }

std::string number_of(const Json& number, const char* one, const char* many) {
  return fmt::format("{} {}", count_of(number), number == 1 ? one : many);
}

std::string requests_of(const Json& number) { return number_of(number, "request", "requests"); }
std::string answers_of(const Json& number) { return number_of(number, "answer", "answers"); }

const char* kind_of_limit(std::string_view family) {
  if (family == "fixed-window") return "a fixed window";
  if (family == "sliding-window-log") return "a sliding window";
  if (family == "sliding-window-counter") return "a sliding window counted by halves";
  if (family == "token-bucket") return "a token bucket";
  if (family == "leaky-bucket-queue") return "a queue that drains at a rate";
  if (family == "concurrency") return "a limit on requests at once";
  return "a limit";
}

/// Tells the story of a probe from its report.
class ProbeStory : private Cells {
 public:
  ProbeStory(const Json& report, const TerminalOptions& options)
      : Cells(options),
        report_(report),
        probe_(report["probe"]),
        width_(static_cast<std::size_t>(std::max(options.width, 1))) {}

  std::string render() {
    title();
    experiments();
    text_ += '\n';
    answers();
    others();
    conclusion();
    return std::move(text_);
  }

 private:
  bool is_decided() const { return report_["verdict"] == "pass"; }

  /// The first line begins with `mark`, and the others under what follows it.
  void lines(std::string_view mark, std::string_view text, Style style) {
    const std::size_t left = weir::report::indent + display_width(mark);
    bool is_first = true;
    for (const std::string& line : wrapped(text, width_ > left ? width_ - left : 1)) {
      text_ += is_first ? std::string(weir::report::indent, ' ') + std::string(mark)
                        : std::string(left, ' ');
      text_ += styled(line, style, options_) + '\n';
      is_first = false;
    }
  }

  void title() {
    const char* outcome = is_decided() ? "FOUND" : "UNDECIDED";
    text_ += styled("probe of " + safe(report_["target"]["url"]), Style::bold, options_) + "  " +
             styled(outcome, is_decided() ? Style::good : Style::warning, options_) + '\n';
    lines("",
          fmt::format(
              "{} of at most {} requests in {} of at most {}, never more than {}/s; seed {}",
              count_of(probe_["requests_used"]), count_of(report_["budget"]["max_requests"]),
              short_duration(probe_["time_used_ns"]),
              short_duration(report_["budget"]["max_time_ns"]),
              count_of(report_["budget"]["max_per_second"]), report_["seed"].get<std::int64_t>()),
          Style::dim);
    if (report_.contains("interrupted")) lines("", "interrupted", Style::warning);
    text_ += '\n';
  }

  void experiments() {
    const Json& all = probe_["experiments"];
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all.size() > first_shown + last_shown + 1 && i == first_shown) {
        const std::size_t left_out = all.size() - first_shown - last_shown;
        lines("    ", fmt::format("and {} more like these (--json tells all)", left_out),
              Style::dim);
        i += left_out;
      }
      const Json& one = all[i];
      const std::string showed = safe(one["showed"]);
      const std::string text =
          fmt::format("{} ({} in {}): {}", safe(one["name"]), requests_of(one["requests"]),
                      short_duration(one["duration_ns"]), showed);
      lines(fmt::format("{:>2}  ", i + 1), text, Style::plain);
    }
  }

  // ---- What answers told

  void told(const Json& counts, const char* what, std::string& list) const {
    if (counts["present"] == 0) return;
    const std::uint64_t judged =
        counts["truthful"].get<std::uint64_t>() + counts["untruthful"].get<std::uint64_t>();
    list += list.empty() ? "" : ", ";
    if (judged == 0) {
      list += fmt::format("{} (not judged)", what);
    } else if (counts["untruthful"] == 0) {
      list += fmt::format("{} is true", what);
    } else {
      list += fmt::format("{} is wrong in {} of {} answers", what, count_of(counts["untruthful"]),
                          format_count(static_cast<std::int64_t>(judged)));
    }
  }

  /// "13 of status 500, 2 of status 502".
  std::string by_status(const Json& counts) const {
    std::string text;
    for (const auto& [status, count] : counts.items()) {
      text +=
          fmt::format("{}{} of status {}", text.empty() ? "" : ", ", count_of(count), safe(status));
    }
    return text;
  }

  /// Which answers were taken for what.
  std::string meanings() const {
    constexpr int ok = 200;
    std::string text;
    const Json& allowed = probe_["allowed_status"];
    if (!allowed.is_null() && allowed != ok) {
      text = fmt::format("admissions have status {}; ", allowed.get<int>());
    }
    text += probe_["denied_status"].is_null()
                ? "nothing was denied"
                : fmt::format("denials have status {}", probe_["denied_status"].get<int>());
    if (!probe_["server"].is_null()) text += fmt::format(" (of {})", safe(probe_["server"]));
    if (!probe_["neither"].empty()) {
      text +=
          fmt::format("; {} meant neither (--denied says which do)", by_status(probe_["neither"]));
    }
    return text;
  }

  std::string told_of(const Json& limit) const {
    if (limit == "tightest") return "the one with the least left";
    const Json& further = probe_["further_limits"];
    return words(limit == "slower" && !further.empty() ? further[0] : probe_);
  }

  void headers(std::string& text) const {
    const Json& headers = probe_["headers"];
    if (headers["families"].empty()) {
      text += "; answers say nothing of a limit or of when to come back";
      return;
    }
    std::string list;
    told(headers["limit"], "the limit", list);
    told(headers["remaining"], "what remains", list);
    told(headers["reset"], "the reset", list);
    told(probe_["retry_after"], "Retry-After", list);
    text += fmt::format("; headers {}: {}", names(headers["families"], ", "),
                        list.empty() ? "nothing in them can be read" : list);
    for (const auto& [family, count] : headers["malformed"].items()) {
      text += fmt::format(", {} cannot be read in {}", safe(family), answers_of(count));
    }
    if (!headers["told_of"].is_null()) {
      text += fmt::format("; of the limits they tell {}", told_of(headers["told_of"]));
    }
    const Json& promises = probe_["retry_after"];
    const auto kept = promises["kept"].get<std::int64_t>();
    const auto returns = kept + promises["broken"].get<std::int64_t>();
    if (returns == 0) return;
    text += fmt::format("; of those who came back at the promised instant {} of {} were let in",
                        format_count(kept), format_count(returns));
  }

  void answers() {
    if (report_["statuses"].empty()) return;
    std::string text = meanings();
    headers(text);
    lines("", text, Style::plain);
  }

  // ---- What follows

  std::string words(const Json& limit) const {
    std::string text = safe(limit["algorithm"]);
    for (const auto& [name, value] : limit["parameters"].items()) {
      const Json& ranges = limit["ranges"];
      const bool is_least = ranges.contains(name) && ranges[name]["most"].is_null();
      text += fmt::format(" {}{}{}", name, is_least ? ">=" : "=",
                          value.is_string() ? safe(value) : value.dump());
    }
    return text;
  }

  std::string names(const Json& list, const char* last) const {
    std::string text;
    for (std::size_t i = 0; i < list.size(); ++i) {
      text += i == 0 ? "" : i + 1 == list.size() ? last : ", ";
      text += safe(list[i]);
    }
    return text;
  }

  void others() {
    if (!probe_["alternatives"].empty()) {
      const Json& next = probe_["alternatives"][0];
      std::string text = fmt::format("next best: {}", words(next));
      if (next["unexplained"] > 0) {
        text += fmt::format(", which cannot explain {}",
                            number_of(next["unexplained"], "decision", "decisions"));
      }
      lines("", text, Style::dim);
    }
    if (!probe_["cannot_tell_apart"].empty()) {
      lines("",
            fmt::format("decides alike in all that was tried: {}",
                        names(probe_["cannot_tell_apart"], " and ")),
            Style::dim);
    }
  }

  /// How far a slower limit was looked for beside what was found.
  std::string slower_limits() const {
    std::int64_t requests = 0;
    std::int64_t ns = 0;
    for (const Json& one : probe_["experiments"]) {
      if (one["name"] != "just below") continue;
      requests += one["requests"].get<std::int64_t>();
      ns += one["duration_ns"].get<std::int64_t>();
    }
    if (requests == 0) return "; slower limits were not looked for";
    if (!probe_["further_limits"].empty()) return "";
    return fmt::format("; no slower limit showed within {} requests in {}", format_count(requests),
                       format_duration_short(Duration::from_ns(ns)));
  }

  void key() {
    if (probe_["key_undecided"].empty()) return;
    lines("",
          fmt::format("which of {} tell requests apart is not known",
                      names(probe_["key_undecided"], " and ")),
          Style::warning);
  }

  void conclusion() {
    key();
    if (report_.contains("inconclusive_because")) {
      lines("", "undecided: " + safe(report_["inconclusive_because"]), Style::warning);
    }
    const std::string family = probe_["family"];
    if (family == "undecided") return;
    const char* sure = is_decided() ? "" : "most likely ";
    if (family == "none") {
      return lines("",
                   fmt::format("{}no limit that {} requests could find", sure,
                               count_of(probe_["requests_used"])),
                   Style::bold);
    }
    std::string text = fmt::format("{}{}: {}", sure, kind_of_limit(family), words(probe_));
    for (const Json& limit : probe_["further_limits"]) text += ", and " + words(limit);
    const Json& keys = probe_["keyed_by"];
    text += keys.empty() ? ", one for all" : fmt::format(", for each {}", names(keys, " and "));
    if (!probe_["confidence"].is_null()) {
      text += fmt::format(" (confidence {:.2f})", probe_["confidence"].get<double>());
    }
    text += slower_limits();
    lines("", text, Style::bold);
  }

  const Json& report_;
  const Json& probe_;
  std::size_t width_;
  std::string text_;
};

}  // namespace

std::string render_probe(const Json& report, const TerminalOptions& options) {
  return ProbeStory(report, options).render();
}

}  // namespace weir::report
