#include "load/curl_failure.hpp"

#include "load/failures.hpp"

namespace weir::load {
namespace {

bool holds(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

/// Of a connection that stood.
Failure failure_of_exchange(const CurlProblem& problem) {
  if (problem.tunnel_status >= 300) return Failure::unreachable;
  if (problem.os_error != 0) return failure_of(problem.os_error);
  // The same result stands for an end of the connection that TLS did not announce, for what TLS
  // cannot decrypt and for a body that is wrongly chunked; only the text tells them apart.
  if (!holds(problem.text, "SSL_")) return Failure::malformed;
  return holds(problem.text, "unexpected eof") ? Failure::closed_early : Failure::tls;
}

}  // namespace

Failure failure_of(const CurlProblem& problem) {
  switch (problem.result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
      return Failure::unreachable;
    case CURLE_COULDNT_CONNECT:
      return failure_of(problem.os_error);
    case CURLE_OPERATION_TIMEDOUT:
      return Failure::timeout_connect;
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
      return failure_of_exchange(problem);
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
      return Failure::closed_early;
    case CURLE_HTTP2_STREAM:
      return Failure::reset;
    // Without a text, the server has closed the connection while nothing was answered.
    case CURLE_HTTP2:
      return problem.text.empty() ? Failure::closed_early : Failure::malformed;
    // The last is what libcurl makes of a line that is longer than it takes.
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_OUT_OF_MEMORY:
      return Failure::malformed;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
      return Failure::tls;
    default:
      return Failure::other;
  }
}

}  // namespace weir::load
