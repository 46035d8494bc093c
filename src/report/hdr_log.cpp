#include "report/hdr_log.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "core/base64.hpp"
#include "core/text.hpp"

namespace weir::report {
namespace {

using metrics::Histogram;

/// Of what comes after: a histogram in V2 encoding, deflated.
constexpr std::uint32_t compressed_cookie = 0x1c849304 | 0x10;

void append_big_endian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xff);
}

std::string compressed(const Histogram& histogram) {
  const std::string bytes = histogram.encode();
  uLongf size = compressBound(bytes.size());
  std::string deflated(size, '\0');
  compress2(reinterpret_cast<Bytef*>(deflated.data()), &size,
            reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), Z_DEFAULT_COMPRESSION);
  deflated.resize(size);
  std::string out;
  append_big_endian(out, compressed_cookie);
  append_big_endian(out, static_cast<std::uint32_t>(size));
  return to_base64(out + deflated);
}

double seconds(std::int64_t ns) { return static_cast<double>(ns) / 1e9; }

/// A line; the largest value stands in it in milliseconds, as HdrHistogram's own writer has it.
std::string line(const std::string& tag, Duration begin, Duration length,
                 const Histogram& histogram) {
  return fmt::format("{}{:.3f},{:.3f},{:.3f},{}\n", tag.empty() ? "" : "Tag=" + tag + ",",
                     seconds(begin.ns()), seconds(length.ns()),
                     static_cast<double>(histogram.max()) / 1e6, compressed(histogram));
}

}  // namespace

std::string hdr_log(const metrics::Outcome& outcome) {
  std::string log = fmt::format(
      "#[Logged by weir {}, values in nanoseconds]\n#[Histogram log format version 1.3]\n"
      "#[StartTime: {:.3f} (seconds since epoch), {}]\n#[BaseTime: {:.3f} (seconds since epoch)]\n"
      "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
      WEIR_VERSION, seconds(outcome.start.unix_ns()), format_instant(outcome.start),
      seconds(outcome.start.unix_ns()));
  for (const metrics::PolicyOutcome& policy : outcome.policies) {
    const metrics::Accumulator& a = policy.accumulator;
    const std::string prefix = policy.name.empty() ? "" : policy.name + ".";
    for (std::size_t i = 0; i < a.series.size(); ++i) {
      log += line(policy.name, outcome.series_interval * static_cast<std::int64_t>(i),
                  outcome.series_interval, a.series[i].latency);
    }
    log += line(prefix + "allowed", Duration(), outcome.duration, a.latency_allowed);
    log += line(prefix + "denied", Duration(), outcome.duration, a.latency_denied);
    log += line(prefix + "operation", Duration(), outcome.duration, a.latency_operation);
  }
  return log;
}

Result<void> write_hdr_log(const std::string& path, const metrics::Outcome& outcome) {
  const std::string text = hdr_log(outcome);
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  bool ok = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr) ok = std::fclose(file) == 0 && ok;
  if (ok) return {};
  return fail(ErrorKind::cannot_run,
              fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

}  // namespace weir::report
