#include "load/preflight.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>

namespace weir::load {
namespace {

using boost::asio::ip::tcp;
using ErrorCode = boost::system::error_code;

/// Beside connections: files, timers, what libraries open.
constexpr std::int64_t other_descriptors = 64;

}  // namespace

Result<tcp::endpoint> reach_endpoint(const http::Url& url, const scenario::TargetSpec& target) {
  boost::asio::io_context loop;
  tcp::resolver resolver(loop);
  ErrorCode error;
  const auto found = resolver.resolve(url.host, fmt::format("{}", url.port), error);
  if (error) {
    return fail(ErrorKind::target_unreachable,
                fmt::format("{}: the host cannot be found: {}", url.origin(), error.message()));
  }
  tcp::socket socket(loop);
  tcp::endpoint endpoint;
  error = boost::asio::error::timed_out;
  boost::asio::async_connect(socket, found, [&](const ErrorCode& result, const tcp::endpoint& at) {
    error = result;
    endpoint = at;
  });
  loop.run_for(std::chrono::nanoseconds(target.connect_timeout.value_or(target.timeout).ns()));
  if (error) {
    return fail(ErrorKind::target_unreachable,
                fmt::format("{}: cannot be reached: {}", url.origin(), error.message()));
  }
  return endpoint;
}

Result<void> ensure_file_descriptors(std::int64_t connections) {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  const auto wanted = static_cast<rlim_t>(connections + other_descriptors);
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur >= wanted) return {};
  return fail(ErrorKind::cannot_run,
              fmt::format("{} connections need {} file descriptors, and only {} are allowed: fewer "
                          "--connections, or a higher ulimit -n",
                          connections, wanted, limit.rlim_cur));
}

}  // namespace weir::load
