#include "e2e/limiting_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace weir::e2e {

LimitingServer::LimitingServer(Rule rule)
    : rule_(std::move(rule)),
      server_([this](ServedConnection& connection) { serve(connection); }) {}

std::vector<LimitingServer::Decision> LimitingServer::decisions() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return decisions_;
}

void LimitingServer::serve(ServedConnection& connection) {
  while (const auto request = connection.read_request()) {
    if (!connection.write(decide(*request))) return;
  }
}

std::string LimitingServer::decide(const ServedRequest& request) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Clock::time_point now = Clock::now();
  const std::string user = request.header("x-user");
  Bucket& bucket = buckets_.try_emplace(user, Bucket{rule_.capacity, now}).first->second;
  const std::chrono::duration<double> passed = now - bucket.at;
  const std::chrono::duration<double> for_one = rule_.for_one;
  bucket.tokens = std::min(rule_.capacity, bucket.tokens + passed / for_one);
  bucket.at = now;
  const bool allowed = bucket.tokens >= 1.0;
  if (allowed) bucket.tokens -= 1.0;
  const std::string answer = allowed ? http_answer(200) : http_answer(429, retry_after(bucket));
  decisions_.push_back({.user = user,
                        .operation = request.header("x-operation"),
                        .allowed = allowed,
                        .came = now,
                        .answered = Clock::now()});
  return answer;
}

std::string LimitingServer::retry_after(const Bucket& bucket) const {
  if (rule_.retry_after.empty()) return "";
  if (rule_.retry_after != "HONEST") return fmt::format("Retry-After: {}\r\n", rule_.retry_after);
  const std::chrono::duration<double> for_one = rule_.for_one;
  // A little more than the exact wait: its sum with what is there may be rounded below 1.
  const double wait = (1.0 - bucket.tokens) * for_one.count() + 1e-6;
  return fmt::format("Retry-After: {}\r\n", static_cast<int>(std::ceil(wait)));
}

}  // namespace weir::e2e
