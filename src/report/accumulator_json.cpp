#include "report/accumulator_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string_view>

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

// ---- Writing

std::string sum_digits(const Histogram::Summary& summary) {
  const Uint128 sum = Uint128{static_cast<std::uint64_t>(summary.sum_high)} << 64 | summary.sum_low;
  return fmt::format("{}", sum);
}

Json to_json(const Histogram& histogram) {
  if (histogram.count() == 0) return nullptr;
  const Histogram::Summary summary = histogram.summary();
  return {{"hdr", histogram.encode_base64()},
          {"min", summary.min},
          {"max", summary.max},
          {"sum", sum_digits(summary)}};
}

Json to_json(const Counts& counts) {
  return {{"attempts", counts.attempts},
          {"allowed", counts.allowed},
          {"denied", counts.denied},
          {"errors", counts.errors}};
}

Json to_json(const Operations& operations) {
  return {{"count", operations.count},
          {"succeeded", operations.succeeded},
          {"abandoned", operations.abandoned}};
}

Json to_json(const CostTotals& cost) {
  return {{"offered", cost.offered}, {"allowed", cost.allowed}, {"denied", cost.denied}};
}

Json to_json(const LimitTotals& limit) {
  return {{"allowed", limit.allowed},
          {"denied", limit.denied},
          {"keys", limit.keys},
          {"state_bytes", limit.state_bytes}};
}

Json to_json(const DeniedKey& key) {
  return {{"key", key.key},
          {"limit", key.limit},
          {"denied", key.denied},
          {"longest_block_ns", key.longest_block_ns}};
}

Json to_json(const SeriesPoint& point) {
  return {{"attempts", point.attempts},
          {"allowed", point.allowed},
          {"denied", point.denied},
          {"latency", to_json(point.latency)}};
}

template <class T>
Json to_json(const std::vector<T>& items) {
  Json array = Json::array();
  for (const T& item : items) array.push_back(to_json(item));
  return array;
}

template <class T>
Json to_json(const std::map<std::string, T>& items) {
  Json object = Json::object();
  for (const auto& [name, item] : items) object[name] = to_json(item);
  return object;
}

// ---- Reading

/// Reads values and remembers all that was wrong, and where; what could not be read is empty.
class Reader {
 public:
  Problems problems;

  void complain(const Pointer& at, std::string message) {
    problems.push_back({at.to_string(), std::move(message)});
  }

