#include "e2e/serve_support.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "core/letter_case.hpp"
#include "http/header_text.hpp"
#include "support/paths.hpp"
#include "support/run_weir.hpp"

namespace weir::e2e {
namespace {

/// All that a server on 127.0.0.1 answers until it closes the connection.
std::string ask_server(std::uint16_t port, const std::string& request) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{60, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  std::string answer;
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      send(fd, request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size())) {
    char buffer[16'384];
    ssize_t size = 0;
    while ((size = recv(fd, buffer, sizeof buffer, 0)) > 0) {
      answer.append(buffer, static_cast<std::size_t>(size));
    }
  }
  close(fd);
  return answer;
}

std::vector<std::string> command_line(std::uint16_t port, std::uint16_t admin_port,
                                      const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {WEIR_BINARY, "serve",
                                      "--listen",  fmt::format("127.0.0.1:{}", port),
                                      "--admin",   fmt::format("{}", admin_port)};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

RunningGateway::RunningGateway(std::vector<std::string> arguments)
    : server_(start_server(
          [&](std::uint16_t port) {
            admin_port_ = free_port();
            return command_line(port, admin_port_, arguments);
          },
          folder_.path("err"))) {
  EXPECT_TRUE(is_running()) << folder_.read("err");
}

void RunningGateway::send_signal(int signal) const { server_.process->signal(signal); }

std::string RunningGateway::stop() {
  server_.process.reset();
  return folder_.read("err");
}

Json RunningGateway::totals() const {
  return Json::parse(fetch(admin_port_, "/totals").body, nullptr, false);
}

double RunningGateway::metric(std::string_view name) const {
  const std::string page = "\n" + fetch(admin_port_, "/metrics").body;
  const std::size_t at = page.find(fmt::format("\n{} ", name));
  return at == page.npos ? -1.0 : std::strtod(page.c_str() + at + name.size() + 2, nullptr);
}

std::string Fetched::header(std::string_view name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

int Fetched::count(std::string_view name) const {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

Fetched fetch(std::uint16_t port, std::string_view path,
              const std::vector<std::pair<std::string, std::string>>& headers,
              std::string_view method, std::string_view body) {
  std::string request =
      fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", method, path);
  for (const auto& [name, value] : headers) request += fmt::format("{}: {}\r\n", name, value);
  if (!body.empty()) request += fmt::format("Content-Length: {}\r\n", body.size());
  request += fmt::format("\r\n{}", body);
  const std::string answer = ask_server(port, request);
  Fetched fetched;
  const std::size_t end = answer.find("\r\n\r\n");
  if (end == answer.npos || answer.size() < 12) return fetched;
  fetched.body = answer.substr(end + 4);
  std::from_chars(answer.data() + 9, answer.data() + 12, fetched.status);
  for (std::size_t begin = answer.find("\r\n") + 2; begin < end;) {
    const std::size_t line_end = std::min(answer.find("\r\n", begin), end);
    const std::string_view line(answer.data() + begin, line_end - begin);
    const std::size_t colon = std::min(line.find(':'), line.size() - 1);
    fetched.headers[lower_case(line.substr(0, colon))] =
        std::string(http::without_blanks(line.substr(colon + 1)));
    ++fetched.counts[lower_case(line.substr(0, colon))];
    begin = line_end + 2;
  }
  return fetched;
}

Json simulated(const std::string& scenario, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"simulate", scenario, "--json", "--quiet"});
  const test::ProgramResult result = test::run_weir(arguments);
  EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 4) << result.err;
  return Json::parse(result.out, nullptr, false);
}

std::string scenario_path(std::string_view name) {
  return fmt::format("{}/scenarios/{}.jsonc", WEIR_SOURCE_DIR, name);
}

void expect_agreement(const std::string& path, const std::vector<std::string>& shorter,
                      const std::vector<std::string>& serve, const std::string& policy,
                      double tolerance) {
  std::vector<std::string> to_serve = serve;
  to_serve.insert(to_serve.begin(), path);
  to_serve.insert(to_serve.end(), shorter.begin(), shorter.end());
  if (!policy.empty()) to_serve.insert(to_serve.end(), {"--policy", policy});
  const RunningGateway gateway(to_serve);
  ASSERT_TRUE(gateway.is_running());
  std::vector<std::string> to_load = {path, "--target", gateway.url(), "--fresh-keys"};
  to_load.insert(to_load.end(), shorter.begin(), shorter.end());
  const LoadResult live = run_load(to_load);
  EXPECT_TRUE(live.exit_code == 0 || live.exit_code == 4) << live.err;
  const Json model = simulated(path, shorter);
  const Json& totals = policy.empty() ? model["totals"] : model["policies"][policy]["totals"];
  EXPECT_EQ(live.number("totals.attempts"), totals["attempts"].get<std::int64_t>());
  EXPECT_EQ(live.number("totals.errors"), 0);
  EXPECT_NEAR(static_cast<double>(live.number("totals.allowed")), totals["allowed"].get<double>(),
              3.0 + totals["attempts"].get<double>() * tolerance);
  EXPECT_GT(totals["denied"].get<std::int64_t>(), 20);
}

}  // namespace weir::e2e
