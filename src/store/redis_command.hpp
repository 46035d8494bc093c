#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

namespace weir::store {

/// A command of Redis' protocol, put together argument by argument.
class RedisCommand {
 public:
  template <class... Argument>
  explicit RedisCommand(const Argument&... arguments) {
    (add(arguments), ...);
  }

  void add(std::string_view text) {
    ++count_;
    fmt::format_to(std::back_inserter(body_), "${}\r\n", text.size());
    body_.append(text);
    body_.append("\r\n");
  }
  void add(std::int64_t number) {
    const fmt::format_int digits(number);
    add(std::string_view(digits.data(), digits.size()));
  }

  std::string text() const {
    std::string command;
    command.reserve(body_.size() + 16);
    fmt::format_to(std::back_inserter(command), "*{}\r\n", count_);
    command.append(body_);
    return command;
  }

 private:
  int count_ = 0;
  std::string body_;
};

}  // namespace weir::store
