#include "traffic/arrivals.hpp"

#include <algorithm>
#include <cmath>

#include "core/int128.hpp"
#include "core/math.hpp"
#include "traffic/rate_curve.hpp"

namespace weir::traffic {
namespace {

double length_ns(ActiveSpan span) { return static_cast<double>((span.end - span.begin).ns()); }

double exponential(RandomSequence& random) { return -portable_log(random.uniform()); }

/// Request k at exactly k times the period over the count, rounded down.
class EvenArrivals final : public ArrivalProcess {
 public:
  EvenArrivals(const Rate& rate, ActiveSpan span) : rate_(rate), span_(span) {}

  std::size_t next(Instant* out, std::size_t count) override {
    if (rate_.units == 0) return 0;
    std::size_t n = 0;
    for (; n < count; ++n) {
      const auto units = static_cast<Int128>(rate_.units);
      const Int128 offset = Int128{k_} * rate_.per.ns() / units;
      if (offset >= (span_.end - span_.begin).ns()) break;
      out[n] = span_.begin + Duration::from_ns(static_cast<std::int64_t>(offset));
      ++k_;
    }
    return n;
  }

 private:
  Rate rate_;
  ActiveSpan span_;
  std::int64_t k_ = 0;
};

/// A Poisson process of constant rate: the fast path of every large simulation.
class SteadyPoisson final : public ArrivalProcess {
 public:
  SteadyPoisson(double gap_ns, ActiveSpan span, RandomStream random)
      : gap_ns_(gap_ns), length_(length_ns(span)), begin_(span.begin), random_(random) {}

  std::size_t next(Instant* out, std::size_t count) override {
    std::size_t written = 0;
    while (written < count && !ended_) {
      const std::size_t n = std::min(count - written, block);
      written += fill(out + written, n);
    }
    return written;
  }

 private:
  static constexpr std::size_t block = 1024;

  std::size_t fill(Instant* out, std::size_t n) {
    double gaps[block];
    for (std::size_t i = 0; i < n; ++i) gaps[i] = random_.uniform(drawn_ + i);
    drawn_ += n;
    negate_log_block(gaps, static_cast<int>(n));
    double t = elapsed_;
    for (std::size_t i = 0; i < n; ++i) {
      t += gaps[i] * gap_ns_;
      gaps[i] = t;
    }
    elapsed_ = t;
    std::size_t kept = n;
    if (!(t < length_)) {
      ended_ = true;
      kept = static_cast<std::size_t>(std::lower_bound(gaps, gaps + n, length_) - gaps);
    }
    for (std::size_t i = 0; i < kept; ++i) {
      out[i] = begin_ + Duration::from_ns(static_cast<std::int64_t>(gaps[i]));
    }
    return kept;
  }

  double gap_ns_;
  double length_;
  Instant begin_;
  RandomStream random_;
  std::uint64_t drawn_ = 0;
  double elapsed_ = 0.0;
  bool ended_ = false;
};

/// Any process that is told by one instant after another, in nanoseconds from the beginning.
class SteppedProcess : public ArrivalProcess {
 public:
  explicit SteppedProcess(ActiveSpan span) : begin_(span.begin), length_(length_ns(span)) {}

  std::size_t next(Instant* out, std::size_t count) final {
    std::size_t n = 0;
    for (; n < count && !ended_; ++n) {
      // Numerical inversion may step back by a fraction of a nanosecond.
      last_ = std::max(last_, step());
      if (!(last_ < length_)) {
        ended_ = true;
        break;
      }
      out[n] = begin_ + Duration::from_ns(static_cast<std::int64_t>(last_));
    }
    return n;
  }

 protected:
  /// The next arrival, infinity if there is none.
  virtual double step() = 0;
  double length() const { return length_; }

 private:
  Instant begin_;
  double length_;
  double last_ = 0.0;
  bool ended_ = false;
};

/// Request k where the curve reaches k expected requests.
class EvenOnCurve final : public SteppedProcess {
 public:
  EvenOnCurve(const RateProfile& rate, ActiveSpan span) : SteppedProcess(span), curve_(rate) {}

 private:
  double step() override { return curve_.time_of(k_++); }
  RateCurve curve_;
  double k_ = 0.0;
};

/// A Poisson process whose rate changes: a process of rate 1, its time stretched by the curve.
class PoissonOnCurve final : public SteppedProcess {
 public:
  PoissonOnCurve(const RateProfile& rate, double share, ActiveSpan span, RandomStream random)
      : SteppedProcess(span), curve_(rate), share_(share), random_(random) {}

 private:
  double step() override {
    units_ += exponential(random_) / share_;
    return curve_.time_of(units_);
  }
  RateCurve curve_;
  double share_;
  RandomSequence random_;
  double units_ = 0.0;
};

/// A renewal process with gamma-distributed gaps of mean 1, its time stretched by the curve.
class GammaOnCurve final : public SteppedProcess {
 public:
  GammaOnCurve(const GammaArrivals& gamma, ActiveSpan span, RandomStream random)
      : SteppedProcess(span), curve_(gamma.rate), shape_(gamma.shape), random_(random) {}

