#pragma once

#include <fmt/format.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "core/random.hpp"

namespace weir::sim {

/// A scenario with something of everything that a simulation can do, drawn from a number.
class RandomScenario {
 public:
  explicit RandomScenario(std::uint64_t number)
      : number_(number), random_(RandomStream(number).named("scenario")) {}

  /// With one policy, or with two called "a" and "b".
  std::string text(bool with_two_policies = false) {
    std::string fields = fmt::format(R"({{"name": "r", "seed": {}, "duration": "{}s")", number_,
                                     1 + random_.below(12));
    if (one_in(3)) fields += R"(, "warmup": "2s")";
    if (one_in(3)) fields += R"(, "fairness": {"by": ["user"]})";
    is_plain_ = one_in(4);
    has_backend_ = !is_plain_ && !one_in(3);
    if (has_backend_) fields += R"(, "backend": )" + backend();
    fields += with_two_policies
                  ? fmt::format(R"(, "policies": {{"a": {}, "b": {}}})", policy(), policy())
                  : R"(, "policy": )" + policy();
    std::vector<std::string> classes;
    for (std::uint64_t n = 1 + random_.below(3); n > 0; --n) classes.push_back(traffic());
    return fmt::format(R"({}, "traffic": [{}]}})", fields, fmt::join(classes, ", "));
  }

  /// Limits on concurrency alone, each of six slots for each user, and traffic that ends after some
  /// seconds; hours later, where asked for, requests that need all slots of their user, one after
  /// the other.
  std::string held_text(bool with_probes) {
    ends_ = true;
    has_backend_ = true;
    std::string fields =
        fmt::format(R"({{"name": "r", "seed": {}, "duration": "20h", "backend": )", number_) +
        backend();
    std::vector<std::string> limits, classes;
    for (std::uint64_t n = 1 + random_.below(3); n > 0; --n) limits.push_back(six_slots());
    for (std::uint64_t n = 1 + random_.below(3); n > 0; --n) classes.push_back(traffic());
    if (with_probes) {
      classes.push_back(R"({"name": "probes", "from": "4h", "costs": {"tokens": 1, "wide": 6},
          "arrivals": {"process": "constant", "rate": "1/5m"},
          "attributes": {"user": {"sequence": {"count": 50}},
                         "tier": {"of": "user", "weights": {"free": 1, "pro": 1}}}})");
    }
    return fmt::format(R"({}, "policy": {{"limits": [{}]}}, "traffic": [{}]}})", fields,
                       fmt::join(limits, ", "), fmt::join(classes, ", "));
  }

 private:
  bool one_in(std::uint64_t n) { return random_.below(n) == 0; }
  std::string any_of(std::initializer_list<const char*> texts) {
    return texts.begin()[random_.below(texts.size())];
  }
  std::string time() {
    return any_of({R"("0s")", R"("1ns")", R"("40ms")", R"("1s")",
                   R"({"exponential": {"mean": "30ms"}})",
                   R"({"uniform": {"min": "0s", "max": "200ms"}})",
                   R"({"lognormal": {"median": "50ms", "sigma": 1.5}})"});
  }

  /// Not so short that clients which are served quickly send without end.
  std::string think_time() {
    return has_backend_ ? any_of({R"("5ms")", R"("100ms")", R"({"exponential": {"mean": "30ms"}})"})
                        : any_of({R"("0s")", R"("1ns")", R"("100ms")"});
  }

  // ---- What serves

  std::string backend() {
    std::string text = "{";
    if (one_in(2)) {
      text += R"("latency": )" + time();
    } else {
      text += fmt::format(R"("first_token": {}, "per_token": {}, "tokens": "tokens")", time(),
                          any_of({R"("0s")", R"("1ms")", R"({"exponential": {"mean": "2ms"}})"}));
    }
    if (!one_in(3)) {
      text += fmt::format(R"(, "slots": {})", 1 + random_.below(8));
      if (!one_in(3)) text += fmt::format(R"(, "queue": {})", random_.below(10));
    }
    return text + "}";
  }

