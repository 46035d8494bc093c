#include "traffic/csv_records.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace weir::traffic {
namespace {

constexpr std::array<bool, 256> ends_plain_run = [] {
  std::array<bool, 256> table = {};
  table[','] = table['\n'] = table['"'] = true;
  return table;
}();

bool ends_run(char c) { return ends_plain_run[static_cast<unsigned char>(c)]; }

}  // namespace

bool CsvRecords::skip_blank_line() {
  const std::string_view rest = text_.substr(at_, 2);
  const std::size_t length = rest.starts_with('\n') ? 1 : rest == "\r\n" ? 2 : 0;
  at_ += length;
  next_line_ += length > 0 ? 1 : 0;
  return length > 0;
}

CsvRecords::Status CsvRecords::next() {
  fields_.clear();
  unescaped_.clear();
  while (skip_blank_line()) {
  }
  line_ = next_line_;
  if (at_ >= text_.size()) return Status::end;
  const std::size_t begin = at_;
  for (;;) {
    switch (read_field()) {
      case FieldEnd::comma:
        break;
      case FieldEnd::record_end:
        return Status::record;
      case FieldEnd::fault:
        go_on_after(begin);
        return Status::fault;
    }
  }
}

CsvRecords::FieldEnd CsvRecords::read_field() {
  if (at_ < text_.size() && text_[at_] == '"') return read_quoted_field();
  const std::size_t begin = at_;
  while (at_ < text_.size() && !ends_run(text_[at_])) ++at_;
  if (at_ < text_.size() && text_[at_] == '"') {
    fault_ = fmt::format(
        "a quote inside field {}; expected the whole field in quotes, and quotes in it doubled",
        fields_.size() + 1);
    return FieldEnd::fault;
  }
  std::size_t end = at_;
  const bool ends_record = end == text_.size() || text_[end] == '\n';
  if (ends_record && end > begin && text_[end - 1] == '\r') --end;
  fields_.push_back(text_.substr(begin, end - begin));
  return read_field_end();
}

CsvRecords::FieldEnd CsvRecords::read_quoted_field() {
  const std::size_t begin = ++at_;
  std::string* unescaped = nullptr;
  std::size_t piece = begin;
  for (;;) {
    const std::size_t quote = text_.find('"', at_);
    if (quote == std::string_view::npos) {
      fault_ = fmt::format("a quote that opens field {} and is never closed", fields_.size() + 1);
      return FieldEnd::fault;
    }
    at_ = quote + 1;
    const bool doubled = at_ < text_.size() && text_[at_] == '"';
    if (!doubled && unescaped == nullptr) {
      fields_.push_back(text_.substr(begin, quote - begin));
      break;
    }
    if (unescaped == nullptr) unescaped = &unescaped_.emplace_back();
    unescaped->append(text_.substr(piece, quote - piece));
    if (!doubled) {
      fields_.push_back(*unescaped);
      break;
    }
    *unescaped += '"';
    piece = ++at_;
  }
  const auto raw = text_.substr(begin, at_ - begin);
  next_line_ += std::count(raw.begin(), raw.end(), '\n');
  if (text_.substr(at_) == "\r" || text_.substr(at_, 2) == "\r\n") ++at_;
  return read_field_end();
}

CsvRecords::FieldEnd CsvRecords::read_field_end() {
  if (at_ == text_.size()) {
    ++next_line_;
    return FieldEnd::record_end;
  }
  const char c = text_[at_++];
  if (c == ',') return FieldEnd::comma;
  if (c == '\n') {
    ++next_line_;
    return FieldEnd::record_end;
  }
  fault_ = fmt::format("text after the closing quote of field {}; expected a comma or a line end",
                       fields_.size());
  return FieldEnd::fault;
}

void CsvRecords::go_on_after(std::size_t record_begin) {
  const std::size_t end = text_.find('\n', record_begin);
  at_ = end == std::string_view::npos ? text_.size() : end + 1;
  next_line_ = line_ + 1;
}

}  // namespace weir::traffic
