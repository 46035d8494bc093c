#include "sim/decision_log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <iterator>

namespace weir::sim {
namespace {

void append_field(std::string& line, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    line += text;
    return;
  }
  line += '"';
  for (const char c : text) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

// Until it is complete, a log stands beside the file that it will replace.
const char* const part_suffix = ".part";

std::int64_t ns_or_none(const std::optional<Duration>& d) { return d ? d->ns() : -1; }

}  // namespace

Result<std::unique_ptr<DecisionLog>> DecisionLog::create(const std::string& path,
                                                         const Columns& columns,
                                                         std::vector<std::string> class_names) {
  std::FILE* const file = std::fopen((path + part_suffix).c_str(), "wb");
  if (file == nullptr) {
    return fail(ErrorKind::cannot_run,
                fmt::format("cannot write the decision log {}: {}", path, std::strerror(errno)));
  }
  std::unique_ptr<DecisionLog> log(new DecisionLog(file, path, columns, std::move(class_names)));
  log->buffer_ =
      "time_ns,policy,operation,class,attempt,allowed,denied_by,limit,remaining,retry_after_ns,"
      "advertised_retry_after_ns,reset_after_ns,delay_ns";
  for (const Dictionary& d : columns.dictionaries) {
    log->buffer_ += ',';
    append_field(log->buffer_, d.attribute());
  }
  for (const std::string& cost : columns.costs) {
    log->buffer_ += ',';
    append_field(log->buffer_, cost == default_cost ? cost : fmt::format("cost.{}", cost));
  }
  log->buffer_ += '\n';
  return log;
}

DecisionLog::DecisionLog(std::FILE* file, std::string path, const Columns& columns,
                         std::vector<std::string> class_names)
    : file_(file),
      path_(std::move(path)),
      columns_(columns),
      class_names_(std::move(class_names)) {}

DecisionLog::~DecisionLog() {
  if (file_ != nullptr) std::fclose(file_);
}

void DecisionLog::write(std::string_view policy, const RequestBlock& block, std::size_t row,
                        std::int64_t attempt, const LoggedDecision& d) {
  const auto out = std::back_inserter(buffer_);
  fmt::format_to(out, "{},", block.at[row].unix_ns());
  append_field(buffer_, policy);
  fmt::format_to(out, ",{},", block.operation[row]);
  append_field(buffer_, class_names_[block.traffic_class[row]]);
  fmt::format_to(out, ",{},{},", attempt, d.allowed ? 1 : 0);
  append_field(buffer_, d.denied_by);
  const std::int64_t limit = d.quota ? d.quota->limit : -1;
  const std::int64_t remaining = d.quota ? d.quota->remaining : -1;
  const std::int64_t reset = d.quota ? d.quota->reset_after.ns() : -1;
  fmt::format_to(out, ",{},{},{},{},{},{}", limit, remaining, ns_or_none(d.retry_after),
                 ns_or_none(d.advertised_retry_after), reset, d.allowed ? d.delay.ns() : -1);
  for (std::size_t a = 0; a < columns_.dictionaries.size(); ++a) {
    buffer_ += ',';
    append_field(buffer_, columns_.dictionaries[a].name(block.attributes[a][row]));
  }
  for (const auto& cost : block.costs) fmt::format_to(out, ",{}", cost[row]);
  buffer_ += '\n';
  if (buffer_.size() > 1 << 20) flush();
}

void DecisionLog::flush() {
  failed_ = failed_ || std::fwrite(buffer_.data(), 1, buffer_.size(), file_) != buffer_.size();
  buffer_.clear();
}

Result<void> DecisionLog::close() {
  flush();
  failed_ = std::fclose(file_) != 0 || failed_;
  file_ = nullptr;
  failed_ = failed_ || std::rename((path_ + part_suffix).c_str(), path_.c_str()) != 0;
  if (failed_) {
    return fail(ErrorKind::cannot_run, fmt::format("could not write all of the decision log {}: {}",
                                                   path_, std::strerror(errno)));
  }
  return {};
}

}  // namespace weir::sim
