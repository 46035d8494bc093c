#include "gateway/access_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "e2e/program.hpp"
#include "gateway/running_server.hpp"
#include "traffic/trace.hpp"

namespace weir::gateway {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

AccessRecord nasty_record() {
  AccessRecord record;
  record.at = Instant::from_unix_ns(1'431'857'103'250'000'000);
  record.peer = boost::asio::ip::make_address("::ffff:10.1.2.3");
  record.method = "GET";
  record.target = "/a?b=\"c\\d\"";
  record.status = 429;
  record.bytes = 17;
  record.took = Duration::from_us(5);
  record.delay = Duration::from_ms(2);
  record.denied_by = "requests";
  record.host = "a.test";
  record.user_agent = std::string_view(
      "evil\"\\\n\x1b[2J\0\xff"
      "\xc3\xa9",
      15);
  return record;
}

TEST(AccessLine, IsOneLineOfJson) {
  std::string line;
  append_access_line(line, AccessLogFormat::json, nasty_record());
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["time"], "2015-05-17T10:05:03.25Z");
  EXPECT_EQ(json["client"], "10.1.2.3");
  EXPECT_EQ(json["method"], "GET");
  EXPECT_EQ(json["target"], "/a?b=\"c\\d\"");
  EXPECT_EQ(json["status"], 429);
  EXPECT_EQ(json["bytes"], 17);
  EXPECT_EQ(json["duration_ns"], 5'000);
  EXPECT_EQ(json["delay_ns"], 2'000'000);
  EXPECT_EQ(json["denied_by"], "requests");
  EXPECT_EQ(json["protocol"], "HTTP/1.1");
  EXPECT_EQ(json["client_left"], false);
  const std::string agent = json["user_agent"];
  EXPECT_EQ(agent, std::string("evil\"\\\n\x1b[2J\0\xc3\xbf\xc3\xa9", 16));
}

TEST(AccessLine, IsOneLineOfACombinedLog) {
  std::string line;
  append_access_line(line, AccessLogFormat::combined, nasty_record());
  EXPECT_EQ(line,
            "10.1.2.3 - - [17/May/2015:10:05:03 +0000] \"GET /a?b=\\x22c\\x5Cd\\x22 HTTP/1.1\" 429 "
            "17 \"-\" \"evil\\x22\\x5C\\x0A\\x1B[2J\\x00\\xFF\\xC3\\xA9\"\n");
}

class GatewayAccessLog : public testing::Test {
 protected:
  /// Serves what `ask` asks, and returns what was logged.
  template <class Ask>
  std::string logged(AccessLogFormat format, Ask ask) {
    auto log = *AccessLog::open(folder.path("log"), format);
    ServerOptions options = options_for_test(script);
    options.access_log = log.get();
    options.threads = 2;
    {
      RunningServer server(options);
      ask(server);
      server.stop();
    }
    log.reset();
    return folder.read("log");
  }
  e2e::TemporaryFolder folder;
  GatekeeperScript script;
};

TEST_F(GatewayAccessLog, IsReadBackAsATrace) {
  script.rule = [](const SeenRequest& request) {
    Admission admission;
    admission.allowed = request.target != "/denied";
    admission.denied_by = "requests";
    return admission;
  };
  const std::string log = logged(AccessLogFormat::combined, [](RunningServer& server) {
    RawClient client = server.client();
    client.ask(get("/one?x=\"\\y", "User-Agent: \"quoted\\\"\r\n"));
    client.ask(get("/denied"));
    client.ask("no request\r\n\r\n");
  });
  const auto trace =
      traffic::parse_trace(log, "log", traffic::TraceFormat::combined_log, traffic::TraceOptions());
  ASSERT_TRUE(trace) << trace.error().message << log;
  ASSERT_EQ(trace->size(), 3u);
  const auto values = [&](std::size_t attribute) {
    std::vector<std::string> all;
    for (const auto id : trace->attributes[attribute].ids) {
      all.push_back(trace->attributes[attribute].values[id]);
    }
    return all;
  };
  EXPECT_THAT(values(0), ElementsAre("127.0.0.1", "127.0.0.1", "127.0.0.1"));
  EXPECT_THAT(values(3), ElementsAre("/one", "/denied", "-"));
  EXPECT_THAT(values(4), ElementsAre("200", "429", "400"));
  EXPECT_EQ(trace->costs[0].amounts[0], 3);
}

TEST_F(GatewayAccessLog, TellsOfEveryRequest) {
  constexpr int clients = 4;
  constexpr int requests = 250;
  const std::string log = logged(AccessLogFormat::json, [](RunningServer& server) {
    for (int i = 0; i < clients; ++i) {
      RawClient client = server.client();
      for (int j = 0; j < requests; ++j) client.send(get("/"));
      for (int j = 0; j < requests; ++j) EXPECT_EQ(client.receive().status, 200);
    }
  });
  std::istringstream lines(log);
  std::string line;
  int count = 0;
  while (std::getline(lines, line)) {
    EXPECT_EQ(nlohmann::json::parse(line)["status"], 200);
    ++count;
  }
  EXPECT_EQ(count, clients * requests);
}

TEST_F(GatewayAccessLog, GoesOnInANewFileOnceItIsTold) {
  auto log = *AccessLog::open(folder.path("log"), AccessLogFormat::json);
  AccessLog::Writer& writer = log->new_writer();
  writer.add(nasty_record());
  log->flush();
  std::filesystem::rename(folder.path("log"), folder.path("log.1"));
  writer.add(nasty_record());
  log->reopen();
  log->flush();
  EXPECT_TRUE(comes_true([&] { return std::filesystem::exists(folder.path("log")); }));
  writer.add(nasty_record());
  log.reset();
  const std::string old = folder.read("log.1");
  const std::string young = folder.read("log");
  EXPECT_EQ(std::count(old.begin(), old.end(), '\n'), 2);
  EXPECT_EQ(std::count(young.begin(), young.end(), '\n'), 1);
}

TEST_F(GatewayAccessLog, CountsWhatItCouldNotWriteAndSaysSoOnce) {
  const auto missing = AccessLog::open(folder.path("no/log"), AccessLogFormat::json);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("No such file"));
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  auto log = *AccessLog::open("/dev/full", AccessLogFormat::json);
  AccessLog::Writer& writer = log->new_writer();
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) {
    writer.add(nasty_record());
    log->flush();
  }
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("No space left"));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
  EXPECT_EQ(log->lost_lines(), 3u);
}

}  // namespace
}  // namespace weir::gateway
