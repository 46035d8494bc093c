#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "traffic/trace_for_test.hpp"

namespace weir::traffic {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

// RFC 5737 and RFC 3849 addresses; 1431857103 is `date -u -d '2015-05-17 10:05:03' +%s`.
constexpr std::int64_t ten_past = 1'431'857'103'000'000'000;
const std::string front = "192.0.2.7 - - [17/May/2015:10:05:03 +0000] ";

Trace common(std::string_view content, bool skip_bad_rows = false) {
  return trace_of(content, TraceFormat::common_log, skip_bad_rows);
}
Trace combined(std::string_view content, bool skip_bad_rows = false) {
  return trace_of(content, TraceFormat::combined_log, skip_bad_rows);
}
std::string common_error(const std::string& content) {
  return error_of(content, TraceFormat::common_log);
}
std::string combined_error(const std::string& content) {
  return error_of(content, TraceFormat::combined_log);
}

TEST(AccessLogTrace, ReadsACommonLog) {
  const Trace trace = common(front + "\"GET /index.html HTTP/1.1\" 200 203023\n" + front +
                             "\"POST /form HTTP/1.0\" 304 -\r\n");
  EXPECT_THAT(times_of(trace), ElementsAre(ten_past, ten_past));
  EXPECT_THAT(values_of(trace, "ip"), ElementsAre("192.0.2.7", "192.0.2.7"));
  EXPECT_THAT(values_of(trace, "user"), ElementsAre("-", "-"));
  EXPECT_THAT(values_of(trace, "method"), ElementsAre("GET", "POST"));
  EXPECT_THAT(values_of(trace, "path"), ElementsAre("/index.html", "/form"));
  EXPECT_THAT(values_of(trace, "status"), ElementsAre("200", "304"));
  EXPECT_THAT(amounts_of(trace, "bytes"), ElementsAre(203023, 0));
  EXPECT_THAT(trace.attributes, SizeIs(5));
  EXPECT_THAT(trace.costs, SizeIs(1));
}

TEST(AccessLogTrace, ReadsACombinedLog) {
  const Trace trace = combined(
      front + "\"GET / HTTP/1.1\" 200 5 \"http://example.org/\" \"A \\\"quoted\\\" agent\"\n" +
      front + "\"GET / HTTP/1.1\" 200 5 \"-\" \"-\" \"more\" 0.123\n" +
      // As a full disk leaves it.
      front + R"("GET / HTTP/1.1" 200 5 "-" "Mozilla/5.0 (comp)");
  EXPECT_EQ(trace.size(), 3u);
  EXPECT_EQ(trace.bad_rows, 0);
}

TEST(AccessLogTrace, TakesAnyHostAndUser) {
  const Trace trace = common(
      "2001:db8::1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\n"
      "host.example.org ident ann [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\n"
      "192.0.2.1 - Ann B. Smith [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\n");
  EXPECT_THAT(values_of(trace, "ip"), ElementsAre("2001:db8::1", "host.example.org", "192.0.2.1"));
  EXPECT_THAT(values_of(trace, "user"), ElementsAre("-", "ann", "Ann B. Smith"));
}

TEST(AccessLogTrace, ReadsTimesWithTheirOffset) {
  const auto time_of = [](const std::string& time) {
    return times_of(common("h - - [" + time + "] \"GET / HTTP/1.1\" 200 1\n")).at(0);
  };
  EXPECT_EQ(time_of("17/May/2015:12:05:03 +0200"), ten_past);
  EXPECT_EQ(time_of("17/May/2015:04:35:03 -0530"), ten_past);
  EXPECT_EQ(time_of("01/Jan/1970:00:00:00 +0000"), 0);
  EXPECT_EQ(time_of("31/Dec/1969:23:59:59 +0000"), -1'000'000'000);
  // date -u -d '2024-02-29 23:59:59' +%s
  EXPECT_EQ(time_of("29/Feb/2024:23:59:59 +0000"), 1'709'251'199'000'000'000);
  EXPECT_EQ(time_of("31/Dec/2025:23:59:59 -0001"), 1'767'225'659'000'000'000);
}

TEST(AccessLogTrace, RejectsTimesThatDoNotExist) {
  for (const char* time :
       {"29/Feb/2023:00:00:00 +0000", "29/Feb/1900:00:00:00 +0000", "31/Apr/2015:00:00:00 +0000",
        "00/May/2015:00:00:00 +0000", "32/May/2015:00:00:00 +0000", "17/may/2015:00:00:00 +0000",
        "17/Mai/2015:00:00:00 +0000", "17/May/2015:24:00:00 +0000", "17/May/2015:00:60:00 +0000",
        "17/May/2015:00:00:60 +0000", "17/May/2015:00:00:00 +2400", "17/May/2015:00:00:00 +0060",
        "17/May/2015:00:00:00  0000", "17/May/2015:00:00:00 +000",  "17/May/2015:00:00:00",
        "17-May-2015:00:00:00 +0000", "1x/May/2015:00:00:00 +0000", "17/May/0015:00:00:00 +0000",
        "17/May/2116:00:00:00 +0000", "2015-05-17T00:00:00+00:00",  ""}) {
    EXPECT_EQ(common_error("h - - [" + std::string(time) + "] \"GET / HTTP/1.1\" 200 1\n"),
              "log:1: time \"" + std::string(time) +
                  "\": expected one such as 17/May/2015:10:05:03 +0000");
  }
}

TEST(AccessLogTrace, TakesThePathWithoutTheQuery) {
  const auto request_of = [](const std::string& request) {
    const Trace trace = common(front + "\"" + request + "\" 200 1\n");
    return std::pair(values_of(trace, "method").at(0), values_of(trace, "path").at(0));
  };
  using Request = std::pair<std::string, std::string>;
  EXPECT_EQ(request_of("GET /a/b?x=1&y=/c?d HTTP/1.1"), Request("GET", "/a/b"));
  EXPECT_EQ(request_of("GET /a%20b/ HTTP/2.0"), Request("GET", "/a%20b/"));
  EXPECT_EQ(request_of("GET /a\\\"b HTTP/1.1"), Request("GET", "/a\\\"b"));
  EXPECT_EQ(request_of("GET /a b HTTP/1.1"), Request("GET", "/a b"));
  EXPECT_EQ(request_of("GET /old"), Request("GET", "/old"));
  EXPECT_EQ(request_of("GET //x HTTP/1.1"), Request("GET", "//x"));
  EXPECT_EQ(request_of("GET /?u=http://h/p HTTP/1.1"), Request("GET", "/"));
  EXPECT_EQ(request_of("GET http://example.org/p?q HTTP/1.1"), Request("GET", "/p"));
  EXPECT_EQ(request_of("GET http://example.org HTTP/1.1"), Request("GET", "/"));
  EXPECT_EQ(request_of("GET http://example.org?q=/ HTTP/1.1"), Request("GET", "/"));
  EXPECT_EQ(request_of("OPTIONS * HTTP/1.1"), Request("OPTIONS", "*"));
  EXPECT_EQ(request_of("CONNECT example.org:443 HTTP/1.1"), Request("CONNECT", "example.org:443"));
  EXPECT_EQ(request_of("M-SEARCH * HTTP/1.1"), Request("M-SEARCH", "*"));
}

TEST(AccessLogTrace, KeepsRowsWhoseRequestIsNoHttp) {
  for (const char* request : {"-", "", " ", "GET", "GET ", R"(\x16\x03\x01\x02)", "/ HTTP/1.1",
                              "GET  HTTP/1.1", "GET HTTP/1.1", "G(T / HTTP/1.1", "GET x HTTP/1.1",
                              "GET / FTP/1.1", "GET / HTTP/1.1 ", "\xff\xfe", "SSH-2.0-Go"}) {
    const Trace trace = common(front + "\"" + request + "\" 400 1\n");
    EXPECT_THAT(values_of(trace, "method"), ElementsAre("-")) << request;
    EXPECT_THAT(values_of(trace, "path"), ElementsAre("-")) << request;
    EXPECT_THAT(values_of(trace, "status"), ElementsAre("400")) << request;
  }
}

TEST(AccessLogTrace, SortsByTimeAndCountsRowsOutOfOrder) {
  const Trace trace = common(
      "a - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\n"
      "b - - [17/May/2015:10:05:01 +0000] \"GET / HTTP/1.1\" 200 2\n"
      "c - - [17/May/2015:11:05:01 +0100] \"GET / HTTP/1.1\" 200 3\n");
  EXPECT_THAT(values_of(trace, "ip"), ElementsAre("b", "c", "a"));
  EXPECT_THAT(amounts_of(trace, "bytes"), ElementsAre(2, 3, 1));
  EXPECT_EQ(trace.out_of_order, 1);
}

TEST(AccessLogTrace, RejectsLinesOfAnotherForm) {
  const std::string expected = ": expected HOST IDENT USER [TIME] \"REQUEST\" STATUS SIZE";
  for (const char* line : {"x", "192.0.2.1 - -", "h - - [17/May/2015:10:05:03 +0000] GET",
                           "h - - 17/May/2015 \\\"GET", " - - [t] \\\"", "h  - [t] x"}) {
    EXPECT_EQ(common_error(std::string("\n") + line),
              "log:2: \"" + std::string(line) + "\"" + expected);
  }
  EXPECT_THAT(common_error(front + "\"GET / HTTP/1.1 200 1\n"), HasSubstr(expected));
  EXPECT_THAT(common_error(front + "\"GET / HTTP/1.1\\\" 200 1\n"), HasSubstr(expected));
  EXPECT_THAT(common_error(front + "\"GET / HTTP/1.1\"200 1\n"), HasSubstr(expected));
  EXPECT_THAT(common_error(front + "\"GET / HTTP/1.1\"\n"), HasSubstr(expected));
}

TEST(AccessLogTrace, RejectsBadStatusesAndSizes) {
  const auto error = [](const std::string& rest) {
    return common_error(front + "\"GET / HTTP/1.1\" " + rest + "\n");
  };
  for (const char* status : {"", "20", "2000", "2x0", "OK"}) {
    EXPECT_EQ(error(std::string(status) + " 1"),
              "log:1: status \"" + std::string(status) + "\": expected three digits or -");
  }
  for (const char* size : {"", "-1", "1.5", "x", "9223372036854775808"}) {
    EXPECT_EQ(
        error("200 " + std::string(size)),
        "log:1: size \"" + std::string(size) + "\": expected a whole number of at least 0, or -");
  }
  // A connection that was closed before there was an answer.
  EXPECT_THAT(values_of(common(front + "\"-\" - -\n"), "status"), ElementsAre("-"));
}

TEST(AccessLogTrace, NoticesTheOtherFormat) {
  const std::string line = front + "\"GET / HTTP/1.1\" 200 5";
  EXPECT_EQ(common_error(line + " \"-\" \"x\"\n"),
            "log:1: \"\"-\" \"x\"\" after the size; expected nothing there (is it a "
            "combined log?)");
  EXPECT_EQ(combined_error(line + "\n"),
            "log:1: \"\" after the size; expected a quoted referer and user agent (is it a common "
            "log?)");
  EXPECT_EQ(common(line + " \n").size(), 1u);
}

TEST(AccessLogTrace, RejectsATraceWithoutRows) {
  EXPECT_EQ(common_error(""), "log: no rows; expected at least one");
  EXPECT_EQ(combined_error("\n\r\n"), "log: no rows; expected at least one");
}

TEST(AccessLogTrace, SkipsAndCountsBadRows) {
  const Trace trace = common(
      "never\nh - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\n"
      "never - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 x\n",
      true);
  EXPECT_THAT(trace.attributes[0].values, ElementsAre("h"));
  EXPECT_EQ(trace.bad_rows, 2);
  EXPECT_THAT(trace.first_bad_rows, ElementsAre(StartsWith("log:1: "), StartsWith("log:3: ")));
}

}  // namespace
}  // namespace weir::traffic
