#pragma once

#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace weir::gateway {

/// A request that has ended, as it is logged.
struct AccessRecord {
  /// When its head was read, on the wall clock.
  Instant at;
  std::optional<boost::asio::ip::address> peer;
  std::string_view method;
  std::string_view target;
  /// 10 or 11.
  int version = 11;
  /// 0 where the client left before there was an answer.
  int status = 0;
  /// Of the answer's body.
  std::uint64_t bytes = 0;
  Duration took;
  Duration delay;
  /// Empty if the request was allowed.
  std::string_view denied_by;
  std::string_view host;
  std::string_view user_agent;
  std::string_view referer;
  bool client_left = false;
};

enum class AccessLogFormat : std::uint8_t { json, combined };

/// Appends the record as a line.
void append_access_line(std::string& out, AccessLogFormat format, const AccessRecord& record);

/// Writes what was logged from a thread of its own, so that no disk holds up a request.
class AccessLog {
 public:
  /// What one thread logs; written at least each second.
  class Writer {
   public:
    void add(const AccessRecord& record);

   private:
    friend class AccessLog;
    explicit Writer(AccessLogFormat format) : format_(format) {}
    AccessLogFormat format_;
    std::mutex mutex_;
    std::string lines_;
    std::uint64_t dropped_ = 0;
  };

  /// "-" is standard output.
  static Result<std::unique_ptr<AccessLog>> open(const std::string& path, AccessLogFormat format);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  /// Lives as long as the log. May be called by any thread.
  Writer& new_writer();
  /// Opens the file anew, as after it was renamed. What was logged before goes to the old one.
  void reopen();
  /// Writes all that was logged before the call.
  void flush();
  /// Lines that were lost, because the disk was full or too slow.
  std::uint64_t lost_lines() const { return lost_lines_.load(std::memory_order_relaxed); }

 private:
  AccessLog(std::string path, AccessLogFormat format, int fd);
  void run();
  void write_all();
  void write(std::string_view lines);
  void open_anew();
  void complain(std::string_view what, int error);

  const std::string path_;
  const AccessLogFormat format_;
  int fd_;
  bool has_complained_ = false;
  std::atomic<std::uint64_t> lost_lines_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Writer>> writers_;
  bool is_ending_ = false;
  bool wants_reopen_ = false;
  std::uint64_t flushes_wanted_ = 0;
  std::uint64_t flushes_done_ = 0;
  std::string taken_;
  std::thread thread_;
};

}  // namespace weir::gateway
