#include "e2e/nginx_under_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>

#include "e2e/http_client.hpp"

namespace weir::e2e {
namespace {

constexpr const char* load_configuration = R"(
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  log_format requests
    "$http_x_operation $http_x_user $limit_req_status $status $msec $request_time";
  log_format echo escape=json
    '{{"method":"$request_method","uri":"$request_uri","user":"$http_x_user",'
    '"tag":"$http_x_tag","type":"$content_type","body":"$request_body"}}';
  access_log {folder}/requests.log requests;
  limit_req_zone $http_x_user zone=nodelay:8m rate=100r/s;
  limit_req_zone $http_x_user zone=delay:8m rate=20r/s;
  limit_req_zone $http_x_user zone=once:8m rate=1r/m;
  limit_req_status 429;
  keepalive_requests 1000000;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location = /nodelay {{ limit_req zone=nodelay burst=50 nodelay; alias {folder}/answer; }}
    location = /delay {{ limit_req zone=delay burst=10 delay=5; alias {folder}/answer; }}
    location = /once {{ limit_req zone=once burst=4 nodelay; alias {folder}/answer; }}
    location = /free {{ alias {folder}/answer; }}
    location = /echo {{
      access_log {folder}/echo.log echo;
      proxy_pass http://127.0.0.1:{port}/upstream;
    }}
    location = /upstream {{ access_log off; return 200 "ok\n"; }}
    location = /flush {{ access_log {folder}/flush.log; return 204; }}
  }}
}}
)";

std::int64_t milliseconds_of(std::string seconds) {
  seconds.erase(std::remove(seconds.begin(), seconds.end(), '.'), seconds.end());
  return std::stoll(seconds);
}

}  // namespace

void NginxUnderLoad::SetUp() {
  const auto program = find_program("nginx");
  if (!program) GTEST_SKIP() << "nginx is not installed";
  folder_.write("answer", "ok\n");
  server_ = start_server(
      [&](std::uint16_t port) -> std::vector<std::string> {
        folder_.write("nginx.conf",
                      fmt::format(load_configuration, fmt::arg("folder", folder_.path()),
                                  fmt::arg("port", port)));
        return nginx_command(*program, folder_);
      },
      folder_.path("output"));
  ASSERT_NE(server_.process, nullptr) << folder_.read("output") << folder_.read("error.log");
}

// One process does everything, one thing after another, so that what it has answered before it
// answers this is in the log before this is.
void NginxUnderLoad::flush_logs() const {
  const std::size_t before = folder_.read("flush.log").size();
  auto connection = HttpConnection::connect(server_.port);
  ASSERT_TRUE(connection.has_value());
  ASSERT_EQ(connection->get("/flush", {}).status, 204);
  for (int i = 0; i < 2000 && folder_.read("flush.log").size() == before; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

std::vector<NginxRequest> NginxUnderLoad::log() const {
  flush_logs();
  std::vector<NginxRequest> requests;
  std::istringstream lines(folder_.read("requests.log"));
  NginxRequest r;
  for (std::string at, took;
       lines >> r.operation >> r.user >> r.decision >> r.status >> at >> took;) {
    r.took_ms = milliseconds_of(took);
    r.begun_ms = milliseconds_of(at) - r.took_ms;
    requests.push_back(r);
  }
  return requests;
}

std::vector<Json> NginxUnderLoad::echo_log() const {
  flush_logs();
  std::vector<Json> requests;
  std::istringstream lines(folder_.read("echo.log"));
  for (std::string line; std::getline(lines, line);) {
    requests.push_back(Json::parse(line, nullptr, /*allow_exceptions=*/false));
  }
  return requests;
}

std::string NginxUnderLoad::file(std::string_view name, std::string_view content) const {
  folder_.write(name, content);
  return folder_.path(name);
}

}  // namespace weir::e2e
