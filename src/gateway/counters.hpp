#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weir::gateway {

/// What was wrong with a request that nobody asked the Gatekeeper about.
enum class BadRequest : std::uint8_t {
  malformed,
  bad_host,
  bad_framing,
  head_too_large,
  target_too_long,
  body_too_large,
  unknown_coding,
  bad_version,
  bad_method,
  refused_upgrade,
  timeout,
};
inline constexpr std::array<std::string_view, 11> bad_request_names = {"malformed",
                                                                       "host",
                                                                       "framing",
                                                                       "head_too_large",
                                                                       "target_too_long",
                                                                       "body_too_large",
                                                                       "transfer_encoding",
                                                                       "version",
                                                                       "method",
                                                                       "upgrade",
                                                                       "timeout"};

/// Why an upstream gave no answer, or not all of it.
enum class UpstreamFailure : std::uint8_t {
  refused,
  connect_timeout,
  first_byte_timeout,
  idle_timeout,
  reset,
  malformed,
  cut_short,
};
inline constexpr std::array<std::string_view, 7> upstream_failure_names = {
    "refused", "connect_timeout", "first_byte_timeout", "idle_timeout",
    "reset",   "malformed",       "cut_short"};

/// What a server has counted; N is a number.
template <class N>
struct ServerNumbers {
  N connections_accepted{};
  N connections_closed{};
  /// Closed at once, because there were too many.
  N connections_refused{};
  /// No descriptor was left, or such.
  N accept_failures{};
  N requests{};
  /// By the first digit of the status; [0] is of those that got no answer.
  std::array<N, 6> answers{};
  std::array<N, bad_request_names.size()> bad_requests{};
  std::array<N, upstream_failure_names.size()> upstream_failures{};
  N upstream_connections{};
  N upstream_requests{};
  /// Answers of which the client did not wait for the end.
  N clients_left{};
  N bytes_in{};
  N bytes_out{};

  /// Adds `to(number)` of each number to that of `sum`.
  template <class M, class To>
  void add_to(ServerNumbers<M>& sum, To to) const {
    sum.connections_accepted += to(connections_accepted);
    sum.connections_closed += to(connections_closed);
    sum.connections_refused += to(connections_refused);
    sum.accept_failures += to(accept_failures);
    sum.requests += to(requests);
    add_each(answers, sum.answers, to);
    add_each(bad_requests, sum.bad_requests, to);
    add_each(upstream_failures, sum.upstream_failures, to);
    sum.upstream_connections += to(upstream_connections);
    sum.upstream_requests += to(upstream_requests);
    sum.clients_left += to(clients_left);
    sum.bytes_in += to(bytes_in);
    sum.bytes_out += to(bytes_out);
  }

 private:
  template <class M, std::size_t size, class To>
  static void add_each(const std::array<N, size>& from, std::array<M, size>& sum, To to) {
    for (std::size_t i = 0; i < size; ++i) sum[i] += to(from[i]);
  }
};

/// A number that one thread changes and all may read.
class Count {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What one thread counts.
struct ServerCounters : ServerNumbers<Count> {
  Count& of(BadRequest kind) { return bad_requests[static_cast<std::size_t>(kind)]; }
  Count& of(UpstreamFailure kind) { return upstream_failures[static_cast<std::size_t>(kind)]; }
};

/// What all threads of a server have counted.
struct ServerFigures : ServerNumbers<std::uint64_t> {
  std::uint64_t connections_open() const { return connections_accepted - connections_closed; }
  void add(const ServerCounters& counters) {
    counters.add_to(*this, [](const Count& count) { return count.value(); });
  }
};

}  // namespace weir::gateway
