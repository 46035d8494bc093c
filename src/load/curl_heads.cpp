#include "load/curl_heads.hpp"

#include <algorithm>

#include "load/response_scanner.hpp"

namespace weir::load {
namespace {

std::string_view without_line_end(std::string_view line) {
  return line.substr(0, line.find_last_not_of("\r\n") + 1);
}

bool is_interim(std::string_view status_line) {
  const std::size_t blank = std::min(status_line.find(' '), status_line.size());
  return status_line.substr(blank).starts_with(" 1");
}

}  // namespace

void CurlHeads::clear() {
  stage_ = Stage::before;
  size_ = 0;
  is_too_long_ = false;
  headers_.clear();
}

bool CurlHeads::add_line(std::string_view line) {
  size_ += line.size();
  is_too_long_ = size_ > ResponseScanner::max_head_bytes;
  line = without_line_end(line);
  const bool begins =
      stage_ == Stage::before || (stage_ == Stage::interim && line.starts_with("HTTP/"));
  if (begins) {
    stage_ = is_interim(line) ? Stage::interim : Stage::answer;
  } else if (stage_ == Stage::answer && line.empty()) {
    stage_ = Stage::over;
  } else if (stage_ == Stage::answer) {
    add_header(line);
  }
  return !is_too_long_;
}

void CurlHeads::add_header(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return;
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  headers_.add(line.substr(0, colon), value.substr(0, value.find_last_not_of(" \t") + 1));
}

}  // namespace weir::load
