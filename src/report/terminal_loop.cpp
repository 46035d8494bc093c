#include "report/terminal_loop.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;

std::string operations(const Json& figures, const Cells& cells) {
  const Json& o = figures["operations"];
  const auto count = [&](const char* field) { return cells.count(o[field]).text; };
  std::string text = fmt::format("{} operations: {} succeeded, {} abandoned", count("count"),
                                 count("succeeded"), count("abandoned"));
  if (o["throttled"] > 0) {
    text += fmt::format(" ({} that their own clients refused to send)", count("throttled"));
  }
  if (o["unfinished"] > 0) text += fmt::format(", {} unfinished", count("unfinished"));
  if (o["retries"] > 0 && !o["attempts_per_success"].is_null()) {
    text += fmt::format("; {:.3g} attempts per success, at most {} retries in {}",
                        o["attempts_per_success"].get<double>(), count("retry_peak"),
                        short_duration(figures["series"]["interval_ns"]));
  }
  return text;
}

// Worth a word where a promise was broken, or where clients had anything to obey.
std::string promises(const Json& figures, const Cells& cells) {
  const Json& r = figures["retry_after"];
  const auto count = [&](const char* field) { return cells.count(r[field]).text; };
  // A live run has its own words for it.
  if (r["present"] == 0 || figures.contains("schedule")) return "";
  const bool has_clients = r["client_obeyed"] > 0 || r["client_early"] > 0;
  if (!has_clients && r["honest"] == r["present"]) return "";
  std::string text = fmt::format("Retry-After: {} of {} honest",
                                 cells.share(r["honest_ratio"]).text, count("present"));
  constexpr std::array<std::pair<const char*, const char*>, 3> lies = {
      {{"too_short", "too short"}, {"too_long", "too long"}, {"never", "where no wait helps"}}};
  for (const auto& [field, words] : lies) {
    if (r[field] > 0) text += fmt::format(", {} {}", count(field), words);
  }
  if (has_clients) {
    text += fmt::format("; clients waited as told {} times, and {} times did not",
                        count("client_obeyed"), count("client_early"));
  }
  return text;
}

std::string fairness(const Json& figures, const Cells& cells) {
  const Json& f = figures["fairness"];
  if (f["keys"] < 2 || f["jain_index"].is_null() || figures["totals"]["denied"] == 0) return "";
  return fmt::format("fairness {:.3f} between {} keys (Jain's index: 1 if all fare alike)",
                     f["jain_index"].get<double>(), cells.count(f["keys"]).text);
}

std::string backend(const Json& figures, const Cells& cells) {
  if (!figures.contains("backend")) return "";
  const Json& b = figures["backend"];
  const auto count = [&](const char* field) { return cells.count(b[field]).text; };
  std::string text = fmt::format("back end: {} served", count("served"));
  if (b["refused"] > 0) text += fmt::format(", {} refused", count("refused"));
  if (b["left"] > 0) text += fmt::format(", {} left by their clients", count("left"));
  text += fmt::format("; {:.3g} in service on average", b["mean_running"].get<double>());
  if (!b.contains("utilisation_ratio")) return text;
  return text + fmt::format(", {} busy, at most {} waiting",
                            cells.share(b["utilisation_ratio"]).text, count("peak_waiting"));
}

void late_costs(const Json& figures, const Cells& cells, std::vector<std::string>& sentences) {
  for (const Json& limit : figures["limits"]) {
    if (!limit.contains("settled")) continue;
    std::string text = fmt::format("{}: {} charged in the end, at most {} beyond the budget",
                                   cells.safe(limit["name"]), cells.count(limit["settled"]).text,
                                   cells.count(limit["overshoot"]).text);
    if (limit["reserved_unused"] > 0) {
      text += fmt::format(", {} reserved in vain", cells.count(limit["reserved_unused"]).text);
    }
    sentences.push_back(std::move(text));
  }
}

}  // namespace

bool has_loop(const Json& figures) {
  const Json& o = figures["operations"];
  return o["retries"] > 0 || o["throttled"] > 0 || o["unfinished"] > 0 ||
         figures.contains("backend");
}

std::vector<std::string> loop_sentences(const Json& figures, const Cells& cells) {
  std::vector<std::string> sentences;
  if (has_loop(figures)) sentences.push_back(operations(figures, cells));
  sentences.push_back(promises(figures, cells));
  if (has_loop(figures)) sentences.push_back(fairness(figures, cells));
  sentences.push_back(backend(figures, cells));
  late_costs(figures, cells, sentences);
  std::erase(sentences, "");
  return sentences;
}

Table times_table(const Json& figures, const Cells& cells) {
  Table table({{"time", Align::left},
               {"count", Align::right, 3},
               {"mean", Align::right, 2},
               {"p50"},
               {"p90", Align::right, 1},
               {"p99"},
               {"max"}});
  const auto add = [&](const char* name, const Json& times) {
    if (times["max_ns"].is_null() || times["max_ns"] == 0) return;
    table.add({{name},
               cells.count(times["count"]),
               cells.duration(times["mean_ns"]),
               cells.duration(times["p50_ns"]),
               cells.duration(times["p90_ns"]),
               cells.duration(times["p99_ns"]),
               cells.duration(times["max_ns"])});
  };
  const Json& latency = figures["latency"];
  add("to success", latency["operation"]);
  if (latency["allowed"] != latency["operation"]) add("to answer", latency["allowed"]);
  if (latency["delay"] != latency["operation"]) add("held by limits", latency["delay"]);
  if (figures.contains("backend")) {
    add("to first token", figures["backend"]["first_token"]);
    add("wait for a slot", figures["backend"]["wait"]);
  }
  return table;
}

Table accuracy_table(const Json& figures, const Cells& cells) {
  Table table({{"beside an exact window", Align::left},
               {"decisions", Align::right, 1},
               {"wrongly allowed"},
               {"wrongly denied"},
               {"most in a window"}});
  if (!figures.contains("accuracy")) return table;
  for (const auto& [name, row] : figures["accuracy"].items()) {
    table.add({{cells.safe(name)},
               cells.count(row["compared"]),
               cells.count(row["false_allows"]),
               cells.count(row["false_denials"]),
               cells.count(row["peak_in_window"])});
  }
  return table;
}

Table class_shares(const Json& policies, const Cells& cells) {
  std::vector<Column> columns = {{"succeeded, by class", Align::left}};
  for (const auto& policy : policies.items()) columns.push_back({cells.safe(Json(policy.key()))});
  Table table(std::move(columns));
  const Json& classes = policies.front()["classes"];
  if (classes.size() < 2) return table;
  for (const auto& of_class : classes.items()) {
    std::vector<Cell> row = {{cells.safe(Json(of_class.key()))}};
    for (const Json& policy : policies) {
      row.push_back(
          cells.share(policy["classes"][of_class.key()]["operations"]["succeeded_ratio"]));
    }
    table.add(std::move(row));
  }
  return table;
}

}  // namespace weir::report
