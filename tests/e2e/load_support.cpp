#include "e2e/load_support.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "report/accumulator_json.hpp"
#include "report/path.hpp"
#include "support/paths.hpp"

namespace weir::e2e {
namespace {

/// No run of a test takes so long, however slow the machine.
constexpr std::chrono::seconds longest_run{100};

std::vector<std::string> load_command(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {WEIR_BINARY, "load", "--json"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

// Not by fork(): the servers of a test run on threads of this very process.
pid_t spawn_into_files(const std::vector<std::string>& command, const std::string& out,
                       const std::string& err) {
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, out.c_str(), flags, 0600);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, err.c_str(), flags, 0600);
  std::vector<char*> words;
  words.reserve(command.size() + 1);
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_t child = -1;
  if (posix_spawn(&child, words[0], &files, nullptr, words.data(), environ) != 0) child = -1;
  posix_spawn_file_actions_destroy(&files);
  return child;
}

/// The exit code once it has ended, 128 and the signal if one ended it; -1 while it runs.
int ended_with(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, WNOHANG) == 0) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::int64_t sum_of(const Json& counts) {
  std::int64_t sum = 0;
  for (const auto& count : counts) sum += count.get<std::int64_t>();
  return sum;
}

}  // namespace

std::int64_t LoadResult::number(std::string_view path) const {
  const Json* value = report.is_null() ? nullptr : report::find_path(report, path);
  if (value != nullptr && value->is_number()) return value->get<std::int64_t>();
  ADD_FAILURE() << "the report has no number " << path << "\n" << err;
  return -1;
}

std::int64_t LoadResult::count(std::string_view path) const {
  const Json* value = report.is_null() ? nullptr : report::find_path(report, path);
  return value != nullptr && value->is_number() ? value->get<std::int64_t>() : 0;
}

metrics::Accumulator LoadResult::accumulator() const {
  if (!report.contains("accumulator")) {
    ADD_FAILURE() << "the report has no accumulator\n" << err;
    return {};
  }
  auto read = report::accumulator_from_json(report["accumulator"]);
  if (read) return std::move(*read);
  ADD_FAILURE() << read.error().message;
  return {};
}

RunningLoad::RunningLoad(const std::vector<std::string>& arguments)
    : RunningLoad(load_command(arguments), Whole{}) {}

RunningLoad::RunningLoad(const std::vector<std::string>& command, Whole)
    : begun_(std::chrono::steady_clock::now()),
      pid_(spawn_into_files(command, folder_.path("out"), folder_.path("err"))) {}

RunningLoad::~RunningLoad() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void RunningLoad::send_signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

bool RunningLoad::is_running() const {
  siginfo_t info = {};
  if (pid_ <= 0) return false;
  return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         info.si_pid == 0;
}

LoadResult RunningLoad::wait() {
  LoadResult result;
  if (pid_ <= 0) {
    ADD_FAILURE() << "weir could not be started";
    return result;
  }
  const auto now = [] { return std::chrono::steady_clock::now(); };
  while ((result.exit_code = ended_with(pid_)) < 0 && now() - begun_ < longest_run) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  result.took = std::chrono::duration_cast<std::chrono::milliseconds>(now() - begun_);
  result.out = folder_.read("out");
  result.err = folder_.read("err");
  if (result.exit_code < 0) {
    ADD_FAILURE() << "weir did not come to an end\n" << result.err;
    return result;
  }
  pid_ = -1;
  Json report = Json::parse(result.out, nullptr, /*allow_exceptions=*/false);
  if (!report.is_discarded()) result.report = std::move(report);
  return result;
}

LoadResult run_load(const std::vector<std::string>& arguments) {
  return RunningLoad(arguments).wait();
}

std::string local_url(std::uint16_t port, std::string_view path) {
  return fmt::format("http://127.0.0.1:{}{}", port, path);
}

void expect_adds_up(const LoadResult& result) {
  ASSERT_TRUE(result.report.is_object()) << result.err;
  const Json& report = result.report;
  const std::int64_t attempts = result.number("totals.attempts");
  const std::int64_t allowed = result.number("totals.allowed");
  const std::int64_t denied = result.number("totals.denied");
  const std::int64_t errors = result.number("totals.errors");
  EXPECT_EQ(allowed + denied + errors, attempts);
  EXPECT_EQ(sum_of(report["errors"]), errors);
  EXPECT_EQ(sum_of(report["statuses"]),
            allowed + denied + result.count("errors.unexpected_status"));
  EXPECT_EQ(result.number("schedule.lateness.count"), attempts);
  EXPECT_EQ(result.number("latency_from_send.allowed.count"), allowed);
  EXPECT_EQ(result.number("latency.allowed.count"), allowed);
  EXPECT_EQ(result.number("latency_from_send.denied.count"), denied);
  EXPECT_EQ(sum_of(report["series"]["attempts"]), attempts);
  EXPECT_EQ(sum_of(report["series"]["allowed"]), allowed);
  EXPECT_EQ(sum_of(report["series"]["denied"]), denied);
  EXPECT_EQ(result.number("retry_after.present") + result.number("retry_after.absent") +
                result.number("retry_after.malformed"),
            denied);
  const std::int64_t operations = result.number("operations.count");
  EXPECT_EQ(result.number("operations.succeeded") + result.number("operations.abandoned") +
                result.number("operations.unfinished"),
            operations);
  EXPECT_EQ(result.number("operations.succeeded"), allowed);
  EXPECT_EQ(result.number("operations.attempts"), attempts);
}

}  // namespace weir::e2e
