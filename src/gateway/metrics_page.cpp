#include "gateway/metrics_page.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace weir::gateway {
namespace {

/// A label's value, in which three characters have to be escaped.
std::string label_text(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

class MetricsText {
 public:
  std::string text;

  void begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    fmt::format_to(std::back_inserter(text), "# HELP weir_{} {}\n# TYPE weir_{} {}\n", name, help,
                   name, type);
  }
  void value(std::uint64_t number) {
    fmt::format_to(std::back_inserter(text), "weir_{} {}\n", name_, number);
  }
  void value(std::string_view label, std::string_view of, std::uint64_t number) {
    fmt::format_to(std::back_inserter(text), "weir_{}{{{}=\"{}\"}} {}\n", name_, label,
                   label_text(of), number);
  }
  void counter(std::string_view name, std::string_view help, std::uint64_t number) {
    begin(name, "counter", help);
    value(number);
  }

  void histogram(std::string_view name, std::string_view help, const LatencyBuckets::Sums& sums) {
    begin(name, "histogram", help);
    std::uint64_t so_far = 0;
    for (std::size_t i = 0; i < sums.counts.size(); ++i) {
      so_far += sums.counts[i];
      const bool is_last = i + 1 == sums.counts.size();
      const std::string bound =
          is_last ? "+Inf"
                  : fmt::format("{:g}", static_cast<double>(LatencyBuckets::bounds_ns[i]) / 1e9);
      fmt::format_to(std::back_inserter(text), "weir_{}_bucket{{le=\"{}\"}} {}\n", name, bound,
                     so_far);
    }
    fmt::format_to(std::back_inserter(text), "weir_{}_sum {}\nweir_{}_count {}\n", name,
                   static_cast<double>(sums.total_ns) / 1e9, name, so_far);
  }

 private:
  std::string_view name_;
};

void write_decisions(const Metrics::Totals& totals, MetricsText& page) {
  page.counter("allowed_total", "Requests that were allowed.", totals.allowed);
  page.counter("denied_total", "Requests that were denied.", totals.denied);
  page.begin("denied_by_total", "counter", "Denials by the limits that denied.");
  for (const auto& [limit, count] : totals.denied_by) page.value("limit", limit, count);
  page.counter("dry_run_denied_total", "Requests that were allowed only because of a dry run.",
               totals.passed_anyway);
  page.counter("exempt_total", "Requests for paths that are never limited.", totals.exempt);
  page.counter("unclear_total", "Requests that did not say what the policy needs to know.",
               totals.unclear);
  page.counter("repeated_total", "Requests known by their id to have been admitted before.",
               totals.repeated);
  page.counter("undecided_total", "Requests that the store could not decide.", totals.unavailable);
  page.counter("cost_unknown_total", "Requests whose answer did not tell what they cost.",
               totals.cost_unknown);
  page.histogram("decision_seconds", "How long decisions took.", totals.decision);
  page.histogram("store_seconds", "The store's part of them.", totals.store);
}

void write_store(const store::StoreFigures& store, MetricsText& page) {
  if (store.active_keys) {
    page.begin("active_keys", "gauge", "Keys with a state other than a new one's.");
    page.value(*store.active_keys);
  }
  page.begin("store_failures_total", "counter", "Decisions that the store could not make.");
  for (const auto& [kind, count] : store.failures) page.value("kind", kind, count);
  page.counter("decided_locally_total", "Decisions by a share of the limits in this process.",
               store.decided_locally);
}

void write_server(const ServerFigures& server, MetricsText& page) {
  page.begin("connections", "gauge", "Connections that are open.");
  page.value(server.connections_open());
  page.counter("connections_total", "Connections that were accepted.", server.connections_accepted);
  page.counter("connections_refused_total", "Connections closed at once: there were too many.",
               server.connections_refused);
  page.counter("requests_total", "Requests read.", server.requests);
  page.begin("answers_total", "counter", "Answers by the first digit of their status.");
  for (std::size_t digit = 1; digit < server.answers.size(); ++digit) {
    page.value("class", fmt::format("{}xx", digit), server.answers[digit]);
  }
  page.begin("bad_requests_total", "counter", "Requests that were refused unread, by fault.");
  for (std::size_t i = 0; i < bad_request_names.size(); ++i) {
    page.value("kind", bad_request_names[i], server.bad_requests[i]);
  }
  page.begin("upstream_failures_total", "counter", "Requests without a whole answer, by why.");
  for (std::size_t i = 0; i < upstream_failure_names.size(); ++i) {
    page.value("kind", upstream_failure_names[i], server.upstream_failures[i]);
  }
  page.counter("upstream_requests_total", "Requests passed on.", server.upstream_requests);
  page.counter("upstream_connections_total", "Connections opened to the upstream.",
               server.upstream_connections);
  page.counter("clients_left_total", "Clients that left before their answer's end.",
               server.clients_left);
  page.counter("received_bytes_total", "Bytes from clients.", server.bytes_in);
  page.counter("sent_bytes_total", "Bytes to clients.", server.bytes_out);
}

}  // namespace

std::string metrics_page(const Metrics::Totals& totals, const store::StoreFigures& store,
                         const ServerFigures& server) {
  MetricsText page;
  write_decisions(totals, page);
  write_store(store, page);
  write_server(server, page);
  return std::move(page.text);
}

std::string totals_page(const Metrics::Totals& totals, const store::StoreFigures& store) {
  nlohmann::ordered_json json;
  const std::uint64_t all = totals.requests();
  json["allowed_count"] = totals.allowed;
  json["denied_count"] = totals.denied;
  json["total_requests"] = all;
  json["deny_rate_percent"] =
      all == 0
          ? 0.0
          : std::round(static_cast<double>(totals.denied) * 10'000.0 / static_cast<double>(all)) /
                100.0;
  json["active_keys"] = store.active_keys ? nlohmann::ordered_json(*store.active_keys)
                                          : nlohmann::ordered_json(nullptr);
  json["denied_by"] = totals.denied_by;
  return json.dump(2) + "\n";
}

}  // namespace weir::gateway