  // ---- What limits

  std::string policy() {
    std::vector<std::string> limits;
    for (std::uint64_t n = is_plain_ ? 1 : random_.below(4); n > 0; --n) limits.push_back(limit());
    return fmt::format(R"({{"limits": [{}]}})", fmt::join(limits, ", "));
  }

  std::string limit() {
    bool settles = true;
    std::string text = fmt::format("{{{}", algorithm(settles));
    text += R"(, "key": )" + any_of({R"(["user"])", R"(["user"])", R"(["user", "tier"])", "[]"});
    if (settles && one_in(2)) {
      text += R"(, "cost": "tokens", "charge": )" +
              any_of({R"("answer")", R"({"reserve": "most", "settle": "refund"})",
                      R"({"reserve": "most", "settle": "keep"})"});
    } else if (settles && one_in(3)) {
      text += R"(, "cost": "tokens")";
    }
    if (settles && one_in(3)) {
      text += any_of({R"(, "reference": {"limit": 20, "window": "1s"})",
                      R"(, "reference": {"limit": 20, "window": "1s", "sample": 0.5})"});
    }
    if (one_in(4)) text += R"(, "when": {"tier": "free"})";
    if (one_in(4)) text += R"(, "enforce": false)";
    return text + "}";
  }

  std::string algorithm(bool& settles) {
    if (one_in(3)) {
      settles = false;
      return held();
    }
    if (one_in(4)) {
      settles = false;
      return dialect();
    }
    const auto most = 1 + random_.below(60);
    switch (random_.below(6)) {
      case 0:
        return fmt::format(R"("algorithm": "token-bucket", "capacity": {}, "rate": "20/s")", most);
      case 1:
        return fmt::format(R"("algorithm": "gcra", "rate": "{}/s", "burst": 5)", most);
      case 2:
        return fmt::format(R"("algorithm": "fixed-window", "limit": {}, "window": "1s", {})", most,
                           any_of({R"("count_denied": true)", R"("anchor": "first-request")"}));
      case 3:
        return fmt::format(R"("algorithm": "sliding-window-log", "limit": {}, "window": "1s")",
                           most);
      case 4:
        return fmt::format(R"("algorithm": "sliding-window-counter", "limit": {}, "window": "1s")",
                           most);
      default:
        return R"("algorithm": "unlimited")";
    }
  }

  /// Those that hold what they admit, or hold it back.
  std::string held() {
    const auto most = 1 + random_.below(12);
    switch (random_.below(6)) {
      case 0:
        return R"("algorithm": "leaky-bucket-queue", "capacity": 8, "rate": "10/s")";
      case 1:
        return R"("algorithm": "nginx-limit-conn", "limit": 3)";
      case 2:
        return any_of(
            {R"("algorithm": "aimd")", R"("algorithm": "vegas")", R"("algorithm": "gradient2")"});
      default:
        return fmt::format(R"("algorithm": "concurrency", "limit": {}, "queue": {}{}{})", most,
                           random_.below(12), one_in(3) ? R"(, "slot_ttl": "60ms")" : "",
                           one_in(3) ? R"(, "cost": "wide")" : "");
    }
  }

  std::string six_slots() {
    return fmt::format(
        R"({{"algorithm": "concurrency", "limit": 6, "queue": {}, "cost": "wide"{}{}, "key": {}}})",
        random_.below(12), one_in(3) ? R"(, "slot_ttl": "60ms")" : "",
        one_in(4) ? R"(, "enforce": false)" : "", any_of({R"(["user"])", R"(["user", "tier"])"}));
  }

  std::string dialect() {
    return any_of({R"("algorithm": "nginx-limit-req", "rate": "10/s", "burst": 5)",
                   R"("algorithm": "node-express-rate-limit", "limit": 20, "window": "1s")",
                   R"("algorithm": "redis-cell", "max_burst": 9, "count": 10, "period": "1s")",
                   R"("algorithm": "deny-all")"});
  }

