#include "report/accumulator_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "core/int128.hpp"

namespace weir::report {
namespace {

using metrics::Accumulator;
using metrics::CostTotals;
using metrics::Counts;
using metrics::DeniedKey;
using metrics::Histogram;
using metrics::LimitTotals;
using metrics::Operations;
using metrics::SeriesPoint;
using Json = nlohmann::ordered_json;
using Pointer = Json::json_pointer;

// ---- What the fields of each struct are: one description writes them and reads them.

template <class F>
void fields(F& f, Counts& c) {
  f("attempts", c.attempts), f("allowed", c.allowed), f("denied", c.denied), f("errors", c.errors);
}

template <class F>
void fields(F& f, Operations& o) {
  f("count", o.count), f("succeeded", o.succeeded), f("abandoned", o.abandoned);
  f("unfinished", o.unfinished), f("throttled", o.throttled);
  f("attempts", o.attempts), f("retries", o.retries);
}

template <class F>
void fields(F& f, metrics::ClassTotals& c) {
  f("counts", c.counts), f("operations", c.operations);
  f("latency_operation", c.latency_operation);
}

template <class F>
void fields(F& f, CostTotals& c) {
  f("offered", c.offered), f("allowed", c.allowed), f("denied", c.denied);
}

template <class F>
void fields(F& f, LimitTotals& l) {
  f("allowed", l.allowed), f("denied", l.denied), f("keys", l.keys);
  f("state_bytes", l.state_bytes), f("overshoot", l.overshoot);
  f("reserved_unused", l.reserved_unused), f("settled", l.settled);
  f("compared", l.compared), f("false_allows", l.false_allows);
  f("false_denials", l.false_denials), f("peak_in_window", l.peak_in_window);
}

template <class F>
void fields(F& f, DeniedKey& k) {
  f("key", k.key), f("limit", k.limit), f("denied", k.denied);
  f("longest_block_ns", k.longest_block_ns);
}

template <class F>
void fields(F& f, metrics::RetryAfterTotals& r) {
  f("present", r.present), f("absent", r.absent), f("too_short", r.too_short);
  f("honest", r.honest), f("too_long", r.too_long), f("never", r.never);
  f("late", r.late), f("early", r.early);
  f("client_obeyed", r.client_obeyed), f("client_early", r.client_early);
}

template <class F>
void fields(F& f, metrics::FairnessTotals& t) {
  f("keys", t.keys), f("shares", t.shares), f("squares", t.squares);
}

template <class F>
void fields(F& f, metrics::BackendTotals& b) {
  f("served", b.served), f("refused", b.refused), f("left", b.left), f("wait", b.wait);
  f("first_token", b.first_token);
  f("busy_ns", b.busy_ns), f("present_ns", b.present_ns);
  f("peak_running", b.peak_running), f("peak_waiting", b.peak_waiting);
}

template <class F>
void fields(F& f, metrics::HeaderTotals& h) {
  f("answers", h.answers), f("malformed", h.malformed);
}

template <class F>
void fields(F& f, metrics::AuditTotals& a) {
  f("requests", a.requests), f("errors", a.errors), f("kept", a.kept), f("broken", a.broken);
  f("contested", a.contested), f("own_keys", a.own_keys);
}

template <class F>
void fields(F& f, metrics::LiveTotals& l) {
  f("statuses", l.statuses), f("errors", l.errors), f("headers", l.headers);
  f("retry_after_malformed", l.retry_after_malformed), f("audit", l.audit);
  f("sent_allowed", l.sent_allowed), f("sent_denied", l.sent_denied);
  f("first_byte", l.first_byte), f("lateness", l.lateness), f("unsent", l.unsent);
  f("connections", l.connections), f("resent", l.resent);
  f("bodies_cut", l.bodies_cut), f("body_bytes", l.body_bytes);
}

template <class F>
void fields(F& f, SeriesPoint& p) {
  f("attempts", p.attempts), f("allowed", p.allowed), f("denied", p.denied);
  f("retries", p.retries), f("succeeded", p.succeeded), f("latency", p.latency);
}

template <class F>
void fields(F& f, Accumulator& a) {
  f("totals", a.totals), f("operations", a.operations), f("costs", a.costs);
  f("limits", a.limits), f("classes", a.classes), f("by_attribute", a.by_attribute);
  f("denied_keys", a.denied_keys), f("top_denied", a.top_denied);
  f("latency_allowed", a.latency_allowed), f("latency_denied", a.latency_denied);
  f("latency_operation", a.latency_operation), f("delay", a.delay);
  f("retry_after", a.retry_after), f("fairness", a.fairness), f("backend", a.backend);
  f("live", a.live);
  f("series", a.series);
}

// ---- Writing

template <class T>
concept Whole = std::is_same_v<T, std::uint64_t> || std::is_same_v<T, std::int64_t> ||
    std::is_same_v<T, std::uint32_t>;

struct Writer {
  Json object = Json::object();

