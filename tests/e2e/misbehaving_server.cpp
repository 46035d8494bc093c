#include "e2e/misbehaving_server.hpp"

#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <functional>
#include <map>

namespace weir::e2e {
namespace {

using std::chrono::milliseconds;

/// Answers one request; false where the connection takes no other.
using Misbehaviour = std::function<bool(ServedConnection& connection)>;

constexpr const char* plain_ok = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";

/// Writes that, and goes on.
Misbehaviour says(std::string text) {
  return [text = std::move(text)](ServedConnection& c) { return c.write(text); };
}

/// Writes that, and closes.
Misbehaviour says_and_closes(std::string text) {
  return [text = std::move(text)](ServedConnection& c) {
    c.write(text);
    return false;
  };
}

/// Writes that, lets it arrive, and resets.
Misbehaviour says_and_resets(std::string text) {
  return [text = std::move(text)](ServedConnection& c) {
    c.write(text);
    // A reset overtakes what has not been read yet.
    if (!text.empty()) c.pause(milliseconds(60));
    c.reset();
    return false;
  };
}

/// Writes that, and then nothing for as long as the client waits.
Misbehaviour says_and_stalls(std::string text) {
  return [text = std::move(text)](ServedConnection& c) {
    c.write(text);
    c.wait_for_close();
    return false;
  };
}

Misbehaviour denies(const std::string& headers) { return says(http_answer(429, headers)); }

std::string many_headers() {
  std::string headers;
  while (headers.size() < 100 * 1024) {
    headers += fmt::format("X-Padding-{}: {}\r\n", headers.size(), std::string(200, 'x'));
  }
  return http_answer(200, headers);
}

std::string http_date(std::time_t at) {
  std::tm parts = {};
  gmtime_r(&at, &parts);
  char text[64];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, size};
}

/// A promise of one second by a clock that is an hour off.
std::string denial_by_a_wrong_clock() {
  const std::time_t there = std::time(nullptr) - 3600;
  return http_answer(
      429, fmt::format("Date: {}\r\nRetry-After: {}\r\n", http_date(there), http_date(there + 1)));
}

std::map<std::string, Misbehaviour> make_misbehaviours() {
  const std::string length_100 = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
  return {
      {"/ok", says(plain_ok)},
      {"/slow",
       [](ServedConnection& c) { return c.pause(milliseconds(120)) && c.write(plain_ok); }},
      {"/silent", says_and_stalls("")},
      {"/stall-in-head", says_and_stalls("HTTP/1.1 200 OK\r\nContent-Le")},
      {"/stall-in-body", says_and_stalls(length_100 + "half")},
      {"/reset-before-head", says_and_resets("")},
      {"/reset-in-head", says_and_resets("HTTP/1.1 200 OK\r\nContent-Le")},
      {"/reset-in-body", says_and_resets(length_100 + "half")},
      {"/garbage", says_and_closes("\x16\x03\x01 no HTTP at all\r\n\r\n")},
      {"/bare-line-feeds", says_and_closes("HTTP/1.1 200 OK\nContent-Length: 0\n\n")},
      {"/two-lengths",
       says_and_closes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok\n")},
      {"/close-at-once", says_and_closes("")},
      {"/close-in-head", says_and_closes("HTTP/1.1 200 OK\r\nContent-Le")},
      {"/chunked", says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "4;note=x\r\nwxyz\r\n3\r\nend\r\n0\r\nX-Trailer: t\r\n\r\n")},
      {"/chunked-broken", says_and_closes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                          "4\r\nwxyzTOOLONG\r\n0\r\n\r\n")},
      {"/chunked-unfinished", says_and_closes("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                                              "\r\n4\r\nwxyz\r\n")},
      {"/http-1.0", says_and_closes("HTTP/1.0 200 OK\r\n\r\nsome body")},
      {"/interim", says("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n"
                        "Link: </style.css>\r\n\r\n" +
                        std::string(plain_ok))},
      {"/switching", says("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")},
      {"/length-too-long", says_and_closes(length_100 + "half")},
      {"/length-too-short",
       says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and much more than that")},
      {"/many-headers", says(many_headers())},
      {"/head-without-end",
       [](ServedConnection& c) {
         std::string line = "X-Padding: " + std::string(1000, 'x') + "\r\n";
         c.write("HTTP/1.1 200 OK\r\n");
         while (c.write(line)) {
         }
         return false;
       }},
      {"/close-after", says_and_closes(plain_ok)},
      {"/says-close", says_and_closes("HTTP/1.1 200 OK\r\nConnection: close\r\n"
                                      "Content-Length: 3\r\n\r\nok\n")},
      {"/long-body", says(http_answer(200, "", std::string(200'000, 'b')))},
      {"/no-content", says("HTTP/1.1 204 No Content\r\n\r\n")},
      {"/broken-server", says(http_answer(500))},
      {"/denied", denies("Retry-After: 2\r\n")},
      {"/denied-in-any-case", denies("rEtRy-aFtEr:  7 \r\n")},
      {"/denied-negative", denies("Retry-After: -5\r\n")},
      {"/denied-huge", denies("Retry-After: 99999999999999999999\r\n")},
      {"/denied-empty", denies("Retry-After: \r\n")},
      {"/denied-words", denies("Retry-After: soon\r\n")},
      {"/denied-fraction", denies("Retry-After: 1.5\r\n")},
      {"/denied-past", denies("Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n")},
      {"/denied-twice", denies("Retry-After: 1\r\nRetry-After: 3\r\n")},
      {"/denied-date", [](ServedConnection& c) { return c.write(denial_by_a_wrong_clock()); }},
  };
}

}  // namespace

MisbehavingServer::MisbehavingServer()
    : server_([this](ServedConnection& connection) { serve(connection); }) {}

void MisbehavingServer::serve(ServedConnection& connection) {
  static const std::map<std::string, Misbehaviour> misbehaviours = make_misbehaviours();
  ++connections_;
  while (const auto request = connection.read_request()) {
    ++requests_;
    const auto found = misbehaviours.find(request->path.substr(0, request->path.find('?')));
    if (found == misbehaviours.end()) return;
    if (!found->second(connection)) return;
  }
}

}  // namespace weir::e2e
