#include "probe/live_target.hpp"

#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/random.hpp"
#include "load/curl_engine.hpp"
#include "load/native_engine.hpp"
#include "load/preflight.hpp"
#include "load/way.hpp"

namespace weir::probe {
namespace {

/// The most requests in flight at once.
constexpr std::size_t most_connections = 512;
/// Steps of a track that do not wait and are due within this may all be in flight together.
constexpr Duration flight_time = Duration::from_ms(50);
/// How long connections may take to be opened before an experiment.
constexpr Duration opening_time = Duration::from_ms(500);
constexpr Duration longest_sleep = Duration::from_ms(20);
constexpr Duration check_interval = Duration::from_ms(10);
/// So many are under way at most before the first answer: perhaps nobody is there.
constexpr std::size_t most_unanswered = 3;

Instant wall_clock() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return Instant::from_unix_ns(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

/// Six letters or digits.
std::string nonce_of(std::uint64_t seed) {
  constexpr std::string_view letters = "0123456789abcdefghijklmnopqrstuvwxyz";
  RandomSequence draws(RandomStream(seed).named("values of keys"));
  std::string nonce;
  for (int i = 0; i < 6; ++i) nonce += letters[draws.below(letters.size())];
  return nonce;
}

ToldQuota told_by(const load::RateLimitReading& reading) {
  ToldQuota told{reading.limit, reading.remaining, reading.reset, std::nullopt};
  if (reading.retry_after.kind == load::AdvertisedWait::Kind::good) {
    told.retry_after = reading.retry_after.wait;
  }
  return told;
}

/// How many requests of a track may be in flight at once.
std::size_t width_of(const Track& track) {
  std::vector<Duration> due;
  std::size_t most = 1;
  Duration at;
  for (const Step& step : track.steps) {
    if (step.waits) due.clear();
    at = step.waits ? Duration() : at + step.after;
    due.push_back(at);
    const auto first =
        std::find_if(due.begin(), due.end(), [&](Duration d) { return d > at - flight_time; });
    most = std::max(most, static_cast<std::size_t>(due.end() - first));
  }
  return most;
}

}  // namespace

/// An experiment under way.
struct LiveTarget::Run {
  struct Progress {
    std::size_t next_step = 0;
    Instant due;
    std::uint32_t denials = 0;
    std::uint32_t admissions = 0;
    bool is_over = false;
  };
  struct Due {
    Instant at;
    std::size_t track = 0;
    bool operator>(const Due& other) const {
      return std::pair(at, track) > std::pair(other.at, other.track);
    }
  };
  struct Sent {
    std::uint32_t record = 0;
    std::uint32_t track = 0;
    std::uint32_t step = 0;
    bool is_in_flight = true;
  };

  explicit Run(const Experiment& of) : experiment(of), tracks(of.tracks.size()) {}

  /// An answer may be the one that its track waited for.
  void count(std::size_t track, std::optional<bool> allowed) {
    if (!allowed) return;
    const Track& of = experiment.tracks[track];
    const std::uint32_t most = *allowed ? of.ends_after_admissions : of.ends_after_denials;
    const std::uint32_t seen = ++(*allowed ? tracks[track].admissions : tracks[track].denials);
    if (most > 0 && seen >= most) tracks[track].is_over = true;
  }

  Sent* find(std::uint32_t record) {
    return sent.empty() || record < sent[0].record ? nullptr : &sent[record - sent[0].record];
  }

