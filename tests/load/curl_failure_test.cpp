#include "load/curl_failure.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace weir::load {
namespace {

std::string_view name_of_problem(const CurlProblem& problem) {
  return name_of(failure_of(problem));
}

TEST(CurlFailure, IsWhatTheSystemSays) {
  for (const CURLcode result : {CURLE_COULDNT_CONNECT, CURLE_SEND_ERROR, CURLE_RECV_ERROR}) {
    EXPECT_EQ(name_of_problem({.result = result, .os_error = ECONNREFUSED}), "refused");
    EXPECT_EQ(name_of_problem({.result = result, .os_error = ENETUNREACH}), "unreachable");
    EXPECT_EQ(name_of_problem({.result = result, .os_error = EADDRNOTAVAIL}), "no_local_port");
    EXPECT_EQ(name_of_problem({.result = result, .os_error = EMFILE}), "no_file_descriptor");
    EXPECT_EQ(name_of_problem({.result = result, .os_error = EPIPE}), "reset");
    EXPECT_EQ(name_of_problem({.result = result, .os_error = ETIMEDOUT}), "timeout_connect");
    EXPECT_EQ(name_of_problem({.result = result, .os_error = EINVAL}), "other");
  }
}

TEST(CurlFailure, OfReadingIsToldByTheText) {
  const auto name = [](std::string_view text) {
    return name_of_problem({.result = CURLE_RECV_ERROR, .text = text});
  };
  EXPECT_EQ(name("Illegal or missing hexadecimal sequence in chunked-encoding"), "malformed");
  EXPECT_EQ(name("OpenSSL SSL_read: error:0A000119:SSL routines::decryption failed"), "tls");
  EXPECT_EQ(name("OpenSSL SSL_read: error:0A000126:SSL routines::unexpected eof while reading"),
            "closed_early");
  EXPECT_EQ(name_of_problem({.result = CURLE_RECV_ERROR, .tunnel_status = 502}), "unreachable");
}

TEST(CurlFailure, OfAnotherKindIsOther) {
  EXPECT_EQ(name_of_problem({.result = CURLE_URL_MALFORMAT}), "other");
  EXPECT_EQ(name_of_problem({.result = CURLE_COULDNT_CONNECT}), "other");
}

}  // namespace
}  // namespace weir::load
