#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <map>
#include <utility>

#include "core/time.hpp"

namespace weir::gateway {

/// A point of a clock that never goes back; only differences mean anything.
Instant steady_now();

class Alarm;

/// The alarms of one thread, on one timer of its loop.
class Alarms {
 public:
  explicit Alarms(boost::asio::io_context& loop) : timer_(loop) {}
  /// None rings any more, and the loop can end.
  void stop() { timer_.cancel(); }

 private:
  friend class Alarm;
  using Pending = std::multimap<Instant, Alarm*>;

  Pending::iterator add(Instant at, Alarm& alarm);
  void await_first();
  void ring();

  boost::asio::steady_timer timer_;
  Instant awaited_ = Instant::max();
  Pending pending_;
};

/// Rings once when its time has come. Putting it off costs nothing: it looks again when it would
/// have rung.
class Alarm {
 public:
  Alarm(Alarms& alarms, std::function<void()> rang) : alarms_(alarms), rang_(std::move(rang)) {}
  ~Alarm() { leave(); }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  void set(Instant at);
  void cancel() { wanted_ = Instant::max(); }

 private:
  friend class Alarms;
  void leave();
  void look(Instant now);

  Alarms& alarms_;
  std::function<void()> rang_;
  Instant wanted_ = Instant::max();
  bool is_pending_ = false;
  Alarms::Pending::iterator place_;
};

}  // namespace weir::gateway
