#include "report/verification.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/text.hpp"
#include "report/figures.hpp"
#include "report/schema_parts.hpp"

namespace weir::report {
namespace {

using Json = nlohmann::ordered_json;
using metrics::VerificationFacts;

Json told(const metrics::VerificationCounts::Told& counts) {
  return {{"agree", counts.agree},
          {"disagree", counts.disagree},
          {"undetermined", counts.undetermined}};
}

Json told_schema(const char* description) {
  return described(description,
                   object_of({{"agree", whole("As they should have been", "answers")},
                              {"disagree", whole("Otherwise", "answers")},
                              {"undetermined", whole("Too close to call", "answers")}}));
}

std::string told_sentence(const Json& verify, const Cells& cells) {
  std::string text;
  for (const auto& [field, name] :
       {std::pair("remaining", "remaining"), std::pair("reset", "reset"),
        std::pair("retry_after", "Retry-After")}) {
    if (verify[field]["disagree"] == 0) continue;
    text += fmt::format("{}{} told wrongly {} times", text.empty() ? "" : ", ", name,
                        cells.count(verify[field]["disagree"]).text);
  }
  return text;
}

bool is_unanswered(const Json& report) {
  const Json& totals = report["totals"];
  return totals["attempts"] > 0 && totals["errors"] == totals["attempts"];
}

std::string verdict_sentence(const Json& report, const Cells& cells) {
  const Json& verify = report["verify"];
  const auto count = [&](const char* field) { return cells.count(verify[field]).text; };
  const std::uint64_t all = verify["agree"].get<std::uint64_t>() +
                            verify["disagree"].get<std::uint64_t>() +
                            verify["undetermined"].get<std::uint64_t>();
  const std::string decisions = format_count(static_cast<std::int64_t>(all));
  const std::string believed = cells.safe(verify["believed"]);
  std::string text;
  if (is_unanswered(report)) {
    return fmt::format("none of {} requests was allowed or denied: nothing is known of {}",
                       decisions, believed);
  }
  if (verify["disagree"] == 0 && verify["agree"] == 0) {
    text = fmt::format("none of {} decisions says anything of {}", decisions, believed);
  } else if (verify["disagree"] == 0 && report["verdict"] == "inconclusive") {
    text = fmt::format(
        "undecided: none of {} decisions contradicts {}, but they do not show it either", decisions,
        believed);
  } else if (verify["disagree"] == 0) {
    text = fmt::format("{} decisions, all as {} would make them", decisions, believed);
    const std::string told = told_sentence(verify, cells);
    if (report["verdict"] == "fail" && !told.empty()) text += fmt::format(", but {}", told);
  } else {
    text = fmt::format("{} of {} decisions not as {} would make them: ", count("disagree"),
                       decisions, believed);
    const char* separator = "";
    for (const auto& [field, words] :
         {std::pair("over_admitted", "admitted that it denies"),
          std::pair("under_admitted", "denied that it admits"),
          std::pair("delays_too_short", "not held back for long enough"),
          std::pair("delays_too_long", "held back for too long")}) {
      if (verify[field] == 0) continue;
      text += fmt::format("{}{} {}", separator, count(field), words);
      separator = ", ";
    }
  }
  if (verify["undetermined"] > 0)
    text += fmt::format("; {} too close to call", count("undetermined"));
  return text;
}

std::string likeness_sentence(const Json& verify, const Cells& cells) {
  const std::string like = cells.safe(verify["behaves_like"]);
  const double beyond = verify["admitted_beyond_ratio"].get<double>() * 100.0;
  constexpr double least_told = 0.05;
  if (std::abs(beyond) < least_told) {
    return fmt::format("the gateway does not do as the policy: it behaves like {}", like);
  }
  constexpr double twice = 100.0;
  if (beyond >= twice) {
    return fmt::format("the gateway admits {:.3g} times what the policy does: it behaves like {}",
                       beyond / 100.0 + 1.0, like);
  }
  return fmt::format("the gateway admits about {:.1f} % {} than the policy: it behaves like {}",
                     std::abs(beyond), beyond > 0 ? "more" : "less", like);
}

}  // namespace

Json make_verification(const VerificationFacts& facts) {
  Json first = Json::array();
  for (const VerificationFacts::Disagreement& d : facts.first_disagreements) {
    first.push_back({{"time", format_instant(d.time)},
                     {"key", d.key},
                     {"expected", d.expected},
                     {"observed", d.observed},
                     {"before", d.before}});
  }
  const metrics::VerificationCounts& counts = facts.counts;
  Json verify = {{"believed", facts.believed},
                 {"agree", counts.agree},
                 {"disagree", counts.disagree},
                 {"undetermined", counts.undetermined},
                 {"agreement_ratio", ratio(counts.agree, counts.agree + counts.disagree)},
                 {"over_admitted", counts.over_admitted},
                 {"under_admitted", counts.under_admitted},
                 {"delays_too_short", counts.delays_too_short},
                 {"delays_too_long", counts.delays_too_long},
                 {"near_limit", counts.near_limit},
                 {"not_reached", facts.not_reached},
                 {"admitted_beyond_ratio", facts.admitted_beyond()},
                 {"behaves_like", nullptr},
                 {"depends_on_clock", facts.depends_on_clock},
                 {"clock_offset_ns", nullptr},
                 {"clock_offset_error_ns", nullptr},
                 {"clock_tick_ns", nullptr},
                 {"first_disagreements", std::move(first)},
                 {"remaining", told(counts.remaining)},
                 {"reset", told(counts.reset_after)},
                 {"retry_after", told(counts.retry_after)}};
  if (facts.clock_offset) {
    verify["clock_offset_ns"] = facts.clock_offset->ns();
    verify["clock_offset_error_ns"] = facts.clock_offset_error.ns();
  }
  if (facts.clock_tick) verify["clock_tick_ns"] = facts.clock_tick->ns();
  if (!facts.behaves_like.empty()) verify["behaves_like"] = facts.behaves_like;
  return verify;
}

std::vector<std::string> verification_sentences(const Json& report, const Cells& cells) {
  const Json& verify = report["verify"];
  std::vector<std::string> sentences;
  for (const Json& d : verify["first_disagreements"]) {
    if (sentences.size() == 3) break;
    const bool has_key = !d["key"].get_ref<const std::string&>().empty();
    sentences.push_back(
        fmt::format("{} {}: {}, expected {} ({})", d["time"].get<std::string>().substr(11, 12),
                    has_key ? cells.safe(d["key"]) : "(no key)", cells.safe(d["observed"]),
                    cells.safe(d["expected"]), cells.safe(d["before"])));
  }
  const bool has_no_offset = verify["clock_offset_ns"].is_null();
  if (verify["depends_on_clock"] == true && has_no_offset && !is_unanswered(report)) {
    sentences.push_back(
        "decisions depend on the gateway's clock, and do not show how far it is from this one");
  }
  if (!has_no_offset) {
    sentences.push_back(
        fmt::format("the gateway's clock is {:.1f} ms from this one, give or take "
                    "{:.1f} ms",
                    verify["clock_offset_ns"].get<double>() / 1e6,
                    verify["clock_offset_error_ns"].get<double>() / 1e6));
  }
  if (const std::string text = told_sentence(verify, cells); !text.empty()) {
    sentences.push_back(text);
  }
  if (!verify["clock_tick_ns"].is_null()) {
    sentences.push_back(fmt::format("the gateway's clock moves every {:.3g} ms",
                                    verify["clock_tick_ns"].get<double>() / 1e6));
  }
  if (const Json names = verify.value("not_reached", Json::array());
      !names.empty() && verify["agree"] > 0) {
    std::string limits;
    for (const Json& name : names) {
      limits += fmt::format("{}{}", limits.empty() ? "" : ", ", cells.safe(name));
    }
    sentences.push_back(fmt::format("no decision came near {} {}, of which nothing is said",
                                    names.size() == 1 ? "limit" : "limits", limits));
  }
  sentences.push_back(verdict_sentence(report, cells));
  if (!verify["behaves_like"].is_null()) {
    sentences.push_back(likeness_sentence(verify, cells));
  }
  return sentences;
}

Json verification_schema() {
  const Json disagreement = object_of({{"time", text("When the request was sent, RFC 3339")},
                                       {"key", text("Of the first limit that applied")},
                                       {"expected", text("What the policy would have made of it")},
                                       {"observed", text("What the gateway made of it")},
                                       {"before", text("What the key did before")}});
  return described(
      "Of weir verify: the gateway's decisions beside those of the policy",
      object_of(
          {{"believed", text("The policy, in words")},
           {"agree", whole("Decisions as the policy makes them", "requests")},
           {"disagree", whole("Decisions that the policy cannot have made", "requests")},
           {"undetermined", whole("Decisions that could have been either", "requests")},
           {"agreement_ratio", share("agree / (agree + disagree)")},
           {"over_admitted", whole("Admitted, where the policy denies", "requests")},
           {"under_admitted", whole("Denied, where the policy admits", "requests")},
           {"delays_too_short", whole("Not held back for as long as the policy says", "requests")},
           {"delays_too_long", whole("Held back for far longer than the policy says", "requests")},
           {"near_limit", whole("Denied, or the last that was admitted", "requests")},
           {"not_reached", list_of("Of several limits those that no decision came near: nothing "
                                   "is said of them",
                                   text("The limit's name"))},
           {"admitted_beyond_ratio",
            described("How many more were admitted than the policy admits of the same requests, "
                      "as a share of those; less than 0 if fewer",
                      {{"type", "number"}, {"x-unit", "1"}})},
           {"behaves_like",
            described("Another policy near this one, in words, that explains all decisions or "
                      "clearly most; null where none does, or the policy itself does",
                      {{"type", {"string", "null"}}})},
           {"depends_on_clock", flag("Whether decisions depend on what the gateway's clock shows, "
                                     "as windows at fixed times do")},
           {"clock_offset_ns",
            described("What the gateway's clock shows less what this machine's does; null where no "
                      "decision depends on it, or none shows it",
                      {{"type", {"integer", "null"}}, {"x-unit", "ns"}})},
           {"clock_offset_error_ns", whole_or_null("By how much it may be more or less", "ns")},
           {"clock_tick_ns",
            whole_or_null(
                "How far the ticks of the gateway's clock are apart, where they were found", "ns")},
           {"first_disagreements", list_of("The first disagreements", disagreement)},
           {"remaining", told_schema("What answers told of what is left")},
           {"reset", told_schema("What answers told of when all of it is back")},
           {"retry_after", told_schema("What Retry-After told")}}));
}

}  // namespace weir::report