  /// Whether `json` is an object of exactly these fields.
  bool has_fields(const Json& json, const Pointer& at,
                  std::initializer_list<std::string_view> names) {
    if (!is_object(json, at)) return false;
    const std::size_t before = problems.size();
    for (const std::string_view name : names) {
      if (!json.contains(name)) complain(at / std::string(name), "is missing");
    }
    for (const auto& [name, value] : json.items()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        complain(at / name, "is not a field of an accumulator");
      }
    }
    return problems.size() == before;
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
    if (json.is_null() || !has_fields(json, at, {"hdr", "min", "max", "sum"})) return;
    const std::size_t before = problems.size();
    Histogram::Summary summary;
    std::string encoded;
    read(json["hdr"], at / "hdr", encoded);
    read(json["min"], at / "min", summary.min);
    read(json["max"], at / "max", summary.max);
    read_sum(json["sum"], at / "sum", summary);
    if (problems.size() != before) return;
    const Parsed<Histogram> decoded = Histogram::decode_base64(encoded, summary);
    if (decoded) {
      histogram = *decoded;
    } else {
      complain(at, decoded.error());
    }
  }

  void read(const Json& json, const Pointer& at, Counts& counts) {
    if (!has_fields(json, at, {"attempts", "allowed", "denied", "errors"})) return;
    read(json["attempts"], at / "attempts", counts.attempts);
    read(json["allowed"], at / "allowed", counts.allowed);
    read(json["denied"], at / "denied", counts.denied);
    read(json["errors"], at / "errors", counts.errors);
  }

  void read(const Json& json, const Pointer& at, Operations& operations) {
    if (!has_fields(json, at, {"count", "succeeded", "abandoned"})) return;
    read(json["count"], at / "count", operations.count);
    read(json["succeeded"], at / "succeeded", operations.succeeded);
    read(json["abandoned"], at / "abandoned", operations.abandoned);
  }

  void read(const Json& json, const Pointer& at, CostTotals& cost) {
    if (!has_fields(json, at, {"offered", "allowed", "denied"})) return;
    read(json["offered"], at / "offered", cost.offered);
    read(json["allowed"], at / "allowed", cost.allowed);
    read(json["denied"], at / "denied", cost.denied);
  }

  void read(const Json& json, const Pointer& at, LimitTotals& limit) {
    if (!has_fields(json, at, {"allowed", "denied", "keys", "state_bytes"})) return;
    read(json["allowed"], at / "allowed", limit.allowed);
    read(json["denied"], at / "denied", limit.denied);
    read(json["keys"], at / "keys", limit.keys);
    read(json["state_bytes"], at / "state_bytes", limit.state_bytes);
  }

  void read(const Json& json, const Pointer& at, DeniedKey& key) {
    if (!has_fields(json, at, {"key", "limit", "denied", "longest_block_ns"})) return;
    std::uint64_t limit = 0;
    read(json["key"], at / "key", key.key);
    read(json["limit"], at / "limit", limit);
    read(json["denied"], at / "denied", key.denied);
    read(json["longest_block_ns"], at / "longest_block_ns", key.longest_block_ns);
    key.limit = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(limit, std::numeric_limits<std::uint32_t>::max()));
  }

  void read(const Json& json, const Pointer& at, SeriesPoint& point) {
    if (!has_fields(json, at, {"attempts", "allowed", "denied", "latency"})) return;
    read(json["attempts"], at / "attempts", point.attempts);
    read(json["allowed"], at / "allowed", point.allowed);
    read(json["denied"], at / "denied", point.denied);
    read(json["latency"], at / "latency", point.latency);
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
  static std::string found(std::string_view wanted, const Json& json) {
    std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > 40) text = std::string(json.type_name());
    return fmt::format("{}, got {}", wanted, text);
  }

  void read_sum(const Json& json, const Pointer& at, Histogram::Summary& summary) {
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
    summary.sum_high = static_cast<std::int64_t>(sum >> 64);
    summary.sum_low = static_cast<std::uint64_t>(sum);
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

Json accumulator_to_json(const Accumulator& a) {
  return {{"totals", to_json(a.totals)},
          {"operations", to_json(a.operations)},
          {"costs", to_json(a.costs)},
          {"limits", to_json(a.limits)},
          {"classes", to_json(a.classes)},
          {"by_attribute", to_json(a.by_attribute)},
          {"denied_keys", a.denied_keys},
          {"top_denied", to_json(a.top_denied)},
          {"latency_allowed", to_json(a.latency_allowed)},
          {"latency_denied", to_json(a.latency_denied)},
          {"latency_operation", to_json(a.latency_operation)},
          {"delay", to_json(a.delay)},
          {"series", to_json(a.series)}};
}

Result<Accumulator> accumulator_from_json(const Json& json) {
  Reader reader;
  Accumulator a;
  const Pointer root;
  if (!reader.has_fields(json, root,
                         {"totals", "operations", "costs", "limits", "classes", "by_attribute",
                          "denied_keys", "top_denied", "latency_allowed", "latency_denied",
                          "latency_operation", "delay", "series"})) {
    return tl::unexpected(as_error(reader.problems));
  }
  reader.read(json["totals"], root / "totals", a.totals);
  reader.read(json["operations"], root / "operations", a.operations);
  reader.read(json["costs"], root / "costs", a.costs);
  reader.read(json["limits"], root / "limits", a.limits);
  reader.read(json["classes"], root / "classes", a.classes);
  reader.read(json["by_attribute"], root / "by_attribute", a.by_attribute);
  reader.read(json["denied_keys"], root / "denied_keys", a.denied_keys);
  reader.read(json["top_denied"], root / "top_denied", a.top_denied);
  reader.read(json["latency_allowed"], root / "latency_allowed", a.latency_allowed);
  reader.read(json["latency_denied"], root / "latency_denied", a.latency_denied);
  reader.read(json["latency_operation"], root / "latency_operation", a.latency_operation);
  reader.read(json["delay"], root / "delay", a.delay);
  reader.read(json["series"], root / "series", a.series);
  if (reader.problems.empty()) check_top_denied(a, reader);
  if (!reader.problems.empty()) return tl::unexpected(as_error(reader.problems));
  return a;
}

}  // namespace weir::report
