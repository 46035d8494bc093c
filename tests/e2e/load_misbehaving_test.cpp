#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "e2e/load_support.hpp"
#include "e2e/misbehaving_server.hpp"
#include "support/paths.hpp"

// Whatever a server does, `weir load` comes to an end, counts every attempt once and says what was
// wrong with it.

namespace weir::e2e {
namespace {

/// Whatever is slow is the machine; and all at once, until it is too long.
const std::vector<std::string> patiently = {"-c", "2", "--timeout", "20s"};
const std::vector<std::string> impatiently = {"-c", "6", "--timeout", "700ms"};

/// A way to misbehave, and what the report of a load on it must say.
struct Misbehaving {
  const char* path;
  /// The status of every answer, or 0; the kind of every error, or empty.
  int status;
  const char* error;
  /// What is allowed of each body.
  std::int64_t body_bytes = 0;
  /// No connection can be used twice.
  bool closes = false;
  std::vector<std::string> options = patiently;
};

void PrintTo(const Misbehaving& m, std::ostream* out) { *out << m.path; }

std::string misbehaving_name(const testing::TestParamInfo<Misbehaving>& info) {
  std::string name;
  bool is_start = true;
  for (const char c : std::string(info.param.path)) {
    const bool is_letter = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (is_letter) name += static_cast<char>(is_start ? std::toupper(c) : c);
    is_start = !is_letter;
  }
  return name;
}

constexpr std::int64_t misbehaving_requests = 6;

LoadResult run_misbehaving(const MisbehavingServer& server, const std::string& path,
                           const std::vector<std::string>& options = patiently) {
  std::vector<std::string> all = {"--target", local_url(server.port(), path), "-n", "6"};
  all.insert(all.end(), options.begin(), options.end());
  return run_load(all);
}

class LoadMisbehaving : public testing::TestWithParam<Misbehaving> {};

TEST_P(LoadMisbehaving, IsReportedAsWhatItIs) {
  const Misbehaving& expected = GetParam();
  const MisbehavingServer server;
  const LoadResult result = run_misbehaving(server, expected.path, expected.options);
  const bool is_answered = expected.status != 0;
  // A server that never answered is no result, and nothing allowed or denied proves nothing.
  const bool says_anything = result.number("totals.allowed") + result.number("totals.denied") > 0;
  EXPECT_EQ(result.exit_code, !is_answered ? 5 : says_anything ? 0 : 4) << result.err;
  EXPECT_LT(result.took, std::chrono::seconds(20));
  expect_adds_up(result);
  EXPECT_EQ(result.number("totals.attempts"), misbehaving_requests);
  EXPECT_EQ(server.requests(), misbehaving_requests);
  const std::string error = expected.error;
  EXPECT_EQ(result.number("totals.errors"), error.empty() ? 0 : misbehaving_requests);
  if (!error.empty()) {
    EXPECT_EQ(result.count("errors." + error), misbehaving_requests) << result.report["errors"];
  }
  if (is_answered) {
    EXPECT_EQ(result.count(fmt::format("statuses.{}", expected.status)), misbehaving_requests)
        << result.report["statuses"];
    EXPECT_EQ(result.number("bodies.bytes"), misbehaving_requests * expected.body_bytes);
    EXPECT_EQ(result.number("latency_from_send.first_byte.count"), misbehaving_requests);
  } else {
    EXPECT_EQ(result.report["verdict"], "inconclusive");
    EXPECT_EQ(result.report["inconclusive_because"], "not one request was answered");
  }
  if (expected.closes) {
    EXPECT_EQ(result.number("connections"), misbehaving_requests);
    EXPECT_EQ(result.number("schedule.resent"), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Answers, LoadMisbehaving,
    testing::Values(Misbehaving{"/ok", 200, "", 3}, Misbehaving{"/chunked", 200, "", 7},
                    Misbehaving{"/http-1.0", 200, "", 9, true}, Misbehaving{"/interim", 200, "", 3},
                    Misbehaving{"/length-too-short", 200, "", 2},
                    Misbehaving{"/many-headers", 200, "", 3},
                    Misbehaving{"/says-close", 200, "", 3, true},
                    Misbehaving{"/no-content", 204, "", 0},
                    Misbehaving{"/broken-server", 500, "unexpected_status", 3}),
    misbehaving_name);

INSTANTIATE_TEST_SUITE_P(
    Failures, LoadMisbehaving,
    testing::Values(
        Misbehaving{"/silent", 0, "timeout_first_byte", 0, false, impatiently},
        Misbehaving{"/stall-in-head", 0, "timeout", 0, false, impatiently},
        Misbehaving{"/stall-in-body", 0, "timeout", 0, false, impatiently},
        Misbehaving{"/reset-before-head", 0, "reset"}, Misbehaving{"/reset-in-head", 0, "reset"},
        Misbehaving{"/reset-in-body", 0, "reset"}, Misbehaving{"/garbage", 0, "malformed"},
        Misbehaving{"/bare-line-feeds", 0, "malformed"},
        Misbehaving{"/two-lengths", 0, "malformed"}, Misbehaving{"/chunked-broken", 0, "malformed"},
        Misbehaving{"/switching", 0, "malformed"}, Misbehaving{"/head-without-end", 0, "malformed"},
        Misbehaving{"/close-at-once", 0, "closed_early"},
        Misbehaving{"/close-in-head", 0, "closed_early"},
        Misbehaving{"/chunked-unfinished", 0, "closed_early"},
        Misbehaving{"/length-too-long", 0, "closed_early"}),
    misbehaving_name);

// ---- Slow, long, and closed without a word

TEST(LoadMisbehavingServer, ASlowFirstByteShowsInTheLatency) {
  const MisbehavingServer server;
  const LoadResult result = run_misbehaving(server, "/slow");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.number("totals.allowed"), misbehaving_requests);
  EXPECT_GE(result.number("latency.allowed.min_ns"), 120'000'000);
  EXPECT_GE(result.number("latency_from_send.first_byte.min_ns"), 120'000'000);
}

TEST(LoadMisbehavingServer, ABodyThatIsTooLongIsCutAndCounted) {
  const MisbehavingServer server;
  const LoadResult result =
      run_misbehaving(server, "/long-body", {"--set", "/target/max_body=10000"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.number("totals.allowed"), misbehaving_requests);
  EXPECT_EQ(result.number("bodies.cut"), misbehaving_requests);
  EXPECT_GT(result.number("bodies.bytes"), misbehaving_requests * 10'000);
  EXPECT_LT(result.number("bodies.bytes"), misbehaving_requests * 200'000);

  const LoadResult whole = run_misbehaving(server, "/long-body");
  EXPECT_EQ(whole.number("bodies.cut"), 0);
  EXPECT_EQ(whole.number("bodies.bytes"), misbehaving_requests * 200'000);
}

// Long before the exchange may not take any longer.
TEST(LoadMisbehavingServer, TheFirstByteHasATimeoutOfItsOwn) {
  const MisbehavingServer server;
  const LoadResult result = run_misbehaving(
      server, "/silent", {"--timeout", "90s", "--set", "/target/first_byte_timeout=100ms"});
  EXPECT_EQ(result.exit_code, 5);
  expect_adds_up(result);
  EXPECT_EQ(result.count("errors.timeout_first_byte"), misbehaving_requests);
  EXPECT_LT(result.took, std::chrono::seconds(60));
}

// A request that was written to a connection which the server had closed already is sent again,
// and the server has met each once.
TEST(LoadMisbehavingServer, AConnectionClosedWithoutAWordIsNoError) {
  const MisbehavingServer server;
  const LoadResult result =
      run_load({"--target", local_url(server.port(), "/close-after"), "-n", "400", "-c", "4"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.number("totals.attempts"), 400);
  EXPECT_EQ(result.number("totals.allowed"), 400);
  EXPECT_EQ(server.requests(), 400);
  EXPECT_GE(result.number("connections"), 400);
}

// What must not be repeated is not.
TEST(LoadMisbehavingServer, APostIsNeverSentTwice) {
  const MisbehavingServer server;
  const LoadResult result = run_load({"--target", local_url(server.port(), "/close-after"), "-n",
                                      "400", "-c", "4", "-X", "POST", "--body", "x"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  EXPECT_EQ(result.number("totals.attempts"), 400);
  EXPECT_EQ(result.number("schedule.resent"), 0);
  EXPECT_EQ(result.number("totals.allowed"), server.requests());
  EXPECT_EQ(result.count("errors.closed_early") + result.count("errors.reset"),
            400 - server.requests());
}

// ---- Retry-After

struct RetryAfterCase {
  const char* path;
  bool is_good;
};

void PrintTo(const RetryAfterCase& c, std::ostream* out) { *out << c.path; }

std::string retry_after_name(const testing::TestParamInfo<RetryAfterCase>& info) {
  return misbehaving_name({Misbehaving{info.param.path, 0, ""}, info.index});
}

class LoadRetryAfter : public testing::TestWithParam<RetryAfterCase> {};

// What is broken is counted and never believed: the audit tests nothing, and a client that would
// obey comes back as if it had been told nothing.
TEST_P(LoadRetryAfter, IsBelievedOrNot) {
  const MisbehavingServer server;
  const LoadResult result = run_load(
      {"--target", local_url(server.port(), GetParam().path), "--rate", "100/s", "--duration",
       "300ms", "--set", "/target/audit={\"share\": 1, \"keys\": 0}", "--set",
       "/traffic/0/on_denied={\"behaviour\": \"retry-after\", \"max_attempts\": 2, "
       "\"fallback\": \"20ms\"}"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  const bool is_good = GetParam().is_good;
  const std::int64_t denied = result.number("totals.denied");
  EXPECT_EQ(result.number("totals.attempts"), denied);
  EXPECT_EQ(result.number("retry_after.absent"), 0);
  EXPECT_EQ(result.number("retry_after.present"), is_good ? denied : 0);
  EXPECT_EQ(result.number("retry_after.malformed"), is_good ? 0 : denied);
  EXPECT_EQ(result.number("rate_limit_headers.retry_after.answers"), denied);
  EXPECT_EQ(result.number("rate_limit_headers.retry_after.malformed"), is_good ? 0 : denied);
  EXPECT_EQ(result.number("audit.requests"), 0);
  // A good promise is for after the end of the run.
  EXPECT_EQ(result.number("operations.retries") > 0, !is_good);
  EXPECT_EQ(server.requests(), denied);
}

INSTANTIATE_TEST_SUITE_P(
    Values, LoadRetryAfter,
    testing::Values(RetryAfterCase{"/denied", true}, RetryAfterCase{"/denied-in-any-case", true},
                    RetryAfterCase{"/denied-date", true}, RetryAfterCase{"/denied-negative", false},
                    RetryAfterCase{"/denied-huge", false}, RetryAfterCase{"/denied-empty", false},
                    RetryAfterCase{"/denied-words", false},
                    RetryAfterCase{"/denied-fraction", false},
                    RetryAfterCase{"/denied-past", false}, RetryAfterCase{"/denied-twice", false}),
    retry_after_name);

// A date is read by the clock of the answer, which is an hour behind: it means one second.
TEST(LoadMisbehavingServer, ADateIsReadByTheClockOfTheAnswer) {
  const MisbehavingServer server;
  const LoadResult result = run_load(
      {"--target", local_url(server.port(), "/denied-date"), "--rate", "20/s", "--duration",
       "1500ms", "--set",
       "/traffic/0/on_denied={\"behaviour\": \"retry-after\", \"max_attempts\": 2}", "--no-audit"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  expect_adds_up(result);
  EXPECT_GT(result.number("operations.retries"), 0);
  EXPECT_EQ(result.number("operations.retries"), result.number("retry_after.client_obeyed"));
  EXPECT_LE(result.number("operations.retries"), 10);
}

// ---- Secrets

constexpr const char* secret = "k3ep-th1s-s3cret";

/// All that `weir load` writes anywhere, as JSON and as text.
std::string all_that_is_shown(const TemporaryFolder& folder, const std::string& scenario) {
  folder.write("scenario.jsonc", scenario);
  std::string shown;
  for (const char* format : {"--json", "--no-color"}) {
    const LoadResult result =
        RunningLoad::of_command({WEIR_BINARY, "load", folder.path("scenario.jsonc"), "--out",
                                 folder.path("reports"), "--hdr-log", folder.path("latency.hlog"),
                                 format})
            .wait();
    shown += result.out + result.err;
  }
  return shown + folder.read("reports/secret.json") + folder.read("latency.hlog");
}

/// With secrets in a header from the environment, in another from a file, in the URL's user and in
/// its query.
std::string shown_of_secrets(const std::string& authority, const std::string& path) {
  constexpr const char* text = R"({{
  "name": "secret", "duration": "200ms", "policy": {{"limits": []}},
  "traffic": [{{"name": "all", "arrivals": {{"process": "constant", "rate": "50/s"}},
                "attributes": {{"user": {{"uniform": {{"count": 3}}}}}}}}],
  "target": {{
    "url": "http://me:{secret}@{authority}{path}?key={secret}&user={{user}}", "timeout": "100ms",
    "headers": {{"Authorization": {{"env": "WEIR_TEST_KEY"}}, "X-Key": {{"file": "key.txt"}}}}
  }}
}})";
  const TemporaryFolder folder;
  folder.write("key.txt", std::string(secret) + "-in-a-file\n");
  setenv("WEIR_TEST_KEY", (std::string("Bearer ") + secret + "-in-the-environment").c_str(), 1);
  return all_that_is_shown(
      folder, fmt::format(text, fmt::arg("secret", secret), fmt::arg("authority", authority),
                          fmt::arg("path", path)));
}

TEST(LoadMisbehavingServer, SecretsAreShownNowhere) {
  const MisbehavingServer server;
  for (const char* path : {"/ok", "/denied", "/broken-server", "/garbage", "/reset-before-head",
                           "/close-at-once", "/silent"}) {
    const std::string shown = shown_of_secrets(fmt::format("127.0.0.1:{}", server.port()), path);
    EXPECT_NE(shown.find("secret"), std::string::npos) << "nothing was shown at all";
    EXPECT_EQ(shown.find(secret), std::string::npos) << path << "\n" << shown;
  }
  EXPECT_GT(server.requests(), 0);
  for (const std::string& authority :
       {fmt::format("127.0.0.1:{}", free_port()), std::string("no-such-host.invalid")}) {
    EXPECT_EQ(shown_of_secrets(authority, "/ok").find(secret), std::string::npos) << authority;
  }
}

// Who asks is known by a key of a file: reports tell them apart by hashes.
TEST(LoadMisbehavingServer, KeysOfAFileAreShownNowhere) {
  const MisbehavingServer server;
  const TemporaryFolder folder;
  folder.write("keys.txt", fmt::format("{0}-1\n{0}-2\n", secret));
  const std::string shown =
      all_that_is_shown(folder, fmt::format(R"({{
  "name": "secret", "duration": "200ms", "policy": {{"limits": []}},
  "traffic": [{{"name": "all", "arrivals": {{"process": "constant", "rate": "50/s"}},
                "attributes": {{"who": {{"file": "keys.txt"}}}}}}],
  "target": {{"url": "{}", "identify": {{"who": "bearer"}}}}
}})",
                                            local_url(server.port(), "/denied")));
  EXPECT_GT(server.requests(), 0);
  EXPECT_EQ(shown.find(secret), std::string::npos) << shown;
  EXPECT_NE(shown.find("\"k-"), std::string::npos) << shown;
}

}  // namespace
}  // namespace weir::e2e