  const Experiment& experiment;
  std::vector<Progress> tracks;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due;
  /// In the order of sending.
  std::vector<Sent> sent;
  std::size_t in_flight = 0;
  std::size_t connections = 1;
};

LiveTarget::LiveTarget(LiveTargetSpec spec, load::LoadControl& control)
    : spec_(std::move(spec)),
      control_(control),
      nonce_(nonce_of(spec_.seed)),
      clock_(wall_clock()),
      pace_(spec_.budget.max_per_second),
      answers_(spec_.target) {
  // Its time is that of the wall clock.
  const Instant origin = clock_.at(load::RunClock::Steady::time_point());
  clock_.start(load::RunClock::Steady::now(), origin);
}

LiveTarget::~LiveTarget() = default;

Result<std::unique_ptr<LiveTarget>> LiveTarget::make(LiveTargetSpec spec,
                                                     load::LoadControl& control) {
  std::unique_ptr<LiveTarget> made(new LiveTarget(std::move(spec), control));
  for (const KeyPlace& key : made->spec_.keys) made->columns_.dictionaries.emplace_back(key.name);
  made->values_.resize(made->spec_.keys.size());
  made->row_.attributes.resize(made->spec_.keys.size());
  const scenario::TargetSpec& target = made->spec_.target;
  auto requests =
      load::RequestTemplate::make(target, target.url, {.columns = &made->columns_, .nonce = ""});
  if (!requests) return tl::unexpected(requests.error());
  made->requests_ = std::move(*requests);
  const std::string obstacle = load::why_not_native(target, made->requests_->url());
  if (target.engine == scenario::EngineChoice::native && !obstacle.empty()) {
    return fail(ErrorKind::usage, "--engine native: does not do " + obstacle + ": libcurl does");
  }
  return made;
}

Result<void> LiveTarget::reach() {
  if (const auto enough = load::ensure_file_descriptors(most_connections); !enough) return enough;
  const bool native = load::takes_native(spec_.target, requests_->url());
  if (native) {
    auto endpoint = load::reach_endpoint(requests_->url(), spec_.target);
    if (!endpoint) return tl::unexpected(endpoint.error());
    endpoint_ = *endpoint;
  } else if (const auto reached = load::reach_by_curl(*requests_, spec_.target); !reached) {
    return reached;
  }
  const load::EngineContext context{.loop = loop_,
                                    .clock = clock_,
                                    .requests = *requests_,
                                    .target = spec_.target,
                                    .replies = *this,
                                    .connections = most_connections,
                                    .may_resend = false,
                                    .keeps_answers = true};
  engine_ = native ? std::make_unique<load::NativeEngine>(context, endpoint_)
                   : load::make_curl_engine(context);
  return {};
}

Duration LiveTarget::time_left() const {
  if (began_ == Instant::min()) return spec_.budget.max_time;
  return std::max(began_ + spec_.budget.max_time - now(), Duration());
}

// ---- Keys

std::uint64_t LiveTarget::fresh_keys_left() const {
  if (spec_.keys.empty()) return 0;
  if (spec_.values.empty()) return UINT32_MAX;
  return spec_.values.size() - values_taken_;
}

std::optional<ValueId> LiveTarget::value_of(std::size_t key, std::uint32_t number) {
  const auto known = values_[key].find(number);
  if (known != values_[key].end()) return known->second;
  const bool is_given = key == 0 && !spec_.values.empty();
  if (is_given && values_taken_ == spec_.values.size()) return std::nullopt;
  const std::string& name = spec_.keys[key].name;
  const std::string text =
      is_given ? spec_.values[values_taken_++] : name + "-" + std::to_string(number) + "-" + nonce_;
  const ValueId id = columns_.dictionaries[key].intern(text);
  values_[key].emplace(number, id);
  return id;
}

bool LiveTarget::has_values_for(const KeyNumbers& key) {
  for (std::size_t k = 0; k < spec_.keys.size(); ++k) {
    if (!value_of(k, k < key.size() ? key[k] : 0)) return false;
  }
  return true;
}

void LiveTarget::make_row(const KeyNumbers& key) {
  row_.at = {now()};
  row_.traffic_class = {0};
  row_.operation = {sent_};
  for (std::size_t k = 0; k < spec_.keys.size(); ++k) {
    row_.attributes[k] = {*value_of(k, k < key.size() ? key[k] : 0)};
  }
}

// ---- Time

std::vector<Sighting> LiveTarget::run(const Experiment& experiment) {
  // Timers of this thread may be late by no more than this: 1 us.
  ::prctl(PR_SET_TIMERSLACK, 1'000);
  if (began_ == Instant::min()) began_ = now();
  run_ = std::make_unique<Run>(experiment);
  open_connections(experiment);
  const Instant begin = now();
  for (std::size_t t = 0; t < experiment.tracks.size(); ++t) {
    const Track& track = experiment.tracks[t];
    if (track.steps.empty() || !has_values_for(track.key)) continue;
    run_->tracks[t].due = std::max(begin, track.not_before.value_or(begin)) + track.steps[0].after;
    run_->due.push({run_->tracks[t].due, t});
  }
  loop_.restart();
  go_on();
  loop_.run();
  std::vector<Sighting> seen;
  for (const Run::Sent& sent : run_->sent) {
    const Record& record = records_[sent.record];
    Sighting sighting{.track = sent.track,
                      .step = sent.step,
                      .sent = record.sent,
                      .received = record.first_byte,
                      .ended = record.ended,
                      .allowed = record.allowed.value_or(true),
                      .is_known = record.allowed.has_value(),
                      .status = record.status,
                      .told = told_by(record.reading)};
    seen.push_back(sighting);
  }
  run_.reset();
  return seen;
}

// What comes of an experiment is about the gateway, not about how long connecting takes.
void LiveTarget::open_connections(const Experiment& experiment) {
  std::size_t connections = 0;
  for (const Track& track : experiment.tracks) connections += width_of(track);
  run_->connections = std::clamp<std::size_t>(connections, 1, most_connections);
  // Those that were closed meanwhile are heard of first.
  loop_.restart();
  loop_.poll();
  engine_->open_ahead(run_->connections);
  const Instant give_up = now() + std::min(opening_time, time_left());
  while (engine_->is_opening() && now() < give_up && !control_.stop) {
    loop_.run_one_for(std::chrono::milliseconds(1));
  }
}

void LiveTarget::go_on() {
  const Instant now = this->now();
  note_stop(now);
  if (stop_ != Stop::none) {
    // Whoever stops a probe does not want to wait, and its time is not to be passed.
    if (stop_ != Stop::requests || run_->in_flight == 0) {
      end_what_is_in_flight();
      timer_.cancel();
      return loop_.stop();
    }
  } else {
    send_what_is_due(now);
  }
  if (now >= next_check_) {
    next_check_ = now + check_interval;
    engine_->end_overdue(now);
  }
  if (run_->due.empty() && run_->in_flight == 0) {
    timer_.cancel();
    return loop_.stop();
  }
  Instant next = now + longest_sleep;
  if (!run_->due.empty() && engine_->can_send() && !is_held_back()) {
    next = std::min(next, std::max(run_->due.top().at, pace_.earliest()));
  }
  wake_at(next);
}

void LiveTarget::note_stop(Instant now) {
  if (stop_ != Stop::none) return;
  if (control_.stop) {
    stop_ = Stop::interrupted;
  } else if (now >= began_ + spec_.budget.max_time) {
    stop_ = Stop::time;
  } else if (run_->in_flight == 0 && !run_->due.empty() &&
             run_->due.top().at >= began_ + spec_.budget.max_time) {
    // Nothing would come of waiting.
    stop_ = Stop::time;
  }
}

void LiveTarget::wake_at(Instant at) {
  timer_.expires_at(clock_.steady(at));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) go_on();
  });
}

