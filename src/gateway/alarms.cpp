#include "gateway/alarms.hpp"

#include <chrono>

namespace weir::gateway {

Instant steady_now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return Instant::from_unix_ns(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

// ---- Alarms

Alarms::Pending::iterator Alarms::add(Instant at, Alarm& alarm) {
  const auto place = pending_.emplace(at, &alarm);
  if (place == pending_.begin() && at < awaited_) await_first();
  return place;
}

void Alarms::await_first() {
  awaited_ = pending_.begin()->first;
  timer_.expires_at(std::chrono::steady_clock::time_point(
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(
          std::chrono::nanoseconds(awaited_.unix_ns()))));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) ring();
  });
}

void Alarms::ring() {
  const Instant now = steady_now();
  awaited_ = Instant::min();
  while (!pending_.empty() && pending_.begin()->first <= now) {
    Alarm& alarm = *pending_.begin()->second;
    alarm.leave();
    alarm.look(now);
  }
  awaited_ = Instant::max();
  if (!pending_.empty()) await_first();
}

// ---- Alarm

void Alarm::set(Instant at) {
  wanted_ = at;
  if (is_pending_ && place_->first <= at) return;
  leave();
  place_ = alarms_.add(at, *this);
  is_pending_ = true;
}

void Alarm::leave() {
  if (is_pending_) alarms_.pending_.erase(place_);
  is_pending_ = false;
}

void Alarm::look(Instant now) {
  if (wanted_ == Instant::max()) return;
  if (wanted_ > now) return set(wanted_);
  wanted_ = Instant::max();
  rang_();
}

}  // namespace weir::gateway