  // ---- Who sends

  std::string traffic() {
    std::string text = fmt::format(R"({{"name": "c{}", )", ++classes_);
    const bool closed = !is_plain_ && one_in(4);
    text += closed ? fmt::format(R"("clients": {{"count": {}, "think_time": {}}})",
                                 1 + random_.below(6), think_time())
                   : R"("arrivals": )" + arrivals();
    text += R"(, "attributes": {"user": )" +
            any_of({R"({"uniform": {"count": 7}})", R"({"zipf": {"count": 50}})",
                    R"({"sequence": {"count": 9}})", R"("only")"}) +
            R"(, "tier": {"of": "user", "weights": {"free": 1, "pro": 1}}})";
    text += R"(, "costs": {"tokens": )" +
            any_of({"0", "5", R"({"uniform": {"min": 0, "max": 9}})",
                    R"({"lognormal": {"median": 4, "sigma": 1}})"}) +
            R"(, "most": 8, "wide": {"uniform": {"min": 1, "max": 3}}})";
    text += R"(, "on_denied": )" + on_denied();
    if (!is_plain_ && one_in(3)) {
      text += R"(, "abandon": )" +
              any_of({has_backend_ ? "0.3" : R"({"share": 0.3, "after": "1ms"})",
                      R"({"share": 0.5, "after": {"exponential": {"mean": "50ms"}}})",
                      R"({"share": 1, "after": "40ms"})", R"({"share": 0.2, "after": "0s"})"});
    }
    if (one_in(4)) text += R"(, "from": "500ms")";
    if (one_in(4)) {
      text += R"(, "until": "900ms")";
    } else if (ends_) {
      text += R"(, "until": "5s")";
    }
    return text + "}";
  }

  std::string arrivals() {
    const std::string rate = any_of({R"("20/s")", R"("90/s")", R"("200/s")"});
    switch (random_.below(6)) {
      case 0:
        return R"({"process": "constant", "rate": )" + rate + "}";
      case 1:
        return R"({"process": "gamma", "shape": 0.3, "rate": )" + rate + "}";
      case 2:
        return R"({"process": "on-off", "on": "200ms", "off": "300ms", "rate": )" + rate + "}";
      case 3:
        return R"({"process": "batch", "size": 9, "every": "120ms"})";
      default:
        return R"({"process": "poisson", "rate": )" + rate + "}";
    }
  }

  std::string on_denied() {
    if (is_plain_ || one_in(6)) return R"({"behaviour": "give-up"})";
    if (one_in(6)) {
      return R"({"behaviour": "adaptive-throttle", "k": 1.2, "window": "2s", "client": "user"})";
    }
    const std::string behaviour =
        any_of({R"("immediate")", R"("fixed", "delay": "120ms")",
                R"("exponential", "base": "20ms", "cap": "1s")",
                R"("exponential", "base": "20ms", "cap": "1s", "jitter": "equal")",
                R"("exponential", "base": "20ms", "cap": "1s", "jitter": "decorrelated")",
                R"("exponential", "base": "20ms", "cap": "1s", "jitter": "none")",
                R"("retry-after", "fallback": "100ms")",
                R"("retry-after", "jitter": 0.5, "cap": "400ms")"});
    return fmt::format(R"({{"behaviour": {}, "max_attempts": {}{}}})", behaviour,
                       1 + random_.below(6),
                       one_in(3) ? R"(, "scope": "client", "client": "user")" : "");
  }

  std::uint64_t number_;
  RandomSequence random_;
  /// Requests are over once they are decided: what a block kernel can do.
  bool is_plain_ = false;
  bool has_backend_ = false;
  bool ends_ = false;
  int classes_ = 0;
};

}  // namespace weir::sim
