#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace weir::traffic {

/// The records of a CSV text (RFC 4180) in order: quoted fields with doubled quotes, commas and
/// line ends in them; lines end with "\n" or "\r\n", the last may lack its end. Blank lines between
/// records are passed over.
class CsvRecords {
 public:
  explicit CsvRecords(std::string_view text) : text_(text) {}

  enum class Status { record, fault, end };

  /// Moves to the next record. After a fault in the quoting it goes on at the line after the one
  /// where the faulty record began.
  Status next();

  /// The fields of the record; they stay valid until next().
  const std::vector<std::string_view>& fields() const { return fields_; }
  /// The line where the record begins, from 1.
  std::int64_t line() const { return line_; }
  /// What is wrong with the quoting.
  const std::string& fault() const { return fault_; }

 private:
  /// What stands behind a field.
  enum class FieldEnd { comma, record_end, fault };

  bool skip_blank_line();
  FieldEnd read_field();
  FieldEnd read_quoted_field();
  FieldEnd read_field_end();
  void go_on_after(std::size_t record_begin);

  std::string_view text_;
  std::size_t at_ = 0;
  std::int64_t line_ = 0;
  std::int64_t next_line_ = 1;
  std::vector<std::string_view> fields_;
  std::deque<std::string> unescaped_;
  std::string fault_;
};

}  // namespace weir::traffic
