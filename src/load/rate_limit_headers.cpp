#include "load/rate_limit_headers.hpp"

#include <algorithm>

#include "http/header_text.hpp"
#include "http/http_date.hpp"
#include "load/ietf_fields.hpp"
#include "load/quota.hpp"
#include "load/rate_limit_values.hpp"

namespace weir::load {
namespace {

/// A field that stands once in a response. Two contradict each other even where they agree, as
/// RFC 9110, 5.3, has it of a field that is no list: neither is believed.
template <class T>
struct SingleField {
  bool seen = false;
  bool malformed = false;
  std::optional<T> value;

  void take(std::optional<T> found) {
    malformed = seen || !found;
    value = malformed ? std::nullopt : found;
    seen = true;
  }
};

HeaderFamily family_of(Meter meter) {
  if (meter <= Meter::x_ratelimit_year) return HeaderFamily::x_ratelimit;
  if (meter <= Meter::openai_tokens) return HeaderFamily::openai;
  if (meter <= Meter::anthropic_output_tokens) return HeaderFamily::anthropic;
  return HeaderFamily::ietf_00_to_06;
}

/// The three headers of a meter.
struct MeterFields {
  SingleField<std::int64_t> limit;
  SingleField<std::int64_t> remaining;
  SingleField<Duration> reset;

  bool seen() const { return limit.seen || remaining.seen || reset.seen; }
  bool malformed() const { return limit.malformed || remaining.malformed || reset.malformed; }
  Quota quota() const { return {limit.value, remaining.value, reset.value, {}}; }
};

/// Whether something was there, and whether any of it was malformed.
struct Evidence {
  bool seen = false;
  bool malformed = false;

  void take(bool good) {
    seen = true;
    malformed = malformed || !good;
  }
};

class ReadingBuilder {
 public:
  explicit ReadingBuilder(ResponseClock clock) : clock_(clock) {}

  void take(RateLimitHeader header, std::string_view value) {
    switch (header.kind) {
      case HeaderKind::retry_after:
        retry_after_.take(read_retry_after(value, clock_));
        break;
      case HeaderKind::retry_after_ms:
        retry_after_ms_.take(read_delay_ms(value));
        break;
      case HeaderKind::service_limits:
        take_service_limits(value);
        break;
      case HeaderKind::policies:
        take_policies(value);
        break;
      case HeaderKind::limit:
        fields_of(header.meter).limit.take(limit_of(header.meter, value));
        break;
      case HeaderKind::remaining:
        fields_of(header.meter).remaining.take(read_amount(value));
        break;
      case HeaderKind::reset:
        fields_of(header.meter).reset.take(reset_of(header.meter, value));
        break;
      case HeaderKind::other:
      case HeaderKind::date:
        break;
    }
  }

  /// After everything was taken, before the limit is looked for under the policy's name.
  void choose_quota() {
    if (dictionary_.seen) {
      // Draft 07 asks for both.
      const bool complete = dictionary_quota_.limit && dictionary_quota_.reset;
      dictionary_.take(complete);
      if (complete) consider(dictionary_quota_);
    }
    for (const MeterFields& fields : meters_) consider(fields.quota());
  }

  bool lacks_limit() const { return !tightest_.limit && !tightest_.policy.empty(); }
  void take_limit(std::string_view policies) {
    tightest_.limit = limit_of_ietf_policy(policies, tightest_.policy);
  }

  RateLimitReading reading() const {
    RateLimitReading reading;
    reading.retry_after = advertised_wait();
    reading.limit = tightest_.limit;
    reading.remaining = tightest_.remaining;
    reading.reset = tightest_.reset;
    note_waits(reading);
    for (std::size_t i = 0; i < meter_count; ++i) {
      const auto meter = static_cast<Meter>(i);
      const HeaderFamily family = meter == Meter::ietf ? three_fields() : family_of(meter);
      note(reading, family, meters_[i].seen(), meters_[i].malformed());
    }
    note_ietf(reading);
    return reading;
  }

 private:
  void consider(const Quota& quota) {
    if (is_tighter(quota, tightest_)) tightest_ = quota;
  }

  static void note(RateLimitReading& reading, HeaderFamily family, bool seen, bool malformed) {
    if (seen) reading.families.add(family);
    if (malformed) reading.malformed.add(family);
  }

  MeterFields& fields_of(Meter meter) { return meters_[static_cast<std::size_t>(meter)]; }
  const MeterFields& fields_of(Meter meter) const {
    return meters_[static_cast<std::size_t>(meter)];
  }

  std::optional<std::int64_t> limit_of(Meter meter, std::string_view value) {
    switch (family_of(meter)) {
      case HeaderFamily::x_ratelimit:
        return read_amount_before_policies(value);
      case HeaderFamily::openai:
      case HeaderFamily::anthropic:
        return read_amount(value);
      default:
        break;
    }
    const std::optional<IetfLimit> field = read_ietf_limit(value);
    if (!field) return std::nullopt;
    limit_has_policies_ = limit_has_policies_ || field->has_policies;
    return field->limit;
  }