  template <class T>
  void operator()(const char* name, const T& value) {
    object[name] = write(value);
  }
  template <class T>
  void operator()(const char* name, const std::optional<T>& value) {
    if (value) object[name] = write(*value);
  }

  template <class T>
  static Json write(const T& value) {
    Writer writer;
    fields(writer, const_cast<T&>(value));
    return std::move(writer.object);
  }
  template <Whole T>
  static Json write(const T& value) {
    return value;
  }
  static Json write(const std::string& value) { return value; }
  static Json write(const Uint128& value) { return fmt::format("{}", value); }
  static Json write(const Histogram& histogram) {
    if (histogram.count() == 0) return nullptr;
    const Histogram::Summary summary = histogram.summary();
    const Uint128 sum =
        Uint128{static_cast<std::uint64_t>(summary.sum_high)} << 64 | summary.sum_low;
    return {{"hdr", histogram.encode_base64()},
            {"min", summary.min},
            {"max", summary.max},
            {"sum", write(sum)}};
  }
  template <class T>
  static Json write(const std::vector<T>& items) {
    Json array = Json::array();
    for (const T& item : items) array.push_back(write(item));
    return array;
  }
  template <class T>
  static Json write(const std::map<std::string, T>& items) {
    Json object = Json::object();
    for (const auto& [name, item] : items) object[name] = write(item);
    return object;
  }
};

// ---- Reading

/// Reads values and remembers all that was wrong, and where; what could not be read is empty.
class Reader {
 public:
  Problems problems;

  explicit Reader(std::uint64_t most_records) : most_records_(most_records) {}

  void complain(const Pointer& at, std::string message) {
    problems.push_back({at.to_string(), std::move(message)});
  }

  bool is_object(const Json& json, const Pointer& at) {
    if (!json.is_object()) complain(at, found("must be an object", json));
    return json.is_object();
  }

  bool is_array(const Json& json, const Pointer& at) {
    if (!json.is_array()) complain(at, found("must be an array", json));
    return json.is_array();
  }

  void read(const Json& json, const Pointer& at, std::uint64_t& value) {
    if (json.is_number_unsigned() || (json.is_number_integer() && json.get<std::int64_t>() >= 0)) {
      value = json.get<std::uint64_t>();
    } else {
      complain(at, found("must be a whole number of at least 0", json));
    }
  }

  void read(const Json& json, const Pointer& at, std::int64_t& value) {
    std::uint64_t n = 0;
    const std::size_t before = problems.size();
    read(json, at, n);
    if (problems.size() != before) return;
    if (n > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      complain(at, found("must be below 2^63", json));
    } else {
      value = static_cast<std::int64_t>(n);
    }
  }

  void read(const Json& json, const Pointer& at, std::string& value) {
    if (json.is_string()) {
      value = json.get<std::string>();
    } else {
      complain(at, found("must be a string", json));
    }
  }

  void read(const Json& json, const Pointer& at, Histogram& histogram) {
    if (json.is_null() || !is_object(json, at)) return;
    if (!has_only(json, at, {"hdr", "min", "max", "sum"})) return;
    const std::size_t before = problems.size();
    Histogram::Summary summary;
    std::string encoded;
    read(json["hdr"], at / "hdr", encoded);
    read(json["min"], at / "min", summary.min);
    read(json["max"], at / "max", summary.max);
    Uint128 sum = 0;
    read(json["sum"], at / "sum", sum);
    summary.sum_high = static_cast<std::int64_t>(sum >> 64);
    summary.sum_low = static_cast<std::uint64_t>(sum);
    if (problems.size() != before) return;
    const Parsed<Histogram> decoded = Histogram::decode_base64(encoded, summary);
    if (!decoded) {
      complain(at, decoded.error());
    } else if (decoded->count() > most_records_) {
      complain(at, fmt::format("must not have more than {} records, has {}", most_records_,
                               decoded->count()));
    } else {
      histogram = *decoded;
    }
  }