void LiveTarget::end_what_is_in_flight() {
  for (Run::Sent& sent : run_->sent) {
    if (!std::exchange(sent.is_in_flight, false)) continue;
    Record& record = records_[sent.record];
    record.first_byte = record.ended = now();
    --run_->in_flight;
    control_.in_flight.fetch_sub(1, std::memory_order_relaxed);
  }
}

// ---- Requests

void LiveTarget::send_what_is_due(Instant now) {
  while (!run_->due.empty() && run_->due.top().at <= now && pace_.earliest() <= now &&
         engine_->can_send() && !is_held_back()) {
    const std::size_t track = run_->due.top().track;
    run_->due.pop();
    if (run_->tracks[track].is_over) continue;
    if (requests_left() == 0) {
      stop_ = Stop::requests;
      return;
    }
    send(track);
    now = this->now();
  }
}

bool LiveTarget::is_held_back() const {
  return answers_.statuses().empty() && run_->in_flight >= most_unanswered;
}

void LiveTarget::send(std::size_t track) {
  Run::Progress& progress = run_->tracks[track];
  const auto record = static_cast<std::uint32_t>(records_.size());
  make_row(run_->experiment.tracks[track].key);
  Record& made = records_.emplace_back();
  for (const auto& column : row_.attributes) made.values.push_back(column[0]);
  run_->sent.push_back({record, static_cast<std::uint32_t>(track),
                        static_cast<std::uint32_t>(progress.next_step), true});
  ++run_->in_flight;
  ++sent_;
  control_.sent.fetch_add(1, std::memory_order_relaxed);
  control_.in_flight.fetch_add(1, std::memory_order_relaxed);
  made.sent = now();
  pace_.sent(made.sent);
  engine_->send(record, {.block = &row_, .row = 0, .replaced = nullptr, .replacement = {}});
  ++progress.next_step;
  step_on(track, false, Instant());
}