 private:
  double step() override {
    units_ += draw(shape_) / shape_;
    return curve_.time_of(units_);
  }

  // Marsaglia and Tsang, "A simple method for generating gamma variables" (2000); below shape 1 by
  // their boost: gamma(shape) = gamma(shape + 1) u^(1/shape).
  double draw(double shape) {
    if (shape < 1.0) {
      const double boost = portable_pow(random_.uniform(), 1.0 / shape);
      return draw(shape + 1.0) * boost;
    }
    const double d = shape - 1.0 / 3.0;
    const double c = 1.0 / std::sqrt(9.0 * d);
    for (;;) {
      const double x = normal();
      const double root = 1.0 + c * x;
      const double u = random_.uniform();
      if (root <= 0.0) continue;
      const double v = root * root * root;
      if (portable_log(u) < 0.5 * x * x + d - d * v + d * portable_log(v)) return d * v;
    }
  }

  double normal() {
    const double radius = std::sqrt(2.0 * exponential(random_));
    return radius * portable_cos(6.283185307179586 * random_.uniform());
  }

  RateCurve curve_;
  double shape_;
  RandomSequence random_;
  double units_ = 0.0;
};

/// Poisson while on, silent while off; on at the beginning with the long-run share of on.
class OnOffProcess final : public SteppedProcess {
 public:
  OnOffProcess(const OnOffArrivals& spec, ActiveSpan span, RandomStream random)
      : SteppedProcess(span),
        curve_(spec.rate),
        mean_on_(static_cast<double>(spec.on.ns())),
        mean_off_(static_cast<double>(spec.off.ns())),
        sojourns_(random.named("sojourns")),
        random_(random.named("arrivals")) {
    const bool starts_on = sojourns_.uniform() <= mean_on_ / (mean_on_ + mean_off_);
    begin_on_period(starts_on ? 0.0 : exponential(sojourns_) * mean_off_);
  }

 private:
  double step() override {
    for (;;) {
      units_ += exponential(random_);
      const double t = curve_.time_of(units_);
      // A gap drawn across the end of an on period is dropped: the exponential has no memory.
      if (t < off_at_ || off_at_ >= length()) return t;
      begin_on_period(off_at_ + exponential(sojourns_) * mean_off_);
    }
  }

  void begin_on_period(double at) {
    off_at_ = at + exponential(sojourns_) * mean_on_;
    units_ = curve_.units_at(at);
  }

  RateCurve curve_;
  double mean_on_, mean_off_;
  RandomSequence sojourns_;
  RandomSequence random_;
  double off_at_ = 0.0;
  double units_ = 0.0;
};

class BatchProcess final : public ArrivalProcess {
 public:
  BatchProcess(const BatchArrivals& spec, ActiveSpan span) : spec_(spec), span_(span) {}

  std::size_t next(Instant* out, std::size_t count) override {
    std::size_t n = 0;
    for (; n < count; ++n) {
      const Int128 offset = Int128{k_ / spec_.size} * spec_.every.ns();
      if (offset >= (span_.end - span_.begin).ns()) break;
      out[n] = span_.begin + Duration::from_ns(static_cast<std::int64_t>(offset));
      ++k_;
    }
    return n;
  }

 private:
  BatchArrivals spec_;
  ActiveSpan span_;
  std::int64_t k_ = 0;
};

struct Maker {
  double share;
  ActiveSpan span;
  RandomStream random;

  std::unique_ptr<ArrivalProcess> operator()(const ConstantArrivals& spec) const {
    if (const auto* rate = std::get_if<Rate>(&spec.rate)) {
      return std::make_unique<EvenArrivals>(*rate, span);
    }
    return std::make_unique<EvenOnCurve>(spec.rate, span);
  }
  std::unique_ptr<ArrivalProcess> operator()(const PoissonArrivals& spec) const {
    if (const auto* rate = std::get_if<Rate>(&spec.rate)) {
      const double gap_ns = 1e9 / (per_second(*rate) * share);
      return std::make_unique<SteadyPoisson>(gap_ns, span, random);
    }
    return std::make_unique<PoissonOnCurve>(spec.rate, share, span, random);
  }
  std::unique_ptr<ArrivalProcess> operator()(const GammaArrivals& spec) const {
    return std::make_unique<GammaOnCurve>(spec, span, random);
  }
  std::unique_ptr<ArrivalProcess> operator()(const OnOffArrivals& spec) const {
    return std::make_unique<OnOffProcess>(spec, span, random);
  }
  std::unique_ptr<ArrivalProcess> operator()(const BatchArrivals& spec) const {
    return std::make_unique<BatchProcess>(spec, span);
  }
};

}  // namespace

std::unique_ptr<ArrivalProcess> make_arrivals(const Arrivals& arrivals, double share,
                                              ActiveSpan span, RandomStream random) {
  return std::visit(Maker{share, span, random}, arrivals);
}

}  // namespace weir::traffic
