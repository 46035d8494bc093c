#include "report/terminal_live.hpp"

#include <fmt/format.h>

#include <map>
#include <string_view>

#include "core/text.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

std::string counted_list(const Json& counts, const Cells& cells) {
  std::string list;
  for (const auto& [name, count] : counts.items()) {
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", cells.count(count).text,
                        cells.safe(Json(name)));
  }
  return list;
}

std::string throughput(const Json& report, const Cells& cells) {
  const double seconds = report["elapsed_ns"].get<double>() / 1e9;
  if (seconds <= 0.0 || report["totals"]["attempts"] == 0) return "";
  const auto a_second = [&](const Json& count) {
    return format_count(static_cast<std::int64_t>(count.get<double>() / seconds));
  };
  return fmt::format("{} requests and {} bytes of bodies a second, {} connections opened",
                     a_second(report["totals"]["attempts"]), a_second(report["bodies"]["bytes"]),
                     cells.count(report["connections"]).text);
}

std::string statuses(const Json& figures, const Cells& cells) {
  std::string list;
  for (const auto& [status, count] : figures["statuses"].items()) {
    list += fmt::format("{}{} × {}", list.empty() ? "" : ", ", status, cells.count(count).text);
  }
  return list.empty() ? "" : "statuses: " + list;
}

std::string promises_tested(const Json& figures, const Cells& cells) {
  const Json& r = figures["retry_after"];
  const auto count = [&](const char* field) { return cells.count(r[field]).text; };
  if (figures["totals"]["denied"] == 0) return "";
  std::string text = fmt::format("Retry-After: on {} of {} denials", count("present"),
                                 cells.count(figures["totals"]["denied"]).text);
  if (r["malformed"] > 0) text += fmt::format(", malformed on {}", count("malformed"));
  if (r["kept"] > 0 || r["broken"] > 0 || r["contested"] > 0) {
    text += fmt::format("; put to the test: {} kept, {} broken", count("kept"), count("broken"));
    if (r["contested"] > 0) text += fmt::format(", {} contested by the load", count("contested"));
  }
  if (!r["honest_ratio"].is_null()) {
    text += fmt::format("; on keys of the audit's own: {} honest", count("honest"));
    if (r["too_short"] > 0) text += fmt::format(", {} too short", count("too_short"));
    if (r["too_long"] > 0) text += fmt::format(", {} too long", count("too_long"));
  }
  if (r["client_obeyed"] > 0 || r["client_early"] > 0) {
    text += fmt::format("; clients waited as told {} times, and {} times did not",
                        count("client_obeyed"), count("client_early"));
  }
  return text;
}

std::string headers(const Json& figures, const Cells& cells) {
  std::string list;
  for (const auto& [family, totals] : figures["rate_limit_headers"].items()) {
    list += fmt::format("{}{} on {}", list.empty() ? "" : ", ", family,
                        cells.count(totals["answers"]).text);
    if (totals["malformed"] > 0) {
      list += fmt::format(" (malformed on {})", cells.count(totals["malformed"]).text);
    }
  }
  return list.empty() ? "" : "rate-limit headers: " + list;
}

std::string audit(const Json& figures, const Cells& cells) {
  const Json& a = figures["audit"];
  if (a["requests"] == 0) return "";
  return fmt::format("the audit sent {} requests beside the load", cells.count(a["requests"]).text);
}

/// What a kind of error is about, where its name does not say it.
std::string_view advice(std::string_view kind) {
  static const std::map<std::string_view, std::string_view> texts = {
      {"no_local_port",
       "no local port was free: connections that were closed keep theirs for a minute; let the "
       "server keep connections, or use fewer of them"},
      {"no_file_descriptor",
       "no file descriptor was free: raise ulimit -n, or use fewer connections"},
      {"unexpected_status",
       "neither 2xx, 3xx nor denied: --denied, or \"denied\" and \"allowed\" in the scenario's "
       "\"target\", say what other statuses mean"},
      {"closed_early", "the connection was closed before the answer was whole"},
      {"malformed", "the answer was not HTTP/1.1 as it should be"},
      {"timeout_first_byte", "no answer within the timeout"},
      {"timeout", "the answer was not whole within the timeout"},
      {"tls", "the TLS handshake failed; --insecure believes any certificate"}};
  const auto found = texts.find(kind);
  return found == texts.end() ? "" : found->second;
}

}  // namespace

std::string live_title(const Json& report, const Cells& cells) {
  const Json& target = report["target"];
  const std::string what =
      report.contains("verify")
          ? fmt::format("verification of {} at", cells.safe(report["verify"]["believed"]))
          : "load of";
  return fmt::format("{} {}, at most {} requests at once, {} engine", what,
                     cells.safe(target["url"]), cells.count(target["connections"]).text,
                     cells.safe(target["engine"]));
}

std::vector<std::string> live_sentences(const Json& figures, const Cells& cells) {
  std::vector<std::string> sentences = {throughput(figures, cells), statuses(figures, cells),
                                        promises_tested(figures, cells), headers(figures, cells),
                                        audit(figures, cells)};
  std::erase(sentences, "");
  return sentences;
}

std::vector<std::string> live_warnings(const Json& figures, const Cells& cells) {
  std::vector<std::string> warnings;
  const Json& errors = figures["errors"];
  if (!errors.empty()) warnings.push_back("errors: " + counted_list(errors, cells));
  for (const auto& [kind, count] : errors.items()) {
    if (const std::string_view text = advice(kind); !text.empty()) {
      warnings.push_back(fmt::format("{}: {}", kind, text));
    }
  }
  const Json& schedule = figures["schedule"];
  if (schedule["unsent"] > 0) {
    warnings.push_back(fmt::format("{} requests were due and never sent: no connection was free",
                                   cells.count(schedule["unsent"]).text));
  }
  if (schedule["resent"] > 0) {
    warnings.push_back(
        fmt::format("{} requests were sent again, their connection having been "
                    "closed under them",
                    cells.count(schedule["resent"]).text));
  }
  if (figures["bodies"]["cut"] > 0) {
    warnings.push_back(fmt::format("{} bodies were longer than max_body and cut off",
                                   cells.count(figures["bodies"]["cut"]).text));
  }
  return warnings;
}

Table live_times_table(const Json& figures, const Cells& cells) {
  Table table({{"time", Align::left},
               {"count", Align::right, 3},
               {"mean", Align::right, 2},
               {"p50"},
               {"p90", Align::right, 1},
               {"p99"},
               {"p99.9", Align::right, 1},
               {"max"}});
  const auto add = [&](const char* name, const Json& times) {
    if (times["count"] == 0) return;
    table.add({{name},
               cells.count(times["count"]),
               cells.duration(times["mean_ns"]),
               cells.duration(times["p50_ns"]),
               cells.duration(times["p90_ns"]),
               cells.duration(times["p99_ns"]),
               cells.duration(times["p999_ns"]),
               cells.duration(times["max_ns"])});
  };
  add("allowed, from due", figures["latency"]["allowed"]);
  add("allowed, from send", figures["latency_from_send"]["allowed"]);
  add("denied, from due", figures["latency"]["denied"]);
  add("denied, from send", figures["latency_from_send"]["denied"]);
  add("first byte, from send", figures["latency_from_send"]["first_byte"]);
  if (figures["operations"]["retries"] > 0) add("to success", figures["latency"]["operation"]);
  add("sent after due", figures["schedule"]["lateness"]);
  return table;
}

}  // namespace weir::report
