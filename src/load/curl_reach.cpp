#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

#include "load/curl_easy.hpp"
#include "load/curl_engine.hpp"
#include "load/curl_target.hpp"

namespace weir::load {
namespace {

long milliseconds_of(Duration d) {
  return static_cast<long>(std::max(d.ns() / 1'000'000, std::int64_t{1}));
}

/// Why it failed, as shortly as it can be said.
std::string reason_of(const CurlEasy& easy, CURLcode result, std::string_view text) {
  const auto os_error = static_cast<int>(easy.number(CURLINFO_OS_ERRNO));
  if (result == CURLE_COULDNT_CONNECT && os_error != 0) {
    return std::system_category().message(os_error);
  }
  return std::string(text.empty() ? curl_easy_strerror(result) : text);
}

bool is_fault_of_file(CURLcode result) {
  return result == CURLE_SSL_CACERT_BADFILE || result == CURLE_SSL_CERTPROBLEM;
}

}  // namespace

Result<void> reach_by_curl(const RequestTemplate& requests, const scenario::TargetSpec& target) {
  std::array<char, CURL_ERROR_SIZE> text = {};
  const std::string origin = requests.url().origin();
  CurlEasy easy;
  set_way_to(easy, requests.url(), target);
  easy.set(CURLOPT_URL, origin);
  easy.set(CURLOPT_CONNECT_ONLY, 1L);
  const Duration timeout = target.connect_timeout.value_or(target.timeout);
  easy.set(CURLOPT_TIMEOUT_MS, milliseconds_of(timeout));
  easy.set(CURLOPT_ERRORBUFFER, text.data());
  if (easy.refusal() != CURLE_OK) {
    return fail(ErrorKind::cannot_run, fmt::format("{}: this libcurl cannot do it: {}", origin,
                                                   curl_easy_strerror(easy.refusal())));
  }
  const CURLcode result = curl_easy_perform(easy.get());
  if (result == CURLE_OK) return {};
  // libcurl's own words may hold the proxy's password.
  const bool by_proxy = !target.proxy.empty();
  const std::string reason = reason_of(easy, result, by_proxy ? "" : text.data());
  if (is_fault_of_file(result)) return fail(ErrorKind::cannot_run, reason);
  return fail(ErrorKind::target_unreachable,
              fmt::format("{}: cannot be reached{}: {}", origin,
                          by_proxy ? " through the proxy" : "", reason));
}

}  // namespace weir::load