  std::optional<Duration> reset_of(Meter meter, std::string_view value) const {
    switch (family_of(meter)) {
      case HeaderFamily::x_ratelimit:
        return read_reset(value, clock_);
      case HeaderFamily::openai:
        return read_openai_reset(value, clock_);
      case HeaderFamily::anthropic:
        return read_anthropic_reset(value, clock_);
      default:
        return read_delay_seconds(value);
    }
  }

  void take_service_limits(std::string_view value) {
    switch (ietf_shape(value)) {
      case IetfShape::dictionary:
        take_dictionary(value);
        break;
      case IetfShape::named:
        take_named(read_ietf_service_limits(value));
        break;
      default:
        unclear_.take(false);
    }
  }

  void take_policies(std::string_view value) {
    switch (ietf_shape(value)) {
      case IetfShape::numbered:
        numbered_policies_.take(is_ietf_policy_list(value));
        break;
      case IetfShape::named:
        take_named(read_ietf_policies(value));
        break;
      default:
        unclear_.take(false);
    }
  }

  void take_dictionary(std::string_view value) {
    const std::optional<Quota> quota = read_ietf_dictionary(value, dictionary_quota_);
    if (quota) dictionary_quota_ = *quota;
    dictionary_.take(quota.has_value());
  }

  void take_named(const std::optional<Quota>& quota) {
    if (quota) consider(*quota);
    named_.take(quota.has_value());
  }

  AdvertisedWait advertised_wait() const {
    if (retry_after_ms_.value) return {AdvertisedWait::Kind::good, *retry_after_ms_.value};
    if (retry_after_.value) return {AdvertisedWait::Kind::good, *retry_after_.value};
    if (retry_after_ms_.seen || retry_after_.seen) return {AdvertisedWait::Kind::malformed, {}};
    return {};
  }

  void note_waits(RateLimitReading& reading) const {
    note(reading, HeaderFamily::retry_after, retry_after_.seen, retry_after_.malformed);
    note(reading, HeaderFamily::retry_after_ms, retry_after_ms_.seen, retry_after_ms_.malformed);
  }

  /// Which drafts the three separate fields are of.
  HeaderFamily three_fields() const {
    if (limit_has_policies_) return HeaderFamily::ietf_00_to_03;
    return numbered_policies_.seen ? HeaderFamily::ietf_04_to_06 : HeaderFamily::ietf_00_to_06;
  }

  void note_ietf(RateLimitReading& reading) const {
    note(reading, HeaderFamily::ietf_07, dictionary_.seen, dictionary_.malformed);
    note(reading, HeaderFamily::ietf_08_to_11, named_.seen, named_.malformed);
    note(reading, HeaderFamily::ietf_unclear, unclear_.seen, unclear_.malformed);
    HeaderFamily numbered = HeaderFamily::ietf_unclear;
    if (dictionary_.seen) numbered = HeaderFamily::ietf_07;
    if (fields_of(Meter::ietf).seen()) numbered = three_fields();
    note(reading, numbered, numbered_policies_.seen, numbered_policies_.malformed);
  }

  ResponseClock clock_;
  SingleField<Duration> retry_after_;
  SingleField<Duration> retry_after_ms_;
  std::array<MeterFields, meter_count> meters_;
  bool limit_has_policies_ = false;
  Quota dictionary_quota_;
  Evidence dictionary_;
  Evidence named_;
  Evidence numbered_policies_;
  Evidence unclear_;
  /// Of what was considered so far.
  Quota tightest_;
};

}  // namespace

std::string_view name_of(HeaderFamily family) {
  return metrics::header_family_names[static_cast<std::size_t>(family)];
}

void RateLimitHeaders::DateText::set(std::string_view text) {
  const bool contradicts = seen_ && text != view();
  size_ = contradicts || text.size() > capacity ? 0 : text.size();
  std::copy_n(text.begin(), size_, text_.begin());
  seen_ = true;
}

void RateLimitHeaders::clear() {
  date_.clear();
  entries_.clear();
  values_.clear();
}

void RateLimitHeaders::add(std::string_view name, std::string_view value) {
  if (!may_be_rate_limit_header(name)) return;
  const RateLimitHeader header = identify_header(name);
  if (header.kind == HeaderKind::other) return;
  const std::string_view text = http::without_blanks(value);
  if (header.kind == HeaderKind::date) {
    date_.set(text);
    return;
  }
  entries_.push_back({header, values_.size(), text.size()});
  values_ += text;
}

std::optional<Instant> RateLimitHeaders::date(Instant received) const {
  if (date_.view().empty()) return std::nullopt;
  return http::parse_http_date(date_.view(), received);
}

RateLimitReading RateLimitHeaders::read(Instant received) const {
  if (entries_.empty()) return {};
  ReadingBuilder builder({received, date_.view()});
  for (const Entry& entry : entries_) builder.take(entry.header, value_of(entry));
  builder.choose_quota();
  for (const Entry& entry : entries_) {
    if (!builder.lacks_limit()) break;
    if (entry.header.kind == HeaderKind::policies) builder.take_limit(value_of(entry));
  }
  return builder.reading();
}

}  // namespace weir::load