  void read(const Json& json, const Pointer& at, std::uint32_t& value) {
    std::uint64_t n = 0;
    read(json, at, n);
    value = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(n, std::numeric_limits<std::uint32_t>::max()));
  }

  void read(const Json& json, const Pointer& at, Uint128& value) {
    std::string digits;
    if (json.is_string()) digits = json.get<std::string>();
    Uint128 sum = 0;
    bool fits = !digits.empty();
    for (const char c : digits) {
      const auto digit = static_cast<unsigned>(c - '0');
      const Uint128 next = sum * 10 + digit;
      fits = fits && digit <= 9 && next / 10 == sum;
      sum = next;
    }
    if (!fits) return complain(at, found("must be a string of digits below 2^128", json));
    value = sum;
  }

  /// A struct: an object of exactly its fields.
  template <class T>
  void read(const Json& json, const Pointer& at, T& value) {
    if (!is_object(json, at)) return;
    FieldNames known;
    fields(known, value);
    if (!has_only(json, at, known.names, known.optional)) return;
    FieldReads reads{*this, json, at};
    fields(reads, value);
  }

  template <class T>
  void read(const Json& json, const Pointer& at, std::vector<T>& items) {
    if (!is_array(json, at)) return;
    items.resize(json.size());
    for (std::size_t i = 0; i < json.size(); ++i) read(json[i], at / i, items[i]);
  }

  template <class T>
  void read(const Json& json, const Pointer& at, std::map<std::string, T>& items) {
    if (!is_object(json, at)) return;
    for (const auto& [name, value] : json.items()) read(value, at / name, items[name]);
  }

 private:
  std::uint64_t most_records_;

  static std::string found(std::string_view wanted, const Json& json) {
    std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > 40) text = std::string(json.type_name());
    return fmt::format("{}, got {}", wanted, text);
  }

  struct FieldNames {
    std::vector<std::string_view> names;
    std::vector<std::string_view> optional;
    template <class T>
    void operator()(const char* name, T&) {
      names.emplace_back(name);
    }
    template <class T>
    void operator()(const char* name, std::optional<T>&) {
      optional.emplace_back(name);
    }
  };
  struct FieldReads {
    Reader& reader;
    const Json& json;
    const Pointer& at;
    template <class T>
    void operator()(const char* name, T& value) {
      reader.read(json[name], at / name, value);
    }
    template <class T>
    void operator()(const char* name, std::optional<T>& value) {
      if (json.contains(name)) reader.read(json[name], at / name, value.emplace());
    }
  };

  bool has_only(const Json& json, const Pointer& at, const std::vector<std::string_view>& names,
                const std::vector<std::string_view>& optional = {}) {
    const std::size_t before = problems.size();
    for (const std::string_view name : names) {
      if (!json.contains(name)) complain(at / std::string(name), "is missing");
    }
    for (const auto& [name, value] : json.items()) {
      if (std::count(names.begin(), names.end(), name) == 0 &&
          std::count(optional.begin(), optional.end(), name) == 0) {
        complain(at / name, "is not a field of an accumulator");
      }
    }
    return problems.size() == before;
  }
};

void check_top_denied(const Accumulator& accumulator, Reader& reader) {
  const Pointer at("/top_denied");
  const std::vector<DeniedKey>& keys = accumulator.top_denied;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].limit >= accumulator.limits.size()) {
      reader.complain(at / i / "limit", fmt::format("must be the index of one of {} limits",
                                                    accumulator.limits.size()));
    }
  }
  std::vector<DeniedKey> kept = keys;
  metrics::keep_top_denied(kept);
  if (kept != keys) {
    reader.complain(at, fmt::format("must hold at most {} keys, most denied first, then by limit "
                                    "and key",
                                    Accumulator::top_denied_kept));
  }
}

Error as_error(const Problems& problems) {
  std::string message = "the accumulator cannot be read:";
  for (const Problem& problem : problems) {
    message +=
        fmt::format("\n{}: {}", problem.pointer.empty() ? "/" : problem.pointer, problem.message);
  }
  return {ErrorKind::cannot_run, message};
}

}  // namespace

Json accumulator_to_json(const Accumulator& a) { return Writer::write(a); }

Result<Accumulator> accumulator_from_json(const Json& json, std::uint64_t most_records) {
  Reader reader(most_records);
  Accumulator a;
  reader.read(json, Pointer(), a);
  if (reader.problems.empty()) check_top_denied(a, reader);
  if (!reader.problems.empty()) return tl::unexpected(as_error(reader.problems));
  return a;
}

}  // namespace weir::report