// The next step becomes due with the answer to the one before, or without.
void LiveTarget::step_on(std::size_t track, bool was_answered, Instant answered) {
  Run::Progress& progress = run_->tracks[track];
  const std::vector<Step>& steps = run_->experiment.tracks[track].steps;
  if (progress.is_over || progress.next_step >= steps.size()) return;
  const Step& next = steps[progress.next_step];
  if (next.waits != was_answered) return;
  progress.due = (next.waits ? answered : progress.due) + next.after;
  run_->due.push({progress.due, track});
}

void LiveTarget::replied(load::ExchangeId exchange, const load::Reply& reply) {
  // Of an experiment that was ended before.
  Run::Sent* const sent = run_ ? run_->find(exchange) : nullptr;
  if (sent == nullptr || !std::exchange(sent->is_in_flight, false)) return;
  const std::size_t track = sent->track;
  const bool is_last = sent->step + 1 == run_->tracks[track].next_step;
  --run_->in_flight;
  control_.in_flight.fetch_sub(1, std::memory_order_relaxed);
  Record& record = records_[exchange];
  record.sent = std::min(record.sent, reply.written);
  record.first_byte = reply.first_byte;
  record.ended = reply.end;
  note_answer(reply, record);
  run_->count(track, record.allowed);
  if (is_last) step_on(track, true, record.ended);
  engine_->open_ahead(run_->connections - std::min(run_->connections, run_->in_flight));
  go_on();
}

void LiveTarget::note_answer(const load::Reply& reply, Record& record) {
  record.allowed = answers_.add(reply);
  if (answers_.is_hopeless() && stop_ == Stop::none) stop_ = Stop::unreachable;
  if (reply.failure != load::Failure::none) return;
  record.status = reply.status;
  if (reply.headers == nullptr) return;
  record.reading = reply.headers->read(reply.end);
  record.date = reply.headers->date(reply.end);
  answers_.add(record.reading);
}

// ---- What was found

Duration LiveTarget::usual_service() const {
  std::vector<Duration> took;
  for (const Record& record : records_) {
    if (record.allowed == true) took.push_back(record.ended - record.sent);
  }
  if (took.empty()) return {};
  const auto short_one = took.begin() + static_cast<std::ptrdiff_t>(took.size() / 5);
  std::nth_element(took.begin(), short_one, took.end());
  return *short_one;
}

std::string LiveTarget::url() const { return load::shown_url(requests_->url()); }

std::string LiveTarget::engine_name() const {
  return load::takes_native(spec_.target, requests_->url()) ? "native" : "libcurl";
}

void LiveTarget::testify(load::Witness& witness) const {
  RequestBlock request = row_;
  for (const Record& record : records_) {
    if (record.status == 0) continue;
    request.at = {record.sent};
    for (std::size_t k = 0; k < record.values.size(); ++k) {
      request.attributes[k] = {record.values[k]};
    }
    request.traffic_class = {0};
    request.operation = {0};
    witness.hear({.request = request,
                  .sent = record.sent,
                  .first_byte = record.first_byte,
                  .end = record.ended,
                  .allowed = record.allowed,
                  .reading = record.reading,
                  .date = record.date});
  }
}

}  // namespace weir::probe
