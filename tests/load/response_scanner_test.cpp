#include "load/response_scanner.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/random.hpp"
#include "support/response_reading.hpp"

namespace weir::load {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ScanState = ResponseScanner::State;

/// What it is after these bytes, of which none are left over unless it is done.
ScanState state_after(std::string_view bytes, bool answers_head = false) {
  ResponseScanner scanner(wants_all_headers);
  scanner.begin(answers_head);
  const std::size_t used = scanner.feed(bytes);
  EXPECT_TRUE(used == bytes.size() || scanner.state() >= ScanState::done);
  return scanner.state();
}

/// A response of this status line and these header lines, without a body.
std::string head_of(std::string_view status_line, std::string_view headers = "") {
  return std::string(status_line) + "\r\n" + std::string(headers) + "\r\n";
}

/// An answer to a GET request with these header lines.
std::string ok_with(std::string_view headers, std::string_view body = "") {
  return head_of("HTTP/1.1 200 OK", headers) + std::string(body);
}

bool is_refused(std::string_view bytes) { return state_after(bytes) == ScanState::malformed; }

bool keeps_alive_after(std::string_view status_line, std::string_view headers) {
  const std::string length = "Content-Length: 0\r\n";
  return read_whole(head_of(status_line, std::string(headers) + length), false).keeps_alive;
}

TEST(ResponseScanner, ReadsAResponse) {
  const std::string bytes =
      ok_with("Server: a b\r\nX-Limit:\t7 \t\r\nEmpty:\r\nContent-Length: 5\r\n", "hello");
  const ResponseReading read = read_whole(bytes + "HTTP/1.1 ", false);
  EXPECT_EQ(read.state, ScanState::done);
  EXPECT_EQ(read.status, 200);
  EXPECT_THAT(read.headers,
              ElementsAre(Pair("Server", "a b"), Pair("X-Limit", "7"), Pair("Empty", "")));
  EXPECT_EQ(read.body_bytes, 5u);
  EXPECT_TRUE(read.keeps_alive);
  EXPECT_EQ(read.used, bytes.size());
}

TEST(ResponseScanner, HandsOutOnlyWhatIsWanted) {
  ResponseScanner scanner(
      [](std::string_view name) { return name == "B" || name == "Connection"; });
  scanner.begin(false);
  const std::string bytes = ok_with("A: 1\r\nB: 2\r\nConnection: x\r\nb: 3\r\nB: 4\r\n");
  scanner.feed(bytes);
  ASSERT_EQ(scanner.header_count(), 2u);
  EXPECT_EQ(scanner.header(0).value, "2");
  EXPECT_EQ(scanner.header(1).value, "4");
}

TEST(ResponseScanner, SaysHowFarItIs) {
  ResponseScanner scanner(wants_all_headers);
  scanner.begin(false);
  EXPECT_EQ(scanner.state(), ScanState::head);
  EXPECT_FALSE(scanner.saw_first_byte());
  EXPECT_EQ(scanner.feed(""), 0u);
  EXPECT_FALSE(scanner.saw_first_byte());
  EXPECT_EQ(scanner.feed("H"), 1u);
  EXPECT_TRUE(scanner.saw_first_byte());
  scanner.feed("TTP/1.1 201 Created\r\nContent-Length: 3\r\nA: b\r\n\r");
  EXPECT_EQ(scanner.state(), ScanState::head);
  scanner.feed("\n");
  EXPECT_EQ(scanner.state(), ScanState::body);
  EXPECT_EQ(scanner.status(), 201);
  EXPECT_EQ(scanner.header(0).value, "b");
  EXPECT_FALSE(scanner.keeps_alive());
  EXPECT_EQ(scanner.feed("xy"), 2u);
  EXPECT_EQ(scanner.body_bytes(), 2u);
  EXPECT_EQ(scanner.feed("zHTTP"), 1u);
  EXPECT_EQ(scanner.state(), ScanState::done);
  EXPECT_TRUE(scanner.keeps_alive());
  EXPECT_EQ(scanner.feed("HTTP"), 0u);

  scanner.begin(false);
  EXPECT_EQ(scanner.state(), ScanState::head);
  EXPECT_FALSE(scanner.saw_first_byte());
  EXPECT_FALSE(scanner.keeps_alive());
  EXPECT_EQ(scanner.status(), 0);
  EXPECT_EQ(scanner.header_count(), 0u);
  EXPECT_EQ(scanner.body_bytes(), 0u);
}

TEST(ResponseScanner, ReadsResponsesOneAfterAnother) {
  const std::string bytes = ok_with("A: 1\r\nContent-Length: 3\r\n", "abc") +
                            ok_with("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n") +
                            head_of("HTTP/1.1 304 Not Modified") + ok_with("", "rest");
  ResponseScanner scanner(wants_all_headers);
  std::string_view left = bytes;
  std::vector<std::pair<int, std::uint64_t>> found;
  for (int i = 0; i < 4; ++i) {
    scanner.begin(false);
    left.remove_prefix(scanner.feed(left));
    found.emplace_back(scanner.status(), scanner.body_bytes());
  }
  EXPECT_THAT(found, ElementsAre(Pair(200, 3u), Pair(200, 1u), Pair(304, 0u), Pair(200, 4u)));
  EXPECT_THAT(left, IsEmpty());
  EXPECT_EQ(scanner.state(), ScanState::body);
  EXPECT_EQ(scanner.end_of_stream(), ScanState::done);
}

TEST(ResponseScanner, KeepsHeadersFromTheNextPieces) {
  ResponseScanner scanner(wants_all_headers);
  scanner.begin(false);
  std::string piece = ok_with("Retry-After: 17\r\nContent-Length: 4\r\n", "ab");
  scanner.feed(piece);
  piece.assign(piece.size(), '#');
  EXPECT_EQ(scanner.header(0).name, "Retry-After");
  EXPECT_EQ(scanner.header(0).value, "17");
  scanner.feed(piece);
  EXPECT_EQ(scanner.state(), ScanState::done);
  EXPECT_EQ(scanner.header(0).value, "17");
}

// ---- The status line.

TEST(ResponseScanner, ReadsStatusLines) {
  for (const std::string line : {"HTTP/1.1 200 OK", "HTTP/1.0 200 ", "HTTP/1.1 200",
                                 "HTTP/1.1 200  \t\x80", "HTTP/1.1 999 ?"}) {
    EXPECT_EQ(state_after(head_of(line)), ScanState::body) << line;
  }
  EXPECT_EQ(read_whole(head_of("HTTP/1.1 999 ?"), false).status, 999);
  for (const std::string line :
       {"", "HTTP/1.1", "HTTP/1.1 20", "HTTP/1.1 2000", "HTTP/1.1 200OK", "HTTP/1.1  200",
        "HTTP/1.1 099 ", "HTTP/1.1 2x0 ", "HTTP/1.2 200 OK", "HTTP/2.0 200 OK",
        "HTTP/2 200 OK-----", "http/1.1 200 OK", " HTTP/1.1 200 OK", "SSH-2.0-OpenSSH_9.2p1",
        "HTTP/1.1 200 a\x01z"}) {
    EXPECT_TRUE(is_refused(head_of(line))) << line;
  }
}

TEST(ResponseScanner, RefusesWhatIsNoHttpBeforeALineEnds) {
  EXPECT_TRUE(is_refused("\x15\x03\x01"));
  EXPECT_TRUE(is_refused("HTTP/1.1 200 OK\n"));
  EXPECT_TRUE(is_refused("\r\nHTTP/1.1 200 OK\r\n"));
}

TEST(ResponseScanner, PassesOverInterimResponses) {
  const std::string interim =
      head_of("HTTP/1.1 100 Continue", "Content-Length: 7\r\nConnection: close\r\nA: 1\r\n") +
      head_of("HTTP/1.1 103 Early Hints", "Link: </a>\r\n");
  EXPECT_EQ(state_after(interim), ScanState::head);
  const ResponseReading read =
      read_whole(interim + ok_with("B: 2\r\nContent-Length: 2\r\n", "ok"), false);
  EXPECT_EQ(read.state, ScanState::done);
  EXPECT_EQ(read.status, 200);
  EXPECT_THAT(read.headers, ElementsAre(Pair("B", "2")));
  EXPECT_EQ(read.body_bytes, 2u);
  EXPECT_TRUE(read.keeps_alive);
  // Nobody asked for another protocol.
  EXPECT_TRUE(is_refused(head_of("HTTP/1.1 101 Switching Protocols")));
}

// ---- Headers.

TEST(ResponseScanner, RefusesMalformedHeaders) {
  for (const std::string line :
       {": x", "A", "A : x", "A b: x", " A: x", "\tA: x", "(A): x", "A\x80: x", "A: x\r\n folded",
        "A: x\r\n\tfolded", "A: \x01", "A: x\x7f", "A: x\ry", "A: x\ny",
        "Name-Of-More-Than-Sixteen-Bytes\\: x"}) {
    EXPECT_TRUE(is_refused(ok_with(line + "\r\n"))) << line;
  }
  EXPECT_TRUE(is_refused(ok_with(std::string("A: \0\r\n", 6))));
}

TEST(ResponseScanner, TakesEveryTokenForAName) {
  const std::string names = "!#$%&'*+-.^_`|~09azAZ";
  for (const std::string& name :
       {names, names + names, std::string("a_b"), std::string(200, 'x')}) {
    EXPECT_THAT(read_whole(ok_with(name + ": \x80\xff\t!\r\n"), false).headers,
                ElementsAre(Pair(name, "\x80\xff\t!")));
  }
}

TEST(ResponseScanner, RefusesBareLineFeeds) {
  EXPECT_TRUE(is_refused("HTTP/1.1 200 OK\nA: b\n\n"));
  EXPECT_TRUE(is_refused("HTTP/1.1 200 OK\r\nA: b\n\r\n"));
  EXPECT_TRUE(is_refused("HTTP/1.1 200 OK\r\nA: b\r\n\n"));
  EXPECT_TRUE(is_refused("HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n"));
}

TEST(ResponseScanner, BoundsTheHead) {
  const std::string line = "X-Filler: " + std::string(988, '.') + "\r\n";
  const auto head_of_size = [&](std::size_t size) {
    std::string headers;
    const std::size_t frame = ok_with("").size();
    while (frame + headers.size() + 2 * line.size() <= size) headers += line;
    const std::size_t rest = size - frame - headers.size();
    return ok_with(headers + "Y: " + std::string(rest - 5, '.') + "\r\n");
  };
  ResponseScanner scanner(wants_all_headers);
  for (const std::size_t piece : {std::size_t{100}, std::size_t{4096}, std::size_t{1} << 20}) {
    const auto read = [&](const std::string& bytes) {
      return read_with(scanner, bytes, false, [&] { return piece; });
    };
    const std::string largest = head_of_size(ResponseScanner::max_head_bytes);
    ASSERT_EQ(largest.size(), ResponseScanner::max_head_bytes);
    EXPECT_EQ(read(largest).state, ScanState::done);
    EXPECT_EQ(read(largest).headers.back().second.size(),
              largest.size() - largest.rfind("Y: ") - 3 - 4);
    EXPECT_EQ(read(head_of_size(largest.size() + 1)).state, ScanState::malformed);
    EXPECT_EQ(read(head_of_size(100'000)).state, ScanState::done);
    // Together with the interim responses.
    EXPECT_EQ(read(head_of("HTTP/1.1 100 ") + largest).state, ScanState::malformed);
    EXPECT_EQ(read(head_of("HTTP/1.1 100 ") + head_of_size(largest.size() - 17)).state,
              ScanState::done);
    EXPECT_EQ(read(head_of("HTTP/1.1 100 ") + head_of_size(largest.size() - 16)).state,
              ScanState::malformed);
    EXPECT_EQ(read("HTTP/1.1 200 " + std::string(largest.size(), '.')).state, ScanState::malformed);
  }
}

// ---- The body's length.

TEST(ResponseScanner, ReadsContentLengths) {
  for (const std::string value : {"3", "03", " 3\t", "3,3", "3 , 3", "3\r\nContent-Length: 3"}) {
    const ResponseReading read =
        read_whole(ok_with("content-LENGTH:" + value + "\r\n", "abcd"), false);
    EXPECT_EQ(read.state, ScanState::done) << value;
    EXPECT_EQ(read.body_bytes, 3u) << value;
  }
  EXPECT_EQ(state_after(ok_with("Content-Length: 0\r\n")), ScanState::done);
  EXPECT_EQ(state_after(ok_with("Content-Length: 18446744073709551615\r\n")), ScanState::body);
  for (const std::string value :
       {"", "-1", "+3", "3.0", "0x3", "3 3", "3,", ",3", "3,,3", "3,4", "3;a",
        "18446744073709551616", "99999999999999999999", "3\r\nContent-Length: 4"}) {
    EXPECT_TRUE(is_refused(ok_with("Content-Length: " + value + "\r\n", "abc"))) << value;
  }
}

TEST(ResponseScanner, KnowsResponsesWithoutABody) {
  for (const std::string headers : {"", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n",
                                    "Connection: keep-alive\r\n"}) {
    for (const std::string line : {"HTTP/1.1 204 No Content", "HTTP/1.1 304 Not Modified"}) {
      const ResponseReading read = read_whole(head_of(line, headers) + "HTTP/", false);
      EXPECT_EQ(read.state, ScanState::done) << line << headers;
      EXPECT_EQ(read.used, head_of(line, headers).size()) << line << headers;
      EXPECT_TRUE(read.keeps_alive) << line << headers;
    }
    EXPECT_EQ(state_after(ok_with(headers), true), ScanState::done) << headers;
  }
  EXPECT_TRUE(read_whole(ok_with(""), true).keeps_alive);
  // A status that looks like one of them.
  EXPECT_EQ(state_after(head_of("HTTP/1.1 205 Reset Content")), ScanState::body);
}

TEST(ResponseScanner, ReadsABodyToTheClose) {
  const ResponseReading read = read_whole(ok_with("Connection: keep-alive\r\n", "abc"), false);
  EXPECT_EQ(read.state, ScanState::done);
  EXPECT_EQ(read.body_bytes, 3u);
  EXPECT_FALSE(read.keeps_alive);
  EXPECT_THAT(read.headers, IsEmpty());
  EXPECT_EQ(read_whole(ok_with("A: b\r\n"), false).state, ScanState::done);
}

TEST(ResponseScanner, SaysWhatWasClosedEarly) {
  for (const std::string& bytes :
       {std::string(), std::string("HTTP/1.1 20"), head_of("HTTP/1.1 100 Continue"),
        ok_with("Content-Length: 3\r\n", "ab"),
        ok_with("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n"),
        ok_with("Transfer-Encoding: chunked\r\n", "0\r\n")}) {
    const ResponseReading read = read_whole(bytes, false);
    EXPECT_EQ(read.state, ScanState::closed_early) << bytes;
    EXPECT_FALSE(read.keeps_alive) << bytes;
  }
}

TEST(ResponseScanner, StaysDoneOrMalformedWhenThePeerCloses) {
  EXPECT_EQ(read_whole(ok_with("Content-Length: 1\r\n", "a"), false).state, ScanState::done);
  EXPECT_EQ(read_whole("x\r\n", false).state, ScanState::malformed);
}

// ---- The chunked coding.

ResponseReading read_chunked(const std::string& body, const std::string& headers = "") {
  return read_whole(ok_with("Transfer-Encoding: chunked\r\n" + headers, body), false);
}

TEST(ResponseScanner, ReadsChunks) {
  const ResponseReading read =
      read_chunked("5\r\nhello\r\n0Aa\r\n" + std::string(0xaa, 'x') +
                   "\r\n1;a;b=\"c;\"\r\n!\r\n2  \r\n!!\r\n000 ;z\r\n\r\nHTTP");
  EXPECT_EQ(read.state, ScanState::done);
  EXPECT_EQ(read.body_bytes, 5u + 0xaa + 1 + 2);
  EXPECT_TRUE(read.keeps_alive);
  EXPECT_EQ(read_chunked("0\r\n\r\n").state, ScanState::done);
  EXPECT_EQ(read_chunked("ffffffffffffffff\r\nabc").body_bytes, 3u);
  EXPECT_EQ(read_chunked("00000000000000000000001\r\na\r\n0\r\n\r\n").body_bytes, 1u);
}

TEST(ResponseScanner, PassesOverTrailers) {
  const std::string trailers = "Connection: close\r\nContent-Length: 9\r\nA: b\r\n";
  const ResponseReading read = read_chunked("1\r\nx\r\n0\r\n" + trailers + "\r\nrest");
  EXPECT_EQ(read.state, ScanState::done);
  EXPECT_THAT(read.headers, IsEmpty());
  EXPECT_TRUE(read.keeps_alive);
  EXPECT_EQ(read.used, ok_with("Transfer-Encoding: chunked\r\n").size() +
                           std::string("1\r\nx\r\n0\r\n\r\n").size() + trailers.size());
}

TEST(ResponseScanner, RefusesMalformedChunks) {
  for (const std::string body :
       {"\r\n", ";a\r\n", " 1\r\nx\r\n", "g\r\n", "-1\r\n", "0x1\r\n", "1\nx\r\n", "1\rx",
        "10000000000000000\r\n", "10000000000000001\r\nx\r\n", "1\r\nxy", "1\r\nx\ny", "1\r\nx\r1",
        "1;a\nb\r\nx\r\n", "0\r\n\n", "0\r\n\rx", "0\r\nA: b\n\r\n", "0\r\nA: b\rc\r\n",
        "0\r\nA: b\r\n\rx"}) {
    EXPECT_EQ(read_chunked(body).state, ScanState::malformed) << body;
  }
}

TEST(ResponseScanner, BoundsChunkLinesAndTrailers) {
  const std::string extension = "1;" + std::string(ChunkedBody::max_size_line_bytes - 2, 'a');
  EXPECT_EQ(read_chunked(extension + "\r\nx\r\n" + extension + "\r\nx\r\n0\r\n\r\n").body_bytes,
            2u);
  EXPECT_EQ(read_chunked(extension + "a\r\nx\r\n0\r\n\r\n").state, ScanState::malformed);
  const std::string zeros(ChunkedBody::max_size_line_bytes, '0');
  EXPECT_EQ(read_chunked(zeros + "\r\n\r\n").state, ScanState::done);
  EXPECT_EQ(read_chunked(zeros + "0\r\n\r\n").state, ScanState::malformed);
  const std::string trailer =
      "A: " + std::string(ChunkedBody::max_trailer_bytes - 7, 'a') + "\r\nB: c\r\n";
  EXPECT_EQ(read_chunked("0\r\n" + trailer + "\r\n").state, ScanState::done);
  EXPECT_EQ(read_chunked("0\r\nA" + trailer + "\r\n").state, ScanState::malformed);
}

TEST(ResponseScanner, ReadsTransferCodings) {
  const std::string body = "1\r\nx\r\n0\r\n\r\n";
  for (const std::string value : {"chunked", "CHUNKED", "gzip, chunked", " , chunked ,",
                                  "gzip\r\nTransfer-Encoding: Chunked"}) {
    const auto read = read_whole(ok_with("TRANSFER-encoding: " + value + "\r\n", body), false);
    EXPECT_EQ(read.body_bytes, 1u) << value;
  }
  for (const std::string value : {"chunked, gzip", "chunked, chunked", "chunked;a=b",
                                  "gzip chunked", "chunked\r\nTransfer-Encoding: chunked"}) {
    EXPECT_TRUE(is_refused(ok_with("Transfer-Encoding: " + value + "\r\n", body))) << value;
  }
  // Without the chunked one they say nothing about the length.
  for (const std::string value : {"", "gzip", "identity", "chunkedd"}) {
    const auto to_close = read_whole(ok_with("Transfer-Encoding: " + value + "\r\n", body), false);
    EXPECT_EQ(to_close.body_bytes, body.size()) << value;
    const auto with_length = read_whole(
        ok_with("Transfer-Encoding: " + value + "\r\nContent-Length: 2\r\n", body), false);
    EXPECT_EQ(with_length.body_bytes, 2u) << value;
    EXPECT_TRUE(with_length.keeps_alive) << value;
  }
}

TEST(ResponseScanner, PrefersChunksToALengthAndTrustsNeither) {
  for (const std::string headers : {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                                    "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"}) {
    const auto read = read_whole(ok_with(headers, "1\r\nx\r\n0\r\n\r\n"), false);
    EXPECT_EQ(read.state, ScanState::done);
    EXPECT_EQ(read.body_bytes, 1u);
    EXPECT_FALSE(read.keeps_alive);
  }
}

// ---- The connection.

TEST(ResponseScanner, KnowsWhetherTheConnectionStays) {
  EXPECT_TRUE(keeps_alive_after("HTTP/1.1 200 OK", ""));
  EXPECT_FALSE(keeps_alive_after("HTTP/1.0 200 OK", ""));
  for (const std::string value :
       {"close", "CLOSE", "a, close", "close ,", ",,Close", "keep-alive, close",
        "keep-alive\r\nConnection: close", "close\r\nConnection: keep-alive"}) {
    EXPECT_FALSE(keeps_alive_after("HTTP/1.1 200 OK", "Connection: " + value + "\r\n")) << value;
    EXPECT_FALSE(keeps_alive_after("HTTP/1.0 200 OK", "Connection: " + value + "\r\n")) << value;
  }
  for (const std::string value :
       {"keep-alive", "Keep-Alive", "x,KEEP-ALIVE", " ,keep-alive , upgrade"}) {
    EXPECT_TRUE(keeps_alive_after("HTTP/1.1 200 OK", "connection: " + value + "\r\n")) << value;
    EXPECT_TRUE(keeps_alive_after("HTTP/1.0 200 OK", "connection: " + value + "\r\n")) << value;
  }
  for (const std::string value : {"", "closed", "x-close", "keep-alives"}) {
    EXPECT_TRUE(keeps_alive_after("HTTP/1.1 200 OK", "Connection: " + value + "\r\n")) << value;
    EXPECT_FALSE(keeps_alive_after("HTTP/1.0 200 OK", "Connection: " + value + "\r\n")) << value;
  }
  EXPECT_FALSE(keeps_alive_after("HTTP/1.1 200 OK", "Proxy-Connection: close\r\n"));
  EXPECT_TRUE(is_refused(ok_with("Connection: a b\r\n")));
  EXPECT_TRUE(is_refused(ok_with("Connection: \"close\"\r\n")));
}

TEST(ResponseScanner, DoesNotTrustTransferCodingsOfHttp10) {
  const std::string headers = "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n";
  const auto read = read_whole(head_of("HTTP/1.0 200 OK", headers) + "1\r\nx\r\n0\r\n\r\n", false);
  EXPECT_EQ(read.body_bytes, 1u);
  EXPECT_FALSE(read.keeps_alive);
}

// ---- Against Boost.Beast, and however the bytes are cut.

struct ScannerSample {
  std::string bytes;
  bool answers_head = false;
  /// Whether Beast accepts it too.
  bool beast_accepts = true;
};

std::vector<ScannerSample> scanner_samples() {
  const std::string denied =
      "Server: nginx/1.22.1\r\nDate: Mon, 17 May 2015 10:05:03 GMT\r\nContent-Type: text/html\r\n"
      "Connection: keep-alive\r\nRetry-After: 17\r\nX-RateLimit-Limit: 100\r\n"
      "X-RateLimit-Remaining:  0\t\r\nx-ratelimit-reset:1700000000\r\nVary:\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const std::string chunks =
      "1a;a=\"b\"\r\nabcdefghijklmnopqrstuvwxyz\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n";
  const std::string length = "Content-Length: 16\r\n";
  const std::string body = "0123456789abcdef";
  return {
      {ok_with(length, body)},
      {head_of("HTTP/1.1 429 Too Many Requests", denied + length) + body},
      {head_of("HTTP/1.1 429 Too Many Requests", denied + length), true},
      {head_of("HTTP/1.1 200 ", length + denied + "Content-Length: 16, 16\r\n") + body},
      {ok_with(denied + chunked, chunks)},
      {ok_with("transfer-encoding: gzip , Chunked\r\nConnection: x, close\r\n", chunks)},
      {ok_with(denied, body)},
      {head_of("HTTP/1.0 503 Service Unavailable", "Connection: Keep-Alive\r\n" + length) + body},
      {head_of("HTTP/1.0 200 OK", "Connection: keep-alive, close\r\n" + length) + body},
      {head_of("HTTP/1.0 200 OK", "Connection: keep-alive\r\n" + chunked) + chunks},
      {head_of("HTTP/1.0 200 OK", denied) + body},
      {head_of("HTTP/1.1 204 No Content", denied)},
      {head_of("HTTP/1.1 304 Not Modified", length)},
      {ok_with(chunked), true},
      {head_of("HTTP/1.1 100 Continue", length) + head_of("HTTP/1.1 103 ", denied) +
       ok_with(length, body)},
      {ok_with("Transfer-Encoding: gzip\r\n" + length, body)},
      {ok_with("Proxy-Connection: close\r\nETag: \"\x80\xff\"\r\n" + length, body)},
      {ok_with(chunked, "0\r\nConnection: close\r\n\r\n")},
      {ok_with(length + chunked, chunks), false, false},
      {ok_with(chunked + length, chunks), false, false},
      {head_of("HTTP/1.1 200", length) + body, false, false},
      {head_of("HTTP/1.1 200 OK", "A: b\n" + length) + body, false, false},
      {ok_with("A b: c\r\n" + length, body), false, false},
      {ok_with("Content-Length: 16, 17\r\n", body), false, false},
  };
}

ResponseReading read_in_pieces(std::string_view bytes, bool answers_head, std::size_t size) {
  ResponseScanner scanner(wants_all_headers);
  return read_with(scanner, bytes, answers_head, [size] { return size; });
}

TEST(ResponseScanner, ReadsTheSameHoweverItIsCut) {
  for (const auto& [bytes, answers_head, beast_accepts] : scanner_samples()) {
    const ResponseReading whole = read_whole(bytes, answers_head);
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      ASSERT_EQ(read_in_pieces(bytes, answers_head, size), whole) << size << " of " << bytes;
    }
  }
}

TEST(ResponseScanner, ReadsEveryPrefixTheSameHoweverItIsCut) {
  for (const auto& [bytes, answers_head, beast_accepts] : scanner_samples()) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const std::string_view prefix = std::string_view(bytes).substr(0, size);
      ASSERT_EQ(read_in_pieces(prefix, answers_head, 1), read_whole(prefix, answers_head))
          << prefix;
    }
  }
}

TEST(ResponseScanner, AgreesWithBeast) {
  for (const auto& [bytes, answers_head, beast_accepts] : scanner_samples()) {
    const ResponseReading ours = read_whole(bytes, answers_head);
    const auto beast = read_with_beast(bytes, answers_head);
    EXPECT_EQ(beast.has_value(), beast_accepts) << bytes;
    if (beast) {
      EXPECT_EQ(ours, *beast) << bytes;
    }
  }
}

/// A few random changes: bytes that are lost, doubled or others, and words put in.
std::string mutated(std::string bytes, RandomSequence& random) {
  static const std::vector<std::string> words = {"\r\n",
                                                 "\r\n\r\n",
                                                 "\n",
                                                 "\r",
                                                 " ",
                                                 ":",
                                                 ",",
                                                 "0",
                                                 "f",
                                                 "close",
                                                 "keep-alive",
                                                 "chunked",
                                                 "Connection: ",
                                                 "Content-Length: 3\r\n",
                                                 "Transfer-Encoding: chunked\r\n",
                                                 "HTTP/1.1 100 \r\n\r\n"};
  for (std::uint64_t changes = 1 + random.below(3); changes > 0 && !bytes.empty(); --changes) {
    const std::size_t at = random.below(bytes.size());
    const std::size_t length = 1 + random.below(random.below(4) == 0 ? bytes.size() : 3);
    switch (random.below(4)) {
      case 0:
        bytes.erase(at, length);
        break;
      case 1:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 2:
        bytes[at] = static_cast<char>(random.below(256));
        break;
      default:
        bytes.insert(at, words[random.below(words.size())]);
    }
  }
  return bytes;
}

TEST(ResponseScanner, AgreesWithBeastOnMutatedResponses) {
  RandomSequence random(RandomStream(1).named("responses"));
  int accepted = 0;
  ResponseScanner scanner(wants_all_headers);
  for (const ScannerSample& sample : scanner_samples()) {
    for (int i = 0; i < 3000; ++i) {
      const std::string bytes = mutated(sample.bytes, random);
      const ResponseReading whole = read_whole(bytes, sample.answers_head);
      const std::uint64_t longest = 1 + random.below(bytes.size() + 1);
      const auto any_size = [&] { return 1 + random.below(longest); };
      ASSERT_EQ(read_with(scanner, bytes, sample.answers_head, any_size), whole) << bytes;
      const auto beast = read_with_beast(bytes, sample.answers_head);
      if (!beast || whole.state == ScanState::malformed) continue;
      ASSERT_EQ(whole, *beast) << bytes;
      ++accepted;
    }
  }
  EXPECT_GT(accepted, 15'000);
}

}  // namespace
}  // namespace weir::load
